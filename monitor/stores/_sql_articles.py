"""The answers to `_contract.Articles`, for every SQL store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.model import Article, ArticleRecord, ArticleStatus
from monitor.stores import _articles, _polls
from monitor.stores._contract import Articles
from monitor.stores._transactions import Transactions


class SqlArticles(Transactions, Articles):
    """Articles in an SQL database."""

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
        """Take up to `limit` due articles for `lease`."""
        asked = _articles.Asked(limit=limit, per_hour=per_hour, since=since, busy=frozenset(busy))
        return self._do(lambda conn: _articles.claim(conn, now, asked, lease))

    def record_article(self, record: ArticleRecord, now: datetime) -> bool:
        """Write what came of a try."""
        return self._do(lambda conn: self._record(conn, record, now))

    def _record(self, conn: Connection, record: ArticleRecord, now: datetime) -> bool:
        article, entry = record.article, record.entry
        if not _articles.holds(conn, article):
            return False
        done = entry is None or _polls.revise(conn, self._upsert, self.index, entry, record.reading, now)
        _articles.settle(conn, article if done else _again(article, now), record.rest_until)
        return done

    def article_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the texts that articles brought."""
        asked = frozenset(ids)
        return self._do(lambda conn: _articles.texts(conn, asked), write=False)

    def article(self, entry_id: str) -> Article | None:
        """Return how far we are with an entry's article."""
        return self._do(lambda conn: _articles.of_entry(conn, entry_id), write=False)

    def article_counts(self) -> Mapping[str, int]:
        """Return how many articles there are of each status."""
        return self._do(_articles.counts, write=False)


def _again(article: Article, now: datetime) -> Article:
    """Return the article as it was wanted: its text belongs to a revision that was never written."""
    return replace(article, status=ArticleStatus.WANTED, reason="", detail="", due_at=now)
