"""Full-text search: the words of a normalised key, and the expressions that ask for them.

Both databases are given the same words, cut here, because neither cuts Bengali well by itself:
FTS5's `unicode61` takes every vowel sign for a separator unless told otherwise and knows Unicode
6.1 only; PostgreSQL's parser splits at joiners and treats `a-b`, hosts and numbers in ways of its
own. A word is a run of letters, marks and digits (L*, N*, Mn, Mc, Co), case folded.

What comes out is a *necessary* condition: candidates, of which `match` decides. So whatever cannot
be asked for exactly is asked for more widely, never more narrowly.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, Connection

from monitor.text import gaps

_LEXEME = re.compile(r'\s*(?:"((?:[^"]|"")*)"|(AND|OR)\b|([()*]))')


class Index(Protocol):
    """Where a database keeps the words of entries, and how it is asked."""

    def put(self, conn: Connection, keys: Sequence[tuple[int, str]]) -> None:
        """Make entries (by number) findable by their keys, whatever they were findable by before."""
        ...

    def drop(self, conn: Connection, numbers: Sequence[int]) -> None:
        """Forget entries, before their rows go."""
        ...

    def finds(self, wanted: Wanted) -> ColumnElement[bool]:
        """Return the condition on `entries` that an expression stands for."""
        ...


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row. With `prefix` the last one only has to begin so."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Combined:
    """All (`AND`) or one (`OR`) of several."""

    operator: str
    parts: tuple[Wanted, ...]


Wanted = Phrase | Combined


def spaced(text: str) -> str:
    """Return a text folded, with spaces for all that is not part of a word."""
    return gaps(r"\p{L}\p{N}\p{Mn}\p{Mc}\p{Co}").sub(" ", text).casefold()


def words(text: str) -> list[str]:
    """Return the words of a text, in order, folded."""
    return spaced(text).split()


def parse(expression: str) -> Wanted | None:
    """Read a restricted FTS5 expression (see Store.search); None where it asks for nothing.

    A phrase without a word in it (`"…"`) asks for nothing: what it stands in is widened.
    Raises ValueError for anything else than that grammar: the caller compiled it, so it is a bug.
    """
    tokens = list(_tokens(expression))
    if not tokens:
        return None
    found, end = _either(tokens, 0)
    if end != len(tokens):
        raise ValueError(f"not a search expression: {expression!r}")
    return found


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    at, text = 0, expression.rstrip()
    while at < len(text):
        lexeme = _LEXEME.match(text, at)
        if lexeme is None:
            raise ValueError(f"not a search expression: {expression!r}")
        quoted, operator, sign = lexeme.groups()
        yield ("phrase", quoted.replace('""', '"')) if quoted is not None else (operator or sign, "")
        at = lexeme.end()


def _either(tokens: list[tuple[str, str]], at: int) -> tuple[Wanted | None, int]:
    parts, at = _several(tokens, at, "OR", _all)
    if any(part is None for part in parts):
        return None, at
    return _combined("OR", parts), at


def _all(tokens: list[tuple[str, str]], at: int) -> tuple[Wanted | None, int]:
    parts, at = _several(tokens, at, "AND", _unit)
    return _combined("AND", [part for part in parts if part is not None]), at


def _several(
    tokens: list[tuple[str, str]],
    at: int,
    operator: str,
    read: Callable[[list[tuple[str, str]], int], tuple[Wanted | None, int]],
) -> tuple[list[Wanted | None], int]:
    first, at = read(tokens, at)
    parts = [first]
    while at < len(tokens) and tokens[at][0] == operator:
        part, at = read(tokens, at + 1)
        parts.append(part)
    return parts, at


def _combined(operator: str, parts: Sequence[Wanted | None]) -> Wanted | None:
    kept = tuple(part for part in parts if part is not None)
    if len(kept) < 2:
        return kept[0] if kept else None
    return Combined(operator, kept)


def _unit(tokens: list[tuple[str, str]], at: int) -> tuple[Wanted | None, int]:
    kind, text = tokens[at] if at < len(tokens) else ("nothing", "")
    if kind == "(":
        found, at = _either(tokens, at + 1)
        if at >= len(tokens) or tokens[at][0] != ")":
            raise ValueError("a search expression misses a )")
        return found, at + 1
    if kind != "phrase":
        raise ValueError(f"a search expression has {kind} where a quoted word should be")
    prefix = at + 1 < len(tokens) and tokens[at + 1][0] == "*"
    cut = tuple(words(text))
    return (Phrase(cut, prefix) if cut else None), at + 1 + prefix


# FTS5 ─────────────────────────────────────────────────────────────────────────────────────────


def fts5(wanted: Wanted) -> str:
    """Return an expression in FTS5's syntax. Words hold no quotes, so none need escaping."""
    if isinstance(wanted, Combined):
        return "(" + f" {wanted.operator} ".join(map(fts5, wanted.parts)) + ")"
    return f'"{" ".join(wanted.words)}"' + (" *" if wanted.prefix else "")


# PostgreSQL ───────────────────────────────────────────────────────────────────────────────────

_LONG, _ALL = "*long*", "*all*"
"""Lexemes that no text has (`*` separates words), for entries that a tsvector cannot hold exactly."""
_MOST_POSITION, _MOST_PLACES, _MOST_BYTES, _MOST_WORD = 16_382, 255, 900_000, 500
"""PostgreSQL's limits on a tsvector (manual §12.11): positions to 16,383, fewer than 256 of one
lexeme, 1 MB in all, 2 KB a lexeme (500 code points)."""


def tsvector(key: str) -> str:
    """Return a key as the text of a tsvector.

    Where positions do not fit, `*long*` is added and phrases are then asked for as plain words;
    a text too big altogether is found by every search.
    """
    places: dict[str, list[int]] = defaultdict(list)
    cut = words(key)
    for place, word in enumerate(cut, start=1):
        places[word[:_MOST_WORD]].append(place)
    long = len(cut) > _MOST_POSITION or any(len(at) > _MOST_PLACES for at in places.values())
    size = sum(len(word.encode()) + 8 for word in places) + 2 * len(cut)
    if size > _MOST_BYTES:
        return f"'{_ALL}'"
    text = " ".join(
        f"'{word}':{','.join(str(n) for n in at[:_MOST_PLACES] if n <= _MOST_POSITION) or _MOST_POSITION}"
        for word, at in places.items()
    )
    return f"{text} '{_LONG}'" if long else text


def tsquery(wanted: Wanted) -> str:
    """Return an expression as the text of a tsquery."""
    return f"'{_ALL}' | {_tsquery(wanted)}"


def _tsquery(wanted: Wanted) -> str:
    if isinstance(wanted, Combined):
        return "(" + (" & " if wanted.operator == "AND" else " | ").join(map(_tsquery, wanted.parts)) + ")"
    terms = [f"'{word[:_MOST_WORD]}'" for word in wanted.words]
    if wanted.prefix:
        terms[-1] += ":*"
    if len(terms) == 1:
        return terms[0]
    return f"(({' <-> '.join(terms)}) | ('{_LONG}' & {' & '.join(terms)}))"


def words_of(places: Sequence[tuple[str, Sequence[int] | None]]) -> str:
    """Return the words of a tsvector (lexeme, positions) in their order: a key again."""
    ordered: list[tuple[int, str]] = []
    for word, at in places:
        if word not in (_LONG, _ALL):
            ordered.extend((place, word) for place in at or (_MOST_POSITION,))
    return " ".join(word for _, word in sorted(ordered))
