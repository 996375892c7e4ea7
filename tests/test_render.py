"""What a reader gets to see, and what a template may and may not do."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from monitor.errors import RenderError
from monitor.model import (
    Digest,
    DigestStory,
    Entry,
    Fact,
    FactKind,
    Kind,
    Quote,
    Span,
    Stance,
    StoryEntry,
    StoryNews,
)
from monitor.registry import find
from monitor.render import Renderer, sample
from monitor.render.layout import largest, layout
from monitor.render.passages import (
    Passage,
    clipped,
    excerpt,
    headline,
    mark_html,
    mark_slack,
    mark_text,
    marked,
    passage,
    slack_escape,
    width,
    wrapped,
)
from monitor.render.reader import Reader
from monitor.render.tidy import tidy, web_link
from monitor.render.values import Values
from monitor.render.words import Words, phrases
from tests.snapshots_update import FOLDER, messages

TEMPLATES = Path(__file__).parent.parent / "templates"
SHIPPED = Renderer([TEMPLATES])
MOMENT = datetime(2025, 10, 17, 1, 49, tzinfo=UTC)


def an_item(
    title: str = "", summary: str = "", content: str = "", spans: tuple[Span, ...] = ()
) -> StoryEntry:
    entry = Entry(
        id="e1",
        url="https://news.example/1",
        title=title,
        summary=summary,
        content=content,
        first_seen=MOMENT,
        source="Harbour Wire",
        feed_url="https://news.example/rss",
    )
    return StoryEntry(entry=entry, spans=spans)


def spans_of(text: str, *words: str, field: str = "summary") -> tuple[Span, ...]:
    return tuple(
        Span(field=field, start=text.index(word), end=text.index(word) + len(word), surface=word)
        for word in words
    )


def desk(tmp_path: Path, **files: str) -> Renderer:
    """Return a renderer with a desk's folder before the shipped one; `__` in names stands for `/`."""
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/").replace("_", ".") + ".j2")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Renderer([tmp_path, TEMPLATES])


# the reader ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "zone", "style", "text"),
    [
        ("bn", "Asia/Dhaka", "medium", "১৭ অক্টোবর, সকাল ৭:৪৯"),
        ("bn", "Asia/Dhaka", "time", "সকাল ৭:৪৯"),
        ("bn", "Asia/Dhaka", "full", "শুক্রবার, ১৭ অক্টোবর, ২০২৫, সকাল ৭:৪৯"),
        ("bn-IN", "Asia/Kolkata", "time", "সকাল ৭:১৯"),
        ("en", "Asia/Dhaka", "medium", "17 October, 07:49"),
        ("en-GB", "America/New_York", "medium", "16 October, 21:49"),
        ("ru", "Europe/Moscow", "medium", "17 октября, 04:49"),
        ("hu", "Europe/Budapest", "medium", "október 17., 3:49"),
        ("xx", "Nowhere/Land", "medium", "17 October, 01:49"),
    ],
)
def test_a_time_is_told_in_the_readers_zone_language_and_digits(
    language: str, zone: str, style: str, text: str
) -> None:
    assert Reader(language, zone).when(MOMENT, style) == text


def test_a_day_is_not_said_again_beside_a_time_of_the_same_day() -> None:
    reader = Reader("en", "Asia/Dhaka")
    assert reader.when(MOMENT, beside=MOMENT + timedelta(hours=3)) == "07:49"
    assert reader.when(MOMENT, beside=MOMENT + timedelta(days=1)) == "17 October, 07:49"
    assert reader.period(MOMENT, MOMENT + timedelta(hours=2)) == "17 October, 07:49 – 09:49"


def test_numbers_lists_and_ages_are_in_the_readers_language() -> None:
    reader = Reader("bn", "Asia/Dhaka")
    assert reader.number(1234567) == "১২,৩৪,৫৬৭"
    assert reader.listed(["ক", "খ", "গ"]) == "ক, খ এবং গ"
    assert reader.ago(MOMENT - timedelta(minutes=37), MOMENT) == "৩৭ মিনিট আগে"
    assert reader.zone_name(MOMENT) == "Asia/Dhaka, UTC+৬"
    assert reader.tongue("en-GB") == "ইংরেজি"
    assert Reader("en", "America/St_Johns").zone_name(MOMENT) == "America/St_Johns, UTC-2:30"


# passages ─────────────────────────────────────────────────────────────────────────────────────


def test_a_mark_inside_a_letter_is_widened_to_the_whole_letter() -> None:
    text = "ট্রাম্পের ফোন"
    one = marked(text, [Span(field="title", start=0, end=7, surface=text[:7])], "title")
    assert mark_html(one) == "<mark>ট্রাম্পে</mark>র ফোন"


