"""Files: whole or not at all, once or not again."""

from __future__ import annotations

import errno
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from monitor.channels import Tools
from monitor.channels.file import Channel, FileOptions, file_name
from monitor.clock import VirtualClock
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Kind, Message
from tests.receivers import NOW, a_delivery, a_message


def a_channel(folder: Path, name: str = "out") -> Channel:
    tools = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=folder)
    return Channel("files", FileOptions(folder=name), tools)


def a_page(**changes: Any) -> Message:
    return replace(a_message("file", Channel.parts, kind=changes.pop("kind", Kind.DIGEST)), **changes)


def spent_pid() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        return process.pid


async def test_a_message_is_a_page_and_a_text_named_by_slot_route_and_kind(tmp_path: Path) -> None:
    message = a_page()
    name = await a_channel(tmp_path).send(a_delivery(message))
    assert name.startswith("20251017T013000Z-day-digest-")
    assert (tmp_path / "out" / name).read_text(encoding="utf-8") == message.parts["html"]
    text = (tmp_path / "out" / name).with_suffix(".txt")
    assert text.read_text(encoding="utf-8") == message.parts["txt"]


async def test_written_twice_it_is_there_once(tmp_path: Path) -> None:
    channel, delivery = a_channel(tmp_path), a_delivery(a_page())
    for _ in range(2):
        await channel.send(delivery)
    assert len(list((tmp_path / "out").iterdir())) == 3


async def test_what_a_dead_process_left_half_written_goes_when_the_message_is_whole(tmp_path: Path) -> None:
    channel, delivery = a_channel(tmp_path), a_delivery(a_page())
    name = await channel.send(delivery)
    dead = spent_pid()
    left = [f".{name}.{dead}.1.part", f".index.html.{dead}.1.part", f".index.html.{os.getpid()}.1.part"]
    others = [f".{name}.{os.getppid()}.1.part", f".another.html.{dead}.1.part"]
    for part in (*left, *others):
        (tmp_path / "out" / part).write_text("<html")
    await channel.send(delivery)

    assert sorted(place.name for place in (tmp_path / "out").glob(".*")) == sorted(others)


async def test_the_index_lists_the_newest_first_and_escapes_titles(tmp_path: Path) -> None:
    channel = a_channel(tmp_path)
    page = a_page(kind=Kind.ALERT)
    await channel.send(a_delivery(a_page()))
    hostile = page.parts["html"].replace("<title>", "<title>&lt;script&gt;")
    await channel.send(a_delivery(replace(page, parts={**page.parts, "html": hostile})))
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert index.index("-digest-") < index.index("-alert-")
    assert "&lt;script&gt;" in index
    assert "<script" not in index
    assert 'lang="bn"' in index


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
async def test_a_full_disk_is_tried_again_and_leaves_no_half_file(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, delivery = a_channel(tmp_path), a_delivery(a_page())
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(delivery)
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.DISK, True)
    assert os.strerror(code) in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []
    monkeypatch.setattr(os, "fsync", real)
    await channel.send(delivery)
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize("route", ["../../etc/passwd", "দিনের খবর", "a/b\\c\x00d", "", "." * 300, "ক" * 300])
async def test_no_route_name_leaves_the_folder(route: str, tmp_path: Path) -> None:
    message = a_page(route=route)
    name = await a_channel(tmp_path).send(a_delivery(message))
    assert (tmp_path / "out" / name).parent == tmp_path / "out"
    assert (tmp_path / "out" / name).is_file()
    assert len(file_name(message).encode()) < 120
    assert os.listdir(tmp_path) == ["out"]


def test_the_folder_is_where_the_config_says(tmp_path: Path) -> None:
    assert a_channel(tmp_path).folder == tmp_path / "out"
    assert a_channel(tmp_path, "/srv/digests").folder == Path("/srv/digests")
    assert a_channel(tmp_path).recipients()[0].address == "out"
