"""Lists of feeds as OPML 2.0 (http://opml.org/spec2.opml), read from anybody's and written for everybody.

Folders are outlines around outlines. What OPML has no word for stands in attributes of a namespace
of our own, which other readers pass over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from monitor.errors import ParseError, ParseReason

NAMESPACE: Final = "urn:monitor:feed"
"""Of attributes that hold a feed's settings."""
MAX_OUTLINES: Final = 100_000
MAX_BYTES: Final = 50_000_000
_BARE: Final = re.compile(rb"&(?!#?[A-Za-z0-9]{1,10};)")
_OURS: Final = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed in a list. `settings` are ours, by name, as text; `folder` names are joined by `/`."""

    url: str
    title: str = ""
    page: str = ""
    language: str = ""
    folder: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def read(body: bytes) -> list[Outline]:
    """Return the feeds of a list in order; an ill-formed one is read as far as it goes. Raises ParseError."""
    if len(body) > MAX_BYTES:
        raise ParseError(ParseReason.TOO_COSTLY, "the list is too long")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ParseError(ParseReason.BROKEN, "a list with a DOCTYPE is not read")
    # The commonest fault is an address with a bare `&`: what a lenient parser drops is half the query.
    body = _BARE.sub(b"&amp;", body.lstrip())
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(ParseReason.BROKEN, f"not XML: {error}"[:300]) from error
    if root is None or not isinstance(root.tag, str) or root.tag.rpartition("}")[2].lower() != "opml":
        raise ParseError(ParseReason.NOT_A_FEED, "not OPML")
    found = list(_outlines(root))
    if len(found) > MAX_OUTLINES:
        raise ParseError(ParseReason.TOO_COSTLY, f"more than {MAX_OUTLINES:,} feeds")
    return found


def _outlines(root: Any) -> Iterator[Outline]:
    """Go through all outlines in document order, without recursion: a list may be nested at will."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(child, ()) for child in reversed(root)]
    while waiting:
        element, above = waiting.pop()
        if not isinstance(element.tag, str):
            continue
        inside = above
        if element.tag.rpartition("}")[2] == "outline":
            attributes = {name.lower(): value.strip() for name, value in element.attrib.items()}
            if url := attributes.get("xmlurl"):
                yield _outline(url, attributes, element, above)
            elif name := attributes.get("text") or attributes.get("title"):
                inside = (*above, name)
        waiting += [(child, inside) for child in reversed(element)]


def _outline(url: str, attributes: Mapping[str, str], element: Any, above: tuple[str, ...]) -> Outline:
    settings = {
        name.removeprefix(_OURS): value for name, value in element.attrib.items() if name.startswith(_OURS)
    }
    return Outline(
        url=url,
        title=attributes.get("text") or attributes.get("title") or "",
        page=attributes.get("htmlurl", ""),
        language=attributes.get("language", ""),
        folder=settings.pop("folder", "") or "/".join(above) or attributes.get("category", "").strip("/"),
        settings=settings,
    )


def write(outlines: Iterable[Outline], *, title: str) -> str:
    """Return a list as OPML. The order of feeds is kept: a folder that comes again is written again."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:monitor="{NAMESPACE}">',
        f"  <head><title>{_text(title)}</title></head>",
        "  <body>",
    ]
    opened: list[str] = []
    for one in outlines:
        wanted = [name for name in one.folder.split("/") if name]
        while opened != wanted[: len(opened)]:
            opened.pop()
            lines.append("  " * (len(opened) + 2) + "</outline>")
        while len(opened) < len(wanted):
            name = quoteattr(_clean(wanted[len(opened)]))
            lines.append("  " * (len(opened) + 2) + f"<outline text={name} title={name}>")
            opened.append(wanted[len(opened)])
        settings = dict(one.settings)
        if one.folder != "/".join(wanted):
            settings["folder"] = one.folder
        lines.append("  " * (len(opened) + 2) + _line(one, settings))
    while opened:
        opened.pop()
        lines.append("  " * (len(opened) + 2) + "</outline>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _line(one: Outline, settings: Mapping[str, str]) -> str:
    name = one.title or one.url
    attributes = {"text": name, "title": name, "type": "rss", "xmlUrl": one.url}
    attributes |= {"htmlUrl": one.page} if one.page else {}
    attributes |= {"language": one.language} if one.language else {}
    attributes |= {f"monitor:{key}": value for key, value in settings.items()}
    written = " ".join(f"{key}={_attribute(value)}" for key, value in attributes.items())
    return f"<outline {written}/>"


def _attribute(value: str) -> str:
    """Return an attribute's value with its line ends and tabs, which XML would make blanks of."""
    return quoteattr(_clean(value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(value: str) -> str:
    return _clean(value).replace("&", "&amp;").replace("<", "&lt;")


def _clean(value: str) -> str:
    """Return a text without what XML 1.0 cannot hold (§2.2)."""
    return "".join(c for c in value if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
