"""What every language must do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import languages, registry
from monitor.languages import Language
from monitor.text import key

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
