"""Feeds as written in YAML ⇄ outlines of OPML, without loss."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.formats._opml import Outline

_PLACED = ("url", "source", "language", "folder")
"""Settings that OPML has its own place for."""


def outline(written: Mapping[str, Any]) -> Outline:
    """Return a feed of a config file as an outline. Secrets are references there, and stay so.

    Settings that are no text stand as JSON.
    """
    settings = {
        key: _text(value)
        for key, value in written.items()
        if key not in _PLACED or (value and not isinstance(value, str))
    }
    if not written.get("source"):
        settings["source"] = "null"  # what stands as its title is for other readers
    texts = {key: value for key in _PLACED if isinstance(value := written.get(key), str)}
    return Outline(
        url=texts["url"],
        title=texts.get("source", "").strip(),
        language=texts.get("language", ""),
        folder=texts.get("folder", ""),
        settings=settings,
    )


def _text(value: Any) -> str:
    """Return a value as an attribute: text as it is, where that cannot be taken for something else."""
    if isinstance(value, str) and value and value[0] not in '{["-0123456789' and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


_WORDS = ("true", "false", "null")


def written(one: Outline, known: Iterable[str]) -> dict[str, Any]:
    """Return an outline as a feed is written; settings that nobody knows (`known` are) are left out."""
    names = frozenset(known)
    found: dict[str, Any] = {"url": one.url}
    found |= {"source": one.title} if one.title and one.title != one.url else {}
    found |= {"language": one.language.replace("_", "-")} if one.language else {}
    for key, text in one.settings.items():
        if key in names:
            found[key] = _value(text)
    if one.folder:
        found["folder"] = one.folder
    if found.get("source", "") is None:
        del found["source"]
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
