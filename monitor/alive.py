"""Alive: what the facts of a store say of canary and heartbeat, and what stands in `status` of it. Pure.

The facts are the store's (see Store.meta): the daemon writes them, whoever asks reads them here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from monitor.model import Canary, Heartbeat, Vitals

LAST: Final = "canary:last"
SINCE: Final = "canary:since"
ARRIVED: Final = "canary:arrived"
"""When the last canary was let go, the first of those that have not arrived, and when one last did."""
BEATING: Final = "heartbeat:sent"
BEATEN: Final = "heartbeat:answered"
"""When a heartbeat was last sent, and when one was last answered."""
OVERDUE: Final = "trouble:canary"
UNBEATEN: Final = "trouble:heartbeat"
"""That one does not arrive, that they are not answered: in words, for `status`; empty where all is well."""
LATELY: Final = timedelta(hours=24)
"""The alerts of so long say how long alerts take."""


def when(facts: Mapping[str, str], name: str) -> datetime | None:
    """Return the time that a fact says."""
    return datetime.fromisoformat(text) if (text := facts.get(name)) else None


def waits_since(facts: Mapping[str, str]) -> datetime | None:
    """Return when the first of those canaries was let go that are waited for; None: all arrived."""
    since, arrived = when(facts, SINCE), when(facts, ARRIVED)
    return None if since is None or (arrived is not None and arrived >= since) else since


def watch(
    facts: Mapping[str, str],
    vitals: Vitals,
    delays: Sequence[timedelta],
    *,
    canary: Canary,
    heartbeat: Heartbeat,
    now: datetime,
) -> dict[str, Any]:
    """Return how the daemon itself does, as `status --json` has it: in seconds, null where nothing is known.

    `delays` are those of the alerts that were sent `LATELY`.
    """
    took = sorted(delay.total_seconds() for delay in delays)
    return {
        "oldest_undelivered": _age(vitals.undelivered_since, now) or 0.0,
        "publish_to_alert": {
            "alerts": len(took),
            "median": median(took) if took else None,
            "p95": took[-(-len(took) * 95 // 100) - 1] if took else None,
        },
        "canary": {
            "every": canary.every.total_seconds(),
            "age": _age(when(facts, ARRIVED), now),
            "waits": _age(waits_since(facts), now),
        }
        if canary.every
        else None,
        "heartbeat": {
            "every": heartbeat.every.total_seconds(),
            "age": _age(when(facts, BEATEN), now),
        }
        if heartbeat.url
        else None,
    }


def said(watch: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the same in words: what, and how it is."""
    alerts, canary, heartbeat = watch["publish_to_alert"], watch["canary"], watch["heartbeat"]
    lines = []
    if alerts["alerts"]:
        took = f"half within {span(alerts['median'])} of publication, 95 % within {span(alerts['p95'])}"
        lines.append(("alerts", f"{alerts['alerts']} in 24 hours: {took}"))
    if canary and canary["age"] is not None:
        lines.append(("canary", f"arrived {span(canary['age'])} ago"))
    elif canary and canary["waits"] is not None:
        lines.append(("canary", "none has arrived yet"))
    if heartbeat:
        age = "not answered yet" if heartbeat["age"] is None else f"answered {span(heartbeat['age'])} ago"
        lines.append(("heartbeat", age))
    return lines


def span(seconds: float) -> str:
    """Return a duration in its two largest units."""
    left, parts = round(seconds), list[str]()
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number or (name == "s" and not parts):
            parts.append(f"{number} {name}")
    return " ".join(parts[:2])


def _age(since: datetime | None, now: datetime) -> float | None:
    return max((now - since).total_seconds(), 0.0) if since else None
