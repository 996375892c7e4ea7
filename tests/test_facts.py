"""Facts: what a text gives, who says it, and which values contradict each other; in every language."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

import pytest

from monitor import facts
from monitor.facts import conflicts, hedge
from monitor.model import Entry, Fact, FactKind, Said, Span, Stance
from tests.match_kit import desk, entry

H = 3600.0
THURSDAY = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)


def said(text: str, lang: str, published: datetime = THURSDAY) -> Said:
    return desk().said(entry(text, lang=lang, published=published))


def of(kind: FactKind, text: str, lang: str, published: datetime = THURSDAY) -> list[Fact]:
    return [fact for fact in said(text, lang, published).facts if fact.kind is kind]


# durations ────────────────────────────────────────────────────────────────────────────────────

DURATIONS = [
    # the text, its language, what is said to have lasted, and between which hours
    ("en", "Trump and Putin held a two-hour phone call", "phone_call", 2, 2),
    ("en", "The phone call lasted nearly two and a half hours", "phone_call", 2.25, 2.5),
    ("en", "A two-and-a-half-hour call between the presidents", "phone_call", 2.5, 2.5),
    ("en", "The call between Trump and Putin took 150 minutes", "phone_call", 2.5, 2.5),
    ("en", "Their phone call went on for more than two hours", "phone_call", 2, 3),
    ("en", "The meeting lasted about 3.5 hours", "meeting", 3.15, 3.85),
    ("en", "The meeting lasted two to three hours", "meeting", 2, 3),
    ("en", "The summit took an hour and a half", "meeting", 1.5, 1.5),
    ("en", "They met for half an hour", "meeting", 0.5, 0.5),
    ("en", "The call lasted one hour and 20 minutes", "phone_call", 4 / 3, 4 / 3),
    ("en", "The call lasted at least two hours", "phone_call", 2, 4),
    ("bn", "প্রায় আড়াই ঘণ্টা ফোনালাপ করেন ট্রাম্প ও পুতিন", "phone_call", 2.25, 2.5),
    ("bn", "ট্রাম্প–পুতিন ফোনালাপ দুই ঘণ্টার বেশি স্থায়ী হয়", "phone_call", 2, 3),
    ("bn", "২ ঘণ্টা ৩০ মিনিট ধরে চলে ফোনালাপ", "phone_call", 2.5, 2.5),
    ("bn", "দেড় ঘণ্টার বৈঠক শেষে বেরিয়ে আসেন দুই নেতা", "meeting", 1.5, 1.5),
    ("bn", "সাড়ে তিন ঘণ্টা বৈঠক করেন তাঁরা", "meeting", 3.5, 3.5),
    ("bn", "পৌনে দুই ঘণ্টার বৈঠকে কোনো সিদ্ধান্ত হয়নি", "meeting", 1.75, 1.75),
    ("bn", "সোয়া দুই ঘণ্টা বৈঠক চলে", "meeting", 2.25, 2.25),
    ("bn", "ফোনালাপটি অন্তত দুই ঘন্টা চলে", "phone_call", 2, 4),
    ("bn", "আধা ঘণ্টার বৈঠক", "meeting", 0.5, 0.5),
    ("bn", "দুই-তিন ঘণ্টার বৈঠক", "meeting", 2, 3),
    ("bn", "ঘণ্টাব্যাপী ফোনালাপ হয় দুই নেতার", "phone_call", 1, 1),
    ("ru", "Телефонный разговор продолжался два с половиной часа", "phone_call", 2.5, 2.5),
    ("ru", "Разговор Путина и Трампа длился почти 2,5 часа", "phone_call", 2.25, 2.5),
    ("ru", "Двухчасовой разговор Трампа и Путина", "phone_call", 2, 2),
    ("ru", "Встреча шла более трёх часов", "meeting", 3, 4.5),
    ("ru", "Встреча длилась около полутора часов", "meeting", 1.35, 1.65),
    ("ru", "Встреча длилась полчаса", "meeting", 0.5, 0.5),
    ("ru", "Встреча длилась два часа 40 минут", "meeting", 8 / 3, 8 / 3),
    ("ru", "Встреча длилась два-три часа", "meeting", 2, 3),
    ("uk", "Телефонна розмова тривала дві з половиною години", "phone_call", 2.5, 2.5),
    ("uk", "Розмова тривала майже п’ять годин", "phone_call", 4.5, 5),
    ("uk", "Зустріч тривала понад дві години", "meeting", 2, 3),
    ("uk", "Двогодинна зустріч президентів", "meeting", 2, 2),
    ("hu", "Két és fél órás telefonbeszélgetés Trump és Putyin között", "phone_call", 2.5, 2.5),
    ("hu", "A telefonbeszélgetés közel két és fél órán át tartott", "phone_call", 2.25, 2.5),
    ("hu", "Kétórás találkozó a Fehér Házban", "meeting", 2, 2),
    ("hu", "A találkozó mintegy 2,5 óráig tartott", "meeting", 2.25, 2.75),
    ("hu", "A találkozó több mint három órán át tartott", "meeting", 3, 4.5),
    ("hu", "Másfél órás találkozó", "meeting", 1.5, 1.5),
    ("de", "Das Telefonat dauerte fast zweieinhalb Stunden", "phone_call", 2.25, 2.5),
    ("de", "Das zweistündige Treffen in Budapest", "meeting", 2, 2),
    ("fr", "La rencontre a duré près de deux heures et demie", "meeting", 2.25, 2.5),
    ("hi", "ढाई घंटे चली बैठक", "meeting", 2.5, 2.5),
]


@pytest.mark.parametrize("lang, text, about, low, high", DURATIONS, ids=[d[1] for d in DURATIONS])
def test_how_long_it_lasted(lang: str, text: str, about: str, low: float, high: float) -> None:
    (fact,) = of(FactKind.DURATION, text, lang)

    assert fact.about == about
    assert fact.low == pytest.approx(low * H)
    assert fact.high == pytest.approx(high * H)


def test_a_duration_s_canonical_form_is_the_same_in_every_language() -> None:
    texts = {
        "en": "The call lasted nearly two and a half hours",
        "bn": "ফোনালাপ প্রায় আড়াই ঘণ্টা স্থায়ী হয়",
        "ru": "Телефонный разговор длился почти 150 минут",
        "uk": "Телефонна розмова тривала 2 години 30 хвилин",
        "hu": "Két és fél órás telefonbeszélgetés",
    }

    found = {fact.value for lang, text in texts.items() for fact in of(FactKind.DURATION, text, lang)}

    assert found == {"PT2H30M"}


@pytest.mark.parametrize(
    "lang, text",
    [
        ("en", "Two hours after the call, drones hit Kyiv"),
        ("en", "The meeting comes after the past 24 hours of strikes"),
        ("bn", "বৈঠকের দুই ঘণ্টা পর হামলা হয়"),
        ("ru", "Через два часа после встречи начался обстрел"),
        ("hu", "Két órával a találkozó után"),
    ],
)
def test_the_time_between_two_events_is_no_duration_of_either(lang: str, text: str) -> None:
    assert all(not fact.about for fact in of(FactKind.DURATION, text, lang))


def test_a_sentence_that_only_says_how_long_is_of_what_the_one_before_named() -> None:
    text = "Trump and Putin spoke in a phone call on Thursday. It lasted nearly two and a half hours."

    (fact,) = of(FactKind.DURATION, text, "en")

    assert fact.about == "phone_call"


def test_whom_a_fact_concerns_is_in_its_sentence_else_in_the_headline() -> None:
    summary = "The phone call lasted two hours, Ushakov said."
    told = desk().said(entry("Trump and Putin speak by phone", summary, "en"))

    assert {fact.who for fact in told.facts if fact.kind is FactKind.DURATION} == {("putin", "trump")}


# counts, shares, money ────────────────────────────────────────────────────────────────────────

NUMBERS = [
    ("en", "Russia fired 20 missiles at Kyiv, killing 12 people", {("missile", "20"), ("killed", "12")}),
    ("en", "At least 1,200 drones were counted", {("drone", "1200")}),
    ("en", "Three delegations arrived", {("delegation", "3")}),
    ("bn", "রাশিয়া ২০টি ক্ষেপণাস্ত্র ছুড়েছে, ১২ জন নিহত", {("missile", "20"), ("killed", "12")}),
    ("bn", "নিহত ১২ জন, আহত পঁচিশ জন", {("killed", "12"), ("injured", "25")}),
    ("bn", "দুটি প্রতিনিধিদল বৈঠকে বসবে", {("delegation", "2")}),
    ("bn", "দেড় হাজার ড্রোন", {("drone", "1500")}),
    ("ru", "Погибли 12 человек, двадцать пять ранены", {("killed", "12"), ("injured", "25")}),
    ("ru", "Россия выпустила 1 200 дронов", {("drone", "1200")}),
    ("uk", "Загинули 12 людей, випущено 20 ракет", {("killed", "12"), ("missile", "20")}),
    ("hu", "12 ember meghalt, 20 rakétát lőttek ki", {("killed", "12"), ("missile", "20")}),
]


@pytest.mark.parametrize("lang, text, expected", NUMBERS, ids=[n[1] for n in NUMBERS])
def test_how_many(lang: str, text: str, expected: set[tuple[str, str]]) -> None:
    assert {(fact.about, fact.value) for fact in of(FactKind.NUMBER, text, lang)} == expected


@pytest.mark.parametrize(
    "lang, text",
    [
        ("en", "In 2025 summits were rare"),
        ("en", "The 28-point plan"),
        ("en", "On the 17th meeting day"),
        ("bn", "এক বৈঠকে তিনি এ কথা বলেন"),
        ("bn", "২০২৫ সালের বৈঠক"),
        ("bn", "তা নয়, বৈঠক হবে"),
    ],
)
def test_years_ordinals_and_articles_count_nothing(lang: str, text: str) -> None:
    assert [fact.span.surface for fact in of(FactKind.NUMBER, text, lang)] == []


AMOUNTS = [
    ("en", "Washington pledges $100 million", "USD 100000000"),
    ("en", "It costs two and a half billion dollars", "USD 2500000000"),
    ("bn", "১০০ কোটি ডলার দেবে যুক্তরাষ্ট্র", "USD 1000000000"),
    ("bn", "আড়াই লাখ টাকা", "BDT 250000"),
    ("ru", "100 миллионов долларов", "USD 100000000"),
    ("ru", "1,5 млрд рублей", "RUB 1500000000"),
    ("uk", "100 мільйонів гривень", "UAH 100000000"),
    ("hu", "100 millió dollár", "USD 100000000"),
]


@pytest.mark.parametrize("lang, text, value", AMOUNTS, ids=[a[1] for a in AMOUNTS])
def test_how_much_money(lang: str, text: str, value: str) -> None:
    assert [fact.value for fact in of(FactKind.MONEY, text, lang)] == [value]


@pytest.mark.parametrize(
    "lang, text, value",
    [
        ("en", "Tariffs rise by 25 percent", "25"),
        ("en", "some 2.5% of GDP", "2.5"),
        ("bn", "শুল্ক বাড়ছে ২৫ শতাংশ", "25"),
        ("ru", "Пошлины вырастут на 25 процентов", "25"),
        ("ru", "2,5 % ВВП", "2.5"),
        ("hu", "25 százalékos vám", "25"),
    ],
)
def test_which_share(lang: str, text: str, value: str) -> None:
    assert [fact.value for fact in of(FactKind.SHARE, text, lang)] == [value]


# days ─────────────────────────────────────────────────────────────────────────────────────────

DAYS = [
    ("en", "Zelensky visits on 17 October", "2025-10-17"),
    ("en", "Zelensky visits on October 17, 2025", "2025-10-17"),
    ("en", "Talks on 17–18 October", "2025-10-17/2025-10-18"),
    ("en", "Talks tomorrow", "2025-10-17"),
    ("en", "They will meet next week", "2025-10-20/2025-10-26"),
    ("en", "They will meet within two weeks", "2025-10-16/2025-10-30"),
    ("en", "They met last Friday", "2025-10-10"),
    ("en", "They met two days ago", "2025-10-13/2025-10-15"),
    ("en", "The file of 2025-10-17", "2025-10-17"),
    ("en", "They meet on Thursday", "2025-10-16"),
    ("bn", "১৭ অক্টোবর হোয়াইট হাউসে যাবেন জেলেনস্কি", "2025-10-17"),
    ("bn", "১৭ই অক্টোবর বৈঠক", "2025-10-17"),
    ("bn", "অক্টোবরের ১৭ তারিখ বৈঠক", "2025-10-17"),
    ("bn", "২০২৫ সালের ১৭ অক্টোবর", "2025-10-17"),
    ("bn", "আগামী সপ্তাহে বৈঠক", "2025-10-20/2025-10-26"),
    ("bn", "দুই সপ্তাহের মধ্যে বৈঠক", "2025-10-16/2025-10-30"),
    ("bn", "আগামীকাল বৈঠক", "2025-10-17"),
    ("bn", "গত শুক্রবার বৈঠক হয়", "2025-10-10"),
    ("ru", "Встреча 17 октября", "2025-10-17"),
    ("ru", "Встреча состоится на следующей неделе", "2025-10-20/2025-10-26"),
    ("ru", "Встреча в течение двух недель", "2025-10-16/2025-10-30"),
    ("ru", "Встреча 17.10.2025", "2025-10-17"),
    ("uk", "Зустріч 17 жовтня", "2025-10-17"),
    ("uk", "Зустріч наступного тижня", "2025-10-20/2025-10-26"),
    ("hu", "Találkozó október 17-én", "2025-10-17"),
    ("hu", "Találkozó a jövő héten", "2025-10-20/2025-10-26"),
    ("hu", "Két héten belül találkoznak", "2025-10-16/2025-10-30"),
    ("de", "Treffen am 17. Oktober", "2025-10-17"),
    ("fr", "Rencontre le 17 octobre", "2025-10-17"),
    ("hi", "17 अक्टूबर को बैठक", "2025-10-17"),
]


@pytest.mark.parametrize("lang, text, value", DAYS, ids=[d[1] for d in DAYS])
def test_when(lang: str, text: str, value: str) -> None:
    assert [fact.value for fact in of(FactKind.DATE, text, lang)] == [value]


def test_a_weekday_that_says_not_which_is_either() -> None:
    (fact,) = of(FactKind.DATE, "They meet on Friday", "en")

    assert fact.value == "2025-10-10/2025-10-17"


@pytest.mark.parametrize("text", ["They may 5 times", "At 12:30 they march 3 miles", "31 November"])
def test_what_only_looks_like_a_day_is_none(text: str) -> None:
    assert of(FactKind.DATE, text, "en") == []


def test_a_day_without_its_year_is_the_nearest() -> None:
    january = datetime(2026, 1, 3, tzinfo=UTC)

    (fact,) = of(FactKind.DATE, "The talks of 20 December", "en", published=january)

    assert fact.value == "2025-12-20"


def test_late_in_the_day_today_may_be_tomorrow_in_dhaka() -> None:
    late = datetime(2025, 10, 16, 20, 0, tzinfo=UTC)

    (fact,) = of(FactKind.DATE, "আজ বৈঠক", "bn", published=late)

    assert fact.value == "2025-10-16/2025-10-17"


def test_the_day_of_a_saying_is_not_that_of_what_is_said() -> None:
    (fact,) = of(FactKind.DATE, "Trump said on Thursday that he would meet Putin", "en")

    assert fact.about == ""


@pytest.mark.parametrize("year", [1, 9999])
def test_a_publisher_s_impossible_year_breaks_nothing(year: int) -> None:
    strange = datetime(year, 6, 1, tzinfo=UTC)

    assert of(FactKind.DATE, "Talks tomorrow, next week and on 5 May", "en", published=strange) == []


# places ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "lang, text",
    [
        ("en", "Trump and Putin will meet in Budapest"),
        ("en", "The Budapest summit of Trump and Putin"),
        ("bn", "বুদাপেস্টে বৈঠকে বসবেন ট্রাম্প ও পুতিন"),
        ("ru", "Встреча Трампа и Путина пройдёт в Будапеште"),
        ("uk", "Зустріч Трампа і Путіна відбудеться в Будапешті"),
        ("hu", "Budapesten találkozik Trump és Putyin"),
        ("hu", "A budapesti csúcstalálkozó"),
    ],
)
def test_where_they_meet(lang: str, text: str) -> None:
    (fact,) = of(FactKind.PLACE, text, lang)

    assert (fact.value, fact.about, fact.within) == ("budapest", "meeting", ("hungary",))


def test_a_place_that_is_only_named_is_no_venue() -> None:
    facts_ = of(FactKind.PLACE, "Russia and Ukraine await the meeting", "en")

    assert {(fact.value, fact.about) for fact in facts_} == {("russia", ""), ("ukraine", "")}


# statements ───────────────────────────────────────────────────────────────────────────────────

STATEMENTS = [
    ("en", "Kremlin denies Trump–Putin summit was cancelled", "kremlin", "denies"),
    ("en", "Kremlin spokesman Dmitry Peskov denied reports of a delay", "peskov", "denies"),
    ("en", "The Kremlin has not denied the report", "kremlin", "says"),
    ("en", "Peskov: no date yet for a meeting", "peskov", "says"),
    ("en", "“No date has been set,” said Kremlin spokesman Dmitry Peskov", "peskov", "says"),
    ("en", "Putin is ready for talks — Kremlin", "kremlin", "says"),
    ("en", "According to Ushakov, the call was frank", "ushakov", "says"),
    ("en", "The White House confirmed the meeting", "white_house", "confirms"),
    ("en", "The White House did not confirm the meeting", "white_house", "says"),
    ("en", "White House rules out a meeting soon", "white_house", "denies"),
    ("en", "Peskov called the report false, he said", "peskov", "denies"),
    ("en", "White House press secretary Karoline Leavitt told reporters that talks go on", "leavitt", "says"),
    ("bn", "বৈঠক বাতিলের খবর নাকচ করেছেন ক্রেমলিনের মুখপাত্র দিমিত্রি পেসকভ", "peskov", "denies"),
    ("bn", "পেসকভ নাকচ করেন", "peskov", "denies"),
    ("bn", "বৈঠকের খবর অস্বীকার করেছে হোয়াইট হাউস", "white_house", "denies"),
    ("bn", "বৈঠকের খবর নাকচ ক্রেমলিনের", "kremlin", "denies"),
    ("bn", "বৈঠকের খবর অস্বীকার করেননি পেসকভ", "peskov", "says"),
    ("bn", "পুতিন প্রস্তুত বলে জানালেন ট্রাম্প", "trump", "says"),
    ("bn", "পুতিন প্রস্তুত: ট্রাম্প", "trump", "says"),
    ("bn", "বৈঠকের তথ্য নিশ্চিত করেছে ক্রেমলিন", "kremlin", "confirms"),
    ("bn", "উশাকভের মতে আলোচনা ফলপ্রসূ ছিল", "ushakov", "says"),
    ("bn", "বৈঠকের ঘোষণা ট্রাম্পের", "trump", "says"),
    ("bn", "বুদাপেস্টে বৈঠকে বসছেন ট্রাম্প, জানাল ক্রেমলিন", "kremlin", "says"),
    ("ru", "Песков опроверг сообщения об отмене встречи", "peskov", "denies"),
    ("ru", "В Кремле опровергли перенос встречи", "kremlin", "denies"),
    ("ru", "Встреча готовится, заявил пресс-секретарь президента России Дмитрий Песков", "peskov", "says"),
    ("ru", "По словам Пескова, даты нет", "peskov", "says"),
    ("ru", "Белый дом подтвердил встречу", "white_house", "confirms"),
    ("ru", "Кремль не подтвердил встречу", "kremlin", "says"),
    ("uk", "Кремль спростував скасування зустрічі", "kremlin", "denies"),
    ("uk", "Зустріч відбудеться, заявив Орбан", "orban", "says"),
    ("uk", "У Білому домі підтвердили зустріч", "white_house", "confirms"),
    ("hu", "Peszkov cáfolta a híreket", "peskov", "denies"),
    ("hu", "Peszkov nem cáfolta a híreket", "peskov", "says"),
    ("hu", "Peszkov szerint nincs időpont", "peskov", "says"),
    ("hu", "Orbán: készül a békecsúcs", "orban", "says"),
    ("hu", "Megerősítette a találkozót a Fehér Ház", "white_house", "confirms"),
    ("de", "Der Kreml dementiert Berichte über eine Absage", "kremlin", "denies"),
    ("fr", "Le Kremlin dément toute annulation", "kremlin", "denies"),
    ("hi", "क्रेमलिन ने बैठक रद्द होने की खबरों का खंडन किया", "kremlin", "denies"),
]


@pytest.mark.parametrize("lang, text, speaker, stance", STATEMENTS, ids=[s[1] for s in STATEMENTS])
def test_who_says_confirms_or_denies(lang: str, text: str, speaker: str, stance: str) -> None:
    assert (speaker, Stance(stance)) in {(one.speaker, one.stance) for one in said(text, lang).statements}


@pytest.mark.parametrize(
    "lang, text",
    [
        ("en", "Trump's envoy said the talks went well"),
        ("en", "After talks with Putin, reporters said little"),
        ("bn", "ট্রাম্পের সঙ্গে ফোনে কথা বলেছেন পুতিন"),
        ("bn", "পুতিনের মুখপাত্র বলেছেন, তারিখ ঠিক হয়নি"),
        ("ru", "Помощник Путина заявил, что встреча готовится"),
        ("ru", "Президент США заявил, что встреча готовится"),
        ("hu", "Putyin szóvivője közölte, hogy nincs időpont"),
    ],
)
def test_whom_the_text_does_not_quote_is_not_quoted(lang: str, text: str) -> None:
    assert said(text, lang).statements == ()


def test_to_refuse_an_offer_is_no_denial() -> None:
    (one,) = said("Putin rejected the offer, the Kremlin confirmed", "en").statements[:1]
    refused = said("পুতিন যুদ্ধবিরতির প্রস্তাব নাকচ করেছেন", "bn").statements

    assert one.stance is not Stance.DENIES
    assert all(two.stance is not Stance.DENIES for two in refused)


@pytest.mark.parametrize(
    "lang, title, summary, speaker, stance",
    [
        ("bn", "বৈঠকে বসছেন দুই নেতা", "কয়েক দিনের মধ্যে দেখা হবে। ইউরি উশাকভ এ কথা জানিয়েছেন।", "ushakov", "says"),
        ("bn", "বৈঠক বাতিল", "দিমিত্রি পেসকভ এই তথ্য নাকচ করেছেন।", "peskov", "denies"),
        ("ru", "Саммит отложен", "Об этом сообщил Дмитрий Песков.", "peskov", "says"),
        ("uk", "Саміт відкладено", "Про це повідомив Дмитро Песков.", "peskov", "says"),
        ("hu", "Elmarad a csúcs", "Ezt Dmitrij Peszkov közölte.", "peskov", "says"),
    ],
)
def test_who_says_this_says_the_headline(
    lang: str, title: str, summary: str, speaker: str, stance: str
) -> None:
    made = entry(title, summary, lang)
    of_title = [s for s in desk().said(made).statements if s.span.field == "title"]

    assert [(s.speaker, s.stance.value, s.span.surface) for s in of_title] == [(speaker, stance, title)]


def test_who_says_something_else_does_not_say_the_headline() -> None:
    made = entry("Саммит отложен", "Дмитрий Песков сообщил о поездке.", "ru")

    assert not [s for s in desk().said(made).statements if s.span.field == "title"]


def test_a_statement_s_span_is_its_whole_sentence() -> None:
    text = "Talks went on. Peskov denied the report. Nobody else spoke."

    (one,) = said(text, "en").statements

    assert one.span.surface == "Peskov denied the report."


# contradictions ───────────────────────────────────────────────────────────────────────────────


def shown(one: tuple[str, str], other: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the surfaces of the contradictions of two texts."""
    left, right = (said(text, lang).facts for lang, text in (one, other))
    return [(a.span.surface, b.span.surface) for a, b in conflicts(left, right)]


