"""A response as we read it: header bytes are Latin-1, so that any byte stays what it was."""

from __future__ import annotations

from collections.abc import Sequence

import httpx


class Answer:
    """A response's status, headers and body. Names of headers are given in lower case.

    httpx's own headers guess a charset and search the whole list for each name.
    """

    __slots__ = ("_headers", "_last", "_repeats", "body", "status")

    def __init__(
        self, status: int, headers: Sequence[tuple[bytes, bytes]], body: httpx.AsyncByteStream
    ) -> None:
        self.status, self.body = status, body
        self._headers = [(name.lower(), value) for name, value in headers]
        self._last = dict(self._headers)
        self._repeats = len(self._last) < len(self._headers)

    def all(self, name: bytes) -> list[str]:
        """Return the values of the headers of that name, in order."""
        last = self._last.get(name)
        if last is None:
            return []
        if not self._repeats:
            return [last.decode("latin-1")]
        return [value.decode("latin-1") for other, value in self._headers if other == name]

    def one(self, name: bytes) -> str | None:
        """Return the header's value, several joined (RFC 9110 §5.3); None where there is none."""
        return ", ".join(self.all(name)) if name in self._last else None

    def last(self, name: bytes) -> str:
        """Return the value of the last header of that name; "" where there is none."""
        value = self._last.get(name)
        return "" if value is None else value.decode("latin-1")

    @property
    def challenge(self) -> bool:
        """Whether this is a page that wants to see a browser."""
        return (self.one(b"cf-mitigated") or "").strip().lower() == "challenge"
