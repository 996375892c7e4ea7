"""What a reader is not told: silences are taken out of the situation, every other entry gets its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.compose._case import Reader
from monitor.compose._signals import at_once, item_of, wanted
from monitor.compose._situation import Situation
from monitor.model import (
    STORIES,
    Change,
    Digest,
    Dossier,
    Hit,
    LinkKind,
    Message,
    Passed,
    PassedKind,
    Route,
    Scope,
    Send,
    Silence,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quieted:
    """A situation without what is silenced, and by which silence each entry was."""

    situation: Situation
    silenced: Mapping[str, Silence] = field(default_factory=dict)
    muted: Mapping[str, Silence | None] = field(default_factory=dict)
    """The same of turns and signals, by item; None where all of the story that told it is silenced."""


def quieted(
    situation: Situation,
    silences: Sequence[Silence],
    *,
    route: Route,
    before: Collection[str] = (),
    now: datetime,
) -> Quieted:
    """Take out what is silenced now, or was when it was found: it is not sent late either.

    `before` are the entries that were silenced when the cursor passed them: they stay so.
    """
    if not silences and not before:
        return Quieted(situation=situation)
    hushed: dict[tuple[str, str], Silence] = {}
    for hit in situation.news.hits:
        by = next((one for one in silences if _covers(one, hit, route, now)), None)
        if by is not None:
            hushed[hit.entry.id, hit.match.topic] = by
    dossiers = [_without(one, hushed, before) for one in situation.dossiers]
    had = {one.story.id for one in situation.dossiers if one.hits}
    kept = [one for one in dossiers if one.hits or one.story.id not in had]
    left = {hit.entry.id for one in kept for hit in one.hits}
    gone = {one.story.id for one in dossiers if not one.hits} & had  # what is withdrawn has none anyway
    hits = [
        hit
        for hit in situation.news.hits
        if (hit.entry.id, hit.match.topic) not in hushed and hit.entry.id not in before
    ]
    by_story = {hit.story_id: hushed.get((hit.entry.id, hit.match.topic)) for hit in situation.news.hits}
    changes: list[Change] = []
    muted: dict[str, Silence | None] = {}
    for change in situation.news.changes:
        by = next((one for one in silences if _mutes(one, change, route, now)), None)
        if by is None and change.story_id not in gone:
            changes.append(change)
        elif item := item_of(change):
            muted[item] = by or by_story.get(change.story_id)
    news = replace(situation.news, hits=tuple(hits), changes=tuple(changes))
    silenced = {entry: by for (entry, _), by in hushed.items() if entry not in left}
    quiet = replace(situation, news=news, dossiers=kept)
    return Quieted(situation=quiet, silenced=silenced, muted=muted)


def _without(dossier: Dossier, hushed: Mapping[tuple[str, str], Silence], before: Collection[str]) -> Dossier:
    hits = tuple(
        hit
        for hit in dossier.hits
        if (hit.entry.id, hit.match.topic) not in hushed
        and (hit.entry.id not in before or f"entry:{hit.entry.id}" in dossier.told)
    )
    return dossier if len(hits) == len(dossier.hits) else replace(dossier, hits=hits)


def _covers(silence: Silence, hit: Hit, route: Route, now: datetime) -> bool:
    if not (_holds(silence, now) or _holds(silence, hit.matched_at)):
        return False
    match silence.scope:
        case Scope.TOPIC:
            return hit.match.topic == silence.target
        case Scope.STORY:
            return hit.story_id.startswith(silence.target)
        case Scope.SOURCE:
            return hit.entry.source.casefold() == silence.target.casefold()
        case Scope.ROUTE:
            return route.name == silence.target
        case Scope.ENTITY:
            named = {span.entity for span in hit.match.evidence.spans} | set(hit.entry.entities)
            return silence.target in named


def _mutes(silence: Silence, change: Change, route: Route, now: datetime) -> bool:
    """Whether a line of the log is silenced: a turn of a topic, a changed headline."""
    if not (_holds(silence, now) or _holds(silence, change.at)):
        return False
    match silence.scope:
        case Scope.TOPIC:
            return change.topic == silence.target
        case Scope.STORY:
            return change.story_id.startswith(silence.target)
        case Scope.SOURCE:
            return change.entry is not None and change.entry.source.casefold() == silence.target.casefold()
        case Scope.ROUTE:
            return route.name == silence.target
        case Scope.ENTITY:
            named = change.entry.entities if change.entry else ()
            return silence.target in (*named, change.signal.entity if change.signal else "")


def _holds(silence: Silence, when: datetime) -> bool:
    return silence.since <= when < silence.end


# every reason ─────────────────────────────────────────────────────────────────────────────────


def reasons(
    quiet: Quieted,
    hits: Iterable[Hit],
    *,
    reader: Reader,
    messages: Iterable[Message],
    digests: Sequence[Digest],
    changes: Iterable[Change] = (),
    now: datetime,
) -> list[Passed]:
    """Return why each entry that the cursor passes with these `hits` is not told, and each turn and signal
    that it passes with these `changes`.

    `messages` are those that are queued, `digests` what was composed before it was made to fit.
    """
    told = [one.told for one in messages]
    items = {item for one in told for some in one.values() for item in some}
    shown = {story for one in told for story in one}
    dossiers = {one.story.id: one for one in quiet.situation.dossiers}
    cut = {
        story.id: one.id
        for one in digests
        for part in one.sections
        for story in part.stories
        if story.id not in shown
    }
    found: dict[str, Passed] = {}
    for hit in hits:
        entry, item = hit.entry.id, f"entry:{hit.entry.id}"
        dossier = dossiers.get(hit.story_id)
        if item in items or (dossier is not None and item in dossier.told):
            continue
        kind, detail = _reason(quiet, hit, dossier, cut, reader)
        until = None
        if kind is PassedKind.DEVELOPMENT and (until := _next(quiet.situation, hit, reader.route, now)):
            kind = PassedKind.GROUPED
            detail = f"its story was alerted a moment ago; looked at again at {until:%Y-%m-%d %H:%MZ}"
        found[entry] = Passed(entry_id=entry, kind=kind, detail=detail, at=now, until=until)
    known = items | quiet.situation.heard
    for change in changes:
        item = item_of(change)
        if item and item not in known and (why := _unsaid(quiet, change, item, reader)):
            found[item] = Passed(entry_id=item, kind=why[0], detail=why[1], at=now)
    return list(found.values())


def _unsaid(quiet: Quieted, change: Change, item: str, reader: Reader) -> tuple[PassedKind, str] | None:
    """Return why a turn or signal is not told; None for one that is held: it was known from the start."""
    route = reader.route
    if change.turn is not None and change.turn.held:
        return None
    if not wanted(change, route):
        return PassedKind.NOT_ASKED, f"route {route.name} tells only {', '.join(sorted(route.tells))}"
    if item in quiet.muted:
        by = quiet.muted[item]
        return PassedKind.SILENCED, _silenced(by) if by else "the story that told it is silenced"
    if change.signal is not None and not at_once(change.signal, route):
        return PassedKind.OVER, "the burst is over: told in digests, nobody is woken"
    if route.send is Send.IMMEDIATE and reader.digest:
        return PassedKind.BUDGET, _over_budget(reader)
    return PassedKind.WITHDRAWN, "nothing that tells it is about the route's topics any more"


def _silenced(by: Silence) -> str:
    return f"silenced by {by.id} ({by.by}: {by.why}, until {by.until:%Y-%m-%d %H:%MZ})"


def _over_budget(reader: Reader) -> str:
    budget = reader.route.budget
    return f"over the budget of {budget} alerts an hour: in the digest of route {reader.digest}"


def _reason(
    quiet: Quieted, hit: Hit, dossier: Dossier | None, cut: Mapping[str, str], reader: Reader
) -> tuple[PassedKind, str]:
    if by := quiet.silenced.get(hit.entry.id):
        return PassedKind.SILENCED, _silenced(by)
    if STORIES not in reader.route.tells:
        return PassedKind.NOT_ASKED, f"route {reader.route.name} tells no stories"
    if dossier is None:
        return PassedKind.WITHDRAWN, "its story is about none of the route's topics any more"
    if copied := _copied(dossier, hit.entry.id):
        return PassedKind.COPY, f"copy of e:{copied[:12]}: one more carrier, no news"
    if hit.story_id in cut:
        digest = cut[hit.story_id]
        return PassedKind.NO_ROOM, f"no room in message {digest[:12]}; comes in the next digest"
    if reader.route.send is Send.IMMEDIATE and not dossier.told:
        return PassedKind.BUDGET, _over_budget(reader)
    if reader.route.send is Send.IMMEDIATE:
        return PassedKind.DEVELOPMENT, "its story was told before; what is new in it goes to the digests"
    return PassedKind.KNOWN, "nothing new in it for this reader: source and facts were told before"


def _next(situation: Situation, hit: Hit, route: Route, now: datetime) -> datetime | None:
    """Return when something new in a story may be told that was told before."""
    last = situation.lasts.get(hit.story_id)
    if last is None:
        return None
    moments = [last + one for one in (route.group_interval, route.repeat_interval) if one]
    return min((one for one in moments if one > now), default=None)


def _copied(dossier: Dossier, entry_id: str) -> str:
    return next(
        (
            link.other_id
            for link in dossier.story.links
            if link.entry_id == entry_id and link.kind is LinkKind.COPY and not link.veto
        ),
        "",
    )
