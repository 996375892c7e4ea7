"""How a terminal shows an entry that was found."""

from __future__ import annotations

import click

from monitor.model import Entry, Span


def marked(entry: Entry, spans: tuple[Span, ...], field: str = "title") -> str:
    """Return a field of an entry with what matched in bold, for a terminal."""
    text = str(getattr(entry, field))
    out, at = "", 0
    for span in sorted((s for s in spans if s.field == field), key=lambda s: s.start):
        if span.start >= at:
            out += text[at : span.start] + click.style(text[span.start : span.end], bold=True)
            at = span.end
    return out + text[at:]
