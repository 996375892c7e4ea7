"""feeds: list the configured feeds; test one URL or file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from monitor import __version__, service
from monitor.clock import SystemClock
from monitor.commands._app import App, json_option, plain, print_json, say
from monitor.config import Config
from monitor.dedupe import candidates
from monitor.errors import MonitorError, ParseError, ParseReason
from monitor.fetch import Fetcher
from monitor.model import Document, Failed, Feed, Fetched, FetchResult, Validators
from monitor.parse import Parser


@click.group()
def command() -> None:
    """List feeds and try them."""


@command.command("list")
@json_option
@click.pass_obj
def list_feeds(app: App, as_json: bool) -> None:
    """List the configured feeds, and how each does."""
    config = app.load()
    store = service.open_store(config)
    store.open()
    try:
        states = {state.url: state for state in store.feed_states()}
    finally:
        store.close()
    rows = []
    for feed in config.feeds:
        state = states.get(feed.url)
        rows.append(
            {
                "url": feed.url,
                "source": feed.source,
                "language": feed.language,
                "country": feed.country,
                "tier": feed.tier,
                "folder": feed.folder,
                "state": state.status if state else "new",
                "reason": state.reason if state else "",
                "last_poll": state.last_poll_at if state else None,
                "next_poll": state.next_poll_at if state else None,
                "entries": state.entries if state else 0,
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row['language']:3} {row['state']:8} {row['source']}  {row['url']}")


@command.command("test")
@click.argument("target", metavar="URL|FILE")
@click.option("--lang", default="und", help="The feed's language (BCP 47).")
@click.option("--charset", default="", help="Read it in this encoding, whatever it declares.")
@json_option
@click.pass_obj
def test(app: App, target: str, lang: str, charset: str, as_json: bool) -> None:
    """Fetch a URL (or read a FILE) and show what monitor sees in it. Nothing is stored."""
    config = app.load()
    feed = Feed(url=target, source="test", language=lang, charset=charset)
    if not target.startswith(("http://", "https://")):
        path = Path(target)
        if not path.is_file():
            raise click.UsageError(f"{target!r} is neither a URL nor a file that is here")
        feed = Feed(url=path.resolve().as_uri(), source=path.name, language=lang, charset=charset)
        result = FetchResult(
            feed=feed, fetched_at=SystemClock().now(), outcome=Fetched(body=path.read_bytes()), url=feed.url
        )
    else:
        result = asyncio.run(_fetch(config, feed))
    document, error = _read(result)
    facts = _facts(document, error, feed)
    if as_json:
        print_json(facts)
    else:
        _print(facts)
    if error:
        raise click.exceptions.Exit(1)


async def _fetch(config: Config, feed: Feed) -> FetchResult:
    fetcher = Fetcher(config.poll, config.network, SystemClock(), version=__version__)
    try:
        return await fetcher.fetch(feed, Validators())
    finally:
        await fetcher.close()


def _read(result: FetchResult) -> tuple[Document, MonitorError | None]:
    match result.outcome:
        case Failed(error):
            return Document(), error
        case Fetched():
            parser = Parser()
            try:
                return parser.parse(result), None
            except ParseError as error:
                return Document(), error
            finally:
                parser.close()
        case _:
            return Document(), ParseError(ParseReason.EMPTY, "304 without having been asked before")


def _facts(document: Document, error: MonitorError | None, feed: Feed) -> dict[str, Any]:
    return {
        "feed": {
            "title": document.title,
            "link": document.link,
            "lang": document.language or feed.language,
            "format": document.format,
            "path": document.path,
        },
        "entries": [
            {
                "id": one.item.guid or one.item.link,
                "title": one.item.title,
                "link": one.item.link,
                "author": one.item.author,
                "published": plain(one.item.published),
                "updated": plain(one.item.updated),
                "summary": one.item.summary,
                "content": one.item.content,
            }
            for one in candidates(document, feed)
        ],
        "error": f"{getattr(error, 'reason', 'error')}: {error}" if error else None,
    }


def _print(facts: dict[str, Any]) -> None:
    if facts["error"]:
        say(f"not a readable feed: {facts['error']}", err=True)
        return
    feed = facts["feed"]
    say(f"{feed['title']}  ({feed['format']}, {feed['lang']}, read by {feed['path']})")
    for entry in facts["entries"]:
        say(f"  {entry['published'] or entry['updated'] or 'no date':20}  {entry['title']}")
        say(f"  {'':20}  {entry['link']}")
    say(f"{len(facts['entries'])} entries")
