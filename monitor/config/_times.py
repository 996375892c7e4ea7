"""Durations, sizes and times as a desk writes them: `15m`, `10MB`, `"07:30"`, `mon-fri`, cron lines."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any

from monitor.config._kinds import STRING, Kind, Surroundings, WrongError, named, near, text

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_LONGEST = timedelta(days=36_500)


def seconds(value: Any, *, longest: timedelta = _LONGEST) -> timedelta:
    """Read `15m`, `1h30m`, `400d`, `0s`: units w d h m s, the greater first. Raises WrongError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise WrongError("a duration needs a unit", f"did you mean {value}m or {value}s?")
    if not isinstance(value, str):
        raise WrongError(f"must be a duration such as 15m, not {named(value)}")
    found = _DURATION.fullmatch(value.replace(" ", ""))
    if not value.strip() or not found:
        raise WrongError(
            f"{value!r} is not a duration", _duration_hint(value) or "write 30s, 15m, 1h30m, 24h or 400d"
        )
    amounts = [int(n) if n and len(n) < 12 else 0 if not n else 10**12 for n in found.groups()]
    total = sum(n * size for n, size in zip(amounts, _UNITS.values(), strict=True))
    if total > longest.total_seconds():
        raise WrongError(f"must be at most {show_duration(longest)}")
    return timedelta(seconds=total)


def _duration_hint(value: str) -> str:
    words = {
        "second": "s",
        "sec": "s",
        "minute": "m",
        "min": "m",
        "hour": "h",
        "hr": "h",
        "day": "d",
        "week": "w",
    }
    long = re.fullmatch(r"\s*(\d+)\s*([a-zA-Z]+?)s?\s*", value)
    unit = words.get(long[2].lower(), long[2].lower() if long[2].lower() in _UNITS else "") if long else ""
    return f"did you mean {int(long[1])}{unit}?" if long and unit else ""


def show_duration(value: timedelta) -> str:
    """Return `1h30m` for an hour and a half."""
    rest = int(value.total_seconds())
    parts = []
    for unit, size in _UNITS.items():
        least = 2 * size if unit == "d" else size  # a day is 24h, two are 2d
        if unit != "w" and rest >= least:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    return "".join(parts) or "0s"


def duration(low: str, high: str) -> Kind:
    """Return the kind of durations between two."""
    least, most = seconds(low), seconds(high)

    def read(value: Any, _: Surroundings) -> timedelta:
        found = seconds(value)
        if not least <= found <= most:
            raise WrongError(f"must be between {low} and {high}, not {show_duration(found)}")
        return found

    schema = {"type": "string", "pattern": r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "minLength": 2}
    return Kind(read, schema, "duration", show_duration)


_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def size(low: str, high: str) -> Kind:
    """Return the kind of sizes (`10MB` is 10,000,000 bytes, `10MiB` 10,485,760) between two."""

    def read(value: Any, _: Surroundings) -> int:
        found = octets(value)
        if not octets(low) <= found <= octets(high):
            raise WrongError(f"must be between {low} and {high}")
        return found

    return Kind(read, {"type": "string", "pattern": r"^\d+ ?([kKMG]i?)?B$"}, "size", show_size)


