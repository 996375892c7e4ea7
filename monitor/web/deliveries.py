"""`/deliveries`: what was sent, what waits, what was given up. `/digests`: the coming and the last digests.

`/deliveries/ID` is the fate of one, `/deliveries/ID/message` the message itself, as it was frozen.
"""

from __future__ import annotations

import json

from monitor.inquire.deliveries import delivery_facts, whole_facts
from monitor.inquire.status import status
from monitor.inquire.stories import summary
from monitor.model import DeliveryStatus, Kind
from monitor.render import COPY
from monitor.web import MESSAGE, Answer, Asked, Page, Site
from monitor.web._shown import HTML, nothing, shown, slots

LATEST = 100
SLOTS = 30
_LOOKED_AT = 200
"""Deliveries among which the last digests are looked for."""


def deliveries(site: Site, asked: Asked) -> Answer:
    """Show the newest deliveries, all or those of one state."""
    wanted = asked.query.get("status", "")
    only = DeliveryStatus(wanted) if wanted in set(DeliveryStatus) else None
    rows = [delivery_facts(one) for one in site.store.deliveries(status=only, limit=LATEST)]
    return shown(
        site,
        asked,
        "deliveries",
        rows=rows,
        only=only.value if only else "",
        states=[one.value for one in DeliveryStatus],
        status_of=status(site, site.store, site.clock.now()),
    )


def digests(site: Site, asked: Asked) -> Answer:
    """Show when which reader gets which digest, and which were the last."""
    made = site.store.deliveries(limit=_LOOKED_AT)
    return shown(
        site,
        asked,
        "digests",
        coming=slots(site, SLOTS),
        last=[delivery_facts(one) for one in made if one.message.kind is Kind.DIGEST][:SLOTS],
        at_once=[route.name for route in site.routes if route.send == "immediate"],
    )


def delivery(site: Site, asked: Asked) -> Answer:
    """Show the fate of one delivery, and its text where it has no page of its own."""
    found = site.store.delivery(asked.named["id"])
    if found is None:
        return nothing(site, asked, "delivery")
    parts = found.message.parts
    text = "" if "html" in parts else parts.get("txt", "")
    body = "" if "html" in parts or text else parts.get("json", "")
    told = [site.store.find_story(one) for one in dict.fromkeys(found.message.stories)]
    return shown(
        site,
        asked,
        "delivery",
        one=whole_facts(found),
        text=text,
        code=json.dumps(json.loads(body), ensure_ascii=False, indent=2) if body else "",
        language=found.message.language,
        has_page="html" in parts,
        has_copy=COPY in parts,
        told=[summary(site, site.store, story) for story in told if story is not None],
    )


def message(site: Site, asked: Asked) -> Answer:
    """Return the page of a message as its readers got it; with `?part=copy.html` the full copy."""
    found = site.store.delivery(asked.named["id"])
    part = COPY if asked.query.get("part") == COPY else "html"
    if found is None or part not in found.message.parts:
        return nothing(site, asked, "delivery")
    return Answer(body=found.message.parts[part], media_type=HTML, policy=MESSAGE)


PAGES = (
    Page(path="/digests", reply=digests),
    Page(path="/deliveries", reply=deliveries),
    Page(path="/deliveries/{id}", reply=delivery),
    Page(path="/deliveries/{id}/message", reply=message),
)
