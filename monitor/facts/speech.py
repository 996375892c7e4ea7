"""Who says, confirms or denies what, and which sentences assert nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.facts.dates import days
from monitor.facts.lexicon import Phrase, lexicon
from monitor.facts.passage import Named, Passage, Sentence, keys
from monitor.facts.quantities import measures
from monitor.model import Entity, Stance, Statement
from monitor.text import key

_SPEAKERS = frozenset({"person", "institution", "body", "organisation", "organization"})
_REACH = 8
"""Words of titles and first names between a verb and the name that follows it."""
_FAR = 30
"""Words between a name and its verb: a sentence of a newspaper, with a relative clause in it."""
_BESIDE = 4
"""Words between a verb and its object (an offer, a report, a possibility)."""
_STANCES = {
    "denies": Stance.DENIES,
    "excludes": Stance.DENIES,
    "rejects": Stance.DENIES,
    "confirms": Stance.CONFIRMS,
    "says": Stance.SAYS,
}
_STRENGTH = {Stance.SAYS: 0, Stance.CONFIRMS: 1, Stance.DENIES: 2}


OLD = timedelta(days=2)
"""A day longer ago than this is not that of the news: over a weekend papers are a day late."""


class Verb(NamedTuple):
    """A verb of saying that holds: what it does, and its tokens."""

    stance: Stance
    start: int
    end: int


def verbs(passage: Passage, start: int, end: int) -> Iterator[Verb]:
    """Yield the verbs of saying between two tokens, negations taken into account.

    Who does not deny or does not confirm says something; who does not say says nothing. A refusal of an
    offer is no denial.
    """
    for index in passage.marked(start, end):
        at = passage.phrases[index]
        for tag, stance in _STANCES.items():
            phrase = at.get(tag)
            if phrase is None or phrase.end > end:
                continue
            meant = _meant(passage, phrase, tag, stance, start, end)
            if meant is not None:
                yield Verb(meant, phrase.start, phrase.end)
                break


def _meant(passage: Passage, phrase: Phrase, tag: str, stance: Stance, start: int, end: int) -> Stance | None:
    ending = passage.ending.get(phrase.start, {}) if passage.joined(phrase.start) else {}
    if tag == "says" and "talk" in ending and "refers" not in ending:
        return None
    if _negated(passage, phrase, start, end):
        return None if stance is Stance.SAYS else Stance.SAYS
    if tag in ("denies", "rejects") and _near(passage, "offer", phrase, start, end):
        return Stance.SAYS
    if tag == "rejects" and not _near(passage, "claim", phrase, start, end, reach=2 * _BESIDE):
        return None
    return stance


def _negated(passage: Passage, phrase: Phrase, start: int, end: int) -> bool:
    for index in (phrase.start, phrase.start - 1):
        if index > start and "not" in passage.ending.get(index, {}) and passage.joined(phrase.start):
            return True
    for index in range(phrase.end, min(phrase.end + 3, end)):
        if not passage.joined(index):
            return False
        if passage.tag(index, "not-after") is not None:
            return True
    return False


def _near(passage: Passage, tag: str, phrase: Phrase, start: int, end: int, reach: int = _BESIDE) -> bool:
    """Tell whether a phrase with a tag stands beside another, at most so many words away."""
    low, high = max(start, phrase.start - reach), min(end, phrase.end + reach)
    return any(passage.tag(index, tag) is not None for index in range(low, high))


# who speaks ───────────────────────────────────────────────────────────────────────────────────


def statements(passage: Passage, sentence: Sentence, known: Mapping[str, Entity]) -> list[Statement]:
    """Return who is quoted in a sentence, each speaker once with what is strongest of it."""
    named = passage.within(sentence)
    if not named:
        return []
    speakers = [n for n in named if n.type in _SPEAKERS or n.type == "place"]
    if not speakers:
        return []
    reader = _Reader(passage, sentence, speakers, known)
    found: dict[str, Stance] = {}
    for speaker, stance in reader.quoted():
        before = found.get(speaker)
        if before is None or _STRENGTH[stance] > _STRENGTH[before]:
            found[speaker] = stance
    if not found:
        return []
    span = passage.sentence_span(sentence)
    return [Statement(speaker=speaker, stance=stance, span=span) for speaker, stance in found.items()]


def refers(passage: Passage, sentence: Sentence) -> bool:
    """Tell whether what a sentence says of is the sentence before: এ কথা জানিয়েছেন …, об этом сообщил …"""
    for verb in verbs(passage, sentence.start, sentence.end):
        low, high = max(sentence.start, verb.start - _BESIDE), min(sentence.end, verb.end + 1)
        if any(passage.tag(index, "refers") is not None for index in range(low, high)):
            return True
    return False


class _Reader:
    """Finds the speakers of one sentence."""

    def __init__(
        self, passage: Passage, sentence: Sentence, speakers: list[Named], known: Mapping[str, Entity]
    ) -> None:
        self._passage, self._sentence = passage, sentence
        self._speakers, self._known = speakers, known
        self._speech = passage.lexicon.language.speech
        self._false = _false(passage, sentence.start, sentence.end)

    def quoted(self) -> Iterator[tuple[str, Stance]]:
        """Yield each speaker that is found, with what it does."""
        verbs_here = list(verbs(self._passage, self._sentence.start, self._sentence.end))
        for verb in verbs_here:
            speaker = self._of(verb, verbs_here)
            if speaker is not None:
                yield self._person(speaker).id, self._stance(verb.stance)
        for speaker, stance in self._beside():
            yield self._person(speaker).id, self._stance(stance)

    def _stance(self, stance: Stance) -> Stance:
        return Stance.DENIES if self._false and stance is Stance.SAYS else stance

    def _of(self, verb: Verb, others: list[Verb]) -> Named | None:
        """Return who does what a verb says: right before it, right after it, else the nearest before."""
        before = self._before(verb, others)
        if before is not None and verb.start - before.end <= 1 and self._chained(before.end, verb.start):
            return before
        return self._after(verb) or before

    def _before(self, verb: Verb, others: list[Verb]) -> Named | None:
        for speaker in reversed(self._speakers):
            if speaker.end > verb.start:
                continue
            gap = verb.start - speaker.end
            if gap > _FAR or any(speaker.end <= other.start < verb.start for other in others):
                return None
            if not self._may_speak(speaker) or (
                speaker.type == "place" and (gap > 1 or self._is_titled(speaker))
            ):
                continue
            return speaker
        return None

    def _is_titled(self, place: Named) -> bool:
        """Tell whether a place belongs to a role before it: президент США заявил."""
        return any(n.type == "role" and n.end == place.start for n in self._passage.entities)

    def _after(self, verb: Verb) -> Named | None:
        passage = self._passage
        if not (
            self._speech.verb_last
            or not passage.joined(verb.start)
            or verb.start == self._sentence.start
            or "refers" in passage.ending.get(verb.start, {})  # of this spoke …
        ):
            return None
        if passage.tag(verb.start, "oblique") is not None:  # told Putin: the hearer follows
            return None
        for speaker in self._speakers:
            if speaker.start < verb.end:
                continue
            if speaker.start - verb.end > _REACH or not self._chained(verb.end, speaker.start):
                return None
            if self._may_speak(speaker) and speaker.type in _SPEAKERS:
                return speaker
        return None

    def _chained(self, first: int, last: int) -> bool:
        """Tell whether no punctuation stands before any token from `first` to `last`."""
        return all(self._passage.joined(index) for index in range(first, last + 1))

    def _may_speak(self, speaker: Named) -> bool:
        """Tell whether a name stands as one who acts: in its base form, not after a preposition."""
        passage = self._passage
        if passage.gap(speaker.end) == "'" and passage.words[speaker.end].text == "s":
            return False
        if self._speech.declines and not self._is_base(speaker):
            at = passage.ending.get(speaker.start, {}) if self._speech.at_speaks else {}
            return "at" in at and speaker.type != "person" and passage.joined(speaker.start)
        if self._speech.declines and self._owns(speaker):
            return False
        if not passage.joined(speaker.start):
            return True
        return "oblique" not in passage.ending.get(speaker.start, {})

    def _owns(self, speaker: Named) -> bool:
        """Tell whether a role that belongs to a name follows it: Putyin szóvivője is his spokesman."""
        return any(
            n.type == "role" and n.start == speaker.end and not self._is_base(n)
            for n in self._passage.within(self._sentence)
        )

    def _is_base(self, speaker: Named) -> bool:
        entity = self._known[speaker.id]
        code = self._passage.lexicon.language.code
        surface = key(speaker.span.surface)
        for names in (entity.names, entity.typos, entity.unseen):
            for base in keys(names.get(code, ())):
                if surface == base or (surface.startswith(base) and surface[len(base) :] in ("ও", "ই")):
                    return True
        return not any(code in names for names in (entity.names, entity.forms))

    def _person(self, speaker: Named) -> Named:
        """Return the person who speaks for a body or place beside it: Peskov, the Kremlin's spokesman."""
        if speaker.type == "person":
            return speaker
        for other in self._speakers:
            near = min(abs(other.start - speaker.end), abs(speaker.start - other.end)) <= _REACH
            speaks_for = other.type == "person" and speaker.id in self._known[other.id].within
            if near and speaks_for and self._may_speak(other):
                return other
        return speaker

    def _beside(self) -> Iterator[tuple[Named, Stance]]:
        """Yield speakers that no verb names: according to X, X: …, … – X, X szerint, ঘোষণা ট্রাম্পের."""
        passage, sentence = self._passage, self._sentence
        for speaker in self._speakers:
            if speaker.type not in _SPEAKERS:
                continue
            if (stance := self._by(speaker)) is not None:
                yield speaker, stance
            elif passage.field == "title" and self._is_label(speaker, sentence):
                yield speaker, Stance.SAYS

    def _by(self, speaker: Named) -> Stance | None:
        passage = self._passage
        for back in range(_REACH):
            index = speaker.start - back
            if index <= self._sentence.start or not passage.joined(index):
                break
            by = passage.ending.get(index, {}).get("by")
            if by is not None:
                return next((v.stance for v in verbs(passage, by.start, by.end)), Stance.SAYS)
            if back and any(other.end == index for other in self._speakers):
                if self._speech.declines:
                    continue
                break
        if passage.joined(speaker.end):
            if passage.tag(speaker.end, "by-after") is not None:
                return Stance.SAYS
            if passage.tag(speaker.end, "noun-of") is not None and not self._is_base(speaker):
                return self._noun(speaker.end)
        if passage.joined(speaker.start) and not self._is_base(speaker):
            noun = passage.ending.get(speaker.start, {}).get("noun-of")
            if noun is not None:
                return self._noun(noun.start)
        return None

    def _noun(self, index: int) -> Stance:
        at = self._passage.phrases.get(index, {})
        return Stance.DENIES if "denies" in at else Stance.SAYS

    def _is_label(self, speaker: Named, sentence: Sentence) -> bool:
        """Tell whether a headline is a name's: "Peskov: …", "…: ট্রাম্প", "… — Kremlin"."""
        passage = self._passage
        if not self._may_speak(speaker) or any(
            o is not speaker and o.end == speaker.start for o in self._speakers
        ):
            return False
        after = passage.gap(speaker.end) if speaker.end < sentence.end else ""
        if after.lstrip().startswith(":") and speaker.end - sentence.start <= 5:
            return True
        if sentence.end - speaker.end > 2 or speaker.start == sentence.start:
            return False
        if any(n.type == "place" and n.start >= speaker.end for n in passage.within(sentence)):
            return False  # "…: will meet Putin in Budapest" is what is said, not who says it
        for index in range(max(speaker.start - 3, sentence.start + 1), speaker.start + 1):
            before = passage.gap(index)
            if ":" in before or " - " in before:
                return True
        return False


