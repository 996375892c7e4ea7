from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import Aligned, cased, key, plain, sentences, words

ZWNJ, ZWJ, SHY, ZWSP, BOM, WJ = "\u200c", "\u200d", "\u00ad", "\u200b", "\ufeff", "\u2060"

SAME = [
    ("precomposed and decomposed YYA", "রাশি\u09dfা", "রাশি\u09af\u09bcা"),
    ("a dropped nukta", "রাশি\u09afা", "রাশি\u09dfা"),
    ("O in two signs", "হ\u09c7\u09beটেল", "হ\u09cbটেল"),
    ("O typed backwards", "হ\u09be\u09c7টেল", "হ\u09cbটেল"),
    ("AU in two signs", "ক\u09c7\u09d7শল", "ক\u09ccশল"),
    ("a lone AU mark", "ক\u09d7শল", "ক\u09ccশল"),
    ("A with the sign AA", "\u0985\u09beলাস্কা", "\u0986লাস্কা"),
    ("hasanta TA at the end of a syllable", "সাক্ষাত\u09cd", "সাক্ষা\u09ce"),
    ("a joiner after a virama", f"ট্র{ZWJ}াম্{ZWNJ}প", "ট্রাম্প"),
    ("soft hyphens", f"পু{SHY}তিন", "পুতিন"),
    ("a byte order mark and word joiners", f"{BOM}পুতিন{WJ}", "পুতিন"),
    ("the Assamese RA", "পুতিনে\u09f0", "পুতিনের"),
    ("Bengali digits", "১৭ অক্টোবর", "17 অক্টোবর"),
    ("Devanagari nukta", "ज़ेलेंस्की", "जेलेंस्की"),
    ("a composed Devanagari nukta letter", "\u0929", "न"),
    ("capitals", "ZELENSKYY", "zelenskyy"),
    ("a stress mark", "Пу\u0301тин", "путин"),
    ("the letter yo", "Ещё", "еще"),
    ("a composed short I", "и\u0306", "й"),
    ("curly and straight apostrophes", "Trump’s перем’я", "trump's перем'я"),
    ("the minus between names", "Trump\u2212Putyin", "trump-putyin"),
    ("a non-breaking hyphen", "ট্রাম্প\u2011পুতিন", "ট্রাম্প-পুতিন"),
    ("a no-break space", "শীর্ষ\u00a0সম্মেলন", "শীর্ষ সম্মেলন"),
    ("full width letters", "Ｐｕｔｉｎ", "putin"),
    ("Arabic vowel marks and tatweel", "بُوتـين", "بوتين"),
    ("hamza seats", "أوربان", "اوربان"),
    ("both dandas and the currency sign in their place", "পুতিন। ট্রাম্প\u09f7", "পুতিন. ট্রাম্প."),
    ("a final sigma", "ΣΑΣ", "σασ"),
]


@pytest.mark.parametrize("_name, left, right", SAME, ids=[s[0] for s in SAME])
def test_spellings_of_one_word_have_one_key(_name: str, left: str, right: str) -> None:
    assert key(left) == key(right)


def test_zero_width_space_separates_and_an_underscore_does_too() -> None:
    assert words(f"ট্রাম্প{ZWSP}পুতিন #ট্রাম্প_পুতিন") == ["ট্রাম্প", "পুতিন"] * 2


def test_letters_that_only_look_alike_stay_apart() -> None:
    assert key("শান্তি") != key("শান্ত")
    assert key("তাঁর") != key("তার")
    assert key("চীন") != key("চিন")
    assert key("Orbán") != key("Orban")


def test_ta_with_a_consonant_after_its_hasanta_is_a_conjunct() -> None:
    assert key("সত্য") == "সত্য"


def test_the_cased_key_differs_from_the_key_only_in_case() -> None:
    assert cased("Пу\u0301тин’ом") == "Путин'ом"
    assert cased("পু\u00adতিন") == "পুতিন"


@given(st.text())
def test_the_key_is_idempotent_on_any_text(text: str) -> None:
    assert key(key(text)) == key(text)


@given(
    st.text(
        alphabet=st.characters(min_codepoint=0x980, max_codepoint=0x9FF) | st.sampled_from(" \u200c\u200d-’")
    )
)
def test_the_key_is_idempotent_on_bengali(text: str) -> None:
    assert key(key(text)) == key(text)


@given(st.text())
def test_every_piece_of_a_key_has_a_place_in_the_text(text: str) -> None:
    aligned = Aligned(text)
    for i in range(len(aligned.key)):
        start, end = aligned.span(i, i + 1)
        assert 0 <= start < end <= len(text)


