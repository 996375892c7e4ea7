"""Threads of messages: what was the first about a story, and what came after it.

Each function is part of one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, not_, or_, select

from monitor.model import CANARY, Delivery, DeliveryStatus, Follows, Kind, Message, Thread
from monitor.stores import _stories
from monitor.stores._codec import decode, storable
from monitor.stores._rows import AnyRow, chunks
from monitor.stores._tables import FOLLOWS, deliveries, told

FOR_SOMEBODY = deliveries.c.channel != CANARY
"""Not the canary's: that is nobody's message."""
_ON_ITS_WAY = (DeliveryStatus.QUEUED.value, DeliveryStatus.SENDING.value)


def firsts(
    conn: Connection, routes: Sequence[str], channel: str, recipient: str, story_ids: Iterable[str]
) -> dict[str, Follows]:
    """Return the first message about each story (see Store.firsts)."""
    wanted = (
        select(told.c.story_id, deliveries.c.n, deliveries.c.id, deliveries.c.queued_at, deliveries.c.message)
        .join_from(told, deliveries, told.c.delivery_id == deliveries.c.id)
        .where(told.c.route.in_(routes), told.c.channel == channel, told.c.recipient == storable(recipient))
        .where(not_(FOLLOWS))
        .order_by(deliveries.c.n)
    )
    now = _stories.names_of(conn, story_ids)
    found: dict[str, tuple[int, Follows]] = {}
    for chunk in chunks(sorted(now)):
        for row in conn.execute(wanted.where(told.c.story_id.in_(chunk))):
            story, message = now[row.story_id], decode(Message, row.message)
            if message.kind is Kind.DIGEST or (story in found and found[story][0] <= row.n):
                continue
            first = Follows(message=message.id, delivery=row.id, at=row.queued_at, subject=message.subject)
            found[story] = row.n, first
    return {story: first for story, (_, first) in found.items()}


def ready() -> ColumnElement[bool]:
    """Say that nothing has to go out before a delivery: the first of its thread is not under way.

    One that failed holds up nobody: it may take hours, and a denial does not wait for it.
    """
    root = deliveries.alias("root")
    first = select(root.c.n).where(root.c.id == deliveries.c.root, root.c.status.in_(_ON_ITS_WAY))
    return or_(not_(FOLLOWS), not_(exists(first)))


def with_threads(conn: Connection, claimed: Sequence[Delivery]) -> list[Delivery]:
    """Return deliveries with the thread that they belong to, if they follow another message."""
    roots = {one.message.follows.delivery for one in claimed if one.message.follows}
    if not roots:
        return list(claimed)
    heads: dict[str, AnyRow] = {}
    later: dict[str, list[Message]] = {}
    for chunk in chunks(sorted(roots)):
        for row in conn.execute(_columns().where(deliveries.c.id.in_(chunk))):
            heads[row.id] = row
        for row in conn.execute(
            _columns().where(FOLLOWS, deliveries.c.root.in_(chunk)).order_by(deliveries.c.n)
        ):
            later.setdefault(row.root, []).append(decode(Message, row.message))
    return [_with_thread(one, heads, later) for one in claimed]


def _columns() -> Any:
    return select(deliveries.c.id, deliveries.c.root, deliveries.c.handle, deliveries.c.message)


def _with_thread(one: Delivery, heads: dict[str, AnyRow], later: dict[str, list[Message]]) -> Delivery:
    head = heads.get(one.message.follows.delivery) if one.message.follows else None
    if head is None:
        return one
    thread = Thread(
        first=decode(Message, head.message), handle=head.handle, later=tuple(later.get(head.id, ()))
    )
    return replace(one, thread=thread)
