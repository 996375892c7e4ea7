"""Dedupe: a document's items → which entries are new, which were edited, where each was seen.

An item's identity is its canonical link; the guid where there is no link or one document gives
several guids one link; else source + normalised title + day. Real feeds re-stamp every date at
each poll, change guids for the same link and drop items and bring them back (measured on 147,420
Bengali items: one feed did the latter 4,103 times in 12 days), so neither date nor guid is asked
where there is a link, and identities are remembered for ever.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from monitor import languages, text
from monitor.addresses import canonical, is_aggregator
from monitor.model import Document, Entry, Feed, Fresh, Item, Known, Sighting

_LANGUAGE = re.compile("[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}")
"""RFC 5646 §2.1. What a feed writes there is put into digests' HTML: anything else is no language."""

_TEXT_LIMIT = 200_000
"""Characters kept of one item's content: a day's worth of live blog, not a book."""
_TAG_LIMIT = 200


_OUTLET_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item with the identities it may have, the preferred one first.

    `shared` says that the document gives this link to other items as well.
    """

    item: Item
    ids: tuple[str, ...]
    shared: bool


def marks(document: Document) -> tuple[int, ...]:
    """Return a number for each item, which changes with its text, link and guid (not with its dates).

    Python's own hash of strings (SipHash, 64 bits, under a key of this process): for this process only,
    and no publisher can choose two that fall together.
    """
    return tuple([hash((one.link, one.guid, one.title, one.summary, one.content)) for one in document.items])


def candidates(document: Document, feed: Feed, *, absorbed: Collection[int] = ()) -> tuple[Candidate, ...]:
    """Return the document's items, each once, with their possible identities.

    `absorbed` are the places of items that need not be looked at: the document before had them.
    """
    links = [canonical(item.link) for item in document.items]
    variants: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for item, link in zip(document.items, links, strict=True):
        variants[link].add((item.guid, _squeeze(item.title)))
    found: dict[str, Candidate] = {}
    for place, (item, link) in enumerate(zip(document.items, links, strict=True)):
        if place in absorbed:
            continue
        if not (link or item.title.strip() or item.summary.strip() or item.content.strip()):
            continue
        guids = {guid for guid, _ in variants[link]}
        shared = bool(link) and len(variants[link]) > 1 and (len(guids) > 1 or guids <= {"", item.link})
        ids = []
        if link and not shared:
            ids.append(_digest("link", link))
        if item.guid and (not shared or len(guids) > 1):
            ids.append(_digest("guid", feed.source, item.guid))
        day = f"{item.published:%Y-%m-%d}" if item.published else ""
        ids.append(_digest("title", feed.source, text.key(text.plain(item.title or item.summary)), day))
        if shared:
            ids.append(_digest("link", link))
        found.setdefault(ids[0], Candidate(item=item, ids=tuple(ids), shared=shared))
    return tuple(found.values())


def identities(found: tuple[Candidate, ...]) -> frozenset[str]:
    """Return every identity that the store should be asked for."""
    return frozenset(one for candidate in found for one in candidate.ids)


def dedupe(
    found: tuple[Candidate, ...],
    document: Document,
    feed: Feed,
    known: Mapping[str, Known],
    *,
    now: datetime,
) -> Fresh:
    """Return what the document brought that is not known yet.

    An edit counts when the same feed shows another text than it did before, or when another feed
    brings clearly more text (a stub in one, the article in the other).
    """
    entries: list[Entry] = []
    revised: list[Entry] = []
    sightings: list[Sighting] = []
    declared = _declared(document, feed)
    for candidate in found:
        old = _recall(candidate, known)
        raw = _digest(candidate.item.title, candidate.item.summary, candidate.item.content)[:12]
        before = old.fingerprints.get(feed.url, "") if old else ""
        if old and before.startswith(raw):
            continue
        entry = _entry(candidate, declared, feed, now, old, raw)
        fingerprint = entry.fingerprint
        sightings.append(Sighting(entry_id=entry.id, feed_url=feed.url, fingerprint=fingerprint, seen_at=now))
        if old is None:
            entries.append(entry)
        elif before:
            if before.partition(":")[2] != fingerprint.partition(":")[2]:
                revised.append(entry)
        elif length(entry) > old.length * 1.2 + 40:
            revised.append(entry)
    return Fresh(entries=tuple(entries), revised=tuple(revised), sightings=tuple(sightings))


def length(entry: Entry) -> int:
    """Return the characters of an entry's text."""
    return len(entry.title) + len(entry.summary) + len(entry.content)


