"""Writes an outlet's feed as it stands at a moment, in RSS 2.0, RSS 1.0, Atom or JSON Feed.

By hand and to the byte, so that an unchanged feed has an unchanged ETag, and so that the habits of
real feeds (see content.Outlet) can be shown, which a library would rightly refuse to write.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from zoneinfo import ZoneInfo

from monitor.commands._demo.content import Outlet, Piece, Version

WINDOW = 12
"""Items a feed shows; older ones fall out, as in real feeds."""

MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}

_COMPOSED = (("\u09af\u09bc", "\u09df"), ("\u09a1\u09bc", "\u09dc"), ("\u09a2\u09bc", "\u09dd"))
_ENDINGS = re.compile("(ট্রাম্প|পুতিন|অরবান|পেসকভ|জেলেনস্কি|উশাকভ|বুদাপেস্ট)(কে|সহ)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One item, ready to be written: text in the outlet's spelling, times in its zone."""

    guid: str
    url: str
    title: str
    summary: str
    html: str
    author: str
    published: datetime
    updated: datetime


def shown(outlet: Outlet, now: datetime) -> list[tuple[Piece, Version]]:
    """Return what the feed shows at `now`, newest first."""
    out = [(piece, version) for piece in outlet.pieces if (version := piece.at(now)) is not None]
    out.sort(key=lambda pair: (pair[0].versions[0].at, pair[0].id), reverse=True)
    return out[:WINDOW]


def modified(outlet: Outlet, now: datetime) -> datetime | None:
    """Return when the feed last changed; None while it shows nothing."""
    return max((version.at for _, version in shown(outlet, now)), default=None)


def write(outlet: Outlet, now: datetime) -> bytes:
    """Return the feed's body at `now`."""
    lines = [_line(outlet, piece, version, now) for piece, version in shown(outlet, now)]
    text = _WRITERS[outlet.format](outlet, lines)
    if "composed" in outlet.habits:
        for apart, together in _COMPOSED:
            text = text.replace(apart, together)
    if "zwnj" in outlet.habits:
        text = _ENDINGS.sub("\\1\u200c\\2", text)
    if "bare-ampersand" in outlet.habits:
        text = text.replace("&amp;", "&")
    return text.encode()


def _line(outlet: Outlet, piece: Piece, version: Version, now: datetime) -> _Line:
    zone = ZoneInfo(outlet.zone)
    first = piece.versions[0].at
    guid, url = piece.url, piece.url
    if "new-guids" in outlet.habits:
        mark = hashlib.sha256(f"{piece.id} {now:%Y%m%d%H}".encode()).hexdigest()[:12]
        guid = f"tag:{outlet.site},2025:{mark}"
    if "utm" in outlet.habits:
        url += "?utm_source=rss&utm_medium=feed"
    paragraphs = (version.summary, *version.body) if "content" in outlet.habits else ()
    return _Line(
        guid=guid,
        url=url,
        title=version.title,
        summary=version.summary,
        html="".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs),
        author=piece.author,
        published=(now if "restamp" in outlet.habits else first).astimezone(zone),
        updated=version.at.astimezone(zone),
    )


def _xml(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text, quote=False)}</{tag}>" if text else ""


def _rss(outlet: Outlet, lines: list[_Line]) -> str:
    items = "".join(
        "\n<item>"
        + _xml("title", line.title)
        + _xml("link", line.url)
        + f'<guid isPermaLink="{"true" if line.guid == line.url else "false"}">{escape(line.guid)}</guid>'
        + _xml("pubDate", format_datetime(line.published))
        + _xml("dc:creator", line.author)
        + _xml("description", line.summary)
        + (f"<content:encoded><![CDATA[{line.html}]]></content:encoded>" if line.html else "")
        + "</item>"
        for line in lines
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        + _xml("title", outlet.name)
        + _xml("link", f"https://{outlet.site}/")
        + _xml("description", outlet.name)
        + _xml("language", outlet.language)
        + ("<ttl>20</ttl>" if "ttl" in outlet.habits else "")
        + items
        + "\n</channel></rss>\n"
    )


def _rdf(outlet: Outlet, lines: list[_Line]) -> str:
    listed = "".join(f'<rdf:li rdf:resource="{escape(line.url)}"/>' for line in lines)
    items = "".join(
        f'\n<item rdf:about="{escape(line.url)}">'
        + _xml("title", line.title)
        + _xml("link", line.url)
        + _xml("description", line.summary)
        + _xml("dc:date", line.published.isoformat())
        + _xml("dc:creator", line.author)
        + "</item>"
        for line in lines
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://{outlet.site}/">'
        + _xml("title", outlet.name)
        + _xml("link", f"https://{outlet.site}/")
        + _xml("description", outlet.name)
        + _xml("dc:language", outlet.language)
        + f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>"
        + items
        + "\n</rdf:RDF>\n"
    )


def _atom(outlet: Outlet, lines: list[_Line]) -> str:
    entries = "".join(
        "\n<entry>"
        + _xml("title", line.title)
        + _xml("id", line.guid)
        + f'<link rel="alternate" href="{escape(line.url)}"/>'
        + _xml("published", line.published.isoformat())
        + _xml("updated", line.updated.isoformat())
        + (f"<author>{_xml('name', line.author)}</author>" if line.author else "")
        + _xml("summary", line.summary)
        + (f'<content type="html">{escape(line.html, quote=False)}</content>' if line.html else "")
        + "</entry>"
        for line in lines
    )
    newest = max((line.updated for line in lines), default=None)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">'
        + _xml("title", outlet.name)
        + _xml("id", f"https://{outlet.site}/")
        + f'<link href="https://{outlet.site}/"/>'
        + _xml("updated", newest.isoformat() if newest else "1970-01-01T00:00:00Z")
        + f"<author>{_xml('name', outlet.name)}</author>"
        + entries
        + "\n</feed>\n"
    )


def _json(outlet: Outlet, lines: list[_Line]) -> str:
    items = [
        {
            "id": line.guid,
            "url": line.url,
            "title": line.title,
            "summary": line.summary,
            **({"content_html": line.html} if line.html else {"content_text": line.summary}),
            "date_published": line.published.isoformat(),
            "date_modified": line.updated.isoformat(),
            **({"authors": [{"name": line.author}]} if line.author else {}),
        }
        for line in lines
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"https://{outlet.site}/",
        "language": outlet.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


_WRITERS: dict[str, Callable[[Outlet, list[_Line]], str]] = {
    "rss": _rss,
    "rdf": _rdf,
    "atom": _atom,
    "json": _json,
}
