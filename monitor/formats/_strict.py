"""Read well-formed feeds with lxml, fast: 33–112 times faster than feedparser (measured).

This path takes only what it reads exactly as feedparser, the reference, does. Whatever is odd —
ill-formed, with a DOCTYPE, in a vocabulary that could mean two things — it declines, and
feedparser reads it. Refusing entities is up to us: lxml's options alone do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

from lxml import etree

from monitor.formats import _common
from monitor.formats._charset import as_utf8, has_doctype
from monitor.model import Document, Item

ATOM: Final = "{http://www.w3.org/2005/Atom}"
RSS1: Final = "{http://purl.org/rss/1.0/}"
RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC: Final = "{http://purl.org/dc/elements/1.1/}"
DCTERMS: Final = "{http://purl.org/dc/terms/}"
CONTENT: Final = "{http://purl.org/rss/1.0/modules/content/}"
SYNDICATION: Final = "{http://purl.org/rss/1.0/modules/syndication/}"
MEDIA: Final = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
ITUNES: Final = "{http://www.itunes.com/"
XHTML: Final = "{http://www.w3.org/1999/xhtml}"
LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"

_PREFIXES: Final = frozenset(
    {None, "dc", "dcterms", "content", "media", "itunes", "xhtml", "atom", "rdf", "l", "psc"}
)
"""Prefixes that feedparser knows even where they are bound to another namespace; None: it looks at
the name alone."""

_HARMLESS_MEDIA: Final = frozenset((
    "content", "thumbnail", "credit", "rating", "group", "player", "restriction", "copyright", "text",
    "hash", "community", "statistics", "starRating", "backLinks", "status", "price", "license", "subTitle",
    "peerLink", "location", "rights", "scenes", "embed", "responses", "comments",
))  # fmt: skip
_RISKY: Final = frozenset((
    "summary", "content", "body", "fullitem", "id", "updated", "modified", "issued", "published",
    "created", "abstract", "info", "keywords", "tags", "language", "managingeditor", "contributor",
    "entry", "item", "feed", "channel", "webmaster", "name", "email", "uri", "url", "homepage", "dc:date",
    "rights", "copyright", "subtitle", "tagline", "textinput", "image", "lastbuilddate", "expirationdate",
    "newlocation", "generator",
))  # fmt: skip
"""Elements without a namespace that feedparser would take for something of an item's."""


_HEADS: Final = frozenset(
    ("title", "link", "language", "ttl", "id", "skiphours", "skipdays", "item", "entry", "channel")
)
_ABSOLUTE: Final = re.compile(r"https?://[\w.-]+(?::[0-9]+)?(?:/[^\[\]]*)?\Z")
_MARK: Final = b"\xef\xbb\xbf"
_MARKED_TAG: Final = re.compile(rb"<[^<>]*\xef\xbb\xbf")
"""A byte order mark in a name: a letter of it to lxml, nothing to feedparser."""
_HTML: Final = ("text/html", "application/xhtml+xml", "html")


class _OddError(Exception):
    """Here could be two readings: feedparser decides."""


def read(body: bytes, content_type: str, *, url: str) -> Document | None:
    """Return the document, or None to decline. Never raises for what a body may hold."""
    text = as_utf8(body, content_type)
    if text is None or has_doctype(text) or (_MARK in text and _MARKED_TAG.search(text)):
        return None
    try:
        root = etree.fromstring(text, _common.xml_parser(), base_url=url or None)
        if root.getroottree().docinfo.internalDTD is not None:
            return None
        return _document(root, url, bases=b"xml:base" in text)
    except (etree.XMLSyntaxError, _OddError, ValueError):
        return None


def _document(root: Any, url: str, *, bases: bool) -> Document:
    read_root = {
        "rss": _rss,
        f"{ATOM}feed": _atom,
        f"{RDF}RDF": _rdf,
    }.get(root.tag)
    if read_root is None:
        raise _OddError
    if not bases:
        return read_root(root, url)
    if any(element.get(BASE) is not None for element in root.iter() if element is not root):
        raise _OddError
    stated = root.get(BASE, url)
    if not _ABSOLUTE.match(stated):
        raise _OddError
    base = _common.absolute(url, stated)
    document = read_root(root, base)
    if any(item.guid and urljoin(base, item.guid) != item.guid for item in document.items):
        raise _OddError  # feedparser takes a relative id for a link against the base
    return document


