"""What of a story is new to a reader: only that is told, and all of it is remembered as told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from monitor.compose._case import Case
from monitor.compose._corrections import headlines
from monitor.compose._corrections import items as headline_items
from monitor.compose._denials import denials
from monitor.compose._denials import items as denial_items
from monitor.compose._disputes import items as conflict_items
from monitor.model import (
    Change,
    ChangeKind,
    Contradiction,
    DigestStory,
    Fact,
    FactKind,
    FactNote,
    StoryEntry,
    StoryNews,
    TurnNote,
)

_DAY = 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What the log says of a story, and what was found beside it, since the reader was last told."""

    changes: Sequence[Change] = ()
    contradictions: Sequence[Contradiction] = ()
    turns: Sequence[TurnNote] = ()


@dataclass(slots=True)
class _Parts:
    """A story's fresh entries, each in one of three heaps, and the told ones whose text changed."""

    sources: list[StoryEntry] = field(default_factory=list)
    """The first of each independent source that the reader had not heard of."""
    further: list[StoryEntry] = field(default_factory=list)
    """More from sources that are known."""
    repeats: list[StoryEntry] = field(default_factory=list)
    """Copies, and what is late."""
    edited: list[StoryEntry] = field(default_factory=list)


def tell(case: Case, happened: Happened) -> DigestStory | None:
    """Return what to tell this reader of a story now; None if nothing of it is new to them."""
    if case.is_new:
        return _whole(case, happened) if case.items else None
    parts = _sorted_out(case, happened.changes)
    facts = _new_facts(case, [*parts.sources, *parts.further, *parts.edited])
    denied = denials(case, [*parts.sources, *parts.further, *parts.repeats, *parts.edited])
    news = StoryNews(
        sources=tuple(parts.sources),
        facts=facts,
        denials=denied,
        contradictions=tuple(happened.contradictions),
        headlines=headlines(case, happened.changes),
        turns=tuple(happened.turns),
        known=next(iter(case.known), None),
        reports=len(case.known),
    )
    if not news:
        return None
    telling = {item.entry.id for item in parts.sources}
    telling |= {note.item.entry.id for note in facts}
    telling |= {quote.item.entry.id for quote in denied}
    telling |= {side.item.entry.id for one in news.contradictions for side in one.sides}
    telling |= {entry_id for note in news.turns for entry_id in note.turn.entry_ids}
    fresh = [item for item in case.fresh if item.entry.id in telling]
    shown = case.ranked(fresh) or _told_before(case, news)
    rest = [item for item in case.fresh if item not in shown]
    return _story(case, "developing", shown, rest, news, [*case.fresh, *parts.edited], happened.changes)


def _whole(case: Case, happened: Happened) -> DigestStory:
    """Tell a story for the first time: all of it is news, what stands out is named."""
    items = list(case.items.values())
    own = [item for item in items if item.entry.id not in case.copies] or items[:1]
    news = StoryNews(
        denials=denials(case, items),
        contradictions=tuple(happened.contradictions),
        turns=tuple(happened.turns),
    )
    rest = [item for item in items if item not in own]
    return _story(case, "new", case.ranked(own), rest, news, items, happened.changes)


def _story(
    case: Case,
    state: str,
    shown: Sequence[StoryEntry],
    carriers: Sequence[StoryEntry],
    news: StoryNews,
    told: Iterable[StoryEntry],
    changes: Sequence[Change],
) -> DigestStory:
    everything = [*shown, *carriers]
    return DigestStory(
        id=case.id,
        state=state,
        lead=shown[0],
        also=tuple(shown[1:]),
        carriers=tuple(carriers),
        topics=case.topics or shown[0].topics,
        score=case.score,
        first_seen=min(item.entry.first_seen for item in (case.items or {"": shown[0]}).values()),
        sources=len({item.entry.source for item in everything}),
        languages=ranked(item.entry.language for item in everything),
        news=news,
        silent=case.silent(),
        told=_items(case, told, news, changes, shown),
        formerly=case.dossier.story.merged,
    )


def _told_before(case: Case, news: StoryNews) -> list[StoryEntry]:
    """Return what leads where no report is new: what changed, else what contradicts, else what was told."""
    changed = [change.item for change in news.headlines]
    return (
        changed[:1] or [side.item for one in news.contradictions for side in one.sides][:1] or case.known[:1]
    )


# what is new ──────────────────────────────────────────────────────────────────────────────────


