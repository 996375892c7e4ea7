"""What commands share: finding and loading the config, printing facts as JSON or words."""

from __future__ import annotations

import json
import os
import pwd
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from monitor import config as configs
from monitor.config import Config
from monitor.inquire import plain as plain  # commands print facts as whoever gathered them says them

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class App:
    """What the command line hands to every command: where the config is said to be, and the environment."""

    environ: Mapping[str, str] = field(default_factory=dict)
    config_paths: tuple[Path, ...] = ()

    def path(self) -> Path:
        """Return the config file to read (see config.find for where it is looked for)."""
        if len(self.config_paths) > 1:
            raise click.UsageError("--config is given twice; only `monitor replay` compares two configs")
        return configs.find(self.config_paths[0] if self.config_paths else None, self.environ)

    def load(self) -> Config:
        """Return the config. Raises ConfigError with every mistake."""
        return configs.load(self.path(), self.environ)

    def load_each(self) -> list[Config]:
        """Return every config that was named, for a command that compares them. Raises ConfigError."""
        paths: tuple[Path | None, ...] = self.config_paths or (None,)
        return [configs.load(configs.find(path, self.environ), self.environ) for path in paths]


_STYLES: Final = re.compile("(\x1b\\[(?:0|1|2|32)m)")
"""As click.style writes them: plain, bold, dim, green."""
_COMMANDING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 but tabs and line ends, C1, and what turns the direction of all that follows."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")


def print_json(value: Any) -> None:
    """Print facts to stdout as one JSON document, Bengali readable."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    click.echo(_COMMANDING.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def say(text: str, *, err: bool = False) -> None:
    """Print words, headlines and answers of others in them, that cannot command the terminal.

    An escape sequence in a title can clear the screen or retype a line; the styles that commands
    use themselves stay.
    """
    pieces = _STYLES.split(text)
    click.echo("".join(p if i % 2 else _COMMANDING.sub("\ufffd", p) for i, p in enumerate(pieces)), err=err)


class Moment(click.ParamType[datetime]):
    """A point in time on the command line: ISO 8601; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the aware time, or fail naming what was expected."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2025-10-16T18:30Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def account() -> str:
    """Return whose account this is, for what is noted as somebody's word."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user that nobody named
        return f"uid {os.getuid()}"