def octets(value: Any) -> int:
    """Read `10MB` into bytes. Raises WrongError."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise WrongError("a size needs a unit", f"did you mean {value}MB?")
    found = re.fullmatch(r"(\d{1,12}) ?([A-Za-z]+)", value) if isinstance(value, str) else None
    if not found or found[2].upper() not in _SIZES:
        raise WrongError("must be a size", "write 500KB, 10MB or 1GB")
    return int(found[1]) * _SIZES[found[2].upper()]


def show_size(value: int) -> str:
    """Return `10MB` for 10,000,000."""
    for unit in ("GB", "MB", "KB"):
        if value and value % _SIZES[unit] == 0:
            return f"{value // _SIZES[unit]}{unit}"
    return f"{value}B"


def clock_time(value: Any, _: Surroundings | None = None) -> time:
    """Read a local time of day, `"07:30"`. Raises WrongError."""
    if not isinstance(value, str):
        raise WrongError(f"must be a time of day, not {named(value)}", 'write "07:30"')
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", value.strip())
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    hint = 'the day ends at "23:59"; midnight is "00:00"' if value.strip() == "24:00" else _time_hint(value)
    raise WrongError(f"{value!r} is not a time of day", hint)


def _time_hint(value: str) -> str:
    found = re.fullmatch(r"\s*(\d{1,2})(?:[:.](\d{2}))?\s*([ap])\.?m\.?\s*", value.lower())
    if found and 1 <= int(found[1]) <= 12 and int(found[2] or 0) < 60:
        hour = int(found[1]) % 12 + (12 if found[3] == "p" else 0)
        return f'did you mean "{hour:02}:{found[2] or "00"}"?'
    found = re.fullmatch(r"\s*(\d{1,2})[.h](\d{2})\s*", value)
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return f'did you mean "{int(found[1]):02}:{found[2]}"?'
    return 'write "07:30", from "00:00" to "23:59"'


def show_time(value: time) -> str:
    """Return `07:30`."""
    return f"{value:%H:%M}"


def span_of_day(value: Any, _: Surroundings | None = None) -> tuple[time, time]:
    """Read `"23:00-06:00"`: from, until (not included); may pass midnight. Raises WrongError."""
    parts = re.split(r"\s*[-–]\s*", value) if isinstance(value, str) else []
    if len(parts) != 2:
        raise WrongError("must be a span of the day", 'write "23:00-06:00"')
    start, end = clock_time(parts[0]), clock_time(parts[1])
    if start == end:
        raise WrongError("begins where it ends", 'for the whole day write "00:00-12:00" and "12:00-00:00"')
    return start, end


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekday(word: str) -> int:
    """Return 0 (Monday) to 6 for a day's English name or its first three letters. Raises WrongError."""
    folded = word.strip().casefold()
    for number, name in enumerate(DAYS):
        if folded == name or folded == name[:3]:
            return number
    raise WrongError(
        f"{word!r} is not a day of the week", near(word, DAYS) or "write mon tue wed thu fri sat sun"
    )


def weekdays(value: Any, _: Surroundings | None = None) -> frozenset[int]:
    """Read `[mon, wed-fri]` or `sun-thu` into Monday = 0. Raises WrongError."""
    words = value if isinstance(value, list) else [value]
    days: set[int] = set()
    for item in words:
        if not isinstance(item, str):
            raise WrongError(f"days are named, not {named(item)}", "write mon tue wed thu fri sat sun")
        for piece in item.split(","):
            first, dash, last = piece.partition("-")
            start = weekday(first)
            end = weekday(last) if dash else start
            days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


_CRON = (
    ("minute", 0, 59, ()), ("hour", 0, 23, ()), ("day of the month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("weekday", 0, 6, tuple(day[:3] for day in DAYS)),
)  # fmt: skip


def cron(value: Any, _: Surroundings | None = None) -> str:
    """Check the five fields of a cron line: minute, hour, day of the month, month, weekday.

    Weekdays are named: 0 is Sunday to cron and Monday to others. Raises WrongError.
    """
    fields = text(value).split()
    if len(fields) != 5:
        raise WrongError(
            f"a cron line has five fields, this one has {len(fields)}",
            "minute, hour, day of the month, month, weekday: '30 7 * * mon-fri'",
        )
    for field_text, (name, low, high, words) in zip(fields, _CRON, strict=True):
        for piece in field_text.casefold().split(","):
            _cron_piece(piece, name, low, high, words)
    return " ".join(fields).casefold()


def _cron_piece(piece: str, name: str, low: int, high: int, words: tuple[str, ...]) -> None:
    body, slash, step = piece.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 0 < int(step[:6]) <= max(high, 1)):
        raise WrongError(f"{piece!r} is not a step of the {name}")
    if body == "*":
        return
    ends = body.split("-")
    numbers = []
    for end in ends:
        if end in words:
            numbers.append(words.index(end) + low)
        elif name == "weekday" and end.isdigit():
            raise WrongError(f"the weekday {end!r} is unclear", "write mon tue wed thu fri sat sun")
        elif end.isascii() and end.isdigit() and len(end) < 4 and low <= int(end) <= high:
            numbers.append(int(end))
        else:
            raise WrongError(
                f"{piece!r} cannot be the {name}", f"from {low} to {high}" if not words else near(end, words)
            )
    if len(numbers) > 2 or (len(numbers) == 2 and numbers[0] > numbers[1]):
        raise WrongError(f"{piece!r} is not a span of the {name}")


LocalTime = Annotated[time, Kind(clock_time, STRING | {"pattern": r"^\d{1,2}:\d{2}$"}, "time", show_time)]
Quiet = Annotated[
    tuple[time, time],
    Kind(span_of_day, STRING | {"pattern": r"^\d{1,2}:\d{2} *[-–] *\d{1,2}:\d{2}$"}, "span"),
]
Weekdays = Annotated[
    frozenset[int],
    Kind(weekdays, {"anyOf": [STRING, {"type": "array", "items": STRING}]}, "days", sorted),
]
Cron = Annotated[str, Kind(cron, STRING, "cron line")]
