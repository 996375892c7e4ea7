"""The folder is the registry."""

import pytest

from monitor import registry
from monitor.errors import ConfigError


def test_a_member_is_found_by_its_file_name() -> None:
    assert registry.find("channels", "slack").__module__ == "monitor.channels.slack"


def test_shared_parts_are_not_members() -> None:
    assert not any(name.startswith("_") for name in registry.names("commands"))


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'slack'"):
        registry.find("channels", "slak")


def test_a_member_can_live_in_another_package() -> None:
    assert registry.find("channels", "monitor.channels.file:Channel").__name__ == "Channel"


def test_what_cannot_be_loaded_is_a_mistake_in_the_config() -> None:
    with pytest.raises(ConfigError, match="cannot load"):
        registry.find("channels", "no.such.package:Channel")
