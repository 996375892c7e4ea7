"""A. Conditional requests: criteria 1 to 17."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.model import Document, FetchResult
from tests.politeness.desk import Desk
from tests.politeness.server import FEED, Reply, Request, Server

DAY = timedelta(hours=24)
BROKEN = b"<html><body>Access denied</body></html>"


def with_etag(etag: str = '"a"', modified: str = "") -> Callable[[Request], Reply]:
    """Answer 304 to whoever sends back what was given."""

    def answer(request: Request) -> Reply:
        same_etag = request.get("if-none-match") == (etag or None)
        same_date = request.get("if-modified-since") == (modified or None)
        if (etag or modified) and same_etag and same_date:
            return Reply(304)
        given = ({"ETag": etag} if etag else {}) | ({"Last-Modified": modified} if modified else {})
        return Reply(headers=given, body=FEED)

    return answer


def unconditional(server: Server) -> list[int]:
    """Return which requests carried no validator."""
    return [
        number
        for number, request in enumerate(server.requests)
        if request.get("if-none-match") is None and request.get("if-modified-since") is None
    ]


async def test_01_the_first_contact_is_one_unconditional_get(tmp_path: Path) -> None:
    async with Server(with_etag()) as server, Desk(tmp_path, [server.url()]) as desk:
        assert await desk.tick() == 1
        assert unconditional(server) == [0]
        assert len(server.requests) == 1


async def test_02_every_later_poll_is_conditional(tmp_path: Path) -> None:
    async with Server(with_etag()) as server, Desk(tmp_path, [server.url()]) as desk:
        assert await desk.run(DAY) > 50
        assert unconditional(server) == [0]


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"abc"', "abc", '"a,b"', '"\xe0\xa6\xac\xe0\xa6\xbe\xff"', '"5f-gzip"', '"a";"b"', "'"],
    ids=["3 strong", "4 weak", "5 unquoted", "5 comma", "5 bytes", "17 apache", "5 two", "5 odd"],
)  # fmt: skip
async def test_03_04_05_17_an_etag_is_opaque_also_over_a_restart(tmp_path: Path, etag: str) -> None:
    async with Server(with_etag(etag)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.tick()
        await desk.restart()
        await desk.run(timedelta(hours=1))
        assert {request.get("if-none-match") for request in server.requests[1:]} == {etag}


@pytest.mark.parametrize(
    "date", ["Thu, 16 Oct 2025 10:00:00 GMT", "2025-10-16", "Fri, 17 Oct 2031 12:00:00 +0600", "never"]
)
async def test_06_last_modified_is_opaque_too(tmp_path: Path, date: str) -> None:
    async with Server(with_etag("", date)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.tick()
        await desk.restart()
        await desk.run(timedelta(hours=1))
        assert {request.get("if-modified-since") for request in server.requests[1:]} == {date}


async def test_07_both_are_sent_where_both_were_given(tmp_path: Path) -> None:
    date = "Thu, 16 Oct 2025 10:00:00 GMT"
    async with Server(with_etag('"a"', date)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(hours=1))
        for request in server.requests[1:]:
            assert (request.get("if-none-match"), request.get("if-modified-since")) == ('"a"', date)


async def test_08_a_new_validator_replaces_the_old_and_a_missing_one_drops_it(tmp_path: Path) -> None:
    given = [{"ETag": '"a"', "Last-Modified": "x"}, {"ETag": '"b"'}, {}, {"Last-Modified": "y"}, {}]

    def answer(request: Request) -> Reply:
        return Reply(
            headers=given[min(len(server.requests), len(given)) - 1], body=FEED + b" " * len(server.requests)
        )

    async with Server(answer) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(hours=2))
        sent = [(r.get("if-none-match"), r.get("if-modified-since")) for r in server.requests[:6]]
        assert sent == [(None, None), ('"a"', "x"), ('"b"', None), (None, None), (None, "y"), (None, None)]


async def test_09_a_304_updates_what_is_stored(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        if len(server.requests) == 1:
            return Reply(headers={"ETag": '"1"'}, body=FEED)
        return Reply(304, {"ETag": f'"{len(server.requests)}"', "Cache-Control": "max-age=7200"})

    async with Server(answer) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(hours=7))
        assert [r.get("if-none-match") for r in server.requests[:4]] == [None, '"1"', '"2"', '"3"']
        assert len(server.requests) == 5


async def test_10_a_304_to_an_unconditional_request_is_an_error_and_is_not_repeated_at_once(
    tmp_path: Path,
) -> None:
    async with Server(lambda request: Reply(304)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(hours=1))
        assert len(server.requests) <= 3
        assert (await desk.state()).reason == "protocol"


async def test_10_validators_are_dropped_when_a_server_loses_its_mind(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        return Reply(headers={"ETag": '"a"'}, body=FEED) if len(server.requests) == 1 else Reply(304)

    async with Server(answer) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(hours=1))
        assert (await desk.state()).validators.etag == '"a"'


async def test_11_an_unchanged_body_is_not_parsed_again(tmp_path: Path) -> None:
    async with Server(lambda request: Reply(body=FEED)) as server, Desk(tmp_path, [server.url()]) as desk:
        assert desk.service is not None
        parser = desk.service.pipeline.parts.parser
        parsed: list[FetchResult] = []
        parse = parser.parse

        def note(result: FetchResult) -> Document:
            parsed.append(result)
            return parse(result)

        parser.parse = note  # type: ignore[method-assign]
        await desk.run(timedelta(hours=3))
        assert len(server.requests) > 5
        assert len(parsed) == 1
        assert (await desk.state()).status == "ok"


async def test_12_a_server_that_ignores_conditions_is_asked_no_more_often(tmp_path: Path) -> None:
    async with Server(lambda request: Reply(body=FEED)) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(DAY)
        assert len(server.requests) <= 97


async def test_13_validators_outlive_twenty_restarts(tmp_path: Path) -> None:
    async with Server(with_etag()) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.tick()
        for _ in range(20):
            await desk.restart()
            await desk.run(timedelta(minutes=17))
        assert unconditional(server) == [0]
        assert len(server.requests) > 10


async def test_14_validators_are_stored_only_with_the_entries_they_came_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Server(with_etag()) as server, Desk(tmp_path, [server.url()]) as desk:
        assert desk.service is not None

        def fail(*arguments: object) -> list[bool]:
            raise StoreError("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(desk.service.store, "record_polls", fail)
            with pytest.raises(StoreError):
                await desk.tick()
        desk.clock.advance(timedelta(minutes=20))
        assert await desk.tick() == 1
        assert unconditional(server) == [0, 1]
        assert (await desk.state()).entries == 1


async def test_15_another_url_in_the_config_begins_without_validators(tmp_path: Path) -> None:
    async with Server(with_etag()) as server, Desk(tmp_path, [server.url("/old")]) as desk:
        await desk.tick()
        await desk.__aexit__(None, None, None)
        other = Desk(tmp_path, [server.url("/new")])
        desk.config = other.config
        await desk.__aenter__()
        await desk.tick()
        assert unconditional(server) == [0, 1]
        assert server.requests[1].path == "/new"


async def test_16_a_body_that_cannot_be_read_advances_nothing(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        if len(server.requests) == 1:
            return Reply(headers={"ETag": '"good"'}, body=FEED)
        return Reply(headers={"ETag": '"bad"'}, body=BROKEN)

    async with Server(answer) as server, Desk(tmp_path, [server.url()]) as desk:
        await desk.run(timedelta(hours=4))
        assert {request.get("if-none-match") for request in server.requests[1:]} == {'"good"'}
        assert (await desk.state()).reason == "html"
