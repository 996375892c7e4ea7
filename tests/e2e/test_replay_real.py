"""Real papers' weeks: what a replay stores and says, beside what plain lxml reads in the archives."""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from monitor import config as configs
from monitor.commands._replay.facts import facts
from monitor.commands._replay.run import Replayed, replay
from monitor.commands._replay.tracks import tracks
from monitor.model import Entry
from monitor.record import read
from tests._stores import open_store
from tests.e2e.test_replay import replay_twice
from tests.world import ROOT

SNAPSHOTS = ROOT.parent / "shared" / "data" / "snapshots"
ARCHIVES = sorted(SNAPSHOTS.glob("*.tar.gz"))

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not ARCHIVES, reason="the shared research data is not beside the checkout"),
]


@dataclass
class Read:
    """What happened to a paper's items, by link, as lxml alone tells it."""

    titles: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    edits: Counter[str] = field(default_factory=Counter)
    title_edits: Counter[str] = field(default_factory=Counter)
    restamped: int = 0


def plainly(path: Path) -> Read:
    """Read an archive item by item: no code of the project's."""
    with tarfile.open(path) as archive:
        files = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}  # type: ignore[union-attr]
    (index,) = (json.loads(body) for name, body in files.items() if name.endswith("index.json"))
    found, dates = Read(), dict[str, str | None]()
    for row in sorted(index, key=lambda row: row["polled_at"]):
        root = etree.fromstring(files[row["file"]], etree.XMLParser(recover=True))
        for item in root.iter("item"):
            link = (item.findtext("link") or "").strip()
            title = " ".join((item.findtext("title") or "").split())
            text = words(item.findtext("description") or "")
            if link in found.titles:
                found.title_edits[link] += title != found.titles[link]
                found.edits[link] += (title, text) != (found.titles[link], found.texts[link])
                found.restamped += item.findtext("pubDate") != dates[link]
            found.first.setdefault(link, row["polled_at"])
            found.titles[link], found.texts[link] = title, text
            dates[link] = item.findtext("pubDate")
    return found


def words(markup: str) -> str:
    """Return the words of a piece of HTML."""
    return " ".join(html.fromstring(f"<div>{markup}</div>").text_content().split())


@dataclass
class Case:
    """An archive, what lxml read in it, what the replay came to and stored."""

    read: Read
    replayed: Replayed
    stored: dict[str, Entry]

    @property
    def facts(self) -> Any:
        return facts(self.replayed)


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda path: path.name.split("_")[0])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("replay")
    config = configs.load(ROOT / "config" / "monitor.yaml", {})
    archive = read(request.param, folder / "unpacked")
    replayed = asyncio.run(replay(config, tracks(archive.recordings, config.feeds), folder))
    with open_store(f"sqlite:{folder / 'replay.db'}") as store:
        entries = store.search("", limit=100_000)
    return Case(plainly(request.param), replayed, {entry.url: entry for entry in entries})


def test_every_item_is_stored_once_though_dates_and_guids_change_and_items_come_and_go(case: Case) -> None:
    assert case.read.restamped
    assert case.facts["entries"] == len(case.read.titles)
    assert case.stored.keys() == case.read.titles.keys()


def test_every_edit_of_a_headline_is_an_update_and_nothing_else_but_edited_text_is(case: Case) -> None:
    updates = {url: entry.revision - 1 for url, entry in case.stored.items() if entry.revision > 1}

    assert updates == {url: count for url, count in case.read.edits.items() if count}
    assert case.facts["updated"] == sum(case.read.edits.values())
    assert all(updates.get(url, 0) >= count for url, count in case.read.title_edits.items())
    assert {url: entry.title for url, entry in case.stored.items()} == case.read.titles


def test_every_item_is_in_the_paper_s_language_though_the_archive_does_not_say_it(case: Case) -> None:
    assert {entry.language for entry in case.stored.values()} == {"bn"}


def test_messages_come_in_order_and_after_what_they_tell_was_first_seen(case: Case) -> None:
    messages = case.facts["messages"]
    assert [m["at"] for m in messages] == sorted(m["at"] for m in messages)
    for message in messages:
        for entry in (entry for story in message["stories"] for entry in story["entries"]):
            seen = case.read.first[entry["url"]].replace("+00:00", "Z")
            assert entry["first_seen"] == seen <= message["at"]


def test_two_replays_of_real_weeks_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = replay_twice(tmp_path, *ARCHIVES)

    assert one == other
