"""Web: what the pages say, in Bengali and English, of a desk whose publishers are hostile."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from lxml import html as markup

from monitor.channels.file import file_key
from monitor.config import templates_folder
from monitor.errors import DeliveryError, DeliveryReason
from monitor.inquire.archive import search
from monitor.model import (
    DeliveryStatus,
    Entry,
    FeedStatus,
    Fresh,
    Kind,
    PassedKind,
    Phase,
    PollRecord,
    Scope,
    Silence,
)
from monitor.render import Renderer, words
from monitor.testing import NOON, an_entry
from tests.pipeline_kit import HOUR, MINUTE, World, desk
from tests.test_pipeline_copies import DIGEST, noon
from tests.web_kit import served

ATTACKS = (
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "\"><svg onload=document.title='pwned'>",
    "' autofocus onfocus=document.title='pwned' x='",
    "</title></style></main><script>document.title='pwned'</script>",
    "{{ ''.__class__ }}<iframe srcdoc=\"<script>top.document.title='pwned'</script>\">",
)
REST = """
channels: {desk: {RECORDING}, room: {RECORDING}}
routes:
  day: {topics: [summit], channels: [desk], at: ["13:00", "19:00"], timezone: Asia/Dhaka, quiet: ["18:30-20:00"]}
  now: {topics: [summit], channels: [room], send: immediate, group_wait: 0s}
