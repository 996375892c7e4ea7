"""Read the dates of the whole world's feeds.

Publishers write RFC 822 and ISO 8601 as they please, in their own languages, digits and clocks.
What is not understood is None: a wrong date is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.formats._calendar import HALVES, MONTHS, NOISE, WEEKDAYS, ZONES, fold

_LONGEST: Final = 128
"""Characters: no date is longer."""

_HOUR: Final = r"(?:[01]\d|2[0-3])"
_SIXTY: Final = r"[0-5]\d"
_USUAL: Final = re.compile(
    rf"(?:[A-Za-z]{{3}}, )?(\d\d?) ([A-Z][a-z]{{2}}) (\d{{4}}) ({_HOUR}:{_SIXTY}(?::{_SIXTY})?) "
    rf"(?:GMT|UTC|UT|Z|([+-]{_HOUR})({_SIXTY}))\Z",
    re.ASCII,
)
_RFC3339: Final = re.compile(
    rf"(\d{{4}}-\d\d-\d\dT{_HOUR}:{_SIXTY}:{_SIXTY})(?:\.\d{{1,9}})?(Z|[+-]{_HOUR}:{_SIXTY})\Z", re.ASCII
)
"""What nearly all feeds write; `datetime` itself reads ISO 8601 in a quarter of a microsecond."""
_ENGLISH: Final = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_RFC822: Final = re.compile(
    r"(?:[A-Za-z]{3},)? ?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (GMT|UTC|UT|Z|[+-]\d{4})\Z"
)
_ISO: Final = re.compile(
    r"""(?P<year>\d{4})-?0?(?P<month>\d\d)-?(?P<day>\d\d)
        (?:(?:[Tt]|\s+)(?P<hour>\d{1,2}):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d+)?)?
        \s*(?P<zone>[Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?[Zz]?)?\Z""",
    re.VERBOSE,
)
_SHORT_ISO: Final = (
    (re.compile(r"(?P<y4>\d{4})\Z"), "ymd"),
    (re.compile(r"(?P<y4>\d{4})-(?P<month>\d\d)\Z"), "ymd"),
    (re.compile(r"-(?P<y2>\d\d)-?(?P<month>\d\d)\Z"), "ymd"),
    (re.compile(r"(?P<y2>\d\d)(?P<month>\d\d)(?P<day>\d\d)\Z"), "ymd"),
    (re.compile(r"(?P<y2>\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\Z"), "ymd"),
    (re.compile(r"(?P<y2>0\d)(?P<ordinal>\d\d\d)\Z"), "ordinal"),
    (re.compile(r"(?P<y4>\d{4})-?(?P<ordinal>\d\d\d)\Z"), "ordinal"),
)
"""ISO 8601's truncated forms (feeds of the 2000s have them). Five digits are YYDDD only for the years
when the form was in use."""

_EPOCH: Final = re.compile(r"-?\d{9,10}(?:\.\d+)?\Z|\d{13}\Z")
_TIME: Final = re.compile(
    r"(?:(?<=\d)T|(?<![\d:]))(\d{1,2})\s?[:h]\s?(\d\d)(?:[:.](\d\d)(?:[.,:]\d{1,9}(?![\d:]))?)?(?![\d:])",
    re.IGNORECASE,
)
_HOUR_ONLY: Final = re.compile(r"(?<![\d:])(\d{1,2})\s?(?=[ap]\.?m\b)", re.IGNORECASE)
_OFFSET: Final = re.compile(r"\s?(?:gmt|utc|z)?\s?([+-])(\d\d?):?(\d\d)?(?![\d:-]|[^\W\d_])", re.IGNORECASE)
_REGION: Final = re.compile(r"\b[A-Z][A-Za-z_]+/[A-Za-z_+\-0-9]+(?:/[A-Za-z_]+)?")
_COMMENT: Final = re.compile(r"\([^()]*\)")
_NUMERIC: Final = re.compile(r"(?<!\d)(\d{1,4})\s?([/.\-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)")
_CJK: Final = re.compile(r"(\d{4})\s?[년年]\s?(\d{1,2})\s?[월月]\s?(\d{1,2})\s?[일日]")
_CJK_TIME: Final = re.compile(r"(\d{1,2})\s?[시時时]\s?(?:(\d{1,2})\s?[분分])?\s?(?:(\d{1,2})\s?[초秒])?")
_WORDS: Final = re.compile(r"\d+(?:st|nd|rd|th)?|[^\W\d_][^\s,;|/]*", re.IGNORECASE)

_SCRIPT_ZONES: Final = (
    (re.compile("[\uac00-\ud7af]"), timezone(timedelta(hours=9))),
    (re.compile("[\u0980-\u09ff]"), timezone(timedelta(hours=6))),
)
"""A local clock without a zone: Korean writes Seoul's; Bengali Dhaka's (Kolkata is half an hour off)."""


def parse_date(text: str) -> datetime | None:
    """Return the moment a feed's date means, in UTC, or None where that cannot be said.

    No zone means UTC, but the publisher's own where the script names one. The epoch itself is
    what broken software writes for "not known". Seconds' fractions are dropped.
    """
    if not text or len(text) > _LONGEST * 4:
        return None
    try:
        found = _usual(text)
        if found is None:
            text = " ".join(text.split())
            found = (_rfc822(text) or _slow(text)) if 0 < len(text) <= _LONGEST else None
            if found is None:
                return None
        if found.tzinfo is not UTC:
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if found.year == 1970 and found.timestamp() == 0 else found


def _usual(text: str) -> datetime | None:
    """Read RFC 822 §5 (with RFC 1123 §5.2.14's years) and RFC 3339 §5.6 as they are usually written, fast."""
    if (match := _USUAL.match(text)) is not None:
        day, name, year, clock, hours, minutes = match.groups()
        month = _ENGLISH.get(name)
        if month is None:
            return None
        zone = f"{hours}:{minutes}" if hours else "+00:00"
        return datetime.fromisoformat(f"{year}-{month}-{day:0>2}T{clock}{zone}")
    if (match := _RFC3339.match(text)) is not None:
        return datetime.fromisoformat(match[1] + match[2])
    return None


def _rfc822(text: str) -> datetime | None:
    """Read RFC 822 §5 with months of any language, leap seconds, midnight at 24:00."""
    match = _RFC822.match(text)
    if match is None:
        return None
    day, name, year, hour, minute, second, zone = match.groups()
    month = MONTHS.get(name.lower())
    if month is None:
        return None
    offset = 0
    if zone[0] in "+-":
        offset = int(zone[1:3]) * 60 + int(zone[3:])
        offset = -offset if zone[0] == "-" else offset
    moment = datetime(int(year), month, int(day), tzinfo=UTC)
    return moment + _clock(int(hour), int(minute), int(second or 0)) - timedelta(minutes=_bounded(offset))


@lru_cache(maxsize=1024)
def _slow(text: str) -> datetime | None:
    text = _ascii_digits(text)
    if _EPOCH.match(text):
        return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC)
    return _iso(text) or _written(text)


def _ascii_digits(text: str) -> str:
    """Turn the digits of any script into 0–9 (২০২৬ → 2026)."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _iso(text: str) -> datetime | None:
    match = _ISO.match(text)
    if match is not None:
        moment = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=UTC)
        if match["hour"] is None:
            return moment
        moment += _clock(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
        return moment - timedelta(minutes=_offset(match["zone"] or "Z"))
    for pattern, kind in _SHORT_ISO:
        match = pattern.match(text)
        if match is not None:
            parts = match.groupdict()
            year = int(parts["y4"]) if parts.get("y4") else 2000 + int(parts["y2"])
            if kind == "ordinal":
                first = datetime(year, 1, 1, tzinfo=UTC)
                found = first + timedelta(days=int(parts["ordinal"]) - 1)
                return found if found.year == year else None
            return datetime(year, int(parts.get("month") or 1), int(parts.get("day") or 1), tzinfo=UTC)
    return None


def _offset(zone: str) -> int:
    """Return minutes east of Greenwich for `Z`, `+06:00`, `+0600`, `+06`."""
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return _bounded(-minutes if zone[0] == "-" else minutes)


def _bounded(minutes: int) -> int:
    if abs(minutes) % 60 > 59 or abs(minutes) > 24 * 60 - 1:
        raise ValueError("no such offset")
    return minutes


def _clock(hour: int, minute: int, second: int) -> timedelta:
    """Return the time since midnight; 24:00 is the next one, second 60 a leap second."""
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError("no such time")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59))


@dataclass(slots=True)
class _Written:
    """What is known so far of a date in words."""

    rest: str
    clock: timedelta | None = None
    hour: int = -1
    zone: timezone | ZoneInfo | None = None
    half: str = ""
    weekday: int | None = None


def _written(text: str) -> datetime | None:
    """Read a date written in words or numbers in any order that leaves one meaning."""
    found = _Written(_COMMENT.sub(" ", text))
    if not (_take_zone(found) and _take_clock(found)):
        return None
    day = _take_date(found)
    if day is None:
        return None
    clock = found.clock or timedelta(0)
    hours = clock // timedelta(hours=1)
    if found.half and found.clock is not None and hours <= 12:
        clock += timedelta(hours=_shift(found.half, hours))
    zone = found.zone or next((z for pattern, z in _SCRIPT_ZONES if pattern.search(text)), UTC)
    return datetime.combine(day, time(0), tzinfo=None).replace(tzinfo=UTC) + clock - _east(day, clock, zone)


def _shift(half: str, hour: int) -> int:
    """Return the hours to add to an hour of a 12-hour clock."""
    if half == "night":
        half = "pm" if 6 <= hour < 12 else "am"
    if half == "am":
        return -12 if hour == 12 else 0
    return 0 if hour == 12 else 12


def _east(day: date, clock: timedelta, zone: timezone | ZoneInfo) -> timedelta:
    local = datetime.combine(day, time(0)) + clock
    return local.replace(tzinfo=zone).utcoffset() or timedelta(0)


def _take_zone(found: _Written) -> bool:
    """Take a numeric offset or a region; False: there is one that does not exist."""
    if (match := _REGION.search(found.rest)) is not None:
        try:
            found.zone = ZoneInfo(match[0])
        except (ZoneInfoNotFoundError, ValueError):
            return False
        found.rest = found.rest[: match.start()] + " " + found.rest[match.end() :]
        return True
    clock = _TIME.search(found.rest)
    if clock is not None and (match := _offset_after(found.rest, clock.end())) is not None:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if len(match[2]) == 1 and match[3]:
            return False
        found.zone = timezone(timedelta(minutes=_bounded(-minutes if match[1] == "-" else minutes)))
        tail = found.rest[match.end() :]
        found.rest = found.rest[: match.start()] + " " + (tail[1:] if tail[:1] in "Zz" else tail)
    return True


def _offset_after(text: str, start: int) -> re.Match[str] | None:
    """Find an offset right after the time of day, or further on where it is no part of a number."""
    match = _OFFSET.match(text, start)
    while match is None and start < len(text):
        start += 1
        if not text[start - 1].isalnum():
            match = _OFFSET.match(text, start)
    return match


def _take_clock(found: _Written) -> bool:
    """Take the time of day; False: there are two, or one that does not exist."""
    match = _CJK_TIME.search(found.rest)
    if match is None:
        match = _TIME.search(found.rest)
    if match is None:
        if (only := _HOUR_ONLY.search(found.rest)) is None:
            return not re.search(r"\d:\d", found.rest)
        found.clock = _clock(int(only[1]), 0, 0)
        match = only
    else:
        found.clock = _clock(int(match[1]), int(match[2] or 0), int(match[3] or 0))
    found.rest = found.rest[: match.start()] + " " + found.rest[match.end() :]
    return ":" not in re.sub(r"[^\W\d_]:", "", found.rest)


def _take_date(found: _Written) -> date | None:
    """Read what is left as a day. None: unknown words, numbers too many or no month."""
    numbers: list[str] = []
    months: list[int] = []
    if (match := _CJK.search(found.rest)) is not None:
        numbers, months = [match[1], match[3]], [int(match[2])]
        found.rest = found.rest[: match.start()] + " " + found.rest[match.end() :]
    triple = _NUMERIC.search(found.rest)
    if triple is not None:
        found.rest = found.rest[: triple.start()] + " " + found.rest[triple.end() :]
    for word in _split(found.rest):
        if word[0].isdigit():
            numbers.append(word.rstrip("stndrhSTNDRH"))
        elif word != "at" and not _take_word(found, fold(word), months):  # AT is a zone
            return None
    if triple is not None:
        return None if numbers or months else _from_triple(triple, found.weekday)
    if not months:
        return _three_numbers(numbers, found.weekday)
    return _from_parts(numbers, months[0])


def _split(text: str) -> list[str]:
    """Split into numbers and words; hyphens join only inside a zone or a word."""
    return _WORDS.findall(text.replace("-", " ").replace("–", " "))


def _take_word(found: _Written, word: str, months: list[int]) -> bool:
    word = word.rstrip(":ঃ'’")
    if word in WEEKDAYS and word in MONTHS:  # `mar` is mardi and March: a second month decides
        others = [w for w in map(fold, _split(found.rest)) if w in MONTHS and w != word]
        if others:
            found.weekday = WEEKDAYS[word]
            return True
    if word in MONTHS and not months:
        months.append(MONTHS[word])
    elif word in WEEKDAYS and found.weekday is None:
        found.weekday = WEEKDAYS[word]
    elif word in HALVES and not found.half and word != "a":
        found.half = HALVES[word]
    elif word in ZONES:
        if found.zone is None:
            found.zone = timezone(timedelta(minutes=ZONES[word]))
    elif word not in NOISE:
        return False
    return True


def _year(text: str) -> int:
    """Return a year; two digits are 1970–2069."""
    number = int(text)
    if len(text) > 2:
        return number
    return number + (2000 if number < 70 else 1900)


def _from_parts(numbers: list[str], month: int) -> date | None:
    """Return the day of a date whose month has a name."""
    if len(numbers) == 1:
        return date(int(numbers[0]), month, 1) if len(numbers[0]) == 4 else None
    if len(numbers) != 2:
        return None
    first, second = numbers
    if len(first) == 4 or int(first) > 31:
        first, second = second, first
    return date(_year(second), month, int(first))


def _three_numbers(numbers: list[str], weekday: int | None) -> date | None:
    if len(numbers) != 3:
        return None
    match = _NUMERIC.match("/".join(numbers))
    return _from_triple(match, weekday, day_first=True) if match is not None else None


def _from_triple(match: re.Match[str], weekday: int | None, *, day_first: bool = False) -> date | None:
    """Return the day of 2006/09/15, 15/09/2006, 09/15/2006 or 15.09.06.

    Where day and month could change places, a weekday decides; else a dot or hyphen means the
    day comes first and a slash the month, as in their homes.
    """
    first, mark, second, third = match.groups()
    if len(first) > 2:
        return date(int(first), int(second), int(third))
    if len(third) == 3:
        return None
    year, one, two = _year(third), int(first), int(second)
    readings = []
    for day, month in ((one, two), (two, one)) if day_first or mark != "/" else ((two, one), (one, two)):
        if 1 <= month <= 12:
            try:
                readings.append(date(year, month, day))
            except ValueError:
                continue
    if weekday is not None:
        readings.sort(key=lambda reading: reading.weekday() != weekday)
    return readings[0] if readings else None
