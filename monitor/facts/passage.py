"""A field of an entry as it is read: tokens, sentences, phrases, and the entities that stand in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from monitor.facts.lexicon import Lexicon, Phrase, Token, tokens
from monitor.model import Entity, Entry, Span
from monitor.text import Aligned, key, sentence_ends

MOST = 20_000
"""Characters of a field that are read: a live blog's hundredth paragraph tells no new fact of the news."""
MOST_ENTITIES = 400
"""Entities of a field that are looked at."""
_VALUES = frozenset({"number", "to-next", "whole", "currency", "month", "day", "week", "weekday"})


@lru_cache(maxsize=2_000)
def keys(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as their keys."""
    return tuple(map(key, names))


class Named(NamedTuple):
    """An entity in a field: its id, type, and the tokens it stands on."""

    id: str
    type: str
    start: int
    end: int
    span: Span


class Sentence(NamedTuple):
    """The tokens of a sentence, and where it stands in the key without the space around it."""

    start: int
    end: int
    first: int
    last: int


class Passage:
    """One field: everything in it by token number.

    `phrases` holds the phrases that begin at a token, by tag; `ending` those of the approximations and
    prepositions that end before a token.
    """

    __slots__ = (
        "_marked",
        "_named",
        "_starts",
        "_valued",
        "aligned",
        "ending",
        "entities",
        "field",
        "lexicon",
        "phrases",
        "sentences",
        "words",
    )

    def __init__(self, field: str, text: str, lexicon: Lexicon) -> None:
        self.field = field
        self.lexicon = lexicon
        self.aligned = Aligned(text[:MOST])
        self.words: list[Token] = tokens(self.aligned.key)
        self._starts = [word.start for word in self.words]
        self.phrases: dict[int, dict[str, Phrase]] = {}
        self.ending: dict[int, dict[str, Phrase]] = {}
        values = {index for index, word in enumerate(self.words) if word.text <= "9"}
        for phrase in lexicon.phrases(self.words):
            self.phrases.setdefault(phrase.start, {})[phrase.tag] = phrase
            self.ending.setdefault(phrase.end, {}).setdefault(phrase.tag, phrase)
            if phrase.tag in _VALUES:
                values.add(phrase.start)
        self._valued = sorted(values)
        self._marked = list(self.phrases)
        self.entities: list[Named] = []
        self._named: list[int] = []
        self.sentences = self._sentences()

    def _sentences(self) -> list[Sentence]:
        found: list[Sentence] = []
        begin = 0
        keyed = self.aligned.key
        for end in sentence_ends(keyed):
            first, last = begin, end
            while first < last and keyed[first].isspace():
                first += 1
            while last > first and keyed[last - 1].isspace():
                last -= 1
            low, high = bisect_left(self._starts, first), bisect_left(self._starts, last)
            if low < high:
                found.append(Sentence(low, high, first, last))
            begin = end
        return found

    def take(self, spans: Iterable[Span], known: Mapping[str, Entity]) -> None:
        """Take the entities that were found in this field."""
        for span in spans:
            entity = known.get(span.entity)
            if entity is None or span.field != self.field or span.end > MOST:
                continue
            if len(self.entities) >= MOST_ENTITIES:
                break
            first, last = self.aligned.key_span(span.start, span.end)
            start, end = bisect_right(self._starts, first) - 1, bisect_left(self._starts, last)
            if 0 <= start < end:
                self.entities.append(Named(span.entity, entity.type, start, end, span))
        self.entities.sort(key=lambda named: (named.start, -named.end))
        self._named = [named.start for named in self.entities]

    def within(self, sentence: Sentence) -> list[Named]:
        """Return the entities of a sentence."""
        return self.entities[
            bisect_left(self._named, sentence.start) : bisect_left(self._named, sentence.end)
        ]

    def valued(self, start: int, end: int) -> list[int]:
        """Return the tokens between two at which a number or a day may begin."""
        return self._valued[bisect_left(self._valued, start) : bisect_left(self._valued, end)]

    def marked(self, start: int, end: int) -> list[int]:
        """Return the tokens between two at which any phrase begins."""
        return self._marked[bisect_left(self._marked, start) : bisect_left(self._marked, end)]

    def tag(self, index: int, tag: str) -> Phrase | None:
        """Return the phrase with a tag that begins at a token."""
        at = self.phrases.get(index)
        return at.get(tag) if at is not None else None

    def joined(self, index: int) -> bool:
        """Tell whether there is a token that only a space or hyphen parts from the one before."""
        return index < len(self.words) and self.words[index].joined

    def gap(self, index: int) -> str:
        """Return what stands between a token and the one before it."""
        if not 0 < index < len(self.words):
            return "\n"
        return self.aligned.key[self.words[index - 1].end : self.words[index].start]

    def span(self, start: int, end: int) -> Span:
        """Return the span of the tokens from `start` up to `end`."""
        return self.key_span(self.words[start].start, self.words[end - 1].end)

    def key_span(self, first: int, last: int) -> Span:
        """Return the span of a piece of the key, in the text as it was published."""
        begin, stop = self.aligned.span(first, last)
        return Span(field=self.field, start=begin, end=stop, surface=self.aligned.text[begin:stop])

    def sentence_span(self, sentence: Sentence) -> Span:
        """Return the span of a whole sentence."""
        return self.key_span(sentence.first, sentence.last)


def passages(entry: Entry, lexicon: Lexicon) -> list[Passage]:
    """Return the fields of an entry that hold something."""
    fields = (("title", entry.title), ("summary", entry.summary), ("content", entry.content))
    return [Passage(name, text, lexicon) for name, text in fields if text]
