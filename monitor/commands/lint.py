"""lint: faults in topics that are no errors."""

from __future__ import annotations

import click

from monitor import service
from monitor.commands._app import App, json_option, print_json


@click.command()
@json_option
@click.pass_obj
def command(app: App, as_json: bool) -> None:
    """Say what in the topics can never match, says nothing, explodes or is ambiguous. Exit 1 if anything."""
    findings = service.matcher(app.load()).lint()
    if as_json:
        print_json(findings)
    else:
        for one in findings:
            click.echo(str(one))
        click.echo(f"{len(findings)} findings", err=True)
    if findings:
        raise click.exceptions.Exit(1)
