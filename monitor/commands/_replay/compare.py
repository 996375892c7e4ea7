"""Two replays of the same polls with different configs: what each recipient gains and loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.commands._app import plain
from monitor.commands._replay.facts import entries, facts, local, stories, turn
from monitor.commands._replay.run import Replayed
from monitor.commands._replay.world import Told
from monitor.config import changes
from monitor.inquire.archive import entry_facts
from monitor.model import DigestStory, StoryEntry, TurnNote

_SHOWN = 50
"""So many lines of one kind for one recipient; the rest is counted, and whole in the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry as a recipient was first told of it by one kind of message."""

    told: Told
    story: DigestStory
    one: StoryEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A turn of an event as a recipient was first told of it by one kind of message."""

    told: Told
    note: TurnNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one recipient gets with the second config and not with the first, and the other way round.

    `moved` are entries of both that come by the same kind of message at another time; `turns` are the turns
    of events that only the second tells, and those that only the first does.
    """

    recipient: str
    messages: tuple[dict[str, int], dict[str, int]]
    gains: tuple[Item, ...]
    loses: tuple[Item, ...]
    moved: tuple[tuple[Item, Item], ...]
    turns: tuple[tuple[Turned, ...], tuple[Turned, ...]]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        found = (*self.gains, *self.loses, *self.moved, *self.turns[0], *self.turns[1])
        return not found and self.messages[0] == self.messages[1]


def differences(before: Replayed, after: Replayed) -> tuple[Difference, ...]:
    """Return the difference for each recipient of either, by address."""
    found = []
    old, new = _by_recipient(before), _by_recipient(after)
    turned = _turns(before), _turns(after)
    for recipient in sorted(old.keys() | new.keys()):
        was, now = old.get(recipient, {}), new.get(recipient, {})
        both = [(was[key], now[key]) for key in was if key in now]
        found.append(
            Difference(
                recipient=recipient,
                messages=(_kinds(before, recipient), _kinds(after, recipient)),
                gains=tuple(item for key, item in now.items() if key not in was),
                loses=tuple(item for key, item in was.items() if key not in now),
                moved=tuple((a, b) for a, b in both if a.told.at != b.told.at),
                turns=(
                    _without(turned[1].get(recipient, {}), turned[0].get(recipient, {})),
                    _without(turned[0].get(recipient, {}), turned[1].get(recipient, {})),
                ),
            )
        )
    return tuple(found)


def _by_recipient(replayed: Replayed) -> dict[str, dict[tuple[str, str], Item]]:
    """Return recipient → (kind of message, entry) → how it was told first, in order of time."""
    found: dict[str, dict[tuple[str, str], Item]] = {}
    for told in replayed.told:
        mine = found.setdefault(told.digest.recipient.address, {})
        for story in stories(told):
            for one in entries(story):
                mine.setdefault((told.digest.kind.value, one.entry.id), Item(told=told, story=story, one=one))
    return found


def _turns(replayed: Replayed) -> dict[str, dict[tuple[str, str], Turned]]:
    """Return recipient → (kind of message, turn) → how it was told first, in order of time."""
    found: dict[str, dict[tuple[str, str], Turned]] = {}
    for told in replayed.told:
        mine = found.setdefault(told.digest.recipient.address, {})
        for note in told.digest.turns:
            mine.setdefault((told.digest.kind.value, note.turn.id), Turned(told=told, note=note))
    return found


def _without(
    some: Mapping[tuple[str, str], Turned], others: Mapping[tuple[str, str], Turned]
) -> tuple[Turned, ...]:
    return tuple(turned for key, turned in some.items() if key not in others)


def _kinds(replayed: Replayed, recipient: str) -> dict[str, int]:
    kinds = (t.digest.kind.value for t in replayed.told if t.digest.recipient.address == recipient)
    return dict(sorted(Counter(kinds).items()))


def compared(before: Replayed, after: Replayed) -> dict[str, Any]:
    """Return the comparison as one JSON object, with both replays whole."""
    return {
        "configs": [str(one.config.path) for one in (before, after)],
        "changes": _changes(before, after),
        "recipients": [
            {
                "recipient": one.recipient,
                "messages": list(one.messages),
                "gains": [_item(item) for item in one.gains],
                "loses": [_item(item) for item in one.loses],
                "moved": [{**_item(b), "from": plain(a.told.at)} for a, b in one.moved],
                "turns": {
                    side: [_turned(turned) for turned in turns]
                    for side, turns in zip(("gains", "loses"), one.turns, strict=True)
                },
            }
            for one in differences(before, after)
        ],
        "replays": [facts(before), facts(after)],
    }


def _changes(before: Replayed, after: Replayed) -> list[str]:
    """Return how the configs differ, but for where they keep things: nothing is kept here."""
    return changes(*(replace(one.config, store="", record=None) for one in (before, after)))


def _item(item: Item) -> dict[str, Any]:
    digest = item.told.digest
    return {
        "kind": digest.kind.value,
        "route": digest.route,
        "slot": plain(digest.slot),
        "at": plain(item.told.at),
        "story": {"id": item.story.id, "title": item.story.lead.entry.title, "state": item.story.state},
        "entry": entry_facts(item.one.entry),
    }


def _turned(one: Turned) -> dict[str, Any]:
    digest, said = one.told.digest, one.note.turn
    return {
        "kind": digest.kind.value,
        "route": digest.route,
        "slot": plain(digest.slot),
        "at": plain(one.told.at),
        "topic": said.topic,
        "state": said.state,
        "sources": list(one.note.sources),
    }


def lines(before: Replayed, after: Replayed) -> Iterator[str]:
    """Yield the comparison for people."""
    for sign, one in (("−", before), ("+", after)):
        r = one.report
        yield f"{sign} {one.config.path}: {r.matches} matches, {r.stories} stories, {len(one.told)} messages"
    for change in _changes(before, after) or ["the two configs say the same"]:
        yield f"  {change}"
    for each in differences(before, after):
        yield ""
        if each.same:
            yield f"{each.recipient}: no difference ({_counted(each.messages[0])})"
            continue
        yield (
            f"{each.recipient}: {_counted(each.messages[0])} → {_counted(each.messages[1])}; "
            f"gains {len(each.gains)}, loses {len(each.loses)}, {len(each.moved)} at another time"
        )
        for sign, turns in zip(("+", "−"), each.turns, strict=True):
            yield from _few(f"  {sign} {_turn_line(one)}" for one in turns)
        yield from _few(f"  + {_line(item, item.told.at)}" for item in each.gains)
        yield from _few(f"  − {_line(item, item.told.at)}" for item in each.loses)
        yield from _few(
            f"  ~ {_line(b, b.told.at)}, was {local(a.told.at, a.told.digest.timezone)}"
            for a, b in each.moved
        )


def _line(item: Item, at: datetime) -> str:
    digest, entry = item.told.digest, item.one.entry
    when = local(at, digest.timezone)
    return f"{when}  {digest.kind}  {entry.title}  ({entry.source}, {entry.language})"


def _turn_line(one: Turned) -> str:
    digest, topic = one.told.digest, one.note.turn.topic
    words = turn(one.note, digest.topics.get(topic, topic))
    return f"{local(one.told.at, digest.timezone)}  {digest.kind}  turn: {words}"


def _few(found: Iterator[str]) -> Iterator[str]:
    told = list(found)
    yield from told[:_SHOWN]
    if len(told) > _SHOWN:
        yield f"    … and {len(told) - _SHOWN} more (--json has them all)"


def _counted(kinds: dict[str, int]) -> str:
    return ", ".join(f"{n} {kind}{'s' * (n != 1)}" for kind, n in kinds.items()) or "nothing"
