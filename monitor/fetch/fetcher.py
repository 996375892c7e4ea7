"""One feed's URL and what we know of it → what its publisher answered, as a value.

Each hop of a fetch waits for its turn at the host, is guarded by address, carries validators only
where they came from and secrets only to the feed's own origin, and all hops share one deadline.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Final

import httpx

from monitor import registry
from monitor.clock import Clock
from monitor.errors import ConfigError, FetchError, FetchReason
from monitor.fetch import decode, headers
from monitor.fetch.answer import Answer
from monitor.fetch.client import Door, Proxied, door, silence, user_agent
from monitor.fetch.connection import Headers
from monitor.fetch.deadlines import Deadlines
from monitor.fetch.guard import Guard
from monitor.fetch.hosts import Hosts
from monitor.fetch.transport import Transport
from monitor.model import (
    Failed,
    Feed,
    Fetched,
    FetchResult,
    NetworkSettings,
    NotModified,
    PollSettings,
    Secret,
    Validators,
)

MAX_HOPS: Final = 5
"""Redirects that are followed (RFC 9110 §15.4 asks to detect loops)."""
RETRY_AFTER_CAP: Final = timedelta(hours=24)
"""Media Cloud met a Retry-After of 88 hours: one wish of a publisher holds at most a day."""
LONGEST_HEADER: Final = 4_096
"""Characters of a validator that we keep and send back; a longer one is as good as none."""
LONGEST_WORDS: Final = 300
"""Characters of an error: it is stored, logged and shown."""
_UNSENDABLE: Final = re.compile(r"[\r\n\0]")
_NO_VALIDATORS: Final = Validators()
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NO_URL: Final = (httpx.InvalidURL, UnicodeError)
"""What httpx raises for a URL: a host like `xn--a` is taken at first, and refused when it is asked for."""


@dataclass(slots=True)
class _Hop:
    """Where a fetch stands: the URL to ask, and how it was reached.

    `home` is the feed's own origin: `credentials` and the feed's headers go nowhere else.
    """

    url: httpx.URL
    home: httpx.URL
    credentials: bytes
    document: str
    """The URL without its fragment, which is never sent."""
    permanent: bool = True
    count: int = 0
    took: float = 0.0
    accept: bytes = b""
    """In place of the media types of feeds."""

    @property
    def at_home(self) -> bool:
        """Whether the URL is of the feed's own origin."""
        return not self.count or _origin(self.url) == _origin(self.home)

    def step(self, url: httpx.URL) -> None:
        """Go to where a redirect pointed. Giving up TLS is never believed for good."""
        self.permanent = self.permanent and not (self.url.scheme == "https" and url.scheme == "http")
        self.url, self.document = url, _document(url)
        self.count += 1