@given(
    st.lists(
        st.sampled_from(["পুতিন", "রাশি\u09dfা", "ﬁn", "Пу\u0301тин", f"ট্রা{ZWNJ}ম্প", "x", "२०"]), min_size=1
    )
)
def test_a_word_of_the_key_leads_back_to_the_word_that_was_written(parts: list[str]) -> None:
    aligned = Aligned(" ".join(parts))
    position = 0
    for part in parts:
        keyed = key(part)
        start, end = aligned.span(position, position + len(keyed))
        assert key(aligned.text[start:end]) == keyed
        position += len(keyed) + 1


def test_apostrophes_join_words_and_dashes_part_them() -> None:
    assert words("Trump’s Trump–Putin прем'єр") == ["trump's", "trump", "putin", "прем'єр"]


def test_each_chinese_character_is_a_word() -> None:
    assert words("普京2025") == ["普", "京", "2025"]


# sentences


def test_a_danda_ends_a_sentence_even_without_a_space() -> None:
    assert list(sentences("বৈঠক হবে।পুতিন রাজি। কবে?")) == ["বৈঠক হবে.", "পুতিন রাজি.", "কবে?"]


def test_initials_abbreviations_and_numbers_end_no_sentence() -> None:
    text = "Mr. Trump and J. D. Vance spoke for 2.5 hours in the U.S. capital. Putin left."
    assert [s[:8] for s in sentences(text)] == ["mr. trum", "putin le"]


def test_line_breaks_and_semicolons_end_sentences() -> None:
    assert len(list(sentences("Araghchi meets Putin; Trump waits\nPrices fall"))) == 3


# HTML


@pytest.mark.parametrize(
    "source, text",
    [
        ("no markup at all", "no markup at all"),
        ("a < b & c > d", "a < b & c > d"),
        ("Trump &amp; Putin&#8217;s", "Trump & Putin’s"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<b>Tru</b>mp<wbr>Putin", "TrumpPutin"),
        ("line<br>break<br/>again", "line\nbreak\nagain"),
        ("<figure><img src=x><figcaption>ছবি: এএফপি</figcaption></figure>যুক্তরাষ্ট্র", "ছবি: এএফপি\nযুক্তরাষ্ট্র"),
        ("a<script>var x = '<p>';</script>b<style>p{}</style>c", "abc"),
        ("a<!-- <p>hidden</p> -->b", "ab"),
        ("<a href=\"/?a>b\" title='x'>link</a>", "link"),
        ("cut off <a href='x", "cut off"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("  <p> much \n\t space </p>  ", "much space"),
        ("<td>a</td><td>b</td>", "a\nb"),
        ("x<SCRIPT>y</SCRIPT>z", "xz"),
        ("<p>1 &lt; 2</p>", "1 < 2"),
    ],
)
def test_html_becomes_text_as_a_browser_shows_it(source: str, text: str) -> None:
    assert plain(source) == text


def test_plain_text_is_returned_itself() -> None:
    text = "পুতিন ও ট্রাম্প"
    assert plain(text) is text


@pytest.mark.parametrize(
    "part",
    [
        "<",
        "<p",
        "<a href='",
        "<!--",
        "<script>",
        "</",
        "&",
        "&#",
        '<a b="',
        "<a ",
        "<a x='",
        '<a ""',
        "<p>" * 3,
    ],
)
def test_html_of_a_megabyte_takes_no_longer_than_it_must(part: str) -> None:
    plain(part * (1_000_000 // len(part)))


@given(st.text(alphabet="<>&;/!-ab'\"= \n"))
def test_any_html_gives_some_text(source: str) -> None:
    assert isinstance(plain(source), str)


def test_a_digit_that_python_does_not_know_yet_stays_as_it_is() -> None:
    # U+11DE0 is a digit of Unicode 17, which the regex package knows and Python 3.11 does not.
    assert key("\U00011de0") == "\U00011de0"


@given(
    st.lists(
        st.sampled_from(
            ["রাশি\u09afা", "রাশি\u09df", "টে\u09c7\u09be", f"ট্র{ZWJ}া", "Trump’s", f"{ZWSP}a", "½", " ", "x"]
        )
    )
)
def test_a_place_in_the_text_is_found_again_in_the_key(parts: list[str]) -> None:
    aligned = Aligned(" ".join(parts))
    for start in range(len(aligned.key)):
        place = aligned.span(start, start + 1)
        if place[0] < place[1]:
            back = aligned.key_span(*place)
            assert back[0] <= start < max(back[1], back[0] + 1)


def test_the_way_back_of_nothing_is_nothing() -> None:
    assert Aligned("ট্রাম্প").key_span(3, 3) == (0, 0)
