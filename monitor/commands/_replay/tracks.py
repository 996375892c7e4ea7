"""Whose polls are these? Recordings and a config → the feeds to replay, with the polls of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor import text
from monitor.addresses import canonical
from monitor.errors import ParseError
from monitor.model import Document, Feed, Fetched, Validators
from monitor.parse import Parser
from monitor.record import Poll, Recording, came

HOST = "replay.invalid"
"""RFC 6761 §6.4: a name that can never be a real host."""
_LOOKED_AT = 3
"""Bodies of an archive that says nothing of its feed; the first may be an error page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A feed as it is replayed, and its polls, oldest first."""

    feed: Feed
    polls: tuple[Poll, ...]


def between(recordings: Iterable[Recording], start: datetime | None, end: datetime | None) -> list[Recording]:
    """Return the recordings with only the polls in [start, end]; those without any are left out."""
    cut = [
        replace(
            one,
            polls=tuple(
                p for p in one.polls if (start is None or p.at >= start) and (end is None or p.at <= end)
            ),
        )
        for one in recordings
    ]
    return [one for one in cut if one.polls]


def tracks(recordings: Sequence[Recording], configured: Sequence[Feed]) -> tuple[Track, ...]:
    """Return a track for each feed, by URL. Recordings of one feed are joined."""
    by_url = {canonical(feed.url): feed for feed in configured}
    parser = Parser()
    try:
        found: dict[str, tuple[Feed, list[Poll]]] = {}
        for one in recordings:
            feed = by_url.get(canonical(one.feed.url)) if one.feed.url else None
            feed = feed or _described(one, configured, parser)
            _, polls = found.setdefault(feed.url, (feed, []))
            polls.extend(one.polls)
    finally:
        parser.close()
    return tuple(
        Track(feed=replace(feed, paused=False), polls=_in_turn(polls))
        for _, (feed, polls) in sorted(found.items())
    )


def _in_turn(polls: Iterable[Poll]) -> tuple[Poll, ...]:
    """Return polls in order of time, no two at one moment: a feed is not polled twice at once."""
    found: list[Poll] = []
    for poll in sorted(polls, key=lambda poll: poll.at):
        if found and poll.at <= found[-1].at:
            poll = replace(poll, at=found[-1].at + timedelta(microseconds=1))
        found.append(poll)
    return tuple(found)


def _described(recording: Recording, configured: Sequence[Feed], parser: Parser) -> Feed:
    """Return the feed of an archive that the config does not poll.

    What the archive says comes first. Where it says nothing, a configured feed on the host that
    the items lead to lends its publisher, language and country; else the document's title is the
    publisher, and each entry's language is read from its words.
    """
    said = recording.feed
    url = said.url or f"https://{HOST}/{recording.name}"
    if said.source and said.language != "und":
        return replace(said, url=url)
    document = _document(recording, said, parser)
    host = (said.url and _host(said.url)) or _leads_to(document)
    lenders = [feed for feed in configured if host and _host(feed.url) == host]
    if lenders and len({(feed.source, feed.language) for feed in lenders}) == 1:
        own = lenders[0]
        return replace(
            said,
            url=url,
            source=said.source or own.source,
            language=said.language if said.language != "und" else own.language,
            country=said.country or own.country,
            charset=said.charset or own.charset,
            tier=own.tier,
        )
    title = " ".join(text.plain(document.title).split())
    name = title or re.split(r"[_.]", recording.name)[0] or recording.name
    return replace(said, url=url, source=said.source or name)


def _document(recording: Recording, feed: Feed, parser: Parser) -> Document:
    """Return the first readable document, or an empty one."""
    seen = list(dict.fromkeys(poll.body for poll in recording.polls if poll.body))[:_LOOKED_AT]
    first = {poll.body: poll for poll in reversed(recording.polls)}
    for body in seen:
        result = came(first[body], replace(feed, url=feed.url or f"https://{HOST}/"), Validators())
        if isinstance(result.outcome, Fetched):
            try:
                return parser.parse(result)
            except ParseError:
                continue
    return Document()


def _leads_to(document: Document) -> str:
    """Return the host that most items of a document lead to."""
    hosts = Counter(host for item in document.items if (host := _host(item.link)))
    return hosts.most_common(1)[0][0] if hosts else _host(document.link)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
