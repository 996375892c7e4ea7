"""Sources: which entries of a story speak for themselves, and which repeat another.

However many outlets carry an agency's copy, it is one voice; and so is one publisher, whatever it
publishes in how many editions. What a desk asks is how many looked for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from monitor.model import Link, LinkKind


class Voice(Protocol):
    """What of an entry says whose word it is."""

    @property
    def id(self) -> str:
        """Its identity."""

    @property
    def source(self) -> str:
        """Its publisher."""

    @property
    def first_seen(self) -> datetime:
        """When we first saw it."""


def independent(entries: Sequence[Voice], links: Iterable[Link]) -> tuple[tuple[str, ...], ...]:
    """Return the ids of `entries` in groups, each one independent source, the first seen first.

    Entries of one publisher are one source. So is a copy (LinkKind.COPY) with what it copies, also
    where that is no longer among the entries: two copies of the same are one.
    """
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        parents.setdefault(name, name)
        while parents[name] != name:
            parents[name] = name = parents[parents[name]]
        return name

    for entry in entries:
        if entry.source:
            parents[root(f"entry:{entry.id}")] = root(f"source:{entry.source}")
    for link in links:
        if link.kind is LinkKind.COPY and link.other_id and not link.veto:
            parents[root(f"entry:{link.entry_id}")] = root(f"entry:{link.other_id}")
    groups: dict[str, list[str]] = {}
    for entry in sorted(entries, key=lambda one: (one.first_seen, one.id)):
        groups.setdefault(root(f"entry:{entry.id}"), []).append(entry.id)
    return tuple(tuple(group) for group in groups.values())
