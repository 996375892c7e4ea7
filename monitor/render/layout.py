"""Where each story of a digest stands, and what is left out when a message may not hold all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from monitor.model import Contradiction, Digest, DigestStory, HeadlineChange, SignalNote, TurnNote

T = TypeVar("T")

_TOP = 3
_TOP_FROM = 7
"""Digests of so many stories get their most important ones on top; shorter ones are read whole anyway."""
_FIRST = 12
"""Behind so many, what only one publisher has is told in a line: a digest is read, not scrolled."""
_OPEN = 8
"""So many open questions are reminded of."""
_IN_FULL = 3
"""So many stories are told in full before others are left out of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The stories of one topic: `stories` are told in full, `brief` in a line each."""

    topic: str
    title: str
    stories: tuple[DigestStory, ...] = ()
    brief: tuple[DigestStory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A digest as it is laid out. `stories` are all that are shown, in the order in which they matter.

    Turns of the event, changed headlines and what is still open have places of their own; a story of
    which nothing else is new is told there only.
    """

    turns: tuple[TurnNote, ...] = ()
    turned: tuple[tuple[TurnNote, ...], ...] = ()
    """The turns, those together that one report tells in the same words."""
    signals: tuple[SignalNote, ...] = ()
    headlines: tuple[HeadlineChange, ...] = ()
    open: tuple[Contradiction | TurnNote, ...] = ()
    top: tuple[DigestStory, ...] = ()
    blocks: tuple[Block, ...] = ()
    stories: tuple[DigestStory, ...] = ()
    omitted: int = 0
    """Stories for which there was no room."""
    copy: str = ""
    """Where the full copy is that has them: a link, or a path on the machine that runs monitor."""
    follow: bool = False
    """They follow in another message at once."""
    total: int = 0
    new: int = 0
    developing: int = 0


def layout(digest: Digest, *, full: int, listed: int) -> Page:
    """Lay out a digest with `full` stories told in full and `listed` shown at all."""
    everything = [story for section in digest.sections for story in section.stories]
    ranked = _ranked(digest, everything)
    shown = ranked[:listed]
    shown += [story for story in ranked[listed:] if story.news.turns]
    apart = {story.id for story in everything if not _has_a_card(story)}
    cards = [story for story in shown if story.id not in apart]
    told = {story.id for place, story in enumerate(ranked[:full]) if place < _FIRST or story.sources > 1}
    top = tuple(s for s in cards[:_TOP] if s.id in told) if len(everything) >= _TOP_FROM else ()
    above = {story.id for story in top}
    visible = {story.id for story in cards} - above
    blocks = (
        Block(
            topic=section.topic,
            title=section.title,
            stories=tuple(s for s in section.stories if s.id in visible and s.id in told),
            brief=tuple(s for s in section.stories if s.id in visible and s.id not in told),
        )
        for section in digest.sections
    )
    return Page(
        turns=digest.turns,
        turned=_together(digest.turns),
        signals=digest.signals,
        headlines=tuple(change for story in shown for change in story.news.headlines),
        open=digest.open[:_OPEN],
        top=top,
        blocks=tuple(block for block in blocks if block.stories or block.brief),
        stories=tuple(shown),
        omitted=len(ranked) - len(shown),
        follow=digest.in_parts,
        total=len(ranked),
        new=sum(story.state == "new" for story in ranked),
        developing=sum(story.state != "new" for story in ranked),
    )


def _together(turns: Sequence[TurnNote]) -> tuple[tuple[TurnNote, ...], ...]:
    groups = groupby(turns, key=lambda note: (note.item.entry.id if note.item else note.turn.id, note.quotes))
    return tuple(tuple(notes) for _, notes in groups)


def _has_a_card(story: DigestStory) -> bool:
    """Whether there is more to tell of a story than a turn or a headline that changed."""
    news = story.news
    more = news.sources or news.facts or news.denials or news.contradictions
    return story.state == "new" or bool(more) or not (news.turns or news.headlines)


def _ranked(digest: Digest, everything: Sequence[DigestStory]) -> list[DigestStory]:
    """The most important stories (of equals, one in the reader's language), those that had no room in the
    digest before, then the first of each topic, the second of each topic, and so on.

    So no topic vanishes because another has much to tell.
    """
    own = digest.language.partition("-")[0]
    by_weight = sorted(
        everything,
        key=lambda s: (-_weight(s), s.lead.entry.language.partition("-")[0] != own, -s.score),
    )[:_TOP]
    depth = max((len(section.stories) for section in digest.sections), default=0)
    in_turn = (
        section.stories[place]
        for place in range(depth)
        for section in digest.sections
        if place < len(section.stories)
    )
    waited = [story for story in everything if story.waited]
    return list({story.id: story for story in (*by_weight, *waited, *in_turn)}.values())


def _weight(story: DigestStory) -> float:
    return story.life.importance if story.life else float(story.sources)


def largest(digest: Digest, make: Callable[[Page], T | None]) -> tuple[Page, T | None]:
    """Return the fullest page that fits, with what `make` made of it.

    `make` answers None for what is too much; it is asked about log₂ n pages. First stories shrink to a
    line, then the last are left out. If nothing fits, the smallest page comes back with None.
    """
    everything = len({story.id for section in digest.sections for story in section.stories})
    best: tuple[Page, T] | None = None

    def fits(full: int, listed: int) -> bool:
        nonlocal best
        page = layout(digest, full=full, listed=listed)
        made = make(page)
        best = best if made is None else (page, made)  # what fits later is larger
        return made is not None

    few = min(_IN_FULL, everything)
    if fits(everything, everything) or everything == 0:
        pass
    elif fits(few, everything):
        _most(few, everything, lambda n: fits(n, everything))
    elif fits(few, few):
        _most(few, everything, lambda n: fits(few, n))
    elif not any(fits(n, n) for n in range(few - 1, 0, -1)):
        fits(0, 1)
    return best or (layout(digest, full=0, listed=min(1, everything)), None)


def _most(fitting: int, too_many: int, fits: Callable[[int], bool]) -> None:
    """Close in on the greatest number below `too_many` that fits, given that `fitting` does."""
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        fitting, too_many = (middle, too_many) if fits(middle) else (fitting, middle)
