"""Naming: the ids of stories, which never change, whatever becomes of the threads behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import count

from monitor.cluster.threads import Thread
from monitor.model import Link, Story


class Namer:
    """Gives threads their ids, and tells stories of them."""

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}
        self._spans: dict[str, tuple[datetime, datetime]] = {}

    def take(self, thread: Thread, first: datetime, last: datetime) -> None:
        """Take over a thread that has its id."""
        self._threads[thread.id] = thread
        self._spans[thread.id] = (first, last)

    def thread(self, story_id: str) -> Thread | None:
        """Return the thread of a story."""
        return self._threads.get(story_id)

    def let_go(self, horizon: datetime) -> None:
        """Forget the stories that were silent since then."""
        for name, (_, last) in list(self._spans.items()):
            thread = self._threads.get(name)
            if last < horizon and (thread is None or not thread.alive):
                self._threads.pop(name, None)
                del self._spans[name]

    def tell(self, threads: Iterable[Thread], links: Mapping[str, list[Link]]) -> list[Story]:
        """Name threads that have no name, and return the stories in which something changed.

        A thread is called what most of its entries were called before, and of two that were called the
        same the one keeps the name that has the entry it comes from. What nobody is called any more
        becomes another name of the story that took its entries.
        """
        alive = []
        for thread in threads:
            if thread.alive:
                alive.append(thread)
                if thread.id:
                    self._threads[thread.id] = thread
            elif thread.up or not thread.gone:
                held = self._threads.get(thread.id)
                if held is not None and (held is thread or held.id != thread.id):
                    del self._threads[thread.id]
        self._claim([thread for thread in alive if not thread.id])
        told = []
        for thread in sorted(alive, key=lambda t: t.members[0].place):
            story = self._story(thread, links)
            if story is not None:
                told.append(story)
        return told

    def _claim(self, nameless: list[Thread]) -> None:
        """Give threads the names that their entries had, else new ones."""
        claims = []
        for thread in nameless:
            founders = {identity(m.print.id) for m in thread.members}
            for name, held in Counter(m.story for m in thread.members if m.story).items():
                claims.append((name not in founders, -held, thread.members[0].place, name, thread))
        for _, _, _, name, thread in sorted(claims, key=lambda c: c[:4]):
            if not thread.id and name not in self._threads:
                self._name(thread, name)
        for thread in nameless:
            if not thread.id:
                self._name(thread, identity(thread.members[0].print.id, self._threads.__contains__))

    def _name(self, thread: Thread, name: str) -> None:
        thread.id = name
        self._threads[name] = thread

    def _story(self, thread: Thread, links: Mapping[str, list[Link]]) -> Story | None:
        moved = [m for m in thread.members if m.story != thread.id]
        if not moved:
            return None
        merged = tuple(
            dict.fromkeys(m.story for m in moved if m.story in self._spans and m.story not in self._threads)
        )
        times = [m.print.seen for m in thread.members]
        first, last = min(times), max(times)
        if before := self._spans.get(thread.id):
            first, last = min(first, before[0]), max(last, before[1])
        for before in (self._spans.pop(name) for name in merged):
            first, last = min(first, before[0]), max(last, before[1])
        self._spans[thread.id] = (first, last)
        for member in moved:
            member.story = thread.id
        return Story(
            id=thread.id,
            entry_ids=(*thread.gone, *(m.print.id for m in thread.members)),
            first_seen=first,
            last_seen=last,
            links=tuple(link for m in thread.members for link in links.get(m.print.id, ())),
            merged=merged,
        )


def identity(entry_id: str, taken: Callable[[str], bool] = lambda _: False) -> str:
    """Return the id of the story that an entry begins; another where that is taken.

    It is: by a story that the entry began and does not belong to any more.
    """
    for turn in count(1):
        name = blake2b(
            f"story:{entry_id}{f':{turn}' if turn > 1 else ''}".encode(), digest_size=16
        ).hexdigest()
        if not taken(name):
            break
    return name
