from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import bench_cadence
from monitor import cadence
from monitor.errors import FetchError, FetchReason, ParseError, ParseReason
from monitor.model import (
    Document,
    Failed,
    Feed,
    FeedState,
    FeedStatus,
    Fetched,
    FetchResult,
    Item,
    NotModified,
    PollSettings,
    Validators,
)

NOW = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)  # a Thursday
URL = "https://www.example.org/feed.xml"
FEED = Feed(url=URL, source="Example")
SETTINGS = PollSettings()
ETAG = Validators(etag='"a"', url=URL)
HOUR = timedelta(hours=1)


def fetched(
    *, validators: Validators = ETAG, fresh_for: timedelta | None = None, body_hash: str = "h"
) -> Fetched:
    return Fetched(body=b"x", validators=validators, fresh_for=fresh_for, body_hash=body_hash)


def result(
    outcome: Fetched | NotModified | Failed, *, at: datetime = NOW, moved_to: str = "", feed: Feed = FEED
) -> FetchResult:
    return FetchResult(feed=feed, fetched_at=at, outcome=outcome, url=moved_to or feed.url, moved_to=moved_to)


def failure(reason: FetchReason, status: int | None = None, wait: timedelta | None = None) -> Failed:
    return Failed(FetchError(reason, "no", status=status, retry_after=wait))


def poll(
    state: FeedState,
    outcome: Fetched | NotModified | Failed,
    *,
    at: datetime = NOW,
    document: Document | None = None,
    error: ParseError | None = None,
    new: int = 0,
    jitter: float = 0.0,
    feed: Feed = FEED,
    settings: PollSettings = SETTINGS,
    moved_to: str = "",
    gap: bool = False,
) -> FeedState:
    after = cadence.after_poll(
        state,
        result(outcome, at=at, moved_to=moved_to, feed=feed),
        document,
        error,
        settings=settings,
        feed=feed,
        new_entries=new,
        jitter=jitter,
        gap=gap,
    )
    assert vars(after).keys() == vars(FRESH).keys(), "a state has its fields and no others"
    return after


def wait(state: FeedState, *, at: datetime = NOW) -> timedelta:
    assert state.next_poll_at is not None
    return state.next_poll_at - at


FRESH = FeedState(url=URL)
SLOW = PollSettings(every=6 * HOUR)
KNOWN = FeedState(
    url=URL,
    validators=ETAG,
    body_hash="h",
    rate=0.5,
    last_ok_at=NOW - HOUR,
    interval=timedelta(minutes=30),
    polls=9,
)


def test_a_state_made_of_another_is_what_dataclasses_would_make() -> None:
    after = KNOWN.but(polls=10, status=FeedStatus.LATE)
    assert after == replace(KNOWN, polls=10, status=FeedStatus.LATE)
    assert hash(after) == hash(replace(KNOWN, polls=10, status=FeedStatus.LATE))
    assert (KNOWN.polls, KNOWN.status) == (9, FeedStatus.NEW)
    with pytest.raises(AttributeError):
        after.__setattr__("polls", 11)


def test_a_first_poll_waits_the_configured_time() -> None:
    state = poll(FRESH, fetched(), document=Document())
    assert wait(state) == SETTINGS.every
    assert (state.status, state.polls, state.first_poll_at, state.last_ok_at) == (FeedStatus.OK, 1, NOW, NOW)


def test_validators_are_kept_only_once_the_body_was_parsed() -> None:
    state = poll(
        KNOWN, fetched(validators=Validators(etag='"b"')), error=ParseError(ParseReason.BROKEN, "no")
    )
    assert state.validators == ETAG
    assert state.body_hash == "h"
    assert (state.status, state.reason, state.failures) == (FeedStatus.ERROR, "broken", 1)


def test_a_validator_that_is_no_longer_sent_is_dropped() -> None:
    assert poll(KNOWN, fetched(validators=Validators()), document=Document()).validators == Validators()


def test_a_304_updates_what_is_stored() -> None:
    newer = Validators(etag='"b"', url=URL)
    state = poll(KNOWN, NotModified(validators=newer, fresh_for=2 * HOUR))
    assert state.validators == newer
    assert wait(state) == 2 * HOUR


