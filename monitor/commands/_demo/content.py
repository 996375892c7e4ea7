"""The invented news, read from the JSON files beside this module.

`outlets.json` names the publishers and their habits, `wires.json` the agency texts that several of
them print, `items/ID.json` what each of them publishes and when. Every outlet, agency and headline
is made up; the facts of the event are those of 16 and 17 October 2025.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

START = datetime(2025, 10, 16, tzinfo=UTC)
"""Midnight in London, six in the morning in Dhaka."""
END = datetime(2025, 10, 18, 2, tzinfo=UTC)
"""After the morning digest in Dhaka that tells the second evening."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What an item says from `at` on."""

    at: datetime
    title: str
    summary: str
    body: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One published item with its edits, oldest first.

    `kind` is `event` (about the summit), `noise` (not), or `old` (about it, but from before the
    desk began). `wire` names the agency text it copies.
    """

    id: str
    url: str
    kind: str
    facts: tuple[str, ...]
    versions: tuple[Version, ...]
    author: str = ""
    wire: str = ""

    def at(self, now: datetime) -> Version | None:
        """Return what it says at `now`; None before it is out."""
        said = [version for version in self.versions if version.at <= now]
        return said[-1] if said else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A publisher: who, where, how it writes its feed, and what it publishes.

    `habits` are how real feeds behave: `etag`, `last-modified`, `max-age`, `ttl`, `gzip`, `content`
    (full text), `utm` (tracking parameters), `restamp` (pubDate is now), `new-guids` (another guid
    each hour), `composed` (letters with nukta as one code point, not NFC), `zwnj` (a zero-width
    non-joiner before endings), `bare-ampersand` (not well-formed). During `outage` it answers 503;
    `moved` is where a 301 leads.
    """

    id: str
    name: str
    site: str
    language: str
    country: str
    zone: str
    format: str
    path: str
    tier: int
    habits: frozenset[str]
    outage: tuple[datetime, datetime] | None
    moved: str
    pieces: tuple[Piece, ...]


def outlets() -> tuple[Outlet, ...]:
    """Return all publishers with what they publish."""
    wires = _load("wires.json")
    return tuple(
        Outlet(
            id=said["id"],
            name=said["name"],
            site=said["site"],
            language=said["language"],
            country=said["country"],
            zone=said["zone"],
            format=said["format"],
            path=said["path"],
            tier=said["tier"],
            habits=frozenset(said["habits"]),
            outage=_span(said["outage"]) if "outage" in said else None,
            moved=said.get("moved", ""),
            pieces=tuple(_piece(item, said["site"], wires) for item in _load(f"items/{said['id']}.json")),
        )
        for said in _load("outlets.json")
    )


def _load(name: str) -> Any:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _span(texts: list[str]) -> tuple[datetime, datetime]:
    return _time(texts[0]), _time(texts[1])


def _piece(item: Mapping[str, Any], site: str, wires: Mapping[str, Mapping[str, Any]]) -> Piece:
    said = {**wires.get(item.get("wire", ""), {}), **item}
    first = Version(
        at=_time(said["at"]),
        title=said["title"],
        summary=said["summary"],
        body=tuple(said.get("body", ())),
    )
    versions = [first]
    for edit in said.get("edits", ()):
        before = versions[-1]
        versions.append(
            Version(
                at=_time(edit["at"]),
                title=edit.get("title", before.title),
                summary=edit.get("summary", before.summary),
                body=tuple(edit.get("body", before.body)),
            )
        )
    return Piece(
        id=said["id"],
        url=f"https://{site}/{first.at:%Y/%m/%d}/{said['id']}",
        kind=said["kind"],
        facts=tuple(said["facts"]),
        versions=tuple(versions),
        author=said.get("by", ""),
        wire=said.get("wire", ""),
    )