def test_marks_that_touch_are_one_and_false_ones_are_left_out() -> None:
    text = "Trump and Putin"
    spans = [
        Span(field="title", start=0, end=3, surface="Tru"),
        Span(field="title", start=2, end=5, surface="ump"),
        Span(field="title", start=10, end=15, surface="Xi"),
        Span(field="title", start=90, end=95, surface="Putin"),
        Span(field="summary", start=10, end=15, surface="Putin"),
    ]
    assert mark_text(marked(text, spans, "title")) == "*Trump* and Putin"


def test_html_around_marks_is_escaped() -> None:
    text = "<b>Trump</b> & “Putin”"
    one = marked(text, spans_of(text, "Trump"), "summary")
    assert mark_html(one) == Markup("&lt;b&gt;<mark>Trump</mark>&lt;/b&gt; &amp; “Putin”")


def test_slack_shows_bold_only_where_it_would_understand_it() -> None:
    text = "Trump, Budapesten <!channel>"
    spans = spans_of(text, "Trump", "Budapest")
    assert mark_slack(marked(text, spans)) == "*Trump*, Budapesten &lt;!channel&gt;"


def test_an_excerpt_begins_with_the_sentence_of_the_first_match() -> None:
    text = (
        "Prices rose again in the capital. " * 9
        + "Trump will meet Putin in Budapest. "
        + "More follows. " * 20
    )
    shown = excerpt(an_item(summary=text, spans=spans_of(text, "Trump", "Putin")), 80)
    assert shown.text.startswith("…Trump will meet Putin in Budapest.")
    assert shown.text.endswith("…")
    assert mark_text(shown).startswith("…*Trump* will meet *Putin*")


def test_an_excerpt_comes_from_where_the_match_is() -> None:
    item = an_item(
        title="Talks",
        summary="A short note.",
        content="Trump spoke.",
        spans=spans_of("Trump spoke.", "Trump", field="content"),
    )
    assert mark_text(excerpt(item)) == "*Trump* spoke."


def test_an_excerpt_that_only_repeats_the_title_is_left_out() -> None:
    assert not excerpt(an_item(title="Trump meets Putin", summary="Trump  meets Putin."))


def test_an_entry_without_a_title_is_called_by_its_text_else_its_link() -> None:
    assert headline(an_item(summary="word " * 50)).text == ("word " * 18).strip() + "…"
    assert headline(an_item()).text == "https://news.example/1"


_TEXTS = st.text(alphabet="ab ট্রাম্পের।.\n<>&*কি👩‍🚀é", max_size=120)


@given(_TEXTS, st.integers(1, 60), st.data())
def test_an_excerpt_is_a_piece_of_the_text_and_its_marks_stay_on_their_words(
    text: str, limit: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, max(len(text) - 1, 0)))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    span = Span(field="summary", start=start, end=end, surface=text[start:end])
    item = an_item(summary=text, spans=(span,) if end > start else ())
    shown = excerpt(item, limit)
    body = shown.text.strip("…")
    assert body in " ".join(text.split()) or body == ""
    assert len(regex.findall(r"\X", shown.text)) <= max(limit, 3)
    for a, b in shown.marks:
        assert 0 <= a < b <= len(shown.text)
        assert shown.text[a:b] in " ".join(passage(item, "summary").text.split())


@given(_TEXTS, st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=5))
def test_marking_changes_no_letter_of_the_text(text: str, places: list[tuple[int, int]]) -> None:
    spans = [Span(field="t", start=a, end=b, surface=text[a:b]) for a, b in places if a < b <= len(text)]
    one = marked(text, spans, "t")
    assert regex.sub("</?mark>", "", str(mark_html(one))) == str(Markup.escape(text))
    clusters = {0, *(m.end() for m in regex.finditer(r"\X", text))}
    assert all(a in clusters and b in clusters for a, b in one.marks)
    assert all(b < c for (_, b), (c, _) in zip(one.marks, one.marks[1:], strict=False))


@given(st.text(max_size=200), st.integers(10, 80))
def test_lines_are_wrapped_at_their_width_and_lose_no_word(text: str, columns: int) -> None:
    lines = wrapped(text, columns, indent="  ").splitlines()
    assert [word for line in lines for word in line.split()] == text.split()
    for line in lines:
        assert width(line) <= columns or len(line.split()) == 1


def test_bengali_signs_and_wide_letters_have_their_width() -> None:
    assert width("কি") == 2
    assert width("ক্ষ") == 2
    assert width("北京") == 4
    assert width("a\u200bb\u0301") == 2


@given(st.text(max_size=100), st.integers(2, 40))
def test_clipped_text_is_one_line_of_at_most_so_many_letters(text: str, limit: int) -> None:
    short = clipped(text, limit)
    assert len(regex.findall(r"\X", short)) <= limit
    assert "\n" not in short


# links ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "/relative",
        "https://",
        "http://[::1",
        "https://host:99999999/",
        "ftp://host/x",
        "",
    ],
)
def test_only_absolute_web_links_become_links(url: str) -> None:
    assert web_link(url) == ""


def test_links_keep_their_letters_and_lose_what_could_break_out() -> None:
    assert web_link("https://h.example/খবর?a=1&b=%20#x") == "https://h.example/খবর?a=1&b=%20#x"
    assert web_link('https://h.example/"><b>|x y') == "https://h.example/%22%3E%3Cb%3E%7Cx%20y"


