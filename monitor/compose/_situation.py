"""What there may be to tell a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model import Dossier, News, StoryEntry, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What lies behind a reader's cursor, and the stories that matter to it.

    `dossiers` are those of the news, and those that the reader was told of lately: a contradiction may
    be between two stories, and what is open stays so. `turns` are all turns of the route's topics.
    `again` are the stories that were held back and whose time has come; `lasts` says when the reader
    was last sent something of a story. `items` are the reports that signals show, `heard` the turns and
    signals that the reader was told (`turn:ID`, `signal:ID`).
    """

    news: News = field(default_factory=News)
    dossiers: Sequence[Dossier] = ()
    turns: Sequence[Turn] = ()
    again: frozenset[str] = frozenset()
    items: Mapping[str, StoryEntry] = field(default_factory=dict)
    heard: frozenset[str] = frozenset()
    lasts: Mapping[str, datetime] = field(default_factory=dict)
