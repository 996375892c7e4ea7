"""Promises 1b and 2: stories and turns follow from matches; a cursor moves and frozen messages are queued."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from itertools import count
from typing import Any

from monitor import slots
from monitor.cluster import WINDOW
from monitor.compose import Desk, Quieted, Reader, Situation, item_of, plan, quieted, reasons, stay_behind
from monitor.model import (
    Cursor,
    Delivery,
    DeliveryStatus,
    Digest,
    FactKind,
    Follows,
    Kind,
    LinkKind,
    Message,
    PassedKind,
    Recipient,
    Route,
    Said,
    Send,
    Story,
    StoryEntry,
)
from monitor.pipeline._shop import Parts, Shop, written
from monitor.pipeline.following import Following
from monitor.pipeline.grouping import BATCH, Grouping
from monitor.pipeline.sensing import Sensing
from monitor.process import give_back
from monitor.render.threads import story_of
from monitor.render.tidy import web_link
from monitor.stores import Store

LATELY = timedelta(days=7)
"""Outages that ended so long ago are told by no digest any more."""


class Telling:
    """Folds matches into stories and queues what each reader is due. Plain code, for the store's thread."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._grouping, self._following, self._sensing = Grouping(shop), Following(shop), Sensing(shop)
        self._token: str | None = None
        """The right to group that was held last."""
        self._troubles: set[str] | None = None
        """Where a template fails, as the store has it; None: not asked yet."""
        self._failed: str | None = None
        """What the last template said that failed; empty: all was well; None: nothing was rendered."""

    def fold(self) -> bool:
        """Promise 1b: stories and turns follow from matches; repeated after a crash they get the same ids.

        One process does it for all that share a database, and begins again where somebody's hands
        changed stories meanwhile. Returns whether more may wait: a batch is done at a time, or what polls
        found would wait for the store, and in memory, until thousands are filed.
        """
        grouping = self._grouping
        token = grouping.turn()
        if token != self._token:  # another process, or somebody's hands, changed stories meanwhile
            self._following.forget()
        while token is not None:
            self._token = token
            entries = grouping.waiting()
            if entries:
                stories, full = grouping.stories(entries), len(entries) == BATCH
                del entries  # their texts, some megabytes, while others are read
                if not self._record(stories, token):
                    token = grouping.turn()
                    continue
                self._shop.tally.numbers["stories"] += sum(_is_new(story) for story in stories)
                give_back()
                if full:
                    return True
            self._record([], token)  # a revised text may tell a state, too
            self._sense(token)
            break
        return False

    def _record(self, stories: Sequence[Story], token: str) -> bool:
        turns = self._following.turns(stories)
        if not stories and not turns:
            return True
        done = False
        try:
            done = self._shop.store.record_stories(stories, turns, token)
        finally:
            if not done:
                self._following.forget()
                self._grouping.forget()
        return done

    def _sense(self, token: str) -> None:
        """Note what is unusual about topics and routes as a whole, when a mark has come."""
        now, done = self._shop.clock.now(), False
        if not self._sensing.due(now):
            return
        signals, facts = self._sensing.signals(now)
        if not facts:
            return
        try:
            done = self._shop.store.record_stories([], [], token, signals=signals, facts=facts)
        finally:
            if not done:
                self._sensing.forget()
        for one in signals if done else ():
            about = {"topic": one.topic, "route": one.route, "entity": one.entity}
            self._shop.say(
                "signal", signal=one.id, what=one.kind.value, over=one.over, **about, **one.numbers
            )

    def queue(self, *, digests: bool = True) -> None:
        """Queue what each reader is due. Where a template fails, they get the shipped form and the error.

        Without `digests` only what is told at once.
        """
        shop, now = self._shop, self._shop.clock.now()

        @cache  # an immediate route is asked each second, and mostly there is nothing to tell
        def desk() -> Desk:
            states, outages = shop.store.feed_states(), shop.store.outages(now - LATELY)
            return replace(shop.parts.desk, states=states, outages=outages)

        for cursor, route, recipient in readers(shop.parts, shop.store.cursors()):
            if route.send is Send.DIGEST and not (digests and _due(cursor, now)):
                continue
            self._failed = None
            self._queue_one(cursor, route, recipient, desk, now)
            if self._failed is not None:
                self._trouble(cursor, self._failed)

    def _trouble(self, cursor: Cursor, detail: str) -> None:
        """Keep for `status` what a template that fails says, until it fails no more."""
        shop, place = self._shop, f"trouble:{cursor.route}:{cursor.channel}"
        if self._troubles is None:
            self._troubles = {name for name, said in shop.store.meta().items() if said}
        if detail and place not in self._troubles:
            shop.say("render-failed", route=cursor.route, channel=cursor.channel, detail=detail)
        if detail or place in self._troubles:
            shop.store.meta({place: detail})
            self._troubles = self._troubles | {place} if detail else self._troubles - {place}

    def _queue_one(
        self, cursor: Cursor, route: Route, recipient: Recipient, desk: Callable[[], Desk], now: datetime
    ) -> None:
        """Promise 2: the cursor moves over matches and the frozen messages are queued, in one.

        `desk` gives the desk with how its feeds are, which costs reading all of them.
        """
        shop = self._shop
        until = now - route.group_wait if route.send is Send.IMMEDIATE else now
        instead = self._digest_route(route, cursor.channel)
        reader = Reader(route=route, channel=cursor.channel, recipient=recipient, digest=instead)
        plain = shop.parts.desk
        found = situation(shop.store, reader, plain, after=cursor.position, until=until, now=now)
        if route.send is Send.IMMEDIATE and found.news.position == cursor.position and not found.again:
            return
        quiet = self._quieted(found, reader, now)
        room = self._room(route, cursor, now)
        moved, digests = plan(quiet.situation, cursor, reader, desk(), now=now, room=room)
        due = slots.quiet_until(route, now, timezone=recipient.timezone)
        if route.send is Send.DIGEST and digests:
            over_budget, silenced = self._over_budget(route, cursor), len(quiet.silenced)
            digests = [replace(one, over_budget=over_budget, silenced=silenced) for one in digests]
        digests = self._threaded(digests, reader)
        deliveries = list(self._all_deliveries(digests, route, now, due))
        messages = [one.message for one in deliveries if not one.instead_of]
        left_out = _left_out(digests, messages) if route.send is Send.DIGEST else frozenset()
        moved = stay_behind(moved, cursor, found.news, left_out)
        over = [hit for hit in found.news.hits if hit.seq <= moved.position or hit.story_id in left_out]
        over += [
            hit
            for one in found.dossiers
            for hit in one.hits
            if one.story.id in found.again and hit.seq <= cursor.position
        ]
        lines = [one for one in found.news.changes if one.seq <= moved.position]
        passed = reasons(
            quiet, over, reader=reader, messages=messages, digests=digests, changes=lines, now=now
        )
        if shop.store.enqueue(moved, deliveries, cursor.position, passed=passed):
            for delivery in (one for one in deliveries if not one.instead_of):
                shop.say("queued", delivery=delivery.id, route=route.name, channel=cursor.channel, due=due)

    def _quieted(self, found: Situation, reader: Reader, now: datetime) -> Quieted:
        """Take what is silenced out of a situation; what was silenced before stays so."""
        store = self._shop.store
        silences = store.silences()
        if not silences:
            return Quieted(situation=found)
        entries = {hit.entry.id for one in found.dossiers for hit in one.hits}
        place = (reader.route.name, reader.channel, reader.recipient.address)
        before = {one.entry_id for one in store.passed(*place, entries) if one.kind is PassedKind.SILENCED}
        return quieted(found, silences, route=reader.route, before=before, now=now)

    def _digest_route(self, route: Route, channel: str) -> str:
        """Return the route by which whoever gets these alerts gets a digest of the same topics."""
        if route.send is not Send.IMMEDIATE:
            return ""
        digests = (one for one in self._shop.parts.routes if one.send is Send.DIGEST)
        return next((one.name for one in digests if _tells(one, route, channel)), "")

    def _over_budget(self, route: Route, cursor: Cursor) -> int:
        """How many reports were over an hour's budget of alerts since the last digest, and come here."""
        alerting = [one for one in self._shop.parts.routes if one.send is Send.IMMEDIATE and one.budget]
        return sum(
            one.kind is PassedKind.BUDGET and (cursor.last_slot is None or one.at > cursor.last_slot)
            for immediate in alerting
            if _tells(route, immediate, cursor.channel)
            for one in self._shop.store.passed(immediate.name, cursor.channel, cursor.recipient)
        )

    def _room(self, route: Route, cursor: Cursor, now: datetime) -> int | None:
        """How many more alerts this recipient may get within the hour; None: any number."""
        if not route.budget:
            return None
        hour = now - timedelta(hours=1)
        sent = self._shop.store.queued_since(route.name, cursor.channel, cursor.recipient, hour)
        return max(route.budget - sent, 0)

    def _threaded(self, digests: Sequence[Digest], reader: Reader) -> list[Digest]:
        """Say of each alert which message about its story this recipient had first, by whatever route."""
        stories = {story_of(one) for one in digests if one.kind is not Kind.DIGEST} - {""}
        if not stories:
            return list(digests)
        routes = [one.name for one in self._shop.parts.routes if one.send is Send.IMMEDIATE]
        firsts = self._shop.store.firsts(routes, reader.channel, reader.recipient.address, stories)
        return [
            replace(one, follows=firsts.get(story_of(one))) if one.kind is not Kind.DIGEST else one
            for one in digests
        ]

    def _all_deliveries(
        self, digests: Sequence[Digest], route: Route, now: datetime, due: datetime
    ) -> Iterator[Delivery]:
        """Yield the deliveries of digests; of two about one story the second follows the first."""
        firsts: dict[str, Follows] = {}
        for digest in digests:
            story = story_of(digest) if digest.kind is not Kind.DIGEST else ""
            made = list(self._deliveries(_following(digest, firsts.get(story)), route, now, due))
            if story:
                first = made[0]
                follows = Follows(
                    message=first.message.id, delivery=first.id, at=now, subject=first.message.subject
                )
                firsts.setdefault(story, follows)
            yield from made

    def _deliveries(self, digest: Digest, route: Route, now: datetime, due: datetime) -> Iterator[Delivery]:
        """Yield the delivery of a digest, and those that stand in for it should it fail for good."""
        parts = self._shop.parts
        message = self._message(digest)
        if route.send is Send.IMMEDIATE and due <= now:  # what is held waits because it was asked to
            message = replace(message, published=_published(digest, message))
        first = Delivery(
            id=f"{digest.id}-{digest.channel}",
            message=message,
            channel=digest.channel,
            due_at=due,
            queued_at=now,
            detail=f"held by quiet hours until {due:%Y-%m-%d %H:%MZ}" if due > now else "",
        )
        yield first
        fallback = route.fallback or parts.fallbacks.get(digest.channel, "")
        channel = parts.channels.get(fallback)
        for recipient in channel.recipients() if channel and fallback != digest.channel else ():
            for message in self._spares(digest, first.message, fallback, recipient):
                yield replace(
                    first,
                    id=f"{message.id}-{fallback}",
                    message=message,
                    channel=fallback,
                    status=DeliveryStatus.SPARE,
                    instead_of=first.id,
                )

    def _spares(
        self, digest: Digest, first: Message, channel: str, recipient: Recipient
    ) -> Iterator[Message]:
        """Yield what a fallback says: all that the first message tells, which no later digest will.

        It is frozen with it, in further messages where the fallback has less room.
        """
        rest = _only(digest, first.told)
        place = f"{digest.id}\x1f{channel}\x1f{recipient.address}"
        for number in count():
            name = blake2b((place + (f"\x1f{number}" if number else "")).encode(), digest_size=16)
            spare = replace(
                rest, id=name.hexdigest(), channel=channel, recipient=recipient, follows=None, in_parts=True
            )
            message = self._message(spare)
            yield message
            left = _left_out([spare], [message])
            if not left or len(left) == len(_stories(rest)):
                return
            rest = _continued(_only(rest, left))

    def _message(self, digest: Digest) -> Message:
        """Return the digest as its channel will get it, and remember whether a template failed."""
        parts = self._shop.parts
        copy_at = parts.copies.place(digest) if parts.copies else ""
        if digest.in_parts and not web_link(copy_at):
            copy_at = ""  # what has no room follows at once: nobody need look for it on our machine
        message, failed = written(parts, digest, copy_at=copy_at)
        self._failed = failed or self._failed or ""
        return message

    def start_cursors(self, now: datetime) -> None:
        """Make a cursor for every reader that has none; it stands behind what came before the backfill."""
        shop = self._shop
        existing = {(c.route, c.channel, c.recipient) for c in shop.store.cursors()}
        for route in shop.parts.routes:
            for name in route.channels:
                for recipient in shop.parts.channels[name].recipients():
                    if (route.name, name, recipient.address) in existing:
                        continue
                    upcoming = None
                    if route.send is Send.DIGEST:
                        upcoming = slots.next_slot(route, now, timezone=recipient.timezone)
                    cursor = Cursor(
                        route=route.name,
                        channel=name,
                        recipient=recipient.address,
                        position=0,
                        next_slot=upcoming,
                    )
                    shop.store.start_cursor(cursor, now - shop.parts.poll.backfill)

    def make_due(self, route: str, now: datetime) -> None:
        """Make a digest route's next slot due now, for all its readers."""
        for cursor in self._shop.store.cursors():
            if cursor.route == route and cursor.next_slot is not None:
                self._shop.store.enqueue(replace(cursor, next_slot=now), [], cursor.position)


