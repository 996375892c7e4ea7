"""Hungarian: a closed grammar of case endings, plurals and possessives, with harmony and assimilation.

-val and -vel take on the consonant before them (Trumppal, Lavrovval, Zelenszkijjel, Kremllel), final
a, e and o lengthen (Moszkvában, Rubióval), -i makes the adjective of a place (budapesti). An ending
counts only in Hungarian text: Trump with the accusative -et would be the English trumpet.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from monitor import languages
from monitor.languages import Stem

_BACK, _FRONT, _NEUTRAL = "aáoóuú", "eöőüű", "eéií"
_VOWELS = _BACK + _FRONT + _NEUTRAL
_DIGRAPHS = ("sz", "cs", "gy", "ny", "ty", "zs", "ly")

_CASES = {
    "back": "nak ba ban ból ra ról hoz nál tól ért ig ként képp képpen stul kor nként vá",
    "front": "nek be ben ből re ről hez höz nél től ért ig ként képp képpen stül kor nként vé",
}
_LINKED = {  # accusative, superessive, plural after a consonant
    "back": {"acc": ("ot", "at", "t"), "sup": ("on", "an"), "pl": ("ok", "ak")},
    "front": {"acc": ("et", "öt", "t"), "sup": ("en", "ön"), "pl": ("ek", "ök")},
}
_WITH = {"back": ("al", "á"), "front": ("el", "é")}
_OWNED = {  # singular and plural things of one or more owners, and what follows them
    "back": (
        ("a", "á"),
        ("ja", "já"),
        ("uk", "uk"),
        ("juk", "juk"),
        ("ai", "ai"),
        ("jai", "jai"),
        ("aik", "aik"),
    ),
    "front": (
        ("e", "é"),
        ("je", "jé"),
        ("ük", "ük"),
        ("jük", "jük"),
        ("ei", "ei"),
        ("jei", "jei"),
        ("eik", "eik"),
    ),
}


def _cases_after(stem_end: str, harmony: str) -> set[str]:
    """Return the case endings after something that ends in `stem_end`, itself not included."""
    cases = set(_CASES[harmony].split())
    vowel = stem_end[-1:] in _VOWELS
    linked = _LINKED[harmony]
    cases.update(("t",) if vowel else linked["acc"])
    cases.update(("n",) if vowel else linked["sup"])
    for tail in _WITH[harmony]:
        cases.add(("v" if vowel else stem_end[-1:]) + tail)
    return cases


@cache
def _endings(last: str, harmony: str) -> frozenset[str]:
    """Return all endings but the empty one after a final letter, for one harmony."""
    found = _cases_after(last, harmony)
    vowel = last in _VOWELS
    for plural in ("k",) if vowel else _LINKED[harmony]["pl"]:
        found.add(plural)
        found.update(plural + case for case in _cases_after("k", harmony))
        found.add(plural + _LINKED[harmony]["acc"][0])
        found.add(plural + ("at" if harmony == "back" else "et"))
    for bare, before_case in _OWNED[harmony]:
        if vowel and bare[0] in _VOWELS:
            continue
        found.add(bare)
        found.update(before_case + case for case in _cases_after(before_case, harmony))
    found.update(("é", "éi", "éé", "ék", "i", "ista", "hoz" if harmony == "back" else "hez"))
    for adjective in ("i",):
        found.update(adjective + case for case in _cases_after("i", harmony))
        found.update((adjective + ("ak" if harmony == "back" else "ek"),))
    return frozenset(found)


def _harmonies(word: str) -> tuple[str, ...]:
    vowels = [c for c in word if c in _VOWELS]
    if not vowels:
        return ("back", "front")
    if vowels[-1] in _BACK:
        return ("back",)
    if vowels[-1] in "öőüű":
        return ("front",)
    return ("back", "front") if any(v in _BACK for v in vowels) else ("front",)


_LONG = {"a": "á", "e": "é", "o": "ó", "ö": "ő"}
_UNCHANGING = frozenset({"", "i", "ként", "kor", "ért", "hez", "hoz"})
"""Endings before which a final vowel stays short."""


@cache
def _all_endings(finals: str, harmonies: tuple[str, ...]) -> frozenset[str]:
    """Return the endings after any of these final letters: one set for all words alike."""
    found = frozenset(e for last in finals for h in harmonies for e in _endings(last, h))
    return found | {""} if len(finals) == 1 else found


@cache
def _with(harmonies: tuple[str, ...]) -> frozenset[str]:
    return frozenset(tail for h in harmonies for tail in _WITH[h])


@cache
def _after_j(last: str, harmony: str) -> frozenset[str]:
    return frozenset(e[1:] for e in _endings(last, harmony) if e[:1] == "j")


class Language(languages.Language):
    """Hungarian."""

    code: ClassVar[str] = "hu"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word and, where endings change it, its lengthened or assimilated stems."""
        last = word[-1:]
        if len(word) < 2 or not word.isalpha():
            return (Stem(word),)
        harmonies = _harmonies(word)
        long = _LONG.get(last)
        if long:
            return (Stem(word, _UNCHANGING), Stem(word[:-1] + long, _all_endings(last + long, harmonies)))
        stems = [Stem(word, _all_endings(last, harmonies))]
        for digraph in _DIGRAPHS:
            if word.endswith(digraph):  # csúcs, csúccsal
                doubled = word[:-2] + digraph[0] + digraph
                stems.append(Stem(doubled, _with(harmonies)))
        if word.endswith(("ó", "ő")):
            stems.append(Stem(word + "j", _after_j(last, harmonies[0])))
        return tuple(stems)
