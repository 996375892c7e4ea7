"""`/copies/NAME`: the full copy of a message that had no room for all, for whoever was sent its link."""

from __future__ import annotations

import hmac

from monitor.channels.file import file_key, file_time
from monitor.web import ASK, MESSAGE, Answer, Asked, Page, Site
from monitor.web._shown import HTML


def copy(site: Site, asked: Asked) -> Answer:
    """Return a page of the folder of copies to who is known, or whose link has the key of this very page."""
    name = asked.named["name"]
    if not (asked.known or _has_key(site, name, asked.query.get("key", ""))):
        return Answer(status=401, headers=ASK, body="Unauthorized\n")
    if not name.endswith(".html") or file_time(name) is None or "/" in name or "\0" in name:
        return Answer(status=404, body="Not Found\n")
    try:
        return Answer(body=(site.copies / name).read_bytes(), media_type=HTML, policy=MESSAGE)
    except OSError:  # kept no longer, or not written yet: it is before the message goes out
        return Answer(status=404, body="Not Found\n")


def _has_key(site: Site, name: str, key: str) -> bool:
    password = site.settings.password
    return password is not None and hmac.compare_digest(file_key(name, password).encode(), key.encode())


PAGES = (Page(path="/copies/{name}", reply=copy, open=True),)
