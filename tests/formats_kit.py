"""Reading a document as the pipeline does, without its worker processes."""

from __future__ import annotations

from monitor import registry
from monitor.formats import Format
from monitor.model import Document

MEMBERS: tuple[tuple[str, Format], ...] = tuple(
    sorted(
        ((name, registry.find("formats", name)()) for name in registry.names("formats")),
        key=lambda pair: pair[1].rank,
    )
)
"""All members in the order in which they are asked."""


def name_of(body: bytes, content_type: str = "") -> str:
    """Return the name of the member that reads a body."""
    return next(name for name, member in MEMBERS if member.sniff(body, content_type))


def read(body: bytes, content_type: str = "", *, url: str, charset: str = "") -> Document:
    """Return the document, however long it takes. Raises ParseError."""
    member = dict(MEMBERS)[name_of(body, content_type)]
    return member.parse(body, content_type, url=url, charset=charset)


def quick(body: bytes, content_type: str = "", *, url: str, charset: str = "") -> Document | None:
    """Return the document if it takes no worker. Raises ParseError."""
    member = dict(MEMBERS)[name_of(body, content_type)]
    return member.quick(body, content_type, url=url, charset=charset)


def rss(inside: str, head: str = "", declaration: str = '<?xml version="1.0"?>') -> bytes:
    """Return a small RSS document."""
    return f'{declaration}{head}<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()
