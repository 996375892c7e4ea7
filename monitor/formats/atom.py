"""Atom 1.0 (RFC 4287): `feed` with its `entry` elements. 0.3 is left to feedparser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from monitor.formats import _common, _items, _strict
from monitor.formats._items import ATOM, LANG, Context, OddError, Parts, Reader
from monitor.formats._root import root_of
from monitor.model import Document

_HEAD: Final = frozenset((f"{ATOM}title", f"{ATOM}link", f"{ATOM}id"))
_HTML: Final = ("text/html", "application/xhtml+xml", "html")
_TEXT: Final = ("text", "html", "text/html", "text/plain")
_CONSTRUCTS: Final = frozenset(("type", LANG, "{http://www.w3.org/XML/1998/namespace}space"))
"""Attributes of a text construct that are what they seem."""


def _construct(context: Context, element: Any) -> str:
    """Return the text of a text construct (RFC 4287 §3.1) that is plain or escaped HTML."""
    if len(element) or not _CONSTRUCTS.issuperset(element.keys()) or element.get("type", "text") not in _TEXT:
        raise OddError
    return context.text(element)


def _title(parts: Parts, element: Any) -> None:
    parts.put("title", _construct(parts.context, element))
    parts.language = _items.language_of(element) or parts.language


def _summary(parts: Parts, element: Any) -> None:
    parts.put("summary", _construct(parts.context, element))


def _content(parts: Parts, element: Any) -> None:
    if element.get("src"):
        raise OddError
    parts.put("content", _construct(parts.context, element))


def _id(parts: Parts, element: Any) -> None:
    parts.put("guid", _common.fix_slashes(parts.context.value(element)))


def _link(parts: Parts, element: Any) -> None:
    """Take the link to the page itself: `alternate`, HTML (RFC 4287 §4.2.7)."""
    href = element.get("href")
    if href is None:
        raise OddError
    if element.get("rel", "alternate").lower() != "alternate":
        return
    if element.get("type", "text/html").lower() not in _HTML:
        raise OddError
    parts.one["link"] = _common.absolute(parts.context.url, href)


def _author(parts: Parts, element: Any) -> None:
    name = element.find(f"{ATOM}name")
    if name is None or len(name) or any(not isinstance(one.tag, str) or len(one) for one in element):
        raise OddError
    parts.authors.append(parts.context.text(name))


def _category(parts: Parts, element: Any) -> None:
    term = element.get("term")
    if (element.text or "").strip() or len(element) or not term:
        raise OddError
    parts.tags.append(term)


def _nothing(parts: Parts, element: Any) -> None:
    """Pass over what says nothing that we keep."""


class Format(_strict.Format):
    """Atom in its own namespace, by any prefix."""

    rank: ClassVar[int] = 20
    media_types: ClassVar[tuple[str, ...]] = ("application/atom+xml", *_strict.MEDIA_TYPES)
    root: ClassVar[str] = f"{ATOM}feed"
    atom: ClassVar[bool] = True
    texts: ClassVar[Mapping[str, str]] = {f"{ATOM}updated": "updated", f"{ATOM}published": "published"}
    others: ClassVar[Mapping[str, Reader]] = {
        f"{ATOM}title": _title,
        f"{ATOM}link": _link,
        f"{ATOM}id": _id,
        f"{ATOM}summary": _summary,
        f"{ATOM}content": _content,
        f"{ATOM}author": _author,
        f"{ATOM}category": _category,
        f"{ATOM}source": _nothing,
        f"{ATOM}rights": _nothing,
        f"{ATOM}contributor": _nothing,
    }

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes to a document whose first element is `feed`, by any prefix."""
        return root_of(body) == b"feed"

    def document(self, root: Any, context: Context) -> Document:
        """Return the document. Raises OddError."""
        head = _strict.head(root, f"{ATOM}entry", _HEAD, context)
        _strict.no_others(root, len(head.items) + 1)
        language = _items.language_of(root)
        title, identity = head.rest.get(f"{ATOM}title"), head.rest.get(f"{ATOM}id")
        home = [
            link.get("href", "")
            for link in head.links
            if link.get("rel", "alternate") == "alternate" and link.get("type", "text/html") in _HTML
        ]
        return Document(
            title="" if title is None else _construct(context, title),
            link=_common.web_link(
                context.url, home[-1] if home else "" if identity is None else context.value(identity)
            ),
            language=language,
            format="atom",
            path="strict",
            items=self.items(head.items, context, language),
            **_strict.wishes(head, ATOM),
            **_strict.links(head),
        )

    def attributes(self, parts: Parts, item: Any) -> None:
        """Take an entry's language. Its id is a link where it is one."""
        parts.language = _items.language_of(item)
        parts.permalink = True
