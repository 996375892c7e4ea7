"""Chat rooms: limits kept and nothing lost whatever the length, what each service is told, waits and turns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.channels import Posted, Tools, _chat, _room, discord, mattermost, ntfy, teams, telegram
from monitor.channels._chat import Chat, Item, Text
from monitor.clock import VirtualClock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Follows, Kind, Phase, Secret, Thread
from monitor.registry import find
from monitor.render import Renderer, sample
from tests.receivers import (
    NOW,
    RENDERER,
    TEMPLATES,
    Answer,
    Heard,
    Receiver,
    Request,
    a_delivery,
    a_message,
    tools,
    web_server,
)

BARE = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=Path())
TOKEN = "12345:AAbbCCddEEffGGhhIIjjKK"
ROOMS = ("discord", "mattermost", "ntfy", "teams", "telegram")
EVERY = pytest.mark.parametrize("kind", ROOMS)


def within_telegram(post: dict[str, Any]) -> bool:
    return len(post["text"].encode("utf-16-le")) // 2 <= 4_096 and post["text"].count("<b>") <= 100


def within_discord(post: dict[str, Any]) -> bool:
    total = 0
    for embed in post["embeds"]:
        parts = {
            "title": (embed.get("title", ""), 256),
            "description": (embed.get("description", ""), 4_096),
            "footer": (embed.get("footer", {}).get("text", ""), 2_048),
            "author": (embed.get("author", {}).get("name", ""), 256),
        }
        assert all(len(text) <= most for text, most in parts.values())
        assert any(text for text, _ in parts.values())
        total += sum(len(text) for text, _ in parts.values())
    return len(post["embeds"]) <= 10 and total <= 6_000 and len(post["content"]) <= 2_000


WITHIN: dict[str, Callable[[dict[str, Any]], bool]] = {
    "discord": within_discord,
    "mattermost": lambda post: 0 < len(post["text"]) <= 16_383,
    "ntfy": lambda post: 0 < len(post["message"].encode()) <= 4_096,
    "teams": lambda post: len(_room.as_json(post)) <= 28_000,
    "telegram": within_telegram,
}
"""What each service takes, written down a second time from its documentation."""


def written(kind: str, chat: Chat, language: str = "bn") -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = find("channels", kind).written(chat, language)
    return posts


def told(post: object) -> str:
    """All text of a post as a reader sees it."""
    return unescape(json.dumps(post, ensure_ascii=False)).replace("\\\\", "").replace("@\u200b", "@")


@EVERY
def test_every_line_of_the_foot_is_told(kind: str) -> None:
    chat = Chat(title="t", foot=tuple(f"line number {n}" for n in range(7)))
    text = "".join(map(told, written(kind, chat)))
    assert [line for line in chat.foot if line not in text] == []


@EVERY
def test_of_a_story_that_goes_on_its_phase_and_what_was_told_before_are_said(kind: str) -> None:
    digest = sample(language="en")
    (story, *_) = [one for part in digest.sections for one in part.stories if one.news.known]
    assert story.life is not None
    message = RENDERER.render(digest, channel_type=kind, parts=find("channels", kind).parts)
    text = "".join(map(told, written(kind, _chat.read(message), "en")))
    assert f"Told before: {story.news.known.entry.title if story.news.known else ''} (3 reports)" in text
    phase = RENDERER.phrase("en", f"phase_{story.life.phase}")
    assert f"Developing{f' · {phase}' if phase else ''} · {story.lead.entry.source}" in text
    (first, *_) = digest.sections[0].stories
    assert first.life is not None
    urgent = replace(first, life=replace(first.life, phase=Phase.BREAKING))
    alert = replace(
        digest, kind=Kind.ALERT, sections=(replace(digest.sections[0], stories=(urgent,)),), turns=()
    )
    message = RENDERER.render(alert, channel_type=kind, parts=find("channels", kind).parts)
    assert "New · breaking · " in "".join(map(told, written(kind, _chat.read(message), "en")))


@EVERY
@pytest.mark.parametrize("copies", [1, 3, 10, 40])
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_digest_of_any_length_is_told_whole_in_a_few_posts(kind: str, copies: int, language: str) -> None:
    channel = find("channels", kind)
    message = RENDERER.render(
        sample(language=language, copies=copies), channel_type=kind, parts=channel.parts
    )
    posts = written(kind, _chat.read(message), language)
    assert all(WITHIN[kind](post) for post in posts)
    assert 1 <= len(posts) <= _chat.MOST
    text = "\n".join(told(post) for post in posts)
    links = set(re.findall(r"https://news\.example/[\w/]+", text))
    assert len(links) >= len(message.stories)
    assert len(message.stories) == copies * 5 or ("more stor" in text or "জায়গা হয়নি" in text)
    if len(posts) > 1:
        total = len(posts)
        assert (f"{total}/{total}" if language == "en" else f"/{total}".translate(BENGALI)) in told(posts[-1])


BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")

_TEXT = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="<>&*_`[]()@#\\|~:- abক্‍", min_size=100, max_size=300),
    st.just("ক্ষ" * 700),
    st.just("😀" * 700),
)
_ITEMS = st.builds(
    Item,
    heading=_TEXT,
    title=st.builds(Text, _TEXT.filter(bool)),
    url=st.sampled_from(["", "https://a.example/" + "x" * 100, "https://a.example/(" + "y" * 1_900]),
    text=st.builds(Text, _TEXT),
    lines=st.lists(_TEXT, max_size=4).map(tuple),
    brief=st.booleans(),
)


@EVERY
@given(
    chat=st.builds(
        Chat,
        title=_TEXT.filter(bool),
        head=st.lists(_TEXT, max_size=7).map(tuple),
        items=st.lists(_ITEMS, max_size=6).map(tuple),
        foot=st.lists(_TEXT, max_size=7).map(tuple),
    )
)
@settings(max_examples=40)
def test_whatever_a_template_writes_each_post_is_one_the_service_takes(kind: str, chat: Chat) -> None:
    for post in written(kind, chat):
        assert WITHIN[kind](post)


@EVERY
@pytest.mark.parametrize(
    "part", ["", "[]", "nonsense", '{"items": [1, {"title": 7}, {"heading": "x"}], "foot": "x"}']
)
def test_a_template_that_wrote_something_else_still_says_the_subject(kind: str, part: str) -> None:
    message = replace(a_message(kind, ("json",)), subject="শিরোনাম")
    chat = _chat.read(replace(message, parts={"json": part}))
    assert chat == Chat(title="শিরোনাম")
    (post,) = written(kind, chat)
    assert kind == "ntfy" or "শিরোনাম" in told(post)


@EVERY
async def test_the_parts_of_a_digest_go_out_in_turn_and_a_failed_one_is_where_the_next_try_begins(
    kind: str, tmp_path: Path
) -> None:
    channel_class = find("channels", kind)
    message = RENDERER.render(sample(copies=20), channel_type=kind, parts=channel_class.parts)
    heard, receiver = Heard(), Receiver()
    full = {"telegram": 4, "discord": 4}.get(kind, 2)

    def answer(request: Request) -> Answer:
        return (503, {}, b"") if len(receiver.requests) == full else (200, {}, b"{}")

    receiver.answers = answer
    async with web_server(receiver), tools(tmp_path, heard) as given_tools:
        channel = channel_class("room", options(kind, receiver.url()), given_tools)
        with pytest.raises(DeliveryError, match=rf"^part {full} of \d: "):
            await channel.send(a_delivery(message))
        await channel.send(a_delivery(message, attempts=2))
    bodies = [request.body for request in receiver.requests]
    assert bodies[full - 1] == bodies[full]
    assert len(set(bodies)) == len(bodies) - 1
    assert len(heard.pauses) == len(bodies) - 1


def options(kind: str, url: str) -> Any:
    make = find("channels", kind).Options
    match kind:
        case "telegram":
            return make(server=url, token=Secret(TOKEN), chat="-100123")
        case "ntfy":
            return make(server=url, topic="desk")
        case _:
            return make(url=Secret(url))


@pytest.mark.parametrize(
    ("kind", "body", "wait"),
    [
        ("telegram", {"ok": False, "error_code": 429, "parameters": {"retry_after": 35}}, 35.0),
        ("discord", {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}, 64.57),
        ("ntfy", {"code": 42901, "http": 429, "error": "limit reached"}, None),
        ("telegram", {"ok": False, "parameters": {"retry_after": "soon"}}, None),
        ("discord", [], None),
    ],
)
async def test_what_a_429_asks_to_wait_holds_up_the_whole_room(
    kind: str, body: Any, wait: float | None, tmp_path: Path
) -> None:
    receiver, heard = Receiver(status=429, body=json.dumps(body).encode()), Heard()
    async with web_server(receiver), tools(tmp_path, heard) as given_tools:
        channel = find("channels", kind)("room", options(kind, receiver.url()), given_tools)
        delivery = a_delivery(a_message(kind, channel.parts, kind=Kind.ALERT))
        with pytest.raises(DeliveryError) as caught:
            await channel.send(delivery)
        assert caught.value.reason is DeliveryReason.RATE_LIMITED
        assert caught.value.retry_after == (None if wait is None else timedelta(seconds=wait))
        with pytest.raises(DeliveryError) as caught:
            await channel.send(delivery)
    assert len(receiver.requests) == (2 if wait is None else 1), "nobody knocks while the door is shut"
    assert caught.value.retryable


def test_a_desk_changes_the_foot_of_one_service_and_the_escapes_stay(tmp_path: Path) -> None:
    """As docs/howto/templates.md shows it."""
    (tmp_path / "telegram").mkdir()
    (tmp_path / "telegram" / "digest.json.j2").write_text(
        '{% extends "shipped/telegram/digest.json.j2" %}\n'
        '{% block foot %}{{ ["Foreign desk <b>, extension 300"]|tojson }}{% endblock %}\n',
        encoding="utf-8",
    )
    ours = Renderer([tmp_path, TEMPLATES])
    message = ours.render(sample(), channel_type="telegram", parts=telegram.Channel.parts)
    (post,) = telegram.Channel.written(_chat.read(message), "bn")
    assert post["text"].endswith("\n\nForeign desk &lt;b&gt;, extension 300")


# telegram ─────────────────────────────────────────────────────────────────────────────────────


async def sent_to(
    kind: str, folder: Path, message_kind: Kind = Kind.DIGEST, **more: Any
) -> list[dict[str, Any]]:
    receiver = Receiver(body=b"{}")
    async with web_server(receiver), tools(folder) as given_tools:
        channel = find("channels", kind)(
            "room", replace(options(kind, receiver.url("")), **more), given_tools
        )
        await channel.send(a_delivery(a_message(kind, channel.parts, kind=message_kind)))
    bodies = [json.loads(request.body) for request in receiver.requests]
    return [{**body, "path": request.path} for body, request in zip(bodies, receiver.requests, strict=True)]


async def followed(kind: str, folder: Path, handle: str, answer: Answer) -> tuple[list[Request], Posted]:
    """Send what follows an alert whose name at the receiver is `handle`."""
    first = a_message(kind, find("channels", kind).parts, kind=Kind.ALERT)
    follows = Follows(message=first.id, delivery="d1", at=NOW, subject=first.subject)
    later = replace(first, id="later", subject="Update", follows=follows)
    receiver = Receiver(answers=lambda request: answer)
    async with web_server(receiver), tools(folder) as given_tools:
        channel = find("channels", kind)("room", options(kind, receiver.url("")), given_tools)
        thread = Thread(first=first, handle=handle, later=(later,))
        answered = await channel.send(replace(a_delivery(later), thread=thread))
    return receiver.requests, answered


async def test_on_telegram_a_later_alert_replies_to_the_first(tmp_path: Path) -> None:
    taken: Answer = 200, {}, b'{"ok": true, "result": {"message_id": 12}}'
    (request,), answer = await followed("telegram", tmp_path, "7", taken)
    reply = {"message_id": 7, "allow_sending_without_reply": True}
    assert json.loads(request.body)["reply_parameters"] == reply
    assert answer == Posted(receipt="200 message 12", handle="12")
    (request,), answer = await followed("telegram", tmp_path, "", taken)
    assert "reply_parameters" not in json.loads(request.body)
    assert answer.receipt == f"200 message 12{_room.UNKNOWN_FIRST}"


@pytest.mark.parametrize("removed", [False, True])
async def test_on_discord_the_first_alert_grows_and_the_later_one_is_posted(
    tmp_path: Path, removed: bool
) -> None:
    answer: Answer = (404, {}, b"{}") if removed else (200, {}, b'{"id": "99"}')
    first = a_message("discord", ("subject.txt", "json"), kind=Kind.ALERT)
    follows = Follows(message=first.id, delivery="d1", at=NOW, subject=first.subject)
    later = replace(first, id="later", subject="Update *2*", follows=follows)
    receiver = Receiver(
        answers=lambda request: answer if request.method == "PATCH" else (200, {}, b'{"id": "100"}')
    )
    async with web_server(receiver), tools(tmp_path) as given_tools:
        channel = discord.Channel("room", options("discord", receiver.url("/hook")), given_tools)
        thread = Thread(first=first, handle="99", later=(later,))
        answered = await channel.send(replace(a_delivery(later), thread=thread))
    edit, post = receiver.requests
    assert edit.path == "/hook/messages/99?wait=true"
    assert json.loads(edit.body)["embeds"][-1]["description"] == "↳ Update \\*2\\*"
    assert json.loads(edit.body)["embeds"][:-1] == json.loads(post.body)["embeds"]
    assert answered == Posted(receipt="200 message 100", handle="100")


async def test_on_ntfy_a_later_alert_takes_the_place_of_the_first(tmp_path: Path) -> None:
    requests, _ = await followed("ntfy", tmp_path, "", (200, {}, b"{}"))
    (first,) = await sent_to("ntfy", tmp_path, Kind.ALERT)
    assert json.loads(requests[0].body)["sequence_id"] == first["sequence_id"]


async def test_telegram_is_told_who_how_and_what(tmp_path: Path) -> None:
    (body,) = await sent_to("telegram", tmp_path, thread=7, silent=True)
    assert body["path"] == f"/bot{TOKEN}/sendMessage"
    assert body["chat_id"] == "-100123"
    assert body["message_thread_id"] == 7
    assert body["disable_notification"] is True
    assert body["parse_mode"] == "HTML"
    assert body["link_preview_options"] == {"is_disabled": True}
    assert body["text"].startswith("<b>খবর · শুক্রবার, ১৭ অক্টোবর</b>\n")
    assert '<a href="https://news.example/bn/16bc0abc2cd9f6e2"><b>আড়াই ঘণ্টা' in body["text"]
    assert "<b>ট্রাম্প</b> ও <b>পুতিনের</b>" in body["text"]


async def test_an_alert_on_telegram_is_never_silent(tmp_path: Path) -> None:
    (body,) = await sent_to("telegram", tmp_path, Kind.ALERT, silent=True)
    assert "disable_notification" not in body


# ntfy ─────────────────────────────────────────────────────────────────────────────────────────


async def test_an_alert_on_ntfy_is_a_title_a_text_and_a_click(tmp_path: Path) -> None:
    (body,) = await sent_to("ntfy", tmp_path, Kind.ALERT, tags=("newspaper",), priority=5)
    assert body["topic"] == "desk"
    assert body["title"].startswith("এইমাত্র: আড়াই ঘণ্টা")
    assert body["click"] == "https://news.example/bn/16bc0abc2cd9f6e2"
    assert body["priority"] == 5
    assert body["tags"] == ["newspaper"]
    assert "আড়াই ঘণ্টা কথা বললেন" not in body["message"], "the title says it"
    assert body["path"] == "/"
    again = await sent_to("ntfy", tmp_path, Kind.ALERT)
    assert again[0]["sequence_id"] == body["sequence_id"]


async def test_a_digest_on_ntfy_has_the_ordinary_priority_and_each_part_its_own_identity(
    tmp_path: Path,
) -> None:
    bodies = await sent_to("ntfy", tmp_path)
    assert len(bodies) > 1
    assert {body["priority"] for body in bodies} == {3}
    assert len({body["sequence_id"] for body in bodies}) == len(bodies)
    assert all("click" not in body for body in bodies)


# discord, mattermost, teams ───────────────────────────────────────────────────────────────────


async def test_discord_mentions_nobody_and_says_what_is_wrong_before_it_answers(tmp_path: Path) -> None:
    (body,) = await sent_to("discord", tmp_path, username="Monitor")
    assert body["path"] == "/?wait=true"
    assert body["username"] == "Monitor"
    assert body["allowed_mentions"] == {"parse": []}
    assert body["embeds"][0]["author"]["name"] == "ঘটনায় নতুন মোড়"
    first = next(
        one for one in body["embeds"] if one.get("author", {}).get("name") == "ট্রাম্প–পুতিন শীর্ষ সম্মেলন"
    )
    assert first["url"] == "https://news.example/bn/16bc0abc2cd9f6e2"
    assert "**ট্রাম্প** ও **পুতিনের**" in first["description"]
    assert "যে কারণে:" in first["footer"]["text"]


def test_discord_posts_into_a_thread_where_the_url_names_one() -> None:
    url = Secret("https://discord.com/api/webhooks/1/token?thread_id=99")
    channel = discord.Channel("room", discord.DiscordOptions(url=url), BARE)
    assert channel._url == "https://discord.com/api/webhooks/1/token?thread_id=99&wait=true"
    assert channel.address == "discord.com"


async def test_mattermost_is_told_room_and_name_only_where_they_are_set(tmp_path: Path) -> None:
    (body,) = await sent_to("mattermost", tmp_path)
    assert set(body) == {"text", "path"}
    (body,) = await sent_to("mattermost", tmp_path, room="newsdesk", username="monitor")
    assert (body["channel"], body["username"]) == ("newsdesk", "monitor")


def test_mattermost_notifies_nobody_and_reads_no_markdown_in_a_headline() -> None:
    item = Item(title=Text("@channel: *now* [x](y) :smile: a_b `c` #d"), url="https://a.example/p(1)")
    (post,) = mattermost.Channel.written(Chat(title="t", items=(item,)), "en")
    assert "@\u200bchannel: \\*now\\* \\[x\\](y) \\:smile: a\\_b \\`c\\` #d" in post["text"]
    assert "(https://a.example/p%281%29)" in post["text"]


async def test_a_card_for_teams_has_only_runs_that_are_not_read_as_markdown(tmp_path: Path) -> None:
    (body,) = await sent_to("teams", tmp_path)
    (attachment,) = body["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"], card["lang"]) == ("AdaptiveCard", "1.4", "bn")
    links = [
        run["selectAction"]["url"]
        for element in card["body"]
        for run in element["inlines"]
        if "selectAction" in run
    ]
    assert len(set(links)) >= 5
    bold = [run["text"] for e in card["body"] for run in e["inlines"] if run.get("weight") == "Bolder"]
    assert "পুতিনের" in bold


@pytest.mark.parametrize(
    ("make", "settings_of"),
    [
        (telegram.Channel, telegram.TelegramOptions(token=Secret("canary"), chat="-1")),
        (telegram.Channel, telegram.TelegramOptions(token=Secret(TOKEN), chat="desk room")),
        (telegram.Channel, telegram.TelegramOptions(token=Secret(TOKEN), chat="-1", server="x")),
        (ntfy.Channel, ntfy.NtfyOptions(topic=Secret("a canary"))),
        (ntfy.Channel, ntfy.NtfyOptions(topic="desk", priority=9)),
        (ntfy.Channel, ntfy.NtfyOptions(topic="desk", server="ntfy.sh")),
        (ntfy.Channel, ntfy.NtfyOptions(topic="desk", token=Secret("tk canary\r\nX: y"))),
        (discord.Channel, discord.DiscordOptions(url=Secret("canary"))),
        (discord.Channel, discord.DiscordOptions(url=Secret("https://d.example/x"), username="x" * 81)),
        (mattermost.Channel, mattermost.MattermostOptions(url=Secret("ftp://canary"))),
        (teams.Channel, teams.TeamsOptions(url=Secret("canary"))),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(make: Any, settings_of: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        make("room", settings_of, BARE)
    assert "canary" not in str(caught.value)


def test_a_topic_that_is_a_secret_is_not_the_address() -> None:
    plain = ntfy.Channel("room", ntfy.NtfyOptions(topic="desk"), BARE)
    secret = ntfy.Channel("room", ntfy.NtfyOptions(topic=Secret("desk-7731")), BARE)
    assert (plain.address, secret.address) == ("ntfy.sh/desk", "ntfy.sh")


def test_every_room_says_in_which_settings_its_secrets_are() -> None:
    for kind in ROOMS:
        channel = find("channels", kind)
        assert issubclass(channel, _room.Room)
        assert channel.secret
