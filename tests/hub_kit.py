"""A hub of the tests' own on a loopback port, and a desk that it can call back, over real sockets."""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx

from monitor.clock import Clock
from monitor.commands._demo.loopback import Loopback, Request, Response
from monitor.model import Entry, Event, Subscription
from monitor.testing import FakeClock, an_entry
from tests.pipeline_kit import World, desk
from tests.web_kit import served

FEED, TOPIC = "https://publisher.example/rss", "https://publisher.example/rss?all"
DESK = """
websub: true
web: {{listen: '127.0.0.1:{port}', public_url: 'http://127.0.0.1:{port}'}}
network: {{allow_private: [127.0.0.0/8]}}
channels: {{room: {{RECORDING}}}}
routes: {{now: {{topics: [summit], channels: [room], send: immediate, group_wait: 0s}}}}
"""


def atom(*entries: Entry, hub: str = "", topic: str = "") -> bytes:
    """Return an Atom feed that may name a hub and itself."""
    links = "".join(
        f'<link rel="{rel}" href="{url}"/>' for rel, url in (("hub", hub), ("self", topic)) if url
    )
    inside = "".join(
        f'<entry><id>{one.url}</id><title>{one.title}</title><link href="{one.url}"/>'
        f"<updated>{one.published:%Y-%m-%dT%H:%M:%SZ}</updated></entry>"
        for one in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>P</title>{links}{inside}</feed>'.encode()


WORDS = (
    "agree on grain ships", "quarrel over gas prices", "send envoys to Anchorage", "swap prisoners in Ankara",
    "name a date for Alaska", "discuss satellites", "praise chess players", "postpone a banquet",
)  # fmt: skip


def news(number: int) -> Entry:
    """Return an entry of our topic, each of another story."""
    title = f"Trump and Putin {WORDS[number]}"
    return an_entry(title=title, url=f"https://publisher.example/n/{number}")


@dataclass
class Hub:
    """Takes requests and keeps their forms; verifies, pushes and denies when it is told to."""

    answers: list[Response] = field(default_factory=list)
    """What comes before 202."""
    asked: list[dict[str, str]] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    url: str = ""

    async def serve(self, request: Request) -> Response:
        """Take a request."""
        self.seen.append(request)
        form = {name: values[0] for name, values in parse_qs(request.body.decode("ascii")).items()}
        self.asked.append(form)
        return self.answers.pop(0) if self.answers else Response(status=202)

    @staticmethod
    async def verify(form: Mapping[str, str], **changes: str) -> httpx.Response:
        """Ask whether that was asked for; in `changes` a name's `hub.` is left out, and "" leaves out all."""
        query = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": "a1B2-chall",
            "hub.lease_seconds": "864000",
        } | {f"hub.{name}": value for name, value in changes.items()}
        async with httpx.AsyncClient() as client:
            return await client.get(
                form["hub.callback"], params={name: value for name, value in query.items() if value}
            )

    @staticmethod
    async def push(
        form: Mapping[str, str], body: bytes, *, method: str = "sha256", **headers: str
    ) -> httpx.Response:
        """Send content, signed; in `headers` a `_` stands for `-`, and "" leaves one out."""
        digest = hmac.new(form["hub.secret"].encode(), body, method).hexdigest()
        sent = {"content-type": "application/atom+xml", "x-hub-signature": f"{method}={digest}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(timeout=20) as client:
            return await client.post(
                form["hub.callback"],
                content=body,
                headers={name: value for name, value in sent.items() if value},
            )


@dataclass
class Hubbed:
    """A desk of one feed that names our hub."""

    world: World
    hub: Hub
    events: list[Event]

    def carry(self, *entries: Entry) -> None:
        """Let the publisher's feed hold these, whoever is told of it."""
        body = atom(*entries, hub=self.hub.url, topic=TOPIC)
        self.world.publisher.answer("/rss", body=body, times=None)

    async def ask(self) -> None:
        """Let the desk ask its hubs what is due."""
        await self.world.pipeline.ask_hubs()
        await self.world.pipeline.drain()

    async def subscribe(self) -> dict[str, str]:
        """Poll, subscribe and confirm; return the form that the hub got."""
        await self.world.tick()
        await self.ask()
        form = self.hub.asked[-1]
        assert (await self.hub.verify(form)).status_code == 200
        return form

    async def push(self, form: Mapping[str, str], *entries: Entry, **how: str) -> int:
        """Push entries, let the desk take them in; return what it answered."""
        answer = await self.hub.push(form, atom(*entries, hub=self.hub.url, topic=TOPIC), **how)
        await self.world.pipeline.drain()
        return answer.status_code

    def rows(self) -> list[Subscription]:
        """Return the subscriptions of our feed."""
        return self.world.store.subscriptions([FEED])

    def row(self) -> Subscription:
        """Return the only one."""
        (one,) = self.rows()
        return one

    def next_poll(self) -> datetime:
        """Return when our feed is polled next."""
        due = {one.url: one.next_poll_at for one in self.world.store.feed_states()}[FEED]
        assert due is not None
        return due


def a_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@asynccontextmanager
async def hubbed(
    folder: Path,
    *,
    clock: Clock | None = None,
    config: str = DESK,
    maximum: str = "5m",
    head: tuple[Entry, ...] = (),
) -> AsyncIterator[Hubbed]:
    """Run a desk with its pages served, and a hub. The feed carries `head`."""
    hub, events = Hub(), list[Event]()
    assert clock is None or isinstance(clock, FakeClock)
    async with (
        Loopback(hub.serve) as server,
        desk(
            folder, config.format(port=a_free_port()), clock=clock, tell=events.append, maximum=maximum
        ) as world,
        served(world.built, world.built.config.web),
    ):
        hub.url = f"{server.url}/hub"
        kit = Hubbed(world, hub, events)
        kit.carry(*head)
        yield kit


async def pushed_slowly(callback: str) -> bytes:
    """Send the beginning of a large body and wait; return the first line of the answer."""
    url = httpx.URL(callback)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 9999999\r\n\r\n"
    writer.write(head.encode() + b"<feed>")
    try:
        return await reader.readline()
    finally:
        writer.close()
