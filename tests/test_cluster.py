"""Which entries tell one piece of news, and why."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cluster import WINDOW, Clusterer, Known, identity
from monitor.cluster.agencies import agency_of
from monitor.cluster.prints import Reader
from monitor.cluster.threads import Filed, Thread, join, merge, part
from monitor.cluster.titles import bare_title
from monitor.model import Entity, Entry, Fact, FactKind, Link, LinkKind, Span, Story
from monitor.sources import independent

NOW = datetime(2025, 10, 16, 18, tzinfo=UTC)

AGENCY = (
    "যুক্তরাষ্ট্রের প্রেসিডেন্ট ডোনাল্ড ট্রাম্প ও রাশিয়ার প্রেসিডেন্ট ভ্লাদিমির পুতিন বৃহস্পতিবার টেলিফোনে প্রায় আড়াই ঘণ্টা কথা বলেছেন। "
    "দুই নেতা হাঙ্গেরির রাজধানী বুদাপেস্টে মুখোমুখি বৈঠকে বসতে রাজি হয়েছেন। বৈঠকের দিন এখনো ঠিক হয়নি।"
)
OTHER = (
    "মিরপুরে সিরিজের শেষ ম্যাচে সাত উইকেটে জিতেছে বাংলাদেশ। টস জিতে আগে বল করার সিদ্ধান্ত নেন অধিনায়ক। "
    "জবাবে দুই ওপেনারের জুটিতেই আসে একশর বেশি রান, হাতে ছিল আরও দশ ওভার।"
)
ENTITIES = (
    *(Entity(id=one, type="person") for one in ("trump", "putin", "orban", "zelensky", "rubio", "lavrov")),
    *(Entity(id=one, type="place") for one in ("budapest", "hungary", "ukraine")),
    *(Entity(id=one, type="institution") for one in ("kremlin", "white_house")),
    *(Entity(id=one, type="action") for one in ("agree", "cancel", "postpone", "prepare")),
    *(Entity(id=one, type="concept") for one in ("meeting", "phone_call", "sanction", "airspace")),
)


def an_entry(number: int, title: str = "", summary: str = "", **fields: object) -> Entry:
    given: dict[str, object] = {
        "id": f"{number:032x}",
        "url": f"https://example.com/{number}",
        "title": title,
        "summary": summary,
        "first_seen": NOW + timedelta(minutes=number),
        "source": f"Source {number}",
        "feed_url": f"https://example.com/{number}/rss",
        "language": "bn",
    }
    return Entry(**{**given, **fields})  # type: ignore[arg-type]


def noise(start: int = 1000, count: int = 12) -> list[Entry]:
    """Entries of the same topic, so that what all have says nothing."""
    words = [
        "harbour",
        "garden",
        "winter",
        "copper",
        "violin",
        "meadow",
        "lantern",
        "pepper",
        "anchor",
        "velvet",
        "marble",
        "thunder",
    ]
    return [
        an_entry(
            start + n,
            f"Trump and Putin: {word} {words[(n + 5) % 12]} report",
            first_seen=NOW - timedelta(hours=30 + 3 * n),
            language="en",
            entities=("trump", "putin", "meeting"),
        )
        for n, word in enumerate(words[:count])
    ]


def grouped(stories: list[Story]) -> set[frozenset[str]]:
    return {frozenset(story.entry_ids) for story in stories}


def cluster(*entries: Entry, known: dict[str, Known] | None = None) -> list[Story]:
    return Clusterer(ENTITIES).add(entries, known)


def stories_of(
    clusterer: Clusterer, batches: list[list[Entry]], held: dict[str, Story] | None = None
) -> dict[str, Story]:
    """Return what a store that held these stories would hold after these batches."""
    held = dict(held or {})
    for batch in batches:
        held = recorded(held, clusterer.add(batch, {entry.id: Known(topics=entry.tags) for entry in batch}))
    return held


def recorded(held: dict[str, Story], told: list[Story]) -> dict[str, Story]:
    """Return what a store that held these stories holds when it is told of others."""
    held = dict(held)
    for story in told:
        for other in [*held.values()]:
            left = tuple(one for one in other.entry_ids if one not in story.entry_ids)
            held[other.id] = replace(other, entry_ids=left)
        for gone in story.merged:
            held.pop(gone, None)
        held[story.id] = story
    return {name: story for name, story in held.items() if story.entry_ids}


# copies ───────────────────────────────────────────────────────────────────────────────────────


def test_agency_copy_under_different_titles_is_one_story_and_one_source() -> None:
    copies = [
        an_entry(1, "বুদাপেস্টে বসছেন ট্রাম্প–পুতিন", AGENCY),
        an_entry(2, "ফোনালাপ শেষে বৈঠকের ঘোষণা", AGENCY + " সূত্র: সংস্থা"),
    ]

    stories = cluster(*copies, an_entry(3, "মিরপুরে বাংলাদেশের জয়", OTHER))

    (story,) = (one for one in stories if copies[0].id in one.entry_ids)
    assert story.entry_ids == (copies[0].id, copies[1].id)
    assert [link.kind for link in story.links if not link.veto] == [LinkKind.FIRST, LinkKind.COPY]
    assert independent(copies, story.links) == ((copies[0].id, copies[1].id),)


def test_two_texts_that_credit_one_agency_are_its_copy_though_much_was_rewritten() -> None:
    _, *rest = AGENCY.split("। ")
    rewritten = "। ".join(("আড়াই ঘণ্টার ফোনালাপে নতুন করে দেখা করার কথা হলো দুই প্রেসিডেন্টের", *rest))
    both = ("trump", "putin")
    one = an_entry(1, "বুদাপেস্টে বসছেন ট্রাম্প–পুতিন", AGENCY + "\nরয়টার্স", entities=both)
    two = an_entry(2, "শীর্ষ বৈঠকের প্রস্তুতি শুরু", rewritten + "\nরয়টার্স", entities=both)

    credited, unsigned = (
        cluster(one, replace(two, summary=text))[0].links[-1] for text in (two.summary, rewritten)
    )

    assert credited.kind is LinkKind.COPY
    assert credited.parts["agency"] == 1.0
    assert 0.2 <= credited.parts["text"] < 0.5
    assert unsigned.kind is not LinkKind.COPY


def test_a_story_told_in_other_words_has_two_sources() -> None:
    entries = [
        an_entry(1, "Trump and Putin agree to meet in Budapest after call", language="en"),
        an_entry(2, "Trump, Putin agree to meet in Budapest after long call", language="en"),
    ]

    (story,) = cluster(*entries)

    assert story.links[1].kind is LinkKind.LIKE
    assert len(independent(entries, story.links)) == 2


@pytest.mark.parametrize(
    ("entry", "agency"),
    [
        (an_entry(1, author="Reuters"), "reuters"),
        (an_entry(1, author="রয়টার্স, এএফপি"), "reuters"),
        (an_entry(1, summary="মস্কো, ১৬ অক্টোবর (এএফপি) - রাশিয়ার প্রেসিডেন্ট"), "afp"),
        (an_entry(1, summary="ঢাকা, ১৬ অক্টোবর, ২০২৫ (বাসস) : প্রধান উপদেষ্টা"), "bss"),
        (an_entry(1, content="WASHINGTON (AP) — President Donald Trump said"), "ap"),
        (an_entry(1, content="МОСКВА, 16 окт — РИА Новости. Президент"), ""),
        (an_entry(1, content="МОСКВА, 16 октября. /ТАСС/. Президент России"), "tass"),
        (an_entry(1, summary="Интерфакс - Президент России"), "interfax"),
        (an_entry(1, summary="The leaders spoke on Thursday. Source: Reuters"), "reuters"),
        (an_entry(1, summary="দুই নেতা কথা বলেছেন। সূত্র: ইউএনবি"), "unb"),
        (an_entry(1, summary="A két elnök csütörtökön beszélt.\nMTI"), "mti"),
        (an_entry(1, source="UNB"), "unb"),
        (an_entry(1, summary="Bloomberg reports that the plan is dead."), ""),
        (an_entry(1, author="Rahima Khatun"), ""),
        (an_entry(1, summary="এ খবর জানিয়েছে রয়টার্স ও স্থানীয় সংবাদমাধ্যম।"), ""),
    ],
)
def test_an_agency_is_known_by_its_byline_or_line(entry: Entry, agency: str) -> None:
    assert agency_of(entry) == agency


@pytest.mark.parametrize(
    ("title", "source", "url", "bare"),
    [
        ("Summit is off - BBC News", "BBC", "https://bbc.com/1", "Summit is off"),
        ("পুতিন–ট্রাম্প বৈঠক স্থগিত | প্রথম আলো", "Prothom Alo", "", "পুতিন–ট্রাম্প বৈঠক স্থগিত"),
        ("পুতিন–ট্রাম্প বৈঠক স্থগিত - দৈনিক নীলকুঠি", "দৈনিক নীলকুঠি", "", "পুতিন–ট্রাম্প বৈঠক স্থগিত"),
        ("Саммит отложен — Полярный телеграф", "Полярный телеграф", "", "Саммит отложен"),
        ("Summit postponed for weeks - Reuters", "Google News", "", "Summit postponed for weeks"),
        ("Summit postponed - The Daily Star", "x", "https://www.thedailystar.net/1", "Summit postponed"),
        ("Summit postponed - Any Paper", "y", "https://news.google.com/rss/articles/x", "Summit postponed"),
        ("Trump to Putin - no wasted meetings", "BBC", "", "Trump to Putin - no wasted meetings"),
        ("Kremlin: talks go on", "BBC", "", "Kremlin: talks go on"),
        ("Live - BBC", "BBC", "", "Live - BBC"),
    ],
)
def test_an_outlets_name_is_no_part_of_a_title(title: str, source: str, url: str, bare: str) -> None:
    assert bare_title(an_entry(1, title, source=source, url=url)) == bare


# the same news ────────────────────────────────────────────────────────────────────────────────


def test_two_stories_about_the_same_people_stay_two() -> None:
    one = an_entry(
        1,
        "Trump and Putin agree to meet in Budapest",
        "The leaders spoke for more than two hours on Thursday.",
        language="en",
    )
    two = an_entry(
        2,
        "Zelensky arrives in Washington to ask for Tomahawks",
        "He is to see the president on Friday.",
        language="en",
    )

    assert len(cluster(one, two)) == 2


def test_titles_of_a_word_or_two_say_nothing() -> None:
    assert len(cluster(an_entry(1, "Live updates"), an_entry(2, "Live updates"))) == 2


def test_a_story_is_one_in_any_language() -> None:
    told = ("orban", "hungary", "prepare", "trump", "putin", "meeting")
    entries = [
        an_entry(1, "Hungary's Orban prepares to host summit", language="en", entities=told),
        an_entry(
            2, "Орбан готовит саммит в Венгрии", language="ru", entities=("orban", "prepare", "hungary")
        ),
        an_entry(
            3, "Orbán: készül a csúcs Magyarországon", language="hu", entities=("orban", "hungary", "prepare")
        ),
        an_entry(4, "White House says sanctions follow", language="en", entities=("white_house", "sanction")),
    ]

    stories = cluster(*noise(), *entries)

    (story,) = (one for one in stories if entries[0].id in one.entry_ids)
    assert story.entry_ids == tuple(one.id for one in entries[:3])
    kinds = {link.entry_id: link.kind for link in story.links if not link.veto}
    assert kinds[entries[1].id] is LinkKind.ACROSS


def test_a_name_stands_for_where_it_lies_and_for_whom_it_speaks_but_not_twice() -> None:
    spokesman = Entity(id="peskov", type="person", within=("kremlin",))
    other = Entity(id="ushakov", type="person", within=("kremlin",))
    one = an_entry(1, "Песков: перебудет", language="ru", entities=("peskov", "cancel"))
    two = an_entry(2, "Kremlin: so it goes on", language="en", entities=("kremlin", "cancel"))
    three = replace(two, id="3" * 32, entities=("ushakov", "cancel"))

    def entities_part(known: tuple[Entity, ...], first: Entry, second: Entry) -> float:
        clusterer = Clusterer([*ENTITIES, *known])
        clusterer.add(noise())
        return clusterer.compare(first, second).parts["entities"]

    apart = entities_part((replace(spokesman, within=()), other), one, two)
    assert entities_part((spokesman, other), one, two) > apart
    assert entities_part((spokesman, other), one, three) == apart, "neither of them says Kremlin"


def test_sharing_only_what_everybody_has_links_nothing() -> None:
    common = ("trump", "putin", "meeting")
    one = an_entry(1, "Трамп и Путин: встреча", language="ru", entities=common)
    two = an_entry(2, "ট্রাম্প ও পুতিনের বৈঠক", language="bn", entities=common)

    assert frozenset({one.id, two.id}) not in grouped(cluster(*noise(), one, two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (
            ("en", "Trump Putin summit: gas prices fall in Vienna"),
            ("en", "Trump Putin summit: students rally"),
        ),
        (("ru", "Трамп и Путин: встреча"), ("bn", "ট্রাম্প ও পুতিনের বৈঠক")),
    ],
)
def test_on_the_first_day_what_a_topic_asks_for_links_nothing(
    one: tuple[str, str], two: tuple[str, str]
) -> None:
    """Nothing was counted yet; the topic itself says that all its entries have Trump and Putin."""
    named = ("trump", "putin", "meeting")
    entries = [
        an_entry(n, title, language=language, entities=named, tags=("summit",))
        for n, (language, title) in enumerate((one, two))
    ]
    known = {entry.id: Known(topics=entry.tags) for entry in entries}
    names: dict[str, dict[str, tuple[str, ...]]] = {
        "trump": {"en": ("Trump",)},
        "putin": {"en": ("Putin",)},
        "meeting": {"en": ("summit", "meeting")},
    }
    told = [replace(entity, names=names.get(entity.id, {})) for entity in ENTITIES]
    asked = {"summit": {"@trump": 1.0, "@putin": 1.0, "@meeting": 0.8}}

    def stories(asks: dict[str, dict[str, float]]) -> int:
        return len(Clusterer(told, lambda topic: asks.get(topic, {})).add(entries, known))

    assert stories({}) == 1, "without it they look alike"
    assert stories(asked) == 2


def test_comment_is_no_part_of_the_story_it_is_about() -> None:
    news = [
        an_entry(
            n, f"Orban {verb} Trump-Putin summit in Hungary", language="en", entities=("orban", "hungary")
        )
        for n, verb in enumerate(("prepares", "prepares for"), 1)
    ]
    comment = an_entry(
        3,
        "Why Orban prepares the Trump-Putin summit in Hungary",
        language="en",
        entities=("orban", "hungary"),
    )
    asked = an_entry(
        4, "What does Orban gain from the summit in Hungary?", language="en", entities=("orban", "hungary")
    )

    assert grouped(cluster(*noise(), *news, comment, asked)) >= {
        frozenset(one.id for one in news),
        frozenset({comment.id}),
        frozenset({asked.id}),
    }


@pytest.mark.parametrize(
    ("kind", "mine", "theirs", "veto"),
    [
        (FactKind.DATE, "2025-10-17", "2025-10-20", "date: 2025-10-20 ≠ 2025-10-17"),
        (FactKind.NUMBER, "3", "40", "number: 40 ≠ 3"),
        (FactKind.PLACE, "budapest", "helsinki", "place: helsinki ≠ budapest"),
        (FactKind.DURATION, "PT2H", "PT5H", ""),
    ],
)
def test_conflicting_dates_numbers_and_places_forbid_a_link(
    kind: FactKind, mine: str, theirs: str, veto: str
) -> None:
    entries = [
        an_entry(
            1, "Orban prepares Hungary for the summit of the leaders", language="en", entities=("orban",)
        ),
        an_entry(2, "Orban readies country as leaders plan to come", language="en", entities=("orban",)),
    ]
    bounds = {
        "2025-10-17": 739541.0,
        "2025-10-20": 739544.0,
        "3": 3.0,
        "40": 40.0,
        "PT2H": 7200.0,
        "PT5H": 18000.0,
    }
    known = {
        entry.id: Known(
            facts=[
                Fact(
                    kind=kind,
                    about="meeting",
                    value=value,
                    low=bounds.get(value, 0.0),
                    high=bounds.get(value, 0.0),
                    who=("putin", "trump"),
                    span=Span(field="title", start=0, end=5, surface="Orban"),
                )
            ]
        )
        for entry, value in zip(entries, (mine, theirs), strict=True)
    }

    stories = Clusterer(ENTITIES).add([*noise(), *entries], known)

    together = frozenset(one.id for one in entries) in grouped(stories)
    refused = [link.veto for story in stories for link in story.links if link.entry_id == entries[1].id]
    assert together is (veto == "")
    assert not veto or veto in refused


def test_every_link_says_what_it_is_made_of() -> None:
    entries = [
        an_entry(1, "Orban prepares Hungary for the summit", language="en", entities=("orban", "hungary")),
        an_entry(
            90, "Hungary: Orban prepares for summit of leaders", language="en", entities=("hungary", "orban")
        ),
    ]

    stories = cluster(*noise(), *entries)

    (link,) = (
        one for story in stories for one in story.links if one.entry_id == entries[1].id and not one.veto
    )
    assert link.other_id == entries[0].id
    assert link.score > 0
    assert sum(link.parts.values()) == pytest.approx(link.score, abs=0.05)
    assert {"start", "likeness", "entities", "words", "time"} <= link.parts.keys()


def test_any_two_entries_can_be_compared() -> None:
    clusterer = Clusterer(ENTITIES)
    clusterer.add(noise())
    one = an_entry(1, "Orban prepares Hungary for the summit", language="en", entities=("orban", "hungary"))
    two = an_entry(2, "Orban prepares Hungary for summit day", language="en", entities=("orban", "hungary"))
    far = replace(two, first_seen=NOW + 2 * WINDOW)
    other = an_entry(3, "Rubio calls Lavrov", language="en", entities=("rubio", "lavrov"))

    assert not clusterer.compare(two, one).veto
    assert clusterer.compare(far, one).veto.startswith("time: ")
    assert clusterer.compare(other, one).veto.startswith("score: ")


# over days ────────────────────────────────────────────────────────────────────────────────────


def test_a_late_copy_joins_the_story_it_belongs_to_under_its_old_id() -> None:
    clusterer = Clusterer(ENTITIES)
    first, late = an_entry(1, "বুদাপেস্টে বসছেন ট্রাম্প–পুতিন", AGENCY), an_entry(600, "আড়াই ঘণ্টার ফোনালাপ", AGENCY)
    (story,) = clusterer.add([first])

    (grown,) = clusterer.add([late])

    assert grown.id == story.id == identity(first.id)
    assert grown.entry_ids == (first.id, late.id)
    assert (grown.first_seen, grown.last_seen) == (first.first_seen, late.first_seen)
    assert clusterer.add([late]) == [], "what is known changes nothing"


def test_a_story_that_was_silent_too_long_is_not_joined_any_more() -> None:
    first = an_entry(1, "বুদাপেস্টে বসছেন ট্রাম্প–পুতিন", AGENCY)
    late = replace(first, id="f" * 32, first_seen=first.first_seen + WINDOW + timedelta(hours=1))

    assert len(cluster(first, late)) == 2


def test_an_entry_seen_earlier_but_filed_later_takes_no_ones_id() -> None:
    clusterer = Clusterer(ENTITIES)
    told, earlier = an_entry(5, "ফোনালাপ শেষে বৈঠকের ঘোষণা", AGENCY), an_entry(2, "বুদাপেস্টে বসছেন", AGENCY)
    (story,) = clusterer.add([told])

    (grown,) = clusterer.add([earlier])

    assert grown.id == story.id
    assert grown.entry_ids == (earlier.id, told.id)
    assert grown.first_seen == earlier.first_seen


def test_a_crash_and_a_second_run_give_the_same_ids() -> None:
    titles = [
        "ফোনালাপ শেষে ঘোষণা",
        "মিরপুরে বাংলাদেশের জয়",
        "বুদাপেস্টে বসছেন তাঁরা",
        "দাপুটে সিরিজ জয়",
        "দুই নেতার আড়াই ঘণ্টা",
        "সাত উইকেটের উৎসব",
    ]
    entries = [an_entry(n, title, OTHER if n % 2 else AGENCY) for n, title in enumerate(titles)]
    once = Clusterer(ENTITIES).add(entries)

    before = Clusterer(ENTITIES)
    told = before.add(entries[:3])
    after = Clusterer(ENTITIES)
    by_id = {entry.id: entry for entry in entries}
    after.warm([(story, [by_id[one] for one in story.entry_ids]) for story in told])

    assert after.add(entries[3:]) == before.add(entries[3:])
    assert grouped(once) == {frozenset(one.id for one in entries[n::2]) for n in (0, 1)}
    assert Clusterer(ENTITIES).add(entries) == once


def test_what_the_store_has_of_old_entries_stays_in_the_story() -> None:
    old, young, copy = (an_entry(n, f"শিরোনাম {n}", AGENCY) for n in (1, 2, 3))
    (story,) = Clusterer(ENTITIES).add([old, young])
    later = Clusterer(ENTITIES)
    later.warm([(story, [young])])

    (grown,) = later.add([copy])

    assert grown.id == story.id
    assert grown.entry_ids == (old.id, young.id, copy.id)
    assert grown.first_seen == old.first_seen


def test_the_word_of_hands_holds() -> None:
    one, two, three = (an_entry(n, f"শিরোনাম {n}", AGENCY) for n in (1, 2, 3))
    by_hand = [Link(entry_id=e.id, kind=LinkKind.MANUAL) for e in (one, two)]
    apart = [
        Story(id="aa", entry_ids=(one.id,), first_seen=NOW, last_seen=NOW, links=(by_hand[0],)),
        Story(id="bb", entry_ids=(two.id,), first_seen=NOW, last_seen=NOW, links=(by_hand[1],)),
    ]
    clusterer = Clusterer(ENTITIES)
    clusterer.warm([(apart[0], [one]), (apart[1], [two])])

    (grown,) = clusterer.add([three])

    assert grown.id in {"aa", "bb"}
    assert grown.merged == ()
    assert len(grown.entry_ids) == 2
    earlier = an_entry(0, "আগে দেখা, পরে পাওয়া", AGENCY)
    assert all(len({one.id, two.id} & set(s.entry_ids)) == 1 for s in clusterer.add([earlier]))


def test_a_small_story_that_joins_a_larger_one_takes_its_id_though_it_is_older() -> None:
    """By the larger one's id most was told; the other's leads to it, until both turn out to be two."""
    entries = [an_entry(n, f"শিরোনাম {n}", AGENCY) for n in range(1, 6)]
    small = Story(id="aa", entry_ids=(entries[0].id,), first_seen=NOW, last_seen=NOW)
    large = replace(small, id="bb", entry_ids=tuple(one.id for one in entries[1:4]))
    clusterer = Clusterer(ENTITIES)
    clusterer.warm([(small, entries[:1]), (large, entries[1:4])])

    (grown,) = clusterer.add(entries[4:])
    (later,) = clusterer.add([an_entry(9, "শিরোনাম ৯", AGENCY)])
    (late,) = clusterer.add([an_entry(0, "আগে দেখা, পরে পাওয়া", AGENCY)])

    assert (grown.id, grown.merged) == ("bb", ("aa",))
    assert grown.entry_ids == tuple(one.id for one in entries)
    assert (later.id, later.merged) == (late.id, late.merged) == ("bb", ())


def test_parting_two_threads_gives_back_the_ids_they_had() -> None:
    reader = Reader(ENTITIES)

    def thread(name: str, *numbers: int) -> Thread:
        made = Thread(id=name)
        for number in numbers:
            filed = Filed(reader.read(an_entry(number)), made, (NOW, f"{number}"), story=name)
            join(filed, made)
        return made

    for mine, theirs, stays in (
        ("aa", "bb", "bb"),
        ("aa", "", "aa"),
        ("", "bb", "bb"),
        ("", "", ""),
    ):
        kept, other = thread(mine, 1), thread(theirs, 2, 3)
        last = Filed(reader.read(an_entry(4)), kept, (NOW, "4"))
        join(last, kept)
        merge(last, kept, other)
        assert (kept.id, len(kept.members), other.up) == (stays, 4, True)
        part(last)
        assert (kept.id, len(kept.members)) == (mine, 1)
        assert (other.id, len(other.members), other.up) == (theirs, 2, False)


def test_memory_ends_with_the_window() -> None:
    clusterer = Clusterer(ENTITIES)
    for day in range(8):
        at = NOW + timedelta(days=day)
        clusterer.add(
            [
                an_entry(
                    1000 * day + n, f"Item {day} {n} about something", first_seen=at + timedelta(seconds=n)
                )
                for n in range(600)
            ]
        )

    assert len(clusterer._log) <= 4 * 600 + 600
    assert len(clusterer._known) == len(clusterer._log)
    assert len(clusterer._namer._threads) <= len(clusterer._log)


# order ────────────────────────────────────────────────────────────────────────────────────────

WORDS = [
    "orban",
    "hungary",
    "prepares",
    "summit",
    "sanctions",
    "oil",
    "kremlin",
    "denies",
    "call",
    "cancels",
    "meeting",
    "zelensky",
    "joins",
]


@st.composite
def some_entries(draw: st.DrawFn) -> list[Entry]:
    """Entries of the window that have much in common, some of them copies; their tags are their topics."""
    entries = []
    for number in range(draw(st.integers(2, 14))):
        title = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=3, max_size=7)))
        names = draw(st.lists(st.sampled_from([e.id for e in ENTITIES]), max_size=5, unique=True))
        entries.append(
            an_entry(
                number,
                title,
                draw(st.sampled_from(["", "", AGENCY, OTHER])),
                language=draw(st.sampled_from(["en", "ru", "bn"])),
                entities=tuple(names),
                first_seen=NOW + timedelta(minutes=draw(st.integers(0, 71 * 60))),
                source=draw(st.sampled_from(["A", "B", "C", "D"])),
                tags=draw(st.sampled_from([(), (), ("summit",), ("oil",), ("oil", "summit")])),
            )
        )
    return entries


EARLIER = [an_entry(5000 + n, f"{WORDS[n % 13]} {WORDS[n % 7]} day", language="en") for n in range(220)]


def fresh(*, grown: bool) -> Clusterer:
    made = Clusterer(ENTITIES)
    if grown:
        made.learn(EARLIER)
    return made


def in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda e: (e.first_seen, e.id))


def cut(entries: list[Entry], step: int) -> list[list[Entry]]:
    return [entries[n : n + step] for n in range(0, len(entries), step)]


@settings(deadline=None)
@given(some_entries(), st.randoms(use_true_random=False), st.integers(1, 5), st.booleans())
def test_stories_do_not_depend_on_the_order_of_arrival(
    entries: list[Entry], chance: random.Random, step: int, grown: bool
) -> None:
    """In any order, in any batches, before and after enough is known of words."""
    at_once = stories_of(fresh(grown=grown), [entries])
    shuffled = chance.sample(entries, len(entries))
    one_by_one = stories_of(fresh(grown=grown), cut(shuffled, step))

    assert grouped([*one_by_one.values()]) == grouped([*at_once.values()])


@settings(deadline=None)
@given(some_entries(), st.integers(1, 5), st.integers(0, 14), st.booleans())
def test_a_restart_changes_no_story_and_no_id(
    entries: list[Entry], step: int, stop: int, grown: bool
) -> None:
    batches = cut(in_order(entries), step)
    by_id = {entry.id: entry for entry in entries}
    never_stopped = fresh(grown=grown)
    before = stories_of(never_stopped, batches[:stop])
    after = stories_of(never_stopped, batches[stop:], before)

    restarted = fresh(grown=grown)
    restarted.warm(
        [(story, [by_id[one] for one in story.entry_ids]) for story in before.values()],
        {entry.id: Known(topics=entry.tags) for entry in entries},
    )
    again = stories_of(restarted, batches[stop:], before)

    assert {name: story.entry_ids for name, story in again.items()} == {
        name: story.entry_ids for name, story in after.items()
    }


@settings(deadline=None)
@given(some_entries(), st.randoms(use_true_random=False))
def test_ids_of_stories_never_change_hands(entries: list[Entry], chance: random.Random) -> None:
    """Whatever comes late: an id is one story's for ever, or leads to the story that took it in."""
    clusterer = Clusterer(ENTITIES)
    seen: set[str] = set()
    gone: set[str] = set()
    where: dict[str, str] = {}
    for entry in chance.sample(entries, len(entries)):
        for story in clusterer.add([entry]):
            seen.add(story.id)
            gone = (gone | set(story.merged)) - {story.id}
            where.update(dict.fromkeys(story.entry_ids, story.id))
    assert set(where) == {entry.id for entry in entries}
    assert seen - gone == set(where.values())
