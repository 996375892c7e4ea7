"""Find a member of a family by name: the folder is the registry.

`find("channels", "slack")` is `monitor.channels.slack.Channel`. A dotted name with a colon,
`"acme.pager:Channel"`, is taken as it stands, so that a member can live in another package.
Config files are trusted to name code: they are the operator's.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from monitor.errors import ConfigError

_NOUNS = {
    "channels": "Channel",
    "commands": "command",
    "formats": "Format",
    "languages": "Language",
    "stores": "Store",
    "web": "PAGES",
}


@cache
def names(family: str) -> tuple[str, ...]:
    """List the members that come with monitor, sorted. Modules with a leading `_` are shared parts."""
    package = import_module(f"monitor.{family}")
    return tuple(sorted(m.name for m in iter_modules(package.__path__) if not m.name.startswith("_")))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like a mistyped one, or nothing."""
    return next(iter(get_close_matches(word, list(known), 1)), "")


def installed(*packages: str) -> bool:
    """Say whether packages of an extra are there, without importing them."""
    return all(find_spec(package) is not None for package in packages)


def find(family: str, name: str) -> Any:
    """Return the member's class (a command's function) by its name in the config.

    Raises ConfigError naming what there is.
    """
    attribute = _NOUNS[family]
    module, _, given = name.partition(":")
    if given:
        attribute = given
    else:
        if name not in names(family):
            near = nearest(name, names(family))
            hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(names(family))}"
            raise ConfigError(f"no such {attribute.lower()}: {name!r}; {hint}")
        module = f"monitor.{family}.{name.replace('-', '_')}"
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"cannot load {attribute.lower()} {name!r}: {error}") from error
