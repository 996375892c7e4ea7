"""What only some stores do, and the parts they share."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from monitor.errors import StoreError
from monitor.model import (
    Clause,
    Evidence,
    Feed,
    Kind,
    Message,
    Recipient,
    Secret,
    Span,
)
from monitor.stores import Store, _log, _migrations
from monitor.stores._codec import decode, encode, storable
from monitor.stores._core import SqlStore
from monitor.stores._search import Combined, Phrase, fts5, parse, tsquery, tsvector, words, words_of
from monitor.stores._tables import metadata
from monitor.stores._times import utc_text
from monitor.stores.postgresql import Store as PostgreSQL
from monitor.stores.sqlite import Store as SQLite
from tests._stores import make_store, open_store

NOW = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=3)
FEED = "https://example.org/rss"


def feed_store(store: Store, *urls: str) -> None:
    store.sync_feeds([Feed(url=url, source="X") for url in urls or (FEED,)], NOW, spread=timedelta(0))


# migrations ───────────────────────────────────────────────────────────────────────────────────


_SCHEMA = {
    "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'search%'"],
    "postgresql": [
        """SELECT table_name, column_name, data_type, column_default, is_nullable, collation_name,
                  is_identity, identity_generation
           FROM information_schema.columns WHERE table_schema = current_schema()""",
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
           FROM pg_constraint WHERE connamespace = current_schema()::regnamespace""",
        "SELECT indexname, replace(indexdef, schemaname || '.', '') FROM pg_indexes "
        "WHERE schemaname = current_schema()",
    ],
}


def schema(conn: Connection) -> set[tuple[Any, ...]]:
    """All tables, columns, constraints and indexes of a database, in its own words."""
    found: set[tuple[Any, ...]] = set()
    for query in _SCHEMA[conn.dialect.name]:
        for row in conn.exec_driver_sql(query):
            words = [" ".join(str(value).split()) for value in row]
            if not any("alembic_version" in word for word in words):
                found.add(tuple(words))
    return found


def test_migrations_give_exactly_the_tables_of_the_code(store: Store) -> None:
    assert isinstance(store, SqlStore)
    migrated = store._ask(schema)

    def create(conn: Connection) -> set[tuple[Any, ...]]:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("CREATE SCHEMA other")
            conn.exec_driver_sql("SET LOCAL search_path TO other")
        metadata.create_all(conn)
        return schema(conn)

    fresh = SQLite("sqlite::memory:") if store.dialect == "sqlite" else store
    fresh._engine = fresh._engine or fresh.connect()
    created = fresh._do(create)
    if fresh is not store:
        fresh.close()
    assert len(migrated) > 20
    assert migrated == created


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:{tmp_path / 'half.db'}"

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.engine.base.Transaction.commit", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            make_store(url).open()
    with sqlite3.connect(tmp_path / "half.db") as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []
    raw.close()
    with open_store(url) as store:
        assert store.last_seq() == 0


# JSON ─────────────────────────────────────────────────────────────────────────────────────────

