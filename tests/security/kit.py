"""What attacks are tried with: texts that mean harm, and measures of what they cost."""

from __future__ import annotations

import asyncio
import gc
import time
from asyncio import Handle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

import monitor
from monitor.model import Fetched, FetchResult
from tests.politeness.kit import START, feed

SOURCE = Path(monitor.__file__).parent

LOOP_LIMIT = 0.1
"""Seconds of CPU that the loop may spend between two awaits, whatever anybody sends."""


@dataclass(slots=True)
class LoopCpu:
    """The most CPU time, in seconds, that one callback or one step of a task took."""

    longest: float = 0.0


@contextmanager
def loop_cpu() -> Iterator[LoopCpu]:
    """Measure every callback that the loop runs meanwhile, in CPU time of the loop's own thread.

    It looks at the loop's own handles, so nothing under test is replaced; what runs between two
    awaits is one handle.
    """
    found = LoopCpu()
    run: Callable[[Handle], None] = Handle._run

    def measured(handle: Handle) -> None:
        begun = time.thread_time()
        try:
            run(handle)
        finally:
            found.longest = max(found.longest, time.thread_time() - begun)

    gc.disable()  # to walk all that thousands of tests left takes 0.1 s, and is not what is measured
    try:
        with patch.object(Handle, "_run", measured):
            yield found
    finally:
        gc.enable()


@dataclass(slots=True)
class Memory:
    """How many bytes of resident memory came to be used at most, over what was used before."""

    grown: int = 0


@contextmanager
def peak_memory() -> Iterator[Memory]:
    """Measure this process's peak from here on: Linux forgets the one before when asked to (proc(5))."""
    found, before = Memory(), _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    yield found
    found.grown = _memory("VmHWM") - before


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc/self/clear_refs"
)


async def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run plain code on another thread, as the pipeline does; the loop is free meanwhile."""
    return await asyncio.to_thread(work, *arguments)


def fetched(body: bytes, content_type: str = "application/xml") -> FetchResult:
    """Return a body as it comes from the network."""
    outcome = Fetched(body=body, content_type=content_type)
    return FetchResult(feed=feed("https://example.org/f"), fetched_at=START, outcome=outcome)


def rss(inside: str, head: str = "") -> bytes:
    """Return an RSS document around its channel's inside; `head` stands before the root."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}'
        f'<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'
    ).encode()


OWN_ANCHOR = "#unsubscribe"
"""What the shipped page has where mail puts its link to leave a list."""
MARKER = "data-pwned"
_RUN = f"document.documentElement.setAttribute('{MARKER}','1')"
SCRIPTS = (
    f"<script>{_RUN}</script>",
    f"</title></style></script></textarea><script>{_RUN}</script>",
    f"<img src=x onerror=\"{_RUN}\">",
    f"<svg onload=\"{_RUN}\">",
    f"<svg><animate onbegin=\"{_RUN}\" attributeName=x dur=1s>",
    f"\"><script>{_RUN}</script>",
    f"\" autofocus onfocus=\"{_RUN}\" x=\"",
    f"'-{_RUN}-'",
    f"<iframe srcdoc=\"<script>parent.{_RUN}</script>\"></iframe>",
    f"<button formaction=\"javascript:{_RUN}\">x</button>",
    f"<form action=\"javascript:{_RUN}\"><input type=submit></form>",
    f"<a href=\"javascript:{_RUN}\">x</a>",
    f"<a href=\"&#106;avascript:{_RUN}\">x</a>",
    f"<a href=\"java&Tab;script:{_RUN}\">x</a>",
    f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={_RUN}&gt;\">",
    f"<noscript><p title=\"</noscript><img src=x onerror={_RUN}>\">",
    f"<meta http-equiv=refresh content=\"0;url=javascript:{_RUN}\">",
    f"<object data=\"data:text/html,<script>{_RUN}</script>\"></object>",
    f"<![CDATA[<script>{_RUN}</script>]]>",
    f"<!--><script>{_RUN}</script>-->",
    f"<!--[if mso]><script>{_RUN}</script><![endif]-->",
    f"<body onload=\"{_RUN}\">",
    f"<style>@import 'javascript:{_RUN}';</style>",
    f"<base href=\"javascript:{_RUN}//\">",
    f"&lt;script&gt;{_RUN}&lt;/script&gt;",
    f"&amp;lt;script&amp;gt;{_RUN}&amp;lt;/script&amp;gt;",
    f"{{{{ ''.__class__.__mro__ }}}}{{% include '/etc/passwd' %}}<script>{_RUN}</script>",
    f"\u202e<script>{_RUN}</script>\u2028\u0000",
)  # fmt: skip
"""Payloads that ran in somebody's reader: CVE-2023-24769, 2025-52558, 2025-62780, 2026-27645, 2026-29038
(changedetection.io), 2025-31483, 2023-27592 (Miniflux), 2025-32015 and pull request 7506 (FreshRSS),
2018-19787, 2020-27783, 2021-28957, 2021-43818 (lxml.html.clean), 2009-5065 and 2011-1157 (feedparser)."""

LINKS = (
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN}",
    f"java\tscript:{_RUN}",
    f"java\nscript:{_RUN}",
    f" javascript:{_RUN}",
    f"\x01javascript:{_RUN}",
    f"&#106;avascript:{_RUN}",
    f"&#0000106avascript:{_RUN}",
    f"javascript&colon;{_RUN}",
    f"vbscript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    "file:///etc/passwd",
    "view-source:https://example.org/",
    f"https://example.org/\" onmouseover=\"{_RUN}",
    f"https://example.org/'><script>{_RUN}</script>",
    f"https://example.org/|<script>{_RUN}</script>",
    "https://example.org/\r\nSet-Cookie: a=b",
    "//evil.example.org/",
)  # fmt: skip
"""Addresses that are no links, or are more than one (feedparser's sanitizer lets seven of these pass)."""

_ACTIVE = frozenset(
    [
        "script",
        "iframe",
        "frame",
        "object",
        "embed",
        "applet",
        "form",
        "input",
        "button",
        "select",
        "textarea",
        "svg",
        "math",
        "base",
        "link",
        "template",
        "noscript",
        "video",
        "audio",
        "source",
        "track",
        "portal",
        "dialog",
        "img",
        "picture",
        "canvas",
        "marquee",
    ]
)
_ADDRESSES = frozenset(
    [
        "href",
        "src",
        "action",
        "formaction",
        "data",
        "srcset",
        "poster",
        "background",
        "cite",
        "longdesc",
        "ping",
        "manifest",
        "xlink:href",
        "srcdoc",
    ]
)


class Page(HTMLParser):
    """Reads a page as a browser's tokeniser does and keeps what is active in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.active: list[str] = []
        self.links: list[str] = []
        self.styles = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what acts: elements, handlers, addresses that are no web pages."""
        self.styles += tag == "style"
        if tag in _ACTIVE:
            self.active.append(f"<{tag}>")
        for name, value in attrs:
            address = (value or "").strip()
            if name.startswith("on") or name == "http-equiv":
                self.active.append(f"<{tag} {name}={address[:80]}>")
            elif name in _ADDRESSES and address != OWN_ANCHOR:
                self.links.append(address)
                if tag != "a" or name != "href" or urlsplit(address).scheme not in ("http", "https"):
                    self.active.append(f"<{tag} {name}={address[:80]}>")
            elif name == "style" and ("url(" in address or "expression" in address):
                self.active.append(f"<{tag} style={address[:80]}>")

    handle_startendtag = handle_starttag
