"""entities: what is known by which names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from monitor import service
from monitor.commands._app import App, Moment, json_option, print_json, say
from monitor.config import Config
from monitor.model import Entity

ENTRIES = 50_000
"""How many of the newest entries the report of near misses reads."""
FEW = 8
"""Forms of one base that are shown unasked: a Bengali name has hundreds."""


@click.group()
def command() -> None:
    """List the entities of the configuration and the forms they are found by."""


@command.command("list")
@json_option
@click.pass_obj
def list_entities(app: App, as_json: bool) -> None:
    """List the entities, look-alikes and groups that queries can name."""
    config = app.load()
    if as_json:
        print_json({"entities": config.entities, "look_alikes": config.look_alikes, "groups": config.groups})
        return
    for entity in config.entities:
        say(f"@{entity.id:24} {entity.type:10} {_label(entity, config)}")
    for one in config.look_alikes:
        words = ", ".join(word for words in one.claims.values() for word in words)
        say(f"@{one.id:24} {'look-alike':10} {words}")
    for name, members in config.groups.items():
        say(f"@{name:24} {'group':10} {', '.join('@' + member for member in members)}")


@command.command("show")
@click.argument("entity")
@click.option("--all", "everything", is_flag=True, help="Print every inflected form.")
@json_option
@click.pass_obj
def show(app: App, entity: str, everything: bool, as_json: bool) -> None:
    """Show every form of ENTITY (`putin`, `@putin`): its language, where it is from, its base."""
    config = app.load()
    wanted = entity.removeprefix("@")
    # Raises ConfigError for an entity that is not there, with the nearest name.
    forms = service.matcher(config).forms(wanted)
    found = next(one for one in config.entities if one.id == wanted)
    facts: dict[str, Any] = {
        "id": found.id,
        "type": found.type,
        "label": found.label,
        "note": found.note,
        "forms": forms,
    }
    if as_json:
        print_json(facts)
        return
    say(f"@{found.id}  {found.type}  {_label(found, config)}")
    if found.note:
        say(found.note)
    for language in dict.fromkeys(form.language for form in forms):
        own = [form for form in forms if form.language == language]
        say(f"\n{language}: {len(own)} forms")
        for source, base in dict.fromkeys((form.source, form.base) for form in own):
            words = [form.text for form in own if (form.source, form.base) == (source, base)]
            shown = words if everything else words[:FEW]
            more = f" … and {len(words) - FEW:,} more (--all)" if len(words) > len(shown) else ""
            say(f"  {source:16} {base}: {', '.join(shown)}{more}")


@command.command("near-misses")
@click.option(
    "--least", default=2, show_default=True, type=click.IntRange(1), help="In at least so many entries."
)
@click.option("--since", type=Moment(), help="In entries first seen at TIME or later.")
@json_option
@click.pass_obj
def near_misses(app: App, least: int, since: datetime | None, as_json: bool) -> None:
    """Report new spellings seen beside known names (ট্রাস্প ×3), for a person to add; they never match."""
    config = app.load()
    with service.opened(config) as store:
        entries = store.search("", limit=ENTRIES, since=since)
    found = service.matcher(config).near_misses(entries, least=least)
    if as_json:
        print_json(found)
        return
    for one in found:
        say(f"{one.spelling} ×{one.count}  like {one.name} (@{one.entity}, {one.language})")
        for example in one.examples:
            say(f"    {example}")


def _label(entity: Entity, config: Config) -> str:
    return entity.label.get(config.language) or next(iter(entity.label.values()), entity.id)
