"""feeds: list, test and discover feeds; add and remove them; lists of feeds as OPML."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from monitor import __version__, service
from monitor.clock import SystemClock
from monitor.commands._app import App, json_option, plain, print_json, say
from monitor.commands._feeds import lists
from monitor.commands._feeds.discover import Candidate, Discovery, Outcome
from monitor.config import Config, edit, feed_settings
from monitor.dedupe import candidates
from monitor.errors import ConfigError, MonitorError, ParseError, ParseReason
from monitor.fetch import Fetcher
from monitor.formats import _opml
from monitor.inquire import hubs as at_hubs
from monitor.model import Document, Failed, Feed, Fetched, FetchResult, Validators
from monitor.parse import Parser


@click.group()
def command() -> None:
    """List feeds and try them, find a site's, add and remove them, bring lists in and out."""


@command.command("list")
@json_option
@click.pass_obj
def list_feeds(app: App, as_json: bool) -> None:
    """List the configured feeds, and how each does."""
    config = app.load()
    with service.opened(config) as store:
        states = {state.url: state for state in store.feed_states()}
        hubs, now = at_hubs.by_feed(store.subscriptions()), SystemClock().now()
    rows: list[dict[str, Any]] = []
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
                "websub": at_hubs.facts(hubs.get(feed.url), now),
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row['language']:3} {row['state']:8} {row['source']}  {row['url']}")
        if row["websub"]:
            say(f"{'':12} {at_hubs.words(row['websub'])}")


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
    async with closing_fetcher(config) as fetcher:
        return await fetcher.fetch(feed, Validators())


@asynccontextmanager
async def closing_fetcher(config: Config) -> AsyncIterator[Fetcher]:
    """Give a fetcher as the daemon's, and close it."""
    fetcher = Fetcher(config.poll, config.network, SystemClock(), version=__version__)
    try:
        yield fetcher
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


# finding, adding, removing ────────────────────────────────────────────────────────────────────


@command.command("discover")
@click.argument("url")
@json_option
@click.pass_obj
def discover(app: App, url: str, as_json: bool) -> None:
    """Find the feeds of the site of which URL is a page, the best first.

    What the page and its Link headers name comes before the places where feeds usually are. Each is
    fetched and read; nothing is stored.
    """
    outcome = asyncio.run(_discover(app.load(), _with_scheme(url)))
    if as_json:
        print_json(outcome.feeds)
    for one in () if as_json else outcome.feeds:
        say(_words(one))
    if not outcome.feeds:
        why = f": {outcome.error}" if outcome.error else ""
        say(f"no feed found at {url}{why}", err=True)
        raise click.exceptions.Exit(1)


file_option = click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="The file of the config to put it in. Default: where feeds of its language are.",
)


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"https://{url}"


async def _discover(config: Config, url: str) -> Outcome:
    parser = Parser()
    try:
        async with closing_fetcher(config) as fetcher:
            return await Discovery(fetcher, parser, SystemClock().now).look(url)
    finally:
        parser.close()


def _words(one: Candidate) -> str:
    newest = f", newest {one.newest:%Y-%m-%d}" if one.newest else ""
    facts = f"{one.format}, {one.language}, {one.entries} entries{newest}; {one.how}"
    return f"{one.url}\n    {one.title}  ({facts})"


