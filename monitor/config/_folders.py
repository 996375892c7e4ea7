"""Where config files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = "monitor.yaml"


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the config file to use: `explicit`, `$MONITOR_CONFIG`, `./config/monitor.yaml`,
    `/etc/monitor/monitor.yaml`, the shipped one.

    A folder stands for the `monitor.yaml` in it. Raises ConfigError if a file that was named is absent.
    """
    named = explicit or (Path(environ["MONITOR_CONFIG"]) if environ.get("MONITOR_CONFIG") else None)
    if named is not None:
        path = named / _NAME if named.is_dir() else named
        if not path.is_file():
            source = "" if explicit else " ($MONITOR_CONFIG)"
            raise ConfigError(
                f"there is no config file {path}{source}; `monitor init DIR` writes one to edit"
            )
        return path
    for path in (Path("config") / _NAME, Path("/etc/monitor") / _NAME):
        if path.is_file():
            return path
    return shipped_folder() / _NAME


def shipped_folder() -> Path:
    """Return the folder of the config that comes with monitor (in the wheel, else in the checkout)."""
    return _shipped("config")


def templates_folder() -> Path:
    """Return the folder of the templates that come with monitor."""
    return _shipped("templates")


def base_folder(path: Path, environ: Mapping[str, str]) -> Path:
    """Return what relative paths of the store and of file channels are under.

    `$STATE_DIRECTORY` (systemd.exec(5); the first, if there are several), else the folder of the
    config file; for the config inside the installed package, where nothing may be written, the
    folder one is in.
    """
    if state := environ.get("STATE_DIRECTORY"):
        return Path(state.split(":")[0])
    if path.resolve().is_relative_to(_PACKAGE):
        return Path.cwd()
    return path.resolve().parent


def _shipped(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name
