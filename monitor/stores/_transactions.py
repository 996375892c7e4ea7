"""How the parts of an SQL store get their transactions; `_core` says how one is made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

from sqlalchemy import Connection

from monitor.stores._search import Index
from monitor.stores._upsert import Upsert

T = TypeVar("T")


class Transactions(ABC):
    """A database of one dialect: its full-text index, its upsert, and work done whole or not at all."""

    index: ClassVar[Index]
    _upsert: Upsert

    @abstractmethod
    def _do(self, work: Callable[[Connection], T], *, write: bool = True) -> T:
        """Run `work` in one transaction."""

    @abstractmethod
    def _ask(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads, in one transaction."""
