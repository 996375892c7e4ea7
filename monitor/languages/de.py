"""German: the genitive -s of names, the endings of common nouns and adjectives. No compounds."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import Counting, Headlines, Speech, Stem

_NAME = frozenset({"", "s"})
_COMMON = frozenset({"", "s", "es", "e", "en", "n", "er", "ern", "em", "ens"})
_AFTER_E = frozenset({"e", "en", "er", "em", "es", "ern"})
_UNG = frozenset({"", "en"})


_COUNTING = Counting(
    comma=True,
    numbers=(
        "0.5 halbe/halben/halb, 1 ein/eine/einen/einem/einer, 1.5 anderthalb/eineinhalb, 2 zwei, 2.5 "
        "zweieinhalb, 3 drei, 3.5 dreieinhalb, 4 vier, 5 fünf, 6 sechs, 7 sieben, 8 acht, 9 neun, 10 zehn, "
        "11 elf, 12 zwölf, 15 fünfzehn, 20 zwanzig, 30 dreißig, 40 vierzig, 50 fünfzig, 60 sechzig, 70 "
        "siebzig, 80 achtzig, 90 neunzig, 100 hundert"
    ),
    scales="1e3 tausend, 1e6 million/millionen/mio, 1e9 milliarde/milliarden/mrd, 1e12 billion/billionen",
    joins="und",
    to="bis, oder",
    about="etwa, rund, ungefähr, circa, ca",
    nearly="fast, knapp, beinahe, nahezu",
    over="mehr als, über, gut",
    least="mindestens, wenigstens",
    under="weniger als, unter, höchstens, maximal",
    units={
        "second": "Sekunde, Sekunden",
        "minute": "Minute, Minuten, minütige, minütigen, minütiges",
        "hour": "Stunde, Stunden, stündige, stündigen, stündiges, stündiger",
        "day": "Tag, Tage, Tagen, tägige, tägigen",
        "week": "Woche, Wochen, wöchige",
        "month": "Monat, Monate, Monaten",
        "year": "Jahr, Jahre, Jahren",
    },
    wholes="1800 halbe Stunde/halben Stunde/halbstündige/halbstündigen",
    numbers_glued="1 ein, 1.5 anderthalb, 1.5 eineinhalb, 2 zwei, 2.5 zweieinhalb, 3 drei, 4 vier, 5 fünf",
    glued={
        "hour": "stündige, stündigen, stündiges, stündiger, stündig",
        "minute": "minütige, minütigen, minütiges",
        "day": "tägige, tägigen, tägiges",
        "week": "wöchige, wöchigen",
    },
    percent="%, Prozent",
    currencies={"USD": "$, Dollar, US Dollar", "EUR": "€, Euro", "RUB": "₽, Rubel"},
    counted={
        "killed": "getötet, Tote, Toten, tot, Todesopfer",
        "injured": "verletzt, Verletzte, Verletzten",
        "drone": "Drohne, Drohnen",
    },
    counters="Menschen, Personen, Zivilisten, Soldaten",
    months=(
        "Januar, Jänner",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag, Sonnabend", "Sonntag"),
    days="0 heute, 1 morgen, -1 gestern, 2 übermorgen, -2 vorgestern",
    weeks=(
        "0 diese Woche/dieser Woche, 1 nächste Woche/kommende Woche/nächster Woche/kommender Woche, -1 "
        "letzte Woche/vergangene Woche/vergangener Woche"
    ),
    last="letzten, vergangenen",
    next="nächsten, kommenden",
    within="innerhalb von, binnen, in den nächsten, in den kommenden",
    ahead="in",
    distance="nach, vor, später, zuvor, seit, vergangenen, letzten, Ultimatum",
)

_SPEECH = Speech(
    says=(
        "sagte, sagt, sagten, erklärte, erklärt, teilte mit, teilt mit, kündigte an, kündigt an, betonte, "
        "betont, schrieb, schreibt, meinte, warnte, warnt, behauptet, behauptete"
    ),
    confirms="bestätigte, bestätigt, bestätigten, räumte ein, räumt ein",
    denies="dementierte, dementiert, dementieren, bestritt, bestreitet, leugnet, leugnete",
    excludes="schloss aus, schließt aus",
    possibilities="Möglichkeit",
    rejects="wies zurück, weist zurück, weist, wies",
    claims=(
        "Bericht, Berichte, Meldung, Meldungen, Gerücht, Gerüchte, Vorwurf, Vorwürfe, Behauptung, "
        "Behauptungen"
    ),
    offers="Angebot, Vorschlag, Forderung, Bitte, Einladung",
    false="nicht wahr, falsch, Falschmeldung, erfunden, unwahr",
    by="laut, nach Angaben von, nach Angaben des, so",
    negations="nicht, nie, kein, keine",
    oblique="mit, von, vom, zu, zum, zwischen, gegen, für, bei, nach, vor, über, an, als, des, dem",
    questions="ob",
    openings="warum, wie, wann, wo, wer, was, wird, kann, soll, ist, welche",
    conditions="wenn, falls, sofern",
    background=(
        "letzte Woche, vergangene Woche, letzten Monat, vergangenen Monat, letztes Jahr, im vergangenen Jahr"
    ),
    background_openings="zuvor, früher, bereits zuvor",
    lasts="dauerte, dauert, telefonierten, telefoniert, sprachen, sprach",
    at="in, im, an",
)


class Language(languages.Language):
    """German."""

    code: ClassVar[str] = "de"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)
    counting: ClassVar[Counting] = _COUNTING
    speech: ClassVar[Speech] = _SPEECH

    headlines: ClassVar[Headlines] = Headlines(
        wrapping="der, die, das, den, dem, des, ein, eine, einen, einem, einer, live, video, update",
        common=(
            "der, die, das, den, dem, des, ein, eine, einer, eines, einem, einen, und, oder, in, im, an, "
            "am, auf, zu, zum, zur, von, vom, mit, nach, bei, für, über, um, aus, durch, gegen, als, wie, "
            "ist, sind, war, wird, werden, hat, haben, nicht, kein, keine, auch, noch, sich, sein, seine, "
            "ihr, ihre, er, sie, es, dass, aber, wenn, vor, sagt, sagte"
        ),
        coming="vor, im vorfeld, wird, werden, geplant*, will, wollen, soll, sollen, könnte, nächste woche",
        past="nach, endete, gescheitert",
        asking="wie, warum, wieso, was, wer, wo, wann",
        comment="analyse, kommentar, meinung, warum, hintergrund, interview, leitartikel",
    )

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word with its endings; -en and -e of a common word may be exchanged."""
        if len(word) < 3 or not word.isalpha():
            return (Stem(word),)
        if proper:
            return (Stem(word, _NAME),)
        if word.endswith("e"):
            return (Stem(word[:-1], _AFTER_E),)
        if word.endswith("ung"):
            return (Stem(word, _UNG),)
        return (Stem(word, _COMMON),)
