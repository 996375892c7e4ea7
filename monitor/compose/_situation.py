"""What there may be to tell a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.model import Dossier, News, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What lies behind a reader's cursor, and the stories that matter to it.

    `dossiers` are those of the news, and those that the reader was told of lately: a contradiction may
    be between two stories, and what is open stays so. `turns` are all turns of the route's topics.
    """

    news: News = field(default_factory=News)
    dossiers: Sequence[Dossier] = ()
    turns: Sequence[Turn] = ()
