"""Days that a text names, resolved against the day on which it was published."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from monitor.facts.passage import Passage, Sentence
from monitor.facts.quantities import Measure

_DAY = 86_400.0
_LATE, _EARLY = 18, 8
"""Hours of UTC after which "today" may be the next day in Dhaka, and before which still the last in New
York: what is said of today then is one of two days."""


class Day(NamedTuple):
    """The first and last day that are meant, and the tokens that say so."""

    low: date
    high: date
    start: int
    end: int


def days(passage: Passage, sentence: Sentence, measured: list[Measure], published: datetime) -> Iterator[Day]:
    """Yield the days of a sentence, none overlapping another. `published` is aware, in UTC."""
    if not 1900 <= published.year <= 2200:  # so that no sum of days leaves the calendar
        return
    terms = {one.start: one for one in measured if one.kind == "duration"}
    past = sentence.start
    for index in sorted({*passage.valued(sentence.start, sentence.end), *terms}):
        if index < past:
            continue
        found = _calendar(passage, index, sentence.end, published.date())
        if found is None:
            found = _relative(passage, index, published)
        if found is None and index in terms:
            found = _term(passage, terms[index], published.date())
        if found is not None:
            yield found
            past = found.end


# days of the calendar ─────────────────────────────────────────────────────────────────────────


def _calendar(passage: Passage, index: int, limit: int, today: date) -> Day | None:
    """Return the day that a number or a month begins: 17 October, October 17, 2025-10-17, 17.10.2025."""
    if passage.words[index].text.isdigit():
        return _numeric(passage, index, limit) or _day_month(passage, index, limit, today)
    return _month_day(passage, index, limit, today)


def _numeric(passage: Passage, index: int, limit: int) -> Day | None:
    if index + 3 > limit:
        return None
    texts = [passage.words[index + i].text for i in range(3)]
    gaps = {passage.gap(index + 1), passage.gap(index + 2)}
    if not all(t.isdigit() and len(t) <= 4 for t in texts) or len(gaps) != 1:
        return None
    gap = gaps.pop().strip(" ")
    if gap == "-" and len(texts[0]) == 4:
        made = _date(int(texts[0]), int(texts[1]), int(texts[2]))
    elif gap == "." and len(texts[2]) == 4:
        made = _date(int(texts[2]), int(texts[1]), int(texts[0]))
    else:
        return None
    return None if made is None else Day(made, made, index, index + 3)


def _day_month(passage: Passage, index: int, limit: int, today: date) -> Day | None:
    """Return 17 October, 17–18 October, ১৭ই অক্টোবর, 17 October 2025."""
    if not _is_day(passage.words[index].text):
        return None
    last, end = index, _past_marks(passage, index + 1)
    if (
        end < limit
        and passage.gap(end).strip(" ") == "-"
        and _is_day(passage.words[end].text)
        and int(passage.words[end].text) > int(passage.words[index].text)
    ):
        last, end = end, _past_marks(passage, end + 1)
    month = passage.tag(end, "month") if passage.joined(end) or passage.gap(end) == ". " else None
    if month is None or not _is_month(passage, end, month.name):
        return None
    year, stop = _year_after(passage, month.end, limit)
    if not year:
        year = _year_before(passage, index)
    first = _dated(year, month.value, passage.words[index].text, today)
    final = _dated(year, month.value, passage.words[last].text, today)
    return None if first is None or final is None else Day(first, final, index, stop)


def _month_day(passage: Passage, index: int, limit: int, today: date) -> Day | None:
    """Return October 17, October 17, 2025, október 17-én, অক্টোবরের ১৭ তারিখ."""
    month = passage.tag(index, "month")
    if month is None or month.end >= limit or not passage.joined(month.end):
        return None
    number = passage.words[month.end].text
    if not _is_day(number) or not _is_month(passage, index, month.name):
        return None
    if passage.gap(month.end + 1) == ":":  # a time of the day
        return None
    end = _past_marks(passage, month.end + 1)
    year, stop = _year_after(passage, end, limit)
    start = index
    if not year:
        year = _year_before(passage, index)
    made = _dated(year, month.value, number, today)
    return None if made is None else Day(made, made, start, stop)


def _is_day(text: str) -> bool:
    return text.isdigit() and len(text) <= 2 and 1 <= int(text) <= 31


def _is_month(passage: Passage, index: int, case: str) -> bool:
    """Tell whether a month's word has its capital, where the language writes one."""
    return case != "capital" or passage.span(index, index + 1).surface[:1].isupper()


