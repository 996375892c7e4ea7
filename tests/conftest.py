"""Fixtures for all tests."""

from tests._stores import *  # noqa: F403 - the fixtures of the stores, by their names
