"""What channels say about the far side's answers: one short line, no control characters, no secrets."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from unicodedata import category
from urllib.parse import quote

from monitor.model import Secret

_PIECES = re.compile(r"[/?&=#;,]")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000)], " ")
"""C0, C1, line separators and lone surrogates: nothing of them belongs in a header, a log or a name."""
_JOINERS = "\u200c\u200d\u09cd\u094d"
"""ZWNJ, ZWJ and the viramas, which bind what comes after."""
_BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


def one_line(text: str) -> str:
    """Return `text` on one line, control characters as spaces and runs of white space as one."""
    return " ".join(text.translate(_CONTROLS).split())


def starred(text: str, secrets: Iterable[Secret | None]) -> str:
    """Return a text with every secret in it struck out.

    Secrets are looked for whole, in base64 (as SMTP and HTTP carry them) and, of a URL, in its parts.
    """
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, "***")
    return text


def said(answer: str, secrets: Iterable[Secret | None] = (), limit: int = 200) -> str:
    """Return what the far side said on one line, shortened, with any secret that it echoes struck out."""
    answer = one_line(starred(answer, secrets))
    return answer if len(answer) <= limit else answer[: limit - 1] + "…"


def cut(text: str, limit: int, size: Callable[[str], int] = len) -> str:
    """Return `text` with at most `limit` units as `size` counts them, ending in … where it was cut.

    Nothing is cut between a letter and what is written on it: Bengali signs, joiners, accents.
    """
    if size(text) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle] + "…") <= limit else (low, middle - 1)
    while low and (category(text[low])[0] == "M" or text[low] in _JOINERS or text[low - 1] in _JOINERS):
        low -= 1
    return text[:low].rstrip() + "…" if low or size("…") <= limit else ""


def counter(number: int, total: int, language: str) -> str:
    """Return `2/3`, in the digits of the language."""
    shown = f"{number}/{total}"
    return shown.translate(_BENGALI) if language.partition("-")[0] == "bn" else shown


def _forms(secret: Secret | None) -> list[str]:
    """Return what a secret may look like where the far side repeats it, the longest first."""
    if secret is None or len(secret.value) < 4:
        return []
    value = secret.value
    _, found, rest = value.partition("://")
    if found:
        place, _, path = rest.partition("/")
        login = place.rpartition("@")[0]
        pieces = [*_PIECES.split(path), login, login.partition(":")[2]]
        whole = [value, login]
    else:
        pieces = [*value.split(), *(word.removeprefix("whsec_") for word in value.split())]
        whole = [value]
    encoded = [b64encode(one.encode("utf-8", "replace")).decode().rstrip("=") for one in whole if one]
    forms = {value, *encoded, *(p for p in pieces if len(p) >= 6)}
    return sorted(forms | {quote(form, safe="") for form in forms}, key=len, reverse=True)
