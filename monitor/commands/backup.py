"""backup: a consistent copy of the database while the daemon runs."""

from __future__ import annotations

from pathlib import Path

import click

from monitor import service
from monitor.commands._app import App


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(app: App, file: Path) -> None:
    """Write a consistent copy of the database to FILE; a running daemon is not disturbed."""
    with service.opened(app.load()) as store:
        store.backup(file)
    click.echo(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)", err=True)
