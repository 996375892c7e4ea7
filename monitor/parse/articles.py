"""What a worker does with an article's page: find the text among all that stands around it."""

from __future__ import annotations

from typing import TypeAlias

from monitor.formats import _article

Task: TypeAlias = tuple[bytes, str, str, str, str]
"""Body, content type, URL, charset, the headline that the feed gave."""


def answer(task: Task) -> str:
    """Return the article's text. Raises ParseError."""
    body, content_type, url, charset, title = task
    return _article.read(body, content_type, url=url, charset=charset, title=title)
