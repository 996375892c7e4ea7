"""What a store is asked about hubs (WebSub): a part of the contract in `monitor.stores`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.model import FeedState, Subscription

Follows: TypeAlias = Callable[[tuple[Subscription, ...]], Iterable[Subscription]]
"""A feed's subscriptions → those that it has from now on (see monitor.websub). Pure: it may run twice."""


class Hubs(ABC):
    """Subscriptions, and the polls that follow from pushes."""

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
    def change_subscriptions(self, feed_url: str, follows: Follows) -> list[Subscription] | None:
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
