"""What a message tells that is new, as facts that scripts can read."""

from __future__ import annotations

from typing import Any

from monitor.commands._app import plain
from monitor.model import Digest, DigestStory


def named(story: DigestStory) -> list[dict[str, Any]]:
    """Name what of a story is new to its reader; of a new story, what stands out.

    Each has a `kind`: source, fact, denial, contradiction, headline, withdrawn or turn.
    """
    news = story.news
    return [
        *({"kind": "source", "source": one.entry.source, "url": one.entry.url} for one in news.sources),
        *(
            {
                "kind": "fact",
                "fact": note.fact.kind.value,
                "about": note.fact.about,
                "value": note.fact.value,
                "surface": note.fact.span.surface,
                "sources": list(note.sources),
            }
            for note in news.facts
        ),
        *(
            {
                "kind": "denial",
                "speaker": quote.speaker,
                "text": quote.span.surface,
                "url": quote.item.entry.url,
            }
            for quote in news.denials
        ),
        *(
            {
                "kind": "contradiction",
                "fact": one.kind,
                "about": one.about,
                "sides": [
                    {
                        "value": side.fact.value,
                        "surface": side.fact.span.surface,
                        "sources": list(side.sources),
                    }
                    for side in one.sides
                ],
            }
            for one in news.contradictions
        ),
        *(
            {
                "kind": "withdrawn" if change.withdrawn else "headline",
                "before": change.before,
                "after": change.item.entry.title,
                "url": change.item.entry.url,
            }
            for change in news.headlines
        ),
        *({"kind": "turn", "turn": note.turn.id, "state": note.turn.state} for note in news.turns),
    ]


def turns(digest: Digest) -> list[dict[str, Any]]:
    """Return the turns of the event that a message tells."""
    return [
        {
            "id": note.turn.id,
            "topic": note.turn.topic,
            "state": note.turn.state,
            "title": note.title,
            "before": list(note.turn.before),
            "reached_at": plain(note.turn.reached_at),
            "story": note.turn.story_id,
            "sources": list(note.sources),
        }
        for note in digest.turns
    ]
