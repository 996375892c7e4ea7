"""`/metrics`, asked over a real socket; Debian's promtool is the judge of its form."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Secret
from tests.pipeline_kit import HOUR, MINUTE, World, desk
from tests.web_kit import GUARDED, served

ROUTES = """
channels:
  slack: {RECORDING}
  mail: {RECORDING}
routes:
  now: {topics: [summit], channels: [slack], send: immediate, group_wait: 1m}
  day: {topics: [summit], channels: [mail], at: ["18:00"]}
"""
WORD = ("anyone", "রসগোল্লা:x")


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The values by name and labels' values."""
    return {
        (one.name, *(one.labels[label] for label in sorted(one.labels))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def worked(world: World) -> None:
    """Let a desk poll, match, send, fail to send and fail to poll."""
    await world.tick()
    world.publish("Trump calls Putin", "A goat is found")
    world.publisher.answer("/other", status=503)
    await world.tick(6 * MINUTE)
    await world.tick(2 * MINUTE)
    world.publish("Putin answers Trump: a goat")
    world.channel("slack").fail(DeliveryError(DeliveryReason.SERVER, "no", retryable=True))
    world.channel("mail").fail(DeliveryError(DeliveryReason.AUTH, "no", retryable=False))
    await world.tick(6 * MINUTE)
    await world.tick(2 * MINUTE)
    await world.tick(6 * HOUR)


async def test_a_scrape_of_a_desk_that_worked_says_what_it_did(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTES) as world, served(world.built) as client:
        await worked(world)
        answer = await client.get("/metrics")
        found = samples(answer.text)
        counts, states = world.store.counts(), world.store.feed_states()

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert found["monitor_matches_total", "summit"] == counts.matches
    assert found["monitor_items_total", "new"] == counts.entries == 3
    assert found["monitor_delivery_queue_depth",] == counts.queued
    assert found["monitor_dead_letters",] == counts.dead == 1
    assert found["monitor_deliveries_total", "mail", "dead", "auth"] == 1
    assert found["monitor_fetches_total", "error", "http-5xx"] == 1
    assert (
        found["monitor_fetch_duration_seconds_count",]
        == found["monitor_fetch_duration_seconds_bucket", "+Inf"]
    )
    assert sum(value for key, value in found.items() if key[0] == "monitor_feeds") == len(states)
    assert sum(key[0] == "monitor_feed_last_success_timestamp_seconds" for key in found) == 2
    assert found["monitor_digest_overdue_seconds",] == 0
    assert "publisher.example" not in answer.text


async def test_promtool_finds_nothing_wrong_with_a_scrape(tmp_path: Path, promtool: str) -> None:
    async with desk(tmp_path, ROUTES) as world, served(world.built) as client:
        await worked(world)
        answer = await client.get("/metrics")
    judged = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await judged.communicate(answer.content)
    assert (judged.returncode, said.decode()) == (0, "")


async def test_prometheus_may_ask_for_openmetrics(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTES) as world, served(world.built) as client:
        answer = await client.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_it_asks_for_the_page_s_password_and_shows_no_secret(tmp_path: Path) -> None:
    rest = ROUTES + 'heartbeat: {url: "https://hc.example/ping/0a1b2c3d-secret"}\n'
    async with desk(tmp_path, rest) as world, served(world.built, GUARDED) as client:
        assert (await client.get("/metrics")).status_code == 401
        client.auth = httpx.BasicAuth(*WORD)
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert "0a1b2c3d" not in answer.text
    assert "রসগোল্লা" not in answer.text
    assert world.built.config.heartbeat.url == Secret("https://hc.example/ping/0a1b2c3d-secret")


async def test_of_many_feeds_none_has_a_line_of_its_own(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTES + "metrics: {feeds: 1}\n") as world, served(world.built) as client:
        await world.tick()
        found = samples((await client.get("/metrics")).text)
    assert not any(key[0] == "monitor_feed_last_success_timestamp_seconds" for key in found)
    assert found["monitor_feeds", "ok"] == 2


async def test_a_digest_that_was_not_made_is_overdue_until_it_is(tmp_path: Path) -> None:
    async with desk(tmp_path, ROUTES) as world, served(world.built) as client:
        await world.tick()
        world.clock.advance(6 * HOUR + 5 * MINUTE)
        late = samples((await client.get("/metrics")).text)
        await world.tick()
        made = samples((await client.get("/metrics")).text)
    assert late["monitor_digest_overdue_seconds",] == 5 * 60
    assert 5.9 * 3600 < late["monitor_scheduler_lag_seconds",] <= 6 * 3600
    assert made["monitor_digest_overdue_seconds",] == 0
    assert made["monitor_scheduler_lag_seconds",] == 0
