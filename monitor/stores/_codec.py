"""Values ⇄ JSON text, exactly: what is read back equals what was written.

Used for what is stored whole and never asked about in SQL: the evidence of a match and the frozen
message of a delivery. Fields that have their default are left out, so that a field that is added
later reads as its default from old rows, and one that is gone is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from sys import intern
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_MICROSECOND = timedelta(microseconds=1)
_SHORT = 40


def encode(value: object) -> str:
    """Return a dataclass as JSON text that any database takes.

    Raises TypeError for a type that has no JSON form here (a Secret must never be stored).
    """
    return dump(value)


def dump(value: Any) -> str:
    """Return lists, dictionaries, scalars and dataclasses as JSON text that any database takes."""
    text = _AS_IT_IS.encode(value)
    if storable(text) is text:
        return text
    # Lone surrogates cannot be encoded; escaped they are ASCII. (json escapes NUL by itself.)
    return _ESCAPED.encode(value)


def decode(kind: type[T], text: str) -> T:
    """Return the value of dataclass `kind` that `encode` wrote."""
    made: T = _reader(kind)(json.loads(text))
    return made


def decode_all(kind: type[T], text: str) -> list[T]:
    """Return the values of a list of dataclasses `kind` that `encode` wrote."""
    return [_reader(kind)(one) for one in json.loads(text)]


def storable(text: str) -> str:
    """Return text as both databases can hold it.

    PostgreSQL refuses NUL and neither takes lone surrogates: one such character in a publisher's
    title must not hold up the forty-nine other polls of a commit. NUL is dropped, a lone surrogate
    becomes U+FFFD. Text without them, nearly all, comes back as the same object.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text.replace("\0", "") if "\0" in text else text


def _plain(value: object) -> Any:
    """Return a value that json does not know as one that it does, its parts as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: got
            for name, default in _defaults(type(value))
            if (got := getattr(value, name)) != default or default is MISSING
        }
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not stored as JSON")


_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
_ESCAPED = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=_plain)


@cache
def _defaults(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Return each field that goes into `repr` with its default (MISSING: always written)."""
    if any(not field.repr for field in fields(kind)):
        raise TypeError(f"{kind.__name__} hides a field and is not stored")
    return tuple(
        (
            field.name,
            field.default
            if field.default is not MISSING
            else MISSING
            if field.default_factory is MISSING
            else field.default_factory(),
        )
        for field in fields(kind)
    )


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what turns the JSON form of `kind` into its value."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (one,) = (argument for argument in arguments if argument is not NoneType)
        read = _reader(one)
        return lambda got: None if got is None else read(got)
    if origin is tuple:
        read = _reader(arguments[0])
        return lambda got: tuple([read(one) for one in got])
    if origin is not None and issubclass(origin, Mapping):
        read = _reader(arguments[1])
        return lambda got: {key: read(one) for key, one in got.items()}
    if is_dataclass(kind):
        return lambda got: _build(kind, got)
    return _SIMPLE.get(kind, kind)


def _word(got: str) -> str:
    """Return a string, a short one as the one object that says so: the same dozens of names, forms and
    stems stand in the evidence of thousands of matches (3 KB of each, measured)."""
    return intern(got) if len(got) <= _SHORT else got


_SIMPLE: Mapping[Any, Callable[[Any], Any]] = {
    str: _word,
    int: lambda got: got,
    bool: lambda got: got,
    float: float,
    datetime: datetime.fromisoformat,
    timedelta: lambda got: timedelta(microseconds=got),
}


def _build(kind: Any, got: Mapping[str, Any]) -> Any:
    readers = _readers(kind)
    return kind(**{name: readers[name](one) for name, one in got.items() if name in readers})


@cache
def _readers(kind: Any) -> Mapping[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in fields(kind)}
