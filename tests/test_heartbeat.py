"""The heartbeat: asked for while all is well, never more often than said, over real sockets."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from monitor import service
from monitor.alive import BEATEN, UNBEATEN
from monitor.config import load
from monitor.errors import StoreError
from monitor.fetch import client
from monitor.metrics import Histogram
from monitor.model import Event
from monitor.observe import Observer
from monitor.service import Service
from monitor.stores import Store
from monitor.testing import NOON, FakeClock, Publisher
from tests.receivers import Receiver, web_server

TOKEN = "5f1c0a9e-2b7d-4e0f-9d3a-1a2b3c4d5e6f"
CONFIG = """
store: sqlite:monitor.db
network: {{allow_private: [127.0.0.0/8]}}
poll: {{per_host_gap: 0s}}
feeds: [{{url: "https://publisher.example/rss"}}, {{url: "https://another.example/other"}}]
topics: {{t: {{query: Trump}}}}
channels: {{ops: {{type: 'monitor.testing:RecordingChannel'}}}}
routes: {{day: {{topics: [t], channels: [ops], at: ["18:00"]}}}}
heartbeat: {{url: "{url}", every: 5m}}
canary: {{every: 0s}}
"""


class Daemon:
    """A desk whose bells are rung by hand: `now` are the seconds of the loop's clock."""

    def __init__(self, built: Service, clock: FakeClock, publisher: Publisher, events: list[Event]) -> None:
        self.built, self.clock, self.publisher, self.events = built, clock, publisher, events
        self.now = 100.0
        self.rung = {"poll": 0.0, "send": 0.0}

    async def watch(self, later: float = 0.0, *, rings: tuple[str, ...] = ("poll", "send")) -> None:
        """Let seconds pass, ring bells, then watch."""
        self.now += later
        for bell in rings:
            self.rung[bell] = self.now
        self.now += 1
        await self.built.keeper.watch(self.rung)

    async def answered(self) -> None:
        """Wait for the answer to come, and write what it says."""
        if (beating := self.built.keeper._pulse._beating) is not None:
            await asyncio.wait([beating])
        await self.watch(rings=())

    def told(self, kind: str) -> list[str]:
        return [str(one.fields.get("detail", "")) for one in self.events if one.kind == kind]


@asynccontextmanager
async def daemon(folder: Path, receiver: Receiver, path: str = f"/ping/{TOKEN}") -> AsyncIterator[Daemon]:
    clock = FakeClock(NOON)
    file = folder / "monitor.yaml"
    file.write_text(CONFIG.format(url=receiver.url(path)), encoding="utf-8")
    publisher = Publisher(clock)
    for one in ("/rss", "/other"):
        publisher.publish(one)
    events: list[Event] = []
    loaded = replace(load(file, {}), folder=folder)
    observer = Observer(log := io.StringIO(), format="json", level="debug")  # knows of no secret

    def hear(event: Event) -> None:
        events.append(event)
        observer.tell(event)

    async with service.build(loaded, clock=clock, transport=publisher, tell=hear) as built:
        made = Daemon(built, clock, publisher, events)
        built.keeper.begin(lambda: made.now)
        yield made
    assert TOKEN not in log.getvalue()
    assert TOKEN not in repr(loaded)


async def test_a_good_pass_is_told_with_one_request_and_no_more_often_than_every(tmp_path: Path) -> None:
    async with web_server(Receiver()) as receiver, daemon(tmp_path, receiver) as one:
        await one.watch()
        await one.answered()
        for _ in range(29):
            await one.watch(9)
        await one.answered()
        assert [(r.method, r.path, r.body) for r in receiver.requests] == [("GET", f"/ping/{TOKEN}", b"")]
        assert "authorization" not in receiver.requests[0].headers
        await one.watch(9)
        await one.answered()
        assert len(receiver.requests) == 2
        assert one.built.store.meta()[BEATEN] == NOON.isoformat()
        assert one.built.store.meta().get(UNBEATEN, "") == ""


async def test_it_waits_until_both_bells_were_answered_and_stops_when_one_is_silent(tmp_path: Path) -> None:
    async with web_server(Receiver()) as receiver, daemon(tmp_path, receiver) as one:
        await one.watch(rings=())
        await one.watch(rings=("poll",))
        await one.answered()
        assert receiver.requests == []
        await one.watch(rings=("send",))
        await one.answered()
        assert len(receiver.requests) == 1
        await one.watch(600, rings=("send",))
        await one.answered()
        assert len(receiver.requests) == 1, "the other was not answered since"


async def test_a_store_that_cannot_be_written_keeps_it_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web_server(Receiver()) as receiver, daemon(tmp_path, receiver) as one:

        def full(self: Store, values: object = None) -> dict[str, str]:
            raise StoreError("no space left on the disk")

        with monkeypatch.context() as disk:
            disk.setattr(type(one.built.store), "meta", full)
            with pytest.raises(StoreError):
                await one.watch()
        assert receiver.requests == []
        await one.watch()
        await one.answered()
        assert len(receiver.requests) == 1


