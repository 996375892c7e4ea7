"""When our own process has no room for another connection, no feed is blamed and the operator is told."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from monitor.errors import FetchReason
from monitor.fetch import Fetcher
from monitor.fetch.guard import _system_lookup
from monitor.model import Event, Failed, FeedStatus, NetworkSettings, PollSettings, Validators
from monitor.testing import NOON, FakeClock, a_feed
from tests.pipeline_kit import HOUR, MINUTE, World, desk

DIGEST = """
channels: {out: {RECORDING}}
routes: {day: {topics: summit, channels: out, at: ["13:00"]}}
"""
URL = "https://publisher.example/rss"
FULL = OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_room(*_: object, **__: object) -> socket.socket:
    raise FULL


def hear(world: World) -> list[Event]:
    """Return the list that takes the events from now on."""
    heard: list[Event] = []
    world.pipeline._shop.tell = heard.append
    return heard


async def test_too_many_open_files_blame_no_feed_and_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, DIGEST) as world:
        await world.tick()
        before = {one.url: one for one in world.store.feed_states()}
        heard = hear(world)

        async def full(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("Too many open files", request=request) from FULL

        with monkeypatch.context() as patch:
            patch.setattr(world.publisher, "handle_async_request", full)
            await world.tick(HOUR)
            await world.tick(2 * MINUTE)
            for one in world.store.feed_states():
                assert replace(one, next_poll_at=None) == replace(before[one.url], next_poll_at=None)
                assert one.status is FeedStatus.OK
                assert one.next_poll_at is not None
                assert one.next_poll_at - world.clock.now() <= timedelta(minutes=2)
            told = [one for one in heard if one.kind == "machine-failed"]
            assert [one.fields["detail"] for one in told] == [
                "no connection could be opened here: Too many open files"
            ]
            assert "Too many open files" in world.store.meta()["trouble:machine"]
        world.publish("Trump and Putin agree")
        await world.tick(3 * MINUTE)
        assert [one.kind for one in heard].count("machine-resumed") == 1
        assert world.store.meta()["trouble:machine"] == ""
        assert {one.failures for one in world.store.feed_states()} == {0}
        assert len(world.store.search("", limit=9)) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "feeds.example"])
async def test_a_socket_that_cannot_be_had_is_our_machine_s_failure(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the connection, and in the resolver, which says then that there is no such name."""
    fetcher = Fetcher(
        PollSettings(), NetworkSettings(allow_private=("127.0.0.0/8",)), FakeClock(NOON), version="0"
    )

    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        patch.setattr(socket, "socket", no_room)
        result = await fetcher.fetch(a_feed(f"http://{address}:9/rss"), Validators())
    await fetcher.close()
    assert isinstance(result.outcome, Failed)
    assert result.outcome.error.reason is FetchReason.MACHINE


def test_a_name_that_is_not_found_while_there_is_room_is_the_publisher_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        _system_lookup("nowhere.example", 443)
