"""English: plurals and, for common words, the regular verb forms. Possessives end at the apostrophe.

Names take no ending: `trumped`, `trumps` and `trumpeted` are other words than Trump.
"""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Counting, Headlines, Speech, Stem

_PLURAL = frozenset({"", "s"})
_REGULAR = frozenset({"", "s", "ed", "ing"})
_SIBILANT = frozenset({"", "es", "ed", "ing"})
_AFTER_E = frozenset({"e", "es", "ed", "ing"})
_VOWELS = "aeiou"
_Y = frozenset({"", "ing"})
_IES = frozenset({"es", "ed"})
_DOUBLED = frozenset({"ed", "ing"})
_ES = frozenset({"", "es"})


_COUNTING = Counting(
    numbers=(
        "1 one, 2 two, 3 three, 4 four, 5 five, 6 six, 7 seven, 8 eight, 9 nine, 10 ten, 11 eleven, 12 "
        "twelve, 13 thirteen, 14 fourteen, 15 fifteen, 16 sixteen, 17 seventeen, 18 eighteen, 19 nineteen, "
        "20 twenty, 30 thirty, 40 forty, 50 fifty, 60 sixty, 70 seventy, 80 eighty, 90 ninety"
    ),
    scales="100 hundred, 1e3 thousand/k, 1e6 million/mln/m, 1e9 billion/bn, 1e12 trillion",
    added="0.5 and a half/and half, 0.25 and a quarter, 0.75 and three quarters",
    joins="and",
    to="to, or",
    about="about, around, roughly, some, approximately, approx, an estimated",
    nearly="nearly, almost, close to, just under, just short of, not quite",
    over="more than, over, longer than, upwards of, in excess of, well over, just over, a little over",
    least="at least, no less than, not less than, no fewer than, a minimum of",
    under="less than, under, fewer than, no more than, at most, up to",
    about_after="or so, or thereabouts",
    units={
        "second": "second, seconds",
        "minute": "minute, minutes, min, mins, minute long, minutes long",
        "hour": "hour, hours, hr, hrs, hour long, hours long",
        "day": "day, days, day long",
        "week": "week, weeks, week long",
        "month": "month, months, month long",
        "year": "year, years, year long",
    },
    wholes="1800 half an hour/half hour/half hour long, 3600 an hour/hour long, 5400 an hour and a half",
    percent="%, percent, per cent, pct, percentage points",
    currencies={
        "USD": "$, dollars, dollar, US dollars",
        "EUR": "€, euros, euro",
        "GBP": "£, pounds",
        "RUB": "₽, rubles, roubles, ruble, rouble",
        "UAH": "₴, hryvnias, hryvnia",
        "INR": "₹, rupees",
        "BDT": "৳, taka",
        "HUF": "forints, forint",
    },
    counted={
        "killed": "killed, killing, kills, dead, died, deaths",
        "injured": "injured, injuring, wounded, wounding, hurt",
        "drone": "drone, drones",
    },
    counters="people, persons, civilians, soldiers, children, others, men, women",
    months=(
        "January, Jan",
        "February, Feb",
        "March, Mar",
        "April, Apr",
        "May",
        "June, Jun",
        "July, Jul",
        "August, Aug",
        "September, Sept, Sep",
        "October, Oct",
        "November, Nov",
        "December, Dec",
    ),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    days="0 today/tonight, 1 tomorrow, -1 yesterday",
    weeks="0 this week/later this week, 1 next week/the coming week, -1 last week/the previous week",
    last="last, past",
    next="next, coming",
    within="within, within the next, in the next, in the coming, over the next, over the coming",
    ahead="in",
    ahead_after="from now",
    ago="ago",
    distance="after, before, later, earlier, since, past, last, previous, old, notice, deadline, ultimatum",
    day_marks="st, nd, rd, th, of",
)

