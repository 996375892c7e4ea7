"""The clusterer: entries in, the stories that they changed out. Remembers the window between calls."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.cluster.copies import Twins
from monitor.cluster.decide import TOGETHER, Judge
from monitor.cluster.index import Index
from monitor.cluster.likeness import REACH, Sight, look
from monitor.cluster.naming import Namer
from monitor.cluster.prints import Known, Print, Reader
from monitor.cluster.rarity import Rarity
from monitor.cluster.threads import Filed, Thread, forget, join, merge, part
from monitor.model import Entity, Entry, Link, LinkKind, Story

WINDOW = timedelta(hours=REACH)
"""How far apart two entries of one story may be; and how long an entry stays in memory."""

YOUNG = 200
"""Entries from which on words' rarity is known well enough. Until then all is thought over again with
each batch: which words are common shows only in the whole."""

_AGAIN = 4_000
"""Most entries that are filed again because of a late one: two or three seconds. Before these the window
has its edge, and an entry that comes later still is filed as if it came now."""

_GONE = 500
"""Entries past the window that are let go of together, at least."""


class Clusterer:
    """Groups entries into stories, one batch after another.

    The stories do not depend on the order in which the entries of the window come, nor on how they are
    cut into batches. An entry keeps its story unless a late one shows that it belongs elsewhere, or
    somebody moves it; a story keeps its id.
    """

    def __init__(
        self, entities: Iterable[Entity] = (), asked: Callable[[str], Mapping[str, float]] = lambda _: {}
    ) -> None:
        """`asked` says of a topic which share of its entries has each entity and word that it asks for."""
        reader = self._reader = Reader(entities)
        self._rarity = Rarity(lambda topic: reader.expected(asked(topic)))
        self._index, self._twins = Index(), Twins()
        self._judge = Judge(self._rarity, self._index, self._twins, self._reader.weights)
        self._namer = Namer()
        self._log: list[Filed] = []
        """The entries in memory, in the order of filing."""
        self._first = 0
        """The number of the first of them."""
        self._known: dict[str, Filed] = {}
        self._times: defaultdict[str, list[datetime]] = defaultdict(list)
        """When the entries of each topic were seen, of those in memory ("": of all)."""

    def learn(self, entries: Iterable[Entry], known: Mapping[str, Known] | None = None) -> None:
        """Take the words of older entries for known: what is common in this desk's news, and what is rare."""
        about = known or {}
        for entry in entries:
            self._rarity.count(self._reader.read(entry, about.get(entry.id)))

    def warm(
        self, stories: Iterable[tuple[Story, Sequence[Entry]]], known: Mapping[str, Known] | None = None
    ) -> None:
        """Take over what the store knows: recent stories, each with those entries that may be compared."""
        about, arrivals = known or {}, []
        for story, entries in stories:
            thread = Thread(id=story.id)
            here = {entry.id for entry in entries}
            thread.gone = [one for one in story.entry_ids if one not in here]
            pinned = {link.entry_id for link in story.links if link.kind is LinkKind.MANUAL and not link.veto}
            thread.pinned = bool(pinned)
            self._namer.take(thread, story.first_seen, story.last_seen)
            for entry in entries:
                one = self._new(entry, about.get(entry.id))
                one.thread, one.story, one.pinned = thread, story.id, entry.id in pinned
                arrivals.append(one)
        for one in sorted(arrivals, key=lambda a: a.place):
            self._rarity.count(one.print)
            self._put(self._look(one), one, one.thread)

    def add(self, entries: Iterable[Entry], known: Mapping[str, Known] | None = None) -> list[Story]:
        """Return the stories that new entries changed, whole; their links tell what changed and why.

        Entries that are there already change nothing. What is rare is counted within topics, so what
        topics the entries match matters.
        """
        about = known or {}
        fresh = [self._new(entry, about.get(entry.id)) for entry in entries if entry.id not in self._known]
        if not fresh:
            return []
        self._rarity.forget()
        self._let_go(max(one.print.seen for one in fresh) - WINDOW)
        young = self._rarity.entries < YOUNG
        if young:
            for one in fresh:
                self._rarity.count(one.print)
        again, left = self._take_back(self._start(fresh, everything=young), uncount=not young)
        links: dict[str, list[Link]] = {}
        for one in sorted([*fresh, *again], key=lambda a: a.place):
            if not young:
                self._rarity.count(one.print)
            links[one.print.id] = self._file(one)
        for one in (*fresh, *again):
            left.extend((one.thread, *(one.merging.both if one.merging else ())))
        return self._namer.tell({id(thread): thread for thread in left}.values(), links)

    def compare(self, one: Entry, other: Entry, known: Mapping[str, Known] | None = None) -> Link:
        """Return what speaks for and against two entries telling the same; a refusal has a veto."""
        about = known or {}
        first, second = (self._reader.read(entry, about.get(entry.id)) for entry in (other, one))
        look(first, self._rarity, self._reader.weights, (0, 0)).note()
        sight = look(second, self._rarity, self._reader.weights, self._crowds(second))
        return self._judge.pair(sight, first)

    # filing ───────────────────────────────────────────────────────────────────────────────────

    def _new(self, entry: Entry, known: Known | None) -> Filed:
        made = self._reader.read(entry, known)
        one = self._known[entry.id] = Filed(made, Thread(), (made.seen, made.id))
        return one

    def _start(self, fresh: Sequence[Filed], *, everything: bool) -> int:
        """Return from where on the log is to be filed again.

        What comes later than `_AGAIN` entries ago allows takes the first place that it does.
        """
        log = self._log
        if everything:
            return 0
        if len(log) > _AGAIN:
            edge = log[-_AGAIN].place[0]
            for one in fresh:
                one.place = (max(one.place[0], edge), one.place[1])
        return bisect_left(log, min(one.place for one in fresh), key=lambda f: f.place)

    def _take_back(self, start: int, *, uncount: bool) -> tuple[list[Filed], list[Thread]]:
        """Undo the filing of all from `start` on; return them, and the threads that they were in."""
        again = self._log[start:]
        left: dict[int, Thread] = {}
        for one in reversed(again):
            self._log.pop()
            self._index.take_back(one.print)
            self._twins.drop(one.number)
            for topic in ("", *one.print.topics):
                self._times[topic].pop()
            for thread in (one.thread, *(one.merging.both if one.merging else ())):
                left[id(thread)] = thread
            part(one)
            if uncount:
                self._rarity.count(one.print, -1)
        return again, list(left.values())

    def _file(self, one: Filed) -> list[Link]:
        """Put an entry where it belongs; return why it is there, and why not in the next best place."""
        sight = self._look(one)
        if one.pinned:
            self._put(sight, one, self._namer.thread(one.story) or Thread(id=one.story))
            return []
        candidates = self._judge.candidates(sight, self._at)
        if not candidates or candidates[0].score < 0:
            # What put it into a story that is partly gone may be gone with it.
            before = self._namer.thread(one.story)
            self._put(sight, one, before if before and before.gone else Thread())
            links = [Link(entry_id=one.print.id, kind=LinkKind.FIRST)]
            refused = self._judge.refusal(sight, candidates)
        else:
            thread = candidates[0].thread
            links = [self._judge.link(sight, candidates[0])]
            self._put(sight, one, thread)
            refused = self._judge.refusal(sight, candidates[1:])
            if len(candidates) > 1 and candidates[1].score >= 0:
                self._try_merge(one, thread, candidates[1].thread)
        return [*links, refused] if refused else links

    def _look(self, one: Filed) -> Sight:
        return look(one.print, self._rarity, self._reader.weights, self._crowds(one.print))

    def _crowds(self, one: Print) -> tuple[int, int]:
        """Return how many entries of its topic the window before an entry has, and how many at all."""
        near, far = self._times.get(self._rarity.widest(one.topics), []), self._times[""]
        since = one.seen - WINDOW
        return len(near) - bisect_left(near, since), len(far) - bisect_left(far, since)

    def _at(self, number: int) -> Filed:
        return self._log[number - self._first]

    def _put(self, sight: Sight, one: Filed, thread: Thread) -> None:
        sight.note()
        one.number = self._first + len(self._log)
        join(one, thread)
        self._log.append(one)
        self._index.add(one.number, one.print)
        self._twins.add(one.number, one.print.sketch)
        for topic in ("", *one.print.topics):
            self._times[topic].append(one.place[0])

    def _try_merge(self, one: Filed, thread: Thread, other: Thread) -> None:
        kept, gone = sorted((thread, other), key=lambda t: (not t.gone, t.members[0].place))
        sights = [self._look(m) for m in kept.members[-TOGETHER:]]
        if self._judge.together(kept, gone, sights):
            merge(one, kept, gone)

    # the window's edge ────────────────────────────────────────────────────────────────────────

    def _let_go(self, horizon: datetime) -> None:
        """Forget entries that nothing can join any more."""
        count = bisect_left(self._log, (horizon, ""), key=lambda f: f.place)
        if count < max(_GONE, len(self._log) // 32):
            return
        gone, self._log = self._log[:count], self._log[count:]
        self._first += count
        forget(gone, self._log)
        self._index.drop((one.print for one in gone), self._first)
        for one in gone:
            self._twins.drop(one.number)
            del self._known[one.print.id]
        for times in self._times.values():
            del times[: bisect_left(times, horizon)]
        self._namer.let_go(horizon)
