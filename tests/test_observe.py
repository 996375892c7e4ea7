"""Observe: one line and one count for each event, no secret in either; what systemd is told."""

from __future__ import annotations

import io
import json
import logging
import socket
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import DeliveryStatus, Event, Secret
from monitor.observe import Notifier, Observer, escaped, level_of

AT = datetime(2025, 10, 16, 18, 30, 5, 250_000, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def event(kind: str, **fields: object) -> Event:
    return Event(kind=kind, at=AT, fields=fields)


def line(told: Event, **settings: str) -> str:
    stream = io.StringIO()
    Observer(stream, level="debug", **settings).tell(told)  # type: ignore[arg-type]
    return stream.getvalue()


POLL = event("poll", feed="https://news.test/rss", outcome="fetched", reason="", new=3, revised=0)


def test_away_from_a_terminal_a_line_is_key_and_value() -> None:
    assert line(POLL) == (
        "at=2025-10-16T18:30:05.250Z level=info event=poll feed=https://news.test/rss outcome=fetched"
        " new=3 revised=0\n"
    )


def test_on_a_terminal_a_line_is_words() -> None:
    stream = Terminal()
    Observer(stream).tell(POLL)
    assert stream.getvalue().endswith("  poll      https://news.test/rss: 3 new\n")


def test_a_failing_feed_is_told_in_words_with_its_reason() -> None:
    failed = event(
        "poll",
        feed="https://a.test/",
        outcome="error",
        reason="dns",
        detail="no such host",
        status="error",
        before="ok",
    )
    assert line(failed, format="text").endswith("warning: https://a.test/: dns: no such host\n")


def test_a_delivery_says_from_where_to_whom() -> None:
    told = event(
        "delivery", route="day", channel="desk", recipient="a@b.test", outcome="deferred", reason="timeout"
    )
    assert "day → desk (a@b.test) deferred: timeout" in line(told, format="text")


def test_json_lines_hold_the_same_and_bengali_stays_readable() -> None:
    told = event(
        "poll",
        feed="প্রথম আলো",
        at_once=timedelta(minutes=1),
        status=DeliveryStatus.SENT,
        when=AT,
        names=("a", "b"),
    )
    text = line(told, format="json")
    assert "প্রথম আলো" in text
    assert json.loads(text) == {
        "at": "2025-10-16T18:30:05.250Z",
        "level": "debug",
        "event": "poll",
        "feed": "প্রথম আলো",
        "at_once": 60.0,
        "status": "sent",
        "when": "2025-10-16T18:30:05.250Z",
        "names": ["a", "b"],
    }


def test_for_the_journal_the_level_stands_in_front() -> None:
    assert (
        line(event("reload-refused", detail="x y"), format="journal")
        == '<3>event=reload-refused detail="x y"\n'
    )


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (POLL, logging.INFO),
        (event("poll", outcome="notmodified", new=0), logging.DEBUG),
        (event("poll", outcome="error", before="ok", status="error"), logging.WARNING),
        (event("poll", outcome="error", before="error", status="error"), logging.INFO),
        (event("delivery", outcome="sent"), logging.INFO),
        (event("delivery", outcome="deferred"), logging.WARNING),
        (event("delivery", outcome="dead"), logging.ERROR),
        (event("render-failed"), logging.ERROR),
        (event("started"), logging.INFO),
    ],
)
def test_what_asks_for_a_person_is_loud_and_routine_is_quiet(told: Event, level: int) -> None:
    assert level_of(told) == level


def test_quiet_events_are_not_written() -> None:
    stream = io.StringIO()
    observer = Observer(stream)
    observer.tell(event("poll", outcome="notmodified", feed="https://a.test/"))
    assert stream.getvalue() == ""


# secrets and forged lines ─────────────────────────────────────────────────────────────────────

CANARIES = [
    "postgresql://monitor:hunter2hunter2@db.test/news",
    "POST https://hooks.slack.com/services/T0/B0/hunter2hunter2 failed",
    "https://news.test/rss?token=hunter2hunter2&page=1",
    "whsec_hunter2hunter2",
    "Authorization: Bearer hunter2hunter2",
    "the word is hunter2hunter2 itself",
    "quoted hunter2%20hunter2 hunter2hunter2",
]


