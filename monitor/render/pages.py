"""What pages need beside what messages have: facts as JSON has them are read back and marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from babel import Locale
from markupsafe import Markup

from monitor.model import Span
from monitor.render import passages
from monitor.render.passages import Passage


def moment(value: object) -> datetime | None:
    """Return a time that is written as RFC 3339; None for nothing."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value)) if value else None


def spanned(text: str, spans: Sequence[Mapping[str, Any]], field: str) -> Passage:
    """Return a text with those spans (as facts have them) marked that are of `field`."""
    found = [
        Span(field=one["field"], start=one["start"], end=one["end"], surface=one["surface"])
        for one in spans
        if one["field"] == field
    ]
    return passages.marked(text, found, field)


def spoken(tag: str) -> Markup:
    """Return the attributes of an element whose text is of a language: none where that is not known."""
    short = str(tag).replace("_", "-").partition("-")[0].lower()
    direction = Markup(' dir="auto"')
    return Markup(' lang="{}"').format(short) + direction if short in _tongues() else direction


@cache
def _tongues() -> frozenset[str]:
    return frozenset(Locale("en").languages) - {"und", "mul", "zxx"}


FILTERS: Mapping[str, Callable[..., Any]] = {"moment": moment, "spanned": spanned, "spoken": spoken}
