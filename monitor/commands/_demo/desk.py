"""The demo's folder: a config that a newcomer can read, edit and run, and what the run leaves beside it."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

from monitor.commands._demo.content import Outlet
from monitor.config import shipped_folder

CONFIG = "monitor.yaml"
MAIL, SLACK, WEBHOOK, DIGESTS = "mail", "slack", "webhook", "digests"
LEFT = (MAIL, SLACK, WEBHOOK, DIGESTS)
"""The folders that a run fills."""

_MARK = "# Written by `monitor demo`"
_OURS = (*LEFT, "entities", "topics", "feeds.yaml", "webhook.secret", "slack.secret", CONFIG)

TOPICS = (
    "trump-putin-summit",
    "call",
    "venue",
    "preparation",
    "ceasefire",
    "tomahawk",
    "zelensky-visit",
)

_TEXT = """\
{mark} (monitor demo --dir). Yours to read and change; the next demo in this folder starts afresh.
# Everything here is on loopback, so it needs no network and no account.
store: sqlite:monitor.db
language: bn
timezone: Asia/Dhaka

include: [feeds.yaml, entities/*.yaml, topics/*.yaml]

poll:
  every: 30m
  minimum: 15m
  maximum: 1h
  per_host_gap: 0s            # one machine is all the hosts here; leave the default of 1s for real ones

network:
  allow_private: [127.0.0.0/8]     # loopback is refused unless it is allowed
  contact: https://demo.example/contact

channels:
  email:
    type: email
    server: {smtp}
    sender: Monitor <monitor@demo.example>
    to: [desk@demo.example]
  slack: {{type: slack, url: "file:slack.secret", gap: 0s}}  # two days pass in seconds here
  webhook: {{type: webhook, url: "{webhook}", secret: "file:webhook.secret"}}
  file: {{type: file, folder: {digests}}}

routes:
  digest-bn:                  # three times a day, for the desk in Dhaka
    topics: [{topics}]
    channels: [email, slack, webhook, file]
    send: digest
    at: ["07:30", "13:00", "19:00"]
    timezone: Asia/Dhaka
    language: bn
  digest-en:                  # the same news for the London bureau, in English
    topics: [{topics}]
    channels: [email, file]
    send: digest
    at: ["07:00", "17:00"]
    timezone: Europe/London
    language: en
  alerts:                     # at once, each story when it is first seen
    topics: [trump-putin-summit]
    channels: [slack, webhook]
    send: immediate
    language: bn
    group_wait: 2m
    budget: 6                 # an hour, for one recipient; the rest waits for the digest
"""


class FolderTakenError(Exception):
    """The folder holds something that no demo wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where everything listens: feed URLs by outlet id, and the receivers."""

    feeds: dict[str, str]
    smtp: str
    webhook: str
    slack: str


def clear(folder: Path) -> None:
    """Make `folder` ready: absent, empty, or an earlier demo's, whose files are removed.

    Raises FolderTakenError for any other folder, so that nobody's files are lost.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
        return
    if not folder.is_dir():
        raise FolderTakenError(f"{folder} is a file")
    config = folder / CONFIG
    if any(folder.iterdir()) and not (config.is_file() and _written_by_us(config)):
        raise FolderTakenError(f"{folder} is not empty and not from an earlier demo; give another with --dir")
    for path in (*(folder / name for name in _OURS), *folder.glob("monitor.db*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _written_by_us(config: Path) -> bool:
    with config.open(encoding="utf-8", errors="replace") as lines:
        return lines.readline().startswith(_MARK)


def secret(random: Random) -> str:
    """Return a webhook secret as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64.

    It guards a loopback socket for the length of the demo, so it need not be hard to guess.
    """
    return "whsec_" + base64.b64encode(random.randbytes(32)).decode()


def furnish(folder: Path, outlets: tuple[Outlet, ...], at: Addresses, *, signing: str) -> Path:
    """Write the config into `folder` and return the path of its main file.

    Entities and topics are copies of the shipped ones.
    """
    for name in ("entities", "topics"):
        shutil.copytree(shipped_folder() / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    (folder / "feeds.yaml").write_text(_feeds(outlets, at.feeds), encoding="utf-8")
    for name, text in (("slack.secret", at.slack), ("webhook.secret", signing)):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text + "\n", encoding="utf-8")
    config = folder / CONFIG
    config.write_text(
        _TEXT.format(
            mark=_MARK,
            smtp=at.smtp,
            webhook=at.webhook,
            digests=DIGESTS,
            topics=", ".join(TOPICS),
        ),
        encoding="utf-8",
    )
    return config


def _feeds(outlets: tuple[Outlet, ...], urls: dict[str, str]) -> str:
    lines = ["# Invented publishers; they listened on loopback while the demo ran.", "feeds:"]
    for outlet in outlets:
        source = json.dumps(outlet.name, ensure_ascii=False)
        lines += [
            f"  - url: {urls[outlet.id]}",
            f"    source: {source}",
            f"    language: {outlet.language}",
            f"    country: {outlet.country}",
            f"    tier: {outlet.tier}",
        ]
    return "\n".join(lines) + "\n"


def left(folder: Path) -> list[str]:
    """Return what a run left, as paths under `folder`, sorted."""
    files = [path for name in LEFT for path in (folder / name).rglob("*") if path.is_file()]
    database = folder / "monitor.db"
    return sorted(
        str(path.relative_to(folder)) for path in [*files, *([database] if database.exists() else [])]
    )
