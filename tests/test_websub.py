"""WebSub: a hub of the tests' own and our side of it, over real sockets (W3C WebSub 1.0).

Tests that name a number are criteria of `make score` (see tests/politeness).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from monitor import websub
from monitor.clock import SystemClock
from monitor.commands import feeds, status
from monitor.commands._app import App
from monitor.commands._demo.loopback import Response
from monitor.model import Standing, Trust
from monitor.testing import NOON, FakeClock
from tests.hub_kit import DESK, FEED, TOPIC, atom, hubbed, news, pushed_slowly
from tests.pipeline_kit import HOUR, MINUTE

DAY = timedelta(days=1)


# subscribing ──────────────────────────────────────────────────────────────────────────────────


async def test_60_a_feed_that_names_a_hub_is_subscribed_to_there(tmp_path: Path) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        await kit.world.tick()
        assert kit.hub.asked == []
        await kit.ask()
        (request,), (form,) = kit.hub.seen, kit.hub.asked
        assert (request.method, request.path) == ("POST", "/hub")
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", TOPIC)
        assert form["hub.lease_seconds"] == "864000"
        assert len(form["hub.secret"].encode()) < 200
        assert len(form["hub.callback"].rpartition("/")[2]) == 64
        assert kit.row().standing is Standing.PENDING

        answer = await kit.hub.verify(form, lease_seconds="1000")
        assert (answer.status_code, answer.text) == (200, "a1B2-chall")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        one = kit.row()
        assert (one.standing, one.trust) == (Standing.VERIFIED, Trust.NEW)
        assert one.lease_until == NOON + timedelta(seconds=1000)
        assert one.due_at == NOON + timedelta(seconds=800)


async def test_60_the_headers_word_for_hub_and_topic_comes_first(tmp_path: Path) -> None:
    async with hubbed(tmp_path) as kit:
        link = f'<{kit.hub.url}>; rel="hub", </by-header>; rel=self'
        body = atom(news(1), hub="https://other.example/", topic=TOPIC)
        kit.world.publisher.answer("/rss", body=body, headers={"Link": link}, times=None)
        await kit.world.tick()
        assert (kit.row().hub, kit.row().topic) == (kit.hub.url, "https://publisher.example/by-header")


@pytest.mark.parametrize("how", [{"hub": ""}, {"topic": ""}])
async def test_without_hub_or_self_there_is_nothing_to_subscribe_to(
    tmp_path: Path, how: dict[str, str]
) -> None:
    async with hubbed(tmp_path) as kit:
        body = atom(news(1), **{"hub": kit.hub.url, "topic": TOPIC} | how)
        kit.world.publisher.answer("/rss", body=body, times=None)
        await kit.world.tick()
        assert kit.rows() == []


async def test_with_websub_off_no_hub_is_asked_and_nobody_calls_back(tmp_path: Path) -> None:
    async with hubbed(tmp_path, config=DESK.replace("websub: true", "websub: false"), head=(news(1),)) as kit:
        await kit.world.tick()
        await kit.ask()
        assert kit.world.store.subscriptions() == []
        assert kit.hub.asked == []
        assert not (tmp_path / "websub.key").exists()


async def test_60_nothing_is_confirmed_that_was_not_asked_for(tmp_path: Path) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        await kit.world.tick()
        await kit.ask()
        form = kit.hub.asked[0]
        wrong = [
            {"topic": TOPIC + "x"},
            {"mode": "unsubscribe"},
            {"mode": "publish"},
            {"mode": ""},
            {"topic": ""},
            {"challenge": ""},
            {"challenge": "x" * 5_000},
        ]
        answers = [await kit.hub.verify(form, **changes) for changes in wrong]
        assert [answer.status_code for answer in answers] == [404] * len(wrong)
        assert all("a1B2" not in answer.text for answer in answers)
        assert kit.row().standing is Standing.PENDING
        assert (await kit.hub.verify(form)).status_code == 200
        assert (await kit.hub.verify(form)).status_code == 404  # no longer pending


async def test_a_callback_that_we_did_not_make_is_unknown(tmp_path: Path) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        form = await kit.subscribe()
        callback = form["hub.callback"]
        guesses = (callback[:-1] + ("0" if callback[-1] != "0" else "1"), callback[:-32], callback + "0")
        for guess in guesses:
            assert (await kit.hub.verify(form | {"hub.callback": guess})).status_code == 404
            assert await kit.push(form | {"hub.callback": guess}, news(2)) == 404
            assert b" 404 " in await pushed_slowly(guess)  # before its body is read
        async with httpx.AsyncClient() as client:
            query = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c"}
            assert (await client.head(callback, params=query)).status_code == 404
            assert (await client.put(callback)).status_code == 405
        assert kit.row().ignored == 0


@pytest.mark.parametrize(
    "challenge",
    [
        "<script>alert(1)</script>",
        "a\r\nSet-Cookie: x=1",
        "\x00\x1b[31m",
        "পুতিন",
        "%3Cb%3E",
        "a&b=c",
    ],
)
async def test_whatever_a_challenge_holds_it_comes_back_as_plain_text(tmp_path: Path, challenge: str) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        await kit.world.tick()
        await kit.ask()
        answer = await kit.hub.verify(kit.hub.asked[0], challenge=challenge)
        assert (answer.status_code, answer.content) == (200, challenge.encode())
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("lease", "taken"),
    [
        ("99999999999999999999", timedelta(days=1)),
        ("999999999999999", timedelta(days=30)),
        ("3", timedelta(minutes=10)),
        ("-5", timedelta(days=1)),
        ("১০০০০০", timedelta(days=1)),
        ("", timedelta(days=1)),
    ],
)
async def test_a_lease_of_absurd_length_is_taken_for_one_that_can_be(
    tmp_path: Path, lease: str, taken: timedelta
) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        await kit.world.tick()
        await kit.ask()
        assert (await kit.hub.verify(kit.hub.asked[0], lease_seconds=lease)).status_code == 200
        assert kit.row().lease_until == NOON + taken


async def test_60_a_lease_is_renewed_at_four_fifths_with_another_callback_and_the_old_one_is_left(
    tmp_path: Path,
) -> None:
    clock = FakeClock(NOON)
    async with hubbed(tmp_path, clock=clock, head=(news(1),)) as kit:
        old = await kit.subscribe()
        assert await kit.push(old, news(2)) == 202
        clock.advance(8 * DAY - MINUTE)
        await kit.ask()
        assert len(kit.hub.asked) == 1
        clock.advance(MINUTE)
        await kit.ask()  # finds that it is time
        await kit.ask()
        new = kit.hub.asked[1]
        assert (new["hub.mode"], new["hub.topic"]) == ("subscribe", TOPIC)
        assert new["hub.callback"] != old["hub.callback"]
        assert new["hub.secret"] != old["hub.secret"]
        assert await kit.push(old, news(3)) == 202  # it holds until the new one does

        assert (await kit.hub.verify(new)).status_code == 200
        current = websub.current(kit.rows())
        assert current is not None
        assert (current.trust, current.pushes) == (Trust.TRUSTED, 2)
        await kit.ask()
        leave = kit.hub.asked[2]
        assert (leave["hub.mode"], leave["hub.callback"]) == ("unsubscribe", old["hub.callback"])
        assert "hub.secret" not in leave
        assert await kit.push(old, news(4)) == 202  # what was on its way is not lost
        assert (await kit.hub.verify(leave)).status_code == 200
        assert await kit.push(old, news(5)) == 410
        assert await kit.push(new, news(5)) == 202
        assert len(kit.rows()) == 1


async def test_a_hub_that_does_not_confirm_is_asked_again_and_a_lease_that_is_over_says_so(
    tmp_path: Path,
) -> None:
    clock = FakeClock(NOON)
    async with hubbed(tmp_path, clock=clock, head=(news(1),)) as kit:
        form = await kit.subscribe()
        clock.advance(8 * DAY)
        for _ in range(30):
            await kit.ask()
            clock.advance(2 * HOUR)
        assert 4 < len(kit.hub.asked) < 16
        one = kit.row()
        assert websub.standing_of(one, clock.now()) == "expired"
        assert await kit.push(form, news(2)) == 410
        assert (await kit.hub.verify(kit.hub.asked[-1])).status_code == 200
        assert websub.standing_of(kit.row(), clock.now()) == "verified"


async def test_a_hub_that_refuses_is_asked_again_ever_later(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    async with hubbed(tmp_path, clock=clock, head=(news(1),)) as kit:
        kit.hub.answers = [Response(status=503), Response(status=400, body=b"secret"), Response(status=500)]
        await kit.world.tick()
        asked = []
        for _ in range(90):
            await kit.ask()
            asked.append(len(kit.hub.asked))
            clock.advance(MINUTE)
        assert [asked.index(n) for n in (1, 2, 3, 4)] == [0, 5, 15, 35]
        assert kit.row().reason == ""
        refused = [one.fields["detail"] for one in kit.events if one.fields.get("outcome") == "refused"]
        assert refused == ["HTTP 503: the server failed", "HTTP 400: refused", "HTTP 500: the server failed"]


async def test_a_hub_s_wish_to_be_left_alone_is_honoured_up_to_a_day(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    async with hubbed(tmp_path, clock=clock, head=(news(1),)) as kit:
        kit.hub.answers = [Response(status=429, headers={"Retry-After": "7200"})]
        await kit.world.tick()
        await kit.ask()
        assert kit.row().due_at == NOON + 2 * HOUR


async def test_60_a_denial_is_kept_with_its_reason_and_asked_about_again_a_day_later(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    async with hubbed(tmp_path, clock=clock, head=(news(1),)) as kit:
        form = await kit.subscribe()
        assert (await kit.hub.verify(form, mode="denied", topic="other")).status_code == 404
        answer = await kit.hub.verify(form, mode="denied", reason="no such topic", challenge="")
        assert (answer.status_code, answer.text) == (200, "")
        assert (kit.row().standing, kit.row().reason) == (Standing.DENIED, "denied: no such topic")
        assert await kit.push(form, news(2)) == 410
        clock.advance(DAY)
        await kit.ask()
        assert [one["hub.mode"] for one in kit.hub.asked] == ["subscribe"] * 2


# where we go ──────────────────────────────────────────────────────────────────────────────────


async def test_a_hub_on_a_private_address_is_never_asked(tmp_path: Path) -> None:
    config = DESK.replace("network: {{allow_private: [127.0.0.0/8]}}\n", "")
    async with hubbed(tmp_path, config=config, head=(news(1),)) as kit:
        await kit.world.tick()
        await kit.ask()
        assert kit.hub.seen == []
        assert "not a public address" in kit.row().reason


async def test_a_redirect_is_followed_only_where_it_asks_for_the_same_again(tmp_path: Path) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        kit.hub.answers = [
            Response(status=307, headers={"Location": "/elsewhere"}),
            Response(status=202),
        ]
        await kit.world.tick()
        await kit.ask()
        assert [one.path for one in kit.hub.seen] == ["/hub", "/elsewhere"]
        assert kit.hub.asked[0] == kit.hub.asked[1]


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (302, "/elsewhere", "HTTP 302"),
        (308, "http://169.254.169.254/latest", "not a public address"),
        (308, "file:///etc/passwd", "not http or https"),
        (307, "/hub", "more than 2 redirects"),
    ],
)
async def test_a_redirect_to_where_we_do_not_go_is_a_refusal(
    tmp_path: Path, status: int, location: str, said: str
) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        kit.hub.answers = [Response(status=status, headers={"Location": location})] * 5
        await kit.world.tick()
        await kit.ask()
        assert said in kit.row().reason
        assert {one.path for one in kit.hub.seen} == {"/hub"}


# leaving ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["removed", "opted out", "paused", "off"])
async def test_61_a_feed_that_is_subscribed_to_no_more_is_unsubscribed_and_then_gone(
    tmp_path: Path, how: str
) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        form = await kit.subscribe()
        pipeline, parts = kit.world.pipeline, kit.world.pipeline.parts
        assert parts.callbacks is not None
        feed = parts.feeds[FEED]
        rest = {url: one for url, one in parts.feeds.items() if url != FEED}
        pipeline.parts = {
            "removed": replace(parts, feeds=rest),
            "opted out": replace(parts, feeds=rest | {FEED: replace(feed, websub=False)}),
            "paused": replace(parts, feeds=rest | {FEED: replace(feed, paused=True)}),
            "off": replace(parts, callbacks=replace(parts.callbacks, on=False)),
        }[how]
        await pipeline.off_loop(lambda: pipeline.start(timedelta(0)))
        assert await kit.push(form, news(2)) == 410
        await kit.ask()
        leave = kit.hub.asked[-1]
        assert (leave["hub.mode"], leave["hub.callback"]) == ("unsubscribe", form["hub.callback"])
        assert (await kit.hub.verify(leave)).text == "a1B2-chall"
        assert kit.rows() == []
        assert await kit.push(form, news(2)) == 410
        assert kit.world.store.counts().entries == 1


async def test_a_hub_that_answers_no_farewell_is_forgotten_after_some(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    async with hubbed(tmp_path, clock=clock, head=(news(1),)) as kit:
        await kit.subscribe()
        pipeline, parts = kit.world.pipeline, kit.world.pipeline.parts
        pipeline.parts = replace(parts, feeds={})
        await pipeline.off_loop(lambda: pipeline.start(timedelta(0)))
        for _ in range(40):
            await kit.ask()
            clock.advance(HOUR)
        assert [one["hub.mode"] for one in kit.hub.asked] == ["subscribe", *["unsubscribe"] * 3]
        assert kit.rows() == []


async def test_another_address_or_another_key_is_told_to_every_hub(tmp_path: Path) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        old = await kit.subscribe()
        await kit.push(old, news(2))
        pipeline, parts = kit.world.pipeline, kit.world.pipeline.parts
        assert parts.callbacks is not None
        keys = websub.Keys(b"another" * 5, old["hub.callback"].partition("/websub/")[0])
        pipeline.parts = replace(parts, callbacks=replace(parts.callbacks, keys=keys))
        await pipeline.off_loop(lambda: pipeline.start(timedelta(0)))
        await kit.ask()
        new = kit.hub.asked[-1]
        assert (new["hub.mode"], new["hub.topic"]) == ("subscribe", TOPIC)
        assert new["hub.callback"] != old["hub.callback"]
        assert (await kit.hub.verify(new)).status_code == 200
        assert await kit.push(old, news(3)) == 404
        assert (kit.row().trust, kit.row().pushes) == (Trust.TRUSTED, 1)


# secrets ──────────────────────────────────────────────────────────────────────────────────────


async def test_neither_callback_nor_secret_is_in_the_store_the_log_or_a_file_of_others(
    tmp_path: Path,
) -> None:
    async with hubbed(tmp_path, head=(news(1),)) as kit:
        form = await kit.subscribe()
        await kit.push(form, news(2))
        await kit.push(form | {"hub.secret": "x"}, news(3))
        kit.hub.answers = [Response(status=500, body=form["hub.secret"].encode())]
        secrets = (form["hub.secret"], form["hub.callback"].rpartition("/")[2])
        kit.world.store.backup(tmp_path / "copy.db")
        held = (tmp_path / "copy.db").read_bytes()
        said = "".join(str(one.fields) for one in kit.events)
        assert all(secret.encode() not in held and secret not in said for secret in secrets)
        assert (tmp_path / "websub.key").stat().st_mode & 0o777 == 0o600


async def test_feeds_and_status_say_how_each_hub_does(tmp_path: Path) -> None:
    commands = {"feeds": feeds.command, "status": status.command}
    app = App(config_paths=(tmp_path / "monitor.yaml",))

    def said(command: str, *arguments: str) -> str:
        result = CliRunner().invoke(commands[command], arguments, obj=app, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    async with hubbed(tmp_path, clock=FakeClock(SystemClock().now()), head=(news(1),)) as kit:
        form = await kit.subscribe()
        assert "polled as ever until the first good push" in said("feeds", "list")
        await kit.push(form, news(2))
        await kit.push(form | {"hub.secret": "x"}, news(3))
        assert "pushes, so it is polled seldom; 1 pushed, 1 ignored" in said("feeds", "list")
        assert "hubs        1: 1 push, 0 not yet or no more" in said("status")
        listed = json.loads(said("feeds", "list", "--json"))
        (told,) = [one["websub"] for one in listed if one["websub"]]
        assert told in [one["websub"] for one in json.loads(said("status", "--json"))["feed"]]
        assert (told["state"], told["trust"], told["pushes"]) == ("verified", "trusted", 1)
        everything = said("feeds", "list", "--json") + said("status", "--json")
        assert form["hub.secret"] not in everything
        assert "/websub/" not in everything
