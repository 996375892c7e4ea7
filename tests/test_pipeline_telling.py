"""Telling: silences, and one reason for everything that is not told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels import _chat
from monitor.commands._fates import Ledger, faults_of, ledger
from monitor.model import (
    Delivery,
    DeliveryStatus,
    Evidence,
    Fresh,
    Kind,
    Match,
    Message,
    Passed,
    PassedKind,
    PollRecord,
    Reading,
    Recipient,
    Scope,
    Silence,
    Story,
)
from monitor.render import Renderer
from monitor.render.plain import bare
from monitor.testing import NOON, a_digest, an_entry
from tests.pipeline_kit import HOUR, MINUTE, World, desk

DIGEST = """
channels: {out: {RECORDING}}
routes: {day: {topics: summit, channels: out, at: ["13:00", "19:00"]}}
"""
ALERTS = """
channels: {out: {RECORDING}}
routes: {now: {topics: summit, channels: out, send: immediate, group_wait: 0s}}
"""
FIRST, SECOND, THIRD = (
    "Trump and Putin to meet in Budapest, the Kremlin says",
    "Grain exports rise after Trump letter to Putin",
    "Tomahawk missiles: why Trump hesitates and Putin warns",
)


def silence(world: World, scope: Scope, target: str, *, hours: int = 3) -> Silence:
    now = world.clock.now()
    made = Silence(
        id="5115ce01",
        scope=scope,
        target=target,
        since=now,
        until=now + timedelta(hours=hours),
        why="too much of it",
        by="Rina",
    )
    world.store.add_silence(made)
    return made


def passed(world: World, route: str) -> list[Passed]:
    return world.store.passed(route, "out", "desk")


@pytest.mark.parametrize(
    ("scope", "target"), [(Scope.TOPIC, "summit"), (Scope.ROUTE, "day"), (Scope.SOURCE, "a PUBLISHER")]
)
async def test_what_is_silenced_is_sent_nowhere_nor_late_and_says_why(
    tmp_path: Path, scope: Scope, target: str
) -> None:
    async with desk(tmp_path, DIGEST) as world:
        silence(world, scope, target)
        world.publish(FIRST)
        await world.tick()
        await world.tick(HOUR)
        assert world.channel("out").sent == []
        (one,) = passed(world, "day")
        assert one.kind is PassedKind.SILENCED
        assert one.detail == "silenced by 5115ce01 (Rina: too much of it, until 2025-10-16 15:00Z)"

        await world.tick(3 * HOUR)  # it has ended
        world.publish(SECOND)
        await world.tick(5 * MINUTE)
        await world.tick(2 * HOUR + 55 * MINUTE)
        (digest,) = world.channel("out").sent
        assert SECOND in digest.message.parts["txt"]
        assert FIRST not in digest.message.parts["txt"]
        assert passed(world, "day") == [one]


async def test_a_silence_of_one_story_leaves_the_others(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGEST) as world:
        world.publish(FIRST, SECOND)
        await world.tick()
        stories = {
            one.entry_ids[0]: one.id for one, _ in world.store.recent_stories(world.clock.now() - HOUR)
        }
        first = next(e for e in world.store.search("", limit=9) if e.title == FIRST)
        assert len(stories) == 2
        silence(world, Scope.STORY, stories[first.id][:10])
        await world.tick(HOUR)
        (digest,) = world.channel("out").sent
    assert SECOND in digest.message.parts["txt"]
    assert FIRST not in digest.message.parts["txt"]
    assert "1 report was silenced by the desk." in digest.message.parts["txt"]
    assert "1 report was silenced by the desk." in digest.message.parts["html"]


async def test_what_comes_while_a_silence_holds_is_not_alerted_when_it_is_expired(tmp_path: Path) -> None:
    async with desk(tmp_path, ALERTS) as world:
        silence(world, Scope.TOPIC, "summit")
        world.publish(FIRST)
        await world.tick()
        world.clock.advance(HOUR)
        world.store.expire_silence("5115", world.clock.now(), "Rina")
        world.publish(SECOND)
        await world.tick(5 * MINUTE)
        assert [FIRST in one.message.parts["txt"] for one in world.channel("out").sent] == [False]
        assert [one.kind for one in passed(world, "now")] == [PassedKind.SILENCED]


async def test_every_entry_behind_the_cursor_was_told_or_has_its_reason(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGEST) as world:
        world.publish(FIRST, SECOND, THIRD)
        await world.tick()
        await world.tick(HOUR)
        world.publish(FIRST + ".", url="https://publisher.example/copy", guid="copy")
        await world.tick(HOUR)
        await world.tick(5 * HOUR)
        told = {
            item
            for one in world.channel("out").sent
            for items in one.message.told.values()
            for item in items
            if item.startswith("entry:")
        }
        reasons = {f"entry:{one.entry_id}" for one in passed(world, "day")}
        matched = {f"entry:{one.id}" for one in world.store.search("", limit=99)}
    assert len(matched) == 4
    assert told | reasons == matched
    assert not told & reasons


def books(world: World) -> list[Ledger]:
    """Return the ledgers of all readers, and let nothing be wrong with the deliveries themselves."""
    store, now = world.store, world.clock.now()
    deliveries = store.deliveries(limit=None)
    spares = store.deliveries(status=DeliveryStatus.SPARE, limit=None)
    assert list(faults_of(deliveries, spares, now)) == []
    routes = {route.name: route for route in world.pipeline.parts.routes}
    return [
        ledger(store, routes[one.route], one, deliveries, kept=now - HOUR * 24 * 400, now=now)
        for one in store.cursors()
    ]


async def test_the_books_are_right_after_a_day_of_news(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGEST) as world:
        for n in range(24):
            world.publish(f"{(FIRST, SECOND, THIRD)[n % 3]}, report {n}")
            await world.tick(20 * MINUTE)
        await world.tick(12 * HOUR)
        (book,) = books(world)
    assert book.faults == ()
    assert sum(book.states.values()) == 24
    assert book.states["sent"] > 0
    assert "unexplained" not in book.states


async def test_what_does_not_add_up_is_named(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGEST) as world:
        world.publish(FIRST, SECOND)
        await world.tick()
        (cursor,) = world.store.cursors()
        hits = world.store.hits(["summit"], 0, world.clock.now())
        # A cursor that passed one without a word, and two messages that tell the other.
        message = a_message(told={hits[1].story_id: (f"entry:{hits[1].entry.id}",)})
        doubled = [
            Delivery(
                id=name, message=message, channel="out", due_at=world.clock.now(), queued_at=world.clock.now()
            )
            for name in ("d1", "d2")
        ]
        moved = replace(cursor, position=hits[-1].seq)
        assert world.store.enqueue(moved, doubled, cursor.position)
        (book,) = books(world)
    assert [fault.partition(": ")[2] for fault in book.faults] == [
        f"e:{hits[0].entry.id}: the cursor passed it, and neither a message nor a reason is there",
        f"e:{hits[1].entry.id}: told twice, in d1 and d2",
    ]


def a_message(**changes: Any) -> Message:
    made = Message(
        id="m",
        kind=Kind.DIGEST,
        route="day",
        channel="out",
        recipient=Recipient(address="desk"),
        slot=NOON,
        language="en",
        subject="News",
        parts={},
    )
    return replace(made, **changes)


async def test_a_template_that_fails_holds_nobody_and_says_what_is_wrong(tmp_path: Path) -> None:
    own = tmp_path / "templates" / "default"
    own.mkdir(parents=True)
    wrong = own / "digest.txt.j2"
    wrong.write_text("{{ digest.nothing_of_the_kind.at_all }}", encoding="utf-8")
    async with desk(tmp_path, DIGEST + "templates: templates\n") as world:
        world.publish(FIRST)
        await world.tick()
        await world.tick(HOUR)
        (plain,) = world.channel("out").sent
        trouble = world.store.meta()["trouble:day:out"]
        wrong.unlink()
        world.pipeline.parts = replace(
            world.pipeline.parts, renderer=Renderer(world.pipeline.parts.renderer.folders)
        )
        world.publish(SECOND)
        await world.tick(HOUR)
        await world.tick(5 * HOUR)
        well = world.channel("out").sent[1]
        assert world.store.meta()["trouble:day:out"] == ""
    assert "default/digest.txt.j2:1" in trouble
    assert plain.message.subject.startswith("[!] ")
    first_line = plain.message.parts["txt"].partition("\n")[0]
    assert first_line.startswith("[!] The desk's own template failed")
    assert "default/digest.txt.j2:1" in first_line
    assert FIRST in plain.message.parts["txt"]
    assert FIRST in plain.message.parts["html"]
    assert SECOND in well.message.parts["txt"]
    assert "[!]" not in well.message.parts["txt"]


def test_without_any_template_headlines_and_links_are_told() -> None:
    digest = a_digest(an_entry("ট্রাম্প <ও> পুতিন", language="bn"))
    message = bare(digest, ("html", "txt", "json"))
    assert message.parts["subject.txt"] == "ট্রাম্প <ও> পুতিন"
    assert "https://publisher.example/" in message.parts["txt"]
    assert "ট্রাম্প &lt;ও&gt; পুতিন" in message.parts["html"]
    assert json.loads(message.parts["json"])["text"].startswith("ট্রাম্প <ও> পুতিন")
    (item,) = _chat.read(message).items
    assert (item.title.text, item.url) == ("ট্রাম্প <ও> পুতিন", digest.sections[0].stories[0].lead.entry.url)
    assert message.stories == (digest.sections[0].stories[0].id,)


GROUPED = ALERTS.replace("group_wait: 0s", "group_wait: 0s, group_interval: 10m, repeat_interval: 2h")
BUDGET = """
channels: {out: {RECORDING}}
routes:
  now: {topics: summit, channels: out, send: immediate, group_wait: 0s, budget: 2}
  day: {topics: summit, channels: out, at: ["13:00", "19:00"]}
