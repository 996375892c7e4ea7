"""Webhook: signed JSON as Standard Webhooks 1.0.0 says (https://www.standardwebhooks.com).

`webhook-id` is the message's identity and the same in every try, so a receiver that remembers it
gets each message once. `webhook-signature` is `v1,` and the base64 HMAC-SHA256 of
`id.timestamp.body`; with several secrets there are several, so that a key can be changed while in use.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from monitor import channels
from monitor.channels import Tools, _http
from monitor.channels._text import one_line
from monitor.errors import ConfigError
from monitor.model import Delivery, Recipient, Secret

MAX_BODY = 1_000_000
"""Bytes: common receivers refuse more than 1 MB. The specification only recommends to stay small."""
_OURS = frozenset({"content-type", "content-length", "host", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions:
    """Settings of a `type: webhook` channel."""

    url: str | Secret
    """Where to POST. Write `env:NAME` or `credential:NAME` if it holds a token."""
    secret: Secret | None = None
    """`whsec_` and the base64 of the key; several, separated by spaces, while a key is changed."""
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    """Sent with each message, an Authorization for example."""
    language: str = ""
    """Of titles and labels; empty: the route's."""
    timezone: str = ""
    """Empty: the route's. Times in the payload are in UTC anyway."""
    timeout: timedelta = timedelta(seconds=20)
    """For the whole exchange (Standard Webhooks asks for 15 to 30 s)."""


class Channel(channels.Channel):
    """One receiver."""

    Options = WebhookOptions
    parts = ("subject.txt", "json")

    def __init__(self, name: str, options: WebhookOptions, tools: Tools) -> None:
        """Raises ConfigError if the URL, a header or the secret cannot be used."""
        super().__init__(name, options, tools)
        self._url = _http.checked_url(options.url, "url")
        self._keys = _keys(options.secret)
        self._headers = _headers(options.headers)

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the receiver, called by its host: paths and queries may hold tokens."""
        return (
            Recipient(
                address=_http.host(self._url), language=self.options.language, timezone=self.options.timezone
            ),
        )

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether the body is small enough."""
        return part != "json" or len(text.encode()) <= MAX_BODY

    async def send(self, delivery: Delivery) -> str:
        """Post the message, signed now. Raises DeliveryError."""
        client: httpx.AsyncClient = self.tools.http
        body = delivery.message.parts["json"].encode()
        identity = one_line(delivery.message.id)
        timestamp = str(int(self.tools.clock.now().timestamp()))
        headers = {
            **self._headers,
            "Content-Type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": timestamp,
        }
        if self._keys:
            signed = f"{identity}.{timestamp}.".encode() + body
            headers["webhook-signature"] = " ".join(signature(key, signed) for key in self._keys)
        return await _http.post(
            client,
            self._url,
            body,
            headers=headers,
            timeout=self.options.timeout,
            clock=self.tools.clock,
            secrets=self._secrets(),
        )

    def _secrets(self) -> list[Secret | None]:
        values = (self.options.url, self.options.secret, *self.options.headers.values())
        return [value for value in values if isinstance(value, Secret)]


def signature(key: bytes, signed: bytes) -> str:
    """Return one signature of `id.timestamp.body`."""
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


def _keys(secret: Secret | None) -> list[bytes]:
    keys = []
    for one in secret.value.split() if secret else ():
        try:
            key = b64decode(one.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not one.startswith("whsec_") or len(key) < 16:
            raise ConfigError(
                "secret: must be whsec_ and the base64 of a key of at least 16 bytes (24 or more are better)"
            )
        keys.append(key)
    return keys


def _headers(given: Mapping[str, str | Secret]) -> dict[str, str]:
    headers = {}
    for name, value in given.items():
        text = value.value if isinstance(value, Secret) else value
        token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not token or name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise ConfigError(f"headers.{one_line(name)}: cannot be set here")
        if not text.isprintable() or not text.isascii():
            raise ConfigError(f"headers.{name}: has characters that no header may have")
        headers[name] = text
    return headers
