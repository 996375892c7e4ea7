"""An entry and the entities found in it → what it says: facts and statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from monitor import languages
from monitor.facts.dates import Day, days
from monitor.facts.lexicon import lexicon
from monitor.facts.passage import Named, Passage, Sentence, keys, passages
from monitor.facts.quantities import Measure, measures
from monitor.facts.speech import refers, statements
from monitor.model import Entity, Entry, Fact, FactKind, Said, Span, Statement
from monitor.text import key

_NEAR = 10
"""Words between a value and what it is of."""
_VENUE = 8
"""Words between a place and the meeting that is there."""
_MOST = 200
"""Facts of one entry: a table of results is no news."""
_NO_THING = frozenset(
    {"action", "person", "place", "institution", "body", "platform", "wording", "adjective", "role"}
)
"""Types that are not what a duration or amount is of."""
_SAYING = ("says", "confirms", "denies", "rejects", "excludes")


def read(entry: Entry, spans: Iterable[Span], entities: Mapping[str, Entity]) -> Said:
    """Return the facts and statements of an entry. Pure; the same entry always reads the same.

    `spans` are the entities that match found in it (Reading.entities), `entities` the config's, by id:
    their types say who can speak and where something can be, `within` which body a spokesperson speaks
    for and which place lies in which, `same_as` what is compared with what. Relative days ("on Friday",
    আগামী সপ্তাহে) are counted from `published`, else from `first_seen`, in UTC. Every span is exactly a
    piece of its field.
    """
    words = lexicon(languages.detect(_sample(entry), entry.language))
    if words is None:
        return Said()
    found = list(spans)
    facts: list[Fact] = []
    said: list[Statement] = []
    when = (entry.published or entry.first_seen).astimezone(UTC)
    headline: tuple[str, ...] = ()
    title: tuple[Span, ...] = ()
    for passage in passages(entry, words):
        passage.take(found, entities)
        reader = _Reader(passage, entities, when, headline)
        before = title
        for number, sentence in enumerate(passage.sentences):
            quoted = statements(passage, sentence, entities)
            said += quoted
            if quoted and refers(passage, sentence):
                said += [replace(one, span=span) for one in quoted for span in before]
            if len(facts) < _MOST:
                facts += reader.facts(sentence, {one.speaker for one in quoted})
            # The first sentence of the text says the headline at length: what is said of one is of both.
            before = (*(() if number else title), passage.sentence_span(sentence))
        if passage.field == "title":
            headline = _persons(passage.entities)
            title = tuple(map(passage.sentence_span, passage.sentences))
    return Said(facts=tuple(facts), statements=tuple(said))


def _sample(entry: Entry) -> str:
    """Return the text from which match tells the language, too."""
    return f"{entry.title} {entry.summary} {entry.content}" if len(entry.title) < 200 else entry.title


def _persons(named: Iterable[Named]) -> tuple[str, ...]:
    return tuple(sorted({n.id for n in named if n.type == "person"}))


class _Reader:
    """Reads the facts of one field, sentence by sentence."""

    def __init__(
        self, passage: Passage, known: Mapping[str, Entity], when: datetime, headline: tuple[str, ...]
    ) -> None:
        self._passage, self._known, self._when, self._headline = passage, known, when, headline
        self._before: list[Named] = []
        """The things of the sentence before."""

    def facts(self, sentence: Sentence, speakers: set[str]) -> list[Fact]:
        """Return the facts of a sentence; `speakers` are those that it quotes."""
        passage = self._passage
        named = passage.within(sentence)
        things = [n for n in named if n.type not in _NO_THING]
        measured = list(measures(passage, sentence))
        found: list[Fact] = []
        taken: set[int] = set()
        for day in days(passage, sentence, measured, self._when):
            taken.update(range(day.start, day.end))
            found.append(self._dated(day, things))
        for measure in measured:
            if taken.isdisjoint(range(measure.first, measure.last)):
                fact = self._measured(measure, sentence, things)
                if fact is not None:
                    found.append(fact)
        found += self._places(named, things)
        who = self._who(named, speakers)
        self._before = things
        return [replace(fact, who=who) for fact in found]

    def _dated(self, day: Day, things: list[Named]) -> Fact:
        """Return the fact of a day; of a meeting that was and of one that will be the days differ."""
        about = "" if self._is_told(day.start, day.end) else self._about(day.start, day.end, things)
        tense = ":past" if day.high < self._when.date() and about else ""
        low, high = day.low.isoformat(), day.high.isoformat()
        return Fact(
            kind=FactKind.DATE,
            about=f"{about}{tense}",
            value=low if low == high else f"{low}/{high}",
            low=float(day.low.toordinal()),
            high=float(day.high.toordinal()),
            span=self._passage.span(day.start, day.end),
        )

    def _is_told(self, start: int, end: int) -> bool:
        """Tell whether a day is that of a saying: "said on Thursday", বৃহস্পতিবার জানান."""
        beside = range(max(0, start - 3), end + 2)
        return any(tag in self._passage.phrases.get(i, {}) for i in beside for tag in _SAYING)

    def _who(self, named: list[Named], speakers: set[str]) -> tuple[str, ...]:
        """Return the persons whom the facts of a sentence concern, not those who only tell it."""
        persons = _persons(named)
        concerned = tuple(p for p in persons if p not in speakers)
        if not concerned:
            return self._headline
        return concerned if len(concerned) >= 2 else persons

    def _about(self, start: int, end: int, things: list[Named], reach: int = _NEAR) -> str:
        """Return what stands nearest to a value, in its canonical name."""
        best = min(
            (((start - n.end) if n.end <= start else (n.start - end), n.start, n) for n in things),
            default=None,
        )
        if best is None or best[0] > reach:
            return ""
        return self._canonical(best[2].id)

    def _canonical(self, name: str) -> str:
        entity = self._known.get(name)
        return entity.same_as if entity is not None and entity.same_as else name

    def _measured(self, measure: Measure, sentence: Sentence, things: list[Named]) -> Fact | None:
        passage = self._passage
        about, kind = "", FactKind(measure.kind)
        start, end = measure.start, measure.end
        if kind is FactKind.DURATION:
            if not self._is_distance(measure):
                about = self._about(start, end, things) or self._lasting(sentence, start, end)
            value = _iso_duration(measure.value)
        elif kind is FactKind.NUMBER:
            about = measure.name
            if not about:
                counted = self._counted(measure, things)
                if counted is None:
                    return None
                about, end = self._canonical(counted.id), counted.end
            value = _plain(measure.value)
        elif kind is FactKind.MONEY:
            thing = self._about(start, end, things, 6)
            about = measure.name.lower() + (f":{thing}" if thing else "")
            value = f"{measure.name} {_plain(measure.value)}"
        else:
            about = self._about(start, end, things, 6)
            value = _plain(measure.value)
        return Fact(
            kind=kind,
            about=about,
            value=value,
            low=measure.low,
            high=measure.high,
            span=passage.span(start, end),
        )

    def _is_distance(self, measure: Measure) -> bool:
        """Tell whether a duration is one between two events: two hours after the call, the past day."""
        passage = self._passage
        if passage.joined(measure.end) and passage.tag(measure.end, "distance") is not None:
            return True
        if passage.tag(measure.last - 1, "distance") is not None:  # két órával: by two hours
            return True
        before = passage.ending.get(measure.start, {}) if passage.joined(measure.start) else {}
        return any(tag in before for tag in ("distance", "ahead", "within"))

    def _lasting(self, sentence: Sentence, start: int, end: int) -> str:
        """Return what the sentence before was of, where this one says only how long it lasted."""
        low, high = max(sentence.start, start - _NEAR), min(sentence.end, end + _NEAR)
        if any(self._passage.tag(index, "lasts") is not None for index in range(low, high)) and self._before:
            return self._canonical(self._before[-1].id)
        return ""

    def _counted(self, measure: Measure, things: list[Named]) -> Named | None:
        """Return the thing that a number counts: the next word, or the one after it where it is in digits.

        Years, and "a meeting" (এক বৈঠকে), count nothing.
        """
        passage = self._passage
        year = measure.written and 1900 <= measure.value <= 2100 and measure.last - measure.first == 1
        if year or (not measure.written and measure.value == 1) or passage.gap(measure.last) == "":
            return None
        for thing in things:
            if thing.start == measure.last and passage.joined(thing.start):
                return thing
        return None

    def _places(self, named: list[Named], things: list[Named]) -> Iterator[Fact]:
        """Yield the places of a sentence; what is there stands in `about` where the text says so."""
        for place in named:
            if place.type != "place":
                continue
            about = (
                self._about(place.start, place.end, things, _VENUE) if self._is_venue(place, things) else ""
            )
            yield Fact(
                kind=FactKind.PLACE,
                about=about,
                value=place.id,
                span=place.span,
                within=self._within(place.id),
            )

    def _within(self, name: str) -> tuple[str, ...]:
        """Return the places that a place lies in, and those in which these lie."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            entity = self._known.get(waiting.pop())
            for outer in entity.within if entity is not None else ():
                if outer not in found:
                    found[outer] = None
                    waiting.append(outer)
        return tuple(found)

    def _is_venue(self, place: Named, things: list[Named]) -> bool:
        """Tell whether something is said to be at a place: in Budapest, Budapesten, the Budapest summit."""
        passage = self._passage
        if passage.joined(place.start) and "at" in passage.ending.get(place.start, {}):
            return True
        if passage.joined(place.end) and any(thing.start == place.end for thing in things):
            return True
        surface = key(place.span.surface)
        entity = self._known.get(place.id)
        code = passage.lexicon.language.code
        for base in keys(entity.names.get(code, ())) if entity is not None else ():
            for ending in passage.lexicon.places:
                if surface == base + ending or (
                    surface.endswith(ending) and surface[: -len(ending)] == _long(base)
                ):
                    return True
        return False


def _long(base: str) -> str:
    """Return a Hungarian name before its endings: Moszkva, Moszkvában."""
    return base[:-1] + {"a": "á", "e": "é"}.get(base[-1:], base[-1:])


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))


def _iso_duration(seconds: float) -> str:
    """Return a duration as ISO 8601 writes it: PT2H30M, P14D."""
    whole = round(seconds)
    if whole >= 86_400 and whole % 86_400 == 0:
        return f"P{whole // 86_400}D"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    return "PT" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0S")
