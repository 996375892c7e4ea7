"""Turns of the event, in a reader's words: what is so now, what was before, and who says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.compose._case import Case, Desk, Reader
from monitor.model import Quote, State, Statement, StoryEntry, Turn, TurnNote


def notes(
    turns: Iterable[Turn], cases: Mapping[str, Case], reader: Reader, desk: Desk
) -> tuple[TurnNote, ...]:
    """Return turns as a reader is told of them, oldest first."""
    items = {one: (case, item) for case in cases.values() for one, item in case.items.items()}
    made = []
    for turn in sorted(turns, key=lambda one: (one.reached_at, one.id)):
        states = {state.id: state for state in desk.stages.get(turn.topic, ())}
        found = [items[one] for one in turn.entry_ids if one in items]
        whose = found[0][0].id if found else turn.story_id
        told = [item for _, item in found]
        shown = _shown(turn, found)
        made.append(
            TurnNote(
                turn=turn if turn.story_id in cases else replace(turn, story_id=whose),
                title=_title(states.get(turn.state), turn.state, reader),
                before=tuple(_title(states.get(one), one, reader) for one in turn.before),
                item=shown,
                quotes=_quotes(turn.statements, told),
                sources=tuple(dict.fromkeys(item.entry.source for item in told)),
            )
        )
    return tuple(made)


def _shown(turn: Turn, found: Sequence[tuple[Case, StoryEntry]]) -> StoryEntry | None:
    """Return the report that tells it best to this reader, with the words that tell it."""
    words = {item.entry.id: case.told_by(item.entry.id, turn) for case, item in found}
    first = found[0][1].entry.id if found else ""
    if not words.get(first):
        words[first] = turn.spans
    telling = [(case, item) for case, item in found if words[item.entry.id]]
    if not telling:
        return None
    best = telling[0][0].ranked([item for _, item in telling])[0]
    return replace(best, spans=words[best.entry.id])


def standing(turns: Sequence[Turn], reader: Reader, desk: Desk) -> list[Turn]:
    """Return the turns to a state that is open (in doubt, postponed) and that no later one ended."""
    unsettled: dict[tuple[str, str], Turn] = {}
    for turn in sorted(turns, key=lambda one: (one.reached_at, one.id)):
        states = {state.id: state for state in desk.stages.get(turn.topic, ())}
        state = states.get(turn.state)
        if state is None or turn.topic not in reader.route.topics:
            continue
        for ended in state.contradicts:
            unsettled.pop((turn.topic, ended), None)
        if state.open:
            unsettled[turn.topic, turn.state] = turn
    return list(unsettled.values())


def _title(state: State | None, name: str, reader: Reader) -> str:
    return words(state.title if state else {}, reader.language, name.replace("_", " ").replace("-", " "))


def _quotes(statements: Iterable[Statement], told: Sequence[StoryEntry]) -> tuple[Quote, ...]:
    """Return who says it, each beside the report whose words are quoted."""
    quotes = []
    for said in statements:
        item = next((one for one in told if _says(one, said)), None)
        if item is not None:
            quotes.append(Quote(speaker=said.speaker, stance=said.stance, span=said.span, item=item))
    return tuple(quotes)


def _says(item: StoryEntry, said: Statement) -> bool:
    span = said.span
    return bool(str(getattr(item.entry, span.field, ""))[span.start : span.end] == span.surface)


def words(by_language: Mapping[str, str], language: str, otherwise: str) -> str:
    """Return a text in a language, else in its base language, else in English."""
    short = language.partition("-")[0]
    return by_language.get(language) or by_language.get(short) or by_language.get("en") or otherwise
