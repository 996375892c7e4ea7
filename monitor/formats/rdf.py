"""RSS 1.0 (https://web.resource.org/rss/1.0/spec): `rdf:RDF` with a `channel`, and the items beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from monitor.formats import _common, _items, _strict
from monitor.formats._items import ATOM, DC, Context, OddError, Parts, Reader
from monitor.formats._root import root_of
from monitor.model import Document

RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS1: Final = "{http://purl.org/rss/1.0/}"

_ROOT: Final = frozenset((f"{RSS1}channel",))
_HEAD: Final = frozenset((f"{RSS1}title", f"{RSS1}link", f"{DC}language", f"{ATOM}link"))


class Format(_strict.Format):
    """RSS as RDF. 0.90, which has a namespace of its own, is left to feedparser."""

    rank: ClassVar[int] = 22
    media_types: ClassVar[tuple[str, ...]] = ("application/rdf+xml", *_strict.MEDIA_TYPES)
    root: ClassVar[str] = f"{RDF}RDF"
    namespace: ClassVar[str] = RSS1
    texts: ClassVar[Mapping[str, str]] = {
        **_items.TEXTS,  # feedparser takes them without the namespace, too
        **{RSS1 + name: part for name, part in _items.TEXTS.items()},
        **_items.MODULE_TEXTS,
    }
    others: ClassVar[Mapping[str, Reader]] = {
        **_items.OTHERS,
        **{RSS1 + name: read for name, read in _items.OTHERS.items()},
        **_items.MODULE_OTHERS,
    }

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes to a document whose first element is `RDF`, by any prefix."""
        return root_of(body) == b"RDF"

    def document(self, root: Any, context: Context) -> Document:
        """Return the document. Raises OddError."""
        outer = _strict.head(root, f"{RSS1}item", _ROOT, context)
        channel = outer.rest.get(f"{RSS1}channel")
        if channel is None:
            raise OddError
        _strict.no_others(root, len(outer.items) + 1)
        head = _strict.head(channel, "", _HEAD, context)
        language = _items.language_of(root) or head.text(f"{DC}language")
        return Document(
            title=head.text(f"{RSS1}title"),
            link=_common.web_link(context.url, head.text(f"{RSS1}link")),
            language=language,
            format="rdf",
            path="strict",
            items=self.items(outer.items, context, language),
            **_strict.wishes(head, RSS1),
            **_strict.links(head),
        )

    def attributes(self, parts: Parts, item: Any) -> None:
        """Take an item's language and name: `rdf:about` is what a guid is. Raises OddError."""
        super().attributes(parts, item)
        about = item.get(f"{RDF}about")
        if about:
            parts.put("guid", about)