TEXT = st.text(st.characters(codec=None), max_size=20)
TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))
SPANS = st.builds(Span, field=TEXT, start=st.integers(), end=st.integers(), surface=TEXT, term=TEXT)
CLAUSES = st.recursive(
    st.builds(Clause, text=TEXT, matched=st.booleans(), spans=st.tuples(SPANS), note=TEXT),
    lambda inner: st.builds(
        Clause, text=TEXT, matched=st.booleans(), clauses=st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=5,
)
EVIDENCE = st.builds(
    Evidence,
    matched=st.booleans(),
    score=st.floats(allow_nan=False),
    clauses=st.lists(CLAUSES, max_size=3).map(tuple),
    spans=st.lists(SPANS, max_size=3).map(tuple),
)
MESSAGES = st.builds(
    Message,
    id=TEXT,
    kind=st.sampled_from(Kind),
    route=TEXT,
    channel=TEXT,
    recipient=st.builds(Recipient, address=TEXT, language=TEXT),
    slot=TIMES,
    language=TEXT,
    subject=TEXT,
    parts=st.dictionaries(TEXT, TEXT, max_size=3),
    stories=st.lists(TEXT, max_size=3).map(tuple),
    told=st.dictionaries(TEXT, st.lists(TEXT, max_size=3).map(tuple), max_size=3),
    thread=TEXT,
)


@given(EVIDENCE)
def test_evidence_is_read_back_exactly(evidence: Evidence) -> None:
    written = encode(evidence)
    assert written.encode()
    assert "\0" not in written
    assert decode(Evidence, written) == evidence


@given(MESSAGES)
def test_a_message_is_read_back_exactly(message: Message) -> None:
    written = encode(message)
    assert storable(written) == written
    assert decode(Message, written) == message


def test_fields_that_came_later_or_are_gone_do_no_harm() -> None:
    assert decode(Evidence, '{"matched":true,"colour":"red"}') == Evidence(matched=True)
    assert encode(Evidence(matched=True)) == '{"matched":true}'


def test_a_secret_is_never_written() -> None:
    with pytest.raises(TypeError, match="Secret"):
        encode(Feed(url="u", source="s", auth=Secret("user:password")))


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_made_storable(any_text: str) -> None:
    kept = storable(any_text)
    assert kept.encode().decode() == kept
    assert "\0" not in kept
    assert storable(kept) is kept


@given(TIMES, TIMES)
def test_times_as_text_sort_as_times(a: datetime, b: datetime) -> None:
    assert (utc_text(a) < utc_text(b)) == (a < b)
    assert datetime.fromisoformat(utc_text(a)).replace(tzinfo=UTC) == a
    dhaka = a.astimezone(timezone(timedelta(hours=6)))
    assert utc_text(dhaka) == utc_text(a)


def test_an_hour_that_clocks_go_through_twice_is_two_times() -> None:
    twice = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Budapest"))
    assert utc_text(twice) == "2025-10-26 00:30:00.000000"
    assert utc_text(twice.replace(fold=1)) == "2025-10-26 01:30:00.000000"


# search ───────────────────────────────────────────────────────────────────────────────────────


def test_words_are_runs_of_letters_marks_and_digits() -> None:
    assert words("পুতিনের সঙ্গে, ‘শীর্ষ’ বৈঠক।") == ["পুতিনের", "সঙ্গে", "শীর্ষ", "বৈঠক"]
    assert words("Covid-19's A_b\0\udc80c ½") == ["covid", "19", "s", "a", "b", "c", "½"]
    assert words("") == []


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ('"a"', Phrase(("a",))),
        ('"a b" *', Phrase(("a", "b"), prefix=True)),
        ('"a"*', Phrase(("a",), prefix=True)),
        ('"a" AND "b" OR "c"', "((a & b) | c)"),
        ('"a" AND ("b" OR "c")', "(a & (b | c))"),
        ('"a" AND "…"', Phrase(("a",))),
        ('"a" OR "…"', None),
        ('("a" OR "…") AND "b"', Phrase(("b",))),
        ("  ", None),
        ('"say ""hi"""', Phrase(("say", "hi"))),
    ],
)
def test_an_expression_is_read_as_it_is_meant(expression: str, wanted: Any) -> None:
    read = parse(expression)
    assert (_drawn(read) if isinstance(read, Combined) else read) == wanted


def _drawn(wanted: Phrase | Combined) -> str:
    if isinstance(wanted, Phrase):
        return " ".join(wanted.words)
    sign = {"AND": " & ", "OR": " | "}[wanted.operator]
    return "(" + sign.join(map(_drawn, wanted.parts)) + ")"


@pytest.mark.parametrize(
    "wrong", ["a", '"a" "b"', '"a" NOT "b"', '("a"', '"a")', '"a" AND', '"a', "*", "AND"]
)
def test_anything_else_is_no_expression(wrong: str) -> None:
    with pytest.raises(ValueError, match="search expression"):
        parse(wrong)


