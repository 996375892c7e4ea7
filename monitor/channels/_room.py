"""Chat rooms: what the channels share that post a message to one room, in several posts where it is long.

A member says how a chat is written for its service (`written`) and how one post goes out (`post`);
turns, parts of a series, waits and secrets are the same for all.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from monitor import channels
from monitor.channels import Posted, Tools, _chat, _http
from monitor.channels._chat import Chat, Item, Text
from monitor.channels._pace import Pace
from monitor.channels._series import Series
from monitor.channels._text import counter, cut
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Delivery, Recipient

Post = dict[str, Any]
"""The body of one post, as JSON."""
_INLINE = re.compile(r"([\\`*_\[\]<>|~$])")
_AT_START = re.compile(r"^([#+=-])")
_EMOJI = re.compile(r":(?=[A-Za-z0-9_+-]+:)")
UNKNOWN_FIRST = "; the first message of its thread is not known: sent as a new one"
_LONG_TAG = "zh-Hant-HK"
"""Stands for the language where it is not known yet: as long as one gets, for it takes room too."""


class Room(channels.Channel):
    """One room. Options have at least `language`, `timezone`, `timeout` and `gap`."""

    parts = ("subject.txt", "json")
    secret: ClassVar[tuple[str, ...]] = ()
    """The settings that no word may show."""
    threads: ClassVar[bool] = False
    """Whether the service lets a message follow another, by the name it gave that one."""

    def __init__(self, name: str, options: Any, tools: Tools) -> None:
        super().__init__(name, options, tools)
        self.door = _http.Door(
            tools, timeout=options.timeout, secrets=[getattr(options, one) for one in self.secret]
        )
        self.pace = Pace(options.gap, tools.pause)
        self.series: Series[Posted] = Series()

    @property
    @abstractmethod
    def address(self) -> str:
        """The room as it may be shown: no secret."""

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the room."""
        return (
            Recipient(address=self.address, language=self.options.language, timezone=self.options.timezone),
        )

    @staticmethod
    @abstractmethod
    def written(chat: Chat, language: str) -> list[Post]:
        """Return the posts that say all of `chat`, each within the service's limits. Pure."""

    @classmethod
    def fits(cls, part: str, text: str) -> bool:
        """Say whether a message does not become too many posts."""
        return part != "json" or len(cls.written(_chat.read_text(text), _LONG_TAG)) <= _chat.MOST

    async def send(self, delivery: Delivery) -> Posted:
        """Send all posts of the message, in the thread of its story. Raises DeliveryError."""
        message = delivery.message
        posts = self.written(_chat.read(message), message.language)

        async def one(post: Post, before: Sequence[Posted]) -> Posted:
            await self.pace.turn()
            try:
                return await self.post(post, delivery, len(before))
            except DeliveryError as error:
                if error.reason is DeliveryReason.RATE_LIMITED and error.retry_after is not None:
                    self.pace.hold(error.retry_after)
                raise

        answers = await self.series.send(message.id, posts, one)
        receipt = ", ".join(dict.fromkeys(answer.receipt for answer in answers))
        return Posted(receipt=cut(receipt + self._lonely(delivery), 200), handle=answers[0].handle)

    def _lonely(self, delivery: Delivery) -> str:
        """Say that a message went out by itself which should have followed another."""
        known = delivery.thread is not None and delivery.thread.handle
        return UNKNOWN_FIRST if self.threads and delivery.message.follows and not known else ""

    @abstractmethod
    async def post(self, post: Post, delivery: Delivery, number: int) -> Posted:
        """Send one post, the `number`th (from 0) of a message; return the answer. Raises DeliveryError."""

    async def ask(
        self,
        url: str,
        post: Post,
        headers: Mapping[str, str] | None = None,
        wait: Callable[[_http.Reply], timedelta | None] = lambda reply: None,
    ) -> _http.Reply:
        """POST JSON; return the answer. `wait` reads from it what to wait. Raises DeliveryError."""
        sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        reply = await self.door.exchange(url, as_json(post), sent)
        self.door.judge(url, reply, wait=wait(reply))
        return reply