async def test_it_is_silent_while_no_feed_at_all_answers_but_not_for_one(tmp_path: Path) -> None:
    async with web_server(Receiver()) as receiver, daemon(tmp_path, receiver) as one:
        one.publisher.answer("/rss", status=503, times=None)
        await one.built.pipeline.tick()
        await one.watch()
        await one.answered()
        assert len(receiver.requests) == 1, "one of two is its publisher's business"

        one.publisher.fail("/other", httpx.ConnectError, times=None)
        await one.built.pipeline.tick(everything=True)
        one.clock.advance(timedelta(minutes=60))
        await one.built.pipeline.tick()
        for _ in range(3):
            await one.watch(400)
            await one.answered()
        assert len(receiver.requests) == 1
        assert one.told("heartbeat-held") == ["none of 2 feeds answers"]
        assert one.built.store.meta()[UNBEATEN] == "none of 2 feeds answers"


async def test_one_that_is_not_taken_is_told_once_and_once_that_it_is_again(tmp_path: Path) -> None:
    async with web_server(Receiver(status=404, echo=True)) as receiver, daemon(tmp_path, receiver) as one:
        for _ in range(3):
            await one.watch(300)
            await one.answered()
        (told,) = one.told("heartbeat-failed")
        assert told.startswith(f"127.0.0.1:{receiver.port}: answered 404 Not Found")
        assert TOKEN not in told, "what it answered was our whole request"
        assert one.built.store.meta()[UNBEATEN] == told
        assert len(receiver.requests) == 3
        receiver.status = 200
        await one.watch(300)
        await one.answered()
        assert one.told("heartbeat-resumed") == [told]
        assert one.built.store.meta()[UNBEATEN] == ""


@pytest.mark.parametrize("how", ["silent", "hang_up", "endless"])
async def test_whatever_the_far_side_does_nothing_waits_for_it(tmp_path: Path, how: str) -> None:
    receiver = Receiver(silent=how == "silent", hang_up=how == "hang_up", endless=how == "endless")
    async with web_server(receiver), daemon(tmp_path, receiver) as one:
        async with asyncio.timeout(5):
            for _ in range(5):
                await one.watch(301)
            await one.built.pipeline.tick()
        if how == "silent":
            assert not one.built.keeper._pulse.is_due(), "another is not sent while one is under way"
            assert len(receiver.requests) <= 1


async def test_a_reload_waits_for_no_answer_and_beats_no_sooner(tmp_path: Path) -> None:
    async with web_server(Receiver(silent=True)) as receiver, daemon(tmp_path, receiver) as one:
        await one.watch()
        pulse = one.built.keeper._pulse
        async with asyncio.timeout(5):
            await one.built.keeper.take(replace(one.built.config, language="bn"), pulse.tools)
        assert pulse._beating is not None
        assert pulse._beating.cancelled()
        assert not pulse.is_due()
        one.now += 300
        assert pulse.is_due()
        assert one.told("heartbeat-failed") == []


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    receiver = Receiver(status=302, headers={"Location": "https://elsewhere.test/"})
    async with web_server(receiver), daemon(tmp_path, receiver) as one:
        await one.watch()
        await one.answered()
        (told,) = one.told("heartbeat-failed")
        assert "redirect" in told


async def test_a_private_address_is_asked_only_where_the_desk_allows_it(tmp_path: Path) -> None:
    async with web_server(Receiver()) as receiver, daemon(tmp_path, receiver) as one:
        one.built.keeper._pulse.tools = replace(
            one.built.keeper._pulse.tools,
            http=client(
                replace(one.built.config.network, allow_private=()), version="1", timeout=timedelta(minutes=1)
            ),
        )
        await one.watch()
        await one.answered()
        assert receiver.requests == []
        (told,) = one.told("heartbeat-failed")
        assert "allow_private" in told
        await one.built.keeper._pulse.tools.http.aclose()


async def test_its_age_is_measured_from_the_last_answer(tmp_path: Path) -> None:
    async with web_server(Receiver()) as receiver, daemon(tmp_path, receiver) as one:

        def age() -> float | Histogram:
            found = {family.name: family.values for family in one.built.keeper.families()}
            assert found["monitor_heartbeat_interval_seconds"] == {(): 300}
            return found["monitor_heartbeat_age_seconds"][()]

        await one.built.site(one.built.config)  # opens the store that pages read
        one.clock.advance(timedelta(minutes=7))
        assert age() == 420
        await one.watch()
        await one.answered()
        assert age() == 0
        receiver.status = 500
        one.clock.advance(timedelta(minutes=9))
        await one.watch(540)
        await one.answered()
        assert age() == 540
