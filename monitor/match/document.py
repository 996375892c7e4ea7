"""An entry as match reads it: one key over all its fields, and the way back to them."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import regex

from monitor import languages, text
from monitor.model import Entry, Span

FIELDS = ("title", "summary", "content")
MOST_SENTENCES = 2_000
"""Sentences of a field that are looked at: ten times a long report's, each asked of every topic."""
EDGE = "\0"
"""Stands between fields (no key holds it): nothing is found across it."""

Mark = tuple[int, int, str, str]
"""A piece of the document: start, end, the term it answers, the entity it is (or "")."""


def flatten(key: str) -> str:
    """Return a key of the same length with a space for everything that is not part of a word."""
    return text.gaps(r"\p{L}\p{M}\p{N}").sub(" ", key)


class Document:
    """The text of an entry with everything that was found in it.

    Offsets count characters of `key`: an edge, the title's key, an edge, the summary's, an edge, the
    content's, an edge. `hits` are the places of each term, in order; `claims` what look-alikes took, and
    `claimed` the terms that would have been found there.
    """

    __slots__ = (
        "_aligned",
        "_sentences",
        "_spans",
        "_words",
        "able",
        "claimed",
        "claims",
        "end",
        "entry",
        "extended",
        "flat",
        "held",
        "hits",
        "key",
        "language",
        "memo",
        "starts",
    )

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        texts = (entry.title, entry.summary, entry.content)
        self.language = languages.detect(" ".join(texts) if len(texts[0]) < 200 else texts[0], entry.language)
        self._aligned = tuple(text.Aligned(t) for t in texts)
        title, summary, content = (a.key for a in self._aligned)
        self.key = f"{EDGE}{title}{EDGE}{summary}{EDGE}{content}{EDGE}"
        self.flat = flatten(self.key)
        second = len(title) + 2
        third = second + len(summary) + 1
        self.starts = (1, second, third, third + len(content) + 1)
        self.end = len(self.key)
        self.able: dict[object, bool] = {}
        self.held: dict[tuple[object, int, int], bool] = {}
        self._spans: dict[Mark, Span] = {}
        self.memo: dict[tuple[object, int, int], list[Any]] = {}
        self.hits: dict[int, list[tuple[int, int]]] = {}
        self.claims: list[Mark] = []
        self.claimed: dict[tuple[int, int], set[int]] = {}
        self.extended = False
        """Whether the words of the topics' states were looked for, too."""
        self._words: list[int] | None = None
        self._sentences: list[tuple[int, int]] | None = None

    def field(self, position: int) -> int:
        """Return the index of the field a position is in."""
        starts = self.starts
        return 0 if position < starts[1] else 1 if position < starts[2] else 2

    def window(self, name: str) -> tuple[int, int]:
        """Return where a field begins and ends; `body` is summary and content, `entry` all three."""
        first, last = {"title": (0, 1), "summary": (1, 2), "body": (1, 3), "entry": (0, 3)}[name]
        return (self.starts[first], self.starts[last] - 1)

    def original(self, start: int, end: int) -> tuple[str, int, int]:
        """Return the text of the field a piece of the key is in, and where the piece stands in it."""
        index = self.field(start)
        aligned = self._aligned[index]
        begin, stop = aligned.span(start - self.starts[index], end - self.starts[index])
        return aligned.text, begin, stop

    def surface(self, start: int, end: int) -> str:
        """Return a piece of the key as the publisher wrote it."""
        whole, begin, stop = self.original(start, end)
        return whole[begin:stop]

    def span(self, mark: Mark) -> Span:
        """Return a mark as evidence in the entry's own text."""
        known = self._spans.get(mark)
        if known is not None:
            return known
        whole, begin, stop = self.original(mark[0], mark[1])
        span = self._spans[mark] = Span(
            field=FIELDS[self.field(mark[0])],
            start=begin,
            end=stop,
            surface=whole[begin:stop],
            term=mark[2],
            entity=mark[3],
        )
        return span

    def words_between(self, left: int, right: int) -> int:
        """Return how many words begin at or after `left` and before `right`."""
        if self._words is None:
            self._words = text.word_starts(self.key)
        return bisect_left(self._words, right) - bisect_left(self._words, left)

    def reach(self, position: int, words: int) -> int:
        """Return the position before which a place must begin to have at most `words` words before it."""
        if self._words is None:
            self._words = text.word_starts(self.key)
        index = bisect_left(self._words, position) + words
        return self._words[index] if index < len(self._words) else self.end

    def sentences(self, low: int, high: int) -> list[tuple[int, int]]:
        """Return the sentences of the fields that lie in a window, those past `MOST_SENTENCES` left out."""
        if self._sentences is None:
            self._sentences = []
            for index in range(3):
                start = self.starts[index]
                keyed = self.key[start : self.starts[index + 1] - 1]
                begin = 0
                for end in islice(text.sentence_ends(keyed), MOST_SENTENCES):
                    self._sentences.append((start + begin, start + end))
                    begin = end
        if low <= 1 and high >= self.end - 1:
            return self._sentences
        return [(max(s, low), min(e, high)) for s, e in self._sentences if s < high and e > low]

    def search(self, find: Callable[[str], Iterable[Any]], most: int) -> Iterator[tuple[int, int]]:
        """Yield where a pattern finds something in the fields' NFC text, as pieces of the key."""
        for index, aligned in enumerate(self._aligned):
            composed = unicodedata.normalize("NFC", text.stream_safe(aligned.text))
            base = self.starts[index]
            for number, found in enumerate(find(composed.encode("utf-8", "replace").decode())):
                if number >= most:
                    break
                start = len(text.key(composed[: found.start()]))
                end = start + len(text.key(composed[found.start() : found.end()]))
                yield base + start, base + min(end, len(aligned.key))

    def search_key(self) -> str:
        """Return the key as the full-text index takes it: Han characters stand alone, as words."""
        keyed = self.key[1:-1].replace(EDGE, "\n")
        return keyed if keyed.isascii() or not _HAN.search(keyed) else _HAN.sub(r" \g<0> ", keyed)


_HAN = regex.compile(r"\p{Han}")
