"""explain: which topics match a text and why; for an entry also why it was or was not sent."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from monitor import service
from monitor.commands._app import App, json_option, plain, print_json, say
from monitor.commands._lines import lines_in_words
from monitor.commands._story import life_lines, link_lines
from monitor.config import Config
from monitor.inquire.archive import of_article
from monitor.inquire.explanation import became_facts, explanation_facts, said_facts
from monitor.model import Entry

WIDE = 90
"""Characters of a clause's text that are shown: a long query would bury what it says."""


@click.command()
@click.argument("what", metavar="-|FILE|e:ENTRY|TEXT")
@click.option("--topic", help="Only this topic.")
@click.option("--query", help="Ask this query instead of the topics.")
@click.option("--lang", default="", help="The text's language (BCP 47) [default: found out].")
@click.option("--whole", is_flag=True, help="Print every clause, not only those that tell.")
@json_option
@click.pass_obj
def command(
    app: App, what: str, topic: str | None, query: str | None, lang: str, whole: bool, as_json: bool
) -> None:
    """Say which topics match and why, clause by clause; where not, what failed and what was nearest.

    WHAT is a text, a file, - for standard input, or e: and the beginning of an entry's id; for an
    entry the answer goes on to its story, routes and deliveries.
    """
    config = app.load()
    became: dict[str, Any] | None = None
    if what.startswith("e:"):
        entry, became = _stored(config, what.removeprefix("e:"))
        rename: str | None = None
    else:
        entry, rename = _given(what, lang), "text"
    matcher = service.matcher(config)
    found = matcher.explain(entry, topic=topic, query=query)
    facts = explanation_facts(found, rename) | said_facts(matcher.said(entry), rename)
    if became is not None:
        facts = {"entry": plain(entry), **(of_article(facts) if entry.article else facts), **became}
    if as_json:
        print_json(facts)
    else:
        _print(facts, whole=whole)


def _given(what: str, lang: str) -> Entry:
    if what == "-":
        text = sys.stdin.read()
    else:
        path = Path(what)
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else what
        except OSError:  # too long to be a file's name: a text
            text = what
    now = datetime(1970, 1, 1, tzinfo=UTC)
    return Entry(
        id="text", url="", summary=text, first_seen=now, source="", feed_url="", language=lang or "und"
    )


# ── an entry of the archive: what became of it ────────────────────────────────────────────────


def _stored(config: Config, entry_id: str) -> tuple[Entry, dict[str, Any]]:
    with service.opened(config) as store:
        found = store.entry(entry_id)
        if found is None:
            raise click.UsageError(f"no entry's id (or more than one) begins with {entry_id!r}")
        entry, matches = found
        return entry, became_facts(config, store, entry, matches)


# ── for people ────────────────────────────────────────────────────────────────────────────────


def _print(facts: dict[str, Any], *, whole: bool) -> None:
    if "entry" in facts:
        entry = facts["entry"]
        say(f"{entry['title']}\n{entry['source']}  {entry['url']}\nfirst seen {entry['first_seen']}")
        if (article := facts["article"]) is not None:
            why = f": {article['reason']}: {article['detail']}" if article["reason"] else ""
            again = f"; next try {article['next_try']}" if article["next_try"] else ""
            say(f"full text {article['status']}{why}{again}")
        say("")
    say(f"language  {facts['lang']}")
    for one in facts["entities"]:
        surfaces = dict.fromkeys(span["surface"] for span in one["spans"])
        say(f"  @{one['entity']:20} {', '.join(surfaces)}")
    for span in facts["look_alikes"]:
        say(f"  claimed by @{span['term'].lstrip('@'):9} {span['surface']}")
    for topic in facts["topics"]:
        mark = (
            click.style("matches", fg="green", bold=True) if topic["matched"] else click.style("no", dim=True)
        )
        say(f"\n{topic['topic']}: {mark}" + (f"  (score {topic['score']:g})" if topic["matched"] else ""))
        for clause in topic["clauses"]:
            _print_clause(clause, 1, whole=whole)
        told = dict.fromkeys(span["surface"] for span in topic["spans"] if span.get("from") == "article")
        if topic["matched"] and told:
            say(f"  found in the article: {', '.join(told)}")
        for state in topic["states"] if topic["matched"] else ():
            _print_state(state, whole=whole)
    _print_said(facts)
    if facts.get("life"):
        say("")
        for line in (*life_lines(facts["life"]), *link_lines(facts["links"])):
            say(line)
    if facts.get("unusual"):
        say("")
    for line in lines_in_words(facts.get("unusual", [])):
        say(line)
    for row in facts.get("sending", []):
        place = (
            f"{row['route']} → {row['channel']} ({row['recipient']})" if "channel" in row else row["route"]
        )
        say(f"\n{place}: {row['outcome']}" + (f", {row['reason']}" if row["reason"] else ""))
        if "at" in row:
            say(f"  {row['kind']} {row['at']}  {row['delivery']}")


def _print_state(state: dict[str, Any], *, whole: bool) -> None:
    """Print a state that is told, or that a sentence would tell if it asserted something; `whole`: all."""
    if state["matched"]:
        surfaces = ", ".join(dict.fromkeys(span["surface"] for span in state["spans"]))
        say(f"  state {click.style(state['state'], fg='green', bold=True)}    {surfaces}")
    elif state["note"] or whole:
        say(f"  state {state['state']}: no" + (f", {state['note']}" if state["note"] else ""))
    if whole:
        for clause in state["clauses"]:
            _print_clause(clause, 2, whole=whole)


def _print_said(facts: dict[str, Any]) -> None:
    """Print what the text says beyond its words."""
    told = [fact for fact in facts["facts"] if fact["about"]]
    if told or facts["statements"]:
        say("\nsays")
    for fact in told:
        say(f"  {fact['kind']} of @{fact['about']}: {fact['value']}    {fact['surface']}")
    for one in facts["statements"]:
        surface = one["surface"] if len(one["surface"]) <= WIDE else one["surface"][: WIDE - 1] + "…"
        say(f"  @{one['speaker']} {one['stance']}    {surface}")


def _print_clause(clause: dict[str, Any], depth: int, *, whole: bool) -> None:
    """Print a clause and what it is made of: of one that holds, what made it hold; of one that does
    not, two levels of what is missing. `whole` prints all."""
    surfaces = ", ".join(dict.fromkeys(span["surface"] for span in clause["spans"]))
    mark = "+" if clause["matched"] else "-"
    text = clause["text"] if whole or len(clause["text"]) <= WIDE else clause["text"][: WIDE - 1] + "…"
    said = "  ".join(part for part in (surfaces if not clause["clauses"] else "", clause["note"]) if part)
    if not whole and len(said) > 2 * WIDE:
        said = said[: 2 * WIDE - 1] + "…"
    say(f"{'  ' * depth}{mark} {text}" + (f"    {said}" if said else ""))
    for child in clause["clauses"]:
        telling = (
            child["matched"] and not child["text"].startswith("NOT ") if clause["matched"] else depth < 3
        )
        if whole or telling:
            _print_clause(child, depth + 1, whole=whole)
