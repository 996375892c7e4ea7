"""How long, how many, which share, how much money: numbers with what they measure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monitor.facts.lexicon import Phrase
from monitor.facts.passage import Passage, Sentence

_BOUNDS = {
    "nearly": (0.9, 1.0),
    "about": (0.9, 1.1),
    "about-after": (0.9, 1.1),
    "over": (1.0, 1.5),
    "over-after": (1.0, 1.5),
    "least": (1.0, 2.0),
    "under": (0.5, 1.0),
    "under-after": (0.5, 1.0),
}
"""What an approximation makes of a value: "nearly two and a half hours" is 2.25 to 2.5, "more than two
hours" two to three: of three one would have said so."""

_BEFORE = ("nearly", "about", "over", "least", "under")
_AFTER = ("about-after", "over-after", "under-after")
_LARGEST = 1e15


class Number(NamedTuple):
    """A number: its value (of a range both ends), and the tokens up to `end` that say it."""

    low: float
    high: float
    end: int
    written: bool
    """Whether it stands in digits."""


class Measure(NamedTuple):
    """A number with its unit, from the approximation before it to the one after it.

    `kind` is duration, share, money or number; `name` the unit, the currency or what is counted; `first`
    and `last` the tokens of the number and unit alone; `value` without the approximation.
    """

    kind: str
    name: str
    value: float
    low: float
    high: float
    start: int
    end: int
    first: int
    last: int
    written: bool = True


def measures(passage: Passage, sentence: Sentence) -> Iterator[Measure]:
    """Yield the measures of a sentence, none overlapping another."""
    past = sentence.start
    for index in passage.valued(sentence.start, sentence.end):
        if index < past:
            continue
        found = _measure(passage, index, sentence.end)
        if found is None:
            past = _past_number(passage, index)
        else:
            yield found
            past = found.end


def _past_number(passage: Passage, index: int) -> int:
    """Return the token to go on from: a number that measures nothing is not read from its middle."""
    if passage.words[index].text.isdigit():
        while passage.words[index].text.isdigit() and passage.gap(index + 1) in (".", ",", ":", "/"):
            index += 1
            if index + 1 >= len(passage.words):
                break
    return index + 1


def _measure(passage: Passage, index: int, limit: int) -> Measure | None:
    """Return the measure whose number (or currency) begins at a token."""
    whole = passage.tag(index, "whole")
    number = number_at(passage, index, limit)
    if number is None or (whole is not None and whole.end >= number.end):
        if whole is not None:
            return _bounded(passage, "duration", "second", whole.value, whole.value, index, whole.end)
        return _money_first(passage, index, limit)
    end = number.end
    unit = passage.tag(end, "unit") if passage.joined(end) else None
    if unit is not None:
        return _duration(passage, index, number, unit, limit)
    share = passage.tag(end, "percent") if passage.joined(end) else None
    if share is not None:
        return _bounded(passage, "share", "percent", number.low, number.high, index, share.end)
    currency = passage.tag(end, "currency") if passage.joined(end) else None
    if currency is not None:
        return _bounded(passage, "money", currency.name, number.low, number.high, index, currency.end)
    return _count(passage, index, number)


def _money_first(passage: Passage, index: int, limit: int) -> Measure | None:
    """Return an amount whose sign stands before it: $100 million."""
    sign = passage.tag(index, "currency")
    if sign is None or sign.end >= limit or not passage.joined(sign.end):
        return None
    number = number_at(passage, sign.end, limit, money=True)
    if number is None:
        return None
    return _bounded(passage, "money", sign.name, number.low, number.high, index, number.end)


