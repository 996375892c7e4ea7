"""The feeds of tests/corpus/feeds, and real ones, come out as they should: on every path."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor import registry
from monitor.formats import _feedparser, _strict
from monitor.model import Document

HERE = Path(__file__).parent / "corpus" / "feeds"
OURS = sorted(path for path in HERE.iterdir() if path.suffix in (".xml", ".feed"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "feeds"
REAL = sorted(SHARED.rglob("*.xml")) if SHARED.is_dir() else []
URL = "https://feeds.example.org/feed.xml"

needs_shared = pytest.mark.skipif(not REAL, reason="the shared research data is not next to the checkout")


def read(path: Path) -> Document:
    """Read a file with the member that knows it."""
    body = path.read_bytes()
    members = sorted(
        (registry.find("formats", name)() for name in registry.names("formats")), key=lambda m: m.rank
    )
    member = next(m for m in members if m.sniff(body, ""))
    document: Document = member.parse(body, "", url=URL)
    return document


def plain(document: Document) -> dict[str, Any]:
    """Return a document as its `.json` is written: what is empty is left out."""

    def simple(value: Any) -> Any:
        match value:
            case datetime():
                return value.isoformat()
            case timedelta():
                return int(value.total_seconds())
            case frozenset():
                return sorted(value)
            case tuple() | list():
                return [simple(one) for one in value]
            case dict():
                return {key: simple(one) for key, one in value.items() if one or one == 0}
        return value

    found: dict[str, Any] = simple(asdict(document))
    return {key: value for key, value in found.items() if value}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_a_feed_comes_out_as_written_beside_it(path: Path) -> None:
    assert plain(read(path)) == json.loads(
        (HERE / (path.name.partition(".")[0] + ".json")).read_text("utf-8")
    )


@pytest.mark.parametrize("path", [p for p in OURS if p.suffix == ".xml"], ids=lambda path: path.name)
def test_both_paths_agree_on_our_feeds(path: Path) -> None:
    body = path.read_bytes()
    strict = _strict.read(body, "", url=URL)
    if strict is not None:
        assert replace(strict, path="feedparser") == _feedparser.read(body, "", url=URL)


@needs_shared
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_both_paths_agree_on_real_feeds(path: Path) -> None:
    body = path.read_bytes()
    strict = _strict.read(body, "application/xml", url=URL)
    if strict is not None:
        assert replace(strict, path="feedparser") == _feedparser.read(body, "application/xml", url=URL)


@needs_shared
def test_real_feeds_have_the_entries_that_are_in_them() -> None:
    for line in (SHARED / "expected_items.jsonl").read_text("utf-8").splitlines():
        expected = json.loads(line)
        document = read(SHARED / expected["file"])
        if not expected["well_formed"]:
            assert document.path == "feedparser"
            assert len(document.items) > 50
            continue
        assert len(document.items) == expected["n_items"], expected["file"]
        for item, wanted in zip(document.items, expected.get("items", ()), strict=True):
            assert item.title == (wanted["title"] or "")
            assert item.link == (wanted["link"] or "")
            assert item.guid == (wanted["id"] or "")
            if wanted["ts"] is not None:
                moment = item.published or item.updated
                assert moment is not None
                assert moment.timestamp() == wanted["ts"]


@needs_shared
def test_well_formed_real_feeds_take_the_strict_path() -> None:
    taken = [_strict.read(path.read_bytes(), "", url=URL) is not None for path in REAL]
    assert sum(taken) >= 0.9 * len(taken)
