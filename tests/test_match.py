"""What is found in which text, and the evidence for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.errors import ConfigError, QueryError
from monitor.match import Matcher
from monitor.model import Entity, LookAlike, Topic
from tests.match_kit import desk, entry, holds

# words, phrases, exact forms, prefixes

FOUND = [
    ("বৈঠক", "পুতিনের সঙ্গে বৈঠকটিকে স্বাগত", "bn"),
    ("১৭ অক্টোবর", "১৭ই অক্টোবর সফর", "bn"),
    ('"শীর্ষ সম্মেলন"', "শীর্ষ-সম্মেলনের আগে", "bn"),
    ('"শীর্ষ সম্মেলন"', "শীর্ষ \n সম্মেলনে", "bn"),
    ('"ট্রাম্প কার্ড"', "‘ট্রাম্প’ কার্ড", "bn"),
    ('"মার্কিন প্রেসিডেন্ট"', "মার্কিন প্রেসিডেন্টের", "bn"),
    ("=পুতিন", "পুতিন এলেন", "bn"),
    ("=Call", "The Call", "en"),
    ("শান্তি*", "শান্তিবাদী", "bn"),
    ("отмен*", "встречу отменили", "ru"),
    ("переговоры", "о переговорах", "ru"),
    ('"министр иностранных дел"', "министра иностранных дел", "ru"),
    ("tárgyalás", "a tárgyalásokról", "hu"),
    ("talk", "after talks", "en"),
    ("Trump", "Trumpকে বললেন", "bn"),
    ("Budapest", "Budapest-এই বৈঠক", "bn"),
    ("Ukraine", "l’Ukraine attend", "fr"),
    ("普京", "特朗普与普京将会晤", "zh"),
    ("بوتين", "ترامب وبوتين", "ar"),
    ("আলাস্কা", "অালাস্কায়", "bn"),
]
NOT_FOUND = [
    ("বৈঠক", "বৈঠকখানায়", "bn"),
    ("শান্তি", "শান্তিবাদী", "bn"),
    ("=পুতিন", "পুতিনের", "bn"),
    ("=Call", "the call", "en"),
    ('"শীর্ষ সম্মেলন"', "শীর্ষ, সম্মেলন", "bn"),
    ("ইউক্রেন", "ইউক্রেইন", "bn"),
    ("Trump", "the trumpet", "en"),
    ("Trump", "a Trumpet című lap", "hu"),
    ("war", "warm", "en"),
    ('"press conference"', "press. Conference", "en"),
]


@pytest.mark.parametrize("query, text, lang", FOUND)
def test_words_are_found_in_every_form(query: str, text: str, lang: str) -> None:
    assert holds(query, text, lang)


@pytest.mark.parametrize("query, text, lang", NOT_FOUND)
def test_other_words_are_not(query: str, text: str, lang: str) -> None:
    assert not holds(query, text, lang)


# entities and look-alikes


def found(text: str, lang: str) -> list[tuple[str, str]]:
    return [(s.surface, s.entity) for s in desk().read(entry(text, lang=lang)).entities]


@pytest.mark.parametrize(
    "text, lang, entity, surface",
    [
        ("ভ্লাদিমির পুতিনেরও আপত্তি নেই", "bn", "putin", "ভ্লাদিমির পুতিনেরও"),
        ("Trump-এর প্রস্তাব", "bn", "trump", "Trump"),
        ("ল্যাভরভের সঙ্গে", "bn", "lavrov", "ল্যাভরভের"),
        ("ট্রাম্প’র সঙ্গে", "bn", "trump", "ট্রাম্প"),
        ("ZELENSKYY ARRIVES", "en", "zelensky", "ZELENSKYY"),
        ("the U.S. side", "en", "usa", "U.S"),
        ("Donald J. Trump spoke", "en", "trump", "Donald J. Trump"),
        ("в Белом доме", "ru", "white_house", "Белом доме"),
        ("«Томагавки»", "ru", "tomahawk", "Томагавки"),
        ("диктатор путін", "uk", "putin", "путін"),
        ("Zelenszkijjel tárgyalt", "hu", "zelensky", "Zelenszkijjel"),
        ("Orbán-kormány", "hu", "orban", "Orbán"),
        ("Poutine a parlé", "fr", "putin", "Poutine"),
        ("Selenskyj in Washington", "de", "zelensky", "Selenskyj"),
        ("Putin habló con Trump", "es", "putin", "Putin"),
        ("বৈঠক নিয়ে Putin", "bn", "putin", "Putin"),
    ],
)
def test_entities_are_found_as_they_were_written(text: str, lang: str, entity: str, surface: str) -> None:
    assert (surface, entity) in found(text, lang)


@pytest.mark.parametrize(
    "text, lang, entity",
    [
        ("মেলানিয়া ট্রাম্প", "bn", "trump"),
        ("‘ট্রাম্প’ কার্ড", "bn", "trump"),
        ("ট্রাম্প-পুত্রের সফর", "bn", "trump"),
        ("Trump Tower Moscow", "en", "trump"),
        ("The Grand Budapest Hotel won", "en", "budapest"),
        ("the Budapest Memorandum’s text", "en", "budapest"),
        ("Poutine is a dish", "en", "putin"),
        ("Лососевая путина началась", "ru", "putin"),
        ("замки из песков", "ru", "peskov"),
        ("Зеленская попросила", "ru", "zelensky"),
        ("Орбан Балаж. Балажа Орбана спросили", "ru", "nobody"),
        ("Orbán Balázst idézték", "hu", "orban"),
        ("A Raszputyin című", "hu", "putin"),
        ("He trumped his rivals", "en", "trump"),
        ("they told us", "en", "american"),
        ("Er war hier", "de", "war"),
        ("il met la table", "fr", "meeting"),
        ("রাসপুতিন", "bn", "putin"),
    ],
)
def test_what_only_looks_like_an_entity_is_none(text: str, lang: str, entity: str) -> None:
    assert entity not in [e for _, e in found(text, lang)]


def test_a_claim_holds_in_its_own_language_only() -> None:
    assert holds("@putin", "Poutine veut rencontrer Trump", "fr")
    assert not holds("@putin", "Poutine and fries", "en")


def test_a_look_alike_can_be_asked_for() -> None:
    assert holds("@trump_tower AND NOT @trump", "Trump Tower was sold", "en")


def test_a_longer_name_beats_a_look_alike_within_it() -> None:
    matcher = Matcher(
        [Entity(id="x", type="person", names={"bn": ("ভ্লাদিমির পুটিন",)})],
        [LookAlike(id="y", claims={"bn": ("পুটিন",)})],
    )
    assert [s.entity for s in matcher.read(entry("ভ্লাদিমির পুটিন এলেন", lang="bn")).entities] == ["x"]
    assert matcher.read(entry("পুটিন খেলেন", lang="bn")).entities == ()


def test_misprints_count_unless_they_are_switched_off() -> None:
    trump = Entity(id="trump", type="person", names={"bn": ("ট্রাম্প",)}, typos={"bn": ("ট্রাস্প",)})
    text = entry("ট্রাস্পের সঙ্গে", lang="bn")
    assert Matcher([trump]).read(text).entities
    assert not Matcher([trump], typos=False).read(text).entities


def test_the_forms_of_an_entity_say_where_they_come_from() -> None:
    forms = {(f.text, f.language): f.source for f in desk().forms("trump")}
    assert forms["ট্রাস্প", "bn"] == "typos"
    assert forms["Трампом", "ru"] == "forms"
    assert forms["ট্রাম্প", "bn"] == "names"
    assert forms["ট্রাম্পের", "bn"] == "names, inflected"
    with pytest.raises(ConfigError, match="did you mean trump"):
        desk().forms("trumpp")


# operators


@pytest.mark.parametrize(
    "query, text, expected",
    [
        ("@putin NEAR/2 @trump", "Trump told reporters Putin called", True),
        ("@putin NEAR/1 @trump", "Trump told reporters Putin called", False),
        ("@trump THEN/2 @putin", "Trump told reporters Putin called", True),
        ("@putin THEN/2 @trump", "Trump told reporters Putin called", False),
        ("(@trump NEAR/6 @putin) NEAR/1 call", "Trump had a call with Putin", True),
        ("(@trump NEAR/6 @putin) THEN/1 call", "Trump had a call with Putin", False),
        ("(call OR meeting) THEN/1 @putin", "a meeting with Putin", True),
        ("SENTENCE(@trump @putin)", "Trump spoke. Putin listened.", False),
        ("SENTENCE(@trump @putin)", "Trump spoke, Putin listened. They left.", True),
        ("SENTENCE(@trump NOT @putin)", "Trump spoke. Putin listened.", True),
        ("2 OF (@trump, @putin, @xi)", "Xi and Putin", True),
        ("2 OF (@trump, @putin, @xi)", "Xi and Modi", False),
        ("score(@trump^2 OR @putin OR call) >= 3", "Trump's call", True),
        ("score(@trump^2 OR @putin OR call) >= 3", "Putin's call", False),
        ("@leaders", "Putin left", True),
        ("/Put[i1]n/", "PUTIN Put1n", True),
        ("/put1n/", "PUTIN Put1n", False),
        ("/put1n/i", "PUTIN Put1n", True),
        ("/^Trump/", "Trump said", True),
        ("NOT @trump", "Putin left", True),
    ],
)
def test_operators_mean_what_they_say(query: str, text: str, expected: bool) -> None:
    assert holds(query, text, "en") is expected


def test_a_danda_parts_sentences() -> None:
    assert not holds("SENTENCE(@trump @putin)", "ট্রাম্প কথা বলেছেন। পুতিন শুনেছেন।", "bn")
    assert holds("SENTENCE(@trump @putin)", "ট্রাম্প ও পুতিন কথা বলেছেন। বৃষ্টি হবে।", "bn")


def test_nothing_is_near_across_fields() -> None:
    assert not holds("@trump NEAR/5 @putin", "Meet Trump", "en", summary="Putin waits")
    assert not holds('"Trump Putin"', "Meet Trump", "en", summary="Putin waits")
    assert holds("@trump @putin", "Meet Trump", "en", summary="Putin waits")


@pytest.mark.parametrize(
    "query, expected",
    [
        ("title:trump", True),
        ("title:putin", False),
        ("summary:putin", True),
        ("body:budapest", True),
        ("body:trump", False),
        ("title:(trump OR putin)", True),
        ("author:writer", True),
        ("source:example", True),
        ('source:"Daily Example"', True),
        ("source:aily", False),
        ("feed:news.test", True),
        ("url:/1", True),
        ("lang:en", True),
        ("lang:bn", False),
        ("country:hu", True),
        ("tag:diplomacy", True),
        ("date:2025-10-16..2025-10-20", True),
        ("date:2025-10-17", True),
        ("date:..2025-10-16", False),
        ("date:2025-10-18..", False),
    ],
)
def test_fields_ask_the_entry(query: str, expected: bool) -> None:
    news = entry(
        "Trump speaks",
        "Putin listens",
        "en-GB",
        content="in Budapest",
        author="A. Writer",
        country="HU",
        tags=("World", "Diplomacy"),
        published=datetime(2025, 10, 17, 23, 30, tzinfo=UTC),
    )
    assert desk().find(query).evidence(news).matched is expected


# evidence


def test_evidence_is_what_the_publisher_wrote_with_its_place() -> None:
    title = "ট্রা\u200cম্পের সঙ্গে পু\u00adতিনের বৈঠক"
    evidence = desk().find("@trump NEAR/2 @putin বৈঠক").evidence(entry(title, lang="bn"))
    assert [(s.surface, s.term, s.entity) for s in evidence.spans] == [
        ("ট্রা\u200cম্পের", "@trump", "trump"),
        ("পু\u00adতিনের", "@putin", "putin"),
        ("বৈঠক", "বৈঠক", ""),
    ]
    assert all(title[s.start : s.end] == s.surface for s in evidence.spans)
    assert [c.text for c in evidence.clauses] == ["@trump NEAR/2 @putin", "বৈঠক"]


def test_regular_expressions_give_evidence_in_the_text_too() -> None:
    title = "র\u09beশিয়\u09be ও Tomahawk-2"
    (span,) = desk().find(r"/Toma\w+-\d/").evidence(entry(title)).spans
    assert title[span.start : span.end] == span.surface == "Tomahawk-2"


def test_words_in_the_title_weigh_more() -> None:
    query = desk().find("@trump AND @putin")
    high = query.evidence(entry("Trump and Putin", lang="en")).score
    assert high > query.evidence(entry("Trump speaks", "Putin waits", "en")).score > 0


@pytest.mark.parametrize(
    "query, title, lang, note",
    [
        ("@putin NEAR/12 @summit", "পুতিন কাজানে", "bn", "পুতিন found, no @summit within 12 words"),
        ("@trump NEAR/1 @putin", "Trump said that Putin called", "en", "2 words apart, not within 1"),
        ("@trump THEN/9 @putin", "Putin called Trump", "en", "not in this order in one field"),
        ("@trump", "Trump Tower", "en", "Trump Tower is @trump_tower"),
        ("title:putin", "Kremlin", "en", ""),
        ("SENTENCE(@trump @putin)", "Trump left. Putin came.", "en", "not in one sentence"),
        ("NOT @trump", "Trump left", "en", "Trump found"),
        ("lang:bn", "Trump left", "en", "the lang is en"),
        ("2 OF (@trump, x1, y1)", "Trump left", "en", "1 of 2 found: @trump"),
        ("score(@trump^2 OR x1) >= 3", "Trump left", "en", "the score is 2, less than 3"),
        ("date:2030-01-01..", "Trump left", "en", "the day is 2025-10-17"),
        ("tomahawk", "Tomahok missiles", "en", "the nearest is tomahok"),
        ("/xyz/", "Trump left", "en", "nothing fits it"),
    ],
)
def test_a_miss_names_the_clause_and_the_nearest_thing(query: str, title: str, lang: str, note: str) -> None:
    explanation = desk().explain(entry(title, lang=lang), query=query)
    (clause,) = explanation.topics[query].clauses
    assert not clause.matched
    assert note in clause.note


def test_explain_tells_of_every_topic_or_of_one() -> None:
    news = entry("Putin arrives in Kazan", lang="en")
    assert set(desk().explain(news).topics) == set(desk().topics)
    assert set(desk().explain(news, topic="call").topics) == {"call"}
    assert not desk().explain(news).topics["tomahawk"].matched
    with pytest.raises(ConfigError, match="did you mean venue"):
        desk().explain(news, topic="venu")
    with pytest.raises(QueryError):
        desk().explain(news, query="@nobody")


def test_explain_shows_what_was_claimed() -> None:
    explanation = desk().explain(entry("Trump Tower in Moscow", lang="en"))
    assert [s.surface for s in explanation.look_alikes] == ["Trump Tower"]
    assert [s.entity for s in explanation.entities] == ["moscow"]


# reading


def test_reading_gives_topics_entities_and_the_key() -> None:
    reading = desk().read(entry("Trump meets Putin in Budapest", "ট্রা\u200cম্প 普京", "en", id="x", revision=3))
    first = reading.matches[0]
    assert (first.topic, first.entry_id, first.revision) == ("trump-putin-summit", "x", 3)
    assert first.evidence.matched
    assert reading.key == "trump meets putin in budapest\nট্রাম্প  普  京 \n"
    assert {"trump", "putin", "budapest"} <= {s.entity for s in reading.entities}


def test_the_same_entry_always_reads_the_same() -> None:
    news = entry("Trump meets Putin in Budapest", "Orbán hosts", "en")
    assert desk().read(news) == desk().read(news)


def test_all_wrong_topics_are_named_at_once() -> None:
    topics = [Topic(id="a", query="@nobody"), Topic(id="b", query="x"), Topic(id="c", query="(x")]
    with pytest.raises(ConfigError) as caught:
        Matcher([], [], {}, topics)
    assert [m.key for m in caught.value.mistakes] == ["a", "c"]


def test_an_empty_matcher_reads() -> None:
    assert Matcher([]).read(entry("Trump")).matches == ()


# search


@pytest.mark.parametrize(
    "query, necessary",
    [
        ("putin", '"putin" *'),
        ("পুতিন AND বৈঠক", '"পুতিন" * AND "বৈঠক" *'),
        ("=Putin", '"putin"'),
        ("tomah*", '"tomah" *'),
        ("a1 OR b1", '"a1" * OR "b1" *'),
        ("a1 AND NOT b1", '"a1" *'),
        ("NOT b1", ""),
        ("a1 OR NOT b1", ""),
        ("lang:bn", ""),
        ("/x/ AND a1", '"a1" *'),
        ("title:(a1 NEAR/3 b1)", '"a1" * AND "b1" *'),
        ("2 OF (a1, b1)", '"a1" * AND "b1" *'),
        ("1 OF (a1, b1)", '"a1" * OR "b1" *'),
        ("普京", '"普 京"'),
        ("@truth_social_nothing OR a1", None),
    ],
)
def test_the_index_is_asked_for_what_must_be_there(query: str, necessary: str | None) -> None:
    if necessary is None:
        with pytest.raises(QueryError):
            desk().find(query)
    else:
        assert desk().find(query).necessary == necessary


def test_a_russian_word_is_looked_for_by_its_stem() -> None:
    assert desk().find("встреча").necessary == '"встреч" *'


# advice


def test_lint_finds_what_cannot_match_and_what_says_nothing() -> None:
    def kinds(query: str) -> set[str]:
        return {f.kind for f in desk().lint([Topic(id="t", query=query)])}

    assert kinds("kazan AND NOT kazan") == {"never"}
    assert kinds("kazan NEAR/3 kazan") == {"never"}
    assert kinds("lang:bn lang:en kazan") == {"never"}
    assert kinds("@trump OR (@trump AND kazan)") == {"subsumed"}
    assert kinds("@leaders OR @trump") == {"subsumed"}
    assert kinds("kaz* OR kazan") == {"explodes", "subsumed"}
    assert kinds("kazan and moscow") == {"ambiguous"}
    assert kinds("(") == {"unread"}
    assert kinds("@trump AND @putin") == set()
    missing = desk().lint([Topic(id="t", query="@witkoff", title={"zh": "特使"})])
    assert [f.kind for f in missing] == ["no-form"]


def test_two_entities_of_one_name_are_pointed_out() -> None:
    both = [Entity(id=i, type="person", names={"en": ("Orban",)}) for i in ("orban", "gunfounder")]
    findings = Matcher(both).lint([Topic(id="t", query="@orban")])
    assert [f.kind for f in findings] == ["ambiguous"]


def test_the_shipped_topics_have_no_faults() -> None:
    assert desk().lint() == []


def test_new_spellings_beside_known_names_are_listed_for_a_person() -> None:
    news = [
        entry("ট্রাষ্পের সঙ্গে পুতিনের বৈঠক", lang="bn"),
        entry("পুতিন ও ট্রাষ্প", lang="bn"),
        entry("রুবি পাথরের দাম", lang="bn"),
        entry("রুবি ও পুতিন", lang="bn"),
        entry("রুবি নিয়ে পুতিন", lang="bn"),
    ]
    (miss,) = desk().near_misses(news)
    assert (miss.spelling, miss.entity, miss.name, miss.count) == ("ট্রাষ্প", "trump", "ট্রাম্প", 2)
    assert not desk().read(news[1]).matches or "trump" not in {
        s.entity for s in desk().read(news[1]).entities
    }


# bad input


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800 Trump \udfff",
        "ꓕ𐤀𓀀",
        "ᠮᠣᠩᠭᠣᠯ",
        "🙂" * 100,
        "\u0301\u0301",
        "'" * 50,
        "-" * 50,
        "ৗ",
        "্",
    ],
)
def test_any_text_of_a_publisher_gets_an_answer(text: str) -> None:
    desk().read(entry(text, text, "bn"))
    desk().explain(entry(text, text, "und"), query="@trump NEAR/3 /x+/ OR trump")


def test_five_megabytes_of_names_are_read() -> None:
    reading = desk().read(entry("News", "Trump and Putin meet in Budapest. " * 50_000, "en"))
    assert {m.topic for m in reading.matches} >= {"trump-putin-summit", "venue"}
    noise = "শহরের বাজারে আজ পেঁয়াজের দাম কমেছে। " * 130_000
    assert desk().read(entry("News", noise + "পুতিন", "bn")).entities


def test_a_regular_expression_cannot_hang_the_daemon() -> None:
    assert not holds(r"/(a+)+$/", "a" * 50_000 + "!", "en")
