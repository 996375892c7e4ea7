"""What a reload changes, in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import time, timedelta
from typing import Any

from monitor.config._times import DAYS, show_duration, show_time
from monitor.config._value import Config
from monitor.model import Route, Secret

_PLAIN = (
    "store",
    "language",
    "timezone",
    "templates",
    "record",
    "copies",
    "copies_url",
    "websub",
    "operators",
)


def changes(old: Config, new: Config) -> list[str]:
    """Say what differs: "+2 feeds", "topic call edited", "route day at 07:30 → 08:00". Empty: nothing."""
    told = [
        f"{name} {_shown(getattr(old, name))} → {_shown(getattr(new, name))}"
        for name in _PLAIN
        if getattr(old, name) != getattr(new, name)
    ]
    for name in ("poll", "network", "keep", "web", "heartbeat", "canary", "metrics"):
        told += _settings(name, getattr(old, name), getattr(new, name))
    told += _feeds({f.url: f for f in old.feeds}, {f.url: f for f in new.feeds})
    told += _named("entity", "entities", _by_id(old.entities), _by_id(new.entities))
    told += _named("look-alike", "look-alikes", _by_id(old.look_alikes), _by_id(new.look_alikes))
    told += _named("group", "groups", old.groups, new.groups)
    told += _named("topic", "topics", _by_id(old.topics), _by_id(new.topics))
    told += _named("channel", "channels", old.channels, new.channels)
    told += _routes({r.name: r for r in old.routes}, {r.name: r for r in new.routes})
    return told


def _by_id(values: Iterable[Any]) -> dict[str, Any]:
    return {value.id: value for value in values}


def _feeds(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    added, gone = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    edited = sorted(url for url in old.keys() & new.keys() if old[url] != new[url])
    told = [
        f"{sign}{number} feed{'s' * (number != 1)}" for sign, number in (("+", added), ("−", gone)) if number
    ]
    if len(edited) > 3:
        return [*told, f"{len(edited)} feeds edited"]
    return [*told, *(f"feed {url} edited" for url in edited)]


def _named(one: str, many: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """List additions, removals and edits; more than five of a kind are counted."""
    told: list[str] = []
    for sign, names in (("+", new.keys() - old.keys()), ("−", old.keys() - new.keys())):
        if len(names) > 5:
            told.append(f"{sign}{len(names)} {many}")
        else:
            told += [f"{sign}{one} {name}" for name in sorted(names)]
    edited = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    return [
        *told,
        *([f"{len(edited)} {many} edited"] if len(edited) > 5 else [f"{one} {n} edited" for n in edited]),
    ]


def _routes(old: Mapping[str, Route], new: Mapping[str, Route]) -> list[str]:
    told = [f"+route {name}" for name in sorted(new.keys() - old.keys())]
    told += [f"−route {name}" for name in sorted(old.keys() - new.keys())]
    for name in sorted(old.keys() & new.keys()):
        told += _settings(f"route {name}", old[name], new[name])
    return told


def _settings(name: str, old: Any, new: Any) -> list[str]:
    return [
        f"{name} {field.name} {_shown(getattr(old, field.name))} → {_shown(getattr(new, field.name))}"
        for field in fields(old)
        if getattr(old, field.name) != getattr(new, field.name)
    ]


def _shown(value: Any, *, inner: bool = False) -> str:
    """Return a value as a desk writes it; never a secret."""
    match value:
        case None | "" | ():
            return "none"
        case timedelta():
            return show_duration(value)
        case time():
            return show_time(value)
        case Secret():
            return "***"
        case frozenset():
            return ", ".join(DAYS[day][:3] for day in sorted(value)) or "every day"
        case tuple():
            return ("-" if inner else ", ").join(_shown(part, inner=True) for part in value)
        case _:
            return getattr(value, "shown", None) or str(value)