@command.command("add")
@click.argument("url")
@click.option("--source", help="The publisher's name. Default: the feed's title.")
@click.option("--language", help="Its language (BCP 47). Default: what the feed is in.")
@click.option("--country", help="The publisher's country, two letters.")
@click.option("--every", help="Time between polls, such as 5m, in place of the adaptive one.")
@click.option(
    "--tier", type=click.IntRange(1, 3), help="1 agencies and papers of record, 2 the press, 3 the rest."
)
@click.option("--folder", help="Its folder in lists.")
@click.option("--charset", help="The encoding, where the publisher declares a wrong one.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="A request header; VALUE may be env:NAME.",
)
@click.option(
    "--auth", help="user:password for HTTP Basic, as a secret: env:NAME, file:PATH, credential:NAME."
)
@click.option("--proxy", help="An HTTP proxy for this feed.")
@click.option("--paused", is_flag=True, default=None, help="Do not poll it for now.")
@file_option
@click.option("--no-check", is_flag=True, help="Add it as it is given, without asking the publisher.")
@json_option
@click.pass_obj
def add(
    app: App,
    /,
    url: str,
    file: Path | None,
    no_check: bool,
    as_json: bool,
    headers: tuple[str, ...],
    **given: Any,
) -> None:
    """Add a feed to the config; of a site's page, its best feed. Comments and all else stay as they are.

    SIGHUP (`systemctl reload monitor`) makes a running daemon take it.
    """
    config = app.load()
    settings = {name: value for name, value in given.items() if value is not None}
    if headers:
        settings["headers"] = dict(_header(one) for one in headers)
    if not no_check:
        found = _best(config, _with_scheme(url), settings)
        url = found.url
        settings.setdefault("source", found.title or None)
        settings.setdefault("language", found.language if found.language != "und" else None)
    if any(feed.url == url for feed in config.feeds):
        raise click.ClickException(f"{url} is configured already")
    order = ("source", "language", "country")
    named = {"url": url} | {name: settings.pop(name) for name in order if settings.get(name)}
    written = named | {name: value for name, value in settings.items() if value is not None}
    place = edit.add(config, [written], app.environ, file=file)
    if as_json:
        print_json({"file": place, "feed": written})
    else:
        say(f"{place}: {edit.line(written)}")


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"{text!r} is not NAME=VALUE")
    return name.strip(), value.strip()


def _best(config: Config, url: str, settings: dict[str, Any]) -> Candidate:
    """Return the feed that is meant by a URL. Where login or headers are needed, only the URL itself is."""
    if {"headers", "auth", "proxy", "charset"} & settings.keys():
        return Candidate(url=url, title="", language="und", format="", entries=0, newest=None, how="given")
    outcome = asyncio.run(_discover(config, url))
    if not outcome.feeds:
        why = f": {outcome.error}" if outcome.error else ""
        raise click.ClickException(f"no feed found at {url}{why}; --no-check adds it all the same")
    best, *others = outcome.feeds
    for one in others:
        say(f"also found: {_words(one)}", err=True)
    return best


@command.command("remove")
@click.argument("url")
@click.pass_obj
def remove(app: App, url: str) -> None:
    """Take a feed out of the config. What it brought stays in the archive; comments stay in the file."""
    say(f"removed {url} from {edit.remove(app.load(), url, app.environ)}")


# lists ────────────────────────────────────────────────────────────────────────────────────────


@command.command("import")
@click.argument("opml", type=click.File("rb"))
@file_option
@json_option
@click.pass_obj
def import_(app: App, opml: Any, file: Path | None, as_json: bool) -> None:
    """Add the feeds of an OPML list (- for stdin). Those that are configured already are left as they are."""
    config = app.load()
    try:
        outlines = _opml.read(opml.read(_opml.MAX_BYTES + 1))
    except ParseError as error:
        raise click.ClickException(f"{opml.name}: {error}") from error
    known = {feed.url for feed in config.feeds}
    new: dict[str, dict[str, Any]] = {}
    skipped = {}
    for one in outlines:
        written = lists.written(one, feed_settings())
        if one.url in known or one.url in new:
            continue
        if problem := edit.problem(config, written, app.environ):
            skipped[one.url] = problem
        else:
            new[one.url] = written
    place = edit.add(config, list(new.values()), app.environ, file=file) if new else None
    known_already = len(outlines) - len(new) - len(skipped)
    if as_json:
        print_json({"file": place, "added": len(new), "known": known_already, "skipped": skipped})
    else:
        where = f" to {place}" if place else ""
        say(f"{len(new)} added{where}, {known_already} there already, {len(skipped)} skipped")
    for url, problem in skipped.items():
        say(f"skipped {url}: {problem}", err=True)


@command.command("export")
@click.pass_obj
def export(app: App) -> None:
    """Print the configured feeds as OPML, with folders and all their settings; secrets as references."""
    try:
        outlines = [lists.outline(one.written) for one in edit.listed(app.load())]
    except UnicodeError as error:
        raise ConfigError(f"a feed cannot be written as XML: {error}") from error
    click.echo(_opml.write(outlines, title="monitor"), nl=False)