def _rss(root: Any, url: str) -> Document:
    if len(root) != 1 or root[0].tag != "channel":
        raise _OddError
    channel = root[0]
    items = channel.findall("item")
    _no_others(root, len(items) + 1)
    _head(channel, "item", ("title", "link", "language", "ttl", "skipHours", "skipDays", f"{ATOM}link"))
    language = _language(root) or _language(channel) or _text_of(channel, "language")
    return Document(
        title=_text_of(channel, "title"),
        link=_feed_link(url, _text_of(channel, "link")),
        language=language,
        format="rss",
        path="strict",
        items=tuple(_items(items, url, language, "")),
        **_wishes(channel, ""),
        **_links(channel, url),
    )


def _rdf(root: Any, url: str) -> Document:
    channel = root.find(f"{RSS1}channel")
    if channel is None:
        raise _OddError
    items = root.findall(f"{RSS1}item")
    _no_others(root, len(items) + 1)
    _head(root, f"{RSS1}item", (f"{RSS1}channel",))
    _head(channel, "", (f"{RSS1}title", f"{RSS1}link", f"{DC}language", f"{ATOM}link"))
    language = _language(root) or _text_of(channel, f"{DC}language")
    return Document(
        title=_text_of(channel, f"{RSS1}title"),
        link=_feed_link(url, _text_of(channel, f"{RSS1}link")),
        language=language,
        format="rdf",
        path="strict",
        items=tuple(_items(items, url, language, RSS1)),
        **_wishes(channel, RSS1),
        **_links(channel, url),
    )


