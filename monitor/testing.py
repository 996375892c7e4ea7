"""The public test kit: a clock that waits for you, a publisher you can script, a channel that listens.

    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    publisher.publish("/rss", an_entry(title="পুতিনের সঙ্গে ট্রাম্পের ফোনালাপ"))
    svc = service.build(config, clock=clock, transport=publisher)        # no network
    async with svc:
        await svc.pipeline.tick()

or, over real sockets, `async with publisher: publisher.url("/rss")`.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from types import TracebackType
from typing import Any

import httpx

from monitor.channels import Channel, Posted, Tools
from monitor.clock import Clock, VirtualClock
from monitor.commands._demo import writers
from monitor.commands._demo.loopback import Loopback, Request, Response
from monitor.commands._demo.publishers import unchanged
from monitor.commands._demo.writers import MEDIA_TYPES, Head, Line
from monitor.errors import DeliveryError
from monitor.model import (
    Delivery,
    Digest,
    DigestStory,
    Entry,
    Feed,
    Kind,
    Recipient,
    Section,
    StoryEntry,
    Topic,
)

__all__ = [
    "NOON",
    "Asked",
    "FakeClock",
    "Publisher",
    "RecordingChannel",
    "a_digest",
    "a_feed",
    "a_topic",
    "an_entry",
]

NOON = datetime(2025, 10, 16, 12, tzinfo=UTC)
"""When tests happen, unless they say otherwise."""

FakeClock = VirtualClock
"""Stands still until it is moved: `clock.advance(timedelta(hours=1))`, `clock.jump_to(when)`."""


# publisher ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that the publisher got, and the status it answered (0: it let the client hang)."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A feed that is served: what is in it and how."""

    entries: tuple[Entry, ...]
    form: str
    title: str
    headers: Mapping[str, str]
    validators: bool
    gzipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scripted:
    """An answer that comes instead of the page."""

    response: Response = field(default_factory=Response)
    hang: bool = False
    error: type[httpx.TransportError] | None = None
    drip: Iterable[bytes] | None = None
    pause: float = 0.0


