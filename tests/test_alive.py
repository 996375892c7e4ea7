"""What `status` says of the daemon itself, of the facts of its store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.alive import ARRIVED, BEATEN, SINCE, said, span, waits_since, watch
from monitor.model import Canary, Heartbeat, Secret, Vitals
from monitor.testing import NOON

MINUTE = timedelta(minutes=1)


def at(minutes: int) -> str:
    return (NOON + minutes * MINUTE).isoformat()


def watched(facts: dict[str, str], *delays: timedelta, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"canary": Canary(), "heartbeat": Heartbeat(url=Secret("https://hc.test/x"))}
    return watch(facts, Vitals(), delays, now=NOON, **{**settings, **changes})


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        ({}, None),
        ({SINCE: at(-9)}, NOON - 9 * MINUTE),
        ({SINCE: at(-9), ARRIVED: at(-20)}, NOON - 9 * MINUTE),
        ({SINCE: at(-9), ARRIVED: at(-8)}, None),
    ],
)
def test_a_canary_is_waited_for_until_one_arrives_after_it(
    facts: dict[str, str], waits: datetime | None
) -> None:
    assert waits_since(facts) == waits


def test_what_is_off_is_null_and_what_is_not_known_too() -> None:
    found = watched({}, canary=Canary(every=timedelta(0)), heartbeat=Heartbeat())
    assert (found["canary"], found["heartbeat"]) == (None, None)
    assert said(found) == []
    found = watched({})
    assert found["canary"] == {"every": 900, "age": None, "waits": None}
    assert found["heartbeat"] == {"every": 300, "age": None}
    assert said(found) == [("heartbeat", "not answered yet")]
    assert ("canary", "none has arrived yet") in said(watched({SINCE: at(-1)}))


def test_half_and_nineteen_of_twenty_alerts_took_no_longer() -> None:
    found = watched({}, *(n * MINUTE for n in range(100, 0, -1)))["publish_to_alert"]
    assert found == {"alerts": 100, "median": 50.5 * 60, "p95": 95 * 60}
    assert watched({}, MINUTE)["publish_to_alert"]["p95"] == 60
    assert watched({})["publish_to_alert"] == {"alerts": 0, "median": None, "p95": None}


def test_it_is_said_in_words() -> None:
    facts = {SINCE: at(-8), ARRIVED: at(-8), BEATEN: at(-2)}
    assert said(watched(facts, 2 * MINUTE, 4 * MINUTE)) == [
        ("alerts", "2 in 24 hours: half within 3 min of publication, 95 % within 4 min"),
        ("canary", "arrived 8 min ago"),
        ("heartbeat", "answered 2 min ago"),
    ]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (90_000, "1 d 1 h"), (3_600, "1 h")],
)
def test_a_span_has_its_two_largest_units(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
