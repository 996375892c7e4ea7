"""What ties messages together: an alert to its story, a digest to its route's day."""

from __future__ import annotations

from monitor.model import Digest, Kind
from monitor.render.places import SIGNALS
from monitor.render.reader import Reader


def thread_of(digest: Digest) -> str:
    """Return what messages of one thread share: a story, an episode, or a route and a day of the reader."""
    if digest.kind is Kind.DIGEST:
        day = digest.slot.astimezone(Reader(digest.language, digest.timezone).zone).date()
        return f"{digest.route}.{day:%Y-%m-%d}"
    for note in digest.signals if digest.kind in SIGNALS else ():
        return f"{note.signal.subject}.{note.signal.kind}.{note.signal.since:%Y%m%dT%H%M%S}".replace(":", ".")
    return story_of(digest) or digest.route


def story_of(digest: Digest) -> str:
    """Return the id of the story that an alert is about; empty if it is about none."""
    stories = [story.id for section in digest.sections for story in section.stories]
    return next(iter([*stories, *(note.turn.story_id for note in digest.turns)]), "")
