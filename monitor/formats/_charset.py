"""The bytes of a document as UTF-8, if it is what it says it is; those of a page as text."""

from __future__ import annotations

import codecs
import re
from typing import Final

from monitor.errors import ParseError, ParseReason

_DECLARED: Final = re.compile(rb"""\A<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]{0,200}\?>")
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
    if not may_be_utf8(body, content_type):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def may_be_utf8(body: bytes, content_type: str) -> bool:
    """Say whether a body is UTF-8 if it decodes as such."""
    if b"\0" in body[:64]:
        return False
    return not any(name.startswith(_STATEFUL) for name in _declared(body, content_type))


def unmarked(body: bytes) -> bytes:
    """Return a body without byte order mark and blanks before it begins."""
    return body.lstrip(b" \t\r\n").removeprefix(_BOM).lstrip(b" \t\r\n")


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
        return unmarked(body)
    try:
        if name := misdeclared(body, content_type):
            return body.lstrip(b" \t\r\n").decode(name).encode("utf-8")
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


def misdeclared(body: bytes, content_type: str) -> str:
    """Return the charset that a body is really in, where it is no UTF-8 and says none or a wrong one.

    Eight-bit Cyrillic taken for Latin-1 is the common case: `Ïóòèí` for Путин. No language of the
    Latin script writes most of its letters beyond ASCII. Which of the two Cyrillic sets it is says
    where its small letters are: they are nine in ten. Empty: what it says may be true. Raises
    UnicodeError where it is certainly none that we know.
    """
    declared = _declared(body, content_type)
    if b"\0" in body[:64] or any(name.startswith(_STATEFUL) for name in declared):
        return ""
    if any(name not in _TAKEN_FOR_ANYTHING for name in declared):
        return ""
    words = _TAGS.sub(b" ", body)
    high = _HIGH.findall(words)
    if not high or is_utf8(body, content_type) or mended(body, content_type) is not body:
        return ""
    count = sum(map(len, high))
    mixed = [word for word in _WORDS.findall(words) if not word.isascii()]
    if count < 2 * len(_LETTERS.findall(b" ".join(mixed))):
        return ""  # most letters are ASCII: Latin script
    letters = b"".join(high)
    first = sum(0xC0 <= one <= 0xDF for one in letters)
    second = sum(one >= 0xE0 for one in letters)
    if first + second < 0.9 * count or max(first, second) < 0.7 * (first + second):
        raise UnicodeError("letters of no charset that we know by sight")
    return "windows-1251" if second > first else "koi8-r"


_TAGS: Final = re.compile(rb"<[^<>]*+>|&[#A-Za-z0-9]{1,10};")
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_WORDS: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
"""Of these count words with a letter beyond ASCII: links and names say nothing of the text's charset."""
_LETTERS: Final = re.compile(rb"[A-Za-z]")
_TAKEN_FOR_ANYTHING: Final = frozenset(
    (
        "utf-8",
        "utf8",
        "iso-8859-1",
        "latin1",
        "latin-1",
        "iso8859-1",
        "windows-1252",
        "cp1252",
        "us-ascii",
        "ascii",
    )
)
"""What software writes that does not know."""


def has_doctype(text: bytes) -> bool:
    root = _ROOT.search(text)
    return b"<!" in text[: root.start() if root else len(text)].replace(b"<!--", b"")


def recoded(body: bytes, content_type: str, charset: str) -> tuple[bytes, str]:
    """Return the body in UTF-8 where the desk says which charset it is really in. Raises ParseError."""
    if not charset:
        return body, content_type
    try:
        text = body.decode(charset, "replace")
    except LookupError as error:
        raise ParseError(ParseReason.BROKEN, f"no such charset: {charset!r}") from error
    return _DECLARATION.sub("", text.lstrip("\ufeff")).encode(
        "utf-8", "replace"
    ), "application/xml; charset=utf-8"


_META: Final = re.compile(
    rb"""<meta[^>]{1,300}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE
)
_META_WITHIN: Final = 4_096
"""Bytes of a page in which its `meta` is looked for: four times what HTML asks for (§4.2.5.4)."""
_AS_BROWSERS: Final = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
"""What the Encoding Standard (§4.2) reads under these names; by Python's names."""


def page_text(body: bytes, content_type: str, charset: str = "") -> str:
    """Return the text of a web page. Raises ParseError where it cannot be told which charset it is in.

    What decodes as UTF-8 is UTF-8; then counts `charset`, the desk's word, then what the letters look
    like, then the header, then the page's own `meta`.
    """
    try:
        if not charset and is_utf8(body, content_type):
            return body.removeprefix(_BOM).decode("utf-8")
        if not charset and (whole := mended(body, content_type)) is not body:
            return whole.decode("utf-8")
        meta = _META.search(body[:_META_WITHIN])
        said = _declared(body, content_type) or ([meta[1].decode("ascii").lower()] if meta else [])
        name = charset or misdeclared(body, content_type) or (said[0] if said else "")
        if not name:
            raise ParseError(ParseReason.BROKEN, "does not say which charset it is in")
        found = codecs.lookup(name).name
        return body.decode(_AS_BROWSERS.get(found, found), "replace" if charset else "strict")
    except LookupError as error:
        raise ParseError(ParseReason.BROKEN, f"no such charset: {str(error)[-60:]!r}") from error
    except UnicodeError as error:
        raise ParseError(ParseReason.BROKEN, "is not in the charset that it declares") from error
