"""What every command is: these run on each file of monitor/commands unasked."""

from __future__ import annotations

import ast
from pathlib import Path

import click
import pytest

from monitor import registry
from monitor.__main__ import monitor
from monitor.commands._app import App

FOLDER = Path(__file__).parent.parent.parent / "monitor" / "commands"
NAMES = registry.names("commands")


def leaves(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        return [leaf for name, child in command.commands.items() for leaf in leaves(child, f"{path} {name}")]
    return [(path, command)]


def found(name: str) -> click.Command:
    command = monitor.get_command(click.Context(monitor, obj=App()), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_in_its_first_line_what_it_is_for(name: str) -> None:
    text = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""

    assert text.startswith(f"{name}: ")
    assert len(text.partition("\n")[0]) < 110


@pytest.mark.parametrize("name", NAMES)
def test_a_command_and_each_of_its_own_takes_config_and_has_help(name: str) -> None:
    for path, command in leaves(found(name), name):
        assert command.help, path
        assert [p.name for p in command.params].count("config_path") == 1, path


@pytest.mark.parametrize("name", NAMES)
def test_every_option_of_a_command_is_explained(name: str) -> None:
    for path, command in leaves(found(name), name):
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{path} {option.opts[0]}"
