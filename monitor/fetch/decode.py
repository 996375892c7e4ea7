"""Undo content codings (RFC 9110 §8.4.1) without ever holding more than a stated number of bytes.

A few hundred bytes can unpack to a gigabyte. Each decoder here is asked for at most `STEP` bytes
at a time and the sum is checked after every step, so a bomb costs the limit and not its size
(measured: 10 MB, 27 MB of memory, 0.05 s, for gzip, brotli and zstd).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Final, Protocol

import brotli
import zstandard

STEP: Final = 65_536
ZSTD_WINDOW: Final = 8 * 1024 * 1024
"""The window a zstd decoder must offer at least, and at most here (RFC 8878 §3.1.1.1.2)."""
ZSTD_BLOCKS: Final = 65_536
"""Blocks of a frame that are followed: 10 MB need 80 (128 KB each), or one for each entry of a feed."""
GZIP_MEMBERS: Final = 4_096
"""Streams in a row in one body: bgzip makes one for every 64 KB, and each costs 5 µs, even an empty one."""

ACCEPT_ENCODING: Final = "gzip, br, zstd, deflate"


class TooLargeError(Exception):
    """The decoded body passes the limit."""


class BrokenError(Exception):
    """The body is not what its Content-Encoding says, or is cut short."""


class Decoder(Protocol):
    """Takes a body in pieces; gives it decoded, once, at the end."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece. Raises TooLargeError, BrokenError."""
        ...

    def finish(self) -> bytes:
        """Return the whole decoded body. Raises TooLargeError, BrokenError."""
        ...


class _Bounded:
    """What all decoders share: the output and its limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.output = bytearray()

    def keep(self, data: bytes) -> None:
        self.output += data
        if len(self.output) > self.limit:
            raise TooLargeError(f"larger than {self.limit:,} bytes")


class _Identity(_Bounded):
    def feed(self, piece: bytes) -> None:
        self.keep(piece)

    def finish(self) -> bytes:
        return bytes(self.output)


class _Gzip(_Bounded):
    """gzip (RFC 1952), several members in a row allowed, padding after the last one ignored.

    A body that does not begin like gzip is taken as it is: servers name the coding and forget to
    apply it, and browsers show such pages.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._inflate = zlib.decompressobj(wbits=31)
        self._start = b""
        self._plain = False
        self._members = 0

    def feed(self, piece: bytes) -> None:
        if self._plain:
            self.keep(piece)
            return
        if self._start is not None and len(self._start) + len(piece) < 2:
            self._start += piece
            return
        if self._start is not None:
            piece, self._start = self._start + piece, None  # type: ignore[assignment]
            if not piece.startswith(b"\x1f\x8b"):
                self._plain = True
                self.keep(piece)
                return
        self._inflate_all(piece)

    def _inflate_all(self, piece: bytes) -> None:
        while piece:
            if self._inflate.eof:
                if not piece.startswith(b"\x1f"):
                    return
                self._inflate = zlib.decompressobj(wbits=31)
            try:
                self.keep(self._inflate.decompress(piece, STEP))
            except zlib.error as error:
                if self._members:
                    return
                raise BrokenError(f"gzip: {error}") from error
            piece = self._inflate.unconsumed_tail
            if self._inflate.eof:
                self._members += 1
                if self._members > GZIP_MEMBERS:
                    raise BrokenError(f"gzip: more than {GZIP_MEMBERS:,} members")
                piece = self._inflate.unused_data

    def finish(self) -> bytes:
        if self._start:
            self.keep(self._start)
        elif self._start is None and not self._plain and not self._members:
            raise BrokenError("gzip: cut short")
        return bytes(self.output)


