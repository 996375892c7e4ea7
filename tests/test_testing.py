"""The public test kit."""

import asyncio
import doctest
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from monitor import registry, testing
from monitor.channels import Channel, Posted
from monitor.commands._demo.loopback import Loopback, Request, Response
from monitor.errors import DeliveryError, DeliveryReason
from monitor.formats import Format
from monitor.model import Delivery, Message
from monitor.testing import (
    NOON,
    FakeClock,
    Publisher,
    RecordingChannel,
    a_digest,
    a_feed,
    a_topic,
    an_entry,
)

Scene = tuple[Publisher, httpx.AsyncClient]


def a_delivery(text: str = "hello") -> Delivery:
    digest = a_digest()
    message = Message(
        id=digest.id,
        kind=digest.kind,
        route=digest.route,
        channel=digest.channel,
        recipient=digest.recipient,
        slot=digest.slot,
        language=digest.language,
        subject=text,
        parts={"txt": text},
    )
    return Delivery(
        id=f"{digest.id}-recording", message=message, channel="recording", due_at=NOON, queued_at=NOON
    )


def test_a_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(testing) == doctest.TestResults(failed=0, attempted=4)


def test_factories_tell_different_titles_apart_and_take_changes() -> None:
    one, two = an_entry("One"), an_entry("Two", language="bn")
    assert one.id != two.id
    assert one.url != two.url
    assert an_entry("One") == one
    assert two.language == "bn"
    assert a_feed(language="ru").language == "ru"
    assert a_topic("a", id="t").id == "t"
    assert [s.lead.entry for s in a_digest(one, two).sections[0].stories] == [one, two]


# publisher, both as a transport and over real sockets


@pytest.fixture(params=["transport", "sockets"])
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    publisher = Publisher()
    if request.param == "transport":
        async with httpx.AsyncClient(transport=publisher, timeout=2) as client:
            yield publisher, client
    else:
        async with publisher, httpx.AsyncClient(timeout=2) as client:
            yield publisher, client


async def test_a_published_feed_has_an_etag_and_then_costs_a_304(scene: Scene) -> None:
    publisher, client = scene
    url = publisher.publish("/rss", an_entry("One & only"), an_entry("Two"))
    first = await client.get(url)
    again = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert "<title>One &amp; only</title>" in first.text
    publisher.publish("/rss", an_entry("Three"))
    changed = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert [asked.status for asked in publisher.requests] == [200, 304, 200]
    assert publisher.requests[1].headers["if-none-match"] == first.headers["etag"]


async def test_scripted_answers_come_before_the_feed(scene: Scene) -> None:
    publisher, client = scene
    url = publisher.publish("/rss", an_entry())
    publisher.answer("/rss", 429, headers={"Retry-After": "120"})
    publisher.answer("/rss", 503, times=2)
    gone = publisher.answer("/gone", 410, times=None)
    answers = [await client.get(url) for _ in range(4)]
    assert [a.status_code for a in answers] == [429, 503, 503, 200]
    assert answers[0].headers["retry-after"] == "120"
    assert [(await client.get(gone)).status_code for _ in range(3)] == [410, 410, 410]


async def test_a_redirect_leads_to_the_feed(scene: Scene) -> None:
    publisher, client = scene
    publisher.publish("/new", an_entry("There"))
    answer = await client.get(publisher.redirect("/old", "/new"), follow_redirects=True)
    assert answer.status_code == 200
    assert [a.status_code for a in answer.history] == [301]
    assert "There" in answer.text


async def test_an_unknown_path_is_a_404(scene: Scene) -> None:
    publisher, client = scene
    assert (await client.get(publisher.url("/nothing"))).status_code == 404


async def test_a_gzipped_feed_can_be_read(scene: Scene) -> None:
    publisher, client = scene
    answer = await client.get(publisher.publish("/rss", an_entry("Packed"), gzipped=True))
    assert answer.headers["content-encoding"] == "gzip"
    assert "Packed" in answer.text


