"""Headlines that a reader was sent and that say something else now.

What a reader was sent is kept as it was (`headline:ENTRY|REVISION|TITLE` among the items of what was
told), so many small edits that add up are seen, and what changed and changed back is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor import languages, text
from monitor.compose._case import Case
from monitor.life import short
from monitor.model import Change, ChangeKind, Entry, HeadlineChange, StoryEntry

_KEPT = 300
"""Characters of a headline that are kept: more than any has, less than an index refuses."""
_LONG = 5
"""A word so long that differs in one letter is a slip of the pen corrected."""


def headlines(case: Case, changes: Sequence[Change]) -> tuple[HeadlineChange, ...]:
    """Return the headlines that the reader was sent and that differ now, or are about the topic no more."""
    sent = _sent(case)
    by_entry: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind in (ChangeKind.REVISED, ChangeKind.WITHDRAWN) and case.knows(change.entry_id):
            by_entry.setdefault(change.entry_id, []).append(change)
    found = []
    for entry_id, some in by_entry.items():
        item = case.items.get(entry_id)
        gone = item is None and any(change.kind is ChangeKind.WITHDRAWN for change in some)
        entry = some[-1].entry
        if (item is None and (entry is None or not gone)) or (sent and entry_id not in sent):
            continue  # told before headlines were kept: all were, so to speak
        if item is None:
            assert entry is not None, "see above"
            topics = [change.topic for change in some if change.kind is ChangeKind.WITHDRAWN]
            item = StoryEntry(entry=entry, topics=tuple(dict.fromkeys(topics)))
        before = sent.get(entry_id, some[0].before)
        if gone or differ(before, item.entry.title[:_KEPT], item.entry.language):
            found.append(HeadlineChange(before=before, item=item, at=some[-1].at, withdrawn=gone))
    return tuple(found)


def items(shown: Sequence[StoryEntry], changed: Sequence[HeadlineChange]) -> list[str]:
    """Return the headlines that a reader is sent, as items of what was told."""
    told = [*(item.entry for item in shown), *(one.item.entry for one in changed if not one.withdrawn)]
    return list(dict.fromkeys(_item(entry) for entry in told if entry.title))


def _item(entry: Entry) -> str:
    return f"headline:{entry.id}|{entry.revision}|{entry.title[:_KEPT]}"


def _sent(case: Case) -> Mapping[str, str]:
    """Return the headline of each entry that the reader was sent last."""
    newest: dict[str, tuple[int, str]] = {}
    for told in case.told:
        if told.startswith("headline:"):
            entry_id, revision, title = told.removeprefix("headline:").split("|", 2)
            newest[entry_id] = max(newest.get(entry_id, (0, "")), (int(revision), title))
    return {entry_id: title for entry_id, (_, title) in newest.items()}


def differ(before: str, after: str, language: str) -> bool:
    """Whether a headline says something else than it did, by more than a small edit.

    Small are punctuation, case and spaces, a slip of the pen, and the words around the news that a
    desk puts on and takes off: live, updated, an article. Not the order of words: who invites whom
    is in it. A word that denies is never a slip, nor is a number.
    """
    member = languages.language(short(language))
    wrapping = member.headlines.wraps if member else frozenset[str]()
    one, other = ([word for word in text.words(title) if word not in wrapping] for title in (before, after))
    if "".join(one) == "".join(other):
        return False
    endings = member.headlines.denying if member else ()
    return len(one) != len(other) or not all(
        a == b or _slip(a, b, endings) for a, b in zip(one, other, strict=True)
    )


def _slip(one: str, other: str, denying: Sequence[str]) -> bool:
    """Whether two words are one, once misspelt: a letter more, less or other, or two in turn."""
    if min(len(one), len(other)) < _LONG or one[0] != other[0] or any(c.isdigit() for c in one + other):
        return False
    if any(one.endswith(ending) != other.endswith(ending) for ending in denying):
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return abs(len(one) - len(other)) <= 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
