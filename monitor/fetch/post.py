"""One form to one hub: posted through the channels' guarded client; what came of it is a value."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import httpx

from monitor.errors import FetchError, FetchReason
from monitor.fetch import headers
from monitor.fetch.fetcher import reason_of, translated

MAX_HOPS: Final = 2
"""Redirects that a form is posted along (307, 308: WebSub §5.1): each hop is guarded like the first."""
_REPEATED: Final = frozenset({307, 308})


async def post(http: httpx.AsyncClient, url: str, form: bytes, now: datetime) -> FetchError | None:
    """Post an urlencoded form; None: it was taken (2xx). Nothing of an answer's body is kept.

    A redirect that asks for the same again is followed, never from https to http: a form may hold a secret.
    """
    try:
        there = httpx.URL(url)
        for _ in range(MAX_HOPS + 1):
            if there.scheme not in ("http", "https") or not there.host:
                return FetchError(FetchReason.REFUSED, f"{there.scheme[:40]!r} is not http or https")
            answer = await http.post(
                there, content=form, headers={"Content-Type": "application/x-www-form-urlencoded"}
            )
            location = answer.headers.get("location", "")
            if answer.status_code not in _REPEATED or not location:
                return _refusal(answer, now)
            there, before = there.join(location), there
            if before.scheme == "https" and there.scheme == "http":
                return FetchError(FetchReason.REFUSED, "a redirect from https to http")
    except (httpx.InvalidURL, UnicodeError):
        return FetchError(FetchReason.REFUSED, "not a URL")
    except httpx.TransportError as error:
        return translated(error)
    return FetchError(FetchReason.REFUSED, f"more than {MAX_HOPS} redirects")


def _refusal(answer: httpx.Response, now: datetime) -> FetchError | None:
    if answer.is_success:
        return None
    status, said = answer.status_code, answer.headers
    reason, words = reason_of(status)
    after = headers.retry_after(said.get("retry-after"), said.get("date"), now)
    return FetchError(reason, f"HTTP {status}: {words}", status=status, retry_after=after)
