"""Whatever no other member knows: web pages, words that keep us out, and feeds in the oddest bodies.

feedparser finds a feed behind a warning of PHP's, in encodings that hide their first element, in old
and made-up vocabularies. What is no feed has its reason here.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from monitor import formats
from monitor.errors import ParseError, ParseReason
from monitor.formats import _feedparser
from monitor.formats._charset import recoded
from monitor.model import Document

_HTML: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf|\s++|<\?xml[^>]{0,200}\?>|<!--.{0,2000}?-->)*+<(?:!doctype\s+html\b|html\b)",
    re.IGNORECASE | re.DOTALL,
)
"""Nothing that was taken is given back (`++`, `*+`): forty comments in a row took hours (measured)."""
_SHORT: Final = 100_000
_DENIED: Final = re.compile(
    rb"access (?:is |was |has been )?denied|request (?:was |has been )?blocked|you have been blocked"
    rb"|forbidden|captcha|unusual traffic|verify (?:that )?you are (?:a )?human|are you a (?:human|robot)"
    rb"|checking your browser|just a moment\.\.\.|attention required|enable javascript and cookies"
    rb"|ddos.guard|not available in your (?:country|region)|bot (?:detection|protection)",
    re.IGNORECASE,
)
"""What pages say, with 200, to whom they do not let in."""
_BLANK: Final = b" \t\r\n\0\xef\xbb\xbf"


class Format(formats.Format):
    """The last one asked: a reason why it is no feed, else feedparser."""

    rank: ClassVar[int] = 90
    media_types: ClassVar[tuple[str, ...]] = ("application/xml", "text/xml")

    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say yes."""
        return True

    def quick(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document | None:
        """Return None: only feedparser can tell. Raises ParseError for nothing, a web page or a refusal."""
        if not body.strip(_BLANK):
            raise ParseError(ParseReason.EMPTY, "an empty body")
        if _HTML.match(body):
            denied = _denied(body)
            words = f"a web page that keeps us out: {denied!r}" if denied else "a web page, not a feed"
            raise ParseError(ParseReason.HTML, words, denied=bool(denied))
        if b"<" not in body[:_SHORT] and (denied := _denied(body)):
            raise ParseError(ParseReason.NOT_A_FEED, f"keeps us out: {denied!r}", denied=True)
        return None

    def parse(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document:
        """Return the document. May take very long: see monitor.parse. Raises ParseError."""
        self.quick(body, content_type, url=url, charset=charset)
        body, content_type = recoded(body, content_type, charset)
        return _feedparser.read(body, content_type, url=url)


def _denied(body: bytes) -> str:
    """Return the words by which a page keeps us out. A long page that has them is about something else."""
    found = _DENIED.search(body) if len(body) <= _SHORT else None
    return found[0].decode("ascii", "replace").lower() if found else ""
