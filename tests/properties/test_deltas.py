"""Whatever happens between two digests: what a reader was told, all together, is all there was to tell, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.compose import Desk, Reader, compose
from monitor.model import (
    Cursor,
    Delivery,
    Digest,
    Edit,
    EditKind,
    Entry,
    Fresh,
    Kind,
    Link,
    LinkKind,
    Match,
    Message,
    PollRecord,
    Reading,
    Recipient,
    Route,
    Send,
    Story,
    Turn,
)
from monitor.pipeline import situation
from monitor.stores import Store
from tests._stores import open_store
from tests.compose_kit import DESK, FEEDS, LONGER, NOW, TWO, an_entry
from tests.contracts.test_stores import evidence

LEASE = timedelta(minutes=3)
FEED = next(iter(FEEDS.values()))
NAMES = sorted(feed.source.lower() for feed in FEEDS.values())
DENIES = "peskov denies any date"

_stories = st.integers(0, 2)
REPORTS = st.tuples(
    st.just("report"),
    _stories,
    st.sampled_from(NAMES),
    st.sampled_from(["", TWO, LONGER, "number missile 3 3"]),
    st.booleans(),
)
COPIES = st.tuples(st.just("copy"), _stories)
TITLES = st.tuples(st.just("title"), st.integers(0, 9), st.sampled_from(["On", "Off", "Perhaps"]))
TURNS = st.tuples(st.just("turn"), _stories)
DIGESTS = st.just(("digest",))
EVENTS = st.lists(st.one_of(REPORTS, REPORTS, COPIES, TITLES, TURNS, DIGESTS), min_size=1, max_size=24)
MOVES = st.one_of(
    st.tuples(st.sampled_from(["unite", "merge"]), _stories, _stories),
    st.tuples(st.just("split"), _stories, st.integers(0, 9)),
    st.just(("undo",)),
)
MOVING = st.lists(
    st.one_of(REPORTS, REPORTS, COPIES, TITLES, TURNS, DIGESTS, MOVES, MOVES), min_size=4, max_size=24
)

_numbers = count(1)


@pytest.fixture(scope="module")
def ledger() -> Iterator[Store]:
    """One store for all examples: each has a topic, stories and readers of its own."""
    with open_store("sqlite::memory:") as store:
        store.sync_feeds([FEED], NOW, spread=timedelta(0))
        yield store


@dataclass
class World:
    """One example's events, through the very store."""

    store: Store
    name: str
    entries: list[Entry] = field(default_factory=list)
    turns: int = 0
    edits: int = 0
    """Those that are not undone."""

    def story(self, number: int) -> Story | None:
        """Return what has become of the story of a number."""
        return self.store.find_story(f"{self.name}:{number}")

    def record(self, entry: Entry, *, revised: bool = False) -> None:
        (state,) = self.store.claim_feeds(NOW, 1, LEASE)
        match = Match(
            entry_id=entry.id, revision=entry.revision, topic=self.name, evidence=evidence(entry.title[:1])
        )
        record = PollRecord(
            state=replace(state, next_poll_at=NOW),
            fresh=Fresh(entries=() if revised else (entry,), revised=(entry,) if revised else ()),
            readings={entry.id: Reading(matches=(match,))},
        )
        assert self.store.record_polls([record], NOW) == [True]

    def report(self, number: int, feed: str, value: str, denies: bool) -> None:
        text = "; ".join(part for part in (value, DENIES if denies else "") if part) or "Text"
        entry = an_entry(f"{self.name}-{len(self.entries)}", feed, minute=len(self.entries), summary=text)
        self.add(entry, number, LinkKind.LIKE)

    def copy(self, number: int) -> None:
        """A paper that has only this agency's copies carries the story's first report."""
        if story := self.story(number):
            first = next(one for one in self.entries if one.id == story.entry_ids[0])
            name = f"{self.name}-{len(self.entries)}"
            copied = replace(first, id=name, url=first.url + name, source=f"Carrier {name}", revision=1)
            self.add(copied, number, LinkKind.COPY, first.id)

    def add(self, entry: Entry, number: int, kind: LinkKind, other: str = "") -> None:
        self.record(entry)
        self.entries.append(entry)
        story = self.story(number)
        link = Link(entry_id=entry.id, other_id=other, kind=kind if story else LinkKind.FIRST)
        there = story or Story(id=f"{self.name}:{number}", entry_ids=(), first_seen=NOW, last_seen=NOW)
        self.store.record_stories(
            [replace(there, entry_ids=(*there.entry_ids, entry.id), links=(link,), merged=())]
        )

    def unite(self, one: int, other: int) -> None:
        """Two stories turn out to be one."""
        kept, gone = self.story(one), self.story(other)
        if kept and gone and kept.id != gone.id:
            both = (*kept.entry_ids, *gone.entry_ids)
            self.store.record_stories([replace(kept, entry_ids=both, links=(), merged=(gone.id,))])

    def merge(self, one: int, other: int) -> None:
        """Somebody puts them together."""
        kept, gone = self.story(one), self.story(other)
        if kept and gone and kept.id != gone.id:
            self.edit(EditKind.MERGE, kept, gone.id, ())

    def split(self, number: int, place: int) -> None:
        """Somebody takes an entry out."""
        story = self.story(number)
        if story and len(story.entry_ids) > 1:
            taken = story.entry_ids[place % len(story.entry_ids)]
            self.edit(EditKind.SPLIT, story, f"{self.name}/{next(_numbers)}", (taken,))

    def edit(self, kind: EditKind, story: Story, other: str, entry_ids: tuple[str, ...]) -> None:
        wanted = Edit(at=NOW, who="rahima", kind=kind, story_id=story.id, other_id=other, entry_ids=entry_ids)
        assert self.store.edit_story(wanted)
        self.edits += 1

    def undo(self) -> None:
        if self.edits:
            assert self.store.undo_edit(NOW)
            self.edits -= 1

    def title(self, number: int, title: str) -> None:
        if self.entries:
            place = number % len(self.entries)
            old = self.entries[place]
            self.entries[place] = replace(old, title=title, revision=old.revision + 1)
            self.record(self.entries[place], revised=True)

    def turn(self, number: int) -> None:
        if story := self.story(number):
            self.turns += 1
            turn = Turn(
                id=f"{self.name}-t{self.turns}",
                topic=self.name,
                state="agreed",
                story_id=story.id,
                reached_at=NOW,
                entry_ids=(story.entry_ids[0],),
            )
            self.store.record_stories([], [turn])


