"""File: each message as a page and a text in a folder, and an index of them. Needs no account.

A message always has the same file name, and a file is there whole or not at all: it is written
beside its place, synced and renamed (rename(2) is atomic).
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape, unescape
from pathlib import Path
from unicodedata import category

from monitor import channels
from monitor.channels import Tools
from monitor.channels._text import one_line
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Delivery, Digest, Message, Recipient, Secret

_INDEXED = 500
"""So many of the newest pages are listed."""
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_LANGUAGE = re.compile(r'<html[^>]*\slang="([A-Za-z0-9-]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """Settings of a `type: file` channel."""

    folder: str = "digests"
    """Where the files go; a relative path is beside the store. Made if it is not there."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""


class Channel(channels.Channel):
    """One folder."""

    Options = FileOptions
    parts = ("subject.txt", "html", "txt")

    def __init__(self, name: str, options: FileOptions, tools: Tools) -> None:
        super().__init__(name, options, tools)
        self.folder = tools.folder / Path(options.folder)
        self._one_at_a_time = threading.Lock()
        self._durable = False

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the folder as the config names it."""
        return (
            Recipient(
                address=self.options.folder, language=self.options.language, timezone=self.options.timezone
            ),
        )

    async def send(self, delivery: Delivery) -> str:
        """Write the files; return the page's name. Raises DeliveryError: disks get emptied, so try again."""
        try:
            return await asyncio.to_thread(self._write, delivery.message)
        except OSError as error:
            what = error.strerror or errno.errorcode.get(error.errno or 0, type(error).__name__)
            raise DeliveryError(
                DeliveryReason.DISK,
                f"{self.options.folder}: {what}",
                retryable=True,
            ) from error

    def _write(self, message: Message) -> str:
        self._make_folder()
        name = file_name(message)
        with self._one_at_a_time:  # or an index could forget a page that was written meanwhile
            parts = [part for part in ("txt", "html") if part in message.parts]
            for part in parts:
                _put(self.folder / f"{name}.{part}", message.parts[part])
            _put(self.folder / "index.html", self._index(), last=True)
            for place in (*(f"{name}.{part}" for part in parts), "index.html"):
                _clear_away(self.folder, place)
        return f"{name}.html"

    def _make_folder(self) -> None:
        """Make the folder where there is none, so that a power cut does not take it with all in it.

        One that a process made which died is synced by the next.
        """
        made = [place for place in (self.folder, *self.folder.parents) if not place.is_dir()]
        self.folder.mkdir(parents=True, exist_ok=True)
        if made or not self._durable:
            for place in made or [self.folder]:
                _sync(place.parent)
            self._durable = True

    def _index(self) -> str:
        pages = sorted(
            (p for p in self.folder.glob("*.html") if p.name != "index.html" and not p.name.startswith(".")),
            key=lambda p: p.name,
            reverse=True,
        )
        rows = "\n".join(_row(page) for page in pages[:_INDEXED])
        return _INDEX.format(title=escape(self.name), rows=rows)


def file_name(message: Message | Digest) -> str:
    """Return the name of a message's files, without ending: `20251017T013000Z-day-digest-1a2b3c4d`.

    Sorts by slot. The last part comes from the message's identity and tells apart what else is equal.
    """
    stamp = message.slot.astimezone(UTC)
    route = "".join(c if category(c)[0] in "LMN" else "-" for c in one_line(message.route)).strip("-")
    route = route.encode()[:60].decode("utf-8", "ignore") or "route"
    tail = blake2b(message.id.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{stamp:%Y%m%dT%H%M%SZ}-{route}-{message.kind}-{tail}"


def file_key(name: str, secret: Secret) -> str:
    """Return what opens a page to whoever was sent its link: it cannot be guessed without the secret."""
    made = blake2b(name.encode(), key=blake2b(secret.value.encode()).digest(), digest_size=16)
    return urlsafe_b64encode(made.digest()).decode().rstrip("=")


def file_time(name: str) -> datetime | None:
    """Return the slot that a file's name begins with; None if no message has such a name."""
    try:
        return datetime.strptime(name[:17], "%Y%m%dT%H%M%SZ-").replace(tzinfo=UTC)
    except ValueError:
        return None


def _put(place: Path, text: str, *, last: bool = False) -> None:
    """Write a file whole or not at all. With `last` the folder is synced too, which makes names durable."""
    part = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with part.open("wb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    if last:
        _sync(place.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear_away(folder: Path, name: str) -> None:
    """Remove what processes that died over a file left of it. Who calls has just written it whole.

    Another process may be writing it at this moment; one with our own number is a predecessor.
    """
    for part in folder.glob(f".{name}.*.part"):
        pid = part.name.removeprefix(f".{name}.").partition(".")[0]
        if pid.isdecimal() and (int(pid) == os.getpid() or not _lives(int(pid))):
            part.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # somebody else's, or no process's number at all
    return True


def _row(page: Path) -> str:
    """Return the line of the index for a page: its title in its language."""
    with page.open(encoding="utf-8", errors="replace") as file:
        beginning = file.read(4_000)
    title = _TITLE.search(beginning)
    language = _LANGUAGE.search(beginning)
    words = unescape(title[1]).strip() if title else page.stem
    day, time = page.stem[:8], page.stem[9:13]
    stamp = f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:]}" if (day + time).isdigit() else ""
    text = (
        f' <a href="{escape(page.stem)}.txt"><small>text</small></a>'
        if page.with_suffix(".txt").is_file()
        else ""
    )
    return (
        f'<li><small>{stamp}</small> <a href="{escape(page.name)}"'
        f' lang="{language[1] if language else ""}" dir="auto">{escape(words)}</a>{text}</li>'
    )


_INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – monitor</title>
<style>
:root {{ color-scheme: light dark }}
body {{
  margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 3rem; background: #f3f2ee; color: #1f2328;
  font: 1rem/1.75 "Noto Sans", "Noto Sans Bengali", "Nirmala UI", "Kohinoor Bangla", system-ui, sans-serif
}}
h1 {{ font-size: 1.4rem }}
ol {{ list-style: none; padding: 0 }}
li {{ padding: .45rem 0; border-top: 1px solid #dedbd3 }}
a {{ color: #0b4a82; text-decoration: none }}
small {{ color: #575d66; font-variant-numeric: tabular-nums; margin-inline-end: .4rem }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #17191d; color: #e4e3df }}
  a {{ color: #93c7fb }}
  small {{ color: #a9afb8 }}
  li {{ border-color: #33373e }}
}}
</style>
</head>
<body>
<main>
<h1>{title} <small>UTC</small></h1>
<ol>
{rows}
</ol>
</main>
</body>
</html>
"""
