"""WebSub 1.0 (W3C Recommendation of 2018-01-23), the subscriber's side: what is said, and what follows.

Pure: messages in, answers out; the subscriptions of one feed in, those it has from now on out. A hub's
word is believed as far as it is signed, its silence only once it has sent something good, and no more
when a poll finds what it did not send (the rule of FreshRSS, with a probation that grows).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import urlencode

from monitor.model import Document, Secret, Standing, Subscription, Trust

PATH: Final = "/websub/"
"""Under the public address: where hubs call back."""
ASKED_LEASE: Final = timedelta(days=10)
NO_LEASE: Final = timedelta(days=1)
"""What a lease is taken for that a hub leaves out or that cannot be read."""
LEAST_LEASE: Final = timedelta(minutes=10)
MOST_LEASE: Final = timedelta(days=30)
"""Whatever a hub says: it is asked again no more often than the one, no more seldom than the other."""
RENEWED_AT: Final = 0.8
"""The share of a lease after which it is renewed: a hub that is down for a day costs nothing."""
CONFIRMED_WITHIN: Final = timedelta(hours=1)
"""After a hub took a request without confirming it, it is asked again."""
FIRST_WAIT: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=24)
"""Between tries at a hub that refuses: doubled each time."""
DENIED_WAIT: Final = timedelta(hours=24)
FAREWELLS: Final = 3
"""Tries to leave: who is told 410 with each push understands it in the end (§5.3 of the spec)."""
RACE: Final = timedelta(minutes=5)
"""A push that comes so soon after a poll found its news was only slower than the poll."""
PROBATION: Final = timedelta(hours=1)
"""After which a push is taken for good again; doubled with each time that one was missed."""
MOST_STRIKES: Final = 8
LONGEST_REASON: Final = 200
LONGEST_CHALLENGE: Final = 4_096
LONGEST_URL: Final = 2_000
_METHODS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""§8.1; sha1 is what most hubs still send, and HMAC does not rest on what broke it."""

Rows: TypeAlias = tuple[Subscription, ...]
"""The subscriptions of one feed: one that holds, perhaps one that will, perhaps some that are to end."""


# words ────────────────────────────────────────────────────────────────────────────────────────


class Keys:
    """Callbacks and secrets, made of subscriptions' ids and one key: what is not stored cannot leak.

    `key` are 32 bytes of chance, `base` our public address without a slash at its end.
    """

    def __init__(self, key: bytes, base: str) -> None:
        self._key, self._base = key, base

    def callback(self, subscription_id: str) -> str:
        """Return the URL at which a hub reaches us: 128 bits that only we can make (§5.1, RFC 4086)."""
        return f"{self._base}{PATH}{subscription_id}{self._mark(subscription_id)}"

    def opened(self, name: str) -> str:
        """Return the id in the last part of a callback; "" if it is none of ours. Asks no store."""
        subscription_id, mark = name[:32], name[32:]
        right = hmac.compare_digest(mark.encode("utf-8", "replace"), self._mark(subscription_id).encode())
        return subscription_id if right else ""

    @property
    def name(self) -> str:
        """What changes with the key or the address, and tells neither."""
        return sha256(self.callback("").encode("utf-8", "replace")).hexdigest()[:16]

    def secret(self, subscription_id: str) -> Secret:
        """Return the `hub.secret`: 64 bytes of the 199 that it may have (§5.1)."""
        return Secret(self._made("secret", subscription_id))

    def _mark(self, subscription_id: str) -> str:
        return self._made("callback", subscription_id)[:32]

    def _made(self, what: str, subscription_id: str) -> str:
        text = f"{what} {subscription_id}".encode("utf-8", "replace")
        return hmac.new(self._key, text, "sha256").hexdigest()