def _duration(passage: Passage, index: int, number: Number, unit: Phrase, limit: int) -> Measure:
    """Return a duration with its smaller parts: two hours and thirty minutes, an hour and a half."""
    low, high, end = number.low * unit.value, number.high * unit.value, unit.end
    smallest = unit.value
    while end < limit and passage.joined(end):
        added = passage.tag(end, "added")
        if added is not None and smallest == unit.value:
            low, high, end = low + added.value * unit.value, high + added.value * unit.value, added.end
            continue
        join = passage.tag(end, "join")
        begin = join.end if join is not None else end
        more = number_at(passage, begin, limit) if begin < limit and passage.joined(begin) else None
        part = passage.tag(more.end, "unit") if more is not None and passage.joined(more.end) else None
        if more is None or part is None or part.value >= smallest:
            break
        low, high, end = low + more.low * part.value, high + more.high * part.value, part.end
        smallest = part.value
    return _bounded(passage, "duration", unit.name, low, high, index, end, written=number.written)


def _count(passage: Passage, index: int, number: Number) -> Measure | None:
    """Return how many of what is counted (killed, injured); entities are counted by who knows them."""
    end = number.end
    while passage.joined(end) and (counter := passage.tag(end, "counter")) is not None:
        end = counter.end
    for ahead in range(3):
        if ahead and not passage.joined(end + ahead):
            break
        counted = passage.tag(end + ahead, "counted") if passage.joined(end + ahead) else None
        if counted is not None:
            return _bounded(
                passage,
                "number",
                counted.name,
                number.low,
                number.high,
                index,
                counted.end,
                written=number.written,
            )
        if number_at(passage, end + ahead, len(passage.words)) is not None:
            break
    before = _approximation(passage, index)
    begin = before.start if before is not None else index
    counted = passage.ending.get(begin, {}).get("counted")
    if counted is not None and passage.joined(begin) and counted.name:
        made = _bounded(
            passage, "number", counted.name, number.low, number.high, index, end, written=number.written
        )
        return made._replace(start=counted.start)
    if end == number.end and not number.written and number.high == 1:
        return None
    return _bounded(passage, "number", "", number.low, number.high, index, end, written=number.written)


def _approximation(passage: Passage, index: int) -> Phrase | None:
    """Return the longest approximation that ends right before a token."""
    at = passage.ending.get(index)
    if at is None or not passage.joined(index):
        return None
    found = [at[tag] for tag in _BEFORE if tag in at]
    return min(found, key=lambda phrase: phrase.start, default=None)


def _bounded(
    passage: Passage,
    kind: str,
    name: str,
    low: float,
    high: float,
    index: int,
    end: int,
    *,
    written: bool = True,
) -> Measure:
    """Return a measure with the approximations around it."""
    before = _approximation(passage, index)
    start, last = index, end
    tags = []
    if before is not None:
        start = before.start
        tags.append(before.tag)
    if passage.joined(end):
        for tag in _AFTER:
            after = passage.tag(end, tag)
            if after is not None:
                tags.append(tag)
                end = after.end
                break
    value = (low + high) / 2
    for tag in tags:
        less, more = _BOUNDS[tag]
        low, high = low * less, high * more
    return Measure(kind, name, value, low, high, start, end, index, last, written)


# numbers ──────────────────────────────────────────────────────────────────────────────────────


def number_at(passage: Passage, index: int, limit: int, *, money: bool = False) -> Number | None:
    """Return the number or range that begins at a token, None if there is none."""
    first = _single(passage, index, limit, money=money)
    if first is None:
        return None
    value, end, written = first
    begin = end
    if passage.joined(end):
        to = passage.tag(end, "to")
        begin = to.end if to is not None else end
        hyphen = to is None and passage.gap(end).strip(" ") == "-"
        if (to is not None or hyphen) and begin < limit and passage.joined(begin):
            second = _single(passage, begin, limit, money=money)
            if second is not None and second[0] > value and second[2] == written:
                low = _scaled(value, second[0], passage, begin, second[1])
                return Number(low, second[0], second[1], written)
    return Number(value, value, end, written)


def _scaled(low: float, high: float, passage: Passage, begin: int, end: int) -> float:
    """Return the lower end of a range with the scale that stands once, after the higher: 2–3 million."""
    for index in range(begin, end):
        scale = passage.tag(index, "scale")
        if scale is not None and low < scale.value <= high:
            low *= scale.value
    return low


