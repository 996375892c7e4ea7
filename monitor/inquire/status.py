"""How feeds, archive and deliveries are doing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor import alive
from monitor.compose import WELL
from monitor.inquire import Reads, Settings, hubs
from monitor.metrics import feed_id
from monitor.model import ArticleStatus, FeedState, FeedStatus


def status(config: Settings, store: Reads, now: datetime) -> dict[str, Any]:
    """Return how feeds, archive, outbox and the daemon itself do."""
    meta, counts = store.meta(), store.counts()
    subscribed = hubs.by_feed(store.subscriptions())
    vitals, delays = store.vitals(now, feeds=0), store.delays(now - alive.LATELY)
    troubles = {k.removeprefix("trouble:"): v for k, v in meta.items() if k.startswith("trouble:") and v}
    articles = store.article_counts()
    configured = {feed.url: feed for feed in config.feeds}
    shown = [state for state in store.feed_states() if state.url in configured]
    ok = sum(state.status in WELL for state in shown)
    return {
        "feeds": {"total": len(configured), "ok": ok, "failing": len(shown) - ok},
        "entries": counts.entries,
        "matches": counts.matches,
        "stories": counts.stories,
        "deliveries": {"queued": counts.queued, "sent": counts.sent, "dead": counts.dead},
        "oldest_queued": counts.oldest_queued_at,
        "articles": {one.value: articles.get(one.value, 0) for one in ArticleStatus},
        "watch": alive.watch(meta, vitals, delays, canary=config.canary, heartbeat=config.heartbeat, now=now),
        "troubles": troubles,
        "feed": [
            {
                "id": feed_id(state.url),
                "url": state.url,
                "source": configured[state.url].source,
                "state": state.status,
                "reason": state.reason,
                "detail": state.detail,
                "last_poll": state.last_poll_at,
                "next_poll": state.next_poll_at,
                "entries": state.entries,
                "since": _since(state),
                "last_new": state.arrived_at,
                "expected_by": state.late_at if state.late_at and state.late_at.year < _NEVER else None,
                "gap": state.gap_at,
                "websub": hubs.facts(subscribed.get(state.url), now),
            }
            for state in shown
        ],
    }


_NEVER = 9999
"""The year in which a feed is late of which nothing is expected."""


def _since(state: FeedState) -> datetime | None:
    """Return the first time that a feed brought nothing; None: it does well."""
    if state.status in (FeedStatus.LATE, FeedStatus.STALLED):
        return state.late_at
    return None if state.status in WELL else state.failing_since