class Fetcher:
    """Fetches feeds for one event loop. `transport` replaces the network in tests.

    `version` goes into the User-Agent. At most `poll.concurrency` exchanges are under way; any
    number may be asked for at once, and those that wait for their host hold up nobody else.
    """

    def __init__(
        self,
        poll: PollSettings,
        network: NetworkSettings,
        clock: Clock,
        *,
        version: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._poll, self._network, self._clock = poll, network, clock
        self._direct = door(transport or Transport(Guard(network.allow_private)))
        self._proxies: dict[str, Door] = {}
        self._hosts = Hosts(
            at_once=poll.per_host,
            gap=poll.per_host_gap.total_seconds(),
            concurrency=poll.concurrency,
        )
        self._deadlines = Deadlines()
        self._guard = Guard(network.allow_private)
        self._headers = (
            (b"user-agent", user_agent(network, version).encode("latin-1", "replace")),
            (b"accept", accept().encode("ascii")),
            (b"accept-encoding", decode.ACCEPT_ENCODING.encode("ascii")),
        )
        silence()

    async def close(self) -> None:
        """Close all connections."""
        for one in (self._direct, *self._proxies.values()):
            await one.aclose()

    async def fetch(self, feed: Feed, validators: Validators) -> FetchResult:
        """Ask for a feed once. What the far side does wrong is in the outcome; nothing is raised for it."""
        outcome: Fetched | NotModified | Failed
        url, moved_to = feed.url, ""
        hop: _Hop | None = None
        try:
            hop = _first(feed)
            outcome = await self._follow(feed, validators, hop)
            url = hop.document
            if hop.count and hop.permanent:
                moved_to = url
        except FetchError as error:
            outcome = Failed(error)
        return FetchResult(
            feed=feed,
            fetched_at=self._clock.now(),
            outcome=outcome,
            url=url,
            moved_to=moved_to,
            took=hop.took if hop else None,
        )

    async def look(self, feed: Feed, url: str, *, accept: str) -> Fetched | str:
        """Do one exchange for a page of a feed's, in its host's turn; a text is where a redirect points.

        Nothing of what the feed is asked with goes there: no header, no login, not even one in the URL.
        `accept` are the media types we take. Raises FetchError.
        """
        page = replace(feed, url=url, headers={}, auth=None)
        hop = _first(page)
        hop.credentials, hop.accept = b"", accept.encode("ascii")
        seconds = self._poll.timeout.total_seconds()
        async with self._hosts.turn(hop.url.host):
            try:
                with self._deadlines.within(seconds):
                    answer = await self._ask(page, _NO_VALIDATORS, hop)
            except TimeoutError as error:
                raise FetchError(FetchReason.TIMEOUT, f"no whole answer within {seconds:g} s") from error
        assert not isinstance(answer, NotModified), "nothing was asked on a condition"
        return _document(answer) if isinstance(answer, httpx.URL) else answer

    async def _follow(self, feed: Feed, validators: Validators, hop: _Hop) -> Fetched | NotModified:
        """Go from hop to hop until an answer is no redirect. Waiting for a turn counts for nobody's time."""
        loop = asyncio.get_running_loop()
        total = left = self._poll.timeout.total_seconds()
        async with self._hosts.turn(hop.url.host) as turn:
            while True:
                started = loop.time()
                try:
                    with self._deadlines.within(left):
                        answer = await self._ask(feed, validators, hop)
                except TimeoutError as error:
                    raise FetchError(FetchReason.TIMEOUT, f"no whole answer within {total:g} s") from error
                finally:
                    hop.took += loop.time() - started
                if not isinstance(answer, httpx.URL):
                    return answer
                left = total - hop.took
                hop.step(answer)
                await turn.go_on(hop.url.host)

    async def _ask(self, feed: Feed, validators: Validators, hop: _Hop) -> Fetched | NotModified | httpx.URL:
        """Do one exchange. A URL is where a redirect points."""
        belong = validators.url == hop.document or not (validators.url or hop.count)
        held = validators if belong else None
        sent = self._lines(feed, hop, held)
        try:
            answer = await self._door(feed).ask(hop.url, sent)
            try:
                return await self._read(answer, hop, held)
            finally:
                await answer.body.aclose()
        except httpx.TransportError as error:
            raise translated(error) from error

    def _lines(self, feed: Feed, hop: _Hop, held: Validators | None) -> Headers:
        """Return a request's header lines: no cookie, no referrer, of an earlier answer only validators."""
        sent = [(b"host", hop.url.netloc), *self._headers]
        if hop.accept:
            sent = [(name, hop.accept if name == b"accept" else value) for name, value in sent]
        if held is not None and held.etag:
            sent.append((b"if-none-match", held.etag.encode("latin-1", "replace")))
        if held is not None and held.last_modified:
            sent.append((b"if-modified-since", held.last_modified.encode("latin-1", "replace")))
        if (feed.headers or hop.credentials) and hop.at_home:
            own = {k.lower().encode("latin-1", "replace"): _revealed(v) for k, v in feed.headers.items()}
            if hop.credentials:
                own[b"authorization"] = hop.credentials
            sent = list((dict(sent) | own).items())
        return sent

    def _door(self, feed: Feed) -> Door:
        """Return what to ask through: our transport, or a proxy."""
        proxy = feed.proxy or self._network.proxy
        if not proxy:
            return self._direct
        if proxy not in self._proxies:
            try:
                self._proxies[proxy] = door(Proxied(proxy, self._guard))
            except ConfigError as error:
                raise FetchError(FetchReason.REFUSED, str(error)) from error
        return self._proxies[proxy]

    # answers ──────────────────────────────────────────────────────────────────────────────────

    async def _read(
        self, answer: Answer, hop: _Hop, held: Validators | None
    ) -> Fetched | NotModified | httpx.URL:
        """Make of an answer what it means. Raises FetchError for a refusal."""
        status = answer.status
        if status in (200, 203) and not answer.challenge:
            return await self._fetched(answer, hop)
        if status == 304:  # it never has a body (RFC 9110 §15.4.5)
            if held is None or not (held.etag or held.last_modified):
                raise FetchError(FetchReason.PROTOCOL, "304 to a request without conditions", status=304)
            return NotModified(
                validators=_validators(answer, hop, otherwise=held), fresh_for=self._fresh_for(answer)
            )
        await _drain(answer)
        location = answer.one(b"location")
        if status in _REDIRECTS and location:
            hop.permanent = hop.permanent and status in _PERMANENT
            return _target(hop, location)
        raise self._refusal(answer)

    async def _fetched(self, answer: Answer, hop: _Hop) -> Fetched:
        body, received = await _body(answer, self._poll.max_body)
        return Fetched(
            body=body,
            received=received,
            content_type=_text(answer.one(b"content-type") or ""),
            validators=_validators(answer, hop),
            fresh_for=self._fresh_for(answer),
            body_hash=hashlib.blake2b(body, digest_size=20).hexdigest(),
            link=_text(answer.one(b"link") or ""),
        )

    def _fresh_for(self, answer: Answer) -> timedelta | None:
        control, expires = answer.all(b"cache-control"), answer.one(b"expires")
        if not control and expires is None:
            return None
        return headers.fresh_for(control, expires, answer.one(b"age"), answer.one(b"date"), self._clock.now())

    def _refusal(self, answer: Answer) -> FetchError:
        """Make the error of an answer that is neither a document nor a redirect that can be followed."""
        wait = headers.retry_after(answer.one(b"retry-after"), answer.one(b"date"), self._clock.now())
        reason, words = reason_of(answer.status)
        if answer.challenge:
            reason, words = FetchReason.BLOCKED, "a challenge page of Cloudflare's"
        return FetchError(
            reason,
            f"HTTP {answer.status}: {words}",
            status=answer.status,
            retry_after=min(wait, RETRY_AFTER_CAP) if wait is not None else None,
        )


def accept() -> str:
    """Return the Accept header: the media types of all formats, the feeds' own first (RFC 9110 §12.5.1)."""
    members = [registry.find("formats", name) for name in registry.names("formats")]
    kinds: dict[str, None] = {}
    for member in sorted(members, key=lambda member: member.rank):
        kinds.update(dict.fromkeys(member.media_types))
    feeds = [kind for kind in kinds if "+" in kind or "feed" in kind]
    others = [f"{kind};q=0.9" for kind in kinds if kind not in feeds]
    return ", ".join([*feeds, *others, "*/*;q=0.1"])


@lru_cache(maxsize=50_000)
def _read_url(text: str) -> tuple[httpx.URL, str, str]:
    """Return a feed's URL without its login, the login, and the URL as its document's name.

    Kept: reading was a sixth of an unchanged poll (0.06 ms); 0.6 KB each. Feeds come round in order: where
    fewer are kept than there are, none is found again. Raises FetchError.
    """
    try:
        url = httpx.URL(text)
        host = url.host
    except _NO_URL as error:
        raise FetchError(FetchReason.REFUSED, f"not a URL: {_words(error)}") from error
    if url.scheme not in _DEFAULT_PORTS or not host:
        raise FetchError(FetchReason.REFUSED, f"{url.scheme or 'no scheme'!r} is not http or https")
    login = ""
    if url.userinfo:
        login = f"{url.username}:{url.password}"
        url = url.copy_with(username=None, password=None)
    document = _document(url)
    return url, login, text if document == text else document


def _first(feed: Feed) -> _Hop:
    """Return the first hop. Raises FetchError for a URL that is none."""
    url, login, document = _read_url(feed.url)
    secret = feed.auth.value if feed.auth else login
    credentials = b"Basic " + base64.b64encode(secret.encode("utf-8")) if secret else b""
    return _Hop(url=url, home=url, credentials=credentials, document=document)


def _target(hop: _Hop, location: str) -> httpx.URL:
    """Return where a redirect points. Raises FetchError for what we do not follow."""
    with suppress(UnicodeError):  # servers write UTF-8 where RFC 9110 §10.2.2 has only ASCII
        location = location.encode("latin-1").decode("utf-8")
    if hop.count >= MAX_HOPS:
        raise FetchError(FetchReason.REFUSED, f"more than {MAX_HOPS} redirects")
    try:
        url = hop.url.join(location.strip())
        if url.userinfo:
            url = url.copy_with(username=None, password=None)
        host = url.host
    except _NO_URL as error:
        raise FetchError(FetchReason.REFUSED, f"a redirect to what is no URL: {_words(error)}") from error
    if url.scheme not in _DEFAULT_PORTS or not host:
        raise FetchError(FetchReason.REFUSED, f"a redirect to {url.scheme[:40]!r}, not http or https")
    return url


def _revealed(value: str | Secret) -> bytes:
    return (value.value if isinstance(value, Secret) else value).encode("utf-8")


def _document(url: httpx.URL) -> str:
    return str(url).partition("#")[0]


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme, 0)


