"""The pages behind stubs: what is wanted of them, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ArticleStatus(StrEnum):
    """How far we are with an article."""

    WANTED = "wanted"
    GOT = "got"
    REFUSED = "refused"
    """It will not be had: the publisher says so, the page has none, or it took too many tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The page of an entry of which its feed carries a stub, and how far we are with it.

    `reason` is the word for the last failure (a FetchReason, a ParseReason, or `late`), `detail` its
    sentence. `due_at` is when it may be asked for; None: never again. `tries` counts claims; `token`
    fences one. `title` is the entry's headline.
    """

    entry_id: str
    feed_url: str
    url: str
    title: str = ""
    wanted_at: datetime
    due_at: datetime | None
    status: ArticleStatus = ArticleStatus.WANTED
    reason: str = ""
    detail: str = ""
    tries: int = 0
    token: str = ""
