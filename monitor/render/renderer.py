"""The door to jinja2."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
)
from markupsafe import Markup

from monitor.errors import ConfigError, Mistake, RenderError
from monitor.model import Digest, DigestStory, Kind, Message, SignalNote, TurnNote
from monitor.registry import find
from monitor.render import layout, pages, passages, tidy, words
from monitor.render.layout import Page
from monitor.render.places import PAGES, SIGNAL, SIGNALS, Place, candidates, places, strays
from monitor.render.reader import Reader
from monitor.render.sample import sample
from monitor.render.sandbox import Sandbox
from monitor.render.threads import thread_of
from monitor.render.values import Values

MAX_OUTPUT = 8_000_000
"""Characters of one part; a template that writes more has run away."""

COPY = "copy.html"
"""The part that is the full copy of a message which had no room for all: a page, for no channel."""
_COPIED = 15_000
_COPIED_IN_FULL = 300
"""So many stories are in a full copy, so many of them in full; one in a line is some 400 characters."""

_SUBJECT = 160
_TEMPLATE_FAULTS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What code in a template can raise."""

Fits = Callable[[str, str], bool]
"""Says whether the text of a part is small enough."""


@runtime_checkable
class Fitting(Protocol):
    """A channel class whose messages have limits. `fits(part, text)`: is this text small enough?

    Stories are shortened and then left out until every part fits.
    """

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether the text of a part is small enough."""
        ...


class Renderer:
    """Renders digests from the templates in `folders`, the desk's before the shipped ones (the last)."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = self._word_folders = tuple(folders)
        self._loader = ChoiceLoader(
            [
                FileSystemLoader(self.folders),
                PrefixLoader({"shipped": FileSystemLoader(self.folders[-1:])}),
            ]
        )
        self._environments: dict[tuple[str, str, str], Environment] = {}

    def render(
        self,
        digest: Digest,
        *,
        channel_type: str,
        parts: Sequence[str],
        fits: Fits | None = None,
        copy_at: str = "",
    ) -> Message:
        """Return the message for a channel of `channel_type` that needs `parts` (and `subject.txt`).

        `fits` says what is small enough; without it the channel's class is asked, if it has limits. Where
        not all stories fit and `copy_at` says where a full copy would be, the message names the place,
        has the copy as a part (COPY), and, where that is a link, tells all that is in it: else the next
        one does. Raises RenderError naming template and line.
        """
        digest = tidy.tidy(digest)
        wanted = tuple(dict.fromkeys(("subject.txt", *parts)))
        small_enough = fits or _limits(channel_type)

        def made(page: Page, fits: Fits = small_enough) -> dict[str, str] | None:
            named = replace(page, copy=copy_at) if page.omitted else page
            return self._parts(digest, named, channel_type, wanted, fits)

        page, texts = layout.largest(digest, made)
        if texts is None:  # too long even so: prepare() cuts
            texts = made(page, _anything) or {}
        if page.omitted and copy_at:
            whole = layout.layout(digest, full=_COPIED_IN_FULL, listed=_COPIED)
            texts[COPY] = self._part(
                digest, whole, candidates(digest, "file", "html"), "html", texts["subject.txt"]
            )
            page = whole if tidy.web_link(copy_at) else page  # a path on our machine is told nobody
        stories, told = told_by(page.stories, page.turns, page.signals)
        return Message(
            id=digest.id,
            kind=digest.kind,
            route=digest.route,
            channel=digest.channel,
            recipient=digest.recipient,
            slot=digest.slot,
            language=digest.language,
            subject=texts["subject.txt"],
            parts=texts,
            stories=stories,
            told=told,
            thread=thread_of(digest),
            follows=digest.follows,
        )

    def page(self, name: str, facts: Mapping[str, Any], *, language: str, timezone: str) -> str:
        """Return a page of the desk's own site from `web/NAME.j2`; what is in `facts` it knows by name.

        Where a desk's own template fails the shipped one is taken, which tells of it (`trouble`). Raises
        RenderError.
        """
        known = {"trouble": "", **{key: tidy.facts(value) for key, value in facts.items()}}
        part = "html" if name.endswith(".html") else "txt"
        try:
            return self._written([f"{PAGES}/{name}.j2"], (part, language, timezone), known)[0]
        except RenderError as error:
            if len(self.folders) == 1:
                raise
            shipped = Renderer(self.folders[-1:])
            return shipped.page(name, known | {"trouble": str(error)}, language=language, timezone=timezone)

    def phrase(self, language: str, key: str, **values: object) -> str:
        """Return one of the words of the templates, filled in. Raises RenderError."""
        try:
            known = words.phrases(self._word_folders, language)
            return words.Words(known, Reader(language, "UTC"), html=False)(key, **values)
        except _TEMPLATE_FAULTS as error:
            raise self._translated(error, [f"words/{language}.j2"]) from error

    def check(self, routes: Collection[str] | None = None) -> list[Mistake]:
        """Compile and render every template with a sample, in every language; return what is wrong.

        `routes` are those that there are: templates for another are pointed out.
        """
        own = places(self.folders)
        found: dict[tuple[str, int, str], Mistake] = {}

        def note(error: RenderError) -> None:
            mistake = self._mistake(error)
            found.setdefault((mistake.file, mistake.line, mistake.problem), mistake)

        probe = Renderer(self.folders)
        for language in words.languages(self.folders):
            try:
                words.phrases(self.folders, language)
            except RenderError as error:
                note(error)
            except _TEMPLATE_FAULTS as error:
                note(self._translated(error, [f"words/{language}.j2"]))
        if found:  # go on with the shipped words, to see the other mistakes too
            probe._word_folders = self.folders[-1:]
        for language in words.languages(probe._word_folders):
            for place in own:
                if place.language not in ("", language, language.partition("-")[0]):
                    continue
                for digest in _samples(place.kind, language):
                    page = layout.layout(digest, full=2, listed=3)
                    try:
                        probe._part(digest, page, [place.name], place.part, "Subject")
                    except RenderError as error:
                        note(error)
        for path in sorted(p for folder in self.folders for p in (folder / PAGES).glob("*.j2")):
            name = f"{PAGES}/{path.name}"  # what a page is given is the desk's; here only how it is written
            try:
                probe._environment("html", "en", "UTC").get_template(name)
            except _TEMPLATE_FAULTS as error:
                note(self._translated(error, [name]))
        return [*found.values(), *self._unused(own, routes)]

    # one part ─────────────────────────────────────────────────────────────────────────────────

    def _parts(
        self, digest: Digest, page: Page, channel_type: str, wanted: Sequence[str], fits: Fits
    ) -> dict[str, str] | None:
        """Return the texts of all parts, or None as soon as one does not fit."""
        texts: dict[str, str] = {}
        for part in wanted:
            names = candidates(digest, channel_type, part)
            texts[part] = self._part(digest, page, names, part, texts.get("subject.txt", ""))
            if not fits(part, texts[part]):
                return None
        return texts

    def _part(self, digest: Digest, page: Page, names: Sequence[str], part: str, subject: str) -> str:
        """Return a part from the first of these templates that there is. Raises RenderError."""
        context: dict[str, Any] = {
            "digest": digest,
            "page": page,
            "story": next(iter(page.stories), None),
            "subject": subject,
        }
        reading = (_flavour(part), digest.language, digest.timezone)
        text, name = self._written(names, reading, context)
        if part == "json":
            try:
                return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
            except (ValueError, RecursionError) as error:
                raise RenderError(f"is not JSON: {error}", template=name) from error
        return passages.clipped(text, _SUBJECT) if part.startswith("subject") else text

    def _written(
        self, names: Sequence[str], reading: tuple[str, str, str], context: Mapping[str, Any]
    ) -> tuple[str, str]:
        """Return what the first of these templates writes that there is, and its name. Raises RenderError."""
        try:
            template = self._environment(*reading).select_template(list(names))
            names = [template.name or names[0]]
            pieces, size = [], 0
            for piece in template.generate(context):
                size += len(piece)
                if size > MAX_OUTPUT:
                    raise TemplateRuntimeError(f"writes more than {MAX_OUTPUT:,} characters")
                pieces.append(piece)
        except _TEMPLATE_FAULTS as error:
            raise self._translated(error, names) from error
        except OSError as error:
            raise words.unreadable(error, names[0]) from error
        return "".join(pieces), names[0]

    def _environment(self, flavour: str, language: str, timezone: str) -> Environment:
        """Return the environment of one kind of escaping and one way of reading, made once."""
        key = (flavour, language, timezone)
        if key not in self._environments:
            if len(self._environments) >= 96:
                self._environments.clear()
            self._environments[key] = self._made(flavour, Reader(language, timezone))
        return self._environments[key]

    def _made(self, flavour: str, reader: Reader) -> Environment:
        environment = Sandbox(
            loader=self._loader,
            undefined=StrictUndefined,
            autoescape=flavour != "txt",
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=_only_json if flavour == "json" else None,
        )
        environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
        phrases = words.phrases(self._word_folders, reader.language)
        environment.globals["t"] = words.Words(phrases, reader, html=flavour == "html")
        values = Values(words.Words(phrases, reader, html=False), reader)
        environment.globals["reader"] = reader
        environment.filters |= {
            "when": reader.when,
            "ago": reader.ago,
            "number": reader.number,
            "digits": reader.digits,
            "listed": reader.listed,
            "tongue": reader.tongue,
            "lag": values.lag,
            "value": values.value,
            "question": values.question,
            "coverage": values.coverage,
            "signal": values.signal,
            "growth": values.growth,
            "left_out": values.left_out,
            "fault": values.fault,
            "headline": passages.headline,
            "excerpt": passages.excerpt,
            "quoted": passages.quoted,
            "passage": passages.passage,
            "clipped": lambda text, limit: passages.clipped(str(text), limit),
            "mark": partial(_mark, _MARKS[flavour]),
            "mrkdwn": partial(_mark, passages.mark_slack),
            "mrkdwn_link": _mrkdwn_link,
            "utc": _utc,
            "link": tidy.web_link,
            "host": tidy.host,
            "why": _why,
            "named": lambda entity, labels: _label(f"@{entity}", labels),
            "titles": lambda topics, titles: [titles.get(topic, topic) for topic in topics],
            "wrap": lambda text, columns=70, indent="", first=None: passages.wrapped(
                str(text), columns, indent=indent, first=first
            ),
            "columns": lambda text: passages.width(str(text)),
            **pages.FILTERS,
        }
        return environment

    # mistakes ─────────────────────────────────────────────────────────────────────────────────

    def _translated(self, error: BaseException, names: Sequence[str]) -> RenderError:
        """Return the error as one place in one template."""
        if isinstance(error, TemplateSyntaxError):
            name = error.name or names[0]
            return RenderError(error.message or "wrong syntax", template=name, line=error.lineno)
        if isinstance(error, TemplateNotFound):
            return RenderError(f"there is no template {error}", template=names[0])
        place, line = self._place(error)
        problem = str(error) or type(error).__name__
        if not isinstance(error, TemplateError):
            problem = f"{type(error).__name__}: {problem}"
        return RenderError(problem, template=place or names[0], line=line)

    def _place(self, error: BaseException) -> tuple[str, int]:
        """Return the last template on the way to the error. Jinja2 puts its files into tracebacks."""
        name, line, trace = "", 0, error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            for folder in self.folders:
                if file.is_relative_to(folder) and file.suffix == ".j2":
                    name, line = file.relative_to(folder).as_posix(), trace.tb_lineno
            trace = trace.tb_next
        return name, line

    def _mistake(self, error: RenderError) -> Mistake:
        name = error.template.removeprefix("shipped/")
        paths = [folder / name for folder in self.folders if (folder / name).is_file()]
        excerpt = ""
        if paths and error.line:
            lines = paths[0].read_text(encoding="utf-8", errors="replace").splitlines()
            excerpt = lines[error.line - 1] if error.line <= len(lines) else ""
        problem = str(error).removeprefix(f"{error.template}:{error.line}: ")
        return Mistake(
            file=str(paths[0]) if paths else error.template,
            line=error.line,
            column=1 if error.line else 0,
            problem=problem,
            excerpt=excerpt,
        )

    def _unused(self, own: Sequence[Place], routes: Collection[str] | None) -> list[Mistake]:
        """Return a warning for each file of the desk's that replaces nothing and is used by nothing."""
        shipped = {p.relative_to(self.folders[-1]).as_posix() for p in self.folders[-1].rglob("*.j2")}
        known = [name for name in shipped if not name.startswith("words/")]
        narrow = {place.name for place in own if place.route or place.language}
        warnings = [
            Mistake(
                file=str(self.folders[0] / place.name),
                problem=f"there is no route {place.route!r}",
                warning=True,
            )
            for place in (strays(own, routes) if routes is not None else ())
        ]
        for folder in self.folders[:-1]:
            names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.j2"))
            texts = {n: (folder / n).read_text(encoding="utf-8", errors="replace") for n in names}
            for name in names:
                used = any(name in text for other, text in texts.items() if other != name)
                if name in shipped or name in narrow or name.startswith("words/") or used:
                    continue
                near = get_close_matches(name, known, 1, 0.8)
                if near:
                    warnings.append(
                        Mistake(
                            file=str(folder / name),
                            problem="replaces no shipped template",
                            hint=f"did you mean {near[0]!r}?",
                            warning=True,
                        )
                    )
        return warnings


