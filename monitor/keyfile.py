"""A key in a file of its own: made once, read ever after, by nobody but its owner."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from monitor.errors import ConfigError

LENGTH: Final = 32
"""Bytes of chance."""


def key(path: Path, draw: Callable[[int], bytes] | None) -> bytes | None:
    """Return the key in a file, which is made with `draw` if there is none; None where that is None, too.

    Raises ConfigError for a file that cannot be read or written, or that holds no key.
    """
    try:
        if draw is not None and not path.exists():
            _make(path, draw(LENGTH).hex())
        found = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        if draw is None:
            return None
        raise ConfigError(f"{path}: there is no folder {path.parent}") from error
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except ValueError:
        found = b""
    if len(found) != LENGTH:
        raise ConfigError(f"{path}: holds no key ({2 * LENGTH} hexadecimal digits); remove it for a new one")
    return found


def _make(path: Path, text: str) -> None:
    """Write the file whole or not at all; of two who do so, one does."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
