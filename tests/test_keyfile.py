"""Keyfile: made once, read ever after, and never taken for one when it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.keyfile import key


def draw(count: int) -> bytes:
    return bytes(range(count))


def another(count: int) -> bytes:
    return bytes(count)


def test_a_key_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "hub.key"
    assert key(path, draw) == bytes(range(32))
    assert key(path, another) == bytes(range(32))
    assert key(path, None) == bytes(range(32))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["hub.key"]


def test_without_chance_none_is_made(tmp_path: Path) -> None:
    assert key(tmp_path / "hub.key", None) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "\u00e9" * 64])
def test_what_is_no_key_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hub.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"hub\.key: holds no key"):
        key(path, draw)
    assert path.read_text(encoding="utf-8") == text


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        key(tmp_path / "nowhere" / "hub.key", draw)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="not a directory"):
        key(tmp_path / "file" / "hub.key", draw)
    (tmp_path / "folder.key").mkdir()
    with pytest.raises(ConfigError, match="is a directory"):
        key(tmp_path / "folder.key", draw)
