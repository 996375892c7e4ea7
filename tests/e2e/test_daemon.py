"""`monitor run` as a process: signals, systemd's socket, a second daemon, reload, kill -9."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.world import Desk, Newsstand, Receiver, rss

NEWS = ("https://example.com/1", "ট্রাম্প–পুতিন বৈঠক বুদাপেস্টে", "আড়াই ঘণ্টার ফোনালাপের পর ঘোষণা।")
MORE = ("https://example.com/2", "Putin and Trump put the meeting off", "Days after the call.")


@contextmanager
def running(desk: Desk, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Run the daemon until the block ends; its log is in daemon.log."""
    with (desk.folder / "daemon.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            desk.command("run", "--log-format", "json"),
            stderr=log, stdout=log, text=True, env={**desk.environ(), **environ}, cwd=desk.folder,
        )  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(10)


def until(happened: Callable[[], object], what: str, desk: Desk, seconds: float = 30) -> None:
    """Wait for what another process does; fail with its log."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} never happened:\n{(desk.folder / 'daemon.log').read_text()}")
        time.sleep(0.05)  # another process's work has no clock of ours to move


def a_desk(folder: Path, stand: Newsstand, receiver: Receiver) -> Desk:
    return Desk(
        folder,
        {stand.url + "/a": "bn"},
        channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
        routes="routes:\n  now: {topics: [summit], channels: [hook], send: immediate, group_wait: 0s}\n",
        extra="",
    ).write()


def fresh(*items: tuple[str, str, str]) -> bytes:
    """A feed whose items are of this moment, so that they are news to a daemon that just started."""
    return rss("A", *items, date=time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))


def test_it_polls_alerts_and_stops_when_told(tmp_path: Path) -> None:
    with Newsstand({"/a": fresh(NEWS)}) as stand, Receiver() as receiver:
        desk = a_desk(tmp_path, stand, receiver)
        with running(desk) as daemon:
            until(lambda: receiver.taken, "an alert", desk)
            daemon.send_signal(signal.SIGTERM)

            assert daemon.wait(15) == 0
    assert [body["data"]["kind"] for body in receiver.taken.values()] == ["alert"]


def test_a_second_daemon_on_the_same_file_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with Newsstand({"/a": fresh(NEWS)}) as stand, Receiver() as receiver:
        desk = a_desk(tmp_path, stand, receiver)
        with running(desk) as daemon:
            until(lambda: receiver.taken, "an alert", desk)
            second = desk.run("run", check=False)

    assert second.returncode == 69
    assert str(daemon.pid) in second.stderr


def test_systemd_hears_when_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
        Newsstand({"/a": fresh(NEWS)}) as stand,
        Receiver() as receiver,
    ):
        systemd.bind(address)
        systemd.settimeout(0.05)
        heard: list[str] = []

        def listen() -> str:
            with contextlib.suppress(TimeoutError):
                while True:
                    heard.append(systemd.recv(4096).decode())
            return "\n".join(heard)

        desk = a_desk(tmp_path, stand, receiver)
        with running(desk, NOTIFY_SOCKET=address) as daemon:
            until(lambda: "READY=1" in listen(), "READY=1", desk)
            until(lambda: "WATCHDOG=1" in listen(), "WATCHDOG=1", desk)
            daemon.send_signal(signal.SIGHUP)
            until(lambda: "RELOADING=1" in listen(), "RELOADING=1", desk)
            until(lambda: listen().count("READY=1") == 2, "a second READY=1", desk)
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(15)

        assert "STOPPING=1" in listen()


def test_a_reload_takes_a_right_config_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    with Newsstand({"/a": fresh(NEWS), "/b": fresh(MORE)}) as stand, Receiver() as receiver:
        desk = a_desk(tmp_path, stand, receiver)
        log = tmp_path / "daemon.log"
        with running(desk) as daemon:
            until(lambda: receiver.taken, "an alert", desk)
            right = desk.config.read_text()
            desk.config.write_text(right + "nonsense: 1\n")
            daemon.send_signal(signal.SIGHUP)
            until(lambda: "nonsense" in log.read_text(), "a refusal", desk)
            assert daemon.poll() is None

            desk.feeds = {**desk.feeds, stand.url + "/b": "en"}
            desk.write()
            daemon.send_signal(signal.SIGHUP)
            until(lambda: len(receiver.taken) == 2, "an alert from the new feed", desk)

            assert daemon.poll() is None


def test_killed_and_started_again_it_goes_on_where_it_was(tmp_path: Path) -> None:
    with Newsstand({"/a": fresh(NEWS)}) as stand, Receiver() as receiver:
        desk = a_desk(tmp_path, stand, receiver)
        for attempt in range(4):
            with running(desk) as daemon:
                until(lambda: (tmp_path / "monitor.db").exists(), "a database", desk)
                time.sleep(0.3 * attempt)  # the moment of the kill is what is varied
                os.kill(daemon.pid, signal.SIGKILL)
        with running(desk) as daemon:
            until(lambda: desk.json("status")["deliveries"]["sent"] == 1, "the delivery", desk, seconds=200)

    assert len(receiver.taken) == 1
    assert len(set(receiver.seen)) == 1


def a_free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def asked(port: int) -> int:
    """Return the status of /healthz; 0: nobody listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code
    except httpx.TransportError:
        return 0


def test_the_page_comes_moves_and_goes_with_the_config(tmp_path: Path) -> None:
    first, second = a_free_port(), a_free_port()
    with Newsstand({"/a": fresh(NEWS)}) as stand, Receiver() as receiver:
        desk = a_desk(tmp_path, stand, receiver)
        plain = desk.config.read_text()

        def reload(web: str) -> None:
            desk.config.write_text(plain + web)
            daemon.send_signal(signal.SIGHUP)

        with running(desk) as daemon:
            until(lambda: receiver.taken, "an alert", desk)
            reload(f"web: {{listen: '127.0.0.1:{first}'}}\n")
            until(lambda: asked(first) == 200, "the page", desk)
            assert stand.url in httpx.get(f"http://127.0.0.1:{first}/feeds", timeout=20).text
            with socket.socket() as other:
                other.bind(("127.0.0.1", second))
                other.listen()
                reload(f"web: {{listen: '127.0.0.1:{second}'}}\n")
                log = desk.folder / "daemon.log"
                until(lambda: "cannot be had" in log.read_text(), "the refusal", desk)
                assert asked(first) == 200
            reload(f"web: {{listen: '127.0.0.1:{second}'}}\n")
            until(lambda: asked(second) == 200 and asked(first) == 0, "the move", desk)
            reload("")
            until(lambda: asked(second) == 0, "the end of the page", desk)
            daemon.send_signal(signal.SIGTERM)

            assert daemon.wait(15) == 0
