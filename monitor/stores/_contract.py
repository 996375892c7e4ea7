"""Parts of the contract that stand for themselves. `Store` is all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.health import Deadlines
from monitor.model import (
    Article,
    ArticleRecord,
    Counts,
    Delivery,
    FeedState,
    Keep,
    Outage,
    PollRecord,
    Rehearsal,
    Story,
    Subscription,
    Vitals,
)

Transition: TypeAlias = Callable[[tuple[Subscription, ...]], Iterable[Subscription]]
"""A feed's subscriptions → those that it has from now on (see monitor.websub). Pure: it may run twice."""


class Articles(ABC):
    """The pages of entries of which feeds carry a stub. What is wanted comes with a poll (promise 1)."""

    @abstractmethod
    def claim_articles(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        *,
        per_hour: int,
        since: datetime,
        busy: Iterable[str] = (),
    ) -> list[Article]:
        """Take up to `limit` due articles for `lease`, the newest first; each carries its token.

        Of one host one at a time, of those in `busy` none; of one feed at most `per_hour` in an hour:
        the others become due when it has passed. So do those of a feed whose publisher told us to stay
        away. What was wanted before `since` is refused as `late`. A claim counts as a try.
        """

    @abstractmethod
    def record_article(self, record: ArticleRecord, now: datetime) -> bool:
        """Write what came of a try: where the article stands, the revised entry and its matches.

        All in one commit, as a poll's (promise 1). False, and nothing is written, if the token lost its
        lease. If another revision of the entry came first, the article becomes due again: False, too.
        With `rest_until` no article of its host is due before.
        """

    @abstractmethod
    def article_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the texts of those of the entries that have one from their article."""

    @abstractmethod
    def article(self, entry_id: str) -> Article | None:
        """Return how far we are with an entry's article; None where none was ever wanted."""

    @abstractmethod
    def article_counts(self) -> Mapping[str, int]:
        """Return how many articles there are of each status."""


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


class Care(ABC):
    """What keeps a store, and says how it does."""

    @abstractmethod
    def next_due(self) -> datetime | None:
        """Return the earliest moment at which something will be due: a poll, an article, a slot, a
        delivery, or what was held back for a while.
        """

    @abstractmethod
    def last_time(self) -> datetime | None:
        """Return the latest time that was recorded by any of the promises (for `once --at`)."""

    @abstractmethod
    def prune(self, now: datetime, keep: Keep, *, batch: int = 500) -> int:
        """Drop up to `batch` entries (and bodies) that are older than `keep` says; return how many.

        Identities and sightings stay. Entries with an undelivered message stay. Messages whose fate
        was decided longer ago than entries are kept go too, and count; what was told stays known.
        """

    @abstractmethod
    def counts(self) -> Counts:
        """Return the totals for `status`."""

    @abstractmethod
    def meta(self, values: Mapping[str, str] | None = None) -> dict[str, str]:
        """Write small facts about the installation (if given) and return them all."""

    @abstractmethod
    def vitals(self, now: datetime, *, feeds: int) -> Vitals:
        """Return how the outbox and the feeds do: cheap enough to be asked each few seconds.

        When each feed last answered is said only where there are at most `feeds` of them.
        """

    @abstractmethod
    def rehearse(self, record: PollRecord, story: Story, now: datetime, *, finds: str) -> Rehearsal:
        """Do promises 1 and 1b for the canary's poll and story, read back what there is to tell, and take
        all of it back: nobody else ever sees it, and nothing of it stays.

        `finds` is a full-text expression (see `search`) that should find its entry among the newest.
        """

    @abstractmethod
    def delays(self, since: datetime) -> list[timedelta]:
        """Return how long each alert that was sent at or after `since` took from its publication."""
