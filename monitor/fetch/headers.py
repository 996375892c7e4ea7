"""What a publisher's headers say about when to come back: read strictly, never obeyed without a cap."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

LONGEST: Final = timedelta(days=365)
"""Past this any wish is the same wish: keeps the arithmetic from overflowing (RFC 9111 §1.2.2)."""

_USUAL: Final = 200
"""Characters of Cache-Control that are worth remembering."""
_SECONDS: Final = re.compile(r"[0-9]{1,30}\Z")
_FRACTION: Final = re.compile(r"([0-9]{1,30})(?:\.[0-9]+)?\Z")
_DIRECTIVE: Final = re.compile(
    r"""(?<![^,\s])([A-Za-z0-9_-]++)(?:\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^,\s]*+))?+\s*+(?=,|\Z)"""
)
"""Begins where a word does and gives nothing back: one header of 60 KB took two minutes (measured)."""


def http_date(text: str) -> datetime | None:
    """Read an HTTP-date in any of its three forms (RFC 9110 §5.6.7). None: it is not one."""
    try:
        found = parsedate_to_datetime(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def directives(cache_control: str) -> list[tuple[str, str]]:
    """Return the directives of a Cache-Control in order: lower-case name, unquoted value."""
    return [(match[1].lower(), (match[2] or "").strip('"')) for match in _DIRECTIVE.finditer(cache_control)]


def fresh_for(
    cache_control: Iterable[str], expires: str | None, age: str | None, date: str | None, now: datetime
) -> timedelta | None:
    """Say how long an answer stays fresh (RFC 9111 §4.2), what already passed taken off.

    Never negative. None when the publisher says nothing we can use: no header, one that cannot be
    read, or `no-store` and `no-cache`, which do not ask us to come more often. `max-age` beats
    Expires (§5.3); of two, the first counts (§4.2.1). Expires is measured against the answer's
    own Date, so a publisher's wrong clock does no harm.
    """
    joined = ", ".join(cache_control)
    stated, lifetime = _max_age(joined) if len(joined) <= _USUAL else _max_age.__wrapped__(joined)
    if not stated and expires is not None:
        until = http_date(expires)
        start = (http_date(date) if date else None) or now
        lifetime = min(until - start, LONGEST) if until is not None else None
    if lifetime is None:
        return None
    passed = _seconds(age.strip()) if age else None
    return max(lifetime if passed is None else lifetime - passed, timedelta(0))


@lru_cache(maxsize=1024)
def _max_age(cache_control: str) -> tuple[bool, timedelta | None]:
    """Say whether a Cache-Control says it all, and how long an answer stays fresh by it.

    Read once for all feeds of which the same is said: most publishers say one of a few things.
    """
    stated, lifetime = False, None
    for name, value in directives(cache_control):
        if name in ("no-store", "no-cache") and not value:
            return True, None
        if name == "max-age" and not stated:
            stated, lifetime = True, _seconds(value)
    return stated, lifetime


def retry_after(value: str | None, date: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After (RFC 9110 §10.2.3): seconds or an HTTP-date, measured against the answer's Date.

    Fractions are rounded up, what is in the past is no wait. None: absent or not readable.
    """
    if value is None:
        return None
    text = value.strip()
    if (match := _FRACTION.match(text)) is not None:
        whole = min(int(match[1]), int(LONGEST.total_seconds()))
        return timedelta(seconds=whole + (match[0] != match[1]))
    until = http_date(text)
    if until is None:
        return None
    start = (http_date(date) if date else None) or now
    return min(max(until - start, timedelta(0)), LONGEST)


def _seconds(text: str) -> timedelta | None:
    """Read delta-seconds (RFC 9111 §1.2.2): digits only; too many mean very long."""
    if not _SECONDS.match(text):
        return None
    return timedelta(seconds=min(int(text), int(LONGEST.total_seconds())))
