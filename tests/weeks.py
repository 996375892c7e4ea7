"""Weeks of two Bengali papers around a summit, written for the project: tests/corpus/weeks.

One line an item: `at` first seen, `feed`, `lang`, `url`, `title`, `summary`, and `tells`, the states that an
editor reads in it as news; `may` are states of which one can be of two minds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

WEEKS = Path(__file__).parent / "corpus" / "weeks"
WINDOW = 15
"""Items of a feed's document."""


@cache
def items(week: str) -> tuple[dict[str, Any], ...]:
    """Return the items of a week in order of time."""
    lines = (WEEKS / f"{week}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(sorted(map(json.loads, lines), key=lambda item: item["at"]))


def archives(week: str, folder: Path) -> Path:
    """Write an archive of successive polls for each feed of a week: one whenever something is new.

    The Bengali papers stamp all their dates anew at each poll, as two of the big real ones do.
    """
    for feed in sorted({item["feed"] for item in items(week)}):
        own = [item for item in items(week) if item["feed"] == feed]
        home = folder / feed
        home.mkdir(parents=True)
        polls = []
        for number, newest in enumerate(own):
            name = f"{number:03}.xml"
            shown = own[max(0, number + 1 - WINDOW) : number + 1]
            (home / name).write_text(_document(feed, shown[::-1], newest["at"]), encoding="utf-8")
            polls.append({"file": name, "polled_at": newest["at"]})
        (home / "index.json").write_text(json.dumps({"polls": polls}), encoding="utf-8")
    return folder


def _document(feed: str, shown: Sequence[dict[str, Any]], at: str) -> str:
    rows = "".join(_item(item, at if item["lang"] == "bn" else item["at"]) for item in shown)
    title = feed.replace("-", " ").title()
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://{feed}.example/</link>{rows}</channel></rss>"
    )


def _item(item: dict[str, Any], at: str) -> str:
    date = format_datetime(datetime.fromisoformat(at))
    return (
        f"<item><title>{escape(item['title'])}</title><link>{item['url']}</link>"
        f"<description>{escape(item['summary'])}</description><pubDate>{date}</pubDate></item>"
    )
