"""Stories for the tests of compose: what entries say stands in their text, in a small language of its own.

`duration phone_call PT2H 7200` is a fact, `peskov denies WORDS` a statement; lines are apart by `;`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitor.compose import Desk, Reader, Situation
from monitor.model import (
    Change,
    Digest,
    Dossier,
    Entry,
    Evidence,
    Fact,
    FactKind,
    Feed,
    Hit,
    Link,
    LinkKind,
    Match,
    News,
    Recipient,
    Route,
    Said,
    Span,
    Stance,
    State,
    Statement,
    Story,
    Turn,
)

NOW = datetime(2025, 10, 16, 19, tzinfo=UTC)
FEEDS = {
    f"https://{name}.example/rss": Feed(
        url=f"https://{name}.example/rss",
        source=name.title(),
        language=language,
        country=country,
        tier=tier,
    )
    for name, language, country, tier in (
        ("bangla", "bn", "BD", 2),
        ("agency", "en", "GB", 1),
        ("blog", "en", "US", 3),
        ("kolkata", "bn", "IN", 2),
        ("duna", "hu", "HU", 2),
        ("stepovyi", "uk", "UA", 2),
    )
}
ROUTE = Route(name="day", topics=("summit", "call"), channels=("desk",), timezone="Asia/Dhaka", language="bn")
READER = Reader(route=ROUTE, channel="desk", recipient=Recipient(address="desk@example.org"))
STATES = (
    State(id="agreed", query="x", title={"en": "Agreed", "bn": "সম্মত"}),
    State(id="off", query="x", title={"en": "Called off", "bn": "বাতিল"}, contradicts=("agreed",), open=True),
)


def read(entry: Entry) -> Said:
    """Read the small language."""
    facts: list[Fact] = []
    statements: list[Statement] = []
    place = 0
    for line in entry.summary.split(";"):
        start = place + len(line) - len(line.lstrip())
        span = Span(field="summary", start=start, end=start + len(line.strip()), surface=line.strip())
        place += len(line) + 1
        match line.split():
            case [kind, about, value, number] if kind in list(FactKind):
                amount = float(number)
                where = kind == FactKind.PLACE
                facts.append(
                    Fact(
                        kind=FactKind(kind),
                        about=about,
                        value=value,
                        low=amount,
                        high=amount,
                        span=span,
                        who=("trump", "putin") if where else (),
                        within=(f"around-{value}",) if where else (),
                    )
                )
            case [speaker, "denies" | "confirms" as stance, *_]:
                statements.append(Statement(speaker=speaker, stance=Stance(stance), span=span))
    return Said(facts=tuple(facts), statements=tuple(statements))


DESK = Desk(
    topics={"summit": {"en": "The summit", "bn": "শীর্ষ সম্মেলন"}, "call": {"en": "The call"}},
    labels={"putin": {"en": "Vladimir Putin", "bn": "ভ্লাদিমির পুতিন"}},
    stages={"summit": STATES},
    feeds=FEEDS,
    read=read,
)

TWO = "duration phone_call PT2H 7200"
LONGER = "duration phone_call PT2H30M 9000"


def an_entry(name: str, feed: str = "bangla", *, minute: int = 0, **fields: object) -> Entry:
    """An entry of one of the feeds, seen so many minutes before or after NOW."""
    url = f"https://{feed}.example/rss"
    made = Entry(
        id=name,
        url=f"https://{feed}.example/{name}",
        title=f"Title {name}",
        summary="Text",
        first_seen=NOW + timedelta(minutes=minute),
        source=FEEDS[url].source,
        feed_url=url,
        language=FEEDS[url].language,
        country=FEEDS[url].country,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def a_hit(seq: int, entry: Entry | None = None, *, story: str = "s1", topic: str = "summit") -> Hit:
    entry = entry or an_entry(f"e{seq}", minute=seq - 60)
    span = Span(field="title", start=0, end=5, surface="Title", term="@putin", entity="putin")
    match = Match(
        entry_id=entry.id, revision=1, topic=topic, evidence=Evidence(matched=True, score=1.0, spans=(span,))
    )
    return Hit(seq=seq, match=match, entry=entry, story_id=story, matched_at=NOW)


def a_copy(entry_id: str, of: str) -> Link:
    return Link(entry_id=entry_id, other_id=of, kind=LinkKind.COPY)


def a_turn(state: str = "agreed", *entry_ids: str, story: str = "s1", **fields: object) -> Turn:
    made = Turn(
        id=f"t-{state}",
        topic="summit",
        state=state,
        story_id=story,
        reached_at=NOW,
        entry_ids=entry_ids,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


@dataclass
class Ledger:
    """What the store would say: all hits and changes so far, what was told, and where the cursor stands."""

    hits: list[Hit] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    position: int = 0

    def add(self, *hits: Hit, links: Sequence[Link] = ()) -> None:
        self.hits += hits
        self.links += links

    def situation(self) -> Situation:
        hits = [hit for hit in self.hits if hit.seq > self.position]
        changes = [change for change in self.changes if change.seq > self.position]
        last = max([self.position, *(hit.seq for hit in hits), *(change.seq for change in changes)])
        stories: dict[str, list[Hit]] = defaultdict(list)
        for hit in self.hits:
            stories[hit.story_id].append(hit)
        return Situation(
            news=News(hits=tuple(hits), changes=tuple(changes), position=last),
            dossiers=[
                Dossier(
                    story=Story(
                        id=one,
                        entry_ids=tuple(dict.fromkeys(hit.entry.id for hit in mine)),
                        first_seen=min(hit.entry.first_seen for hit in mine),
                        last_seen=max(hit.entry.first_seen for hit in mine),
                        links=tuple(self.links),
                    ),
                    hits=tuple(mine),
                    told=frozenset(self.told[one]),
                )
                for one, mine in sorted(stories.items())
            ],
            turns=[change.turn for change in self.changes if change.turn],
        )

    def take(self, digests: Iterable[Digest]) -> None:
        """Remember what was told, and move on."""
        for digest in digests:
            for section in digest.sections:
                for story in section.stories:
                    self.told[story.id].update(story.told)
            for note in digest.turns:
                self.told[note.turn.story_id].add(f"turn:{note.turn.id}")
        self.position = self.situation().news.position
