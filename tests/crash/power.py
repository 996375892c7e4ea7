"""The power sweep: what the disk would hold if the power failed at any moment of a life.

strace records every write and sync of a life with its data. From that the states of the disk are
rebuilt as a careful file system may leave them (POSIX promises no more): a write that was not synced
is there, is not, or is there in some of its sectors; a file's name is there once its folder was
synced. Then each is opened, and held against what the daemon had promised by then.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.kill import Site
from tests.crash.town import sound, told

SECTOR = 512
FOLDERS = (".", "out")
CALLS = "openat,pwrite64,write,ftruncate,fdatasync,fsync,close,unlink,rename,sendto,mkdir"
RESTARTED = 30
"""Of so many images one is not only opened: the daemon is started on it and lives to the end."""

_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)$", re.DOTALL)
_OPENAT = re.compile(r'openat\([^,]+, "([^"]*)", ([A-Z_|]+).*= (\d+)')
_PATHS = re.compile(r'(unlink|rename|mkdir)\("([^"]*)"(?:, "([^"]*)")?.*= 0')
_WRITE = re.compile(r'(pwrite64|write|sendto)\((\d+), "([^"]*)", \d+(?:, (\d+))?.*= (\d+)')
_ON_FD = re.compile(r"(close|fsync|fdatasync|ftruncate)\((\d+)(?:, (\d+))? ?\) += 0")
_IDS = re.compile(rb"\r\n(?:webhook-id: ([0-9a-zA-Z_.-]+)|Message-ID: <([^@>]+)@)")


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the recorded life did: to a file, to the world, or a promise it made."""

    kind: str
    """create, write, cut, sync, sync-folder, unlink, rename; promise, told."""
    path: str = ""
    data: bytes = b""
    at: int = 0
    to: str = ""


@dataclass
class File:
    """A file's bytes on the disk, and the writes and cuts that are on their way there."""

    disk: bytearray = field(default_factory=bytearray)
    pending: list[Act] = field(default_factory=list)


@dataclass
class Disk:
    """Files and names, each with what is safe and what is not."""

    names: dict[str, File] = field(default_factory=dict)
    """As the running system sees them."""
    safe_names: dict[str, File] = field(default_factory=dict)
    pending: list[tuple[str, File | None]] = field(default_factory=list)
    """Changes of names on their way: (name, file or None), in order."""

    def apply(self, act: Act) -> None:
        """Take in what was done."""
        match act.kind:
            case "create" if act.path not in self.names:
                self._name(act.path, File())
            case "write" | "cut":
                self.names[act.path].pending.append(act)
            case "sync":
                file = self.names[act.path]
                for one in file.pending:
                    put(file.disk, one)
                file.pending.clear()
            case "sync-folder":
                for name, there in self.pending:
                    if parent(name) == act.path:
                        rename(self.safe_names, name, there)
                self.pending = [one for one in self.pending if parent(one[0]) != act.path]
            case "unlink":
                self._name(act.path, None)
            case "rename":
                file = self.names[act.path]
                self._name(act.to, file)
                self._name(act.path, None)

    def _name(self, name: str, file: File | None) -> None:
        rename(self.names, name, file)
        self.pending.append((name, file))

    def after_power_cut(self, random: Random) -> dict[str, bytes]:
        """Return files as they may be found when the power is back."""
        luck = random.choice((0.0, 1.0, 0.5, 0.5, 0.5, 0.9))
        names = dict(self.safe_names)
        kept = random.randint(0, len(self.pending)) if 0 < luck < 1 else int(luck) * len(self.pending)
        for name, there in self.pending[:kept]:
            rename(names, name, there)
        found = {}
        for name, file in names.items():
            if name in FOLDERS or parent(name) not in (".", *names):
                continue
            content = bytearray(file.disk)
            for act in file.pending:
                if random.random() < luck:
                    torn = act.kind == "write" and luck < 1 and random.random() < 0.3
                    put(content, act, random if torn else None)
            found[name] = bytes(content)
        return found


def parent(name: str) -> str:
    """Return the folder that a name is in."""
    return str(Path(name).parent)


def rename(names: dict[str, File], name: str, file: File | None) -> None:
    """Let a name stand for a file, or for none."""
    if file is None:
        names.pop(name, None)
    else:
        names[name] = file