# what is not asserted ─────────────────────────────────────────────────────────────────────────


def hedge(sentence: str, code: str, published: datetime | None = None) -> str:
    """Return why a sentence does not assert what it names, "" if it does.

    `question`, `condition`, `background` (what was before) or `denial`. `sentence` is as it was
    written, `code` its language. A sentence that names a day of the past (OLD) tells what was before the
    time of publication, if that is given.
    """
    if sentence.rstrip("\"'»”’)] ").endswith(("?", "؟", "？")):
        return "question"
    words = lexicon(code)
    if words is None:
        return ""
    passage = Passage("", sentence, words)
    start, end = 0, len(passage.words)
    first = passage.phrases.get(start, {})
    if "opening" in first:
        return "question"
    if "background-opening" in first:
        return "background"
    for index in passage.marked(start, end):
        for tag in ("question", "condition", "background"):
            if tag in passage.phrases[index] and not (
                tag == "condition" and "tries" in passage.ending.get(index, {})
            ):
                return tag
    if _denied(passage, start, end):
        return "denial"
    return "background" if published is not None and _is_old(passage, published) else ""


def _is_old(passage: Passage, published: datetime) -> bool:
    whole = Sentence(0, len(passage.words), 0, len(passage.aligned.key))
    if not passage.valued(0, whole.end):
        return False
    measured = list(measures(passage, whole))
    return any(published.date() - day.high > OLD for day in days(passage, whole, measured, published))


def _denied(passage: Passage, start: int, end: int) -> bool:
    if _false(passage, start, end):
        return True
    for index in passage.marked(start, end):
        for tag in ("denies", "rejects"):
            phrase = passage.phrases[index].get(tag)
            if phrase is None or _near(passage, "possibility", phrase, start, end):
                continue
            if _meant(passage, phrase, tag, Stance.DENIES, start, end) is Stance.DENIES:
                return True
    return False


def _false(passage: Passage, start: int, end: int) -> bool:
    """Tell whether a sentence calls a report wrong."""
    tags = {tag for index in passage.marked(start, end) for tag in passage.phrases[index]}
    return "false" in tags and "claim" in tags
