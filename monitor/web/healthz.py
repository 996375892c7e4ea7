"""`/healthz`: whether the daemon does its work, for whoever restarts it or calls somebody.

200 while both bells were answered within the watchdog's time and the store answers; else 503 with the
reasons. Asks for no password and says nothing of the desk.
"""

from __future__ import annotations

import json
from typing import Any

from monitor.errors import StoreError
from monitor.web import Answer, Asked, Page, Site

BELLS = ("poll", "send")


def healthz(site: Site, asked: Asked) -> Answer:
    """Return how the daemon is, as JSON."""
    facts = health(site)
    body = json.dumps(facts) + "\n"
    return Answer(status=200 if facts["ok"] else 503, body=body, media_type="application/json")


def health(site: Site) -> dict[str, Any]:
    """Return `ok`, the `reasons` if it is not, and `bells`: seconds since each was answered."""
    rung = site.rung()
    reasons = []
    for bell in BELLS:
        since = rung.get(bell)
        if since is None:
            reasons.append(f"{bell}: not answered yet")
        elif since >= site.patience:
            reasons.append(f"{bell}: not answered for {since:.0f} s")
    try:
        site.store.meta()
    except StoreError:  # the log says what is wrong with it: this page is open
        reasons.append("store: does not answer")
    bells = {bell: None if (since := rung.get(bell)) is None else round(since, 1) for bell in BELLS}
    return {"ok": not reasons, "reasons": reasons, "bells": bells}


PAGES = (Page(path="/healthz", reply=healthz, open=True),)