async def test_a_dripping_body_arrives_whole(scene: Scene) -> None:
    publisher, client = scene
    answer = await client.get(publisher.drip("/rss", [b"<rss", b" version", b"='2.0'/>"]))
    assert answer.content == b"<rss version='2.0'/>"


async def test_a_body_can_be_without_end(scene: Scene) -> None:
    publisher, client = scene
    url = publisher.drip("/rss", itertools.repeat(b"x" * 1000))
    got = 0
    async with client.stream("GET", url) as answer:
        async for piece in answer.aiter_bytes():
            got += len(piece)
            if got > 100_000:
                break
    assert got > 100_000


async def test_a_hanging_publisher_times_the_client_out(scene: Scene) -> None:
    publisher, client = scene
    url = publisher.publish("/rss", an_entry())
    publisher.hang("/rss")
    with pytest.raises(httpx.ReadTimeout):
        await client.get(url, timeout=0.1)
    assert publisher.requests[0].status == 0
    assert (await client.get(url)).status_code == 200


async def test_a_failing_publisher_is_a_transport_error(scene: Scene) -> None:
    publisher, client = scene
    url = publisher.fail("/rss", httpx.RemoteProtocolError)
    with pytest.raises(httpx.TransportError):
        await client.get(url)


@pytest.mark.parametrize("form", ["rss", "rdf", "atom", "json"])
async def test_every_form_is_read_back_by_the_formats(form: str) -> None:
    if not registry.names("formats"):
        pytest.skip("no formats yet")
    publisher = Publisher()
    entries = (an_entry("প্রথম খবর", summary="সারাংশ"), an_entry("Second & last", content="Full text."))
    url = publisher.publish("/feed", *entries, form=form)
    async with httpx.AsyncClient(transport=publisher) as client:
        answer = await client.get(url)
    kinds: list[Format] = [registry.find("formats", name)() for name in registry.names("formats")]
    media_type = answer.headers["content-type"]
    reader = next(k for k in sorted(kinds, key=lambda k: k.rank) if k.sniff(answer.content, media_type))
    document = reader.parse(answer.content, media_type, url=url)
    assert document.format == form
    assert [(i.title, i.link) for i in document.items] == [(e.title, e.url) for e in entries]
    assert [i.published for i in document.items] == [e.published for e in entries]


# the loopback server


async def test_the_server_reads_chunked_bodies_and_keeps_the_connection() -> None:
    async def echo(request: Request) -> Response:
        return Response(body=request.body)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with Loopback(echo) as server, httpx.AsyncClient() as client:
        assert (await client.post(server.url, content=pieces())).content == b"one two"
        assert (await client.post(server.url, content=b"three")).content == b"three"
        assert (await client.head(server.url)).content == b""


async def test_what_is_not_http_is_dropped() -> None:
    async def never(request: Request) -> Response:
        raise AssertionError

    async with Loopback(never) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"hello\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_closing_the_server_drops_who_hangs() -> None:
    publisher = Publisher()
    async with httpx.AsyncClient(timeout=5) as client:
        async with publisher:
            task = asyncio.create_task(client.get(publisher.hang("/rss")))
            await publisher.asked.wait()
        with pytest.raises(httpx.TransportError):
            await task


# channel


async def test_a_recording_channel_keeps_what_it_takes() -> None:
    channel = RecordingChannel.alone("recording", "one", "two")
    assert isinstance(channel, Channel)
    assert [r.address for r in channel.recipients()] == ["one", "two"]
    channel.fail(DeliveryError(DeliveryReason.SERVER, "503", retryable=True))
    delivery = a_delivery()
    with pytest.raises(DeliveryError):
        await channel.send(delivery)
    assert await channel.send(delivery) == Posted(receipt="kept", handle="1")
    assert channel.sent == [delivery]
    assert channel.tries == [delivery, delivery]


def test_a_recording_channel_can_be_named_in_a_config() -> None:
    assert registry.find("channels", "monitor.testing:RecordingChannel") is RecordingChannel
