"""Where hubs call back (WebSub): they confirm what we asked for, and send what is new.

The address is all that a hub knows of us, and all that it shows: who has it was told it by us. What is
believed of what comes is decided in pipeline.subscribing.
"""

from __future__ import annotations

from typing import Final

from monitor.web import Answer, Asked, Page, Site
from monitor.websub import PATH

MAX_BODY: Final = 10_000_000
"""Of a push: as much as of a poll, unless the desk allows those more."""
_UNKNOWN: Final = Answer(status=404, body="There is nothing here.\n")


def admits(site: Site, asked: Asked) -> Answer | None:
    """Turn away whoever has no address that we gave out, before anything is read or looked up."""
    known = site.hubs.knows(asked.named["name"]) and asked.method != "HEAD"
    return None if known else _UNKNOWN


async def callback(site: Site, asked: Asked) -> Answer:
    """Confirm a subscription by its challenge, as plain text whatever it holds; or take what is pushed."""
    name = asked.named["name"]
    if asked.method == "POST":
        return Answer(status=await site.hubs.push(name, asked.headers, asked.body))
    challenge = await site.hubs.verify(name, asked.query)
    return _UNKNOWN if challenge is None else Answer(body=challenge)


PAGES = (
    Page(
        path=f"{PATH}{{name}}",
        reply=callback,
        methods=("GET", "POST"),
        open=True,
        max_body=MAX_BODY,
        admits=admits,
    ),
)
