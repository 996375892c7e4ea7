"""A small world on loopback for end-to-end tests: a newsstand, a receiver, a desk's config, the command line."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A threaded HTTP server on a free loopback port, closed as a context manager."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.get(self)

            def do_POST(self) -> None:
                outer.post(self)

            def log_message(self, *args: object) -> None:
                """Be quiet."""

            def handle(self) -> None:
                # The client goes away: that is what hanging and endless answers are there to provoke.
                with contextlib.suppress(OSError):
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.ended = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def get(self, request: BaseHTTPRequestHandler) -> None:
        request.send_error(404)

    def post(self, request: BaseHTTPRequestHandler) -> None:
        request.send_error(404)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Page:
    """What a path answers: a body with an ETag made from it, or something else altogether."""

    body: bytes = b""
    content_type: str = "application/rss+xml"
    answer: Answer | None = None


class Newsstand(Server):
    """Serves pages with validators and keeps what was asked: (path, headers, status)."""

    def __init__(self, pages: Mapping[str, Page | bytes]) -> None:
        self.pages = {path: page if isinstance(page, Page) else Page(page) for path, page in pages.items()}
        self.log: list[tuple[str, dict[str, str], int]] = []
        super().__init__()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(request.path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if page is None:
            self.log.append((request.path, headers, 404))
            request.send_error(404)
        elif page.answer is not None:
            self.log.append((request.path, headers, 0))
            page.answer(request)
        else:
            etag = f'"{blake2b(page.body, digest_size=8).hexdigest()}"'
            same = headers.get("if-none-match") == etag
            self.log.append((request.path, headers, 304 if same else 200))
            send(request, 304 if same else 200, b"" if same else page.body, page.content_type, etag=etag)


class Receiver(Server):
    """A webhook receiver that honours the message id: `taken` has each message once, `seen` every request."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.taken: dict[str, dict[str, Any]] = {}
        super().__init__()

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        key = request.headers["webhook-id"]
        self.seen.append(key)
        self.taken.setdefault(key, json.loads(body))
        send(request, 200, b"ok", "text/plain")


def send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, content_type: str = "text/html", **headers: str
) -> None:
    """Answer a request whole."""
    request.send_response(status)
    request.send_header("Content-Type", content_type)
    request.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def rss(title: str, *items: tuple[str, str, str], date: str = "Thu, 16 Oct 2025 18:00:00 GMT") -> bytes:
    """Return an RSS 2.0 document; items are (link, title, description)."""
    listed = "".join(
        f"<item><link>{link}</link><guid>{link}</guid><title>{head}</title>"
        f"<description>{text}</description><pubDate>{date}</pubDate></item>"
        for link, head, text in items
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://example.com/</link>{listed}</channel></rss>"
    ).encode()


@dataclass
class Desk:
    """A config folder in a temporary directory, and the command line over it."""

    folder: Path
    feeds: Mapping[str, str] = field(default_factory=dict)
    """URL → language."""
    store: str = "sqlite:monitor.db"
    channels: str = "channels:\n  out: {type: file, folder: out}\n"
    routes: str = "routes: {}\n"
    topics: str = "topics:\n  summit: {query: '@trump AND @putin'}\n"
    extra: str = ""

    @property
    def config(self) -> Path:
        return self.folder / "monitor.yaml"

    def write(self) -> Desk:
        feeds = "".join(
            f"  - {{url: {json.dumps(url)}, source: {json.dumps(url.rsplit('/', 1)[-1])}, language: {language}}}\n"
            for url, language in self.feeds.items()
        )
        minimum = "1s" if self.feeds and all("//127." in url for url in self.feeds) else "60s"
        shipped = ROOT / "config" / "entities"
        self.config.write_text(
            f"store: {self.store}\ninclude: [{json.dumps(str(shipped) + '/*.yaml')}]\n"
            "language: bn\ntimezone: Asia/Dhaka\n"
            f"poll: {{per_host_gap: 0s, per_host: 8, minimum: {minimum}, timeout: 2s, max_body: 1MB}}\n"
            "network: {allow_private: [127.0.0.0/8], contact: https://desk.example.org/contact}\n"
            f"feeds:{' []' if not feeds else ''}\n{feeds}{self.topics}{self.channels}{self.routes}{self.extra}",
            encoding="utf-8",
        )
        return self

    def command(self, *arguments: str) -> list[str]:
        """Return a command with the desk's config, unless it names its own."""
        own = () if "--config" in arguments else ("--config", str(self.config))
        return [sys.executable, "-m", "monitor", *arguments, *own]

    def environ(self) -> dict[str, str]:
        # A process that may not keep compiled modules spends most of a short life compiling.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "NO_COLOR": "1"}

    def run(self, *arguments: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=120,
            env={**self.environ(), **environ},
            cwd=self.folder,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments} → {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments: str) -> Any:
        """Run a command with --json and return what it printed."""
        return json.loads(self.run(*arguments, "--json").stdout)
