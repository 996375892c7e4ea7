"""A language's words of counting and speech made ready: which phrases stand in a text, and as what.

A text's key is cut into tokens (words, digits, signs of money and percent). Phrases are found from the
tokens' beginnings; hyphens and apostrophes between tokens make no difference, other punctuation and line
breaks part them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from monitor import languages
from monitor.languages import BARE, Language, Stem
from monitor.text import key

_TOKEN = re.compile(r"[0-9]+|[%$€£₽₴৳₹]|[^\s0-9\0-/:-@\[-`{-¿×÷‐-⁞₠-⃏←-⿿、-〿﴾﴿︰-﹏！-／：-＠%$€£₽₴৳₹]+")
"""Digits, a sign of money or percent, or letters with their marks: what is neither space nor punctuation
nor symbol. (The classes of `regex` say it shorter and take twice as long.)"""
_SOFT = frozenset(" -'\u00a0")
"""What may stand between the words of a phrase."""


class Token(NamedTuple):
    """A piece of the key: its text, where it stands, and whether only a space, hyphen or apostrophe (or
    nothing) parts it from the token before."""

    text: str
    start: int
    end: int
    joined: bool


class Sense(NamedTuple):
    """What a phrase may be: the endings of its first word, the words after it, its tag, value or name."""

    endings: frozenset[str]
    rest: tuple[tuple[Stem, ...], ...]
    tag: str
    value: float = 0.0
    name: str = ""


class Phrase(NamedTuple):
    """A phrase that was found: tokens `start` to `end`, its tag, value and name."""

    start: int
    end: int
    tag: str
    value: float = 0.0
    name: str = ""


def tokens(keyed: str) -> list[Token]:
    """Return the tokens of a key."""
    found: list[Token] = []
    last = -1
    for match in _TOKEN.finditer(keyed):
        start, end = match.span()
        gap = keyed[last:start]
        joined = last >= 0 and (gap == " " or not gap or (len(gap) <= 3 and _SOFT.issuperset(gap)))
        found.append(Token(match[0], start, end, joined))
        last = end
    return found


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The phrases of one language by the stem of their first word, and its endings of place."""

    language: Language
    senses: Mapping[str, tuple[Sense, ...]]
    """By whole words, and by stems that endings follow."""
    heads: frozenset[str]
    """The first letters of those stems: most words need not be cut to see that they are none of them."""
    places: tuple[str, ...]
    memo: dict[str, tuple[Sense, ...]] = field(default_factory=dict, compare=False)
    """Words that were seen before."""

    def phrases(self, words: Sequence[Token]) -> Iterator[Phrase]:
        """Yield every phrase of a text, in order; of those with one tag and beginning the longest."""
        memo = self.memo
        for index, (text, _, _, _) in enumerate(words):
            known = memo.get(text)
            if known is None:
                known = self._senses(text)
            if not known:
                continue
            taken = ""
            for _, rest, tag, value, name in known:  # the longest of each tag comes first
                if tag == taken or (rest and not _follows(words, index + 1, rest)):
                    continue
                taken = tag
                yield Phrase(index, index + 1 + len(rest), tag, value, name)

    def _senses(self, word: str) -> tuple[Sense, ...]:
        """Return the senses of a word and of all stems that it may be a form of."""
        found = [sense for sense in self.senses.get(word, ()) if "" in sense.endings]
        if word[:HEAD] in self.heads:
            for cut in range(HEAD, min(len(word), LONGEST)):
                stem, tail = word[:cut], word[cut:]
                found += [sense for sense in self.senses.get(stem, ()) if tail in sense.endings]
        if len(self.memo) >= MEMO:
            self.memo.clear()
        result = self.memo[word] = tuple(sorted(found, key=_order))
        return result


HEAD = 2
MEMO = 4_000
"""Different words whose senses are remembered, per language. More cost 0.2 KB each and save nothing."""
LONGEST = 24
"""Letters of the longest word that is looked at from its stem on."""


def _order(sense: Sense) -> tuple[str, int]:
    return sense.tag, -len(sense.rest)


def _follows(words: Sequence[Token], index: int, rest: tuple[tuple[Stem, ...], ...]) -> bool:
    if index + len(rest) > len(words):
        return False
    for stems in rest:
        text, _, _, joined = words[index]
        if not joined:
            return False
        for stem in stems:
            begin = stem.text
            if text == begin:
                if "" in stem.endings:
                    break
            elif text.startswith(begin) and text[len(begin) :] in stem.endings:
                break
        else:
            return False
        index += 1
    return True


