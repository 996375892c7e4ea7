"""Read well-formed feeds with lxml, fast: what RSS, RDF and Atom share.

This path takes only what it reads exactly as feedparser, the reference, does: 33–112 times faster
(measured). Whatever is odd — ill-formed, with a DOCTYPE, in a vocabulary that could mean two things —
it declines with OddError, and feedparser reads it. Refusing entities is up to us: lxml's options alone
do not.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final
from urllib.parse import urljoin

from lxml import etree

from monitor import formats
from monitor.formats import _common, _feedparser
from monitor.formats._charset import as_utf8, has_doctype, is_utf8, may_be_utf8, recoded, unmarked
from monitor.formats._items import ATOM, MEDIA, TURNED, Context, OddError, Parts, Reader, language_of, other
from monitor.model import Document, Item

SYNDICATION: Final = "{http://purl.org/rss/1.0/modules/syndication/}"
ITUNES: Final = "{http://www.itunes.com/"
BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
MEDIA_TYPES: Final = ("application/xml", "text/xml")
"""What publishers say of any kind."""

_HEADS: Final = frozenset(
    ("title", "link", "language", "ttl", "id", "skiphours", "skipdays", "item", "entry", "channel")
)
_ABSOLUTE: Final = re.compile(r"https?://[\w.-]+(?::[0-9]+)?(?:/[^\[\]]*)?\Z")
_MARK: Final = b"\xef\xbb\xbf"
_MARKED_TAG: Final = re.compile(rb"<[^<>]*\xef\xbb\xbf")
"""A byte order mark in a name: a letter of it to lxml, nothing to feedparser."""


class Format(formats.Format):
    """One kind of XML feed: strictly where that is possible, else by feedparser."""

    root: ClassVar[str]
    """The first element of such a document, as lxml writes it."""
    atom: ClassVar[bool] = False
    """Whether two dates of an item mean what Atom says they do."""
    namespace: ClassVar[str] = ""
    """Elements of this one say as much as those of none."""
    texts: ClassVar[Mapping[str, str]]
    """The elements of an item whose text is a field, and which."""
    others: ClassVar[Mapping[str, Reader]]
    """What reads other elements of an item; all but these must say nothing of what we keep."""

    @abstractmethod
    def document(self, root: Any, context: Context) -> Document:
        """Return the document with that root. Raises OddError."""

    def attributes(self, parts: Parts, item: Any) -> None:
        """Take what an item's own attributes say: here its language alone. Raises OddError."""
        if names := item.keys():
            parts.language = language_of(item)
            if not TURNED.isdisjoint(names):
                raise OddError

    def quick(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document | None:
        """Return the document, or None to decline. Raises ParseError for a charset that nobody knows."""
        body, content_type = recoded(body, content_type, charset)
        if may_be_utf8(body, content_type):
            document = self._read(unmarked(body), url)  # not looked at before: lxml refuses what is none
            if document is not None or is_utf8(body, content_type):
                return document
        text = as_utf8(body, content_type)
        return None if text is None else self._read(text, url)

    def parse(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document:
        """Return the document. May take very long: see monitor.parse. Raises ParseError."""
        document = self.quick(body, content_type, url=url, charset=charset)
        if document is not None:
            return document
        body, content_type = recoded(body, content_type, charset)
        return _feedparser.read(body, content_type, url=url)

    def _read(self, text: bytes, url: str) -> Document | None:
        if has_doctype(text) or _has_marked_tag(text):
            return None
        try:
            root = etree.fromstring(text, _common.xml_parser(), base_url=url or None)
            if root.tag != self.root or root.getroottree().docinfo.internalDTD is not None:
                return None
            repair, unmangle = _common.menders(text)
            context = Context(url=url, repair=repair, unmangle=unmangle)
            return self._based(root, context) if b"xml:base" in text else self.document(root, context)
        except (etree.XMLSyntaxError, OddError, ValueError):
            return None

    def _based(self, root: Any, context: Context) -> Document:
        """Return a document that says against which URL its links are to be read."""
        if any(element.get(BASE) is not None for element in root.iter() if element is not root):
            raise OddError
        stated = root.get(BASE, context.url)
        if not _ABSOLUTE.match(stated):
            raise OddError
        base = _common.absolute(context.url, stated)
        document = self.document(root, replace(context, url=base))
        if any(item.guid and urljoin(base, item.guid) != item.guid for item in document.items):
            raise OddError  # feedparser takes a relative id for a link against the base
        return document

    def items(self, elements: list[Any], context: Context, language: str) -> tuple[Item, ...]:
        """Return the items of a document in that language. Raises OddError."""
        return tuple([self._item(element, context, language) for element in elements[: _common.MAX_ITEMS]])

    def _item(self, element: Any, context: Context, language: str) -> Item:
        parts, texts, others = Parts(context), self.texts, self.others
        self.attributes(parts, element)
        for child in element:
            tag = child.tag
            if (name := texts.get(tag)) is not None:
                parts.put(name, context.value(child))
            elif (read := others.get(tag)) is not None:
                read(parts, child)
            elif isinstance(tag, str):
                other(parts, child, tag.removeprefix(self.namespace))
            else:
                raise OddError  # an entity that was not resolved
        return parts.item(language, atom=self.atom)


def _has_marked_tag(text: bytes) -> bool:
    if b"\xef" not in text:  # one byte is found thirty times as fast as three
        return False
    return _MARK in text and _MARKED_TAG.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a document says of itself."""

    context: Context
    items: list[Any]
    links: list[Any]
    """Atom's, wherever they stand."""
    rest: dict[str, Any]
    """The first element of each other name."""

    def text(self, tag: str) -> str:
        """Return the text of an element, empty where there is none."""
        found = self.rest.get(tag)
        return "" if found is None else self.context.text(found)


def head(parent: Any, item: str, known: Set[str], context: Context) -> Head:
    """Return what stands in an element, its items apart.

    Raises OddError for what feedparser would take for the feed's title, link or language, or for an
    item, too.
    """
    found = Head(context=context, items=[], links=[], rest={})
    for child in parent:
        tag = child.tag
        if tag == item:
            found.items.append(child)
            continue
        if not isinstance(tag, str):
            raise OddError  # an entity that was not resolved
        name = tag.rpartition("}")[2].lower()
        again = tag in found.rest and name != "link"
        if name in _HEADS and (tag not in known or again) and not tag.startswith((ITUNES, *MEDIA)):
            raise OddError
        if tag == f"{ATOM}link":
            found.links.append(child)
        found.rest.setdefault(tag, child)
    return found


def no_others(root: Any, count: int) -> None:
    """Raise if there are items or feeds in places or namespaces where they were not looked for."""
    if sum(1 for _ in root.iter("{*}item", "{*}entry", "{*}feed", "{*}channel")) != count:
        raise OddError


def wishes(head: Head, namespace: str = "") -> dict[str, Any]:
    """Return what the publisher asks of those who poll."""
    hours, days = head.rest.get(f"{namespace}skipHours"), head.rest.get(f"{namespace}skipDays")
    return {
        "ttl": _common.ttl(
            head.text(f"{namespace}ttl"),
            head.text(f"{SYNDICATION}updatePeriod"),
            head.text(f"{SYNDICATION}updateFrequency"),
        ),
        "skip_hours": _common.skip_hours(_texts(hours, f"{namespace}hour")),
        "skip_days": _common.skip_days(_texts(days, f"{namespace}day")),
    }


def _texts(parent: Any, tag: str) -> list[str]:
    return [] if parent is None else [one.text or "" for one in parent.findall(tag)]


def links(head: Head) -> dict[str, Any]:
    """Return the links to the feed itself, its hub and its older entries (RFC 5005)."""
    found: dict[str, str] = {}
    for one in head.links:
        href = one.get("href", "").strip()
        for rel in one.get("rel", "").lower().split():
            if rel in ("self", "hub", "prev-archive", "next"):
                if not href:
                    raise OddError  # the document itself, where there is a base
                found.setdefault(rel, _common.web_link(head.context.url, href))
    return {
        "self_url": found.get("self", ""),
        "hub": found.get("hub", ""),
        "previous": found.get("prev-archive", "") or found.get("next", ""),
    }
