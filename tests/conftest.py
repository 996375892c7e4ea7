"""Fixtures for all tests."""

from hypothesis import settings

from tests._stores import *  # noqa: F403 - the fixtures of the stores, by their names

# No example has a deadline: machines are shared, and how long something takes is a benchmark's question.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
