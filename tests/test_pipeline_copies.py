"""Full copies: what a message had no room for is on a page that it names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.model import DeliveryStatus, Evidence, Fresh, Match, PollRecord, Reading, Story
from monitor.testing import RecordingChannel, an_entry
from tests.pipeline_kit import HOUR, World, desk
from tests.test_pipeline_telling import books

FEED = "https://publisher.example/rss"
SMALL = "{type: 'tests.test_pipeline_copies:Small'}"
DIGEST = f"""
channels: {{out: {SMALL}}}
routes: {{day: {{topics: summit, channels: out, at: ["13:00", "19:00"]}}}}
"""
TITLES = [
    f"{what} {where}: Trump and Putin"
    for what in ("Grain", "Missiles", "Visas", "Gas", "Cables", "Trade")
    for where in ("Ottawa", "Nairobi", "Lima", "Oslo", "Quito", "Hanoi")
]


class Small(RecordingChannel):
    """Takes pages of so many characters."""

    @staticmethod
    def fits(part: str, text: str) -> bool:
        return len(text) < 9_000


async def noon(world: World, titles: Sequence[str] = TITLES) -> None:
    """Let so many entries be there, each a story of its own, and the digest go out."""
    entries = [an_entry(title, feed_url=FEED) for title in titles]
    (state,) = [one for one in world.store.claim_feeds(world.clock.now(), 9, HOUR) if one.url == FEED]
    evidence = Evidence(matched=True)
    readings = {
        one.id: Reading(
            matches=(Match(entry_id=one.id, revision=1, topic="summit", evidence=evidence),), key=one.title
        )
        for one in entries
    }
    record = PollRecord(state=state, fresh=Fresh(entries=tuple(entries)), readings=readings)
    assert world.store.record_polls([record], world.clock.now()) == [True]
    world.store.record_stories(
        [
            Story(id=f"{one.id}0", entry_ids=(one.id,), first_seen=one.first_seen, last_seen=one.first_seen)
            for one in entries
        ]
    )
    await world.tick(HOUR)


async def test_what_has_no_room_is_on_a_page_that_the_message_names_and_in_the_next_one(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, DIGEST) as world:
        await noon(world)
        (sent,) = world.channel("out").sent
        (book,) = books(world)
        await world.tick(6 * HOUR)
        (_, later) = world.channel("out").sent
    page = min((tmp_path / "copies").glob("2*.html"))
    assert f"copies/{page.name}" in "".join(sent.message.parts["txt"].split())
    assert f"copies/{page.name}" in sent.message.parts["html"]
    shown = [title for title in TITLES if title in sent.message.parts["html"]]
    assert 0 < len(shown) < len(TITLES)
    text = page.read_text(encoding="utf-8")
    assert [title for title in TITLES if title.split(":")[0] not in text] == []
    assert book.states["sent"] == len(shown)
    assert not any(title in later.message.parts["html"] for title in shown)
    assert set(sent.message.parts) == {"subject.txt", "html", "txt"}


async def test_where_the_folder_is_published_messages_link_to_the_page(tmp_path: Path) -> None:
    async with desk(tmp_path, "copies_url: https://news.example/copies/\n" + DIGEST) as world:
        await noon(world)
        (sent,) = world.channel("out").sent
        (book,) = books(world)
        await world.tick(6 * HOUR)
        assert len(world.channel("out").sent) == 1
    assert book.states == {"sent": len(TITLES)}
    (page,) = (tmp_path / "copies").glob("2*.html")
    assert f'href="https://news.example/copies/{page.name}"' in sent.message.parts["html"]
    assert f"https://news.example/copies/{page.name}\n" in sent.message.parts["txt"]


async def test_a_message_waits_for_its_page_and_a_disk_that_fails_is_said(tmp_path: Path) -> None:
    (tmp_path / "copies").write_text("in the way")
    async with desk(tmp_path, DIGEST) as world:
        await noon(world)
        (waiting,) = world.store.deliveries()
        assert (waiting.status, waiting.reason) == (DeliveryStatus.RETRY, "disk")
        assert waiting.detail.startswith("its full copy: copies: ")
        assert world.channel("out").tries == []
        (tmp_path / "copies").unlink()
        await world.tick(HOUR)
        assert len(world.channel("out").sent) == 1
    assert len(list((tmp_path / "copies").glob("2*.html"))) == 1


async def test_a_message_that_holds_all_has_no_page(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGEST) as world:
        await noon(world, TITLES[:1])
        assert len(world.channel("out").sent) == 1
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
async def test_pages_are_kept_as_long_as_the_desk_says(tmp_path: Path, days: int, left: int) -> None:
    async with desk(tmp_path, "keep: {copies: 30d}\n" + DIGEST) as world:
        await noon(world)
        (tmp_path / "copies" / "notes.html").write_text("not ours")
        world.clock.advance(timedelta(days=days))
        await world.pipeline.prune()
    assert len(list((tmp_path / "copies").glob("2*.html"))) == left
    assert (tmp_path / "copies" / "notes.html").exists()