def request(one: Subscription, keys: Keys) -> bytes:
    """Return the form to post to the hub (§5.1): to subscribe, or to leave."""
    leaving = one.standing is Standing.LEAVING
    form = {
        "hub.mode": "unsubscribe" if leaving else "subscribe",
        "hub.topic": one.topic,
        "hub.callback": keys.callback(one.id),
    }
    if not leaving:
        form["hub.secret"] = keys.secret(one.id).value
        form["hub.lease_seconds"] = str(ASKED_LEASE // timedelta(seconds=1))
    return urlencode(form).encode("ascii")


def signed(header: str, body: bytes, secret: Secret) -> bool:
    """Whether `X-Hub-Signature` is the body's under our secret (§8.1), in constant time."""
    method, _, digest = header.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    right = hmac.new(secret.value.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(right.encode(), digest.strip().lower().encode("utf-8", "replace"))


def lease_of(text: str) -> timedelta:
    """Read `hub.lease_seconds`, within what we go along with."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        return NO_LEASE
    return min(max(timedelta(seconds=min(int(text), 10**9)), LEAST_LEASE), MOST_LEASE)


def offer(named: Mapping[str, str], document: Document) -> tuple[str, str]:
    """Return the hub and the topic that a feed names (§4): the headers' word before the document's.

    `named` are the URLs of its Link headers by relation. Without both there is nothing to subscribe to.
    """
    found = (named.get("hub") or document.hub, named.get("self") or document.self_url)
    usable = all(url.isprintable() and 0 < len(url) <= LONGEST_URL for url in found)
    return found if usable else ("", "")


# what a feed has ──────────────────────────────────────────────────────────────────────────────


def is_live(one: Subscription, now: datetime) -> bool:
    """Whether a hub is bound to tell us."""
    return one.standing is Standing.VERIFIED and one.lease_until is not None and now < one.lease_until


def is_relied_on(rows: Iterable[Subscription], now: datetime) -> bool:
    """Whether a hub's silence means that there is nothing new."""
    return any(is_live(one, now) and one.trust is Trust.TRUSTED for one in rows)


def has(rows: Iterable[Subscription], hub: str, topic: str) -> bool:
    """Whether a feed is subscribed to there, or is going to be."""
    return any((one.hub, one.topic) == (hub, topic) for one in rows if one.standing is not Standing.LEAVING)


def current(rows: Iterable[Subscription]) -> Subscription | None:
    """Return the subscription that stands for a feed: one that holds, else one that is to come."""
    order = (Standing.VERIFIED, Standing.PENDING, Standing.DENIED)
    there = [one for one in rows if one.standing in order]
    return min(there, key=lambda one: (order.index(one.standing), one.id), default=None)


def standing_of(one: Subscription, now: datetime) -> str:
    """Return in a word how a subscription is: pending, verified, expired, denied."""
    if one.lease_until is not None and one.lease_until <= now and one.standing is not Standing.DENIED:
        return "expired"
    return one.standing.value


# what follows ─────────────────────────────────────────────────────────────────────────────────


def offered(rows: Rows, *, feed_url: str, hub: str, topic: str, fresh: str, now: datetime) -> Rows:
    """A feed names a hub: subscribe there, unless that is so; leave what it named before.

    `fresh` is the id of a new subscription, 32 characters of chance.
    """
    if has(rows, hub, topic):
        return rows
    new = Subscription(id=fresh, feed_url=feed_url, hub=hub, topic=topic, due_at=now)
    return (*left(rows, now), new)


def anew(rows: Rows, *, fresh: str, now: datetime) -> Rows:
    """Hubs cannot reach us any more where they were told, or the key is another: ask for all again."""
    one = current(rows)
    if one is None:
        return ()
    again = Subscription(id=fresh, feed_url=one.feed_url, hub=one.hub, topic=one.topic, due_at=now)
    return (replace(_heir(again, one), poll_by=now),)


def left(rows: Rows, now: datetime) -> Rows:
    """A feed is not to be subscribed to any more: it is polled as ever, and first of all now."""
    return tuple(gone for one in rows if (gone := _leaving(one, now, poll_by=now)) is not None)


def _leaving(one: Subscription, now: datetime, *, poll_by: datetime | None) -> Subscription | None:
    if one.standing is Standing.LEAVING:
        return one
    if one.asked_at is None or one.standing is Standing.DENIED:
        return None
    return replace(
        one,
        standing=Standing.LEAVING,
        due_at=now,
        asked_at=None,
        attempts=0,
        reason="",
        poll_by=poll_by if one.standing is Standing.VERIFIED else one.poll_by,
    )


def taken(rows: Rows, *, which: str, fresh: str, now: datetime) -> Rows:
    """Something is due about a subscription: it is to be asked for (`asked_at` is now), or renewed.

    A renewal is a new subscription with an id, and so a callback, of its own; the old one holds until
    the new one is confirmed, or its lease is over.
    """
    one = next((one for one in rows if one.id == which and one.due_at <= now), None)
    if one is None:
        return rows
    others = tuple(other for other in rows if other is not one)
    match one.standing:
        case Standing.VERIFIED:
            assert one.lease_until is not None
            heirs = [other for other in others if other.standing is not Standing.LEAVING]
            if not heirs:
                new = Subscription(id=fresh, feed_url=one.feed_url, hub=one.hub, topic=one.topic, due_at=now)
                others = (*others, replace(_heir(new, one), lease_until=one.lease_until))
            if now < one.lease_until:
                return (*others, replace(one, due_at=one.lease_until))
            return tuple(replace(other, poll_by=now) for other in others)
        case Standing.LEAVING if one.attempts >= FAREWELLS:
            return others
        case Standing.DENIED:
            one = replace(one, standing=Standing.PENDING)
    tries = one.attempts + 1
    return (*others, replace(one, asked_at=now, attempts=tries, due_at=now + wait(tries)))


def wait(attempts: int) -> timedelta:
    """Return the time until a hub is asked again after so many tries."""
    return min(FIRST_WAIT * float(2 ** min(max(attempts - 1, 0), 20)), LONGEST_WAIT)


def _heir(new: Subscription, old: Subscription) -> Subscription:
    return replace(
        new,
        trust=old.trust,
        pushed_at=old.pushed_at,
        suspect_at=old.suspect_at,
        strikes=old.strikes,
        pushes=old.pushes,
        ignored=old.ignored,
    )


def answered(rows: Rows, *, which: str, reason: str, retry_after: timedelta | None, now: datetime) -> Rows:
    """A hub took a request (`reason` is ""), or did not; it may have confirmed it meanwhile."""
    least = CONFIRMED_WITHIN if not reason else retry_after or timedelta()
    return tuple(
        replace(one, reason=reason[:LONGEST_REASON], due_at=max(one.due_at, now + min(least, LONGEST_WAIT)))
        if one.id == which and one.standing in (Standing.PENDING, Standing.LEAVING)
        else one
        for one in rows
    )


def confirmed(rows: Rows, *, which: str, mode: str, topic: str, lease: str, now: datetime) -> Rows:
    """A hub verifies what it was asked for (§5.3). Unless just that was asked nothing changes: say 404."""
    asked = next((one for one in rows if one.id == which and one.topic == topic and one.asked_at), None)
    if asked is None:
        return rows
    others = tuple(one for one in rows if one is not asked)
    match mode, asked.standing:
        case "unsubscribe", Standing.LEAVING:
            return others
        case "subscribe", Standing.PENDING:
            span = lease_of(lease)
            old = next((one for one in others if one.standing is Standing.VERIFIED), asked)
            new = replace(
                _heir(asked, old),
                standing=Standing.VERIFIED,
                lease_until=now + span,
                due_at=now + span * RENEWED_AT,
                attempts=0,
                reason="",
            )
            olds = (_leaving(one, now, poll_by=one.poll_by) for one in others)
            return (new, *(one for one in olds if one is not None))
    return rows


def denied(rows: Rows, *, which: str, topic: str, reason: str, now: datetime) -> Rows:
    """A hub says no (§5.2), to a request or to what it once confirmed. It is asked again in a day."""
    said = f"denied: {reason}" if reason else "denied"
    return tuple(
        replace(
            one,
            standing=Standing.DENIED,
            reason=said[:LONGEST_REASON],
            due_at=now + DENIED_WAIT,
            poll_by=now if one.standing is Standing.VERIFIED else one.poll_by,
        )
        if one.id == which
        and one.topic == topic
        and one.asked_at
        and one.standing in (Standing.PENDING, Standing.VERIFIED)
        else one
        for one in rows
    )


# pushes ───────────────────────────────────────────────────────────────────────────────────────


def owed(rows: Rows, *, which: str, by: datetime | None) -> Rows:
    """A push was accepted: unless its content is in the store by then, the feed is polled for it."""
    return tuple(replace(one, poll_by=by) if one.id == which else one for one in rows)


def ignored(rows: Rows, *, which: str) -> Rows:
    """A push was not what it should be."""
    return tuple(replace(one, ignored=one.ignored + 1) if one.id == which else one for one in rows)


def absorbed(rows: Rows, *, which: str, now: datetime) -> Rows:
    """A good push is in the store: its hub can be relied on, after a probation if it once could not."""
    return tuple(_trusted(one, now) if one.id == which else one for one in rows)


def _trusted(one: Subscription, now: datetime) -> Subscription:
    one = replace(one, pushed_at=now, pushes=one.pushes + 1, poll_by=None)
    if one.trust is not Trust.SUSPECT or one.suspect_at is None:
        return replace(one, trust=Trust.TRUSTED)
    since = now - one.suspect_at
    if since <= RACE:
        return replace(one, trust=Trust.TRUSTED, strikes=one.strikes - 1)
    if since >= PROBATION * float(2 ** (one.strikes - 1)):
        return replace(one, trust=Trust.TRUSTED)
    return one


def missed(rows: Rows, now: datetime) -> Rows:
    """A poll found what was not pushed: the hub is not relied on, longer each time that it happens."""
    return tuple(
        replace(one, trust=Trust.SUSPECT, suspect_at=now, strikes=min(one.strikes + 1, MOST_STRIKES))
        if is_live(one, now) and one.trust is not Trust.NEW
        else one
        for one in rows
    )
