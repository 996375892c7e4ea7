"""The status page and whatever else is asked of us over HTTP: a family, one file a group of pages.

To add a page write `monitor/web/NAME.py` with `PAGES: tuple[Page, ...]`; the folder is the registry.
A page is plain code: it is handed what is known (Site) and what was asked (Asked), and returns an
Answer. It runs on a thread of its own with a store that only reads; one that must talk to the loop
(a hub's call back) is an `async` function and uses no store. Everything around it is done once, in
`_server`, the one door to starlette and uvicorn: limits, the password, the check of the Host, headers.

Only `service.run` opens a server; nothing here is loaded while the desk wants no page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from monitor.clock import Clock
from monitor.inquire import Reads
from monitor.match import Matcher
from monitor.metrics import Family
from monitor.model import Canary, Feed, Heartbeat, Recipient, Route, Topic, WebSettings
from monitor.render import Renderer

STRICT: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of a page: its own style sheet, its own forms, no script whatsoever."""

ASK: Final[Mapping[str, str]] = {"WWW-Authenticate": 'Basic realm="monitor", charset="UTF-8"'}
"""Goes with status 401. RFC 7617 §2.1: names and passwords come as UTF-8."""
MESSAGE: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""That of a message, which carries its own style and is written for mail programs: it can do nothing here."""


class Hubs(Protocol):
    """Who takes what hubs say and send (see pipeline.subscribing)."""

    def knows(self, name: str) -> bool: ...
    async def verify(self, name: str, query: Mapping[str, str]) -> str | None: ...
    async def push(self, name: str, headers: Mapping[str, str], body: bytes) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, whole: `path` as it was asked, what the page's path names in `named`, the query, the body.

    Header names are in lower case. The method is one of the page's.
    """

    method: str
    path: str
    named: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    known: bool = False
    """Whether who asks is let in to all pages: they know the password, or need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a page answers. `policy` is its Content-Security-Policy; other safety headers are always set."""

    body: bytes | str = b""
    status: int = 200
    media_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    policy: str = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What pages are told of the desk; `service` makes it, a reload makes another.

    `store` only reads, and may be used from any thread. `channels` are whom each channel reaches.
    """

    settings: WebSettings
    store: Reads
    clock: Clock
    renderer: Renderer
    matcher: Matcher
    language: str
    timezone: str
    feeds: Sequence[Feed]
    topics: Sequence[Topic]
    routes: Sequence[Route]
    canary: Canary
    heartbeat: Heartbeat
    channels: Mapping[str, Sequence[Recipient]]
    copies: Path
    """The folder of full copies of messages."""
    rung: Callable[[], Mapping[str, float | None]]
    """Seconds since each bell of the daemon was last answered well; None: never yet."""
    patience: float
    """Seconds after which a bell that was not answered means that the daemon is stuck."""
    metrics: Callable[[], Sequence[Family]]
    """All that is counted and measured, as it is now. Asks the store."""
    hubs: Hubs
    say: Callable[..., None]
    """Tell of one thing that happened: `say(kind, **fields)`, for the log and the counts."""


Reply = Callable[[Site, Asked], Answer] | Callable[[Site, Asked], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One address. `path` may name parts (`/entries/{id}`); `reply` is called with each request for it.

    `open` pages ask for no password and are reached by whoever reaches us: they guard themselves. A page
    takes no more of a body than `max_body` bytes, and none of whom `admits` answers before it is read.
    """

    path: str
    reply: Any
    """A Reply."""
    methods: tuple[str, ...] = ("GET",)
    """HEAD comes with GET."""
    open: bool = False
    max_body: int = 0
    admits: Callable[[Site, Asked], Answer | None] | None = None
    """Runs on the loop: it looks at the request's head, and uses no store."""
