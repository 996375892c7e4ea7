"""Full copies: pages with all that a message had no room for, in a folder that somebody may publish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from monitor.channels.file import Channel, file_key, file_name, file_time
from monitor.model import Delivery, Digest, Message, Secret
from monitor.render import COPY


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Where full copies go, and how readers are told of it.

    `channel` writes a page whole or not at all, under a name that comes from the message's identity
    (None: nothing is written). `folder` is what readers are told of the place, `url` where it is
    published; empty: nowhere. With a `secret` each link carries a key that opens its page. Pages are
    kept for `keep`, from the slot on.
    """

    folder: str
    channel: Channel | None
    url: str = ""
    secret: Secret | None = None
    keep: timedelta = timedelta(days=400)

    def place(self, digest: Digest) -> str:
        """Return where the full copy of a digest is, should it need one: a link or a path."""
        name = f"{file_name(digest)}.html"
        if self.url:
            key = f"?key={file_key(name, self.secret)}" if self.secret else ""
            return f"{self.url.rstrip('/')}/{quote(name)}{key}"
        return str(Path(self.folder) / name)

    async def put(self, delivery: Delivery) -> None:
        """Write the full copy of a delivery's message, if it has one. Raises DeliveryError."""
        page = delivery.message.parts.get(COPY)
        if page is not None and self.channel is not None:
            await self.channel.send(
                replace(delivery, message=replace(delivery.message, parts={"html": page}))
            )

    def prune(self, now: datetime) -> int:
        """Remove pages that are kept no longer; return how many. What cannot be is left for next time."""
        gone = 0
        if self.channel is None:
            return gone
        for page in sorted(self.channel.folder.glob("*.html")):
            at = file_time(page.name)
            if at is not None and at < now - self.keep:
                try:
                    page.unlink(missing_ok=True)
                except OSError:
                    continue
                gone += 1
        return gone


def without_copy(message: Message) -> Message:
    """Return a message as its channel is given it."""
    if COPY not in message.parts:
        return message
    return replace(message, parts={part: text for part, text in message.parts.items() if part != COPY})
