"""Decide: the thread an entry belongs to, of those that came before it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from monitor.cluster.copies import SAME_AGENCY, SAME_TEXT, Twins, same_title, shared, title_likeness
from monitor.cluster.index import Index
from monitor.cluster.likeness import REACH, Sight, gap, parts, score
from monitor.cluster.prints import Print
from monitor.cluster.rarity import Rarity
from monitor.cluster.threads import Filed, Thread
from monitor.cluster.vetoes import veto
from monitor.model import Link, LinkKind

COPY = 6.0
"""The score of a copy: surer than any likeness."""
_MEMBERS = 3
"""Entries of a story, its most similar ones, that speak for it: one alone may be a bridge to another."""
_THREADS = 6
_TWINS = 20
TOGETHER = 8
"""Latest entries of each of two stories that are compared before these become one."""
_MERGE = 0.0
_TOO_FAR = -99.0
_FORBIDDEN = -50.0
_UPDATE = 0.5
"""Likeness of titles from which one is the other's next version."""
_NEAR_MISS = -3.0
"""A refusal below this is no news to anybody."""


@dataclass(slots=True)
class Pair:
    """What speaks for one entry of a thread: the score, whether it is a copy, what forbids it."""

    other: Filed
    score: float
    copy: bool = False
    veto: str = ""

    @property
    def rank(self) -> tuple[bool, float, tuple[datetime, str]]:
        """The order in which pairs are trusted."""
        return (not self.copy, -self.score, self.other.place)


@dataclass(slots=True)
class Candidate:
    """A thread with what speaks for it: the score, and the best pair."""

    thread: Thread
    score: float
    best: Pair

    @property
    def rank(self) -> tuple[bool, float, tuple[datetime, str]]:
        """The order in which threads are trusted."""
        return (not self.best.copy, -self.score, self.best.other.place)


