"""Threads: the stories as they are put together, entry by entry, and taken apart again.

Entries are filed in one order, that of their first sight, whatever the order in which they come: a
late one is put where it belongs by taking back all that stand behind it and filing them again. So
every step here can be undone exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.cluster.prints import Print


@dataclass(slots=True, eq=False)
class Thread:
    """A story in the making. `id` is "" until it is named.

    `members` are in memory, in the order of filing; `gone` the ids of those that are not any more. `up`
    says that it went up in another one.
    """

    members: list[Filed] = field(default_factory=list)
    id: str = ""
    gone: list[str] = field(default_factory=list)
    up: bool = False
    pinned: bool = False
    """Whether somebody put an entry here."""

    @property
    def alive(self) -> bool:
        """Whether it has entries in memory."""
        return bool(self.members)


@dataclass(slots=True, eq=False)
class Filed:
    """An entry in its thread. `story` is what the store has of it ("": nothing yet).

    `pinned` entries stay where somebody put them. `merging` is what it takes to part two threads
    again that this entry joined.
    """

    print: Print
    thread: Thread
    place: tuple[datetime, str]
    """Where it stands in the order of filing: by its first sight, then its id."""
    number: int = 0
    """How many were filed before it."""
    story: str = ""
    pinned: bool = False
    merging: Merging | None = None


@dataclass(frozen=True, slots=True)
class Merging:
    """How two threads were before the one went up in the other."""

    kept: Thread
    other: Thread
    mine: list[Filed]
    theirs: list[Filed]
    gone: int
    """How many entries that were let go of the first one had."""
    pinned: bool
    ids: tuple[str, str]

    @property
    def both(self) -> tuple[Thread, Thread]:
        """The two threads."""
        return (self.kept, self.other)


def join(one: Filed, thread: Thread) -> None:
    """Put the latest entry into a thread."""
    one.thread = thread
    thread.members.append(one)
    thread.pinned = thread.pinned or one.pinned


def merge(one: Filed, kept: Thread, other: Thread) -> None:
    """Let `other` go up in `kept`, because of an entry that is in `kept` already as its last.

    Of two ids that of the larger one stays: by it most was told.
    """
    ids = (kept.id, other.id)
    one.merging = Merging(
        kept, other, kept.members, other.members, len(kept.gone), pinned=kept.pinned, ids=ids
    )
    if not kept.id or (other.id and _size(other) > _size(kept)):
        kept.id, other.id = other.id, kept.id
    kept.members = sorted([*kept.members, *other.members], key=lambda m: m.place)
    kept.gone.extend(other.gone)
    for member in other.members:
        member.thread = kept
    kept.pinned = kept.pinned or other.pinned
    other.members, other.up = [], True


def _size(thread: Thread) -> int:
    """Return how many of a thread's entries have been told as its story."""
    return len(thread.gone) + sum(member.story == thread.id for member in thread.members)


def part(one: Filed) -> None:
    """Undo what the latest entry did: take it out of its thread, and part those that it joined."""
    if one.merging is not None:
        was = one.merging
        kept, other = was.kept, was.other
        kept.pinned, kept.members, other.members, other.up = was.pinned, was.mine, was.theirs, False
        if kept.id in was.ids:  # else it was named since, and the other one never was
            kept.id, other.id = was.ids
        del kept.gone[was.gone :]
        for member in was.theirs:
            member.thread = other
        one.merging = None
    one.thread.members.pop()


def forget(gone: Sequence[Filed], later: Sequence[Filed]) -> None:
    """Let go of the earliest entries. What `later` ones joined of their threads stays joined."""
    threads = {id(one.thread): one.thread for one in gone}
    dropped = {id(one) for one in gone}
    for one in gone:
        one.thread.gone.append(one.print.id)
    for thread in threads.values():
        thread.members = [m for m in thread.members if id(m) not in dropped]
    for one in later:
        if one.merging is not None and id(one.merging.kept) in threads:
            one.merging = None
