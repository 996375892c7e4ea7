"""Telegram, by a bot (https://core.telegram.org/bots/api#sendmessage): HTML that a bot may write.

4,096 characters a message (counted in UTF-16 units, as Telegram does) and 100 entities; a longer
digest goes out as several messages, parted between stories. One message a second to a chat, twenty a
minute to a group. What comes later about a story replies to its first message. Telegram does not
recognise a message it had before: a try whose answer was lost may show twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any

from monitor.channels import Posted, Tools, _http, _room
from monitor.channels._chat import Chat
from monitor.channels._http import Reply
from monitor.channels._room import Post
from monitor.errors import ConfigError
from monitor.model import Delivery, Kind, Secret

MAX_TEXT = 4_096
MAX_ENTITIES = 95
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{20,}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramOptions:
    """Settings of a `type: telegram` channel."""

    token: Secret
    """The bot's token, from @BotFather."""
    chat: str
    """`"@channel"`, or the number of a chat or group the bot is in, in quotes: `"-1001234567890"`."""
    thread: int = 0
    """The topic of a forum group; 0: none."""
    silent: bool = False
    """Send digests without a sound. Alerts always have one."""
    server: str = "https://api.telegram.org"
    """For a Bot API server of your own."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=20)
    """For the whole exchange."""
    gap: timedelta = timedelta(seconds=3)
    """Least time between two messages: a group takes twenty a minute."""


class Channel(_room.Room):
    """One chat."""

    Options = TelegramOptions
    secret = ("token",)
    threads = True

    def __init__(self, name: str, options: TelegramOptions, tools: Tools) -> None:
        """Raises ConfigError if the token, the chat or the server cannot be used."""
        super().__init__(name, options, tools)
        if not _TOKEN.fullmatch(options.token.value.strip()):
            raise ConfigError("token: is not a bot's token; it looks like 123456:ABC-DEF…")
        if not _CHAT.fullmatch(options.chat):
            raise ConfigError("chat: must be '@channel' or the number of a chat, in quotes")
        server = _http.checked_url(options.server, "server").rstrip("/")
        self._url = f"{server}/bot{options.token.value.strip()}/sendMessage"

    @property
    def address(self) -> str:
        """The chat."""
        return str(self.options.chat)

    @staticmethod
    def written(chat: Chat, language: str) -> list[Post]:
        """Return the messages."""
        return [{"text": text} for text in _room.texts(chat, language, _HTML, _fits)]

    async def post(self, post: Post, delivery: Delivery, number: int) -> Posted:
        """Send one message, as a reply to the first one about its story."""
        message = delivery.message
        body: dict[str, Any] = {
            "chat_id": self.options.chat,
            **post,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if self.options.thread:
            body["message_thread_id"] = self.options.thread
        first = delivery.thread.handle if delivery.thread else ""
        if first.isdecimal() and not number:
            body["reply_parameters"] = {"message_id": int(first), "allow_sending_without_reply": True}
        if number or (self.options.silent and message.kind is Kind.DIGEST):
            body["disable_notification"] = True
        reply = await self.ask(self._url, body, wait=_asked)
        result = reply.json().get("result")
        found = result.get("message_id") if isinstance(result, dict) else None
        if not isinstance(found, int):
            return Posted(receipt=str(reply.status))
        return Posted(receipt=f"{reply.status} message {found}", handle=str(found))


def _asked(reply: Reply) -> timedelta | None:
    """Return what a 429 asks to wait: Telegram says it in the body."""
    parameters = reply.json().get("parameters")
    return _http.seconds(parameters.get("retry_after")) if isinstance(parameters, dict) else None


def _fits(text: str) -> bool:
    """Count the markup, too: shorter than Telegram asks for, never longer."""
    return len(text.encode("utf-16-le")) // 2 <= MAX_TEXT and text.count("</") <= MAX_ENTITIES


_HTML = _room.Style(
    escape=lambda text: escape(text, quote=False),
    bold=lambda text: f"<b>{text}</b>",
    link=lambda text, url: f'<a href="{escape(url)}">{text}</a>',
)
"""https://core.telegram.org/bots/api#html-style: `<`, `>` and `&` are all that must be escaped."""
