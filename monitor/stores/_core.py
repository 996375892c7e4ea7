"""The one implementation of the contract, on SQLAlchemy Core.

A member of the family says how to connect, how words are searched and how an error reads; all
else is here and in the modules that hold the statements: `_polls`, `_archive`, `_telling`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import RLock
from typing import ClassVar, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from monitor.errors import StoreError
from monitor.health import Deadlines
from monitor.model import (
    Appearance,
    Cursor,
    Dead,
    Deferred,
    Delivery,
    DeliveryStatus,
    Dossier,
    Edit,
    Entry,
    Feed,
    FeedState,
    Follows,
    Hit,
    Known,
    Match,
    News,
    Outage,
    Passed,
    PollRecord,
    Sent,
    Signal,
    Silence,
    Story,
    Turn,
)
from monitor.stores import (
    Store,
    _archive,
    _edits,
    _feeds,
    _health,
    _log,
    _migrations,
    _polls,
    _reading,
    _signals,
    _silences,
    _stories,
    _telling,
    _threads,
)
from monitor.stores._backup import copy_rows
from monitor.stores._search import Index
from monitor.stores._sql_articles import SqlArticles
from monitor.stores._sql_care import SqlCare
from monitor.stores._subscriptions import SqlHubs
from monitor.stores._upsert import Upsert, upsert_for

T = TypeVar("T")

_TRIES = 3


class SqlStore(SqlArticles, SqlHubs, SqlCare, Store):
    """A store in an SQL database."""

    dialect: ClassVar[str]
    index: ClassVar[Index]

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._engine: Engine | None = None
        self._turn = RLock()
        self._upsert: Upsert = upsert_for(self.dialect)

    # what a member says ───────────────────────────────────────────────────────────────────────

    @abstractmethod
    def connect(self) -> Engine:
        """Return an engine; may raise SQLAlchemy's errors and ModuleNotFoundError."""

    @abstractmethod
    def explain(self, error: Exception) -> str:
        """Say in a sentence for the operator what is wrong: where, why, what to do; no secret in it."""

    def passing(self, error: DBAPIError) -> bool:
        """Say whether the same work may go well when it is done again at once."""
        return error.connection_invalidated

    def prepare(self, conn: Connection) -> None:
        """Make sure that nobody else brings the tables up to date at the same time."""

    # life ─────────────────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Connect and bring the tables to the current version."""
        if self._engine is not None:
            return
        try:
            self._engine = self.connect()
            self._do(self._migrate)
        except (SQLAlchemyError, ModuleNotFoundError) as error:
            self.close()
            raise StoreError(self.explain(error)) from error
        except StoreError:
            self.close()
            raise

    def _migrate(self, conn: Connection) -> None:
        self.prepare(conn)
        _migrations.upgrade(conn)

    def receive(self, source: Connection) -> None:
        """Take all that another store holds, in place of what is here."""
        self._do(lambda conn: copy_rows(source, conn, self._upsert, self.index))

    def close(self) -> None:
        """Let go of all connections."""
        with self._turn:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    def _do(self, work: Callable[[Connection], T], *, write: bool = True) -> T:
        """Run `work` in one transaction; once more if the connection or a race broke it.

        Not when the answer to the commit itself was lost: then nobody knows whether it holds, and
        the caller's own idempotence (tokens, expected positions, computed ids) has to tell.
        """
        if self._engine is None:
            raise StoreError("the store is not open")
        for left in reversed(range(_TRIES)):
            committing = False
            try:
                with self._turn_if_single(), self._engine.connect() as connection:
                    conn = connection.execution_options(monitor_write=write)
                    with conn.begin() as transaction:
                        done = work(conn)
                        committing = True
                        transaction.commit()
                        return done
            except DBAPIError as error:
                if committing or not left or not self.passing(error):
                    raise StoreError(self.explain(error)) from error
            except SQLAlchemyError as error:
                raise StoreError(self.explain(error)) from error
        raise AssertionError("unreachable")

    def _turn_if_single(self) -> RLock:
        """One transaction at a time in this process: the contract's one thread, made sure of."""
        return self._turn

    def _ask(self, work: Callable[[Connection], T]) -> T:
        return self._do(work, write=False)

    # feeds ────────────────────────────────────────────────────────────────────────────────────

    def sync_feeds(self, feeds: Iterable[Feed], now: datetime, *, spread: timedelta) -> None:
        """Make the configured feeds the polled ones."""
        configured = list(feeds)
        self._do(lambda conn: _feeds.sync(conn, self._upsert, configured, now, spread))

    def claim_feeds(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        *,
        everything: bool = False,
        per_host: int = 0,
        busy: Iterable[str] = (),
    ) -> list[FeedState]:
        """Take up to `limit` due feeds for `lease`."""
        room = _feeds.Room(limit=limit, per_host=per_host, busy=frozenset(busy))
        return self._do(lambda conn: _feeds.claim(conn, now, room, lease, everything=everything))

    def record_polls(self, records: Sequence[PollRecord], now: datetime) -> list[bool]:
        """Promise 1."""
        return self._do(lambda conn: _polls.record(conn, self._upsert, self.index, records, now))

    def feed_states(self) -> list[FeedState]:
        """Return the states of all configured feeds, by URL."""
        return self._ask(_feeds.states)

    # health ───────────────────────────────────────────────────────────────────────────────────

    def unwatched(self, limit: int, urls: Iterable[str] = ()) -> dict[str, list[datetime]]:
        """Return the rhythms of feeds whose deadlines are not known, or of these."""
        return self._ask(lambda conn: _health.unwatched(conn, limit, sorted(urls)))

    def watch(self, found: Mapping[str, Deadlines]) -> None:
        """Keep when feeds are late and stalled."""
        self._do(lambda conn: _health.watch(conn, found))

    def outages(self, since: datetime | None = None) -> list[Outage]:
        """Return the outages that go on or ended lately."""
        return self._ask(lambda conn: _health.current(conn, since))

    def troubled(self) -> list[FeedState]:
        """Return the feeds that fail or did lately."""
        return self._ask(_health.troubled)

    def record_outages(
        self, begun: Sequence[Outage], ended: Sequence[Outage], deliveries: Sequence[Delivery]
    ) -> bool:
        """Write outages and the word of them."""
        return self._do(lambda conn: _health.record(conn, self._upsert, begun, ended, deliveries))

    # archive ──────────────────────────────────────────────────────────────────────────────────

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """Return what is remembered of those of `ids` that were ever seen."""
        asked = frozenset(ids)
        return self._ask(lambda conn: _archive.known(conn, asked)) if asked else {}

    def entry(self, entry_id: str) -> tuple[Entry, list[Match]] | None:
        """Return an entry with its matches."""
        return self._ask(lambda conn: _archive.entry(conn, entry_id))

    def entries(self, ids: Iterable[str]) -> list[Entry]:
        """Return entries in order of their first sight."""
        asked = frozenset(ids)
        return self._ask(lambda conn: _archive.read(conn, asked))

    def search(
        self, expression: str, *, limit: int, since: datetime | None = None, until: datetime | None = None
    ) -> list[Entry]:
        """Return candidates, newest first; `since` ≤ first_seen < `until`."""
        return self._ask(
            lambda conn: _archive.search(conn, self.index, expression, limit=limit, since=since, until=until)
        )

    # stories ──────────────────────────────────────────────────────────────────────────────────

    def claim_stories(self, now: datetime, lease: timedelta, token: str = "") -> str | None:
        """Take or renew the right to group entries into stories."""
        return self._do(lambda conn: _stories.claim(conn, self._upsert, now, lease, token))

    def unclustered(self, limit: int) -> list[Entry]:
        """Return matched entries that have no story yet."""
        return self._ask(lambda conn: _stories.unclustered(conn, limit))

    def filed(self, limit: int, until: datetime) -> list[Entry]:
        """Return entries that have a story, the latest first."""
        return self._ask(lambda conn: _stories.filed(conn, limit, until))

    def topics(self, entry_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the topics of entries."""
        asked = frozenset(entry_ids)
        return self._ask(lambda conn: _stories.topics_of(conn, asked))

    def recent_stories(self, since: datetime) -> list[tuple[Story, list[Entry]]]:
        """Return the stories last seen at or after `since`, with their entries of that time."""
        return self._ask(lambda conn: _stories.recent(conn, since))

    def record_stories(
        self,
        stories: Sequence[Story],
        turns: Sequence[Turn] = (),
        token: str | None = None,
        *,
        signals: Sequence[Signal] = (),
        facts: Mapping[str, str] | None = None,
    ) -> bool:
        """Promise 1b."""

        def write(conn: Connection) -> bool:
            if token is not None and str(_stories.current(conn)) != token:
                return False
            _stories.record(conn, self._upsert, stories)
            _log.write(conn, self._upsert, [*_log.turned(turns), *_log.signalled(signals)])
            if facts:
                _telling.facts(conn, self._upsert, facts)
            return True

        return self._do(write)

    def stories(self, ids: Iterable[str]) -> list[Story]:
        """Return those of the stories that there are, by id."""
        asked = frozenset(ids)
        return self._ask(lambda conn: _stories.of(conn, asked))

    def latest_stories(self, limit: int) -> list[Story]:
        """Return the stories that were seen last."""
        return self._ask(lambda conn: _stories.latest(conn, limit))

    def find_story(self, story_id: str) -> Story | None:
        """Return the story that has this id or had it once."""
        return self._ask(lambda conn: _stories.find(conn, story_id))

    def story_with(self, entry_id: str) -> Story | None:
        """Return the story that an entry is in."""
        return self._ask(lambda conn: _stories.with_entry(conn, entry_id))

    def edit_story(self, edit: Edit) -> Edit | None:
        """Put two stories together or take one apart, by hand."""
        return self._do(lambda conn: _edits.edit(conn, self._upsert, edit))

    def undo_edit(self, now: datetime) -> Edit | None:
        """Undo the last edit that was not undone."""
        return self._do(lambda conn: _edits.undo(conn, self._upsert, now))

    def edits(self, limit: int) -> list[Edit]:
        """Return what was done to stories by hand."""
        return self._ask(lambda conn: _edits.listed(conn, limit))

    def tellers(
        self, topics: Iterable[str], after: int, since: datetime, keep: Callable[[Hit], T]
    ) -> list[T]:
        """Return what is kept of the matches that tell a state of their topic."""
        asked = frozenset(topics)
        return self._ask(lambda conn: [keep(hit) for hit in _reading.tellers(conn, asked, after, since)])

    def turns(self, topics: Iterable[str]) -> list[Turn]:
        """Return the turns of topics."""
        asked = frozenset(topics)
        return self._ask(lambda conn: _log.turns(conn, asked))

    # signals ─────────────────────────────────────────────────────────────────────────────────

    def appearances(self, topics: Iterable[str], after: int, since: datetime) -> list[Appearance]:
        """Return the matches of topics behind a seq."""
        asked = frozenset(topics)
        return self._ask(lambda conn: _signals.appearances(conn, asked, after, since))

    def asked(self, since: datetime) -> tuple[int, int]:
        """Return how many feeds were polled since a moment, and how many there are."""
        return self._ask(lambda conn: _signals.asked(conn, since))

    def together(self, entity: str, others: Iterable[str], before: datetime) -> bool:
        """Whether an entity ever stood beside one of others."""
        known = frozenset(others)
        return self._ask(lambda conn: _signals.together(conn, entity, known, before))

    def arrivals(self, spans: Sequence[tuple[datetime, datetime]], sources: Iterable[str] = ()) -> list[int]:
        """Return how many entries were first seen in each span."""
        return self._ask(lambda conn: _signals.arrivals(conn, spans, sorted(sources)))

    def signals(self, topics: Iterable[str] | None = None, routes: Iterable[str] = ()) -> list[Signal]:
        """Return signals in the order in which they were noted."""
        about, of = None if topics is None else frozenset(topics), frozenset(routes)
        return self._ask(lambda conn: _log.signals(conn, about, of))

    # telling ──────────────────────────────────────────────────────────────────────────────────

    def cursors(self) -> list[Cursor]:
        """Return all cursors."""
        return self._ask(_telling.all_cursors)

    def start_cursor(self, cursor: Cursor, since: datetime) -> None:
        """Create a cursor unless there is one."""
        self._do(lambda conn: _telling.start_cursor(conn, self._upsert, cursor, since))

    def hits(self, topics: Sequence[str], after: int, until: datetime) -> list[Hit]:
        """Return what is still to be told of some topics."""
        return self._ask(lambda conn: _reading.hits(conn, topics, after, until))

    def news(self, topics: Sequence[str], after: int, until: datetime, *, route: str = "") -> News:
        """Return what lies behind a cursor."""
        return self._ask(lambda conn: _reading.news(conn, topics, after, until, route))

    def dossiers(
        self, route: str, channel: str, recipient: str, topics: Sequence[str], story_ids: Iterable[str]
    ) -> list[Dossier]:
        """Return stories as one reader's digest needs them."""
        asked = frozenset(story_ids)
        reader = (route, channel, recipient)
        return self._ask(lambda conn: _reading.dossiers(conn, reader, topics, asked))

    def last_seq(self) -> int:
        """Return the greatest sequence number given so far."""
        return self._ask(_log.last_seq)

    def told(
        self, route: str, channel: str, recipient: str, *, since: datetime | None = None
    ) -> frozenset[str]:
        """Return the ids of the stories that a recipient was told of."""
        return self._ask(lambda conn: _reading.stories_told(conn, route, channel, recipient, since))

    def heard(self, route: str, channel: str, recipient: str, items: Iterable[str]) -> frozenset[str]:
        """Return which of these items a recipient was told."""
        asked = frozenset(items)
        return self._ask(lambda conn: _reading.heard(conn, (route, channel, recipient), asked))

    def enqueue(
        self,
        cursor: Cursor,
        deliveries: Sequence[Delivery],
        expected: int,
        *,
        passed: Sequence[Passed] = (),
    ) -> bool:
        """Promise 2."""
        return self._do(
            lambda conn: _telling.enqueue(conn, self._upsert, cursor, deliveries, expected, passed)
        )

    def passed(
        self, route: str, channel: str, recipient: str, entry_ids: Iterable[str] | None = None
    ) -> list[Passed]:
        """Return what a recipient was not told, and why."""
        asked = None if entry_ids is None else frozenset(entry_ids)
        return self._ask(lambda conn: _silences.of_reader(conn, (route, channel, recipient), asked))

    def waiting(self, route: str, channel: str, recipient: str, now: datetime) -> frozenset[str]:
        """Return the stories whose time has come."""
        return self._ask(lambda conn: _silences.waiting(conn, (route, channel, recipient), now))

    def lasts(
        self, route: str, channel: str, recipient: str, story_ids: Iterable[str]
    ) -> dict[str, datetime]:
        """Return when a recipient was last sent something of stories."""
        asked = frozenset(story_ids)
        return self._ask(lambda conn: _silences.lasts(conn, (route, channel, recipient), asked))

    def firsts(
        self, routes: Sequence[str], channel: str, recipient: str, story_ids: Iterable[str]
    ) -> dict[str, Follows]:
        """Return the first alert about each story."""
        asked = frozenset(story_ids)
        return self._ask(lambda conn: _threads.firsts(conn, routes, channel, recipient, asked))

    def add_silence(self, silence: Silence) -> None:
        """Keep a silence."""
        self._do(lambda conn: _silences.add(conn, self._upsert, silence))

    def silences(self) -> list[Silence]:
        """Return all silences, newest first."""
        return self._ask(_silences.every)

    def expire_silence(self, silence_id: str, now: datetime, by: str) -> Silence | None:
        """End a silence."""
        return self._do(lambda conn: _silences.expire(conn, silence_id, now, by))

    def queued_since(self, route: str, channel: str, recipient: str, since: datetime) -> int:
        """Return how many messages a route queued for a recipient after `since`."""
        return self._ask(lambda conn: _telling.queued_since(conn, route, channel, recipient, since))

    # outbox ───────────────────────────────────────────────────────────────────────────────────

    def claim_deliveries(
        self, now: datetime, limit: int, lease: timedelta, *, busy: Mapping[str, int] | None = None
    ) -> list[Delivery]:
        """Take up to `limit` due deliveries of each channel for `lease`; the claim counts as an attempt."""
        return self._do(lambda conn: _telling.claim(conn, now, limit, lease, busy or {}))

    def record_try(self, delivery: Delivery, outcome: Sent | Deferred | Dead, now: datetime) -> bool:
        """Promise 3."""
        return self._do(lambda conn: _telling.record_try(conn, delivery, outcome, now))

    def redrive(self, ids: Sequence[str], now: datetime, by: str) -> list[str]:
        """Queue dead letters again."""
        return self._do(lambda conn: _telling.redrive(conn, ids, now, by))

    def deliveries(
        self, *, status: DeliveryStatus | None = None, limit: int | None = 100, telling: Iterable[str] = ()
    ) -> list[Delivery]:
        """Return deliveries, newest first."""
        asked = frozenset(telling)
        return self._ask(lambda conn: _telling.listed(conn, status, limit, asked))

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return a delivery by the beginning of its id."""
        return self._ask(lambda conn: _telling.delivery(conn, delivery_id))
