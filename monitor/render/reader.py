"""How one reader reads: language, digits, dates and zone.

Babel knows the names and patterns of each language, but prints Latin digits in all of them
(measured with 2.18 and 2.19, with or without `numbering_system`). Digits are translated here, after Babel,
and only in what is read as a number: never in links and identifiers.
"""

from __future__ import annotations

import datetime as dates
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal

_ZEROS = {"beng": 0x9E6, "deva": 0x966, "arab": 0x660, "arabext": 0x6F0, "mymr": 0x1040, "olck": 0x1C50}
"""Numbering systems (CLDR) that languages use by default, and the code point of their zero."""

_NUMERALS = {"bn": "beng"}
"""What the press counts in where CLDR says otherwise: Latin digits for bn-IN since CLDR 48 (Babel 2.19),
while the papers of Kolkata print ১৭ অক্টোবর like those of Dhaka."""

_REGION = {"en": "en_GB"}
"""A plain `en` is read as the press of most countries writes: 17 October, 19:49."""

_TONGUES = {("en", "bn"): "Bengali"}
"""CLDR's "Bangla" is right too; the press and this project write Bengali."""

_CLOCK = {"bn": "B h:mm"}
"""Bengali tells the part of the day before the hour (সন্ধ্যা ৭:৪৯); CLDR's short form is a bare `7:49 PM`."""


class Reader:
    """Writes numbers, dates and lists as the reader of `language` in `timezone` reads them."""

    def __init__(self, language: str, timezone: str) -> None:
        """Take any BCP 47 tag and IANA zone; what is not known is read as English and UTC."""
        self.language = language or "en"
        self.locale = _locale(self.language)
        self.zone = _zone(timezone)

    @cached_property
    def _digits(self) -> dict[int, int]:
        numerals = _NUMERALS.get(self.locale.language) or self.locale.default_numbering_system
        zero = _ZEROS.get(numerals or "", 0)
        return {ord("0") + i: zero + i for i in range(10)} if zero else {}

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def digits(self, text: object) -> str:
        """Return `text` with the reader's digits."""
        return str(text).translate(self._digits)

    def number(self, value: float) -> str:
        """Return a number, grouped as the language does (১২,৩৪,৫৬৭)."""
        return self.digits(format_decimal(value, locale=self.locale))

    def time(self, when: datetime) -> str:
        """Return the time of day in the reader's zone."""
        pattern = _CLOCK.get(self.locale.language, "short")
        return self.digits(format_time(when, pattern, tzinfo=self.zone, locale=self.locale))

    def date(self, when: datetime, skeleton: str = "MMMMd") -> str:
        """Return the day in the reader's zone, by a CLDR skeleton (default: 17 October)."""
        return self.digits(format_skeleton(skeleton, when, tzinfo=self.zone, locale=self.locale))

    def day(self, day: dates.date) -> str:
        """Return a day that is not a moment of any zone (17 October)."""
        return self.digits(format_skeleton("MMMMd", day, locale=self.locale))

    def when(self, when: datetime | None, style: str = "medium", *, beside: datetime | None = None) -> str:
        """Return a moment in the reader's zone and language; "" for None.

        `beside` is a time that stands nearby: if it is of the same day, the day is not said again.
        Styles: `time` (সকাল ৭:৪৯), `date` (১৭ অক্টোবর), `medium` (both), `full` (with weekday and
        year), `weekday` (the day with its weekday).
        """
        if when is None:
            return ""
        if beside is not None and when.astimezone(self.zone).date() == beside.astimezone(self.zone).date():
            style = "time"
        match style:
            case "time":
                return self.time(when)
            case "date":
                return self.date(when)
            case "weekday":
                return f"{format_datetime(when, 'EEEE', self.zone, self.locale)}, {self.date(when)}"
            case "full":
                day = format_date(when.astimezone(self.zone), "full", self.locale)
                return f"{self.digits(day)}, {self.time(when)}"
            case "medium":
                return f"{self.date(when)}, {self.time(when)}"
        raise ValueError(f"no such style of time: {style!r}; there are: time, date, weekday, medium, full")

    def period(self, since: datetime, until: datetime) -> str:
        """Return a stretch of time; the day is not said twice if both ends have the same."""
        same = since.astimezone(self.zone).date() == until.astimezone(self.zone).date()
        return f"{self.when(since)} – {self.when(until, 'time' if same else 'medium')}"

    def ago(self, when: datetime | None, now: datetime) -> str:
        """Return how long before `now` it was (৩৭ মিনিট আগে); "" for None."""
        if when is None:
            return ""
        return self.digits(format_timedelta(when - now, add_direction=True, locale=self.locale))

    def listed(self, values: list[str]) -> str:
        """Return a list in words (ক, খ এবং গ)."""
        return str(format_list([str(v) for v in values], locale=self.locale)) if values else ""

    def tongue(self, tag: str) -> str:
        """Return the name of a language in the reader's (ইংরেজি); the tag itself if it has none.

        Of what a publisher wrote for a tag only letters and digits are left: it is printed as it is.
        """
        short = tag.replace("_", "-").partition("-")[0].lower()
        if (self.locale.language, short) in _TONGUES:
            return _TONGUES[self.locale.language, short]
        plain = "".join(c for c in tag[:35] if c.isalnum() or c == "-")
        return str(self.locale.languages.get(short, plain))

    def zone_name(self, at: datetime) -> str:
        """Return the zone's name and offset at a moment: Asia/Dhaka, UTC+6."""
        offset = at.astimezone(self.zone).utcoffset() or timedelta()
        minutes = int(abs(offset).total_seconds()) // 60
        if not minutes:
            return "UTC"
        away = f"UTC{'-' if offset < timedelta() else '+'}{minutes // 60}"
        away += f":{minutes % 60:02}" if minutes % 60 else ""
        return f"{getattr(self.zone, 'key', '')}, {self.digits(away)}".removeprefix(", ")

    def plural(self, value: float) -> str:
        """Return the language's plural category for a number: one, few, many, other …"""
        return str(self.locale.plural_form(value))

    def pick(self, by_language: Mapping[str, str], otherwise: str = "") -> str:
        """Return the entry for the reader's language, else English's, else `otherwise`."""
        return by_language.get(self.locale.language) or by_language.get("en") or otherwise


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    tag = language.replace("-", "_")
    for name in (_REGION.get(tag, tag), tag.partition("_")[0], "en_GB"):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    raise UnknownLocaleError("en_GB")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError, PermissionError, FileNotFoundError):
        return UTC
