"""The feeds of tests/corpus/feeds, and real ones, come out as they should: on every path."""

from __future__ import annotations

import json
import tarfile
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from monitor.formats import _feedparser
from monitor.model import Document
from tests import formats_kit
from tests.formats_kit import name_of, quick

HERE = Path(__file__).parent / "corpus" / "feeds"
OURS = sorted(path for path in HERE.iterdir() if path.suffix in (".xml", ".feed"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "feeds"
REAL = sorted(SHARED.rglob("*.xml")) if SHARED.is_dir() else []
TRICKY = sorted((HERE.parent / "tricky").glob("*.xml"))
EXPECTED = json.loads((HERE.parent / "tricky" / "expected.json").read_text("utf-8"))
SNAPSHOTS = sorted((SHARED.parent / "snapshots").glob("*.tar.gz"))
POLLS = 25
"""Bodies looked at of each archive of successive polls, spread over all of it."""
URL = "https://feeds.example.org/feed.xml"

needs_shared = pytest.mark.skipif(not REAL, reason="the shared research data is not next to the checkout")


def read(path: Path) -> Document:
    """Read a file with the member that knows it."""
    return formats_kit.read(path.read_bytes(), url=URL)


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
    strict = quick(body, "", url=URL)
    if strict is not None:
        assert replace(strict, path="feedparser") == _feedparser.read(body, "", url=URL)


def agrees(body: bytes, content_type: str = "application/xml") -> bool:
    """Say whether the strict path takes a body; if so, all it says must be what feedparser says."""
    strict = quick(body, content_type, url=URL)
    if strict is None:
        return False
    assert replace(strict, path="feedparser") == _feedparser.read(body, content_type, url=URL)
    return True


@pytest.mark.parametrize("path", TRICKY, ids=lambda path: path.stem)
def test_both_paths_agree_on_what_is_tricky(path: Path) -> None:
    """Namespaces, bases, CDATA, entities, types, encodings, and what publishers' software does to them."""
    for content_type in (
        "",
        "application/xml",
        "text/xml; charset=us-ascii",
        "application/rss+xml; charset=utf-8",
    ):
        agrees(path.read_bytes(), content_type)
    assert agrees(path.read_bytes(), "") is (EXPECTED[path.name].get("path") == "strict")


@pytest.mark.parametrize("path", [*OURS, *TRICKY], ids=lambda path: path.name)
def test_a_strict_document_is_of_the_kind_that_its_reader_is_named_for(path: Path) -> None:
    document = read(path)
    name = name_of(path.read_bytes())
    assert name == document.format or (name == "other" and document.path == "feedparser")


@pytest.mark.parametrize("path", TRICKY, ids=lambda path: path.stem)
def test_what_is_tricky_comes_out_as_it_should(path: Path) -> None:
    document = read(path)
    wanted = EXPECTED[path.name]
    assert (document.path, document.title, document.language) == (
        wanted["path"],
        wanted["title"],
        wanted["language"],
    )
    names = {"guid": "id"}
    items = [
        {
            names.get(name, name): value
            for name, value in plain(replace(Document(), items=(one,)))["items"][0].items()
        }
        for one in document.items
    ]
    assert [{k: v for k, v in one.items() if v} for one in items] == wanted["items"]


def test_most_of_what_is_tricky_takes_the_strict_path() -> None:
    assert len(TRICKY) > 100
    assert sum(one.get("path") == "strict" for one in EXPECTED.values()) >= 60


@needs_shared
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_both_paths_agree_on_real_feeds(path: Path) -> None:
    agrees(path.read_bytes())


@needs_shared
@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.name)
def test_both_paths_agree_on_successive_polls(path: Path) -> None:
    with tarfile.open(path) as archive:
        members = [one for one in archive if one.isfile() and one.name.endswith(".xml")]
        files = [archive.extractfile(one) for one in members[:: max(1, len(members) // POLLS)]]
        bodies = [file.read() for file in files if file is not None]
    assert len(bodies) >= POLLS
    taken = [agrees(body) for body in bodies]
    assert any(taken) is ("malformed" not in path.name)


@needs_shared
def test_real_feeds_have_the_entries_that_are_in_them() -> None:
    """Titles, links, ids and times as plain lxml read them, of each file and each item."""
    files = [json.loads(line) for line in (SHARED / "expected_items.jsonl").read_text("utf-8").splitlines()]
    assert {one["file"] for one in files} == {path.relative_to(SHARED).as_posix() for path in REAL}
    for expected in files:
        document = read(SHARED / expected["file"])
        if not expected["well_formed"]:
            assert document.path == "feedparser"
            assert [(one.title, one.link, one.guid) for one in document.items] == recovered(
                (SHARED / expected["file"]).read_bytes()
            )
            continue
        assert len(document.items) == expected["n_items"], expected["file"]
        for item, wanted in zip(document.items, expected["items"], strict=True):
            assert item.title == (wanted["title"] or "")
            assert item.link == (wanted["link"] or "")
            assert item.guid == (wanted["id"] or "")
            moment = item.published or item.updated
            if wanted["ts"] is None:  # no date, or the epoch: what broken software writes for "not known"
                unknown = not wanted["date_raw"] or "01 Jan 1970 00:00" in wanted["date_raw"]
                assert (moment is None) is unknown, wanted["date_raw"]
            else:
                assert moment is not None
                assert moment.timestamp() == wanted["ts"]


def recovered(body: bytes) -> list[tuple[str, str, str]]:
    """Return title, link and guid of each item of an ill-formed feed, as a lenient lxml finds them."""
    root = etree.fromstring(body, etree.XMLParser(recover=True, no_network=True))
    found = []
    for item in root.iter("item"):
        title, link, guid = ((item.findtext(name) or "").strip() for name in ("title", "link", "guid"))
        found.append((title, link, guid))
    return found


@needs_shared
def test_well_formed_real_feeds_take_the_strict_path() -> None:
    taken = [quick(path.read_bytes(), "", url=URL) is not None for path in REAL]
    assert sum(taken) >= 0.9 * len(taken)
