"""What a worker does with a feed: any format's reader may take as long as it likes there."""

from __future__ import annotations

from typing import TypeAlias

from monitor import registry
from monitor.model import Document

Task: TypeAlias = tuple[str, bytes, str, str, str]
"""Format, body, content type, URL, charset."""

registry.find("formats", "other")  # imports feedparser


def answer(task: Task) -> Document:
    """Return the document. Raises ParseError."""
    name, body, content_type, url, charset = task
    document: Document = registry.find("formats", name)().parse(body, content_type, url=url, charset=charset)
    return document