def test_a_304_to_an_unconditional_request_is_an_error_and_drops_everything() -> None:
    state = poll(FRESH, NotModified())
    assert state.reason == "protocol"
    again = poll(KNOWN, failure(FetchReason.PROTOCOL, 304))
    assert again.validators == Validators()
    assert again.body_hash == ""
    assert wait(again) > timedelta(minutes=30)


def test_a_304_that_says_nothing_keeps_the_freshness_that_was_told() -> None:
    state = poll(KNOWN, fetched(fresh_for=3 * HOUR), document=Document())
    later = poll(state, NotModified(validators=ETAG), at=NOW + 4 * HOUR)
    assert wait(later, at=NOW + 4 * HOUR) == 3 * HOUR


@pytest.mark.parametrize("wish", ["fresh_for", "ttl"])
def test_a_publishers_longer_wish_wins_up_to_a_day(wish: str) -> None:
    for asked, given_ in (
        (2 * HOUR, 2 * HOUR),
        (timedelta(days=30), timedelta(hours=24)),
        (timedelta(0), None),
    ):
        body = fetched(fresh_for=asked) if wish == "fresh_for" else fetched()
        document = Document(ttl=asked) if wish == "ttl" else Document()
        state = poll(KNOWN, body, document=document)
        assert wait(state) == (given_ or state.interval)


def test_a_documents_wishes_hold_while_it_does_not_change() -> None:
    state = poll(KNOWN, fetched(), document=Document(ttl=5 * HOUR, skip_hours=frozenset({18})))
    later = poll(state, NotModified(validators=ETAG))
    assert later.ttl == 5 * HOUR
    assert later.skip_hours == {18}
    assert wait(later) == 5 * HOUR


def test_skipped_hours_and_days_are_left_alone() -> None:
    every_hour = Document(ttl=HOUR, skip_hours=frozenset({13, 14, 15}))
    assert poll(KNOWN, fetched(), document=every_hour).next_poll_at == datetime(2025, 10, 16, 16, tzinfo=UTC)
    weekend = Document(ttl=24 * HOUR, skip_days=frozenset({4, 5, 6}))
    assert poll(KNOWN, fetched(), document=weekend).next_poll_at == datetime(2025, 10, 20, tzinfo=UTC)
    never = Document(ttl=HOUR, skip_hours=frozenset(range(24)))
    assert wait(poll(KNOWN, fetched(), document=never)) == HOUR


def test_after_a_skipped_window_feeds_do_not_all_come_on_the_hour() -> None:
    document = Document(ttl=HOUR, skip_hours=frozenset({13}))
    moments = {poll(KNOWN, fetched(), document=document, jitter=i / 10).next_poll_at for i in range(10)}
    assert len(moments) == 10


def items(*ages: timedelta) -> Document:
    return Document(items=tuple(Item(guid=str(i), published=NOW - age) for i, age in enumerate(ages)))


def test_a_busy_feed_is_polled_at_the_minimum_and_a_dead_one_four_times_a_day() -> None:
    busy = poll(FRESH, fetched(), document=items(*(timedelta(minutes=i) for i in range(30))))
    assert busy.interval == SETTINGS.minimum
    dead = poll(FRESH, fetched(), document=items(*(timedelta(days=400 + i) for i in range(30))))
    assert dead.interval == SETTINGS.maximum
    assert dead.status == FeedStatus.QUIET


def test_an_hourly_feed_is_polled_at_least_hourly() -> None:
    state = poll(FRESH, fetched(), document=items(*(HOUR * i for i in range(24))))
    assert state.interval is not None
    assert timedelta(minutes=20) <= state.interval <= HOUR
    at = NOW
    for _ in range(200):
        at += state.interval
        new = 1 if at.hour != (at - state.interval).hour else 0
        state = poll(state, fetched(), at=at, document=Document(), new=new)
        assert state.interval is not None
        assert timedelta(minutes=15) <= state.interval <= HOUR


