"""By what kinds of XML are told apart: the name of a document's first element."""

from __future__ import annotations

import re
from typing import Final

_HEAD: Final = 20_000
"""Bytes of a document in which its first element is looked for: no prologue is longer."""
_ROOT: Final = re.compile(
    rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff|\s++|<\?.*?\?>|<!--.*?-->|(?i:<!DOCTYPE\s(?!\s*+html\b))[^<>\[\]]*+>)*+"
    rb"<(?:[^\s<>/:!?&]{1,100}+:)?+([A-Za-z]{1,20}+)[\s/>]",
    re.DOTALL,
)
"""Nothing that was taken is given back (`++`, `*+`): forty comments in a row took hours (measured). A
DOCTYPE that brings no definitions is passed over, but HTML's: then it is a web page, whatever follows."""


def root_of(body: bytes) -> bytes:
    """Return the name of a document's first element without its prefix; empty where there is none.

    Costs about half a microsecond, and a hundred where somebody wants it to be long. Documents of two or
    four bytes a character have names, too: in ASCII all but one are zero.
    """
    if b"\0" in body[:8]:
        body = body[:_HEAD].replace(b"\0", b"")
    found = _ROOT.match(body, 0, _HEAD)
    return found[1] if found else b""
