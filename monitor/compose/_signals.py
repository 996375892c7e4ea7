"""What is unusual about a topic or a route as a whole, in a reader's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.compose._case import Desk, Reader
from monitor.compose._situation import Situation
from monitor.compose._turns import words
from monitor.model import TURNS, Change, Route, Send, Signal, SignalKind, SignalNote


def signal_item(signal_id: str) -> str:
    """Return what is remembered of a signal that was told."""
    return f"signal:{signal_id}"


def wanted(change: Change, route: Route) -> bool:
    """Whether a route tells a line of the log that is a turn or a signal; others are of stories."""
    if change.signal is not None:
        return change.signal.kind.value in route.tells
    return change.turn is None or TURNS in route.tells


def at_once(signal: Signal, route: Route) -> bool:
    """Whether a signal is told by itself: that a burst is over wakes nobody, it is for the digests."""
    return route.send is Send.DIGEST or not (signal.over and signal.kind is SignalKind.BURST)


def signal_notes(
    situation: Situation, reader: Reader, desk: Desk, ok: int, total: int
) -> tuple[SignalNote, ...]:
    """Return the signals that a reader has not been told of, oldest first; one that is over with its end."""
    fresh = [
        change.signal
        for change in situation.news.changes
        if change.signal is not None
        and wanted(change, reader.route)
        and at_once(change.signal, reader.route)
        and signal_item(change.signal.id) not in situation.heard
    ]
    begun = {_episode(one): one for one in fresh if not one.over}
    ended = {_episode(one) for one in fresh if one.over}
    notes = []
    for one in sorted(fresh, key=lambda one: (one.at, one.kind, one.id)):
        if not one.over and _episode(one) in ended:
            continue
        note = _note(one, situation, reader, desk)
        folded = begun.get(_episode(one)) if one.over else None
        notes.append(replace(note, feeds_ok=ok, feeds_total=total, began=folded.id if folded else ""))
    return tuple(notes)


def _episode(one: Signal) -> tuple[str, SignalKind, str, datetime]:
    """Return what the beginning and the end of one thing share."""
    return one.subject, one.kind, one.entity, one.since


def _note(signal: Signal, situation: Situation, reader: Reader, desk: Desk) -> SignalNote:
    language = reader.language
    title = words(desk.topics.get(signal.topic, {}), language, signal.topic) if signal.topic else signal.route
    return SignalNote(
        signal=signal,
        title=title,
        label=_label(signal.entity, desk, language),
        beside=tuple(_label(one, desk, language) for one in desk.watched.get(signal.topic, ())[:3]),
        items=tuple(situation.items[one] for one in signal.entry_ids if one in situation.items),
    )


def _label(entity: str, desk: Desk, language: str) -> str:
    return words(desk.labels.get(entity, {}), language, entity.replace("_", " "))


def item_of(change: Change) -> str:
    """Return what is remembered of a turn or a signal when it is told; "" for other lines of the log."""
    if change.turn is not None:
        return f"turn:{change.turn.id}"
    return signal_item(change.signal.id) if change.signal is not None else ""
