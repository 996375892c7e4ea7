"""How values, stretches of time and a story's spread are said to one reader, in their words and digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import regex

from monitor.life import GROWTH
from monitor.model import Contradiction, DigestStory, Fact, FactKind, SignalKind, SignalNote, Trouble
from monitor.render.layout import Page
from monitor.render.reader import Reader
from monitor.render.tidy import web_link
from monitor.render.words import Words


@dataclass(frozen=True, slots=True)
class Unusual:
    """A signal in words: what it is, what in short, and lines with the numbers."""

    kind: str
    title: str
    lines: tuple[str, ...]


_DURATION = regex.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_MOST = 4
"""So many languages are named in a line; the rest is counted."""
_MISSING = 3
_AT_ONCE = timedelta(minutes=10)
"""Polls are minutes apart: who came so soon after was not later."""


class Values:
    """Says values as one reader understands them."""

    def __init__(self, words: Words, reader: Reader) -> None:
        self.words, self.reader = words, reader

    def lag(self, length: timedelta) -> str:
        """Return a stretch of time in its two largest units: 3 h 10 m, ২ দিন ৪ ঘণ্টা."""
        minutes = max(round(length.total_seconds() / 60), 0)
        days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
        units = [("days", days), ("hours", hours), ("minutes", rest)]
        first = next((place for place, (_, n) in enumerate(units) if n), 2)
        said = [(name, n) for name, n in units[first : first + 2] if n or minutes == 0]
        return " ".join(str(self.words(name, n=n)) for name, n in said)

    def value(self, fact: Fact, labels: Mapping[str, str]) -> str:
        """Return what a fact says, whatever language it was said in."""
        said = self._plainly(fact, labels)
        vague = fact.kind is not FactKind.DATE and fact.low != fact.high
        return str(self.words("about", value=said)) if vague else said

    def _plainly(self, fact: Fact, labels: Mapping[str, str]) -> str:
        match fact.kind:
            case FactKind.DURATION:
                found = _DURATION.fullmatch(fact.value)
                if found and any(found.groups()):
                    days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
                    return self.lag(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))
            case FactKind.DATE:
                return self._date(fact.value)
            case FactKind.PLACE:
                return labels.get(fact.value, fact.value.replace("_", " "))
            case FactKind.SHARE:
                return str(self.words("percent", value=self._number(fact.value)))
            case FactKind.NUMBER:
                return self._number(fact.value)
            case FactKind.MONEY:
                currency, _, amount = fact.value.rpartition(" ")
                return f"{currency} {self._number(amount)}".strip()
        return self.reader.digits(fact.value)

    def _number(self, text: str) -> str:
        try:
            return self.reader.number(float(text) if "." in text else int(text))
        except ValueError:
            return self.reader.digits(text)

    def _date(self, text: str) -> str:
        try:
            days = [date.fromisoformat(one) for one in text.split("/")]
        except ValueError:
            return self.reader.digits(text)
        return " – ".join(dict.fromkeys(self.reader.day(one) for one in days))

    def question(self, of: Fact | Contradiction, labels: Mapping[str, str]) -> str:
        """Return what a value answers: how long the telephone call was."""
        asked = self.words(f"ask_{of.kind}")
        name = labels.get(of.about) or of.about.partition(":")[2] or of.about
        return (
            str(self.words("asked_of", question=asked, about=name.replace("_", " "))) if name else str(asked)
        )

    def growth(self, story: DigestStory) -> str:
        """Return by how much a story that is known grew lately; "" for a new one: all of it is growth."""
        if story.life is None or story.state == "new" or story.life.growth < 2:
            return ""
        return str(self.words("growth", n=story.life.growth, hours=GROWTH // timedelta(hours=1)))

    def coverage(self, story: DigestStory, now: datetime) -> str:
        """Return who had a story first, how much later the others, and who has nothing.

        "" where that says nothing.
        """
        life = story.life
        first: dict[str, datetime] = {}
        for one in life.coverage if life else ():
            first.setdefault(one.language, one.first)
        if not first or life is None or (len(first) < 2 and (life.independent < 2 or not story.silent)):
            return ""
        (leading, began), *others = first.items()
        when = self.reader.when(began, beside=now)
        key = "coverage_first" if others else "coverage_only"
        parts = [self.words(key, press=self._press(leading), when=when)]
        for language, moment in others[: _MOST - 1]:
            late = moment - began
            soon = late < _AT_ONCE
            parts.append(
                self.words("coverage_soon", press=self._press(language))
                if soon
                else self.words("coverage_later", press=self._press(language), lag=self.lag(late))
            )
        if len(others) >= _MOST:
            parts.append(self.words("coverage_more", n=len(others) - _MOST + 1))
        missing = [self.reader.tongue(language) for language in story.silent]
        if others and missing:
            parts.append(self.words("coverage_missing", list=self.reader.listed(missing[:_MISSING])))
        return str(self.words("semicolon")).join(str(part) for part in parts)

    def signal(self, note: SignalNote) -> Unusual:
        """Return something unusual in words, with its numbers."""
        signal, said = note.signal, self.words
        topic = note.title if signal.topic else str(said("route_title", route=note.title))
        numbers = {name: _whole(value) for name, value in signal.numbers.items()}
        outlets = str(said("outlets", n=numbers.get("sources", 0)))
        stretch = self.lag(timedelta(hours=signal.numbers.get("hours", 0.0)))
        key = f"{signal.kind.replace('-', '_')}{'_over' if signal.over else ''}"
        values: dict[str, object] = {
            **numbers,
            "n": numbers.get("total", numbers.get("count", 0)),
            "topic": topic,
            "outlets": outlets,
            "lag": stretch,
            "name": note.label,
            "list": self.reader.listed(list(note.beside)),
            "when": self.reader.when(signal.until or signal.since, beside=signal.at),
        }
        lines = [str(said(f"signal_{key}_text", **values))]
        if signal.kind is SignalKind.NO_DATA and not signal.over and note.feeds_total:
            lines.append(str(said("feeds_ok", ok=note.feeds_ok, n=note.feeds_total)))
        return Unusual(
            kind=str(said(f"signal_{key}")),
            title=str(said(f"signal_{key}_title", **values)),
            lines=tuple(lines),
        )

    def fault(self, trouble: Trouble) -> str:
        """Return what is wrong with a feed, why, and since when."""
        said = self.words
        parts = [said.get(f"status_{trouble.status}", trouble.status)]
        if trouble.reason:
            parts.append(said.get(f"reason_{trouble.reason}", trouble.reason))
        if trouble.since:
            parts.append(said("since", when=self.reader.when(trouble.since)))
        return ", ".join(parts)

    def left_out(self, page: Page) -> str:
        """Return how many stories a message had no room for, and where they are; "" for none."""
        if not page.omitted:
            return ""
        if not page.copy:
            return self.words("more_follow" if page.follow else "more", n=page.omitted)
        if web_link(page.copy):
            return self.words("more_linked", n=page.omitted)
        return self.words("more_copied", n=page.omitted, place=page.copy)

    def _press(self, language: str) -> str:
        return str(self.words("press", language=self.reader.tongue(language)))


def _whole(value: float) -> float | int:
    """Return a count as the whole number that it is, an estimate rounded as it is said."""
    return round(value) if value >= 10 or value == round(value) else round(value, 1)
