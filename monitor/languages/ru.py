"""Russian: the paradigms of nouns, adjectives and verbs, by the end of the dictionary form.

Stemmers merge surnames with common words (Snowball makes Лавров the laurel лавр and Путин the fishing
season путина), so a word's forms are spelled out from its own declension. Surnames count only with
their capital and are best listed in `forms` (Путин, Путина, Путину, Путиным, Путине).
"""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import Stem


def _set(text: str) -> frozenset[str]:
    return frozenset("" if e == "-" else e for e in text.split())


_HARD = _set("- а у ом е ы ов ам ами ах")
_VELAR = _set("- а у ом е и ов ам ами ах")
_HUSH = _set("- а у ом ем е и ей ам ами ах")
_TS = _set("- а у ом ем е ы ов ев ам ами ах")
_FLEETING_TS, _FLEETING = _TS - {""}, _VELAR - {""}
_SURNAME = _set("- а у ым ом е ы ых ыми")
_IY = _set("й я ю ем е и ев ям ями ях")
_SOFT = _set("ь я ю ем е и ей ям ями ях ью")
_A = _set("а ы и е у ой ою - ам ами ах")
_A_HUSH = _set("а и е у ей ой ею - ам ами ах")
_YA = _set("я и е ю ей ею ь й - ям ями ях")
_IYA = _set("я и ю ей ею й ям ями ях")
_O = _set("о а у ом е - ам ами ах")
_E = _set("е я ю ем и й ям ями ях ев")
_PLURAL = _set("ы и ов ев ей - ам ами ах ям ями ях")
_ADJECTIVE = _set("ый ий ой ого его ому ему ым им ом ем ая яя ой ей ою ею ую юю ое ее ые ие ых их ыми ими")
_ADJECTIVE_NAME = _set("ий ый ой ого ому им ым ом их ие ими ые ых ыми")
_TI = _set("ть т л ла ло ли ют ет ем ете ешь я вший вшая вшие н на но ны нный нная нные нного нной нных")
_ITI = _set(
    "ить ит ят ат им ите ил ила ило или ив ивший ившая ившие ен ена ено ены енный енная енные енного енной"
)
_TISYA = _set("ться тся лся лась лось лись ются ется емся лись вшись")
_ITISYA = _set("иться ится ятся атся имся ился илась илось ились")


class Language(languages.Language):
    """Russian."""

    code: ClassVar[str] = "ru"
    scripts: ClassVar[tuple[str, ...]] = ("Cyrillic",)
    agreeing: ClassVar[bool] = True
    cased_names: ClassVar[bool] = True

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the stem of a dictionary form with all endings of its declension or conjugation."""
        if len(word) < 3 or not word.isalpha():
            return (Stem(word),)
        if not proper and (verb := _verb(word)):
            return verb
        if word.endswith(("ый", "ий", "ой")) and not (word.endswith("ий") and word[-3] == "р"):
            return (Stem(word[:-2], _ADJECTIVE_NAME if proper else _ADJECTIVE),)
        if proper and word.endswith(("ов", "ев", "ин", "ын")):
            return (Stem(word, _SURNAME),)
        return _noun(word)


def _verb(word: str) -> tuple[Stem, ...]:
    for end, endings, cut in (("иться", _ITISYA, 5), ("ться", _TISYA, 4), ("ить", _ITI, 3)):
        if word.endswith(end):
            return (Stem(word[:-cut], endings),)
    if word.endswith(("ать", "ять", "еть", "уть", "оть")) and len(word) > 4:
        return (Stem(word[:-2], _TI),)
    return ()


def _noun(word: str) -> tuple[Stem, ...]:
    stem, last = word[:-1], word[-1]
    if last in "аяоеыиьй":
        if last == "а":
            return (Stem(stem, _A_HUSH if stem[-1] in "жшщчц" else _A),)
        if last == "я":
            return (Stem(stem, _IYA if stem[-1] == "и" else _YA),)
        return (Stem(stem, {"о": _O, "е": _E, "ы": _PLURAL, "и": _PLURAL, "ь": _SOFT, "й": _IY}[last]),)
    if last in "эую":
        return (Stem(word),)
    if word.endswith(("ец", "ок", "ек")) and len(word) > 4:  # fleeting vowel: посланец, посланца
        kind = _FLEETING_TS if last == "ц" else _FLEETING
        return (Stem(word), Stem(word[:-2] + last, kind))
    if last in "жшщч":
        return (Stem(word, _HUSH),)
    return (Stem(word, _TS if last == "ц" else _VELAR if last in "гкх" else _HARD),)
