"""Full text through the whole pipeline: a feed of headlines, the pages behind them, and what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor import service
from monitor.config import load
from monitor.errors import StoreError
from monitor.model import Article, ArticleRecord, Entry
from monitor.parse import Parser
from monitor.pipeline.articles import STUB, WAITS, wanted
from monitor.testing import NOON, FakeClock, Publisher, a_feed, an_entry
from tests.articles.makes import captcha, wordpress
from tests.articles.texts import BN, EN, Story
from tests.pipeline_kit import HOUR, KIND, MINUTE, World

HTML = {"Content-Type": "text/html; charset=utf-8"}
TITLE = "Thursday's call, and what follows from it"
"""A headline that names nobody."""
CALL = Story(title=TITLE, paragraphs=EN.summit.paragraphs)
FERRY = Story(title="Winter timetable for the ferries", paragraphs=EN.ferry.paragraphs)
CONFIG = """
store: sqlite:monitor.db
language: en
timezone: UTC
poll: {per_host_gap: 0s, every: 5m, minimum: 5m, maximum: 5m, articles: ARTICLES}
feeds:
  - {url: "https://publisher.example/rss", source: A publisher, language: en, fulltext: FULLTEXT}
topics:
  summit: {title: {en: The summit}, query: "QUERY"}
  missiles: {title: {en: Missiles}, query: "Tomahawk"}
channels: {desk: {RECORDING}}
routes:
"""
ALERTS = "  now: {topics: [summit, missiles], channels: [desk], send: immediate, group_wait: 0s, corrections: false}\n"
DIGESTS = "  day: {topics: [summit, missiles], channels: [desk], at: ['13:00', '19:00']}\n"


@asynccontextmanager
async def desk(
    folder: Path,
    routes: str = ALERTS,
    *,
    articles: int = 60,
    fulltext: bool = True,
    world: World | None = None,
    parser: Parser | None = None,
    query: str = "Trump AND Putin",
) -> AsyncIterator[World]:
    """Run a desk with one feed; `world`: one that ran before, whose publisher and clock go on."""
    text = CONFIG.replace("ARTICLES", str(articles)).replace("FULLTEXT", str(fulltext).lower())
    text = text.replace("QUERY", query)
    path = folder / "monitor.yaml"
    path.write_text(text.replace("RECORDING", KIND) + routes, encoding="utf-8")
    config = replace(load(path, {}), folder=folder)
    clock = world.clock if world else FakeClock(NOON)
    publisher = world.publisher if world else Publisher(clock)
    if world is None:
        publisher.publish("/rss")
    async with service.build(config, clock=clock, transport=publisher) as built:
        if parser is not None:
            built.pipeline.parts.parser.close()
            built.pipeline.parts = replace(built.pipeline.parts, parser=parser)
        running = World(built, publisher, clock)
        running._carried = world._carried if world else running._carried
        yield running


def page(world: World, entry: Entry, body: str, status: int = 200, times: int | None = None) -> None:
    """Let an entry's link lead to a page."""
    world.publisher.answer(httpx.URL(entry.url).path, status, body=body, headers=HTML, times=times)


def carry(world: World, story: Story, **changes: Any) -> Entry:
    """Put a story's headline into the feed and its page on the site."""
    (entry,) = world.publish(story.title, **changes)
    page(world, entry, wordpress(EN, story))
    return entry


def asked(world: World) -> list[str]:
    """The paths that were asked for besides the feed's."""
    return [one.path for one in world.publisher.requests if one.path != "/rss"]


def stored(world: World, title: str = TITLE) -> tuple[Entry, list[str]]:
    """Return the entry with this headline and the topics that it matches."""
    (entry,) = [one for one in world.store.search("", limit=99) if one.title == title]
    found = world.store.entry(entry.id)
    assert found is not None
    return found[0], [match.topic for match in found[1]]


def article(world: World, title: str = TITLE) -> Article:
    found = world.store.article(stored(world, title)[0].id)
    assert found is not None
    return found


# what it is for ───────────────────────────────────────────────────────────────────────────────


async def test_a_headline_that_names_nobody_matches_by_its_article(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        await world.tick()

        entry, topics = stored(world)
        assert topics == ["summit", "missiles"]
        assert (entry.article, entry.revision) == (True, 2)
        assert entry.content == "\n".join(CALL.paragraphs)
        assert "trump" not in entry.title.lower() + entry.summary.lower()
        assert len(world.channel("desk").sent) == 1
        assert [one.id for one in world.store.search('"tomahawk"', limit=9)] == [entry.id]
        assert asked(world) == ["/robots.txt", httpx.URL(entry.url).path]


async def test_names_in_related_links_match_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, FERRY)
        await world.tick()

        entry, topics = stored(world, FERRY.title)
        assert entry.article
        assert topics == []
        assert world.channel("desk").sent == []