def _limits(channel_type: str) -> Fits:
    try:
        channel = find("channels", channel_type)
    except ConfigError:
        return _anything
    return channel.fits if isinstance(channel, Fitting) else _anything


def _anything(part: str, text: str) -> bool:
    return True


def _flavour(part: str) -> str:
    return part if part in ("html", "json") else "txt"


def told_by(
    stories: Iterable[DigestStory], turns: Iterable[TurnNote], signals: Iterable[SignalNote]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the stories that a message with all these is about, and what of each it tells.

    Signals are told as stories of their own, but a message is about none of them.
    """
    told = {story.id: story.told for story in stories}
    for note in turns:
        old = told.get(note.turn.story_id, ())
        told[note.turn.story_id] = tuple(dict.fromkeys((*old, f"turn:{note.turn.id}")))
    about = tuple(told)
    for one in signals:
        told[one.signal.id] = tuple(f"signal:{name}" for name in (one.signal.id, one.began) if name)
    return about, told


def _only_json(value: object) -> object:
    """Let nothing into JSON that did not go through `tojson`."""
    if isinstance(value, Markup) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TemplateRuntimeError("in a json template every printed value must end in |tojson")


_MARKS: Mapping[str, Callable[[passages.Passage], str]] = {
    "html": passages.mark_html,
    "txt": passages.mark_text,
    "json": str,
}


def _mark(write: Callable[[passages.Passage], str], text: Any, spans: Any = (), field: str = "") -> str:
    """Write a passage (or a text with spans) with its marks."""
    if isinstance(text, passages.Passage):
        return write(text)
    return write(passages.marked(str(text), spans, field))


def _mrkdwn_link(text: Any, url: str) -> str:
    """Return Slack's `<url|text>`, or only the text if the link is none or too long for Slack (3,000)."""
    written, address = passages.slack_escape(str(text)), tidy.web_link(url)
    if not address or len(address) > 2_000:
        return written
    return f"<{passages.slack_escape(address)}|{written}>"


def _utc(when: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC, or None."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if when else None


def _why(terms: Sequence[str], labels: Mapping[str, str], most: int = 6) -> list[str]:
    """Return at most `most` terms as a reader knows them, each once: entities by their label, then words."""
    ordered = sorted(terms, key=lambda term: not term.startswith("@"))
    return list(dict.fromkeys(_label(term, labels) for term in ordered))[:most]


def _label(term: str, labels: Mapping[str, str]) -> str:
    if not term.startswith("@"):
        return term.strip('"=')
    return labels.get(term[1:]) or labels.get(term) or term[1:].replace("_", " ")


def _samples(stem: str, language: str) -> list[Digest]:
    """A full digest and, of digests, one with nothing in it; of signals, one of each kind and its end."""
    if stem == SIGNAL or stem in SIGNALS:
        kinds = sorted(SIGNALS) if stem == SIGNAL else [stem]
        return [sample(Kind(one), language=language, over=over) for one in kinds for over in (False, True)]
    kind = Kind(stem)
    full = sample(kind, language=language)
    if kind is not Kind.DIGEST:
        return [full]
    return [
        full,
        sample(kind, language=language, empty=True),
        sample(kind, language=language, unusually=True),
    ]