def whole(entry: Entry, article: str) -> Entry:
    """Return an entry with the text of its article, if that says more than its feed does.

    What the feed gave for the content is its summary then, unless it gave one.
    """
    if len(article) <= len(entry.content):
        return entry
    return replace(entry, content=article, summary=entry.summary or entry.content, article=True)


def _recall(candidate: Candidate, known: Mapping[str, Known]) -> Known | None:
    """Find the entry that an item is, by the first identity that is known.

    A link that items share is known under the one that came with it first, so the guid decides
    where it can; a shared link alone says nothing.
    """
    remembered = [known[one] for one in candidate.ids if one in known]
    guid = candidate.item.guid
    exact = [old for old in remembered if guid and old.guid == guid]
    if exact:
        return exact[0]
    shared_link = candidate.ids[-1] if candidate.shared else ""
    return next((old for old in remembered if old.id != shared_link), None)


def _entry(
    candidate: Candidate, declared: str, feed: Feed, now: datetime, old: Known | None, raw: str
) -> Entry:
    """Return what an item is to the desk; `raw` is the digest of its text as it came."""
    item = candidate.item
    content = text.plain(item.content)[:_TEXT_LIMIT]
    summary = text.plain(item.summary)[:_TEXT_LIMIT]
    title = " ".join(text.plain(item.title).split())[:2_000]
    summary = "" if summary == content else summary
    return Entry(
        id=old.id if old else candidate.ids[0],
        url=item.link,
        guid=item.guid,
        title=title,
        summary=summary,
        content=content,
        author=" ".join(text.plain(item.author).split())[:300],
        tags=tuple(tag[:_TAG_LIMIT] for tag in item.tags[:50]),
        published=item.published,
        updated=item.updated,
        first_seen=old.first_seen if old else now,
        source=_outlet(item) or feed.source,
        feed_url=feed.url,
        language=_language(item, feed, declared, f"{title} {summary or content[:600]}"),
        country=feed.country,
        revision=old.revision + 1 if old else 1,
        fingerprint=f"{raw}:{_digest(title, summary, content)[:12]}",
    )


def _declared(document: Document, feed: Feed) -> str:
    """Return the language of a document: what the desk says, what the publisher says, what it looks like."""
    if feed.language != "und":
        return feed.language
    if said := _tag(document.language):
        return said
    return languages.detect(" ".join(text.plain(item.title) for item in document.items[:20]))


def _tag(said: str) -> str:
    """Return a language tag if it is one."""
    said = said.replace("_", "-")
    return said if _LANGUAGE.fullmatch(said) else ""


def _language(item: Item, feed: Feed, declared: str, words: str) -> str:
    """Return an entry's language: the desk's word for the feed, else the publisher's where it fits.

    WordPress says `en-US` of many a Bengali paper, so the words decide where the script is another.
    """
    if feed.language != "und":
        return feed.language
    declared = _tag(item.language) or declared
    found = languages.detect(words, declared)
    return declared if found == declared.partition("-")[0].lower() else found


def _outlet(item: Item) -> str:
    """Return the outlet that an aggregator hangs on a title: "… - BBC News"; "" where it is none."""
    if not is_aggregator(item.link):
        return ""
    _, dash, name = " ".join(text.plain(item.title).split()).rpartition(" - ")
    return name if dash and 0 < len(name.split()) <= _OUTLET_WORDS else ""


def _squeeze(title: str) -> str:
    return " ".join(title.split())


def _digest(*parts: str) -> str:
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(joined, digest_size=16).hexdigest()
