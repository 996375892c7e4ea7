"""Reading: an archive's polls, oldest first; or every mistake in it, with the file and what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any, Final

from monitor.errors import FetchError, FetchReason, ParseError, ParseReason, RecordingError
from monitor.model import Failed, Feed, Fetched, FetchResult, NotModified, Validators
from monitor.record.recorder import FEED, INDEX, KEPT, day_of

LIST: Final = "index.json"
_SHOWN: Final = 8
"""So many mistakes of one archive are told; an index that is wrong throughout says so in these."""
MOST_BYTES: Final = 64_000_000
"""Bytes of one file of an archive, unpacked: six times what a poll takes (`poll.max_body`)."""
MOST_UNPACKED: Final = 8_000_000_000
"""Bytes of all files of a tar file. One of 8 MB can hold as many zeros."""
_ENDINGS: Final = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One recorded poll: the file of what came, or of what stood when it came `unchanged`; or its failure."""

    at: datetime
    body: Path | None = None
    unchanged: bool = False
    content_type: str = ""
    url: str = ""
    moved_to: str = ""
    error: FetchError | ParseError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Successive polls of one feed. What the archive does not say of the feed is empty (language: `und`)."""

    name: str
    feed: Feed
    polls: tuple[Poll, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What an archive holds, and what a person should know about how it was read."""

    recordings: tuple[Recording, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """An archive on its way in. `shown` is how its files are called in messages."""

    root: Path
    shown: str
    mistakes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def name(self, path: Path) -> str:
        return f"{self.shown}/{path.relative_to(self.root)}" if path.is_relative_to(self.root) else str(path)

    def wrong(self, path: Path, what: str) -> None:
        self.mistakes.append(f"{self.name(path)}: {what}")


def read(path: Path, work: Path, *, most: int = MOST_UNPACKED) -> Archive:
    """Return what a folder or a tar file holds; a tar file is unpacked under `work`, which must stay.

    A tar file that unpacks to more than `most` bytes, or to one file of more than `MOST_BYTES`, is refused.
    Raises RecordingError naming the files that are wrong and what to do.
    """
    root = path if path.is_dir() else _unpacked(path, work, most)
    reading = _Reading(root, str(path))
    indexes = sorted(p for name in (INDEX, LIST) for p in root.rglob(name) if p.is_file())
    if not indexes:
        raise RecordingError(
            f"{path}: there is no {LIST} in it and no {INDEX}; an archive is what `record: DIR` wrote, or "
            f"a folder or .tar.gz of bodies with {LIST}: "
            '[{"file": "00000.xml", "polled_at": "2025-10-16T18:30:00Z"}, …]'
        )
    found: dict[str, tuple[str, Feed, list[Poll]]] = {}
    for index in indexes:
        home = index.parent.parent if day_of(index.parent) and index.parent != root else index.parent
        inner = str(home.relative_to(root)).replace("/", "-")
        name = _stem(path) if len(indexes) == 1 or inner == "." else inner
        for feed, poll in _polls(index, reading):
            _, _, polls = found.setdefault(feed.url or name, (name, feed, []))
            polls.append(poll)
    if reading.mistakes:
        more = len(reading.mistakes) - _SHOWN
        rest = [f"… and {more} more"] if more > 0 else []
        raise RecordingError("\n".join([*reading.mistakes[:_SHOWN], *rest]))
    recordings = (
        Recording(name=name, feed=feed, polls=_with_bodies(polls, name, reading))
        for name, feed, polls in found.values()
    )
    return Archive(recordings=tuple(one for one in recordings if one.polls), notes=tuple(reading.notes))


def came(poll: Poll, feed: Feed, validators: Validators) -> FetchResult:
    """Return what the publisher answered, to someone who holds these validators. Raises RecordingError."""
    outcome: Fetched | NotModified | Failed
    if poll.error is not None:
        outcome = Failed(poll.error)
    elif poll.unchanged and validators.etag:
        outcome = NotModified(validators=validators)
    else:
        assert poll.body is not None
        body = _body(poll.body)
        digest = blake2b(body, digest_size=20).hexdigest()
        outcome = Fetched(
            body=body,
            content_type=poll.content_type,
            validators=Validators(etag=f'"{digest}"'),
            body_hash=digest,
        )
    url = poll.url or feed.url
    return FetchResult(feed=feed, fetched_at=poll.at, outcome=outcome, url=url, moved_to=poll.moved_to)


def _body(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingError(f"{path}: cannot be read: {error}; take its line out of the index") from error
    if len(body) > MOST_BYTES:
        raise RecordingError(
            f"{path}: unpacks to more than {MOST_BYTES:,} bytes; take its line out of the index"
        )
    return body


# files ────────────────────────────────────────────────────────────────────────────────────────


def _stem(path: Path) -> str:
    name = path.resolve().name
    return next((name.removesuffix(e) for e in _ENDINGS if name.endswith(e)), name)


class _Opened(io.BufferedReader):
    """A tar file unpacked as it is read: never more than one file's worth at once, not even of names."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return bytes; raise OSError where a header says that millions of them are a name."""
        if size is not None and size > MOST_BYTES:
            raise OSError(f"a header of {size:,} bytes")
        return super().read(size)


def _opened(path: Path) -> _Opened:
    with path.open("rb") as file:
        start = file.read(6)
    for magic, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        if start.startswith(magic):
            return _Opened(module.open(path))  # each is raw to what reads it
    return _Opened(path.open("rb", buffering=0))


def _unpacked(path: Path, work: Path, most: int) -> Path:
    """Unpack a tar file's plain files, wherever they say they want to go, under `work`."""
    target = work / blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()
    left = most
    try:
        with _opened(path) as opened, tarfile.open(fileobj=opened, mode="r:") as archive:
            for member in archive:
                inside = PurePosixPath(member.name)
                if not member.isfile() or inside.is_absolute() or ".." in inside.parts:
                    continue
                left -= member.size
                if member.size > MOST_BYTES or left < 0:
                    what = f"{most:,} bytes in all" if left < 0 else f"{MOST_BYTES:,} bytes in one file"
                    raise tarfile.TarError(f"it unpacks to more than {what}")
                file = archive.extractfile(member)
                assert file is not None
                place = target / inside
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.read())
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise RecordingError(
            f"{path}: not a readable archive: {error}; give a .tar.gz or a folder with {LIST}, "
            "or the folder that `record:` names"
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    return target


# indexes ──────────────────────────────────────────────────────────────────────────────────────


def _polls(index: Path, reading: _Reading) -> Iterator[tuple[Feed, Poll]]:
    """Yield the polls of one index with their feed; what is wrong goes to the reading's mistakes."""
    about = _about(index.parent, reading)
    rows: Iterator[tuple[str, Any]]
    if index.name == INDEX:
        rows = _lines(index, reading)
    else:
        said = _json(index, reading)
        if isinstance(said, dict):
            about |= said
            said = said.get("polls")
        if not isinstance(said, list):
            if said is not None or not reading.mistakes:
                reading.wrong(index, 'must be a list: [{"file": …, "polled_at": …}, …]')
            return
        if not said:
            reading.wrong(index, "names no poll")
        rows = ((f"entry {number}", row) for number, row in enumerate(said, 1))
    for place, row in rows:
        try:
            if not isinstance(row, dict):
                raise _WrongError('must be {"file": …, "polled_at": …}')
            yield _feed(about | row), _poll(index, row)
        except _WrongError as error:
            reading.wrong(index, f"{place}: {error}")


class _WrongError(ValueError):
    """What is wrong with one line of an index."""


def _lines(index: Path, reading: _Reading) -> Iterator[tuple[str, Any]]:
    lines = index.read_bytes().split(b"\n")
    torn = lines.pop()
    if torn:
        reading.notes.append(f"{reading.name(index)}: the last line was cut short by a crash and is left out")
    for number, line in enumerate(lines, 1):
        try:
            yield f"line {number}", json.loads(line)
        except ValueError as error:
            reading.wrong(index, f"line {number}: is not JSON ({error}); take it out")


def _about(folder: Path, reading: _Reading) -> dict[str, Any]:
    """Return what feed.json says, beside the index or above the day's folder."""
    for place in (folder / FEED, folder.parent / FEED) if day_of(folder) else (folder / FEED,):
        if place.is_file():
            said = _json(place, reading)
            if isinstance(said, dict):
                return {name: said[name] for name in KEPT if name in said}
            if said is not None:
                reading.wrong(place, 'must be {"url": …, "source": …, "language": …, "country": …}')
    return {}


def _json(path: Path, reading: _Reading) -> Any:
    try:
        return json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        reading.wrong(path, f"line {error.lineno}, column {error.colno}: is not JSON: {error.msg}")
    except (OSError, UnicodeDecodeError) as error:
        reading.wrong(path, f"cannot be read: {error}")
    return None


def _feed(said: Mapping[str, Any]) -> Feed:
    tier = said.get("tier")
    return Feed(
        url=_text(said, "url"),
        source=_text(said, "source"),
        language=_text(said, "language") or "und",
        country=_text(said, "country"),
        charset=_text(said, "charset"),
        tier=tier if tier in (1, 2, 3) else 2,
    )


def _poll(index: Path, row: Mapping[str, Any]) -> Poll:
    at = _time(row)
    if (failed := row.get("failed")) is not None:
        return Poll(at=at, error=_error(row, failed), moved_to=_text(row, "moved_to"))
    unchanged = row.get("unchanged") is True
    name = row.get("file")
    if name is None and unchanged:
        return Poll(at=at, unchanged=True)
    if not isinstance(name, str) or not name:
        raise _WrongError('"file" is missing: which file came at that time')
    return Poll(
        at=at,
        body=_file(index, name),
        unchanged=unchanged,
        content_type=_text(row, "type"),
        url=_text(row, "final_url"),
        moved_to=_text(row, "moved_to"),
    )


def _time(row: Mapping[str, Any]) -> datetime:
    """Return when a poll was; without a zone it is UTC, as on the command line."""
    said = row.get("polled_at")
    if said is None:
        raise _WrongError('"polled_at" is missing: when was it polled')
    try:
        at = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        raise _WrongError(f"polled_at: {said!r} is not a time such as 2025-10-16T18:30:00Z") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _file(index: Path, name: str) -> Path:
    """Return the file an index names: from its own folder, or from the one its folder is in."""
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts:
        raise _WrongError(f"file: {name!r} is not inside the archive")
    for place in (index.parent / inside, index.parent.parent / inside, index.parent / inside.name):
        if place.is_file():
            return place
    raise _WrongError(f"there is no file {name!r}; put it back, or take the entry out")


def _error(row: Mapping[str, Any], word: Any) -> FetchError | ParseError:
    detail, status, wait = _text(row, "detail"), row.get("status"), row.get("retry_after")
    if word in set(ParseReason):
        return ParseError(ParseReason(word), detail)
    if word not in set(FetchReason):
        raise _WrongError(f"failed: {word!r} is none of {', '.join(FetchReason)}")
    return FetchError(
        FetchReason(word),
        detail or str(word),
        status=status if isinstance(status, int) else None,
        retry_after=timedelta(seconds=wait) if isinstance(wait, int | float) else None,
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _with_bodies(polls: list[Poll], name: str, reading: _Reading) -> tuple[Poll, ...]:
    """Sort by time; say of each "not modified" what stood then. Where nobody knows, it is left out."""
    polls.sort(key=lambda poll: poll.at)
    body: Poll | None = None
    found: list[Poll] = []
    unknown = 0
    for poll in polls:
        if poll.unchanged and poll.body is None:
            if body is None:
                unknown += 1
                continue
            poll = replace(poll, body=body.body)
        if poll.unchanged and body is not None:
            poll = replace(poll, content_type=poll.content_type or body.content_type)
        if poll.error is None:
            body = poll
        found.append(poll)
    if unknown:
        reading.notes.append(
            f"{reading.shown}: {name}: {unknown} polls that said “not modified” before any body was "
            "recorded are left out"
        )
    return tuple(found)
