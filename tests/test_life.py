"""How a story is doing, from its reports and a moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.life import STALE, WEIGHTS, appeared, lead_rank, life
from monitor.model import Entry, Life, Phase
from tests.compose_kit import NOW, an_entry

HOUR = timedelta(hours=1)
DOC = Path(__file__).parent.parent / "docs" / "howto" / "stories.md"


def lived(
    *entries: Entry,
    groups: Sequence[Sequence[str]] = (),
    copies: Sequence[str] = (),
    hours: float = 0,
    tier: int = 2,
    score: float = 1,
) -> Life:
    """The life of these entries so many hours after NOW; each speaks for itself unless grouped."""
    return life(
        entries,
        groups or [[one.id] for one in entries],
        copies=copies,
        tier=lambda entry: tier,
        score=score,
        at=NOW + hours * HOUR,
    )


@pytest.mark.parametrize(
    ("reports", "hours", "phase"),
    [
        ([0], 0, Phase.BREAKING),
        ([0], 3, Phase.BREAKING),
        ([0], 3.1, Phase.DEVELOPING),
        ([0], 6, Phase.DEVELOPING),
        ([0], 6.1, Phase.FADING),
        ([0, 8], 14, Phase.DEVELOPING),
        ([0, 8], 16.1, Phase.FADING),
        ([0, 20], 24, Phase.DEVELOPING),
        ([0, 20], 25, Phase.SUSTAINED),
        ([0, 100], 124, Phase.SUSTAINED),
        ([0, 100], 124.1, Phase.FADING),
    ],
)
def test_the_phase_follows_from_age_and_silence(reports: list[float], hours: float, phase: Phase) -> None:
    entries = [an_entry(f"e{n}", minute=int(60 * at)) for n, at in enumerate(reports)]
    assert lived(*entries, hours=hours).phase is phase


def test_a_copy_keeps_no_story_alive() -> None:
    entries = [an_entry("a"), an_entry("b", "duna", minute=600)]
    assert lived(*entries, hours=12).phase is Phase.DEVELOPING
    assert lived(*entries, hours=12, copies=["b"], groups=[["a", "b"]]).phase is Phase.FADING


def test_the_importance_is_the_sum_of_what_the_page_says() -> None:
    entries = [an_entry("a"), an_entry("b", "duna", minute=30), an_entry("c", "agency", minute=60)]
    one = lived(*entries, tier=1, score=1, hours=2)
    assert one.parts == {"sources": 20.0, "languages": 10.0, "tier": 15.0, "growth": 7.5, "match": 0.9}
    assert one.importance == 53.4
    page = dict(re.findall(r"^\| (\w+) \| (\d+) \| ", DOC.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: float(most) for name, most in page.items()} == WEIGHTS
    assert sum(WEIGHTS.values()) == 100


@given(st.lists(st.tuples(st.sampled_from(["bangla", "duna", "agency"]), st.integers(0, 9_000)), min_size=1))
def test_the_importance_is_between_nothing_and_a_hundred_and_one_more_source_adds(
    reports: list[tuple[str, int]],
) -> None:
    entries = [an_entry(f"e{n}", feed, minute=minute) for n, (feed, minute) in enumerate(reports)]
    before = lived(*entries, hours=150)
    after = lived(*entries, an_entry("new", minute=9_000), hours=150)
    assert 0 <= before.importance < after.importance <= 100


def test_who_had_it_first_is_known_for_each_language_and_country() -> None:
    entries = [
        an_entry("a", "kolkata", minute=50),
        an_entry("b", "duna", minute=5),
        an_entry("c", "bangla", minute=70),
        an_entry("d", "bangla", minute=60),
        an_entry("e", "blog", minute=9, language="und"),
    ]
    assert [(one.language, one.country, one.source, one.first - NOW) for one in lived(*entries).coverage] == [
        ("hu", "HU", "Duna", timedelta(minutes=5)),
        ("bn", "IN", "Kolkata", timedelta(minutes=50)),
        ("bn", "BD", "Bangla", timedelta(minutes=60)),
    ]


@pytest.mark.parametrize(
    ("before", "believed"),
    [(timedelta(), True), (5 * HOUR, True), (STALE, True), (STALE + HOUR, False), (-HOUR, False)],
)
def test_a_date_is_believed_unless_it_is_later_than_we_saw_it_or_very_old(
    before: timedelta, believed: bool
) -> None:
    entry = an_entry("a", published=NOW - before)
    assert appeared(entry) == (NOW - before if believed else NOW)
    assert appeared(an_entry("b")) == NOW


def test_who_leads() -> None:
    own, better, bare, later = (
        an_entry("a", "bangla", minute=9),
        an_entry("b", "agency"),
        an_entry("c", "kolkata", summary="", content=""),
        an_entry("d", "kolkata", minute=20),
    )
    ranked = sorted([better, bare, later, own], key=lambda e: lead_rank(e, "bn-BD", 1 if e is better else 2))
    assert ranked == [own, later, bare, better]
