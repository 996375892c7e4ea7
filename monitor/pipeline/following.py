"""Promise 1b, its second half: the turns of the event follow from who tells which state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import is_
from sys import intern

from monitor.follow import WINDOW, follow, gist, told_at
from monitor.model import Hit, Link, Mention, StateEvidence, Statement, Story, Topic, Turn
from monitor.pipeline._shop import Shop
from monitor.sources import independent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """A match that tells a state, and no more than that takes: thousands are kept for days."""

    topic: str
    id: str
    """The entry's."""
    source: str
    first_seen: datetime
    at: datetime
    """When it was told."""
    story_id: str
    states: tuple[StateEvidence, ...]
    """With no more words than show in whose statements they are told (see `gist`)."""
    statements: tuple[Statement, ...]
    held: str


class Following:
    """Knows who told which state of a topic lately. Plain code, for the store's thread.

    What is kept is only a copy of the store's: the first question after a start reads the whole
    window, and giving an entry twice brings nothing twice.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._topics: Sequence[Topic] = ()
        self._mark = -1
        """Up to which seq the store was read."""
        self._tellers: dict[tuple[str, str], _Teller] = {}
        """Topic and entry → the match that tells."""
        self._told: dict[tuple[str, str], tuple[list[_Teller], list[Mention]]] = {}
        """Topic and story → the matches in it and what they mention: to read all stories of three days again
        for each new mention was a quarter of a second after a busy day."""

    def turns(self, stories: Sequence[Story] = ()) -> list[Turn]:
        """Return the turns that what was found since the last question brings.

        `stories` are those that are about to be recorded: they have entries that the store does not
        know to be in a story yet.
        """
        store, parts = self._shop.store, self._shop.parts
        if self._topics is not parts.topics:
            self._topics = parts.topics
            self.forget()
        followed = [topic for topic in self._topics if topic.states]
        last = store.last_seq() if followed else self._mark
        joined = {one: story.id for story in stories for one in story.entry_ids}
        moved = {
            key: replace(one, story_id=joined[one.id])
            for key, one in self._tellers.items()
            if joined.get(one.id, one.story_id) != one.story_id
        }
        if last == self._mark and not moved:
            return []
        since = self._shop.clock.now() - WINDOW
        asked = [topic.id for topic in followed]
        for one in store.tellers(asked, self._mark, since, self._teller):
            story_id = one.story_id or joined.get(one.id, "")
            moved[one.topic, one.id] = one if story_id == one.story_id else replace(one, story_id=story_id)
        self._mark = last
        kept = {key: one for key, one in self._tellers.items() if one.first_seen >= since}
        self._tellers = {**kept, **moved}
        touched = {topic for (topic, _), one in moved.items() if one.story_id}
        return [
            turn
            for topic in followed
            if topic.id in touched
            for turn in map(
                self._worded, follow(topic, self._mentions(topic.id, stories), store.turns([topic.id]))
            )
        ]

    def _worded(self, turn: Turn) -> Turn:
        """Return a turn with the words of the first who told it, which were left to the store."""
        _, matches = self._shop.store.entry(turn.entry_ids[0]) or (None, [])
        states = (one for match in matches if match.topic == turn.topic for one in match.states)
        return replace(turn, spans=next((one.spans for one in states if one.state == turn.state), turn.spans))

    def _teller(self, hit: Hit) -> _Teller:
        """Read what an entry says, and let go of its text."""
        entry = hit.entry
        states, statements = gist(hit.match.states, self._shop.parts.desk.read(entry).statements)
        return _Teller(
            topic=intern(hit.match.topic),
            id=intern(entry.id),
            source=intern(entry.source),
            first_seen=entry.first_seen,
            at=told_at(entry.published, entry.first_seen),
            story_id=intern(hit.story_id),
            states=states,
            statements=statements,
            held=intern(hit.match.held),
        )

    def forget(self) -> None:
        """Read the whole window at the next question: what came of the last one was not recorded."""
        self._mark = -1
        self._tellers.clear()
        self._told.clear()

    def _mentions(self, topic: str, stories: Sequence[Story]) -> list[Mention]:
        """Return who tells which state of a topic: an agency's copies and a publisher's editions as one."""
        by_story: defaultdict[str, list[_Teller]] = defaultdict(list)
        for one in self._tellers.values():
            if one.topic == topic and one.story_id:
                by_story[one.story_id].append(one)
        changed = {story.id for story in stories}
        told = {
            story_id: before[1]
            for story_id, tellers in by_story.items()
            if story_id not in changed
            and (before := self._told.get((topic, story_id))) is not None
            and len(before[0]) == len(tellers)
            and all(map(is_, before[0], tellers))
        }
        links = self._links([one for one in by_story if one not in told], stories)
        for story_id, tellers in by_story.items():
            if story_id not in told:
                told[story_id] = self._told_in(story_id, tellers, links.get(story_id, ()))
        self._told = {key: known for key, known in self._told.items() if key[0] != topic} | {
            (topic, story_id): (tellers, told[story_id]) for story_id, tellers in by_story.items()
        }
        return [mention for story_id in by_story for mention in told[story_id]]

    def _links(self, ids: Iterable[str], stories: Sequence[Story]) -> Mapping[str, Sequence[Link]]:
        known = {story.id: story.links for story in stories}
        unknown = [one for one in ids if one not in known]
        return known | {story.id: story.links for story in self._shop.store.stories(unknown)}

    def _told_in(self, story_id: str, tellers: Sequence[_Teller], links: Sequence[Link]) -> list[Mention]:
        voices = {one.id: one.source for one in tellers}
        source = {one: voices[group[0]] for group in independent(tellers, links) for one in group}
        return [
            Mention(
                entry_id=one.id,
                story_id=story_id,
                source=source[one.id],
                at=one.at,
                states=one.states,
                statements=one.statements,
                held=one.held,
            )
            for one in tellers
        ]
