"""What is counted and measured: from events, and from what the store says when somebody looks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from monitor.errors import DeliveryReason
from monitor.metrics import ASKED, COUNTED, Family, Histogram, Labels, Metrics, Snapshot, feed_id
from monitor.model import (
    Digest,
    DigestStory,
    Entry,
    Event,
    Feed,
    Kind,
    Message,
    Recipient,
    Section,
    StoryEntry,
    Vitals,
)
from monitor.pipeline.telling import _published
from monitor.testing import NOON, an_entry
from tests.pipeline_kit import HOUR, MINUTE, desk

NOTHING = Snapshot(now=NOON, vitals=Vitals())


def told(metrics: Metrics, kind: str, **fields: Any) -> None:
    metrics.tell(Event(kind=kind, at=NOON, fields=fields))


def values(metrics: Metrics, name: str, snapshot: Snapshot = NOTHING) -> dict[Labels, float | Histogram]:
    (family,) = [one for one in metrics.families(snapshot) if one.name == name]
    return dict(family.values)


def value(metrics: Metrics, name: str, *labels: str, snapshot: Snapshot = NOTHING) -> float:
    found = values(metrics, name, snapshot)[labels]
    assert not isinstance(found, Histogram)
    return found


def test_polls_are_counted_by_outcome_and_reason() -> None:
    metrics = Metrics()
    told(metrics, "poll", outcome="fetched", reason="", new=3, revised=1, matched=2, received=1000)
    told(metrics, "poll", outcome="notmodified", reason="", new=0, revised=0, matched=0)
    told(metrics, "poll", outcome="error", reason="timeout", new=0, revised=0, matched=0)

    assert value(metrics, "monitor_fetches_total", "fetched", "") == 1
    assert value(metrics, "monitor_fetches_total", "error", "timeout") == 1
    assert value(metrics, "monitor_fetch_bytes_total") == 1000
    assert values(metrics, "monitor_items_total") == {("new",): 3, ("revised",): 1, ("matched",): 2}


def test_a_rate_is_there_before_the_first_failure() -> None:
    found = values(Metrics(), "monitor_fetches_total")
    assert found["error", "http-5xx"] == 0
    snapshot = replace(NOTHING, channels=("desk",), topics=("summit",))
    assert value(Metrics(), "monitor_deliveries_total", "desk", "dead", "gone", snapshot=snapshot) == 0
    assert value(Metrics(), "monitor_matches_total", "summit", snapshot=snapshot) == 0


@pytest.mark.parametrize(("took", "bucket"), [(0.05, 0), (0.1, 0), (0.11, 1), (29.0, 7), (31.0, 8)])
def test_a_duration_is_in_the_bucket_whose_bound_it_does_not_pass(took: float, bucket: int) -> None:
    metrics = Metrics()
    told(metrics, "poll", outcome="fetched", took=took)
    (found,) = values(metrics, "monitor_fetch_duration_seconds").values()
    assert isinstance(found, Histogram)
    assert [n for n, count in enumerate(found.counts) if count] == [bucket]
    assert len(found.counts) == len(found.bounds) + 1
    assert found.total == took


def test_what_was_not_measured_is_in_no_histogram() -> None:
    metrics = Metrics()
    told(metrics, "poll", outcome="fetched", took=None)
    told(metrics, "delivery", channel="desk", outcome="sent", waited=None)
    for name in ("monitor_fetch_duration_seconds", "monitor_publish_to_alert_seconds"):
        (found,) = values(metrics, name).values()
        assert isinstance(found, Histogram)
        assert sum(found.counts) == 0


def test_deliveries_are_counted_by_channel_outcome_and_reason() -> None:
    metrics = Metrics()
    told(
        metrics, "delivery", channel="desk", outcome="dead", reason=DeliveryReason.AUTH, recipient="a@b.test"
    )
    assert values(metrics, "monitor_deliveries_total") == {("desk", "dead", "auth"): 1}


def test_a_refused_config_is_seen_and_the_time_of_the_last_good_one_stays() -> None:
    metrics = Metrics()
    told(metrics, "started")
    metrics.tell(Event(kind="reload-refused", at=NOON + timedelta(hours=1), fields={"detail": "x"}))
    assert value(metrics, "monitor_config_last_reload_successful") == 0
    assert value(metrics, "monitor_config_last_reload_success_timestamp_seconds") == NOON.timestamp()
    assert value(metrics, "monitor_failures_total", "reload-refused") == 1
    told(metrics, "reloaded")
    assert value(metrics, "monitor_config_last_reload_successful") == 1


def test_a_feed_is_called_by_an_id_that_holds_nothing_of_its_url() -> None:
    url = "https://user:secret@news.test/rss?token=abc"
    snapshot = replace(
        NOTHING,
        vitals=Vitals(last_ok={url: NOON, "https://gone.test/": NOON}),
        feeds={url: Feed(url=url, source="Prothom Alo")},
    )
    found = values(Metrics(), "monitor_feed_last_success_timestamp_seconds", snapshot)
    assert found == {(feed_id(url), "Prothom Alo"): NOON.timestamp()}
    assert re.fullmatch("[0-9a-f]{12}", feed_id(url))


def test_ages_count_from_now_and_never_below_nothing() -> None:
    snapshot = replace(
        NOTHING,
        vitals=Vitals(
            undelivered_since=NOON - timedelta(minutes=5), poll_due_since=NOON + timedelta(hours=1)
        ),
        canary_at=NOON - timedelta(seconds=90),
    )
    metrics = Metrics()
    assert value(metrics, "monitor_oldest_undelivered_seconds", snapshot=snapshot) == 300
    assert value(metrics, "monitor_scheduler_lag_seconds", snapshot=snapshot) == 0
    assert values(metrics, "monitor_canary_age_seconds", snapshot) == {}, "a canary that is off has no age"
    on = replace(snapshot, canary_every=900.0)
    assert value(metrics, "monitor_canary_age_seconds", snapshot=on) == 90


def test_names_are_said_once_and_keep_prometheus_conventions() -> None:
    names = [one.name for one in Metrics().families(NOTHING)]
    assert len(names) == len(set(names))
    for one in (*COUNTED, *ASKED):
        assert re.fullmatch("monitor_[a-z_]+", one.name)
        assert one.help.endswith(".")
        assert bool(one.take) != bool(one.ask)


def test_no_count_is_lost_between_threads() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(2_000):
            told(metrics, "poll", outcome="fetched", reason="", took=0.2, new=1)

    threads = [Thread(target=count) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert value(metrics, "monitor_fetches_total", "fetched", "") == 8_000
    assert value(metrics, "monitor_items_total", "new") == 8_000


def an_alert(*told: Entry, known: Entry | None = None) -> tuple[Digest, Message]:
    """An alert that tells these entries, of a story in which another was told before."""
    reader = Recipient(address="desk")
    items = [StoryEntry(entry=one) for one in (*told, *([known] if known else []))]
    story = DigestStory(id="s", state="new", lead=items[-1], also=tuple(items[:-1]), first_seen=NOON)
    digest = Digest(
        id="d", kind=Kind.ALERT, route="now", channel="slack", recipient=reader, language="en", timezone="UTC",
        slot=NOON, since=None, until=NOON, sections=(Section(topic="t", title="", stories=(story,)),),
    )  # fmt: skip
    message = Message(
        id="d", kind=Kind.ALERT, route="now", channel="slack", recipient=reader, slot=NOON, language="en",
        subject="", parts={}, told={"s": ("story", *(f"entry:{one.id}" for one in told))},
    )  # fmt: skip
    return digest, message


@pytest.mark.parametrize(
    ("changes", "ago"),
    [
        ({"published": NOON - 20 * MINUTE}, 20),
        ({"published": NOON - 20 * MINUTE, "updated": NOON - 15 * MINUTE}, 15),
        ({"published": NOON + HOUR}, 5),
        ({"published": NOON - HOUR, "updated": NOON - 2 * MINUTE, "revision": 2}, 2),
        ({"published": None, "updated": None}, None),
    ],
    ids=["published", "updated", "a clock that is ahead", "revised after it was seen", "no date"],
)
def test_the_wait_for_an_alert_begins_when_its_report_was_out(
    changes: dict[str, Any], ago: int | None
) -> None:
    entry = an_entry(first_seen=NOON - 5 * MINUTE, **changes)
    found = _published(*an_alert(entry))
    assert found == (None if ago is None else NOON - ago * MINUTE)


def test_of_several_reports_the_first_counts_and_none_that_was_told_before() -> None:
    one, two, old = (
        an_entry(title=f"Title {n}", published=NOON - n * MINUTE, first_seen=NOON - MINUTE)
        for n in (10, 30, 600)
    )
    assert _published(*an_alert(one, two, known=old)) == NOON - 30 * MINUTE


ROUTES = """
channels:
  slack: {RECORDING}
  mail: {RECORDING}
