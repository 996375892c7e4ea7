"""Decide: the thread an entry belongs to, of those that came before it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from monitor.cluster.copies import SAME_AGENCY, SAME_TEXT, Twins, same_title, shared
from monitor.cluster.index import Index
from monitor.cluster.likeness import REACH, Sight, gap, parts, score
from monitor.cluster.prints import Print
from monitor.cluster.rarity import Rarity
from monitor.cluster.threads import Filed, Thread
from monitor.model import Link, LinkKind

COPY = 6.0
"""The score of a copy: surer than any likeness."""
_MEMBERS = 3
"""Entries of a story, its most similar ones, that speak for it: one alone may be a bridge to another."""
_THREADS = 6
_TWINS = 20
TOGETHER = 4
"""Latest entries of each of two stories that are compared before these become one."""
_MERGE = 0.2
_TOO_FAR = -99.0
_NEAR_MISS = -3.0
"""A refusal below this is no news to anybody."""


@dataclass(slots=True)
class Candidate:
    """A thread with what speaks for it: the score, and the best pair."""

    thread: Thread
    score: float
    best: Filed
    pair: float
    copy: bool


class Judge:
    """Compares entries. Holds what is known of words and of the entries in memory."""

    def __init__(self, rarity: Rarity, index: Index, twins: Twins, light: dict[int, float]) -> None:
        self._rarity, self._index, self._twins, self._light = rarity, index, twins, light

    def candidates(self, sight: Sight, filed: Callable[[int], Filed]) -> list[Candidate]:
        """Return the threads that an entry may belong to, the most likely first."""
        one = sight.one
        near = sorted(self._twins.of(one.sketch), reverse=True)[:_TWINS]
        by_thread: dict[int, list[tuple[float, bool, Filed]]] = {}
        for number in dict.fromkeys([*near, *self._index.candidates(sight)]):
            other = filed(number)
            pair, copy = self._pair(sight, other.print)
            by_thread.setdefault(id(other.thread), []).append((pair, copy, other))
        for scored in by_thread.values():
            scored.sort(key=lambda s: (not s[1], -s[0], s[2].place))
        ranked = sorted(by_thread.values(), key=lambda s: (not s[0][1], -s[0][0], s[0][2].place))
        found = [self._candidate(sight, scored) for scored in ranked[:_THREADS]]
        found.sort(key=lambda c: (not c.copy, -c.score, c.best.place))
        return found

    def _pair(self, sight: Sight, other: Print) -> tuple[float, bool]:
        hours = gap(sight.one, other)
        if hours > REACH:
            return _TOO_FAR, False
        if is_copy(sight.one, other):
            return COPY, True
        return score(sight, other, hours, self._rarity, self._light), False

    def _candidate(self, sight: Sight, scored: list[tuple[float, bool, Filed]]) -> Candidate:
        """Return what a thread's most similar entries say; others stand in where too few were found.

        Where even the most similar one says no, the others are not asked.
        """
        pair, copy, best = scored[0]
        thread = best.thread
        if copy or pair < 0:
            return Candidate(thread, pair, best, pair, copy=copy)
        said = [s[0] for s in scored[:_MEMBERS]]
        if len(said) < _MEMBERS and len(thread.members) > len(scored):
            seen = {id(s[2]) for s in scored}
            for member in reversed(thread.members):
                if id(member) not in seen and gap(sight.one, member.print) <= REACH:
                    said.append(self._pair(sight, member.print)[0])
                    if len(said) == _MEMBERS:
                        break
        return Candidate(thread, sum(said) / len(said), best, pair, copy=False)

    def together(self, one: Thread, other: Thread, sights: Iterable[Sight]) -> bool:
        """Say whether two threads that an entry belongs to are one story. What hands made stays apart."""
        if one.pinned and other.pinned:
            return False
        theirs = other.members[-TOGETHER:]
        scores = [self._pair(sight, member.print)[0] for sight in sights for member in theirs]
        return bool(scores) and sum(scores) / len(scores) >= _MERGE

    def link(self, sight: Sight, candidate: Candidate) -> Link:
        """Return why an entry is in the candidate's story."""
        return self._told(sight, candidate, "")

    def refusal(self, sight: Sight, candidates: Sequence[Candidate]) -> Link | None:
        """Return why an entry is not in the next best story, if it came near."""
        for candidate in candidates:
            if _NEAR_MISS <= candidate.score < 0:
                return self._told(sight, candidate, f"score: {candidate.score:.1f} < 0")
        return None

    def _told(self, sight: Sight, candidate: Candidate, veto: str) -> Link:
        one, other = sight.one, candidate.best.print
        if candidate.copy:
            kind, made = LinkKind.COPY, copy_parts(one, other)
        else:
            kind = LinkKind.LIKE if one.language == other.language else LinkKind.ACROSS
            made = parts(sight, other, self._rarity, self._light)
            if rest := candidate.score - candidate.pair:
                made["story"] = rest
        return Link(
            entry_id=one.id,
            other_id=other.id,
            kind=kind,
            score=round(candidate.score, 2),
            parts={name: round(part, 2) for name, part in made.items()},
            veto=veto,
        )


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
