"""B-cubed, and `evaluate --stories` over labelled entries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.cluster.evaluate import bcubed
from monitor.commands._labelled import dated
from tests.world import ROOT, Desk

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
    gold = {"a": 1, "b": 1, "c": 1, "d": 2}
    kind = {"a": "bn", "b": "en", "c": "en", "d": "ru"}
    together = bcubed(gold, {"a": 1, "b": 1, "c": 2, "d": 3}, kind=kind)
    # a finds b and misses c; b finds a; c finds nobody; d has nobody to find
    assert together["precision"] == 1.0
    assert together["recall"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert bcubed(gold, dict.fromkeys(gold, 1), kind=kind)["precision"] < 1


def test_a_date_is_as_vague_as_it_is_written() -> None:
    cases: list[dict[str, Any]] = [
        {"id": "1", "date": "2025-10-16T18:30:00Z"},
        {"id": "2", "date": "2025-10-16"},
        {"id": "3", "date": "2025-10"},
        {"id": "4", "date": None},
    ]
    (_, exact), (_, day), (month_entry, month), (_, unknown) = dated(cases)
    start = datetime(2025, 10, 16, tzinfo=UTC)
    assert exact is None
    assert day == (start, start + timedelta(days=1))
    assert month == (datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC))
    assert month_entry.published is None
    assert unknown == month


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
    assert found["stories"] == {"labelled": 2, "found": 2}
    assert set(found["across_languages"]) == {"precision", "recall", "f1"}


@pytest.mark.shared
def test_labelled_news_is_grouped_as_its_readers_grouped_it(tmp_path: Path) -> None:
    if not STORIES.exists():
        pytest.skip("the shared research data is not beside the checkout")
    found = Desk(tmp_path).json(
        "evaluate", "--stories", str(STORIES), "--config", str(ROOT / "config" / "monitor.yaml")
    )
    assert found["bcubed"]["precision"] >= 0.92
    assert found["bcubed"]["f1"] >= 0.80
    assert found["bcubed"]["f1"] > found["singletons"]["f1"] + 0.1