def _validators(answer: Answer, hop: _Hop, otherwise: Validators | None = None) -> Validators:
    """Keep an answer's validators as they came, byte for byte; on a 304 what it leaves out stays."""
    etag, last_modified = _text(answer.last(b"etag")), _text(answer.last(b"last-modified"))
    if otherwise is not None:
        etag, last_modified = etag or otherwise.etag, last_modified or otherwise.last_modified
        if (etag, last_modified, hop.document) == (otherwise.etag, otherwise.last_modified, otherwise.url):
            return otherwise
    if not etag and not last_modified:
        return Validators()
    return Validators(etag=etag, last_modified=last_modified, url=hop.document)


def _text(value: str) -> str:
    """Return a header's value, or nothing where it could not be sent back whole."""
    value = value.strip(" \t")
    return "" if len(value) > LONGEST_HEADER or _UNSENDABLE.search(value) else value


async def _drain(answer: Answer) -> None:
    """Read a small body that nobody wants, so that the connection can be used again."""
    size = 0
    async for piece in answer.body:
        size += len(piece)
        if size > 65_536:
            return


async def _body(answer: Answer, limit: int) -> tuple[bytes, int]:
    """Read and decode a body; return it and its length as it came.

    Raises FetchError when it is too large or not what its headers say.
    """
    length = answer.one(b"content-length") or ""
    if length.isdecimal() and len(length) < 20 and int(length) > limit:
        raise FetchError(FetchReason.TOO_LARGE, f"a body of {int(length):,} bytes; the limit is {limit:,}")
    try:
        into = decode.decoder(answer.one(b"content-encoding") or "", limit)
        received = 0
        async for piece in answer.body:
            received += len(piece)
            into.feed(piece)
        return into.finish(), received
    except decode.TooLargeError as error:
        raise FetchError(FetchReason.TOO_LARGE, f"a body {error}") from error
    except decode.BrokenError as error:
        raise FetchError(FetchReason.PROTOCOL, str(error)) from error