def readers(parts: Parts, cursors: Iterable[Cursor]) -> Iterator[tuple[Cursor, Route, Recipient]]:
    """Yield those of the cursors that are somebody's in the config, with the route and who it is."""
    routes = {route.name: route for route in parts.routes}
    for cursor in cursors:
        route, channel = routes.get(cursor.route), parts.channels.get(cursor.channel)
        if route is None or channel is None or cursor.channel not in route.channels:
            continue
        for recipient in channel.recipients():
            if recipient.address == cursor.recipient:
                yield cursor, route, recipient
                break


def late_since(parts: Parts, cursors: Iterable[Cursor], now: datetime) -> datetime | None:
    """Return when the digest was due that is most overdue; None: none is due."""
    due = (cursor.next_slot for cursor, _, _ in readers(parts, cursors) if _due(cursor, now))
    return min((slot for slot in due if slot is not None), default=None)


def situation(
    store: Store, reader: Reader, desk: Desk, *, after: int, until: datetime, now: datetime
) -> Situation:
    """Return what lies behind a reader's cursor at `after`, with the stories that matter to it."""
    route, channel, address = reader.route, reader.channel, reader.recipient.address
    news = store.news(route.topics, after, until, route=route.name)
    again = frozenset[str]()
    if route.send is Send.IMMEDIATE:
        again = store.waiting(route.name, channel, address, now)
    if news.position == after and not route.nothing_new and not again:
        return Situation(news=news)
    stories = {hit.story_id for hit in news.hits} | {change.story_id for change in news.changes}
    # A digest reminds of what is open. An alert needs other stories only to hold a new value against theirs.
    if route.send is Send.DIGEST or again or any(_measures(desk.read(hit.entry)) for hit in news.hits):
        stories |= store.told(route.name, channel, address, since=now - WINDOW)
    stories |= again
    items = {item for change in news.changes if (item := item_of(change))}
    shown = {one for change in news.changes if change.signal for one in change.signal.entry_ids}
    lasts = store.lasts(route.name, channel, address, stories) if route.send is Send.IMMEDIATE else {}
    return Situation(
        news=news,
        again=again,
        heard=store.heard(route.name, channel, address, items) if items else frozenset(),
        items={one.id: StoryEntry(entry=one) for one in store.entries(shown)} if shown else {},
        lasts=lasts,
        dossiers=store.dossiers(route.name, channel, address, route.topics, stories - {""}),
        turns=store.turns(route.topics),
    )


