"""search: the archive, in the query language of topics."""

from __future__ import annotations

from datetime import datetime

import click

from monitor import service
from monitor.commands._app import App, Moment, json_option, print_json, say
from monitor.commands._archive import marked
from monitor.inquire import archive


@click.command()
@click.argument("query")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many.")
@click.option("--since", type=Moment(), help="First seen at TIME or later.")
@click.option("--until", type=Moment(), help="First seen at TIME or earlier.")
@json_option
@click.pass_obj
def command(
    app: App, query: str, limit: int, since: datetime | None, until: datetime | None, as_json: bool
) -> None:
    """Find entries: best score first, then newest.

    Example: monitor search '@trump NEAR/8 @putin AND lang:bn'
    """
    config = app.load()
    ready = service.matcher(config).find(query)
    with service.opened(config) as store:
        hits = archive.search(store, ready, since=since, until=until)
    if as_json:
        print_json(archive.hit_facts(hits[:limit]))
        return
    for entry, evidence in hits[:limit]:
        say(f"{entry.first_seen:%Y-%m-%d %H:%M}  {entry.language:3} {marked(entry, evidence.spans)}")
        say(f"{'':16}  {'':3} {entry.source}  {entry.url}  e:{entry.id[:8]}")
    say(f"{len(hits)} found" + (f", {limit} shown" if len(hits) > limit else ""), err=True)