def reason_of(status: int) -> tuple[FetchReason, str]:
    """Return the reason and the words for a status that is not a document."""
    match status:
        case 401 | 407:
            return FetchReason.BLOCKED, "asks for a login"
        case 403:
            return FetchReason.BLOCKED, "keeps us out"
        case 404:
            return FetchReason.HTTP_4XX, "not found"
        case 410:
            return FetchReason.HTTP_410, "gone for good, says the publisher"
        case 429:
            return FetchReason.HTTP_429, "too many requests"
    if status >= 500:
        return FetchReason.HTTP_5XX, "the server failed"
    if status >= 400:
        return FetchReason.HTTP_4XX, "refused"
    if status >= 300:
        return FetchReason.HTTP_3XX, "a redirect to nowhere"
    return FetchReason.PROTOCOL, "an answer without a document"


def translated(error: httpx.TransportError) -> FetchError:
    """Make our error of httpx's: the one door for its exceptions."""
    if ours := _our_own(error):
        return FetchError(FetchReason.MACHINE, f"no connection could be opened here: {ours}")
    reason = getattr(error, "reason", None)
    if isinstance(reason, FetchReason):
        return FetchError(reason, _words(error))
    match error:
        case httpx.TimeoutException():
            reason = FetchReason.TIMEOUT
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            reason = FetchReason.REFUSED
        case httpx.ConnectError() if "CERTIFICATE" in str(error).upper() or "SSL" in str(error):
            reason = FetchReason.TLS
        case httpx.ProtocolError() | httpx.DecodingError():
            reason = FetchReason.PROTOCOL
        case _:
            reason = FetchReason.CONNECT
    return FetchError(reason, _words(error))


_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What socket(2) says when the process or the machine has no room for another one."""


def _our_own(error: BaseException) -> str:
    """Return the system's words where a failure came of our own machine; "" where it did not."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    return ""


def _words(error: Exception) -> str:
    """Return an error's words; a publisher's 60 KB in them are cut."""
    text = str(error) or type(error).__name__
    return text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 1] + "…"
