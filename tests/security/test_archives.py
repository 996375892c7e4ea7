"""An archive given to `replay` writes nowhere but into its own folder and is bounded in size.

changedetection.io CVE-2026-29065 and GHSA-8757-69j2-hx56: zip slip and zip bomb in restoring a backup.
monitor restores no backups and imports no OPML yet; what it unpacks are recordings.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.errors import RecordingError
from monitor.model import Fetched, Validators
from monitor.record import Recording, came, read
from monitor.record.archive import MOST_BYTES
from tests.politeness.kit import feed
from tests.politeness.server import FEED
from tests.security.kit import needs_proc, peak_memory
from tests.world import Desk

INDEX = json.dumps([{"file": "00000.xml", "polled_at": "2025-10-16T18:30:00Z"}]).encode()
Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname, made.mode = len(data), kind, link, 0o6777
    return made, data


def good(name: str = "feed") -> list[Member]:
    return [member(f"{name}/index.json", INDEX), member(f"{name}/00000.xml", FEED)]


def written(path: Path, members: list[Member]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return path


SLIPS: dict[str, Callable[[Path], list[Member]]] = {
    "up": lambda out: [member("../escaped", b"x"), member("feed/../../escaped", b"x")],
    "absolute": lambda out: [member(str(out / "escaped"), b"x")],
    "absolute, twice": lambda out: [member(f"//{out}/escaped", b"x")],
    "a link": lambda out: [member("feed/way", kind=tarfile.SYMTYPE, link=str(out)), member("feed/way/escaped", b"x")],
    "a link to a file": lambda out: [
        member("feed/00001.xml", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member("feed/00001.xml", b"x"),
    ],
    "a hard link": lambda out: [member("feed/00001.xml", kind=tarfile.LNKTYPE, link="/etc/passwd")],
    "a hard link up": lambda out: [member("feed/00001.xml", kind=tarfile.LNKTYPE, link="../../../../etc/passwd")],
    "a device": lambda out: [member("feed/00001.xml", kind=tarfile.CHRTYPE), member("feed/f", kind=tarfile.FIFOTYPE)],
    "a backslash": lambda out: [member("..\\escaped", b"x"), member("C:\\escaped", b"x")],
    "a file for a folder": lambda out: [member("feed", b"x")],
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_cve_2026_29065_no_member_leaves_the_folder(tmp_path: Path, slip: str) -> None:
    """changedetection.io CVE-2026-29065 (zip slip)."""
    out, work = tmp_path / "out", tmp_path / "work"
    out.mkdir()
    work.mkdir()
    path = written(tmp_path / "a.tar.gz", good() + SLIPS[slip](out))
    before = {p for p in tmp_path.rglob("*") if not p.is_relative_to(work)}
    recordings: tuple[Recording, ...] = ()
    told = ""
    try:
        recordings = read(path, work).recordings
    except RecordingError as error:
        told = str(error)
    assert "root:" not in told
    for recording in recordings:
        (outcome,) = [came(poll, feed("https://e.org/"), NONE).outcome for poll in recording.polls]
        assert isinstance(outcome, Fetched)
        assert outcome.body == FEED
    assert {p for p in tmp_path.rglob("*") if not p.is_relative_to(work)} == before
    assert not any(p.is_symlink() or (p.exists() and p.stat().st_mode & 0o6000) for p in work.rglob("*"))
    assert not any(b"root:" in p.read_bytes() for p in work.rglob("*") if p.is_file())


NONE = Validators()


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../../../etc/passwd", "feed/../../../etc/passwd", "..\\x"]
)
def test_cve_2026_29065_an_index_names_files_of_its_archive_only(tmp_path: Path, name: str) -> None:
    index = json.dumps([{"file": name, "polled_at": "2025-10-16T18:30:00Z"}]).encode()
    path = written(tmp_path / "a.tar.gz", [member("feed/index.json", index), member("feed/00000.xml", FEED)])
    with pytest.raises(RecordingError) as refused:
        read(path, tmp_path / "work")
    assert "root:" not in str(refused.value)


def zeros(size: int) -> Iterator[bytes]:
    while size > 0:
        yield bytes(min(size, 1 << 20))
        size -= 1 << 20


def bomb(path: Path, kind: bytes, size: int) -> Path:
    """Write an archive one of whose members has `size` zeros; `kind` may be a header that is read whole."""
    info = tarfile.TarInfo("feed/00001.xml")
    info.type, info.size = kind, size
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf(tarfile.USTAR_FORMAT))
        for piece in zeros(size):
            file.write(piece)
        file.write(bytes(1_024))
    return path


@needs_proc
@pytest.mark.parametrize(
    "kind",
    [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK],
    ids=["a file", "a header", "a global header", "a name", "a link's name"],
)
def test_ghsa_8757_69j2_hx56_a_bomb_is_refused_unread(tmp_path: Path, kind: bytes) -> None:
    """changedetection.io GHSA-8757-69j2-hx56 (zip bomb): 300 KB that are 300 MB."""
    path = bomb(tmp_path / "a.tar.gz", kind, 300_000_000)
    with peak_memory() as memory, pytest.raises(RecordingError):
        read(path, tmp_path / "work")
    assert memory.grown < 64_000_000
    assert sum(p.stat().st_size for p in (tmp_path / "work").rglob("*") if p.is_file()) <= MOST_BYTES


def test_ghsa_8757_69j2_hx56_many_files_are_bounded_together(tmp_path: Path) -> None:
    members = [member(f"feed/{n:05}.xml", bytes(1_000_000)) for n in range(50)]
    path = written(tmp_path / "a.tar.gz", good() + members)
    with pytest.raises(RecordingError, match="unpacks to more than 20,000,000 bytes in all"):
        read(path, tmp_path / "work", most=20_000_000)
    assert sum(p.stat().st_size for p in (tmp_path / "work").rglob("*") if p.is_file()) <= 20_000_000
    assert read(path, tmp_path / "again").recordings


def test_ghsa_8757_69j2_hx56_a_recorded_body_is_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    with gzip.open(folder / "b.gz", "wb", compresslevel=1) as file:
        for piece in zeros(MOST_BYTES + 1):
            file.write(piece)
    (folder / "index.json").write_text('[{"file": "b.gz", "polled_at": "2025-10-16T18:30:00Z"}]')
    (recording,) = read(tmp_path, tmp_path / "work").recordings
    with pytest.raises(RecordingError, match="unpacks to more than"):
        came(recording.polls[0], feed("https://e.org/"), NONE)


def test_replay_refuses_a_slip_with_a_word_and_no_trace(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tar.gz", [member("../escaped", b"x")])
    done = Desk(tmp_path).write().run("replay", str(path), check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path.parent / "escaped").exists()
