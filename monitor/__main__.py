"""`monitor COMMAND`: finds the command, runs it, turns a MonitorError into words and an exit status.

Exit 0 fine, 1 a check failed, 2 wrong usage, 69 the store or a needed server is away, 78 wrong
config (sysexits.h). Only the module of the command that was asked for is imported.
"""

from __future__ import annotations

import ast
import os
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import click

from monitor import __version__, registry
from monitor.commands._app import App
from monitor.errors import ConfigError, MonitorError, StoreError

EX_UNAVAILABLE, EX_CONFIG = 69, 78


class Commands(click.Group):
    """The family `monitor/commands/`: a file is a command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return [name.replace("_", "-") for name in registry.names("commands")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, with `--config` on it and on each of its own commands."""
        name = cmd_name.replace("-", "_")
        if name not in registry.names("commands"):
            return None
        command: click.Command = registry.find("commands", name)
        _add_config(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the first line of their files, without importing them."""
        rows = [(name, _summary(name.replace("-", "_"))) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            names = self.list_commands(ctx)
            near = registry.nearest(args[0], names)
            hint = f" Did you mean {near!r}?" if near else f" There are: {', '.join(names)}."
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx) from error


def _summary(name: str) -> str:
    source = resources.files("monitor.commands").joinpath(f"{name}.py").read_text(encoding="utf-8")
    text = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return text.partition(": ")[2] or text


def _add_config(command: click.Command) -> None:
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _add_config(child)
    elif not any(param.name == "config_path" for param in command.params):
        command.params.append(_config_option())


def _config_option() -> click.Option:
    def keep(ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]) -> None:
        if value:
            ctx.ensure_object(App).config_paths = value

    return click.Option(
        ["--config", "config_path"],
        type=click.Path(path_type=Path),
        multiple=True,
        expose_value=False,
        callback=keep,
        help="The config file [default: $MONITOR_CONFIG, ./config/monitor.yaml, /etc/monitor, shipped].",
    )


@click.group(
    cls=Commands,
    params=[_config_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="monitor")
def monitor() -> None:
    """Watch the news for a desk: poll feeds, match topics in many languages, send digests and alerts.

    \b
    Start here:
      monitor demo            see it work: no network, no accounts
      monitor init mydesk     a config folder to edit
      monitor check           every mistake in it at once
      monitor run             the daemon
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit with its status."""
    app = App(environ=dict(os.environ))
    try:
        sys.exit(monitor.main(arguments, prog_name="monitor", obj=app, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except MonitorError as error:
        click.echo(_words(error), err=True)
        sys.exit(_status(error))


def _words(error: MonitorError) -> str:
    return str(error) if isinstance(error, ConfigError) else f"monitor: {error}"


def _status(error: MonitorError) -> int:
    if isinstance(error, ConfigError):
        return EX_CONFIG
    return EX_UNAVAILABLE if isinstance(error, StoreError) else 1


if __name__ == "__main__":
    main()
