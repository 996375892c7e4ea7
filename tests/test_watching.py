"""Twenty feeds that stop, each in its way, over days of virtual time; and one that is well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from monitor import service
from monitor.clock import Clock
from monitor.config import load
from monitor.model import Event, Kind
from monitor.service import Service
from monitor.testing import FakeClock, RecordingChannel

HOUR = timedelta(hours=1)
START = datetime.fromisoformat("2026-01-19T00:00:00+00:00")
STOP = START + timedelta(hours=12)
BACK = STOP + timedelta(hours=30)
STEP = timedelta(minutes=30)

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Feed:
    """A feed with an item in some hours of the day, and what it does from STOP until BACK."""

    active: frozenset[int]
    broken: Callable[[Feed, datetime], Answer]
    state: str
    home: str = "x"
    polls: int = 0
    _cache: dict[datetime, bytes] = field(default_factory=dict)

    def gap(self) -> timedelta:
        """The longest silence of its rhythm."""
        hours = sorted(self.active)
        return max((b - a) % 24 or 24 for a, b in zip(hours, [*hours[1:], hours[0]], strict=True)) * HOUR

    def news(self, until: datetime) -> list[datetime]:
        """When its items came, the newest first."""
        hour = until.replace(minute=0, second=0)
        back = (hour - n * HOUR for n in range(24 * 22))
        return [one for one in back if one.hour in self.active][:200]

    def body(self, until: datetime, *, stamp: datetime | None = None, guid: str = "", skip: int = 0) -> bytes:
        items = "".join(
            f"<item><title>News of {one:%d %B %H}:00</title><link>https://{self.home}.example/{one:%Y%m%d%H}</link>"
            f"<guid isPermaLink='false'>{guid}{one:%Y%m%d%H}</guid>"
            f"<pubDate>{stamp or one:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
            for one in self.news(until)[skip:]
        )
        return f'<rss version="2.0"><channel><title>P</title>{items}</channel></rss>'.encode()

    def answer(self, now: datetime) -> Answer:
        self.polls += 1
        if STOP <= now < BACK:
            return self.broken(self, now)
        return 200, {}, self.body(now - timedelta(minutes=5))


def same(feed: Feed, now: datetime) -> Answer:
    return 200, {}, feed.body(STOP - HOUR)


def restamped(feed: Feed, now: datetime) -> Answer:
    return 200, {}, feed.body(STOP - HOUR, stamp=now)


def new_guids(feed: Feed, now: datetime) -> Answer:
    return 200, {}, feed.body(STOP - HOUR, guid=f"{now:%H%M}-")


def to_and_fro(feed: Feed, now: datetime) -> Answer:
    return 200, {}, feed.body(STOP - HOUR, skip=feed.polls % 7)


def not_modified(feed: Feed, now: datetime) -> Answer:
    return 200, {"Cache-Control": "no-cache"}, feed.body(STOP - HOUR)


def answers(status: int, body: bytes = b"", **headers: str) -> Callable[[Feed, datetime], Answer]:
    return lambda feed, now: (status, headers, body)


def raises(error: type[httpx.TransportError]) -> Callable[[Feed, datetime], Answer]:
    def broken(feed: Feed, now: datetime) -> Answer:
        raise error("scripted")

    return broken


ALWAYS, DAYTIME, THIRD = frozenset(range(24)), frozenset(range(6, 23)), frozenset(range(0, 24, 3))
PAGE = b"<!doctype html><html><head><title>Home</title></head><body>Welcome</body></html>"
CAPTCHA = b"<html><title>Just a moment...</title><body>Checking your browser</body></html>"
OUTAGES: dict[str, Feed] = {
    "same": Feed(ALWAYS, same, "stalled"),
    "same-by-day": Feed(DAYTIME, same, "stalled"),
    "same-every-third": Feed(THIRD, same, "stalled"),
    "no-cache": Feed(DAYTIME, not_modified, "stalled"),
    "restamped": Feed(ALWAYS, restamped, "stalled"),
    "restamped-by-day": Feed(DAYTIME, restamped, "stalled"),
    "guids": Feed(THIRD, new_guids, "stalled"),
    "to-and-fro": Feed(ALWAYS, to_and_fro, "stalled"),
    "no-items": Feed(
        THIRD, answers(200, b'<rss version="2.0"><channel><title>P</title></channel></rss>'), "stalled"
    ),
    "403": Feed(ALWAYS, answers(403), "blocked"),
    "denied": Feed(THIRD, answers(200, b"Access denied"), "blocked"),
    "captcha": Feed(DAYTIME, answers(200, CAPTCHA), "blocked"),
    "page": Feed(DAYTIME, answers(200, PAGE), "blocked"),
    "404": Feed(ALWAYS, answers(404), "error"),
    "410": Feed(THIRD, answers(410), "gone"),
    "503": Feed(DAYTIME, answers(503), "error"),
    "empty": Feed(ALWAYS, answers(200, b""), "error"),
    "refused": Feed(ALWAYS, raises(httpx.ConnectError), "error"),
    "timeout": Feed(THIRD, raises(httpx.ReadTimeout), "error"),
    "moved": Feed(DAYTIME, answers(301, Location="/home"), "moved"),
}


class Press(httpx.AsyncBaseTransport):
    """Serves the feeds by their path."""

    def __init__(self, feeds: dict[str, Feed], clock: Clock) -> None:
        self.feeds, self.clock = feeds, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        feed = self.feeds.get(request.url.path.removeprefix("/"))
        status, headers, body = feed.answer(self.clock.now()) if feed else (200, {}, PAGE)
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body), request=request)


def config(folder: Path, names: list[str]) -> Path:
    path = folder / "monitor.yaml"
    feeds = "".join(
        f'  - {{url: "https://p.example/{name}", source: "Paper {name}", language: en}}\n' for name in names
    )
    path.write_text(
        "store: sqlite:monitor.db\nlanguage: en\ntimezone: UTC\n"
        "poll: {per_host_gap: 0s, per_host: 9, every: 25m, minimum: 25m, maximum: 25m, backfill: 1h}\n"
        f'feeds:\n{feeds}topics: {{t: {{query: "Trump"}}}}\noperators: [ops]\n'
        "channels: {ops: {type: 'monitor.testing:RecordingChannel'}}\n"
        "routes: {day: {topics: [t], channels: [ops], at: ['07:00'], nothing_new: true}}\n",
        encoding="utf-8",
    )
    return path


def told(built: Service) -> list[RecordingChannel]:
    channel = built.pipeline.parts.channels["ops"]
    assert isinstance(channel, RecordingChannel)
    return [channel]


async def test_twenty_outages_are_noticed_within_two_gaps_and_told_once(tmp_path: Path) -> None:
    clock = FakeClock(START)
    feeds = {**OUTAGES, "well": Feed(DAYTIME, lambda feed, now: (200, {}, feed.body(now)), "ok")}
    events: list[Event] = []
    loaded = replace(load(config(tmp_path, list(feeds)), {}), folder=tmp_path)
    async with service.build(loaded, clock=clock, transport=Press(feeds, clock), tell=events.append) as built:
        while clock.now() < BACK - HOUR:
            await built.pipeline.tick()
            clock.advance(STEP)
        noticed = {str(e.fields["feed"]).rpartition("/")[2]: e for e in events if e.kind == "outage"}
        assert noticed.keys() == OUTAGES.keys()
        slow = []
        for name, feed in OUTAGES.items():
            event = noticed[name]
            assert event.fields["status"] == feed.state, name
            last = feed.news(STOP - HOUR if feed.state == "stalled" else STOP)[0]
            # One poll comes to know it, and it is looked at in steps.
            if event.at - last > 2 * feed.gap() + 2 * STEP:
                slow.append((name, event.at - last))
            since = event.fields["since"]
            assert isinstance(since, datetime)
            assert last <= since <= event.at
        assert len(slow) <= len(OUTAGES) // 20, slow
        states = {s.url.rpartition("/")[2]: s.status for s in built.store.feed_states()}
        assert states == {name: feed.state for name, feed in feeds.items()}
        digests = [d.message for d in told(built)[0].sent if d.message.kind is Kind.DIGEST]
        assert "Paper 403: keeps us out" in digests[-1].parts["txt"]
        while clock.now() < BACK + timedelta(days=8):
            await built.pipeline.tick()
            clock.advance(8 * STEP)
        digests = [d.message for d in told(built)[0].sent if d.message.kind is Kind.DIGEST]
        assert any("Back again: Paper 403" in one.parts["txt"] for one in digests)
        messages = [d.message for d in told(built)[0].sent if d.message.kind is Kind.FEEDS]
        text = "\n".join(one.parts["txt"] for one in messages)
        for name in OUTAGES:
            assert text.count(f"https://p.example/{name}\n") == 2, name
        assert "https://p.example/well" not in text
        assert built.store.outages() == []
    assert len([e for e in events if e.kind == "outage"]) == len(OUTAGES)


async def test_a_feed_that_is_stale_for_years_says_so_at_the_first_look(tmp_path: Path) -> None:
    clock = FakeClock(START)
    feed = Feed(DAYTIME, same, "stalled")
    stale = feed.body(START - timedelta(days=900))
    feed.answer = lambda now: (200, {}, stale)  # type: ignore[method-assign]
    loaded = replace(load(config(tmp_path, ["old"]), {}), folder=tmp_path)
    async with service.build(loaded, clock=clock, transport=Press({"old": feed}, clock)) as built:
        await built.pipeline.tick()
        (state,) = built.store.feed_states()
        (outage,) = built.store.outages()
        assert state.status == "stalled"
        assert outage.since < START - timedelta(days=895)
        (delivery,) = told(built)[0].sent
        assert "gives nothing new any more" in delivery.message.subject
        clock.advance(HOUR)
        await built.pipeline.tick()
        assert len(told(built)[0].sent) == 1


async def test_a_short_trouble_is_nobody_s_business(tmp_path: Path) -> None:
    clock = FakeClock(START)
    left = 1

    def broken(feed: Feed, now: datetime) -> Answer:
        nonlocal left
        left -= 1
        return (503, {}, b"") if left >= 0 else (200, {}, feed.body(now))

    feed = Feed(THIRD, broken, "ok")
    loaded = replace(load(config(tmp_path, ["short"]), {}), folder=tmp_path)
    events: list[Event] = []
    async with service.build(
        loaded, clock=clock, transport=Press({"short": feed}, clock), tell=events.append
    ) as built:
        while clock.now() < STOP + timedelta(hours=12):
            await built.pipeline.tick()
            clock.advance(STEP)
    assert left < 0
    assert [e for e in events if e.kind == "outage"] == []


async def test_the_next_digest_says_that_something_may_have_slid_past_and_the_one_after_does_not(
    tmp_path: Path,
) -> None:
    """Three items that all are others at one poll on the first morning."""
    clock = FakeClock(START)
    feed = Feed(ALWAYS, same, "ok")

    def answer(now: datetime) -> Answer:
        of = now if now < STOP - HOUR * 8 else now + timedelta(days=3)
        return 200, {}, feed.body(of, skip=0)

    feed.news = lambda until: [until.replace(minute=0) - n * HOUR for n in range(3)]  # type: ignore[method-assign]
    feed.answer = answer  # type: ignore[method-assign]
    loaded = replace(load(config(tmp_path, ["fast"]), {}), folder=tmp_path)
    events: list[Event] = []
    async with service.build(
        loaded, clock=clock, transport=Press({"fast": feed}, clock), tell=events.append
    ) as built:
        while clock.now() < START + timedelta(days=2):
            await built.pipeline.tick()
            clock.advance(STEP)
        digests = [d.message.parts["txt"] for d in told(built)[0].sent if d.message.kind is Kind.DIGEST]
    assert len([e for e in events if e.kind == "gap"]) == 1
    says = ["Paper fast: may have had more between two looks than it kept" in one for one in digests]
    assert says == [True, False]


# holidays ─────────────────────────────────────────────────────────────────────────────────────

FEAST = START + timedelta(days=17)
PEERS = ("one", "two", "three", "four")


def written(until: datetime, hours: Callable[[datetime], bool]) -> list[datetime]:
    """When items came that a paper writes in such hours, the newest first."""
    back = (until.replace(minute=0) - n * HOUR for n in range(24 * 22))
    return [one for one in back if hours(one)][:60]


async def silences(
    folder: Path, *, rest: timedelta, silent: timedelta, share: int
) -> list[tuple[str, str, timedelta]]:
    """Run a desk of five papers of one country; return the words of the daily, since the feast began.

    On it the hourly ones write in each `share`th hour only, for `rest`; the daily nothing, for `silent`.
    """
    clock = FakeClock(START)

    def hourly(hour: datetime) -> bool:
        return not FEAST <= hour < FEAST + rest or hour.hour % share == 0

    def daily(hour: datetime) -> bool:
        return hour.hour == 20 and not FEAST <= hour < FEAST + silent

    feeds = {name: Feed(ALWAYS, same, "ok", name) for name in (*PEERS, "daily")}
    for name, feed in feeds.items():
        writes = daily if name == "daily" else hourly
        feed.news = lambda until, writes=writes: written(until, writes)  # type: ignore[method-assign, misc]
        feed.answer = lambda now, feed=feed: (200, {}, feed.body(now))  # type: ignore[method-assign, misc]
    path = config(folder, list(feeds))
    text = path.read_text(encoding="utf-8").replace("language: en}", "language: en, country: BD}")
    text = text.replace("25m", "4h")
    path.write_text(text, encoding="utf-8")
    events: list[Event] = []
    loaded = replace(load(path, {}), folder=folder)
    found: list[tuple[str, str, timedelta]] = []
    async with service.build(loaded, clock=clock, transport=Press(feeds, clock), tell=events.append) as built:
        while clock.now() < FEAST + timedelta(days=9):
            await built.pipeline.tick()
            (state,) = [one for one in built.store.feed_states() if one.url.endswith("/daily")]
            if clock.now() >= FEAST and (not found or found[-1][1] != state.status):
                found.append(("state", str(state.status), clock.now() - FEAST))
            clock.advance(2 * HOUR)
    told = [e for e in events if e.kind in ("outage", "recovered")]
    return [*found, *((e.kind, str(e.fields["feed"]).rpartition("/")[2], e.at - FEAST) for e in told)]


async def test_a_daily_that_rests_while_its_country_does_is_late_but_no_outage(tmp_path: Path) -> None:
    four = timedelta(days=4)
    found = await silences(tmp_path, rest=four, silent=four, share=2)
    assert [one[:2] for one in found] == [("state", "ok"), ("state", "late"), ("state", "ok")]


async def test_a_daily_that_is_silent_after_the_feast_is_an_outage(tmp_path: Path) -> None:
    found = await silences(tmp_path, rest=timedelta(days=4), silent=timedelta(days=30), share=2)
    outages = [one for one in found if one[0] == "outage"]
    assert [one[1] for one in outages] == ["daily"]
    assert timedelta(days=4) < outages[0][2] <= timedelta(days=6, hours=8)  # two gaps after it


async def test_a_daily_that_is_silent_while_the_others_write_is_an_outage_within_two_gaps(
    tmp_path: Path,
) -> None:
    found = await silences(tmp_path, rest=timedelta(0), silent=timedelta(days=4), share=2)
    assert [one[:2] for one in found if one[0] != "state"] == [("outage", "daily"), ("recovered", "daily")]
    # One poll comes to know it; they are four hours apart.
    assert next(one for one in found if one[0] == "outage")[2] <= timedelta(days=2, hours=8)


async def test_where_hardly_anybody_writes_it_is_no_feast_and_the_desk_hears_of_it(tmp_path: Path) -> None:
    found = await silences(tmp_path, rest=timedelta(days=4), silent=timedelta(days=4), share=12)
    assert ("outage", "daily") in [one[:2] for one in found]
