"""`monitor run` with a hub: what is published is alerted within seconds, and kill -9 loses no push."""

from __future__ import annotations

import hmac
import signal
import threading
import time
from collections.abc import Sized
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import httpx

from tests.e2e.test_daemon import fresh, running, until
from tests.hub_kit import WORDS, a_free_port
from tests.world import Desk, Newsstand, Receiver, send


class Press(Newsstand):
    """A publisher with a hub beside it, which verifies at once and sends what is published."""

    def __init__(self) -> None:
        super().__init__({"/a": b""})
        self.forms: list[dict[str, str]] = []
        self.items: list[tuple[str, str, str]] = []
        self.verified = threading.Event()

    def feed(self, *items: tuple[str, str, str]) -> bytes:
        """Return a feed that names hub and self."""
        links = "".join(
            f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="{rel}" href="{self.url}{path}"/>'
            for rel, path in (("hub", "/hub"), ("self", "/a"))
        )
        return fresh(*items).replace(b"<channel>", b"<channel>" + links.encode(), 1)

    def carry(self, what: str) -> tuple[str, str, str]:
        """Put a piece of news on top of the feed, and say nothing."""
        item = (f"https://example.com/{what.replace(' ', '-')}", f"Trump and Putin {what}", "")
        self.items.insert(0, item)
        self.pages["/a"].body = self.feed(*self.items)
        return item

    def post(self, request: BaseHTTPRequestHandler) -> None:
        """Take a request to subscribe."""
        body = request.rfile.read(int(request.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.forms.append(form)
        send(request, 202, b"")
        query = {f"hub.{name}": form[f"hub.{name}"] for name in ("mode", "topic")} | {"hub.challenge": "c"}
        if httpx.get(form["hub.callback"], params=query | {"hub.lease_seconds": "86400"}).text == "c":
            self.verified.set()

    def push(self, *items: tuple[str, str, str]) -> int:
        """Send news to who subscribed; return the answer's status."""
        body, form = self.feed(*items), self.forms[-1]
        digest = hmac.new(form["hub.secret"].encode(), body, "sha256").hexdigest()
        headers = {"X-Hub-Signature": f"sha256={digest}", "Content-Type": "application/rss+xml"}
        return httpx.post(form["hub.callback"], content=body, headers=headers, timeout=20).status_code


def a_desk(folder: Path, press: Press, receiver: Receiver) -> Desk:
    port = a_free_port()
    return Desk(
        folder,
        {press.url + "/a": "en"},
        channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
        routes="routes:\n  now: {topics: [summit], channels: [hook], send: immediate, group_wait: 0s}\n",
        extra=f"websub: true\nweb: {{listen: '127.0.0.1:{port}', public_url: 'http://127.0.0.1:{port}'}}\n",
    ).write()


def more_than(seen: Sized, before: int) -> bool:
    return len(seen) > before


def test_what_is_published_is_alerted_within_seconds_without_a_poll(tmp_path: Path) -> None:
    with Press() as press, Receiver() as receiver:
        press.carry(WORDS[0])
        desk = a_desk(tmp_path, press, receiver)
        with running(desk) as daemon:
            until(lambda: receiver.taken, "an alert", desk)
            until(press.verified.is_set, "a subscription", desk)
            polls, took = len(press.log), []
            for what in WORDS[1:]:
                began, before = time.monotonic(), len(receiver.taken)
                assert press.push(press.carry(what)) == 202
                until(partial(more_than, receiver.taken, before), f"an alert: {what}", desk)
                took.append(time.monotonic() - began)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(15) == 0
    took.sort()
    print(f"publish → alert of {len(took)}: median {took[len(took) // 2]:.2f} s, most {took[-1]:.2f} s")
    assert len(press.log) == polls
    assert (
        took[len(took) // 2] < 30
    )  # under 3 s on a machine with nothing else to do: see docs/howto/websub.md


def test_killed_right_after_it_answered_a_push_it_polls_for_it(tmp_path: Path) -> None:
    with Press() as press, Receiver() as receiver:
        press.carry(WORDS[0])
        desk = a_desk(tmp_path, press, receiver)
        with running(desk) as daemon:
            until(press.verified.is_set, "a subscription", desk)
            until(lambda: receiver.taken, "an alert", desk)
            assert press.push(press.carry(WORDS[1])) == 202
            daemon.kill()
            daemon.wait(10)
        with running(desk):
            until(lambda: len(receiver.taken) == 2, "the alert that was due", desk)