def _atom(root: Any, url: str) -> Document:
    entries = root.findall(f"{ATOM}entry")
    _no_others(root, len(entries) + 1)
    _head(root, f"{ATOM}entry", (f"{ATOM}title", f"{ATOM}link", f"{ATOM}id"))
    language = _language(root)
    title, identity = root.find(f"{ATOM}title"), root.find(f"{ATOM}id")
    home = [
        link.get("href", "")
        for link in root.findall(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate" and link.get("type", "text/html") in _HTML
    ]
    return Document(
        title="" if title is None else _construct(title),
        link=_feed_link(url, home[-1] if home else "" if identity is None else _value(identity)),
        language=language,
        format="atom",
        path="strict",
        items=tuple(_entry(entry, url, language) for entry in entries[: _common.MAX_ITEMS]),
        **_wishes(root, ATOM),
        **_links(root, url),
    )


def _no_others(root: Any, count: int) -> None:
    """Raise if there are items or feeds in places or namespaces where they were not looked for."""
    if sum(1 for _ in root.iter("{*}item", "{*}entry", "{*}feed", "{*}channel")) != count:
        raise _OddError


def _head(parent: Any, item: str, known: tuple[str, ...]) -> None:
    """Raise for what feedparser would take for the feed's title, link or language, or for an item, too."""
    seen = set()
    for child in parent:
        tag = child.tag
        if tag == item:
            continue
        if not isinstance(tag, str):
            raise _OddError  # an entity that was not resolved
        name = tag.rpartition("}")[2].lower()
        if name in _HEADS and not tag.startswith((ITUNES, *MEDIA)):
            if tag not in known or (tag in seen and name != "link"):
                raise _OddError
            seen.add(tag)


def _language(element: Any) -> str:
    return str(element.get(LANG, "")).strip().replace("_", "-")


def _text_of(parent: Any, tag: str) -> str:
    found = parent.find(tag)
    return "" if found is None else _common.repair((found.text or "").strip())


def _feed_link(url: str, link: str) -> str:
    return _common.safe_link(_common.absolute(url, link)) if link else ""


def _wishes(channel: Any, namespace: str) -> dict[str, Any]:
    """Return what the publisher asks of those who poll."""
    hours = channel.find(f"{namespace}skipHours")
    days = channel.find(f"{namespace}skipDays")
    return {
        "ttl": _common.ttl(
            _text_of(channel, f"{namespace}ttl"),
            _text_of(channel, f"{SYNDICATION}updatePeriod"),
            _text_of(channel, f"{SYNDICATION}updateFrequency"),
        ),
        "skip_hours": _common.skip_hours([e.text or "" for e in hours.findall(f"{namespace}hour")])
        if hours is not None
        else frozenset(),
        "skip_days": _common.skip_days([e.text or "" for e in days.findall(f"{namespace}day")])
        if days is not None
        else frozenset(),
    }


def _links(channel: Any, url: str) -> dict[str, Any]:
    """Return the links to the feed itself, its hub and its older entries (RFC 5005)."""
    found: dict[str, str] = {}
    for link in channel.findall(f"{ATOM}link"):
        href = link.get("href", "").strip()
        for rel in link.get("rel", "").lower().split():
            if rel in ("self", "hub", "prev-archive", "next"):
                if not href:
                    raise _OddError  # the document itself, where there is a base
                found.setdefault(rel, _feed_link(url, href))
    return {
        "self_url": found.get("self", ""),
        "hub": found.get("hub", ""),
        "previous": found.get("prev-archive", "") or found.get("next", ""),
    }


# items ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Parts:
    """What was found of one item."""

    one: dict[str, str] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    permalink: bool = False
    language: str = ""

    def put(self, name: str, value: str) -> None:
        """Keep what there is one of. Two: which one counts is feedparser's to say."""
        if name in self.one:
            raise _OddError
        self.one[name] = value


_PLAIN: Final = {
    "title": "title",
    "description": "summary",
    "link": "link",
    "pubDate": "published",
    f"{CONTENT}encoded": "content",
    f"{DC}date": "updated",
    f"{ATOM}updated": "updated",
}
_MEANINGFUL: Final = frozenset({"type", "mode", "base", "href"})
"""Attributes by which feedparser takes an element's text for something else."""
_CONSTRUCTS: Final = frozenset(("type", LANG, "{http://www.w3.org/XML/1998/namespace}space"))
"""Attributes of a text construct that are what they seem."""
_TAGS: Final = frozenset({"category", f"{DC}subject"})
_AUTHORS: Final = frozenset({"author", f"{DC}creator"})


def _items(elements: list[Any], url: str, language: str, namespace: str) -> Iterator[Item]:
    for element in elements[: _common.MAX_ITEMS]:
        parts = _Parts(language=_language(element))
        if namespace:
            about = element.get(f"{RDF}about")
            if about:
                parts.put("guid", about)
        for key in element.attrib:
            if key in ("href", "lastmod", "HREF", "LASTMOD", "base", "lang"):
                raise _OddError
        for child in element:
            _child(parts, child, url, namespace)
        yield _finished(parts, url, language, atom=False)


def _child(parts: _Parts, child: Any, url: str, namespace: str) -> None:
    """Take one child of an RSS or RDF item."""
    tag = child.tag
    if not isinstance(tag, str):
        raise _OddError  # an entity that was not resolved
    if namespace and tag.startswith(namespace):
        tag = tag[len(namespace) :]
    name = _PLAIN.get(tag)
    if name is not None:
        parts.put(name, _value(child))
        if name == "title":
            parts.language = _language(child) or parts.language
    elif tag in _AUTHORS:
        parts.authors.append(_value(child))
    elif tag in _TAGS:
        if child.get("term") or child.get("label"):
            raise _OddError
        parts.tags.append(_value(child))
    elif tag == "guid":
        value = _value(child)
        parts.permalink = all(v == "true" for k, v in child.items() if k.lower() == "ispermalink")
        parts.put("guid", _common.fix_slashes(value) if parts.permalink else value)
    else:
        _other(parts, child, tag)


def _value(element: Any) -> str:
    """Return an element's text. Markup inside that is not escaped is for feedparser to sort out."""
    if len(element):
        raise _OddError
    if not _MEANINGFUL.isdisjoint(element.keys()):
        raise _OddError
    return _common.repair((element.text or "").strip())


def _other(parts: _Parts, child: Any, tag: str) -> None:
    """Pass over an element that says nothing of what we keep; raise for one that might.

    A picture's title is passed over where the item's own came first, as feedparser does.
    """
    if tag.startswith(MEDIA):
        for element in child.iter():
            if not isinstance(element.tag, str) or not element.tag.startswith(MEDIA):
                raise _OddError
            name = element.tag.partition("}")[2]
            titled = name == "title" and parts.one.get("title") and not len(element)
            if name not in _HARMLESS_MEDIA and not titled:
                raise _OddError
        return
    if len(child):
        raise _OddError
    if tag[0] != "{":
        if tag.lower() in _RISKY or tag.lower() in (
            "title",
            "link",
            "description",
            "pubdate",
            "guid",
            "author",
        ):
            raise _OddError
    elif tag == f"{ATOM}link":
        if child.get("rel", "alternate") == "alternate":
            raise _OddError
    elif tag.startswith((ATOM, DC, DCTERMS, XHTML, CONTENT)) or child.prefix in _PREFIXES:
        raise _OddError


def _entry(entry: Any, url: str, language: str) -> Item:
    """Read one Atom entry."""
    parts = _Parts(language=_language(entry))
    for child in entry:
        tag = child.tag
        if not isinstance(tag, str):
            raise _OddError
        if not tag.startswith(ATOM):
            _other(parts, child, tag)
            continue
        _entry_child(parts, child, tag[len(ATOM) :], url)
    parts.permalink = True
    return _finished(parts, url, language, atom=True)


def _entry_child(parts: _Parts, child: Any, tag: str, url: str) -> None:
    match tag:
        case "title":
            parts.put("title", _construct(child))
            parts.language = _language(child) or parts.language
        case "summary":
            parts.put("summary", _construct(child))
        case "content":
            if child.get("src"):
                raise _OddError
            parts.put("content", _construct(child))
        case "id":
            parts.put("guid", _common.fix_slashes(_value(child)))
        case "updated" | "published":
            parts.put(tag, _value(child))
        case "link":
            _entry_link(parts, child, url)
        case "author":
            name = child.find(f"{ATOM}name")
            if name is None or len(name) or any(not isinstance(e.tag, str) or len(e) for e in child):
                raise _OddError
            parts.authors.append(_common.repair((name.text or "").strip()))
        case "category":
            if (child.text or "").strip() or len(child) or not child.get("term"):
                raise _OddError
            parts.tags.append(child.get("term"))
        case "source" | "rights" | "contributor":
            pass
        case _:
            raise _OddError


def _construct(element: Any) -> str:
    """Return the text of a text construct (RFC 4287 §3.1) that is plain or escaped HTML."""
    if len(element) or element.get("type", "text") not in ("text", "html", "text/html", "text/plain"):
        raise _OddError
    if not _CONSTRUCTS.issuperset(element.keys()):
        raise _OddError
    return _common.repair((element.text or "").strip())


def _entry_link(parts: _Parts, link: Any, url: str) -> None:
    """Take the link to the page itself: `alternate`, HTML (RFC 4287 §4.2.7)."""
    href = link.get("href")
    if href is None:
        raise _OddError
    if link.get("rel", "alternate").lower() != "alternate":
        return
    if link.get("type", "text/html").lower() not in _HTML:
        raise _OddError
    parts.one["link"] = _common.absolute(url, href)


def _finished(parts: _Parts, url: str, language: str, *, atom: bool) -> Item:
    one = parts.one
    if len(parts.authors) > 1 and any("@" in author for author in parts.authors):
        raise _OddError  # feedparser looks for addresses in them with a pattern of its own
    return _common.item(
        base=url,
        guid=one.get("guid", ""),
        link=_common.fix_query(one.get("link", "")),
        title=one.get("title", ""),
        summary=one.get("summary", ""),
        content=one.get("content", ""),
        authors=parts.authors,
        published=one.get("published", ""),
        updated=one.get("updated", ""),
        tags=parts.tags,
        language=parts.language if parts.language != language and "title" in one else "",
        permalink=parts.permalink,
        atom=atom,
    )