NIGHT = bytes(1 if place % 24 < 6 else 10 for place in range(168))
"""Nothing much comes in the first six hours of a day."""
RHYTHMIC = replace(KNOWN, rate=1.0, rhythm=NIGHT, window=50)


def test_a_feed_is_polled_often_when_it_publishes_and_seldom_at_night() -> None:
    def at(hour: int) -> timedelta:
        now = NOW.replace(hour=hour)
        before = replace(RHYTHMIC, last_ok_at=now - HOUR)
        return wait(poll(before, NotModified(validators=ETAG), at=now), at=now)

    by_day, by_night = at(12), at(1)
    even = wait(poll(replace(RHYTHMIC, rhythm=b""), NotModified(validators=ETAG)))
    assert timedelta(minutes=15) <= by_day < even < by_night
    assert by_night >= 2.5 * by_day


def test_the_wait_of_the_night_does_not_reach_into_the_morning() -> None:
    """At 5:30 an hour and more would be waited by the rate of the night alone."""
    dawn = NOW.replace(hour=5, minute=30)
    silent = bytes(1 if place % 24 < 6 else 100 for place in range(168))
    before = replace(RHYTHMIC, rhythm=silent, last_ok_at=dawn - HOUR)
    due = poll(before, NotModified(validators=ETAG), at=dawn).next_poll_at
    assert due is not None
    assert dawn.replace(hour=6, minute=0) < due < dawn.replace(hour=6, minute=30)


def test_without_a_rhythm_one_hour_is_like_another() -> None:
    waits = {
        wait(poll(replace(KNOWN, last_ok_at=at - HOUR), NotModified(validators=ETAG), at=at), at=at)
        for at in (NOW + n * HOUR for n in range(24))
    }
    assert len(waits) == 1


def test_a_rhythm_follows_utc_whatever_zone_the_time_has() -> None:
    dhaka = NOW.astimezone(timezone(6 * HOUR))
    assert (
        poll(RHYTHMIC, NotModified(validators=ETAG), at=dhaka).next_poll_at
        == poll(RHYTHMIC, NotModified(validators=ETAG)).next_poll_at
    )


def test_a_publishers_wish_wins_over_a_rhythm() -> None:
    document = Document(ttl=3 * HOUR, items=items().items)
    assert wait(poll(RHYTHMIC, fetched(), document=document)) == 3 * HOUR
    skipping = Document(skip_hours=frozenset({12, 13}), items=items().items)
    assert poll(RHYTHMIC, fetched(), document=skipping).next_poll_at == NOW.replace(hour=14)


def test_a_feed_in_haste_is_polled_before_its_window_slides_past() -> None:
    """Forty new entries in an hour, of a document that holds fifty."""
    quick = poll(RHYTHMIC, fetched(), document=items(*[HOUR] * 50), new=40)
    usual = poll(RHYTHMIC, NotModified(validators=ETAG))
    assert quick.window == 50
    assert usual.interval is not None
    assert quick.interval is not None
    assert quick.interval < usual.interval
    slow = replace(KNOWN, rate=0.02, window=4, last_ok_at=NOW - HOUR)
    assert wait(poll(slow, fetched(), document=items(*[HOUR] * 4), new=4)) == HOUR / 2


def test_a_possible_gap_shortens_the_interval_until_documents_share_entries() -> None:
    """Ten items, one each minute: polled each twenty minutes half of them slide past."""
    state = replace(KNOWN, rate=1.0, window=10, interval=timedelta(minutes=21), last_ok_at=NOW)
    at, waits, gaps = NOW, [], 0
    for _ in range(12):
        assert state.interval is not None
        at += state.interval
        new = min(10, round(state.interval / timedelta(minutes=1)))
        gap = state.interval > timedelta(minutes=10)
        gaps += gap
        state = poll(state, fetched(), at=at, document=items(*[HOUR] * 10), new=new, gap=gap)
        waits.append(state.interval)
    assert 1 <= gaps <= 2
    assert waits[0] is not None
    assert waits[0] <= timedelta(minutes=10.5)
    assert waits[-1] == SETTINGS.minimum


