"""What every language must do."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import facts, languages, registry
from monitor.facts import hedge
from monitor.facts.lexicon import SECONDS
from monitor.languages import Language
from monitor.model import Entry, Fact
from monitor.text import key, words

CODES = registry.names("languages")
SAMPLE = {
    "ar": "ترامب",
    "bn": "পুতিন",
    "de": "Krieg",
    "en": "summit",
    "fr": "sommet",
    "hi": "बैठक",
    "hu": "csúcs",
    "ru": "саммит",
    "uk": "саміт",
    "zh": "普京",
}


@pytest.fixture(params=CODES)
def member(request: pytest.FixtureRequest) -> Language:
    found = languages.language(request.param)
    assert found is not None
    return found


def test_a_member_says_what_it_is(member: Language) -> None:
    assert member.code in CODES
    assert member.scripts
    assert len(member.digits) == 10
    assert member.marks
    assert "" in member.proclitics
    assert type(member).__doc__


@pytest.mark.parametrize("proper", [True, False])
def test_the_base_form_is_among_the_forms(member: Language, proper: bool) -> None:
    word = key(SAMPLE[member.code])
    assert word in member.forms(word, proper=proper)


def test_forms_are_in_the_spelling_of_the_key(member: Language) -> None:
    for form in member.forms(key(SAMPLE[member.code])):
        assert key(form) == form


def test_a_name_has_no_more_forms_than_a_common_word(member: Language) -> None:
    word = key(SAMPLE[member.code])
    if member.code not in ("ru", "uk"):  # surnames have endings of their own there
        assert member.forms(word, proper=True) <= member.forms(word, proper=False)


@pytest.mark.parametrize("code", CODES)
@given(word=st.text(min_size=1, max_size=12), proper=st.booleans())
def test_any_word_has_itself_as_a_form(code: str, word: str, proper: bool) -> None:
    member = languages.language(code)
    assert member is not None
    keyed = key(word).replace(" ", "")
    if keyed:
        assert keyed in member.forms(keyed, proper=proper)


def test_a_members_digits_are_ten_different_ones(member: Language) -> None:
    shown = "0123456789".translate(languages.digits(member.code))
    assert len(set(shown)) == 10
    assert key(shown) == "0123456789"


# what facts reads with ────────────────────────────────────────────────────────────────────────

READING = sorted(m.code for m in languages.members() if m.counting.units)
"""Languages whose words of counting are known."""
SPEAKING = sorted(m.code for m in languages.members() if m.speech.says)
VALUED = ("numbers", "scales", "added", "to_next", "wholes", "numbers_glued", "days", "weeks")
COUNTED = {"killed", "injured", "drone"}


def phrases(text: str) -> list[str]:
    return [part.strip().removesuffix("~") for part in text.split(",") if part.strip()]


def everything(member: Language) -> list[str]:
    """Return every phrase that a language says it has, values and all."""
    fields = [*dataclasses.asdict(member.counting).values(), *dataclasses.asdict(member.speech).values()]
    texts = [f for f in fields if isinstance(f, str)]
    texts += [t for f in fields if isinstance(f, dict) for t in f.values()]
    texts += [t for f in fields if isinstance(f, (tuple, list)) for t in f]
    return [part for text in texts for part in text.split(",") if text]


def test_the_languages_of_the_event_can_be_read() -> None:
    assert set(READING) == set(SPEAKING)
    assert set(READING) >= {"bn", "en", "ru", "uk", "hu", "de", "fr", "hi"}


def test_every_phrase_has_a_word(member: Language) -> None:
    for phrase in everything(member):
        assert words(phrase) or phrase.strip() in "%$€£₽₴৳₹", phrase


@pytest.mark.parametrize("code", READING)
def test_values_stand_before_their_words(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    for field in VALUED:
        for part in phrases(getattr(member.counting, field)):
            value, _, spelled = part.partition(" ")
            assert float(value) or value.strip("-0.") == ""
            assert spelled


@pytest.mark.parametrize("code", READING)
def test_there_are_twelve_months_seven_days_and_the_known_units(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    assert len(member.counting.months) == 12
    assert len(member.counting.weekdays) == 7
    assert set(member.counting.units) == set(SECONDS)
    assert set(member.counting.glued) <= set(SECONDS)
    assert set(member.counting.counted) == COUNTED
    assert all(len(code) == 3 and code.isupper() for code in member.counting.currencies)


@pytest.mark.parametrize("code", READING)
def test_two_of_every_unit_are_twice_its_seconds(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    for unit, written in member.counting.units.items():
        for phrase in phrases(written):
            (fact, *_) = read(f"2 {phrase}", code)
            assert (fact.kind, fact.low, fact.high) == ("duration", 2 * SECONDS[unit], 2 * SECONDS[unit]), (
                phrase
            )


@pytest.mark.parametrize("code", READING)
def test_every_month_has_a_seventeenth(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    for number, written in enumerate(member.counting.months, 1):
        for phrase in phrases(written):
            assert f"-{number:02}-17" in read(f"17 {phrase}", code)[0].value, phrase


@pytest.mark.parametrize("code", READING)
def test_every_number_in_words_measures_an_hour(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    hour = phrases(member.counting.units["hour"])[0]
    for part in phrases(member.counting.numbers):
        value, _, spelled = part.partition(" ")
        for number in spelled.split("/"):
            fact = read(f"{number} {hour}", code)[0]
            assert fact.low == float(value) * 3600, number


@pytest.mark.parametrize("code", SPEAKING)
def test_no_word_both_denies_and_confirms(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    verbs = [
        set(map(key, phrases(getattr(member.speech, f)))) for f in ("says", "confirms", "denies", "rejects")
    ]
    for one in range(4):
        for other in range(one):
            assert not verbs[one] & verbs[other]


@pytest.mark.parametrize("code", SPEAKING)
def test_every_verb_of_denial_denies(code: str) -> None:
    member = languages.language(code)
    assert member is not None
    for phrase in phrases(member.speech.denies):
        assert hedge(f"X {phrase}", code) == "denial", phrase
    for phrase in phrases(member.speech.conditions):
        assert hedge(f"x {phrase} y", code) == "condition", phrase


def read(text: str, code: str) -> tuple[Fact, ...]:
    entry = Entry(
        id="e", url="", title=text, first_seen=datetime(2025, 10, 16, 12, tzinfo=UTC), source="", feed_url="",
        language=code,
    )  # fmt: skip
    return facts.read(entry, (), {}).facts
