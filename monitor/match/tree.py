"""A query as a tree of values, and how it is written.

`print_query` writes a tree so that parsing it gives the same tree. `offset` is where a part begins in
the query it was read from; it does not take part in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Any part of a query."""

    offset: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Part):
    """`word`: any inflected form of it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact(Part):
    """`=Word`: this very form, case and all."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix(Part):
    """`word*`: any word that begins so."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase(Part):
    """`"exact phrase"`: these words in a row, each in any inflected form."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity(Part):
    """`@entity`, a look-alike or a group."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Every(Part):
    """`a AND b`, `a b`."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either(Part):
    """`a OR b`."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Part):
    """`NOT a`."""

    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Part):
    """`a NEAR/8 b`, `a THEN/8 b`: at most `words` words strictly between, in one field."""

    left: Part
    right: Part
    words: int
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Part):
    """`SENTENCE(a b)`: the part holds within one sentence."""

    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast(Part):
    """`2 OF (a, b, c)`."""

    count: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Part):
    """`score(a^2 OR b OR c) >= 3`: the weights of the parts that hold, summed."""

    parts: tuple[tuple[Part, float], ...]
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(Part):
    """`title:`, `summary:`, `body:` before a part: it holds within that field; `entry:`: anywhere."""

    field: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class About(Part):
    """`author: source: feed: lang: country: tag: url:` and a value: what is known about the entry."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Date(Part):
    """`date: FROM..TO`: published on one of these days (UTC), both included; None: no bound."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern(Part):
    """`/regex/`, `/regex/i`: found in the text (NFC) in linear time."""

    text: str
    fold: bool = False


def print_query(part: Part) -> str:
    """Return a query that reads back as the same tree."""
    return _print(part, 0)


_OR, _AND, _NEAR, _NOT = 1, 2, 3, 4


def _print(part: Part, binding: int) -> str:
    """Write a part; in parentheses where what stands around it binds tighter."""
    match part:
        case Either(parts=parts):
            text, own = " OR ".join(_print(p, _OR + 1) for p in parts), _OR
        case Every(parts=parts):
            text, own = " AND ".join(_print(p, _AND + 1) for p in parts), _AND
        case Near(left=left, right=right, words=words, ordered=ordered):
            word = f"{'THEN' if ordered else 'NEAR'}/{words}"
            text, own = f"{_print(left, _NEAR)} {word} {_print(right, _NEAR + 1)}", _NEAR
        case Not(part=inner):
            text, own = f"NOT {_print(inner, _NOT)}", _NOT
        case _:
            return _print_primary(part)
    return f"({text})" if own < binding else text


def _print_primary(part: Part) -> str:
    match part:
        case Word(text=text) | Prefix(text=text):
            return text + ("*" if isinstance(part, Prefix) else "")
        case Exact(text=text):
            return f'="{text}"' if " " in text else f"={text}"
        case Phrase(text=text):
            return f'"{text}"'
        case Entity(id=id_):
            return f"@{id_}"
        case Sentence(part=inner):
            return f"SENTENCE({_print(inner, 0)})"
        case AtLeast(count=count, parts=parts):
            return f"{count} OF ({', '.join(_print(p, 0) for p in parts)})"
        case Score(parts=weighted, least=least):
            inside = (_print(p, _AND) + (f"^{w:g}" if w != 1 else "") for p, w in weighted)
            return f"score({' OR '.join(inside)}) >= {least:g}"
        case Within(field=name, part=inner):
            return f"{name}:{_print(inner, _NOT + 1)}"
        case About(field=name, value=value):
            return f'{name}:"{value}"'
        case Date(first=first, last=last):
            return f"date:{first or ''}..{last or ''}"
        case Pattern(text=text, fold=fold):
            return f"/{text}/{'i' if fold else ''}"
    raise TypeError(f"not a part of a query: {part!r}")
