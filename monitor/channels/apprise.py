"""Apprise (https://github.com/caronc/apprise): one door to some hundred other services, as an extra.

Not part of the installation: `pip install 'monitor-daemon[apprise]'`. Apprise has connections of its
own, so the guard against private addresses and the transcripts of `send-test` do not reach into it,
and of a failure it says little: what says no status is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor import channels
from monitor.channels import Tools
from monitor.channels._pace import Pace
from monitor.channels._text import one_line, said
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Delivery, Recipient, Secret

try:
    import apprise
except ImportError:  # an extra
    apprise = None  # type: ignore[assignment]

_STATUS = re.compile(r"error=(\d{3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseOptions:
    """Settings of a `type: apprise` channel."""

    url: Secret
    """An address as Apprise has them, `matrixs://user:token@host/#room`: see its list of services."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=60)
    """For the whole exchange."""
    gap: timedelta = timedelta(seconds=1)
    """Least time between two messages."""


class _Heard(logging.Handler):
    """Keeps what Apprise logs in this thread: its only word on why it failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


class Channel(channels.Channel):
    """One address of Apprise."""

    Options = AppriseOptions
    parts = ("subject.txt", "txt")

    def __init__(self, name: str, options: AppriseOptions, tools: Tools) -> None:
        """Raises ConfigError if Apprise is not installed or does not know the address."""
        super().__init__(name, options, tools)
        if apprise is None:
            raise ConfigError("type: Apprise is not installed; pip install 'monitor-daemon[apprise]'")
        asset = apprise.AppriseAsset(app_id="monitor", app_desc="monitor", app_url="", http_redirects=False)
        self._service: Any = apprise.Apprise.instantiate(
            options.url.value.strip(), asset=asset, suppress_exceptions=True
        )
        if self._service is None:
            raise ConfigError("url: is not an address that Apprise knows")
        self._service.overflow_mode = apprise.OverflowMode.SPLIT
        self._pace = Pace(options.gap, tools.pause)

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the service by its name: the rest of the address is the key."""
        return (
            Recipient(
                address=one_line(str(self._service.service_name)),
                language=self.options.language,
                timezone=self.options.timezone,
            ),
        )

    async def send(self, delivery: Delivery) -> str:
        """Send the message as text, in parts where it is too long. Raises DeliveryError."""
        await self._pace.turn()
        try:
            async with asyncio.timeout(self.options.timeout.total_seconds()):
                taken, heard = await asyncio.to_thread(self._notify, delivery)
        except TimeoutError as error:
            words = f"{self._service.service_name}: no answer in time"
            raise DeliveryError(DeliveryReason.UNKNOWN, words, retryable=True) from error
        if taken:
            return f"taken by {one_line(str(self._service.service_name))}"
        raise self._failed(heard)

    def _notify(self, delivery: Delivery) -> tuple[bool, str]:
        """Let Apprise send; return whether it did, and what it logged."""
        message = delivery.message
        heard = _Heard()
        logger = logging.getLogger("apprise")
        logger.addHandler(heard)
        try:
            taken = self._service.notify(
                body=message.parts["txt"],
                title=message.subject,
                notify_type=apprise.NotifyType.INFO,
                body_format=apprise.NotifyFormat.TEXT,
            )
        finally:
            logger.removeHandler(heard)
        return bool(taken), " ".join(heard.lines)

    def _failed(self, heard: str) -> DeliveryError:
        words = f"{self._service.service_name}: {said(heard, (self.options.url,)) or 'failed'}"
        found = _STATUS.search(heard)
        status = int(found[1]) if found else 0
        if status in (401, 403):
            return DeliveryError(DeliveryReason.AUTH, words, retryable=False)
        if status == 410:
            return DeliveryError(DeliveryReason.GONE, words, retryable=False)
        if 300 <= status < 500 and status not in (408, 425, 429):
            return DeliveryError(DeliveryReason.REJECTED, words, retryable=False)
        reason = DeliveryReason.RATE_LIMITED if status == 429 else DeliveryReason.SERVER
        return DeliveryError(reason if status else DeliveryReason.CONNECT, words, retryable=True)