# layout ───────────────────────────────────────────────────────────────────────────────────────


def test_a_long_digest_shrinks_stories_to_a_line_before_it_leaves_any_out() -> None:
    digest = sample(copies=6)
    page, _ = largest(
        digest, lambda p: p if sum(len(b.stories) for b in p.blocks) + len(p.top) <= 10 else None
    )
    assert page.omitted == 0
    assert len(page.top) + sum(len(b.stories) for b in page.blocks) == 10
    page, _ = largest(digest, lambda p: p if len(p.stories) <= 12 else None)
    assert (len(page.stories), page.omitted, page.total) == (12, 18, 30)
    assert len(page.top) + sum(len(b.stories) for b in page.blocks) == 3


def test_of_equally_important_stories_the_one_in_the_readers_language_stands_first() -> None:
    digest = sample(copies=2, language="de")
    (first, second), others = digest.sections[0].stories[:2], digest.sections[1:]
    lead = replace(second.lead, entry=replace(second.lead.entry, language="de"))
    own = replace(second, lead=lead, life=first.life, score=0.0)
    section = replace(digest.sections[0], stories=(first, own, *digest.sections[0].stories[2:]))
    page = layout(replace(digest, sections=(section, *others)), full=99, listed=99)
    assert page.top[0].id == own.id


def test_far_down_what_one_publisher_has_is_told_in_a_line() -> None:
    page = layout(sample(copies=6), full=99, listed=99)
    brief = [story for block in page.blocks for story in block.brief]
    assert brief
    assert all(story.sources == 1 for story in brief)
    assert not any(s in brief for s in page.stories[:12])
    assert all(story.sources > 1 for story in page.stories[12:] if story not in brief)


def test_reasons_are_few_and_name_entities_first() -> None:
    digest = sample(Kind.ALERT, language="en")
    section = digest.sections[0]
    terms = ("with", '"two hours"', "@trump", "@putin", "@no_label", "=Summit", "agree", "meet", "@trump")
    story = replace(section.stories[0], lead=replace(section.stories[0].lead, terms=terms))
    digest = replace(digest, sections=(replace(section, stories=(story,)),))
    text = SHIPPED.render(digest, channel_type="email", parts=("txt",)).parts["txt"]
    assert "Why: Donald Trump, Vladimir Putin, no label, with, two hours, Summit English" in " ".join(
        text.split()
    )


def test_an_outlet_with_two_entries_is_named_once() -> None:
    digest = sample(language="en")
    section = digest.sections[0]
    story = section.stories[0]
    also = tuple(
        replace(item, entry=replace(item.entry, source="Evening Ledger", language="en"))
        for item in story.also
    )
    story = replace(story, also=also, news=StoryNews())
    digest = replace(digest, sections=(replace(section, stories=(story,)),))
    message = SHIPPED.render(digest, channel_type="email", parts=("txt", "html"))
    assert "Also in: Evening Ledger\n" in message.parts["txt"]
    assert message.parts["html"].count("Evening Ledger</a>") == 1


def test_every_topic_keeps_a_story_when_there_is_room_for_few() -> None:
    page = layout(sample(copies=10), full=3, listed=6)
    shown = {topic for story in page.stories for topic in story.topics}
    assert {block.topic for block in page.blocks} | shown >= {"trump-putin-summit"}
    assert {block.topic for block in layout(sample(copies=10), full=6, listed=8).blocks} == {
        "trump-putin-summit",
        "tomahawk",
        "zelensky-visit",
    }


def test_what_fits_nowhere_comes_back_as_small_as_it_gets() -> None:
    page, made = largest(sample(), lambda p: None)
    assert made is None
    assert len(page.stories) == 1


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 4))
def test_every_story_is_shown_once_or_counted_as_left_out(full: int, listed: int, copies: int) -> None:
    digest = sample(copies=copies)
    page = layout(digest, full=full, listed=listed)
    placed = [*page.top, *(s for b in page.blocks for s in (*b.stories, *b.brief))]
    assert sorted(s.id for s in placed) == sorted(s.id for s in page.stories)
    assert len(placed) + page.omitted == page.total == 5 * copies


# messages ─────────────────────────────────────────────────────────────────────────────────────


