"""What both kinds of sitemap share: how they are read."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from monitor.errors import ParseError, ParseReason
from monitor.formats import _common
from monitor.formats._charset import as_utf8, has_doctype, recoded

MEDIA_TYPES: Final = ("application/xml", "text/xml")


def tree(body: bytes, content_type: str, charset: str) -> Any:
    """Return the root of a well-formed document without a DOCTYPE. Raises ParseError."""
    text = as_utf8(*recoded(body, content_type, charset))
    if text is None:
        raise ParseError(ParseReason.BROKEN, "a sitemap in another encoding than it says")
    if has_doctype(text):
        raise ParseError(ParseReason.BROKEN, "a sitemap with a DOCTYPE")
    try:
        return etree.fromstring(text, _common.xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(ParseReason.BROKEN, f"not well-formed: {error}"[:300]) from error


def local(element: Any) -> str:
    """Return an element's name without its namespace: publishers write old and wrong ones."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def texts(element: Any) -> dict[str, str]:
    """Return the texts of an element's children by local name, the first of each."""
    found: dict[str, str] = {}
    for child in element:
        found.setdefault(local(child), (child.text or "").strip())
    return found
