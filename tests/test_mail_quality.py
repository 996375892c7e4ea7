"""What those say of our mails whose trade it is: SpamAssassin, and a linter that knows mail programs."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.channels.email import Channel, EmailOptions
from monitor.model import Kind, Message, Recipient
from tests.receivers import Mailbox, a_delivery, a_message, mail_server, tools

DESK = Recipient(address="desk@example.org")
EVERY = [pytest.param(kind, language, id=f"{kind}-{language}") for kind in Kind for language in ("bn", "en")]


async def arrived(folder: Path, kind: Kind, language: str) -> tuple[bytes, Message]:
    """A mail as our server takes it, and what it was made of."""
    async with mail_server(Mailbox()) as box, tools(folder) as given_tools:
        options = EmailOptions(
            to=(DESK.address,),
            server=f"smtp://127.0.0.1:{box.port}",
            sender="News monitor <monitor@news.example>",
        )
        channel = Channel("desk", options, given_tools)
        message = a_message("email", Channel.parts, kind=kind, language=language)
        delivery = a_delivery(message, DESK)
        prepared = channel.prepare(delivery.message)
        await channel.send(a_delivery(prepared, DESK))
    return box.raw[0], prepared


@pytest.mark.parametrize(("kind", "language"), EVERY)
async def test_spamassassin_finds_nothing_to_complain_about(
    kind: Kind, language: str, tmp_path: Path
) -> None:
    program = shutil.which("spamassassin")
    if program is None:
        pytest.skip("needs Debian's package spamassassin")
    raw, _ = await arrived(tmp_path, kind, language)
    stamp = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000"
    raw = re.sub(rb"(?m)^Date: .*$", b"Date: " + stamp.encode() + b"\r", raw, count=1)
    relay = f"Received: from mail.news.example (mail.news.example [93.184.216.34])\r\n\tby mx.example.org with ESMTPS id 4XYZ; {stamp}\r\n"
    run = await asyncio.to_thread(
        subprocess.run, [program, "-L", "-t"], input=relay.encode() + raw, capture_output=True, check=True
    )
    report = run.stdout.decode("utf-8", "replace")
    found = re.search(r"Content analysis details:\s+\((-?[\d.]+) points", report)
    assert found is not None
    assert float(found[1]) < 1, report[report.index("Content analysis") :]


_LINT = """
const from = require('module').createRequire(process.argv[1]);
const { auditEmail } = from('@emailens/engine');
const read = require('fs').readFileSync(0, 'utf8');
process.stdout.write(JSON.stringify(auditEmail(read)));
"""


@pytest.fixture(scope="module")
def linter() -> tuple[str, str]:
    """Node, and the folder in which the package is."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs the npm package @emailens/engine")
    root = subprocess.run(
        [npm, "root", "--global"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not (Path(root) / "@emailens" / "engine").is_dir():
        pytest.skip("needs the npm package @emailens/engine")
    return node, root


@pytest.mark.parametrize(("kind", "language"), EVERY)
async def test_a_linter_that_knows_the_mail_programs_finds_no_error(
    kind: Kind, language: str, linter: tuple[str, str], tmp_path: Path
) -> None:
    node, root = linter
    _, message = await arrived(tmp_path, kind, language)
    run = await asyncio.to_thread(
        subprocess.run,
        [node, "-e", _LINT, f"{root}/x.js"],
        input=message.parts["html"].encode(),
        capture_output=True,
        check=True,
    )
    audit = json.loads(run.stdout)
    issues = [
        f"{name}: {issue['message']}"
        for name, part in audit.items()
        if isinstance(part, dict)
        for issue in (*part.get("issues", ()), *part.get("warnings", ()))
        if issue.get("severity") == "error"
    ]
    assert issues == []
    assert audit["accessibility"]["score"] == 100
    assert not audit["size"]["clipped"]
    scores = {client: one["score"] for client, one in audit["compatibility"]["scores"].items()}
    assert min(scores.values()) >= 70, scores
