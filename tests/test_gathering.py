"""What one document is not whole without: an index's sitemaps, the older pages behind a gap."""

from __future__ import annotations

import re
import tarfile
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitor import service
from monitor.config import load
from monitor.model import Entry, Event, Feed, FeedState, Part, PollSettings
from monitor.pipeline.gathering import MOST, choose
from monitor.testing import NOON, FakeClock, Publisher, an_entry
from tests.test_pipeline import HOUR, ROOT, desk

DAY = timedelta(days=1)


def sitemap(*entries: Entry) -> bytes:
    """Return a news sitemap of entries."""
    urls = "".join(
        f"<url><loc>{one.url}</loc><n:news><n:publication><n:name>P</n:name><n:language>{one.language}</n:language>"
        f"</n:publication><n:publication_date>{one.published:%Y-%m-%dT%H:%M:%SZ}</n:publication_date>"
        f"<n:title>{one.title}</n:title></n:news></url>"
        for one in entries
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    ).encode()


def index(**sitemaps: str) -> bytes:
    """Return a sitemap index: names with the times of their last change."""
    parts = "".join(
        f"<sitemap><loc>https://publisher.example/{name}.xml</loc><lastmod>{when}</lastmod></sitemap>"
        for name, when in sitemaps.items()
    )
    return (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>'.encode()
    )


