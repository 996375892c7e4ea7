"""What feeds, servers and mistakes say is never active in a page, a mail, a room or a terminal.

Stored and reflected XSS: changedetection.io CVE-2023-24769, 2025-52558, 2025-62780, 2026-27645,
2026-29038; Miniflux CVE-2025-31483, 2023-27591, 2023-27592; FreshRSS CVE-2025-32015 (`srcdoc`) and pull
request 7506 (`formaction`); lxml.html.clean CVE-2018-19787, 2020-27783, 2021-28957, 2021-43818.
Every field that comes from a feed is hostile here, in every story of a digest, an alert and a report.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Digest, Entry, Kind
from monitor.registry import find, names
from monitor.render import Renderer, sample
from tests.security.kit import LINKS, MARKER, SCRIPTS, Page
from tests.world import ROOT

RENDERER = Renderer([ROOT / "templates"])
CHROMIUM = shutil.which("chromium")
LANGUAGES = ('en" onmouseover="alert(1)', "en\n<script>alert(1)</script>", "<b>", "x" * 5_000, "\u202e", "")


def anything(part: str, text: str) -> bool:
    """Let every part be as long as it is."""
    return True


def hostile(entry: Entry, number: int) -> Entry:
    """Return the entry with harm in every field, as a store might hold it from before any rule."""
    payload, link = SCRIPTS[number % len(SCRIPTS)], LINKS[number % len(LINKS)]
    return replace(
        entry,
        url=link,
        guid=payload,
        title=f"{payload} Trump Putin {number}",
        summary=f"{payload} {number} " * 3,
        content=payload * 3,
        author=payload,
        tags=(payload, link),
        source=f"{payload} {number}",
        feed_url=link,
        language=LANGUAGES[number % len(LANGUAGES)],
        country=payload,
    )


KEPT = {"id", "kind", "route", "channel", "language", "timezone", "status", "topic", "stance", "phase", "about",
        "value", "state", "story_id", "address", "term", "entity", "field", "entry_id"}  # fmt: skip
"""Words of ours in the parts of a digest: a feed cannot choose them. All other text is made hostile."""


def poisoned(value: Any, count: Iterator[int], name: str = "") -> Any:
    """Return a digest with harm in whatever text is in it, field by field, also in fields still to come."""
    match value:
        case Entry():
            return hostile(value, next(count))
        case StrEnum() | datetime():
            return value
        case str():
            return value if name in KEPT else f"{SCRIPTS[next(count) % len(SCRIPTS)]} {value}"
        case tuple():
            return tuple(poisoned(one, count, name) for one in value)
        case Mapping():
            return {key: poisoned(one, count) for key, one in value.items()} if name != "parts" else value
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{f.name: poisoned(getattr(value, f.name), count, f.name) for f in fields(value)}
            )
    return value


def digest(kind: Kind, first: int = 0) -> Digest:
    """Return the sample that shows everything a template can say, in which nothing is meant well."""
    made: Digest = poisoned(sample(kind, language="en"), itertools.count(first))
    return made


def pages() -> dict[str, str]:
    """Return every page in HTML that the shipped templates make of it, by name.

    Seven times: so each payload comes to stand in each place.
    """
    made = {}
    for kind, channel, turn in itertools.product(Kind, ("email", "file"), range(7)):
        message = RENDERER.render(digest(kind, turn), channel_type=channel, parts=("html",), fits=anything)
        made[f"{channel}/{kind}/{turn}"] = message.parts["html"]
    return made


PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_cve_2023_24769_no_field_of_a_feed_is_active_in_a_page(name: str) -> None:
    """Read as a browser's tokeniser does: no element acts, no handler, no address but web pages'."""
    page = Page(PAGES[name])
    assert page.active == []
    assert page.styles == 1
    assert all(link.startswith(("http://", "https://")) for link in page.links)
    assert "/feeds/" in name or "Trump Putin" in PAGES[name]  # what operators get tells no story


@pytest.mark.parametrize("payload", [*SCRIPTS[:11], *(f'<a href="{link}">x</a>' for link in LINKS[:6])])
def test_the_measure_sees_what_is_active(payload: str) -> None:
    assert Page(f"<p>{payload}</p>").active or Page(f'<p title="{payload}">').active or payload == SCRIPTS[7]


@pytest.mark.chromium
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: chromium)")
def test_cve_2025_31483_nothing_runs_in_a_real_browser(tmp_path: Path) -> None:
    """A script would leave its mark on the page that Chromium hands back."""
    whole = [html for name, html in PAGES.items() if name.startswith("file/digest")]
    bodies = "".join(map(_body, PAGES.values()))
    assert not _ran(whole[0], tmp_path)
    assert not _ran(whole[0].replace("</body>", f"{bodies}</body>"), tmp_path)
    assert _ran(whole[0].replace("</body>", f"{SCRIPTS[0]}</body>"), tmp_path), (
        "scripts do run in this browser"
    )


def _body(html: str) -> str:
    found = re.search(r"<body>(.*)</body>", html, re.DOTALL)
    assert found is not None
    return found[1]


def _ran(html: str, folder: Path) -> bool:
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
         "--virtual-time-budget=1000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "Trump Putin" in done.stdout
    return re.search(rf"<html[^>]*\s{MARKER}=", done.stdout) is not None


@pytest.mark.parametrize("channel", [c for c in names("channels") if "json" in find("channels", c).parts])
@pytest.mark.parametrize("kind", list(Kind))
def test_rooms_and_receivers_get_words_and_web_links_only(channel: str, kind: Kind) -> None:
    """reliability §2.3: no mention, no other link, no markup of a feed's in a room."""
    cls = find("channels", channel)
    message = RENDERER.render(digest(kind), channel_type=channel, parts=cls.parts)
    payload = json.loads(message.parts["json"])
    for where, url in _links(payload):
        assert url == "" or url.startswith(("http://", "https://")), where
    if channel == "slack":
        for written in _texts(payload):
            for found in re.findall(r"<[^>]*>", written):
                assert re.fullmatch(r"<https?://[^|<>\s]+\|[^<>]*>", found), found


def _is_configured(where: str) -> bool:
    """Whether a place holds addresses of the desk's own feeds."""
    return "troubles" in where or "recovered" in where


def _links(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, one in value.items():
                if key == "url" and isinstance(one, str) and not _is_configured(where):
                    yield where, one
                yield from _links(one, f"{where}.{key}")
        case list():
            for one in value:
                yield from _links(one, where)


def _texts(value: object) -> Iterator[str]:
    match value:
        case dict():
            if value.get("type") == "mrkdwn":
                yield str(value["text"])
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