async def test_a_bengali_paper_s_headlines_match_by_their_articles(tmp_path: Path) -> None:
    story = Story(title="বৃহস্পতিবারের আলাপের পর যা জানা গেল", paragraphs=BN.summit.paragraphs)
    async with desk(tmp_path, query="ট্রাম্প NEAR/8 পুতিন") as world:
        (entry,) = world.publish(story.title, language="bn")
        page(world, entry, wordpress(BN, story))
        await world.tick()

        assert stored(world, story.title)[1] == ["summit"]


async def test_a_feed_that_does_not_ask_for_it_has_no_page_fetched(tmp_path: Path) -> None:
    async with desk(tmp_path, fulltext=False) as world:
        carry(world, CALL)
        await world.tick()

        assert asked(world) == []
        assert stored(world)[1] == []


async def test_a_feed_with_whole_articles_has_no_page_fetched(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL, content="The whole story. " * (STUB // 16))
        await world.tick()

        assert asked(world) == []


# alerts and digests ───────────────────────────────────────────────────────────────────────────


async def test_what_the_headline_says_is_told_before_the_article_is_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        entry = carry(world, replace(CALL, title="Trump and Putin spoke on Thursday"))
        path = httpx.URL(entry.url).path
        world.publisher.answer(path, 503, times=1)
        await world.tick()
        assert len(world.channel("desk").sent) == 1
        assert stored(world, entry.title)[1] == ["summit"]

        await world.tick(WAITS[0])

        assert stored(world, entry.title)[1] == ["summit", "missiles"]
        assert stored(world, entry.title)[0].article


async def test_an_entry_that_was_told_is_not_told_again_when_its_article_comes(tmp_path: Path) -> None:
    plain = Story(title="Trump and Putin spoke on Thursday", paragraphs=EN.ferry.paragraphs)
    async with desk(tmp_path, ALERTS + DIGESTS) as world:
        entry = carry(world, plain)
        await world.tick()
        assert stored(world, entry.title)[0].article
        await world.tick(HOUR)
        await world.tick(6 * HOUR)

        sent = [delivery.message for delivery in world.channel("desk").sent]
        assert [message.kind.value for message in sent] == ["alert", "digest"]


async def test_a_digest_tells_once_what_headline_and_article_say(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGESTS) as world:
        entry = carry(world, replace(CALL, title="Trump and Putin spoke on Thursday"))
        await world.tick()
        await world.tick(HOUR)
        await world.tick(6 * HOUR)

        (delivery,) = world.channel("desk").sent
        assert delivery.message.parts["txt"].count(entry.title) == 1


async def test_a_match_that_only_the_article_makes_is_in_the_digest_after_it_came(tmp_path: Path) -> None:
    async with desk(tmp_path, DIGESTS) as world:
        entry = carry(world, CALL)
        page(world, entry, "", 503, times=1)
        await world.tick(HOUR - MINUTE)
        await world.tick(MINUTE)
        assert world.channel("desk").sent == []

        await world.tick(WAITS[0])
        await world.tick(6 * HOUR)

        (delivery,) = world.channel("desk").sent
        assert entry.title in delivery.message.parts["txt"]


async def test_an_article_joins_its_entry_to_a_story(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        await world.tick()
        first = world.store.story_with(stored(world)[0].id)
        assert first is not None

        await world.tick(6 * MINUTE)

        assert world.store.story_with(stored(world)[0].id) == first


# edits ────────────────────────────────────────────────────────────────────────────────────────


async def test_the_next_poll_of_the_same_text_leaves_the_article(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        await world.tick()
        for _ in range(3):
            world.publish(f"Another headline {world.clock.now():%H%M}", url="https://publisher.example/none")
            await world.tick(6 * MINUTE)

        entry, _ = stored(world)
        assert (entry.article, entry.revision) == (True, 2)


async def test_an_edit_of_the_headline_keeps_the_article_s_text_and_matches(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        entry = carry(world, CALL)
        await world.tick()
        world.edit(entry, "Thursday's call, and what came of it")
        await world.tick(6 * MINUTE)

        edited, topics = stored(world, "Thursday's call, and what came of it")
        assert (edited.article, edited.revision, topics) == (True, 3, ["summit", "missiles"])
        assert edited.content == "\n".join(CALL.paragraphs)
        assert len(asked(world)) == 2  # robots.txt and the page, once


async def test_what_the_feed_said_stays_beside_the_article(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL, content="What we know so far, in short.")
        await world.tick()

        entry, _ = stored(world)
        assert (entry.summary, entry.article) == ("What we know so far, in short.", True)


async def test_a_page_that_says_no_more_than_the_feed_changes_nothing(tmp_path: Path) -> None:
    said = " ".join(CALL.paragraphs)[: STUB - 1]
    async with desk(tmp_path) as world:
        entry = carry(world, CALL, content=said)
        page(world, entry, wordpress(EN, Story(title=TITLE, paragraphs=CALL.paragraphs[:2])))
        await world.tick()

        assert (stored(world)[0].revision, article(world).status, article(world).reason) == (
            1,
            "refused",
            "shorter",
        )


# what is wanted ───────────────────────────────────────────────────────────────────────────────


def test_of_old_entries_and_aggregators_and_things_without_a_page_no_article_is_wanted() -> None:
    feed, backfill = a_feed(), timedelta(hours=24)

    assert wanted(an_entry(), feed, NOON, backfill)
    assert wanted(an_entry(published=None), feed, NOON, backfill)
    for entry in (
        an_entry(published=NOON - timedelta(hours=25)),
        an_entry(url=""),
        an_entry(url="mailto:desk@example.org"),
        an_entry(url="https://news.google.com/rss/articles/CBMi?oc=5"),
        an_entry(summary="word " * STUB),
    ):
        assert wanted(entry, feed, NOON, backfill) is None


async def test_what_came_before_the_desk_is_not_fetched(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        old = an_entry(title="Old news of Trump and Putin", published=NOON - timedelta(hours=30))
        world._carried["/rss"].append(old)
        world.publisher.publish("/rss", *world._carried["/rss"])
        await world.tick()

        assert world.store.article(stored(world, old.title)[0].id) is None
        assert article(world).status == "got"


# manners ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_first_poll_of_many_entries_asks_for_an_hour_s_budget_only(tmp_path: Path) -> None:
    async with desk(tmp_path, articles=3) as world:
        for number in range(8):
            carry(world, Story(title=f"Headline number {number} of many", paragraphs=CALL.paragraphs))
        await world.tick()
        assert len(asked(world)) == 1 + 3
        await world.tick(30 * MINUTE)
        assert len(asked(world)) == 1 + 3
        await world.tick(30 * MINUTE)
        assert len(asked(world)) == 1 + 6
        await world.tick(HOUR)
        assert len(asked(world)) == 1 + 8


async def test_a_page_that_robots_txt_forbids_is_given_up_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        world.publisher.answer("/robots.txt", body="User-agent: *\nDisallow: /\n", times=None)
        await world.tick()
        await world.tick(5 * HOUR)

        assert asked(world) == ["/robots.txt"]
        assert (article(world).status, article(world).reason, article(world).due_at) == (
            "refused",
            "robots",
            None,
        )


async def test_a_site_whose_robots_txt_fails_is_asked_again_later(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        world.publisher.answer("/robots.txt", 503, times=1)
        await world.tick()
        assert (article(world).status, article(world).due_at) == ("wanted", NOON + WAITS[0])
        assert asked(world) == ["/robots.txt"]

        await world.tick(WAITS[0])

        assert article(world).status == "got"


async def test_a_page_that_fails_is_tried_four_times(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        entry = carry(world, CALL)
        page(world, entry, "", 500)
        for wait in (timedelta(0), *WAITS, HOUR, HOUR):
            await world.tick(wait)

        assert len(asked(world)) == 1 + 1 + len(WAITS)
        assert (article(world).status, article(world).reason, article(world).tries) == (
            "refused",
            "http-5xx",
            4,
        )


@pytest.mark.parametrize(("status", "reason"), [(404, "http-4xx"), (410, "http-410"), (403, "blocked")])
async def test_a_page_that_is_not_there_is_asked_for_once(tmp_path: Path, status: int, reason: str) -> None:
    async with desk(tmp_path) as world:
        page(world, carry(world, CALL), "", status)
        await world.tick()
        await world.tick(5 * HOUR)

        assert len(asked(world)) == 2
        assert (article(world).status, article(world).reason) == ("refused", reason)


async def test_a_captcha_with_200_is_no_article(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        page(world, carry(world, CALL), captcha(EN, CALL))
        await world.tick()

        assert (article(world).status, article(world).reason) == ("refused", "no-article")
        assert stored(world)[0].revision == 1


async def test_a_retry_after_lets_all_articles_of_the_host_rest(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        newest = carry(world, FERRY)
        path = httpx.URL(newest.url).path
        world.publisher.answer(path, 429, headers={"Retry-After": "1800"}, times=1)
        await world.tick()
        assert asked(world) == ["/robots.txt", path]
        await world.tick(29 * MINUTE)
        assert asked(world) == ["/robots.txt", path]
        await world.tick(MINUTE)
        assert len(asked(world)) == 4


async def test_a_crawl_delay_lies_between_two_articles(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        carry(world, FERRY)
        world.publisher.answer("/robots.txt", body="User-agent: *\nCrawl-delay: 20\n", times=None)
        await world.tick()
        assert len(asked(world)) == 2
        await world.tick(timedelta(seconds=19))
        assert len(asked(world)) == 2
        assert world.store.next_due() == NOON + timedelta(seconds=20)
        await world.tick(timedelta(seconds=1))
        assert len(asked(world)) == 3


async def test_a_feed_that_stops_asking_wants_its_articles_no_more(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        page(world, carry(world, CALL), "", 503, times=1)
        await world.tick()
    async with desk(tmp_path, fulltext=False, world=world) as again:
        await again.tick(WAITS[0])
        assert article(again).status == "wanted"  # no feed has full text: nobody looks
    (tmp_path / "monitor.yaml").unlink()
    async with desk(tmp_path, world=world) as again:
        off = replace(again.pipeline.parts.feeds["https://publisher.example/rss"], fulltext=False)
        again.pipeline.parts = replace(again.pipeline.parts, feeds={off.url: off})
        await again.tick(WAITS[0])
        assert (article(again).status, article(again).reason) == ("refused", "off")


# trouble ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_crash_between_poll_and_article_forgets_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as world:
        entry = carry(world, CALL)
        await world.pipeline.poll_due()
        await world.pipeline.drain()
        assert asked(world) == []
        assert article(world).status == "wanted"
    async with desk(tmp_path, world=world) as again:
        await again.tick()
        assert stored(again)[1] == ["summit", "missiles"]
        assert asked(again) == ["/robots.txt", httpx.URL(entry.url).path]


async def test_a_crash_before_the_article_is_written_asks_for_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(record: ArticleRecord, now: object) -> bool:
        raise StoreError("the disk is gone")

    async with desk(tmp_path) as world:
        carry(world, CALL)
        with monkeypatch.context() as broken:
            broken.setattr(world.store, "record_article", dies)
            with pytest.raises(StoreError):
                await world.tick()
        assert (stored(world)[0].revision, article(world).status) == (1, "wanted")
        await world.tick(6 * MINUTE)
        assert (stored(world)[0].revision, article(world).status, article(world).tries) == (2, "got", 2)


async def test_a_page_that_hangs_the_worker_holds_up_no_feed(tmp_path: Path) -> None:
    endless = wordpress(EN, CALL).replace("</main>", "<p>and so on</p>" * 20_000 + "</main>")
    async with desk(tmp_path, parser=Parser(cpu_seconds=1.0)) as world:
        page(world, carry(world, CALL), endless)
        (other,) = world.publish("Trump and Putin will meet", url="https://publisher.example/none")
        await world.tick()

        assert (article(world).status, article(world).reason) == ("refused", "too-costly")
        assert stored(world, other.title)[1] == ["summit"]
        assert len(world.channel("desk").sent) == 1


async def test_stopping_does_not_wait_for_a_page_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("monitor.pipeline.articles.GRACE", 0.05)
    async with desk(tmp_path) as world:
        carry(world, CALL)
        await world.pipeline.poll_due()
        await world.pipeline.drain()
        monkeypatch.setattr(world.pipeline.parts.pages, "fetch", never)
        await world.pipeline.read_due()
        assert list(world.pipeline._articles.running) == [stored(world)[0].id]
        async with asyncio.timeout(10):
            await world.pipeline.drain()
        assert article(world).status == "wanted"


async def test_no_article_is_left_though_one_ends_while_others_are_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path) as world:
        carry(world, CALL)
        carry(world, FERRY)
        articles = world.built.pipeline._articles
        start_due = articles.start_due

        async def slowly(now: datetime) -> bool:
            claimed = await start_due(now)
            if not claimed and articles.running:
                await asyncio.wait(articles.running.values())
            return claimed

        monkeypatch.setattr(articles, "start_due", slowly)
        await world.tick()
        statuses = {article(world, story.title).status.value for story in (CALL, FERRY)}

    assert statuses == {"got"}