WORDS = st.text("abকি1", min_size=1, max_size=2)
PHRASES = st.builds(
    Phrase,
    st.lists(WORDS.map(str.strip).filter(lambda w: words(w) == [w]), min_size=1, max_size=2).map(tuple),
    st.booleans(),
)
WANTED = st.recursive(
    PHRASES,
    lambda inner: st.builds(
        Combined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


@given(WANTED)
def test_fts5_expressions_are_read_back(wanted: Phrase | Combined) -> None:
    assert parse(fts5(wanted)) == wanted


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["", ",", "-"])), max_size=30))
def test_a_key_comes_back_out_of_its_tsvector(cut: list[tuple[str, str]]) -> None:
    key = " ".join(word + mark for word, mark in cut)
    lexemes = [part.rpartition(":") for part in tsvector(key).split()]
    places = [(word.strip("'"), [int(n) for n in at.split(",")]) for word, _, at in lexemes]
    assert words_of(places) == " ".join(words(key))


def test_an_entry_without_words_is_not_in_the_index(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        assert isinstance(store, SqlStore)
        rows = [{"n": n, "id": str(n), "at": utc_text(NOW)} for n in (1, 2, 3)]

        def put(conn: Connection) -> list[int]:
            conn.execute(
                text("INSERT INTO entries (n, id, first_seen, revision) VALUES (:n, :id, :at, 1)"), rows
            )
            store.index.put(conn, [(1, ""), (2, " … "), (3, "putin")])
            return [row.n for row in conn.execute(text("SELECT n FROM words"))]

        assert store._do(put) == [3]


@pytest.mark.parametrize(
    "key",
    [
        " ".join(f"w{n}" for n in range(20_000)) + " putin came",
        "the putin " * 400 + "putin came",
        " ".join(f"{'x' * 60}{n}" for n in range(20_000)) + " putin came",
        "y" * 5_000 + " putin came",
    ],
    ids=["long", "one word often", "huge", "a long word"],
)
def test_a_text_of_any_length_is_found(store: Store, key: str) -> None:
    assert isinstance(store, SqlStore)

    def put(conn: Connection) -> None:
        conn.execute(
            text("INSERT INTO entries (n, id, first_seen, revision) VALUES (1, 'a', :at, 1)"),
            {"at": NOW if store.dialect == "postgresql" else utc_text(NOW)},
        )
        store.index.put(conn, [(1, key)])

    store._do(put)
    for asked in ('"putin came"', '"came"', '"put" *', '"putin" AND "came"', f'"{key.split()[0]}"'):
        assert [e.id for e in store.search(asked, limit=2)] == ["a"], asked
    assert tsquery(Phrase(("a",)))


def test_the_index_of_words_stays_sound_through_revisions_and_pruning(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        assert isinstance(store, SqlStore)

        def work(conn: Connection) -> None:
            for n in range(1, 40):
                conn.exec_driver_sql(
                    "INSERT INTO entries (n, id, first_seen, revision) VALUES (?, ?, '2025', 1)", (n, str(n))
                )
            store.index.put(conn, [(n, f"পুতিন word{n} x{n % 7}") for n in range(1, 40)])
            store.index.put(conn, [(n, f"ট্রাম্প other{n}") for n in range(1, 20)])
            store.index.put(conn, [(3, ""), (4, "…")])
            store.index.drop(conn, list(range(10, 30)))
            found = conn.exec_driver_sql("SELECT count(*) FROM search WHERE search MATCH 'পুতিন'").scalar()
            assert found == 10
            found = conn.exec_driver_sql("SELECT count(*) FROM search WHERE search MATCH 'ট্রাম্প'").scalar()
            assert found == 7
            conn.exec_driver_sql("INSERT INTO search (search) VALUES ('integrity-check')")

        store._do(work)


# SQLite ───────────────────────────────────────────────────────────────────────────────────────


def test_a_second_daemon_on_one_file_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    first, second = SQLite(f"sqlite:{path}"), SQLite(f"sqlite:{path}")
    (tmp_path / "monitor.db.lock").write_text("999999999 stale and long\n")
    with first.exclusive():
        with pytest.raises(
            StoreError, match=rf"another monitor \(pid {os.getpid()}\) is running on .*monitor.db"
        ):
            second.exclusive().__enter__()
        assert (tmp_path / "monitor.db.lock").read_text() == f"{os.getpid()}\n"
    with second.exclusive():
        pass


def test_the_lock_of_a_killed_daemon_is_free(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'monitor.db'}"
    code = (
        "import sys\nfrom monitor.stores.sqlite import Store\n"
        f"with Store({url!r}).exclusive():\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=rf"pid {daemon.pid}"), SQLite(url).exclusive():
            pass
        daemon.kill()
        daemon.wait()
    with SQLite(url).exclusive():
        pass


def test_a_lock_in_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"), SQLite(f"sqlite:{tmp_path}/no/m.db").exclusive():
        pass


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:monitor.db", "monitor.db"),
        ("sqlite:/var/lib/monitor.db", "/var/lib/monitor.db"),
        ("sqlite:///var/lib/monitor.db", "/var/lib/monitor.db"),
        ("sqlite::memory:", ":memory:"),
    ],
)
def test_the_path_of_an_sqlite_url(url: str, path: str) -> None:
    assert SQLite(url).path == path


@pytest.mark.parametrize("url", ["sqlite:", "sqlite://host/monitor.db"])
def test_an_sqlite_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="names no file"):
        SQLite(url)


