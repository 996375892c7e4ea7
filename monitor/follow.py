"""Follow: what the entries of a topic tell → the turns of its event.

Forty articles that a summit was agreed are one turn; the forty-first, that it is off, is another. A
state is reached when enough independent sources tell it within the window, or one source quotes
somebody whose word is enough; it then holds until a state comes that contradicts it, and only after
that can it be reached again. Pure: what is known goes in, what is new comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b

from monitor.model import Mention, Span, Stance, State, StateEvidence, Statement, Topic, Turn

WINDOW = timedelta(hours=72)
"""Sources that tell a state further apart than this do not confirm each other."""

ANEW = timedelta(days=14)
"""When a state was ended so long ago, what is told of it is of another event: a party's word counts again."""

MOST_STATEMENTS = 6
"""Statements that a turn shows: one a speaker, the first of each."""


def follow(topic: Topic, mentions: Iterable[Mention], known: Iterable[Turn]) -> list[Turn]:
    """Return the turns that `mentions` bring and that are not `known`, oldest first.

    `known` are the topic's recorded turns, all of them; `mentions` the new ones with those of the
    WINDOW before them. Their order makes no difference, and giving some again brings nothing again.
    What was told before a turn that contradicts it is history, whenever it arrives; so is what an entry
    tells after a state that contradicts it (the news comes first), and what an entry of that turn's own
    story tells.
    """
    course = _Course(topic)
    for turn in sorted(known, key=lambda t: (t.reached_at, t.id)):
        course.take(turn)
    new = []
    for mention in sorted(mentions, key=lambda m: (m.at, m.entry_id)):
        for told in _news(course.states, mention):
            reached = course.hear(mention, told)
            if reached is not None:
                course.take(reached)
                new.append(reached)
    return new


def holding(topic: Topic, turns: Iterable[Turn]) -> tuple[str, ...]:
    """Return the states that hold after these turns, in the order in which they were reached."""
    course = _Course(topic)
    for turn in sorted(turns, key=lambda t: (t.reached_at, t.id)):
        course.take(turn)
    return tuple(course.holding)


def _news(states: Mapping[str, State], mention: Mention) -> Iterator[StateEvidence]:
    """Yield the states that an entry tells as news: none that one told before it contradicts."""
    before: list[State] = []
    for told in mention.states:
        state = states.get(told.state)
        if state is None or not told.matched:
            continue
        if not any(state.id in one.contradicts or one.id in state.contradicts for one in before):
            yield told
        before.append(state)


