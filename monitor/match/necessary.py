"""What a full-text index must contain for a query to hold: the store finds candidates, match decides."""

from __future__ import annotations

from collections.abc import Iterable

from monitor import languages
from monitor.match import tree
from monitor.match.document import flatten
from monitor.match.resolve import Names
from monitor.text import key, words


def necessary(part: tree.Part, names: Names) -> str:
    """Return a necessary condition over the normalised key, `""` if there is none.

    Quoted words, phrases and `"beginning" *` with AND, OR and parentheses: what SQLite's FTS5 and a
    `simple` tsvector both can be asked.
    """
    return _strip(_expression(part, names))


def _expression(part: tree.Part, names: Names) -> str:
    match part:
        case tree.Every(parts=parts):
            return _all(_expression(p, names) for p in parts)
        case tree.Either(parts=parts):
            return _any(_expression(p, names) for p in parts)
        case tree.AtLeast(count=count, parts=parts):
            joined = _all if count == len(parts) else _any
            return joined([_expression(p, names) for p in parts])
        case tree.Near(left=left, right=right):
            return _all((_expression(left, names), _expression(right, names)))
        case tree.Sentence(part=inner) | tree.Within(part=inner):
            return _expression(inner, names)
        case tree.Score(parts=weighted, least=least):
            return _any([_expression(p, names) for p, _ in weighted]) if least > 0 else ""
        case tree.Entity(id=name):
            return _any([_text(t, code) for t, code in names.texts(name)])
        case tree.Word(text=text) | tree.Phrase(text=text):
            return _text(text, "")
        case tree.Exact(text=text):
            return f'"{" ".join(_tokens(text))}"'
        case tree.Prefix(text=text):
            return _beginnings(_tokens(text)[0])
    return ""


def _tokens(text: str) -> list[str]:
    """Return the words as the index cuts them: at everything that is no letter, mark or number."""
    return [w for word in words(text) for w in flatten(word).split()]


def _text(text: str, code: str) -> str:
    """Return the condition for a name or phrase: a stem of each of its words."""
    if languages.script(text) == "Han":
        return f'"{" ".join(_tokens(text))}"'
    members = [m] if (m := languages.language(code)) else list(languages.members())
    script = languages.script(text)
    conditions = []
    for word in _tokens(text):
        stems = {
            s.text
            for m in members
            if not script or m.scripts[0] == script
            for s in m.stems(word, proper=False)
        }
        conditions.append(_any([_beginnings(s) for s in sorted(_shortest({word, *stems}))]))
    return _all(dict.fromkeys(conditions))


def _shortest(stems: set[str]) -> set[str]:
    """Return the stems that no other one begins."""
    return {s for s in stems if s and not any(o and o != s and s.startswith(o) for o in stems)}


def _beginnings(stem: str) -> str:
    if "\u0600" <= stem[:1] <= "\u06ff":
        member = languages.language("ar")
        return _any([f'"{key(c)}{stem}" *' for c in (member.proclitics if member else ("",))])
    return f'"{stem}" *'


def _all(parts: Iterable[str]) -> str:
    kept = list(dict.fromkeys(p for p in parts if p))
    return kept[0] if len(kept) == 1 else f"({' AND '.join(kept)})" if kept else ""


def _any(parts: Iterable[str]) -> str:
    kept = list(dict.fromkeys(parts))
    if not kept or "" in kept:
        return ""
    return kept[0] if len(kept) == 1 else f"({' OR '.join(kept)})"


def _strip(expression: str) -> str:
    return expression[1:-1] if expression.startswith("(") and _closes_last(expression) else expression


def _closes_last(expression: str) -> bool:
    depth = 0
    quoted = False
    for i, char in enumerate(expression):
        if char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if depth == 0:
                return i == len(expression) - 1
    return False