def test_sqlite_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        assert isinstance(store, SqlStore)
        for pragma, value in {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "page_size": 8192,
        }.items():
            got = store._ask(lambda conn, name=pragma: conn.exec_driver_sql(f"PRAGMA {name}").scalar())  # type: ignore[misc]
            assert got == value, pragma


def test_a_store_in_memory_works() -> None:
    with open_store("sqlite::memory:") as store, store.exclusive():
        feed_store(store)
        assert len(store.claim_feeds(NOW, 9, LEASE)) == 1


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"<html>" * 5_000)


def _damaged(path: Path) -> None:
    with open_store(f"sqlite:{path}") as store:
        feed_store(store)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(8192 * 20))


def _a_folder(path: Path) -> None:
    path.mkdir()


def use(store: Store) -> None:
    store.open()
    store.feed_states()
    store.counts()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_not_a_database, "this is not an SQLite database"),
        (_damaged, "damaged, or its disk could not be read or written for a moment; start again, and if"),
        (_a_folder, "this is a folder"),
    ],
)
def test_a_file_that_is_no_database_is_named_as_what_it_is(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "monitor.db"
    make(path)
    store = make_store(f"sqlite:{path}")
    with pytest.raises(StoreError, match=said) as caught:
        use(store)
    store.close()
    assert str(path) in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"there is no folder {tmp_path / 'no'}"):
        SQLite(f"sqlite:{tmp_path / 'no' / 'monitor.db'}").open()


