"""What became of each match for each reader: exactly one state with its reason, or it does not add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.compose import item_of
from monitor.model import ChangeKind, Cursor, Delivery, DeliveryStatus, Hit, Passed, PassedKind, Route
from monitor.stores import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """How many entries, turns and signals of one reader are in each state; what does not add up, in words."""

    route: str
    channel: str
    recipient: str
    states: dict[str, int]
    turns: dict[str, int]
    signals: dict[str, int]
    faults: tuple[str, ...] = ()


def ledger(
    store: Store,
    route: Route,
    cursor: Cursor,
    deliveries: Sequence[Delivery],
    *,
    kept: datetime,
    now: datetime,
) -> Ledger:
    """Account for every match of a route's topics: told in one message, passed for one reason, or waiting.

    Matches before the reader was there, and before reasons were kept at all, are counted as `before`.
    Messages older than `kept` may be gone.
    """
    place = (cursor.route, cursor.channel, cursor.recipient)
    tellers = _tellers(deliveries, place)
    passed = {one.entry_id: one for one in store.passed(*place)}
    hits = store.hits(route.topics, 0, now)
    told = {
        item.removeprefix("entry:")
        for one in store.dossiers(*place, route.topics, {hit.story_id for hit in hits})
        for item in one.told
        if item.startswith("entry:")
    }
    first = max(cursor.start, int(store.meta().get("reasons-from", "0")))
    states: Counter[str] = Counter()
    faults: list[str] = []
    for entry_id, mine in _by_entry(hits).items():
        messages, reason = tellers[entry_id], passed.get(entry_id)
        states[_state(mine, messages, reason, cursor, first, told=entry_id in told)] += 1
        faults += [
            f"e:{entry_id}: {fault}"
            for fault in _faults(mine, messages, reason, cursor, first, kept, told=entry_id in told)
        ]
    who = f"{cursor.route} → {cursor.channel} ({cursor.recipient})"
    apart, more = _lines(store, route, cursor, deliveries, passed, kept=kept, now=now)
    return Ledger(
        route=cursor.route,
        channel=cursor.channel,
        recipient=cursor.recipient,
        states=dict(sorted(states.items())),
        turns=dict(sorted(apart["turn"].items())),
        signals=dict(sorted(apart["signal"].items())),
        faults=tuple(f"{who}: {fault}" for fault in (*faults, *more)),
    )


def _lines(
    store: Store,
    route: Route,
    cursor: Cursor,
    deliveries: Sequence[Delivery],
    passed: Mapping[str, Passed],
    *,
    kept: datetime,
    now: datetime,
) -> tuple[dict[str, Counter[str]], list[str]]:
    """Account for every turn and signal since the reader was there: told once, passed, or waiting."""
    place = (cursor.route, cursor.channel, cursor.recipient)
    changes = store.news(route.topics, cursor.start, now, route=route.name).changes
    lines = {item: change for change in changes if (item := item_of(change))}
    told = store.heard(*place, lines)
    mine, explained = list(_messages(deliveries, place)), _explained_from(store)
    states: dict[str, Counter[str]] = {"turn": Counter(), "signal": Counter()}
    faults: list[str] = []
    for item, change in lines.items():
        tellers = [one for one in mine if _tells(one, item)]
        kind, reason = item.partition(":")[0], passed.get(item)
        held = change.turn is not None and bool(change.turn.held)
        if tellers:
            state = tellers[0].status.value
        elif item in told:
            state = "told"
        elif reason is not None:
            state = reason.kind.value
        elif change.seq > cursor.position:
            state = "waiting"
        else:
            state = "held" if held else "unexplained"
        states[kind][state] += 1
        if len(tellers) > 1:
            faults.append(f"told twice, in {' and '.join(sorted(one.id[:12] for one in tellers))}: {item}")
        if bool(tellers) != (item in told) and change.at > kept:
            faults.append(f"in a message or noted as told, but not both: {item}")
        if item in told and reason is not None:
            faults.append(f"told, and passed as well: {item}: {reason.detail}")
        if state == "unexplained" and change.at > kept and change.seq > explained:
            faults.append(f"the cursor passed it, and neither a message nor a reason is there: {item}")
    return states, faults


def _explained_from(store: Store) -> int:
    """Return the seq up to which turns have no reasons: they were kept later than those of entries."""
    facts = store.meta()
    return max(int(facts.get(name, "0")) for name in ("reasons-from", "turn-reasons-from"))


def _messages(deliveries: Sequence[Delivery], place: tuple[str, str, str]) -> Iterator[Delivery]:
    """Yield the messages to one reader; what stands in for one is no other one."""
    for one in deliveries:
        if (one.message.route, one.channel, one.message.recipient.address) == place and not one.instead_of:
            yield one


def _tells(one: Delivery, item: str) -> bool:
    return any(item in items for items in one.message.told.values())


_REVISED = f"{ChangeKind.REVISED.value}:"


def _tellers(deliveries: Sequence[Delivery], place: tuple[str, str, str]) -> defaultdict[str, list[Delivery]]:
    """Return for each entry the messages that tell this reader of it; what stands in is no other one.

    Told again with its new headline it is not told twice.
    """
    found: defaultdict[str, list[Delivery]] = defaultdict(list)
    again: defaultdict[str, list[Delivery]] = defaultdict(list)
    for one in _messages(deliveries, place):
        items = {item for items in one.message.told.values() for item in items}
        revised = {item.split(":")[1] for item in items if item.startswith(_REVISED)}
        for item in items:
            if item.startswith("entry:"):
                entry = item.removeprefix("entry:")
                (again if entry in revised else found)[entry].append(one)
    for entry, messages in again.items():
        found.setdefault(entry, messages[:1])
    return found


def _by_entry(hits: Sequence[Hit]) -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.entry.id, []).append(hit)
    return found


def _state(
    hits: Sequence[Hit],
    messages: Sequence[Delivery],
    reason: Passed | None,
    cursor: Cursor,
    first: int,
    *,
    told: bool,
) -> str:
    if messages:
        return messages[0].status.value
    if told:
        return "told"
    if reason is not None:
        return reason.kind.value
    if any(hit.seq > cursor.position for hit in hits):
        return "waiting"
    return "before" if all(hit.seq <= first for hit in hits) else "unexplained"


def _faults(
    hits: Sequence[Hit],
    messages: Sequence[Delivery],
    reason: Passed | None,
    cursor: Cursor,
    first: int,
    kept: datetime,
    *,
    told: bool,
) -> Iterator[str]:
    if len(messages) > 1:
        yield f"told twice, in {' and '.join(sorted(one.id[:12] for one in messages))}"
    if messages and not told:
        yield f"in message {messages[0].id[:12]}, but not noted as told: it would be told again"
    if told and not messages and all(hit.matched_at > kept for hit in hits):
        yield "noted as told, but in no message"
    if (messages or told) and reason is not None:
        yield f"told, and passed as well: {reason.detail}"
    passed_by = [hit for hit in hits if first < hit.seq <= cursor.position]
    if passed_by and reason is not None and reason.kind is PassedKind.NO_ROOM:
        yield f"there was no room for it, and the cursor passed it: nobody will tell it ({reason.detail})"
    if passed_by and not (messages or told or reason):
        yield "the cursor passed it, and neither a message nor a reason is there"


def faults_of(deliveries: Sequence[Delivery], spares: Sequence[Delivery], now: datetime) -> Iterator[str]:
    """Yield what is wrong with deliveries themselves: a state without its reason, a stand-in for nobody."""
    for one in deliveries:
        name = f"delivery {one.id[:12]}"
        if one.status is DeliveryStatus.SENT and one.sent_at is None:
            yield f"{name}: sent, but not said when"
        if one.status in (DeliveryStatus.DEAD, DeliveryStatus.RETRY) and not one.reason:
            yield f"{name}: {one.status.value} without a reason"
        if one.sent_at is not None and one.sent_at > now + timedelta(days=1):
            yield f"{name}: sent in the future, {one.sent_at:%Y-%m-%d %H:%MZ}"
    by_id = {one.id: one for one in deliveries}
    for one in spares:
        first = by_id.get(one.instead_of)
        if first is None or first.status in (DeliveryStatus.SENT, DeliveryStatus.DEAD):
            what = "is not there" if first is None else f"is {first.status.value}"
            yield f"delivery {one.id[:12]}: stands in for {one.instead_of[:12]}, which {what}"
