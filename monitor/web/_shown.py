"""How pages are written: by the desk's renderer, in the desk's language and zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.inquire.schedule import coming
from monitor.web import Answer, Asked, Site

HTML = "text/html; charset=utf-8"
_READERS = 20
"""Of so many readers of a route all are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a long list a page shows: `size` of `total`, from `first` (0) on."""

    first: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last one shown, from 1."""
        return min(self.first + self.size, self.total)


def number(text: str) -> int:
    """Return the number that a link's `from` says; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def shown(site: Site, asked: Asked, name: str, *, status: int = 200, **facts: Any) -> Answer:
    """Return the page that `web/NAME.html.j2` makes of facts.

    Links in it are relative, so that it may be reached under any path of another server: `root` is the
    way up. Raises RenderError.
    """
    known: Mapping[str, Any] = {
        "root": "../" * (asked.path.count("/") - 1) or "./",
        "here": name,
        "now": site.clock.now(),
        "labels": {topic.id: _said(topic.title, site.language) or topic.id for topic in site.topics},
        **facts,
    }
    text = site.renderer.page(f"{name}.html", known, language=site.language, timezone=site.timezone)
    return Answer(body=text, status=status, media_type=HTML)


def nothing(site: Site, asked: Asked, what: str) -> Answer:
    """Return the page that says that there is no such story, entry, delivery (`what`)."""
    return shown(site, asked, "nothing", status=404, what=what)


def slots(site: Site, number: int) -> list[dict[str, Any]]:
    """Return the next slots with all whom they reach (`places`), those of one route and time in one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in coming(site.routes, site.channels, site.store, site.clock.now(), number * _READERS):
        key = (one["slot"], one["route"], one["held_until"], one["late"])
        place = {name: one[name] for name in ("channel", "recipient")}
        found.setdefault(key, one | {"places": []})["places"].append(place)
    return list(found.values())[:number]


def _said(by_language: Mapping[str, str], language: str) -> str:
    return by_language.get(language.partition("-")[0]) or by_language.get("en") or ""