def test_a_full_disk_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        assert isinstance(store, SqlStore)
        feed_store(store)
        pages = store._ask(lambda conn: conn.exec_driver_sql("PRAGMA page_count").scalar())
        store._ask(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count={pages}"))
        with pytest.raises(StoreError, match="the disk is full"):
            store.meta({f"key{n}": "x" * 5000 for n in range(50)})
        store._ask(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count=1000000"))
        assert store.meta({"a": "b"}) == {"a": "b"}


def test_a_database_that_another_process_holds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.stores.sqlite.BUSY", 0.01)
    path = tmp_path / "monitor.db"
    with open_store(f"sqlite:{path}") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has held the database"):
            feed_store(store)
        assert store.feed_states() == [], "reading goes on beside a writer"
        other.execute("COMMIT")
        other.close()
        feed_store(store)


def test_a_daemon_killed_before_its_commit_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'monitor.db'}"
    with open_store(url) as store:
        store.meta({"a": "before"})
    code = (
        "import os, signal\nfrom monitor.stores.sqlite import Store\n"
        f"store = Store({url!r})\nstore.open()\n"
        "def work(conn):\n"
        "    conn.exec_driver_sql('PRAGMA cache_spill=1')\n"
        "    conn.exec_driver_sql(\"UPDATE meta SET value = 'after'\")\n"
        "    conn.exec_driver_sql(\"INSERT INTO meta VALUES ('big', hex(zeroblob(30000000)))\")\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "store._do(work)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with open_store(url) as store:
        assert store.meta() == {"a": "before"}


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    for number in range(20):  # one in sixteen met the refusal that SQLite does not wait for
        assert _open_at_once(f"sqlite:{tmp_path / str(number)}.db") == []


def _open_at_once(url: str) -> list[StoreError]:
    failures: list[StoreError] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            with open_store(url) as store:
                store.counts()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_a_file_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        assert isinstance(store, SqlStore)
        # What SQLite answers for a file without write permission, and for root as well.
        store._ask(lambda conn: conn.exec_driver_sql("PRAGMA query_only=1"))
        with pytest.raises(StoreError, match="no permission to write"):
            feed_store(store)


def test_too_many_open_files_are_not_taken_for_a_lack_of_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error

    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(StoreError, match="too many files are open"):
        SQLite(f"sqlite:{tmp_path / 'monitor.db'}").open()
    with pytest.raises(StoreError, match="there is no folder"):
        SQLite(f"sqlite:{tmp_path / 'gone' / 'monitor.db'}").open()


def test_a_lock_that_cannot_be_written_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with (
        pytest.raises(StoreError, match=r"cannot lock .*monitor\.db\.lock: No space left"),
        SQLite(f"sqlite:{tmp_path / 'monitor.db'}").exclusive(),
    ):
        pytest.fail("it went on without its lock")


def test_migrations_that_cannot_be_read_leave_no_empty_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLite(f"sqlite:{tmp_path / 'monitor.db'}")
    with monkeypatch.context() as patch:
        patch.setattr("alembic.command.upgrade", lambda *args: None)  # as Alembic does with EMFILE
        with pytest.raises(StoreError, match="own files cannot be read"):
            store.open()
    with open_store(store.url):
        pass


def test_the_newest_version_is_that_of_the_last_migration(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        assert isinstance(store, SqlStore)
        version = store._ask(
            lambda conn: conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        )
        assert version == _migrations.newest()


def test_a_store_that_has_the_newest_version_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'monitor.db'}"
    with open_store(url):
        pass
    code = f"""import sys
from monitor.stores.sqlite import Store
store = Store({url!r})
store.open()
print(len(store.feed_states()), *(name for name in ("alembic", "mako", "rich", "pygments") if name in sys.modules))
store.close()"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["0"]


def test_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    urls = [f"https://example.org/{n}" for n in range(40)]
    with open_store(f"sqlite:{tmp_path / 'monitor.db'}") as store:
        feed_store(store, *urls)
        taken: list[str] = []

        def work() -> None:
            while claimed := store.claim_feeds(NOW, 3, LEASE):
                taken.extend(state.url for state in claimed)
                store.feed_states()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == sorted(urls)


# PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def server_url(postgresql_server: Callable[[], str]) -> str:
    return postgresql_server()


def test_any_number_of_daemons_may_join_one_postgresql() -> None:
    one, other = PostgreSQL("postgresql://x/y"), PostgreSQL("postgresql://x/y")
    with one.exclusive(), other.exclusive():
        pass


@pytest.mark.postgresql
def test_many_may_open_a_new_database_at_once(server_url: str) -> None:
    with open_store(server_url) as store:
        assert isinstance(store, SqlStore)
        store._do(lambda conn: conn.exec_driver_sql("DROP SCHEMA public CASCADE"))
        store._do(lambda conn: conn.exec_driver_sql("CREATE SCHEMA public"))
    assert _open_at_once(server_url) == []


@pytest.mark.postgresql
def test_a_connection_that_broke_is_replaced_by_the_next_call(server_url: str) -> None:
    with open_store(server_url) as store, open_store(server_url) as killer:
        feed_store(store)
        _kill_others(killer)
        assert [s.url for s in store.feed_states()] == [FEED]


@pytest.mark.postgresql
def test_a_connection_that_breaks_before_the_commit_leaves_nothing_and_is_tried_again(
    server_url: str,
) -> None:
    with open_store(server_url) as store, open_store(server_url) as killer:
        assert isinstance(store, SqlStore)
        tries: list[int] = []

        def work(conn: Connection) -> int:
            conn.exec_driver_sql(f"INSERT INTO meta (key, value) VALUES ('try{len(tries)}', '')")
            tries.append(1)
            if len(tries) == 1:
                _kill_others(killer)
            one: int = conn.exec_driver_sql("SELECT 1").scalar_one()
            return one

        assert store._do(work) == 1
        assert store.meta() == {"try1": ""}


@pytest.mark.postgresql
def test_a_server_that_keeps_breaking_the_connection_is_an_error(server_url: str) -> None:
    with open_store(server_url) as store, open_store(server_url) as killer:
        assert isinstance(store, SqlStore)

        def work(conn: Connection) -> None:
            _kill_others(killer)
            conn.exec_driver_sql("SELECT 1")

        with pytest.raises(StoreError, match=r"PostgreSQL at .*(terminat|connection)"):
            store._do(work)
        assert store.counts().entries == 0


def _kill_others(store: Store) -> None:
    """Cut all other connections to this database, as a restarting server does."""
    assert isinstance(store, SqlStore)
    store._do(
        lambda conn: conn.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).all()
    )


@pytest.mark.postgresql
def test_a_reader_never_finds_a_seq_that_is_lower_than_one_it_saw(server_url: str) -> None:
    """Whoever takes numbers from the counter keeps the others waiting until the commit."""
    with open_store(server_url) as one, open_store(server_url) as other:
        assert isinstance(one, SqlStore)
        assert isinstance(other, SqlStore)
        order: list[int] = []
        taken = threading.Event()

        def second() -> None:
            taken.wait()
            other._do(lambda conn: order.append(_log.take(conn, "seq", 1)))

        thread = threading.Thread(target=second)
        thread.start()

        def first(conn: Connection) -> None:
            last = _log.take(conn, "seq", 2)
            taken.set()
            thread.join(0.3)
            assert thread.is_alive(), "the second waits"
            order.append(last)

        one._do(first)
        thread.join()
        assert order == [2, 3]


@pytest.mark.postgresql
def test_two_processes_that_bring_the_same_entries_wait_for_one_another(server_url: str) -> None:
    from tests.contracts.test_stores import entry, found

    urls = [f"https://example.org/{n}" for n in range(8)]
    entries = [entry(n) for n in range(40)]
    with open_store(server_url) as store:
        feed_store(store, *urls)
        states = store.claim_feeds(NOW, 99, LEASE)
    failures: list[BaseException] = []

    def work(mine: list[Any], turned: bool) -> None:
        try:
            with open_store(server_url) as store:
                for state in mine:
                    brought = entries[::-1] if turned else entries
                    record = found(state, *brought, topics=["a", "b"])
                    assert store.record_polls([record], NOW) == [True]
        except (StoreError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(states[n::4], n % 2 == 0)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_store(server_url) as store:
        counts = store.counts()
        assert (counts.entries, counts.matches) == (40, 80)
        assert set(store.known([entries[0].id])[entries[0].id].fingerprints) == set(urls)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://someone:hunter2@no-such-host.invalid/news", "no-such-host.invalid/news: .*"),
        ("postgresql://someone:hunter2@127.0.0.1:1/news", "127.0.0.1/news: .*(refused|failed)"),
        ("postgresql://someone:hunter2@host:port/news", "cannot be read"),
    ],
)
def test_a_server_that_is_not_there_is_named_without_the_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        make_store(url).open()
    assert "hunter2" not in str(caught.value)


@pytest.mark.postgresql
def test_a_database_that_is_not_there_is_named(server_url: str) -> None:
    base, _, query = server_url.partition("?")
    with pytest.raises(StoreError, match='"nowhere" does not exist'):
        make_store(f"{base.rpartition('/')[0]}/nowhere?{query}").open()


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="extra `postgresql`"):
        make_store("postgresql://host/news").open()
