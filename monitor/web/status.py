"""`/`: how feeds, archive and deliveries are doing at a glance. `/feeds`: each feed. `/style.css`."""

from __future__ import annotations

from typing import Any

from monitor.compose import WELL
from monitor.inquire.deliveries import delivery_facts
from monitor.inquire.status import status
from monitor.model import DeliveryStatus
from monitor.web import Answer, Asked, Page, Site
from monitor.web._shown import Part, number, shown, slots
from monitor.web.healthz import health

_AT_A_GLANCE = 8
ON_A_PAGE = 200


def overview(site: Site, asked: Asked) -> Answer:
    """Show what needs somebody first, then what comes and what was sent."""
    now = site.clock.now()
    facts = status(site, site.store, now)
    store = site.store
    return shown(
        site,
        asked,
        "status",
        status_of=facts,
        failing=[feed for feed in facts["feed"] if feed["state"] not in WELL],
        dead=[
            delivery_facts(one) for one in store.deliveries(status=DeliveryStatus.DEAD, limit=_AT_A_GLANCE)
        ],
        stuck={bell: at for bell, at in health(site)["bells"].items() if at is None or at >= site.patience},
        coming=slots(site, _AT_A_GLANCE),
        sent=[
            delivery_facts(one) for one in store.deliveries(status=DeliveryStatus.SENT, limit=_AT_A_GLANCE)
        ],
        silences=[one for one in store.silences() if one.since <= now < one.end],
    )


def feeds(site: Site, asked: Asked) -> Answer:
    """Show every feed, those that fail first."""
    facts = status(site, site.store, site.clock.now())
    configured = {feed.url: feed for feed in site.feeds}

    def order(feed: dict[str, Any]) -> tuple[bool, bool, str, str]:
        return feed["state"] in WELL, feed["state"] != "late", feed["source"].casefold(), feed["url"]

    first = number(asked.query.get("from", ""))
    rows = [one | {"lang": configured[one["url"]].language} for one in sorted(facts["feed"], key=order)]
    part = Part(first=first, size=ON_A_PAGE, total=len(rows))
    return shown(site, asked, "feeds", status_of=facts, rows=rows[first : first + ON_A_PAGE], part=part)


def style(site: Site, asked: Asked) -> Answer:
    """Return the style sheet of all pages."""
    text = site.renderer.page("style.css", {}, language=site.language, timezone=site.timezone)
    return Answer(body=text, media_type="text/css; charset=utf-8")


PAGES = (
    Page(path="/", reply=overview),
    Page(path="/feeds", reply=feeds),
    Page(path="/style.css", reply=style),
)
