"""Stores: where everything that must survive a restart lives.

The file name of a member is the scheme of the URL in the config: `sqlite:monitor.db` is
`stores/sqlite.py`, `postgresql://…` is `stores/postgresql.py`. A store is whatever passes
`tests/contracts/test_stores.py`; the members share one implementation (`_core.py`, `_tables.py`,
`_migrations/`) and differ only in how they connect, lock and search.

To add one: write `stores/NAME.py` with `class Store(stores.Store)`; the contract suite, the day
test and the crash test run on it unasked.

Everything here is plain code, called off the event loop from one thread. Each method is one
transaction. Times go in and come out aware, in UTC. Methods raise StoreError when the database
cannot be used; they never raise for what is merely absent.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

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
    Passed,
    PollRecord,
    Sent,
    Signal,
    Silence,
    Story,
    Turn,
)
from monitor.stores._contract import Articles, Care, Health, Hubs

T = TypeVar("T")


class Store(Articles, Care, Health, Hubs):
    """One database. Promises 1, 1b, 2 and 3 of docs/architecture.md are one method each.

    What its keepers ask of it (what is due, totals, pruning, how it does) is in `Care`.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    # life ─────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def open(self) -> None:
        """Connect and bring the tables to the current version (Alembic). Safe to call twice."""

    @abstractmethod
    def close(self) -> None:
        """Let go of all connections."""

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the right to run the daemon on this database.

        SQLite: one process; raises StoreError naming the pid that holds it. A store that is opened
        under it takes the leases of those who died for ended. PostgreSQL: any number may join, this
        returns at once.
        """

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Write a consistent copy that a running daemon does not disturb. Never overwrites `target`."""

    # feeds ────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def sync_feeds(self, feeds: Iterable[Feed], now: datetime, *, spread: timedelta) -> None:
        """Make the configured feeds the polled ones.

        A feed not known before becomes due within `spread` of now (at once when 0), at a moment
        computed from its URL, so that a thousand new feeds do not start in one second. A known one
        keeps its state and due time over restarts (no restart storm). One that is no longer
        configured keeps its state but is never claimed.
        """

    @abstractmethod
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
        """Take up to `limit` due feeds for `lease`, earliest first; each state carries its token.

        A feed under another's unexpired lease is not taken, nor one whose publisher told us to stay
        away (`held_until` > now). One without a `next_poll_at` is not due by itself. `everything`
        takes feeds that are not due as well, except those polled at or after `now`.

        Of one host (of the feeds' configured URLs) at most `per_host` are taken (0: any number), of
        those in `busy` none: five hundred feeds of one host, seconds apart, would else keep all
        others waiting. Fewer than there are may come; an empty answer says that none is left.
        """

    @abstractmethod
    def record_polls(self, records: Sequence[PollRecord], now: datetime) -> list[bool]:
        """Promise 1: write states, entries, revisions, sightings and matches of many polls.

        All in one commit. A record whose token no longer holds the feed's lease is left out
        whole; the answer says for each record whether it was taken. Writing an entry or a match
        that exists already changes nothing (two feeds of one batch may bring the same entry).
        The claim ends with it. New matches get growing sequence numbers: whoever has seen one never
        finds a lower one later. A revised entry's match keeps its number and why it is held.

        The log says of each revised entry that was about a topic which headline it had and has; of
        one that has another headline and is so no more, that it was withdrawn: that match is held from
        then on, and comes with a new number should it hold again.
        """

    @abstractmethod
    def feed_states(self) -> list[FeedState]:
        """Return the states of all configured feeds, by URL. A paused one has the status `paused`."""

    # archive ──────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """Return what is remembered of those of `ids` that were ever seen."""

    @abstractmethod
    def entry(self, entry_id: str) -> tuple[Entry, list[Match]] | None:
        """Return an entry (its last revision) with its matches; a unique prefix of the id is enough."""

    @abstractmethod
    def entries(self, ids: Iterable[str]) -> list[Entry]:
        """Return those of the entries that there are, in order of their first sight."""

    @abstractmethod
    def search(
        self, expression: str, *, limit: int, since: datetime | None = None, until: datetime | None = None
    ) -> list[Entry]:
        """Return the newest entries whose key satisfies a necessary full-text expression.

        By `first_seen`: those in [`since`, `until`), newest first.
        The expression is FTS5 syntax restricted to quoted words, quoted phrases, `"word" *`
        prefixes, AND, OR and parentheses; empty means every entry. The caller decides what
        really matches.
        """

    # stories ──────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def claim_stories(self, now: datetime, lease: timedelta, token: str = "") -> str | None:
        """Take or renew the right to group entries into stories; None while another process has it.

        The answer is the token to record with. It is another than `token`, the last one, if the right
        was in other hands since, or somebody changed stories by hand: what the caller knows of stories
        is then to be read again.
        """

    @abstractmethod
    def unclustered(self, limit: int) -> list[Entry]:
        """Return matched entries that have no story yet, in order of first match."""

    @abstractmethod
    def filed(self, limit: int, until: datetime) -> list[Entry]:
        """Return entries that have a story, first seen before `until`, the latest first."""

    @abstractmethod
    def topics(self, entry_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the topics of those of the entries that match any, by name, held matches included."""

    @abstractmethod
    def recent_stories(self, since: datetime) -> list[tuple[Story, list[Entry]]]:
        """Return the stories last seen at or after `since`, whole, each with its entries of that time."""

    @abstractmethod
    def record_stories(
        self,
        stories: Sequence[Story],
        turns: Sequence[Turn] = (),
        token: str | None = None,
        *,
        signals: Sequence[Signal] = (),
        facts: Mapping[str, str] | None = None,
    ) -> bool:
        """Promise 1b: write stories with all their entries, and in the log the turns that follow from them.

        An entry is in the story that names it last; ids in `merged` lead to their story from now on.
        Links replace what was said of their entry before. A turn that was noted before stays as it
        was, so does a signal; `facts` (see `meta`) are written with them.

        Does nothing and returns False when `token` is given and good no more.
        """

    @abstractmethod
    def stories(self, ids: Iterable[str]) -> list[Story]:
        """Return those of the stories that there are, whole, by id."""

    @abstractmethod
    def latest_stories(self, limit: int) -> list[Story]:
        """Return the stories that were seen last, whole, the latest first."""

    @abstractmethod
    def find_story(self, story_id: str) -> Story | None:
        """Return the story that has this id or had it once; a unique prefix is enough."""

    @abstractmethod
    def story_with(self, entry_id: str) -> Story | None:
        """Return the story that an entry is in."""

    @abstractmethod
    def edit_story(self, edit: Edit) -> Edit | None:
        """Put two stories together or take one apart, by hand; return it with its number and its entries.

        Hands have the last word: the entries of both stories stay where they are now, whatever comes
        (their links of the kind `manual` say so). None where a story is absent, is whole taken out, or
        does not have the entries.
        """

    @abstractmethod
    def undo_edit(self, now: datetime) -> Edit | None:
        """Undo the last edit that was not undone, exactly; None if there is none.

        What joined in between goes with the entry that it was likened to.
        """

    @abstractmethod
    def edits(self, limit: int) -> list[Edit]:
        """Return what was done to stories by hand, the last first."""

    @abstractmethod
    def tellers(
        self, topics: Iterable[str], after: int, since: datetime, keep: Callable[[Hit], T]
    ) -> list[T]:
        """Return what `keep` makes of the matches of topics that tell a state.

        Those new or revised behind seq `after`, held ones too, except what was withdrawn; with or without
        a story; of entries first seen at or after `since`. In order of seq. Few are read at a time: the
        texts of a busy day are not in memory at once. `keep` asks no store.
        """

    @abstractmethod
    def turns(self, topics: Iterable[str]) -> list[Turn]:
        """Return the turns of topics, in the order in which they were noted."""

    # signals ─────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def appearances(self, topics: Iterable[str], after: int, since: datetime) -> list[Appearance]:
        """Return the matches of topics with seq > `after` of entries first seen at or after `since`.

        Held ones too, except what was withdrawn. In order of seq.
        """

    @abstractmethod
    def asked(self, since: datetime) -> tuple[int, int]:
        """Return how many feeds that are not paused were polled since a moment, and how many there are."""

    @abstractmethod
    def together(self, entity: str, others: Iterable[str], before: datetime) -> bool:
        """Whether an entity stood beside one of `others` in an entry first seen at or before `before`."""

    @abstractmethod
    def arrivals(self, spans: Sequence[tuple[datetime, datetime]], sources: Iterable[str] = ()) -> list[int]:
        """Return how many entries (of `sources`, if any) were first seen in each span, its end included."""

    @abstractmethod
    def signals(self, topics: Iterable[str] | None = None, routes: Iterable[str] = ()) -> list[Signal]:
        """Return the signals of topics and of routes, or all, in the order in which they were noted."""

    # telling ──────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def cursors(self) -> list[Cursor]:
        """Return all cursors."""

    @abstractmethod
    def start_cursor(self, cursor: Cursor, since: datetime) -> None:
        """Create a cursor unless there is one, behind the hits matched before `since`.

        `cursor.position` is ignored.
        """

    @abstractmethod
    def hits(self, topics: Sequence[str], after: int, until: datetime) -> list[Hit]:
        """Return unheld hits of `topics` with seq > `after`, matched by `until`, that have a story.

        Ends before the first one that has none yet or was matched later (clocks of two processes
        differ), so that a cursor never passes it.
        """

    @abstractmethod
    def news(self, topics: Sequence[str], after: int, until: datetime, *, route: str = "") -> News:
        """Return the hits of `topics` and the lines of the log behind a cursor at `after`.

        Signals of the `route` as a whole are among them.

        Both end where `hits` would end, or before the first line that was written later than
        `until`: a cursor that moves to the answer's position has passed nothing that it did not see.
        A line about an entry carries it, with the story it is in now.
        """

    @abstractmethod
    def dossiers(
        self, route: str, channel: str, recipient: str, topics: Sequence[str], story_ids: Iterable[str]
    ) -> list[Dossier]:
        """Return those stories with all unheld hits of `topics` in them, and what this reader was told.

        Ordered by id. What was told of an entry counts wherever it is now: in a story that was put
        into another, or taken out of one.
        """

    @abstractmethod
    def last_seq(self) -> int:
        """Return the greatest sequence number given so far (0: none)."""

    @abstractmethod
    def told(
        self, route: str, channel: str, recipient: str, *, since: datetime | None = None
    ) -> frozenset[str]:
        """Return the ids of the stories that this route already put in a message to this recipient.

        A story that went up in another one since counts as that one.
        `since` leaves out those that were last seen before.
        """

    @abstractmethod
    def heard(self, route: str, channel: str, recipient: str, items: Iterable[str]) -> frozenset[str]:
        """Return which of these items (`turn:ID`, `signal:ID`, …) this reader was told, in whatever story."""

    @abstractmethod
    def enqueue(
        self,
        cursor: Cursor,
        deliveries: Sequence[Delivery],
        expected: int,
        *,
        passed: Sequence[Passed] = (),
    ) -> bool:
        """Promise 2: move the cursor, queue the frozen messages, keep why other entries are `passed`.

        What was passed before and is told now is forgotten as passed.

        Does nothing and returns False when the cursor no longer stands at `expected` or has made a
        later slot (another process was faster). A delivery whose id exists is not queued again.
        """

    @abstractmethod
    def queued_since(self, route: str, channel: str, recipient: str, since: datetime) -> int:
        """Return how many messages a route queued for a recipient after `since`."""

    @abstractmethod
    def passed(
        self, route: str, channel: str, recipient: str, entry_ids: Iterable[str] | None = None
    ) -> list[Passed]:
        """Return which (of these) entries a reader was not told when the cursor passed them, by id."""

    @abstractmethod
    def waiting(self, route: str, channel: str, recipient: str, now: datetime) -> frozenset[str]:
        """Return the stories of which a reader was not told something until now: its time has come."""

    @abstractmethod
    def lasts(
        self, route: str, channel: str, recipient: str, story_ids: Iterable[str]
    ) -> dict[str, datetime]:
        """Return when a reader was last queued a message of these stories, where there was one.

        Messages of stories that went up in them count.
        """

    @abstractmethod
    def firsts(
        self, routes: Sequence[str], channel: str, recipient: str, story_ids: Iterable[str]
    ) -> dict[str, Follows]:
        """Return the first alert about each story that these routes queued for this recipient.

        A story that went up in another one since counts as that one.
        """

    @abstractmethod
    def add_silence(self, silence: Silence) -> None:
        """Keep a silence; one whose id exists stays as it is."""

    @abstractmethod
    def silences(self) -> list[Silence]:
        """Return all silences, newest first, those that ended too: what they silenced stays explained."""

    @abstractmethod
    def expire_silence(self, silence_id: str, now: datetime, by: str) -> Silence | None:
        """End a silence now, unless it has ended; return it. A unique beginning of its id is enough."""

    # outbox ───────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def claim_deliveries(
        self, now: datetime, limit: int, lease: timedelta, *, busy: Mapping[str, int] | None = None
    ) -> list[Delivery]:
        """Take due deliveries for `lease`, oldest first; each carries its token.

        Of each channel up to `limit`, less what `busy` says is under way there: ten thousand for
        a channel that is slow must not keep one for another waiting.

        What follows another message of its thread waits while that one is queued or under way, and
        comes with the thread: its first message and what came after it.

        Deliveries found `sending` under an expired lease are taken again: whoever had them died.
        A claim counts as an attempt: the first claim of a delivery gives it with `attempts` 1.
        """

    @abstractmethod
    def record_try(self, delivery: Delivery, outcome: Sent | Deferred | Dead, now: datetime) -> bool:
        """Promise 3: write what came of one try. False if the delivery's token lost its lease.

        Its spares are queued in the same transaction when it is dead, dropped when it was sent.
        """

    @abstractmethod
    def redrive(self, ids: Sequence[str], now: datetime, by: str) -> list[str]:
        """Queue dead letters again, due now, as if never tried; return the ids of those that were.

        Who did it, when, and what they had died of is kept with each. What is not dead stays as it is.
        """

    @abstractmethod
    def deliveries(
        self, *, status: DeliveryStatus | None = None, limit: int | None = 100, telling: Iterable[str] = ()
    ) -> list[Delivery]:
        """Return deliveries, newest first (None: all). Spares only where they are asked for.

        `telling`: only those about these stories, or about the stories that these items were told with.
        """

    @abstractmethod
    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return a delivery; a unique beginning of its id is enough."""