def test_the_bengali_digest_says_what_an_editor_needs() -> None:
    message = SHIPPED.render(sample(), channel_type="email", parts=("html", "txt"))
    assert message.subject == "ট্রাম্প–পুতিন শীর্ষ সম্মেলন: স্থান ঠিক হয়েছে · ৪টি নতুন · ১৭ অক্টোবর"
    text, page = message.parts["txt"], message.parts["html"]
    for words in (
        "১৬ অক্টোবর, সন্ধ্যা ৭:০০ – ১৭ অক্টোবর, সকাল ৭:৩০",
        "৫টি খবর (৪টি নতুন, ১টি চলমান) · ১৩টি প্রতিবেদন",
        "যে কারণে: ডোনাল্ড ট্রাম্প, ভ্লাদিমির পুতিন, বুদাপেস্ট, ফোনালাপ",
        "প্রথম দেখা রাত্রি ১২:৫২",
        ": ঢুকতে দিচ্ছে না, লগইন বা ক্যাপচা চাইছে",
        "সব সময় Asia/Dhaka, UTC+৬ অনুযায়ী।",
    ):
        assert words in text
        assert words in page
    assert "<mark>পুতিনের</mark>" in page
    assert '<span lang="hu" dir="auto" title="Budapesten' in page
    assert "https://news.example/bn/" in text
    assert all(width(line) <= 70 for line in text.splitlines() if "http" not in line)


def test_the_same_digest_renders_to_the_same_message() -> None:
    again = Renderer([TEMPLATES])
    for kind in Kind:
        one = SHIPPED.render(sample(kind), channel_type="email", parts=("html", "txt"))
        assert again.render(sample(kind), channel_type="email", parts=("html", "txt")) == one
        assert (one.id, one.channel, one.kind) == (sample(kind).id, "desk", kind)


def test_digests_of_a_day_and_messages_about_a_story_share_a_thread() -> None:
    noon = replace(sample(), slot=sample().slot + timedelta(hours=6))
    threads = {
        SHIPPED.render(d, channel_type="file", parts=()).thread
        for d in (sample(), noon, replace(noon, slot=noon.slot + timedelta(hours=13)))
    }
    assert threads == {"day.2025-10-17", "day.2025-10-18"}
    alert = SHIPPED.render(sample(Kind.ALERT), channel_type="file", parts=())
    assert (alert.thread,) == alert.stories


def test_a_digest_says_what_turned_what_differs_what_changed_and_what_is_open() -> None:
    digest = sample(language="en")
    message = SHIPPED.render(digest, channel_type="email", parts=("html", "txt"))
    text = " ".join(message.parts["txt"].split())
    for words in (
        "The event has turned -------------------- >>> The venue is set · Trump–Putin summit Until now: proposed",
        "≠ Accounts differ: how long (telephone call) - about 2 h 30 m: “প্রায় আড়াই ঘণ্টা” দৈনিক নদী (Bengali) +1 "
        "- 2 h: “two hours” Evening Ledger",
        "! Dmitry Peskov denies: “বৈঠকের তারিখ",
        "New here: + 1 more independent source: Dunai Hírek (Hungarian)",
        "Told before: হাঙ্গেরি তৈরি, বললেন অরবান (3 reports)",
        "English press first, 00:48; Bengali press minutes later; Russian press 37 m later; "
        "Hungarian press 58 m later; nothing yet in Ukrainian",
        "Same text in: সকালের কাগজ (Bengali)",
        "5 independent sources",
        "was: হাঙ্গেরি তৈরি, বললেন অরবান now: নিরাপদ আয়োজনের প্রস্তাব দিলেন অরবান",
        "Still open ---------- - The delegations' meeting is in doubt, since 16 October, 11:30 · Until now: prepared",
    ):
        assert words in text
    page = message.parts["html"]
    assert "<s>হাঙ্গেরি তৈরি, বললেন অরবান</s>" in page
    assert page.index("The venue is set") < page.index("<h3")
    told = {story.id: story.told for section in digest.sections for story in section.stories}
    first = digest.turns[0].turn.story_id
    assert message.told == {**told, first: (*told[first], f"turn:{digest.turns[0].turn.id}")}


def test_a_subject_names_the_last_three_turns_of_the_event_in_order() -> None:
    digest = sample(language="en")
    (note, *_) = digest.turns
    turns = tuple(
        replace(note, title=title, turn=replace(note.turn, id=title, state=title))
        for title in ("Proposed", "Agreed", "Venue set", "In preparation")
    )
    two, four = (
        SHIPPED.render(replace(digest, turns=some), channel_type="email", parts=("txt",)).subject
        for some in (turns[:2], turns)
    )

    assert "Trump–Putin summit: Proposed → Agreed · " in two
    assert "Trump–Putin summit: Agreed → Venue set → In preparation +1 · " in four


@pytest.mark.parametrize(("channel", "part"), [("email", "html"), ("email", "txt"), ("slack", "json")])
def test_a_turn_is_told_by_a_report_before_the_quotes_of_others(channel: str, part: str) -> None:
    digest = sample(language="en")
    (note, *_) = digest.turns
    other = next(item for section in digest.sections for story in section.stories for item in story.also)
    span = Span(field="title", start=0, end=15, surface="words of another")
    quote = Quote(speaker="peskov", stance=Stance.SAYS, span=span, item=other)
    item = (
        replace(note.item, entry=replace(note.item.entry, title="A report"), spans=()) if note.item else None
    )
    quoted = replace(digest, turns=(replace(note, item=item, quotes=(quote,)),))
    text = SHIPPED.render(quoted, channel_type=channel, parts=(part,)).parts[part]

    assert 0 < text.index("A report") < text.index("words of another")