"""


async def test_a_story_that_goes_on_is_told_again_after_the_interval_and_only_with_news(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, GROUPED) as world:
        world.publish(FIRST)
        await world.tick()
        sent = world.channel("out").sent
        assert len(sent) == 1
        title = "In Budapest, Trump and Putin are to meet: what the Kremlin says of the agenda"
        world.publish(title, path="/other")
        await world.tick(6 * MINUTE)
        assert len(sent) == 1
        (held,) = passed(world, "now")
        assert held.kind is PassedKind.GROUPED
        assert held.until == NOON + 10 * MINUTE
        assert world.store.next_due() is not None
        await world.tick(4 * MINUTE)  # nobody denies: it waits on
        (held,) = passed(world, "now")
        assert (len(sent), held.until) == (1, NOON + 2 * HOUR)
        await world.tick(2 * HOUR - 10 * MINUTE)
        assert len(sent) == 2
        assert passed(world, "now") == []
        await world.tick(6 * HOUR)
        assert len(sent) == 2


async def test_what_comes_later_about_a_story_follows_its_first_message(tmp_path: Path) -> None:
    rest = ALERTS.replace("group_wait: 0s", "group_wait: 0s, repeat_interval: 1h")
    async with desk(tmp_path, rest) as world:
        world.publish(FIRST)
        await world.tick()
        world.publish(f"{FIRST} on Friday", path="/other")
        await world.tick(2 * HOUR)
        first, later = world.channel("out").sent
        assert first.message.follows is None
        assert later.message.follows is not None
        assert later.message.follows.message == first.message.id
        assert later.message.follows.subject == first.message.subject
        assert later.thread is not None
        assert later.thread.handle == "1"
        assert [one.id for one in later.thread.later] == [later.message.id]


async def test_a_changed_headline_is_told_once_to_those_who_got_it_in_the_thread(tmp_path: Path) -> None:
    two = ALERTS.replace("out: {RECORDING}}", "out: {RECORDING}, other: {RECORDING}}").replace(
        "group_wait: 0s}", 'group_wait: 0s}, day: {topics: summit, channels: other, at: ["15:00"]}'
    )
    async with desk(tmp_path, two) as world:
        (entry,) = world.publish("Trump and Putin to meet on Monday")
        await world.tick()
        world.edit(entry, "Trump and Putin to meet on Monday!")
        await world.tick(HOUR)
        world.edit(entry, "Trump and Putin call off their meeting")
        await world.tick(HOUR)
        first, second = world.channel("out").sent
        await world.tick(HOUR)
        assert len(world.channel("out").sent) == 2
        (digest,) = world.channel("other").sent
        assert "was:" not in digest.message.parts["txt"]
    assert (first.message.kind, second.message.kind) == (Kind.ALERT, Kind.CORRECTION)
    assert second.message.follows is not None
    assert second.message.follows.message == first.message.id
    assert second.message.subject == "Headline changed: Trump and Putin call off their meeting"
    assert "was: Trump and Putin to meet on Monday\n" in second.message.parts["txt"]


async def test_a_report_that_is_withdrawn_is_told_to_those_who_got_it_though_others_are_silenced(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, ALERTS) as world:
        (entry,) = world.publish("Trump and Putin to meet on Monday")
        await world.tick()
        silence(world, Scope.SOURCE, "nobody")
        world.edit(entry, "Cricket: rain stops play")
        await world.tick(HOUR)
        (_, told) = world.channel("out").sent
        await world.tick(HOUR)
        assert len(world.channel("out").sent) == 2
        assert [fault for one in books(world) for fault in one.faults] == []
    assert told.message.kind is Kind.CORRECTION
    assert (
        told.message.subject == "Headline changed: Trump and Putin to meet on Monday (no longer about this)"
    )


async def test_what_is_over_the_budget_comes_in_the_digest_which_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path, BUDGET) as world:
        titles = list(APART)
        world.publish(*titles)
        await world.tick()
        assert [one.message.route for one in world.channel("out").sent] == ["now"] * 2
        over = passed(world, "now")
        assert {one.kind for one in over} == {PassedKind.BUDGET}
        assert len(over) == len(titles) - 2
        assert over[0].detail == "over the budget of 2 alerts an hour: in the digest of route day"
        await world.tick(HOUR)
        digest = world.channel("out").sent[-1]
        assert [book.faults for book in books(world)] == [(), ()]
        assert len(world.channel("out").sent) == 3
    assert digest.message.route == "day"
    text = " ".join(digest.message.parts["txt"].split())
    assert f"{len(titles) - 2} reports were over the hour's limit of alerts and come here." in text
    assert all(title in text for title in titles)


APART = (
    "Norwegian fishermen ask Trump to speak with Putin about cod",
    "Kerala's coir growers hope that Putin and Trump end the tariffs",
    "A choir from Quebec sings for Trump, Putin sends flowers",
    "Wheat prices fall in Chicago on talk that Trump called Putin",
    "Chess: Putin congratulates the winner, Trump the runner-up",
    "Satellites to be swapped by Trump and Putin, engineers say",
)


async def test_of_ten_thousand_matches_in_a_minute_none_is_lost(tmp_path: Path) -> None:
    async with desk(tmp_path, BUDGET) as world:
        entries = [an_entry(f"Report {n:05}: Trump and Putin", feed_url=FEED) for n in range(10_000)]
        now = world.clock.now()
        (state,) = [one for one in world.store.claim_feeds(now, 9, HOUR) if one.url == FEED]
        record = PollRecord(
            state=state,
            fresh=Fresh(entries=tuple(entries)),
            readings={
                one.id: Reading(
                    matches=(
                        Match(entry_id=one.id, revision=1, topic="summit", evidence=Evidence(matched=True)),
                    ),
                    key=one.title,
                )
                for one in entries
            },
        )
        assert world.store.record_polls([record], now) == [True]
        world.store.record_stories(
            [
                Story(
                    id=f"{one.id}0", entry_ids=(one.id,), first_seen=one.first_seen, last_seen=one.first_seen
                )
                for one in entries
            ]
        )
        await world.pipeline.tell_due()
        await world.pipeline.deliver_due()
        await world.pipeline.drain()
        assert len(world.channel("out").sent) == 2
        world.clock.advance(HOUR)
        await world.pipeline.tell_due()
        digests, alerts = books(world)
    assert alerts.states == {"over-budget": 9_998, "sent": 2}
    assert digests.states == {"queued": 10_000}
    assert (alerts.faults, digests.faults) == ((), ())


FEED = "https://publisher.example/rss"