def test_two_hours_and_nearly_two_and_a_half_contradict_each_other_across_languages() -> None:
    two = ("bn", "ট্রাম্প ও পুতিনের দুই ঘণ্টার ফোনালাপ")
    more = ("en", "Trump and Putin spoke in a call that lasted nearly two and a half hours")
    as_much = ("ru", "Телефонный разговор Трампа и Путина длился 2,5 часа")

    assert shown(two, more) == [("দুই ঘণ্টার", "nearly two and a half hours")]
    assert shown(two, as_much) == [("দুই ঘণ্টার", "2,5 часа")]
    assert shown(more, as_much) == []


@pytest.mark.parametrize(
    "one, other",
    [
        # what may be the same is no contradiction
        (
            ("en", "Trump and Putin's call lasted two hours"),
            ("en", "Trump and Putin's call took over two hours"),
        ),
        (("en", "Trump and Putin's call lasted an hour"), ("en", "Trump and Putin's call lasted 55 minutes")),
        (("en", "Drones: 1,000 drones came"), ("en", "Drones: 1,040 drones came")),
        # other persons, other things
        (
            ("en", "Trump and Putin's call lasted two hours"),
            ("en", "Rubio and Lavrov's call lasted half an hour"),
        ),
        (
            ("en", "Trump and Putin's call lasted two hours"),
            ("en", "Trump and Putin's meeting lasted three hours"),
        ),
        (("en", "It took two hours"), ("en", "It took five hours")),
        # one lies in the other
        (("en", "Trump and Putin to meet in Budapest"), ("en", "Trump and Putin to meet in Hungary")),
        # that of the past and that to come
        (("en", "Trump and Putin met on 15 August"), ("en", "Trump and Putin will meet on 30 October")),
    ],
)
def test_what_does_not_answer_the_same_question_is_not_compared(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert shown(one, other) == []


@pytest.mark.parametrize(
    "one, other, expected",
    [
        (
            ("en", "Trump and Putin to meet in Budapest"),
            ("hu", "Moszkvában találkozik Trump és Putyin"),
            [("Budapest", "Moszkvában")],
        ),
        (
            ("en", "The strike killed 12 people"),
            ("bn", "হামলায় ১৫ জন নিহত"),
            [("killed 12 people", "১৫ জন নিহত")],
        ),
        (
            ("en", "Trump and Putin will meet on 30 October"),
            ("ru", "Трамп и Путин проведут встречу 6 ноября"),
            [("30 October", "6 ноября")],
        ),
    ],
)
def test_other_places_counts_and_days_contradict_each_other(
    one: tuple[str, str], other: tuple[str, str], expected: list[tuple[str, str]]
) -> None:
    assert shown(one, other) == expected


def test_who_gives_both_values_contradicts_neither() -> None:
    both = ("en", "Trump and Putin's call lasted two hours, by others the call lasted two and a half hours")

    assert shown(both, ("en", "Trump and Putin's call lasted two hours")) == []
    assert shown(("en", "Trump and Putin's call lasted two and a half hours"), both) == []


def test_each_pair_of_values_is_shown_once() -> None:
    twice = "Trump and Putin's call lasted two hours. The call of Trump and Putin took two hours."

    assert len(shown(("en", twice), ("en", "Trump and Putin's call lasted three hours"))) == 1


# sentences that assert nothing ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "lang, text, why",
    [
        ("en", "Will they meet in Budapest?", "question"),
        ("en", "Why they will not meet", "question"),
        ("en", "If they meet, Kyiv wants a seat", "condition"),
        ("en", "Earlier, they agreed to meet", "background"),
        ("en", "Kremlin denies that the summit is off", "denial"),
        ("en", "White House rules out a summit", ""),
        ("en", "They meet in Budapest", ""),
        ("bn", "বৈঠক কি আদৌ হবে", "question"),
        ("bn", "বৈঠক হবে কি না, জানা যায়নি", "question"),
        ("bn", "যদি তাঁরা বসেন, যুদ্ধ থামবে", "condition"),
        ("bn", "গত সপ্তাহে তাঁরা বৈঠকে বসেন", "background"),
        ("bn", "বৈঠক বাতিলের খবর নাকচ করেছেন পেসকভ", "denial"),
        ("bn", "বৈঠকের সম্ভাবনা নাকচ করেছে হোয়াইট হাউস", ""),
        ("bn", "বুদাপেস্টে বৈঠক হবে", ""),
        ("ru", "Состоится ли встреча", "question"),
        ("ru", "Если они встретятся, Киев потребует гарантий", "condition"),
        ("ru", "Ранее стороны договорились о встрече", "background"),
        ("ru", "Песков опроверг отмену встречи", "denial"),
        ("ru", "Встреча состоится", ""),
        ("uk", "Чи відбудеться зустріч", "question"),
        ("uk", "Якщо вони зустрінуться", "condition"),
        ("uk", "Минулого тижня вони домовилися", "background"),
        ("uk", "Кремль спростував скасування зустрічі", "denial"),
        ("hu", "Lesz-e csúcstalálkozó", "question"),
        ("hu", "Ha találkoznak, béke lehet", "condition"),
        ("hu", "Múlt héten megállapodtak", "background"),
        ("hu", "Peszkov cáfolta, hogy elmarad", "denial"),
        ("hu", "Budapesten találkoznak", ""),
        ("zh", "会晤将举行", ""),
        ("xx", "Anything", ""),
    ],
)
def test_why_a_sentence_asserts_nothing(lang: str, text: str, why: str) -> None:
    assert hedge(text, lang) == why


