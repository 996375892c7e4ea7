"""Publishers are asked on the loop that the daemon has: uvloop where it is installed (see commands/run.py)."""

import asyncio
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

import pytest


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the one loop that tests of this folder run on."""
    if find_spec("uvloop") is None:
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": import_module("uvloop").new_event_loop}
