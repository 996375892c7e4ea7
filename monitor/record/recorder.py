"""Writing: each poll a line, each body once a day."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from monitor.errors import FetchError, ParseError, RecordingError
from monitor.model import Failed, Feed, Fetched, FetchResult, NotModified

INDEX: Final = "index.jsonl"
FEED: Final = "feed.json"
KEPT: Final = ("url", "source", "language", "country", "tier", "charset")
"""What is kept of a feed: what parsing, matching and digests ask for, and nothing secret."""
_BODY: Final = re.compile(r"[0-9a-f]{20}\.gz\Z")
_LEVEL: Final = 6
"""Of gzip: two real papers' bodies shrink to an eighth; 9 saves 2 % more (measured)."""


@dataclass(slots=True)
class _Feed:
    """Where a feed's polls go: its folder, the day that is open, and the body that came last."""

    folder: Path
    day: Path | None = None
    body: Path | None = None


class Recorder:
    """Keeps what polls bring under `folder`, for `keep`. Any number of threads may call it, never the loop's.

    `record` and `prune` raise RecordingError when the disk does not do it.
    """

    def __init__(self, folder: Path, keep: timedelta) -> None:
        self.folder, self._keep = folder, keep
        self._feeds: dict[str, _Feed] = {}
        self._lock = threading.Lock()

    def knows(self, feed: Feed) -> bool:
        """Say whether a body of this feed is recorded; yes where the disk cannot tell (`record` will say)."""
        with self._lock, suppress(OSError):
            body = self._feed(feed).body
            return body is not None and body.exists()
        return True

    def record(self, feed: Feed, result: FetchResult) -> None:
        """Write what came of one poll of a configured feed."""
        with self._lock, _told(self.folder):
            here = self._feed(feed)
            day = here.folder / f"{result.fetched_at:%Y-%m-%d}"
            begun = not day.is_dir()
            if begun or here.day != day:
                _open_day(here.folder, day, feed)
                here.day = day
            line = self._line(here, day, feed, result)
            with (day / INDEX).open("ab", buffering=0) as index:
                index.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            if begun:  # also where nobody else prunes: `monitor once`, rung by cron
                _prune(here.folder.glob(f"*/{INDEX}"), result.fetched_at - self._keep)

    @staticmethod
    def _line(here: _Feed, day: Path, feed: Feed, result: FetchResult) -> dict[str, Any]:
        """Return what the index says of a poll; its body is on the disk then."""
        line: dict[str, Any] = {"polled_at": result.fetched_at.isoformat().replace("+00:00", "Z")}
        match result.outcome:
            case Fetched(body=body, content_type=content_type):
                here.body = _keep(day, body)
                line |= {"file": here.body.name, "type": content_type}
            case NotModified():
                line["unchanged"] = True
                if here.body is not None and here.body.exists():
                    here.body = _carry(here.body, day)
                    line["file"] = here.body.name
            case Failed(error=error):
                line |= _failure(error)
        if result.url and (url := public_url(result.url)) != public_url(feed.url):
            line["final_url"] = url
        if result.moved_to:
            line["moved_to"] = public_url(result.moved_to)
        return line

    def prune(self, now: datetime) -> int:
        """Remove the days of all feeds that are kept no longer; return how many. Only files of ours go."""
        with self._lock, _told(self.folder):
            return _prune(self.folder.glob(f"*/*/{INDEX}"), now - self._keep)

    def _feed(self, feed: Feed) -> _Feed:
        """Return what is known of a feed's folder; the first time it is looked up on the disk."""
        known = self._feeds.get(feed.url)
        if known is None:
            folder = self.folder / folder_name(feed.url)
            known = self._feeds[feed.url] = _Feed(folder, body=_last_body(folder))
        return known


def folder_name(url: str) -> str:
    """Return a feed's folder: readable, short, and different for different URLs."""
    url = public_url(url)
    words = re.sub(r"[^A-Za-z0-9.]+", "-", url.partition("://")[2] or url).strip("-.")[:60].rstrip("-.")
    return f"{words or 'feed'}-{blake2b(url.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def public_url(url: str) -> str:
    """Return a URL without user and password."""
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def day_of(folder: Path) -> date | None:
    """Return the day whose folder this is; None if it is no day's."""
    try:
        return date.fromisoformat(folder.name)
    except ValueError:
        return None


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Translate what the disk says into RecordingError."""
    try:
        yield
    except OSError as error:
        place = error.filename or folder
        raise RecordingError(f"{place}: {error.strerror or type(error).__name__}") from error


def _prune(indexes: Iterable[Path], start: datetime) -> int:
    """Remove the days that ended before `start`: the index first, so that no line is without its body."""
    gone = 0
    for index in sorted(indexes):
        day = day_of(index.parent)
        if day is None or day >= start.date():
            continue
        index.unlink()
        for path in index.parent.iterdir():
            if _BODY.match(path.name):
                path.unlink()
        with suppress(OSError):  # somebody else's files are in it
            index.parent.rmdir()
        gone += 1
    return gone


def _open_day(folder: Path, day: Path, feed: Feed) -> None:
    """Make a day's folder; say whose it is; cut off the line that a crash tore."""
    day.mkdir(parents=True, exist_ok=True)
    said = {name: public_url(v) if name == "url" else v for name in KEPT if (v := getattr(feed, name))}
    text = (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
    about = folder / FEED
    if not about.exists() or about.read_bytes() != text:
        _put(about, text)
    index = day / INDEX
    if index.exists():
        with index.open("r+b") as file:
            lines = file.read()
            if lines and not lines.endswith(b"\n"):
                file.truncate(lines.rfind(b"\n") + 1)


def _keep(day: Path, body: bytes) -> Path:
    """Write a body unless the day has it."""
    path = day / f"{blake2b(body, digest_size=10).hexdigest()}.gz"
    if not path.exists():
        _put(path, gzip.compress(body, _LEVEL, mtime=0))
    return path


def _carry(body: Path, day: Path) -> Path:
    """Let a day have the body of one before that still stands: a second name of the file, else a copy."""
    path = day / body.name
    if not path.exists():
        try:
            os.link(body, path)
        except OSError:
            shutil.copyfile(body, path)
    return path


def _put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all (rename(2) is atomic)."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _failure(error: FetchError | ParseError) -> dict[str, Any]:
    """Return what a failed poll's line says. Errors hold no secrets (see monitor.errors)."""
    line: dict[str, Any] = {"failed": error.reason.value, "detail": str(error)}
    if isinstance(error, FetchError):
        if error.status is not None:
            line["status"] = error.status
        if error.retry_after is not None:
            line["retry_after"] = error.retry_after.total_seconds()
    return line


def _last_body(folder: Path) -> Path | None:
    """Return the body that was recorded last, if it is still there."""
    days = sorted((d for d in folder.glob("*/") if day_of(d)), reverse=True)
    for day in days:
        index = day / INDEX
        if not index.exists():
            continue
        for line in reversed(index.read_bytes().splitlines()):
            with suppress(ValueError):
                said = json.loads(line)
                name = str(said.get("file")) if isinstance(said, dict) else ""
                if _BODY.match(name):
                    return day / name
    return None
