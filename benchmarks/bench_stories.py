"""How fast entries are grouped into stories, and how fast an archive is replayed.

Entries: a seeded press of four languages. Stories of Zipf's sizes are told over hours to days, as agency
copy with some words changed, as rewrites that share names and rare words, and in other languages, which
share names only; each entry has a title, a lead of some forty words and the entities a matcher would
have found, every second one a place or a number too. The window is filled with 100,000 entries (72 hours), then 20,000 more come in batches of 50
while as many fall out: `entries_per_s` is the CPU time of those, `peak_mb` the most memory the process
had before the replay.

Replay: `monitor replay` over 1,000 polls, as `bench_replay.py` measures it, by the clock.

    python benchmarks/bench_stories.py [--window N] [--more N] [--polls N] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.cluster import WINDOW, Clusterer, Known
from monitor.model import Entity, Entry, Fact, FactKind, LinkKind, Span

START = datetime(2025, 10, 13, tzinfo=UTC)
BATCH = 50

SYLLABLES = {
    "bn": "কা কি কে গা গো চা জা টা ঠি ডা তা তি থা দা দি ধা না নি পা পি ফা বা বি ভা মা মি যা রা রি লা লি শা সা সি হা হি",
    "en": "ba be bo ca ce da de di fa fe ga go ha he la le li lo ma me mi na ne no pa pe ra re ri ro sa se so ta te to va",
    "ru": "ба бе бо ва ве во га го да де ди до за ка ки ко ла ле ли ло ма ме ми мо на не ни но па по ра ре ри ро са та",
    "hu": "ba be bá cse csa da dé el em fa fe ga gy ha hé ka ke lá le ma me ná ny ol pa pé ra ré sza szé ta té va ve zá zö",
}
LANGUAGES = ("bn", "bn", "bn", "en", "en", "ru", "hu")
OUTLETS = 240
ENTITIES = 150
TOPICS = 40
LATEST = 6_000
"""Pieces of news that are still told."""


@dataclass(slots=True)
class Piece:
    """One piece of news: who and what it is about, and what its agency wrote in each language."""

    topics: tuple[str, ...]
    facts: tuple[Fact, ...]
    names: list[str]
    words: dict[str, list[str]]
    copy: dict[str, tuple[str, str]] = field(default_factory=dict)


class Press:
    """Writes entries, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words = {language: self._vocabulary(language) for language in SYLLABLES}
        self.pieces: deque[Piece] = deque(maxlen=LATEST)
        self.count = self.told = 0
        self.known: dict[str, Known] = {}
        """Of the entries of this batch."""

    def _vocabulary(self, language: str) -> list[str]:
        draw, syllables = self.random, SYLLABLES[language].split()
        made = {"".join(draw.choice(syllables) for _ in range(draw.randint(2, 5))) for _ in range(30_000)}
        return sorted(made)

    def _common(self, language: str, number: int) -> list[str]:
        """Return words by Zipf's law."""
        words, draw = self.words[language], self.random
        return [words[min(int(draw.paretovariate(0.75)) - 1, len(words) - 1)] for _ in range(number)]

    def _piece(self) -> Piece:
        draw = self.random
        names = [f"e{min(int(draw.paretovariate(0.9)), ENTITIES) - 1}" for _ in range(draw.randint(2, 8))]
        words = {language: draw.sample(self.words[language], 14) for language in SYLLABLES}
        topics = tuple(sorted({f"topic-{draw.randrange(TOPICS)}" for _ in range(draw.randint(1, 2))}))
        return Piece(topics, self._facts(names), list(dict.fromkeys(names)), words)

    def _facts(self, names: list[str]) -> tuple[Fact, ...]:
        draw = self.random
        if draw.random() < 0.5:
            return ()
        kind = draw.choice((FactKind.PLACE, FactKind.NUMBER))
        number = float(draw.randint(2, 400))
        value = f"e{draw.randrange(ENTITIES)}" if kind is FactKind.PLACE else f"{number:.0f}"
        span = Span(field="title", start=0, end=5, surface="there")
        about = draw.choice(("meeting", "killed", "missile"))
        return (
            Fact(
                kind=kind, about=about, value=value, low=number, high=number, span=span, who=tuple(names[:2])
            ),
        )

    def _text(self, piece: Piece, language: str) -> tuple[str, str]:
        draw, rare = self.random, piece.words[language]
        title = [*draw.sample(rare, 4), *self._common(language, 5)]
        lead = [*rare, *self._common(language, 28)]
        draw.shuffle(title)
        draw.shuffle(lead)
        return " ".join(title), " ".join(lead[:21]) + ". " + " ".join(lead[21:]) + "."

    def write(self, at: datetime) -> Entry:
        """Return the next entry: of a new piece of news, or of one of the latest, the latest first."""
        draw = self.random
        if not self.pieces or draw.random() < 0.3:
            self.pieces.append(self._piece())
            self.told += 1
        back = min(int(draw.paretovariate(0.5)), len(self.pieces))
        piece = self.pieces[-back]
        language = draw.choice(LANGUAGES)
        if draw.random() < 0.4:
            title, lead = piece.copy.setdefault(language, self._text(piece, language))
            words = lead.split(" ")
            for _ in range(draw.randint(0, 3)):
                words[draw.randrange(len(words))] = self._common(language, 1)[0]
            lead = " ".join(words)
        else:
            title, lead = self._text(piece, language)
        self.count += 1
        self.known[f"{self.count:032x}"] = Known(topics=piece.topics, facts=piece.facts)
        return Entry(
            id=f"{self.count:032x}",
            url=f"https://outlet.example/{self.count}",
            title=title,
            summary=lead,
            first_seen=at,
            published=at - timedelta(minutes=draw.randint(1, 40)),
            source=f"Outlet {draw.randrange(OUTLETS)}",
            feed_url="https://outlet.example/rss",
            language=language,
            entities=tuple(piece.names[: draw.randint(1, len(piece.names))]),
        )


