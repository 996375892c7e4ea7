"""Promise 1b, its last part: signals follow from when matches came; repeated after a crash, the same ones."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.model import Appearance, Route, Signal, SignalKind, Topic
from monitor.pipeline._shop import Shop
from monitor.sense import MARK, PAST, YOUNG, Subject, World, mark_of, newcomers, sense

FACT = "signals"
"""The name of what is remembered between marks (see Store.meta)."""

SOON = timedelta(hours=3)
SLEPT = timedelta(hours=2)
"""So long without a mark, and the daemon was not there: nobody judges what it did not see come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What is remembered: the last mark, since when the daemon is awake, and since when each subject and
    each entity is looked for as it is now (a subject by a hash of its query).
    """

    mark: datetime | None = None
    awake: datetime | None = None
    subjects: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    entities: Mapping[str, datetime] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as JSON."""
        plain = {
            "mark": self.mark.isoformat() if self.mark else "",
            "awake": self.awake.isoformat() if self.awake else "",
            "subjects": {name: [of, at.isoformat()] for name, (of, at) in sorted(self.subjects.items())},
            "entities": {name: at.isoformat() for name, at in sorted(self.entities.items())},
        }
        return json.dumps(plain, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> _Memory:
        """Return what `text` wrote; nothing is remembered before the first mark."""
        if not text:
            return cls()
        plain, time = json.loads(text), datetime.fromisoformat
        return cls(
            mark=time(plain["mark"]) if plain["mark"] else None,
            awake=time(plain["awake"]) if plain["awake"] else None,
            subjects={name: (of, time(at)) for name, (of, at) in plain["subjects"].items()},
            entities={name: time(at) for name, at in plain["entities"].items()},
        )


class Sensing:
    """Knows when the matches of what is watched came. Plain code, for the store's thread.

    What is kept is only a copy of the store's: the first question after a start reads it again.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._memory: _Memory | None = None
        self._seen: dict[str, list[Appearance]] = {}
        self._last = 0
        self._topics: Sequence[Topic] = ()
        self._next: datetime | None = None

    def forget(self) -> None:
        """Read all again: what came of the last question was not recorded."""
        self._memory, self._next = None, None

    def due(self, now: datetime) -> bool:
        """Whether a mark has come, and anything is watched."""
        if self._next is not None and now < self._next and self._topics is self._shop.parts.topics:
            return False
        return bool(_asked(self._shop.parts.topics, self._shop.parts.routes))

    def signals(self, now: datetime) -> tuple[list[Signal], Mapping[str, str]]:
        """Return what the marks since the last question bring, and what is to be remembered with it."""
        parts, store = self._shop.parts, self._shop.store
        if self._memory is None or self._topics is not parts.topics:
            self._begin()
        memory = self._memory or _Memory()
        last, until = memory.mark, mark_of(now)
        self._next = until + MARK
        if last is not None and last >= until:
            return [], {}
        asked = sorted({topic for _, topics in _asked(parts.topics, parts.routes) for topic in topics})
        since = self._last
        for one in store.appearances(asked, since, until - PAST):
            self._seen.setdefault(one.topic, []).append(timed(one))
            self._last = max(self._last, one.seq)
        memory = self._known(memory, until)
        if last is None:
            marks, memory = [until], replace(memory, awake=until - SLEPT)
        elif until - last > SLEPT:
            # What woke us was polled just now: judged by the next mark it would be missing.
            marks, memory = [now], replace(memory, awake=now - MARK)
        else:
            marks = [last + MARK * n for n in range(1, (until - last) // MARK + 1)]
        found: list[Signal] = []
        noted = store.signals()
        for at in marks:
            found += self._at(at, memory, [*noted, *found])
        memory = replace(memory, mark=until)
        self._memory = memory
        self._drop(until - PAST)
        return found, {FACT: memory.text()}

    def _begin(self) -> None:
        """Read what is remembered; the reports follow with the next question."""
        self._topics = self._shop.parts.topics
        self._memory = _Memory.read(self._shop.store.meta().get(FACT, ""))
        self._seen, self._last = {}, 0

    def _drop(self, before: datetime) -> None:
        for topic, seen in self._seen.items():
            if seen and seen[0].first_seen < before:
                self._seen[topic] = [one for one in seen if one.first_seen >= before]

    def _known(self, memory: _Memory, at: datetime) -> _Memory:
        """Return the memory with every subject and entity of the config, new ones since now.

        What is watched for the first time was looked for since its first match; one that is asked
        otherwise than before is another one.
        """
        parts = self._shop.parts
        by_id = {topic.id: topic for topic in parts.topics}
        subjects: dict[str, tuple[str, datetime]] = {}
        for name, topics in _asked(parts.topics, parts.routes):
            query = "\x1f".join(by_id[one].query for one in sorted(topics) if one in by_id)
            of = blake2b(query.encode(), digest_size=8).hexdigest()
            old = memory.subjects.get(name)
            if old is not None:
                subjects[name] = old if old[0] == of else (of, at)
            else:
                first = [seen[0].first_seen for one in topics if (seen := self._seen.get(one))]
                subjects[name] = of, min([at, *first])
        entities = {one.id: memory.entities.get(one.id, at) for one in parts.entities}
        return replace(memory, subjects=subjects, entities=entities)

    def _at(self, at: datetime, memory: _Memory, said: Sequence[Signal]) -> list[Signal]:
        """Return what one mark brings."""
        parts, store = self._shop.parts, self._shop.store
        awake = memory.awake or at
        lately, all_feeds = store.asked(awake)
        world = World(arrivals=store.arrivals, awake=awake, listening=2 * lately >= all_feeds)
        signals: list[Signal] = []
        watched = {f"topic:{one.id}": one.signals for one in parts.topics}
        watched |= {f"route:{one.name}": one.signals for one in parts.routes}
        for name, topics in _asked(parts.topics, parts.routes):
            since = memory.subjects[name][1]
            kind, _, of = name.partition(":")
            subject = Subject(
                topic=of if kind == "topic" else "",
                route=of if kind == "route" else "",
                kinds=frozenset(watched[name]),
                since=since,
                reports=self._reports(topics, at, since),
                open=_open(name, said),
            )
            signals += sense(subject, at, world)
            if kind == "topic" and SignalKind.FIRST_SEEN in subject.kinds:
                noted = (one for one in said if one.subject == name and one.at >= since)
                told = {one.entity for one in noted if one.entity}
                signals += self._newcomers(subject, at, memory, told)
        return signals

    def _reports(self, topics: Collection[str], at: datetime, since: datetime) -> list[Appearance]:
        """Return what counts of a subject at a mark, by time, each entry once.

        Not what came before the desk began, and nothing of feeds that came later than the subject and
        are young themselves: with twice the feeds comes twice as much.
        """
        old = max(since + timedelta(days=1), at - YOUNG)
        entries: dict[str, Appearance] = {}
        for topic in topics:
            for one in self._seen.get(topic, ()):
                if one.first_seen <= at and not one.held and (one.begun is None or one.begun <= old):
                    entries.setdefault(one.entry_id, one)
        return sorted(entries.values(), key=lambda one: (one.at, one.entry_id))

    def _newcomers(
        self, subject: Subject, at: datetime, memory: _Memory, told: Collection[str]
    ) -> list[Signal]:
        watched = self._shop.parts.desk.watched.get(subject.topic, ())
        names = {one: since for one, since in memory.entities.items() if one in self._shop.parts.desk.names}

        def met(entity: str, since: datetime) -> bool:
            return self._shop.store.together(entity, watched, since - timedelta(microseconds=1))

        return newcomers(subject, at, watched=watched, names=names, told=told, met=met)


def timed(one: Appearance) -> Appearance:
    """Return a match with the time that counts: when it was seen, but of what was out long before, then.

    Polls are apart, so what is an hour old was not late; what a feed brings after days was never a burst.
    """
    return one if one.first_seen - one.at > SOON else replace(one, at=one.first_seen)


def _asked(topics: Sequence[Topic], routes: Sequence[Route]) -> list[tuple[str, tuple[str, ...]]]:
    """Return each subject that is watched, with its topics."""
    found = [(f"topic:{one.id}", (one.id,)) for one in topics if one.signals]
    return found + [(f"route:{one.name}", one.topics) for one in routes if one.signals]


def _open(name: str, signals: Sequence[Signal]) -> dict[SignalKind, Signal]:
    """Return what began with a subject and is not over."""
    found: dict[SignalKind, Signal] = {}
    for one in signals:
        if one.subject == name and one.kind is not SignalKind.FIRST_SEEN:
            if one.over:
                found.pop(one.kind, None)
            else:
                found[one.kind] = one
    return found
