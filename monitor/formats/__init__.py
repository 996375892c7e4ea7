"""Formats: kinds of feed documents.

To add one: write `formats/NAME.py` with `class Format(formats.Format)`. Members are asked in the
order of their `rank`; the first whose `sniff` says yes reads the document. All run under
`tests/contracts/test_formats.py`: any bytes give a Document or a ParseError, nothing else.

A kind of XML feed is a `class Format(_strict.Format)`: it says what its first element is called, how
its head is read and which elements of its items are what (`rss` is the shortest). What a member
declines goes to feedparser; `other`, asked last, gives it what no member knows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from monitor.model import Document


class Format(ABC):
    """One kind of document."""

    rank: ClassVar[int] = 50
    """Lower is asked first."""

    media_types: ClassVar[tuple[str, ...]]
    """What goes into the Accept header, most specific first."""

    @abstractmethod
    def sniff(self, body: bytes, content_type: str) -> bool:
        """Say whether this member should read the body.

        Asked for each body on the thread that also serves the sockets: microseconds, whatever it holds.
        """

    def quick(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document | None:
        """Return the document if that takes time linear in the body, else None.

        This runs in the calling thread. What returns None is given to `parse` in a process with
        limits of time and memory; a member that does not say otherwise is always read there.
        Raises ParseError.
        """
        return None

    @abstractmethod
    def parse(self, body: bytes, content_type: str, *, url: str, charset: str = "") -> Document:
        """Return the document. `url` resolves relative links; `charset` overrides what it declares.

        Raises ParseError.
        """
