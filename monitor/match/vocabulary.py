"""All words of all entities and topics in one automaton, and what of it counts in which language.

The automaton holds beginnings: a space and the stem of a word. Whatever follows up to the end of the
word must be one of the endings the stem's language allows, and an ending counts only in text of its
language (Trump with the Hungarian -et would be the trumpet). The cost of a text grows with what is
found in it, not with the number of topics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import daachorse

from monitor import languages
from monitor.languages import BARE, Language, Stem
from monitor.match.document import Document, flatten
from monitor.model import Entity, LookAlike
from monitor.text import cased, key

WORDING = "wording"
"""The type of entities that are none: words for queries (to cancel, not), inflected like common words. They
compete with no name for their span, and are not reported as found in an entry."""
COMMON_TYPES = frozenset({"action", "concept", "role", "adjective", WORDING})
"""Entities that are common words: they are not looked for in another language's text (German `war`)."""
_CHANGING_TYPES = COMMON_TYPES | {"weapon", "thing", "vehicle"}
"""Entities whose names take plurals."""

_USUAL = {"Latin": "en", "Cyrillic": "ru", "Bengali": "bn", "Devanagari": "hi", "Arabic": "ar", "Han": "zh"}
"""The language whose endings count for a script that is not the text's own (Trump's in Bengali text)."""

_LINKS = frozenset(" \n-'\"“”«»„")
"""What may stand between the words of a name: ‘Trump’ card, শীর্ষ-সম্মেলন."""
_NO_LINK: frozenset[str] = frozenset()
"""What nearly all names have besides; an empty set of its own for each would be 0.6 MB."""

_MEMO = 5_000
"""Beginnings with their endings whose reading is remembered, per language: more save nothing (measured)."""

MOST_PLACES = 2_000
"""Places of one term that are remembered: a text with more of them is a book, and more tell nothing new."""

