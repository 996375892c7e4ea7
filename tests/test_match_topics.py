"""The shipped topics: on sentences written for the project, and on labelled real headlines where they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.errors import ConfigError, QueryError
from monitor.match import Matcher, evaluate, wilson
from monitor.model import Entity, Topic
from tests.match_cases import convert, query
from tests.match_kit import SHARED, desk, entry

SUMMIT = {
    "hu": (
        [
            "Trump és Putyin Budapesten találkozik",
            "Két és fél órán át telefonált Trump és Putyin",
            "Putyinnal egyeztetett telefonon Donald Trump amerikai elnök",
            "Orbán: Budapest készen áll a Trump–Putyin-csúcstalálkozóra",
            "Budapesten lehet a következő Trump–Putyin-csúcs",
            "Peszkov: nincs még időpontja Putyin és Trump találkozójának",
            "Trump a Truth Socialon írt a Putyinnal folytatott beszélgetéséről",
            "Lavrov és Rubio készíti elő a budapesti csúcstalálkozót",
            "Elhalasztották a budapesti Trump−Putyin-csúcsot",
            "Trump két héten belül találkozna Putyinnal",
        ],
        [
            "Orbán Viktor Putyinnal találkozott Moszkvában",
            "Trump fogadta Zelenszkijt a Fehér Házban",
            "Witkoff Putyinnal tárgyalt a Kremlben",
            "Trump és Hszi Csin-ping csúcstalálkozója Puszanban",
            "A Grand Budapest Hotel vetítése elmarad",
            "Putyin születésnapján Trumpot is megemlítették",
            "Orbán: Trump és Putyin is jó barátunk, de a rezsi a fontos",
            "Putyin és Hszi Pekingben tárgyalt, Trump figyelt",
        ],
    ),
    "uk": (
        [
            "Трамп і Путін зустрінуться в Будапешті",
            "Трамп поговорив з Путіним телефоном дві з половиною години",
            "Розмова Трампа з Путіним була дуже продуктивною, заявили у США",
            "Орбан пообіцяв безпечні умови для саміту Трампа і Путіна",
            "Ушаков: підготовка зустрічі Путіна і Трампа почнеться невідкладно",
            "Рубіо і Лавров обговорять підготовку саміту",
            "Саміт у Будапешті: що відомо про зустріч Путіна з Трампом",
            "Кремль: дату саміту Путіна і Трампа ще не визначено",
            "Як путін прилетить до Будапешта: маршрут літака",
            "Трамп написав у Truth Social про розмову з Путіним",
        ],
        [
            "Зеленський зустрівся з Трампом у Білому домі",
            "Віткофф зустрівся з Путіним у Москві",
            "Путін привітав Сі Цзіньпіна, Трамп промовчав",
            "Трамп заявив про можливу зустріч Путіна і Зеленського",
            "Саміт ЄС у Брюсселі: про що говорили лідери",
            "Орбан поїхав до Путіна",
        ],
    ),
    "bn": (
        [
            "বুদাপেস্টে বৈঠকে বসছেন ট্রাম্প-পুতিন",
            "পুতিনের সঙ্গে আড়াই ঘণ্টা ফোনে কথা বললেন ট্রাম্প",
            "ট্রাম্পের সঙ্গে বৈঠকে রাজি পুতিন",
            "হাঙ্গেরিতে পুতিনের সঙ্গে বৈঠক করবেন ট্রাম্প",
            "ট্রাম্প–পুতিন শীর্ষ সম্মেলন স্থগিত",
            "পুতিনের সঙ্গে শিগগিরই বৈঠকের ঘোষণা ট্রাম্পের",
            "ট্রাম্প ও পুতিনের মধ্যে টেলিফোন আলাপ",
            "মার্কিন প্রেসিডেন্ট ডোনাল্ড ট্রাম্পের সঙ্গে রাশিয়ার প্রেসিডেন্ট ভ্লাদিমির পুতিনের বৈঠক বাতিল",
            "বুদাপেস্ট সম্মেলনের প্রস্তুতি নিয়ে লাভরভ-রুবিওর ফোনালাপ, থাকবেন ট্রাম্প ও পুতিন",
            "পুতিনের সাথে সাক্ষাৎ নিয়ে তাড়াহুড়ো নেই: ট্রাম্প",
        ],
        [
            "ট্রাম্পের দূত উইটকফের সঙ্গে পুতিনের বৈঠক",
            "হোয়াইট হাউসে ট্রাম্প-জেলেনস্কি বৈঠক",
            "ট্রাম্পকে নিয়ে সংবাদ সম্মেলনে যা বললেন পুতিন",
            "ট্রাম্প-শি বৈঠকে নজর পুতিনের",
            "পুতিনের সঙ্গে মোদির বৈঠক, শুল্ক নিয়ে চাপে ট্রাম্প",
            "পুতিন–জেলেনস্কি বৈঠক চান ট্রাম্প",
        ],
    ),
    "ru": (
        [
            "Трамп и Путин договорились встретиться в Будапеште",
            "Путин и Трамп поговорили по телефону два с половиной часа",
            "Песков: встреча Путина и Трампа в Будапеште требует подготовки",
            "Саммит в Будапеште отложен, заявил Трамп",
            "Ушаков рассказал о разговоре Путина с Трампом",
            "Орбан назвал дату саммита Путина и Трампа",
            "Лавров и Рубио обсудили подготовку саммита",
            "Трамп не видит смысла во встрече с Путиным",
            "Белый дом: планов встречи Трампа с Путиным пока нет",
            "Путин позвонил Трампу накануне визита Зеленского",
            "Как Путин может долететь до Будапешта",
        ],
        [
            "Уиткофф прилетел в Москву на встречу с Путиным",
            "Трамп и Зеленский встретились в Белом доме",
            "Трамп встретится с Си Цзиньпином в Южной Корее",
            "Путин поговорил с Нетаньяху",
            "Трамп ввёл санкции против «Роснефти», Путин ответил",
            "Орбан встретился с Трампом в Вашингтоне",
            "Трамп допустил встречу Путина и Зеленского",
        ],
    ),
    "en": (
        [
            "Trump, Putin to meet in Budapest after 'productive' call",
            "Trump says he'll meet Putin in Hungary within two weeks",
            "Budapest summit shelved as Kremlin refuses ceasefire",
            "Trump scraps Putin meeting over 'waste of time'",
            "Orbán promises safe passage for Putin to Budapest summit",
            "Rubio and Lavrov discuss next steps before Budapest summit",
            "No plans for Trump to meet Putin in immediate future, White House says",
            "Kremlin: no date yet for Putin-Trump summit",
            "How could Putin fly to Budapest?",
            "What to expect when Trump meets Putin in Budapest",
            "Trump puts Putin summit on hold",
            "Kremlin aide Ushakov says Trump proposed Budapest in call with Putin",
            "EU wary as Hungary to host Trump and Putin",
            "Trump: I don't want a wasted meeting with Putin",
            "Zelensky says he is ready to join Trump and Putin in Budapest",
        ],
        [
            "Trump to meet Xi in South Korea next week",
            "Zelensky arrives at White House seeking Tomahawks from Trump",
            "Witkoff meets Putin for five hours in Moscow",
            "Trump sanctions Rosneft, says Putin not honest",
            "Orbán meets Trump at White House to discuss Russian oil",
            "Hungary's Orban to meet Putin in Moscow, Trump envoy expected",
            "Putin oversees nuclear drill",
            "Trump calls Putin 'crazy'",
            "Putin and Modi speak by phone as Trump raises tariffs",
            "Trump Jr speaks at Budapest conference on Putin era",
            "Tomahawk decision: Trump weighs escalation with Putin",
        ],
    ),
    "de": (
        [
            "Trump und Putin wollen sich in Budapest treffen",
            "Trump telefoniert mit Putin: Gipfel in Budapest geplant",
            "Treffen von Trump und Putin abgesagt",
        ],
        [
            "Selenskyj trifft Trump im Weißen Haus",
        ],
    ),
    "fr": (
        [
            "Trump et Poutine vont se rencontrer à Budapest",
            "Le sommet entre Trump et Poutine reporté",
            "Appel téléphonique entre Donald Trump et Vladimir Poutine",
        ],
        [
            "Poutine et Xi à Pékin",
        ],
    ),
}
"""For each language what belongs to the summit, and what does not: envoys, other pairs, other summits."""


def topics(title: str, lang: str, summary: str = "") -> set[str]:
    return {m.topic for m in desk().read(entry(title, summary, lang)).matches}


@pytest.mark.parametrize("lang, text", [(lang, t) for lang, (yes, _) in SUMMIT.items() for t in yes])
def test_news_of_the_summit_is_found(lang: str, text: str) -> None:
    assert "trump-putin-summit" in topics(text, lang)


@pytest.mark.parametrize("lang, text", [(lang, t) for lang, (_, no) in SUMMIT.items() for t in no])
def test_news_that_only_looks_like_it_is_not(lang: str, text: str) -> None:
    assert "trump-putin-summit" not in topics(text, lang)


SUB_TOPICS = [
    ("call", "bn", "পুতিনের সঙ্গে ট্রাম্পের আড়াই ঘণ্টা ফোনালাপ"),
    ("call", "en", "Putin and Trump speak by phone for two and a half hours"),
    ("call", "ru", "Путин и Трамп поговорили по телефону"),
    ("call", "uk", "Трамп і Путін поговорили телефоном"),
    ("call", "hu", "Trump és Putyin telefonon beszélt"),
    ("venue", "bn", "ট্রাম্প-পুতিন বৈঠক হবে বুদাপেস্টে"),
    ("venue", "en", "Orbán offers Budapest for Trump-Putin summit"),
    ("venue", "ru", "Орбан готовит саммит Путина и Трампа в Будапеште"),
    ("venue", "uk", "Зустріч Трампа і Путіна буде в Будапешті"),
    ("venue", "hu", "Budapesten találkozik Trump és Putyin"),
    ("preparation", "bn", "রুবিও ও লাভরভের ফোনালাপ"),
    ("preparation", "en", "Delegations to prepare Putin meeting next week"),
    ("preparation", "ru", "Рубио и Лавров созвонились"),
    ("preparation", "uk", "Розмова Лаврова і Рубіо"),
    ("preparation", "hu", "Lavrov és Rubio egyeztetett"),
    ("ceasefire", "bn", "ইউক্রেনে যুদ্ধবিরতি নিয়ে আলোচনা"),
    ("ceasefire", "en", "Kremlin rejects ceasefire"),
    ("ceasefire", "ru", "Прекращение огня на Украине"),
    ("ceasefire", "uk", "Припинення вогню в Україні"),
    ("ceasefire", "hu", "Tűzszünetről tárgyalt Zelenszkij"),
    ("tomahawk", "bn", "ইউক্রেনকে টমাহক দেবে যুক্তরাষ্ট্র"),
    ("tomahawk", "en", "Peskov: Tomahawks would be an escalation"),
    ("tomahawk", "ru", "Песков предупредил о поставках «Томагавков»"),
    ("tomahawk", "uk", "Зеленський просить «Томагавки»"),
    ("tomahawk", "hu", "Tomahawk rakétákat kér Ukrajna"),
    ("zelensky-visit", "bn", "হোয়াইট হাউসে যাচ্ছেন জেলেনস্কি"),
    ("zelensky-visit", "en", "Zelenskyy due at White House on Friday"),
    ("zelensky-visit", "ru", "Зеленский прибыл в Белый дом"),
    ("zelensky-visit", "uk", "Зеленський у Білому домі"),
    ("zelensky-visit", "hu", "Zelenszkij a Fehér Házba látogat"),
]


@pytest.mark.parametrize("topic, lang, text", SUB_TOPICS)
def test_every_sub_topic_is_found_in_the_languages_of_the_event(topic: str, lang: str, text: str) -> None:
    assert topic in topics(text, lang)


@pytest.mark.parametrize(
    "text, lang",
    [
        ("The city council approved a budget for schools", "en"),
        ("পেঁয়াজের দাম কমেছে", "bn"),
        ("Сборная выиграла матч", "ru"),
        ("Gaza ceasefire talks resume in Cairo", "en"),
    ],
)
def test_other_news_is_of_no_topic(text: str, lang: str) -> None:
    assert topics(text, lang) == set()


# evaluation


def test_precision_recall_and_their_intervals_are_counted_by_language_source_tag_and_topic() -> None:
    cases: list[dict[str, Any]] = [
        {"id": 1, "lang": "en", "title": "Trump meets Putin", "topic": "trump-putin-summit", "expect": True},
        {"id": 2, "lang": "en", "text": "Trump left", "query": "@trump", "expect": False, "tags": ["x", "y"]},
        {"id": 3, "lang": "bn", "text": "পুতিন", "query": "@putin", "expect": True, "source": "S"},
        {
            "id": 4,
            "lang": "bn",
            "text": "<p>পু<b>তিন</b></p>",
            "format": "html",
            "query": "@putin",
            "expect": True,
        },
        {"id": 5, "lang": "bn", "text": "-", "query": "@putin", "expect": True},
        {"id": 6, "lang": "bn", "text": "-", "query": "@putin", "expect": False},
        {"id": 7, "lang": "bn", "text": "-", "query": "@putin", "label": "borderline"},
    ]
    result = evaluate(cases, desk())
    assert (result["cases"], result["borderline"]) == (6, 1)
    assert result["precision"] == result["recall"] == 0.75
    assert result["f1"] == 0.75
    assert result["accuracy"] == pytest.approx(4 / 6)
    assert result["wrong"] == [
        {"id": 2, "expect": False, "got": True},
        {"id": 5, "expect": True, "got": False},
    ]
    assert set(result["by"]) == {"lang", "source", "tag", "topic"}
    assert result["by"]["lang"]["en"]["cases"] == 2
    assert result["by"]["tag"]["x"]["precision"] == 0
    assert result["by"]["topic"]["trump-putin-summit"]["recall"] == 1
    low, high = result["ci"]["recall"]
    assert 0 < low < 0.75 < high < 1


def test_labels_are_judged_by_the_topic_that_is_given() -> None:
    cases = [
        {"id": "a", "lang": "en", "title": "Trump meets Putin", "summary": "", "label": "relevant"},
        {"id": "b", "lang": "en", "title": "Trump meets Xi", "summary": "", "label": "not"},
    ]
    assert evaluate(cases, desk(), topic="trump-putin-summit")["accuracy"] == 1


def test_wilsons_interval_is_the_textbooks() -> None:
    assert wilson(81, 263) == pytest.approx([0.2553, 0.3662], abs=5e-4)
    assert wilson(0, 0) == [0, 1]


def test_a_case_that_cannot_be_judged_is_an_error() -> None:
    with pytest.raises(ConfigError, match="neither expect nor label"):
        evaluate([{"id": 1, "text": "x", "query": "x"}], desk())
    with pytest.raises(ConfigError, match="no query and no topic"):
        evaluate([{"id": 1, "text": "x", "expect": True}], desk())
    with pytest.raises(ConfigError, match="no such topic"):
        evaluate([{"id": 1, "text": "x", "expect": True, "topic": "nothing"}], desk())
    with pytest.raises(QueryError):
        evaluate([{"id": 1, "text": "x", "expect": True, "query": "("}], desk())


def test_a_rule_becomes_a_query() -> None:
    rule = {
        "all": ["@trump", "=X", "a b"],
        "any": ["c", "d*"],
        "none": ["e"],
        "near": {"terms": ["@putin", "f"], "words": 4},
    }
    assert query(rule) == '@trump AND =X AND "a b" AND (c OR d*) AND (@putin NEAR/4 f) AND NOT (e)'


# labelled cases that come with the research, not with the project

needs_cases = pytest.mark.skipif(not SHARED.exists(), reason="the research data is not beside the checkout")


def _lines(name: str) -> list[str]:
    return (SHARED / name).read_text(encoding="utf-8").splitlines()


@needs_cases
def test_ninety_nine_of_a_hundred_sentence_cases_are_right() -> None:
    result = evaluate(
        [c for c in convert(_lines("matching_public.jsonl")) if "stretch" not in c["tags"]], desk()
    )
    assert result["accuracy"] >= 0.99, result["wrong"]
    for tag in ("nfc", "zero-width", "html"):
        assert result["by"]["tag"][tag]["accuracy"] == 1


@needs_cases
def test_real_headlines_of_the_summit_are_told_from_its_neighbours() -> None:
    cases = [json.loads(line) for line in _lines("labels/summit_public.jsonl")]
    result = evaluate(cases, desk(), topic="trump-putin-summit")
    for lang in ("en", "ru"):
        assert result["by"]["lang"][lang]["precision"] >= 0.92
        assert result["by"]["lang"][lang]["recall"] >= 0.92
    bengali = {c["id"] for c in cases if c["lang"] == "bn"}
    wrong = [w for w in result["wrong"] if w["id"] in bengali]
    assert sum(w["expect"] for w in wrong) <= 1
    assert sum(not w["expect"] for w in wrong) <= 3


# what a topic asks for ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("@a @b", {"@a": 1.0, "@b": 1.0}),
        ("@a AND (@b OR @c)", {"@a": 1.0, "@b": 0.5, "@c": 0.5}),
        ("@a @b OR @a Flood", {"@a": 1.0, "@b": 0.5, "flood": 0.5}),
        ("@a NOT @b", {"@a": 1.0}),
        ("@pair", {"@a": 0.5, "@b": 0.5}),
        ("SENTENCE(@a NEAR/3 @b)", {"@a": 1.0, "@b": 1.0}),
        ("2 OF (@a, @b, @c)", {"@a": 2 / 3, "@b": 2 / 3, "@c": 2 / 3}),
        ("score(@a^2 OR @b) >= 2", {"@a": 0.5, "@b": 0.5}),
        ('"rising sea" source:Alo', {"rising": 1.0, "sea": 1.0}),
        ("title:বন্যা /x+/ date:2025-10-16", {"বন্যা": 1.0}),
    ],
)
def test_what_a_topic_asks_for_is_read_off_its_query(query: str, asked: dict[str, float]) -> None:
    entities = [Entity(id=one, names={"en": (one.upper() * 3,)}) for one in "abc"]
    matcher = Matcher(entities, (), {"pair": ("a", "b")}, [Topic(id="t", title={}, query=query)])
    assert matcher.asked("t") == pytest.approx(asked)
    assert matcher.asked("unknown") == {}