class Publisher(httpx.AsyncBaseTransport):
    """A publisher of feeds that does as it is told.

    It is an httpx transport (`service.build(config, transport=publisher)`), and while entered also
    a real server on loopback. Pages are known by path, whatever the host. `requests` is its log;
    `asked` is set by the first request.

        publisher.publish("/rss", an_entry(title="One"))          # 200 with ETag, then 304
        publisher.answer("/rss", 503, times=2)                    # twice, before the page again
        publisher.answer("/rss", 429, headers={"Retry-After": "120"})
        publisher.answer("/gone", 410, times=None)                # for ever
        publisher.redirect("/old", "/rss", 301)
        publisher.hang("/rss")                                    # never answers
        publisher.drip("/rss", [b"<rss", b" vers"], pause=0.01)   # slowly, in pieces
        publisher.fail("/rss", httpx.ConnectError)                # as a transport only
    """

    def __init__(self, clock: Clock | None = None, *, host: str = "publisher.example") -> None:
        self.requests: list[Asked] = []
        self.asked = asyncio.Event()
        self._clock = clock or FakeClock(NOON)
        self._base = f"https://{host}"
        self._pages: dict[str, _Page] = {}
        self._scripts: defaultdict[str, deque[_Scripted]] = defaultdict(deque)
        self._always: dict[str, _Scripted] = {}
        self._server = Loopback(self._serve)

    # what it serves

    def publish(
        self,
        path: str,
        *entries: Entry,
        form: str = "rss",
        title: str = "A publisher",
        headers: Mapping[str, str] | None = None,
        validators: bool = True,
        gzipped: bool = False,
    ) -> str:
        """Make `path` a feed of these entries, newest first (again: replaces it); return its URL.

        `form` is rss, rdf, atom or json. An entry's guid, link, title, summary, content (as HTML),
        author and dates go in as far as they are set. With `validators` an ETag is sent and honoured.
        """
        self._pages[path] = _Page(
            entries=entries,
            form=form,
            title=title,
            headers=dict(headers or {}),
            validators=validators,
            gzipped=gzipped,
        )
        return self.url(path)

    def answer(
        self,
        path: str,
        status: int = 200,
        *,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
    ) -> str:
        """Answer the next `times` requests for `path` so (None: all from now on); return its URL."""
        raw = body.encode() if isinstance(body, str) else body
        response = Response(status=status, headers=dict(headers or {}), body=raw)
        return self._script(path, _Scripted(response=response), times)

    def redirect(self, path: str, to: str, status: int = 301) -> str:
        """Redirect `path` from now on; `to` is a path or a URL."""
        return self.answer(path, status, headers={"Location": to}, times=None)

    def hang(self, path: str, *, times: int | None = 1) -> str:
        """Take the request and never answer; as a transport, time out at once."""
        return self._script(path, _Scripted(hang=True), times)

    def drip(
        self,
        path: str,
        pieces: Iterable[bytes],
        *,
        pause: float = 0.0,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
    ) -> str:
        """Answer 200 with the body in pieces, `pause` seconds of real time before each (0 as a transport).

        `itertools.repeat(piece)` is a body without end.
        """
        response = Response(headers=dict(headers or {}))
        return self._script(path, _Scripted(response=response, drip=pieces, pause=pause), times)

    def fail(self, path: str, error: type[httpx.TransportError], *, times: int | None = 1) -> str:
        """Raise a transport error; over real sockets the connection is dropped instead."""
        return self._script(path, _Scripted(error=error), times)

    def _script(self, path: str, scripted: _Scripted, times: int | None) -> str:
        if times is None:
            self._always[path] = scripted
        else:
            self._scripts[path].extend([scripted] * times)
        return self.url(path)

    # where it is

    def url(self, path: str) -> str:
        """Return the URL of a path: on loopback while entered, else under the made-up host."""
        return (self._server.url or self._base) + path

    async def __aenter__(self) -> Publisher:
        """Listen on loopback."""
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Stop listening; whoever still hangs is dropped."""
        await self._server.__aexit__(kind, error, trace)

    # how it answers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as an httpx transport."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(method=request.method, target=request.url.raw_path.decode("ascii"), headers=headers)
        scripted = self._next(asked)
        if scripted.error is not None:
            raise scripted.error("scripted", request=request)
        if scripted.hang:
            raise httpx.ReadTimeout("scripted to hang", request=request)
        response = scripted.response
        body = response.body if isinstance(response.body, bytes) else b""
        return httpx.Response(
            response.status,
            headers=dict(response.headers),
            stream=_Pieces((body,) if scripted.drip is None else scripted.drip),
            request=request,
        )

    async def _serve(self, request: Request) -> Response:
        scripted = self._next(request)
        if scripted.error is not None:
            raise ConnectionAbortedError
        if scripted.hang:
            await asyncio.Event().wait()
        response = scripted.response
        if scripted.drip is not None:
            return replace(response, body=_slowly(scripted.drip, scripted.pause))
        return response

    def _next(self, request: Request) -> _Scripted:
        """Return what comes next for a request, and log it."""
        self.asked.set()
        scripted = self._choose(request)
        silent = scripted.hang or scripted.error is not None
        status = 0 if silent else scripted.response.status
        self.requests.append(
            Asked(method=request.method, path=request.path, headers=request.headers, status=status)
        )
        return scripted

    def _choose(self, request: Request) -> _Scripted:
        path = request.path
        if self._scripts[path]:
            return self._scripts[path].popleft()
        if path in self._always:
            return self._always[path]
        if path in self._pages:
            return _Scripted(response=self._page(self._pages[path], request))
        return _Scripted(response=Response(status=404, body=b"nothing here\n"))

    def _page(self, page: _Page, request: Request) -> Response:
        head = Head(title=page.title, link=self._base + "/")
        body = writers.write(page.form, head, [_line(entry) for entry in page.entries]).encode()
        headers = {
            "Date": format_datetime(self._clock.now(), usegmt=True),
            "Content-Type": MEDIA_TYPES[page.form],
            **page.headers,
        }
        if page.validators:
            headers.setdefault("ETag", f'"{hashlib.sha256(body).hexdigest()[:16]}"')
        if unchanged(request, headers):
            return Response(status=304, headers=headers)
        if page.gzipped:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, mtime=0)
        return Response(headers=headers, body=body)


def _line(entry: Entry) -> Line:
    return Line(
        guid=entry.guid,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        html=f"<p>{escape(entry.content, quote=False)}</p>" if entry.content else "",
        author=entry.author,
        published=entry.published,
        updated=entry.updated,
    )


async def _slowly(pieces: Iterable[bytes], pause: float) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(pause)
        yield piece


class _Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


# channel ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOptions:
    """Settings of a channel that only listens."""

    to: tuple[str, ...] = ("desk",)
    """Who is reached."""
    language: str = ""
    """Of all of them; empty: the route's."""
    timezone: str = ""
    """Of all of them; empty: the route's."""