"""
BENGALI = "ট্রাম্প–পুতিন বৈঠক বুদাপেস্টে: Trump and Putin"
LONG = "Trump meets Putin " + "x" * 300


FEED = "https://publisher.example/rss"


def entries() -> list[Entry]:
    """News of every kind, hostile ones too: past the parser, as if it let them through."""
    hostile = [
        an_entry(
            f"Trump Putin {attack}",
            summary=f"Trump {attack}",
            url=f"https://h.example/{number}?{attack}" if number else "javascript:alert(1)",
            language=f'bn" onload="{number}',
            author=attack,
            source=attack,
            first_seen=NOON + number * MINUTE,
        )
        for number, attack in enumerate(ATTACKS)
    ]
    return [
        an_entry(BENGALI, language="bn", summary="আড়াই ঘণ্টার ফোনালাপ Trump।"),
        an_entry("Путин и Трамп: Trump Putin", language="ru"),
        an_entry("Trump and Putin to meet in Budapest"),
        an_entry("Bread prices rise"),
        an_entry(LONG),
        *hostile,
    ]


async def news(world: World, *, trouble: bool) -> None:
    """Let there be news and a silence; with `trouble` a feed that fails and a message that is given up."""
    matcher, now = world.pipeline.parts.matcher, world.clock.now()
    found = entries()
    states = {one.url: one for one in world.store.claim_feeds(now, 9, HOUR)}
    readings = {one.id: matcher.read(one) for one in found}
    record = PollRecord(state=states[FEED], fresh=Fresh(entries=tuple(found)), readings=readings)
    if trouble:
        error = DeliveryError(DeliveryReason.REJECTED, ATTACKS[2] + "z" * 300, retryable=False)
        world.channel("room").fail(error)
    world.store.record_polls([record], now)
    silence = Silence(
        id="s1",
        scope=Scope.SOURCE,
        target="Nobody " + ATTACKS[0],
        since=now - HOUR,
        until=now + 100 * HOUR,
        why=ATTACKS[1],
        by="desk",
    )
    world.store.add_silence(silence)
    await world.tick(MINUTE)
    await world.tick(7 * HOUR)
    if trouble:
        world.clock.advance(HOUR)
        now = world.clock.now()
        (other,) = [one for one in world.store.claim_feeds(now, 9, HOUR) if one.url != FEED]
        failing = replace(other, status=FeedStatus.ERROR, reason="dns", detail=ATTACKS[0] + "y" * 300)
        world.store.record_polls([PollRecord(state=replace(failing, failing_since=NOON))], now)


@asynccontextmanager
async def pages(
    tmp_path: Path, language: str = "en", *, trouble: bool = False
) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with desk(tmp_path, REST) as world:
        await news(world, trouble=trouble)
        bells = {"poll": 0.4, "send": 31.0 if trouble else 0.2}
        async with served(world.built, language=language, rung=lambda: bells) as client:
            yield world, client


def every_path(world: World) -> dict[str, str]:
    """Return an address for every page, by name."""
    found = world.store.search("", limit=100)
    (hostile,) = [one for one in found if one.title.startswith("Trump Putin <script>")]
    (plain,) = [one for one in found if one.title == "Bread prices rise"]
    (bengali,) = [one for one in found if one.title == BENGALI]
    story = world.store.story_with(hostile.id)
    assert story is not None
    digest = next(one for one in world.store.deliveries() if one.message.kind is Kind.DIGEST)
    alert = next(one for one in world.store.deliveries() if one.message.kind is Kind.ALERT)
    return {
        "status": "/",
        "feeds": "/feeds",
        "stories": "/stories",
        "story": f"/stories/{story.id}",
        "search": "/search",
        "found": "/search?q=" + quote("Trump AND Putin"),
        "mistake": "/search?q=" + quote("trump AND (<script>"),
        "entry": f"/entries/{hostile.id}",
        "bengali": f"/entries/{bengali.id}",
        "other": f"/entries/{plain.id}",
        "digests": "/digests",
        "deliveries": "/deliveries",
        "dead": "/deliveries?status=dead",
        "digest": f"/deliveries/{digest.id}",
        "alert": f"/deliveries/{alert.id}",
        "nothing": "/stories/zzzz",
    }


def text_of(answer: httpx.Response) -> str:
    main = markup.fromstring(answer.text).find(".//main")
    assert main is not None
    return re.sub(r"\s+", " ", main.text_content()).strip()


async def test_at_a_glance_it_says_what_waits_what_comes_and_what_was_sent(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, client):
        told = text_of(await client.get("/"))

    assert told.startswith("Status 2/2 Feeds")
    assert "Needs attention Nothing does" in told
    assert "quiet hours hold it until" in told
    assert f"source Nobody {ATTACKS[0]}, until" in told
    assert len(world.channel("room").sent) > 0


async def test_what_needs_somebody_is_told_first_with_its_reason(tmp_path: Path) -> None:
    async with pages(tmp_path, trouble=True) as (world, client):
        told, feeds = text_of(await client.get("/")), text_of(await client.get("/feeds"))
        (dead,) = world.store.deliveries(status=DeliveryStatus.DEAD)

    attention = told[told.index("Needs attention") : told.index("Next digests")]
    assert "Another not working its name is not found" in attention
    assert dead.message.subject in attention
    assert f"rejected: {ATTACKS[2]}" in attention
    assert feeds.index("Another") < feeds.index("A publisher")


async def test_in_bengali_words_and_digits_are_bengali_and_a_stuck_daemon_is_told(tmp_path: Path) -> None:
    async with pages(tmp_path, "bn", trouble=True) as (_, client):
        answer = await client.get("/")
        told = text_of(answer)

    assert '<html lang="bn" dir="ltr">' in answer.text
    assert told.startswith("অবস্থা monitor কাজ করছে না:বার্তা পাঠানো: ৩১ সেকেন্ড ধরে বন্ধ ১/২ ফিড")
    assert "পরের সংকলন" in told


async def test_nothing_of_a_feed_is_active_on_any_page(tmp_path: Path) -> None:
    async with pages(tmp_path, trouble=True) as (world, client):
        for name, path in every_path(world).items():
            answer = await client.get(path)
            assert answer.status_code == (404 if name == "nothing" else 200), name
            page = markup.fromstring(answer.text)
            assert "script" not in answer.headers["content-security-policy"].replace("'none'", ""), name
            for element in page.iter():
                assert element.tag not in ("script", "iframe", "svg", "img", "object", "embed", "base"), name
                for attribute, value in element.attrib.items():
                    assert not attribute.startswith("on"), name
                    assert attribute != "style", name
                    if attribute in ("href", "action"):
                        outside = value.startswith(("http://", "https://"))
                        assert outside or re.match(r"(\.\./|\./|#)", value), (name, value)
                        assert not outside or element.get("rel") == "noopener noreferrer", (name, value)
            assert "pwned" not in (page.findtext(".//title") or "") or "entr" in path or "stories/" in path


async def test_links_of_a_page_lead_to_pages_wherever_the_site_is_put(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, client):
        seen: set[str] = set()
        for path in every_path(world).values():
            page = markup.fromstring((await client.get(path)).text)
            base = httpx.URL(f"https://outside.example/desk{path}")
            for link in page.iter("a", "link"):
                target = base.join(link.get("href", ""))
                if target.host == "outside.example" and not target.fragment:
                    assert target.path.startswith("/desk/"), (path, target)
                    seen.add(target.raw_path.decode().removeprefix("/desk"))
        wrong = [path for path in sorted(seen) if (await client.get(path)).status_code != 200]

    assert len(seen) > 20
    assert wrong == []


async def test_a_search_finds_what_the_command_finds_with_what_matched_marked(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, client):
        query = "Trump AND Putin AND lang:bn"
        hits = search(world.store, world.pipeline.parts.matcher.find(query))
        answer = await client.get("/search", params={"q": query})

    titles = [h2.text_content() for h2 in markup.fromstring(answer.text).iter("h2")]
    assert titles == [entry.title for entry, _ in hits]
    assert BENGALI in titles
    assert "<mark>Trump</mark> and <mark>Putin</mark>" in answer.text
    assert 'lang="bn" dir="auto"' in answer.text


async def test_a_long_list_is_shown_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.search.ON_A_PAGE", 4)
    async with pages(tmp_path) as (_, client):
        seen, path = list[str](), "/search?q=Trump+AND+Putin&from=x"
        while path:
            page = markup.fromstring((await client.get(path)).text)
            seen += [h2.text_content() for h2 in page.iter("h2")]
            more = page.xpath("//a[@rel='next']/@href")
            path = f"/{more[0].removeprefix('./')}" if more else ""

    titles = {one.title for one in entries() if "Putin" in one.title}
    assert len(seen) == len(titles) == 10
    assert {title.replace("…", "") for title in seen if "x" * 90 not in title} == {
        title for title in titles if "x" * 90 not in title
    }


async def test_a_query_that_cannot_be_read_shows_where(tmp_path: Path) -> None:
    async with pages(tmp_path) as (_, client):
        answer = await client.get("/search", params={"q": "trump AND (putin"})

    (pre,) = markup.fromstring(answer.text).iter("pre")
    assert pre.text_content() == "trump AND (putin\n          ^"
    assert answer.status_code == 200


async def test_an_entry_says_for_every_reader_whether_it_was_sent(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, client):
        paths = every_path(world)
        matched, other = text_of(await client.get(paths["entry"])), text_of(await client.get(paths["other"]))

    rows = matched[matched.index("Sent or not") : matched.index("Topics")]
    assert "day" in rows
    assert "room" in rows
    assert "sent" in rows
    assert "The summit matches" in matched
    assert "none of the route's topics" in other
    assert "The summit does not match" in other


async def test_a_message_is_shown_as_it_was_sent_and_can_do_nothing(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, client):
        path = every_path(world)["digest"]
        answer = await client.get(f"{path}/message")
        sent = next(one for one in world.store.deliveries() if path.endswith(one.id))

    assert answer.text == sent.message.parts["html"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_template_of_the_desk_s_that_fails_gives_the_shipped_page_and_says_so(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "web").mkdir(parents=True)
    (own / "web" / "feeds.html.j2").write_text("{{ nothing.of.that.name }}", encoding="utf-8")
    renderer = Renderer([own, templates_folder()])
    async with desk(tmp_path, REST) as world, served(world.built, renderer=renderer) as client:
        told = text_of(await client.get("/feeds"))

    assert "The desk's own template of this page failed" in told
    assert "web/feeds.html.j2:1" in told
    assert "A publisher" in told


@pytest.mark.parametrize("language", words.languages([templates_folder()]))
def test_there_is_a_word_for_every_state_that_a_page_can_show(language: str) -> None:
    known = words.read(templates_folder(), language)
    fates = [*DeliveryStatus, *PassedKind, "not matched", "held", "before-start", "waiting", "told", "before"]
    wanted = [f"web_fate_{one}" for one in fates]
    wanted += [f"web_feed_{one}" for one in FeedStatus] + [f"web_kind_{one}" for one in Kind]
    wanted += [f"web_phase_{one}" for one in Phase] + [f"web_scope_{one}" for one in Scope]

    assert [one for one in wanted if one not in known] == []


# copies ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_links_to_the_full_copy_that_only_its_own_link_opens(tmp_path: Path) -> None:
    web = "web: {listen: '127.0.0.1:0', password: rosogolla, public_url: 'https://monitor.news.test/desk'}\n"
    async with desk(tmp_path, web + DIGEST) as world:
        await noon(world)
        (sent,) = world.channel("out").sent
        (page,) = (tmp_path / "copies").glob("2*.html")
        password = world.built.config.web.password
        assert password is not None
        link = f"https://monitor.news.test/desk/copies/{page.name}?key={file_key(page.name, password)}"
        assert link in sent.message.parts["html"].replace("&amp;", "&")
        async with served(world.built, world.built.config.web) as client:
            outside = {"Host": "monitor.news.test"}
            path = link.removeprefix("https://monitor.news.test/desk")
            opened = await client.get(path, headers=outside)
            refused = [
                await client.get(path[:-1], headers=outside),
                await client.get(f"/copies/{page.name}", headers=outside),
                await client.get(path.replace(page.name, "index.html"), headers=outside),
                await client.get("/", headers=outside),
            ]
            missing = [
                await client.get(f"/copies/{name}", auth=("", "rosogolla"))
                for name in ("index.html", "20251017T013000Z-x.html", "..%2Fmonitor.yaml", "%00.html")
            ]

    assert opened.text == page.read_text(encoding="utf-8")
    assert [one.status_code for one in refused] == [401, 401, 401, 401]
    assert [one.status_code for one in missing] == [404, 404, 404, 404]


async def test_without_a_password_no_message_links_to_a_page_that_nobody_outside_could_open(
    tmp_path: Path,
) -> None:
    web = "web: {listen: '127.0.0.1:0', public_url: 'https://monitor.news.test'}\n"
    async with desk(tmp_path, web + DIGEST) as world:
        await noon(world)
        (sent,) = world.channel("out").sent

    assert "monitor.news.test" not in sent.message.parts["html"]
