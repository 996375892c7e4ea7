"""The canary: an entry of our own that goes all the way and reaches nobody. Where it stops, news would.

It is matched, written and read back in a transaction that is taken back, composed and rendered; then
its message is queued, claimed, sent and recorded as any other is, by the same code and the same tables.
docs/decisions/0012-canary.md says why so. That one is overdue is told to operators once, and once when
the next arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.alive import ARRIVED, LAST, OVERDUE, SINCE, waits_since, when
from monitor.channels import Channel
from monitor.cluster import Clusterer, Known
from monitor.compose import Reader, Situation, plan
from monitor.errors import DeliveryError, DeliveryReason, RenderError
from monitor.match import Matcher
from monitor.model import (
    CANARY,
    Cursor,
    Delivery,
    Digest,
    Entry,
    FeedState,
    Fresh,
    PollRecord,
    Reading,
    Recipient,
    Route,
    Send,
    Sent,
    Sighting,
    Story,
    Topic,
    Trouble,
)
from monitor.pipeline._shop import Shop
from monitor.pipeline.watching import deliveries_of

NAME = "monitor (canary)"
FEED = "https://canary.invalid/"
"""No feed can be there (RFC 6761 §6.4)."""
_TYPE, _PARTS = "file", ("txt", "html")
_READER = Reader(
    route=Route(
        name=CANARY, topics=(CANARY,), channels=(CANARY,), send=Send.IMMEDIATE, group_wait=timedelta(0)
    ),
    channel=CANARY,
    recipient=Recipient(address=CANARY),
)
_TOPIC = Topic(id=CANARY, query="feed:canary.invalid AND canary AND ক্যানারি")
"""Its words are inflected in the entry, in two languages."""
_FINDS = '"canaries" AND "ক্যানারিটির"'
"""What finds the entry in the archive, as match would ask."""


class _StoppedError(Exception):
    """It got no further; the words say where and why."""


class Canary:
    """Lets canaries go and sees whether they arrive. Plain code, for the store's thread."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._matcher = Matcher((), topics=[_TOPIC])
        self._next: datetime | None = None
        self._why = ""

    def watch(self) -> None:
        """Let one go if it is time; tell operators of one that is overdue, and that the next arrived."""
        every, now = self._shop.parts.canary, self._shop.clock.now()
        facts = self._shop.store.meta()
        if not every:
            if facts.get(OVERDUE):
                self._shop.store.meta({OVERDUE: ""})
            return
        last = when(facts, LAST)
        if self._next is None or now >= self._next:  # another process may have let one go meanwhile
            self._next = last + every if last else now
        if not now < self._next <= now + every:
            self._next = now + every
            self._let_go(facts, now)
        else:
            self._judge(facts, now, every)

    # the way ──────────────────────────────────────────────────────────────────────────────────

    def _let_go(self, facts: Mapping[str, str], now: datetime) -> None:
        shop = self._shop
        known = {LAST: _stamp(now)}
        if waits_since(facts) is None:
            known[SINCE] = known[LAST]
        shop.store.meta(known)
        why = ""
        try:
            self._queue(now)
        except (_StoppedError, RenderError) as error:
            why = str(error)
        if why and why != self._why:
            shop.say("canary-failed", detail=why)
        self._why = why

    def _queue(self, now: datetime) -> None:
        """Promise 2 for one of them. Raises _StoppedError and RenderError."""
        shop = self._shop
        digest = self._digest(now)
        message = shop.parts.renderer.render(digest, channel_type=_TYPE, parts=_PARTS)
        # What it tells was told to nobody.
        sent = Delivery(
            id=f"canary-{digest.id}",
            message=NOWHERE.prepare(replace(message, stories=(), told={})),
            channel=CANARY,
            due_at=now,
            queued_at=now,
        )
        cursor = self._cursor(now)
        moved = Cursor(route=CANARY, channel=CANARY, recipient=CANARY, position=cursor.position + 1)
        shop.store.enqueue(moved, [sent], cursor.position)  # not taken: another process lets one go too

    def _digest(self, now: datetime) -> Digest:
        """Read, write and read back the entry of this moment; return what tells it."""
        shop, entry = self._shop, an_entry(now)
        topics = [match for match in self._matcher.read(entry).matches if match.topic == CANARY]
        if len(topics) != 1:
            raise _StoppedError("match: its own topic does not match it")
        # The desk's matcher reads it too; which of its topics it is about is nobody's business.
        key = shop.parts.matcher.read(entry).key
        (story,) = self._stories(entry)
        record = PollRecord(
            state=FeedState(url=FEED),
            fresh=Fresh(
                entries=(entry,),
                sightings=(Sighting(entry_id=entry.id, feed_url=FEED, fingerprint="", seen_at=now),),
            ),
            readings={entry.id: Reading(matches=tuple(topics), key=key)},
        )
        back = shop.store.rehearse(record, story, now, finds=_FINDS)
        if not back.found:
            raise _StoppedError("store: the archive does not find it by its words")
        if [hit.entry for hit in back.news.hits] != [entry]:
            raise _StoppedError("store: what was written is not what is read back")
        situation = Situation(news=back.news, dossiers=back.dossiers)
        start = Cursor(route=CANARY, channel=CANARY, recipient=CANARY, position=0)
        _, digests = plan(situation, start, _READER, shop.parts.desk, now=now, room=None)
        if len(digests) != 1:
            raise _StoppedError("compose: no alert comes of it")
        return digests[0]

    def _stories(self, entry: Entry) -> list[Story]:
        clusterer = Clusterer((), self._matcher.asked)
        stories = clusterer.add([entry], {entry.id: Known(topics=(CANARY,), facts=())})
        if len(stories) != 1:
            raise _StoppedError("cluster: no story comes of it")
        return stories

    def _cursor(self, now: datetime) -> Cursor:
        """Return the cursor of its own, made where there is none yet."""
        for again in (True, False):
            found = [one for one in self._shop.store.cursors() if one.route == CANARY]
            if found or not again:
                break
            start = Cursor(route=CANARY, channel=CANARY, recipient=CANARY, position=0)
            self._shop.store.start_cursor(start, now)
        return found[0]

    # the word ─────────────────────────────────────────────────────────────────────────────────

    def _judge(self, facts: Mapping[str, str], now: datetime, every: timedelta) -> None:
        since, overdue = waits_since(facts), facts.get(OVERDUE, "")
        if since is not None and now - since >= every and not overdue:
            trouble = Trouble(source=NAME, url="", status="canary", reason=self._why[:200], since=since)
            self._word([trouble], [], now)
            what = f"none has arrived since {since:%Y-%m-%d %H:%MZ}"
            detail = f"{what}: {self._why}" if self._why else what
            self._shop.store.meta({OVERDUE: detail})
            self._shop.say("canary-overdue", since=since, detail=self._why)
        elif since is None and overdue:
            began = when(facts, SINCE) or now
            trouble = Trouble(source=NAME, url="", status="canary", reason="", since=began)
            self._word([], [trouble], now)
            self._shop.store.meta({OVERDUE: ""})
            self._shop.say("canary-resumed", since=began)

    def _word(self, troubles: list[Trouble], recovered: list[Trouble], now: datetime) -> None:
        """Queue the word of it; its id says what it is of, so it is queued once whatever happens."""
        queued = list(deliveries_of(self._shop, troubles, recovered, now))
        if queued:
            self._shop.store.record_outages([], [], queued)


