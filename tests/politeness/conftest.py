"""Publishers are asked on the loop that the daemon has."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from monitor.commands.run import new_event_loop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the one loop that tests of this folder run on."""
    return {"the daemon's": new_event_loop}
