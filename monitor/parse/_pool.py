"""Processes that read what may take too long: killed when they take more time or memory than they may.

What they do is a module's `answer`, named when the pool is made: it takes a task and returns a value
or the ParseReason and the words of a refusal. Whatever it meets, it costs one process.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import monitor
from monitor.errors import ParseError, ParseReason

PATIENCE: Final = 4.0
"""How many times its CPU allowance a task may take by the clock, on a busy machine."""


class Pool:
    """At most `workers` processes of one kind, started when needed; any number of threads may ask.

    `answers` is the module whose `answer` they call. `cpu_seconds` is what one task may take, `memory`
    the bytes of address space that a worker may have.
    """

    def __init__(self, answers: str, *, workers: int, cpu_seconds: float, memory: int) -> None:
        self._answers, self._cpu_seconds, self._memory = answers, cpu_seconds, memory
        self._places = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._closed = False
        self.idle: list[_Worker] = []
        """Those that wait for a task."""

    def ask(self, task: object) -> Any:
        """Return what a worker makes of a task. Raises ParseError, also when it does not live to tell."""
        with self._places:
            worker = self._take()
            try:
                answer = worker.ask(task, self._cpu_seconds * PATIENCE)
            except BaseException:
                worker.kill()
                raise
            self._give_back(worker)
        if isinstance(answer, tuple):
            reason, message = answer
            raise ParseError(reason, message)
        return answer

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise RuntimeError("the parser is closed")
            if self.idle:
                return self.idle.pop()
        return _Worker(self._answers, self._cpu_seconds, self._memory)

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if not self._closed:
                self.idle.append(worker)
                return
        worker.kill()

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            self._closed = True
            workers, self.idle = self.idle, []
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

    def __init__(self, answers: str, cpu_seconds: float, memory: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # A fresh interpreter, not a fork: this process has threads. The same modules as here.
            root = str(Path(monitor.__file__).parent.parent)
            told = [root, str(theirs.fileno()), str(cpu_seconds), str(memory), answers]
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, *told],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())

    def ask(self, task: object, seconds: float) -> Any:
        """Return what the process makes of a task. Raises ParseError when it does not live to tell."""
        try:
            self._connection.send(task)
            if not self._connection.poll(seconds):
                raise ParseError(ParseReason.TOO_COSTLY, f"reading it takes more than {seconds:g} s")
            return self._connection.recv()
        except (EOFError, OSError) as error:
            code = self._process.wait()
            if code in _OUT_OF_TIME:
                raise ParseError(ParseReason.TOO_COSTLY, "reading it takes too much CPU time") from error
            raise ParseError(ParseReason.BROKEN, f"the parser died of it ({code})") from error

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._connection.close()


_OUT_OF_TIME: Final = (-27, -24, -9)
"""SIGPROF, SIGXCPU, and SIGKILL (the kernel's, out of memory)."""