def test_a_turn_is_told_with_what_held_before_and_its_story() -> None:
    message = SHIPPED.render(sample(Kind.TURN), channel_type="email", parts=("html", "txt"))
    assert message.subject == "ট্রাম্প–পুতিন শীর্ষ সম্মেলন: স্থান ঠিক হয়েছে (এর আগে: প্রস্তাবিত)"
    assert message.parts["txt"].startswith("ঘটনায় নতুন মোড় · ট্রাম্প–পুতিন শীর্ষ সম্মেলন")
    assert "আড়াই ঘণ্টা কথা বললেন" in message.parts["txt"]
    assert message.thread == message.stories[0]
    hook = json.loads(
        SHIPPED.render(sample(Kind.TURN), channel_type="webhook", parts=("json",)).parts["json"]
    )
    assert (hook["type"], hook["data"]["kind"]) == ("event.turn", "turn")
    assert [one["state"] for one in hook["data"]["turns"]] == ["venue"]


@pytest.mark.parametrize("kind", ["telegram", "discord", "mattermost"])
def test_a_chat_room_is_told_all_that_a_mail_tells(kind: str) -> None:
    room = find("channels", kind)
    message = SHIPPED.render(sample(language="en"), channel_type=kind, parts=room.parts)
    told = message.parts["json"]
    for words in (
        "The venue is set",
        "≠ Accounts differ: how long (telephone call)",
        "English press first, 00:48",
        "Same text in: সকালের কাগজ",
        "Dmitry Peskov denies:",
        "Changed headlines",
        "was: হাঙ্গেরি তৈরি, বললেন অরবান",
        "Still open: The delegations' meeting is in doubt",
    ):
        assert words in told


def test_a_story_of_which_only_a_headline_changed_has_no_card() -> None:
    digest = sample(language="en")
    stories = digest.sections[0].stories
    news = replace(stories[1].news, sources=())
    section = replace(digest.sections[0], stories=(replace(stories[1], news=news),))
    page = layout(replace(digest, sections=(section,)), full=9, listed=9)
    assert (page.blocks, page.top) == ((), ())
    assert [change.before for change in page.headlines] == ["হাঙ্গেরি তৈরি, বললেন অরবান"]
    assert [story.id for story in page.stories] == [stories[1].id]


@pytest.mark.parametrize(
    ("language", "fact", "said"),
    [
        ("bn", ("duration", "PT2H30M", 8_100, 9_000), "প্রায় ২ ঘণ্টা ৩০ মিনিট"),
        ("en", ("duration", "PT45M", 2_700, 2_700), "45 m"),
        ("bn", ("duration", "P1DT2H", 93_600, 93_600), "১ দিন ২ ঘণ্টা"),
        ("bn", ("number", "1200", 1_200, 1_200), "১,২০০"),
        ("en", ("share", "12.5", 12.5, 12.5), "12.5%"),
        ("bn", ("money", "USD 2000000", 2e6, 2e6), "USD ২০,০০,০০০"),
        ("bn", ("date", "2025-10-20/2025-10-26", 1, 2), "২০ অক্টোবর – ২৬ অক্টোবর"),
        ("bn", ("place", "budapest", 0, 0), "বুদাপেস্ট"),
        ("en", ("number", "many", 1, 1), "many"),
    ],
)
def test_a_value_is_said_in_the_readers_words_and_digits(
    language: str, fact: tuple[str, str, float, float], said: str
) -> None:
    kind, value, low, high = fact
    reader = Reader(language, "Asia/Dhaka")
    values = Values(Words(phrases([TEMPLATES], language), reader, html=False), reader)
    one = Fact(
        kind=FactKind(kind),
        about="x",
        value=value,
        low=low,
        high=high,
        span=Span(field="title", start=0, end=1, surface="x"),
    )
    assert values.value(one, {"budapest": "বুদাপেস্ট"}) == said


def test_a_story_in_one_language_says_so_and_one_of_one_source_says_nothing() -> None:
    reader = Reader("en", "Asia/Dhaka")
    values = Values(Words(phrases([TEMPLATES], "en"), reader, html=False), reader)
    digest = sample(language="en")
    story = digest.sections[0].stories[0]
    assert story.life is not None
    hungarian = tuple(one for one in story.life.coverage if one.language == "hu")
    alone = replace(story, silent=("bn", "uk"), life=replace(story.life, coverage=hungarian))
    assert values.coverage(alone, digest.until) == "Only the Hungarian press so far, from 01:46"
    assert alone.life is not None
    once = replace(alone, life=replace(alone.life, independent=1))
    assert values.coverage(once, digest.until) == ""


def test_an_empty_digest_says_so() -> None:
    message = SHIPPED.render(sample(empty=True), channel_type="email", parts=("html", "txt"))
    assert "নতুন কিছু নেই" in message.subject
    assert "এই সময়ের মধ্যে নতুন কিছু পাওয়া যায়নি।" in message.parts["txt"]
    assert message.stories == ()


