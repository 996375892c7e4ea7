"""Stories: what was put together and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.inquire import Reads, Settings, plain
from monitor.inquire.archive import entry_facts
from monitor.inquire.fates import life_facts, link_facts
from monitor.life import lead_rank
from monitor.model import Entry, LinkKind, Story
from monitor.sources import independent


def summary(config: Settings, store: Reads, story: Story) -> dict[str, Any]:
    """Return a story in short."""
    return _facts(config, story, store.entries(story.entry_ids))


def _facts(config: Settings, story: Story, entries: Sequence[Entry]) -> dict[str, Any]:
    tiers = {feed.url: feed.tier for feed in config.feeds}
    lead = min(entries, key=lambda one: lead_rank(one, config.language, tiers.get(one.feed_url, 3)))
    return {
        "id": story.id,
        "title": lead.title,
        "lang": lead.language,
        "first_seen": plain(story.first_seen),
        "last_seen": plain(story.last_seen),
        "reports": len(entries),
        "independent": len(independent(entries, story.links)),
        "languages": sorted({one.language for one in entries}),
        "by_hand": any(link.kind is LinkKind.MANUAL for link in story.links),
        "formerly": list(story.merged),
    }


def whole(config: Settings, store: Reads, story: Story) -> dict[str, Any]:
    """Return how a story does, its entries, why each is in it, and what kept it out of others."""
    entries = store.entries(story.entry_ids)
    voices = {one: n for n, group in enumerate(independent(entries, story.links), 1) for one in group}
    return {
        **_facts(config, story, entries),
        "life": life_facts(config, store, story),
        "entries": [
            {
                "id": entry.id,
                **entry_facts(entry),
                "voice": voices[entry.id],
                "links": link_facts(store, story, entry.id),
            }
            for entry in entries
        ],
    }
