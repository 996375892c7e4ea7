"""Parts of the contract that stand for themselves. `Store` is all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from monitor.model import Article, ArticleRecord


class Articles(ABC):
    """The pages of entries of which feeds carry a stub. What is wanted comes with a poll (promise 1)."""

    @abstractmethod
    def claim_articles(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        *,
        per_hour: int,
        since: datetime,
        busy: Iterable[str] = (),
    ) -> list[Article]:
        """Take up to `limit` due articles for `lease`, the newest first; each carries its token.

        Of one host one at a time, of those in `busy` none; of one feed at most `per_hour` in an hour:
        the others become due when it has passed. So do those of a feed whose publisher told us to stay
        away. What was wanted before `since` is refused as `late`. A claim counts as a try.
        """

    @abstractmethod
    def record_article(self, record: ArticleRecord, now: datetime) -> bool:
        """Write what came of a try: where the article stands, the revised entry and its matches.

        All in one commit, as a poll's (promise 1). False, and nothing is written, if the token lost its
        lease. If another revision of the entry came first, the article becomes due again: False, too.
        With `rest_until` no article of its host is due before.
        """

    @abstractmethod
    def article_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the texts of those of the entries that have one from their article."""

    @abstractmethod
    def article(self, entry_id: str) -> Article | None:
        """Return how far we are with an entry's article; None where none was ever wanted."""

    @abstractmethod
    def article_counts(self) -> Mapping[str, int]:
        """Return how many articles there are of each status."""
