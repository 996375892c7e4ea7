"""What the strict readers share of an item: its parts, what is passed over, and what is declined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from monitor.formats import _common
from monitor.model import Item

ATOM: Final = "{http://www.w3.org/2005/Atom}"
DC: Final = "{http://purl.org/dc/elements/1.1/}"
DCTERMS: Final = "{http://purl.org/dc/terms/}"
CONTENT: Final = "{http://purl.org/rss/1.0/modules/content/}"
MEDIA: Final = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
XHTML: Final = "{http://www.w3.org/1999/xhtml}"
LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

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
    "newlocation", "generator", "title", "link", "description", "pubdate", "guid", "author",
))  # fmt: skip
"""Elements without a namespace that feedparser would take for something of an item's."""

_MEANINGFUL: Final = frozenset({"type", "mode", "base", "href"})
"""Attributes by which feedparser takes an element's text for something else."""


class OddError(Exception):
    """Here could be two readings: feedparser decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What those who read a document's parts must know of the whole."""

    url: str
    """Makes its links absolute."""
    repair: _common.Mender
    unmangle: _common.Mender

    def text(self, element: Any) -> str:
        """Return the text at the beginning of an element."""
        text = element.text
        return self.repair(text.strip()) if text else ""

    def value(self, element: Any) -> str:
        """Return an element's text. Markup inside that is not escaped is for feedparser to sort out."""
        if len(element) or not _MEANINGFUL.isdisjoint(element.keys()):
            raise OddError
        return self.text(element)


@dataclass(slots=True)
class Parts:
    """What was found of one item."""

    context: Context
    one: dict[str, str] = field(default_factory=dict)
    """What there is one of, by the field's name."""
    authors: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    permalink: bool = False
    """Whether the guid is a link."""
    language: str = ""

    def put(self, name: str, text: str) -> None:
        """Keep what there is one of. Two: which one counts is feedparser's to say."""
        if name in self.one:
            raise OddError
        self.one[name] = text

    def item(self, language: str, *, atom: bool) -> Item:
        """Return the item, of a document in that language."""
        one = self.one
        if len(self.authors) > 1 and any("@" in author for author in self.authors):
            raise OddError  # feedparser looks for addresses in them with a pattern of its own
        return _common.item(
            base=self.context.url,
            guid=one.get("guid", ""),
            link=_common.fix_query(one.get("link", "")),
            title=one.get("title", ""),
            summary=one.get("summary", ""),
            content=one.get("content", ""),
            authors=self.authors,
            published=one.get("published", ""),
            updated=one.get("updated", ""),
            tags=self.tags,
            language=self.language if self.language != language and "title" in one else "",
            permalink=self.permalink,
            atom=atom,
            unmangle=self.context.unmangle,
        )


Reader: TypeAlias = Callable[[Parts, Any], None]
"""Takes one child of an item. Raises OddError."""


def language_of(element: Any) -> str:
    """Return the language that an element says it is in."""
    return str(element.get(LANG, "")).strip().replace("_", "-")


def other(parts: Parts, element: Any, tag: str) -> None:
    """Pass over an element that says nothing of what we keep; raise for one that might.

    A picture's title is passed over where the item's own came first, as feedparser does.
    """
    if tag.startswith(MEDIA):
        _media(parts, element)
    elif len(element):
        raise OddError
    elif tag[0] != "{":
        if tag.lower() in _RISKY:
            raise OddError
    elif tag == f"{ATOM}link":
        if element.get("rel", "alternate") == "alternate":
            raise OddError
    elif tag.startswith((ATOM, DC, DCTERMS, XHTML, CONTENT)) or element.prefix in _PREFIXES:
        raise OddError


def _media(parts: Parts, element: Any) -> None:
    for one in element.iter():
        if not isinstance(one.tag, str) or not one.tag.startswith(MEDIA):
            raise OddError
        name = one.tag.partition("}")[2]
        titled = name == "title" and parts.one.get("title") and not len(one)
        if name not in _HARMLESS_MEDIA and not titled:
            raise OddError


# what RSS and RDF have in common ──────────────────────────────────────────────────────────────


def _title(parts: Parts, element: Any) -> None:
    parts.put("title", parts.context.value(element))
    if element.keys():
        parts.language = language_of(element) or parts.language


def _author(parts: Parts, element: Any) -> None:
    parts.authors.append(parts.context.value(element))


def _category(parts: Parts, element: Any) -> None:
    if element.get("term") or element.get("label"):
        raise OddError
    parts.tags.append(parts.context.value(element))


def _guid(parts: Parts, element: Any) -> None:
    """A guid is a permalink unless it says that it is none."""
    found = parts.context.value(element)
    parts.permalink = all(v == "true" for k, v in element.items() if k.lower() == "ispermalink")
    parts.put("guid", _common.fix_slashes(found) if parts.permalink else found)


TURNED: Final = frozenset(("href", "lastmod", "HREF", "LASTMOD", "base", "lang"))
"""Attributes by which feedparser takes an item for something else."""
TEXTS: Final = {"link": "link", "description": "summary", "pubDate": "published"}
OTHERS: Final[dict[str, Reader]] = {
    "title": _title,
    "guid": _guid,
    "author": _author,
    "category": _category,
}
"""The elements of an item that RSS has itself."""
MODULE_TEXTS: Final = {f"{CONTENT}encoded": "content", f"{DC}date": "updated", f"{ATOM}updated": "updated"}
MODULE_OTHERS: Final[dict[str, Reader]] = {f"{DC}creator": _author, f"{DC}subject": _category}
"""Those that it borrows."""
