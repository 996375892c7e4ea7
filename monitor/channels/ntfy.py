"""ntfy (https://docs.ntfy.sh/publish/#publish-as-json): notifications on phones and desktops, in plain text.

4,096 bytes a message (what is longer would become an attachment), so a long digest goes out as several,
parted between stories. `sequence_id` is the message's identity and the same in every try: since ntfy
2.16 a repeated message replaces the one that came before. So does one about a story that was told: the
notification on a phone grows, and a correction leaves nothing wrong standing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from monitor.channels import Posted, Tools, _http, _room
from monitor.channels._chat import Chat, Text
from monitor.channels._room import Post
from monitor.channels._text import cut, one_line
from monitor.errors import ConfigError
from monitor.model import Delivery, Kind, Secret

MAX_MESSAGE = 4_096
MAX_TITLE = 200
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NtfyOptions:
    """Settings of a `type: ntfy` channel."""

    topic: str | Secret
    """The topic. On a public server whoever knows it can read it: then write it as a secret."""
    server: str = "https://ntfy.sh"
    """The server, without the topic."""
    token: Secret | None = None
    """An access token (`tk_…`), where the topic is protected."""
    priority: int = 4
    """Of alerts, 1 (none is shown) to 5 (loud). Digests have 3, the ordinary one."""
    tags: tuple[str, ...] = ()
    """Words or names of emoji that ntfy shows beside the title: `[newspaper]`."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=20)
    """For the whole exchange."""
    gap: timedelta = timedelta(seconds=1)
    """Least time between two messages: ntfy.sh takes sixty at once, then one in five seconds."""


class Channel(_room.Room):
    """One topic."""

    Options = NtfyOptions
    secret = ("topic", "token")

    def __init__(self, name: str, options: NtfyOptions, tools: Tools) -> None:
        """Raises ConfigError if topic, server, token or priority cannot be used."""
        super().__init__(name, options, tools)
        self._url = _http.checked_url(options.server, "server").rstrip("/") + "/"
        topic = options.topic
        self._topic = (topic.value if isinstance(topic, Secret) else topic).strip()
        if not _TOPIC.fullmatch(self._topic):
            raise ConfigError("topic: must be letters, digits, - and _, at most 64")
        if not 1 <= options.priority <= 5:
            raise ConfigError("priority: must be from 1 to 5")
        self._headers = _http.bearer(options.token, "token") if options.token else {}

    @property
    def address(self) -> str:
        """The server and the topic, if it is no secret."""
        host = _http.host(self._url)
        return host if isinstance(self.options.topic, Secret) else f"{host}/{self._topic}"

    @staticmethod
    def written(chat: Chat, language: str) -> list[Post]:
        """Return the messages. The subject is their title, so one story alone does not repeat it."""
        items = chat.items
        if len(items) == 1 and items[0].text:
            items = (replace(items[0], title=items[0].text, text=Text(""), url=""),)
        posts: list[Post] = [
            {"message": _within(text)}
            for text in _room.texts(replace(chat, items=items), language, _PLAIN, _fits, titled=False)
        ]
        if len(chat.items) == 1 and chat.items[0].url:
            posts[0]["click"] = chat.items[0].url
        return posts

    async def post(self, post: Post, delivery: Delivery, number: int) -> Posted:
        """Send one message. One about a story that was told takes the place of the one that told it."""
        message = delivery.message
        name = message.follows.message if message.follows else message.id
        identity = blake2b(f"{name}/{number}".encode("utf-8", "replace"), digest_size=16).hexdigest()
        body: dict[str, Any] = {
            "topic": self._topic,
            "title": cut(one_line(message.subject), MAX_TITLE),
            "priority": 3 if message.kind is Kind.DIGEST else self.options.priority,
            "sequence_id": identity,
            **post,
        }
        if self.options.tags:
            body["tags"] = list(self.options.tags)
        reply = await self.ask(self._url, body, self._headers)
        found = reply.json().get("id")
        said = f" {self.door.said(found, 30)}" if isinstance(found, str) else ""
        return Posted(receipt=f"{reply.status}{said}")


def _within(text: str) -> str:
    """Return a text that one message takes: a single story of more bytes is cut, not made a file."""
    if _fits(text):
        return text
    return text.encode("utf-8", "replace")[: MAX_MESSAGE - 3].decode("utf-8", "ignore") + "…"


def _fits(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) <= MAX_MESSAGE


_PLAIN = _room.Style(escape=str, bold=str, link=lambda text, url: f"{text}\n{url}")
