"""How the hubs of feeds do (see docs/howto/websub.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from monitor import websub
from monitor.model import Subscription, Trust

_TRUST = {
    Trust.NEW: "polled as ever until the first good push",
    Trust.TRUSTED: "pushes, so it is polled seldom",
    Trust.SUSPECT: "a poll found what was not pushed, so it is polled as ever",
}


def by_feed(rows: Iterable[Subscription]) -> dict[str, Subscription]:
    """Return the subscription that stands for each feed that has one."""
    found: defaultdict[str, list[Subscription]] = defaultdict(list)
    for row in rows:
        found[row.feed_url].append(row)
    return {url: one for url, those in found.items() if (one := websub.current(those)) is not None}


def facts(one: Subscription | None, now: datetime) -> dict[str, Any] | None:
    """Return what scripts are told: no callback, no secret."""
    if one is None:
        return None
    return {
        "hub": one.hub,
        "topic": one.topic,
        "state": websub.standing_of(one, now),
        "trust": one.trust,
        "until": one.lease_until,
        "last_push": one.pushed_at,
        "pushes": one.pushes,
        "ignored": one.ignored,
        "reason": one.reason,
    }


def words(told: Mapping[str, Any]) -> str:
    """Return the same in a line for people."""
    state, why = told["state"], f": {told['reason']}" if told["reason"] else ""
    if state != "verified":
        return f"hub {told['hub']} {state}{why}"
    ignored = f", {told['ignored']} ignored" if told["ignored"] else ""
    return f"hub {told['hub']} {_TRUST[told['trust']]}; {told['pushes']} pushed{ignored}"