class RecordingChannel(Channel):
    """Keeps what it is sent. In a config: `type: monitor.testing:RecordingChannel`.

        channel = RecordingChannel.alone()
        await channel.send(delivery)
        assert channel.sent == [delivery]
        channel.fail(DeliveryError(DeliveryReason.SERVER, "503", retryable=True), times=2)

    `sent` are the deliveries it took, in order; `tries` all it was asked to send.
    """

    Options = RecordingOptions
    parts = ("subject.txt", "html", "txt")

    def __init__(self, name: str, options: RecordingOptions, tools: Tools | None) -> None:
        # Nothing here opens a connection or a file, so a test may give no tools.
        super().__init__(name, options, tools)  # type: ignore[arg-type]
        self.sent: list[Delivery] = []
        self.tries: list[Delivery] = []
        self._errors: deque[DeliveryError] = deque()

    @classmethod
    def alone(cls, name: str = "recording", *to: str) -> RecordingChannel:
        """Return one without a config."""
        return cls(name, RecordingOptions(to=to or ("desk",)), None)

    def fail(self, error: DeliveryError, *, times: int = 1) -> None:
        """Refuse the next `times` deliveries with this error."""
        self._errors.extend([error] * times)

    def recipients(self) -> tuple[Recipient, ...]:
        """Return who `to` names."""
        options = self.options
        return tuple(
            Recipient(address=address, language=options.language, timezone=options.timezone)
            for address in options.to
        )

    async def send(self, delivery: Delivery) -> Posted:
        """Keep it under a number of its own, from 1, or raise what was scripted."""
        self.tries.append(delivery)
        if self._errors:
            raise self._errors.popleft()
        self.sent.append(delivery)
        return Posted(receipt="kept", handle=str(len(self.sent)))


# factories ────────────────────────────────────────────────────────────────────────────────────


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def an_entry(title: str = "Trump and Putin to meet in Budapest", **changes: Any) -> Entry:
    """Return an entry; what is not said follows from the title, so different titles are different entries.

    >>> an_entry("পুতিনের ফোন", language="bn").language
    'bn'
    """
    mark = _id(title)
    entry = Entry(
        id=mark,
        url=f"https://publisher.example/{mark}",
        guid=mark,
        title=title,
        published=NOON - timedelta(minutes=10),
        first_seen=NOON,
        source="A publisher",
        feed_url="https://publisher.example/rss",
        language="en",
        fingerprint=mark,
    )
    return replace(entry, **changes)


def a_feed(url: str = "https://publisher.example/rss", **changes: Any) -> Feed:
    """Return a feed.

    >>> a_feed(language="bn").source
    'A publisher'
    """
    return replace(Feed(url=url, source="A publisher", language="en"), **changes)


def a_topic(query: str = "Trump AND Putin", **changes: Any) -> Topic:
    """Return a topic.

    >>> a_topic("@budapest", id="venue").id
    'venue'
    """
    return replace(Topic(id="summit", query=query, title={"en": "The summit", "bn": "শীর্ষ বৈঠক"}), **changes)


def a_digest(*entries: Entry, **changes: Any) -> Digest:
    """Return a digest of one topic with a story for each entry (one, unless some are given).

    >>> [story.lead.entry.title for story in a_digest(an_entry("One")).sections[0].stories]
    ['One']
    """
    told = entries or (an_entry(),)
    topic = a_topic()
    stories = tuple(
        DigestStory(
            id=entry.id,
            state="new",
            lead=StoryEntry(entry=entry, topics=(topic.id,)),
            topics=(topic.id,),
            first_seen=entry.first_seen,
            languages=(entry.language,),
        )
        for entry in told
    )
    digest = Digest(
        id=_id(" ".join(entry.id for entry in told)),
        kind=Kind.DIGEST,
        route="day",
        channel="recording",
        recipient=Recipient(address="desk"),
        language="bn",
        timezone="Asia/Dhaka",
        slot=NOON,
        since=NOON - timedelta(hours=6),
        until=NOON,
        sections=(Section(topic=topic.id, title=topic.title["bn"], stories=stories),),
        entries=len(told),
        sources=len({entry.source for entry in told}),
        languages=tuple(sorted({entry.language for entry in told})),
        feeds_ok=1,
        feeds_total=1,
        topics={topic.id: topic.title["bn"]},
    )
    return replace(digest, **changes)
