"""What real feeds do, each by its name: what is an outage, and what only looks like news or like silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor import service
from monitor.config import load
from monitor.model import Event, FeedState
from monitor.testing import FakeClock
from tests.test_watching import (
    ALWAYS,
    CAPTCHA,
    HOUR,
    PAGE,
    START,
    STEP,
    Answer,
    Feed,
    Press,
    answers,
    config,
    same,
)

Serve = Callable[[Feed, datetime, int], Answer]
"""From the feed, the time and the number of the poll to what is answered."""


def hours(until: datetime, window: int) -> list[datetime]:
    """Return an item for each hour, the newest first."""
    return [until.replace(minute=0, second=0) - n * HOUR for n in range(window)]


async def watched(
    folder: Path, serve: Serve, *, days: float, window: int = 30
) -> tuple[FeedState, list[Event]]:
    """Watch one feed for some days of virtual time; return its state and the events of trouble."""
    clock, polls = FakeClock(START), 0
    events: list[Event] = []
    feed = Feed(ALWAYS, same, "ok")
    feed.news = lambda until: hours(until, window)  # type: ignore[method-assign]

    def answer(now: datetime) -> Answer:
        nonlocal polls
        polls += 1
        return serve(feed, now, polls)

    feed.answer = answer  # type: ignore[method-assign]
    loaded = replace(load(config(folder, ["case"]), {}), folder=folder, routes=())
    async with service.build(
        loaded, clock=clock, transport=Press({"case": feed}, clock), tell=events.append
    ) as built:
        while clock.now() < START + timedelta(days=days):
            await built.pipeline.tick()
            clock.advance(STEP)
        (state,) = built.store.feed_states()
    return state, [one for one in events if one.kind in ("outage", "recovered", "gap")]


def well(feed: Feed, now: datetime, poll: int) -> Answer:
    return 200, {}, feed.body(now)


def after(hour: float, serve: Serve) -> Serve:
    """Be well at first, then so."""
    return lambda feed, now, poll: (serve if now >= START + hour * HOUR else well)(feed, now, poll)


def always(answer: Callable[[Feed, datetime], Answer]) -> Serve:
    return lambda feed, now, poll: answer(feed, now)


async def test_200_with_access_denied_is_blocked(tmp_path: Path) -> None:
    state, events = await watched(tmp_path, after(12, always(answers(200, b"Access denied"))), days=0.7)
    assert (state.status, [one.kind for one in events]) == ("blocked", ["outage"])
    assert "access denied" in state.detail


async def test_200_with_a_captcha_is_blocked(tmp_path: Path) -> None:
    state, events = await watched(tmp_path, after(12, always(answers(200, CAPTCHA))), days=0.7)
    assert (state.status, [one.kind for one in events]) == ("blocked", ["outage"])


async def test_200_with_html_on_a_wrong_path_is_blocked_and_says_what_it_is(tmp_path: Path) -> None:
    state, events = await watched(tmp_path, always(answers(200, PAGE)), days=0.2)
    assert (state.status, state.reason, state.entries) == ("blocked", "html", 0)
    assert "a web page, not a feed" in state.detail
    assert [one.kind for one in events] == ["outage"]


async def test_poll_time_as_pubdate_on_every_entry_makes_no_news(tmp_path: Path) -> None:
    def stamped(feed: Feed, now: datetime, poll: int) -> Answer:
        return 200, {}, feed.body(now, stamp=now)

    state, events = await watched(tmp_path, stamped, days=2)
    assert state.entries == 30 + 2 * 24 - 1
    assert (state.status, events) == ("ok", [])


async def test_poll_time_as_pubdate_on_every_entry_does_not_hide_that_nothing_comes(tmp_path: Path) -> None:
    def stamped(feed: Feed, now: datetime, poll: int) -> Answer:
        return 200, {}, feed.body(min(now, START + timedelta(days=7.5)), stamp=now)

    state, events = await watched(tmp_path, stamped, days=7.75)
    assert (state.status, [one.kind for one in events]) == ("stalled", ["outage"])
    assert events[0].at <= START + timedelta(days=7.5) + 4 * HOUR


async def test_guids_that_change_for_the_same_link_make_no_news(tmp_path: Path) -> None:
    def renamed(feed: Feed, now: datetime, poll: int) -> Answer:
        return 200, {}, feed.body(now, guid=f"{poll}-")

    state, events = await watched(tmp_path, renamed, days=2)
    assert state.entries == 30 + 2 * 24 - 1
    assert (state.status, events) == ("ok", [])


async def test_items_that_vanish_and_come_back_thousands_of_times_in_twelve_days_make_no_news(
    tmp_path: Path,
) -> None:
    """One real feed's items did so 4,103 times in twelve days."""
    shown: set[datetime] = set()
    ever: set[datetime] = set()
    returns = 0

    def flickering(feed: Feed, now: datetime, poll: int) -> Answer:
        nonlocal shown, returns
        here = [one for n, one in enumerate(hours(now, 30)) if n == 0 or (one.hour + poll) % 5]
        returns += len((set(here) - shown) & ever)
        shown = set(here)
        ever.update(here)
        feed.news = lambda until: here  # type: ignore[method-assign]
        return 200, {}, feed.body(now)

    state, events = await watched(tmp_path, flickering, days=12)
    assert returns > 3_000
    assert state.entries == len(ever)
    assert (state.status, events) == ("ok", [])


@pytest.mark.parametrize("years", [1, 3, 12])
async def test_a_world_feed_that_answers_but_has_been_stale_for_years_is_stalled_at_once(
    tmp_path: Path, years: int
) -> None:
    def stale(feed: Feed, now: datetime, poll: int) -> Answer:
        return 200, {}, feed.body(START - timedelta(days=365 * years))

    state, events = await watched(tmp_path, stale, days=0.1)
    assert (state.status, [one.kind for one in events]) == ("stalled", ["outage"])
