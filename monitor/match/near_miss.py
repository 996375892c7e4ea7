"""New spellings seen beside the event's names, for a person to add: never used to match.

At one letter's distance stand the misprints ট্রাস্প and জেলেনেস্কি, but also রুবি for রুবিও: a list to
read, not a rule to apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from monitor import languages
from monitor.match.document import Document
from monitor.match.resolve import Names
from monitor.match.vocabulary import COMMON_TYPES, Vocabulary
from monitor.model import Entry
from monitor.text import key

SHORTEST = 5
"""Characters of a name that is compared: shorter ones have too many neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A spelling one letter away from a name: how often it stood beside a known entity, and where."""

    spelling: str
    entity: str
    name: str
    language: str
    count: int
    examples: tuple[str, ...] = ()
    """Up to three titles, or the beginnings of texts."""


def near_misses(
    entries: Iterable[Entry], names: Names, vocabulary: Vocabulary, *, least: int = 2
) -> list[NearMiss]:
    """Return spellings like a name, seen in at least `least` entries that name something we know.

    A word that also stands where nothing we know is near is a word of its own (রুবি) and left out.
    """
    bases = _bases(names)
    near: dict[str, Found] = {}
    asked: dict[str, Found | None] = {}
    counts: Counter[str] = Counter()
    elsewhere: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for entry in entries:
        document = Document(entry)
        vocabulary.scan(document)
        taken = {p for places in document.hits.values() for p in places}
        known = any(term in vocabulary.entity_terms for term in document.hits)
        covered = {word for start, end in taken for word in document.flat[start:end].split()}
        for word in set(document.flat.split()) - covered:
            if len(word) < SHORTEST - 1:
                continue
            if word not in asked:
                asked[word] = _nearest(word, document.language, bases)
            found = asked[word]
            if found is None:
                continue
            near[word] = found
            if not known:
                elsewhere[found[3]] += 1
                continue
            counts[found[3]] += 1
            shown = examples.setdefault(found[3], [])
            if len(shown) < 3:
                shown.append(entry.title or entry.summary[:80])
    by_spelling = {found[3]: found for found in near.values()}
    return [
        NearMiss(
            spelling=spelling,
            entity=by_spelling[spelling][0],
            name=by_spelling[spelling][1],
            language=by_spelling[spelling][2],
            count=count,
            examples=tuple(examples[spelling]),
        )
        for spelling, count in counts.most_common()
        if count >= least and not elsewhere[spelling]
    ]


Found = tuple[str, str, str, str]
"""Entity, its name, language, and the spelling without its ending."""


def _bases(names: Names) -> dict[str, list[tuple[str, str, str]]]:
    """Return the one-word names of people and places by everything one deletion away."""
    bases: dict[str, list[tuple[str, str, str]]] = {}
    for entity in names.entities.values():
        if entity.type in COMMON_TYPES:
            continue
        for code, texts in entity.names.items():
            for text in texts:
                base = key(text)
                if len(base) < SHORTEST or " " in base:
                    continue
                for reduced in {base, *(base[:i] + base[i + 1 :] for i in range(len(base)))}:
                    bases.setdefault(reduced, []).append((entity.id, base, code))
    return bases


def _nearest(word: str, code: str, bases: dict[str, list[tuple[str, str, str]]]) -> Found | None:
    """Return the name that a word, less an ending of its language, is one letter away from."""
    member = languages.language(code)
    for cut in range(len(word), max(SHORTEST - 2, len(word) - 6), -1):
        stem = word[:cut]
        for reduced in (stem, *(stem[:i] + stem[i + 1 :] for i in range(len(stem)))):
            for entity, base, base_code in bases.get(reduced, ()):
                if base_code != code or not _one_apart(stem, base):
                    continue
                endings = {e for s in member.stems(base, proper=True) for e in s.endings} if member else {""}
                if word[cut:] in endings:
                    return (entity, base, code, stem)
    return None


def _one_apart(a: str, b: str) -> bool:
    """Tell whether one letter was changed, added, left out or swapped with the next."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    if len(a) == len(b):
        swapped = a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]
        return a[start + 1 :] == b[start + 1 :] or swapped
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return short[start:] == long[start + 1 :]
