"""The words of the templates in each language: `words/LANGUAGE.j2`, each a `{% set words = {…} %}`.

A language's file may leave words out: English stands in. A desk's file may name only what it
wants to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import regex
from jinja2 import Environment, FileSystemLoader, TemplateError, UndefinedError
from markupsafe import Markup, escape

from monitor.errors import RenderError
from monitor.render.reader import Reader
from monitor.render.sandbox import Sandbox

Phrase = str | Mapping[str, str]
"""A text with `{name}` in it, or one for each plural category of the number `n`."""

_PLACE = regex.compile(r"\{([a-z_]+)\}")


class Words:
    """Says the phrases of one language. In templates: `t("stories", n=8)`."""

    def __init__(self, phrases: Mapping[str, Phrase], reader: Reader, *, html: bool) -> None:
        self.phrases, self.reader, self.html = phrases, reader, html

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the phrase with its values; numbers in the reader's digits, HTML escaped if in HTML."""
        if key not in self.phrases:
            raise UndefinedError(f"there is no word {key!r} in templates/words/")
        phrase = self.phrases[key]
        if not isinstance(phrase, str):
            number = values.get("n", 0)
            category = self.reader.plural(number) if isinstance(number, int | float) else "other"
            phrase = phrase.get(category) or phrase["other"]
        pieces = list(self._pieces(key, phrase, values))
        return Markup("").join(escape(piece) for piece in pieces) if self.html else "".join(map(str, pieces))

    def get(self, key: str, otherwise: str = "") -> str:
        """Return the phrase, or `otherwise` where there is none."""
        return self(key) if key in self.phrases else otherwise

    def _pieces(self, key: str, phrase: str, values: Mapping[str, object]) -> Iterator[object]:
        place = 0
        for found in _PLACE.finditer(phrase):
            name = found[1]
            if name not in values:
                raise UndefinedError(f"the word {key!r} wants {{{name}}}, which it was not given")
            yield phrase[place : found.start()]
            value = values[name]
            yield self.reader.number(value) if isinstance(value, int | float) else value
            place = found.end()
        yield phrase[place:]


def phrases(folders: Sequence[Path], language: str) -> dict[str, Phrase]:
    """Return the phrases for a language: the shipped, then the desk's, over English.

    `folders` are in order of precedence. Raises RenderError; jinja2's errors go up as they are.
    """
    known: dict[str, Phrase] = {}
    for tag in dict.fromkeys(("en", language.partition("-")[0], language)):
        for folder in reversed(folders):
            if (folder / "words" / f"{tag}.j2").is_file():
                known |= _read(folder, f"words/{tag}.j2")
    return known


def read(folder: Path, language: str) -> dict[str, Phrase]:
    """Return the phrases of one language's own file, without what stands in for those it leaves out."""
    return _read(folder, f"words/{language}.j2")


def languages(folders: Sequence[Path]) -> list[str]:
    """Return the languages there are words for."""
    return sorted({path.stem for folder in folders for path in (folder / "words").glob("*.j2")})


def unreadable(error: OSError, name: str) -> RenderError:
    """Return what is wrong with a machine, not with a template: too many open files, a disk that fails."""
    return RenderError(f"cannot be read: {error.strerror or type(error).__name__}", template=name)


def _read(folder: Path, name: str) -> dict[str, Phrase]:
    environment: Environment = Sandbox(loader=FileSystemLoader(folder))
    try:
        template = environment.get_template(name)
    except TemplateError:  # one that is not there is an OSError to jinja2
        raise
    except OSError as error:
        raise unreadable(error, name) from error
    found = getattr(template.module, "words", None)
    if not isinstance(found, dict):
        raise RenderError("must set `words` to a dict", template=name, line=1)
    for key, phrase in found.items():
        texts = phrase.values() if isinstance(phrase, dict) else (phrase,)
        if not all(isinstance(text, str) for text in texts) or (
            isinstance(phrase, dict) and "other" not in phrase
        ):
            raise RenderError(
                f"the word {key!r} must be a text, or a dict of texts by plural category with 'other'",
                template=name,
                line=1,
            )
    return found