def _sorted_out(case: Case, changes: Sequence[Change]) -> _Parts:
    parts = _Parts()
    heard = {case.group[one] for one in case.items if case.knows(one)}
    for item in case.fresh:
        group = case.group[item.entry.id]
        repeats = item.entry.id in case.copies and group in heard
        if repeats or case.is_late(item):
            parts.repeats.append(item)
        elif group in heard:
            parts.further.append(item)
        else:
            heard.add(group)
            parts.sources.append(item)
    edited = {change.entry_id for change in changes if change.kind is ChangeKind.REVISED}
    parts.edited = [item for one, item in case.items.items() if one in edited and case.knows(one)]
    return parts


def _new_facts(case: Case, items: Sequence[StoryEntry]) -> tuple[FactNote, ...]:
    """Return the values that these entries give and the reader was not told, with all who give them."""
    known = [fact for item in case.known for fact in case.facts(item) if fact_item(fact) in case.told]
    found: dict[str, list[tuple[Fact, StoryEntry]]] = {}
    for item in items:
        for fact in case.facts(item):
            if fact_item(fact) not in case.told and not any(_same(fact, one) for one in known):
                found.setdefault(fact_item(fact), []).append((fact, item))
    givers = _givers(case)
    notes = []
    for name, given in found.items():
        if _needs_another(given[0][0], givers[name]):
            continue
        best = case.ranked([item for _, item in given])[0]
        notes.append(
            FactNote(
                fact=next(fact for fact, item in given if item is best),
                item=best,
                sources=tuple(givers[name]),
            )
        )
    return tuple(notes)


def _givers(case: Case) -> dict[str, dict[str, None]]:
    """Return who gives which value: publishers in the order in which they were out, copies left out."""
    givers: dict[str, dict[str, None]] = {}
    for entry_id, item in case.items.items():
        if entry_id not in case.copies:
            for fact in case.facts(item):
                givers.setdefault(fact_item(fact), {})[item.entry.source] = None
    return givers


def _needs_another(fact: Fact, givers: Collection[str]) -> bool:
    """Whether a value is told only when a second publisher gives it.

    From one sentence nobody knows what lasted for days, the talks or the silence before them, nor what
    was in the place that it names: the call came to Washington, its subject is Budapest.
    """
    vague = fact.kind is FactKind.PLACE or (fact.kind is FactKind.DURATION and fact.low >= _DAY)
    return vague and len(givers) < 2


def _same(one: Fact, other: Fact) -> bool:
    """Whether two facts give one thing the same value, as far as they say."""
    if (one.kind, one.about) != (other.kind, other.about):
        return False
    if one.value == other.value:
        return True
    bounded = one.high > 0 and other.high > 0
    return bounded and max(one.low, other.low) <= min(one.high, other.high)


# what was told ────────────────────────────────────────────────────────────────────────────────


def unheard(case: Case, changes: Sequence[Change]) -> list[Change]:
    """Leave out the changes that the reader was told of."""
    return [change for change in changes if _revised(change) not in case.told]


def fact_item(fact: Fact) -> str:
    """Return a fact as an item of what was told."""
    return f"fact:{fact.kind.value}|{fact.about}|{fact.value}"


def turn_item(turn_id: str) -> str:
    """Return a turn as an item of what was told."""
    return f"turn:{turn_id}"


def _revised(change: Change) -> str:
    return f"{change.kind.value}:{change.entry_id}:{change.revision}"


def _items(
    case: Case,
    told: Iterable[StoryEntry],
    news: StoryNews,
    changes: Sequence[Change],
    shown: Sequence[StoryEntry],
) -> tuple[str, ...]:
    """Return all that this telling tells, as items: told once, they are never news again."""
    told, givers = list(told), _givers(case)
    items = dict.fromkeys(denial_items(case, told))
    for item in told:
        items[f"entry:{item.entry.id}"] = None
        if item.entry.id not in case.copies:
            facts = {fact_item(fact): fact for fact in case.facts(item)}
            items |= {name: None for name, fact in facts.items() if not _needs_another(fact, givers[name])}
    items |= dict.fromkeys(name for one in news.contradictions for name in conflict_items(one))
    items |= dict.fromkeys(turn_item(note.turn.id) for note in news.turns)
    items |= dict.fromkeys(_revised(change) for change in changes if change.entry_id)
    items |= dict.fromkeys(headline_items(shown, news.headlines))
    return tuple(items)


def ranked(values: Iterable[str]) -> tuple[str, ...]:
    """Distinct values, most frequent first."""
    counts = Counter(values)
    return tuple(sorted(counts, key=lambda value: (-counts[value], value)))
