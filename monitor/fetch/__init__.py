"""Fetch: a feed's URL to a FetchResult.

`Fetcher` polls feeds, `Pages` gets the articles that they only name; `client` is the same guarded
transport for channels that send over HTTP, `post` a form through it to a hub.
"""

from monitor.fetch.client import client
from monitor.fetch.fetcher import Fetcher
from monitor.fetch.guard import Guard, RefusedError, ResolveError, is_public
from monitor.fetch.pages import Page, Pages
from monitor.fetch.post import post
from monitor.fetch.transport import TlsError, Transport

__all__ = [
    "Fetcher",
    "Guard",
    "Page",
    "Pages",
    "RefusedError",
    "ResolveError",
    "TlsError",
    "Transport",
    "client",
    "is_public",
    "post",
]
