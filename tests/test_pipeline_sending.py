"""Sending: lanes, fallbacks, dead letters that are sent again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from monitor.channels import Posted, _chat
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Cursor, Delivery, DeliveryStatus, Kind, Message, Recipient
from monitor.pipeline.sending import AT_ONCE
from monitor.render.notice import noted
from monitor.testing import NOON, RecordingChannel
from tests.pipeline_kit import HOUR, MINUTE, World, desk
from tests.test_pipeline_copies import noon
from tests.test_pipeline_telling import books

TWO = "channels: {slow: {RECORDING}, quick: {RECORDING}}\n"
ALERTS = "routes: {now: {topics: summit, channels: [slow, quick], send: immediate, group_wait: 0s}}\n"
FALLBACK = """
channels: {mail: {RECORDING, to: [a@x.example, b@x.example], fallback: wire}, wire: {RECORDING, to: room}}
routes: {now: {topics: summit, channels: mail, send: immediate, group_wait: 0s}}
"""
REJECTED = DeliveryError(DeliveryReason.REJECTED, "550 no such mailbox", retryable=False)


def queue(world: World, channel: str, number: int) -> None:
    """Queue so many messages for a channel."""
    message = Message(
        id="m",
        kind=Kind.ALERT,
        route="now",
        channel=channel,
        recipient=Recipient(address="desk"),
        slot=NOON,
        language="en",
        subject="News",
        parts={},
    )
    made = [
        Delivery(
            id=f"{n}-{channel}",
            message=replace(message, id=f"{n}-{channel}"),
            channel=channel,
            due_at=NOON,
            queued_at=NOON,
        )
        for n in range(number)
    ]
    cursor = Cursor(route=f"r-{channel}", channel=channel, recipient="desk", position=0)
    world.store.start_cursor(cursor, NOON)
    position = next(c.position for c in world.store.cursors() if c.route == cursor.route)
    assert world.store.enqueue(replace(cursor, position=position), made, position)


class Stuck(RecordingChannel):
    """Never ends a try until it is let go."""

    def __init__(self) -> None:
        super().__init__("slow", RecordingChannel.alone().options, None)
        self.go, self.under_way, self.most = asyncio.Event(), 0, 0

    async def send(self, delivery: Delivery) -> Posted:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.go.wait()
        self.under_way -= 1
        return await super().send(delivery)


class Awaited(RecordingChannel):
    """Says when it has so many."""

    def __init__(self, number: int) -> None:
        super().__init__("quick", RecordingChannel.alone().options, None)
        self.number, self.all_there = number, asyncio.Event()

    async def send(self, delivery: Delivery) -> Posted:
        receipt = await super().send(delivery)
        if len(self.sent) == self.number:
            self.all_there.set()
        return receipt


async def test_a_channel_that_hangs_holds_up_no_other_and_fills_its_own_lane_only(tmp_path: Path) -> None:
    async with desk(tmp_path, TWO + ALERTS) as world:
        stuck = Stuck()
        quick = Awaited(3 * AT_ONCE)
        world.pipeline.parts = replace(world.pipeline.parts, channels={"slow": stuck, "quick": quick})
        queue(world, "slow", 10 * AT_ONCE)
        queue(world, "quick", 3 * AT_ONCE)
        await world.pipeline.deliver_due()
        await quick.all_there.wait()
        for _ in range(3):  # further rings bring it no more
            await world.pipeline.deliver_due()
        assert (stuck.under_way, len(stuck.sent)) == (AT_ONCE, 0)
        stuck.go.set()
        await world.tick()
        assert (len(stuck.sent), stuck.most) == (10 * AT_ONCE, AT_ONCE)
        assert len({one.id for one in stuck.sent}) == 10 * AT_ONCE
        assert world.store.counts().queued == 0


async def test_when_a_recipient_fails_for_good_the_fallback_is_told_and_why(tmp_path: Path) -> None:
    async with desk(tmp_path, FALLBACK) as world:
        world.channel("mail").fail(REJECTED)
        world.publish("Trump and Putin to meet in Budapest")
        await world.tick()
        await world.tick(MINUTE)
        (reached,) = world.channel("mail").sent
        failed = ({"a@x.example", "b@x.example"} - {reached.message.recipient.address}).pop()
        (instead,) = world.channel("wire").sent
        dead = world.store.deliveries(status=DeliveryStatus.DEAD)

    assert [one.message.recipient.address for one in dead] == [failed]
    assert instead.instead_of == dead[0].id
    said = f"mail could not reach {failed}: 550 no such mailbox"
    assert instead.message.subject == f"[!] {reached.message.subject}"
    assert instead.message.parts["txt"].startswith(f"[!] {said}\n\n")
    assert said in instead.message.parts["html"]
    assert "Trump and Putin to meet in Budapest" in instead.message.parts["html"]


class Tight(RecordingChannel):
    """Takes a text of so many characters."""

    @staticmethod
    def fits(part: str, text: str) -> bool:
        return part != "txt" or len(text) < 1_800


PLACES = ("Ottawa", "Nairobi", "Lima", "Oslo", "Quito", "Hanoi", "Bern", "Accra", "Sofia", "Tunis")


async def test_a_fallback_with_less_room_tells_all_that_the_first_told_in_further_messages(
    tmp_path: Path,
) -> None:
    narrow = FALLBACK.replace(
        "wire: {RECORDING, to: room}", "wire: {type: 'tests.test_pipeline_sending:Tight', to: room}"
    )
    digest = narrow.replace("send: immediate, group_wait: 0s", 'at: ["13:00", "19:00"]')
    assert digest != narrow != FALLBACK
    titles = [f"{what} {place}: Trump and Putin" for what in ("Grain", "Visas", "Gas") for place in PLACES]
    async with desk(tmp_path, digest) as world:
        world.channel("mail").fail(REJECTED, times=2)
        await noon(world, titles)
        await world.tick(MINUTE)
        dead = world.store.deliveries(status=DeliveryStatus.DEAD)
        sent = world.channel("wire").sent
        assert world.store.deliveries(status=DeliveryStatus.SPARE) == []
        sheets = books(world)
    mine = [one for one in sent if one.instead_of == dead[0].id]
    assert 1 < len(mine) < len(sent)
    assert len({one.id for one in sent}) == len(sent)
    told = [story for one in mine for story in one.message.told]
    assert sorted(told) == sorted(dead[0].message.told)
    assert len(told) == len(titles)
    texts = [" ".join(one.message.parts["txt"].split()) for one in mine]
    assert [title for title in titles if title not in " ".join(texts)] == []
    assert all(text.startswith("[!] mail could not reach") for text in texts)
    assert ["in the message that follows" in text for text in texts] == [True] * (len(mine) - 1) + [False]
    assert ["(continued)" in one.message.subject for one in mine] == [False] + [True] * (len(mine) - 1)
    assert ["feeds are working" in text for text in texts] == [True] + [False] * (len(mine) - 1)
    assert [one.states for one in sheets] == [{"dead": len(titles)}] * 2
    assert [fault for one in sheets for fault in one.faults] == []


async def test_a_fallback_is_not_bothered_while_all_goes_well(tmp_path: Path) -> None:
    async with desk(tmp_path, FALLBACK) as world:
        world.publish("Trump and Putin to meet in Budapest")
        await world.tick()
        assert len(world.channel("mail").sent) == 2
        assert world.channel("wire").tries == []
        assert world.store.deliveries(status=DeliveryStatus.SPARE) == []


async def test_a_dead_letter_that_is_redriven_goes_out_with_its_first_id(tmp_path: Path) -> None:
    async with desk(tmp_path, FALLBACK.replace(", fallback: wire", "")) as world:
        world.channel("mail").fail(REJECTED, times=2)
        world.publish("Trump and Putin to meet in Budapest")
        await world.tick()
        dead = world.store.deliveries(status=DeliveryStatus.DEAD)
        assert len(dead) == 2
        world.clock.advance(HOUR)
        world.store.redrive([one.id for one in dead], world.clock.now(), "ops")
        await world.tick()
        sent = {one.id: one.message for one in world.channel("mail").sent}
        assert sent == {one.id: one.message for one in dead}


def a_message(**parts: str) -> Message:
    return Message(
        id="m",
        kind=Kind.ALERT,
        route="now",
        channel="wire",
        recipient=Recipient(address="room"),
        slot=NOON,
        language="bn",
        subject="খবর",
        parts=parts,
    )


def test_a_note_stands_on_top_of_every_part_and_is_escaped_there() -> None:
    message = a_message(
        **{"subject.txt": "খবর", "txt": "text", "html": "<html><body class=x><p>text</p></body></html>"}
    )
    parts = noted(message, "mail: <b>550</b>").parts
    assert parts["subject.txt"] == "[!] খবর"
    assert parts["txt"] == "[!] mail: <b>550</b>\n\ntext"
    assert parts["html"].startswith('<html><body class=x><p role="note"')
    assert "&lt;b&gt;550&lt;/b&gt;</p><p>text</p>" in parts["html"]


def test_a_note_is_a_block_in_slack_a_line_in_chats_and_a_key_in_other_json() -> None:
    blocks = [{"type": "divider"}] * 50
    slack = json.loads(noted(a_message(json=json.dumps({"blocks": blocks})), "<!channel>").parts["json"])
    assert len(slack["blocks"]) == 51  # the channel parts what Slack would not take at once
    assert slack["blocks"][0]["text"]["text"] == ":warning: &lt;!channel&gt;"
    chat = noted(a_message(json='{"title": "x", "head": ["day"], "items": []}'), "why")
    assert _chat.read(chat).head == ("[!] why", "day")
    other = json.loads(noted(a_message(json='{"id": "x"}'), "why").parts["json"])
    assert other == {"id": "x", "note": "why"}


def test_without_a_note_a_message_is_as_it_was() -> None:
    message = a_message(txt="text")
    assert noted(message, "") is message
