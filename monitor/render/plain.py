"""When a desk's template fails: the shipped form instead, or bare words, with the error on top."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from monitor.errors import RenderError
from monitor.model import Digest, DigestStory, Message, SignalNote
from monitor.render import tidy, words
from monitor.render.notice import noted
from monitor.render.reader import Reader
from monitor.render.renderer import Renderer, told_by
from monitor.render.threads import thread_of


def plainly(
    renderer: Renderer,
    digest: Digest,
    *,
    channel_type: str,
    parts: Sequence[str],
    error: RenderError,
    copy_at: str = "",
) -> Message:
    """Return the message that is sent where a template failed with `error`: nobody waits for its repair.

    The shipped templates tell the same; should they fail too, headlines and links do.
    """
    shipped = renderer.folders[-1:]
    says = words.Words(
        words.phrases(shipped, digest.language), Reader(digest.language, digest.timezone), html=False
    )
    try:
        message = Renderer(shipped).render(digest, channel_type=channel_type, parts=parts, copy_at=copy_at)
    except RenderError:
        message = bare(digest, parts)
    return noted(message, str(says("template_failed", error=str(error))))


def bare(digest: Digest, parts: Sequence[str]) -> Message:
    """Return a message that needs no template: headlines and links."""
    digest = tidy.tidy(digest)
    stories = [story for section in digest.sections for story in section.stories]
    lines = [_line(story) for story in stories]
    lines = [*(note.title for note in digest.turns), *map(_unusual, digest.signals), *lines]
    subject = (lines[0] if lines else digest.route).partition("\n")[0][:150]
    text = "\n\n".join(lines)
    made = {"subject.txt": subject, "txt": text}
    made["html"] = f"<!DOCTYPE html><html><body><pre>{escape(text)}</pre></body></html>"
    items = [{"brief": note.title} for note in digest.turns]
    items += [{"brief": _unusual(note)} for note in digest.signals]
    leads = [story.lead.entry for story in stories]
    items += [{"title": one.title or one.url, "url": one.url, "text": one.source} for one in leads]
    body = {"title": subject, "head": [], "items": items, "text": text[:3000]}
    made["json"] = json.dumps(body, ensure_ascii=False)
    about, told = told_by(stories, digest.turns, digest.signals)
    return Message(
        id=digest.id,
        kind=digest.kind,
        route=digest.route,
        channel=digest.channel,
        recipient=digest.recipient,
        slot=digest.slot,
        language=digest.language,
        subject=subject,
        parts={part: made.get(part, text) for part in ("subject.txt", *parts)},
        stories=about,
        told=told,
        thread=thread_of(digest),
        follows=digest.follows,
    )


def _unusual(note: SignalNote) -> str:
    numbers = ", ".join(f"{name} {value:g}" for name, value in note.signal.numbers.items())
    over = " (over)" if note.signal.over else ""
    return " ".join(part for part in (f"{note.title}: {note.signal.kind}{over}", note.label, numbers) if part)


def _line(story: DigestStory) -> str:
    lead = story.lead.entry
    return f"{lead.title or lead.url}\n{lead.source} {lead.url}".strip()
