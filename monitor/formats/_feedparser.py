"""Read any feed with feedparser, the reference: slow, forgiving and not to be trusted with time.

One item with 50,000 attributes keeps it busy for minutes: callers run it in a process that can be
killed (monitor.parse).
"""

from __future__ import annotations

import io
import re
from typing import Any, Final

import feedparser

from monitor.errors import ParseError, ParseReason
from monitor.formats import _common
from monitor.formats._charset import is_utf8, mended, misdeclared
from monitor.model import Document, Item

_SKIP: Final = re.compile(
    rb"<skip(hours|days)\b[^<>]{0,200}>(.{0,2000}?)</skip\1>", re.IGNORECASE | re.DOTALL
)
_SKIPPED: Final = re.compile(rb"<(?:hour|day)>\s*([A-Za-z0-9]{1,10})\s*</", re.IGNORECASE)
_RELATIONS: Final = ("self", "hub", "prev-archive", "next")


def read(body: bytes, content_type: str, *, url: str) -> Document:
    """Return the document. Raises ParseError where there is no feed in it."""
    # Its own base is not told, so that ids stay as they are published; links are made absolute here.
    # What is UTF-8 is told to be: feedparser believes a wrong header.
    utf8 = is_utf8(body, content_type)
    try:
        if not utf8 and (name := misdeclared(body, content_type)):
            utf8, body = True, body.decode(name, "replace").encode("utf-8")
    except UnicodeError as error:
        hint = "set `charset:` for this feed"
        raise ParseError(ParseReason.BROKEN, f"not in the encoding it says; {hint}: {error}") from error
    if not utf8:
        whole = mended(body, content_type)
        utf8, body = whole is not body, whole
    kind = "application/xml; charset=utf-8" if utf8 else content_type or "application/xml"
    try:
        # Always a stream: a bytes body that happens to be a path makes feedparser open that file,
        # and a URL makes it fetch (measured). nh3 cleans what is shown; links in texts are not.
        parsed = feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": kind},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        return _document(parsed, body, url)
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError) as error:
        raise ParseError(ParseReason.BROKEN, f"feedparser gave up: {type(error).__name__}") from error
    except RecursionError as error:
        raise ParseError(ParseReason.TOO_COSTLY, "nested too deeply") from error


def _document(parsed: Any, body: bytes, url: str) -> Document:
    feed, entries = parsed["feed"], parsed["entries"]
    version = parsed.get("version", "") or ""
    if not version and not entries:
        raise ParseError(ParseReason.NOT_A_FEED, "no feed in it")
    language = str(dict.get(feed, "language") or "").replace("_", "-")
    links = _links(feed, url)
    return Document(
        title=_text(feed, "title"),
        link=_common.web_link(url, _text(feed, "link")),
        language=language,
        format=_format(version),
        path="feedparser",
        items=tuple(
            _item(entry, url, language, atom=version.startswith("atom"))
            for entry in entries[: _common.MAX_ITEMS]
        ),
        ttl=_common.ttl(
            _text(feed, "ttl"), _text(feed, "sy_updateperiod"), _text(feed, "sy_updatefrequency")
        ),
        skip_hours=_common.skip_hours(_skipped(body, b"hours")),
        skip_days=_common.skip_days(_skipped(body, b"days")),
        self_url=links.get("self", ""),
        hub=links.get("hub", ""),
        previous=links.get("prev-archive", "") or links.get("next", ""),
    )


def _format(version: str) -> str:
    if version.startswith("atom"):
        return "atom"
    return "rdf" if version in ("rss10", "rss090") else "rss"


def _text(mapping: dict[str, Any], key: str) -> str:
    """Return a text as it is stored: feedparser's own look-up falls back to other keys."""
    value = dict.get(mapping, key)
    return value if isinstance(value, str) else ""


def _links(feed: Any, url: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for link in dict.get(feed, "links") or ():
        for rel in str(link.get("rel", "")).lower().split():
            if rel in _RELATIONS and link.get("href"):
                found.setdefault(rel, _common.web_link(url, str(link["href"])))
    return found


def _skipped(body: bytes, what: bytes) -> list[str]:
    return [
        found.decode("ascii")
        for block in _SKIP.finditer(body, 0, 262_144)
        if block[1].lower() == what
        for found in _SKIPPED.findall(block[2])
    ]


def _item(entry: Any, url: str, language: str, *, atom: bool) -> Item:
    contents = [str(part.get("value", "")) for part in dict.get(entry, "content") or ()]
    # Without a description of its own an entry has its content's text as summary once more.
    own = dict.get(entry, "summary_detail") is not None or not contents
    authors = [
        str(author.get("name") or author.get("email") or "") for author in dict.get(entry, "authors") or ()
    ]
    if len(authors) == 1 and _text(entry, "author"):
        # As it is published: feedparser takes addresses out of it, and knows no domain past four letters.
        authors = [_text(entry, "author")]
    detail = dict.get(entry, "title_detail") or {}
    spoken = str(detail.get("language") or "").replace("_", "-")
    return _common.item(
        base=url,
        guid=_text(entry, "id"),
        link=_text(entry, "link"),
        title=_text(entry, "title"),
        summary=_text(entry, "summary") if own else "",
        content="\n".join(dict.fromkeys(filter(None, contents))),
        authors=authors,
        published=_text(entry, "published") or _text(entry, "created"),
        updated=_text(entry, "updated"),
        tags=[str(tag.get("term") or tag.get("label") or "") for tag in dict.get(entry, "tags") or ()],
        language=spoken if spoken != language else "",
        permalink=False,
        atom=atom,
    )
