"""What is agreed with hubs (WebSub), which tell of a feed's news before it is polled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """How far a subscription is. `leaving`: the hub was, or will be, asked to end it."""

    PENDING = "pending"
    VERIFIED = "verified"
    DENIED = "denied"
    LEAVING = "leaving"


class Trust(StrEnum):
    """What a hub's silence is worth: nothing while it is `new` or `suspect`; if `trusted`, fewer polls."""

    NEW = "new"
    TRUSTED = "trusted"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One callback at one hub for one feed; a renewal is another one (see monitor.websub for the rules).

    `id` is drawn; together with a key that is nowhere in the store it gives callback and secret, so
    neither is stored. `due_at` is when something is to be done about it: to ask, to ask again, to renew.
    """

    id: str
    feed_url: str
    hub: str
    topic: str
    standing: Standing = Standing.PENDING
    trust: Trust = Trust.NEW
    due_at: datetime
    asked_at: datetime | None = None
    """When the hub was last asked: nothing is confirmed that was not."""
    attempts: int = 0
    reason: str = ""
    """What the hub, or the way to it, said last that was no yes."""
    lease_until: datetime | None = None
    """When the hub forgets us, unless it is renewed."""
    pushed_at: datetime | None = None
    """The last good push."""
    poll_by: datetime | None = None
    """When the feed is to be polled: for a push, unless it is in the store by then; for one less to come."""
    suspect_at: datetime | None = None
    """When a poll last found what the hub had not sent."""
    strikes: int = 0
    """How often that happened."""
    pushes: int = 0
    ignored: int = 0
    """Pushes that were good, and that were not: no signature or a wrong one, or no feed."""