def test_a_gap_does_not_overrule_the_desks_own_word_nor_the_least_wait() -> None:
    feed = replace(FEED, every=timedelta(minutes=40))
    document = items(*[HOUR] * 10)
    assert wait(poll(KNOWN, fetched(), document=document, new=10, gap=True, feed=feed)) == feed.every
    quick = replace(KNOWN, rate=1000.0)
    assert wait(poll(quick, fetched(), document=document, new=10, gap=True)) == SETTINGS.minimum


@given(
    rate=st.floats(0.001, 50),
    rhythm=st.binary(min_size=168, max_size=168).map(lambda some: bytes(max(one, 1) for one in some)),
    window=st.integers(1, 100),
    minutes=st.integers(0, 7 * 24 * 60),
)
def test_no_more_than_half_a_window_is_expected_at_the_next_poll(
    rate: float, rhythm: bytes, window: int, minutes: int
) -> None:
    now = NOW + timedelta(minutes=minutes)
    before = replace(KNOWN, rate=rate, rhythm=rhythm, window=window, last_ok_at=now)
    after = poll(before, NotModified(validators=ETAG), at=now)
    assert after.interval is not None
    step, mean = timedelta(minutes=1), sum(rhythm) / 168
    expected, moment = 0.0, now
    while moment < now + after.interval:
        part = min(step, now + after.interval - moment) / HOUR
        expected += rate * rhythm[moment.weekday() * 24 + moment.hour] / mean * part
        moment += step
    assert SETTINGS.minimum <= after.interval <= SETTINGS.maximum
    assert expected <= 0.5 * window * 1.001 or after.interval == SETTINGS.minimum


def test_a_failure_at_dawn_does_not_wait_as_long_as_the_night_did() -> None:
    before = replace(RHYTHMIC, interval=5 * HOUR)
    assert wait(poll(before, failure(FetchReason.HTTP_5XX, 503))) < HOUR


def test_a_feed_whose_rate_was_assumed_is_not_called_quiet_before_two_weeks() -> None:
    state, at = poll(FRESH, fetched(), document=Document(), settings=SLOW), NOW
    found = {}
    while at < NOW + timedelta(days=16):
        at += 6 * HOUR
        state = poll(state, NotModified(validators=ETAG), at=at, settings=SLOW)
        found[(at - NOW).days] = state.status
    assert (found[13], found[15]) == (FeedStatus.OK, FeedStatus.QUIET)


def test_a_feed_that_wakes_up_is_noticed() -> None:
    asleep = replace(KNOWN, rate=0.0001, interval=timedelta(hours=6))
    awake = poll(asleep, fetched(), document=Document(), new=20)
    assert awake.interval is not None
    assert awake.interval < 2 * HOUR


def test_a_desks_own_word_for_a_feed_is_its_interval() -> None:
    feed = replace(FEED, every=timedelta(minutes=7))
    assert poll(KNOWN, fetched(), document=Document(), feed=feed).interval == timedelta(minutes=7)


def test_only_loopback_is_polled_more_than_once_a_minute() -> None:
    eager = replace(SETTINGS, minimum=timedelta(seconds=1), every=timedelta(seconds=1))
    assert wait(poll(FRESH, fetched(), document=Document(), settings=eager)) == timedelta(seconds=60)
    for url in ("http://127.0.3.4:8080/f", "http://[::1]/f", "http://localhost/f"):
        local = Feed(url=url, source="x")
        state = poll(FeedState(url=url), fetched(), document=Document(), settings=eager, feed=local)
        assert wait(state) == timedelta(seconds=1)


def test_errors_back_off_to_a_cap_and_never_stop() -> None:
    state, waits = KNOWN, []
    for _ in range(100):
        state = poll(state, failure(FetchReason.HTTP_5XX, 503))
        waits.append(wait(state))
    assert waits[:4] == [HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR]
    assert waits[-1] == 6 * HOUR
    assert state.failures == 100
    assert state.validators == ETAG
    well = poll(state, fetched(), document=Document())
    assert (well.failures, well.status, well.reason, well.detail) == (0, FeedStatus.OK, "", "")


