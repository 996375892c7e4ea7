"""What became of an entry of the archive: its story's life, and for each reader whether they were told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.inquire import Reads, Settings, plain
from monitor.life import lead_rank, life
from monitor.model import Cursor, Delivery, Entry, LinkKind, Match, Route, Send, Story
from monitor.sources import independent


def story_of(store: Reads, entry: Entry) -> Story | None:
    """Return the story that an entry is in."""
    return store.story_with(entry.id)


def life_facts(config: Settings, store: Reads, story: Story | None) -> dict[str, Any] | None:
    """Return how a story does now, as digests rank it; None if there is none or nothing matches any more."""
    topics = [topic.id for topic in config.topics]
    dossiers = store.dossiers("", "", "", topics, [story.id]) if story else []
    hits = [hit for dossier in dossiers for hit in dossier.hits]
    if story is None or not hits:
        return None
    tiers = {feed.url: feed.tier for feed in config.feeds}
    entries = list({hit.entry.id: hit.entry for hit in hits}.values())
    links = dossiers[0].story.links
    now = life(
        entries,
        independent(entries, links),
        copies=[link.entry_id for link in links if link.kind is LinkKind.COPY and not link.veto],
        tier=lambda entry: tiers.get(entry.feed_url, 3),
        score=max(hit.match.score for hit in hits),
        at=store.last_time() or max(entry.first_seen for entry in entries),
    )
    lead = min(entries, key=lambda one: lead_rank(one, config.language, tiers.get(one.feed_url, 3)))
    return {"story": story.id, "lead": lead.id, "title": lead.title, "reports": len(entries), **plain(now)}


def link_facts(store: Reads, story: Story, entry_id: str) -> list[dict[str, Any]]:
    """Return why an entry is in its story, and with which story what kept it out of another one.

    What kept it from a story that went up in this one since keeps it from nothing.
    """
    found = []
    for link in story.links:
        if link.entry_id != entry_id:
            continue
        facts: dict[str, Any] = {"kind": link.kind.value}
        if link.other_id:
            facts |= {"other": link.other_id, "score": link.score, "parts": plain(link.parts)}
        if link.veto:
            other = store.story_with(link.other_id)
            if other is not None and other.id == story.id:
                continue
            facts |= {"veto": link.veto, "story": other.id if other else ""}
        found.append(facts)
    return found


def sending_facts(
    config: Settings, store: Reads, story: Story | None, entry: Entry, matches: Sequence[Match]
) -> list[dict[str, Any]]:
    """Say for each reader of each route what became of the entry, with one reason where it was not told."""
    cursors = store.cursors()
    about = [f"entry:{entry.id}", *((story.id, *story.merged) if story else ())]
    messages = store.deliveries(limit=10_000, telling=about)
    rows: list[dict[str, Any]] = []
    for route in config.routes:
        mine = [match for match in matches if match.topic in route.topics]
        row: dict[str, Any] = {"route": route.name, "story": story.id if story else ""}
        if not mine:
            wanted = ", ".join(route.topics)
            rows.append({**row, "outcome": "not matched", "reason": f"none of its topics: {wanted}"})
        elif all(match.held for match in mine):
            rows.append({**row, "outcome": "held", "reason": mine[0].held})
        else:
            readers = [cursor for cursor in cursors if cursor.route == route.name]
            told = [d for d in messages if d.message.route == route.name]
            rows += [
                {**row, **outcome}
                for cursor in readers
                for outcome in _reader(store, route, cursor, story, entry, told)
            ]
            if not readers:
                rows.append({**row, "outcome": "waiting", "reason": "told its next slot"})
    return rows


def _reader(
    store: Reads,
    route: Route,
    cursor: Cursor,
    story: Story | None,
    entry: Entry,
    messages: Sequence[Delivery],
) -> Iterator[dict[str, Any]]:
    """Yield what one reader got of an entry, or why not."""
    mine = [
        one
        for one in messages
        if (one.channel, one.message.recipient.address) == (cursor.channel, cursor.recipient)
    ]
    item = f"entry:{entry.id}"
    sent = [one for one in mine if any(item in items for items in one.message.told.values())]
    sent = sent or [one for one in mine if story and story.id in one.message.stories and not one.message.told]
    if sent:
        yield from map(_delivery, sent)
        return
    place = {"channel": cursor.channel, "recipient": cursor.recipient}
    reader = (cursor.route, cursor.channel, cursor.recipient)
    for passed in store.passed(*reader, [entry.id]):
        yield {**place, "outcome": passed.kind.value, "reason": passed.detail, "since": plain(passed.at)}
        return
    dossiers = store.dossiers(*reader, route.topics, [story.id]) if story else []
    seqs = [hit.seq for one in dossiers for hit in one.hits if hit.entry.id == entry.id]
    if not seqs or max(seqs) > cursor.position:
        at_once = "when the hour's budget has room" if route.budget else "at once"
        when = at_once if route.send is Send.IMMEDIATE else plain(cursor.next_slot) or "its next slot"
        yield {**place, "outcome": "waiting", "reason": f"told {when}", "due": plain(cursor.next_slot)}
    elif item in dossiers[0].told:
        yield {**place, "outcome": "told", "reason": "noted as told; its message is kept no longer"}
    else:
        why = "it matched before this reader was there, or before reasons were kept"
        yield {**place, "outcome": "before", "reason": why}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery": delivery.id,
        "channel": delivery.channel,
        "recipient": delivery.message.recipient.address,
        "kind": delivery.message.kind.value,
        "outcome": delivery.status.value,
        "at": plain(delivery.sent_at or delivery.due_at),
        "reason": delivery.detail or delivery.reason,
        "attempts": delivery.attempts,
    }
