"""Short words for tests that fetch: a Fetcher that may go to loopback, feeds, and what came of them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.clock import Clock, VirtualClock
from monitor.errors import FetchError
from monitor.fetch import Fetcher, Guard, Transport
from monitor.model import Failed, Feed, Fetched, FetchResult, NetworkSettings, NotModified, PollSettings

START = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)
LOCAL = NetworkSettings(allow_private=("127.0.0.0/8", "::1/128"), contact="https://example.org/contact")
EAGER = PollSettings(per_host_gap=timedelta(0), timeout=timedelta(seconds=5))
TLS = Path(__file__).parent / "tls"


def server_tls() -> ssl.SSLContext:
    """Return the context of a server that calls itself localhost and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    return context


def client_tls() -> ssl.SSLContext:
    """Return a context that trusts that server."""
    return ssl.create_default_context(cafile=str(TLS / "cert.pem"))


@asynccontextmanager
async def fetching(
    poll: PollSettings = EAGER,
    network: NetworkSettings = LOCAL,
    *,
    clock: Clock | None = None,
    guard: Guard | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Fetcher]:
    """Give a Fetcher on our own transport, closed at the end."""
    transport = Transport(guard or Guard(network.allow_private), context=tls)
    fetcher = Fetcher(poll, network, clock or VirtualClock(START), version="1.2", transport=transport)
    try:
        yield fetcher
    finally:
        await fetcher.close()


def feed(url: str, **fields: object) -> Feed:
    """Return a feed at a URL."""
    return replace(Feed(url=url, source="Example"), **fields)  # type: ignore[arg-type]


def got(result: FetchResult) -> Fetched:
    """Return what was fetched."""
    assert isinstance(result.outcome, Fetched), result.outcome
    return result.outcome


def unchanged(result: FetchResult) -> NotModified:
    """Return the 304."""
    assert isinstance(result.outcome, NotModified), result.outcome
    return result.outcome


def refused(result: FetchResult) -> FetchError:
    """Return why nothing came."""
    assert isinstance(result.outcome, Failed), result.outcome
    assert isinstance(result.outcome.error, FetchError)
    return result.outcome.error
