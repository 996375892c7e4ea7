"""The folder of a replay: the messages' files, a page that lists them in order, the facts as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from monitor.commands._replay.facts import entries, local, stories, turn
from monitor.commands._replay.run import Replayed

FACTS, PAGE = "replay.json", "index.html"
PREFIXES = ("before/", "after/")
"""Where the messages of the first and the second config go."""
_OURS = re.compile(r"\d{8}T\d{6}Z-.+-[0-9a-f]{8}\.[a-z.]+\Z")


class TakenError(Exception):
    """The folder holds something that no replay wrote."""


def clear(folder: Path) -> None:
    """Make `folder` ready: absent, empty, or an earlier replay's, whose files are removed.

    Raises TakenError for any other, so that nobody's files are lost or mixed with ours.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise TakenError(f"{folder} is a file")
    if any(folder.iterdir()) and not (folder / FACTS).is_file():
        raise TakenError(f"{folder} is not empty and not from an earlier replay; give another with --out")
    for place in (folder, *(folder / prefix for prefix in PREFIXES)):
        for path in place.iterdir() if place.is_dir() else ():
            if path.name in (FACTS, PAGE) or _OURS.match(path.name):
                path.unlink()


def finish(folder: Path, facts: Mapping[str, Any], replays: Sequence[tuple[str, Replayed]]) -> None:
    """Write the facts and the page; each replay with what it is called."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts, ensure_ascii=False, indent=1) + "\n"
    (folder / FACTS).write_bytes(text.encode("utf-8", "replace"))
    body = "\n".join(_table(name, replayed) for name, replayed in replays)
    (folder / PAGE).write_bytes(_HTML.replace("BODY", body).encode("utf-8", "replace"))


def _table(name: str, replayed: Replayed) -> str:
    rows = []
    for told in replayed.told:
        digest = told.digest
        told_of = "".join(
            f"<li><b>{escape(turn(note, digest.topics.get(note.turn.topic, note.turn.topic)))}</b></li>"
            for note in digest.turns
        )
        told_of += "".join(
            f'<li lang="{escape(story.lead.entry.language)}" dir="auto">{escape(story.lead.entry.title)}'
            f" <small>{escape(story.state)}{f', {n}' if (n := len(entries(story))) > 1 else ''}</small></li>"
            for story in stories(told)
        )
        rows.append(
            f"<tr><td><time>{escape(local(told.at, digest.timezone))}</time><td>{escape(digest.kind.value)}"
            f"<td>{escape(digest.route)} → {escape(digest.recipient.address)}"
            f'<td><a href="{escape(told.file)}" lang="{escape(digest.language)}">'
            f"{escape(told.delivery.message.subject)}</a><ul>{told_of}</ul>"
        )
    head = f"<h2>{escape(name)}</h2>" if name else ""
    return f"{head}<table>{''.join(rows)}</table>" if rows else f"{head}<p>Nothing would have been sent."


_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Replay – monitor</title>
<style>
:root { color-scheme: light dark }
body {
  margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 3rem; background: #f3f2ee; color: #1f2328;
  font: 1rem/1.6 "Noto Sans", "Noto Sans Bengali", "Nirmala UI", "Kohinoor Bangla", system-ui, sans-serif
}
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
td { padding: .6rem 1rem .6rem 0; border-top: 1px solid #dedbd3; vertical-align: top }
td:nth-child(-n+3) { color: #575d66; font-size: .875rem; font-variant-numeric: tabular-nums }
ul { margin: .25rem 0 0; padding-left: 1.1rem; font-size: .9375rem }
a { color: #0b4a82; text-decoration: none } small { color: #575d66 }
@media (prefers-color-scheme: dark) {
  body { background: #17191d; color: #e4e3df } a { color: #93c7fb }
  small, td:nth-child(-n+3) { color: #a9afb8 } td { border-color: #33373e }
}
@media (max-width: 40rem) { td { display: block; border: 0; padding: .1rem 0 } tr { display: block;
  border-top: 1px solid #dedbd3; padding: .6rem 0 } }
</style>
</head>
<body>
<main>
<h1>What would have been sent</h1>
BODY
</main>
</body>
</html>
"""
