"""The heartbeat: a URL that is asked for while all is well; whoever is behind it calls when that stops.

Healthchecks, Uptime Kuma's push monitors and their like want one GET in each period, and any answer
2xx is theirs. There is no word for "it failed": what is not well is silent, and silence is the alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from monitor.channels import Tools
from monitor.channels._http import Door
from monitor.errors import DeliveryError
from monitor.model import Heartbeat, Secret

TIMEOUT: Final = timedelta(seconds=10)
"""Of a whole exchange."""


class Pulse:
    """Beats on one event loop. `seconds` is a clock that only goes forward, `told` hears how each went.

    `settings` and `tools` may be replaced between beats.
    """

    def __init__(
        self, settings: Heartbeat, tools: Tools, *, seconds: Callable[[], float], told: Callable[[str], None]
    ) -> None:
        self.settings, self.tools = settings, tools
        self._seconds, self._told = seconds, told
        self._last: float | None = None
        self._beating: asyncio.Task[None] | None = None

    @property
    def last(self) -> float | None:
        """When the last one was sent, by `seconds`; None: none yet."""
        return self._last

    def is_due(self) -> bool:
        """Say whether it is time: never more often than the settings say, and one after the other."""
        every = self.settings.every.total_seconds()
        if self.settings.url is None or (self._beating is not None and not self._beating.done()):
            return False
        return self._last is None or self._seconds() - self._last >= every

    def beat(self) -> None:
        """Ask for the URL; nobody waits for the answer."""
        self._last = self._seconds()
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Wait for no answer any more."""
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating

    async def _beat(self) -> None:
        """Tell what came of one: nothing where it was taken, else why not, with no word of the URL's path."""
        assert self.settings.url is not None
        url = self.settings.url.value
        door = Door(self.tools, timeout=TIMEOUT, secrets=_secrets(url))
        try:
            door.judge(url, await door.exchange(url, b"", {}, method="GET"))
        except DeliveryError as error:
            self._told(str(error))
        else:
            self._told("")


def _secrets(url: str) -> list[Secret]:
    """Return the URL and its parts, should somebody answer with them; but for the host, each is secret."""
    parts = urlsplit(url)
    pieces = [url, f"{parts.path}?{parts.query}", parts.path, parts.query, *parts.path.split("/")]
    return [Secret(piece) for piece in pieces if len(piece) >= 6]
