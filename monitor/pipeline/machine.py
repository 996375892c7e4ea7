"""Our own machine: where it cannot open a connection no feed is to blame, and who runs it is told once."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.errors import FetchReason
from monitor.model import Failed, FetchResult
from monitor.pipeline._shop import Shop

MACHINE = "trouble:machine"
"""The fact by which `status` says that our own machine keeps feeds from being asked."""


class Machine:
    """Knows whether our own machine keeps feeds from being asked. For the store's thread."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._trouble: str | None = None
        """What it says that could open no connection; "": all is well; None: not known yet."""

    def mind(self, polls: Iterable[FetchResult]) -> None:
        """Take note of how polls went."""
        store = self._shop.store
        found = [_own_failure(one) for one in polls]
        trouble = next(filter(None, found), "")
        if not trouble and self._trouble == "":
            return
        if self._trouble is None:
            self._trouble = store.meta().get(MACHINE, "")
        if trouble and trouble != self._trouble:
            self._shop.say("machine-failed", detail=trouble)
        elif self._trouble and not trouble and "" in found:
            self._shop.say("machine-resumed", detail=self._trouble)
        else:
            return
        store.meta({MACHINE: trouble})
        self._trouble = trouble


def _own_failure(result: FetchResult) -> str | None:
    """Return what our own machine says that could not ask; "" where a feed was asked and answered."""
    if not isinstance(result.outcome, Failed):
        return ""
    error = result.outcome.error
    return str(error) if error.reason is FetchReason.MACHINE else None
