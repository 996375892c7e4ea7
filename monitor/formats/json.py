"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from monitor import formats
from monitor.errors import ParseError, ParseReason
from monitor.formats import _common
from monitor.model import Document, Item

_VERSION: Final = "jsonfeed.org/version/1"


class Format(formats.Format):
    """JSON feeds."""

    rank: ClassVar[int] = 10
    media_types: ClassVar[tuple[str, ...]] = ("application/feed+json", "application/json")

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes to what begins like a JSON object."""
        return body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def quick(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document | None:
        """Return the document: reading JSON takes linear time. Raises ParseError."""
        return self.parse(body, content_type, url=url, charset=charset)

    def parse(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document:
        """Return the document. Raises ParseError."""
        try:
            feed = json.loads(
                body.decode(charset, "replace") if charset else body.removeprefix(b"\xef\xbb\xbf")
            )
        except (ValueError, LookupError) as error:
            raise ParseError(ParseReason.BROKEN, f"not JSON: {error}") from error
        except RecursionError as error:
            raise ParseError(ParseReason.TOO_COSTLY, "nested too deeply") from error
        if not isinstance(feed, dict) or _VERSION not in _text(feed, "version"):
            raise ParseError(ParseReason.NOT_A_FEED, "JSON, but not a JSON Feed")
        items = feed.get("items")
        return Document(
            title=_text(feed, "title"),
            link=_common.web_link(url, _text(feed, "home_page_url")),
            language=_text(feed, "language"),
            format="json",
            path="json",
            items=tuple(
                _item(item, url, _text(feed, "language"))
                for item in (items if isinstance(items, list) else [])[: _common.MAX_ITEMS]
                if isinstance(item, dict)
            ),
            self_url=_common.web_link(url, _text(feed, "feed_url")),
            hub=next(
                (_common.web_link(url, _text(hub, "url")) for hub in _list(feed, "hubs") if _is_websub(hub)),
                "",
            ),
            previous=_common.web_link(url, _text(feed, "next_url")),
        )


def _text(mapping: dict[str, Any], key: str) -> str:
    """Return a text; a number, which some feeds give for an id, is written out."""
    value = mapping.get(key)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _list(mapping: dict[str, Any], key: str) -> list[Any]:
    value = mapping.get(key)
    return value if isinstance(value, list) else []


def _is_websub(hub: object) -> bool:
    """Whether a hub speaks WebSub, by whichever of its names: a hub may also be one for rssCloud."""
    return isinstance(hub, dict) and _text(hub, "type").lower() in ("", "websub", "pubsubhubbub")


def _item(item: dict[str, Any], url: str, language: str) -> Item:
    authors = [a for a in _list(item, "authors") if isinstance(a, dict)]
    if not authors and isinstance(item.get("author"), dict):
        authors = [item["author"]]
    spoken = _text(item, "language")
    return _common.item(
        base=url,
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=_text(item, "summary"),
        content=_text(item, "content_html") or _text(item, "content_text"),
        authors=[_text(author, "name") for author in authors],
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        tags=[tag.strip() for tag in _list(item, "tags") if isinstance(tag, str)],
        language=spoken if spoken != language else "",
        permalink="://" in _text(item, "id"),
        atom=True,
    )
