"""The messages in `tests/snapshots/`: rendered from the sample digest, kept as files one can open.

After a change of templates: `python -m tests.snapshots_update`, look at the difference, commit it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from monitor.channels import _chat
from monitor.model import Digest, Kind
from monitor.registry import find
from monitor.render import Renderer, sample

FOLDER = Path(__file__).parent / "snapshots"
TEMPLATES = Path(__file__).parent.parent / "templates"
SIGNALS = (Kind.BURST, Kind.FIRST_SEEN, Kind.NO_DATA)
_ROOMS = ("discord", "mattermost", "ntfy", "teams", "telegram")
_PARTS = {"email": ("html", "txt"), "file": ("html",), "slack": ("json",), "webhook": ("json",)}


def messages() -> Iterator[tuple[str, str]]:
    """Yield file name and text of every snapshot."""
    renderer = Renderer([TEMPLATES])
    for language in ("bn", "en"):
        for name, digest in (
            ("correction", sample(Kind.CORRECTION, language=language)),
            ("turn", sample(Kind.TURN, language=language)),
            ("digest", sample(Kind.DIGEST, language=language)),
            ("alert", sample(Kind.ALERT, language=language)),
            ("nothing", sample(Kind.DIGEST, language=language, empty=True)),
            ("long", sample(Kind.DIGEST, language=language, copies=3)),
            *((kind, sample(kind, language=language, over=kind is Kind.NO_DATA)) for kind in SIGNALS),
        ):
            for channel, parts in _PARTS.items():
                if name in ("digest", "alert", "turn", "correction", *SIGNALS) or channel == "email":
                    message = renderer.render(digest, channel_type=channel, parts=parts)
                    for part in parts:
                        text = message.parts[part]
                        if part == "json":
                            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
                        yield f"{channel}-{name}-{language}.{part}", text
            if name in ("digest", "alert", "correction", "burst"):
                yield from _posts(renderer, digest, f"{name}-{language}")


def _posts(renderer: Renderer, digest: Digest, name: str) -> Iterator[tuple[str, str]]:
    """Yield what each chat service is sent."""
    for kind in _ROOMS:
        room = find("channels", kind)
        chat = _chat.read(renderer.render(digest, channel_type=kind, parts=room.parts))
        posts = room.written(chat, digest.language)
        yield f"{kind}-{name}.json", json.dumps(posts, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*-*-*.*"):
        old.unlink()
    for name, text in messages():
        (FOLDER / name).write_text(text, encoding="utf-8")
