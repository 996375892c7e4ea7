"""Parse: a fetched body to a Document, whatever the body holds.

Well-formed feeds are read in the calling thread by paths that take linear time. All others go to
feedparser in a worker process: what takes more than its CPU time or memory costs that process,
and the document is refused as too costly.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import monitor
from monitor import registry
from monitor.errors import ParseError, ParseReason
from monitor.formats import Format
from monitor.model import Document, Fetched, FetchResult
from monitor.parse.bijoy import righted
from monitor.parse.worker import Answer, Task

MEMORY: Final = 1_000_000_000
"""Bytes of address space of a worker: feedparser needs 30 times a body of 10 MB at most (measured)."""
PATIENCE: Final = 4.0
"""How many times its CPU allowance a document may take by the clock, on a busy machine."""
WORKERS: Final = 2


class Parser:
    """Parses documents; any number of threads may call it. At most `WORKERS` processes, started when needed.

    `cpu_seconds` is what one document may take in a worker, `memory` the bytes of address space
    that a worker may have.
    """

    def __init__(self, *, cpu_seconds: float = 5.0, memory: int = MEMORY) -> None:
        self._cpu_seconds, self._memory = cpu_seconds, memory
        found = [(registry.find("formats", name), name) for name in registry.names("formats")]
        self._formats: list[tuple[Format, str]] = [
            (member(), name) for member, name in sorted(found, key=lambda pair: (pair[0].rank, pair[1]))
        ]
        self._places = threading.BoundedSemaphore(WORKERS)
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def parse(self, result: FetchResult) -> Document:
        """Return the document of a result whose outcome is Fetched. Raises ParseError."""
        fetched = result.outcome
        if not isinstance(fetched, Fetched):
            raise TypeError("only what was fetched can be parsed")
        body, content_type = fetched.body, fetched.content_type
        url, charset = result.url or result.feed.url, result.feed.charset
        for reader, name in self._formats:
            if reader.sniff(body, content_type):
                document = reader.quick(body, content_type, url=url, charset=charset)
                document = document or self._in_worker((name, body, content_type, url, charset))
                return righted(document, result.feed.language)
        raise ParseError(ParseReason.NOT_A_FEED, "no format knows it")

    def _in_worker(self, task: Task) -> Document:
        with self._places:
            worker = self._take()
            try:
                answer = worker.ask(task, self._cpu_seconds * PATIENCE)
            except BaseException:
                worker.kill()
                raise
            self._give_back(worker)
        if isinstance(answer, Document):
            return answer
        reason, message = answer
        raise ParseError(reason, message)

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise RuntimeError("the parser is closed")
            if self._idle:
                return self._idle.pop()
        return _Worker(self._cpu_seconds, self._memory)

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(worker)
                return
        worker.kill()

    def close(self) -> None:
        """End the worker processes."""
        with self._lock:
            self._closed = True
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.kill()


_START: Final = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from monitor.parse.worker import main
main()
"""


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, cpu_seconds: float, memory: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # A fresh interpreter, not a fork: this process has threads. The same modules as here.
            root = str(Path(monitor.__file__).parent.parent)
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, root, str(theirs.fileno()), str(cpu_seconds), str(memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())

    def ask(self, task: Task, seconds: float) -> Answer:
        """Return what the process makes of a document. Raises ParseError when it does not live to tell."""
        try:
            self._connection.send(task)
            if not self._connection.poll(seconds):
                raise ParseError(ParseReason.TOO_COSTLY, f"reading it takes more than {seconds:g} s")
            answer: Answer = self._connection.recv()
        except (EOFError, OSError) as error:
            code = self._process.wait()
            if code in _OUT_OF_TIME:
                raise ParseError(ParseReason.TOO_COSTLY, "reading it takes too much CPU time") from error
            raise ParseError(ParseReason.BROKEN, f"the parser died of it ({code})") from error
        return answer

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._connection.close()


_OUT_OF_TIME: Final = (-27, -24, -9)
"""SIGPROF, SIGXCPU, and SIGKILL (the kernel's, out of memory)."""
