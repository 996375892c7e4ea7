"""send-test: what a person sees who tries a channel."""

from __future__ import annotations

import asyncio
import json
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.__main__ import monitor
from monitor.commands._app import App
from tests.receivers import Mailbox, Receiver, mail_server, web_server

SECRET = "whsec_c2VjcmV0LWNhbmFyeS0wMDAwMDAwMDA="
ENVIRON = {"KEY": SECRET, "PASSWORD": "open-canary-sesame", "HOOK": ""}


async def invoked(
    folder: Path, channels: str, *arguments: str, environ: dict[str, str] | None = None
) -> Result:
    """Run the command in a thread, for the receivers live in this loop."""
    (folder / "monitor.yaml").write_text(
        "feeds: [{url: 'https://news.test/rss'}]\nlanguage: bn\ntimezone: Asia/Dhaka\n"
        "network: {allow_private: [127.0.0.0/8]}\n" + channels,
        encoding="utf-8",
    )
    app = App(environ={**ENVIRON, **(environ or {})}, config_paths=(folder / "monitor.yaml",))
    return await asyncio.to_thread(
        CliRunner().invoke, monitor, ["send-test", *arguments], obj=app, catch_exceptions=False
    )


async def test_a_mail_is_sent_to_each_recipient_in_their_language_and_the_dialogue_is_shown(
    tmp_path: Path,
) -> None:
    box = Mailbox(password="open-canary-sesame")
    async with mail_server(box):
        channels = (
            "channels:\n  desk:\n    type: email\n"
            f"    server: smtp://127.0.0.1:{box.port}\n    username: desk\n    password: env:PASSWORD\n"
            "    to: [a@paper.test, {address: b@paper.test, language: en}]\n"
        )
        done = await invoked(tmp_path, channels, "desk")
        only = await invoked(tmp_path, channels, "desk", "--to", "b@paper.test")
    assert done.exit_code == 0, done.output
    assert box.to == ["a@paper.test", "b@paper.test", "b@paper.test"]
    subjects = [str(make_header(decode_header(mail["Subject"]))) for mail in box.mails()]
    assert subjects[0].endswith("[পরীক্ষা] এটি monitor-এর একটি পরীক্ষামূলক বার্তা")
    assert subjects[1].endswith("[Test] This is a test message from monitor")
    assert len({mail["Message-ID"] for mail in box.mails()}) == 3, "each test is a message of its own"
    for line in (
        "> EHLO",
        "< 250",
        "> MAIL FROM:",
        "> RCPT TO:<a@paper.test>",
        "> .",
        "a@paper.test: sent: 250 OK queued",
    ):
        assert line in done.stdout
    assert "canary" not in done.output
    assert "a@paper.test" not in only.stdout


async def test_a_webhook_is_shown_with_status_and_body_and_starred_secrets(tmp_path: Path) -> None:
    receiver = Receiver(body=f"thanks for {SECRET}".encode())
    async with web_server(receiver):
        url = receiver.url("/hooks/canary-token")
        channels = "channels: {hook: {type: webhook, url: 'env:HOOK', secret: 'env:KEY'}}\n"
        done = await invoked(tmp_path, channels, "hook", environ={"HOOK": url})
        told = await invoked(tmp_path, channels, "hook", "--json", environ={"HOOK": url})
    assert done.exit_code == 0, done.output
    assert f"> POST http://127.0.0.1:{receiver.port}/…" in done.stdout
    assert "> webhook-id: test-" in done.stdout
    assert "< 200 OK" in done.stdout
    assert "< thanks for ***" in done.stdout
    facts = json.loads(told.stdout)
    (one,) = facts["deliveries"]
    assert (facts["channel"], facts["type"], facts["ok"]) == ("hook", "webhook", True)
    assert one["receipt"] == "200 thanks for ***"
    assert one["transcript"][0].startswith("> POST ")
    for text in (done.output, told.output):
        assert "canary" not in text
    body = json.loads(receiver.requests[0].body)
    assert body["data"]["route"] == "send-test"
    assert "পরীক্ষা" in body["data"]["stories"][0]["title"]


@pytest.mark.parametrize(
    ("status", "reason", "hint"),
    [(401, "auth", "password, token or URL"), (503, "server", "try again"), (410, "gone", "no more")],
)
async def test_a_failure_is_told_with_its_reason_and_a_hint(
    status: int, reason: str, hint: str, tmp_path: Path
) -> None:
    receiver = Receiver(status=status, body=b"no")
    async with web_server(receiver):
        channels = f"channels: {{hook: {{type: webhook, url: '{receiver.url()}'}}}}\n"
        done = await invoked(tmp_path, channels, "hook")
        told = await invoked(tmp_path, channels, "hook", "--json")
    assert (done.exit_code, told.exit_code) == (1, 1)
    assert f"not sent: {reason}: " in done.stdout
    assert hint in done.stdout
    (one,) = json.loads(told.stdout)["deliveries"]
    assert (one["ok"], one["reason"], one["retryable"]) == (False, reason, status == 503)


async def test_one_recipient_that_fails_does_not_keep_the_others_from_theirs(tmp_path: Path) -> None:
    box = Mailbox(rcpts={"a@paper.test": "550 5.1.1 no such user"})
    async with mail_server(box):
        channels = f"channels: {{desk: {{type: email, server: 'smtp://127.0.0.1:{box.port}', to: [a@paper.test, b@paper.test]}}}}\n"
        done = await invoked(tmp_path, channels, "desk")
    assert done.exit_code == 1
    assert "a@paper.test: not sent: rejected: " in done.stdout
    assert "b@paper.test: sent: 250" in done.stdout


async def test_every_kind_of_folder_gets_its_file(tmp_path: Path) -> None:
    channels = "channels: {pages: {type: file, folder: out}, box: {type: maildir, folder: mail}}\n"
    for name in ("pages", "box"):
        done = await invoked(tmp_path, channels, name)
        assert done.exit_code == 0, done.output
    assert list((tmp_path / "mail" / "new").iterdir())
    (page,) = [path for path in (tmp_path / "out").glob("*.html") if path.name != "index.html"]
    assert "পরীক্ষা" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("desc",), "did you mean 'desk'?"),
        (("desk", "--to", "x@y"), "it reaches: a@paper.test"),
        ((), "Missing argument"),
    ],
)
async def test_a_channel_or_recipient_that_is_not_there_is_wrong_usage(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    done: Any = await invoked(tmp_path, "channels: {desk: {type: email, to: [a@paper.test]}}\n", *arguments)
    assert done.exit_code == 2
    assert words in done.output
