"""The daemon is watched: scraped by a real client, judged by promtool, its heartbeat heard, its canary home."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.test_daemon import MORE, NEWS, a_free_port, fresh, running, until
from tests.world import Desk, Newsstand, Receiver

PING = "/ping/5f1c0a9e-2b7d-4e0f"


def scraped(port: int) -> str:
    """Return a scrape; nothing while nobody listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    except httpx.TransportError:
        return ""


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The values by name and labels' values."""
    return {
        (one.name, *(one.labels[label] for label in sorted(one.labels))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def believed(port: int) -> float | None:
    """Return whether the last config that was read was right."""
    return samples(scraped(port)).get(("monitor_config_last_reload_successful",))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a daemon says of itself that has polled, matched, sent, and failed at each."""
    port, nobody = a_free_port(), a_free_port()
    with Newsstand({"/a": fresh(NEWS, MORE), PING: b"OK"}) as stand, Receiver() as receiver:
        desk = Desk(
            tmp_path_factory.mktemp("watch"),
            {stand.url + "/a": "bn", stand.url + "/gone": "en"},
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n"
            f"  away: {{type: webhook, url: 'http://127.0.0.1:{nobody}/hook'}}\n",
            routes="routes:\n  now: {topics: [summit], channels: [hook, away], send: immediate, group_wait: 0s}\n",
            extra=f"web: {{listen: '127.0.0.1:{port}'}}\ncanary: {{every: 5s}}\n"
            f"heartbeat: {{url: '{stand.url}{PING}', every: 10s}}\n",
        ).write()
        with running(desk) as daemon:
            until(lambda: len(receiver.taken) == 2, "two alerts", desk)
            until(lambda: any(path == PING for path, _, _ in stand.log), "a heartbeat", desk)
            until(lambda: desk.json("status")["watch"]["canary"]["age"] is not None, "a canary", desk)
            until(lambda: desk.json("status")["watch"]["heartbeat"]["age"] is not None, "an answer", desk)
            until(
                lambda: samples(scraped(port)).get(
                    ("monitor_deliveries_total", "away", "deferred", "connect")
                ),
                "a failure",
                desk,
            )
            text = scraped(port)
            status = desk.json("status")
            right = desk.config.read_text()
            desk.config.write_text(right + "nonsense: 1\n")
            daemon.send_signal(signal.SIGHUP)
            until(lambda: believed(port) == 0, "a config that is refused", desk)
            desk.config.write_text(right)
            daemon.send_signal(signal.SIGHUP)
            until(lambda: believed(port) == 1, "one that is taken", desk)
        yield {
            "text": text,
            "found": samples(text),
            "status": status,
            "words": desk.run("status").stdout,
            "log": (desk.folder / "daemon.log").read_text(encoding="utf-8"),
            "pings": [headers for path, headers, _ in stand.log if path == PING],
        }


def test_metrics_and_status_say_the_same(seen: dict[str, Any]) -> None:
    found, status = seen["found"], seen["status"]
    assert found["monitor_matches_total", "summit"] == status["matches"] == 2
    assert found["monitor_items_total", "new"] == status["entries"]
    assert found["monitor_delivery_queue_depth",] == status["deliveries"]["queued"] == 2
    assert found["monitor_dead_letters",] == status["deliveries"]["dead"] == 0
    sent = sum(
        value for key, value in found.items() if key[0] == "monitor_deliveries_total" and key[2] == "sent"
    )
    assert sent == status["deliveries"]["sent"] == 2, "the canary's are in neither"
    states = {key[1]: value for key, value in found.items() if key[0] == "monitor_feeds" and value}
    assert states == {feed["state"]: 1 for feed in status["feed"]}
    told = {key[1] for key in found if key[0] == "monitor_feed_last_success_timestamp_seconds"}
    assert told == {feed["id"] for feed in status["feed"] if feed["state"] == "ok"}


def test_promtool_finds_nothing_wrong_with_it(seen: dict[str, Any], promtool: str) -> None:
    judged = subprocess.run(
        [promtool, "check", "metrics"], input=seen["text"], capture_output=True, text=True, check=False
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


def test_what_users_feel_is_measured(seen: dict[str, Any]) -> None:
    assert seen["found"]["monitor_publish_to_alert_seconds_count",] == 2
    took = seen["status"]["watch"]["publish_to_alert"]
    assert took["alerts"] == 2
    assert 0 <= took["median"] <= took["p95"] < 120
    assert seen["found"]["monitor_fetch_duration_seconds_count",] >= 2
    assert seen["found"]["monitor_fetch_bytes_total",] >= len(fresh(NEWS, MORE))


def test_canary_and_heartbeat_are_seen_on_every_side(seen: dict[str, Any]) -> None:
    found, watch = seen["found"], seen["status"]["watch"]
    assert found["monitor_canary_interval_seconds",] == watch["canary"]["every"] == 5
    assert found["monitor_canary_age_seconds",] < 60
    assert found["monitor_heartbeat_interval_seconds",] == watch["heartbeat"]["every"] == 10
    assert "\ncanary      arrived " in seen["words"]
    assert "\nheartbeat   answered " in seen["words"]
    assert "\nalerts      2 in 24 hours: half within " in seen["words"]
    assert {headers["user-agent"] for headers in seen["pings"]} == {
        "monitor/0.1.0 (+https://desk.example.org/contact)"
    }


def test_no_word_of_the_heartbeat_s_url_is_anywhere(seen: dict[str, Any]) -> None:
    secret = PING.rpartition("/")[2]
    assert secret not in seen["log"] + seen["text"] + seen["words"] + str(seen["status"])
