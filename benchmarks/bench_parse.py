"""What does it cost to read a feed that changed?

Documents of `sweep_server` (25 items, 30–60 KB, four languages) through `monitor.parse`: CPU time of each, the
least of many rounds; beside it what lxml's tree alone costs, and what feedparser takes.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import feedparser
import sweep_server
from lxml import etree

from monitor.model import Feed, Fetched, FetchResult
from monitor.parse import Parser

VERSIONS = 6
ROUNDS = 60
KIND = "application/rss+xml; charset=utf-8"
NOW = datetime(2025, 10, 16, 12, tzinfo=UTC)


def least(work: Callable[[bytes], object], documents: list[bytes], rounds: int) -> float:
    """Return milliseconds of CPU for a document, in the best round."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for document in documents:
            work(document)
        best = min(best, time.process_time() - begun)
    return round(1000 * best / len(documents), 3)


def main() -> None:
    """Print a line for each language, then one of JSON."""
    parser = Parser()

    def ours(body: bytes) -> object:
        return parser.parse(
            FetchResult(
                feed=feed, fetched_at=NOW, outcome=Fetched(body=body, content_type=KIND), url=feed.url
            )
        )

    found: dict[str, float] = {}
    whole: list[bytes] = []
    for place, language in enumerate(sweep_server.LANGUAGES):
        feed = Feed(url=f"https://{place}.example/rss", source="Example", language=language)
        documents = [sweep_server.document(place, version) for version in range(VERSIONS)]
        whole += documents
        found[f"{language}_ms"] = least(ours, documents, ROUNDS)
        print(f"{language}: {found[f'{language}_ms']} ms for {len(documents[0]) // 1000} KB")
    found["read_ms"] = round(sum(found.values()) / len(found), 3)
    found["lxml_ms"] = least(etree.fromstring, whole, ROUNDS)
    found["feedparser_ms"] = least(lambda body: feedparser.parse(io.BytesIO(body)), whole, 1)
    parser.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
