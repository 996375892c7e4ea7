"""Contradictions: one question, different answers; and which of those told before are still open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from monitor.compose._case import Case
from monitor.facts import conflicts
from monitor.life import STALE, appeared
from monitor.model import Contradiction, Fact, FactKind, FactNote, StoryEntry

_APART = 5
"""Lengths of time that are more times apart than this are of different things."""

_Question = tuple[str, str]
"""Kind of fact, and what it is about."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one report says to one question."""

    case: Case
    item: StoryEntry
    facts: tuple[Fact, ...]

    @property
    def values(self) -> frozenset[tuple[str, tuple[str, ...]]]:
        return frozenset((fact.value, fact.who) for fact in self.facts)


def contradictions(cases: Sequence[Case]) -> list[Contradiction]:
    """Return what the reports of these stories contradict each other in, also across stories of one topic.

    A publisher is not held against itself, nor a copy counted beside what it copies.
    """
    asked: defaultdict[_Question, list[_Answer]] = defaultdict(list)
    for case in cases:
        leading = {group[0] for group in case.groups}
        for entry_id, item in case.items.items():
            if entry_id in case.copies and entry_id not in leading:
                continue
            said: defaultdict[_Question, list[Fact]] = defaultdict(list)
            for fact in case.facts(item):
                said[fact.kind.value, fact.about].append(fact)
            for question, facts in said.items():
                asked[question].append(_Answer(case, item, tuple(facts)))
    return [one for question, answers in asked.items() for one in _of(question, answers)]


def _of(question: _Question, answers: Sequence[_Answer]) -> list[Contradiction]:
    """Return the contradictions in the answers to one question: values that exclude each other, connected."""
    pairs: set[frozenset[str]] = set()
    # Forty reports give few different answers: each two of those are compared once.
    kinds: defaultdict[frozenset[tuple[str, tuple[str, ...]]], list[_Answer]] = defaultdict(list)
    for answer in answers:
        kinds[answer.values].append(answer)
    for some, others in combinations(kinds.values(), 2):
        differing = [pair for pair in conflicts(some[0].facts, others[0].facts) if _one_question(*pair)]
        if differing and any(_rivals(one, other) for one in some for other in others):
            pairs |= {frozenset((a.value, b.value)) for a, b in differing}
    found = [_side_by_side(question, values, answers) for values in _connected(pairs)]
    return [one for one in found if one.kind != FactKind.PLACE or _borne_out(one)]


def _borne_out(one: Contradiction) -> bool:
    """Whether two publishers stand behind each side: a report names other places than that of the event."""
    return all(len(side.sources) > 1 for side in one.sides)


def _one_question(a: Fact, b: Fact) -> bool:
    """Whether two values that exclude each other are likely to be about the very same.

    A call of two hours and a silence of two months are not.
    """
    return a.kind is not FactKind.DURATION or max(a.high, b.high) <= _APART * min(a.high, b.high)


def _rivals(one: _Answer, other: _Answer) -> bool:
    """Whether two answers come from different sources and are about one thing.

    In one story they are. Across stories of one topic a number or a length of time is; a place or a
    day is not: one meeting was in Alaska, the next is in Budapest.
    """
    if one.item.entry.source == other.item.entry.source:
        return False
    if one.case is other.case:
        return one.case.group[one.item.entry.id] != one.case.group[other.item.entry.id]
    if one.facts[0].kind in (FactKind.PLACE, FactKind.DATE):
        return False
    same = set(one.case.topics) & set(other.case.topics)
    return bool(same) and abs(appeared(one.item.entry) - appeared(other.item.entry)) <= STALE


def _connected(pairs: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Join pairs that share a value."""
    found: list[frozenset[str]] = []
    for pair in sorted(pairs, key=sorted):
        touching = [one for one in found if one & pair]
        found = [one for one in found if not one & pair]
        found.append(pair.union(*touching))
    return found


def _side_by_side(question: _Question, values: frozenset[str], answers: Sequence[_Answer]) -> Contradiction:
    """Lay the values side by side, the one that more publishers give first."""
    sides: list[tuple[FactNote, _Answer]] = []
    for value in values:
        giving = [one for one in answers if any(fact.value == value for fact in one.facts)]
        best = giving[0].case.ranked([one.item for one in giving])[0]
        shown = next(one for one in giving if one.item is best)
        giving.sort(key=_when)
        note = FactNote(
            fact=next(fact for fact in shown.facts if fact.value == value),
            item=best,
            sources=tuple(dict.fromkeys(one.item.entry.source for one in giving)),
        )
        sides.append((note, giving[0]))
    newest = sorted(sides, key=lambda side: (*_when(side[1]), side[0].fact.value))
    sides.sort(key=lambda side: (-len(side[0].sources), *_when(side[1]), side[0].fact.value))
    return Contradiction(
        kind=question[0],
        about=question[1],
        sides=tuple(note for note, _ in sides),
        since=appeared(newest[1][1].item.entry),
        story_id=newest[-1][1].case.id,
    )


def _when(answer: _Answer) -> tuple[float, str]:
    return appeared(answer.item.entry).timestamp(), answer.item.entry.id


def items(one: Contradiction) -> tuple[str, ...]:
    """Return a contradiction as items of what was told: one for each two of its values."""
    values = sorted(side.fact.value for side in one.sides)
    return tuple(f"conflict:{one.kind}|{one.about}|{a}~{b}" for a, b in combinations(values, 2))


def is_open(one: Contradiction, cases: Sequence[Case]) -> bool:
    """Whether a contradiction is not settled: it is once the last two sources to answer agree."""
    later: dict[str, tuple[tuple[float, str], frozenset[str]]] = {}
    values = {side.fact.value for side in one.sides}
    for case in cases:
        for item in case.items.values():
            if item.entry.id in case.copies or appeared(item.entry) <= one.since:
                continue
            given = frozenset(
                fact.value
                for fact in case.facts(item)
                if (fact.kind.value, fact.about) == (one.kind, one.about)
            )
            if given & values:
                when = (appeared(item.entry).timestamp(), item.entry.id)
                later[item.entry.source] = max(later.get(item.entry.source, (when, given)), (when, given))
    last = [given for _, given in sorted(later.values(), key=lambda pair: pair[0])[-2:]]
    return len(last) < 2 or last[0] != last[1] or len(last[0]) > 1
