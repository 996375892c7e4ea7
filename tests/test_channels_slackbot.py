"""Slack by a bot: threads, edits, and nothing said twice where the room can be read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from monitor.channels import Posted
from monitor.channels._room import UNKNOWN_FIRST
from monitor.channels.slack import Channel, SlackOptions
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Delivery, Follows, Kind, Secret, Thread
from monitor.render import sample
from tests.receivers import NOW, RENDERER, Answer, Receiver, Request, a_delivery, a_message, tools, web_server

TOKEN = "xoxb-1111-canary"
PARTS = Channel.parts


@dataclass
class Room:
    """A Slack of one room: what was posted, edited and asked."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    errors: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What to say to a method instead."""
    lose: int = 0
    """So many answers to posts are lost after the message was taken."""

    def __call__(self, request: Request) -> Answer:
        method = request.path.removeprefix("/api/")
        self.calls.append(method)
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        if method in self.errors:
            return 200, {}, json.dumps({"ok": False, **self.errors[method]}).encode()
        form = request.headers["content-type"] == "application/x-www-form-urlencoded"
        body = dict(parse_qsl(request.body.decode())) if form else json.loads(request.body)
        assert body["channel"] == "C0123ABCD"
        said: dict[str, Any] = {"ok": True, **getattr(self, method.partition(".")[2])(body)}
        if method == "chat.postMessage" and self.lose:
            self.lose -= 1
            return 200, {}, b"<html>"
        return 200, {}, json.dumps(said).encode()

    def postMessage(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        ts = f"{1_760_000_000 + len(self.posted)}.000100"
        self.posted.append({**body, "ts": ts, "edits": []})
        return {"ts": ts, "channel": body["channel"]}

    def update(self, body: dict[str, Any]) -> dict[str, Any]:
        (old,) = [one for one in self.posted if one["ts"] == body["ts"]]
        old["edits"].append(body["text"])
        old["blocks"] = body.get("blocks", [])
        return {"ts": body["ts"]}

    def history(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._page([one for one in self.posted if "thread_ts" not in one], body)

    def replies(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._page([one for one in self.posted if one.get("thread_ts") == body["ts"]], body)

    def _page(self, found: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
        start = int(body.get("cursor", 0))
        end = start + min(int(body["limit"]), 2)
        more = {"next_cursor": str(end)} if end < len(found) else {"next_cursor": ""}
        newest_first = found[::-1]
        return {"messages": newest_first[start:end], "response_metadata": more}


@asynccontextmanager
async def a_room(folder: Path) -> AsyncIterator[tuple[Room, Any]]:
    """Yield the room and what makes a channel to it: another process's, each time."""
    room = Room()
    async with web_server(Receiver(answers=room)) as receiver, tools(folder) as given:

        def channel(**options: Any) -> Channel:
            settings = SlackOptions(token=Secret(TOKEN), room="C0123ABCD", server=receiver.url(""), **options)
            return Channel("wire", settings, given)

        yield room, channel


def alert(number: int, *, attempts: int = 1, story: str = "s1") -> Delivery:
    """The `number`th alert about one story."""
    message = a_message("slack", PARTS, kind=Kind.ALERT)
    payload = json.loads(message.parts["json"]) | {"text": f"alert {number}"}
    message = replace(
        message, id=f"m{number}", thread=story, parts={**message.parts, "json": json.dumps(payload)}
    )
    return a_delivery(message, attempts=attempts)


async def test_an_alert_is_posted_with_its_identity_and_the_receipt_keeps_the_timestamp(
    tmp_path: Path,
) -> None:
    async with a_room(tmp_path) as (room, channel):
        receipt = await channel().send(alert(1))
    (post,) = room.posted
    assert receipt == Posted(receipt=f"200 ts={post['ts']}", handle=post["ts"])
    assert post["metadata"] == {
        "event_type": "monitor_message",
        "event_payload": {"key": "m1/0", "story": "s1"},
    }
    assert post["unfurl_links"] is False
    assert "thread_ts" not in post


@pytest.mark.parametrize(
    ("updates", "edits", "replies", "news"),
    [("both", 1, 1, 0), ("edit", 1, 0, 0), ("thread", 0, 1, 0), ("new", 0, 0, 1)],
)
@pytest.mark.parametrize("restarted", [False, True])
async def test_what_is_new_of_a_story_goes_where_the_story_is(
    updates: str, edits: int, replies: int, news: int, restarted: bool, tmp_path: Path
) -> None:
    async with a_room(tmp_path) as (room, channel):
        first = channel(updates=updates)
        await first.send(alert(1))
        await first.send(alert(9, story="another"))
        await (channel(updates=updates) if restarted else first).send(alert(2))
    root, another, *rest = room.posted
    assert root["edits"] == ["alert 2"] * edits
    assert another["edits"] == []
    assert [one["thread_ts"] for one in rest if "thread_ts" in one] == [root["ts"]] * replies
    assert len([one for one in rest if "thread_ts" not in one]) == news


async def test_digests_of_a_day_are_no_thread_but_a_long_ones_parts_are(tmp_path: Path) -> None:
    message = RENDERER.render(sample(copies=12), channel_type="slack", parts=PARTS)
    async with a_room(tmp_path) as (room, channel):
        bot = channel()
        await bot.send(a_delivery(message))
        await bot.send(a_delivery(replace(message, id="the one at noon")))
    heads = [one for one in room.posted if "thread_ts" not in one]
    assert len(heads) == 2
    assert [one["thread_ts"] for one in room.posted if "thread_ts" in one] == [
        heads[0]["ts"], heads[0]["ts"], heads[1]["ts"], heads[1]["ts"],
    ]  # fmt: skip


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_message_whose_answer_was_lost_is_not_said_again(restarted: bool, tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        room.lose = 1
        bot = channel()
        with pytest.raises(DeliveryError) as caught:
            await bot.send(alert(1))
        assert caught.value.reason is DeliveryReason.UNKNOWN
        receipt = await (channel() if restarted else bot).send(alert(1, attempts=2))
    (post,) = room.posted
    assert receipt == Posted(receipt=f"200 ts={post['ts']}", handle=post["ts"])


async def test_a_reply_whose_answer_was_lost_is_not_said_again_after_a_restart(tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        await channel(updates="thread").send(alert(1))
        room.lose = 1
        with pytest.raises(DeliveryError):
            await channel(updates="thread").send(alert(2))
        await channel(updates="thread").send(alert(2, attempts=2))
    assert len(room.posted) == 2


async def test_a_bot_that_may_not_read_goes_on_and_asks_once(tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        room.errors["conversations.history"] = {"error": "missing_scope", "needed": "channels:history"}
        bot = channel()
        await bot.send(alert(1))
        await bot.send(alert(2))
        await bot.send(alert(9, story="another"))
    assert room.calls.count("conversations.history") == 1
    assert [one.get("thread_ts") for one in room.posted] == [None, room.posted[0]["ts"], None]


async def test_two_alerts_about_one_story_at_once_are_one_thread(tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        bot = channel(updates="thread")
        await asyncio.gather(*(bot.send(alert(number)) for number in range(5)))
    assert sum("thread_ts" not in one for one in room.posted) == 1
    assert len(room.posted) == 5


@pytest.mark.parametrize(
    ("answer", "reason", "retryable", "word"),
    [
        ({"error": "ratelimited"}, DeliveryReason.RATE_LIMITED, True, "ratelimited"),
        ({"error": "invalid_auth"}, DeliveryReason.AUTH, False, "invalid_auth"),
        ({"error": "token_revoked"}, DeliveryReason.AUTH, False, "token_revoked"),
        ({"error": "not_in_channel"}, DeliveryReason.AUTH, False, "/invite"),
        ({"error": "missing_scope", "needed": "chat:write"}, DeliveryReason.AUTH, False, "chat:write"),
        ({"error": "channel_not_found"}, DeliveryReason.GONE, False, "the channel's ID"),
        ({"error": "is_archived"}, DeliveryReason.GONE, False, "is_archived"),
        ({"error": "msg_blocks_too_long"}, DeliveryReason.REJECTED, False, "msg_blocks_too_long"),
        (
            {"error": "invalid_blocks", "response_metadata": {"messages": ["must be less than 3001"]}},
            DeliveryReason.REJECTED,
            False,
            "3001",
        ),
        ({"error": "fatal_error"}, DeliveryReason.SERVER, True, "fatal_error"),
        ({"error": f"odd {TOKEN}"}, DeliveryReason.REJECTED, False, "odd ***"),
    ],
)
async def test_each_error_of_slack_is_tried_again_or_not(
    answer: dict[str, Any], reason: DeliveryReason, retryable: bool, word: str, tmp_path: Path
) -> None:
    async with a_room(tmp_path) as (room, channel):
        room.errors["chat.postMessage"] = answer
        with pytest.raises(DeliveryError) as caught:
            await channel().send(alert(1))
    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)
    assert word in str(caught.value)
    assert TOKEN not in str(caught.value)


async def test_a_room_full_of_others_messages_is_read_page_by_page(tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        await channel(updates="thread").send(alert(1))
        for number in range(6):
            room.posted.append({"ts": f"{1_760_000_100 + number}.000100", "text": "lunch?", "metadata": None})
        room.posted.append({"ts": "x", "metadata": {"event_type": "monitor_message", "event_payload": 7}})
        await channel(updates="thread").send(alert(2))
    assert room.posted[-1]["thread_ts"] == room.posted[0]["ts"]


def following(number: int, handle: str, *earlier: Delivery) -> Delivery:
    """The `number`th alert about a story, after the first of these."""
    one, first = alert(number), earlier[0]
    follows = Follows(message=first.message.id, delivery=first.id, at=NOW, subject=first.message.subject)
    message = replace(one.message, follows=follows, subject=f"Update <{number}>")
    later = (*(other.message for other in earlier[1:]), message)
    return replace(one, message=message, thread=Thread(first=first.message, handle=handle, later=later))


async def test_the_first_message_grows_by_a_line_and_the_news_is_a_reply(tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        answer = await channel().send(alert(1))
        told = room.posted[0]["blocks"]
        second = following(2, answer.handle, alert(1))
        await channel().send(second)
        await channel().send(following(3, answer.handle, alert(1), second))
        first, *replies = room.posted
        assert "conversations.history" not in room.calls[1:]  # asked for once, before the first was said
    assert [one["thread_ts"] for one in replies] == [first["ts"]] * 2
    assert first["blocks"][:-1] == told
    grown = first["blocks"][-1]["text"]["text"].splitlines()
    assert [line.partition("> ")[2] for line in grown] == ["Update &lt;2&gt;", "Update &lt;3&gt;"]
    assert first["edits"] == ["alert 1", "alert 1"]


@pytest.mark.parametrize("updates", ["both", "edit"])
async def test_a_first_message_that_cannot_be_edited_any_more_silences_nobody(
    tmp_path: Path, updates: str
) -> None:
    async with a_room(tmp_path) as (room, channel):
        room.errors["chat.update"] = {"error": "message_not_found"}
        await channel(updates=updates).send(following(2, "1760000000.000100", alert(1)))
    (posted,) = room.posted
    assert posted["text"] == "alert 2"
    assert posted.get("thread_ts") == (None if updates == "edit" else "1760000000.000100")


async def test_what_follows_an_unknown_first_message_is_posted_by_itself_and_says_so(tmp_path: Path) -> None:
    async with a_room(tmp_path) as (room, channel):
        answer = await channel().send(following(2, "", alert(1)))
    assert answer.receipt == f"200 ts={room.posted[0]['ts']}{UNKNOWN_FIRST}"
    assert "thread_ts" not in room.posted[0]