@pytest.mark.parametrize(
    "asked, least", [(120, 120), (88 * 3600, 24 * 3600), (0, 0)], ids=["two minutes", "88 hours", "at once"]
)
def test_retry_after_holds_a_feed_but_never_longer_than_a_day(asked: int, least: int) -> None:
    state = poll(KNOWN, failure(FetchReason.HTTP_429, 429, timedelta(seconds=asked)))
    assert state.held_until == NOW + timedelta(seconds=least)
    assert state.next_poll_at is not None
    assert state.next_poll_at >= state.held_until


def test_a_429_without_a_header_at_least_doubles_the_wait() -> None:
    assert wait(poll(KNOWN, failure(FetchReason.HTTP_429, 429))) >= HOUR
    assert wait(poll(FRESH, failure(FetchReason.HTTP_429, 429))) >= timedelta(minutes=30)


def test_a_feed_that_is_gone_is_looked_at_once_a_week_and_says_so() -> None:
    state = poll(KNOWN, failure(FetchReason.HTTP_410, 410), jitter=0.9)
    assert (state.status, state.reason) == (FeedStatus.GONE, "http-410")
    assert state.held_until == NOW + timedelta(days=7)
    assert wait(state) >= timedelta(days=7)


def test_who_keeps_us_out_is_called_blocked() -> None:
    assert poll(KNOWN, failure(FetchReason.BLOCKED, 403)).status == FeedStatus.BLOCKED


NEW_HOME = "https://new.example.org/feed.xml"


def test_a_permanent_redirect_is_believed_after_three_polls_over_a_day() -> None:
    state = KNOWN
    for hours in (0, 8, 16):
        at = NOW + hours * HOUR
        state = poll(state, fetched(), at=at, document=Document(), moved_to=NEW_HOME)
        assert cadence.poll_url(FEED, state) == URL
    state = poll(state, NotModified(validators=ETAG), at=NOW + 24 * HOUR, moved_to=NEW_HOME)
    assert cadence.poll_url(FEED, state) == NEW_HOME
    assert state.status == FeedStatus.OK
    state = poll(state, fetched(), at=NOW + 25 * HOUR, document=Document())
    assert cadence.poll_url(FEED, state) == NEW_HOME


def test_a_redirect_that_changes_or_ends_is_not_believed() -> None:
    state = KNOWN
    for hours in range(0, 60, 12):
        target = NEW_HOME if hours % 24 else "https://other.example.org/"
        state = poll(state, fetched(), at=NOW + hours * HOUR, document=Document(), moved_to=target)
    assert cadence.poll_url(FEED, state) == URL
    state = poll(state, fetched(), at=NOW + 99 * HOUR, document=Document())
    assert (state.moved_to, state.moved_polls) == ("", 0)


def test_a_redirect_to_something_else_than_a_feed_is_never_believed() -> None:
    state = KNOWN
    for hours in range(0, 120, 12):
        error = ParseError(ParseReason.HTML, "a web page")
        state = poll(state, fetched(), at=NOW + hours * HOUR, error=error, moved_to=NEW_HOME)
        assert state.moved_to == ""
        assert (state.status, state.reason) == (FeedStatus.MOVED, "html")


def test_an_adopted_address_that_fails_gives_way_to_the_configured_one() -> None:
    state = replace(
        KNOWN, moved_to=NEW_HOME, moved_since=NOW - 48 * HOUR, moved_polls=3, last_ok_at=NOW - HOUR
    )
    assert cadence.poll_url(FEED, state) == NEW_HOME
    for _ in range(2):
        state = poll(state, failure(FetchReason.HTTP_4XX, 404))
        assert cadence.poll_url(FEED, state) == NEW_HOME
    assert cadence.poll_url(FEED, poll(state, failure(FetchReason.DNS))) == URL


def test_an_unchanged_body_keeps_what_was_absorbed() -> None:
    state = poll(KNOWN, fetched(body_hash="h"))
    assert (state.body_hash, state.status, state.failures) == ("h", FeedStatus.OK, 0)