@pytest.mark.parametrize("style", ["text", "logfmt", "json", "journal"])
@pytest.mark.parametrize("text", CANARIES)
def test_no_line_holds_a_secret(text: str, style: str) -> None:
    stream = io.StringIO()
    observer = Observer(stream, format=style, secrets=[Secret("hunter2hunter2"), Secret("hunter2 hunter2")])
    observer.tell(event("ring-failed", detail=text, nested={"deep": [text]}, secret=Secret("hunter2hunter2")))
    assert stream.getvalue()
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize("text", CANARIES[:5])
def test_what_looks_like_a_secret_is_hidden_without_being_told_of(text: str) -> None:
    assert "hunter2" not in line(event("ring-failed", detail=text))


def test_both_halves_of_a_login_are_hidden() -> None:
    stream = io.StringIO()
    observer = Observer(stream, secrets=[Secret("reader:hunter2hunter2")])
    observer.tell(event("ring-failed", detail="sent hunter2hunter2"))
    assert "hunter2" not in stream.getvalue()


def test_secrets_of_a_new_config_are_hidden_from_then_on() -> None:
    stream = io.StringIO()
    observer = Observer(stream, secrets=[Secret("old-secret")])
    observer.hide([Secret("new-secret")])
    observer.tell(event("ring-failed", detail="old-secret new-secret"))
    assert "-secret" not in stream.getvalue()


@given(st.text(max_size=60), st.sampled_from(["text", "logfmt", "json", "journal"]))
def test_nobody_can_forge_a_line(text: str, style: str) -> None:
    written = line(event("ring-failed", detail=text), format=style)
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written
    if style == "json":
        json.loads(written)


def test_characters_that_turn_the_reading_direction_are_escaped() -> None:
    assert escaped("a\u202eb\x1b[0m\u2028") == "a\\u202eb\\u001b[0m\\u2028"


def test_bengali_joiners_are_left_alone() -> None:
    assert escaped("র\u200d্যাব ক\u200c") == "র\u200d্যাব ক\u200c"


# libraries and broken streams ─────────────────────────────────────────────────────────────────


@pytest.fixture
def listening() -> Iterator[tuple[Observer, io.StringIO]]:
    stream = io.StringIO()
    observer = Observer(stream, secrets=[Secret("hunter2hunter2")])
    observer.listen()
    yield observer, stream
    observer.close()


def test_libraries_warnings_become_lines_without_secrets(listening: tuple[Observer, io.StringIO]) -> None:
    _, stream = listening
    logging.getLogger("some.library").warning("lost %s", "hunter2hunter2")
    assert 'event=library logger=some.library detail="lost ***"' in stream.getvalue()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("py.warnings").warning("old thing")
    assert "old thing" in stream.getvalue()


def test_httpx_logs_no_url(listening: tuple[Observer, io.StringIO]) -> None:
    _, stream = listening
    logging.getLogger("httpx").info("HTTP Request: POST https://hooks.slack.com/services/x")
    assert stream.getvalue() == ""


def test_after_closing_libraries_are_not_heard() -> None:
    stream = io.StringIO()
    observer = Observer(stream)
    observer.listen()
    observer.close()
    logging.getLogger("some.library").warning("lost")
    assert stream.getvalue() == ""


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    stream = Full()
    Observer(stream).tell(POLL)
    assert stream.getvalue() == ""


# systemd ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(address)
        door.settimeout(5)
        yield address, door


def test_systemd_is_told_each_state(manager: tuple[str, socket.socket]) -> None:
    address, door = manager
    notifier = Notifier(address)
    notifier.ready("412 feeds")
    notifier.status("next digest 08:00\nMAINPID=1")
    notifier.reloading()
    notifier.watchdog()
    notifier.stopping()
    assert [door.recv(4096).decode() for _ in range(5)] == [
        "READY=1\nSTATUS=412 feeds",
        "STATUS=next digest 08:00\\u000aMAINPID=1",
        "RELOADING=1",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


def test_an_address_in_the_abstract_namespace_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind("")  # the kernel gives an abstract name (unix(7), autobind)
        door.settimeout(5)
        Notifier("@" + door.getsockname()[1:].decode()).ready()
        assert door.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "vsock:2:1234", "relative"])
def test_without_a_listening_manager_nothing_happens(address: str) -> None:
    Notifier(address).ready("fine")


def test_a_manager_that_does_not_read_holds_nothing_up(manager: tuple[str, socket.socket]) -> None:
    notifier = Notifier(manager[0])
    for _ in range(2_000):
        notifier.watchdog()
