"""The configuration as a value."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from monitor.channels import Channel
from monitor.errors import Mistake
from monitor.model import (
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
    Topic,
    WebSettings,
)


class SafeUrl(str):
    """A URL that may hold a password: its repr, and `shown`, star it out. The text itself is for the door."""

    __slots__ = ()

    @property
    def shown(self) -> str:
        """The URL as it may be printed."""
        if "@" not in self:
            return str.__str__(self)
        try:
            parts = urlsplit(self)
        except ValueError:
            return "***"
        if parts.password is None:
            return str.__str__(self)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))

    def __repr__(self) -> str:
        return repr(self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """One configured way out: `cls(name, options, tools)` makes it.

    `fallback` is the channel that gets what this one failed to deliver for good.
    """

    name: str
    type: str
    cls: builtins.type[Channel]
    options: Any
    fallback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a desk configured, checked: every name in it leads somewhere.

    `path` is the main file, `folder` what relative paths of the store and of file channels are under.
    `store` and `record` (where raw polls are kept; None: nowhere) are absolute. `secrets` are all
    secrets in it, for whoever must keep them out of a log.
    """

    path: Path
    folder: Path
    store: str
    language: str = "en"
    timezone: str = "UTC"
    poll: PollSettings = field(default_factory=PollSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    keep: Keep = field(default_factory=Keep)
    web: WebSettings = field(default_factory=WebSettings)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    canary: Canary = field(default_factory=Canary)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    templates: Path | None = None
    record: Path | None = None
    websub: bool = False
    operators: tuple[str, ...] = ()
    copies: str = "copies"
    """The folder of full copies as it is written, under `folder` if relative. `copies_url`: where it is
    published."""
    copies_url: str = ""
    feeds: tuple[Feed, ...] = ()
    entities: tuple[Entity, ...] = ()
    look_alikes: tuple[LookAlike, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    topics: tuple[Topic, ...] = ()
    channels: Mapping[str, ChannelConfig] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    secrets: tuple[Secret, ...] = ()
    files: tuple[Path, ...] = ()
    """The main file and all it includes."""