def test_a_sentence_that_names_a_day_long_past_is_background() -> None:
    text = "They agreed to meet in a call on 16 October"

    assert hedge(text, "en", datetime(2025, 10, 17, tzinfo=UTC)) == ""
    assert hedge(text, "en", datetime(2025, 10, 23, tzinfo=UTC)) == "background"


# cost ─────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = {
    "digits": "1 " * 10_000,
    "groups": "1,000" * 4_000,
    "numbers": "two hundred million " * 1_000,
    "halves": "two hours and a half " * 1_000,
    "scales": "million " * 2_500,
    "verbs": "Peskov denied Putin said Trump " * 700,
    "names": "Putin " * 3_500,
    "days": "17 October " * 1_800,
    "marks": "17 of of of of " * 1_300,
    "bengali": "প্রায় সাড়ে পৌনে আড়াই ঘণ্টা " * 700,
    "joiners": "a" + "\u200d\u0301" * 9_000,
    "one word": "ট্রাম্প" * 3_000,
    "stops": "." * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_the_cost_of_a_hostile_text_grows_with_its_length(name: str, lang: str) -> None:
    def cost(text: str) -> float:
        made = entry("", text, lang)
        spans = desk().read(made).entities
        began = time.process_time()
        facts.read(made, spans, desk().names.entities)
        return time.process_time() - began

    text = HOSTILE[name]
    cost(text[:500])
    short, whole = min(cost(text[: len(text) // 4]) for _ in range(3)), min(cost(text) for _ in range(2))

    assert whole < 14 * max(short, 0.005)  # four times the text; sixteen times the work would be quadratic
    assert whole < 2.0


def test_a_book_is_read_up_to_a_point() -> None:
    long = entry("", "Trump and Putin's call lasted two hours. " * 20_000, "en")

    told = desk().said(long)

    assert 0 < len(told.facts) <= 200
    assert all(math.isfinite(fact.high) for fact in told.facts)


def test_a_text_in_a_language_without_a_file_says_nothing() -> None:
    japanese = Entry(
        id="e", url="", title="首脳会談", first_seen=THURSDAY, source="s", feed_url="", language="ja"
    )

    assert facts.read(japanese, [], {}) == Said()


def test_spans_of_entities_that_are_not_known_are_passed_over() -> None:
    made = entry("Trump met Putin for two hours", lang="en")
    stray = Span(field="title", start=0, end=5, surface="Trump", entity="nobody")

    assert facts.read(made, [stray], {}).statements == ()
