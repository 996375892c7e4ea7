"""`signals` and `tells`: what may stand there, and what is said of what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import Config, load
from monitor.errors import ConfigError
from monitor.model import KINDS, SignalKind

BASE = """
store: sqlite:monitor.db
feeds: [{{url: "https://publisher.example/rss"}}]
topics: {{summit: {{query: "Trump AND Putin"{topic}}}}}
channels: {{out: {{type: file, folder: out}}}}
routes: {{day: {{topics: summit, channels: out, every: 1h{route}}}}}
"""


def read(folder: Path, *, topic: str = "", route: str = "") -> Config:
    path = folder / "monitor.yaml"
    path.write_text(BASE.format(topic=topic, route=route), encoding="utf-8")
    return load(path, {})


def test_nothing_is_watched_and_everything_is_told_unless_somebody_says_so(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert config.topics[0].signals == ()
    assert (config.routes[0].signals, config.routes[0].tells) == ((), KINDS)


def test_signals_and_what_a_route_tells_are_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        topic=", signals: [burst, first-seen, burst]",
        route=", signals: no-data, tells: [turns, burst]",
    )
    assert config.topics[0].signals == (SignalKind.BURST, SignalKind.FIRST_SEEN)
    assert config.routes[0].signals == (SignalKind.NO_DATA,)
    assert config.routes[0].tells == {"turns", "burst"}


@pytest.mark.parametrize(
    ("topic", "route", "said"),
    [
        (
            ", signals: [bursts]",
            "",
            "topics.summit.signals[0]: must be burst or first-seen or no-data; did you mean 'burst'?",
        ),
        ("", ", signals: [first-seen]", "routes.day.signals[0]: must be burst or no-data"),
        (
            "",
            ", tells: [story]",
            "routes.day.tells[0]: must be stories or turns or burst or first-seen or no-data",
        ),
        ("", ", tells: []", "routes.day.tells: must name at least one"),
        ("", ", kinds: [burst]", "routes.day.kinds: unknown setting 'kinds'"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(tmp_path: Path, topic: str, route: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, topic=topic, route=route)
    (mistake,) = error.value.mistakes
    assert said in str(mistake)
    assert str(mistake).startswith("monitor.yaml:") or ":4:" in str(mistake) or ":6:" in str(mistake)