def _measures(said: Said) -> bool:
    """Whether a text gives a value that another story's may contradict."""
    return any(fact.about and fact.kind not in (FactKind.PLACE, FactKind.DATE) for fact in said.facts)


def _is_new(story: Story) -> bool:
    """Whether a story was begun by what was just grouped."""
    filed = sum(link.kind is not LinkKind.MANUAL and not link.veto for link in story.links)
    return filed == len(story.entry_ids)


def _left_out(digests: Sequence[Digest], messages: Sequence[Message]) -> frozenset[str]:
    """Return the stories that were to be told and stand in no message."""
    shown = {story for one in messages for story in one.told}
    return frozenset(story for one in digests for story in _stories(one)) - shown


def _stories(digest: Digest) -> frozenset[str]:
    return frozenset(story.id for part in digest.sections for story in part.stories)


def _only(digest: Digest, stories: Collection[str]) -> Digest:
    """Return a digest with these of its stories."""
    parts = (
        replace(part, stories=tuple(one for one in part.stories if one.id in stories))
        for part in digest.sections
    )
    return replace(digest, sections=tuple(part for part in parts if part.stories))


def _continued(digest: Digest) -> Digest:
    """Return a digest that says only what is in its sections: the message before had the rest."""
    nothing: dict[str, Any] = dict.fromkeys(("turns", "signals", "open", "troubles", "recovered"), ())
    return replace(digest, continued=True, over_budget=0, silenced=0, feeds_ok=0, feeds_total=0, **nothing)


