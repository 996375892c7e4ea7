"""The door to httpx for those who send: the guarded transport behind a client that keeps nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Protocol, cast

import httpx

from monitor.errors import ConfigError
from monitor.fetch.answer import Answer
from monitor.fetch.connection import Headers
from monitor.fetch.guard import Guard
from monitor.fetch.transport import Transport, tls_context
from monitor.model import NetworkSettings

MAX_ANSWER: Final = 1_000_000
"""Bytes of an answer to something we sent."""


def user_agent(network: NetworkSettings, version: str) -> str:
    """Say who we are and where to complain, as publishers ask (RFC 9110 §10.1.5)."""
    contact = "".join(c for c in network.contact if c.isprintable()).strip()
    return f"monitor/{version} (+{contact})" if contact else f"monitor/{version}"


def client(network: NetworkSettings, *, version: str, timeout: timedelta) -> httpx.AsyncClient:
    """Return a client for channels: same guard, one deadline for each whole exchange.

    It follows no redirects, keeps no cookies, reads no environment, unpacks nothing and gives up
    on answers of more than `MAX_ANSWER` bytes. Errors for an address we do not go to, a name
    that does not resolve and TLS that is not acceptable have a `reason` (a FetchReason).
    """
    silence()
    seconds = timeout.total_seconds()
    transport: httpx.AsyncBaseTransport
    guard = Guard(network.allow_private)
    if network.proxy:
        transport = Proxied(network.proxy, guard)
    else:
        transport = Transport(guard, total=seconds, max_raw=MAX_ANSWER)
    return httpx.AsyncClient(
        transport=transport,
        timeout=seconds,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"User-Agent": user_agent(network, version), "Accept-Encoding": "identity"},
    )


class Door(Protocol):
    """What feeds are asked through."""

    async def ask(self, url: httpx.URL, headers: Headers) -> Answer:
        """Send a GET with these header lines. Raises httpx's TransportErrors."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""


def door(transport: httpx.AsyncBaseTransport) -> Door:
    """Return the door that a transport is: our own, or any of httpx's."""
    return transport if isinstance(transport, Transport) else _Through(transport)


class _Through:
    """A transport of httpx's as a door: a proxy's, or a test's."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def ask(self, url: httpx.URL, headers: Headers) -> Answer:
        # With a stream of its own httpx adds nothing to a request.
        request = httpx.Request("GET", url, headers=headers, stream=httpx.ByteStream(b""))
        response = await self._transport.handle_async_request(request)
        return Answer(
            response.status_code, response.headers.raw, cast("httpx.AsyncByteStream", response.stream)
        )

    async def aclose(self) -> None:
        await self._transport.aclose()


class Proxied(httpx.AsyncBaseTransport):
    """httpx's own transport through a proxy: few connections, as its pool is slow with many.

    The proxy resolves names, so the addresses behind them are its operator's to guard; those that
    stand in a URL, however they are spelled, are refused here. Raises ConfigError for a proxy that
    cannot be used.
    """

    def __init__(self, proxy: str, guard: Guard) -> None:
        silence()
        self._guard = guard
        try:
            self._inner = httpx.AsyncHTTPTransport(
                proxy=proxy,
                verify=tls_context(),
                trust_env=False,
                limits=httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=10.0),
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise ConfigError(f"the proxy cannot be used: {type(error).__name__}") from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request if it goes where we would go."""
        if request.url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"{request.url.scheme!r} is not http or https", request=request)
        self._guard.check(request.url.raw_host.decode("ascii"))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def silence() -> None:
    """Stop httpx and httpcore from logging URLs: they print tokens and passwords at INFO."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
