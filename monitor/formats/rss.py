"""RSS 0.91–0.94 and 2.0 (https://www.rssboard.org/rss-specification): `rss` with one `channel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from monitor.formats import _common, _items, _strict
from monitor.formats._items import ATOM, Context, OddError, Reader
from monitor.formats._root import root_of
from monitor.model import Document

_HEAD: Final = frozenset(("title", "link", "language", "ttl", "skipHours", "skipDays", f"{ATOM}link"))


class Format(_strict.Format):
    """RSS in no namespace. 0.90 and 1.0 are RDF."""

    rank: ClassVar[int] = 21
    media_types: ClassVar[tuple[str, ...]] = ("application/rss+xml", *_strict.MEDIA_TYPES)
    root: ClassVar[str] = "rss"
    texts: ClassVar[Mapping[str, str]] = {**_items.TEXTS, **_items.MODULE_TEXTS}
    others: ClassVar[Mapping[str, Reader]] = {**_items.OTHERS, **_items.MODULE_OTHERS}

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes to a document whose first element is `rss`."""
        return root_of(body) == b"rss"

    def document(self, root: Any, context: Context) -> Document:
        """Return the document. Raises OddError."""
        if len(root) != 1 or root[0].tag != "channel":
            raise OddError
        channel = root[0]
        head = _strict.head(channel, "item", _HEAD, context)
        _strict.no_others(root, len(head.items) + 1)
        language = _items.language_of(root) or _items.language_of(channel) or head.text("language")
        return Document(
            title=head.text("title"),
            link=_common.web_link(context.url, head.text("link")),
            language=language,
            format="rss",
            path="strict",
            items=self.items(head.items, context, language),
            **_strict.wishes(head),
            **_strict.links(head),
        )
