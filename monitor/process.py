"""Process: what the daemon does about its own memory. The one door to the collector and to malloc."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

_LIBC: Final = ctypes.CDLL(None)


def settle() -> None:
    """Take all that stands now for what stays: the collector of cycles need not walk it again and again.

    The matcher alone is some hundred thousand objects; walking them was a quarter of a poll that
    found nothing new (measured). What was taken for lasting before a reload is looked at once more.
    Nearly all that a poll leaves goes by its counts of references; to look for cycles ten times as
    seldom as Python does saves one twentieth more, and lets at most some megabytes stand.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    _be_thrifty()
    give_back()


def give_back() -> None:
    """Give the system what is free between what stays, after a piece of work that needed much (glibc only).

    It takes half a millisecond, and a thousand page faults until the next piece of work has it again; after a
    first sweep of 800 feeds it is 11 MB (measured).
    """
    with suppress(AttributeError):
        _LIBC.malloc_trim(0)


_M_ARENA_MAX: Final = -8
"""Of glibc's malloc.h."""


def _be_thrifty() -> None:
    """Let threads share what they free (glibc; elsewhere nothing).

    An arena of its own for each thread that parses costs 15 MB after 2,000 feeds (measured).
    """
    with suppress(AttributeError):
        _LIBC.mallopt(_M_ARENA_MAX, 1)
