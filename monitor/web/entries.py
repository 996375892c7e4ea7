"""`/entries/ID`: why an entry matched or not, and for each reader whether it was sent."""

from __future__ import annotations

from monitor.inquire.explanation import entry_explained
from monitor.web import Answer, Asked, Page, Site
from monitor.web._shown import nothing, shown


def explained(site: Site, asked: Asked) -> Answer:
    """Show all there is to say about an entry; the beginning of its id is enough."""
    found = site.store.entry(asked.named["id"])
    if found is None:
        return nothing(site, asked, "entry")
    facts = entry_explained(site, site.store, site.matcher, *found)
    return shown(site, asked, "entry", **facts)


PAGES = (Page(path="/entries/{id}", reply=explained),)
