"""What must hold of facts and statements whatever the text: a span is a piece of it, bounds are in order."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.facts import conflicts, hedge
from monitor.match import Matcher
from monitor.model import FactKind
from tests.match_kit import desk, entry, shipped

WORDS = {
    "en": "Trump Putin's Peskov denied nearly two and-a-half hours call 2.5 1,000 17 October Friday within weeks "
    "$100 million killed missiles in Budapest summit, . said next week ago percent more than not a :",
    "bn": "ট্রাম্প পুতিনের পেসকভ নাকচ করেছেন প্রায় আড়াই ঘণ্টার ফোনালাপ সাড়ে ২.৫ ১,০০০ ১৭ই অক্টোবর শুক্রবার দুই সপ্তাহের "
    "মধ্যে কোটি ডলার নিহত জন ক্ষেপণাস্ত্র বুদাপেস্টে বৈঠক। বেশি না : য়‌ো",
    "ru": "Трамп Путина Песков опроверг почти два с половиной часа разговор 2,5 1 000 17 октября в пятницу течение "
    "недель миллионов долларов погибли человек ракет Будапеште саммит. не более чем :",
    "uk": "Трамп Путіна Песков спростував майже дві з половиною години розмова 2,5 п’ять жовтня тижнів зустріч .",
    "hu": "Trump Putyinnal Peszkov cáfolta közel két és fél órás telefonbeszélgetés 2,5 október 17-én héten belül . nem",
}
ODD = st.sampled_from(["\u200c", "\u0301", "\u09bc", "\u00a0", "\ufeff", "-", "’", "\n", "٣", "½", "\ud800"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    lang = draw(st.sampled_from(sorted(WORDS)))
    pieces = draw(st.lists(st.one_of(st.sampled_from(WORDS[lang].split()), ODD), min_size=1, max_size=30))
    text = draw(st.sampled_from([" ", " ", ""])).join(pieces)
    return lang, draw(st.sampled_from([text, unicodedata.normalize("NFD", text), text.upper()]))


@settings(max_examples=300, deadline=None)
@given(title=texts(), summary=texts(), content=st.text(max_size=60))
def test_every_span_is_exactly_a_piece_of_its_field(
    title: tuple[str, str], summary: tuple[str, str], content: str
) -> None:
    made = entry(title[1], summary[1], title[0], content=content)

    said = desk().said(made)

    spans = [fact.span for fact in said.facts] + [one.span for one in said.statements]
    for span in spans:
        whole = getattr(made, span.field)
        assert whole[span.start : span.end] == span.surface
        assert span.surface


@settings(max_examples=200, deadline=None)
@given(text=texts())
def test_bounds_are_in_order_and_finite_and_a_value_is_named(text: tuple[str, str]) -> None:
    for fact in desk().said(entry(text[1], lang=text[0])).facts:
        assert fact.value
        assert math.isfinite(fact.high)
        assert 0 <= fact.low <= fact.high
        if fact.kind is FactKind.DATE:
            assert fact.low == int(fact.low)


@settings(max_examples=100, deadline=None)
@given(text=texts())
def test_a_text_does_not_contradict_itself_and_reads_the_same_again(text: tuple[str, str]) -> None:
    made = entry(text[1], lang=text[0])
    again = Matcher(**shipped()) if len(text[1]) % 97 == 0 else desk()

    said = desk().said(made)

    assert again.said(made) == said
    assert conflicts(said.facts, said.facts) == []


@settings(max_examples=100, deadline=None)
@given(one=texts(), other=texts())
def test_a_contradiction_is_one_from_both_sides(one: tuple[str, str], other: tuple[str, str]) -> None:
    left, right = (desk().said(entry(text, lang=lang)).facts for lang, text in (one, other))

    there = {(a.about, a.value, b.value) for a, b in conflicts(left, right)}
    back = {(b.about, b.value, a.value) for a, b in conflicts(right, left)}

    assert there == back


@settings(deadline=None)
@given(text=st.text(max_size=80), lang=st.sampled_from(["en", "bn", "ru", "uk", "hu", "ar", "und", "q"]))
def test_any_text_has_a_known_hedge(text: str, lang: str) -> None:
    when = datetime(2025, 10, 17, tzinfo=UTC)

    assert hedge(text, lang, when) in ("", "question", "condition", "background", "denial")