def arrivals(press: Press, number: int, start: datetime, gap: timedelta) -> Iterator[list[Entry]]:
    """Yield batches of entries, evenly spread in time."""
    for first in range(0, number, BATCH):
        press.known = {}
        yield [press.write(start + gap * n) for n in range(first, min(first + BATCH, number))]


def peak_mb() -> float:
    """Return the most memory the process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def group(window: int, more: int, seed: int) -> tuple[float, dict[str, float]]:
    """Return entries per CPU second with a full window, and what else was seen."""
    types = ("person", "place", "concept", "institution", "role")
    entities = [Entity(id=f"e{n}", type=types[n % len(types)]) for n in range(ENTITIES)]
    clusterer, press = Clusterer(entities), Press(seed)
    gap = WINDOW / window
    spent, links = 0.0, 0
    began = time.process_time()
    for batch in arrivals(press, window, START, gap):
        clusterer.add(batch, press.known)
    filling = time.process_time() - began
    for batch in arrivals(press, more, START + WINDOW, gap):
        began = time.process_time()
        told = clusterer.add(batch, press.known)
        spent += time.process_time() - began
        links += sum(
            not link.veto for story in told for link in story.links if link.kind is not LinkKind.FIRST
        )
    return more / spent, {"fill_s": round(filling, 1), "joined": round(links / more, 2), "pieces": press.told}


def replay_s(polls: int) -> float:
    """Return the seconds that so many recorded polls take to replay."""
    command = [sys.executable, str(Path(__file__).with_name("bench_replay.py")), str(polls)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    print(*done.stdout.splitlines()[:-1], sep="\n", file=sys.stderr)
    return float(json.loads(done.stdout.splitlines()[-1])["replay_s"])


def main() -> None:
    """Print what was measured; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window", type=int, default=100_000)
    parser.add_argument("--more", type=int, default=20_000)
    parser.add_argument("--polls", type=int, default=1_000, help="0: no replay")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rate, seen = group(options.window, options.more, options.seed)
    print(
        f"{options.window:,} entries in the window, {options.more:,} more: {rate:,.0f} entries/s",
        file=sys.stderr,
    )
    result = {"entries_per_s": round(rate), "peak_mb": round(peak_mb()), **seen}
    if options.polls:
        result["replay_s"] = replay_s(options.polls)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
