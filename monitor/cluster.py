"""Cluster: entries → the stories they belong to.

Outlets carry each other's and the agencies' copy nearly word for word. Two entries tell the same
piece of news when their titles share most of their words, or when one text is largely contained in
the other. An entry joins the story it is most like; its story's id never changes, and no entry
changes its story.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

from monitor import text
from monitor.model import Entry, Story

WINDOW = timedelta(hours=72)
"""How long after its last entry a story can still be joined."""

_TITLE_WORDS = 4
"""Shorter titles ("Live", "Editorial") say nothing about being the same."""
_TITLE_LIKE = 0.6
_TEXT_SHINGLES = 12
_TEXT_LIKE = 0.5
_SHINGLE = 3
"""Words in a shingle: with three, copies with 3 % of their words replaced still share 91 %."""
_TEXT_CHARACTERS = 4_000
"""Agency copy is recognised by its beginning; the rest of a long read costs and tells nothing."""


@dataclass(frozen=True, slots=True)
class _Print:
    """What is compared: the words of the title, the shingles of the text."""

    title: frozenset[str]
    shingles: frozenset[int]


def cluster(entries: Sequence[Entry], recent: Iterable[tuple[Story, Sequence[Entry]]]) -> list[Story]:
    """Return the stories of `entries`, new ones and those of `recent` that grew, whole.

    The order of `entries` does not matter.
    """
    index = _Index()
    stories: dict[str, Story] = {}
    for story, members in recent:
        stories[story.id] = story
        for member in members:
            index.add(member, story.id)
    touched: dict[str, None] = {}
    for entry in sorted(entries, key=lambda e: (e.first_seen, e.id)):
        story_id = index.like(entry, stories)
        if story_id is None:
            story_id = blake2b(f"story:{entry.id}".encode(), digest_size=16).hexdigest()
            stories[story_id] = Story(
                id=story_id, entry_ids=(entry.id,), first_seen=entry.first_seen, last_seen=entry.first_seen
            )
        elif entry.id not in stories[story_id].entry_ids:
            old = stories[story_id]
            stories[story_id] = replace(
                old,
                entry_ids=(*old.entry_ids, entry.id),
                first_seen=min(old.first_seen, entry.first_seen),
                last_seen=max(old.last_seen, entry.first_seen),
            )
        index.add(entry, story_id)
        touched[story_id] = None
    return [stories[one] for one in touched]


class _Index:
    """Finds the entry that another is most like, without comparing it to all."""

    def __init__(self) -> None:
        self._prints: list[tuple[_Print, str]] = []
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        self._by_shingle: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, entry: Entry, story_id: str) -> None:
        made = _fingerprint(entry)
        number = len(self._prints)
        self._prints.append((made, story_id))
        for word in made.title:
            self._by_word[word].append(number)
        for shingle in made.shingles:
            self._by_shingle[shingle].append(number)

    def like(self, entry: Entry, stories: dict[str, Story]) -> str | None:
        """Return the story of the most similar entry that is similar enough and recent enough."""
        made = _fingerprint(entry)
        words = Counter(n for word in made.title for n in self._by_word[word])
        shingles = Counter(n for shingle in made.shingles for n in self._by_shingle[shingle])
        best: tuple[float, str] | None = None
        for number in words.keys() | shingles.keys():
            other, story_id = self._prints[number]
            if abs(entry.first_seen - stories[story_id].last_seen) > WINDOW:
                continue
            likeness = max(
                _title_likeness(made, other, words[number]), _text_likeness(made, other, shingles[number])
            )
            # Of equals the smallest id, so that the answer does not hang on the order.
            if likeness >= 1 and (best is None or (-likeness, story_id) < best):
                best = (-likeness, story_id)
        return best[1] if best else None


def _title_likeness(one: _Print, other: _Print, shared: int) -> float:
    """Jaccard of the title words, as a multiple of what is enough."""
    if min(len(one.title), len(other.title)) < _TITLE_WORDS:
        return 0.0
    return shared / (len(one.title) + len(other.title) - shared) / _TITLE_LIKE


def _text_likeness(one: _Print, other: _Print, shared: int) -> float:
    """How much of the shorter text is in the longer, as a multiple of what is enough."""
    shorter = min(len(one.shingles), len(other.shingles))
    return shared / shorter / _TEXT_LIKE if shorter >= _TEXT_SHINGLES else 0.0


def _fingerprint(entry: Entry) -> _Print:
    words = text.words(text.key((entry.content or entry.summary)[:_TEXT_CHARACTERS]))
    shingles = frozenset(hash(tuple(words[i : i + _SHINGLE])) for i in range(len(words) - _SHINGLE + 1))
    return _Print(frozenset(text.words(text.key(entry.title))), shingles)
