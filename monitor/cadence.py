"""When to come back: from how a poll went to the feed's next state. Pure; chance comes in as `jitter`.

The rules are a publisher's (RFC 9110 §10.2.3, RFC 9111 §4, RSS 2.0's ttl and skipHours, RSS 1.0's
syndication module) and a watcher's: never stop for good, never burst, never believe a redirect at
once. Nothing here reads the clock: a poll happened at `result.fetched_at`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.errors import FetchError, FetchReason, ParseError, ParseReason
from monitor.model import (
    Document,
    Failed,
    Feed,
    FeedState,
    FeedStatus,
    Fetched,
    FetchResult,
    NotModified,
    PollSettings,
    Validators,
)

LONGEST_WISH: Final = timedelta(hours=24)
"""What a publisher asks for counts up to a day: Cache-Control, Expires, ttl, Retry-After."""
BACKOFF_CAP: Final = timedelta(hours=6)
"""The longest time between tries of a feed that fails. It is never given up: dead feeds come back."""
GONE: Final = timedelta(days=7)
"""Between looks at a feed that answered 410."""
FLOOR: Final = timedelta(seconds=60)
"""No feed on a machine of someone else's is polled more often, whatever the config says."""
_HOUR: Final = timedelta(hours=1)
SPREAD: Final = 0.1
"""Share of an interval that chance adds to it: feeds that started together drift apart."""
BELIEVED_POLLS: Final = 3
BELIEVED_AFTER: Final = timedelta(hours=24)
"""A permanent redirect is adopted once it was the same at three polls over at least a day."""
DISTRUST_AFTER: Final = 3
"""Failures in a row at an adopted address before the configured one is asked again."""
MEMORY: Final = timedelta(days=3)
"""How fast a feed's rate forgets: what is three days old counts e times less."""
WAITED: Final = 1 / 16
"""Entry-hours: the next poll comes when the entries that are expected will have waited so long together.
Where entries come evenly that is each sqrt(2 * WAITED / rate) hours, the least delay for so many polls (Sia,
Cho, Cho: Efficient monitoring algorithm for fast news alerts, IEEE TKDE 2007): 21 minutes at one an hour."""
_MEMORY_HOURS: Final = MEMORY / _HOUR
OF_WINDOW: Final = 0.5
"""Share of a document that may have come anew when it is polled next: older entries slide out of it."""
QUIET: Final = timedelta(days=14)
"""A feed that brings less than one entry in so long, and has not for so long, is called quiet."""
_QUIET_RATE: Final = _HOUR / QUIET
NO_HEADER: Final = timedelta(minutes=30)
"""The least wait after a 429 that names none."""

