"""Read a query: text in, tree out, or a QueryError with the character at which reading failed."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

import lark
import re2

from monitor.errors import QueryError
from monitor.match import tree
from monitor.text import words

LONGEST = 64_000
"""Characters of a query: the longest that editors wrote by hand were under 4,000."""
DEEPEST = 40
"""Parentheses within parentheses."""

_FIELDS = (
    "title", "summary", "body", "entry", "author", "source", "feed", "lang", "country", "tag", "url", "date",
)  # fmt: skip
_OPERATORS = ("AND", "OR", "NOT", "NEAR", "THEN", "SENTENCE", "OF")

_NAMES = {
    "RPAR": "a closing parenthesis",
    "LPAR": "an opening parenthesis",
    "COMMA": "a comma",
    "NUMBER": "a number",
    "__ANON_0": ">= and a number",
    "$END": "the end",
}


@cache
def _grammar() -> lark.Lark:
    return lark.Lark.open(
        "query.lark", rel_to=__file__, parser="lalr", lexer="contextual", propagate_positions=False
    )


def parse_query(text: str) -> tree.Part:
    """Return the tree of a query. Raises QueryError at the character that cannot be read, with a hint."""
    _check_shape(text)
    try:
        parsed = _grammar().parse(text)
        return cast(tree.Part, _Builder(text).transform(parsed))
    except lark.exceptions.VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    except lark.exceptions.UnexpectedCharacters as error:
        raise _at_character(text, error.pos_in_stream or 0) from error
    except lark.exceptions.UnexpectedToken as error:
        raise _at_token(text, error) from error


def _check_shape(text: str) -> None:
    """Refuse what would cost the parser more than a query is worth, and what is easiest said up front."""
    if not text.strip():
        raise QueryError("the query is empty", query=text, offset=0, hint="name a word or an @entity")
    if len(text) > LONGEST:
        raise QueryError(
            f"the query is {len(text):,} characters long, more than {LONGEST:,}",
            query=text[:200],
            offset=0,
            hint="make groups of its entities, or topics of its parts",
        )
    opened: list[int] = []
    quoted = -1
    for i, char in enumerate(text):
        if char == '"':
            quoted = i if quoted < 0 else -1
        elif quoted < 0 and char == "(":
            opened.append(i)
            if len(opened) > DEEPEST:
                raise QueryError(f"more than {DEEPEST} parentheses within each other", query=text, offset=i)
        elif quoted < 0 and char == ")":
            if not opened and "/" not in text:
                raise QueryError(
                    "this parenthesis closes none", query=text, offset=i, hint="delete it or open one"
                )
            if opened:
                opened.pop()
    if quoted >= 0 and "/" not in text:
        raise QueryError("this quotation mark is never closed", query=text, offset=quoted, hint='add a "')
    if opened and "/" not in text:
        raise QueryError("this parenthesis is never closed", query=text, offset=opened[-1], hint="add a )")


def _at_character(text: str, offset: int) -> QueryError:
    hints = {
        "@": "an entity is written @name",
        "=": "an exact word is written =Word",
        "*": "a prefix needs letters before the *",
        "^": "weights stand in score(...) only",
        ",": "commas stand in 2 OF (a, b, c) only; quote a text that has one",
        "/": "a regular expression is written /…/",
        '"': "a quotation mark opens a phrase and needs another to close it",
    }
    return QueryError("this cannot be read", query=text, offset=offset, hint=hints.get(text[offset], ""))


def _at_token(text: str, error: lark.exceptions.UnexpectedToken) -> QueryError:
    token = error.token
    offset = len(text.rstrip()) if token.type == "$END" else cast(int, token.start_pos)
    wanted = [_NAMES[e] for e in sorted(error.expected or ()) if e in _NAMES and e != "$END"]
    if token.type == "$END":
        problem = "something is missing at the end"
        hint = f"here comes {wanted[0]}" if wanted else "a word, a phrase or an @entity comes here"
        return QueryError(problem, query=text, offset=offset, hint=hint)
    if str(token) in _OPERATORS or token.type in ("NEAR", "THEN"):
        hint = "it joins two parts; one of them is missing"
        if str(token) == "NEAR" or str(token) == "THEN":
            hint = f"write {token}/8: at most so many words between"
        return QueryError(f"{token} does not fit here", query=text, offset=offset, hint=hint)
    hint = f"here comes {wanted[0]}" if wanted else ""
    return QueryError(f"{str(token)!r} does not fit here", query=text, offset=offset, hint=hint)


def _joined(kind: type[tree.Every] | type[tree.Either], items: list[Any]) -> tree.Part:
    """Make one part of several, taking in those of the same kind, so that a AND (b AND c) is one list."""
    parts: list[tree.Part] = []
    for item in items:
        parts.extend(item.parts if isinstance(item, kind) else (item,))
    return parts[0] if len(parts) == 1 else kind(parts=tuple(parts), offset=parts[0].offset)


class _Builder(lark.Transformer[lark.Token, Any]):
    """Turns lark's tree into ours, and finds what the grammar cannot see."""

    def __init__(self, query: str) -> None:
        super().__init__()
        self._query = query

    def _error(self, problem: str, offset: int, hint: str = "") -> QueryError:
        return QueryError(problem, query=self._query, offset=offset, hint=hint)

    def _words(self, text: str, offset: int) -> str:
        """Check that there is a word in a literal."""
        if not words(text):
            raise self._error(f"there is no word in {text!r}", offset)
        return text

    def start(self, items: list[Any]) -> tree.Part:
        return cast(tree.Part, items[0])

    def any(self, items: list[Any]) -> tree.Part:
        return _joined(tree.Either, items)

    def every(self, items: list[Any]) -> tree.Part:
        return _joined(tree.Every, items)

    def group(self, items: list[Any]) -> tree.Part:
        return cast(tree.Part, items[0])

    def chain(self, items: list[Any]) -> tree.Part:
        left = items[0]
        for operator, right in zip(items[1::2], items[2::2], strict=True):
            for side in (left, right):
                self._check_place(side)
            left = tree.Near(
                left=left,
                right=right,
                words=int(operator[5:]),
                ordered=operator.type == "THEN",
                offset=left.offset,
            )
        return cast(tree.Part, left)

    def _check_place(self, part: tree.Part) -> None:
        """Refuse, beside NEAR and THEN, what has no place in the text."""
        if isinstance(part, tree.Not):
            raise self._error("NOT has no place in the text", part.offset, "write NOT (a NEAR/8 b)")
        if isinstance(part, tree.Every):
            raise self._error(
                "AND has no place in the text",
                part.offset,
                "write (a NEAR/8 c) AND (b NEAR/8 c), or SENTENCE(…)",
            )
        if isinstance(part, tree.Sentence | tree.AtLeast | tree.Score | tree.About | tree.Date):
            raise self._error(
                "this has no place in the text", part.offset, "NEAR and THEN take words and entities"
            )
        if isinstance(part, tree.Either):
            for inner in part.parts:
                self._check_place(inner)
        if isinstance(part, tree.Within):
            self._check_place(part.part)

    def negation(self, items: list[Any]) -> tree.Part:
        return tree.Not(part=items[0], offset=items[0].offset)

    def sentence(self, items: list[Any]) -> tree.Part:
        return tree.Sentence(part=items[0], offset=items[0].offset)

    def at_least(self, items: list[Any]) -> tree.Part:
        count, parts = int(items[0].split()[0]), tuple(items[1:])
        if not 1 <= count <= len(parts):
            raise self._error(
                f"{count} of {len(parts)} cannot be", items[0].start_pos, f"there are {len(parts)} parts"
            )
        return tree.AtLeast(count=count, parts=parts, offset=items[0].start_pos)

    def weighted(self, items: list[Any]) -> tuple[tree.Part, float]:
        return items[0], float(items[1]) if items[1] is not None else 1.0

    def score(self, items: list[Any]) -> tree.Part:
        parts = tuple(items[:-1])
        least = float(items[-1])
        if sum(weight for _, weight in parts) < least:
            raise self._error(
                f"the score can never reach {least:g}", items[-1].start_pos, "lower it or add weight"
            )
        return tree.Score(parts=parts, least=least, offset=parts[0][0].offset)

    def within(self, items: list[Any]) -> tree.Part:
        return tree.Within(field=items[0].split(":")[0], part=items[1], offset=items[0].start_pos)

    def about(self, items: list[Any]) -> tree.Part:
        field, _, value = items[0].partition(":")
        value = value.strip().strip('"“”').strip()
        if not value:
            raise self._error(f"no {field} is given", items[0].start_pos)
        return tree.About(field=field, value=value, offset=items[0].start_pos)

    def date(self, items: list[Any]) -> tree.Part:
        token = items[0]
        text = token.partition(":")[2].strip()
        first, dots, last = text.partition("..")
        days = []
        for day in (first, last if dots else first):
            try:
                days.append(date.fromisoformat(day) if day else None)
            except ValueError as error:
                raise self._error(
                    f"{day!r} is not a day", token.start_pos, "write date:2025-10-16..2025-10-20"
                ) from error
        if days == [None, None]:
            raise self._error("no day is given", token.start_pos, "write date:2025-10-16..2025-10-20")
        if days[0] and days[1] and days[0] > days[1]:
            raise self._error("the last day is before the first", token.start_pos)
        return tree.Date(first=days[0], last=days[1], offset=token.start_pos)

    def entity(self, items: list[Any]) -> tree.Part:
        return tree.Entity(id=items[0][1:], offset=items[0].start_pos)

    def exact(self, items: list[Any]) -> tree.Part:
        text = self._words(items[0][1:].strip('"'), items[0].start_pos)
        return tree.Exact(text=" ".join(text.split()), offset=items[0].start_pos)

    def prefix(self, items: list[Any]) -> tree.Part:
        text = self._words(items[0][:-1], items[0].start_pos)
        if len(words(text)) > 1:
            raise self._error("a prefix is one word", items[0].start_pos, "write the words one by one")
        return tree.Prefix(text=text, offset=items[0].start_pos)

    def phrase(self, items: list[Any]) -> tree.Part:
        text = self._words(items[0].strip('"“”'), items[0].start_pos)
        return tree.Phrase(text=" ".join(text.split()), offset=items[0].start_pos)

    def pattern(self, items: list[Any]) -> tree.Part:
        token = items[0]
        fold = token.endswith("/i")
        text = token[1 : -2 if fold else -1]
        try:
            re2.compile(text, _options())
        except re2.error as error:
            reason = error.args[0] if error.args else "not a regular expression"
            reason = reason.decode() if isinstance(reason, bytes) else str(reason)
            raise self._error(
                f"RE2 does not take this: {reason}", token.start_pos, "no look-around and no back-references"
            ) from error
        return tree.Pattern(text=text, fold=fold, offset=token.start_pos)

    def word(self, items: list[Any]) -> tree.Part:
        token = items[0]
        text = str(token)
        if text in _OPERATORS:
            raise self._error(
                f"{text} does not fit here", token.start_pos, f'quote it if it is a word: "{text}"'
            )
        name, colon, _ = text.partition(":")
        if colon and name.isascii() and name.isalpha():
            near = get_close_matches(name.lower(), _FIELDS, 1)
            hint = f"did you mean {near[0]}:?" if near else f"there are {', '.join(_FIELDS)}; or quote it"
            raise self._error(f"there is no field {name!r}", token.start_pos, hint)
        self._words(text, token.start_pos)
        return tree.Word(text=text, offset=token.start_pos)


def _options() -> Any:
    """RE2 without look at the caller: bounded memory, errors raised and not printed."""
    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    return options


def compile_pattern(pattern: tree.Pattern) -> Any:
    """Return the compiled regular expression of a part that was read."""
    options = _options()
    options.case_sensitive = not pattern.fold
    return re2.compile(pattern.text, options)
