"""What the readers of feeds share: finishing touches that must be the same on every path."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from urllib.parse import urljoin, urlsplit

from lxml import etree

from monitor.formats._dates import parse_date
from monitor.model import Item
from monitor.text import stream_safe

MAX_ITEMS: Final = 2_000
"""Items read from one document, in document order: 50,000 of them cost 21 s of CPU (measured)."""
LONGEST_LINK: Final = 8_000
"""Octets of a link that everybody must take (RFC 9110 §4.1). Longer ones would crowd a digest out."""

_SCHEMES: Final = frozenset({"", "http", "https", "ftp"})
_C1: Final = re.compile("[\x80-\x9f]")
_LATE: Final = re.compile("[\x80-\xbf]")
"""What `repair` changes has one of these: later bytes of UTF-8, C1 among them. In UTF-8 `\\xc2` begins them
all, and letters U+00C2–U+00F4, taken for the bytes before, begin with `\\xc3`."""
_C1_BYTES: Final = re.compile(rb"\xc2[\x80-\x9f]")
_WRITTEN: Final = re.compile(rb"&#(?:0*+[12]\d\d;|x0*+[89A-Fa-f][0-9A-Fa-f];)")
"""A character reference to what `repair` may change."""
_CP1252: Final = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_TO_BYTES: Final = {ord(char): code for code, char in _CP1252.items()}
_MANGLED: Final = re.compile("à[¦§¤¥]|â€|[ÐÑÃØÅ]")
"""What the first bytes of Bengali, Hindi, Cyrillic, quotes, accents, Arabic and Hungarian look like."""
_LEADS: Final = "àâÐÑÃØÅ"
"""How what is mangled begins: looking for each costs a tenth of one search for what may follow."""
_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}+@(?:[\w-]{1,63}+\.){1,8}[A-Za-z]{2,24}(?:\?subject=\S+)?", re.ASCII
)
"""As long as RFC 5321 §4.5.3.1 lets them be: without the limits a megabyte of letters takes an hour."""
_SLASHES: Final = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)/+")
_USUAL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?/[^\s?#;\x00-\x20\x7f]*(?:\?[^\s#\x00-\x20\x7f]+)?\Z"
)
"""Links as nearly all are: whole, and nothing in them to be made out. Joining one to a base changes
only a path with dots, and taking links apart is a third of what reading a feed costs."""
_BEYOND: Final = re.compile("[^\x00-\xff]")
_REFERENCE: Final = re.compile("&([A-Za-z0-9_]+);")

Mender: TypeAlias = Callable[[str], str]
"""Undoes what was done to a text's characters."""

PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
"""The update periods of the RSS 1.0 syndication module."""

DAYS: Final = {
    name: number
    for number, name in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
}