def test_a_late_digest_says_so() -> None:
    message = SHIPPED.render(replace(sample(language="en"), late=True), channel_type="email", parts=("txt",))
    assert message.subject.endswith("(late)")
    assert "monitor was not running" in " ".join(message.parts["txt"].split())


def test_a_language_without_words_of_its_own_is_told_in_english() -> None:
    message = SHIPPED.render(sample(language="hu"), channel_type="email", parts=("html", "txt"))
    assert "Why:" in message.parts["txt"]
    assert "október 17." in message.parts["txt"]


def test_a_channel_without_templates_uses_the_default_ones() -> None:
    message = SHIPPED.render(sample(), channel_type="pager", parts=("html", "txt", "json"))
    assert set(message.parts) == {"subject.txt", "html", "txt", "json"}
    assert json.loads(message.parts["json"])["type"] == "digest.ready"


def test_the_page_has_no_image_no_script_and_loads_nothing() -> None:
    page = SHIPPED.render(sample(), channel_type="email", parts=("html",)).parts["html"]
    assert not regex.search(r"<(img|script|link|iframe|object|form)\b|url\(|@import|\son\w+=", page)


@pytest.mark.parametrize("language", ["bn", "en"])
def test_three_hundred_stories_stay_under_the_size_that_gmail_clips(language: str) -> None:
    message = SHIPPED.render(
        sample(language=language, copies=60), channel_type="email", parts=("subject.txt", "html", "txt")
    )
    assert len(message.parts["html"].encode()) <= 100_000
    assert len(message.stories) > 200
    if len(message.stories) < 300:
        assert {"bn": "জায়গা হয়নি", "en": "did not fit"}[language] in message.parts["html"]


def test_json_carries_every_span_and_every_other_outlet() -> None:
    digest = sample()
    told = json.loads(SHIPPED.render(digest, channel_type="webhook", parts=("json",)).parts["json"])
    first = told["data"]["stories"][0]
    assert told["timestamp"] == "2025-10-17T01:30:00Z"
    assert [s["term"] for s in first["spans"]][:3] == ["@trump", "@putin", "@budapest"]
    for span in first["spans"]:
        assert first[span["field"]][span["start"] : span["end"]] == span["surface"]
    assert [one["language"] for one in first["also"]] == ["en", "ru", "en", "hu"]
    assert [one["source"] for one in first["carriers"]] == ["সকালের কাগজ"]
    assert first["published"] == "2025-10-16T18:55:00Z"


# desks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_desk_replaces_a_file(tmp_path: Path) -> None:
    renderer = desk(tmp_path, email__digest_txt="{{ page.total|number }} stories")
    message = renderer.render(sample(), channel_type="email", parts=("txt",))
    assert message.parts["txt"] == "৫ stories"


def test_a_desk_overrides_one_block_of_a_shipped_file(tmp_path: Path) -> None:
    renderer = desk(
        tmp_path,
        email__digest_html='{% extends "shipped/email/digest.html.j2" %}{% block footer %}<p>Our desk</p>{% endblock %}',
    )
    page = renderer.render(sample(), channel_type="email", parts=("html",)).parts["html"]
    assert "<p>Our desk</p>" in page
    assert "আড়াই ঘণ্টা" in page
    assert "রুট day" not in page
    assert "ঠিকানায় পাঠায়" not in page


def test_a_desk_changes_one_word(tmp_path: Path) -> None:
    renderer = desk(tmp_path, words__bn='{% set words = {"why": "কারণ:"} %}')
    text = renderer.render(sample(), channel_type="email", parts=("txt",)).parts["txt"]
    assert "কারণ: ডোনাল্ড" in text
    assert "প্রথম দেখা" in text


def test_a_desk_adds_a_language_with_one_file(tmp_path: Path) -> None:
    renderer = desk(tmp_path, words__hu='{% set words = {"why": "Miért:"} %}')
    text = renderer.render(sample(language="hu"), channel_type="email", parts=("txt",)).parts["txt"]
    assert "Miért:" in text
    assert "first seen" in text


# mistakes ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("template", "line", "problem"),
    [
        ("one\n{{ digest.sections[0].titel }}", 2, "titel"),
        ("{{ nothing }}", 1, "'nothing' is undefined"),
        ("\n\n{% if %}", 3, "Expected an expression"),
        ("{{ t('no such word') }}", 1, "no such word"),
        ("{{ t('stories') }}", 1, "wants {n}"),
        ("{{ 1 // 0 }}", 1, "ZeroDivisionError"),
        ("{{ digest.slot|when('sometime') }}", 1, "no such style"),
        ("{{ ''.__class__ }}", 1, "unsafe"),
        ("{{ digest.labels.update({}) }}", 1, "unsafe"),
        ('{% include "nowhere.j2" %}', 1, "nowhere.j2"),
        ("{% for i in range(90000) %}{{ 'x' * 100 }}{% endfor %}", 0, "more than"),
        ("{{ 'x' * 9000000 }}", 1, "more than a message can hold"),
        ("{{ 'x'.center(9000000) }}", 1, "a number greater than 1,000,000"),
        ("{% for i in range(999999) %}{% endfor %}", 1, "Range too big"),
    ],
)
def test_a_mistake_in_a_template_names_template_and_line(
    tmp_path: Path, template: str, line: int, problem: str
) -> None:
    renderer = desk(tmp_path, email__digest_txt=template)
    with pytest.raises(RenderError) as caught:
        renderer.render(sample(), channel_type="email", parts=("txt",))
    assert problem in str(caught.value)
    assert caught.value.template in ("email/digest.txt.j2", "nowhere.j2")
    if "include" not in template:
        assert caught.value.line == line


