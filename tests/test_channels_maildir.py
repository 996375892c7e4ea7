"""Maildir: a mail is there whole or not at all, once, and mail programs can read it."""

from __future__ import annotations

import asyncio
import mailbox
import os
from dataclasses import replace
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from monitor.channels import Tools
from monitor.channels.maildir import Channel, MaildirOptions, file_name
from monitor.clock import VirtualClock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Delivery, Kind
from tests.receivers import NOW, a_delivery, a_message


def a_channel(folder: Path, **options: Any) -> Channel:
    tools = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=folder)
    return Channel("box", MaildirOptions(folder="mail", **options), tools)


def the_message(kind: Kind = Kind.DIGEST) -> Delivery:
    return a_delivery(a_message("maildir", Channel.parts, kind=kind))


async def test_pythons_own_reader_finds_the_mail(tmp_path: Path) -> None:
    await a_channel(tmp_path, to="Desk <desk@paper.test>", subject_prefix="[ডেস্ক]").send(the_message())
    box = mailbox.Maildir(tmp_path / "mail", create=False)
    (mail,) = box.values()
    assert str(make_header(decode_header(mail["Subject"]))).startswith("[ডেস্ক] ")
    assert mail["To"] == "desk@paper.test"
    text, page = (part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart())
    assert isinstance(text, bytes)
    assert isinstance(page, bytes)
    assert "আড়াই ঘণ্টা" in text.decode()
    assert (
        b"\r"
        not in (tmp_path / "mail" / "new" / next(iter(os.listdir(tmp_path / "mail" / "new")))).read_bytes()
    )


async def test_the_same_message_is_the_same_file_byte_for_byte_whenever_it_is_sent(tmp_path: Path) -> None:
    channel, delivery = a_channel(tmp_path), the_message()
    name = await channel.send(delivery)
    once = (tmp_path / "mail" / "new" / name).read_bytes()
    cast("VirtualClock", channel.tools.clock).jump_to(NOW.replace(year=2026))
    assert await channel.send(replace(delivery, attempts=2)) == name
    assert (tmp_path / "mail" / "new" / name).read_bytes() == once
    assert len(os.listdir(tmp_path / "mail" / "new")) == 1


async def test_a_mail_that_was_read_meanwhile_does_not_come_again(tmp_path: Path) -> None:
    channel, delivery = a_channel(tmp_path), the_message()
    name = await channel.send(delivery)
    (tmp_path / "mail" / "new" / name).rename(tmp_path / "mail" / "cur" / f"{name}:2,S")
    assert await channel.send(delivery) == name
    assert os.listdir(tmp_path / "mail" / "new") == []


async def test_a_mail_is_synced_before_it_is_moved_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(number: int) -> None:
        done.append("sync folder" if os.path.isdir(f"/proc/self/fd/{number}") else "sync mail")
        real_sync(number)

    def move(path: Path, target: Path) -> Path:
        done.append("move")
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", move)
    await a_channel(tmp_path).send(the_message())
    assert done == ["sync mail", "move", "sync folder"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
async def test_a_disk_that_fails_leaves_no_half_mail_and_is_tried_again(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if broken == "fsync" else Path, broken, fail)
    with pytest.raises(DeliveryError) as caught:
        await a_channel(tmp_path).send(the_message())
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.DISK, True)
    assert "No space left" in str(caught.value)
    assert [list((tmp_path / "mail" / part).iterdir()) for part in ("tmp", "new", "cur")] == [[], [], []]


async def test_many_at_once_are_all_there(tmp_path: Path) -> None:
    channel, delivery = a_channel(tmp_path), the_message(Kind.ALERT)
    many = [replace(delivery, message=replace(delivery.message, id=f"m{n}")) for n in range(20)]
    await asyncio.gather(*map(channel.send, many))
    assert sorted(os.listdir(tmp_path / "mail" / "new")) == sorted(file_name(one.message) for one in many)


@pytest.mark.parametrize("options", [{"to": "nobody"}, {"to": "a@b\r\nBcc: c@d"}, {"sender": "ক@খ"}])
def test_settings_that_cannot_work_are_refused_at_the_start(options: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        a_channel(tmp_path, **options)