def page(*entries: Entry, older: str = "", rel: str = "prev-archive") -> bytes:
    """Return an Atom feed, with a link to the page before it."""
    link = f'<link rel="{rel}" href="{older}"/>' if older else ""
    inside = "".join(
        f'<entry><id>{one.url}</id><title>{one.title}</title><link href="{one.url}"/>'
        f"<updated>{one.published:%Y-%m-%dT%H:%M:%SZ}</updated></entry>"
        for one in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>P</title>{link}{inside}</feed>'.encode()


def news(number: int) -> Entry:
    return an_entry(
        title=f"News number {number}", url=f"https://publisher.example/n/{number}", published=NOON - HOUR
    )


def serve(publisher: Publisher, path: str, body: bytes) -> str:
    """Answer so from now on."""
    return publisher.answer(path, body=body, times=None)


def asked(publisher: Publisher) -> list[str]:
    return [one.path for one in publisher.requests]


async def test_an_index_is_read_with_the_sitemaps_that_have_news(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    today, long_ago = f"{NOON:%Y-%m-%dT%H:%M:%SZ}", "2019-01-01"
    url = serve(publisher, "/index.xml", index(today=today, archive=long_ago))
    serve(publisher, "/today.xml", sitemap(news(1), news(2)))
    async with desk(tmp_path, publisher, clock, url) as built:
        assert (await built.pipeline.tick()).entries == 2
        assert asked(publisher) == ["/index.xml", "/today.xml"]
        (state,) = built.store.feed_states()
        assert (state.status, state.entries) == ("ok", 2)


async def test_a_sitemap_that_failed_is_asked_for_again_and_nothing_of_it_is_missed(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    today = f"{NOON:%Y-%m-%dT%H:%M:%SZ}"
    url = serve(publisher, "/index.xml", index(one=today, two=today))
    serve(publisher, "/one.xml", sitemap(news(1)))
    publisher.answer("/two.xml", 503)
    async with desk(tmp_path, publisher, clock, url) as built:
        assert (await built.pipeline.tick()).entries == 1
        serve(publisher, "/two.xml", sitemap(news(2)))
        clock.advance(6 * HOUR)
        serve(publisher, "/index.xml", index(one=today, two=f"{NOON + 5.5 * HOUR:%Y-%m-%dT%H:%M:%SZ}"))
        assert (await built.pipeline.tick()).entries == 1


async def test_an_index_of_which_no_sitemap_can_be_read_fails(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = serve(publisher, "/index.xml", index(one=f"{NOON:%Y-%m-%dT%H:%M:%SZ}"))
    publisher.answer("/one.xml", 404)
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        (state,) = built.store.feed_states()
        assert (state.status, state.reason) == ("error", "http-4xx")


def test_of_many_sitemaps_those_of_news_come_first_and_the_archive_never() -> None:
    parts = [Part(url=f"https://a.example/{n}.xml", updated=NOON - n * HOUR) for n in range(40)]
    parts += [Part(url="https://a.example/archive.xml"), Part(url="https://a.example/news.xml")]
    chosen = choose(parts, None, NOON)
    assert [one.url for one in chosen[:2]] == ["https://a.example/news.xml", "https://a.example/0.xml"]
    assert len(chosen) == MOST
    assert [one.url for one in choose(parts[2:40], NOON - 2 * HOUR, NOON)] == [
        "https://a.example/2.xml",
        "https://a.example/3.xml",
    ]


@pytest.mark.parametrize("rel", ["prev-archive", "next"])
async def test_what_slid_out_of_the_window_is_fetched_from_older_pages(tmp_path: Path, rel: str) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = serve(publisher, "/feed", page(news(2), news(1)))
    base = url.removesuffix("/feed")
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        serve(publisher, "/feed", page(news(8), news(7), older=f"{base}/p2", rel=rel))
        serve(publisher, "/p2", page(news(6), news(5), older=f"{base}/p3", rel=rel))
        serve(publisher, "/p3", page(news(4), news(3), news(2), older=f"{base}/p4", rel=rel))
        clock.advance(DAY)
        assert (await built.pipeline.tick()).entries == 6
        assert asked(publisher) == ["/feed", "/feed", "/p2", "/p3"]
        (state,) = built.store.feed_states()
        assert state.window == 2, "older pages do not make the window longer"


async def test_a_window_that_shares_an_entry_asks_for_no_older_page(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = serve(publisher, "/feed", page(news(2), news(1), older="/p2"))
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        serve(publisher, "/feed", page(news(3), news(2), older="/p2"))
        clock.advance(DAY)
        assert (await built.pipeline.tick()).entries == 1
        assert asked(publisher) == ["/feed", "/feed"]


@pytest.mark.parametrize("pages", [3, 9])
async def test_at_most_five_older_pages_are_asked_for(tmp_path: Path, pages: int) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = serve(publisher, "/feed", page(news(1)))
    base = url.removesuffix("/feed")
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        serve(publisher, "/feed", page(news(100), older=f"{base}/p1"))
        for number in range(1, pages + 1):
            older = f"{base}/p{number + 1}" if number < pages else ""
            serve(publisher, f"/p{number}", page(news(100 + number), older=older))
        clock.advance(DAY)
        assert (await built.pipeline.tick()).entries == 1 + min(pages, MOST)


# gaps ─────────────────────────────────────────────────────────────────────────────────────────


async def gaps(folder: Path, bodies: list[bytes]) -> tuple[list[int], FeedState]:
    """Poll bodies one after the other; return at which of them something may have slid past."""
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    found: list[int] = []
    url = publisher.url("/feed")
    place = 0

    def hear(event: Event) -> None:
        if event.kind == "gap":
            found.append(place)

    config = replace(
        load(ROOT / "config" / "monitor.yaml", {}),
        poll=PollSettings(per_host_gap=timedelta(0)),
        folder=folder,
        store=f"sqlite:{folder}/monitor.db",
        routes=(),
        channels={},
        topics=(),
        feeds=(Feed(url=url, source="Fast"),),
    )
    async with service.build(config, clock=clock, transport=publisher, tell=hear) as built:
        for place, body in enumerate(bodies):  # noqa: B007 - `hear` reads it
            serve(publisher, "/feed", body)
            await built.pipeline.tick(everything=True)
            clock.advance(timedelta(minutes=30))
        (state,) = built.store.feed_states()
    return found, state


async def test_every_true_gap_of_a_fast_feed_is_flagged_and_no_other(tmp_path: Path) -> None:
    steps = [0, 3, 5, 7, 7, 2, 12, 5, 4, 30, 1]
    starts = [sum(steps[: n + 1]) for n in range(len(steps))]
    bodies = [page(*(news(n) for n in range(start + 5, start, -1))) for start in starts]
    found, state = await gaps(tmp_path, bodies)
    assert found == [place for place, step in enumerate(steps) if step >= 5]
    assert state.gap_at is not None


async def test_what_is_pinned_to_the_top_hides_no_gap(tmp_path: Path) -> None:
    """One item stays at the top of five; four others follow each other."""
    steps = [0, 1, 3, 4, 2, 9, 0, 1]
    starts = [sum(steps[: n + 1]) for n in range(len(steps))]
    bodies = [page(news(1000), *(news(n) for n in range(start + 4, start, -1))) for start in starts]
    found, _ = await gaps(tmp_path, bodies)
    assert found == [place for place, step in enumerate(steps) if step >= 4]


async def test_the_last_one_left_of_a_window_is_not_taken_for_pinned(tmp_path: Path) -> None:
    bodies = [page(*(news(n) for n in range(start + 5, start, -1))) for start in (0, 4, 8, 12)]
    rising = [page(*(news(n) for n in range(start, start + 5))) for start in (100, 104, 108)]
    found, _ = await gaps(tmp_path, [*bodies, *rising])
    assert found == [4]


async def test_older_pages_are_asked_for_though_an_item_is_pinned(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = serve(publisher, "/feed", page(news(1000), news(3), news(2), news(1)))
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        serve(publisher, "/feed", page(news(1000), news(9), news(8), news(7), older="/p2"))
        serve(publisher, "/p2", page(news(6), news(5), news(4), news(3), older="/p3"))
        clock.advance(DAY)
        assert (await built.pipeline.tick()).entries == 6
        (state,) = built.store.feed_states()
        assert state.gap_at is None
        assert asked(publisher) == ["/feed", "/feed", "/p2"]


async def test_a_gap_that_older_pages_closed_is_none(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    publisher = Publisher(clock)
    url = serve(publisher, "/feed", page(news(2), news(1)))
    async with desk(tmp_path, publisher, clock, url) as built:
        await built.pipeline.tick()
        serve(publisher, "/feed", page(news(5), news(4), older="/p2"))
        serve(publisher, "/p2", page(news(3), news(2)))
        clock.advance(DAY)
        await built.pipeline.tick()
        (state,) = built.store.feed_states()
        assert (state.gap_at, state.entries) == (None, 5)


SNAPSHOTS = sorted((ROOT.parent / "shared" / "data" / "snapshots").glob("*.tar.gz"))


@pytest.mark.shared
@pytest.mark.parametrize("path", SNAPSHOTS or [None], ids=lambda path: path.name if path else "none")
async def test_on_real_polls_the_true_gaps_are_flagged_and_none_is_made_up(
    path: Path | None, tmp_path: Path
) -> None:
    if path is None:
        pytest.skip("the shared research data is not next to the checkout")
    with tarfile.open(path) as archive:
        members = [one for one in archive if one.isfile() and one.name.endswith(".xml")]
        bodies = [file.read() for one in members if (file := archive.extractfile(one)) is not None]
    links = [set(re.findall(rb"<link>([^<]+)</link>", body.split(b"<item", 1)[-1])) for body in bodies]
    true = [n for n, (old, new) in enumerate(pairwise(links), 1) if new and not old & new]
    found, _ = await gaps(tmp_path, bodies)
    assert found == true
    assert len(bodies) > 50
