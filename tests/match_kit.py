"""What the matching tests share: the shipped config as values, and entries made of a line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from monitor.match import Matcher
from monitor.model import Entity, Entry, LookAlike, State, Topic

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
NOW = datetime(2025, 10, 17, 6, 0, tzinfo=UTC)


def _tuples(by_language: Mapping[str, list[str]] | None) -> dict[str, tuple[str, ...]]:
    return {code: tuple(texts) for code, texts in (by_language or {}).items()}


def _states(topic: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]) -> tuple[State, ...]:
    return tuple(
        State(
            id=name,
            query=s["query"],
            title=s["title"],
            sources=s.get("sources", 2),
            official=tuple(m for one in s.get("official", ()) for m in groups.get(one, (one,))),
            contradicts=tuple(s.get("contradicts", ())),
            after=tuple(s.get("after", ())),
            before=tuple(s.get("before", ())),
        )
        for name, s in (topic.get("states") or {}).items()
    )


@cache
def shipped() -> dict[str, Any]:
    """Return the arguments for Matcher that config/ holds."""
    entities, look_alikes, topics = [], [], []
    groups: dict[str, tuple[str, ...]] = {}
    for path in sorted((ROOT / "config").glob("[et]*/*.yaml")):
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        for name, e in (document.get("entities") or {}).items():
            by_language: dict[str, Any] = {
                k: _tuples(e.get(k)) for k in ("names", "forms", "typos", "unseen")
            }
            more = {"within": tuple(e.get("within", ())), "same_as": e.get("same_as", "")}
            entities.append(
                Entity(id=name, type=e.get("type", "thing"), label=e.get("label", {}), **by_language, **more)
            )
        for name, a in (document.get("look_alikes") or {}).items():
            look_alikes.append(LookAlike(id=name, claims=_tuples(a["claims"])))
        groups |= {name: tuple(members) for name, members in (document.get("groups") or {}).items()}
        for name, t in (document.get("topics") or {}).items():
            topics.append((name, t))
    made = [
        Topic(
            id=name,
            query=t["query"],
            title=t["title"],
            states=_states(t, groups),
            states_unless=t.get("states_unless", ""),
        )
        for name, t in topics
    ]
    return {"entities": entities, "look_alikes": look_alikes, "groups": groups, "topics": made}


@cache
def desk() -> Matcher:
    """Return a matcher over everything that is shipped."""
    return Matcher(**shipped())


def entry(title: str = "", summary: str = "", lang: str = "und", **more: Any) -> Entry:
    """Return an entry with this text."""
    known: dict[str, Any] = {
        "id": "e",
        "url": "https://news.test/1",
        "source": "Daily Example",
        "feed_url": "https://news.test/rss",
        "first_seen": NOW,
    }
    return Entry(title=title, summary=summary, language=lang, **(known | more))


def holds(query: str, title: str, lang: str = "und", **more: Any) -> bool:
    """Tell whether a query holds for a title."""
    return desk().find(query).evidence(entry(title, more.pop("summary", ""), lang, **more)).matched