def put(content: bytearray, act: Act, torn: Random | None = None) -> None:
    """Do a write or a cut; a torn write leaves out some of its sectors."""
    if act.kind == "cut":
        del content[act.at :]
        content.extend(bytes(act.at - len(content)))
        return
    content.extend(bytes(max(act.at - len(content), 0)))
    edges = [
        act.at,
        *range(act.at // SECTOR * SECTOR + SECTOR, act.at + len(act.data), SECTOR),
        act.at + len(act.data),
    ]
    for start, end in pairwise(edges):
        if torn is None or torn.random() < 0.5:
            content.extend(bytes(max(start - len(content), 0)))
            content[start:end] = act.data[start - act.at : end - act.at]


# reading what strace wrote ────────────────────────────────────────────────────────────────────


def whole_lines(log: Path) -> Iterator[str]:
    """Yield the calls of a log, those that were interrupted by another thread's in one piece."""
    begun: dict[str, str] = {}
    for line in log.read_text("latin-1").splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        pid, resumed, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest.removesuffix("<unfinished ...>")
        else:
            yield begun.pop(pid, "") + rest if resumed else rest


class Reader:
    """Makes acts of a log's lines."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, str] = {}
        self._at: Counter[int] = Counter()

    def read(self, log: Path) -> list[Act]:
        """Return what the life did, in order."""
        return [act for line in whole_lines(log) for act in self._acts(line)]

    def _acts(self, line: str) -> Iterator[Act]:
        if found := _OPENAT.match(line):
            yield from self._opened(*found.groups())
        elif found := _PATHS.match(line):
            name, path, to = found[1], self._name(found[2]), self._name(found[3] or "")
            if path is not None:
                yield Act("create" if name == "mkdir" else name, path, to=to or "")
        elif found := _WRITE.match(line):
            yield from self._wrote(*found.groups())
        elif found := _ON_FD.match(line):
            yield from self._on_fd(found[1], int(found[2]), int(found[3] or 0))

    def _opened(self, path: str, flags: str, number: str) -> Iterator[Act]:
        name = self._name(path)
        self._open.pop(int(number), None)
        if name is None:
            return
        self._open[int(number)] = name
        self._at[int(number)] = 0
        if name == "acks":
            return
        if "O_CREAT" in flags:
            yield Act("create", name)
        if "O_TRUNC" in flags:
            yield Act("cut", name)

    def _wrote(self, call: str, number: str, text: str, at: str | None, count: str) -> Iterator[Act]:
        data, fd = bytes.fromhex(text.replace("\\x", ""))[: int(count)], int(number)
        name = self._open.get(fd)
        if call == "sendto":
            yield from (Act("told", (one[1] or one[2]).decode()) for one in _IDS.finditer(data))
        elif name == "acks":
            yield Act("promise", data=data)
        elif name is not None:
            place = int(at or 0) if call == "pwrite64" else self._at[fd]
            self._at[fd] += len(data)
            yield Act("write", name, data, place)

    def _on_fd(self, call: str, fd: int, length: int) -> Iterator[Act]:
        name = self._open.get(fd)
        if name is None or call == "close":
            self._open.pop(fd, None)
        elif call == "ftruncate":
            yield Act("cut", name, at=length)
        else:
            yield Act("sync-folder" if name in FOLDERS else "sync", name)

    def _name(self, path: str) -> str | None:
        """Return the name of a file of ours in its folder; None for all that is not on the disk."""
        place = Path(bytes.fromhex(path.replace("\\x", "")).decode("utf-8", "replace"))
        if not path or not place.is_relative_to(self._folder) or place.name.endswith(("-shm", ".lock")):
            return None
        return str(place.relative_to(self._folder))


# the sweep ────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Promises:
    """What the daemon had said by a moment."""

    queued: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    """Pages that the file channel said it had written."""
    told: set[str] = field(default_factory=set)
    """Ids of messages that were on their way to a receiver, at least."""

    def apply(self, act: Act) -> None:
        """Take in what was said."""
        if act.kind == "told":
            self.told.add(act.path)
        if act.kind == "promise":
            said = json.loads(act.data.partition(b" ")[2])
            if said["kind"] == "queued":
                self.queued.add(said["delivery"])
            elif said["outcome"] == "sent":
                self.sent.add(said["delivery"])
                if said["channel"] == "out":
                    self.files.add(f"out/{said['detail']}")

    def broken(self, database: Path, files: dict[str, bytes], final: Path) -> list[str]:
        """Say what an image does not hold."""
        rows: list[tuple[str, str, str]] = []
        if database.exists() and database.stat().st_size:
            with closing(sqlite3.connect(database)) as db:
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
                    rows = db.execute(
                        "SELECT id, status, json_extract(message, '$.id') FROM deliveries"
                    ).fetchall()
        there, sent = {row[0] for row in rows}, {row[0] for row in rows if row[1] == "sent"}
        wrong = [f"{one} was queued and is lost" for one in self.queued - there]
        wrong += [f"{one} was sent and will be sent again" for one in self.sent - sent]
        wrong += [f"{one} was told and is not in the outbox" for one in self.told - {row[2] for row in rows}]
        wrong += [
            f"{one} was written and is lost"
            for one in self.files
            if files.get(one) != (final / one).read_bytes()
        ]
        return wrong


@dataclass
class Recording:
    """A life as it was recorded."""

    folder: Path
    acts: list[Act]
    hooks: dict[str, set[bytes]]
    mails: dict[str, set[str]]


def record(site: Site) -> Recording:
    """Live once, undisturbed, and record it."""
    place, log = site.fresh(), site.folder / "writes"
    ended: dict[str, Any] = site.live(
        place, strace=["-xx", "-s", "4000000", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", str(log)]
    )
    wrong = told(site.town, place)
    if ended["code"] or wrong:
        raise AssertionError(f"an undisturbed life went wrong: {ended} {wrong}")
    kept = site.folder / "recorded"
    shutil.copytree(place, kept, dirs_exist_ok=True)
    return Recording(kept, Reader(place).read(log), dict(site.town.hooks), dict(site.town.mails))


def sweep(site: Site, images: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """Make images of the disk at random moments; yield each one's moment and what is wrong with it."""
    recording, random = record(site), Random(seed)
    moments = sorted(random.choices(range(1, len(recording.acts) + 1), k=images))
    disk, promises, done = Disk(), Promises(), 0
    for number, moment in enumerate(moments):
        for act in recording.acts[done:moment]:
            disk.apply(act)
            promises.apply(act)
        done = moment
        place = site.fresh()
        (place / "out").mkdir()
        files = disk.after_power_cut(random)
        for name, content in files.items():
            (place / name).write_bytes(content)
        yield moment, examine(site, place, files, promises, recording, restart=number % RESTARTED == 0)


def examine(
    site: Site,
    place: Path,
    files: dict[str, bytes],
    promises: Promises,
    recording: Recording,
    *,
    restart: bool,
) -> list[str]:
    """Say what is wrong with an image, and with the life that follows if it is lived."""
    database = place / "monitor.db"
    if restart:
        for name in ("monitor.db", "monitor.db-wal", "monitor.db-journal"):  # to look at it is to recover it
            if (place / name).exists():
                (place / "aside").mkdir(exist_ok=True)
                shutil.copy(place / name, place / "aside" / name)
        database = place / "aside" / "monitor.db"
    try:
        wrong = sound(database, site.town) + promises.broken(database, files, recording.folder)
    except sqlite3.DatabaseError as error:
        return [f"cannot be read: {error}"]
    if restart and not wrong:
        sent = ids_sent(database)
        site.town.hooks.update({key: set(v) for key, v in recording.hooks.items() if key in sent})
        site.town.mails.update(
            {key: set(v) for key, v in recording.mails.items() if key[1:].partition("@")[0] in sent}
        )
        ended = site.live(place)
        wrong = [f"could not start: {ended}"] if ended["code"] else told(site.town, place)
        for key, bodies in site.town.hooks.items():
            if key in promises.told and bodies != recording.hooks[key]:
                wrong.append(f"{key} says something else than before")
    return wrong


def ids_sent(database: Path) -> set[str]:
    """Return the ids of the messages that an image knows as sent."""
    if not database.exists() or not database.stat().st_size:
        return set()
    with closing(sqlite3.connect(database)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
            return set()
        return {
            row[0]
            for row in db.execute(
                "SELECT json_extract(message, '$.id') FROM deliveries WHERE status = 'sent'"
            )
        }
