"""Webhook: signed JSON as Standard Webhooks 1.0.0 says (https://www.standardwebhooks.com).

`webhook-id` is the message's identity and the same in every try, so a receiver that remembers it
gets each message once. `webhook-signature` is `v1,` and the base64 HMAC-SHA256 of
`id.timestamp.body`; with several secrets there are several, so that a key can be changed while in use.

With `format: cloudevents` the same `data` comes in an envelope of CloudEvents 1.0.2, structured mode
(https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
"""

from __future__ import annotations

import binascii
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

from monitor import channels
from monitor.channels import Tools, _http
from monitor.channels._text import one_line
from monitor.errors import ConfigError
from monitor.model import Delivery, Message, Recipient, Secret

MAX_BODY = 1_000_000
"""Bytes: common receivers refuse more than 1 MB. The specification only recommends to stay small."""
_ENVELOPE = 500
"""Bytes that the envelope of CloudEvents adds, at most."""
_TYPES = {"standard": "application/json", "cloudevents": "application/cloudevents+json; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions:
    """Settings of a `type: webhook` channel."""

    url: str | Secret
    """Where to POST. Write `env:NAME` or `credential:NAME` if it holds a token."""
    secret: Secret | None = None
    """`whsec_` and the base64 of the key; several, separated by spaces, while a key is changed."""
    format: Literal["standard", "cloudevents"] = "standard"
    """`standard`: type, timestamp and data, as Standard Webhooks has it; or CloudEvents 1.0 in JSON."""
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
        self._headers = _http.checked_headers(options.headers, reserved="webhook-")
        hidden = (options.url, options.secret, *options.headers.values())
        self._door = _http.Door(tools, timeout=options.timeout, secrets=hidden)

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
        return part != "json" or len(text.encode()) <= MAX_BODY - _ENVELOPE

    def prepare(self, message: Message) -> Message:
        """Put the payload into its envelope, before it is frozen."""
        if self.options.format == "standard":
            return message
        payload = json.loads(message.parts["json"])
        event = cloud_event(payload if isinstance(payload, dict) else {"data": payload}, message)
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        return replace(message, parts={**message.parts, "json": text})

    async def send(self, delivery: Delivery) -> str:
        """Post the message, signed now. Raises DeliveryError."""
        body = delivery.message.parts["json"].encode()
        identity = one_line(delivery.message.id)
        timestamp = str(int(self.tools.clock.now().timestamp()))
        headers = {
            **self._headers,
            "Content-Type": _TYPES[self.options.format],
            "webhook-id": identity,
            "webhook-timestamp": timestamp,
        }
        if self._keys:
            signed = f"{identity}.{timestamp}.".encode() + body
            headers["webhook-signature"] = " ".join(signature(key, signed) for key in self._keys)
        reply = await self._door.post(self._url, body, headers)
        return f"{reply.status} {self._door.said(reply.text)}".strip()


def cloud_event(payload: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return the payload of the template as a CloudEvent: one event a message, under its identity.

    `source` and `id` together are unique (CloudEvents 1.0.2, "id").
    """
    return {
        "specversion": "1.0",
        "id": one_line(message.id),
        "source": f"/monitor/routes/{quote(message.route, safe='')}",
        "type": str(payload.get("type") or "message"),
        "subject": one_line(message.channel) or "monitor",
        "time": str(payload.get("timestamp") or message.slot.isoformat()),
        "datacontenttype": "application/json",
        "data": payload.get("data", {}),
    }


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
