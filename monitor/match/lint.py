"""Faults in topics that are no errors: what can never match, says nothing, or says too much."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor.errors import QueryError
from monitor.match import tree
from monitor.match.parse import parse_query
from monitor.match.resolve import Names, walk
from monitor.match.vocabulary import COMMON_TYPES, WORDING
from monitor.model import Topic
from monitor.text import key, words

SHORTEST_PREFIX = 4
"""Letters a prefix should have: three begin over a hundred words in any of our languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of a topic: at which character of its query, what, and what to do."""

    topic: str
    offset: int
    kind: str
    """never | subsumed | no-form | explodes | ambiguous | unread"""
    problem: str
    hint: str = ""


def lint(topics: Iterable[Topic], names: Names) -> list[Finding]:
    """Return the faults of topics, in order of topic and place."""
    findings: list[Finding] = []
    for topic in _asked(topics):
        try:
            part = parse_query(topic.query)
        except QueryError as error:
            findings.append(
                Finding(
                    topic=topic.id, offset=error.offset, kind="unread", problem=error.problem, hint=error.hint
                )
            )
            continue
        found = [*_never(part, names), *_subsumed(part, names), *_words(part), *_entities(part, topic, names)]
        findings.extend(
            Finding(topic=topic.id, offset=offset, kind=kind, problem=problem, hint=hint)
            for offset, kind, problem, hint in sorted(set(found))
        )
    return findings


def _asked(topics: Iterable[Topic]) -> Iterable[Topic]:
    """Yield topics and, as topics of their own, their states."""
    for topic in topics:
        yield topic
        for state in topic.states:
            yield replace(topic, id=f"{topic.id}.states.{state.id}", query=state.query, states=())


Fault = tuple[int, str, str, str]


def _never(part: tree.Part, names: Names) -> Iterable[Fault]:
    """Yield clauses that can never match."""
    for inner in walk(part):
        match inner:
            case tree.Every(parts=parts):
                for p in parts:
                    if isinstance(p, tree.Not) and any(
                        _implies(q, p.part, names) for q in parts if q is not p
                    ):
                        text = tree.print_query(p.part)
                        yield (
                            p.offset,
                            "never",
                            f"{text} is wanted and excluded at once",
                            "delete one of them",
                        )
                fields = [p.field for p in parts if isinstance(p, tree.About)]
                for one in ("lang", "country"):
                    values = {p.value for p in parts if isinstance(p, tree.About) and p.field == one}
                    if fields.count(one) > 1 and len(values) > 1:
                        yield inner.offset, "never", f"no entry has two values of {one}:", "join them by OR"
            case tree.Near(left=left, right=right) if left == right:
                yield inner.offset, "never", f"{tree.print_query(left)} is near itself", "name another word"
            case tree.Entity(id=name) if name in names.groups or name in names.entities:
                try:
                    texts = names.texts(name)
                except KeyError:
                    continue
                if not texts:
                    yield inner.offset, "never", f"@{name} has no names", "give it names in entities/*.yaml"


def _implies(part: tree.Part, other: tree.Part, names: Names) -> bool:
    """Tell whether `other` holds whenever `part` does, as far as their shape shows."""
    if part == other:
        return True
    if isinstance(other, tree.Either):
        return any(_implies(part, o, names) for o in other.parts)
    match part, other:
        case tree.Every(parts=parts), tree.Every(parts=others):
            return all(any(_implies(p, o, names) for p in parts) for o in others)
        case tree.Every(parts=parts), _:
            return any(_implies(p, other, names) for p in parts)
        case tree.Either(parts=parts), _:
            return all(_implies(p, other, names) for p in parts)
        case tree.Entity(id=one), tree.Entity(id=many) if many in names.groups:
            try:
                return set(names.members(one)) <= set(names.members(many))
            except KeyError:
                return False
        case (
            (tree.Word(text=text) | tree.Exact(text=text) | tree.Prefix(text=text)),
            tree.Prefix(text=begin),
        ):
            return key(text).startswith(key(begin))
        case tree.Exact(text=text), tree.Word(text=word):
            return key(text) == key(word)
        case tree.Near(words=n, ordered=order) as a, tree.Near(words=m, ordered=other_order) as b:
            same = (a.left, a.right) == (b.left, b.right)
            return same and n <= m and (order or not other_order)
        case tree.Near() as near, (tree.Entity() | tree.Word() | tree.Phrase()):
            return _implies(near.left, other, names) or _implies(near.right, other, names)
    return False


def _subsumed(part: tree.Part, names: Names) -> Iterable[Fault]:
    """Yield alternatives and conditions that another one makes superfluous."""
    for inner in walk(part):
        if not isinstance(inner, tree.Either | tree.Every):
            continue
        for i, p in enumerate(inner.parts):
            for j, q in enumerate(inner.parts):
                if i == j or isinstance(p, tree.Not) or isinstance(q, tree.Not):
                    continue
                narrow, wide = (p, q) if isinstance(inner, tree.Either) else (q, p)
                if not _implies(narrow, wide, names) or (_implies(wide, narrow, names) and i < j):
                    continue
                problem = f"{tree.print_query(p)} adds nothing to {tree.print_query(q)}"
                yield p.offset, "subsumed", problem, "delete it"
                break


def _words(part: tree.Part) -> Iterable[Fault]:
    for inner in walk(part):
        match inner:
            case tree.Prefix(text=text) if len(key(text)) < SHORTEST_PREFIX:
                yield inner.offset, "explodes", f"{text}* begins very many words", "write more of the word"
            case tree.Word(text=text) if text.lower() in ("and", "or", "not", "near"):
                yield (
                    inner.offset,
                    "ambiguous",
                    f"{text!r} is a word here",
                    f"operators are written {text.upper()}",
                )
            case tree.Word(text=text) if len(words(text)) == 1 and len(key(text)) < 2:
                yield inner.offset, "explodes", f"{text!r} is a single letter", "write the word"
            case tree.Pattern(text=text) if _is_open(text):
                yield inner.offset, "explodes", f"/{text}/ fits nearly everything", "name some letters"


def _is_open(pattern: str) -> bool:
    return not re.search(r"[^\W_]{2}", re.sub(r"\\.", "", pattern))


def _entities(part: tree.Part, topic: Topic, names: Names) -> Iterable[Fault]:
    """Yield entities without a name in a language of the topic, and names that two entities share."""
    shared = _shared(names)
    for inner in walk(part):
        if not isinstance(inner, tree.Entity):
            continue
        try:
            members = names.members(inner.id)
        except KeyError:
            yield (
                inner.offset,
                "never",
                f"there is no entity @{inner.id}",
                "entities are listed in entities/*.yaml",
            )
            continue
        for member in members:
            entity = names.entities.get(member)
            if entity is None or entity.type == WORDING:  # a language may have no such word
                continue
            for code in topic.title:
                if inner.id == member and not (entity.names.get(code) or entity.forms.get(code)):
                    problem = f"@{member} has no name in {code}, a language of the topic's title"
                    yield inner.offset, "no-form", problem, f"add names: {{{code}: […]}}"
            for other, text in shared.get(member, ()):
                if other not in members:
                    problem = f"{text!r} is a name of @{member} and of @{other}"
                    yield inner.offset, "ambiguous", problem, "delete one, or make a look-alike of it"


def _shared(names: Names) -> dict[str, list[tuple[str, str]]]:
    """Return for each entity the names it shares with another, proper names only."""
    owners: dict[tuple[str, str], list[str]] = {}
    for entity in names.entities.values():
        if entity.type in COMMON_TYPES:
            continue
        for code, texts in (*entity.names.items(), *entity.forms.items()):
            for text in texts:
                ids = owners.setdefault((code, key(text)), [])
                if entity.id not in ids:
                    ids.append(entity.id)
    found: dict[str, list[tuple[str, str]]] = {}
    for (_, text), ids in owners.items():
        for one in ids:
            found.setdefault(one, []).extend((other, text) for other in ids if other != one)
    return found
