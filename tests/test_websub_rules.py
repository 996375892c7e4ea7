"""WebSub's rules by themselves: whatever hubs, polls and time do, in whatever order."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import websub
from monitor.formats._page import relations
from monitor.model import Document, Secret, Standing, Subscription, Trust
from monitor.testing import NOON

HUB, TOPIC, FEED = "https://hub.example/", "https://a.example/rss?বাং", "https://a.example/rss"
KEYS = websub.Keys(b"k" * 32, "https://desk.example")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ONE = Subscription(id="1" * 32, feed_url=FEED, hub=HUB, topic=TOPIC, due_at=NOON)
LIVE = replace(
    ONE, standing=Standing.VERIFIED, asked_at=NOON, lease_until=NOON + 10 * DAY, due_at=NOON + 8 * DAY
)


# messages ─────────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_a_form_in_utf_8() -> None:
    form = parse_qs(websub.request(ONE, KEYS).decode("ascii"))
    assert form["hub.topic"] == [TOPIC]
    assert form["hub.callback"] == [KEYS.callback(ONE.id)]
    assert form["hub.secret"] == [KEYS.secret(ONE.id).value]


def test_callbacks_and_secrets_differ_by_id_key_and_purpose_and_are_no_part_of_one_another() -> None:
    other = websub.Keys(b"K" * 32, "https://desk.example")
    made = {
        keys.callback(one).rpartition("/")[2][32:] for keys in (KEYS, other) for one in ("1" * 32, "2" * 32)
    }
    secrets = {keys.secret(one).value for keys in (KEYS, other) for one in ("1" * 32, "2" * 32)}
    assert len(made) == len(secrets) == 4
    assert not any(mark in secret for mark in made for secret in secrets)
    assert "1" * 32 not in repr(KEYS)


@given(st.text(max_size=80))
def test_only_a_callback_that_we_made_is_opened(name: str) -> None:
    assert KEYS.opened(name) == ""
    assert KEYS.opened(KEYS.callback(ONE.id).rpartition("/")[2]) == ONE.id


@given(st.binary(max_size=200), st.sampled_from(["sha1", "sha256", "sha384", "sha512"]))
def test_a_signature_is_what_the_standard_library_makes(body: bytes, method: str) -> None:
    secret = Secret("পাসওয়ার্ড")
    digest = hmac.new(secret.value.encode(), body, getattr(hashlib, method)).hexdigest()
    assert websub.signed(f"{method}={digest}", body, secret)
    assert websub.signed(f" {method.upper()}={digest.upper()} ", body, secret)
    assert not websub.signed(f"{method}={digest}", body + b" ", secret)
    assert not websub.signed(f"{method}={digest[:-1]}", body, secret)


@given(st.text(max_size=100))
def test_whatever_stands_where_a_signature_should_it_is_none(header: str) -> None:
    assert not websub.signed(header, b"body", Secret("s"))


@given(st.text(max_size=30) | st.integers().map(str))
def test_a_lease_is_never_shorter_or_longer_than_we_go_along_with(text: str) -> None:
    assert websub.LEAST_LEASE <= websub.lease_of(text) <= websub.MOST_LEASE


@pytest.mark.parametrize(
    ("header", "document", "found"),
    [
        ('<https://h/>; rel="hub"', Document(self_url=TOPIC, hub="https://other/"), ("https://h/", TOPIC)),
        ("</s>; rel=self, <//h/>; rel=hub", Document(), ("https://h/", "https://a.example/s")),
        ("<https://h/1>; rel=hub, <https://h/2>; rel=hub, </>; rel='self hub'", Document(), ("", "")),
        ('<https://h/1>; rel="x HUB self"', Document(), ("https://h/1", "https://h/1")),
        ('<https://h/>; rel=hub; anchor="/other", </>; rel=self', Document(), ("", "")),
        ("<javascript:alert(1)>; rel=hub, <data:,x>; rel=self", Document(), ("", "")),
        ("", Document(hub=HUB), ("", "")),
        ("", Document(self_url=TOPIC), ("", "")),
        ("", Document(hub=HUB, self_url="https://a/" + "x" * 3_000), ("", "")),
        ("", Document(hub="https://h/\x00", self_url=TOPIC), ("", "")),
    ],
)
def test_hub_and_topic_are_found_where_they_may_stand(
    header: str, document: Document, found: tuple[str, str]
) -> None:
    assert websub.offer(relations(header, "https://a.example/rss"), document) == found


# what follows ─────────────────────────────────────────────────────────────────────────────────


def test_the_same_offer_again_changes_nothing_and_another_one_leaves_the_first() -> None:
    def offer(rows: websub.Rows, topic: str) -> websub.Rows:
        return websub.offered(rows, feed_url=FEED, hub=HUB, topic=topic, fresh="2" * 32, now=NOON)

    assert offer((LIVE,), TOPIC) == (LIVE,)
    old, new = offer((LIVE,), "https://a.example/new")
    assert (old.standing, old.due_at) == (Standing.LEAVING, NOON)
    assert (new.standing, new.topic) == (Standing.PENDING, "https://a.example/new")
    assert offer((ONE,), "https://a.example/new")[0].topic == "https://a.example/new"  # nobody was asked


def test_a_lease_that_ended_without_renewal_has_the_feed_polled_at_once() -> None:
    rows = websub.taken((LIVE,), which=LIVE.id, fresh="2" * 32, now=LIVE.due_at)
    assert sorted(one.standing for one in rows) == ["pending", "verified"]
    end = LIVE.lease_until
    assert end is not None
    (left,) = websub.taken(rows, which=LIVE.id, fresh="3" * 32, now=end)
    assert (left.id, left.standing, left.poll_by) == ("2" * 32, Standing.PENDING, end)
    assert websub.standing_of(left, end) == "expired"


def test_probation_doubles_with_each_miss_and_ends() -> None:
    rows: websub.Rows = (replace(LIVE, trust=Trust.TRUSTED),)
    now, took = NOON, []
    for _ in range(4):
        rows = websub.missed(rows, now)
        waited = timedelta(minutes=6)
        while rows[0].trust is Trust.SUSPECT:
            waited += timedelta(minutes=6)
            rows = websub.absorbed(rows, which=LIVE.id, now=now + waited)
        took.append(waited / HOUR)
        now += waited
    assert took == [1, 2, 4, 8]


def test_who_never_pushed_cannot_be_missed() -> None:
    assert websub.missed((LIVE, ONE), NOON) == (LIVE, ONE)


class Life:
    """One feed's subscriptions in some order of events, always within what must hold."""

    def __init__(self) -> None:
        self.rows: websub.Rows = ()
        self.now: datetime = NOON
        self.drawn = 0

    def fresh(self) -> str:
        self.drawn += 1
        return f"{self.drawn:032x}"

    def one(self, place: int) -> str:
        return self.rows[place % len(self.rows)].id if self.rows else ""

    def do(self, what: str, place: int, minutes: int) -> None:
        self.now += minutes * MINUTE
        which, now = self.one(place), self.now
        calls: dict[str, Any] = {
            "offered": lambda: websub.offered(
                self.rows, feed_url=FEED, hub=HUB, topic=f"t{place % 2}", fresh=self.fresh(), now=now
            ),
            "taken": lambda: websub.taken(self.rows, which=which, fresh=self.fresh(), now=now),
            "subscribe": lambda: websub.confirmed(
                self.rows, which=which, mode="subscribe", topic=f"t{place % 2}", lease="9999", now=now
            ),
            "unsubscribe": lambda: websub.confirmed(
                self.rows, which=which, mode="unsubscribe", topic=f"t{place % 2}", lease="", now=now
            ),
            "denied": lambda: websub.denied(
                self.rows, which=which, topic=f"t{place % 2}", reason="x", now=now
            ),
            "refused": lambda: websub.answered(
                self.rows, which=which, reason="no", retry_after=None, now=now
            ),
            "left": lambda: websub.left(self.rows, now),
            "absorbed": lambda: websub.absorbed(self.rows, which=which, now=now),
            "missed": lambda: websub.missed(self.rows, now),
            "anew": lambda: websub.anew(self.rows, fresh=self.fresh(), now=now),
        }
        self.rows = calls[what]()
        holding = [one for one in self.rows if one.standing is Standing.VERIFIED]
        coming = [one for one in self.rows if one.standing in (Standing.PENDING, Standing.DENIED)]
        assert len(holding) <= 1
        assert len(coming) <= 1
        assert len({one.id for one in self.rows}) == len(self.rows)
        assert all(one.lease_until for one in holding)
        assert all(0 <= one.strikes <= websub.MOST_STRIKES for one in self.rows)
        if websub.is_relied_on(self.rows, now):
            assert holding[0].pushed_at is not None


OFTEN = ("taken", "subscribe", "absorbed", "missed")
EVENTS = st.sampled_from((*OFTEN, *OFTEN, "offered", "unsubscribe", "denied", "refused", "left", "anew"))


@given(st.lists(st.tuples(EVENTS, st.integers(0, 5), st.integers(0, 500)), max_size=40))
def test_in_whatever_order_things_happen_one_subscription_holds_and_one_may_come(
    events: list[tuple[str, int, int]],
) -> None:
    life = Life()
    for event in events:
        life.do(*event)
