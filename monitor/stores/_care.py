"""The part of the contract that keepers ask: what is due, how it does, what is kept no longer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta

from monitor.model import Counts, Keep, PollRecord, Rehearsal, Story, Vitals


class Care(ABC):
    """What keeps a store, and says how it does."""

    @abstractmethod
    def next_due(self) -> datetime | None:
        """Return the earliest moment at which something will be due: a poll, a slot, a delivery, or what
        was held back for a while.
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
