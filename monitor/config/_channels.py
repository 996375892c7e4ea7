"""Reading the channels of a config: the type finds the class, the class's Options say what may be set.

Each is made once, to hear what it has to say about its settings: making one opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from monitor import registry
from monitor.channels import Channel, Tools
from monitor.clock import SystemClock
from monitor.config import _kinds as kinds
from monitor.config._items import Item, Reader
from monitor.config._options import form_of
from monitor.config._value import ChannelConfig
from monitor.errors import ConfigError, Mistake
from monitor.model import Recipient, Secret

_EXAMPLES = ("example.com", "example.org", "example.net", "example")
"""RFC 2606 §2–3: names that belong to nobody."""
_PLACED = re.compile(r"([a-z_]+(?:\.[^\s:]+)*): (.+)", re.DOTALL)
"""A channel's own error: `dkim.key: is no key; write …`."""

COMMON: Mapping[str, str] = {
    "type": "Which kind of channel: a name of the list below.",
    "fallback": "A channel that gets what this one failed to deliver for good, with a word why on top.",
}
"""The settings of every channel, whatever its type."""


def read_channels(items: Mapping[str, Item], reader: Reader, folder: Path) -> dict[str, ChannelConfig]:
    """Return the channels that are right; what is wrong with the others goes to the reader.

    `folder` is what relative paths in their settings are under.
    """
    channels = {}
    for name, item in items.items():
        before = len(reader.items.mistakes)
        if (found := _channel(name, item, reader, folder)) is not None:
            channels[name] = found
            reader.say(
                *(item.mistake(path, text, warning=True) for path, text in _doubts(item, found.options))
            )
        reader.items.mistakes[before:] = _masked(item, reader.items.mistakes[before:])
    return channels


def _channel(name: str, item: Item, reader: Reader, folder: Path) -> ChannelConfig | None:
    data = item.node.plain()
    if not isinstance(data, dict):
        reader.say(item.mistake((), f"must be a group of settings, not {kinds.named(data)}"))
        return None
    if "type" not in data:
        hint = f"there are: {', '.join(registry.names('channels'))}"
        if slips := get_close_matches("type", data, 1):
            hint = f"did you mean 'type' where {slips[0]!r} stands?"
        reader.say(item.mistake((), "the setting 'type' is missing", hint))
        return None
    try:
        kind = kinds.text(data["type"])
        cls: type[Channel] = registry.find("channels", kind)
        options_class: Any = cls.Options
        form = form_of(options_class)
    except kinds.WrongError as error:
        reader.say(item.mistake(("type",), error.problem, error.hint))
        return None
    except ConfigError as error:
        problem, _, hint = error.mistakes[0].problem.partition("; ")
        reader.say(item.mistake(("type",), problem, hint))
        return None
    try:
        fallback = kinds.identifier(data["fallback"]) if data.get("fallback") is not None else ""
    except kinds.WrongError as error:
        reader.say(item.mistake(("fallback",), error.problem, error.hint))
        return None
    given = {key: value for key, value in data.items() if key not in COMMON}
    if not reader.form(form, item, given):
        return None
    try:
        options = cls.Options(**item.form.values())
        cls(name, options, Tools(http=cast(Any, None), clock=SystemClock(), folder=folder))
    except ConfigError as error:
        reader.say(*(_placed(item, m) for m in error.mistakes))
        return None
    except (ValueError, TypeError) as error:
        reader.say(_placed(item, Mistake(problem=str(error))))
        return None
    return ChannelConfig(name=name, type=kind, cls=cls, options=options, fallback=fallback)


def _placed(item: Item, said: Mistake) -> Mistake:
    """Return what a channel says about its settings, at the setting it begins with."""
    found = _PLACED.fullmatch(said.problem)
    steps = (said.key or (found[1] if found else "")).split(".")
    path: tuple[int | str, ...] = tuple(steps)
    while path and item.node.value_at(path) is None:
        path = path[:-1]
    problem = found[2] if found and path and not said.key else said.problem
    problem, _, hint = problem.partition("; ")
    return item.mistake(path, problem, said.hint or hint)


def _masked(item: Item, mistakes: list[Mistake]) -> list[Mistake]:
    """Star out, in the lines that mistakes show, what stands in plain text where a secret belongs."""
    data = item.node.plain()
    kind = data.get("type") if isinstance(data, dict) else None
    if not mistakes or not isinstance(kind, str):
        return mistakes
    try:
        hints = get_type_hints(registry.find("channels", kind).Options)
    except (ConfigError, NameError):
        return mistakes
    words = {word for key, value in data.items() if key in hints for word in _plain(value, hints[key])}
    masked = []
    for one in mistakes:
        excerpt = one.excerpt
        for word in sorted(words, key=len, reverse=True):
            excerpt = excerpt.replace(word, "*" * len(word))
        masked.append(replace(one, excerpt=excerpt))
    return masked


def _plain(value: Any, hint: Any) -> Iterator[str]:
    """Yield the texts of a setting that are secrets in plain text."""
    kinds_of = {hint, *get_args(hint)}
    groups = [one for one in kinds_of if isinstance(one, type) and is_dataclass(one) and one is not Secret]
    if isinstance(value, str) and Secret in kinds_of and str not in kinds_of:
        if not kinds.REFERENCE.fullmatch(value):
            yield value
            yield from value.splitlines()
    elif isinstance(value, list):
        for part in value:
            for inner in get_args(hint):
                yield from _plain(part, inner)
    elif isinstance(value, dict):
        for group in groups:
            inside = get_type_hints(group)
            for key, part in value.items():
                yield from _plain(part, inside.get(key, str))


def _doubts(item: Item, options: Any) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Find what is allowed but hardly meant: secrets in plain text, addresses that belong to nobody."""
    for path, value in _leaves(options, ()):
        one_word = path and isinstance(path[-1], int) and isinstance(item.node.value_at(path[:-1]), str)
        given = item.node.value_at(path[:-1] if one_word else path)
        if isinstance(value, Secret) and given is not None and not kinds.REFERENCE.fullmatch(str(given)):
            yield path, "a secret in plain text; write env:NAME, file:PATH or credential:NAME"
        elif isinstance(value, Recipient) and value.address.rpartition("@")[2].lower() in _EXAMPLES:
            yield path, f"{value.address} belongs to nobody: it is an example"


def _leaves(value: Any, path: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], Any]]:
    if isinstance(value, (Secret, Recipient)):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, (*path, str(key)))
    elif isinstance(value, (tuple, list)):
        for number, part in enumerate(value):
            yield from _leaves(part, (*path, number))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), (*path, field.name))
