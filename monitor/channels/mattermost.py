"""Mattermost, by an incoming webhook: Markdown.

16,383 characters a post since 5.0. Mattermost tells a room or a person by `@channel`, `@all`,
`@here` and `@name` wherever they stand, so an `@` of a headline is parted from its word. A webhook
does not recognise a post it had before: a try whose answer was lost may show twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from monitor.channels import Posted, Tools, _http, _room
from monitor.channels._chat import Chat
from monitor.channels._room import Post
from monitor.model import Delivery, Secret

MAX_TEXT = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostOptions:
    """Settings of a `type: mattermost` channel."""

    url: Secret
    """The incoming webhook's URL. Whoever has it can post, so it is a secret."""
    room: str = ""
    """Another room than the webhook's own: its name in the address bar, or `@name`."""
    username: str = ""
    """The name that posts are shown under, if the server allows it."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=20)
    """For the whole exchange."""
    gap: timedelta = timedelta(milliseconds=200)
    """Least time between two posts: a server's own limit is 10 requests a second."""


class Channel(_room.Room):
    """One room."""

    Options = MattermostOptions
    secret = ("url",)

    def __init__(self, name: str, options: MattermostOptions, tools: Tools) -> None:
        """Raises ConfigError if the URL is not one."""
        super().__init__(name, options, tools)
        self._url = _http.checked_url(options.url, "url")

    @property
    def address(self) -> str:
        """The server, for the path is the token, and the room if one is named."""
        room = f" {self.options.room}" if self.options.room else ""
        return _http.host(self._url) + room

    @staticmethod
    def written(chat: Chat, language: str) -> list[Post]:
        """Return the posts."""
        return [{"text": text} for text in _room.texts(chat, language, _MARKDOWN, _fits)]

    async def post(self, post: Post, delivery: Delivery, number: int) -> Posted:
        """Send one post."""
        named = {"channel": self.options.room, "username": self.options.username}
        reply = await self.ask(self._url, {**post, **{k: v for k, v in named.items() if v}})
        return Posted(receipt=f"{reply.status} {self.door.said(reply.text, 40)}".strip())


def _fits(text: str) -> bool:
    return len(text) <= MAX_TEXT


def markdown(text: str) -> str:
    """Escape Markdown; what would be a mention stays a word."""
    return _room.markdown(text).replace("@", "@\u200b")


def link(text: str, url: str) -> str:
    """Return a link; the parentheses of the URL are encoded."""
    return f"[{text}]({url.replace('(', '%28').replace(')', '%29')})"


_MARKDOWN = _room.Style(escape=markdown, bold=lambda text: f"**{text}**", link=link)
