"""Pieces of an entry's text with what to mark in them, and how each medium writes a mark.

All lengths are in grapheme clusters (what a reader counts as letters) unless said otherwise: a cut
or a mark inside a cluster tears Bengali conjuncts and vowel signs from their consonant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from unicodedata import category, east_asian_width

import regex
from markupsafe import Markup, escape

from monitor.model import Span, StoryEntry

_CLUSTER = regex.compile(r"\X")
_SENTENCE_END = regex.compile(r"[.!?…।॥。！？]+[\"'”’»)\]]*\s+|\n+")
_ZERO_WIDTH = frozenset({"Mn", "Me", "Cf"})
_LONGEST_READ = 4_000
"""Code points of a title that are looked at. None that a person wrote is longer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text and the half-open code point ranges in it that are marked: sorted, apart from each other."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


def passage(item: StoryEntry, field: str) -> Passage:
    """Return a field of an entry (`title`, `summary`, `content`) with its matched words marked."""
    return marked(str(getattr(item.entry, field)), item.spans, field)


def marked(text: str, spans: Iterable[Span], field: str = "") -> Passage:
    """Return `text` with those of `spans` marked that are of `field` (any, if empty).

    Marks are widened to whole clusters and joined where they touch. A span that does not say what
    the text says at that place is left out: a wrong mark misleads, a missing one does not.
    """
    text = text[:_LONGEST_READ]
    wanted = sorted(
        (s.start, s.end)
        for s in spans
        if (not field or s.field == field) and s.start < s.end and text[s.start : s.end] == s.surface
    )
    if not wanted:
        return Passage(text)
    edges = [0, *(found.end() for found in _CLUSTER.finditer(text))]
    joined: list[tuple[int, int]] = []
    place = 0
    for start, end in wanted:
        while edges[place + 1] <= start:
            place += 1
        start = edges[place]
        last = place
        while edges[last] < end:
            last += 1
        end = edges[last]
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return Passage(text, tuple(joined))


def headline(item: StoryEntry, limit: int = 300) -> Passage:
    """Return the title in one line; where there is none, the beginning of the text, else the link."""
    if item.entry.title.strip():
        return _cut(_one_line(passage(item, "title")), 0, limit)
    for field in ("summary", "content"):
        text = _one_line(passage(item, field))
        if text:
            return _cut(text, 0, min(limit, 90))
    return Passage(item.entry.url)


def excerpt(item: StoryEntry, limit: int = 240) -> Passage:
    """Return about `limit` clusters of the text that show the first matched word in its sentence.

    From the summary, or from the content where only that has a match or there is no summary. Empty
    when the text only repeats the title. Cut at words, with … where something is left out.
    """
    title = _bare(item.entry.title)
    found: list[Passage] = []
    for field in ("summary", "content"):
        one = _one_line(_around_first_mark(item, field, 8 * limit))
        if one and _bare(one.text) != title:
            found.append(one)
            if one.marks:
                return _cut(one, one.marks[0][0], limit)
    return _cut(found[0], 0, limit) if found else Passage("")


