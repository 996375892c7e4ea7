"""Microsoft Teams, by a workflow ("Post to a channel when a webhook request is received"): Adaptive Cards.

The request may have 28 KB; a longer digest goes out as several cards, parted between stories. Texts
are RichTextBlocks, whose runs are not read as Markdown, so a headline is shown as it is written
(https://adaptivecards.io/explorer/RichTextBlock.html). A workflow answers 202 before it has posted and
does not recognise a card it had before: a try whose answer was lost may show twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor.channels import Posted, Tools, _chat, _http, _room
from monitor.channels._chat import Chat, Item, Text
from monitor.channels._room import Post, as_json
from monitor.channels._text import counter, cut
from monitor.model import Delivery, Secret

MAX_BODY = 27_500
"""Bytes of a request: Teams says 28 KB, and not whether that is 28,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsOptions:
    """Settings of a `type: teams` channel."""

    url: Secret
    """The workflow's URL. Its signature lets whoever has it post, so it is a secret."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""
    timeout: timedelta = timedelta(seconds=30)
    """For the whole exchange."""
    gap: timedelta = timedelta(milliseconds=500)
    """Least time between two cards: Teams takes four a second."""


class Channel(_room.Room):
    """One channel or chat of Teams."""

    Options = TeamsOptions
    secret = ("url",)

    def __init__(self, name: str, options: TeamsOptions, tools: Tools) -> None:
        """Raises ConfigError if the URL is not one."""
        super().__init__(name, options, tools)
        self._url = _http.checked_url(options.url, "url")

    @property
    def address(self) -> str:
        """The host, for path and query are the key."""
        return _http.host(self._url)

    @staticmethod
    def written(chat: Chat, language: str) -> list[Post]:
        """Return the requests: a card each."""
        stories = [_story(item) for item in chat.items]
        foot = [[_text(cut(line, 400), isSubtle=True, size="Small") for line in chat.foot[:8]]]
        groups = _chat.packed(
            [_head(chat), *stories, *(foot if chat.foot else [])],
            lambda group: len(as_json(_request(_flat(group), language))) <= MAX_BODY,
        )
        posts = []
        for number, group in enumerate(groups, 1):
            body = _flat(group)
            if len(groups) > 1:
                body = [*body, _text(counter(number, len(groups), language), isSubtle=True, size="Small")]
            posts.append(_request(body, language))
        return posts

    async def post(self, post: Post, delivery: Delivery, number: int) -> Posted:
        """Send one card."""
        reply = await self.ask(self._url, post)
        return Posted(receipt=f"{reply.status} {self.door.said(reply.text, 60)}".strip())


def _request(body: Sequence[Post], language: str) -> Post:
    card: Post = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": list(body),
        "msteams": {"width": "Full"},
    }
    if language:
        card["lang"] = language
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


def _flat(group: Sequence[list[Post]]) -> list[Post]:
    return [element for chunk in group for element in chunk]


def _head(chat: Chat) -> list[Post]:
    title = _text(cut(chat.title, 250), weight="Bolder", size="Large")
    return [title, *(_text(cut(line, 300), isSubtle=True) for line in chat.head[:5])]


def _story(item: Item) -> list[Post]:
    """Return the elements of a story; what no template of ours writes is shortened."""
    for one in _room.shorter(item):
        elements = _elements(one)
        if len(as_json(elements)) <= MAX_BODY // 2:
            break
    return elements


def _elements(item: Item) -> list[Post]:
    elements: list[Post] = []
    if item.heading:
        elements.append(
            {**_text(item.heading, weight="Bolder", size="Medium"), "separator": True, "spacing": "Large"}
        )
    run: dict[str, Any] = {"type": "TextRun", "text": item.title.text, "weight": "Bolder"}
    if item.url:
        run |= {"selectAction": {"type": "Action.OpenUrl", "url": item.url}, "color": "Accent"}
    if item.brief:
        del run["weight"]
        note = f" ({item.lines[0]})" if item.lines else ""
        dot, after = _run("• "), [_run(note, isSubtle=True)] if note else []
        return [*elements, {"type": "RichTextBlock", "inlines": [dot, run, *after], "spacing": "Small"}]
    elements.append({"type": "RichTextBlock", "inlines": [run], "spacing": "Medium"})
    if item.text:
        elements.append({"type": "RichTextBlock", "inlines": _marked(item.text), "spacing": "Small"})
    elements += [{**_text(line, isSubtle=True, size="Small"), "spacing": "None"} for line in item.lines]
    return elements


def _text(text: str, **look: Any) -> Post:
    return {"type": "RichTextBlock", "inlines": [_run(text, **look)]}


def _run(text: str, **look: Any) -> Post:
    return {"type": "TextRun", "text": text, **look}


def _marked(text: Text) -> list[Post]:
    return [_run(piece, weight="Bolder") if marked else _run(piece) for piece, marked in text.pieces()]