_SPEECH = Speech(
    says=(
        "said, says, say, saying, told, tells, announced, announces, stated, added, adds, claimed, claims, "
        "declared, declares, wrote, writes, warned, warns, insisted, insists, explained, noted, suggested, "
        "suggests, argued, argues, emphasised, emphasized, stressed, revealed, reveals, posted, "
        "reiterated, commented, replied, responded, vows, vowed, hinted, hints"
    ),
    confirms="confirmed, confirms, confirm, acknowledged, acknowledges, admitted, admits, verified",
    denies="denied, denies, deny, denying, refuted, refutes, refute, rebutted, disputes, disputed",
    excludes="rules out, ruled out, rule out",
    possibilities="possibility, chance, prospect",
    rejects="rejected, rejects, dismissed, dismisses, brushed off, brushes off, shot down, shoots down",
    claims=(
        "report, reports, claim, claims, rumour, rumours, rumor, rumors, suggestion, suggestions, "
        "allegation, allegations, speculation, accusation, accusations, story, information"
    ),
    offers="offer, proposal, proposals, request, demand, demands, invitation",
    false="not true, untrue, false, fake, fabricated, baseless, groundless, hoax, incorrect",
    by="according to, quoted, citing, denied by, confirmed by",
    negations=(
        "not, never, neither, nor, didn t, doesn t, don t, hasn t, haven t, won t, cannot, refused to, "
        "declined to, refuses to, declines to"
    ),
    oblique=(
        "with, to, of, from, by, about, between, against, on, at, after, before, than, for, into, over, "
        "told, tells, accused, urged, thanked, calls, call, in"
    ),
    questions="whether",
    openings=(
        "will, would, could, can, should, is, are, was, were, do, does, did, has, have, what, why, how, "
        "when, where, who, which"
    ),
    conditions="if, unless, provided that, in case, were to, in the event",
    tries="see, seeing, find out",
    background=(
        "last week, last month, last year, earlier this year, earlier this month, months ago, weeks ago, "
        "years ago, had agreed, had planned, had been due, had been expected, had been set"
    ),
    background_openings="earlier, previously, before that",
    lasts="lasted, lasts, lasting, took, went on, ran, spoke, talked, spent",
    at="in, at",
)


class Language(languages.Language):
    """English."""

    code: ClassVar[str] = "en"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)
    counting: ClassVar[Counting] = _COUNTING
    speech: ClassVar[Speech] = _SPEECH

    headlines: ClassVar[Headlines] = Headlines(
        wrapping="a, an, the, live, video, watch, photos, pictures, updated, update, updates, breaking",
        common=(
            "a, an, the, to, in, of, on, for, and, or, at, by, with, from, as, is, are, was, be, been, "
            "will, would, could, should, may, might, has, have, had, it, its, his, her, their, he, she, "
            "they, we, you, i, not, no, who, what, how, why, when, where, this, that, these, those, but, "
            "if, than, then, s, t, ll, re, ve, d, m, us, our, your, up, down, out, off, over, into, "
            "about, before, after, ahead, amid, also, more, most, just, still, new, say, says, said, "
            "saying, tell, tells, told, ask, asks, asked"
        ),
        coming=(
            "ahead of, before, prior to, eve of, upcoming, run up to, will, would, ll, set to, plans to, "
            "planned, planning, to meet, to hold, to host, to visit, to travel, to discuss, to speak, to "
            "talk, to attend, to join, next week, next friday, could, may, might, prepare*, preparing, "
            "intends to, set for"
        ),
        past=(
            "after, following, in the wake of, aftermath, fails, failed, ended, ends without, met, "
            "concluded, held talks"
        ),
        asking="how, why, what, who, where, when, will, can, could, is, are, does, did, should, would",
        comment=(
            "analysis, opinion, explained, explainer, explains, takeaways, history of, what to expect, "
            "how, the one thing, lessons, key moments, in pictures, timeline, editorial, comment, fact "
            "check, what we know, commentary, op ed, column"
        ),
    )

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return a name as it is, a common word with -s, -es, -ies, -ed and -ing."""
        if proper or len(word) < 3 or not word.isalpha() or word.endswith(("ed", "ing", "ss")):
            return (
                Stem(
                    word,
                    _ES
                    if word.endswith("ss") and not proper
                    else _PLURAL
                    if not proper and word.endswith("ing")
                    else BARE,
                ),
            )
        last, before = word[-1], word[-2]
        if last == "s":
            return (Stem(word),)
        if last == "y" and before not in _VOWELS:
            return (Stem(word, _Y), Stem(word[:-1] + "i", _IES))
        if last == "e":
            return (Stem(word[:-1], _AFTER_E),)
        if last in "xz" or word.endswith(("ch", "sh")):
            return (Stem(word, _SIBILANT),)
        if len(word) < 4 and last in "aiou":
            return (Stem(word, _PLURAL),)
        stems = [Stem(word, _REGULAR)]
        if last in "bdglmnprt" and before in _VOWELS and word[-3] not in _VOWELS:
            stems.append(Stem(word + last, _DOUBLED))
        return tuple(stems)