def test_a_thousand_feeds_of_one_interval_drift_apart() -> None:
    dues = [poll(KNOWN, NotModified(validators=ETAG), jitter=i / 1000).next_poll_at for i in range(1000)]
    seconds = [int((due - NOW).total_seconds()) for due in dues if due is not None]
    span = max(seconds) - min(seconds) + 1
    assert max(seconds.count(second) for second in set(seconds)) <= 2 * 1000 / span + 1


# hubs ─────────────────────────────────────────────────────────────────────────────────────────

QUIETLY = FeedState(
    url=URL, status=FeedStatus.OK, first_poll_at=NOW, last_poll_at=NOW, next_poll_at=NOW + HOUR / 4, rate=2.0
)


def at_ease(
    state: FeedState, feed: Feed = FEED, jitter: float = 0.0, maximum: timedelta = SETTINGS.maximum
) -> timedelta:
    settings = replace(SETTINGS, maximum=maximum)
    after = cadence.at_ease(state, settings, feed, now=NOW, jitter=jitter)
    assert after.next_poll_at is not None
    return after.next_poll_at - NOW


def test_a_feed_whose_hub_pushes_is_polled_as_seldom_as_the_desk_allows_and_once_a_day_at_least() -> None:
    assert at_ease(QUIETLY) == SETTINGS.maximum
    assert at_ease(QUIETLY, jitter=1.0) == SETTINGS.maximum * 1.1
    assert at_ease(QUIETLY, maximum=timedelta(days=30)) == timedelta(hours=24)
    assert at_ease(replace(QUIETLY, next_poll_at=NOW + 20 * HOUR)) == 20 * HOUR  # a publisher's wish


def test_when_its_rhythm_says_that_something_should_have_come_it_is_polled_all_the_same() -> None:
    assert at_ease(replace(QUIETLY, late_at=NOW + 2 * HOUR)) == 2 * HOUR
    assert at_ease(replace(QUIETLY, late_at=NOW - HOUR)) == HOUR / 4
    assert at_ease(replace(QUIETLY, late_at=NOW + 90 * HOUR)) == SETTINGS.maximum


@pytest.mark.parametrize("status", [FeedStatus.LATE, FeedStatus.STALLED, FeedStatus.ERROR, FeedStatus.NEW])
def test_one_that_is_not_well_is_polled_as_ever(status: FeedStatus) -> None:
    assert at_ease(replace(QUIETLY, status=status)) == HOUR / 4


def test_so_is_one_that_failed_or_whose_pace_the_desk_set() -> None:
    assert at_ease(replace(QUIETLY, failures=1)) == HOUR / 4
    assert at_ease(QUIETLY, replace(FEED, every=HOUR / 4)) == HOUR / 4


def test_a_push_moves_neither_validators_nor_the_next_poll_but_what_is_expected() -> None:
    state = replace(QUIETLY, status=FeedStatus.LATE, validators=ETAG, body_hash="h", entries=7, late_at=NOW)
    after = cadence.after_push(state, NOW + HOUR, 3)
    assert (after.validators, after.body_hash, after.next_poll_at) == (ETAG, "h", state.next_poll_at)
    assert (after.status, after.entries, after.arrived_at) == (FeedStatus.OK, 10, NOW + HOUR)
    assert (after.late_at, after.stalled_at) == (None, None)
    assert after.rate == pytest.approx(2.0 + 3 / 72)
    assert cadence.after_push(state, NOW + HOUR, 0) == state


def test_a_push_does_not_hide_that_polls_fail() -> None:
    state = replace(QUIETLY, status=FeedStatus.ERROR, reason="timeout", failing_since=NOW)
    after = cadence.after_push(state, NOW + HOUR, 1)
    assert (after.status, after.failing_since, after.entries) == (FeedStatus.ERROR, NOW, 1)


def test_deliveries_are_retried_for_three_days_and_then_given_up() -> None:
    waits = [cadence.after_failure(n, NOW, retry_after=None, jitter=0.5) for n in range(12)]
    assert waits[10:] == [None, None]
    total = sum(((w - NOW) for w in waits if w is not None), timedelta(0))
    assert timedelta(hours=70) < total < timedelta(hours=80)


