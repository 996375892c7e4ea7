"""The one door to HTTP receivers: a POST through the guarded client, and what each answer means.

| answer | means |
|---|---|
| 2xx | taken |
| 408, 425, 429, 5xx | try again, not before Retry-After (RFC 9110 §10.2.3) |
| 410 | gone for good: Standard Webhooks asks to stop sending |
| 401, 403 | refused: a setting must be edited |
| 3xx | a failure: redirects are not followed (Standard Webhooks, "Considerations") |
| other 4xx | this message will never be taken |
| none: refused, no such name, TLS | nothing arrived: try again |
| none: lost after the request went out | it may have arrived: try again, with the same identity |
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from monitor.channels import Tools
from monitor.channels._text import one_line, said, starred
from monitor.errors import ConfigError, DeliveryError, DeliveryReason, FetchReason
from monitor.model import Secret

READ = 20_000
"""Bytes of an answer that are looked at: what a service says when it took a message is shorter."""
_LONGEST_WAIT = timedelta(days=1)
"""A receiver that asks for more is asked again after a day: the outbox gives up after three."""
_AGAIN = frozenset({408, 425, 429})
_OURS = frozenset({"content-type", "content-length", "host", "transfer-encoding", "connection"})
_SHOWN = 600
"""Characters of a body that the dialogue shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a receiver answered: `text` is the beginning of the body, which may hold what is secret."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> dict[str, Any]:
        """Return the body as an object; empty where it is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Door:
    """One channel's way to its receiver. `timeout` is for each whole exchange.

    Of `secrets` (settings, as they are in the options) those that are Secret are in no word.
    """

    def __init__(self, tools: Tools, *, timeout: timedelta, secrets: Sequence[object]) -> None:
        self._tools, self._timeout = tools, timeout
        self._secrets = [secret for secret in secrets if isinstance(secret, Secret)]

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, read: int = READ) -> Reply:
        """POST `body`; return the answer if it is 2xx, whatever becomes of its body.

        Raises DeliveryError by the table above.
        """
        reply = await self.exchange(url, body, headers, read=read)
        self.judge(url, reply)
        return reply

    async def exchange(
        self, url: str, body: bytes, headers: Mapping[str, str], *, read: int = READ, method: str = "POST"
    ) -> Reply:
        """POST `body`; return any answer. Raises DeliveryError where there is none.

        Once the status is there, it is the answer: what holds up or breaks off the body is no matter.
        """
        limit = self._timeout.total_seconds()
        sent = {**headers, "Accept-Encoding": "identity"}
        request = self._tools.http.build_request(method, url, content=body, headers=sent, timeout=limit)
        self._show_request(method, url, headers, body)
        text = bytearray()
        response: httpx.Response | None = None
        try:
            async with asyncio.timeout(limit):
                response = await self._tools.http.send(request, stream=True, follow_redirects=False)
                async for chunk in response.aiter_raw(min(read, 65_536)):
                    text += chunk
                    if len(text) >= read:  # an answer may be a bomb or endless
                        break
        except (
            httpx.TransportError,
            httpx.InvalidURL,
            ssl.SSLError,
            OSError,
        ) as error:  # TimeoutError is one
            if response is None:
                raise self._unanswered(error, host(url)) from error
        finally:
            if response is not None:
                await response.aclose()
        reply = Reply(
            status=response.status_code,
            headers=response.headers,
            text=text[:read].decode("utf-8", "replace"),
        )
        self._show_reply(reply)
        return reply

    def judge(self, url: str, reply: Reply, *, wait: timedelta | None = None) -> None:
        """Raise DeliveryError for an answer that is not 2xx.

        `wait` is what the body asks us to wait, where a service says it there and not in Retry-After.
        """
        status = reply.status
        if 200 <= status < 300:
            return
        words = self.said(reply.text)
        message = f"{host(url)}: answered {status} {_phrase(status)}{': ' + words if words else ''}"
        if status >= 500 or status in _AGAIN:
            reason = DeliveryReason.RATE_LIMITED if status == 429 else DeliveryReason.SERVER
            asked = retry_after(reply.headers.get("Retry-After", ""), self._tools.clock.now())
            longest = max((w for w in (asked, wait) if w is not None), default=None)
            raise DeliveryError(reason, message, retryable=True, retry_after=longest)
        if 300 <= status < 400:
            message = (
                f"{host(url)}: answered {status} with a redirect; the setting must name the final address"
            )
        reason = {
            410: DeliveryReason.GONE,
            401: DeliveryReason.AUTH,
            403: DeliveryReason.AUTH,
        }.get(status, DeliveryReason.REJECTED)
        raise DeliveryError(reason, message, retryable=False)

    def said(self, text: str, limit: int = 200) -> str:
        """Return what the far side said, shortened, without secrets."""
        return said(text, self._secrets, limit)

    # errors ───────────────────────────────────────────────────────────────────────────────────

    def _unanswered(self, error: Exception, place: str) -> DeliveryError:
        """Say what it means that there is no answer.

        The guarded client's errors are httpx's with a `reason` (a FetchReason): so an address that it
        does not go to is told from one where nobody answers.
        """
        match error:
            case httpx.ConnectTimeout() | httpx.PoolTimeout():
                return self._failed(DeliveryReason.TIMEOUT, f"{place}: no connection in time")
            case TimeoutError() | httpx.TimeoutException():
                return self._failed(DeliveryReason.UNKNOWN, f"{place}: no answer in time")
            case httpx.ConnectError() if getattr(error, "reason", None) is FetchReason.REFUSED:
                words = f"{place}: is a private address; see network.allow_private"
                return self._failed(DeliveryReason.REFUSED, words, retryable=False)
            case httpx.ConnectError() | httpx.ProxyError() | ssl.SSLError():
                return self._failed(DeliveryReason.CONNECT, f"{place}: cannot connect: {self._cause(error)}")
            case httpx.UnsupportedProtocol():
                words = f"{place}: not an http or https address"
                return self._failed(DeliveryReason.REFUSED, words, retryable=False)
            case _:
                words = f"{place}: the answer was lost: {self._cause(error)}"
                return self._failed(DeliveryReason.UNKNOWN, words)

    def _failed(self, reason: DeliveryReason, message: str, *, retryable: bool = True) -> DeliveryError:
        return DeliveryError(reason, message, retryable=retryable)

    def _cause(self, error: BaseException) -> str:
        return said(str(error) or type(error).__name__, self._secrets, 120)

    # dialogue ─────────────────────────────────────────────────────────────────────────────────

    def _show_request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self._note(f"> {method} {urlsplit(url).scheme}://{host(url)}/…")
        for name, value in headers.items():
            self._note(f"> {name}: {value}")
        self._note(f"> {body.decode('utf-8', 'replace')}", len(body))

    def _show_reply(self, reply: Reply) -> None:
        self._note(f"< {reply.status} {_phrase(reply.status)}".rstrip())
        for name in ("Retry-After", "Location"):
            if value := reply.headers.get(name):
                self._note(f"< {name}: {value}")
        if reply.text:
            self._note(f"< {reply.text}", len(reply.text))

    def _note(self, line: str, size: int = 0) -> None:
        line = starred(one_line(line), self._secrets)  # before it is cut, or half a secret is left
        self._tools.note(f"{line[:_SHOWN]} … ({size:,} bytes)" if len(line) > _SHOWN else line)


# settings ─────────────────────────────────────────────────────────────────────────────────────


def checked_url(url: str | Secret, key: str) -> str:
    """Return an http(s) URL from the config. Raises ConfigError without repeating it."""
    value = (url.value if isinstance(url, Secret) else url).strip()
    try:
        parts = urlsplit(value)
        name, _ = parts.hostname, parts.port
        _ = httpx.URL(value).host  # reads the name as well
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigError(f"{key}: is not a URL") from error
    if parts.scheme not in ("http", "https") or not name:
        raise ConfigError(f"{key}: must begin with https:// or http:// and name a host")
    return value


def checked_headers(given: Mapping[str, str | Secret], reserved: str = "") -> dict[str, str]:
    """Return headers that a desk set; names that begin with `reserved` are ours. Raises ConfigError."""
    headers = {}
    for name, value in given.items():
        text = value.value if isinstance(value, Secret) else value
        token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        taken = name.lower() in _OURS or (reserved and name.lower().startswith(reserved))
        if not token or taken:
            raise ConfigError(f"headers.{one_line(name)}: cannot be set here")
        if not text.isprintable() or not text.isascii():
            raise ConfigError(f"headers.{name}: has characters that no header may have")
        headers[name] = text
    return headers


def bearer(token: Secret, key: str) -> dict[str, str]:
    """Return the Authorization header for a token (RFC 6750). Raises ConfigError."""
    value = token.value.strip()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(f"{key}: has characters that no token has")
    return {"Authorization": f"Bearer {value}"}


def host(url: str) -> str:
    """Return host and port of a URL: all of it that is safe to show."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return f"{name}:{parts.port}" if parts.port else name


# answers ──────────────────────────────────────────────────────────────────────────────────────


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


def seconds(value: object) -> timedelta | None:
    """Read a wait that a service says in its body, as a number of seconds; None if it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9:
        return min(timedelta(seconds=value), _LONGEST_WAIT)
    return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