class Told:
    """A reader, and all that they were told."""

    def __init__(self, world: World, name: str) -> None:
        route = Route(name=f"{world.name}-{name}", topics=(world.name,), channels=("desk",), send=Send.DIGEST)
        self.world = world
        self.reader = Reader(route=route, channel="desk", recipient=Recipient(address="a@example.org"))
        self.atoms: Counter[tuple[str, ...]] = Counter()
        self.titles: dict[str, str] = {}
        self.reports: set[str] = set()
        """The entries told so far."""
        self.facts: set[str] = set()
        self.seqs: list[int] = []
        self.digests = 0
        self.position = world.store.last_seq()

    def digest(self) -> None:
        store, desk = self.world.store, replace(DESK, stages={})
        now = NOW + timedelta(hours=1)
        found = situation(store, self.reader, desk, after=self.position, until=now, now=now)
        self.seqs += [hit.seq for hit in found.news.hits] + [one.seq for one in found.news.changes]
        self.position = found.news.position
        digest = compose(found, self.reader, desk, slot=NOW, since=None, until=now)
        if digest is not None:
            self.take(digest, desk)

    def take(self, digest: Digest, desk: Desk) -> None:
        told: dict[str, tuple[str, ...]] = {}
        self.digests += 1
        for section in digest.sections:
            for story in section.stories:
                told[story.id] = story.told
                news = story.news
                shown = (story.lead, *story.also)
                self.facts.update(item for item in story.told if item.startswith("fact:"))
                here = {one.entry.id for one in (*shown, *story.carriers)}
                assert story.state != "new" or not here & self.reports, "what was told of is not new"
                self.reports |= here
                now = [self.world.store.find_story(old) for old in story.formerly]
                assert {one.id for one in now if one} <= {story.id}, "former ids lead to the story told"
                if story.state == "new":
                    self.atoms.update({("source", story.id, one.entry.source) for one in shown})
                    facts = {item for item in story.told if item.startswith("fact:")}
                    self.atoms.update(("fact", story.id, item) for item in facts)
                else:
                    assert news, "nobody is told of a story again without something new in it"
                    self.atoms.update(("source", story.id, one.entry.source) for one in news.sources)
                    self.atoms.update(
                        ("fact", story.id, f"fact:{n.fact.kind}|{n.fact.about}|{n.fact.value}")
                        for n in news.facts
                    )
                self.atoms.update(("denial", story.id, quote.speaker) for quote in news.denials)
                self.atoms.update(
                    ("conflict", item)
                    for item in story.told
                    if item.startswith("conflict:") and news.contradictions
                )
                for change in news.headlines:
                    entry = change.item.entry
                    assert self.titles[entry.id] == change.before != entry.title
                    self.titles[entry.id] = entry.title
                for one in shown:  # of carriers only the names are shown
                    known = self.titles.setdefault(one.entry.id, one.entry.title)
                    assert known == one.entry.title, "a headline that changed is told as changed"
        for note in digest.turns:
            self.atoms["turn", note.turn.id] += 1
            old = told.get(note.turn.story_id, ())
            told[note.turn.story_id] = (*old, f"turn:{note.turn.id}")
        self.remember(told)

    def remember(self, told: dict[str, tuple[str, ...]]) -> None:
        """Queue the message, as promise 2 does."""
        store, route = self.world.store, self.reader.route.name
        message = Message(
            id=f"{route}-{self.digests}",
            kind=Kind.DIGEST,
            route=route,
            channel="desk",
            recipient=self.reader.recipient,
            slot=NOW,
            language="bn",
            subject="",
            parts={},
            stories=tuple(told),
            told=told,
        )
        delivery = Delivery(id=message.id, message=message, channel="desk", due_at=NOW, queued_at=NOW)
        cursor = next((one for one in store.cursors() if one.route == route), None)
        if cursor is None:
            cursor = Cursor(route=route, channel="desk", recipient="a@example.org", position=0)
            store.start_cursor(cursor, NOW + timedelta(days=999))
            cursor = next(one for one in store.cursors() if one.route == route)
        assert store.enqueue(replace(cursor, position=self.position), [delivery], cursor.position)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_the_union_of_a_reader_s_deltas_is_the_full_log_and_nothing_is_told_twice(
    ledger: Store, events: list[tuple[object, ...]]
) -> None:
    world = World(ledger, f"w{next(_numbers)}")
    often, once = Told(world, "often"), Told(world, "once")
    start = ledger.last_seq()
    for kind, *rest in events:
        if kind == "digest":
            often.digest()
        else:
            getattr(world, str(kind))(*rest)
    often.digest()
    once.digest()

    assert sorted(often.seqs) == sorted(once.seqs), "each line of the log is in exactly one of the deltas"
    assert often.position == once.position == max([start, *once.seqs])
    assert set(often.atoms) == set(once.atoms)
    assert {name for name, times in often.atoms.items() if times > 1} == set()
    for entry in world.entries:
        assert often.titles.get(entry.id, entry.title) == entry.title
        assert once.titles.get(entry.id, entry.title) == entry.title
    before = often.digests
    often.digest()
    assert often.digests == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=MOVING)
def test_whatever_becomes_of_stories_all_is_told_and_nothing_as_new_again(
    ledger: Store, events: list[tuple[object, ...]]
) -> None:
    """Stories turn out to be one, hands put them together, take them apart and undo it."""
    world = World(ledger, f"m{next(_numbers)}")
    often, once = Told(world, "often"), Told(world, "once")
    for kind, *rest in events:
        if kind == "digest":
            often.digest()
        else:
            getattr(world, str(kind))(*rest)
    often.digest()
    once.digest()

    assert sorted(often.seqs) == sorted(once.seqs), "each line of the log is in exactly one of the deltas"
    assert often.facts >= once.facts
    turns = {atom: times for atom, times in often.atoms.items() if atom[0] == "turn"}
    assert turns == {("turn", f"{world.name}-t{number}"): 1 for number in range(1, world.turns + 1)}
    before = often.digests
    often.digest()
    assert often.digests == before, "what became of stories is no news"
