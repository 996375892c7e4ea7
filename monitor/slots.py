"""When a route sends: local wall-clock times turned into instants that can be told apart.

A slot is a UTC instant computed from a local date and a local time, so it is the same after a
restart, on another machine and whenever it is asked for. At a clock change a local time that does
not exist is moved behind the gap, and one that exists twice counts the first time (PEP 495,
fold=0): no slot is skipped and none comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.model import Route

_DAY = timedelta(days=1)
_HORIZON = 366 * 5
"""Days to look ahead: 29 February comes at least every eight years, but a cron of it alone is a mistake."""


def next_slot(route: Route, after: datetime, *, timezone: str = "") -> datetime | None:
    """Return the first slot of a digest route strictly after an instant, or None if there is none.

    `timezone` is the recipient's, if it has one of its own.
    """
    return next(iter(slots(route, after, timezone=timezone)), None)


def slots(route: Route, after: datetime, *, timezone: str = "") -> Iterator[datetime]:
    """Yield the slots of a route strictly after an instant, in order, each once."""
    zone = ZoneInfo(timezone or route.timezone)
    # The day before as well: a gap can push a late evening's slot past midnight.
    day = after.astimezone(zone).date() - _DAY
    waiting: set[datetime] = set()
    for _ in range(_HORIZON):
        waiting |= {_instant(day, at, zone) for at in _times(route, day)}
        day += _DAY
        # Where a gap ends at midnight (Nuuk, 30 March 2024), the day's last slot is pushed behind the
        # first one of the next day: a day's slots are known when nothing of the next can come before.
        midnight = _instant(day, time(), zone)
        yield from sorted(one for one in waiting if after < one < midnight)
        waiting = {one for one in waiting if one >= midnight}


def last_slot(route: Route, after: datetime, until: datetime, *, timezone: str = "") -> datetime | None:
    """Return the latest slot in (after, until], or None: what a machine that slept must make up for."""
    found = None
    for slot in slots(route, after, timezone=timezone):
        if slot > until:
            break
        found = slot
    return found


def quiet_until(route: Route, when: datetime, *, timezone: str = "") -> datetime:
    """Return `when`, or the end of the quiet time it falls into: held, then sent, never lost."""
    zone = ZoneInfo(timezone or route.timezone)
    # Intervals may touch or overlap: go on until none holds the message any more.
    for _ in range(2 * len(route.quiet) + 1):
        for start, end in route.quiet:
            local = when.astimezone(zone)
            if _inside(local.time(), start, end):
                day = local.date() if local.time() < end else local.date() + _DAY
                when = max(when, _instant(day, end, zone))
    return when


def _inside(now: time, start: time, end: time) -> bool:
    return start <= now < end if start <= end else now >= start or now < end


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _times(route: Route, day: date) -> list[time]:
    """The local times at which a route sends on a local date."""
    if route.weekdays and day.weekday() not in route.weekdays:
        return []
    if route.at:
        return list(route.at)
    if route.cron:
        return _cron_times(route.cron, day)
    if route.every:
        return _every(route.every, day)
    return []


def _every(every: timedelta, day: date) -> list[time]:
    """Steps from local midnight; from a day on, every so many days at midnight."""
    if every >= _DAY:
        return [time()] if day.toordinal() % (every // _DAY) == 0 else []
    midnight = datetime.combine(day, time())
    return [(midnight + every * i).time() for i in range(-(-_DAY // every))]


# ── cron: minute hour day-of-month month day-of-week, as crontab(5) has them ──────────────────

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {
    name: number
    for names, first in (
        ("jan feb mar apr may jun jul aug sep oct nov dec", 1),
        ("sun mon tue wed thu fri sat", 0),
    )
    for number, name in enumerate(names.split(), first)
}


def parse_cron(text: str) -> tuple[frozenset[int], ...]:
    """Return the five sets of a crontab(5) line (Sunday = 0). Raises ValueError saying what is wrong."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(f"cron needs five fields (minute hour day month weekday), not {len(fields)}")
    sets = []
    for field, (name, low, high) in zip(fields, _FIELDS, strict=True):
        values: set[int] = set()
        for part in field.split(","):
            values.update(_cron_part(part, name, low, high))
        sets.append(frozenset(v % 7 for v in values) if name == "weekday" else frozenset(values))
    return tuple(sets)


def _cron_part(part: str, name: str, low: int, high: int) -> range:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    try:
        start = low if span == "*" else _number(first)
        end = high if span == "*" or (slash and not dash) else _number(last) if dash else start
        by = int(step) if slash else 1
    except ValueError:
        raise ValueError(f"cron: cannot read {part!r} as a {name}") from None
    if not (low <= start <= end <= high and by >= 1):
        raise ValueError(f"cron: {part!r} is not within {low}-{high} ({name})")
    return range(start, end + 1, by)


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)


def _cron_times(text: str, day: date) -> list[time]:
    minutes, hours, days, months, weekdays = parse_cron(text)
    fields = text.split()
    on_day, on_weekday = day.day in days, day.isoweekday() % 7 in weekdays
    # crontab(5): when both are restricted, either is enough.
    both = not fields[2].startswith("*") and not fields[4].startswith("*")
    if day.month not in months or not (on_day or on_weekday if both else on_day and on_weekday):
        return []
    return [time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)]
