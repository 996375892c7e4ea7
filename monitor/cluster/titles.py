"""Titles without what their outlet or an aggregator hangs on them: " - BBC News", " | প্রথম আলো"."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from monitor import text
from monitor.addresses import is_aggregator
from monitor.cluster.agencies import is_agency
from monitor.model import Entry

_LAST = re.compile(r"\s+[-–—|·•:/»<]+\s+(?=[^-–—|·•»<]*$)")
_MOST_WORDS = 5


def bare_title(entry: Entry) -> str:
    """Return an entry's title without its outlet.

    What follows the last separator goes if it is the source's name or an agency's, stands after a
    bar, or comes from an aggregator. Anything else may be part of the headline.
    """
    title = entry.title.strip()
    found = max(_LAST.finditer(title), key=lambda f: f.start(), default=None)
    if found is None or found.start() < 12:
        return title
    suffix = title[found.end() :].strip()
    if not suffix or len(suffix.split()) > _MOST_WORDS:
        return title
    host = urlsplit(entry.url).hostname or "" if entry.url.startswith("http") else ""
    hung = (
        "|" in found[0]
        or is_agency(suffix)
        or _same(suffix, entry.source)
        or is_aggregator(entry.url)
        or _in_host(suffix, host)
    )
    return title[: found.start()].rstrip() if hung else title


def _letters(name: str) -> str:
    return "".join(text.words(text.key(name)))


def _same(one: str, other: str) -> bool:
    """Say whether one name is the other or begins it: BBC News, BBC."""
    a, b = _letters(one), _letters(other)
    return len(a) >= 3 and len(b) >= 3 and (a.startswith(b) or b.startswith(a))


def _in_host(suffix: str, host: str) -> bool:
    """Say whether a suffix is its site's own name: The Daily Star, thedailystar.net."""
    letters = _letters(suffix)
    return len(letters) >= 3 and letters in host.replace("-", "").replace(".", "")
