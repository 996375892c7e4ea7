"""`fulltext` and `poll.articles` in the config."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from monitor.config import Config, load
from monitor.errors import ConfigError

BASE = """
store: sqlite:monitor.db
poll: {{articles: {articles}}}
feeds:
  - {{url: "https://publisher.example/rss"{more}}}
"""


def read(folder: Path, more: str = "", articles: str = "60") -> Config:
    path = folder / "monitor.yaml"
    path.write_text(BASE.format(more=more, articles=articles), encoding="utf-8")
    return load(path, {})


def test_no_article_is_fetched_unless_a_feed_asks_for_it(tmp_path: Path) -> None:
    assert not read(tmp_path).feeds[0].fulltext
    assert read(tmp_path, ", fulltext: true").feeds[0].fulltext
    assert read(tmp_path, articles="5").poll.articles == 5


@pytest.mark.parametrize("missing", ["trafilatura", "protego"])
def test_without_the_extra_the_config_says_where_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert read(tmp_path, ", fulltext: false")
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, ", fulltext: true")
    (mistake,) = [one for one in wrong.value.mistakes if not one.warning]
    assert (mistake.line, mistake.column, mistake.key) == (5, 54, "feeds[0].fulltext")
    assert "monitor-daemon[fulltext]" in mistake.hint


@pytest.mark.parametrize(
    ("more", "articles", "said"),
    [
        (", fulltext: yes please", "60", "feeds[0].fulltext"),
        (", full_text: true", "60", "did you mean 'fulltext'?"),
        ("", "0", "poll.articles"),
        ("", "many", "poll.articles"),
    ],
)
def test_what_may_not_stand_there_is_named(tmp_path: Path, more: str, articles: str, said: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, more, articles)
    assert said in str(wrong.value)