def arrived(shop: Shop, delivery: Delivery, outcome: object, now: datetime) -> None:
    """Note that one came through, or say that it did not. For the store's thread."""
    if isinstance(outcome, Sent):
        shop.store.meta({ARRIVED: _stamp(now)})
        shop.say("canary", took=round((now - delivery.queued_at).total_seconds(), 3))
    else:
        shop.say("canary-failed", detail=getattr(outcome, "detail", ""))


def an_entry(now: datetime) -> Entry:
    """Return the entry of a moment."""
    return Entry(
        id=f"canary-{now:%Y%m%dT%H%M%S%f}",
        url=f"{FEED}{now:%Y%m%dT%H%M%S%f}",
        title="Two canaries were heard",
        summary="খাঁচার ক্যানারিটির গান শোনা গেছে।",
        published=now,
        first_seen=now,
        source=NAME,
        feed_url=FEED,
        language="en",
    )


class Nowhere(Channel):
    """The null channel: takes a message that says what it should, and does nothing with it."""

    parts = _PARTS

    def __init__(self) -> None:
        """Nothing is needed to go nowhere."""

    name = CANARY

    def recipients(self) -> tuple[Recipient, ...]:
        """Nobody."""
        return (_READER.recipient,)

    async def send(self, delivery: Delivery) -> str:
        """Take it. Raises DeliveryError where its text lost what the entry said on the way."""
        if any("canaries" not in delivery.message.parts.get(part, "") for part in _PARTS):
            raise DeliveryError(
                DeliveryReason.REJECTED, "the message does not say what the entry said", retryable=False
            )
        return "nowhere"


NOWHERE = Nowhere()


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()
