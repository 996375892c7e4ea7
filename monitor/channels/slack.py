"""Slack, by an incoming webhook or by a bot: Block Kit JSON from `templates/slack/`.

A webhook posts and knows no more: it cannot recognise a message it had before, so a try whose answer
was lost may show twice. A bot (`token` and `room`) can: each message carries its identity as metadata,
and before a repeated try the room's history is asked for it. With a bot an alert about a story
that the room knows lets the first message grow by a line and replies in its thread; the further parts
of a long digest are replies, too. What Slack calls a message is kept with its outcome; where that was
lost, the history is asked, else the alert is posted by itself and the receipt says so.

What is longer than one message (see `_blocks`) is parted between stories; nothing is left out.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Literal
from weakref import WeakValueDictionary

from monitor import channels
from monitor.channels import Posted, Tools, _blocks, _chat, _http
from monitor.channels._pace import Pace
from monitor.channels._room import UNKNOWN_FIRST, as_json
from monitor.channels._series import Series
from monitor.channels._slackbot import Bot
from monitor.channels._text import one_line
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Delivery, Kind, Message, Recipient, Secret, Thread

_ROOM = re.compile(r"[CGD][A-Z0-9]{6,}")
_NAMED = 10
"""So many later messages are named under the first one about a story."""
_Call = Callable[[Sequence[str]], Awaitable[str]]
"""One call of Slack, given the receipts of those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackOptions:
    """Settings of a `type: slack` channel: `url` for a webhook, or `token` and `room` for a bot."""

    url: Secret | None = None
    """The incoming webhook's URL. Whoever has it can post, so it is a secret: `credential:slack-webhook`."""
    token: Secret | None = None
    """A bot's token (`xoxb-…`) with the scopes `chat:write` and, to find what it said before,
    `channels:history`."""
    room: str = ""
    """With a token: the channel's ID (`C0123ABCD`, at the foot of its details in Slack). Invite the bot."""
    updates: Literal["both", "thread", "edit", "new"] = "both"
    """With a token, what an alert about a known story does: `edit` the first message, reply in its
    `thread`, both, or post a `new` message."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=10)
    """For the whole exchange."""
    gap: timedelta = timedelta(seconds=1)
    """Least time between two messages: Slack takes one a second."""
    server: str = "https://slack.com"
    """With a token: for GovSlack, `https://slack-gov.com`."""


def _grown(thread: Thread | None, shown: Sequence[dict[str, Any]], language: str) -> dict[str, Any]:
    """Return the first message about a story with what came after it: a line each, then `shown` in full.

    Made of what was frozen, all that is queued by now: whichever of them is sent last, nothing shrinks.
    """
    if thread is None:
        return shown[0]
    first = _blocks.split(json.loads(thread.first.parts["json"]), language)[0]
    lines = [
        f"↳ <!date^{one.slot.timestamp():.0f}^{{date_short_pretty}} {{time}}|{one.slot:%Y-%m-%d %H:%MZ}> "
        f"{_blocks.escaped(one_line(one.subject))}"
        for one in thread.later[-_NAMED:]
    ]
    line = {"type": "section", "text": {"type": "mrkdwn", "text": _blocks.cut("\n".join(lines), 3_000)}}
    more = [block for post in shown for block in ({"type": "divider"}, *post.get("blocks", []))]
    for blocks in ([line, *more], [line]):
        grown = {**first, "blocks": [*first.get("blocks", []), *blocks]}
        if not _blocks.faults(grown):
            return grown
    return first


class Channel(channels.Channel):
    """One Slack room."""

    Options = SlackOptions
    parts = ("subject.txt", "json")

    def __init__(self, name: str, options: SlackOptions, tools: Tools) -> None:
        """Raises ConfigError if neither way is configured, or both, or one wrongly."""
        super().__init__(name, options, tools)
        if (options.url is None) == (options.token is None):
            raise ConfigError("must have either url (a webhook) or token and room (a bot)")
        door = _http.Door(tools, timeout=options.timeout, secrets=(options.url, options.token))
        self._bot: Bot | None = None
        if options.token is not None:
            if not _ROOM.fullmatch(options.room):
                raise ConfigError("room: must be a channel's ID; it looks like C0123ABCD")
            server = _http.checked_url(options.server, "server").rstrip("/")
            self._bot = Bot(door, server, options.token, options.room, tools.clock)
            self._url = server
        elif options.url is not None:
            self._url = _http.checked_url(options.url, "url")
        self._door, self._pace = door, Pace(options.gap, tools.pause)
        self._series: Series[str] = Series()
        self._one_at_a_time: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By story: of two alerts about one, the second must see the first."""

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the room; a webhook's is called by Slack's host, for the path is the token."""
        return (
            Recipient(
                address=self.options.room if self._bot else _http.host(self._url),
                language=self.options.language,
                timezone=self.options.timezone,
            ),
        )

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether Slack takes the message as it is, in a few posts at most."""
        if part != "json":
            return True
        posts = _blocks.split(json.loads(text))
        return len(posts) <= _chat.MOST and not any(map(_blocks.faults, posts))

    def prepare(self, message: Message) -> Message:
        """Make the payload one that Slack takes, whatever a template wrote.

        Stories were shortened or left out by the renderer already (see `fits`); this cuts what is still
        too long, so that a message is at worst shortened and never refused.
        """
        payload = json.loads(message.parts["json"])
        if not isinstance(payload, dict):
            payload = {}
        text = _blocks.cut(str(payload.get("text") or one_line(message.subject)), _blocks.MAX_TEXT)
        payload = _blocks.prepared({**payload, "text": text or "monitor"})
        return replace(message, parts={**message.parts, "json": as_json(payload).decode()})

    async def send(self, delivery: Delivery) -> str | Posted:
        """Post the message, in as many posts as it takes. Raises DeliveryError."""
        message = delivery.message
        posts = _blocks.split(json.loads(message.parts["json"]), message.language)
        if self._bot is None:
            calls: list[_Call] = [partial(self._by_webhook, post) for post in posts]
            receipts = await self._series.send(message.id, calls, self._in_turn)
            return receipts[-1]
        story = message.thread if message.kind is not Kind.DIGEST and self.options.updates != "new" else ""
        async with self._one_at_a_time.setdefault(story or message.id, asyncio.Lock()):
            first = await self._first(self._bot, delivery, story) if story else ""
            calls = list(self._calls(self._bot, delivery, posts, story, first))
            receipts = await self._series.send(message.id, calls, self._in_turn)
        said = [one for one in receipts if one]
        lonely = UNKNOWN_FIRST if story and message.follows and not first else ""
        return Posted(receipt=f"200 ts={said[0]}{lonely}", handle=said[-1] if first else said[0])

    async def _first(self, bot: Bot, delivery: Delivery, story: str) -> str:
        """Return the ts of the first message about a story: as it was recorded, else as the room has it."""
        if delivery.thread is not None and delivery.thread.handle:
            return delivery.thread.handle
        return await self._heard(bot.find(story, delivery.message.id))

    async def _by_webhook(self, post: dict[str, Any], before: Sequence[str]) -> str:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        reply = await self._door.post(self._url, as_json(post), headers)
        return f"{reply.status} {self._door.said(reply.text, 60)}".strip()

    def _calls(
        self, bot: Bot, delivery: Delivery, posts: Sequence[dict[str, Any]], story: str, first: str
    ) -> Iterator[_Call]:
        """Yield what a bot is to do: edit the `first` message about the story, reply to it, or begin anew."""
        how = self.options.updates
        if first and how != "thread":
            shown = posts[:1] if how == "edit" or delivery.thread is None else []
            grown = _grown(delivery.thread, shown, delivery.message.language)
            key = f"{delivery.message.id}/0"
            instead = partial(self._say, bot, posts[0], key, story, "", delivery.attempts > 1)
            yield partial(self._edit, bot, first, grown, instead if how == "edit" else None)
        for number, post in enumerate(posts):
            if first and how == "edit" and number == 0:
                continue
            key = f"{delivery.message.id}/{number}"
            yield partial(self._say, bot, post, key, story, first, delivery.attempts > 1)

    async def _edit(
        self, bot: Bot, first: str, grown: dict[str, Any], instead: _Call | None, before: Sequence[str]
    ) -> str:
        """Edit the first message; where somebody removed or locked it, do what is to be done `instead`."""
        try:
            return await bot.edit(first, grown)
        except DeliveryError as error:
            if error.reason is not DeliveryReason.REJECTED:
                raise
        return await instead(before) if instead else ""

    async def _say(
        self,
        bot: Bot,
        post: dict[str, Any],
        key: str,
        story: str,
        first: str,
        again: bool,
        before: Sequence[str],
    ) -> str:
        """Post under the first message about the story, else under the first of these."""
        root = first or (before[0] if before else "")
        try:
            return await bot.say(post, key=key, root=root, story=story, again=again)
        except DeliveryError as error:
            if not first or error.reason is not DeliveryReason.REJECTED:
                raise
        return await bot.say(post, key=key, root="", story=story, again=again)  # the thread is gone

    async def _in_turn(self, call: _Call, before: Sequence[str]) -> str:
        await self._pace.turn()
        return await self._heard(call(before))

    async def _heard(self, answer: Awaitable[str]) -> str:
        """Wait for an answer; one that asks to wait holds up the whole room."""
        try:
            return await answer
        except DeliveryError as error:
            if error.reason is DeliveryReason.RATE_LIMITED and error.retry_after is not None:
                self._pace.hold(error.retry_after)
            raise
