"""Signals to try templates on: the same each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from monitor.model import Signal, SignalKind, SignalNote, StoryEntry

_NUMBERS: Mapping[tuple[SignalKind, bool], Mapping[str, float]] = {
    (SignalKind.BURST, False): {"count": 41, "usual": 6, "limit": 22.4, "past": 24, "sources": 9},
    (SignalKind.BURST, True): {"total": 163, "peak": 58, "usual": 6, "sources": 14, "hours": 7.25},
    (SignalKind.FIRST_SEEN, False): {"count": 3, "sources": 2},
    (SignalKind.NO_DATA, False): {"hours": 53.5, "missing": 21.3, "worst": 12.6, "weekly": 74.5},
    (SignalKind.NO_DATA, True): {"hours": 61.75},
}


def unusual(
    kind: SignalKind,
    *,
    topic: str,
    title: str,
    at: datetime,
    items: tuple[StoryEntry, ...],
    names: Mapping[str, str],
    over: bool = False,
) -> SignalNote:
    """Return a signal about a topic as a reader is told of it; a new name is never over."""
    over = over and kind is not SignalKind.FIRST_SEEN
    numbers = _NUMBERS[kind, over]
    signal = Signal(
        id=f"5a{kind.value.encode().hex()[:12]}{int(over)}",
        kind=kind,
        topic=topic,
        entity="tomahawk" if kind is SignalKind.FIRST_SEEN else "",
        over=over,
        at=at,
        since=at - timedelta(hours=numbers.get("hours", 1)),
        until=at - timedelta(minutes=10) if over else None,
        numbers=numbers,
        entry_ids=tuple(one.entry.id for one in items),
    )
    return SignalNote(
        signal=signal,
        title=title,
        label=names.get(signal.entity, ""),
        beside=(names["trump"], names["putin"]),
        items=items,
        feeds_ok=61,
        feeds_total=63,
    )
