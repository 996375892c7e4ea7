"""A web page's own word about its feeds: link elements, and anchors that look as if they led to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from monitor.formats import _common

FEED_TYPES: Final = frozenset(
    (
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "application/xml",
        "text/xml",
        "application/x-rss+xml",
    )
)
"""WHATWG HTML §4.6.7 names the first two of `rel=alternate`; publishers write the others, too."""
MOST: Final = 200
"""Links of one page."""
_MAX_BYTES: Final = 3_000_000

_LOOKS: Final = re.compile(
    r"(?i)(?:^|[/_.?=&-])(?:rss2?|atom|feeds?|rdf|xmlfeed|jsonfeed)(?:[/_.?=&-]|$)|\.(?:rss|rdf|atom)$"
)
_ELSEWHERE: Final = re.compile(
    r"(?i)^https?://(?:[\w-]+\.)*(?:feedly|inoreader|netvibes|facebook|twitter|x|google|apple|youtube|t|feedburner\.google)\.[a-z]+/(?!.*xml)"
)
_LINK_HEADER: Final = re.compile(
    r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]{1,40}\s*=\s*(?:\"[^\"]{0,400}\"|[^\s;,\"]{1,400})){0,12})"
)
_PARAMETER: Final = re.compile(r";\s*([\w*-]{1,40})\s*=\s*(?:\"([^\"]{0,400})\"|([^\s;,\"]{1,400}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A link that may lead to a feed: `how` is header, link or anchor."""

    url: str
    title: str = ""
    how: str = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says of itself."""

    title: str = ""
    language: str = ""
    links: tuple[Found, ...] = ()


def from_header(value: str, url: str) -> tuple[Found, ...]:
    """Return the feeds that a Link header names (RFC 8288 §3): rel=alternate with a feed's type."""
    found = []
    for match in _LINK_HEADER.finditer(value[:20_000]):
        said = {one[1].lower(): one[2] or one[3] for one in _PARAMETER.finditer(match[2])}
        if "alternate" in said.get("rel", "").lower().split() and said.get("type", "").lower() in FEED_TYPES:
            found.append(Found(url=_absolute(url, match[1]), title=said.get("title", ""), how="header"))
    return tuple(one for one in found if one.url)


def relations(value: str, url: str) -> dict[str, str]:
    """Return the first URL of each relation that a Link header names (RFC 8288 §3.3), by relation."""
    found: dict[str, str] = {}
    for match in _LINK_HEADER.finditer(value[:20_000]):
        said = {one[1].lower(): one[2] or one[3] for one in _PARAMETER.finditer(match[2])}
        there = _absolute(url, match[1])
        if there and "anchor" not in said:  # those are other documents' links
            for relation in said.get("rel", "").lower().split():
                found.setdefault(relation, there)
    return found


def read(body: bytes, content_type: str, url: str) -> Page:
    """Return what a page says. Whatever it is, it costs time linear in its bytes, of which 3 MB count."""
    declared = re.search(r"charset=[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    encoding = declared[1] if declared else None
    if encoding is None and b"charset" not in body[:2048].lower():
        encoding = "utf-8"
    try:
        parser = etree.HTMLParser(encoding=encoding, no_network=True, remove_comments=True)
    except LookupError:
        parser = etree.HTMLParser(no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(body[:_MAX_BYTES].replace(b"\0", b""), parser)
    except (etree.XMLSyntaxError, ValueError):
        return Page()
    if root is None:
        return Page()
    base = next((one.get("href", "") for one in root.iter("base") if one.get("href")), "")
    base = _common.absolute(url, base) if base else url
    links: dict[str, Found] = {}
    for element in root.iter("link", "a", "area"):
        one = _link(element, base)
        if one is not None and one.url not in links and len(links) < MOST:
            links[one.url] = one
    title = root.find(".//title")
    return Page(
        title=" ".join("".join(title.itertext()).split()) if title is not None else "",
        language=str(
            root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        ).strip(),
        links=tuple(sorted(links.values(), key=lambda one: one.how != "link")),
    )


def _link(element: etree._Element, base: str) -> Found | None:
    href = (element.get("href") or "").strip()
    if not href:
        return None
    if element.tag == "link":
        relations = (element.get("rel") or "").lower().split()
        kind = (element.get("type") or "").partition(";")[0].strip().lower()
        is_feed = ("alternate" in relations and kind in FEED_TYPES) or "feed" in relations
        if not is_feed or "stylesheet" in relations or _is_api(href, kind):
            return None
        return _found(base, href, element.get("title") or "", "link")
    if _LOOKS.search(href) and not _ELSEWHERE.match(href):
        return _found(base, href, " ".join("".join(element.itertext()).split())[:200], "anchor")
    return None


def _is_api(href: str, kind: str) -> bool:
    """WordPress names its API (`/wp-json/`) and oEmbed as alternates of each page: no feeds."""
    return kind == "application/json" and ("wp-json" in href or "oembed" in href)


def _found(base: str, href: str, title: str, how: str) -> Found | None:
    href = re.sub(r"^feed:(?://)?(?=https?:)", "", href)
    href = re.sub(r"^feed://", "https://", href)
    url = _absolute(base, href)
    return Found(url=url, title=title.strip(), how=how) if url else None


def _absolute(base: str, href: str) -> str:
    url = _common.safe_link(_common.absolute(base, href.strip()))
    return url.partition("#")[0] if url.startswith(("http://", "https://")) else ""
