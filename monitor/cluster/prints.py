"""Prints: what is kept of an entry to compare it with others. A kilobyte, no text but its title."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from sys import intern
from zlib import crc32

from monitor import languages, text
from monitor.cluster.agencies import agency_of
from monitor.cluster.copies import Sketch, sketch_of
from monitor.cluster.titles import bare_title
from monitor.cluster.vetoes import dividing
from monitor.model import Entity, Entry, Fact, FactKind

NAMES = 12
"""Entities that are compared, in order of first mention: those of a long text's end are not its news."""
FIRST_NAMES = 6
"""The first of them, which stand in the title or the first sentence, count in full."""
IMPLIED = 0.5
"""What a name counts that only follows from another: who writes Budapest means Hungary too, and Peskov
speaks for the Kremlin, whatever the next desk calls it."""
VALUES = 3
"""Dates, numbers and measures that are compared like entities."""
_HEAD = 25
"""Words of the summary that stand for a title where there is none."""
_TELLING = 3
"""Fewer words than these alone, as in "Live updates", tell nothing."""
_LEAD = 40
"""Words of the lead that are compared besides those of the title."""
_CHARACTERS = 1_500
"""Of a text that is read here: more than its lead has."""
_ROOT = 6
"""Letters of a word that are compared. Endings differ, roots rarely do; 5 to 20 letters gave the same."""

_ASKED = 0.3
"""Share of a topic's entries from which what it asks for is remembered: less is soon counted."""

_ACTORS = frozenset({"person", "institution", "place"})
"""Types of entities that do something in a headline."""
_PLAIN = frozenset({"role", "adjective"})
"""Types that say little: every second lead has a president and an American."""
PLAIN_WEIGHT = 0.4

_STALE = timedelta(days=30)
_AHEAD = timedelta(hours=1)

Bounds = tuple[datetime, datetime]
"""The earliest and the latest that an entry may have been published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an entry besides its fields: the topics that it matches, what facts it gives, and
    when it was published at the earliest and the latest where its fields do not say it."""

    topics: Iterable[str] = ()
    facts: Iterable[Fact] = ()
    bounds: Bounds | None = None


@dataclass(slots=True, eq=False)
class Print:
    """One entry. `start` and `end` are hours since 1970; numbers stand for names and words.

    `coming`, `past` and `comment` say what kind of headline it is. `names_weigh`, `words_weigh` and
    `actor` are what its parts weighed, and who of it was rare enough to lead, when it was filed.
    """

    id: str
    seen: datetime
    start: float
    end: float
    language: str
    source: str
    topics: tuple[str, ...]
    names: tuple[int, ...]
    named: int
    """How many of them stand in the text. The rest follow from these: where they lie, whom they speak for."""
    actors: tuple[int, ...]
    head: array[int]
    """The words of the title."""
    lead: array[int]
    """Those of the lead that the title has not."""
    title: str
    sketch: Sketch | None
    agency: str
    coming: bool
    past: bool
    comment: bool
    facts: tuple[Fact, ...] = ()
    names_weigh: float = 0.0
    words_weigh: float = 0.0
    actor: int = -1


