"""How pages are written: by the desk's renderer, in the desk's language and zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.inquire.schedule import coming
from monitor.web import Answer, Asked, Site

HTML = "text/html; charset=utf-8"
_READERS = 20
"""Of so many readers of a route all are shown."""


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
