"""Files in, Config out; or every mistake at once."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitor import registry
from monitor.config import _kinds as kinds
from monitor.config._channels import read_channels
from monitor.config._cross import cross_check
from monitor.config._folders import base_folder
from monitor.config._forms import NetworkForm, RouteForm, SettingsForm, TopicForm, WebForm
from monitor.config._items import Item, Items, Reader
from monitor.config._value import ChannelConfig, Config, SafeUrl
from monitor.errors import ConfigError, Mistake
from monitor.model import (
    KINDS,
    Canary,
    Entity,
    Feed,
    Heartbeat,
    Keep,
    LookAlike,
    MetricsSettings,
    NetworkSettings,
    PollSettings,
    Route,
    Secret,
    Send,
    SignalKind,
    State,
    Topic,
    WebSettings,
)


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a config file and all it includes.

    Secrets are taken from `environ` and from files. Raises ConfigError with every mistake at once,
    in the order of files and lines.
    """
    around = kinds.Surroundings(environ, path.parent)
    reader = Reader(around)
    files = _read_all(reader, path)
    items = reader.finish()
    channels = read_channels(items.named["channels"], reader, base_folder(path, environ).absolute())
    groups = _groups(items)
    store, templates = _store(items, reader, path, environ), _templates(items, path)
    record = _record(items, path, environ)
    items.mistakes += cross_check(items, groups, main=str(path))
    mistakes = _sorted(items.mistakes, files)
    if any(not m.warning for m in mistakes):
        raise ConfigError(*mistakes)
    return _config(items, path, files, environ, channels, groups, store, templates, record, mistakes)


def _read_all(reader: Reader, path: Path) -> tuple[Path, ...]:
    """Read the main file and what it includes; return the files in the order they were read."""
    root = reader.open(path, str(path))
    if root is None:
        if not reader.items.mistakes:
            reader.say(Mistake(file=str(path), problem="the file is empty"))
        return (path,)
    reader.take(root, main=True)
    files, seen = [path], {path.resolve()}
    assert isinstance(root.value, dict)
    include = root.value.get("include")
    listed = include.node.value if include else []
    nodes = listed if isinstance(listed, list) else [include.node] if include else []
    for node in nodes:
        if not isinstance(node.value, str) or not node.value.strip():
            continue  # the form says what is wrong with it
        found = sorted(glob.glob(str(path.parent / node.value), recursive=True))
        if not found:
            is_pattern = glob.has_magic(node.value)
            problem = "no file is called so" if not is_pattern else "no file has such a name"
            reader.say(node.mistake((), "include", f"{node.value!r}: {problem}", warning=is_pattern))
            reader.items.complete &= is_pattern
        for name in found:
            part = Path(name)
            if part.resolve() in seen or not part.is_file():
                continue
            files.append(part)
            seen.add(part.resolve())
            if (tree := reader.open(part, name)) is not None:
                reader.take(tree, main=False)
    return tuple(files)


def _groups(items: Items) -> dict[str, tuple[str, ...]]:
    """Read the groups: a name and a list of names."""
    groups = {}
    for name, item in items.named["groups"].items():
        data = item.node.plain()
        data = [data] if isinstance(data, str) else data
        if not isinstance(data, list) or not data or not all(isinstance(m, str) for m in data):
            items.mistakes.append(item.mistake((), "must be a list of entities", "write [trump, putin]"))
        else:
            groups[name] = tuple(str(member).removeprefix("@") for member in data)
    return groups


# store and folders ────────────────────────────────────────────────────────────────────────────


def _store(items: Items, reader: Reader, path: Path, environ: Mapping[str, str]) -> SafeUrl:
    """Return the store's URL with an absolute file, or with its password."""
    item, form = items.settings, items.settings.form if items.settings else None
    assert item is not None
    if not isinstance(form, SettingsForm):
        return SafeUrl("")
    url = form.store.value if isinstance(form.store, Secret) else form.store
    scheme, colon, rest = url.partition(":")
    stores = registry.names("stores")
    problem = hint = ""
    if not colon or scheme not in stores:
        meant = (
            "sqlite"
            if scheme in ("sqlite3", "file")
            else "postgresql"
            if scheme.startswith("postgres")
            else ""
        )
        problem = "must name a database, such as sqlite:monitor.db or postgresql://host/name"
        hint = f"did you mean '{meant}:'?" if meant else kinds.near(scheme, stores) if colon else ""
    elif scheme == "sqlite" and rest.startswith("//"):
        problem, hint = "a file follows 'sqlite:' without slashes", f"did you mean 'sqlite:{_after(rest)}'?"
    elif scheme == "sqlite" and not rest:
        problem = "the file is missing"
    elif not isinstance(form.store, Secret) and SafeUrl(url).shown != url:
        text = "the password stands in the file; write env:NAME, file:PATH or credential:NAME"
        items.mistakes.append(item.mistake(("store",), text, warning=True))
    if problem:
        items.mistakes.append(item.mistake(("store",), problem, hint))
    if scheme == "sqlite" and rest != ":memory:":
        url = f"sqlite:{base_folder(path, environ).absolute() / os.path.expanduser(rest)}"
    return SafeUrl(url)


def _after(rest: str) -> str:
    """SQLAlchemy's three slashes begin a relative path, its four an absolute one."""
    return rest[3:] if rest.startswith("///") else rest.lstrip("/")


def _templates(items: Items, path: Path) -> Path | None:
    item = items.settings
    form = item.form if item else None
    if item is None or not isinstance(form, SettingsForm) or form.templates is None:
        return None
    folder = path.parent.absolute() / os.path.expanduser(form.templates)
    if not os.path.isdir(folder):  # says no where Path.is_dir raises: a name that is too long
        items.mistakes.append(item.mistake(("templates",), f"there is no folder {form.templates!r}"))
    return folder


