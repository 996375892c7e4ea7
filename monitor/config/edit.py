"""Edit the feeds in a desk's own files: what is not edited stays as it is written, to the letter.

A feed is a line of a list. It is put in or taken out at its place, which the YAML's own marks tell;
comments, blank lines and the writing of all other lines are not touched. A list on one line
(`feeds: [{…}]`) is written anew by ruamel's round trip, which keeps comments too.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from monitor.config._folders import shipped_folder
from monitor.config._forms import FeedForm
from monitor.config._kinds import Surroundings
from monitor.config._load import load
from monitor.config._source import Node, Source, read
from monitor.config._value import Config
from monitor.errors import ConfigError

Written = Mapping[str, Any]
"""A feed's settings as they stand in the file: `every: 5m` is text, a secret is its reference."""

_PLAIN = re.compile(r"[^\W\d_][\w.:/?&=%+~@ -]*")
_NOT_TEXT = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"))


@dataclass(frozen=True, slots=True)
class Listed:
    """A configured feed as it is written, and the file it stands in."""

    file: Path
    number: int
    written: Written


def listed(config: Config) -> list[Listed]:
    """Return all feeds as they are written, in the order in which they are read."""
    return [
        Listed(file, number, node.plain())
        for file in config.files
        if (nodes := _feeds(_tree(file))) is not None
        for number, node in enumerate(nodes.value if isinstance(nodes.value, list) else [])
    ]


def add(
    config: Config, feeds: Sequence[Written], environ: Mapping[str, str], *, file: Path | None = None
) -> Path:
    """Add feeds to a file of the config; return which. Raises ConfigError, and then nothing is changed.

    Without `file` it is the one whose feeds are mostly in the first one's language; the main file
    where there is none. A file that is not there yet is made; the config must include it.
    """
    place = file or _fitting(config, feeds)
    before = _as_it_is(place) if place.exists() else ""
    after = _with(Source.of(str(place), before), feeds)
    _replace(config, environ, place, after, [*_plain_feeds(place), *map(dict, feeds)])
    return place


def _as_it_is(place: Path) -> str:
    """Return a file's text with the line ends that it has."""
    return place.read_bytes().decode("utf-8")


def remove(config: Config, url: str, environ: Mapping[str, str]) -> Path:
    """Take the feed with this URL out of its file; return which. Raises ConfigError."""
    found = next((one for one in listed(config) if one.written.get("url") == url), None)
    if found is None:
        raise ConfigError(f"no feed has the URL {url}; `monitor feeds list` shows them")
    after = _without(Source.of(str(found.file), _as_it_is(found.file)), found.number)
    left = _plain_feeds(found.file)
    del left[found.number]
    _replace(config, environ, found.file, after, left)
    return found.file


def problem(config: Config, written: Written, environ: Mapping[str, str]) -> str:
    """Say what is wrong with a feed's settings; nothing: it can be added."""
    around = Surroundings(environ, config.path.parent)
    try:
        FeedForm.model_validate(dict(written), context=around)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = first.get("ctx", {}).get("problem") or first["msg"]
        return f"{'.'.join(map(str, first['loc']))}: {said}"
    return ""


# places ───────────────────────────────────────────────────────────────────────────────────────


def _tree(file: Path) -> Node | None:
    return read(Source.of(str(file), file.read_text(encoding="utf-8")))[0]


def _feeds(root: Node | None) -> Node | None:
    """Return the list of feeds, or what stands in its place."""
    if root is None or not isinstance(root.value, dict) or "feeds" not in root.value:
        return None
    return root.value["feeds"].node


def _plain_feeds(file: Path) -> list[Any]:
    node = _feeds(_tree(file)) if file.exists() else None
    return list(node.plain() or []) if node is not None else []


def _fitting(config: Config, feeds: Sequence[Written]) -> Path:
    """Return the file whose feeds are mostly in this language, else the one with most, else the main."""
    language = next((one["language"] for one in feeds if one.get("language")), "")
    counts: dict[Path, tuple[int, int]] = {}
    for one in listed(config):
        same, others = counts.get(one.file, (0, 0))
        is_same = one.written.get("language") == language
        counts[one.file] = (same + is_same, others + 1)
    if not counts:
        return config.path
    return max(counts, key=lambda file: (counts[file][0] / counts[file][1] > 0.5, *counts[file]))


def _end(node: Node) -> int:
    """Return the index after the last character of a value. A block's own end is after what follows it."""
    match node.value:
        case dict() as entries if entries and not _is_flow(node):
            return max(_end(entry.node) for entry in entries.values())
        case list() as items if items and not _is_flow(node):
            return max(map(_end, items))
    text, end = node.source.text, node.end
    while end > node.start and text[end - 1] in "\r\n":
        end -= 1
    return end