class Reader:
    """Makes prints. Knows of the entities who acts, which say little, and which count as another."""

    def __init__(self, entities: Iterable[Entity] = ()) -> None:
        self._numbers: dict[str, int] = {}
        self._actors: set[int] = set()
        self.weights: dict[int, float] = {}
        """Number of a name → its share of a full weight, where that is less."""
        known = {entity.id: entity for entity in entities}
        for entity in known.values():
            number = self.name(entity.same_as if entity.same_as in known else entity.id)
            self._numbers[entity.id] = number
            if entity.type in _ACTORS:
                self._actors.add(number)
            if entity.type in _PLAIN:
                self.weights[number] = PLAIN_WEIGHT
        self._wholes = {
            self.name(entity.id): tuple(map(self.name, entity.within))
            for entity in known.values()
            if entity.within
        }
        self._known = known

    def read(self, entry: Entry, known: Known | None = None) -> Print:
        """Return an entry's print. `known` is what is known of it besides its fields."""
        known = known or Known()
        title = bare_title(entry)
        lead = (entry.summary or entry.content)[:_CHARACTERS]
        language = intern(languages.detect(f"{title} {lead[:200]}", entry.language))
        title_words, lead_words = text.words(text.key(title)), text.words(text.key(lead))
        head = title_words or lead_words[:_HEAD]
        body = (
            text.words(text.key(entry.content[:_CHARACTERS]))
            if entry.content and entry.summary
            else lead_words
        )
        member = languages.language(language)
        words = member.headlines if member else languages.Headlines()
        numbers = self._words(language, head, words.stops)
        if len(numbers) < _TELLING and not lead_words:
            numbers = {}
        rest = self._words(language, lead_words[:_LEAD], words.stops).keys() - numbers.keys()
        names = (*self._values(known.facts), *self._names(entry.entities))
        whole = self._implied(names)
        line = f" {' '.join(head)} "
        start, end = _times(entry, known.bounds)
        return Print(
            id=intern(entry.id),
            seen=entry.first_seen,
            start=start,
            end=end,
            language=language,
            source=intern(entry.source),
            topics=tuple(map(intern, known.topics)),
            names=(*names, *whole),
            named=len(names),
            actors=tuple(name for name in names if name in self._actors),
            head=array("I", list(numbers)),
            lead=array("I", sorted(rest)),
            title=" ".join(title_words),
            sketch=sketch_of(body),
            agency=intern(agency_of(entry)),
            coming=any(phrase in line for phrase in words.is_coming),
            past=any(phrase in line for phrase in words.is_past),
            comment=_asks(title or lead[:200])
            or bool(title_words and title_words[0] in words.askers)
            or any(phrase in line for phrase in words.is_comment),
            facts=dividing(known.facts),
        )

    def name(self, entity_id: str) -> int:
        """Return the number of an entity; one that is in no config counts as itself."""
        return self._numbers.setdefault(entity_id, len(self._numbers))

    def _names(self, entities: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(map(self.name, entities)))[:NAMES]

    def _implied(self, names: tuple[int, ...]) -> Iterable[int]:
        """Return the numbers of places that names lie in and of bodies that they speak for."""
        wholes = self._wholes
        found = dict.fromkeys(whole for name in names if name in wholes for whole in wholes[name])
        return [whole for whole in found if whole not in names]

    def _values(self, facts: Iterable[Fact]) -> Iterable[int]:
        """Return the numbers of what is dated, counted or measured: it is the same in every language."""
        told = (
            f"={fact.kind.value}:{fact.value}" for fact in facts if fact.kind in _MEASURED and _is_one(fact)
        )
        return [crc32(value.encode("utf-8", "replace")) for value in list(dict.fromkeys(told))[:VALUES]]

    def _words(self, language: str, words: Iterable[str], stops: frozenset[str]) -> dict[int, None]:
        """Return the numbers of words that say something, in their order."""
        told = (word for word in words if len(word) >= 2 and word not in stops)
        return {_number(language, word): None for word in told}

    def expected(self, asked: Mapping[str, float]) -> dict[int, float]:
        """Return the numbers of the entities ("@trump") and words that a topic asks for, with their shares.

        An entity's names are words of a headline too, and those that mean one thing (a summit, talks) are
        asked for together.
        """
        shares: defaultdict[int, float] = defaultdict(float)
        codes = [member.code for member in languages.members()]
        for name, share in asked.items():
            if not name.startswith("@"):
                numbers = {_number(code, name) for code in codes}
            else:
                entity = self._known.get(name[1:])
                numbers = {self.name(name[1:]), *(_written(entity) if entity else ())}
            for number in numbers:
                shares[number] += share
        return {number: min(share, 1.0) for number, share in shares.items() if share >= _ASKED}


def _written(entity: Entity) -> Iterable[int]:
    """Yield the numbers of the words of an entity's names."""
    for names in (entity.names, entity.forms, entity.typos):
        for code, texts in names.items():
            for word in text.words(text.key(" ".join(texts))):
                yield _number(code, word)


def _number(language: str, word: str) -> int:
    return crc32(f"{language}:{word[:_ROOT]}".encode("utf-8", "replace"))


_MEASURED = frozenset({FactKind.DATE, FactKind.NUMBER, FactKind.DURATION, FactKind.MONEY, FactKind.SHARE})


def _is_one(fact: Fact) -> bool:
    """Say whether a fact is one value, and not a range of days."""
    return fact.kind is not FactKind.DATE or fact.low == fact.high


_QUESTION = re.compile(r"[?？؟]")


def _asks(title: str) -> bool:
    return _QUESTION.search(title) is not None


def _hours(moment: datetime) -> float:
    return moment.timestamp() / 3600


def _times(entry: Entry, bounds: Bounds | None) -> tuple[float, float]:
    """Return when an entry was published, at the earliest and at the latest.

    What the publisher says, unless it lies ahead of us or far behind: then it was just seen. Midnight
    is a day without a time.
    """
    if bounds is not None:
        return _hours(bounds[0]), _hours(bounds[1])
    moment = entry.published
    if moment is None or not -_AHEAD <= entry.first_seen - moment <= _STALE:
        moment = entry.first_seen
    elif moment.time() == time():
        return _hours(moment), min(_hours(moment) + 24, max(_hours(entry.first_seen), _hours(moment)))
    return _hours(moment), _hours(moment)
