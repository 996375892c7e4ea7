"""French: plurals and feminines. Articles and prepositions end at the apostrophe (l'Ukraine)."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Counting, Headlines, Speech, Stem

_COMMON = frozenset({"", "s", "e", "es", "x"})
_PLURAL = frozenset({"", "s"})


_COUNTING = Counting(
    comma=True,
    numbers=(
        "1 un/une, 2 deux, 3 trois, 4 quatre, 5 cinq, 6 six, 7 sept, 8 huit, 9 neuf, 10 dix, 11 onze, 12 "
        "douze, 13 treize, 14 quatorze, 15 quinze, 16 seize, 20 vingt, 30 trente, 40 quarante, 50 "
        "cinquante, 60 soixante, 90 quatre-vingt-dix, 100 cent"
    ),
    scales="1e3 mille, 1e6 million/millions, 1e9 milliard/milliards",
    added="0.5 et demie/et demi, 0.25 et quart",
    joins="et",
    to="à, ou",
    about="environ, autour de, quelque, à peu près",
    nearly="près de, presque, pas loin de",
    over="plus de, plus d",
    least="au moins",
    under="moins de, au plus",
    units={
        "second": "seconde, secondes",
        "minute": "minute, minutes",
        "hour": "heure, heures, h",
        "day": "jour, jours",
        "week": "semaine, semaines",
        "month": "mois",
        "year": "an, ans, année, années",
    },
    wholes="1800 demi-heure/une demi-heure",
    percent="%, pour cent",
    currencies={"USD": "$, dollar, dollars", "EUR": "€, euro, euros", "RUB": "₽, rouble, roubles"},
    counted={
        "killed": "tué, tués, tuées, morts, mort",
        "injured": "blessé, blessés, blessées",
        "drone": "drone, drones",
    },
    counters="personnes, civils, soldats",
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    days="0 aujourd'hui, 1 demain, -1 hier, 2 après-demain, -2 avant-hier",
    weeks=(
        "0 cette semaine, 1 la semaine prochaine/semaine prochaine, -1 la semaine dernière/semaine dernière"
    ),
    within="d'ici, dans les, sous",
    ahead="dans",
    distance="après, avant, depuis, dernières, derniers, plus tard, auparavant, ultimatum",
    day_marks="er",
)

_SPEECH = Speech(
    says=(
        "a dit, dit, a déclaré, déclare, a annoncé, annonce, a affirmé, affirme, a indiqué, indique, a "
        "assuré, assure, a expliqué, explique, a ajouté, ajoute, a écrit, écrit, a souligné, souligne, a "
        "averti, avertit, a précisé, précise"
    ),
    confirms="a confirmé, confirme, a reconnu, reconnaît, confirment",
    denies="a démenti, dément, démentent, a nié, nie, a contesté, conteste",
    excludes="a exclu, exclut",
    possibilities="possibilité",
    rejects="a rejeté, rejette, a balayé, balaie",
    claims=(
        "information, informations, rumeur, rumeurs, accusation, accusations, allégation, allégations, propos"
    ),
    offers="offre, proposition, demande, invitation",
    false="faux, fausse, mensonge, infondé, infondées",
    by="selon, d'après",
    negations="ne, n, pas, jamais",
    oblique="avec, de, du, des, d, à, au, par, entre, contre, pour, chez, après, avant, que, sur, en",
    openings="pourquoi, comment, quand, où, qui, que, quel, quelle, quels, est-ce",
    conditions="si, à condition",
    background="la semaine dernière, le mois dernier, l'an dernier, l'année dernière",
    background_openings="auparavant, plus tôt, précédemment",
    lasts="a duré, dure, ont parlé, s'est entretenu, ont discuté, ont échangé",
    at="à, en, au",
)


class Language(languages.Language):
    """French."""

    code: ClassVar[str] = "fr"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)
    counting: ClassVar[Counting] = _COUNTING
    speech: ClassVar[Speech] = _SPEECH

    headlines: ClassVar[Headlines] = Headlines(
        wrapping="le, la, les, l, un, une, des, du, direct, vidéo, vidéos, photos",
        common=(
            "le, la, les, l, un, une, des, du, de, d, et, ou, en, à, au, aux, dans, sur, sous, pour, par, "
            "avec, sans, contre, vers, chez, que, qui, quoi, dont, où, ce, cet, cette, ces, son, sa, ses, "
            "leur, leurs, il, elle, ils, elles, on, nous, vous, je, ne, pas, plus, est, sont, était, a, "
            "ont, avait, sera, seront, mais, si, comme, après, avant, selon, dit, a dit"
        ),
        coming=(
            "avant, à la veille, en amont, va, vont, prévu*, pourrait, doit, doivent, prochain*, rencontrera"
        ),
        past="après, à l'issue, échec, terminé",
        asking="comment, pourquoi, que, qui, quand, où, quel, quelle",
        comment="analyse, opinion, tribune, éditorial, décryptage, pourquoi, chronique, entretien",
    )

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return a name as it is, a common word with its plural and feminine."""
        if proper or len(word) < 3 or not word.isalpha():
            return (Stem(word, BARE),)
        if word.endswith("al"):
            return (Stem(word, _COMMON), Stem(word[:-1] + "ux"))
        return (Stem(word, _PLURAL if word.endswith("e") else _COMMON),)
