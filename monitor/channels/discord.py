"""Discord, by a webhook (https://discord.com/developers/docs/resources/webhook#execute-webhook): embeds.

A message has at most 10 embeds with 6,000 characters in all of them: titles 256, descriptions 4,096,
footers 2,048, the content beside them 2,000. A longer digest goes out as several messages, parted
between stories. Nobody is mentioned (`allowed_mentions`), and Markdown of headlines is escaped. A
webhook does not recognise a message it had before: a try whose answer was lost may show twice. It
cannot reply either, but edit: the first message about a story names those that came after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from monitor.channels import Posted, Tools, _chat, _http, _room
from monitor.channels._chat import Chat, Item
from monitor.channels._http import Reply
from monitor.channels._room import Post
from monitor.channels._text import counter, cut, one_line
from monitor.errors import ConfigError
from monitor.model import Delivery, Secret, Thread

MAX_EMBEDS = 10
MAX_TOTAL = 5_900
MAX_TITLE = 256
MAX_NAME = 256
MAX_DESCRIPTION = 4_096
MAX_FOOTER = 2_048
_BRIEF = 2_500
"""Characters of stories in a line that stand in one embed."""
_COLOUR = 0x2F6F9F
_GROWN = 10
"""So many later messages are named under the first one about a story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordOptions:
    """Settings of a `type: discord` channel."""

    url: Secret
    """The webhook's URL. Whoever has it can post, so it is a secret. `?thread_id=…` posts into a thread."""
    username: str = ""
    """The name that messages are shown under; empty: the webhook's."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=20)
    """For the whole exchange."""
    gap: timedelta = timedelta(seconds=1)
    """Least time between two messages: a webhook takes five in two seconds, thirty a minute."""


class Channel(_room.Room):
    """One channel of a Discord server."""

    Options = DiscordOptions
    secret = ("url",)
    threads = True

    def __init__(self, name: str, options: DiscordOptions, tools: Tools) -> None:
        """Raises ConfigError if the URL is not one."""
        super().__init__(name, options, tools)
        if len(options.username) > 80:
            raise ConfigError("username: must have at most 80 characters")
        parts = urlsplit(_http.checked_url(options.url, "url"))
        query = dict(parse_qsl(parts.query)) | {"wait": "true"}  # or Discord does not say what is wrong
        self._url = urlunsplit(parts._replace(query=urlencode(query)))

    @property
    def address(self) -> str:
        """The host, for the path is the token."""
        return _http.host(self._url)

    @staticmethod
    def written(chat: Chat, language: str) -> list[Post]:
        """Return the messages. Head and place are under 2,000 characters together."""
        embeds = _embeds(chat)
        if foot := "\n".join(_escaped(line, 400) for line in chat.foot[:8]):
            embeds.append({"description": foot})
        head = [f"**{_escaped(chat.title, 300)}**", *(_escaped(line, 200) for line in chat.head[:3])]
        groups = _chat.packed(embeds, _fits) or [[]]
        posts: list[Post] = []
        for number, group in enumerate(groups, 1):
            content = list(head) if number == 1 else []
            if len(groups) > 1:
                content.append(counter(number, len(groups), language))
            posts.append({"content": "\n".join(content), "embeds": group})
        return posts

    async def post(self, post: Post, delivery: Delivery, number: int) -> Posted:
        """Send one message; where it is about a story that was told, let that one grow first."""
        if not number and delivery.thread and delivery.thread.handle.isdecimal():
            await self._grow(delivery.thread, delivery.message.language)
            await self.pace.turn()
        body: dict[str, Any] = {**post, "allowed_mentions": {"parse": []}}
        if self.options.username:
            body["username"] = self.options.username
        reply = await self.ask(self._url, body, wait=_asked)
        found = reply.json().get("id")
        if not isinstance(found, str):
            return Posted(receipt=str(reply.status))
        name = self.door.said(found, 30)
        return Posted(receipt=f"{reply.status} message {name}", handle=name if name.isdecimal() else "")

    async def _grow(self, thread: Thread, language: str) -> None:
        """Put what came since under the first message; one that somebody removed stays so."""
        first = self.written(_chat.read(thread.first), language)[0]
        lines = [f"↳ {_escaped(one_line(later.subject), 200)}" for later in thread.later[-_GROWN:]]
        grown = {"description": "\n".join(lines), "color": _COLOUR}
        if _fits([*first["embeds"], grown]):
            first = {**first, "embeds": [*first["embeds"], grown]}
        parts = urlsplit(self._url)
        url = urlunsplit(parts._replace(path=f"{parts.path}/messages/{thread.handle}"))
        reply = await self.door.exchange(
            url,
            _room.as_json({**first, "allowed_mentions": {"parse": []}}),
            {"Content-Type": "application/json; charset=utf-8"},
            method="PATCH",
        )
        if reply.status not in (400, 403, 404):
            self.door.judge(url, reply, wait=_asked(reply))


def _embeds(chat: Chat) -> list[Post]:
    """Return an embed for each story, and one for the next few that are told in a line."""
    embeds: list[Post] = []
    for item in chat.items:
        if not item.brief:
            embeds.append(_embed(item))
            continue
        line = _line(item)
        last = embeds[-1] if embeds else {}
        if "footer" in last or "title" in last or item.heading or not last:
            embeds.append({"description": line, **_heading(item)})
        elif len(last["description"]) + len(line) < _BRIEF:
            last["description"] += f"\n{line}"
        else:
            embeds.append({"description": line})
    return embeds


def _embed(item: Item) -> Post:
    embed: Post = {"title": _escaped(item.title.text, MAX_TITLE), "color": _COLOUR, **_heading(item)}
    if item.url and len(item.url) <= 2_000:
        embed["url"] = item.url
    short = item.text.cut(1_500)
    if short:
        description = "".join(f"**{markdown(p)}**" if marked else markdown(p) for p, marked in short.pieces())
        embed["description"] = (
            description if len(description) <= MAX_DESCRIPTION else markdown(cut(short.text, 1_000))
        )
    if item.lines:
        embed["footer"] = {"text": cut("\n".join(item.lines), 1_000)}
    return embed


def _heading(item: Item) -> Post:
    return {"author": {"name": cut(item.heading, MAX_NAME)}} if item.heading else {}


def _line(item: Item) -> str:
    title = _escaped(item.title.text, 400)
    url = item.url.replace("(", "%28").replace(")", "%29")
    shown = f"[{title}]({url})" if url and len(url) <= 1_000 else title
    return f"• {shown}" + (f" ({_escaped(item.lines[0], 150)})" if item.lines else "")


def _fits(embeds: Sequence[Post]) -> bool:
    """Say whether Discord takes these in one message."""
    total = sum(
        len(e.get("title", ""))
        + len(e.get("description", ""))
        + len(e.get("footer", {}).get("text", ""))
        + len(e.get("author", {}).get("name", ""))
        for e in embeds
    )
    return len(embeds) <= MAX_EMBEDS and total <= MAX_TOTAL


def _escaped(text: str, limit: int) -> str:
    """Return escaped text of at most `limit` characters, backslashes included."""
    return markdown(cut(text, limit, lambda piece: len(markdown(piece))))


def markdown(text: str) -> str:
    """Escape Discord's Markdown, and the sign that mentions somebody."""
    return _room.markdown(text).replace("@", "\\@")


def _asked(reply: Reply) -> timedelta | None:
    """Return what a 429 asks to wait: Discord says it in the body, to the millisecond."""
    return _http.seconds(reply.json().get("retry_after")) if reply.status == 429 else None
