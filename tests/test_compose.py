"""What a reader is told, in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.compose import Desk, Reader, Situation, alerts, compose, plan
from monitor.compose._corrections import differ
from monitor.model import (
    Change,
    ChangeKind,
    Cursor,
    Digest,
    DigestStory,
    Entry,
    FeedState,
    FeedStatus,
    Hit,
    Kind,
    Link,
    Recipient,
    Send,
    Span,
)
from tests.compose_kit import (
    DESK,
    LONGER,
    NOW,
    READER,
    ROUTE,
    TWO,
    Ledger,
    a_copy,
    a_hit,
    a_turn,
    an_entry,
)

AT_ONCE = replace(READER, route=replace(ROUTE, send=Send.IMMEDIATE))
LATER = NOW + timedelta(hours=3)


def made(found: Situation, reader: Reader = READER, desk: Desk = DESK) -> Digest | None:
    return compose(found, reader, desk, slot=NOW, since=None, until=LATER)


def told(ledger: Ledger, reader: Reader = READER) -> list[DigestStory]:
    """Make the digest of what is new, remember it, and return its stories."""
    digest = made(ledger.situation(), reader)
    ledger.take([digest] if digest else [])
    return [story for section in digest.sections for story in section.stories] if digest else []


def alerted(ledger: Ledger) -> list[Digest]:
    found = alerts(ledger.situation(), AT_ONCE, DESK, until=LATER)
    ledger.take(found)
    return found


def of(*hits: Hit, links: tuple[Link, ...] = ()) -> Ledger:
    ledger = Ledger()
    ledger.add(*hits, links=links)
    return ledger


def revised(seq: int, entry: Entry, before: str, kind: ChangeKind = ChangeKind.REVISED) -> Change:
    return Change(
        seq=seq,
        at=NOW + timedelta(hours=1),
        kind=kind,
        topic="summit" if kind is ChangeKind.WITHDRAWN else "",
        story_id="s1",
        entry_id=entry.id,
        revision=2,
        before=before,
        after=entry.title,
        entry=entry,
    )


def test_the_words_between_the_names_are_no_reason_for_a_reader() -> None:
    """পুতিনের সঙ্গে: the query asks for both words; that `with` was found says nothing."""
    entry = an_entry("a", title="পুতিনের সঙ্গে সম্মেলন")
    hit = a_hit(1, entry)
    spans = tuple(
        Span(field="title", start=entry.title.index(word), end=0, surface=word, term=word)
        for word in ("সঙ্গে", "সম্মেলন")
    )
    evidence = replace(hit.match.evidence, spans=(*hit.match.evidence.spans, *spans))
    digest = made(of(replace(hit, match=replace(hit.match, evidence=evidence))).situation())

    assert digest is not None
    assert digest.sections[0].stories[0].lead.terms == ("@putin", "সম্মেলন")


# a first telling ──────────────────────────────────────────────────────────────────────────────


def test_nothing_new_is_no_digest_unless_the_route_asks_for_one() -> None:
    talkative = replace(READER, route=replace(ROUTE, nothing_new=True))

    assert made(Situation()) is None
    assert made(Situation(), talkative) is not None


def test_the_lead_is_in_the_reader_s_language_then_from_the_better_source() -> None:
    ledger = of(
        a_hit(1, an_entry("a", "blog")), a_hit(2, an_entry("b", "agency")), a_hit(3, an_entry("c", "bangla"))
    )
    bengali = made(ledger.situation())
    english = made(ledger.situation(), replace(READER, recipient=Recipient(address="x", language="en")))

    assert bengali is not None
    assert english is not None
    assert bengali.sections[0].stories[0].lead.entry.source == "Bangla"
    assert english.sections[0].stories[0].lead.entry.source == "Agency"
    assert [one.entry.source for one in english.sections[0].stories[0].also] == ["Blog", "Bangla"]


def test_an_entry_with_a_text_leads_before_a_bare_headline() -> None:
    (story,) = told(of(a_hit(1, an_entry("a", summary="")), a_hit(2, an_entry("b", "kolkata"))))

    assert story.lead.entry.id == "b"


def test_a_story_of_two_topics_stands_once_under_the_first() -> None:
    entry = an_entry("a")
    digest = made(of(a_hit(1, entry, topic="call"), a_hit(2, entry, topic="summit")).situation())

    assert digest is not None
    assert [(s.topic, s.title, len(s.stories)) for s in digest.sections] == [("summit", "শীর্ষ সম্মেলন", 1)]
    assert digest.sections[0].stories[0].topics == ("summit", "call")


def test_a_topic_without_a_title_in_the_reader_s_language_has_its_english_one() -> None:
    digest = made(of(a_hit(1, topic="call")).situation())

    assert digest is not None
    assert digest.sections[0].title == "The call"


def test_what_more_sources_tell_comes_first() -> None:
    digest = made(
        of(
            a_hit(1, story="lone"),
            a_hit(2, an_entry("b"), story="big"),
            a_hit(3, an_entry("c", "duna"), story="big"),
        ).situation()
    )

    assert digest is not None
    assert [story.id for story in digest.sections[0].stories] == ["big", "lone"]


def test_the_marks_and_reasons_of_all_topics_come_together() -> None:
    entry = an_entry("a")
    (story,) = told(of(a_hit(1, entry), a_hit(2, entry, topic="call")))

    assert (story.lead.topics, story.lead.terms, len(story.lead.spans)) == (
        ("summit", "call"),
        ("@putin",),
        1,
    )


def test_copies_are_named_as_carriers_and_are_one_source() -> None:
    ledger = of(
        a_hit(1, an_entry("a")),
        a_hit(2, an_entry("b", "kolkata")),
        a_hit(3, an_entry("c", "duna")),
        links=(a_copy("b", "a"),),
    )
    (story,) = told(ledger)

    assert [item.entry.id for item in story.also] == ["c"]
    assert [item.entry.id for item in story.carriers] == ["b"]
    assert story.life is not None
    assert (story.life.independent, story.life.sources) == (2, 3)


def test_what_no_feed_of_a_language_has_is_said_the_reader_s_own_first() -> None:
    (story,) = told(of(a_hit(1, an_entry("a", "duna"))))

    assert story.silent == ("bn", "en", "uk")
    assert story.life is not None
    assert [(one.language, one.country, one.source) for one in story.life.coverage] == [("hu", "HU", "Duna")]


# what is new since ────────────────────────────────────────────────────────────────────────────


def test_a_story_that_is_known_is_told_again_only_with_its_new_source() -> None:
    ledger = of(a_hit(1, an_entry("a")), a_hit(2, an_entry("b", "kolkata")))
    assert [story.state for story in told(ledger)] == ["new"]
    ledger.add(a_hit(3, an_entry("c", "duna")))
    (story,) = told(ledger)

    assert (story.state, story.lead.entry.id, story.also, story.carriers) == ("developing", "c", (), ())
    assert [item.entry.source for item in story.news.sources] == ["Duna"]
    assert story.news.known is not None
    assert (story.news.known.entry.id, story.news.reports) == ("a", 2)
    assert told(ledger) == []


def test_however_many_copies_arrive_nobody_is_told() -> None:
    ledger = of(a_hit(1, an_entry("a")))
    told(ledger)
    for seq in range(2, 12):
        ledger.add(
            a_hit(seq, an_entry(f"c{seq}", "duna", source=f"Paper {seq}")), links=[a_copy(f"c{seq}", "a")]
        )
    assert made(ledger.situation()) is None
    assert alerted(ledger) == []
    assert told(ledger) == []
    ledger.add(a_hit(20, an_entry("d", "stepovyi")))
    (story,) = told(ledger)
    assert {item.entry.id for item in story.carriers} == {f"c{seq}" for seq in range(2, 12)}


def test_another_report_of_a_known_source_is_told_only_with_a_new_fact() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    told(ledger)
    ledger.add(a_hit(2, an_entry("b", summary=TWO)))
    assert told(ledger) == []
    ledger.add(a_hit(3, an_entry("c", summary="number missile 12 12")))
    (story,) = told(ledger)
    assert [(note.fact.about, note.fact.value, note.sources) for note in story.news.facts] == [
        ("missile", "12", ("Bangla",))
    ]
    assert story.news.sources == ()


def test_a_value_that_the_reader_knows_is_no_new_fact_however_it_is_put() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    told(ledger)
    ledger.add(
        a_hit(2, an_entry("b", "duna", summary=f"{TWO}; duration phone_call PT120M 7200; number x 3 3"))
    )
    (story,) = told(ledger)
    assert [note.fact.value for note in story.news.facts] == ["3"]


def test_a_late_entry_wakes_nobody_but_is_counted() -> None:
    ledger = of(a_hit(1, an_entry("a")))
    told(ledger)
    old = an_entry("b", "duna", minute=60, published=NOW - timedelta(hours=9))
    ledger.add(a_hit(2, old))
    assert told(ledger) == []
    ledger.add(a_hit(3, an_entry("c", "agency", minute=70)))
    (story,) = told(ledger)
    assert ([i.entry.id for i in story.news.sources], [i.entry.id for i in story.carriers]) == (["c"], ["b"])


def test_a_denial_is_shown_even_in_a_copy_and_once() -> None:
    ledger = of(a_hit(1, an_entry("a")))
    told(ledger)
    words = "peskov denies that any date was named"
    ledger.add(
        a_hit(2, an_entry("b", "kolkata", summary=words)),
        a_hit(3, an_entry("c", "duna", summary="peskov denies időpont nincs")),
        links=[a_copy("b", "a"), a_copy("c", "a")],
    )
    (story,) = told(ledger)
    assert [(q.speaker, q.item.entry.id, q.more) for q in story.news.denials] == [("peskov", "b", 1)]
    ledger.add(a_hit(4, an_entry("d", "agency", summary=words)), links=[a_copy("d", "a")])
    assert told(ledger) == [], "the fortieth mention of the same denial"
    ledger.add(
        a_hit(5, an_entry("e", "agency", summary="peskov denies having met Orban in secret")),
        a_hit(6, an_entry("f", "agency", summary="lavrov denies that any date was named")),
        links=[a_copy("e", "a"), a_copy("f", "a")],
    )
    (story,) = told(ledger)
    assert sorted(q.speaker for q in story.news.denials) == ["lavrov", "peskov"], "others are others"


def test_a_spokesman_and_the_body_he_speaks_for_deny_once() -> None:
    summary = "kremlin denies any date; peskov denies any such date"
    desk = replace(DESK, within={"peskov": ("kremlin",)})
    digest = made(of(a_hit(1, an_entry("a", summary=summary))).situation(), desk=desk)

    assert digest is not None
    assert [q.speaker for q in digest.sections[0].stories[0].news.denials] == ["peskov"]


def test_different_answers_stand_side_by_side_once_and_stay_open_until_they_agree() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    told(ledger)
    ledger.add(
        a_hit(2, an_entry("b", "duna", minute=10, summary=LONGER)),
        a_hit(3, an_entry("c", "kolkata", minute=20, summary=LONGER)),
    )
    (story,) = told(ledger)
    (one,) = story.news.contradictions
    assert [(side.fact.value, side.sources) for side in one.sides] == [
        ("PT2H30M", ("Duna", "Kolkata")),
        ("PT2H", ("Bangla",)),
    ]
    assert one.since == NOW + timedelta(minutes=10)

    ledger.add(a_hit(4, an_entry("d", "blog"), story="s2"))
    digest = made(ledger.situation())
    assert digest is not None
    assert digest.open == (one,)
    ledger.take([digest])
    ledger.add(a_hit(5, an_entry("e", "agency", minute=30, summary=LONGER)))
    digest = made(ledger.situation())
    assert digest is not None
    assert digest.open == (), "the last two that said so agree"


def test_what_was_told_to_differ_and_is_not_settled_is_open() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)), a_hit(2, an_entry("b", "duna", summary=LONGER)))
    (story,) = told(ledger)
    assert len(story.news.contradictions) == 1
    ledger.add(a_hit(3, an_entry("c", "blog"), story="s2"))
    digest = made(ledger.situation())
    assert digest is not None
    assert digest.open == story.news.contradictions
    ledger.take([digest])
    assert made(ledger.situation()) is None, "what is open wakes nobody"


def test_two_stories_of_a_topic_may_contradict_each_other() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    told(ledger)
    ledger.add(a_hit(2, an_entry("b", "duna", minute=5, summary=LONGER), story="s2"))
    (story,) = told(ledger)
    assert (story.id, len(story.news.contradictions)) == ("s2", 1)
    ledger.add(a_hit(3, an_entry("c", "agency", summary=LONGER), story="s3", topic="call"))
    (other,) = told(ledger)
    assert other.news.contradictions == (), "of other topics nothing is compared"


def test_a_place_is_news_and_against_another_only_when_two_say_so() -> None:
    here, there = "place meeting budapest 0", "place meeting alaska 0"
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    told(ledger)
    ledger.add(a_hit(2, an_entry("b", "duna", summary=here)))
    (story,) = told(ledger)
    assert (story.news.facts, len(story.news.sources)) == ((), 1)
    ledger.add(
        a_hit(3, an_entry("c", "agency", summary=there)),
        a_hit(4, an_entry("d", "blog", summary=there)),
        a_hit(5, an_entry("e", "stepovyi", summary="Text")),
    )
    (story,) = told(ledger)
    assert [(note.fact.value, note.sources) for note in story.news.facts] == [("alaska", ("Agency", "Blog"))]
    assert story.news.contradictions == (), "only one says Budapest"
    ledger.add(a_hit(6, an_entry("f", "kolkata", summary=here)))
    (story,) = told(ledger)
    (one,) = story.news.contradictions
    assert {side.fact.value: len(side.sources) for side in one.sides} == {"budapest": 2, "alaska": 2}


def test_a_publisher_is_not_held_against_itself() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)), a_hit(2, an_entry("b", summary=LONGER)))
    (story,) = told(ledger)
    assert story.news.contradictions == ()


def test_a_changed_headline_is_told_to_those_who_had_the_old_one() -> None:
    entry = an_entry("a", title="Off")
    ledger = of(a_hit(1, entry))
    ledger.changes.append(revised(2, entry, "On"))
    (story,) = told(ledger)
    assert story.news.headlines == (), "told as it is now"

    edited = replace(entry, title="On again")
    ledger.hits = [a_hit(1, edited)]
    ledger.changes.append(replace(revised(3, edited, "Off"), revision=3))
    (story,) = told(ledger)
    assert [(one.before, one.item.entry.title) for one in story.news.headlines] == [("Off", "On again")]
    assert (story.state, story.lead.entry.title) == ("developing", "On again")
    assert told(ledger) == []


def test_a_headline_that_changed_and_changed_back_or_only_its_spelling_is_no_news() -> None:
    entry = an_entry("a", title="Off")
    ledger = of(a_hit(1, entry))
    told(ledger)
    ledger.changes += [revised(2, entry, "Off"), replace(revised(3, entry, "On"), revision=3)]
    assert told(ledger) == []
    loud = replace(entry, title="OFF")
    ledger.hits = [a_hit(1, loud)]
    ledger.changes.append(replace(revised(4, loud, "Off"), revision=4))
    assert told(ledger) == []


def test_a_text_that_was_changed_to_give_a_new_value_is_told() -> None:
    entry = an_entry("a", summary=TWO)
    ledger = of(a_hit(1, entry))
    told(ledger)
    edited = replace(entry, summary=LONGER)
    ledger.hits = [a_hit(1, edited)]
    ledger.changes.append(revised(2, edited, edited.title))
    (story,) = told(ledger)
    assert [note.fact.value for note in story.news.facts] == ["PT2H30M"]
    assert (story.news.headlines, story.lead.entry.id) == ((), "a")


def edit(ledger: Ledger, seq: int, entry: Entry, title: str) -> Entry:
    """Let a publisher change a headline."""
    edited = replace(entry, title=title, revision=entry.revision + 1)
    ledger.hits = [replace(hit, entry=edited) if hit.entry.id == entry.id else hit for hit in ledger.hits]
    ledger.changes.append(replace(revised(seq, edited, entry.title), revision=edited.revision))
    return edited


def test_a_headline_that_was_alerted_and_says_something_else_is_corrected_once() -> None:
    entry = an_entry("a", title="Summit on Monday")
    ledger = of(a_hit(1, entry))
    assert [one.kind for one in alerted(ledger)] == [Kind.ALERT]
    entry = edit(ledger, 2, entry, "SUMMIT ON MONDAY!")
    assert alerted(ledger) == []
    entry = edit(ledger, 3, entry, "Summit called off")
    (digest,) = alerted(ledger)
    (change,) = digest.sections[0].stories[0].news.headlines
    assert digest.kind is Kind.CORRECTION
    assert (change.before, change.item.entry.title) == ("Summit on Monday", "Summit called off")
    assert alerted(ledger) == []
    edit(ledger, 4, entry, "Summit on Monday")
    (digest,) = alerted(ledger)
    (change,) = digest.sections[0].stories[0].news.headlines
    assert (change.before, change.item.entry.title) == ("Summit called off", "Summit on Monday")


def test_small_edits_that_add_up_are_told_as_one() -> None:
    entry = an_entry("a", title="Summit today: Budapest")
    ledger = of(a_hit(1, entry))
    alerted(ledger)
    entry = edit(ledger, 2, entry, "Summit toddy: Budapest")
    assert alerted(ledger) == []
    edit(ledger, 3, entry, "Summit toddler: Budapest")
    (digest,) = alerted(ledger)
    assert digest.sections[0].stories[0].news.headlines[0].before == "Summit today: Budapest"


def test_a_copy_s_headline_that_nobody_was_sent_is_not_corrected() -> None:
    copy = an_entry("b", "duna", title="Summit on Monday")
    ledger = of(a_hit(1, an_entry("a")), a_hit(2, copy), links=(a_copy("b", "a"),))
    alerted(ledger)
    edit(ledger, 3, copy, "Something else")
    assert alerted(ledger) == []


def test_a_correction_waits_for_no_interval_and_needs_no_room_but_a_route_may_leave_it() -> None:
    entry, other = an_entry("a", title="Summit on Monday"), an_entry("z", title="Else")
    ledger = of(a_hit(1, entry))
    alerted(ledger)
    edit(ledger, 2, entry, "Summit called off")
    ledger.add(a_hit(3, other, story="s2"))
    found = replace(ledger.situation(), lasts={"s1": LATER})
    cursor = Cursor(route="now", channel="desk", recipient="desk@example.org", position=1)
    moved, digests = plan(found, cursor, AT_ONCE, DESK, now=LATER, room=0)
    assert [one.kind for one in digests] == [Kind.CORRECTION]
    assert moved.position == 2
    silent = replace(AT_ONCE, route=replace(AT_ONCE.route, corrections=False))
    assert [one.kind for one in alerts(found, silent, DESK, until=LATER)] == [Kind.ALERT]


def test_a_turn_in_a_story_that_is_corrected_does_not_swallow_the_correction() -> None:
    entry = an_entry("a", title="Summit on Monday")
    ledger = of(a_hit(1, entry))
    alerted(ledger)
    edit(ledger, 2, entry, "Summit called off")
    turn = a_turn("off", "a")
    ledger.changes.append(
        Change(seq=3, at=NOW, kind=ChangeKind.TURN, topic="summit", story_id="s1", turn=turn)
    )
    assert [one.kind for one in alerted(ledger)] == [Kind.TURN, Kind.CORRECTION]
    assert alerted(ledger) == []


@pytest.mark.parametrize(
    ("language", "before", "after", "says"),
    [
        ("en", "Trump, Putin to meet", "LIVE: Trump – Putin to meet", "the same"),
        ("en", "Trump to meet Putin in Budpest", "Trump to meet Putin in Budapest", "the same"),
        ("en", "The summit is on in Budapets", "Summit is on in Budapest", "the same"),
        ("en", "Cease-fire in Gaza", "Ceasefire in Gaza", "the same"),
        ("en", "3 killed in Kyiv", "30 killed in Kyiv", "another thing"),
        ("en", "Putin invites Trump", "Trump invites Putin", "another thing"),
        ("en", "Putin is going", "Putin is not going", "another thing"),
        ("en", "Legal vote", "Illegal vote", "another thing"),
        ("bn", "পুতিনের সঙ্গে বৈঠক!", "ভিডিও | পুতিনের সঙ্গে বৈঠক", "the same"),
        ("bn", "১২ জন নিহত", "১৩ জন নিহত", "another thing"),
        ("bn", "হাঙ্গেরিতে যানন পুতিন", "হাঙ্গেরিতে যাননি পুতিন", "another thing"),
        ("hu", "Találkozik Putyin", "Nem találkozik Putyin", "another thing"),
        ("hu", "Találkozik Putyin (frissítve)", "Találkozik Putyin", "the same"),
        ("ja", "首脳会談", "首脳会談へ", "another thing"),
    ],
)
def test_more_than_a_slip_of_the_pen_changes_what_a_headline_says(
    language: str, before: str, after: str, says: str
) -> None:
    assert differ(before, after, language) == differ(after, before, language) == (says == "another thing")


def test_a_withdrawn_headline_is_told_to_those_who_had_it() -> None:
    entry = an_entry("a", title="Cricket")
    ledger = of(a_hit(1, an_entry("b", "duna")), a_hit(2, an_entry("a", title="Summit off")))
    told(ledger)
    ledger.hits = ledger.hits[:1]
    ledger.changes += [
        revised(3, entry, "Summit off"),
        revised(4, entry, "Summit off", kind=ChangeKind.WITHDRAWN),
    ]
    (story,) = told(ledger)
    (change,) = story.news.headlines
    assert (change.before, change.item.entry.title, change.withdrawn) == ("Summit off", "Cricket", True)

    other = of(a_hit(1, an_entry("b", "duna")))
    other.changes += ledger.changes
    (story,) = told(other)
    assert story.news.headlines == (), "who was never told of it is told nothing"


def test_a_story_split_by_hand_is_no_news() -> None:
    ledger = of(a_hit(1, an_entry("a")), a_hit(2, an_entry("b", "duna")))
    told(ledger)
    ledger.hits[1] = replace(ledger.hits[1], story_id="s2")
    ledger.told["s2"] = ledger.told["s1"]
    ledger.changes.append(Change(seq=3, at=NOW, kind=ChangeKind.SPLIT, story_id="s2", other_id="s1"))
    assert told(ledger) == []


# turns ────────────────────────────────────────────────────────────────────────────────────────


def turned(ledger: Ledger, seq: int, *turns: object, **fields: object) -> None:
    turn = a_turn(*turns, **fields)  # type: ignore[arg-type]
    ledger.changes.append(
        Change(
            seq=seq,
            at=turn.reached_at,
            kind=ChangeKind.TURN,
            topic=turn.topic,
            story_id=turn.story_id,
            turn=turn,
        )
    )


def test_a_turn_comes_first_once_with_what_it_ends_and_stays_open_while_it_stands() -> None:
    entry = an_entry("a", summary="kremlin confirms it")
    said = DESK.read(entry).statements
    ledger = of(a_hit(1, entry), a_hit(2, an_entry("b", "duna")))
    turned(ledger, 3, "off", "a", "b", before=("agreed",), statements=said)
    digest = made(ledger.situation())
    assert digest is not None
    (note,) = digest.turns
    assert (note.title, note.before, note.sources) == ("বাতিল", ("সম্মত",), ("Bangla", "Duna"))
    assert [(quote.speaker, quote.item.entry.id) for quote in note.quotes] == [("kremlin", "a")]
    assert digest.sections[0].stories[0].news.turns == (note,)
    assert digest.open == ()
    ledger.take([digest])
    assert told(ledger) == []

    ledger.add(a_hit(4, an_entry("c", "agency")))
    later = made(ledger.situation())
    assert later is not None
    assert [one.title for one in later.open] == ["বাতিল"]  # type: ignore[union-attr]
    assert later.turns == ()
    ledger.take([later])
    ledger.add(a_hit(5, an_entry("d", "stepovyi")))
    state = replace(DESK.stages["summit"][0], contradicts=("off",))
    turned(ledger, 6, "agreed", "d", before=("off",), reached_at=LATER)
    again = made(ledger.situation(), desk=replace(DESK, stages={"summit": (state, DESK.stages["summit"][1])}))
    assert again is not None
    assert again.open == (), "it ended what was open"


def test_a_turn_that_was_known_when_the_desk_began_is_told_to_nobody() -> None:
    ledger = of(a_hit(1, an_entry("a")))
    turned(ledger, 2, "off", "a", held="before-start")
    digest = made(ledger.situation())
    assert digest is not None
    assert digest.turns == ()


# digests ──────────────────────────────────────────────────────────────────────────────────────


def test_the_same_digest_made_twice_has_the_same_id() -> None:
    found = of(a_hit(1)).situation()
    one, two = made(found), made(found)
    other = made(found, replace(READER, channel="other"))

    assert one is not None
    assert two is not None
    assert other is not None
    assert one.id == two.id != other.id


def test_failing_feeds_stand_at_the_foot() -> None:
    url = "https://bangla.example/rss"
    states = (
        FeedState(url=url, status=FeedStatus.ERROR, reason="timeout", last_ok_at=NOW - timedelta(hours=5)),
        FeedState(url="https://agency.example/rss", status=FeedStatus.OK),
        FeedState(url="https://gone-from-config.example/rss", status=FeedStatus.ERROR),
    )
    digest = made(of(a_hit(1)).situation(), desk=replace(DESK, states=states))

    assert digest is not None
    assert [(t.source, t.reason) for t in digest.troubles] == [("Bangla", "timeout")]
    assert (digest.feeds_ok, digest.feeds_total) == (1, 2)


# alerts ───────────────────────────────────────────────────────────────────────────────────────


def test_each_story_not_told_before_is_an_alert_of_its_own() -> None:
    ledger = of(a_hit(1, story="old"))
    told(ledger)
    ledger.add(
        a_hit(2, an_entry("a", minute=2), story="a"),
        a_hit(3, an_entry("b", minute=3), story="b"),
        a_hit(4, an_entry("c", "duna", minute=4), story="a"),
        a_hit(5, an_entry("d", "duna", minute=5), story="old"),
    )
    found = alerted(ledger)

    assert [d.sections[0].stories[0].id for d in found] == ["a", "b"]
    assert all(d.kind is Kind.ALERT for d in found)
    assert len({d.id for d in found}) == 2
    assert alerted(ledger) == []


def test_an_alert_is_the_same_whenever_it_is_made() -> None:
    ledger = of(a_hit(1))
    (early,) = alerts(ledger.situation(), AT_ONCE, DESK, until=NOW)
    ledger.add(a_hit(2, an_entry("b", "duna")))
    (late,) = alerts(ledger.situation(), AT_ONCE, DESK, until=NOW + timedelta(hours=1))

    assert early.id == late.id


def test_a_turn_is_an_alert_of_its_own_and_tells_its_story() -> None:
    ledger = of(a_hit(1, an_entry("a")), a_hit(2, an_entry("b"), story="s2"))
    turned(ledger, 3, "off", "a")
    turn, other = alerted(ledger)
    assert (turn.kind, turn.slot, turn.turns[0].turn.id) == (Kind.TURN, NOW, "t-off")
    assert [story.id for section in turn.sections for story in section.stories] == ["s1"]
    assert other.kind is Kind.ALERT

    for seq in range(4, 44):
        ledger.add(a_hit(seq, an_entry(f"m{seq}", "duna", source=f"Paper {seq}", minute=seq)))
    assert alerted(ledger) == [], "not the fortieth mention"


def test_later_developments_are_an_alert_only_if_somebody_denies_or_differs() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    alerted(ledger)
    ledger.add(a_hit(2, an_entry("b", "duna", summary="number missile 3 3")))
    assert alerted(ledger) == []
    ledger.add(a_hit(3, an_entry("c", "agency", minute=9, summary="peskov denies it all")))
    (denied,) = alerted(ledger)
    assert (denied.kind, denied.sections[0].stories[0].state) == (Kind.ALERT, "developing")
    assert denied.slot == NOW + timedelta(minutes=9)
    ledger.add(a_hit(4, an_entry("d", "kolkata", summary=LONGER)))
    (differs,) = alerted(ledger)
    assert len(differs.sections[0].stories[0].news.contradictions) == 1
    assert len({denied.id, differs.id}) == 2


def test_what_contradicts_in_a_story_waits_for_the_interval_since_its_last_alert() -> None:
    ledger = of(a_hit(1, an_entry("a", summary=TWO)))
    told(ledger)
    ledger.add(a_hit(2, an_entry("b", "duna", summary=LONGER)))
    found = ledger.situation()
    story = found.dossiers[0].story.id
    early = replace(found, lasts={story: LATER - timedelta(minutes=4)})
    due = replace(found, lasts={story: LATER - timedelta(minutes=5)})
    assert alerts(early, AT_ONCE, DESK, until=LATER) == []
    (alert,) = alerts(due, AT_ONCE, DESK, until=LATER)
    assert alert.sections[0].stories[0].news.contradictions


def test_what_is_over_the_budget_is_left_to_the_digest_where_there_is_one() -> None:
    ledger = of(*(a_hit(n, an_entry(f"e{n}", minute=n), story=f"s{n}") for n in range(1, 5)))
    cursor = Cursor(route="day", channel="desk", recipient="desk@example.org", position=0)
    reader = replace(AT_ONCE, digest="morning")
    moved, sent = plan(ledger.situation(), cursor, reader, DESK, now=LATER, room=2)
    assert (moved.position, len(sent)) == (4, 2)


def test_what_the_hour_has_no_room_for_stays_behind_the_cursor() -> None:
    ledger = of(*(a_hit(n, an_entry(f"e{n}", minute=n), story=f"s{n}") for n in range(1, 5)))
    turned(ledger, 5, "off", "e4", story="s4")
    cursor = Cursor(route="day", channel="desk", recipient="desk@example.org", position=0)
    moved, sent = plan(ledger.situation(), cursor, AT_ONCE, DESK, now=LATER, room=2)
    assert [one.kind for one in sent] == [Kind.TURN, Kind.ALERT]
    assert moved.position == 1
    ledger.take(sent)
    ledger.position = moved.position
    moved, sent = plan(ledger.situation(), moved, AT_ONCE, DESK, now=LATER, room=None)
    assert [one.sections[0].stories[0].id for one in sent] == ["s2", "s3"]
    assert moved.position == 5
    moved, sent = plan(of().situation(), moved, AT_ONCE, DESK, now=LATER, room=0)
    assert (moved.position, sent) == (5, [])