RETRIES: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Waits before the tries of a delivery (Standard Webhooks' schedule): about three days in all."""


SOON_AGAIN = timedelta(minutes=1)
"""When a feed is due again that we had no room to ask: nobody was bothered by it."""


def poll_url(feed: Feed, state: FeedState) -> str:
    """Return the URL to ask: the configured one, or where it moved to for good."""
    return state.moved_to if _adopted(state) else feed.url


@lru_cache(maxsize=50_000)
def host_of(url: str) -> str:
    """Return the host that a feed's URL asks; a URL that cannot be read stands for a host of its own."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def after_poll(
    state: FeedState,
    result: FetchResult,
    document: Document | None,
    error: ParseError | None,
    *,
    settings: PollSettings,
    feed: Feed,
    new_entries: int,
    jitter: float,
    gap: bool = False,
) -> FeedState:
    """Return the state after a poll.

    `gap` says that the document shares no entry with those before it.
    `document` and `error` are what parsing gave; neither with a Fetched outcome means that the
    body is the one absorbed before. `jitter` is a draw from [0, 1).
    """
    jitter = min(max(jitter, 0.0), 1.0)
    match result.outcome:
        case Failed(error=failure) if failure.reason is FetchReason.MACHINE:
            return _not_asked(state, result, settings, feed, jitter)
        case Failed(error=failure):
            return _failed(state, failure, result, settings, feed, jitter)
        case NotModified() if not (state.validators.etag or state.validators.last_modified):
            odd = FetchError(FetchReason.PROTOCOL, "304 to a request without conditions", status=304)
            return _failed(state, odd, result, settings, feed, jitter)
        case Fetched() if error is not None:
            return _failed(state, error, result, settings, feed, jitter)
    return _went_well(state, result, document, settings, feed, new_entries, jitter, gap)


def at_ease(
    state: FeedState, settings: PollSettings, feed: Feed, *, now: datetime, jitter: float
) -> FeedState:
    """Return the state after a poll that found nothing new, of a feed whose hub tells of what is new.

    It is polled as seldom as the desk allows, and at least once a day: but when, by its own rhythm,
    something should have come, so that a hub that fell silent is found out. The desk's word for a feed
    (`every`) stands, and one that is not well is polled as ever.
    """
    well = state.status in (FeedStatus.OK, FeedStatus.QUIET) and not state.failures
    if not well or feed.every is not None or state.next_poll_at is None:
        return state
    due = now + min(settings.maximum * (1 + SPREAD * min(max(jitter, 0.0), 1.0)), LONGEST_WISH)
    if state.late_at is not None:
        due = min(due, state.late_at)
    due = _outside(max(due, state.next_poll_at), state.skip_hours, state.skip_days, jitter)
    return state.but(next_poll_at=due)


def after_push(state: FeedState, now: datetime, new_entries: int) -> FeedState:
    """Return the state after a push: the feed brought something, and when it is polled stays as it was."""
    if not new_entries:
        return state
    rate = None if state.rate is None else state.rate + new_entries / _MEMORY_HOURS
    if state.failing_since is None and state.first_poll_at is not None:
        state = state.but(status=FeedStatus.OK, detail="")
    return state.but(
        entries=state.entries + new_entries,
        rate=rate,
        arrived_at=now,
        late_at=None,
        stalled_at=None,
    )


def _polled(state: FeedState, now: datetime) -> dict[str, Any]:
    """Return what changes with any poll, to be completed and put into the state at once."""
    return {"polls": state.polls + 1, "first_poll_at": state.first_poll_at or now, "last_poll_at": now}


def after_failure(
    attempts: int, now: datetime, *, retry_after: timedelta | None, jitter: float
) -> datetime | None:
    """Return when to try a delivery again that has failed `attempts` times; None: give up.

    Chance moves each wait by up to a fifth either way; what the receiver asked for is waited at
    least, up to a day. `jitter` is a draw from [0, 1).
    """
    if attempts >= len(RETRIES):
        return None
    wait = RETRIES[max(attempts, 0)] * (0.8 + 0.4 * min(max(jitter, 0.0), 1.0))
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_WISH))
    return now + wait


# what went well ───────────────────────────────────────────────────────────────────────────────


def _went_well(
    state: FeedState,
    result: FetchResult,
    document: Document | None,
    settings: PollSettings,
    feed: Feed,
    new_entries: int,
    jitter: float,
    gap: bool,
) -> FeedState:
    outcome, now = result.outcome, result.fetched_at
    assert isinstance(outcome, Fetched | NotModified)
    rate = _rate(state, document, now, new_entries, settings)
    window = (document.window or len(document.items)) if document is not None else state.window
    changes = _polled(state, now) | _follow_move(state, result, now)
    fresh_for = outcome.fresh_for
    if isinstance(outcome, Fetched):
        changes["body_hash"] = outcome.body_hash
    elif fresh_for is None:
        fresh_for = state.fresh_for
    wishes: FeedState | Document = document or state
    interval = _interval(rate, state.rhythm, window, now, settings, feed)
    if feed.every is None and new_entries and window and state.last_ok_at is not None:
        # At the pace of the last poll, too: a feed may be in more haste than it was for weeks.
        pace = (now - state.last_ok_at) * (OF_WINDOW * window / new_entries)
        interval = max(min(interval / 2 if gap else interval, pace), shortest(settings, feed))
    wait = interval
    if state.stalled_at is not None and not new_entries and state.stalled_at > now:
        # Whether it is stalled is looked at when it is, not hours later.
        wait = min(wait, max(state.stalled_at - now, shortest(settings, feed)))
    for wish in (fresh_for, wishes.ttl):
        if wish:
            wait = max(wait, min(wish, LONGEST_WISH))
    due = now + wait + interval * SPREAD * jitter
    return state.but(
        **changes,
        fresh_for=fresh_for,
        ttl=wishes.ttl,
        skip_hours=wishes.skip_hours,
        skip_days=wishes.skip_days,
        validators=outcome.validators,
        **_silence(state, document, now, new_entries, rate),
        reason="",
        failures=0,
        failing_since=None,
        held_until=None,
        last_ok_at=now,
        gap_at=now if gap else state.gap_at,
        entries=state.entries + new_entries,
        rate=rate,
        window=window,
        interval=interval,
        next_poll_at=_outside(due, wishes.skip_hours, wishes.skip_days, jitter),
    )


def _silence(
    state: FeedState, document: Document | None, now: datetime, new_entries: int, rate: float | None
) -> dict[str, Any]:
    """Return how a feed does that answers: by what is new in it, never by its dates (see health)."""
    if new_entries or state.first_poll_at is None:
        items = document.items if state.first_poll_at is None and document is not None else ()
        dates = [d for item in items if (d := item.published or item.updated)]
        newest = max((d for d in dates if d <= now), default=now)
        return {
            "status": _well(rate, newest, now),
            "detail": "",
            "arrived_at": newest,
            "late_at": None,
            "stalled_at": None,
        }
    if state.stalled_at is not None and now >= state.stalled_at:
        return {"status": FeedStatus.STALLED, "detail": _silent(state)}
    if state.late_at is not None and now >= state.late_at:
        return {"status": FeedStatus.LATE, "detail": _silent(state)}
    return {"status": _well(rate, state.arrived_at or now, now), "detail": ""}


def _silent(state: FeedState) -> str:
    return f"nothing new since {state.arrived_at:%Y-%m-%d %H:%MZ}" if state.arrived_at else ""


def _well(rate: float | None, arrived_at: datetime, now: datetime) -> FeedStatus:
    """Return how a feed does that is well. A rate that was assumed says nothing for two weeks."""
    quiet = rate is not None and rate < _QUIET_RATE and now - arrived_at >= QUIET
    return FeedStatus.QUIET if quiet else FeedStatus.OK


def _rate(
    state: FeedState, document: Document | None, now: datetime, new_entries: int, settings: PollSettings
) -> float | None:
    """Return the entries an hour a feed brings, recent ones counting most.

    The first document tells by the dates in it; after that what is new counts, not what is dated:
    some publishers stamp every entry anew at each poll.
    """
    if state.last_ok_at is None:
        return _rate_of(document, now) if document is not None else state.rate
    known = state.rate
    if known is None:  # a feed without dates begins as the desk's interval assumes it to be
        known = 2 * WAITED / (settings.every / _HOUR) ** 2
    hours = max((now - state.last_ok_at) / _HOUR, 0.0)
    return known * math.exp(-hours / _MEMORY_HOURS) + new_entries / _MEMORY_HOURS


def _rate_of(document: Document, now: datetime) -> float | None:
    """Return the entries an hour that a document's dates speak of; None where there are too few."""
    dates = sorted(
        (d for item in document.items if (d := item.published or item.updated) is not None and d <= now),
        reverse=True,
    )
    if len(dates) < 3:
        return None
    span = (now - dates[-1]) / _HOUR
    recent = sum(math.exp(-((now - d) / _HOUR) / _MEMORY_HOURS) for d in dates) / _MEMORY_HOURS
    window = 1 - math.exp(-span / _MEMORY_HOURS)
    return recent / window if window > 0.003 else None  # all stamped at once: they say nothing


def _interval(
    rate: float | None, rhythm: bytes, window: int, now: datetime, settings: PollSettings, feed: Feed
) -> timedelta:
    """Return the time to the next poll: the desk's word for this feed, else what was observed."""
    least = shortest(settings, feed)
    most = max(settings.maximum, least)
    if feed.every is not None:
        return max(feed.every, least)
    if rate is None:
        return min(max(settings.every, least), most)
    hours = _patience(rate, rhythm, window, now, most / _HOUR)
    return min(max(timedelta(hours=hours), least), most)


def _patience(rate: float, rhythm: bytes, window: int, now: datetime, most: float) -> float:
    """Return in how many hours, at most `most`, what is expected will have waited for WAITED.

    `rate` is the mean of a week, in entries an hour; `rhythm` how it is shared among the hours of the
    week (see health), empty where it is not known. Sooner where `window` entries, a document, slide past.
    """
    mean = sum(rhythm) / len(rhythm) if rhythm else 0.0
    room = OF_WINDOW * window if window else math.inf
    moment = now.astimezone(UTC)
    place = moment.weekday() * 24 + moment.hour
    left = 1 - (moment.minute * 60 + moment.second) / 3600
    waited = expected = hours = 0.0
    while hours < most:
        pace = rate * rhythm[place % len(rhythm)] / mean if mean else rate
        left = left if mean else most  # without a rhythm one hour is like another
        if pace > 0:
            # Entries that came by now go on waiting, those that come in x hours wait x/2 on the mean.
            root = math.sqrt(expected * expected + 2 * pace * (WAITED - waited))
            part = min((root - expected) / pace, (room - expected) / pace)
            if part <= left:
                return min(hours + max(part, 0.0), most)
        waited += expected * left + pace * left * left / 2
        expected += pace * left
        hours, place, left = hours + left, place + 1, 1.0
    return most


def shortest(settings: PollSettings, feed: Feed) -> timedelta:
    """Return the shortest time between polls."""
    return settings.minimum if settings.minimum >= FLOOR or _is_loopback(feed.url) else FLOOR


def _is_loopback(url: str) -> bool:
    """Say whether a URL is on this machine: only there may the floor be passed."""
    host = host_of(url)
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _outside(due: datetime, hours: frozenset[int], days: frozenset[int], jitter: float) -> datetime:
    """Move a time out of the hours and days the publisher wants left alone (RSS 2.0, in GMT).

    The first poll after such a window comes at a moment of chance in its first five minutes, not
    on the hour with everybody. A publisher that forbids every hour of the week forbids none.
    """
    if not hours and not days:
        return due
    moment = due.astimezone(UTC)
    for step in range(7 * 24 + 1):
        if moment.hour not in hours and moment.weekday() not in days:
            return moment + timedelta(minutes=5) * jitter if step else due
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return due


# what failed ──────────────────────────────────────────────────────────────────────────────────


def _failed(
    state: FeedState,
    error: FetchError | ParseError,
    result: FetchResult,
    settings: PollSettings,
    feed: Feed,
    jitter: float,
) -> FeedState:
    """Return the state after a failure: validators stay (their entries are stored), the wait grows."""
    now, failures = result.fetched_at, state.failures + 1
    asked = error.retry_after if isinstance(error, FetchError) else None
    reason = error.reason
    interval = _interval(state.rate, state.rhythm, state.window, now, settings, feed)
    before = state.interval or interval
    # A wait that was long because it was night is no measure of the morning.
    wait = _backoff(min(before, interval), failures)
    if reason is FetchReason.HTTP_429 and asked is None:
        wait = max(wait, min(max(2 * before, NO_HEADER), BACKOFF_CAP))
    wait *= 1 + SPREAD * jitter
    held = None
    if reason is FetchReason.HTTP_410:
        held, wait = now + GONE, GONE
    elif asked is not None:
        held = now + min(asked, LONGEST_WISH)
        wait = max(wait, held - now + timedelta(seconds=30) * jitter)
    state = state.but(
        **_polled(state, now),
        status=_status(error, moved=bool(result.moved_to)),
        failing_since=state.failing_since or now,
        reason=reason.value,
        detail=str(error),
        failures=failures,
        held_until=held,
        next_poll_at=_outside(now + wait, state.skip_hours, state.skip_days, jitter),
    )
    if isinstance(error, FetchError) and error.status == 304:
        state = state.but(validators=Validators(), body_hash="")
    if _adopted(state) and failures >= DISTRUST_AFTER:
        state = state.but(moved_to="", moved_since=None, moved_polls=0)
    return state


def _not_asked(
    state: FeedState, result: FetchResult, settings: PollSettings, feed: Feed, jitter: float
) -> FeedState:
    """Return the state of a feed that our own machine kept from being asked: as it was, due again soon."""
    now = result.fetched_at
    interval = _interval(state.rate, state.rhythm, state.window, now, settings, feed)
    wait = min(interval, SOON_AGAIN) * (1 + SPREAD * jitter)
    return state.but(next_poll_at=_outside(now + wait, state.skip_hours, state.skip_days, jitter))


def _backoff(interval: timedelta, failures: int) -> timedelta:
    """Return the wait after so many failures in a row: doubled each time, up to the cap."""
    if interval >= BACKOFF_CAP:
        return interval
    return min(interval * float(2 ** min(failures, 20)), BACKOFF_CAP)


def _status(error: FetchError | ParseError, *, moved: bool) -> FeedStatus:
    """Return what a failure means: a page where a feed was is a closed door, unless it moved there."""
    if error.reason is FetchReason.HTTP_410:
        return FeedStatus.GONE
    if error.reason is FetchReason.BLOCKED or (isinstance(error, ParseError) and error.denied):
        return FeedStatus.BLOCKED
    if isinstance(error, ParseError) and moved:
        return FeedStatus.MOVED
    return FeedStatus.BLOCKED if error.reason is ParseReason.HTML else FeedStatus.ERROR


# moves ────────────────────────────────────────────────────────────────────────────────────────


def _adopted(state: FeedState) -> bool:
    """Say whether a permanent redirect is believed: it was stable for long enough before the last success."""
    return (
        bool(state.moved_to)
        and state.moved_polls >= BELIEVED_POLLS
        and state.moved_since is not None
        and state.last_ok_at is not None
        and state.last_ok_at - state.moved_since >= BELIEVED_AFTER
    )


def _follow_move(state: FeedState, result: FetchResult, now: datetime) -> dict[str, Any]:
    """Count a permanent redirect that led to a feed; forget one that is no more. An adopted one stays."""
    if _adopted(state) or not (result.moved_to or state.moved_to):
        return {}
    if not result.moved_to:
        return {"moved_to": "", "moved_since": None, "moved_polls": 0}
    if result.moved_to != state.moved_to:
        return {"moved_to": result.moved_to, "moved_since": now, "moved_polls": 1}
    return {"moved_polls": state.moved_polls + 1}