def _single(
    passage: Passage, index: int, limit: int, *, money: bool = False
) -> tuple[float, int, bool] | None:
    """Return value and end of one number and whether it is written in digits."""
    if index >= limit:
        return None
    word = passage.words[index].text
    if word.isdigit():
        read = _digits(passage, index, limit)
        if read is None:
            return None
        value, end = read
        written = True
    else:
        spelled = _spelled(passage, index, limit)
        if spelled is None:
            return None
        value, end = spelled
        written = False
    while end < limit and passage.joined(end) and value <= _LARGEST:
        added = passage.tag(end, "added")
        if added is not None and value == int(value):
            value, end = value + added.value, added.end
            continue
        scale = passage.tag(end, "scale")
        if scale is None or (
            len(passage.words[end].text) == 1 and (passage.gap(end) or not (written and money))
        ):
            break
        value, end = value * scale.value, scale.end
    return (value, end, written) if value <= _LARGEST else None


def _spelled(passage: Passage, index: int, limit: int) -> tuple[float, int] | None:
    """Return a number in words: twenty five, সাড়ে তিন, сто пятьдесят."""
    extra = passage.tag(index, "to-next")
    if extra is not None:
        inner = _spelled_plain(passage, extra.end, limit) if passage.joined(extra.end) else None
        if inner is None and passage.joined(extra.end) and passage.words[extra.end].text.isdigit():
            inner = _digits(passage, extra.end, limit)
        if inner is not None:
            return inner[0] + extra.value, inner[1]
        if passage.joined(extra.end) and passage.tag(extra.end, "unit") is not None:
            return 1 + extra.value, extra.end
        return None
    return _spelled_plain(passage, index, limit)


def _spelled_plain(passage: Passage, index: int, limit: int) -> tuple[float, int] | None:
    if index >= limit:
        return None
    first = passage.tag(index, "number")
    if first is None:
        return None
    value, end, last = first.value, first.end, first.value
    while end < limit and passage.joined(end) and last >= 20 and last % 10 == 0:
        more = passage.tag(end, "number")
        if more is None or not 1 <= more.value < (10 if last < 100 else 100) or more.value != int(more.value):
            break
        value, end, last = value + more.value, more.end, more.value
    return value, end


def _digits(passage: Passage, index: int, limit: int) -> tuple[float, int] | None:
    """Return a number in digits, with the decimals and thousands as its language writes them."""
    if index and passage.gap(index) in (":", "/") and passage.words[index - 1].text.isdigit():
        return None
    groups = [passage.words[index].text]
    marks: list[str] = []
    end = index + 1
    while end < limit and passage.words[end].text.isdigit() and len(groups) < 8:
        gap = passage.gap(end)
        if gap not in (".", ",", " ", "\u00a0", "'"):
            break
        if gap in (" ", "\u00a0", "'") and not (
            passage.lexicon.language.counting.comma
            and len(passage.words[end].text) == 3
            and len(groups[0]) <= 3
        ):
            break
        groups.append(passage.words[end].text)
        marks.append(gap)
        end += 1
    if end < limit and passage.gap(end) in (":", "/") and passage.words[end].text.isdigit():
        return None
    if any(len(group) > 15 for group in groups):
        return None
    value = _value(groups, marks, comma=passage.lexicon.language.counting.comma)
    return None if value is None else (value, end)


def _value(groups: list[str], marks: list[str], *, comma: bool) -> float | None:
    """Return the value of groups of digits and the marks between them, None if it is no number (17.10.2025).

    A mark that the language keeps for decimals parts them; the other one parts thousands where three
    digits follow (in South Asia two, before more), else it is taken for the decimals' after all.
    """
    whole, decimals = groups[0], ""
    for place, (mark, group) in enumerate(zip(marks, groups[1:], strict=True)):
        last = place == len(marks) - 1
        thousands = mark not in ",." or mark == ("." if comma else ",")
        if decimals:
            return None
        if thousands and (len(group) == 3 or (len(group) == 2 and not last and not comma)):
            whole += group
        elif mark in ",." and last and len(group) <= (3 if not thousands else 2):
            decimals = group
        else:
            return None
    return float(f"{whole}.{decimals or 0}")
