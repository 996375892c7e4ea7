"""The bytes of an XML document as UTF-8, if it is what it says it is."""

from __future__ import annotations

import codecs
import re
from typing import Final

_DECLARED: Final = re.compile(rb"""\A<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<[A-Za-z_]")
_BOM: Final = b"\xef\xbb\xbf"
_BEYOND_ASCII: Final = re.compile("[^\0-\x7f]")
_TORN: Final = 20
"""Whole letters beyond ASCII for each torn one: in another encoding hardly any is whole."""
_STATEFUL: Final = ("iso-2022", "iso2022", "utf-7", "utf7", "hz", "utf-16", "utf-32")
"""Encodings whose bytes look like ASCII or have no ASCII: success as UTF-8 proves nothing."""


def is_utf8(body: bytes, content_type: str) -> bool:
    """Say whether a body is UTF-8, whatever it declares.

    What decodes as UTF-8 is UTF-8: a text in another encoding does so by chance only if it is
    ASCII, and then nothing is lost. Encodings whose own bytes are ASCII are left out.
    """
    if b"\0" in body[:64] or any(name.startswith(_STATEFUL) for name in _declared(body, content_type)):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _declared(body: bytes, content_type: str) -> list[str]:
    """Return the charsets that the document and its header declare, in lower case."""
    inside = _DECLARED.match(body.removeprefix(_BOM).lstrip(b" \t\r\n")[:512])
    outside = _CHARSET.search(content_type)
    return [
        *([inside[1].decode("ascii").lower()] if inside else []),
        *([outside[1].lower()] if outside else []),
    ]


def as_utf8(body: bytes, content_type: str) -> bytes | None:
    """Return a body in UTF-8 if there is no doubt about its charset.

    Where it is not UTF-8 a declaration counts if document and header do not differ.
    """
    if is_utf8(body, content_type):
        return body.lstrip(b" \t\r\n").removeprefix(_BOM).lstrip(b" \t\r\n")
    try:
        names = {codecs.lookup(name).name for name in _declared(body, content_type)}
        if len(names) != 1 or names == {"utf-8"} or b"\0" in body[:64]:
            return None
        return body.lstrip(b" \t\r\n").decode(names.pop()).encode("utf-8")
    except (LookupError, UnicodeError):
        return None


def mended(body: bytes, content_type: str) -> bytes:
    """Return a UTF-8 body in which some characters are cut, with U+FFFD in their place; else as it is.

    Publishers shorten texts at so many bytes: one torn letter, and feedparser takes a whole Bengali
    feed for windows-1252.
    """
    if any(name not in ("utf-8", "utf8") for name in _declared(body, content_type)) or b"\0" in body[:64]:
        return body
    text = body.decode("utf-8", "replace")
    torn = text.count("\ufffd")
    whole = len(_BEYOND_ASCII.findall(text)) - torn
    return text.encode("utf-8") if 0 < torn * _TORN <= whole else body


def has_doctype(text: bytes) -> bool:
    root = _ROOT.search(text)
    return b"<!" in text[: root.start() if root else len(text)].replace(b"<!--", b"")


# documents ────────────────────────────────────────────────────────────────────────────────────