SECONDS = {
    "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0, "week": 604_800.0,
    "month": 30 * 86_400.0, "year": 365 * 86_400.0,
}  # fmt: skip
"""A month is thirty days and a year 365: as rough as the word."""

_WITH_VALUES = {
    "numbers": "number", "scales": "scale", "added": "added", "to_next": "to-next", "wholes": "whole",
    "days": "day", "weeks": "week",
}  # fmt: skip
_PLAIN = {
    "joins": "join", "to": "to", "about": "about", "nearly": "nearly", "over": "over", "least": "least",
    "under": "under", "about_after": "about-after", "over_after": "over-after", "under_after": "under-after",
    "percent": "percent", "counters": "counter", "last": "last", "next": "next", "within": "within",
    "within_after": "within-after", "ahead": "ahead", "ahead_after": "ahead-after", "ago": "ago",
    "distance": "distance", "day_marks": "day-mark",
}  # fmt: skip
_SPOKEN = {
    "says": "says", "confirms": "confirms", "denies": "denies", "excludes": "excludes",
    "possibilities": "possibility", "rejects": "rejects", "claims": "claim", "talks": "talk",
    "offers": "offer", "false": "false", "refers": "refers", "by": "by", "by_after": "by-after",
    "nouns_of": "noun-of", "negations": "not", "negations_after": "not-after", "oblique": "oblique",
    "questions": "question", "openings": "opening", "conditions": "condition", "tries": "tries",
    "background": "background",
    "background_openings": "background-opening", "lasts": "lasts", "at": "at",
}  # fmt: skip


@cache
def lexicon(code: str) -> Lexicon | None:
    """Return the lexicon of a language, None where there is none for it."""
    member = languages.language(code)
    if member is None:
        return None
    found: dict[str, dict[Sense, None]] = {}
    heads = set()
    for text, tag, value, name in _entries(member):
        first, *rest = _words(text, member)
        for stem in first:
            found.setdefault(stem.text, {})[Sense(stem.endings, tuple(rest), tag, value, name)] = None
            if stem.endings != BARE:
                heads.add(stem.text[:HEAD])
    return Lexicon(
        language=member,
        senses={stem: tuple(sorted(senses, key=_order)) for stem, senses in found.items()},
        heads=frozenset(heads),
        places=tuple(sorted({key(e) for e in member.speech.place_endings}, key=len, reverse=True)),
    )


def _entries(member: Language) -> Iterator[tuple[str, str, float, str]]:
    """Yield each phrase of a language as it is written, with its tag, value and name."""
    counting, speech = member.counting, member.speech
    for kind, tag in _WITH_VALUES.items():
        yield from ((text, tag, value, "") for value, text in _valued(getattr(counting, kind)))
    for kind, tag in _PLAIN.items():
        yield from ((text, tag, 0.0, "") for text in _split(getattr(counting, kind)))
    for kind, tag in _SPOKEN.items():
        yield from ((text, tag, 0.0, "") for text in _split(getattr(speech, kind)))
    for unit, written in counting.units.items():
        yield from ((text, "unit", SECONDS[unit], unit) for text in _split(written))
    for unit, written in counting.glued.items():
        for text in _split(written):
            for value, number in _valued(counting.numbers_glued):
                yield f"{number}{text}", "whole", value * SECONDS[unit], unit
    for tag, names in (("currency", counting.currencies), ("counted", counting.counted)):
        for name, written in names.items():
            yield from ((text, tag, 0.0, name) for text in _split(written))
    for tag, listed in (("month", counting.months), ("weekday", counting.weekdays)):
        for place, written in enumerate(listed):
            yield from ((text, tag, float(place), _case(text)) for text in _split(written))


def _case(text: str) -> str:
    """Return `capital` for what a language always writes with one: may is no month in English."""
    return "capital" if text[:1].isupper() else ""


def _split(text: str) -> list[str]:
    return [part for part in (p.strip() for p in text.split(",")) if part]


def _valued(text: str) -> Iterable[tuple[float, str]]:
    """Yield value and phrase of "1 one, 2 two/couple"."""
    for part in _split(text):
        value, _, phrases = part.partition(" ")
        yield from ((float(value), phrase.strip()) for phrase in phrases.split("/"))


def _words(text: str, member: Language) -> list[tuple[Stem, ...]]:
    """Return the words of a phrase; its last one in all its forms if `~` says so."""
    words = [token.text for token in tokens(key(text.removesuffix("~")))]
    stems: list[tuple[Stem, ...]] = [(Stem(word),) for word in words]
    if text.endswith("~"):
        stems[-1] = member.stems(words[-1], proper=False)
    return stems