def _past_marks(passage: Passage, index: int) -> int:
    """Return the token after a day's marks; one of a single letter (17-e, ১৭ই) stands close to it."""
    while passage.joined(index) and passage.tag(index, "day-mark") is not None:
        if len(passage.words[index].text) == 1 and " " in passage.gap(index):
            break
        index += 1
    return index


def _year_after(passage: Passage, index: int, limit: int) -> tuple[int, int]:
    """Return a year that follows, and the token after it; 0 if none does."""
    if index < limit and passage.gap(index).strip(" ") in ("", ",") and _is_year(passage.words[index].text):
        return int(passage.words[index].text), index + 1
    return 0, index


def _year_before(passage: Passage, index: int) -> int:
    """Return the year within two tokens before: 2025. október, ২০২৫ সালের ১৭ অক্টোবর."""
    for back in (1, 2):
        if index - back >= 0 and _is_year(passage.words[index - back].text):
            return int(passage.words[index - back].text)
        if index - back < 0 or passage.gap(index - back + 1).strip(" ") not in ("", "."):
            break
    return 0


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdigit() and 1900 <= int(text) <= 2100


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dated(year: int, month: float, day: str, today: date) -> date | None:
    """Return a day; without its year the one that is nearest."""
    number = int(month) + 1
    if year:
        return _date(year, number, int(day))
    found = [d for y in (-1, 0, 1) if (d := _date(today.year + y, number, int(day))) is not None]
    return min(found, key=lambda d: abs((d - today).days), default=None)


# days told from the day of publication ────────────────────────────────────────────────────────


def _relative(passage: Passage, index: int, published: datetime) -> Day | None:
    today = published.date()
    if (word := passage.tag(index, "day")) is not None:
        low = high = today + timedelta(days=int(word.value))
        if published.hour >= _LATE:
            high += timedelta(days=1)
        if published.hour < _EARLY:
            low -= timedelta(days=1)
        return Day(low, high, index, word.end)
    if (word := passage.tag(index, "week")) is not None:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=int(word.value))
        return Day(monday, monday + timedelta(days=6), index, word.end)
    if (word := passage.tag(index, "weekday")) is not None and _is_month(passage, index, word.name):
        return _weekday(passage, index, int(word.value), word.end, today)
    return None


def _weekday(passage: Passage, index: int, weekday: int, end: int, today: date) -> Day:
    """Return a weekday: the last or next one if it says so, today if that is one, else either."""
    ahead = (weekday - today.weekday()) % 7
    before = today - timedelta(days=(7 - ahead) % 7)
    after = today + timedelta(days=ahead)
    at = passage.ending.get(index, {}) if passage.joined(index) else {}
    if (mark := at.get("last")) is not None:
        low = high = before if before < today else today - timedelta(days=7)
        return Day(low, high, mark.start, end)
    if (mark := at.get("next")) is not None:
        first = after if after > today else today + timedelta(days=7)
        return Day(
            first, first + timedelta(days=7 if first - today <= timedelta(days=3) else 0), mark.start, end
        )
    return Day(before, after, index, end) if ahead else Day(today, today, index, end)


def _term(passage: Passage, term: Measure, today: date) -> Day | None:
    """Return the days of "within two weeks", "in two weeks", "two weeks ago"."""
    reach = term.high / _DAY
    if reach < 1 or reach > 3700:
        return None
    start, end = term.start, term.end
    before = passage.ending.get(start, {}) if passage.joined(start) else {}
    within_after = passage.tag(end, "within-after") if passage.joined(end) else None
    ahead_after = passage.tag(end, "ahead-after") if passage.joined(end) else None
    ago = passage.tag(end, "ago") if passage.joined(end) else None
    if ago is not None:
        low, high = today - _about(term.high, up=True), today - _about(term.low, up=False)
        return Day(low, high, start, ago.end)
    if within_after is not None or "within" in before:
        begin = before["within"].start if "within" in before else start
        stop = within_after.end if within_after is not None else end
        return Day(today, today + timedelta(days=math.ceil(reach)), begin, stop)
    if ahead_after is not None or "ahead" in before:
        begin = before["ahead"].start if "ahead" in before else start
        stop = ahead_after.end if ahead_after is not None else end
        return Day(today + _about(term.low, up=False), today + _about(term.high, up=True), begin, stop)
    return None


def _about(seconds: float, *, up: bool) -> timedelta:
    """Return a distance in whole days, a quarter more or less: "in two weeks" is no appointment."""
    days = seconds / _DAY
    return timedelta(days=math.ceil(days * 1.25) if up else math.floor(days * 0.75))