routes:
  now: {topics: [summit], channels: [slack], send: immediate, group_wait: 1m}
  day: {topics: [summit], channels: [mail], at: ["18:00"]}
"""


async def test_a_day_s_work_is_counted_and_the_wait_for_an_alert_is_measured(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTES) as world:
        await world.tick()
        world.publish("Trump calls Putin", "A goat is found")
        world.publisher.answer("/other", status=503)
        await world.tick(6 * MINUTE)  # published a minute before, found five minutes later
        await world.tick(2 * MINUTE)
        families: dict[str, Family] = {one.name: one for one in world.built.metrics.families(NOTHING)}
        assert families["monitor_items_total"].values == {("new",): 2, ("revised",): 0, ("matched",): 1}
        assert families["monitor_matches_total"].values == {("summit",): 1}
        assert families["monitor_fetches_total"].values["error", "http-5xx"] == 1
        assert families["monitor_deliveries_total"].values == {("slack", "sent", ""): 1}
        (waited,) = families["monitor_publish_to_alert_seconds"].values.values()
        assert isinstance(waited, Histogram)
        assert (sum(waited.counts), waited.total) == (1, 9 * 60)
        assert world.store.delays(NOON) == [9 * MINUTE]
        await world.tick(6 * HOUR)
        assert len(world.channel("mail").sent) == 1
        assert world.store.delays(NOON) == [9 * MINUTE], "a digest waits for its slot because it is to"