def test_a_receivers_wish_is_waited_for() -> None:
    assert cadence.after_failure(1, NOW, retry_after=HOUR, jitter=0.0) == NOW + HOUR
    assert cadence.after_failure(1, NOW, retry_after=timedelta(days=9), jitter=0.0) == NOW + timedelta(
        hours=24
    )
    low = cadence.after_failure(3, NOW, retry_after=None, jitter=0.0)
    high = cadence.after_failure(3, NOW, retry_after=None, jitter=1.0)
    assert low == NOW + timedelta(minutes=24)
    assert high == NOW + timedelta(minutes=36)


durations = st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=400)))


@given(
    jitter=st.floats(0, 1, exclude_max=True),
    fresh=durations,
    ttl=durations,
    hours=st.frozensets(st.integers(0, 23)),
    days=st.frozensets(st.integers(0, 6)),
    rate=st.one_of(st.none(), st.floats(0, 1e6)),
    failures=st.integers(0, 5000),
    asked=durations,
    new=st.integers(0, 2000),
    reason=st.sampled_from(FetchReason),
    which=st.sampled_from(["fetched", "304", "failed", "parse"]),
    rhythm=st.one_of(st.just(b""), st.binary(min_size=168, max_size=168)),
    window=st.integers(0, 2000),
)
def test_the_next_poll_is_never_early_and_always_comes(
    jitter: float,
    fresh: timedelta | None,
    ttl: timedelta | None,
    hours: frozenset[int],
    days: frozenset[int],
    rate: float | None,
    failures: int,
    asked: timedelta | None,
    new: int,
    reason: FetchReason,
    which: str,
    rhythm: bytes,
    window: int,
) -> None:
    state = replace(
        KNOWN, rate=rate, rhythm=rhythm, window=window, failures=failures, skip_hours=hours, skip_days=days
    )
    document = Document(ttl=ttl, skip_hours=hours, skip_days=days)
    match which:
        case "fetched":
            state = poll(state, fetched(fresh_for=fresh), document=document, new=new, jitter=jitter)
        case "304":
            state = poll(state, NotModified(validators=ETAG, fresh_for=fresh), jitter=jitter)
        case "failed":
            state = poll(state, failure(reason, 500, asked), jitter=jitter)
        case "parse":
            state = poll(state, fetched(), error=ParseError(ParseReason.HTML, "x"), jitter=jitter)
    # Where our own machine failed nobody was asked.
    ours = which == "failed" and reason is FetchReason.MACHINE
    assert (timedelta(seconds=1) if ours else SETTINGS.minimum) <= wait(state) <= timedelta(days=15)
    if not days and len(hours) < 24 and reason is not FetchReason.HTTP_410:
        assert wait(state) <= timedelta(hours=51)
    if state.held_until is not None:
        assert state.next_poll_at is not None
        assert state.next_poll_at >= state.held_until


DATA = Path(__file__).parents[2] / "shared" / "data" / "news" / "bn_2026-01_03.jsonl.gz"


@pytest.mark.shared
@pytest.mark.parametrize("paper", ["Samakal", "Kalbela"])
def test_on_the_rhythm_of_real_papers_news_is_seen_sooner_with_no_more_polls(paper: str) -> None:
    """All papers, with the other ways to poll: docs/decisions/0009-cadence.md."""
    if not DATA.exists():
        pytest.skip("the shared research data is not next to the checkout")
    moments = bench_cadence.published(DATA, seed=1)[paper]
    ours = bench_cadence.simulate(moments, bench_cadence.as_now(rhythm=True), window=50, seed=1)
    as_many = bench_cadence.simulate(
        moments, bench_cadence.fixed(timedelta(days=1) / ours.polls / 1.05), window=50, seed=1
    )
    assert ours.polls <= 1.02 * as_many.polls
    assert sum(ours.delays) / len(ours.delays) < 0.7 * sum(as_many.delays) / len(as_many.delays)
