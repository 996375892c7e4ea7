"""The door to starlette and uvicorn: pages served in the daemon's own loop.

What is here holds for every page. A request has 16 KB of head and the body its page takes; a connection
brings one request and lives for a minute; a reply has half a minute. Whoever asks must name us as we are
known (a page on the web whose name leads to 127.0.0.1 does not), and know the password where there is
one; without one nothing but `open` pages is given to whoever comes from outside, through a proxy too.
"""

from __future__ import annotations

import asyncio
import binascii
import hmac
import inspect
import re
import socket
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor import registry
from monitor.errors import ConfigError, MonitorError
from monitor.model import Secret, WebSettings
from monitor.web import ASK, STRICT, Answer, Asked, Page, Site

MAX_HEAD = 16_384
"""Bytes of a request's line and headers."""
PATIENCE: Final = 30.0
"""Seconds that a page may take."""
LIFETIME: Final = 60.0
"""Seconds that a connection may last: its one request, the page and the reading of it."""
AT_ONCE = 64
"""Connections under way; twice as many are told to come later, more are not answered at all."""
THREADS = 2
"""So that whoever asks how we are need not wait for a long search."""

_SAFE: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Connection": "close",
}
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers that say that somebody else asked the one who asks us."""


class Server:
    """Serves pages while it is open. `site` may be replaced by another of the same address meanwhile."""

    def __init__(self, site: Site, pages: Sequence[Page] | None = None) -> None:
        self.site = site
        self._app = _Guarded(_application(self, pages or found()), self)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None
        self._uvicorn: _Uvicorn | None = None

    @property
    def port(self) -> int:
        """The port, once it is open."""
        return int(self._socket.getsockname()[1]) if self._socket else self.site.settings.port

    @property
    def address(self) -> str:
        """Where it listens, as a browser takes it."""
        host = self.site.settings.host
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    async def open(self) -> None:
        """Begin to listen. Raises ConfigError where that address cannot be had."""
        self._socket = _bound(self.site.settings.host, self.site.settings.port)
        config = uvicorn.Config(
            self._app,
            http=_Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=AT_ONCE,
            limit_concurrency=AT_ONCE,
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=MAX_HEAD,
        )
        self._uvicorn = _Uvicorn(config)
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        up = asyncio.create_task(self._uvicorn.up.wait())
        await asyncio.wait((up, self._serving), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()

    async def close(self) -> None:
        """Take no more requests, let those under way end (five seconds), then stop listening."""
        if self._uvicorn is not None and self._serving is not None:
            self._uvicorn.should_exit = True
            await self._serving
        if self._socket is not None:
            self._socket.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._socket = self._serving = self._uvicorn = None

    async def off_loop(self, work: Callable[[], Answer]) -> Answer:
        """Run plain code of a page on a thread of ours."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def found() -> tuple[Page, ...]:
    """Return the pages of all files in this folder."""
    return tuple(page for name in registry.names("web") for page in registry.find("web", name))


