"""An outlet's feed as it stands at a moment, spelled as its publisher has the habit to."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from monitor.commands._demo import writers
from monitor.commands._demo.content import Outlet, Piece, Version
from monitor.commands._demo.writers import Head, Line

WINDOW = 12
"""Items a feed shows; older ones fall out, as in real feeds."""

TTL = 20
"""Minutes, of outlets that say one."""

_COMPOSED = (("\u09af\u09bc", "\u09df"), ("\u09a1\u09bc", "\u09dc"), ("\u09a2\u09bc", "\u09dd"))
_ENDINGS = re.compile("(ট্রাম্প|পুতিন|অরবান|পেসকভ|জেলেনস্কি|উশাকভ|বুদাপেস্ট)(কে|সহ)")


def shown(outlet: Outlet, now: datetime) -> list[tuple[Piece, Version]]:
    """Return what the feed shows at `now`, newest first."""
    out = [(piece, version) for piece in outlet.pieces if (version := piece.at(now)) is not None]
    out.sort(key=lambda pair: (pair[0].versions[0].at, pair[0].id), reverse=True)
    return out[:WINDOW]


def modified(outlet: Outlet, now: datetime) -> datetime | None:
    """Return when the feed last changed; None while it shows nothing."""
    return max((version.at for _, version in shown(outlet, now)), default=None)


def write(outlet: Outlet, now: datetime) -> bytes:
    """Return the feed's body at `now`."""
    head = Head(
        title=outlet.name,
        link=f"https://{outlet.site}/",
        language=outlet.language,
        ttl=TTL if "ttl" in outlet.habits else 0,
    )
    lines = [_line(outlet, piece, version, now) for piece, version in shown(outlet, now)]
    text = writers.write(outlet.format, head, lines)
    if "composed" in outlet.habits:
        for apart, together in _COMPOSED:
            text = text.replace(apart, together)
    if "zwnj" in outlet.habits:
        text = _ENDINGS.sub("\\1\u200c\\2", text)
    if "bare-ampersand" in outlet.habits:
        text = text.replace("&amp;", "&")
    return text.encode()


def _line(outlet: Outlet, piece: Piece, version: Version, now: datetime) -> Line:
    zone = ZoneInfo(outlet.zone)
    first = piece.versions[0].at
    guid, url = piece.url, piece.url
    if "new-guids" in outlet.habits:
        mark = hashlib.sha256(f"{piece.id} {now:%Y%m%d%H}".encode()).hexdigest()[:12]
        guid = f"tag:{outlet.site},2025:{mark}"
    if "utm" in outlet.habits:
        url += "?utm_source=rss&utm_medium=feed"
    paragraphs = (version.summary, *version.body) if "content" in outlet.habits else ()
    return Line(
        guid=guid,
        url=url,
        title=version.title,
        summary=version.summary,
        html="".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs),
        author=piece.author,
        published=(now if "restamp" in outlet.habits else first).astimezone(zone),
        updated=version.at.astimezone(zone),
    )