def _tells(digest: Route, immediate: Route, channel: str) -> bool:
    """Whether a digest route tells all that an immediate one does, by the same channel."""
    both = channel in digest.channels and channel in immediate.channels
    return both and set(immediate.topics) <= set(digest.topics)


def _following(digest: Digest, first: Follows | None) -> Digest:
    """Let a digest follow the first about its story, unless an earlier one is known."""
    return replace(digest, follows=first) if first and not digest.follows else digest


def _published(digest: Digest, message: Message) -> datetime | None:
    """Return when the first of the reports that a message tells was out; None where none says so.

    A revised one is out anew. Nobody publishes after we saw it: clocks that are ahead are set back.
    """
    told = {item for items in message.told.values() for item in items}
    entries = {
        item.entry.id: item.entry
        for section in digest.sections
        for story in section.stories
        for item in (story.lead, *story.also, *story.carriers, *story.news.sources)
        if f"entry:{item.entry.id}" in told
    }
    out = []
    for one in entries.values():
        seen = one.first_seen if one.revision == 1 else digest.until
        if when := max(filter(None, (one.published, one.updated)), default=None):
            out.append(min(when, seen))
    return min(out, default=None)


def _due(cursor: Cursor, now: datetime) -> bool:
    return cursor.next_slot is not None and cursor.next_slot <= now