class _Deflate(_Bounded):
    """deflate: zlib's wrapping as RFC 9110 §8.4.1.2 says, or raw as some servers send it."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._inflate: zlib._Decompress | None = None
        self._start = b""

    def feed(self, piece: bytes) -> None:
        if self._inflate is None:
            self._start += piece
            if len(self._start) < 2:
                return
            piece, first, second = self._start, self._start[0], self._start[1]
            wrapped = first & 0x0F == 8 and (first * 256 + second) % 31 == 0
            self._inflate = zlib.decompressobj(wbits=15 if wrapped else -15)
        while piece and not self._inflate.eof:
            try:
                self.keep(self._inflate.decompress(piece, STEP))
            except zlib.error as error:
                raise BrokenError(f"deflate: {error}") from error
            piece = self._inflate.unconsumed_tail

    def finish(self) -> bytes:
        if self._inflate is None:
            if self._start:
                raise BrokenError("deflate: cut short")
        elif not self._inflate.eof:
            raise BrokenError("deflate: cut short")
        return bytes(self.output)


class _Brotli(_Bounded):
    """br (RFC 7932)."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._brotli = brotli.Decompressor()
        self._any = False

    def feed(self, piece: bytes) -> None:
        self._any = self._any or bool(piece)
        try:
            self.keep(self._brotli.process(piece, output_buffer_limit=STEP))
            while not self._brotli.can_accept_more_data():
                self.keep(self._brotli.process(b"", output_buffer_limit=STEP))
        except brotli.error as error:
            raise BrokenError(f"br: {error}") from error

    def finish(self) -> bytes:
        if self._any and not self._brotli.is_finished():
            raise BrokenError("br: cut short")
        return bytes(self.output)


class _Zstd(_Bounded):
    """zstd (RFC 8878). The library's push interface has no output limit, so the body is gathered first."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._wire = bytearray()

    def feed(self, piece: bytes) -> None:
        self._wire += piece
        if len(self._wire) > self.limit:
            raise TooLargeError(f"larger than {self.limit:,} bytes")

    def finish(self) -> bytes:
        if not self._wire:
            return b""
        decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        try:
            if not _zstd_is_whole(self._wire):
                raise BrokenError("zstd: cut short")
            with decompressor.stream_reader(BytesIO(self._wire), read_across_frames=True) as reader:
                while data := reader.read(STEP):
                    self.keep(data)
        except zstandard.ZstdError as error:
            raise BrokenError(f"zstd: {error}") from error
        return bytes(self.output)


def _zstd_is_whole(wire: bytes | bytearray) -> bool:
    """Say whether the first frame ends inside `wire`: the library's reader is silent about a cut one.

    Walks the block headers (RFC 8878 §3.1.1.2), so it costs next to nothing. Raises BrokenError for
    millions of them, all empty, over which a body of 9 MB spends 0.9 s.
    """
    if len(wire) < 5 or wire[:4] != b"\x28\xb5\x2f\xfd":
        return True  # skippable or not zstd: the reader says so
    descriptor = wire[4]
    single = bool(descriptor & 0x20)
    at = 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    size_flag = descriptor >> 6
    at += (1 if single else 0, 2, 4, 8)[size_flag]
    for _ in range(ZSTD_BLOCKS):
        if at + 3 > len(wire):
            return False
        header = int.from_bytes(wire[at : at + 3], "little")
        kind, size = header >> 1 & 3, header >> 3
        at += 3 + (1 if kind == 1 else size)
        if header & 1:
            return at + (4 if descriptor & 4 else 0) <= len(wire)
    raise BrokenError(f"zstd: more than {ZSTD_BLOCKS:,} blocks")


_DECODERS: Final[dict[str, Callable[[int], Decoder]]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}


def decoder(content_encoding: str, limit: int) -> Decoder:
    """Return the decoder for a Content-Encoding header, for at most `limit` bytes of output.

    Raises BrokenError for a coding that we did not ask for or that is stacked on another: each
    layer multiplies what a bomb can do.
    """
    coding = content_encoding.strip().lower()
    try:
        return _DECODERS[coding](limit)
    except KeyError:
        raise BrokenError(f"content coding {content_encoding[:40]!r} was not asked for") from None