class Judge:
    """Compares entries. Holds what is known of words and of the entries in memory."""

    def __init__(self, rarity: Rarity, index: Index, twins: Twins, light: dict[int, float]) -> None:
        self._rarity, self._index, self._twins, self._light = rarity, index, twins, light

    def candidates(self, sight: Sight, filed: Callable[[int], Filed]) -> list[Candidate]:
        """Return the threads that an entry may belong to, the most likely first."""
        near = sorted(self._twins.of(sight.one.sketch), reverse=True)[:_TWINS]
        by_thread: dict[int, list[Pair]] = {}
        for number in dict.fromkeys([*near, *self._index.candidates(sight)]):
            pair = self._pair(sight, filed(number))
            by_thread.setdefault(id(pair.other.thread), []).append(pair)
        for pairs in by_thread.values():
            pairs.sort(key=_RANK)
        ranked = sorted(by_thread.values(), key=lambda pairs: pairs[0].rank)
        found = [self._candidate(sight, pairs) for pairs in ranked[:_THREADS]]
        found.sort(key=_RANK)
        return found

    def _pair(self, sight: Sight, other: Filed) -> Pair:
        one, theirs = sight.one, other.print
        hours = gap(one, theirs)
        if hours > REACH:
            return Pair(other, _TOO_FAR)
        copy = is_copy(one, theirs)
        worth = COPY if copy else score(sight, theirs, hours, self._rarity, self._light)
        if worth >= 0 and (forbidden := _veto(one, theirs)):
            return Pair(other, _FORBIDDEN, veto=forbidden)
        return Pair(other, worth, copy)

    def _candidate(self, sight: Sight, pairs: list[Pair]) -> Candidate:
        """Return what a thread's most similar entries say; others stand in where too few were found.

        Where even the most similar one says no, the others are not asked.
        """
        best = pairs[0]
        thread = best.other.thread
        if best.copy or best.score < 0:
            return Candidate(thread, best.score, best)
        said = [pair.score for pair in pairs[:_MEMBERS]]
        if len(said) < _MEMBERS and len(thread.members) > len(pairs):
            seen = {id(pair.other) for pair in pairs}
            for member in reversed(thread.members):
                if id(member) not in seen and gap(sight.one, member.print) <= REACH:
                    said.append(self._pair(sight, member).score)
                    if len(said) == _MEMBERS:
                        break
        return Candidate(thread, sum(said) / len(said), best)

    def together(self, one: Thread, other: Thread, sights: Iterable[Sight]) -> bool:
        """Say whether two threads that an entry belongs to are one story. What hands made stays apart."""
        if one.pinned and other.pinned:
            return False
        theirs = other.members[-TOGETHER:]
        scores = [self._pair(sight, member).score for sight in sights for member in theirs]
        return bool(scores) and sum(scores) / len(scores) >= _MERGE

    def link(self, sight: Sight, candidate: Candidate) -> Link:
        """Return why an entry is in the candidate's story."""
        best = candidate.best
        return self._told(sight, best.other.print, copy=best.copy, score=candidate.score)

    def refusal(self, sight: Sight, candidates: Sequence[Candidate]) -> Link | None:
        """Return why an entry is not in the next best story, if it came near or something forbade it."""
        for candidate in candidates:
            other = candidate.best.other.print
            if candidate.best.veto:
                copy = is_copy(sight.one, other)
                return self._told(sight, other, copy=copy, veto=candidate.best.veto)
            if _NEAR_MISS <= candidate.score < 0:
                veto = f"score: {candidate.score:.2f} < 0"
                return self._told(sight, other, copy=False, score=candidate.score, veto=veto)
        return None

    def pair(self, sight: Sight, other: Print) -> Link:
        """Return what speaks for and against two entries; a refusal has a veto."""
        copy = is_copy(sight.one, other)
        told = self._told(sight, other, copy=copy, veto=_veto(sight.one, other))
        if gap(sight.one, other) > REACH:
            return replace(told, veto=f"time: {gap(sight.one, other):.0f} h > {REACH:.0f} h")
        return told if told.veto or told.score >= 0 else replace(told, veto=f"score: {told.score:.2f} < 0")

    def _told(
        self, sight: Sight, other: Print, *, copy: bool, score: float | None = None, veto: str = ""
    ) -> Link:
        one = sight.one
        if copy:
            kind, made, worth = LinkKind.COPY, copy_parts(one, other), COPY
        else:
            kind = LinkKind.LIKE if one.language == other.language else LinkKind.ACROSS
            made = parts(sight, other, self._rarity, self._light)
            worth = sum(made.values())
            if score is not None and (rest := score - worth):
                made["story"], worth = rest, score
        return Link(
            entry_id=one.id,
            other_id=other.id,
            kind=kind,
            score=round(worth, 2),
            parts={name: round(part, 2) for name, part in made.items() if round(part, 2)},
            veto=veto,
        )


_RANK = attrgetter("rank")


def _veto(one: Print, other: Print) -> str:
    """Say which facts of two entries contradict each other."""
    if not one.facts or not other.facts:
        return ""
    same = one.language == other.language
    return veto(one.facts, other.facts, update=same and title_likeness(one.title, other.title) >= _UPDATE)


def is_copy(one: Print, other: Print) -> bool:
    """Say whether two entries are the same text, or one agency's."""
    if one.language != other.language:
        return False
    least = SAME_AGENCY if one.agency and one.agency == other.agency else SAME_TEXT
    return shared(one.sketch, other.sketch) >= least or same_title(one.title, other.title)


def copy_parts(one: Print, other: Print) -> dict[str, float]:
    """Return what makes a copy: the share of text, the agency that both credit, the title."""
    found = {}
    if text := shared(one.sketch, other.sketch):
        found["text"] = text
    if one.agency and one.agency == other.agency:
        found["agency"] = 1.0
    if same_title(one.title, other.title):
        found["title"] = 1.0
    return found
