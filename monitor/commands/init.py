"""init: write a config folder to edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from monitor import config as configs


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def command(directory: Path) -> None:
    """Write the shipped configuration into DIRECTORY, which must be new or empty.

    It works as it stands: digests are written as pages, nothing needs an account.
    """
    try:
        if directory.is_dir() and any(directory.iterdir()):
            raise click.ClickException(f"{directory} is not empty; nothing was written")
        shutil.copytree(
            configs.shipped_folder(), directory, dirs_exist_ok=True, copy_function=_copy, ignore=_others
        )
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or directory} cannot be written: {error.strerror or error}"
        ) from error
    main = directory / "monitor.yaml"
    feeds = ", ".join(path.stem for path in sorted((directory / "feeds").glob("*.yaml")))
    option = "" if main == Path("config/monitor.yaml") else f" --config {main}"
    click.echo(f"wrote {main} and what it includes (feeds: {feeds})", err=True)
    click.echo("next:", err=True)
    click.echo(f"  edit {main}: at least network.contact", err=True)
    click.echo(f"  monitor check{option}", err=True)
    click.echo(f"  monitor run{option}", err=True)


def _others(folder: str, names: list[str]) -> list[str]:
    """Leave out what is not configuration: a database that was made beside it, an editor's backups."""
    return [n for n in names if Path(n).suffix not in (".yaml", ".json") and not (Path(folder) / n).is_dir()]


def _copy(source: str, target: str) -> str:
    """Copy a file's text, not its mode: an installed package may be read-only."""
    return str(shutil.copyfile(source, target))
