"""Denials of named speakers: each is told once, whoever carries it, and never folded away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor import text
from monitor.compose._case import Case
from monitor.life import appeared, short
from monitor.model import Quote, Stance, Statement, StoryEntry

_ONE = timedelta(hours=24)
"""Within this a speaker's denials in other languages are taken for the same."""
_SAME_WORDS = 0.4
"""Share of the shorter one's words from which on two denials of a speaker in one language are the same."""
_KEPT = 30
"""Words by which a denial is remembered."""


@dataclass(frozen=True, slots=True)
class _Denial:
    """Who denied what, in which language, and when that was out."""

    speaker: str
    language: str
    at: datetime
    words: frozenset[str]


def denials(case: Case, fresh: Iterable[StoryEntry]) -> tuple[Quote, ...]:
    """Return the denials in these entries that the reader was not told."""
    known = [one for item in case.told for one in _remembered(item)]
    found: list[list[tuple[_Denial, Statement, StoryEntry]]] = []
    for item in sorted(fresh, key=lambda one: (appeared(one.entry), one.entry.id)):
        for said in _denied(case, item):
            denial = _denial(said, item)
            if _repeats(denial, known, case):
                known.append(denial)
                continue
            same = next((one for one in found if _repeats(denial, [told for told, _, _ in one], case)), None)
            if same is None:
                found.append([(denial, said, item)])
            else:
                same.append((denial, said, item))
    return tuple(_quote(case, one) for one in found)


def items(case: Case, told: Iterable[StoryEntry]) -> list[str]:
    """Return the denials in these entries as items of what was told."""
    made = []
    for item in told:
        for said in _denied(case, item):
            one = _denial(said, item)
            words = " ".join(text.words(said.span.surface)[:_KEPT])
            made.append(f"denial:{one.speaker}|{one.language}|{one.at:%Y-%m-%dT%H:%M%z}|{words}")
    return made


def _quote(case: Case, one: Sequence[tuple[_Denial, Statement, StoryEntry]]) -> Quote:
    best = case.ranked([item for _, _, item in one])[0]
    # Of "the Kremlin denied" and "Peskov denied" the one with the name.
    said = max(
        (said for _, said, item in one if item is best), key=lambda s: bool(case.desk.within.get(s.speaker))
    )
    carried = len({item.entry.id for _, _, item in one}) - 1
    return Quote(speaker=said.speaker, stance=said.stance, span=said.span, item=best, more=carried)


def _denied(case: Case, item: StoryEntry) -> list[Statement]:
    """Return who denies what in an entry; a headline says again what its text says."""
    said = [one for one in case.desk.read(item.entry).statements if one.stance is Stance.DENIES]
    text_says = [one.speaker for one in said if one.span.field != "title"]
    return [
        one
        for one in said
        if one.span.field != "title" or not any(_one_voice(one.speaker, who, case) for who in text_says)
    ]


def _denial(said: Statement, item: StoryEntry) -> _Denial:
    return _Denial(
        said.speaker,
        short(item.entry.language),
        appeared(item.entry),
        frozenset(text.words(said.span.surface)[:_KEPT]),
    )


def _remembered(item: str) -> Iterator[_Denial]:
    if item.startswith("denial:"):
        speaker, language, at, words = item.removeprefix("denial:").split("|", 3)
        yield _Denial(speaker, language, datetime.fromisoformat(at), frozenset(words.split()))


def _repeats(one: _Denial, told: Iterable[_Denial], case: Case) -> bool:
    """Whether a denial is one of those told: in the same words, or in another language within a day.

    A spokesman and the body he speaks for are one. Where it was quoted in this language before, the words
    decide.
    """
    said = [other for other in told if _one_voice(one.speaker, other.speaker, case)]
    here = [other.words for other in said if other.language == one.language]
    if here:
        return any(len(one.words & words) >= _SAME_WORDS * min(len(one.words), len(words)) for words in here)
    return any(abs(one.at - other.at) <= _ONE for other in said)


def _one_voice(one: str, other: str, case: Case) -> bool:
    within = case.desk.within
    return one == other or one in within.get(other, ()) or other in within.get(one, ())
