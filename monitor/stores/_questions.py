"""What a store is asked about feeds besides their polls: parts of the contract in `monitor.stores`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.health import Deadlines
from monitor.model import Delivery, FeedState, Outage, Subscription

Transition: TypeAlias = Callable[[tuple[Subscription, ...]], Iterable[Subscription]]
"""A feed's subscriptions → those that it has from now on (see monitor.websub). Pure: it may run twice."""


class Health(ABC):
    """Rhythms and outages."""

    @abstractmethod
    def unwatched(self, limit: int, urls: Iterable[str] = ()) -> dict[str, list[datetime]]:
        """Return the rhythms (hours, in order) of up to `limit` feeds that brought something since it
        was last said when they would be late; of `urls`, where given, in place of them."""

    @abstractmethod
    def watch(self, found: Mapping[str, Deadlines]) -> None:
        """Keep when feeds are late and stalled, should nothing come, and their rhythms. One that is
        stalled by now says so, one that was is late."""

    @abstractmethod
    def outages(self, since: datetime | None = None) -> list[Outage]:
        """Return the outages that go on, and those that ended at or after `since`."""

    @abstractmethod
    def troubled(self) -> list[FeedState]:
        """Return the states of configured feeds that fail, are stalled or have an outage that goes on."""

    @abstractmethod
    def record_outages(
        self, begun: Sequence[Outage], ended: Sequence[Outage], deliveries: Sequence[Delivery]
    ) -> bool:
        """Write outages that begin and end, and queue the word of them, in one commit.

        Does nothing and returns False where another process was first: a feed has one outage at a
        time, and each is told once.
        """


class Hubs(ABC):
    """Subscriptions (WebSub), and the polls that follow from pushes."""

    @abstractmethod
    def subscriptions(self, feed_urls: Iterable[str] | None = None) -> list[Subscription]:
        """Return the subscriptions of (these) feeds, configured or not, by feed and id."""

    @abstractmethod
    def subscription(self, subscription_id: str) -> Subscription | None:
        """Return a subscription."""

    @abstractmethod
    def due_subscriptions(self, now: datetime, limit: int) -> list[Subscription]:
        """Return subscriptions with a `due_at` or a `poll_by` that has come, the earliest due first."""

    @abstractmethod
    def change_subscriptions(self, feed_url: str, follows: Transition) -> list[Subscription] | None:
        """Put what `follows` in place of a feed's subscriptions; None where that changes nothing.

        Whoever else changes those of the same feed comes before or after.
        """

    @abstractmethod
    def claim_feed(self, url: str, now: datetime, lease: timedelta) -> FeedState | None:
        """Take one configured feed, due or not, to record a push; None while another has it."""

    @abstractmethod
    def hasten(self, url: str, now: datetime, floor: timedelta) -> bool:
        """Make a feed due now, but no sooner than `floor` after its last poll nor than its publisher allows.

        Returns False, and does nothing, while it is being polled: that poll may have come too early.
        """
