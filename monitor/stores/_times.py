"""Column types of moments and durations: what a poll that found nothing new writes is mostly times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine


class UtcTime(TypeDecorator[datetime]):
    """An aware time, to the microsecond. Comes back in UTC whatever zone it went in with."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store a timestamp where the database has one that knows zones."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(Text())

    # Made once for all rows of a statement.

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Turn an aware time into what the database takes."""
        return _to_time if dialect.name == "postgresql" else _to_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Turn what the database gave into an aware time in UTC."""
        return _to_time if dialect.name == "postgresql" else _from_text


def utc_time(value: datetime) -> datetime:
    """Return the same moment in UTC."""
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value}")
    return value.astimezone(UTC)


def _to_time(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is UTC else utc_time(value)


def utc_text(value: datetime) -> str:
    """Return a time as SQLite keeps it."""
    return _written(value if value.tzinfo is UTC else utc_time(value))


@lru_cache(maxsize=256)
def _written(moment: datetime) -> str:
    """Write a moment in UTC. Half of what a row of a batch writes are the same few.

    In UTC only: the two times of an hour that a zone's clocks go through twice are equal to Python.
    """
    return moment.isoformat(" ", "microseconds")[:26]


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else utc_text(value)


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class Duration(TypeDecorator[timedelta]):
    """A duration, exactly, as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[timedelta | None], int | None]:
        """Turn a duration into microseconds."""
        return lambda value: None if value is None else value // _MICROSECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], timedelta | None]:
        """Turn microseconds into a duration."""
        return lambda value: None if value is None else timedelta(microseconds=value)


_MICROSECOND = timedelta(microseconds=1)
