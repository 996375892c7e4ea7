"""Sitemap indexes (sitemaps.org 0.9): a list of sitemaps, which are asked for in turn."""

from __future__ import annotations

from typing import ClassVar

from monitor import formats
from monitor.errors import ParseError, ParseReason
from monitor.formats import _common, _sitemaps
from monitor.formats._dates import parse_date
from monitor.formats._root import root_of
from monitor.model import Document, Part


class Format(formats.Format):
    """A `sitemapindex`: its document has parts and no items."""

    rank: ClassVar[int] = 31
    media_types: ClassVar[tuple[str, ...]] = _sitemaps.MEDIA_TYPES

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes to a document whose first element is `sitemapindex`."""
        return root_of(body) == b"sitemapindex"

    def quick(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document | None:
        """Return the document: it is read in linear time or not at all. Raises ParseError."""
        return self.parse(body, content_type, url=url, charset=charset)

    def parse(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document:
        """Return the document, its parts as they stand in it. Raises ParseError."""
        root = _sitemaps.tree(body, content_type, charset)
        if _sitemaps.local(root) != "sitemapindex":
            raise ParseError(ParseReason.NOT_A_FEED, "not a sitemap index")
        parts = []
        for child in root[: _common.MAX_ITEMS]:
            found = _sitemaps.texts(child)
            link = _common.web_link(url, found.get("loc", ""))
            if _sitemaps.local(child) == "sitemap" and link:
                parts.append(Part(url=link, updated=parse_date(found.get("lastmod", ""))))
        return Document(format="sitemapindex", path="sitemap", parts=tuple(parts))
