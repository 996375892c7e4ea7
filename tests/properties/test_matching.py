"""What must not change an answer: another encoding of the same words, an unrelated paragraph.

The words are those of the event in four languages; the encodings are those that publishers mix.
"""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.match import Matcher
from monitor.text import key
from tests.match_kit import desk, entry, shipped

ZWJ, ZWNJ, SHY, VIRAMA, NUKTA = "\u200d", "\u200c", "\u00ad", "\u09cd", "\u09bc"

WORDS = {
    "bn": "ট্রাম্প পুতিনের সঙ্গে হোয়াইট হাউসে বৈঠক রাশিয়ার মস্কোয় শীর্ষ সম্মেলন জেলেনস্কিকে নিয়ে। "
    "সাক্ষাৎ ইউক্রেন যুদ্ধবিরতি ফোনে কথা বড় দেশ ট্রাম্প-পুতিন আলাস্কায় ও মেলানিয়া টমাহক বুদাপেস্টে। রুবিও ল্যাভরভ",
    "en": "Trump Putin met in Budapest. The White House summit with Zelenskyy Tomahawk phone call Orbán said "
    "Trump Tower poutine Melania. talks Alaska",
    "ru": "Путин Трампом встретится в Будапеште. Песков саммит Зеленскому Белом доме перемирие путина Томагавки "
    "по телефону разговор",
    "hu": "Trump Putyinnal Budapesten találkozó. csúcstalálkozó Zelenszkij Fehér Házban Orbán Viktor Tomahawk "
    "telefonon tűzszünetről",
}

QUERIES = [
    "@trump AND @putin",
    "@summit OR @meeting",
    "@trump NEAR/2 @putin",
    "@putin THEN/3 @meeting",
    "SENTENCE(@trump @putin)",
    "NOT @white_house",
    "@russia AND NOT @alaska",
    '"শীর্ষ সম্মেলন"',
    "বৈঠক OR রাশিয়া",
    "হোয়াইট* OR саммит OR Tomahawk",
    "=পুতিনের OR =Putin",
    "2 OF (@trump, @putin, @zelensky, @budapest)",
    "score(@trump^2 OR @putin OR @summit) >= 3",
    "title:@putin",
]
FREE = [q for q in QUERIES if not any(w in q for w in ("NOT", "NEAR", "THEN", "SENTENCE", "score"))]


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """Some words of a language, in any order."""
    lang = draw(st.sampled_from(sorted(WORDS)))
    words = draw(st.lists(st.sampled_from(WORDS[lang].split()), min_size=1, max_size=14))
    return lang, " ".join(words)


def _nfd(text: str, _: random.Random) -> str:
    return unicodedata.normalize("NFD", text)


def _nfc(text: str, _: random.Random) -> str:
    return unicodedata.normalize("NFC", text)


def _precomposed(text: str, _: random.Random) -> str:
    """Write YYA, RRA and RHA as the single code points that most Bengali sites publish."""
    text = _nfc(text, _)
    for letter, whole in (("\u09af", "\u09df"), ("\u09a1", "\u09dc"), ("\u09a2", "\u09dd")):
        text = text.replace(letter + NUKTA, whole)
    return text


def _no_nukta(text: str, _: random.Random) -> str:
    return _nfc(text, _).replace(NUKTA, "")


def _joiners(text: str, chance: random.Random) -> str:
    return "".join(c + chance.choice(("", ZWJ, ZWNJ)) if c == VIRAMA else c for c in text)


def _soft_hyphens(text: str, chance: random.Random) -> str:
    return "".join(c + SHY if c.isalpha() and chance.random() < 0.3 else c for c in text)


def _spaces(text: str, chance: random.Random) -> str:
    return "".join(chance.choice((" ", "\u00a0", "  ")) if c == " " else c for c in text)


ENCODINGS = [_nfd, _nfc, _precomposed, _no_nukta, _joiners, _soft_hyphens, _spaces]


@pytest.mark.parametrize("encode", ENCODINGS, ids=lambda e: e.__name__.strip("_"))
@given(text=texts(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_another_encoding_of_the_same_words_changes_no_answer(encode, text, seed) -> None:  # type: ignore[no-untyped-def]
    lang, written = text
    other = encode(written, random.Random(seed))
    first, second = entry(written, written, lang), entry(other, other, lang)
    assert [q for q in QUERIES if ASKED[q](first) != ASKED[q](second)] == []
    assert {m.topic for m in desk().read(first).matches} == {m.topic for m in desk().read(second).matches}


@given(text=texts(), more=st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_an_unrelated_paragraph_of_the_same_language_changes_no_answer(
    text: tuple[str, str], more: int
) -> None:
    lang, written = text
    noise = {
        "bn": "বাজারে আজ পেঁয়াজের দাম কমেছে। বৃষ্টি হতে পারে।",
        "en": "Onion prices fell in the market today. Rain is expected.",
        "ru": "На рынке сегодня подешевел лук. Ожидается дождь.",
        "hu": "Olcsóbb lett a hagyma a piacon. Eső várható.",
    }[lang]
    first = entry(written, written, lang)
    second = entry(written, f"{written}\n" + "\n".join([noise] * more), lang)
    assert [q for q in FREE if ASKED[q](first) != ASKED[q](second)] == []


@given(text=texts(), encode=st.sampled_from(ENCODINGS), seed=st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_evidence_is_always_a_piece_of_the_text_it_names(text, encode, seed) -> None:  # type: ignore[no-untyped-def]
    lang, written = text
    title = encode(written, random.Random(seed))
    news = entry(title, f"{title} {written}", lang, content=written)
    fields = {"title": news.title, "summary": news.summary, "content": news.content}
    reading = desk().read(news)
    spans = [s for m in reading.matches for s in m.evidence.spans] + list(reading.entities)
    for span in spans:
        assert fields[span.field][span.start : span.end] == span.surface
        assert key(span.surface).strip() == key(span.surface)


@given(
    title=st.text(max_size=80),
    summary=st.text(max_size=80),
    lang=st.sampled_from(["bn", "en", "ru", "und", "xx"]),
)
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_and_its_evidence_is_in_it(title: str, summary: str, lang: str) -> None:
    news = entry(title, summary, lang)
    for span in desk().read(news).entities:
        assert {"title": title, "summary": summary}[span.field][span.start : span.end] == span.surface


@given(text=texts())
@settings(max_examples=80, deadline=None)
def test_reading_and_explaining_agree(text: tuple[str, str]) -> None:
    lang, written = text
    news = entry(written, "", lang)
    matched = {m.topic for m in desk().read(news).matches}
    explained = {t for t, e in desk().explain(news).topics.items() if e.matched}
    assert matched == explained


@given(text=texts())
@settings(max_examples=60, deadline=None)
def test_a_topic_beside_others_answers_as_it_does_alone(text: tuple[str, str]) -> None:
    lang, written = text
    news = entry(written, "", lang)
    together = {m.topic for m in desk().read(news).matches}
    alone = {m.topic for one in ALONE for m in one.read(news).matches}
    assert together == alone


ASKED = {q: (lambda found: lambda e: found.evidence(e).matched)(desk().find(q)) for q in QUERIES}
ALONE = [Matcher(**(shipped() | {"topics": [topic]})) for topic in shipped()["topics"]]
