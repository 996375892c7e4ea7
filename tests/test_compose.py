"""What a reader is told, in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.compose import Desk, Reader, alerts, compose
from monitor.model import (
    Digest,
    Entry,
    Evidence,
    Feed,
    FeedState,
    FeedStatus,
    Hit,
    Kind,
    Match,
    Recipient,
    Route,
    Span,
)

NOW = datetime(2025, 10, 16, 19, tzinfo=UTC)
FEEDS = {
    "https://bn.example/rss": Feed(url="https://bn.example/rss", source="Bangla", language="bn", tier=2),
    "https://agency.example/rss": Feed(
        url="https://agency.example/rss", source="Agency", language="en", tier=1
    ),
    "https://blog.example/rss": Feed(url="https://blog.example/rss", source="Blog", language="en", tier=3),
}
DESK = Desk(
    topics={"summit": {"en": "The summit", "bn": "শীর্ষ সম্মেলন"}, "call": {"en": "The call"}},
    labels={"putin": {"en": "Vladimir Putin", "bn": "ভ্লাদিমির পুতিন"}},
    feeds=FEEDS,
)
ROUTE = Route(name="day", topics=("summit", "call"), channels=("desk",), timezone="Asia/Dhaka", language="bn")
READER = Reader(route=ROUTE, channel="desk", recipient=Recipient(address="desk@example.org"))


def a_hit(
    seq: int,
    *,
    story: str = "s1",
    topic: str = "summit",
    feed: str = "https://bn.example/rss",
    **fields: object,
) -> Hit:
    entry = Entry(
        id=f"e{seq}",
        url=f"https://example.com/{seq}",
        title=f"Title {seq}",
        summary="Text",
        first_seen=NOW - timedelta(minutes=60 - seq),
        source=FEEDS[feed].source,
        feed_url=feed,
        language=FEEDS[feed].language,
    )
    span = Span(field="title", start=0, end=5, surface="Title", term="@putin", entity="putin")
    match = Match(
        entry_id=entry.id, revision=1, topic=topic, evidence=Evidence(matched=True, score=1.0, spans=(span,))
    )
    return Hit(seq=seq, match=match, entry=replace(entry, **fields), story_id=story, matched_at=NOW)  # type: ignore[arg-type]


def made(hits: list[Hit], reader: Reader = READER, desk: Desk = DESK) -> Digest | None:
    return compose(hits, reader, desk, slot=NOW, since=None, until=NOW)


def test_nothing_new_is_no_digest_unless_the_route_asks_for_one() -> None:
    talkative = replace(READER, route=replace(ROUTE, nothing_new=True))

    assert made([]) is None
    assert made([], talkative) is not None


def test_the_lead_is_in_the_reader_s_language_then_from_the_better_source() -> None:
    hits = [a_hit(1, feed="https://blog.example/rss"), a_hit(2, feed="https://agency.example/rss"), a_hit(3)]
    bengali = made(hits)
    english = made(hits, replace(READER, recipient=Recipient(address="x", language="en")))

    assert bengali is not None
    assert english is not None
    assert bengali.sections[0].stories[0].lead.entry.source == "Bangla"
    assert english.sections[0].stories[0].lead.entry.source == "Agency"
    assert [one.entry.source for one in english.sections[0].stories[0].also] == ["Blog", "Bangla"]


def test_a_story_of_two_topics_stands_once_under_the_first() -> None:
    digest = made([a_hit(1, topic="call"), a_hit(2, topic="summit")])

    assert digest is not None
    assert [(s.topic, s.title, len(s.stories)) for s in digest.sections] == [("summit", "শীর্ষ সম্মেলন", 1)]
    assert digest.sections[0].stories[0].topics == ("summit", "call")


def test_a_topic_without_a_title_in_the_reader_s_language_has_its_english_one() -> None:
    digest = made([a_hit(1, topic="call")])

    assert digest is not None
    assert digest.sections[0].title == "The call"


def test_a_story_told_before_is_developing() -> None:
    digest = made([a_hit(1)], replace(READER, told=frozenset({"s1"})))

    assert digest is not None
    assert digest.sections[0].stories[0].state == "developing"


def test_what_more_publishers_carry_comes_first() -> None:
    hits = [
        a_hit(1, story="lone"),
        a_hit(2, story="big"),
        a_hit(3, story="big", feed="https://agency.example/rss"),
    ]
    digest = made(hits)

    assert digest is not None
    assert [story.id for story in digest.sections[0].stories] == ["big", "lone"]


def test_the_same_digest_made_twice_has_the_same_id() -> None:
    one, two = made([a_hit(1)]), made([a_hit(1)])
    other = made([a_hit(1)], replace(READER, channel="other"))

    assert one is not None
    assert two is not None
    assert other is not None
    assert one.id == two.id != other.id


def test_failing_feeds_stand_at_the_foot() -> None:
    url = "https://bn.example/rss"
    states = (
        FeedState(url=url, status=FeedStatus.ERROR, reason="timeout", last_ok_at=NOW - timedelta(hours=5)),
        FeedState(url="https://agency.example/rss", status=FeedStatus.OK),
        FeedState(url="https://gone-from-config.example/rss", status=FeedStatus.ERROR),
    )
    digest = made([a_hit(1)], desk=replace(DESK, states=states))

    assert digest is not None
    assert [(t.source, t.reason) for t in digest.troubles] == [("Bangla", "timeout")]
    assert (digest.feeds_ok, digest.feeds_total) == (1, 2)


def test_each_story_not_told_before_is_an_alert_of_its_own() -> None:
    hits = [a_hit(1, story="a"), a_hit(2, story="b"), a_hit(3, story="a"), a_hit(4, story="old")]
    found = alerts(hits, replace(READER, told=frozenset({"old"})), DESK, until=NOW)

    assert [d.sections[0].stories[0].id for d in found] == ["a", "b"]
    assert all(d.kind is Kind.ALERT for d in found)
    assert len({d.id for d in found}) == 2


def test_an_alert_is_the_same_whenever_it_is_made() -> None:
    (early,) = alerts([a_hit(1)], READER, DESK, until=NOW)
    (late,) = alerts([a_hit(1), a_hit(2)], READER, DESK, until=NOW + timedelta(hours=1))

    assert early.id == late.id


def test_the_marks_and_reasons_of_all_topics_come_together() -> None:
    one, two = a_hit(1), a_hit(1, topic="call")
    digest = made([one, replace(two, seq=2)])

    assert digest is not None
    lead = digest.sections[0].stories[0].lead
    assert (lead.topics, lead.terms, len(lead.spans)) == (("summit", "call"), ("@putin",), 1)
