"""Fixtures for all tests."""

import shutil

import pytest
from hypothesis import settings

from tests._stores import *  # noqa: F403 - the fixtures of the stores, by their names

# No example has a deadline: machines are shared, and how long something takes is a benchmark's question.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' judge of metrics and of alert rules. Only Debian has it; `.ci/run` installs it first."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool, of Debian's prometheus")
    return found
