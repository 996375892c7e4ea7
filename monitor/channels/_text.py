"""What channels say about the far side's answers: one short line, no control characters, no secrets."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable

from monitor.model import Secret

_PIECES = re.compile(r"[/?&=#;,]")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000)], " ")
"""C0, C1, line separators and lone surrogates: nothing of them belongs in a header, a log or a name."""


def one_line(text: str) -> str:
    """Return `text` on one line, control characters as spaces and runs of white space as one."""
    return " ".join(text.translate(_CONTROLS).split())


def said(answer: str, secrets: Iterable[Secret | None] = (), limit: int = 200) -> str:
    """Return what the far side said, shortened, with any secret that it echoes struck out.

    Secrets are looked for whole, in base64 (as SMTP and HTTP carry them) and, of a URL, in its parts.
    """
    for secret in secrets:
        for form in _forms(secret):
            answer = answer.replace(form, "***")
    answer = one_line(answer)
    return answer if len(answer) <= limit else answer[: limit - 1] + "…"


def _forms(secret: Secret | None) -> list[str]:
    if secret is None or len(secret.value) < 4:
        return []
    encoded = b64encode(secret.value.encode("utf-8", "replace")).decode().rstrip("=")
    _, found, rest = secret.value.partition("://")
    pieces = _PIECES.split(rest.partition("/")[2]) if found else secret.value.split()
    return sorted({secret.value, encoded, *(p for p in pieces if len(p) >= 6)}, key=len, reverse=True)
