"""Turns of the event as they are found between polls: with little in memory, and nothing lost by it."""

from __future__ import annotations

from pathlib import Path

from monitor.model import Turn
from tests.pipeline_kit import HOUR, MINUTE, World, desk

REST = """
entities:
  trump: {type: person, label: {en: Donald Trump}, names: {en: [Trump]}}
  putin: {type: person, label: {en: Vladimir Putin}, names: {en: [Putin]}}
  kremlin: {type: institution, label: {en: the Kremlin}, names: {en: [Kremlin]}}
channels: {out: {RECORDING}}
routes: {now: {topics: summit, channels: out, send: immediate, group_wait: 0s}}
"""
STATES = """summit: {title: {en: The summit}, query: '@trump AND @putin', states: {
  agreed: {query: 'agree', title: {en: Agreed}},
  "off": {query: '"called off"', title: {en: Called off}, contradicts: [agreed], official: [kremlin]}}}"""


def words(turn: Turn) -> list[str]:
    return [span.surface for span in turn.spans]


async def both_agree(world: World) -> Turn:
    world.publish("Trump and Putin agree to meet in Budapest")
    await world.tick(MINUTE)
    assert world.store.turns(["summit"]) == [], "one source is not enough"
    world.publish("Putin and Trump agree on a date at last, aides say", path="/other")
    await world.tick(HOUR)
    (turn,) = world.store.turns(["summit"])
    return turn


async def test_a_turn_has_the_words_of_the_first_who_told_it(tmp_path: Path) -> None:
    async with desk(tmp_path, REST, topics=STATES) as world:
        await world.tick()
        turn = await both_agree(world)

        found = world.store.entry(turn.entry_ids[0])
        assert found is not None
        assert found[0].title == "Trump and Putin agree to meet in Budapest"
        assert words(turn) == ["agree"]
        assert [found[0].title[span.start : span.end] for span in turn.spans] == ["agree"]


async def test_who_is_quoted_with_a_state_is_known_without_asking_the_store(tmp_path: Path) -> None:
    async with desk(tmp_path, REST, topics=STATES) as world:
        await world.tick()
        await both_agree(world)
        world.publish("Trump and Putin talks called off, the Kremlin said on Friday")
        await world.tick(HOUR)

        (_, turn) = world.store.turns(["summit"])
        assert (turn.state, [one.speaker for one in turn.statements]) == ("off", ["kremlin"])
        assert words(turn) == ["called off"]
