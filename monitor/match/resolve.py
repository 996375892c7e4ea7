"""From a query's tree to something that runs: names are looked up, words get their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property

from monitor.errors import QueryError
from monitor.match import decide, decide_fields, tree
from monitor.match.decide import Node, Term
from monitor.match.document import Document
from monitor.match.parse import compile_pattern
from monitor.match.vocabulary import COMMON_TYPES, WORDING, Vocabulary
from monitor.model import Entity, LookAlike

Nearest = Callable[[Document, Term], str]


class Names:
    """What `@name` may stand for: an entity, a look-alike or a group of them."""

    def __init__(
        self,
        entities: Iterable[Entity],
        look_alikes: Iterable[LookAlike] = (),
        groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.entities = {e.id: e for e in entities}
        self.look_alikes = {a.id: a for a in look_alikes}
        self.groups = dict(groups or {})

    def members(self, name: str) -> tuple[str, ...]:
        """Return the ids of the entities and look-alikes of a name, groups within groups included.

        Raises KeyError for an unknown name, that of a member included.
        """
        return tuple(dict.fromkeys(self._members(name, ())))

    def _members(self, name: str, above: tuple[str, ...]) -> Iterable[str]:
        if name in above:
            return
        if name in self.entities or name in self.look_alikes:
            yield name
        elif name in self.groups:
            for member in self.groups[name]:
                yield from self._members(member, (*above, name))
        else:
            raise KeyError(name)

    @cached_property
    def named(self) -> frozenset[str]:
        """The entities that are names of somebody or something, not words with a meaning."""
        return frozenset(one.id for one in self.entities.values() if one.type not in COMMON_TYPES)

    def named_in(self, part: tree.Part) -> Iterable[str]:
        """Yield the named entities that a query asks for: not those that it rules out."""
        if isinstance(part, tree.Not):
            return
        if isinstance(part, tree.Entity):
            yield from (one for one in self.members(part.id) if one in self.named)
        for child in children(part):
            yield from self.named_in(child)

    def check(self, part: tree.Entity, query: str) -> tuple[str, ...]:
        """Return the members of a name in a query. Raises QueryError with the nearest known name."""
        try:
            return self.members(part.id)
        except KeyError as error:
            unknown = str(error.args[0])
            every = [*self.entities, *self.look_alikes, *self.groups]
            near = get_close_matches(unknown, every, 1, cutoff=0.6)
            problem = f"there is no entity @{unknown}"
            if unknown != part.id:
                problem += f" (in the group @{part.id})"
            hint = f"did you mean @{near[0]}?" if near else "entities are listed by `monitor entities list`"
            raise QueryError(problem, query=query, offset=part.offset, hint=hint) from error

    def reported(self, member: str) -> str:
        """Return the entity's id as evidence names it, "" for a wording, which is none."""
        entity = self.entities.get(member)
        return "" if entity is not None and entity.type == WORDING else member

    def texts(self, name: str) -> list[tuple[str, str]]:
        """Return every written form of a name's members, with its language."""
        found: list[tuple[str, str]] = []
        for member in self.members(name):
            if entity := self.entities.get(member):
                for by_language in (entity.names, entity.forms, entity.unseen, entity.typos):
                    found.extend((text, code) for code, texts in by_language.items() for text in texts)
            elif look_alike := self.look_alikes.get(member):
                found.extend((text, code) for code, texts in look_alike.claims.items() for text in texts)
        return list(dict.fromkeys(found))


def children(part: tree.Part) -> tuple[tree.Part, ...]:
    """Return the parts that a part is made of."""
    match part:
        case tree.Every(parts=parts) | tree.Either(parts=parts) | tree.AtLeast(parts=parts):
            return parts
        case tree.Score(parts=weighted):
            return tuple(p for p, _ in weighted)
        case tree.Near(left=left, right=right):
            return (left, right)
        case tree.Not(part=inner) | tree.Sentence(part=inner) | tree.Within(part=inner):
            return (inner,)
    return ()


def walk(part: tree.Part) -> Iterable[tree.Part]:
    """Yield a part and all parts within it."""
    yield part
    for child in children(part):
        yield from walk(child)


def check_names(part: tree.Part, names: Names, query: str) -> None:
    """Raise QueryError if a part names an unknown entity."""
    for inner in walk(part):
        if isinstance(inner, tree.Entity):
            names.check(inner, query)


def resolve(part: tree.Part, names: Names, vocabulary: Vocabulary, query: str, nearest: Nearest) -> Node:
    """Return what runs for a tree, adding its words to the vocabulary. Raises QueryError."""
    text = tree.print_query(part)
    known = vocabulary.nodes.get(text)
    if isinstance(known, Node):
        return known
    inner = [resolve(p, names, vocabulary, query, nearest) for p in children(part)]
    node = vocabulary.nodes[text] = _joined(part, text, inner) or _single(
        part, text, names, vocabulary, query, nearest
    )
    return node


def _joined(part: tree.Part, text: str, inner: list[Node]) -> Node | None:
    """Return the node of a part that is made of others, None for another part."""
    match part:
        case tree.Every():
            return decide.Every(text, inner)
        case tree.Either():
            return decide.AnyOf(text, inner)
        case tree.Not():
            return decide.Not(text, inner)
        case tree.Near(words=words, ordered=ordered):
            return decide.Near(text, inner[0], inner[1], words, ordered)
        case tree.Sentence():
            return decide.Sentence(text, inner)
        case tree.AtLeast(count=count):
            return decide.AtLeast(text, count, inner)
        case tree.Score(parts=weighted, least=least):
            return decide.Score(text, inner, [w for _, w in weighted], least)
        case tree.Within(field=field):
            return decide_fields.Within(text, field, inner[0])
    return None


def _single(
    part: tree.Part, text: str, names: Names, vocabulary: Vocabulary, query: str, nearest: Nearest
) -> Node:
    match part:
        case tree.About(field=field, value=value):
            return decide_fields.About(text, field, value)
        case tree.Date(first=first, last=last):
            return decide_fields.Dated(text, first, last)
        case tree.Pattern():
            return decide_fields.Pattern(text, compile_pattern(part))
        case tree.Entity():
            members = names.check(part, query)
            for member in members:
                entity = names.entities.get(member)
                if entity is not None and entity.type == WORDING:  # only where a query uses it
                    vocabulary.add_entity(entity, typos=True)
            numbers = [(vocabulary.find("entity", m), vocabulary.find("claim", m)) for m in members]
            pairs = zip(numbers, map(names.reported, members), strict=True)
            return Term(text, [(n, m) for both, m in pairs for n in both if n is not None], nearest)
    return Term(text, [(_literal(part, vocabulary, text), "")], nearest)


def _literal(part: tree.Part, vocabulary: Vocabulary, label: str) -> int:
    match part:
        case tree.Word(text=text):
            return vocabulary.add_literal("word", text, label)
        case tree.Phrase(text=text):
            return vocabulary.add_literal("phrase", text, label)
        case tree.Exact(text=text):
            return vocabulary.add_literal("exact", text, label)
        case tree.Prefix(text=text):
            return vocabulary.add_literal("prefix", text, label)
    raise TypeError(f"not a part of a query: {part!r}")
