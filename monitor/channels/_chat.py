"""A message for a chat room, in a form that belongs to no service: what each channel writes in its own.

The template (`parts/chat.digest.j2`, `parts/chat.alert.j2`) says only what is said and which words
matched; escaping, marks and limits are the channel's, so that no template can get them wrong:

    {"title": …, "head": [line, …],
     "items": [{"heading": …} | {"title": …, "marks": [[0, 5]], "url": …, "text": …, "text_marks": …,
                                 "lines": [line, …]} | {"brief": …, "url": …, "note": …}, …],
     "foot": [line, …]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

from monitor.channels._text import cut, one_line
from monitor.model import Message

T = TypeVar("T")

MOST = 6
"""Posts that one message may become; what is longer is laid out shorter, then left out and counted."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text with the half-open ranges of code points that matched."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield the text in pieces, each with whether it is marked."""
        edges = [edge for mark in self.marks for edge in mark]
        for number, (start, end) in enumerate(pairwise([0, *edges, len(self.text)])):
            if start < end:
                yield self.text[start:end], number % 2 == 1

    def cut(self, limit: int, size: Callable[[str], int] = len) -> Text:
        """Return the text shortened; marks that were cut off are gone."""
        short = cut(self.text, limit, size)
        if short == self.text:
            return self
        end = len(short) - 1
        return Text(short, tuple((a, min(b, end)) for a, b in self.marks if a < end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story. `heading` is that of the section which begins with it; a `brief` one has only a title."""

    heading: str = ""
    title: Text
    url: str = ""
    text: Text = Text("")
    lines: tuple[str, ...] = ()
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What is said. `title` is the subject."""

    title: str
    head: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    foot: tuple[str, ...] = ()


def read(message: Message) -> Chat:
    """Return what the part `json` of a message says; what is of another shape is left out.

    A message whose template wrote nothing that can be read still says its subject.
    """
    return read_text(message.parts.get("json", ""), message.subject)


def read_text(text: str, subject: str = "") -> Chat:
    """Return what a rendered part says (see `read`)."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    data = data if isinstance(data, dict) else {}
    items: list[Item] = []
    heading = ""
    for one in _list(data.get("items")):
        if not isinstance(one, dict):
            continue
        if line := _line(one.get("heading")):
            heading = line
        if (item := _item(one)) is not None:
            items.append(replace(item, heading=heading))
            heading = ""
    return Chat(
        title=_line(data.get("title")) or one_line(subject) or "monitor",
        head=_lines(data.get("head")),
        items=tuple(items),
        foot=_lines(data.get("foot")),
    )


def packed(
    chunks: Sequence[T], fits: Callable[[Sequence[T]], bool], join: Callable[[T, T], bool] | None = None
) -> list[list[T]]:
    """Return the chunks in as few groups as fit, in order: nothing is lost, nothing is torn.

    A chunk that does not fit alone is a group of its own. `join(one, next)` says that two belong
    together: they are parted only where they do not fit together.
    """
    units: list[list[T]] = []
    for chunk in chunks:
        if units and join is not None and join(units[-1][-1], chunk) and fits([*units[-1], chunk]):
            units[-1].append(chunk)
        else:
            units.append([chunk])
    groups: list[list[T]] = []
    for unit in units:
        if groups and fits([*groups[-1], *unit]):
            groups[-1] += unit
        else:
            groups.append(unit)
    return groups


def _item(one: dict[str, Any]) -> Item | None:
    brief = _line(one.get("brief"))
    title = _text(one.get("title"), one.get("marks"))
    if not brief and not title:
        return None
    url = one.get("url")
    note = _line(one.get("note"))
    return Item(
        title=Text(brief) if brief else title,
        url=url if isinstance(url, str) and url.startswith(("http://", "https://")) else "",
        text=Text("") if brief else _text(one.get("text"), one.get("text_marks")),
        lines=(note,) if brief and note else () if brief else _lines(one.get("lines")),
        brief=bool(brief),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _line(value: Any) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _lines(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(_line, _list(value))))


def _text(value: Any, marks: Any) -> Text:
    """Return a text on one line; marks hold only if that changed nothing before them."""
    if not isinstance(value, str):
        return Text("")
    text = one_line(value)
    if text != value:
        return Text(text)
    kept: list[tuple[int, int]] = []
    for mark in _list(marks):
        match mark:
            case [int(start), int(end)] if (kept[-1][1] if kept else 0) <= start < end <= len(text):
                kept.append((start, end))
    return Text(text, tuple(kept))
