"""The words a language counts, dates and reports with: what `facts` reads with.

Words stand as they are printed, separated by commas; several words make a phrase. `~` after a word
means: in every form that the language's endings give it. Hyphens and apostrophes within a phrase make
no difference. Where words have a value, it stands before them, those of one value apart by a slash:
"1 one, 2 two/couple". An empty field means that the language has no such words, and nothing is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How a language writes numbers, measures and dates."""

    comma: bool = False
    """Whether a comma parts the decimals (2,5) and a dot or space the thousands."""
    numbers: str = ""
    """With values. A smaller number after a round one adds to it (двадцать пять)."""
    scales: str = ""
    """With values: what multiplies the number before it (thousand, লাখ)."""
    added: str = ""
    """With values: what is added to the number before it, or to the unit ("and a half")."""
    to_next: str = ""
    """With values: what is added to the number after it (সাড়ে তিন is 3.5, পৌনে দুই 1.75)."""
    joins: str = ""
    """What joins hours and minutes."""
    to: str = ""
    """What stands between the two ends of a range."""

    about: str = ""
    nearly: str = ""
    over: str = ""
    least: str = ""
    under: str = ""
    about_after: str = ""
    over_after: str = ""
    under_after: str = ""

    units: Mapping[str, str] = field(default_factory=dict)
    """second, minute, hour, day, week, month, year."""
    wholes: str = ""
    """With values, in seconds: durations in one phrase ("1800 half an hour")."""
    numbers_glued: str = ""
    """With values: numbers as they begin a word that `glued` ends (két + órás, двух + часовой)."""
    glued: Mapping[str, str] = field(default_factory=dict)

    percent: str = "%"
    currencies: Mapping[str, str] = field(default_factory=dict)
    """ISO 4217 code → how it is called."""
    counted: Mapping[str, str] = field(default_factory=dict)
    """What is counted beside entities: killed, injured. The names are the same in every language."""
    counters: str = ""
    """What may stand between a number and what is counted: জন, человек, people."""

    months: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    """From Monday."""
    days: str = ""
    """With values: days by their distance from today ("1 tomorrow")."""
    weeks: str = ""
    """With values: weeks by their distance from this one ("1 next week")."""
    last: str = ""
    next: str = ""
    """What stands before a weekday to say which."""
    within: str = ""
    within_after: str = ""
    """What makes a duration a term: within two weeks, দুই সপ্তাহের মধ্যে."""
    ahead: str = ""
    ahead_after: str = ""
    ago: str = ""
    """What makes a duration a day: in two weeks, two weeks ago."""
    distance: str = ""
    """What, next to a duration, makes it the distance of two events: two hours after, the past hour."""
    day_marks: str = ""
    """What may stand between a day's number and its month: ই, -го, of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How a language says who said what, where something is, and what is not asserted."""

    says: str = ""
    confirms: str = ""
    denies: str = ""
    excludes: str = ""
    """Verbs that deny what might be: to rule out. What they speak of is asserted not to be."""
    possibilities: str = ""
    """What makes the other verbs do so, too: the possibility, সম্ভাবনা."""
    rejects: str = ""
    """A denial only with one of `claims` in its sentence: to reject a report, not an offer."""
    claims: str = ""
    offers: str = ""
    """What, just before such a verb, makes it a refusal and no denial: offer, request."""
    false: str = ""
    """What, with one of `claims`, makes a saying a denial: fake, not true."""
    by: str = ""
    """What stands before the name of who is quoted: according to."""
    by_after: str = ""
    """What stands after it: szerint."""
    nouns_of: str = ""
    """Nouns beside the name of who speaks, which is a genitive: দাবি ট্রাম্পের."""
    refers: str = ""
    """What, beside a verb of saying, is the sentence before: এ কথা, об этом."""
    negations: str = ""
    """What, up to two words before a verb, turns it round."""
    negations_after: str = ""
    """The same, after the verb."""
    oblique: str = ""
    """Words after which a name is not who speaks: with, of."""
    talks: str = ""
    """What, just before a verb of saying, makes it one of talking: কথা বলেছেন."""
    declines: bool = False
    """Whether a name that speaks stands in its base form, other roles having endings."""
    verb_last: bool = False
    """Whether the verb ends the sentence, so that who speaks may follow it without a comma."""

    questions: str = ""
    """Words that make a sentence a question wherever they stand: whether, ли, কি না."""
    openings: str = ""
    """Words that make it one at its beginning: why, will."""
    conditions: str = ""
    """Words that make it a condition: if, যদি."""
    tries: str = ""
    """Words after which these make none: to see if."""
    background: str = ""
    """Words that tell what was before, wherever they stand: last week."""
    background_openings: str = ""
    """Words that do so at the beginning of a sentence: earlier, এর আগে."""
    lasts: str = ""
    """Verbs of lasting."""
    at: str = ""
    """Prepositions of place."""
    at_speaks: bool = False
    """Whether who is named after one speaks, too: в Кремле заявили."""
    place_endings: tuple[str, ...] = ()
    """Endings of place on a name."""
