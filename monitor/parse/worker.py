"""The process that reads what may take too long. Started by a Pool; talks over one pipe.

Every task has its own allowance of CPU time (ITIMER_PROF, whose signal ends the process) and
all share a limit of memory. It writes no files and leaves no core.
"""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from monitor.errors import ParseError, ParseReason

Refusal: TypeAlias = tuple[ParseReason, str]
"""Why a task came to nothing, and the words."""


def serve(answer: Callable[[Any], object], connection: Connection, cpu_seconds: float, memory: int) -> None:
    """Answer tasks until the other side hangs up. `memory` is bytes of address space."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answered = _answered(answer, task)
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send(answered)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _answered(answer: Callable[[Any], object], task: object) -> object:
    try:
        return answer(task)
    except ParseError as error:
        refusal: Refusal = error.reason, str(error)
    except MemoryError:
        refusal = ParseReason.TOO_COSTLY, "reading it takes too much memory"
    return refusal


def main() -> None:
    """Serve on the file descriptor named on the command line."""
    descriptor, cpu_seconds, memory, answers = sys.argv[1:5]
    # Imported before the first task's time runs.
    serve(import_module(answers).answer, Connection(int(descriptor)), float(cpu_seconds), int(memory))


if __name__ == "__main__":
    main()
