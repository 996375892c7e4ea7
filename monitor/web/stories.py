"""`/stories`: the news that was seen last. `/stories/ID`: how a story does and why its reports are in it."""

from __future__ import annotations

from monitor.inquire.stories import summary, whole
from monitor.web import Answer, Asked, Page, Site
from monitor.web._shown import nothing, shown

LATEST = 50


def latest(site: Site, asked: Asked) -> Answer:
    """Show the stories that were seen last, the latest first."""
    rows = [summary(site, site.store, story) for story in site.store.latest_stories(LATEST)]
    return shown(site, asked, "stories", rows=rows)


def one(site: Site, asked: Asked) -> Answer:
    """Show a story; a former id leads to it."""
    story = site.store.find_story(asked.named["id"])
    if story is None:
        return nothing(site, asked, "story")
    return shown(site, asked, "story", story=whole(site, site.store, story))


PAGES = (Page(path="/stories", reply=latest), Page(path="/stories/{id}", reply=one))