@dataclass(slots=True)
class _Course:
    """How the event stands: what holds, what was ended by which turn, who told what still counts."""

    topic: Topic
    states: dict[str, State] = field(init=False)
    holding: dict[str, Turn] = field(default_factory=dict)
    times: dict[str, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    """State → from when until when it held, each time."""
    ended: dict[str, Turn] = field(default_factory=dict)
    told: dict[str, dict[str, tuple[Mention, StateEvidence]]] = field(default_factory=dict)
    """State → source → the first that it told."""

    def __post_init__(self) -> None:
        """Know the topic's states by name: a busy story asks for them thousands of times."""
        self.states = {state.id: state for state in self.topic.states}

    def take(self, turn: Turn) -> None:
        """Let a turn happen: its state holds, those that it contradicts do not."""
        state = self.states.get(turn.state)
        if state is None:  # no longer in the config
            return
        if turn.state not in self.holding:
            self.holding[turn.state] = turn
            self.times.setdefault(turn.state, []).append((turn.reached_at, None))
        self.told.pop(turn.state, None)
        for other in state.contradicts:
            if self.holding.pop(other, None) is not None:
                self.times[other][-1] = (self.times[other][-1][0], turn.reached_at)
            self.told.pop(other, None)
            self.ended[other] = turn

    def hear(self, mention: Mention, told: StateEvidence) -> Turn | None:
        """Take one entry's word for one state; return the turn if that makes it sure."""
        state = self.states.get(told.state)
        if state is None or state.id in self.holding:
            return None
        # Of two that come at once it is not known which was first: in doubt nothing turns.
        if state.after and not any(self._held(one, mention.at) for one in state.after):
            return None
        if any(self._touched(one, mention.at) for one in state.before):
            return None
        end = self.ended.get(state.id)
        if end is not None and (mention.at <= end.reached_at or mention.story_id == end.story_id):
            return None
        said = _about(mention, told)
        if said and all(one.stance is Stance.DENIES for one in said):
            return None
        by_source = self.told.setdefault(state.id, {})
        for source, (one, _) in list(by_source.items()):
            if mention.at - one.at > WINDOW:
                del by_source[source]
        by_source.setdefault(mention.source, (mention, told))
        heard = list(by_source.values())
        # Once a state was reached and ended the parties contradict each other: one's word is not enough.
        disputed = state.id in self.times and (end is None or mention.at - end.reached_at <= ANEW)
        official = not disputed and any(
            one.speaker in state.official and one.stance is not Stance.DENIES for one in said
        )
        if official:
            heard = heard if heard[-1][0] is mention else [*heard, (mention, told)]
        elif len(heard) < state.sources:
            return None
        return self._turn(state, mention, heard)

    def _held(self, name: str, at: datetime) -> bool:
        """Tell whether a state held at a time, at which it was neither reached nor ended."""
        return any(start < at and (end is None or at < end) for start, end in self.times.get(name, ()))

    def _touched(self, name: str, at: datetime) -> bool:
        """Tell whether a state held at a time, or was reached or ended just then."""
        return any(start <= at and (end is None or at <= end) for start, end in self.times.get(name, ()))

    def _turn(self, state: State, last: Mention, heard: list[tuple[Mention, StateEvidence]]) -> Turn:
        end = self.ended.get(state.id)
        _, evidence = heard[0]
        by_speaker: dict[str, Statement] = {}
        for mention, told in heard:
            for one in _about(mention, told):
                by_speaker.setdefault(one.speaker, one)
        return Turn(
            id=_identity(self.topic.id, state.id, end.id if end else ""),
            topic=self.topic.id,
            state=state.id,
            story_id=last.story_id,
            reached_at=last.at,
            entry_ids=tuple(dict.fromkeys(mention.entry_id for mention, _ in heard)),
            statements=tuple(by_speaker.values())[:MOST_STATEMENTS],
            spans=evidence.spans,
            before=tuple(one for one in self.holding if one in state.contradicts),
            held=last.held,
        )


def gist(
    states: Iterable[StateEvidence], statements: Sequence[Statement]
) -> tuple[tuple[StateEvidence, ...], tuple[Statement, ...]]:
    """Return as little of what an entry tells and says as brings the same turns, but for their `spans`.

    Who is quoted elsewhere in the entry changes no turn; and one word in a statement's sentence shows that
    a state is told there.
    """
    told, said = [], set()
    for state in states:
        words: dict[Span, None] = {}
        for number, statement in enumerate(statements):
            word = next((one for one in state.spans if _within(one, statement.span)), None)
            if word is not None:
                words[word] = None
                said.add(number)
        told.append(
            replace(state, spans=tuple(words)) if words else _told(state.state, matched=state.matched)
        )
    return tuple(told), tuple(one for number, one in enumerate(statements) if number in said)


@cache
def _told(state: str, *, matched: bool) -> StateEvidence:
    """Return that a state is told, by whatever words: one object for the thousands who tell it."""
    return StateEvidence(state=state, matched=matched)


def _about(mention: Mention, told: StateEvidence) -> tuple[Statement, ...]:
    """Return the statements in whose sentence the state is told."""
    return tuple(s for s in mention.statements if any(_within(one, s.span) for one in told.spans))


def _within(span: Span, whole: Span) -> bool:
    return span.field == whole.field and whole.start <= span.start and span.end <= whole.end


def _identity(topic: str, state: str, end: str) -> str:
    return blake2b(f"turn:{topic}:{state}:{end}".encode(), digest_size=16).hexdigest()


def told_at(published: datetime | None, first_seen: datetime) -> datetime:
    """Return when an entry told its news: the publisher's time, but never later than we saw it.

    Publishers re-stamp their dates at each poll, always to later ones.
    """
    return first_seen if published is None else min(published, first_seen)
