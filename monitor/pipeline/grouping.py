"""Promise 1b, its first half: stories follow from matched entries."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.cluster import WINDOW, Clusterer, Known
from monitor.model import Entity, Entry, Story
from monitor.pipeline._shop import LEASE, Shop

BATCH = 500
"""Entries that are grouped in one go."""

KNOWN = 2_000
"""Earlier entries that tell which words are common: days of a busy desk, months of a small one."""

READ = 5_000
"""Most entries whose facts are read again at a start: two or three seconds."""


class Grouping:
    """Keeps the clusterer between folds. Plain code, for the store's thread.

    What it holds is only a copy of the store's: read at the start, and again whenever another process
    or somebody's hands changed stories.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._token = ""
        self._entities: Sequence[Entity] = ()
        self._clusterer: Clusterer | None = None

    def turn(self) -> str | None:
        """Return the token to record with; None while another process groups the entries."""
        shop = self._shop
        token = shop.store.claim_stories(shop.clock.now(), LEASE, self._token)
        if token != self._token or shop.parts.entities is not self._entities:
            self.forget()
        self._token, self._entities = token or "", shop.parts.entities
        return token

    def waiting(self) -> list[Entry]:
        """Return entries that have no story yet."""
        return self._shop.store.unclustered(BATCH)

    def stories(self, entries: Sequence[Entry]) -> list[Story]:
        """Return the stories that new entries changed."""
        clusterer = self._clusterer = self._clusterer or self._warm(entries)
        return clusterer.add(entries, self._known(entries, read=True))

    def forget(self) -> None:
        """Read the store again before the next entries: what came of the last ones was not recorded."""
        self._clusterer = None

    def _known(self, entries: Sequence[Entry], *, read: bool) -> dict[str, Known]:
        topics = self._shop.store.topics([entry.id for entry in entries])
        facts = self._shop.parts.desk.read
        return {
            entry.id: Known(topics=topics.get(entry.id, ()), facts=facts(entry).facts if read else ())
            for entry in entries
        }

    def _warm(self, entries: Sequence[Entry]) -> Clusterer:
        """Return a clusterer that knows the window before these entries, and what was common before."""
        store = self._shop.store
        clusterer = Clusterer(self._entities, self._shop.parts.matcher.asked)
        since = max(entry.first_seen for entry in entries) - 2 * WINDOW
        earlier = store.filed(KNOWN, since)
        clusterer.learn(earlier, self._known(earlier, read=False))
        recent = store.recent_stories(since)
        members = [entry for _, found in recent for entry in found]
        clusterer.warm(recent, self._known(members, read=len(members) <= READ))
        return clusterer
