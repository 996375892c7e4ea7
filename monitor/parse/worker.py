"""The process that reads what may take too long. Started by monitor.parse; talks over one pipe.

Every document has its own allowance of CPU time (ITIMER_PROF, whose signal ends the process) and
all share a limit of memory. It writes no files and leaves no core.
"""

from __future__ import annotations

import resource
import signal
import sys
from multiprocessing.connection import Connection
from typing import TypeAlias

from monitor import registry
from monitor.errors import ParseError, ParseReason
from monitor.model import Document

Task: TypeAlias = tuple[str, bytes, str, str, str]
"""Format, body, content type, URL, charset."""
Answer: TypeAlias = Document | tuple[ParseReason, str]


def serve(connection: Connection, cpu_seconds: float, memory: int) -> None:
    """Read documents until the other side hangs up. `memory` is bytes of address space."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _parse(task)
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send(answer)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _parse(task: Task) -> Answer:
    name, body, content_type, url, charset = task
    try:
        document: Document = registry.find("formats", name)().parse(
            body, content_type, url=url, charset=charset
        )
    except ParseError as error:
        return error.reason, str(error)
    except MemoryError:
        return ParseReason.TOO_COSTLY, "reading it takes too much memory"
    return document


def main() -> None:
    """Serve on the file descriptor named on the command line."""
    descriptor, cpu_seconds, memory = sys.argv[1:4]
    registry.find("formats", "xml")  # import feedparser before the first task's time runs
    serve(Connection(int(descriptor)), float(cpu_seconds), int(memory))


if __name__ == "__main__":
    main()