class _Uvicorn(uvicorn.Server):
    """A server that leaves signals to the daemon and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets=sockets)
        self.up.set()


class _Connection(H11Protocol):
    """A connection that ends after a while, whatever the other side does or leaves undone."""

    _end: asyncio.TimerHandle | None = None

    # uvicorn narrows what asyncio gives its protocols: only stream transports come here.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and think of the end."""
        super().connection_made(transport)
        if len(self.connections) > 2 * AT_ONCE:
            transport.abort()
        else:
            self._end = self.loop.call_later(LIFETIME, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that has the address. Raises ConfigError, saying why it cannot be had."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = "127.0.0.1" if host == "localhost" else host
    made = None
    try:
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(AT_ONCE)
    except OSError as error:
        if made is not None:
            made.close()
        problem = f"web.listen: {where} cannot be had: {(error.strerror or str(error)).lower()}"
        raise ConfigError(f"{problem}; is another program there? choose another port") from error
    made.setblocking(False)
    return made


# every request ────────────────────────────────────────────────────────────────────────────────


class _Route(Route):
    """The way to a page, which knows it."""

    def __init__(self, page: Page, endpoint: Callable[..., Any]) -> None:
        super().__init__(page.path, endpoint, methods=list(page.methods))
        self.page = page


def _application(server: Server, pages: Sequence[Page]) -> Starlette:
    routes = [_Route(page, partial(_reply, server, page)) for page in pages]
    made = Starlette(routes=routes, exception_handlers={HTTPException: _failed})
    made.router.redirect_slashes = False  # a redirect would name a path that another server knows otherwise
    return made


async def _failed(request: Request, error: Exception) -> Response:
    """Answer what no page answers."""
    assert isinstance(error, HTTPException)
    return _plain(error.status_code, error.detail, error.headers or {})


def _plain(status: int, words: str, headers: Any = None) -> Response:
    return Response(f"{words}\n", status, headers, "text/plain; charset=utf-8")


async def _reply(server: Server, page: Page, request: Request) -> Response:
    """Let a page answer, within its limits."""
    site = server.site
    try:
        async with asyncio.timeout(PATIENCE):
            asked = Asked(
                method=request.method,
                path=str(request.scope["path"]),
                named={name: str(value) for name, value in request.path_params.items()},
                query=dict(request.query_params),
                headers=dict(request.headers),
                known=_stranger(request, site.settings) is None,
            )
            if page.admits is not None and (refusal := page.admits(site, asked)) is not None:
                return _answered(refusal)
            asked = replace(asked, body=await _body(request, page.max_body))
            if inspect.iscoroutinefunction(page.reply):
                answer: Answer = await page.reply(site, asked)
            else:
                answer = await server.off_loop(partial(page.reply, site, asked))
    except TimeoutError:
        return _plain(503, "That took too long. Ask for less, or later.")
    except ClientDisconnect:
        return _plain(400, "The request was cut short.")
    except MonitorError as error:
        site.say("web-failed", path=page.path, reason=type(error).__name__, detail=str(error))
        return _plain(503, "This cannot be shown now; the log says why.")
    return _answered(answer)


def _answered(answer: Answer) -> Response:
    headers = {**answer.headers, "Content-Security-Policy": answer.policy}
    return Response(answer.body, answer.status, headers, answer.media_type)


async def _body(request: Request, limit: int) -> bytes:
    """Return the body. Raises HTTPException when there is more of it than the page takes."""
    pieces, size = [], 0
    if not limit:
        return b""
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise HTTPException(413)
        pieces.append(piece)
    return b"".join(pieces)


class _Guarded:
    """Lets in whom the settings let in, and puts the safety headers on whatever is answered."""

    def __init__(self, app: Starlette, server: Server) -> None:
        self._app, self._server = app, server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_safety(message["headers"])
            await send(message)

        request = Request(scope)
        refusal = self._refusal(request, self._page(scope))
        if refusal is not None and refusal.status_code == 401 and "authorization" in request.headers:
            # For whoever watches the log: somebody tries passwords. Not their guess, which may be a slip.
            self._server.site.say("web-denied", client=request.client.host if request.client else "")
        answer: ASGIApp = refusal or self._app
        await answer(scope, receive, safely)

    def _page(self, scope: Scope) -> Page | None:
        """Return the page that is asked for; None if there is none."""
        for route in self._app.routes:
            if route.matches(scope)[0] is not Match.NONE:
                assert isinstance(route, _Route)
                return route.page
        return None

    def _refusal(self, request: Request, page: Page | None) -> Response | None:
        """Return why a request is not answered; None: it is."""
        settings = self._server.site.settings
        host = _host(request.headers.get("host", ""))
        public = (urlsplit(settings.public_url).hostname or "") if settings.public_url else ""
        ours = {settings.host, public, str((request.scope.get("server") or ("",))[0])}
        if not host or (not _is_loopback(host) and host not in ours):
            return _plain(421, "Nothing of that name is here. Its name is set as web.public_url.")
        return None if page is not None and page.open else _stranger(request, settings)


def _stranger(request: Request, settings: WebSettings) -> Response | None:
    """Return what is answered to who does not know the password; None: they do, or need none."""
    if settings.password is None:
        local = _is_loopback(_host(request.headers.get("host", "")))
        if not local or any(name in request.headers for name in _FORWARDED):
            return _plain(403, "From outside this needs a password: web.password is not set.")
        return None
    if not _knows(request.headers.get("authorization", ""), settings.password):
        return _plain(401, HTTPStatus(401).phrase, ASK)
    return None


def _with_safety(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with those that are always there, a page's own policy left as it is."""
    names = {name.lower() for name, _ in headers}
    always = {**_SAFE, "Content-Security-Policy": STRICT}
    return [
        *headers,
        *((n.encode(), v.encode()) for n, v in always.items() if n.lower().encode() not in names),
    ]


_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:\[\]/@]+?)\.?)(?::[0-9]*)?", re.IGNORECASE)
"""RFC 9110 §7.2: a name or an address, and perhaps a port."""


def _host(header: str) -> str:
    """Return the name in a Host header, without port and brackets, in lower case; "" for anything else."""
    found = _HOST.fullmatch(header.strip())
    return (found[1] or found[2]).lower() if found else ""


def _is_loopback(host: str) -> bool:
    """Say whether a name always means this machine (RFC 6761 §6.3), so that nobody can point it here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _knows(header: str, password: Secret) -> bool:
    """Say whether the credentials (RFC 7617) hold the password. Takes as long whether they do or not."""
    scheme, _, credentials = header.partition(" ")
    try:
        given = b64decode(credentials.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    told = given.partition(b":")[2]
    return hmac.compare_digest(sha256(told).digest(), sha256(password.value.encode()).digest())