def _is_flow(node: Node) -> bool:
    return node.source.text[node.start : node.start + 1] in ("{", "[")


def _line_end(text: str, index: int) -> int:
    """Return the index after the end of a line, its comment and line end included."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _dash(node: Node) -> int:
    """Return where the dash of a list's item stands."""
    return node.source.text.rindex("-", 0, node.start)


# new texts ────────────────────────────────────────────────────────────────────────────────────


def _with(source: Source, feeds: Sequence[Written]) -> str:
    """Return a file's text with more feeds at the end of its list."""
    root, mistakes = read(source)
    if mistakes:
        raise ConfigError(*mistakes)
    text, nodes = source.text, _feeds(root)
    if nodes is not None and isinstance(nodes.value, list) and nodes.value and not _is_flow(nodes):
        last = nodes.value[-1]
        dash = _dash(last)
        indent = text[text.rfind("\n", 0, dash) + 1 : dash]
        at = _line_end(text, _end(last))
    elif nodes is None:
        indent = "  "
        text += "" if not text or text.endswith("\n") else "\n"
        text += ("\n" if text else "") + "feeds:\n"
        at = len(text)
    elif not nodes.value:
        assert root is not None
        assert isinstance(root.value, dict)
        if nodes.value is not None:  # `[]`
            text = text[: nodes.start].rstrip(" ") + text[nodes.end :]
        at, indent = _line_end(text, root.value["feeds"].start), "  "
    else:
        return _round_trip(text, add=feeds)
    lines = "".join(f"{indent}- {line(one)}\n" for one in feeds)
    before = text[:at] if not at or text[at - 1] == "\n" else text[:at] + "\n"
    return before + lines + text[at:]


def _without(source: Source, number: int) -> str:
    """Return a file's text without the feed at `number`; comments above and below it stay."""
    root, _ = read(source)
    nodes = _feeds(root)
    assert nodes is not None
    assert isinstance(nodes.value, list)
    if _is_flow(nodes):
        return _round_trip(source.text, remove=number)
    text, item = source.text, nodes.value[number]
    start = text.rfind("\n", 0, _dash(item)) + 1
    left = text[:start] + text[_line_end(text, _end(item)) :]
    if len(nodes.value) > 1:
        return left
    assert root is not None
    assert isinstance(root.value, dict)
    key = root.value["feeds"].start
    colon = text.index(":", key) + 1
    return left[:colon] + " []" + left[colon:]


def _round_trip(text: str, *, add: Sequence[Written] = (), remove: int | None = None) -> str:
    """Edit a list on one line as ruamel does."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.allow_unicode = True
    root = yaml.load(text)
    root["feeds"].extend(dict(one) for one in add)
    if remove is not None:
        del root["feeds"][remove]
    out = io.StringIO()
    yaml.dump(root, out)
    return out.getvalue()


def line(value: Any) -> str:
    """Return a value as YAML on one line, as the shipped lists are written."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() | float():
            return repr(value)
        case str():
            is_plain = (
                _PLAIN.fullmatch(value)
                and value.lower() not in _NOT_TEXT
                and not value.endswith((" ", ":"))
                and ": " not in value
            )
            return value if is_plain else json.dumps(value, ensure_ascii=False)
        case Mapping():
            return "{" + ", ".join(f"{line(key)}: {line(one)}" for key, one in value.items()) + "}"
        case _:
            return "[" + ", ".join(map(line, value)) + "]"


def _replace(config: Config, environ: Mapping[str, str], place: Path, after: str, wanted: list[Any]) -> None:
    """Write a file if it then says what it should and the whole config is right; else leave it.

    Raises ConfigError.
    """
    if place.resolve().is_relative_to(shipped_folder()) and shipped_folder().name.startswith("_"):
        raise ConfigError("the shipped config is not edited; `monitor init DIR` writes one to edit")
    root, mistakes = read(Source.of(str(place), after))
    nodes = _feeds(root)
    if mistakes or nodes is None or (nodes.plain() or []) != wanted:
        raise ConfigError(*mistakes, f"{place}: cannot be edited without harm; edit it by hand")
    before = place.read_bytes() if place.exists() else None
    _write(place, after.encode("utf-8"))
    try:
        again = load(config.path, environ)
        if place.resolve() not in {one.resolve() for one in again.files}:
            raise ConfigError(f"{place} is not one of the files that {config.path} includes")
    except ConfigError:
        if before is None:
            place.unlink()
        else:
            _write(place, before)
        raise


def _write(place: Path, data: bytes) -> None:
    """Put a file in the place of another at once, with its mode."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{place.name}.new")
        draft.write_bytes(data)
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o7777)
        draft.replace(place)
    except OSError as error:
        raise ConfigError(f"{place} cannot be written: {error.strerror or error}") from error