def test_json_may_print_only_what_went_through_tojson(tmp_path: Path) -> None:
    renderer = desk(tmp_path, slack__digest_json='{"text": "{{ digest.route }}"}')
    with pytest.raises(RenderError, match=r"must end in \|tojson"):
        renderer.render(sample(), channel_type="slack", parts=("json",))
    renderer = desk(tmp_path, slack__digest_json='{"text": {{ digest.route|tojson }}')
    with pytest.raises(RenderError, match="is not JSON"):
        renderer.render(sample(), channel_type="slack", parts=("json",))


def test_check_finds_nothing_wrong_with_the_shipped_templates() -> None:
    assert SHIPPED.check() == []


def test_check_finds_every_mistake_of_a_desk_with_its_file_and_line(tmp_path: Path) -> None:
    renderer = desk(
        tmp_path,
        email__digest_txt="fine\n{{ digest.nothing }}",
        slack__alert_json="{{ 1 }",
        email__digest_htm="never used",
        words__en='{% set words = {"why": 3} %}',
    )
    found = renderer.check()
    texts = [str(mistake) for mistake in found]
    assert any("slack/alert.json.j2:1:1: error" in text for text in texts)
    assert any("the word 'why' must be a text" in text for text in texts)
    assert any(m.warning and "did you mean 'email/digest.html.j2'?" in m.hint for m in found)
    assert any("email/digest.txt.j2:2:1: error" in text and "{{ digest.nothing }}" in text for text in texts)


def test_check_finds_a_page_of_the_desk_s_site_that_is_written_wrong(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "feeds.html.j2").write_text("{% extends 'web/layout.html.j2' %}\n{% if %}")
    (mistake,) = Renderer([tmp_path, TEMPLATES]).check()

    assert (mistake.file, mistake.line) == (str(tmp_path / "web" / "feeds.html.j2"), 2)
    assert not mistake.warning


def test_a_route_and_a_language_may_have_templates_of_their_own(tmp_path: Path) -> None:
    body = "{% extends 'shipped/email/digest.txt.j2' %}{% block body %}NAME{% endblock %}"
    renderer = desk(
        tmp_path,
        **{
            f"{place}__digest_txt": body.replace("NAME", place.replace("__", "/"))
            for place in ("routes__day__email__bn", "routes__day__email", "email__hu")
        },
    )

    def told(route: str, language: str, channel_type: str = "email") -> str:
        digest = replace(sample(language="en"), route=route, language=language)
        return renderer.render(digest, channel_type=channel_type, parts=("txt",)).parts["txt"]

    assert "routes/day/email/bn" in told("day", "bn-BD")
    assert "routes/day/email\n" in told("day", "hu")
    assert "email/hu" in told("night", "hu")
    assert "/" not in told("night", "en").partition("https://")[0]
    assert "routes" not in told("day", "bn", "file")
    assert renderer.check(["day"]) == []
    (stray, other) = renderer.check(["night"])
    assert stray.warning
    assert other.problem == "there is no route 'day'"


def test_a_mistake_in_a_language_s_own_template_is_found_in_that_language(tmp_path: Path) -> None:
    renderer = desk(tmp_path, email__bn__alert_txt="{{ nothing }}", email__xx__alert_txt="{{ nothing }}")
    (found,) = renderer.check()
    assert str(found).startswith(f"{tmp_path}/email/bn/alert.txt.j2:1:1: error")


# hostile text ─────────────────────────────────────────────────────────────────────────────────


def test_control_characters_become_spaces_and_spans_stay_true() -> None:
    item = an_item(
        title="a\r\nTrump\x00\u2028\u202e",
        spans=spans_of("a\r\nTrump\x00\u2028\u202e", "Trump", field="title"),
    )
    story = replace(sample().sections[0].stories[0], lead=item)
    section = replace(sample().sections[0], stories=(story,))
    clean = tidy(replace(sample(), sections=(section,))).sections[0].stories[0].lead
    assert clean.entry.title == "a \nTrump  \u200b"
    assert mark_text(passage(clean, "title")) == "a \n*Trump*  \u200b"


