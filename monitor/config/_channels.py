"""Reading the channels of a config: the type finds the class, the class's Options say what may be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any

from monitor import registry
from monitor.channels import Channel
from monitor.config import _kinds as kinds
from monitor.config._items import Item, Reader
from monitor.config._options import form_of
from monitor.config._value import ChannelConfig
from monitor.errors import ConfigError
from monitor.model import Recipient, Secret

_EXAMPLES = ("example.com", "example.org", "example.net", "example")
"""RFC 2606 §2–3: names that belong to nobody."""


def read_channels(items: Mapping[str, Item], reader: Reader) -> dict[str, ChannelConfig]:
    """Return the channels that are right; what is wrong with the others goes to the reader."""
    channels = {}
    for name, item in items.items():
        if (found := _channel(name, item, reader)) is not None:
            channels[name] = found
            reader.say(
                *(item.mistake(path, text, warning=True) for path, text in _doubts(item, found.options))
            )
    return channels


def _channel(name: str, item: Item, reader: Reader) -> ChannelConfig | None:
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
    given = {key: value for key, value in data.items() if key != "type"}
    if not reader.form(form, item, given):
        return None
    try:
        options = cls.Options(**item.form.values())
    except ConfigError as error:
        reader.say(*(item.mistake((m.key,) if m.key else (), m.problem, m.hint) for m in error.mistakes))
        return None
    except (ValueError, TypeError) as error:
        setting = str(error).partition(":")[0]
        path = (setting,) if setting in given else ()
        reader.say(item.mistake(path, str(error).removeprefix(f"{setting}: ") if path else str(error)))
        return None
    return ChannelConfig(name=name, type=kind, cls=cls, options=options)


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
