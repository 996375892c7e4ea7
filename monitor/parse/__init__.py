"""Parse: a fetched body to a Document, whatever the body holds; an article's page to its text.

Well-formed feeds are read in the calling thread by paths that take linear time. All others go to
feedparser in a worker process, pages of articles to trafilatura in one of their own: what takes more
than its CPU time or memory costs that process, and the document is refused as too costly.
"""

from __future__ import annotations

from typing import Final

from monitor import registry
from monitor.errors import ParseError, ParseReason
from monitor.formats import Format
from monitor.model import Document, Fetched, FetchResult
from monitor.parse._pool import Pool
from monitor.parse.bijoy import righted

MEMORY: Final = 1_000_000_000
"""Bytes of address space of a worker: feedparser needs 30 times a body of 10 MB at most (measured)."""
WORKERS: Final = 2
"""For feeds. Articles have one: nobody waits for them."""


class Parser:
    """Parses documents; any number of threads may call it. Worker processes are started when needed.

    `cpu_seconds` is what one document may take in a worker, `memory` the bytes of address space
    that a worker may have.
    """

    def __init__(self, *, cpu_seconds: float = 5.0, memory: int = MEMORY) -> None:
        found = [(registry.find("formats", name), name) for name in registry.names("formats")]
        self._formats: list[tuple[Format, str]] = [
            (member(), name) for member, name in sorted(found, key=lambda pair: (pair[0].rank, pair[1]))
        ]
        self._documents, self._articles = (
            Pool(f"monitor.parse.{name}", workers=workers, cpu_seconds=cpu_seconds, memory=memory)
            for name, workers in (("documents", WORKERS), ("articles", 1))
        )

    def parse(self, result: FetchResult) -> Document:
        """Return the document of a result whose outcome is Fetched. Raises ParseError."""
        fetched = _fetched(result)
        body, content_type = fetched.body, fetched.content_type
        url, charset = result.url or result.feed.url, result.feed.charset
        for reader, name in self._formats:
            if reader.sniff(body, content_type):
                document = reader.quick(body, content_type, url=url, charset=charset)
                if document is None:
                    document = self._documents.ask((name, body, content_type, url, charset))
                return righted(document, result.feed.language)
        raise ParseError(ParseReason.NOT_A_FEED, "no format knows it")

    def article(self, result: FetchResult, title: str) -> str:
        """Return the text of the article on a page whose headline was `title`. Raises ParseError.

        Paragraphs stand on lines of their own. Needs the extra `fulltext`.
        """
        fetched = _fetched(result)
        url, charset = result.url or result.feed.url, result.feed.charset
        text: str = self._articles.ask((fetched.body, fetched.content_type, url, charset, title))
        return text

    def close(self) -> None:
        """End the worker processes."""
        self._documents.close()
        self._articles.close()


def _fetched(result: FetchResult) -> Fetched:
    if not isinstance(result.outcome, Fetched):
        raise TypeError("only what was fetched can be parsed")
    return result.outcome
