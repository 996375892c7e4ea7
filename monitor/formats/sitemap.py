"""News sitemaps (sitemaps.org 0.9 with Google's news extension, sitemap-news/0.9).

Many papers without a feed have one: the articles of the last two days, with title, language and
time. A sitemap without news is no feed: it has no titles, and usually the whole archive.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from monitor import formats
from monitor.errors import ParseError, ParseReason
from monitor.formats import _common, _sitemaps
from monitor.formats._root import root_of
from monitor.model import Document, Item

_CHINESE: Final = {"zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}


class Format(formats.Format):
    """A `urlset` of news."""

    rank: ClassVar[int] = 30
    media_types: ClassVar[tuple[str, ...]] = _sitemaps.MEDIA_TYPES

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes to a document whose first element is `urlset`."""
        return root_of(body) == b"urlset"

    def quick(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document | None:
        """Return the document: it is read in linear time or not at all. Raises ParseError."""
        return self.parse(body, content_type, url=url, charset=charset)

    def parse(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document:
        """Return the document, the newest articles first. Raises ParseError."""
        root = _sitemaps.tree(body, content_type, charset)
        if _sitemaps.local(root) != "urlset":
            raise ParseError(ParseReason.NOT_A_FEED, "not a sitemap")
        pages = [child for child in root if _sitemaps.local(child) == "url"]
        articles = [(page, news) for page in pages if (news := _news(page)) is not None]
        if pages and not articles:
            raise ParseError(ParseReason.NOT_A_FEED, "a sitemap of pages, not of news: it has no titles")
        items = [_item(page, news, url) for page, news in articles]
        dated = sorted(items, key=lambda item: item.published.timestamp() if item.published else 0.0)
        names = [_publication(news) for _, news in articles]
        return Document(
            title=next((name for name, _ in names if name), ""),
            language=next((language for _, language in names if language), ""),
            format="sitemap",
            path="sitemap",
            items=tuple(reversed(dated[-_common.MAX_ITEMS :])),
        )


def _news(page: Any) -> Any | None:
    return next((child for child in page if _sitemaps.local(child) == "news"), None)


def _publication(news: Any) -> tuple[str, str]:
    """Return the name and the language of an article's publication."""
    for child in news:
        if _sitemaps.local(child) == "publication":
            found = _sitemaps.texts(child)
            language = found.get("language", "").replace("_", "-")
            return _common.repair(found.get("name", "")), _CHINESE.get(language.lower(), language)
    return "", ""


def _item(page: Any, news: Any, url: str) -> Item:
    about, article = _sitemaps.texts(page), _sitemaps.texts(news)
    _, language = _publication(news)
    return _common.item(
        base=url,
        guid="",
        link=about.get("loc", ""),
        title=_common.repair(article.get("title", "")),
        summary="",
        content="",
        authors=[],
        published=article.get("publication_date", "") or about.get("lastmod", ""),
        updated=about.get("lastmod", ""),
        tags=[_common.repair(word.strip()) for word in article.get("keywords", "").split(",")],
        language=language,
        permalink=False,
        atom=False,
    )
