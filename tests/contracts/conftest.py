"""Fixtures of the contract suites."""

from tests._stores import postgresql_server, store, store_url

__all__ = ["postgresql_server", "store", "store_url"]
