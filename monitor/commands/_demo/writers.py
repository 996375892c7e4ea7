"""Writes feed documents: RSS 2.0, RSS 1.0, Atom (RFC 4287) and JSON Feed 1.1.

By hand and to the byte, so that an unchanged feed has an unchanged ETag, and so that the habits of
real feeds can be shown (see content.Outlet), which a library would rightly refuse to write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a feed says of itself. `ttl` in minutes, 0 for none (RSS 2.0 only)."""

    title: str
    link: str
    language: str = ""
    ttl: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item. Empty fields and absent times are left out of the feed; `html` is the full text."""

    guid: str = ""
    url: str = ""
    title: str = ""
    summary: str = ""
    html: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None


def write(form: str, head: Head, lines: Sequence[Line]) -> str:
    """Return a document in `form`: rss, rdf, atom or json."""
    return _WRITERS[form](head, lines)


def _xml(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text, quote=False)}</{tag}>" if text else ""


def _iso(when: datetime | None) -> str:
    return when.isoformat() if when else ""


def _rss(head: Head, lines: Sequence[Line]) -> str:
    items = "".join(
        "\n<item>"
        + _xml("title", line.title)
        + _xml("link", line.url)
        + _guid(line)
        + _xml("pubDate", format_datetime(line.published) if line.published else "")
        + _xml("dc:creator", line.author)
        + _xml("description", line.summary)
        + (f"<content:encoded><![CDATA[{line.html}]]></content:encoded>" if line.html else "")
        + "</item>"
        for line in lines
    )
    return (
        _DECLARATION + '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        + _xml("title", head.title)
        + _xml("link", head.link)
        + _xml("description", head.title)
        + _xml("language", head.language)
        + _xml("ttl", str(head.ttl or ""))
        + items
        + "\n</channel></rss>\n"
    )


def _guid(line: Line) -> str:
    if not line.guid:
        return ""
    permanent = "true" if line.guid == line.url else "false"
    return f'<guid isPermaLink="{permanent}">{escape(line.guid)}</guid>'


def _rdf(head: Head, lines: Sequence[Line]) -> str:
    listed = "".join(f'<rdf:li rdf:resource="{escape(line.guid or line.url)}"/>' for line in lines)
    items = "".join(
        f'\n<item rdf:about="{escape(line.guid or line.url)}">'
        + _xml("title", line.title)
        + _xml("link", line.url)
        + _xml("description", line.summary)
        + _xml("dc:date", _iso(line.published))
        + _xml("dc:creator", line.author)
        + "</item>"
        for line in lines
    )
    return (
        _DECLARATION
        + '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{escape(head.link)}">'
        + _xml("title", head.title)
        + _xml("link", head.link)
        + _xml("description", head.title)
        + _xml("dc:language", head.language)
        + f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>"
        + items
        + "\n</rdf:RDF>\n"
    )


def _atom(head: Head, lines: Sequence[Line]) -> str:
    entries = "".join(
        "\n<entry>"
        + _xml("title", line.title)
        + _xml("id", line.guid)
        + (f'<link rel="alternate" href="{escape(line.url)}"/>' if line.url else "")
        + _xml("published", _iso(line.published))
        + _xml("updated", _iso(line.updated or line.published))
        + (f"<author>{_xml('name', line.author)}</author>" if line.author else "")
        + _xml("summary", line.summary)
        + (f'<content type="html">{escape(line.html, quote=False)}</content>' if line.html else "")
        + "</entry>"
        for line in lines
    )
    newest = max((when for line in lines if (when := line.updated or line.published)), default=None)
    return (
        _DECLARATION
        + f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{escape(head.language)}">'
        + _xml("title", head.title)
        + _xml("id", head.link)
        + f'<link href="{escape(head.link)}"/>'
        + _xml("updated", _iso(newest) or "1970-01-01T00:00:00Z")
        + f"<author>{_xml('name', head.title)}</author>"
        + entries
        + "\n</feed>\n"
    )


def _json(head: Head, lines: Sequence[Line]) -> str:
    items = [
        {
            name: value
            for name, value in (
                ("id", line.guid or line.url),
                ("url", line.url),
                ("title", line.title),
                ("summary", line.summary),
                ("content_html", line.html),
                ("content_text", "" if line.html else line.summary),
                ("date_published", _iso(line.published)),
                ("date_modified", _iso(line.updated)),
                ("authors", [{"name": line.author}] if line.author else []),
            )
            if value
        }
        for line in lines
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.link,
        **({"language": head.language} if head.language else {}),
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


_WRITERS: dict[str, Callable[[Head, Sequence[Line]], str]] = {
    "rss": _rss,
    "rdf": _rdf,
    "atom": _atom,
    "json": _json,
}
