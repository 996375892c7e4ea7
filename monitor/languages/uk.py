"""Ukrainian: the paradigms of nouns, adjectives and verbs, by the end of the dictionary form.

Names are not case-sensitive here: part of the press prints путін without a capital on purpose.
"""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import Stem


def _set(text: str) -> frozenset[str]:
    return frozenset("" if e == "-" else e for e in text.split())


_HARD = _set("- а у ові ом ем і и ів ам ами ах")
_SOFT = _set("ь я ю еві ем і ів ей ям ями ях ю")
_IY = _set("й я ю єві єм ї їв ям ями ях")
_A = _set("а и і у ою ею - ам ами ах")
_YA = _set("я і ю ею ь - ям ями ях ей")
_IYA = _set("я ї ю єю й ям ями ях")
_NNYA = _set("я ю ям і ь ями ях")
_O = _set("о а у ом і - ам ами ах")
_E = _set("е я ю ем і ь ям ями ях а у ам")
_PLURAL = _set("и і ів - ам ами ах ей ями ям ях")
_ADJECTIVE = _set("ий ій ого ому им ім а я ої ьої у ю ою ьою е є і ї их іх ими іми")
_ADJECTIVE_NAME = _set("ий ого ому им ім і их ими")
_HUSH_FEMININE = _set("- і ю ей ам ами ах")
_HUSH = _HARD | _HUSH_FEMININE
_FLEETING = _HARD - {""}
_U, _I = frozenset({"ю"}), frozenset({"і"})
_TI = _set("ти в ла ло ли є ють ємо єте но то ний на не ні них ного ної")
_ITI = _set("ити ить ять ать имо ите ив ила ило или ено")
_TISYA = _set("тися тись вся лась лася лось лося лись лися ється ються ється")
_ITISYA = _set("итися итись иться яться аться ився илась илася илось илися ились")
_SOFTENED = {"г": "з", "к": "ц", "х": "с"}


class Language(languages.Language):
    """Ukrainian."""

    code: ClassVar[str] = "uk"
    scripts: ClassVar[tuple[str, ...]] = ("Cyrillic",)
    agreeing: ClassVar[bool] = True

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the stem of a dictionary form with all endings of its declension or conjugation."""
        if len(word) < 3 or not word.isalpha():
            return (Stem(word),)
        if not proper:
            for end, endings, cut in (
                ("итися", _ITISYA, 5),
                ("тися", _TISYA, 4),
                ("ити", _ITI, 3),
                ("ати", _TI, 2),
                ("яти", _TI, 2),
                ("іти", _TI, 2),
                ("ути", _TI, 2),
            ):
                if word.endswith(end) and len(word) > cut + 2:
                    return (Stem(word[:-cut], endings),)
        if word.endswith(("ий", "ій")):
            return (Stem(word[:-2], _ADJECTIVE_NAME if proper else _ADJECTIVE),)
        return _noun(word)


def _noun(word: str) -> tuple[Stem, ...]:
    stem, last = word[:-1], word[-1]
    if last == "я":
        if stem[-1] == "і":
            return (Stem(stem, _IYA),)
        return (Stem(stem, _NNYA if stem[-2:-1] == stem[-1:] else _YA),)
    if last in "аоеиіьй":
        endings = {"а": _A, "о": _O, "е": _E, "и": _PLURAL, "і": _PLURAL, "ь": _SOFT, "й": _IY}[last]
        stems = [Stem(stem, endings)]
        if last == "а" and stem[-1] in _SOFTENED:  # Аляска, в Алясці
            stems.append(Stem(stem[:-1] + _SOFTENED[stem[-1]], _I))
        return tuple(stems)
    if last in "ую":
        return (Stem(word),)
    if last in "чшжщ":  # зустріч, зустріччю: the feminine doubles its consonant
        return (Stem(word, _HUSH), Stem(word + last, _U))
    stems = [Stem(word, _HARD)]
    if word.endswith(("ець", "ок")) and len(word) > 4:
        stems.append(Stem(word[:-2] + last, _FLEETING))
    if last in _SOFTENED:
        stems.append(Stem(stem + _SOFTENED[last], _I))
    return tuple(stems)
