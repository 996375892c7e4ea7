"""stories: what was put together and why; merge and split by hand, and undo that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from monitor import service
from monitor.clock import SystemClock
from monitor.cluster import identity
from monitor.commands._app import App, account, json_option, plain, print_json, say
from monitor.commands._story import life_lines, link_lines
from monitor.inquire.stories import summary, whole
from monitor.model import Edit, EditKind, Entry, Story
from monitor.stores import Store

SHOWN = 12
"""Characters of an id that are shown: enough among millions."""

who_option = click.option("--who", metavar="NAME", help="Whose word it is [default: this account].")


@click.group()
def command() -> None:
    """Show stories and why their entries are in them; put together and take apart by hand.

    STORY is the beginning of a story's id (a former one will do), or e: and that of an entry's.
    What hands did holds, whatever comes, until it is undone.
    """


@command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
@click.pass_obj
def list_stories(app: App, limit: int, as_json: bool) -> None:
    """List the stories that were seen last, the latest first."""
    config = app.load()
    with service.opened(config) as store:
        rows = [summary(config, store, story) for story in store.latest_stories(limit)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        count = f"{row['reports']}/{row['independent']}"
        seen = row["last_seen"][:16].replace("T", " ")
        say(f"{row['id'][:SHOWN]}  {seen}  {count:>7}  {','.join(row['languages']):8}  {row['title']}")
    say(f"{_counted(len(rows), 'story')}, with reports/independent sources; times are UTC", err=True)


@command.command("show")
@click.argument("story")
@json_option
@click.pass_obj
def show(app: App, story: str, as_json: bool) -> None:
    """Show how a story does, its entries, why each is in it, and what kept it out of others.

    What the parts of a score are is in docs/howto/stories.md.
    """
    config = app.load()
    with service.opened(config) as store:
        facts = whole(config, store, _story(store, story))
    if as_json:
        print_json(facts)
    else:
        _print(facts)


@command.command("merge")
@click.argument("stories", metavar="STORY STORY…", nargs=-1, required=True)
@who_option
@json_option
@click.pass_obj
def merge(app: App, stories: tuple[str, ...], who: str | None, as_json: bool) -> None:
    """Put stories together. The id of the one with most reports stays, the others lead to it."""
    with service.opened(app.load()) as store:
        found = {one.id: one for one in (_story(store, name) for name in stories)}
        if len(found) < 2:
            raise click.UsageError("these are one story; name two or more")
        kept, *others = sorted(found.values(), key=lambda s: (-len(s.entry_ids), s.first_seen, s.id))
        done = [_merge(store, kept, other, who or account()) for other in others]
    _tell(done, as_json=as_json)


@command.command("split")
@click.argument("story")
@click.argument("entries", metavar="e:ENTRY…", nargs=-1, required=True)
@who_option
@json_option
@click.pass_obj
def split(app: App, story: str, entries: tuple[str, ...], who: str | None, as_json: bool) -> None:
    """Take entries out of a story: together they are another one from now on."""
    with service.opened(app.load()) as store:
        whole = _story(store, story)
        taken = {entry.id: entry for entry in (_entry(store, name) for name in entries)}
        strange = [entry_id for entry_id in taken if entry_id not in whole.entry_ids]
        if strange:
            raise click.UsageError(f"e:{strange[0][:SHOWN]} is not in the story {whole.id[:SHOWN]}")
        if len(taken) == len(whole.entry_ids):
            raise click.UsageError("that is the whole story; leave an entry in it")
        first = min(taken.values(), key=lambda one: (one.first_seen, one.id))
        wanted = Edit(
            at=SystemClock().now(),
            who=who or account(),
            kind=EditKind.SPLIT,
            story_id=whole.id,
            other_id=identity(first.id, lambda name: store.find_story(name) is not None),
            entry_ids=tuple(taken),
        )
        done = _done(store, wanted)
    _tell([done], as_json=as_json)


@command.command("undo")
@json_option
@click.pass_obj
def undo(app: App, as_json: bool) -> None:
    """Undo the last merge or split that was not undone; again for the one before."""
    with service.opened(app.load()) as store:
        done = store.undo_edit(SystemClock().now())
    if done is None:
        raise click.UsageError("nothing was done by hand that is not undone")
    _tell([done], as_json=as_json)


@command.command("edits")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
@click.pass_obj
def list_edits(app: App, limit: int, as_json: bool) -> None:
    """List what was merged and split by hand, by whom and when, the last first."""
    with service.opened(app.load()) as store:
        found = store.edits(limit)
    _tell(found, as_json=as_json)


def _story(store: Store, name: str) -> Story:
    if name.startswith("e:"):
        entry = _entry(store, name)
        story = store.story_with(entry.id)
        if story is None:
            raise click.UsageError(f"the entry {name} is in no story: it matched no topic, or waits for one")
        return story
    story = store.find_story(name)
    if story is None:
        raise click.UsageError(
            f"no story's id (or more than one) begins with {name!r}; `monitor stories list` names them"
        )
    return story


def _entry(store: Store, name: str) -> Entry:
    found = store.entry(name.removeprefix("e:"))
    if found is None:
        raise click.UsageError(f"no entry's id (or more than one) begins with {name.removeprefix('e:')!r}")
    return found[0]


# by hand ──────────────────────────────────────────────────────────────────────────────────────


def _merge(store: Store, kept: Story, other: Story, who: str) -> Edit:
    now = SystemClock().now()
    return _done(store, Edit(at=now, who=who, kind=EditKind.MERGE, story_id=kept.id, other_id=other.id))


def _done(store: Store, wanted: Edit) -> Edit:
    done = store.edit_story(wanted)
    if done is None:
        raise click.ClickException("the story changed in this moment; look at it again")
    return done


def _tell(edits: Sequence[Edit], *, as_json: bool) -> None:
    if as_json:
        print_json(edits)
        return
    for one in edits:
        story, other, count = one.story_id[:SHOWN], one.other_id[:SHOWN], len(one.entry_ids)
        entries = "1 entry" if count == 1 else f"{count} entries"
        if one.kind is EditKind.MERGE:
            what = f"{other} went up in {story} with {entries}"
        else:
            what = f"{entries} of {story} became {other}"
        state = f"; undone {_minute(plain(one.undone_at))}" if one.undone_at else ""
        say(f"{one.n}  {_minute(plain(one.at))}  {one.who}: {what}{state}")


# for people ───────────────────────────────────────────────────────────────────────────────────


def _counted(number: int, what: str) -> str:
    many = what.removesuffix("y") + "ies" if what.endswith("y") else what + "s"
    return f"{number} {what if number == 1 else many}"


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _print(facts: dict[str, Any]) -> None:
    say(f"{facts['id']}  {facts['title']}")
    counts = f"{_counted(facts['reports'], 'report')}, {_counted(facts['independent'], 'independent source')}"
    say(f"{_minute(facts['first_seen'])} to {_minute(facts['last_seen'])} UTC, {counts}")
    if facts["formerly"]:
        say(f"took in {', '.join(one[:SHOWN] for one in facts['formerly'])}")
    for line in life_lines(facts["life"]) if facts["life"] else ():
        say(line)
    for entry in facts["entries"]:
        say(f"\n{_minute(entry['first_seen'])}  {entry['lang']:3} {entry['title']}")
        say(f"{'':16}  {'':3} {entry['source']}  {entry['url']}  e:{entry['id'][:SHOWN]}")
        for line in link_lines(entry["links"]):
            say(f"{'':16}  {'':3} {line}")
