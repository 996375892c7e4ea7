"""Bengali: nominal endings, classifiers, the tails that are written together with a name, emphatics.

The grammar is (CASE | CLASSIFIER CASE? | TAIL CASE?)? EMPHATIC?, the case by the final sound. Of 579
UniMorph noun forms it accepts 576; the other three are errors there. Left out because they lead to
other words: -খানা and -জন (বৈঠকখানা is a drawing room), -বাদ and -বাদী (শান্তিবাদী is a pacifist), -ীয়.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from monitor import languages
from monitor.languages import Stem
from monitor.text import key

_AFTER_CONSONANT = "ের এর কে ে এ েতে তে েরা দের েদের দেরকে েদেরকে রা"
_AFTER_VOWEL = "র য় য়ের য়ে এর এ তে কে রা দের দেরকে"
_CLASSIFIERS = "টি টা টুকু গুলো গুলি"
_TAILS = (
    "সহ জুড়ে ভিত্তিক পন্থী পন্থি বিরোধী বাসী বাহিনী সমর্থিত সমর্থক ঘনিষ্ঠ কেন্দ্রিক মুখী সংক্রান্ত বিষয়ক "
    "অধিকৃত নিয়ন্ত্রিত নেতৃত্বাধীন ভাষী যুদ্ধ সংকট"
)
_EMPHATICS = ("", "ই", "ও", "তো")
_ON_NUMBERS = "ই শে লা রা ঠা তম টি টা জন টির টিতে এ এর ের তে র"

_VOWEL_SIGNS = frozenset(map(chr, (*range(0x9BE, 0x9CD), 0x9D7)))
_VOWEL_LETTERS = frozenset(map(chr, range(0x985, 0x995)))


def _split(text: str) -> tuple[str, ...]:
    return tuple(key(word) for word in text.split())


def _is_vowel(char: str) -> bool:
    return char in _VOWEL_SIGNS or char in _VOWEL_LETTERS


@cache
def _endings(kind: str) -> frozenset[str]:
    """Return all endings after a consonant, a vowel, either (foreign letters, ং) or a number."""
    if kind == "number":
        return frozenset(("", *_split(_ON_NUMBERS)))
    after = {"consonant": _split(_AFTER_CONSONANT), "vowel": _split(_AFTER_VOWEL)}
    cases = after["consonant"] + after["vowel"] if kind == "either" else after[kind]
    middle = {"", *cases}
    for link in (*_split(_CLASSIFIERS), *_split(_TAILS)):
        middle.add(link)
        middle.update(link + case for case in after["vowel" if _is_vowel(link[-1]) else "consonant"])
    return frozenset(m + e for m in middle for e in map(key, _EMPHATICS))


_BEFORE_VOWEL = "ে"


@cache
def _starting(vowel: bool) -> frozenset[str]:
    """Return the consonant's endings that begin (or do not begin) with a vowel sign."""
    return frozenset(e for e in _endings("consonant") if (e[:1] == _BEFORE_VOWEL) == vowel)


class Language(languages.Language):
    """Bengali."""

    code: ClassVar[str] = "bn"
    scripts: ClassVar[tuple[str, ...]] = ("Bengali",)
    digits: ClassVar[str] = "০১২৩৪৫৬৭৮৯"
    marks: ClassVar[str] = "।॥?!"

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word with the endings its final sound allows; ৎ is ত before a vowel (সাক্ষাতে)."""
        last = word[-1:]
        if last.isdigit():
            return (Stem(word, _endings("number")),)
        if last == "ৎ":
            return (Stem(word, _starting(False)), Stem(word[:-1] + "ত", _starting(True)))
        if last == "ং":
            return (Stem(word, _endings("either")), Stem(word[:-1] + "ঙ", _starting(True)))
        if _is_vowel(last):
            return (Stem(word, _endings("vowel")),)
        if last in "ঃঁ" or not "\u0995" <= last <= "\u09e3":
            return (Stem(word, _endings("either")),)
        return (Stem(word, _endings("consonant")),)
