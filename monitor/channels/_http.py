"""POST of a message over HTTP, for the channels that do that: what each answer means.

| answer | means |
|---|---|
| 2xx | taken |
| 408, 425, 429, 5xx | try again, not before Retry-After (RFC 9110 §10.2.3) |
| 410 | gone for good: Standard Webhooks asks to stop sending |
| 401, 403 | refused: a setting must be edited |
| 3xx | a failure: redirects are not followed (Standard Webhooks, "Considerations") |
| other 4xx | this message will never be taken |
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from monitor.channels._text import said
from monitor.clock import Clock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason, FetchReason
from monitor.model import Secret

_READ = 1_000
"""Bytes of an answer that are looked at."""
_LONGEST_WAIT = timedelta(days=1)
"""A receiver that asks for more is asked again after a day: the outbox gives up after three."""
_AGAIN = frozenset({408, 425, 429})


def checked_url(url: str | Secret, key: str) -> str:
    """Return an http(s) URL from the config. Raises ConfigError without repeating it."""
    value = (url.value if isinstance(url, Secret) else url).strip()
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
        httpx.URL(value)
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigError(f"{key}: is not a URL") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{key}: must begin with https:// or http:// and name a host")
    return value


def host(url: str) -> str:
    """Return host and port of a URL: all of it that is safe to show."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return f"{name}:{parts.port}" if parts.port else name


async def post(
    client: httpx.AsyncClient,
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 (a setting of the channel)
    clock: Clock,
    secrets: Sequence[Secret | None] = (),
) -> str:
    """POST `body`; return what was answered in a few words. Raises DeliveryError by the table above.

    `timeout` is for the whole exchange. A 2xx counts whatever becomes of the answer's body.
    """
    place = host(url)
    request = client.build_request(
        "POST",
        url,
        content=body,
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=timeout.total_seconds(),
    )
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                answer = await _beginning(response)
            finally:
                await response.aclose()
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _failed(DeliveryReason.TIMEOUT, f"{place}: no connection in time") from error
    except (TimeoutError, httpx.TimeoutException) as error:
        raise _failed(DeliveryReason.UNKNOWN, f"{place}: no answer in time") from error
    except (httpx.ConnectError, httpx.ProxyError, ssl.SSLError) as error:
        raise _not_connected(error, place, secrets) from error
    except httpx.UnsupportedProtocol as error:
        raise _failed(
            DeliveryReason.REFUSED, f"{place}: not an http or https address", retryable=False
        ) from error
    except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
        raise _failed(
            DeliveryReason.UNKNOWN, f"{place}: the answer was lost: {_cause(error, secrets)}"
        ) from error
    return _judged(response, place, said(answer, secrets), clock.now())


async def _beginning(response: httpx.Response) -> str:
    """Return the first bytes of the answer as text, undecoded: an answer may be a bomb or endless.

    An answer that breaks off has told its status already.
    """
    body = b""
    with contextlib.suppress(httpx.TransportError):
        async for chunk in response.aiter_raw(_READ):
            body += chunk
            if len(body) >= _READ:
                break
    return body[:_READ].decode("utf-8", "replace")


def _judged(response: httpx.Response, place: str, answer: str, now: datetime) -> str:
    status = response.status_code
    if 200 <= status < 300:
        return f"{status} {answer}".strip()
    wait = retry_after(response.headers.get("Retry-After", ""), now)
    message = f"{place}: answered {status} {_phrase(status)}{': ' + answer if answer else ''}"
    if status >= 500 or status in _AGAIN:
        reason = DeliveryReason.RATE_LIMITED if status == 429 else DeliveryReason.SERVER
        raise DeliveryError(reason, message, retryable=True, retry_after=wait)
    if 300 <= status < 400:
        message = f"{place}: answered {status} with a redirect; the setting must name the final address"
    reason = {
        410: DeliveryReason.GONE,
        401: DeliveryReason.AUTH,
        403: DeliveryReason.AUTH,
    }.get(status, DeliveryReason.REJECTED)
    raise DeliveryError(reason, message, retryable=False)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header: seconds or an HTTP date, at most a day; None if there is none to read."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    if until.tzinfo is None:
        return None
    return min(max(until - now, timedelta()), _LONGEST_WAIT)


def _not_connected(error: Exception, place: str, secrets: Sequence[Secret | None]) -> DeliveryError:
    """Tell an address that the guarded client does not go to from one where nobody answers.

    The guard's errors are httpx's with a `reason` (a FetchReason).
    """
    if getattr(error, "reason", None) is FetchReason.REFUSED:
        words = f"{place}: is a private address; see network.allow_private"
        return _failed(DeliveryReason.REFUSED, words, retryable=False)
    return _failed(DeliveryReason.CONNECT, f"{place}: cannot connect: {_cause(error, secrets)}")


def _failed(reason: DeliveryReason, message: str, *, retryable: bool = True) -> DeliveryError:
    return DeliveryError(reason, message, retryable=retryable)


def _cause(error: BaseException, secrets: Sequence[Secret | None]) -> str:
    return said(str(error) or type(error).__name__, secrets, 120)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