ANY_ENDING: frozenset[str] = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a beginning belongs to: the term, and under which conditions it counts.

    `rest` are the words that follow the first; `case`: "" any, "C" a capital, "l" none, "U" capitals
    only, else the form as it must be written. `link` are further characters allowed between words.
    """

    term: int
    language: str
    endings: frozenset[str] = BARE
    rest: tuple[tuple[Stem, ...], ...] = ()
    case: str = ""
    link: frozenset[str] = frozenset()
    claim: bool = False
    literal: bool = False
    name: bool = True
    free: bool = False
    rival: bool = True
    """Whether it competes with others for its span."""


@dataclass(frozen=True, slots=True)
class Form:
    """A surface form of an entity: where it comes from (`names`, `forms`, `typos` …) and its base."""

    text: str
    language: str
    source: str
    base: str


class Vocabulary:
    """Terms with their numbers, and the automaton that finds them. Fill it, `build`, then `scan`.

    One made on a `base` adds the words of a single query to all that the base knows.
    """

    def __init__(self, base: Vocabulary | None = None) -> None:
        self._base = base
        self.labels: list[tuple[str, str]] = list(base.labels) if base else []
        """For each term: how it is written in a query, and the entity it is."""
        self.entity_terms: dict[int, str] = base.entity_terms if base else {}
        self.claim_terms: dict[int, str] = base.claim_terms if base else {}
        self.nodes: dict[str, object] = {}
        """What runs for each part of a query that was seen, by its text: equal parts are asked once."""
        self._numbers: dict[tuple[str, str], int] = {}
        self._targets: dict[str, list[Target]] = {}
        self._lists: list[tuple[Target, ...]] = []
        self._patterns: list[str] = []
        self._automaton: daachorse.CharwiseDoubleArrayAhoCorasick | None = None
        self._memo: dict[str, dict[tuple[int, str], tuple[tuple[Target, str], ...]]] = {}

    # filling ──────────────────────────────────────────────────────────────────────────────────

    def number(self, kind: str, name: str, label: str, entity: str = "") -> tuple[int, bool]:
        """Return the number of a term and whether it is new."""
        known = self.find(kind, name)
        if known is not None:
            return known, False
        self._numbers[kind, name] = len(self.labels)
        self.labels.append((label, entity))
        return len(self.labels) - 1, True

    def find(self, kind: str, name: str) -> int | None:
        """Return the number of a term, None if there is none."""
        known = self._numbers.get((kind, name))
        return self._base.find(kind, name) if known is None and self._base else known

    def add_entity(self, entity: Entity, *, typos: bool) -> None:
        """Add an entity with all its names."""
        wording = entity.type == WORDING
        term, new = self.number("entity", entity.id, f"@{entity.id}", "" if wording else entity.id)
        if not new:
            return
        if not wording:
            self.entity_terms[term] = entity.id
        proper = entity.type not in _CHANGING_TYPES
        name = entity.type not in COMMON_TYPES
        for source, text, code in _written(entity, typos=typos):
            member = languages.language(code)
            fixed = member is None or source == "forms" or text in entity.forms.get(code, ())
            case = _case(text, member, person=entity.type == "person")
            self._add(
                text,
                term,
                member if not fixed else None,
                code,
                proper=proper,
                case=case,
                name=name,
                rival=not wording,
            )

    def add_look_alike(self, look_alike: LookAlike) -> None:
        """Add a look-alike: its claims take the endings of their language, too.

        Where every word changes (Russian, Ukrainian) only those without a capital do: Зеленская must
        not claim Зеленского.
        """
        term, _ = self.number("claim", look_alike.id, f"@{look_alike.id}", look_alike.id)
        self.claim_terms[term] = look_alike.id
        for code, claims in look_alike.claims.items():
            member = languages.language(code)
            for text in claims:
                lower = bool(member and member.cased_names and text[:1].islower() and " " not in text)
                self._add(text, term, member, code, proper=False, case="l" if lower else "", claim=True)

    def add_literal(self, kind: str, text: str, label: str) -> int:
        """Add a word, phrase, exact form or prefix of a query; return its term."""
        term, new = self.number(kind, cased(text) if kind == "exact" else key(text), label)
        if not new:
            return term
        if kind == "exact":
            self._add(text, term, None, "", case=cased(text), literal=True)
            return term
        if kind == "prefix":
            for clitic in _proclitics(text):
                self._put(
                    " " + clitic + flatten(key(text)).strip(), Target(term, "", ANY_ENDING, literal=True)
                )
            return term
        members = _members(text)
        for member in members:
            self._add(text, term, member, member.code, proper=False, literal=True, phrase=True)
        if not members:
            self._add(text, term, None, "", literal=True)
        return term

    def _add(
        self,
        text: str,
        term: int,
        member: Language | None,
        code: str,
        *,
        proper: bool = True,
        case: str = "",
        claim: bool = False,
        literal: bool = False,
        name: bool = True,
        phrase: bool = False,
        rival: bool = True,
    ) -> None:
        """Add one written form: `member` gives its words' endings, None takes them as they stand."""
        keyed = key(text)
        parts = flatten(keyed).split()
        if not parts:
            return
        settings = {"case": case, "claim": claim, "literal": literal, "name": name, "rival": rival}
        if code == "zh" and languages.script(text) == "Han":
            self._put(flatten(keyed).strip(), Target(term, code, free=True, **settings))  # type: ignore[arg-type]
            return
        link = (frozenset(keyed) - frozenset("".join(parts)) - _LINKS) or _NO_LINK
        changing = [_stems(part, member, proper=proper and not phrase) for part in parts]
        if claim and member is not None:
            capitals = [w[:1].isupper() for w in flatten(cased(text)).split()]
            for i, capital in enumerate(capitals[: len(parts)]):
                if capital:
                    changing[i] = (
                        (Stem(parts[i]),) if member.agreeing else _stems(parts[i], member, proper=True)
                    )
        inner = member is not None and (phrase or member.agreeing)
        rest = tuple(
            s if i == len(parts) - 1 or inner else (Stem(p),)
            for i, (p, s) in enumerate(zip(parts, changing, strict=True))
        )[1:]
        first = changing[0] if not rest or inner else (Stem(parts[0]),)
        for clitic in _proclitics(text):
            for stem in first:
                target = Target(term, code, stem.endings, rest, link=link, **settings)  # type: ignore[arg-type]
                self._put(f" {clitic}{stem.text}", target)

    def _put(self, beginning: str, target: Target) -> None:
        self._targets.setdefault(beginning, []).append(target)
        self._automaton = None

    # reading ──────────────────────────────────────────────────────────────────────────────────

    def build(self) -> None:
        """Build the automaton of everything that was added; nothing can be added afterwards."""
        self._memo.clear()
        self._patterns = list(self._targets)
        self._lists = list(map(tuple, self._targets.values()))
        self._targets.clear()
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(self._patterns) if self._patterns else None

    def scan(self, document: Document) -> None:
        """Find all terms in a document and write them into its `hits` and `claims`.

        Entities and look-alikes compete: the longest claims its span, a look-alike before an entity
        of the same length. Words and phrases of queries are found wherever they stand.
        """
        if self._base is not None:
            self._base.scan(document)
        self.extend(document)

    def extend(self, document: Document) -> None:
        """Find the terms of this vocabulary alone, in a document that its base was scanned for."""
        if self._automaton is None:
            return
        flat = document.flat
        memo = self._memo.setdefault(document.language, {})
        hits = document.hits
        rivals: list[tuple[int, int, int]] = []
        counts: dict[int, int] = {}
        for start, end, pattern in self._automaton.find_overlapping(flat):
            stop = flat.find(" ", end)
            tail = flat[end:stop] if stop != end else ""
            found = memo.get((pattern, tail))
            if found is None:
                if len(memo) > _MEMO:
                    memo.clear()
                found = memo[pattern, tail] = self._accepted(pattern, tail, document.language)
            for target, case in found:
                if counts.get(target.term, 0) >= MOST_PLACES:
                    continue
                begin = start if target.free else start + 1
                finish = end if target.free else stop
                if target.rest:
                    finish = _follow(document, target, stop)
                    if finish < 0:
                        continue
                if case and not _has_case(document.surface(begin, finish), case):
                    continue
                counts[target.term] = counts.get(target.term, 0) + 1
                if target.literal or not target.rival:
                    hits.setdefault(target.term, []).append((begin, finish))
                else:
                    rivals.append((begin, finish, target.term))
        for places in hits.values():
            if len(places) > 1:
                places[:] = sorted(set(places))
        if rivals:
            self._settle(document, rivals)

    def _accepted(self, pattern: int, tail: str, text_language: str) -> tuple[tuple[Target, str], ...]:
        """Return the targets of a beginning that an ending fits in this language, each with its case."""
        found: list[tuple[Target, str]] = []
        own_script = _script_of(text_language)
        foreign_base = (
            "\u0980" <= tail[:1] <= "\u09ff" and not "\u0980" <= self._patterns[pattern][-1] <= "\u09ff"
        )
        for target in self._lists[pattern]:
            if target.free or target.endings is ANY_ENDING:
                found.append((target, target.case))
                continue
            if target.rest and tail not in target.endings:
                continue
            if target.language in ("", text_language) or text_language == "und":
                own, foreign = True, False
            else:
                script = _script_of(target.language)
                own = script != own_script and _USUAL.get(script) == target.language
                foreign = not own
            if foreign and (target.claim or not (target.literal or target.name)):
                continue
            fits = tail in target.endings if own else (tail == "" and "" in target.endings)
            if not fits and foreign_base and "" in target.endings:
                fits = tail in _bengali_tails()
            if fits:
                needs = (
                    "C"
                    if foreign and not target.literal and not target.case and _has_cases(target)
                    else target.case
                )
                found.append((target, needs))
        return _distinct(found)

    def _settle(self, document: Document, rivals: list[tuple[int, int, int]]) -> None:
        """Give each overlapping group of entities and look-alikes to the longest."""
        rivals.sort(key=lambda r: (r[0], -r[1]))
        index = 0
        kept: list[tuple[int, int, int]] = []
        while index < len(rivals):
            end = rivals[index][1]
            after = index + 1
            while after < len(rivals) and rivals[after][0] < end:
                end = max(end, rivals[after][1])
                after += 1
            group = rivals[index:after]
            winners = group if len(group) == 1 else self._winners(group)
            kept.extend(winners)
            for start, end, term in winners:
                if term in self.claim_terms and len(group) > 1:
                    document.claimed[start, end] = {t for s, e, t in group if s < end and start < e}
            index = after
        for start, end, term in kept:
            if term in self.claim_terms:
                document.claims.append((start, end, self.labels[term][0], self.labels[term][1]))
            document.hits.setdefault(term, []).append((start, end))

    def _winners(self, group: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        claims = self.claim_terms
        won: list[tuple[int, int, int]] = []
        for start, end, term in sorted(set(group), key=lambda r: (r[0] - r[1], r[2] not in claims, r[0])):
            for s, e, t in won:
                if start < e and s < end and not (s == start and e == end and t not in claims):
                    break
            else:
                won.append((start, end, term))
        return sorted(won)


def _distinct(found: list[tuple[Target, str]]) -> tuple[tuple[Target, str], ...]:
    """Leave one of the targets that say the same: a name is often written alike in many languages."""
    kept: dict[object, tuple[Target, str]] = {}
    for target, case in found:
        same = (target.term, target.rest, target.free)
        known = kept.get(same)
        if known is None or (known[1] and not case):
            kept[same] = (target, case)
    return tuple(kept.values())


def _written(entity: Entity, *, typos: bool) -> Iterable[tuple[str, str, str]]:
    """Yield source, text and language of every name of an entity."""
    sources: list[tuple[str, Mapping[str, tuple[str, ...]]]] = [
        ("names", entity.names),
        ("forms", entity.forms),
        ("unseen", entity.unseen),
    ]
    if typos:
        sources.append(("typos", entity.typos))
    for source, by_language in sources:
        for code, texts in by_language.items():
            for text in texts:
                yield source, text, code


def forms(entity: Entity, *, typos: bool = True) -> list[Form]:
    """Return every surface form of an entity with its language and where it comes from."""
    found: dict[tuple[str, str], Form] = {}
    proper = entity.type not in _CHANGING_TYPES
    for source, text, code in _written(entity, typos=typos):
        member = languages.language(code)
        found.setdefault((code, text), Form(text, code, source, text))
        if member is None or source == "forms" or text in entity.forms.get(code, ()):
            continue
        *before, last = flatten(key(text)).split() or [""]
        for form in sorted(member.forms(last, proper=proper)) if last else ():
            whole = " ".join((*before, form))
            if whole != key(text):
                found.setdefault((code, whole), Form(whole, code, f"{source}, inflected", text))
    return list(found.values())


def _stems(word: str, member: Language | None, *, proper: bool) -> tuple[Stem, ...]:
    return member.stems(word, proper=proper) if member is not None else (Stem(word),)


def _case(text: str, member: Language | None, *, person: bool) -> str:
    """Return how a name must be cased: short acronyms in capitals, Russian surnames with theirs."""
    letters = "".join(c for c in text if c.isalpha())
    if len(letters) <= 4 and letters.isupper() and letters.lower() != letters:
        return "U"
    return "C" if person and member is not None and member.cased_names else ""


def _has_case(surface: str, case: str) -> bool:
    if case == "C":
        return surface[:1].isupper()
    if case == "l":
        return surface[:1].islower()
    if case == "U":
        return "".join(c for c in surface if c.isalpha())[:4].isupper()
    return cased(surface) == case


def _has_cases(target: Target) -> bool:
    return _script_of(target.language) in ("Latin", "Cyrillic")


def _script_of(code: str) -> str:
    member = languages.language(code)
    return member.scripts[0] if member else "Latin"


def _members(text: str) -> tuple[Language, ...]:
    """Return the languages whose words a literal may be, by its script."""
    script = languages.script(text)
    if not script:
        return tuple(m for m in languages.members() if m.code == "bn")  # numbers: ১৭ই is the 17th
    return tuple(m for m in languages.members() if m.scripts[0] == script)


def _proclitics(text: str) -> tuple[str, ...]:
    if not ("\u0600" <= text[:1] <= "\u06ff"):
        return ("",)
    member = languages.language("ar")
    return tuple(key(c) for c in member.proclitics) if member else ("",)


def _bengali_tails() -> frozenset[str]:
    """Return the endings that Bengali writes on a foreign word (Trumpকে)."""
    member = languages.language("bn")
    return member.stems("x", proper=True)[0].endings if member else BARE


def _follow(document: Document, target: Target, stop: int) -> int:
    """Return where a name of several words ends whose first ends at `stop`; -1 if it does not."""
    flat, keyed = document.flat, document.key
    for stems in target.rest:
        begin = stop
        while flat[begin : begin + 1] == " ":
            begin += 1
            if begin - stop > 8:
                return -1
        for char in keyed[stop:begin]:
            if char not in _LINKS and char not in target.link:
                return -1
        end = flat.find(" ", begin)
        if end <= begin:
            return -1
        word = flat[begin:end]
        for stem in stems:
            if word.startswith(stem.text) and word[len(stem.text) :] in stem.endings:
                break
        else:
            return -1
        stop = end
    return stop
