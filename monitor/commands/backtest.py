"""backtest: what a topic would have matched in the archive."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor import service
from monitor.commands._app import App, Moment, json_option, plain, print_json, say
from monitor.commands._archive import marked
from monitor.errors import ConfigError
from monitor.inquire.archive import entry_facts, found
from monitor.model import Entry, Evidence

CANDIDATES = 100_000


@click.command()
@click.option("--topic", required=True, help="The topic whose query is tried.")
@click.option("--since", required=True, type=Moment(), help="From this TIME of first sight on.")
@click.option("--query", help="Another query for the topic: what would be gained and lost.")
@json_option
@click.pass_obj
def command(app: App, topic: str, since: datetime, query: str | None, as_json: bool) -> None:
    """Count a topic's matches a day in the archive; with --query, what that would gain and lose."""
    config = app.load()
    current = next((t.query for t in config.topics if t.id == topic), None)
    if current is None:
        raise ConfigError(f"there is no topic {topic!r}; there are: {', '.join(t.id for t in config.topics)}")
    matcher = service.matcher(config)
    ready = {"now": matcher.find(current), **({"then": matcher.find(query)} if query else {})}
    with service.opened(config) as store:
        sets = {
            name: {
                entry.id: (entry, evidence)
                for entry, evidence in found(store, one, limit=CANDIDATES, since=since)
            }
            for name, one in ready.items()
        }
    facts = _facts(sets, ZoneInfo(config.timezone))
    if as_json:
        print_json({"topic": topic, **facts})
    else:
        _print(facts, sets)


def _facts(sets: dict[str, dict[str, tuple[Entry, Evidence]]], zone: ZoneInfo) -> dict[str, Any]:
    now, then = sets["now"], sets.get("then")
    shown = now if then is None else then
    days = Counter(entry.first_seen.astimezone(zone).date().isoformat() for entry, _ in shown.values())
    facts: dict[str, Any] = {"matches": len(shown), "days": dict(sorted(days.items()))}
    if then is not None:
        facts["gained"] = [_row(then[one]) for one in then if one not in now]
        facts["lost"] = [_row(now[one]) for one in now if one not in then]
    else:
        facts["entries"] = [_row(one) for one in now.values()]
    return facts


def _row(hit: tuple[Entry, Evidence]) -> dict[str, Any]:
    entry, evidence = hit
    return {"id": entry.id, **entry_facts(entry), "spans": plain(evidence.spans)}


def _print(facts: dict[str, Any], sets: dict[str, dict[str, tuple[Entry, Evidence]]]) -> None:
    most = max(facts["days"].values(), default=1)
    for day, count in facts["days"].items():
        say(f"{day}  {count:5}  {'▇' * max(1, round(40 * count / most))}")
    for sign, kind, side in (("+", "gained", "then"), ("-", "lost", "now")):
        for row in facts.get(kind, []):
            say(f"{sign} {row['lang']:3} {marked(*_with_spans(sets[side][row['id']]))}  {row['source']}")
    say(f"{facts['matches']} matches", err=True)


def _with_spans(hit: tuple[Entry, Evidence]) -> tuple[Entry, Any]:
    return hit[0], hit[1].spans