def quoted(item: StoryEntry, limit: int = 240) -> Passage:
    """Return the sentence that says what `item.spans` mark, from whichever field it is in."""
    for span in item.spans:
        text = str(getattr(item.entry, span.field, ""))
        if span.field and text[span.start : span.end] == span.surface:
            ends = [0, *(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]
            start = max(end for end in ends if end <= span.start)
            end = min(end for end in ends if end >= span.end)
            spans = [s for s in item.spans if s.field == span.field and start <= s.start and s.end <= end]
            moved = [replace(s, start=s.start - start, end=s.end - start) for s in spans]
            one = _one_line(marked(text[start:end], moved, span.field))
            return _cut(one, one.marks[0][0] if one.marks else 0, limit)
    return headline(item, limit)


def _around_first_mark(item: StoryEntry, field: str, reach: int) -> Passage:
    """Return the field, `reach` code points to both sides of its first match: all that an excerpt needs."""
    text = str(getattr(item.entry, field))
    spans = [s for s in item.spans if s.field == field and text[s.start : s.end] == s.surface]
    first = min((s.start for s in spans), default=0)
    start = max(text.rfind(" ", 0, first - reach) + 1, 0) if first > reach else 0
    piece = text[start : first + reach]
    return marked(piece, [replace(s, start=s.start - start, end=s.end - start) for s in spans], field)


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold().strip(" .…।")


def clipped(text: str, limit: int) -> str:
    """Return `text` in one line of at most `limit` clusters, ending in … where it was cut."""
    return _cut(_one_line(Passage(text)), 0, limit).text


def _one_line(one: Passage) -> Passage:
    """Turn every run of white space into one space; marks move along."""
    moved: list[int] = []
    kept: list[str] = []
    for char in one.text:
        moved.append(len(kept))
        if not char.isspace():
            kept.append(char)
        elif kept and kept[-1] != " ":
            kept.append(" ")
    while kept and kept[-1] == " ":
        kept.pop()
    moved.append(len(kept))
    end = len(kept)
    marks = tuple((min(moved[a], end), min(moved[b], end)) for a, b in one.marks)
    return Passage("".join(kept), tuple((a, b) for a, b in marks if a < b))


def _cut(one: Passage, focus: int, limit: int) -> Passage:
    """Return at most `limit` clusters around code point `focus` (and never less than one)."""
    text = one.text
    edges = [0, *(found.end() for found in _CLUSTER.finditer(text))]
    if len(edges) - 1 <= limit:
        return one
    at = next((i for i, edge in enumerate(edges) if edge > focus), 1) - 1
    first = _beginning(text, edges, at, limit)
    room = max(limit - (first > 0), 1)
    last = len(edges) - 1
    if last - first > room:
        last = first + max(room - 1, 1)
    start, end = edges[first], edges[last]
    if end < len(text):
        space = text.rfind(" ", start + (end - start) // 2, end + 1)
        end = space if space > max(start, edges[at]) else end
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    body = text[start:end].rstrip(" ,;:—–-(") if after else text[start:end]
    end = start + len(body)
    shift = len(before) - start
    marks = tuple((max(a, start) + shift, min(b, end) + shift) for a, b in one.marks if a < end and b > start)
    return Passage(f"{before}{body}{after}", marks)


def _beginning(text: str, edges: Sequence[int], at: int, limit: int) -> int:
    """Return the cluster where an excerpt around cluster `at` begins.

    The beginning of the text if the focus is near it, else that of its sentence, else a word about
    a third of the length before it.
    """
    near = limit * 6 // 10
    if at <= near:
        return 0
    sentences = [found.end() for found in _SENTENCE_END.finditer(text, 0, edges[at])]
    if sentences and sentences[-1] >= edges[at - near]:
        start = sentences[-1]
    else:
        earliest = edges[max(at - limit // 3, 0)]
        space = text.find(" ", earliest, edges[at])
        start = space + 1 if space >= 0 else edges[at]
    return next(i for i, edge in enumerate(edges) if edge >= start)


# media ────────────────────────────────────────────────────────────────────────────────────────


def mark_html(one: Passage) -> Markup:
    """Return escaped HTML with `<mark>` around what matched."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if is_marked else escape(piece)
        for piece, is_marked in _pieces(one)
    )


def mark_text(one: Passage) -> str:
    """Return plain text with `*` around what matched, as mail has done since before HTML."""
    return "".join(f"*{piece}*" if is_marked else piece for piece, is_marked in _pieces(one))


def mark_slack(one: Passage) -> str:
    """Return Slack mrkdwn with what matched in bold.

    `&`, `<` and `>` are escaped, which disarms mentions, channels and links
    (https://api.slack.com/reference/surfaces/formatting#escaping). Slack knows `*bold*` only
    between spaces or punctuation, so other marks are left out.
    """
    written = []
    pieces = list(_pieces(one))
    for i, (piece, is_marked) in enumerate(pieces):
        before = pieces[i - 1][0][-1:] if i else ""
        after = pieces[i + 1][0][:1] if i + 1 < len(pieces) else ""
        apart = not (_in_word(before) or _in_word(after)) and "*" not in piece
        text = slack_escape(piece)
        written.append(f"*{text}*" if is_marked and apart and piece == piece.strip() else text)
    return "".join(written)


def slack_escape(text: str) -> str:
    """Escape the three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_word(char: str) -> bool:
    return bool(char) and category(char)[0] in "LMN"


def _pieces(one: Passage) -> Iterable[tuple[str, bool]]:
    inner = [edge for mark in one.marks for edge in mark]
    for i, (start, end) in enumerate(pairwise([0, *inner, len(one.text)])):
        if start < end:
            yield one.text[start:end], i % 2 == 1


# columns ──────────────────────────────────────────────────────────────────────────────────────


def width(text: str) -> int:
    """Return how many columns of a fixed-width screen `text` takes: wide letters two, combining ones none."""
    return sum(0 if category(c) in _ZERO_WIDTH else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, columns: int = 70, *, indent: str = "", first: str | None = None) -> str:
    """Return `text` in lines of at most `columns` columns, broken between words.

    `first` begins the first line instead of `indent`. A longer word (a URL) keeps its line whole.
    Line breaks of the text are kept.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = indent if lines or first is None else first
        bare = True
        for word in paragraph.split():
            if bare:
                line, bare = line + word, False
            elif width(line) + 1 + width(word) <= columns:
                line = f"{line} {word}"
            else:
                lines.append(line)
                line = indent + word
        lines.append(line.rstrip())
    return "\n".join(lines)
