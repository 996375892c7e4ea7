"""Hungarian: a closed grammar of case endings, plurals and possessives, with harmony and assimilation.

-val and -vel take on the consonant before them (Trumppal, Lavrovval, Zelenszkijjel, Kremllel), final
a, e and o lengthen (Moszkvában, Rubióval), -i makes the adjective of a place (budapesti). An ending
counts only in Hungarian text: Trump with the accusative -et would be the English trumpet.
"""

from __future__ import annotations

from functools import cache
from sys import intern
from typing import ClassVar

from monitor import languages
from monitor.languages import Counting, Headlines, Speech, Stem

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
    return frozenset(map(intern, found))


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


_COUNTING = Counting(
    comma=True,
    numbers=(
        "0.5 fél, 1 egy, 1.5 másfél, 2 két/kettő, 3 három, 4 négy, 5 öt, 6 hat, 7 hét, 8 nyolc, 9 kilenc, "
        "10 tíz, 11 tizenegy, 12 tizenkét/tizenkettő, 13 tizenhárom, 14 tizennégy, 15 tizenöt, 16 "
        "tizenhat, 17 tizenhét, 18 tizennyolc, 19 tizenkilenc, 20 húsz, 21 huszonegy, 24 huszonnégy, 25 "
        "huszonöt, 28 huszonnyolc, 30 harminc, 40 negyven, 45 negyvenöt, 48 negyvennyolc, 50 ötven, 55 "
        "ötvenöt, 60 hatvan, 70 hetven, 72 hetvenkét, 80 nyolcvan, 90 kilencven, 100 száz, 120 százhúsz, "
        "150 százötven, 200 kétszáz, 300 háromszáz, 500 ötszáz"
    ),
    scales="1e3 ezer, 1e6 millió/millió, 1e9 milliárd, 1e12 billió",
    added="0.5 és fél, 0.25 és negyed",
    joins="és",
    to="vagy",
    about="mintegy, körülbelül, nagyjából, kb, hozzávetőleg",
    nearly="közel, csaknem, majdnem, szinte, alig valamivel kevesebb mint",
    over="több mint, bő, jó, valamivel több mint",
    least="legalább, minimum",
    under="kevesebb mint, alig, legfeljebb",
    over_after="több, tovább, hosszabb",
    under_after="kevesebb, rövidebb",
    units={
        "second": "másodperc~, másodperces",
        "minute": "perc~, perces, percnyi",
        "hour": "óra~, órás, órányi",
        "day": "nap~, napos, napnyi",
        "week": "hét, héten, hétig, hétre, héttel, hetet, hete, hetek, heti, hetes",
        "month": "hónap~, hónapos, hónapnyi",
        "year": "év~, éves",
    },
    wholes="1800 félóra~/félórás/fél óra~/fél órás, 3600 egyórás/órás telefonbeszélgetés",
    numbers_glued=(
        "0.5 fél, 1 egy, 1.5 másfél, 2 két, 2.5 kétésfél, 3 három, 4 négy, 5 öt, 6 hat, 8 nyolc, 10 tíz"
    ),
    glued={
        "minute": "perces",
        "hour": "órás, órányi",
        "day": "napos",
        "week": "hetes",
        "month": "hónapos",
        "year": "éves",
    },
    percent="%, százalék~, százalékos",
    currencies={
        "USD": "$, dollár~, amerikai dollár~",
        "EUR": "€, euró~",
        "HUF": "forint~",
        "RUB": "₽, rubel~, rubelt",
        "GBP": "£, font~",
    },
    counted={
        "killed": (
            "meghalt, halott, halottja, életét vesztette, halt meg, megölt, halálos áldozat~, halálos "
            "áldozata"
        ),
        "injured": "megsebesült, sebesült, sebesültje, megsérült, sérült, sérültje",
        "drone": "drón~",
    },
    counters="ember, embert, személy, fő, darab, db, civil, polgári",
    months=(
        "január~",
        "február~",
        "március~",
        "április~",
        "május~",
        "június~",
        "július~",
        "augusztus~",
        "szeptember~",
        "október~",
        "november~",
        "december~",
    ),
    weekdays=("hétfő~", "kedd~", "szerda~", "csütörtök~", "péntek~", "szombat~", "vasárnap~"),
    days="0 ma/mai, 1 holnap/holnapi, -1 tegnap/tegnapi, 2 holnapután, -2 tegnapelőtt",
    weeks=(
        "0 ezen a héten/a héten/e héten, 1 jövő héten/jövő hét/jövő heti/a következő héten/jövő hétre, -1 "
        "múlt héten/múlt hét/múlt heti/előző héten"
    ),
    last="múlt, elmúlt",
    next="jövő, következő",
    within="a következő, az elkövetkező",
    within_after="belül",
    ahead_after="múlva",
    ago="ezelőtt",
    distance=(
        "után, előtt, elmúlt, utóbbi, később, korábban, múlva, ultimátum, óta, órával, perccel, nappal, "
        "héttel, hónappal, évvel"
    ),
    day_marks="én, án, jén, e, a, i, étől, ától, éig, áig, ei, ai",
)

