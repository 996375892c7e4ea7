"""Languages: how words change in each language, one file a language.

The file name is the code (BCP 47) that feeds and names carry. To add one: write `languages/CODE.py`
with `class Language(languages.Language)`; it is found by its name, its words are inflected from then
on, and `tests/contracts/test_languages.py` runs on it. What it says of `counting` and `speech` is what
`facts` can read in it: durations, dates, who denies what (`_words.py` says what each field means).

No text is stemmed. A term keeps its base form, and a member says which *endings* may follow it: a
closed set, so that what is found is a form of the word. Over 190 inflected forms the best Bengali
stemmer matched 116, the closed endings all of them, and on 1,509 articles none was wrong.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import ClassVar

from monitor import registry
from monitor.languages import _detect
from monitor.languages._headlines import Headlines as Headlines
from monitor.languages._words import Counting as Counting
from monitor.languages._words import Speech as Speech

BARE = frozenset({""})


@dataclass(frozen=True, slots=True)
class Stem:
    """A beginning and all that may stand after it up to the end of the word, both in the key's spelling."""

    text: str
    endings: frozenset[str] = BARE


class Language(ABC):
    """How the words of one language change. `word` is always one word of the key (text.key)."""

    code: ClassVar[str]
    scripts: ClassVar[tuple[str, ...]]
    """Unicode scripts it is written in, the usual one first: Bengali, Cyrillic, Latin …"""

    digits: ClassVar[str] = "0123456789"
    """The digits to show to its readers, from zero to nine."""

    marks: ClassVar[str] = ".!?"
    """What ends a sentence."""

    cased_names: ClassVar[bool] = False
    """Whether a person's name counts only with its capital, because it is a common word without."""

    spaced: ClassVar[bool] = True
    """Whether words stand between spaces. If not, a name is found anywhere in the text."""

    agreeing: ClassVar[bool] = False
    """Whether every word of a name changes (Белый дом, в Белом доме), not only its last."""

    proclitics: ClassVar[tuple[str, ...]] = ("",)
    """What may be written before a word, on it."""

    counting: ClassVar[Counting] = Counting()
    """How it writes numbers, measures and dates."""

    speech: ClassVar[Speech] = Speech()
    """How it says who said what, and what it does not assert."""

    headlines: ClassVar[Headlines] = Headlines()
    """The small words of its headlines: what tells news from comment and before from after."""

    @abstractmethod
    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the stems of a base form with their endings; the base form itself is among the forms.

        `proper` says that the word is a name, which changes less.
        """

    def forms(self, word: str, *, proper: bool = False) -> frozenset[str]:
        """Return every form of a word that is accepted, in the key's spelling."""
        return frozenset(s.text + e for s in self.stems(word, proper=proper) for e in s.endings)


@lru_cache(maxsize=1024)
def language(code: str) -> Language | None:
    """Return the member for a language tag (`bn-BD` is `bn`), or None if there is no file for it."""
    primary = code.partition("-")[0].partition("_")[0].lower()
    if primary not in registry.names("languages"):
        return None
    member: Language = registry.find("languages", primary)()
    return member


@cache
def members() -> tuple[Language, ...]:
    """Return all members, by code."""
    return tuple(m for code in registry.names("languages") if (m := language(code)) is not None)


def digits(code: str) -> dict[int, int]:
    """Return the table for str.translate that turns ASCII digits into those of a language's readers."""
    member = language(code)
    return str.maketrans("0123456789", member.digits if member else "0123456789")


def script(text: str) -> str:
    """Return the script most letters of a text are in, `""` when it has none we know."""
    return _detect.script(text)


def detect(text: str, declared: str = "und") -> str:
    """Return the language of a text (BCP 47 primary tag, `und` if nothing speaks for one).

    What the feed declares comes first, unless its script is nearly absent from the text (an English
    item in a Bengali feed); then the script, its letters and the commonest words.
    """
    primary = declared.partition("-")[0].partition("_")[0].lower()
    if not primary.isalpha() or len(primary) > 8:  # not a tag (RFC 5646 §2.1): whatever a feed writes there
        primary = "und"
    member = language(primary) if primary not in ("und", "mul") else None
    if primary not in ("und", "mul") and (member is None or _detect.fits(text, member.scripts)):
        return primary
    return _detect.guess(text) or primary or "und"
