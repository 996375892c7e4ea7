from __future__ import annotations

import pytest

from monitor import languages
from monitor.text import key

FORMS = {
    ("bn", "পুতিন"): "পুতিনের পুতিনকে পুতিনে পুতিনেরও পুতিনকেই পুতিনেরা পুতিনদের পুতিনপন্থী পুতিনসহ",
    ("bn", "রাশিয়া"): "রাশিয়ার রাশিয়ায় রাশিয়াকে রাশিয়াতে রাশিয়াই রাশিয়াসহ রাশিয়াপন্থী",
    ("bn", "রুবিও"): "রুবিওর রুবিওকে",
    ("bn", "সাক্ষাৎ"): "সাক্ষাতে সাক্ষাতের সাক্ষাৎকে",
    ("bn", "বৈঠক"): "বৈঠকে বৈঠকের বৈঠকটি বৈঠকটিকে বৈঠকগুলো বৈঠকগুলোর",
    ("bn", "ইউক্রেন"): "ইউক্রেনজুড়ে ইউক্রেনবাসীর ইউক্রেনযুদ্ধ",
    ("bn", "বেইজিং"): "বেইজিংয়ে বেইজিংয়ের বেইজিংকে",
    ("bn", "17"): "17ই",
    ("hu", "Trump"): "Trumppal Trumpnál Trumpnak Trumpot Trumptól Trumpra",
    ("hu", "Putyin"): "Putyinnal Putyinnak Putyint Putyinra Putyinnál Putyintól",
    ("hu", "Lavrov"): "Lavrovval",
    ("hu", "Zelenszkij"): "Zelenszkijjel Zelenszkijnek",
    ("hu", "Rubio"): "Rubióval Rubiónak",
    ("hu", "Moszkva"): "Moszkvában Moszkvát Moszkvából",
    ("hu", "Kreml"): "Kremllel Kremlben",
    ("hu", "csúcs"): "csúcson csúcsról csúccsal csúcsot",
    ("hu", "csúcstalálkozó"): "csúcstalálkozót csúcstalálkozóra csúcstalálkozója csúcstalálkozóját",
    ("hu", "tűzszünet"): "tűzszünetért tűzszünetről tűzszünetet",
    ("hu", "Budapest"): "Budapesten Budapestre budapesti",
    ("en", "missile"): "missiles",
    ("en", "city"): "cities",
    ("en", "cancel"): "cancels cancelled canceled cancelling",
    ("en", "talk"): "talks talked talking",
    ("ru", "саммит"): "саммита саммиту саммитом саммите саммиты саммитов",
    ("ru", "встреча"): "встречи встрече встречу встречей встреч встречами",
    ("ru", "российский"): "российского российскому российским российские российских",
    ("ru", "делегация"): "делегации делегацию делегаций делегациями",
    ("ru", "посланец"): "посланца посланцем",
    ("ru", "отменить"): "отменил отменили отменит отменён отменено",
    ("ru", "встретиться"): "встретился встретились встретится встретятся",
    ("uk", "саміт"): "саміту самітом саміті саміти самітів",
    ("uk", "зустріч"): "зустрічі зустріччю зустрічей",
    ("uk", "Аляска"): "Аляски Алясці Аляску",
    ("uk", "зустрітися"): "зустрілися",
    ("de", "Rakete"): "Raketen",
    ("fr", "sommet"): "sommets",
    ("hi", "वार्ता"): "वार्ता",
}

STRANGERS = {
    ("bn", "বৈঠক"): "বৈঠকখানা",
    ("bn", "শান্তি"): "শান্ত শান্তিবাদী",
    ("bn", "হাঙ্গেরি"): "হাঙ্গেরীয়",
    ("bn", "সাক্ষাৎ"): "সাক্ষাৎকার সাক্ষাৎকারে",
    ("bn", "রুশ"): "রুশদি রুশো",
    ("hu", "Trump"): "Trumpet Trumpf",
    ("uk", "саміт"): "самітник",
    ("ru", "саммит"): "саммитский",
    ("en", "missile"): "missileers",
}


@pytest.mark.parametrize("code, word", FORMS)
def test_forms_that_are_in_print_are_accepted(code: str, word: str) -> None:
    member = languages.language(code)
    assert member is not None
    forms = member.forms(key(word), proper=False)
    assert [f for f in FORMS[code, word].split() if key(f) not in forms] == []


@pytest.mark.parametrize("code, word", STRANGERS)
def test_other_words_with_the_same_beginning_are_not(code: str, word: str) -> None:
    member = languages.language(code)
    assert member is not None
    forms = member.forms(key(word), proper=False)
    assert [f for f in STRANGERS[code, word].split() if key(f) in forms] == []


def test_an_english_name_takes_no_ending() -> None:
    english = languages.language("en")
    assert english is not None
    assert english.forms("trump", proper=True) == {"trump"}


def test_language_tags_lead_to_their_primary_language() -> None:
    assert (languages.language("bn-BD") or languages.Language).code == "bn"
    assert languages.language("xx") is None


def test_bengali_readers_get_bengali_digits() -> None:
    assert "17:30".translate(languages.digits("bn")) == "১৭:৩০"
    assert "17:30".translate(languages.digits("xx")) == "17:30"


@pytest.mark.parametrize(
    "text, declared, language",
    [
        ("ট্রাম্প ও পুতিন বুদাপেস্টে বসছেন", "und", "bn"),
        ("Trump és Putyin találkozója Budapesten lesz, mondta Orbán", "und", "hu"),
        ("Trump will meet Putin in Budapest, Orbán said", "", "en"),
        ("Встреча Путина и Трампа пройдёт в Будапеште", "und", "ru"),
        ("Зустріч Путіна і Трампа відбудеться в Будапешті", "und", "uk"),
        ("Trump und Putin treffen sich in Budapest, sagte Orban", "und", "de"),
        ("Trump et Poutine vont se rencontrer à Budapest", "und", "fr"),
        ("特朗普与普京将在布达佩斯会晤", "und", "zh"),
        ("ترامب وبوتين في بودابست", "und", "ar"),
        ("ट्रंप और पुतिन की बैठक", "und", "hi"),
        ("Putin", "bn", "en"),
        ("Trump ও Putin-এর বৈঠক", "bn-BD", "bn"),
        ("Trump met Putin", "hu", "hu"),
        ("Trump se reúne con Putin", "es", "es"),
        ("12345", "bn", "bn"),
        ("", "und", "und"),
    ],
)
def test_the_feeds_language_comes_first_then_the_script_and_the_letters(
    text: str, declared: str, language: str
) -> None:
    assert languages.detect(text, declared) == language
