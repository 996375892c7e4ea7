"""YAML with places: text in, a tree out in which every key and value knows where it stands.

The only door to ruamel.yaml. It composes and never constructs, so no tag can build an object. Plain
words are read by the core schema of YAML 1.2.2 (§10.3.2): `12:30`, `no`, `on` and dates stay words,
only `true`/`false`, `null`, integers and decimal numbers are something else. Duplicate keys are
mistakes (§3.2.1.1 wants keys to be unique), aliases are followed within bounds, `<<` is not known.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as RuamelNode
from ruamel.yaml.reader import ReaderError

from monitor.errors import Mistake

MAX_CHARACTERS = 20_000_000
"""Of one file. 100,000 feeds on a line each are 10 MB."""

MAX_ALIASED = 100_000
"""Nodes that aliases may add to a file: nine levels of nine aliases each would be 387 million."""

MAX_DEPTH = 50

_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value"))
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
}  # fmt: skip
_SECRET = re.compile(
    r"""(?ix) (?P<before>
            \b (?:pass(?:word|wd)? | secret | token | auth | api[_-]?key | authorization | cookie)
            ["']? \s* : \s* ["']?)
        (?! \s* (?:env|file|credential):)
        (?P<hide> [^"',}\s] [^"',}]* )"""
)
_URL_SECRET = re.compile(
    r"(?i)(?P<before>://[^\s/@\"']*?:|hooks\.slack\.com/(?:services|workflows|triggers)/)(?P<hide>[^\s\"'@,}]+)(?=@|)"
)
_ESCAPES = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text. `name` is its path as it is shown to people."""

    name: str
    text: str = field(repr=False)
    starts: tuple[int, ...] = field(repr=False, default=())

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Make a source; a byte-order mark is dropped."""
        text = text.removeprefix("\ufeff")
        return cls(name, text, (0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text))))

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column, from 1, of the character at `index`."""
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return a line without its end, with what looks like a secret starred out."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return masked(self.text[start:end].rstrip("\r\n"))

    def mistake(
        self, index: int, key: str, problem: str, hint: str = "", *, warning: bool = False
    ) -> Mistake:
        """Return a mistake at the character at `index`."""
        line, column = self.place(min(index, len(self.text)))
        return Mistake(
            file=self.name,
            line=line,
            column=column,
            key=key,
            problem=problem,
            hint=hint,
            excerpt=self.line(line),
            warning=warning,
        )


def masked(line: str) -> str:
    """Star out passwords and tokens in a line that will be shown, and what would move the cursor.

    Its length stays, for the caret.
    """

    def stars(found: re.Match[str]) -> str:
        return found["before"] + "*" * len(found["hide"])

    line = "".join("\ufffd" if unicodedata.category(c) == "Cc" and c != "\t" else c for c in line)
    line = _SECRET.sub(stars, line)
    return _URL_SECRET.sub(
        lambda m: stars(m) if "slack" in m["before"] or _is_password(m, line) else m[0], line
    )


def _is_password(found: re.Match[str], line: str) -> bool:
    """`://host:25` is a port, `://user:word@host` holds a password."""
    return line[found.end() : found.end() + 1] == "@"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands.

    `value` is a word (str, int, float, bool, None), a list of nodes, or a dict of key → Entry.
    `start` is the index of its first character, `end` after its last.
    """

    source: Source
    start: int
    end: int
    value: str | int | float | bool | list[Node] | dict[str, Entry] | None
    style: str = ""

    def plain(self) -> Any:
        """Return the value without places: str, int, float, bool, None, list, dict."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def value_at(self, path: tuple[int | str, ...]) -> Any:
        """Return the plain value at `path`; None if there is none."""
        node: Node | None = self
        for step in path:
            match node, step:
                case Node(value=dict() as entries), str() if step in entries:
                    node = entries[step].node
                case Node(value=list() as items), int() if step < len(items):
                    node = items[step]
                case _:
                    return None
        return node.plain() if node else None

    def at(self, path: tuple[int | str, ...], *, key: bool = False) -> tuple[Source, int]:
        """Return where the value at `path` stands (its key, if asked), or the nearest around it."""
        node, start = self, self.start
        for step in path:
            if isinstance(node.value, dict) and isinstance(step, str) and step in node.value:
                entry = node.value[step]
                start, node = entry.start if key else entry.node.start, entry.node
                if not key and node.value is None and node.start == node.end:
                    start = entry.start  # nothing is written: point at the key, not at the next line
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                start = node.start
            else:
                break
        return node.source, start

    def mistake(
        self,
        path: tuple[int | str, ...],
        key: str,
        problem: str,
        hint: str = "",
        *,
        at_key: bool = False,
        warning: bool = False,
    ) -> Mistake:
        """Return a mistake about the value at `path` below this node."""
        source, start = self.at(path, key=at_key)
        return source.mistake(start, key, problem, hint, warning=warning)

    def index_of(self, offset: int) -> int:
        """Return where in the source the character `offset` of a text value stands.

        Works for every style: plain, quoted (with escapes), literal and folded blocks. Only the
        characters that are not blank are aligned, which YAML's folding and indentation never touch.
        """
        text, at = self.source.text, self._body()
        value = str(self.value)
        for position, character in enumerate(value):
            if character.isspace():
                if position >= offset:
                    break
                if at < self.end and text[at] in " \t":
                    at += 1
                elif at < self.end and self.style == '"' and text[at] == "\\":
                    at += _escape(text, at)
                continue
            while at < self.end and _skips(text, at, self.style):
                at += 1 if text[at] != "\\" else 2
            if position >= offset:
                break
            at += _width(text, at, self.style)
        return min(at, len(text))

    def _body(self) -> int:
        """Return the index of the first character of the value itself: past `&a`, `!!str`, `'`, `|2-`."""
        text, at = self.source.text, self.start
        while at < self.end and text[at] in "&!":
            at += re.compile(r"\S+\s*").match(text, at).end() - at  # type: ignore[union-attr]
        if self.style in ("|", ">"):
            end_of_header = re.compile(r"[^\r\n]*(\r\n|\n|\r)?").match(text, at)
            return end_of_header.end() if end_of_header else at
        return at + 1 if self.style in ("'", '"') else at


def _skips(text: str, at: int, style: str) -> bool:
    if text[at].isspace():
        return True
    return style == '"' and text[at] == "\\" and text[at + 1 : at + 2] in ("\n", "\r")


def _width(text: str, at: int, style: str) -> int:
    """Return how many source characters make the one value character at `at`."""
    if style == "'" and text[at] == "'":
        return 2
    return _escape(text, at) if style == '"' and text[at] == "\\" else 1


def _escape(text: str, at: int) -> int:
    return 2 + _ESCAPES.get(text[at + 1 : at + 2], 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    start: int
    node: Node


def read(source: Source) -> tuple[Node | None, list[Mistake]]:
    """Read one file. The tree is None if the file is empty or is not YAML; duplicate keys are reported,
    the first one counts."""
    if len(source.text) > MAX_CHARACTERS:
        return None, [
            Mistake(file=source.name, problem=f"the file is longer than {MAX_CHARACTERS:,} characters")
        ]
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            root = yaml.compose(source.text)
    except MarkedYAMLError as error:
        return None, [_syntax(source, error)]
    except ReaderError as error:
        letter = error.character if isinstance(error.character, int) else ord(str(error.character)[0])
        return None, [
            source.mistake(error.position, "", f"the character U+{letter:04X} may not stand in YAML")
        ]
    except RecursionError:
        return None, [Mistake(file=source.name, problem="nested too deeply")]
    except (YAMLError, ValueError) as error:
        return None, [Mistake(file=source.name, problem=f"not YAML: {error}")]
    if root is None:
        return None, []
    builder = _Builder(source)
    try:
        return builder.node(root, 0), builder.mistakes
    except _StopError:
        return None, builder.mistakes


def _syntax(source: Source, error: MarkedYAMLError) -> Mistake:
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    problem = str(error.problem or error.context or "not YAML")
    hint = ""
    for found, words, advice in _SYNTAX:
        if re.search(found, problem):
            problem, hint = words or problem, advice
            break
    if mark is None:
        return Mistake(file=source.name, problem=f"not YAML: {problem}", hint=hint)
    last = max(len(source.text.rstrip()) - 1, 0)
    if opened and mark.index > last:
        mark = opened  # the end of the file is no place to look at
    elif opened and opened.line != mark.line and not isinstance(error, ComposerError):
        hint = "; ".join(filter(None, (hint, f"what is open began in line {opened.line + 1}")))
    return source.mistake(min(mark.index, last), "", f"not YAML: {problem}", hint)


_SYNTAX = (
    (
        r"mapping values are not allowed",
        "a colon where none can stand",
        "text with ': ' in it needs quotes, and settings of one group the same indentation",
    ),
    (r"'\\t'", "a tab", "indent with spaces"),
    (r"character ['\"][@`%]", "", "text that starts with this sign needs quotes"),
    (r"undefined alias", "", "text that starts with '*' needs quotes"),
    (r"could not find expected ':'|<block end>", "the indentation or a missing ':' breaks the block", ""),
    (r"another document", "a second document", "one file holds one document: remove the line '---'"),
    (r"end of stream", "the file ends inside quotes or brackets", ""),
)
"""What ruamel says → what we say (empty: the same), and a hint."""


class _StopError(Exception):
    """The file is given up; the mistake that says why is in the list."""


class _Builder:
    """Turns ruamel's nodes into ours, within bounds."""

    def __init__(self, source: Source) -> None:
        self.source, self.count = source, 0
        self.mistakes: list[Mistake] = []

    def node(self, raw: RuamelNode, depth: int, key: str = "") -> Node:
        self.count += 1
        start, end = raw.start_mark.index, raw.end_mark.index
        if depth > MAX_DEPTH:
            self._stop(start, "nested too deeply, or an alias that holds itself")
        if self.count > len(self.source.text) + MAX_ALIASED:
            self._stop(start, "too large once its aliases are written out")
        if raw.tag and str(raw.tag).removeprefix(_CORE) not in _TAGS:
            self.mistakes.append(
                self.source.mistake(
                    start, "", f"the tag {str(raw.tag).replace(_CORE, '!!')!r} means nothing here"
                )
            )
        if isinstance(raw, ScalarNode):
            style = raw.style or ""
            return Node(self.source, start, end, raw.value if style else word(raw.value, str(raw.tag)), style)
        if isinstance(raw, SequenceNode):
            return Node(
                self.source,
                start,
                end,
                [self.node(item, depth + 1, f"{key}[{n}]") for n, item in enumerate(raw.value)],
            )
        assert isinstance(raw, MappingNode)
        return Node(self.source, start, end, dict(self._entries(raw, depth, f"{key}." if key else "")))

    def _entries(self, raw: MappingNode, depth: int, path: str) -> Iterator[tuple[str, Entry]]:
        seen: dict[str, int] = {}
        for key, value in raw.value:
            start = key.start_mark.index
            if not isinstance(key, ScalarNode):
                self.mistakes.append(self.source.mistake(start, "", "a key must be a word"))
                continue
            name = str(key.value)
            if name in seen:
                first = self.source.place(seen[name])[0]
                self.mistakes.append(
                    self.source.mistake(start, path + name, f"this key stands twice, first in line {first}")
                )
                continue
            seen[name] = start
            yield name, Entry(start, self.node(value, depth + 1, path + name))

    def _stop(self, index: int, problem: str) -> NoReturn:
        self.mistakes.append(self.source.mistake(index, "", problem))
        raise _StopError


def word(text: str, tag: str = "") -> str | int | float | bool | None:
    """Return what a plain scalar means in the core schema of YAML 1.2."""
    if tag == f"{_CORE}str" and (_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text) or text in _WORDS):
        return text  # an explicit !!str: ruamel's own guess would have been another tag
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 19:
        return int(text)
    if _DECIMAL.fullmatch(text) and len(text) <= 40:
        return float(text)
    return text