@settings(deadline=None)  # the first time compiles the templates
@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_title_gives_whole_messages_in_every_part(title: str) -> None:
    digest = _titled(sample(Kind.ALERT), title)
    message = SHIPPED.render(digest, channel_type="slack", parts=("json", "html", "txt"))
    json.loads(message.parts["json"])
    for text in message.parts.values():
        text.encode()
        assert "\x00" not in text
    assert "\n" not in message.subject


def _titled(digest: Digest, title: str) -> Digest:
    section = digest.sections[0]
    story = section.stories[0]
    lead = replace(story.lead, entry=replace(story.lead.entry, title=title), spans=())
    return replace(digest, sections=(replace(section, stories=(replace(story, lead=lead),)),))


def test_slack_escape_disarms_mentions() -> None:
    assert slack_escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert str(Passage("x")) == "x"


# snapshots ────────────────────────────────────────────────────────────────────────────────────


def test_messages_are_as_in_the_snapshots() -> None:
    """After a wanted change: `python -m tests.snapshots_update`."""
    made = dict(messages())
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*-*-*.*")}
    assert sorted(made) == sorted(kept)
    for name, text in made.items():
        assert text == kept[name], f"{name} differs"


# in a browser ─────────────────────────────────────────────────────────────────────────────────

_ATTACKS = (
    "<script>top.document.title='pwned'</script>",
    "<img src=x onerror=\"top.document.title='pwned'\">",
    "\"><svg onload=top.document.title='pwned'>",
    "' autofocus onfocus=top.document.title='pwned' x='",
    "</title></style><script>top.document.title='pwned'</script>",
    "{{ ''.__class__ }}<iframe srcdoc=\"<script>top.document.title='pwned'</script>\">",
)


@pytest.mark.chromium
def test_in_a_browser_nothing_runs_and_nothing_scrolls_sideways(tmp_path: Path) -> None:
    """Pages in frames of 360 and 1,280 px; the outer page writes what it measures into its title."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's package chromium")
    hostile = replace(
        sample(copies=2),
        route=_ATTACKS[0],
        sections=tuple(
            replace(s, title=_ATTACKS[i % 6], stories=tuple(_spoiled(story, i) for story in s.stories))
            for i, s in enumerate(sample(copies=2).sections)
        ),
    )
    pages = [
        SHIPPED.render(digest, channel_type=kind, parts=("html",)).parts["html"]
        for digest, kind in (
            (sample(), "email"),
            (sample(Kind.ALERT, language="en"), "email"),
            (sample(copies=2), "file"),
            (hostile, "email"),
        )
    ]
    frames = "".join(
        f'<iframe style="width:{pixels}px;height:2000px;border:0" srcdoc="{Markup.escape(page)}"></iframe>'
        for page in pages
        for pixels in (360, 1280)
    )
    measure = """<script>addEventListener("load", () => { document.title += [...document.querySelectorAll("iframe")]
        .map(f => f.contentDocument.documentElement.scrollWidth + "/" + f.clientWidth).join(" ") })</script>"""
    outer = tmp_path / "outer.html"
    outer.write_text(f"<!doctype html><meta charset=utf-8><title></title>{frames}{measure}", encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ]
    flags += [
        "--disable-background-networking",
        "--disable-component-update",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    seen = subprocess.run(
        [chromium, *flags, "--dump-dom", outer.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    title = regex.search("<title>(.*?)</title>", seen)
    assert title
    widths = [tuple(map(int, pair.split("/"))) for pair in title[1].split()]
    assert len(widths) == 8
    assert all(wide <= frame for wide, frame in widths), widths


def _spoiled(story: DigestStory, i: int) -> DigestStory:
    def bad(item: StoryEntry) -> StoryEntry:
        attack = _ATTACKS[(i + len(item.entry.title)) % len(_ATTACKS)]
        entry = replace(
            item.entry,
            title=attack + "x" * 90,
            summary=attack * 2,
            source=attack,
            url=f"https://h.example/{attack}",
            language='bn" onload="top.document.title=1',
        )
        return replace(item, entry=entry, spans=(), terms=(attack,))

    return replace(story, state=_ATTACKS[0], lead=bad(story.lead), also=tuple(map(bad, story.also)))


def test_a_template_that_cannot_be_opened_now_is_a_render_error_and_is_read_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renderer = Renderer([TEMPLATES])
    digest = sample(Kind.DIGEST, language="bn")

    def get_source(*args: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr("jinja2.loaders.FileSystemLoader.get_source", get_source)
        with pytest.raises(RenderError, match="cannot be read: Too many open files"):
            renderer.render(digest, channel_type="file", parts=("html",))
    assert renderer.render(digest, channel_type="file", parts=("html",)).parts["html"]


@pytest.mark.parametrize("language", ["bn", "en"])
def test_no_phrase_stands_twice(language: str) -> None:
    written = regex.findall(
        r'^  "([^"]+)":', (TEMPLATES / "words" / f"{language}.j2").read_text(), regex.MULTILINE
    )
    assert len(written) > 100
    assert sorted(written) == sorted(set(written))