def xml_parser() -> etree.XMLParser:
    """Return a parser of well-formed UTF-8 that opens nothing and resolves nothing."""
    return etree.XMLParser(
        encoding="utf-8",
        recover=False,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def menders(body: bytes) -> tuple[Mender, Mender]:
    """Return `repair` and `unmangled` for a document in UTF-8; `str` where they would do nothing.

    Looking once for the bytes of what they change costs a tenth of looking at each text.
    """
    late, early = b"\xc2" in body, b"\xc3" in body
    if (late and (early or _C1_BYTES.search(body))) or (b"#" in body and _WRITTEN.search(body)):
        return repair, unmangled
    return str, unmangled if early else str


def repair(text: str) -> str:
    """Undo what publishers' software does to characters, as feedparser does.

    UTF-8 taken for Latin-1 and encoded once more; windows-1252's own characters written as
    control codes.
    """
    if text.isascii() or not _LATE.search(text):
        return text
    if not _BEYOND.search(text):
        with suppress(UnicodeError):
            text = text.encode("latin-1").decode("utf-8")
    return text.translate(_CP1252) if _C1.search(text) else text


def unmangled(text: str) -> str:
    """Undo UTF-8 that was taken for windows-1252 and encoded once more, as whole texts show it.

    `repair` sees it where only Latin-1 is in it; Bengali (`à¦Ÿà§à¦°`), quotes and dashes (`â€™`) have
    windows-1252's own characters. Done twice it is undone twice.
    """
    for _ in range(2):
        if text.isascii() or not any(map(text.__contains__, _LEADS)) or not _MANGLED.search(text):
            return text
        try:
            text = text.translate(_TO_BYTES).encode("latin-1").decode("utf-8")
        except UnicodeError:
            return text
    return text


def fix_slashes(link: str) -> str:
    """Undo `https:///host/` for `https://host/`, as feedparser does."""
    return _SLASHES.sub(r"\1", link) if ":///" in link else link


def absolute(base: str, link: str) -> str:
    """Return a link made absolute; what cannot be read stays as it is, what is too long is no link."""
    if len(link) > LONGEST_LINK:
        return ""
    link = fix_slashes(link if link.isascii() else stream_safe(link))  # urlsplit normalises hosts
    if not base or (_USUAL.match(link) and "/." not in link):
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def web_link(base: str, link: str) -> str:
    """Return a link made absolute if it may be shown to a reader, else nothing."""
    if link.isascii() and len(link) <= LONGEST_LINK and _USUAL.match(link) and "/." not in link:
        return link
    return safe_link(absolute(base, link)) if link else ""


def safe_link(link: str) -> str:
    """Return a link that may be shown to a reader, else nothing (`javascript:`, `data:`, `file:`)."""
    if _USUAL.match(link):
        return link
    link = "".join(link.split()) if link.strip() != link or "\n" in link else link
    try:
        scheme = urlsplit(link).scheme
    except ValueError:
        return ""
    return link if scheme in _SCHEMES and not _looks_like_scheme(link, scheme) else ""


def _looks_like_scheme(link: str, scheme: str) -> bool:
    """Say whether a link that was read as relative could be taken for a script by a browser."""
    return not scheme and ":" in link.partition("/")[0].partition("?")[0].partition("#")[0]


def fix_query(link: str) -> str:
    """Undo `&b;=2` for `&b=2`: loose parsers take a query's parts for entity references."""
    return _REFERENCE.sub(r"&\1", link.replace("&amp;", "&")) if "&" in link else link


def author_name(text: str) -> str:
    """Return the name in `Name <mail@example.org>` or `mail@example.org (Name)`, else what is there."""
    if "@" not in text:
        return text
    name = _EMAIL.sub("", text).replace("()", "").replace("<>", "").strip()
    return name.removeprefix("(").removesuffix(")").strip() or text


def item(
    *,
    base: str,
    guid: str,
    link: str,
    title: str,
    summary: str,
    content: str,
    authors: list[str],
    published: str,
    updated: str,
    tags: list[str],
    language: str,
    permalink: bool,
    atom: bool,
    unmangle: Mender = unmangled,
) -> Item:
    """Make an item of what a document has.

    A guid that is a permalink is the link where there is no other. Outside Atom the one date that
    is there is taken for the publication (Dublin Core's `date` in RSS and RDF).
    """
    if not link and permalink and guid:
        link = guid
    first, second = parse_date(published), parse_date(updated)
    if first is None and not atom:
        first, second = second, None
    return Item(
        guid=guid,
        link=web_link(base, link),
        title=unmangle(title),
        summary=unmangle(summary),
        content=unmangle(content),
        author=", ".join(dict.fromkeys(filter(None, map(author_name, authors)))) if authors else "",
        published=first,
        updated=second,
        language=language,
        tags=tuple(dict.fromkeys(filter(None, tags))) if tags else (),
    )


def ttl(minutes: str, period: str, frequency: str) -> timedelta | None:
    """Return the publisher's wish for time between polls: RSS 2.0's ttl or the syndication module.

    The longer of the two counts; what cannot be read is no wish.
    """
    wishes = []
    if minutes.strip().isdecimal() and int(minutes.strip()[:9]) > 0:
        wishes.append(timedelta(minutes=min(int(minutes.strip()[:9]), 525_600)))
    length = PERIODS.get(period.strip().lower())
    if length is not None:
        times = frequency.strip()
        wishes.append(length / max(1, int(times[:6]) if times.isdecimal() else 1))
    return max(wishes, default=None)


def skip_hours(texts: list[str]) -> frozenset[int]:
    """Return RSS's hours to stay away, 0–23 GMT (24 is 0 in old feeds)."""
    return frozenset(
        int(text) % 24 for text in map(str.strip, texts) if text.isdecimal() and int(text[:3]) <= 24
    )


def skip_days(texts: list[str]) -> frozenset[int]:
    """Return RSS's days to stay away, Monday = 0."""
    return frozenset(DAYS[text] for text in (text.strip().lower() for text in texts) if text in DAYS)


def latest(moments: list[datetime | None]) -> datetime | None:
    """Return the latest of some moments."""
    return max((moment for moment in moments if moment is not None), default=None)