_SPEECH = Speech(
    says=(
        "mondta, mondja, közölte, közli, kijelentette, kijelenti, jelentette ki, elmondta, elmondja, "
        "bejelentette, bejelenti, jelentette be, állítja, állította, nyilatkozta, nyilatkozott, írta, "
        "írja, hangsúlyozta, hozzátette, leszögezte, szögezte le, tudatta, üzente, kifejtette, jelezte, "
        "ígérte, figyelmeztetett, megjegyezte, jegyezte meg"
    ),
    confirms=(
        "megerősítette, megerősíti, megerősített, erősítette meg, elismerte, elismeri, ismerte el, igazolta"
    ),
    denies="cáfolta, cáfolja, cáfol, cáfolt, megcáfolta, cáfolták, tagadta, tagadja, tagad, tagadják",
    excludes="kizárta, kizárja, kizárták",
    possibilities="lehetőség~, lehetőségét",
    rejects="visszautasította, visszautasítja, utasította vissza, elutasította, elutasítja, utasította el",
    claims=(
        "hír~, értesülés~, állítás~, vád~, pletyka~, jelentés~, híresztelés~, sajtóhír~, információ~, "
        "feltételezés~"
    ),
    offers="ajánlatot, ajánlatát, javaslatot, javaslatát, kérést, kérését, követelést, meghívást",
    false="nem igaz, valótlan, hazugság, álhír, alaptalan, nem felel meg a valóságnak",
    by_after="szerint",
    refers="ezt, erről, mindezt, a hírt",
    negations="nem, sem, se",
    declines=True,
    questions="vajon, lesz e, találkozik e, találkoznak e, megtartják e, létrejön e, kérdés hogy",
    openings="miért, hogyan, mikor, hol, ki, mi, mit, kinek, milyen",
    conditions="ha, amennyiben, hacsak, feltéve, esetén",
    background=(
        "múlt héten, múlt hónapban, tavaly, hónappal ezelőtt, héttel ezelőtt, évvel ezelőtt, az előző héten"
    ),
    background_openings="korábban, előzőleg, ezt megelőzően",
    lasts=(
        "tartott, tartó, zajlott, beszélt, beszéltek, tárgyalt, tárgyaltak, telefonált, telefonáltak, "
        "egyeztettek"
    ),
    place_endings=("ban", "ben", "on", "en", "ön", "n", "i"),
)


class Language(languages.Language):
    """Hungarian."""

    code: ClassVar[str] = "hu"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)
    counting: ClassVar[Counting] = _COUNTING
    speech: ClassVar[Speech] = _SPEECH

    headlines: ClassVar[Headlines] = Headlines(
        wrapping="a, az, élő, videó, videóval, fotók, galéria, frissítve, frissült, frissül",
        common=(
            "a, az, egy, és, s, hogy, nem, is, ne, se, de, ha, ki, mi, mit, be, le, fel, el, meg, rá, "
            "ott, itt, így, úgy, csak, már, még, majd, lesz, lesznek, volt, voltak, van, vannak, ezt, "
            "azt, ez, ő, ők, amely, ami, aki, amit, akit, mint, vagy, szerint, után, előtt, között, "
            "alatt, mellett, miatt, ellen, közölte, mondta, jelentette, írta"
        ),
        coming=(
            "előtt, előestéjén, közelgő, fog, fognak, lesz, lesznek, majd, tervezett, készül, készülnek, "
            "jövő héten, hamarosan"
        ),
        past="után, követően, véget ért, lezajlott, lezárult",
        asking="miért, hogyan, mit, mi, ki, mikor, hol, mennyi",
        comment="elemzés, vélemény, háttér, miért, publicisztika, mit, interjú, jegyzet, kommentár",
    )

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
