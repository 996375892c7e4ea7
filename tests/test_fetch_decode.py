from __future__ import annotations

import gzip
import subprocess
import sys
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch import decode

TEXT = "ট্রাম্প ও পুতিনের ফোনালাপ ".encode() * 500


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "": TEXT,
    "identity": TEXT,
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    " GZIP ": gzip.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress(TEXT),
}


def unpack(coding: str, wire: bytes, *, limit: int = 1_000_000, step: int = 1000) -> bytes:
    into = decode.decoder(coding, limit)
    for at in range(0, len(wire), step):
        into.feed(wire[at : at + step])
    return into.finish()


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("step", [1, 7, 1000, 10**6])
def test_a_body_comes_out_as_it_went_in_however_it_is_cut(coding: str, step: int) -> None:
    assert unpack(coding, PACKED[coding], step=step) == TEXT


def test_raw_deflate_is_read_too() -> None:
    assert unpack("deflate", raw_deflate(TEXT)) == TEXT


def test_several_gzip_members_are_one_body_and_padding_is_none() -> None:
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 20) == b"one two"


def test_several_zstd_frames_are_one_body() -> None:
    pack = zstandard.ZstdCompressor().compress
    assert unpack("zstd", pack(b"one ") + pack(b"two")) == b"one two"


def test_a_body_that_was_not_packed_after_all_is_taken_as_it_is() -> None:
    assert unpack("gzip", b"<rss/>") == b"<rss/>"
    assert unpack("gzip", b"<") == b"<"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_is_empty(coding: str) -> None:
    assert unpack(coding, b"") == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_cut_short_is_broken(coding: str) -> None:
    for share in (0.3, 0.9):
        with pytest.raises(decode.BrokenError, match="cut short"):
            unpack(coding, PACKED[coding][: int(len(PACKED[coding]) * share)])


@pytest.mark.parametrize("coding", ["gzip, br", "gzip, gzip", "compress", "aes128gcm"])
def test_stacked_and_unknown_codings_are_refused(coding: str) -> None:
    with pytest.raises(decode.BrokenError, match="not asked for"):
        decode.decoder(coding, 100)


@pytest.mark.parametrize("coding", PACKED)
def test_a_body_over_the_limit_is_too_large(coding: str) -> None:
    with pytest.raises(decode.TooLargeError):
        unpack(coding, PACKED[coding], limit=len(TEXT) - 1)
    assert unpack(coding, PACKED[coding], limit=len(TEXT)) == TEXT


def test_a_zstd_window_of_a_gigabyte_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    wire = packer.compress(b"x" * 1_000_000) + packer.flush()
    with pytest.raises(decode.BrokenError, match="zstd"):
        unpack("zstd", wire, limit=10**9)


BOMB = """
import resource, sys, zlib, brotli, zstandard
from monitor.fetch import decode
coding, block, times = sys.argv[1], bytes(1 << 20), int(sys.argv[2])
packer = {"gzip": lambda: zlib.compressobj(9, zlib.DEFLATED, 31),
          "br": lambda: brotli.Compressor(quality=5, lgwin=24),
          "zstd": lambda: zstandard.ZstdCompressor().compressobj()}[coding]()
wire = b"".join((packer.process if coding == "br" else packer.compress)(block) for _ in range(times))
wire += packer.finish() if coding == "br" else packer.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
into = decode.decoder(coding, 10_000_000)
try:
    for at in range(0, len(wire), 65536):
        into.feed(wire[at:at + 65536])
    into.finish()
except decode.TooLargeError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_ends_at_the_limit_in_little_memory(coding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOMB, coding, "300"], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 64_000, f"{done.stdout} KB for 10 MB"


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_any_bytes_end_in_a_body_or_a_known_error(wire: bytes, coding: str) -> None:
    for start in (b"", PACKED[coding][:30]):
        try:
            unpack(coding, start + wire, limit=10_000)
        except (decode.BrokenError, decode.TooLargeError):
            continue
