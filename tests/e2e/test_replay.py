"""`monitor replay`: recorded polls through the whole pipeline in virtual time."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from lxml import etree

from tests.world import Desk, rss

SNAPSHOTS = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "snapshots"

CALL = ("https://example.com/1", "ট্রাম্প–পুতিন ফোনালাপ", "বুদাপেস্টে বৈঠকের সিদ্ধান্ত।")
OFF = ("https://example.com/2", "Trump and Putin put their meeting off", "No date is set.")
ROUTES = "routes:\n  day: {topics: [summit], channels: [out], at: ['07:30', '19:00']}\n"


def an_archive(path: Path, *polls: tuple[str, bytes]) -> Path:
    """Write successive polls of one feed as the recorder lays them down."""
    index = [{"file": f"feed/{n:05}.xml", "polled_at": at} for n, (at, _) in enumerate(polls)]
    files = {f"feed/{n:05}.xml": body for n, (_, body) in enumerate(polls)}
    files["feed/index.json"] = json.dumps(index).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


def test_a_replay_tells_each_turn_once_in_the_slot_after_it(tmp_path: Path) -> None:
    archive = an_archive(
        tmp_path / "paper_2025-10-16.tar.gz",
        ("2025-10-16T18:30:00+00:00", rss("A", CALL)),
        ("2025-10-16T20:30:00+00:00", rss("A", CALL, date="Thu, 16 Oct 2025 20:30:00 GMT")),
        ("2025-10-17T10:00:00+00:00", rss("A", CALL, OFF, date="Fri, 17 Oct 2025 10:00:00 GMT")),
    )
    desk = Desk(tmp_path, routes=ROUTES).write()
    replayed = desk.json("replay", str(archive), "--out", str(tmp_path / "told"))

    assert (replayed["polls"], replayed["entries"], replayed["updated"]) == (3, 2, 0)
    told = [(m["slot"], [s["title"] for s in m["stories"]]) for m in replayed["messages"]]
    assert told == [("2025-10-17T01:30:00Z", [CALL[1]]), ("2025-10-17T13:00:00Z", [OFF[1]])]
    assert all(Path(m["file"]).exists() for m in replayed["messages"])
    assert not (tmp_path / "monitor.db").exists(), "the desk's own database is not touched"


def test_two_replays_say_the_same(tmp_path: Path) -> None:
    archive = an_archive(tmp_path / "a.tar.gz", ("2025-10-16T18:30:00+00:00", rss("A", CALL, OFF)))
    desk = Desk(tmp_path, routes=ROUTES).write()

    assert desk.json("replay", str(archive)) == desk.json("replay", str(archive))


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_what_is_no_archive_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(content)
    done = Desk(tmp_path).write().run("replay", str(path), check=False)

    assert done.returncode == 2
    assert "not a readable archive" in done.stderr


@pytest.mark.shared
def test_a_real_paper_s_three_days_store_every_item_once_though_guids_and_dates_change(
    tmp_path: Path,
) -> None:
    path = SNAPSHOTS / "kalbela_2026-03-09_11.tar.gz"
    if not path.exists():
        pytest.skip("the shared research data is not beside the checkout")
    links, guids = set(), set()
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                stream = archive.extractfile(member)
                assert stream is not None
                for item in etree.fromstring(stream.read()).iter("item"):
                    links.add(item.findtext("link"))
                    guids.add(item.findtext("guid"))
    replayed = Desk(tmp_path, routes=ROUTES).write().json("replay", str(path))

    assert replayed["entries"] == len(links)
