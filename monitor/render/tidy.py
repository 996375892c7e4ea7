"""Make other people's text safe to print anywhere, letter for letter, so that spans stay true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from monitor.model import (
    Contradiction,
    Digest,
    DigestStory,
    Entry,
    FactNote,
    Quote,
    SignalNote,
    StoryEntry,
    Trouble,
    TurnNote,
)

_REPLACED = (
    dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
    | dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\u200b")
    | dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
)
"""C0, C1 and line separators become spaces; overrides of the writing direction, which would turn
what follows the headline, become zero-width; lone surrogates, which no encoding has, become U+FFFD."""
_LINES = {key: value for key, value in _REPLACED.items() if key not in (0x09, 0x0A)}

_ENCODED = {ord(c): f"%{ord(c):02X}" for c in ' "<>\\^`{|}'}
"""ASCII that no URI has (RFC 3986). Letters of other scripts stay: an IRI can be read (RFC 3987)."""


def line(text: str) -> str:
    """Return `text` on one line: as many code points as before, none that controls anything."""
    return text.translate(_REPLACED)


def lines(text: str) -> str:
    """The same for a text of several lines."""
    return text.translate(_LINES)


def tidy(digest: Digest) -> Digest:
    """Return the digest with all text of feeds cleaned."""
    return replace(
        digest,
        sections=tuple(
            replace(section, stories=tuple(_story(story) for story in section.stories))
            for section in digest.sections
        ),
        troubles=tuple(map(_trouble, digest.troubles)),
        recovered=tuple(map(_trouble, digest.recovered)),
        turns=tuple(_turn(note) for note in digest.turns),
        signals=tuple(_signal(note) for note in digest.signals),
        open=tuple(_turn(one) if isinstance(one, TurnNote) else _contradiction(one) for one in digest.open),
    )


def facts(value: Any) -> Any:
    """Return facts for a page, text by text, however deep they are: as many code points as before."""
    match value:
        case str():
            return lines(value)
        case Mapping():
            return {lines(str(key)): facts(part) for key, part in value.items()}
        case StoryEntry():
            return _item(value)
        case list() | tuple():
            return [facts(part) for part in value]
    return value


def _trouble(trouble: Trouble) -> Trouble:
    return replace(trouble, source=line(trouble.source), url=line(trouble.url), reason=line(trouble.reason))


def _story(story: DigestStory) -> DigestStory:
    news = story.news
    return replace(
        story,
        lead=_item(story.lead),
        also=tuple(_item(item) for item in story.also),
        carriers=tuple(_item(item) for item in story.carriers),
        news=replace(
            news,
            sources=tuple(_item(item) for item in news.sources),
            facts=tuple(_fact(note) for note in news.facts),
            denials=tuple(_quote(quote) for quote in news.denials),
            contradictions=tuple(_contradiction(one) for one in news.contradictions),
            headlines=tuple(
                replace(change, before=line(change.before), item=_item(change.item))
                for change in news.headlines
            ),
            turns=tuple(_turn(note) for note in news.turns),
            known=_item(news.known) if news.known else None,
        ),
    )


def _fact(note: FactNote) -> FactNote:
    span = replace(note.fact.span, surface=line(note.fact.span.surface))
    sources = tuple(line(source) for source in note.sources)
    return replace(note, fact=replace(note.fact, span=span), item=_item(note.item), sources=sources)


def _contradiction(one: Contradiction) -> Contradiction:
    return replace(one, sides=tuple(_fact(side) for side in one.sides))


def _quote(quote: Quote) -> Quote:
    span = replace(quote.span, surface=line(quote.span.surface))
    return replace(quote, span=span, item=_item(quote.item))


def _turn(note: TurnNote) -> TurnNote:
    return replace(
        note,
        item=_item(note.item) if note.item else None,
        quotes=tuple(_quote(quote) for quote in note.quotes),
        sources=tuple(line(source) for source in note.sources),
    )


def _signal(note: SignalNote) -> SignalNote:
    return replace(note, items=tuple(_item(item) for item in note.items))


def _item(item: StoryEntry) -> StoryEntry:
    spans = tuple(replace(s, surface=lines(s.surface)) for s in item.spans)
    return replace(item, entry=_entry(item.entry), spans=spans)


def _entry(entry: Entry) -> Entry:
    return replace(
        entry,
        url=line(entry.url),
        title=lines(entry.title),
        summary=lines(entry.summary),
        content=lines(entry.content),
        author=line(entry.author),
        source=line(entry.source),
        language=line(entry.language),
        tags=tuple(line(tag) for tag in entry.tags),
    )


def web_link(url: str) -> str:
    """Return `url` if it is an absolute http or https link, with what no URI has encoded; else "".

    So `javascript:`, `data:` and relative links never become clickable, and the link can stand in
    HTML attributes and in Slack's `<url|text>` alike.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    return url.translate(_ENCODED)


def host(url: str) -> str:
    """Return the host of a link, without `www.`; "" if it has none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