def as_json(value: Any) -> bytes:
    """Return a value as compact JSON; Bengali stays Bengali."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# texts ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a service writes text: `bold` and `link` are given what is escaped already."""

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]

    def marked(self, text: Text) -> str:
        """Return a text with its marks."""
        return "".join(
            self.bold(self.escape(piece)) if is_marked else self.escape(piece)
            for piece, is_marked in text.pieces()
        )


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A piece of text that is never torn: a head, a story, a story in a line, a foot."""

    text: str
    role: str


def texts(
    chat: Chat, language: str, style: Style, fits: Callable[[str], bool], *, titled: bool = True
) -> list[str]:
    """Return a chat as texts that fit, parted between stories; of several each says which it is.

    Without `titled` the chat's title is left out, for services that have a place of their own for it.
    """
    chunks = [_head(chat, style, fits, titled), *(_story(item, style, fits) for item in chat.items)]
    if chat.foot:
        foot = "\n".join(style.escape(cut(line, 400)) for line in chat.foot[:8])
        chunks.append(_Chunk(foot, "foot"))
    groups = _chat.packed(
        [chunk for chunk in chunks if chunk.text and fits(chunk.text)],
        lambda group: fits(_joined(group) + "\n\n00/00"),
        lambda one, other: one.role == "head" or other.role == "foot",
    )
    if len(groups) < 2:
        return [_joined(groups[0]) if groups else style.escape(cut(chat.title, 250))]
    return [
        f"{_joined(group)}\n\n{counter(number, len(groups), language)}"
        for number, group in enumerate(groups, 1)
    ]


def shorter(item: Item) -> Iterator[Item]:
    """Yield an item as it is, then shorter and shorter: for what no template of ours writes."""
    yield item
    yield replace(item, text=item.text.cut(400), title=item.title.cut(250), heading=cut(item.heading, 150))
    short = replace(
        item,
        text=Text(""),
        title=item.title.cut(200),
        heading="",
        lines=tuple(cut(x, 150) for x in item.lines[:3]),
    )
    yield short
    yield replace(short, url="", lines=())
    yield replace(short, url="", lines=(), title=Text(cut(item.title.text, 60)))


def markdown(text: str) -> str:
    """Return a text that Markdown shows as it is written.

    Escaped is what means something inside a line, what does at its beginning, and the colon of an
    emoji's name (CommonMark §2.4: any ASCII punctuation may be). Times keep their colons.
    """
    return _EMOJI.sub(r"\\:", _AT_START.sub(r"\\\1", _INLINE.sub(r"\\\1", text)))


def _head(chat: Chat, style: Style, fits: Callable[[str], bool], titled: bool) -> _Chunk:
    lines = [style.bold(style.escape(cut(chat.title, 250)))] if titled else []
    lines += [style.escape(cut(line, 300)) for line in chat.head[:5]]
    while len(lines) > titled and not fits("\n".join(lines)):
        lines.pop()
    return _Chunk("\n".join(lines), "head")


def _story(item: Item, style: Style, fits: Callable[[str], bool]) -> _Chunk:
    for one in shorter(item):
        text = _brief(one, style) if one.brief else _full(one, style)
        if one.heading:
            text = f"{style.bold(style.escape(one.heading))}\n{'' if one.brief else chr(10)}{text}"
        if fits(text + "\n\n00/00"):
            break
    return _Chunk(text, "brief" if item.brief and not item.heading else "story")


def _full(item: Item, style: Style) -> str:
    title = style.bold(style.escape(item.title.text))
    lines = [style.link(title, item.url) if item.url else title]
    if item.text:
        lines.append(style.marked(item.text))
    return "\n".join([*lines, *map(style.escape, item.lines)])


def _brief(item: Item, style: Style) -> str:
    title = style.escape(item.title.text)
    note = f" ({style.escape(item.lines[0])})" if item.lines else ""
    return f"• {style.link(title, item.url) if item.url else title}{note}"


def _joined(group: Sequence[_Chunk]) -> str:
    text = ""
    for number, chunk in enumerate(group):
        text += "" if not number else "\n" if chunk.role == "brief" else "\n\n"
        text += chunk.text
    return text