def _record(items: Items, path: Path, environ: Mapping[str, str]) -> Path | None:
    item = items.settings
    form = item.form if item else None
    if item is None or not isinstance(form, SettingsForm) or form.record is None:
        return None
    folder = base_folder(path, environ).absolute() / os.path.expanduser(form.record)
    if os.path.exists(folder) and not os.path.isdir(folder):
        items.mistakes.append(item.mistake(("record",), f"{form.record!r} is a file, not a folder"))
    return folder


# values ───────────────────────────────────────────────────────────────────────────────────────


def _config(
    items: Items,
    path: Path,
    files: tuple[Path, ...],
    environ: Mapping[str, str],
    channels: Mapping[str, ChannelConfig],
    groups: Mapping[str, tuple[str, ...]],
    store: SafeUrl,
    templates: Path | None,
    record: Path | None,
    warnings: tuple[Mistake, ...],
) -> Config:
    """Put the checked forms together."""
    assert items.settings is not None
    top: SettingsForm = items.settings.form
    feeds = tuple(_feed(item) for item in items.feeds)
    settings, plain = _network(items.groups["network"].form), _plain(items)
    secrets = dict.fromkeys(
        [
            *secrets_in((feeds, [c.options for c in channels.values()], plain)),
            *(
                Secret(word)
                for url in (store, settings.proxy, *(f.proxy for f in feeds))
                for word in _password(url)
            ),
        ]
    )
    named = items.named
    return Config(
        path=path,
        folder=base_folder(path, environ).absolute(),
        store=store,
        language=top.language,
        timezone=top.timezone,
        network=settings,
        **plain,
        templates=templates,
        record=record,
        websub=top.websub,
        operators=top.operators,
        copies=top.copies,
        copies_url=top.copies_url or "",
        feeds=feeds,
        entities=tuple(Entity(id=name, **item.form.values()) for name, item in named["entities"].items()),
        look_alikes=tuple(
            LookAlike(id=name, **item.form.values()) for name, item in named["look_alikes"].items()
        ),
        groups=groups,
        topics=tuple(_topic(item, groups) for item in named["topics"].values()),
        channels=channels,
        routes=tuple(_route(name, item.form, top) for name, item in named["routes"].items()),
        warnings=warnings,
        secrets=tuple(secrets),
        files=files,
    )


def _network(form: NetworkForm) -> NetworkSettings:
    return NetworkSettings(
        allow_private=form.allow_private, contact=form.contact or "", proxy=_proxy(form.proxy)
    )


def _web(form: WebForm) -> WebSettings:
    host, port = form.listen or ("", 0)
    return WebSettings(host=host, port=port, password=form.password, public_url=form.public_url or "")


_PLAIN = {
    "poll": PollSettings,
    "keep": Keep,
    "heartbeat": Heartbeat,
    "canary": Canary,
    "metrics": MetricsSettings,
}


def _plain(items: Items) -> dict[str, Any]:
    """Return the groups of settings that are taken as they are written, and the page's."""
    made = {name: kind(**items.groups[name].form.values()) for name, kind in _PLAIN.items()}
    return {**made, "web": _web(items.groups["web"].form)}


def _topic(item: Item, groups: Mapping[str, tuple[str, ...]]) -> Topic:
    """Return a topic with its states; the groups of their officials are written out."""
    states = []
    for name, inner in item.inner.get("states", {}).items():
        values = inner.form.values()
        official = dict.fromkeys(one for said in values["official"] for one in _members(said, groups))
        states.append(State(id=name, **values | {"official": tuple(official)}))
    return Topic(
        id=item.name, **item.form.values() | {"states": tuple(states), "signals": _signals(item.form)}
    )


def _signals(form: TopicForm | RouteForm) -> tuple[SignalKind, ...]:
    return tuple(SignalKind(one) for one in dict.fromkeys(form.signals))


def _members(name: str, groups: Mapping[str, tuple[str, ...]], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the members of a group, groups within groups included; of an entity itself."""
    if name not in groups:
        yield name
    elif name not in above:
        for member in groups[name]:
            yield from _members(member, groups, (*above, name))


def _feed(item: Item) -> Feed:
    values = item.form.values()
    values["source"] = values["source"] or (urlsplit(item.form.url).hostname or "").removeprefix("www.")
    values["proxy"] = _proxy(values["proxy"])
    return Feed(**values)


def _proxy(proxy: str | Secret | None) -> SafeUrl | None:
    if proxy is None:
        return None
    return SafeUrl(proxy.value if isinstance(proxy, Secret) else proxy)


def _route(name: str, form: RouteForm, top: SettingsForm) -> Route:
    values = form.values() | {
        "send": Send(form.send),
        "at": tuple(sorted(form.at)),
        "timezone": form.timezone or top.timezone,
        "language": form.language or top.language,
        "fallback": form.fallback or "",
        "signals": _signals(form),
        "tells": KINDS if form.tells is None else frozenset(form.tells),
    }
    return Route(name=name, **values)


def secrets_in(value: Any) -> Iterator[Secret]:
    """Find every secret in a value, however deep."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from secrets_in(part)
    elif isinstance(value, (tuple, list, frozenset)):
        for part in value:
            yield from secrets_in(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from secrets_in(getattr(value, field.name))


def _password(url: str | None) -> Iterator[str]:
    if url and "@" in url and (password := urlsplit(url).password):
        yield password


def _sorted(mistakes: list[Mistake], files: tuple[Path, ...]) -> tuple[Mistake, ...]:
    order = {str(file): number for number, file in enumerate(files)}
    return tuple(sorted(mistakes, key=lambda m: (order.get(m.file, -1), m.line, m.column)))


__all__ = ["load", "secrets_in", "timedelta"]
