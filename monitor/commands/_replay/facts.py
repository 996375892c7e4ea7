"""What a replay came to, as JSON has it and as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.commands._app import plain
from monitor.commands._news import named, turns
from monitor.commands._replay.run import Replayed
from monitor.commands._replay.world import Told
from monitor.commands.once import words
from monitor.inquire.archive import entry_facts
from monitor.model import DigestStory, StoryEntry, TurnNote


def facts(replayed: Replayed) -> dict[str, Any]:
    """Return a replay as one JSON object: the same for the same archives and config, wherever it is run."""
    polls = [poll.at for track in replayed.tracks for poll in track.polls]
    feeds = {track.feed.url: track.feed for track in replayed.tracks}
    said: dict[str, Any] = plain(replayed.report)
    return {
        **said,
        "from": plain(min(polls)),
        "to": plain(max(polls)),
        "until": plain(replayed.until),
        "feed": [
            {
                "url": state.url,
                "source": feeds[state.url].source,
                "state": state.status.value,
                "reason": state.reason,
                "polls": state.polls,
                "entries": state.entries,
                "last_ok": plain(state.last_ok_at),
            }
            for state in replayed.states
        ],
        "messages": [_message(told) for told in replayed.told],
    }


def _message(told: Told) -> dict[str, Any]:
    digest = told.digest
    return {
        "route": digest.route,
        "channel": told.delivery.channel,
        "recipient": digest.recipient.address,
        "kind": digest.kind.value,
        "slot": plain(digest.slot),
        "at": plain(told.at),
        "subject": told.delivery.message.subject,
        "file": told.file or None,
        "turns": turns(digest),
        "stories": [
            {
                "id": story.id,
                "title": story.lead.entry.title,
                "state": story.state,
                "news": named(story),
                "entries": [entry_facts(one.entry) for one in entries(story)],
            }
            for story in stories(told)
        ],
    }


def stories(told: Told) -> Iterator[DigestStory]:
    """Yield the stories of a message, in its order."""
    for section in told.digest.sections:
        yield from section.stories


def entries(story: DigestStory) -> tuple[StoryEntry, ...]:
    """Return the entries of a story, the lead first."""
    return (story.lead, *story.also, *story.carriers)


def lines(replayed: Replayed) -> Iterator[str]:
    """Yield what happened, for people: the counts, then each message with its stories."""
    feeds = len(replayed.tracks)
    polls = [poll.at for track in replayed.tracks for poll in track.polls]
    yield f"{min(polls):%Y-%m-%d %H:%M} to {max(polls):%Y-%m-%d %H:%M} UTC, {feeds} feed{'s' * (feeds != 1)}"
    yield words(replayed.report)
    for state in replayed.states:
        if state.reason:
            yield f"{state.url}: {state.status}: {state.detail or state.reason}"
    for told in replayed.told:
        digest = told.digest
        yield ""
        yield (
            f"{local(told.at, digest.timezone)}  {digest.kind}  {digest.route} → {digest.recipient.address}"
            + (f"  {told.file}" if told.file else "")
        )
        for note in digest.turns:
            yield f"    {'turn':10}  {turn(note, digest.topics.get(note.turn.topic, note.turn.topic))}"
        if not digest.sections and not digest.turns:
            yield "    nothing new"
        for story in stories(told):
            found = entries(story)
            spoken = ", ".join(dict.fromkeys(one.entry.language for one in found))
            yield f"    {story.state:10}  {story.lead.entry.title}  ({len(found)}: {spoken})"
            if story.state != "new" and (news := ", ".join(_news(story))):
                yield f"    {'':10}  + {news}"


def turn(note: TurnNote, topic: str) -> str:
    """Say which state a topic's event turned to, from what, and who says so."""
    ended = f" (until now: {', '.join(note.before)})" if note.before else ""
    return f"{topic}: {note.title}{ended}  ({', '.join(note.sources)})"


def _news(story: DigestStory) -> Iterator[str]:
    """Name what is new to the reader in a story that was told before."""
    news = story.news
    if news.sources:
        yield f"{len(news.sources)} source{'s' * (len(news.sources) != 1)}"
    for fact in news.facts:
        yield f"{fact.fact.kind}: {fact.fact.span.surface}"
    for quote in news.denials:
        yield f"{quote.speaker} denies"
    for one in news.contradictions:
        yield f"accounts differ: {one.kind}: " + " ≠ ".join(s.fact.span.surface for s in one.sides)
    for change in news.headlines:
        yield "withdrawn" if change.withdrawn else f"headline was: {change.before}"


def local(at: datetime, zone: str) -> str:
    """Return a time as its reader's clock shows it: `2025-10-17 07:30 Asia/Dhaka`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
