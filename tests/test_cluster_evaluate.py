"""B-cubed, and `evaluate --stories` over labelled entries."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.cluster.evaluate import bcubed
from monitor.commands._labelled import bounds_of
from tests.world import ROOT, Desk

OURS = ROOT / "tests" / "corpus" / "stories.jsonl"
OTHER_WEEKS = ROOT / "tests" / "corpus" / "stories-other-weeks.jsonl"
STORIES = ROOT.parent / "shared" / "data" / "labels" / "stories_public.jsonl"


def test_bcubed_is_as_in_the_literature() -> None:
    gold = dict(zip("abcdefgh", "11112222", strict=True))
    found = dict(zip("abcdefgh", "11122222", strict=True))
    measured = bcubed(gold, found)
    # a, b, c: 3 of 3 right, 3 of 4 found; d: 1 of 5, 1 of 4; e to h: 4 of 5, 4 of 4
    assert measured["precision"] == pytest.approx((3 * 1 + 0.2 + 4 * 0.8) / 8)
    assert measured["recall"] == pytest.approx((3 * 0.75 + 0.25 + 4 * 1) / 8)
    assert bcubed(gold, gold) == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert bcubed(gold, {one: one for one in gold})["precision"] == 1.0


def test_across_languages_only_pairs_of_two_languages_count() -> None:
    gold = {"a": "1", "b": "1", "c": "1", "d": "2"}
    language = {"a": "bn", "b": "en", "c": "en", "d": "ru"}
    together = bcubed(gold, {"a": "1", "b": "1", "c": "2", "d": "3"}, language)
    # a finds b and misses c; b finds a; c finds nobody; d has nobody to find
    assert together["precision"] == 1.0
    assert together["recall"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert bcubed(gold, dict.fromkeys(gold, "1"), language)["precision"] < 1


def test_a_date_is_as_vague_as_it_is_written() -> None:
    start = datetime(2025, 10, 16, tzinfo=UTC)
    moment = start + timedelta(hours=18, minutes=30)
    assert bounds_of("2025-10-16T18:30:00Z") == (moment, moment)
    assert bounds_of("2025-10-16T21:30:00+03:00") == (moment, moment)
    assert bounds_of("2025-10-16") == (start, start + timedelta(days=1))
    assert bounds_of("2025-10-16T00:00:00Z") == (start, start + timedelta(days=1)), "nobody wrote the time"
    assert bounds_of("2025-10") == (start.replace(day=1), datetime(2025, 11, 1, tzinfo=UTC))
    assert bounds_of("2025") == (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert bounds_of(None) is None
    assert bounds_of("") is None


def test_evaluate_says_how_stories_are_found(tmp_path: Path) -> None:
    call = "Trump and Putin agree to meet in Budapest after a call of two and a half hours"
    lines = [
        {"id": "1", "lang": "en", "source": "A", "date": "2025-10-16T18:00:00Z", "title": call, "story": "call"},
        {"id": "2", "lang": "en", "source": "B", "date": "2025-10-16T18:20:00Z", "title": call, "story": "call"},
        {"id": "3", "lang": "en", "source": "C", "date": "2025-10-16T12:00:00Z",
         "title": "Heavy rain floods the streets of Dhaka", "story": "rain"},
    ]  # fmt: skip
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    desk = Desk(tmp_path).write()
    found = desk.json("evaluate", "--stories", str(file))
    assert found["bcubed"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert (found["cases"], found["stories"], found["found"]) == (3, 2, 2)
    assert found["across_languages"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}, "there is no such pair"
    assert found["singletons"]["recall"] == pytest.approx(2 / 3)
    assert found["mixed"] == []
    assert desk.run("evaluate", "--stories", str(file), "--min-precision", "0.9").returncode == 0


def test_evaluate_names_cases_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    lines = [{"id": "1", "story": "a", "date": "yesterday"}, {"id": "2"}, {"id": "3", "story": "b"}]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    result = Desk(tmp_path).write().run("evaluate", "--stories", str(file), check=False)
    assert result.returncode == 78
    assert "case 1: its date 'yesterday' is no time, day, month or year" in result.stderr
    assert "case 2: has no story" in result.stderr
    assert "case 3" not in result.stderr


def measured(tmp_path: Path, file: Path) -> dict[str, Any]:
    shipped = str(ROOT / "config" / "monitor.yaml")
    found: dict[str, Any] = Desk(tmp_path).json("evaluate", "--stories", str(file), "--config", shipped)
    return found


def test_news_in_five_languages_is_grouped_as_its_readers_grouped_it(tmp_path: Path) -> None:
    """Our own lines: a summit's autumn, with dates, without, comment, two calls between the same people."""
    found = measured(tmp_path, OURS)
    assert found["bcubed"]["precision"] >= 0.88
    assert found["bcubed"]["f1"] >= 0.88
    assert found["across_languages"]["precision"] >= 0.85
    assert found["across_languages"]["f1"] >= 0.85


def test_other_weeks_are_grouped_about_as_well_as_those_that_were_looked_at(tmp_path: Path) -> None:
    """Two calls of 2025, written by us before anything was tried on them."""
    found = measured(tmp_path, OTHER_WEEKS)
    assert found["bcubed"]["precision"] >= 0.88
    assert found["bcubed"]["f1"] >= 0.80
    assert found["across_languages"]["f1"] >= 0.70


def test_the_order_of_lines_makes_no_difference(tmp_path: Path) -> None:
    lines = OURS.read_text(encoding="utf-8").splitlines()
    random.Random(5).shuffle(lines)
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("\n".join(lines), encoding="utf-8")
    assert measured(tmp_path, shuffled) == measured(tmp_path, OURS)


@pytest.mark.shared
def test_labelled_news_is_grouped_as_its_readers_grouped_it(tmp_path: Path) -> None:
    if not STORIES.exists():
        pytest.skip("the shared research data is not beside the checkout")
    found = measured(tmp_path, STORIES)
    assert found["bcubed"]["precision"] >= 0.92
    assert found["bcubed"]["f1"] >= 0.80
    assert found["bcubed"]["f1"] > found["singletons"]["f1"] + 0.1
