"""Lives of the process under test, each in a fork of one that has imported everything and read the config.

`python -m tests.crash.lives CONFIG TIMES` has one life for its imports, then reads a line of JSON for each life and answers with one:

    {"folder": where database and files are, "strace": arguments or null, "times": [ISO, …],
     "stubborn": go on after an error of our own, as the daemon does, "limits": {"NOFILE": spare descriptors}}
    {"code": how it ended (negative: the signal), "words": what it said}

A fork costs 0.01 s, a new interpreter with its imports a second. strace is attached before the life
begins, so that calls count from there; `-p` cannot use `--seccomp-bpf`, which a life of some thousand
calls does not need.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import IO, Any

from monitor import config as configs
from monitor import service
from monitor.clock import VirtualClock
from monitor.errors import MonitorError
from monitor.model import Event

ACK = b"@ack "
PR_SET_PTRACER, ANYONE = 0x59616D61, -1
CURE = 9
"""Further rings that a stubborn life gets, each when something is due: backoffs have to pass."""


async def live(config: configs.Config, life: dict[str, Any]) -> None:
    """Do what `once --at` does at each time, in one process."""
    times = [datetime.fromisoformat(at) for at in life["times"]]
    acks = os.open(config.folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)

    def tell(event: Event) -> None:
        if event.kind in ("queued", "delivery"):
            fields = {name: str(value) for name, value in event.fields.items()}
            os.write(acks, ACK + json.dumps({"kind": event.kind, **fields}).encode() + b"\n")

    store = service.open_store(config)
    with store.exclusive():
        store.open()
        clock = VirtualClock(max(times[0], store.last_time() or times[0]))
        async with service.build(config, clock=clock, random=Random(1), store=store, tell=tell) as built:
            for at in times:
                clock.jump_to(at)
                await built.pipeline.tick()


async def live_stubbornly(config: configs.Config, life: dict[str, Any]) -> None:
    """As the daemon: an error of our own machine is said, and all is tried again at the next ring."""
    times = [datetime.fromisoformat(at) for at in life["times"]]
    store = service.open_store(config)
    clock = VirtualClock(times[0])
    limits = resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE)
    with store.exclusive():
        async with service.build(config, clock=clock, random=Random(1), store=store, tell=_say) as built:
            if "NOFILE" in life.get("limits", {}):
                used = len(os.listdir("/proc/self/fd"))
                spare = used + life["limits"]["NOFILE"]
                resource.setrlimit(resource.RLIMIT_NOFILE, (spare, limits[0][1]))
            if "FSIZE" in life.get("limits", {}):
                resource.setrlimit(resource.RLIMIT_FSIZE, (life["limits"]["FSIZE"], limits[1][1]))
            # What our own machine kept from being asked is asked again within two minutes.
            rings = [times[0] + timedelta(minutes=n) for n in (0, 2, 10)] + times[1:]
            for number, at in enumerate(rings):
                clock.jump_to(at)
                await _ring(built)
                if number == 1:  # the operator has seen to it
                    resource.setrlimit(resource.RLIMIT_NOFILE, limits[0])
                    resource.setrlimit(resource.RLIMIT_FSIZE, limits[1])
            for hours in range(1, CURE):
                clock.jump_to(times[-1] + timedelta(hours=hours))
                await _ring(built)


async def _ring(built: service.Service) -> None:
    try:
        await built.pipeline.tick()
    except MonitorError as error:
        say(f"{type(error).__name__}: {error}")
    await built.pipeline.drain()
    with suppress(MonitorError):
        built.pipeline.check()


def _say(event: Event) -> None:
    detail = event.fields.get("detail")
    trouble = (
        event.fields.get("outcome") not in (None, "sent", "fetched", "notmodified") or "fail" in event.kind
    )
    if detail and trouble:
        say(f"{event.kind}: {event.fields.get('reason', '')}: {detail}")


def say(words: str) -> None:
    """Say something where faults of the disk do not reach: nothing else calls writev."""
    os.writev(1, [words.encode(), b"\n"])


def child(config: configs.Config, life: dict[str, Any], said: IO[bytes], go: int) -> None:
    """Be the process under test: wait until strace is there, then live."""
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYONE, 0, 0, 0)  # where only parents may trace
    os.read(go, 1)
    status = 1
    try:
        asyncio.run((live_stubbornly if life.get("stubborn") else live)(config, life))
        status = 0
    except MonitorError as error:
        say(f"{type(error).__name__}: {error}")
        status = 3
    except BaseException:  # noqa: BLE001 - whatever it was, the fork must not go on as its parent
        say(traceback.format_exc())
    finally:
        os._exit(status)


def one(config: configs.Config, life: dict[str, Any]) -> dict[str, Any]:
    """Run a life to its end."""
    folder = Path(life["folder"])
    this = replace(config, store=f"sqlite:{folder / 'monitor.db'}", folder=folder)
    waits, go = os.pipe()
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if not pid:
            os.close(go)
            child(this, life, said, waits)
        os.close(waits)
        tracer = attach(life["strace"], pid) if life.get("strace") else None
        os.write(go, b"!")
        os.close(go)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if tracer is not None:
            tracer.wait(20)
        said.seek(0)
        words = said.read().decode("utf-8", "replace")
    return {"code": code, "words": words}


def attach(arguments: list[str], pid: int) -> subprocess.Popen[bytes]:
    """Start strace on a process and wait until it holds it."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", *arguments, "-p", str(pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    status = Path(f"/proc/{pid}/status")
    while "\nTracerPid:\t0\n" in status.read_text():
        if tracer.poll() is not None:
            os.kill(pid, signal.SIGKILL)
            raise RuntimeError(f"strace {arguments} could not trace a process of ours")
        os.sched_yield()
    return tracer


def main(path: str, times: str) -> None:
    """Answer lines until there are none."""
    config = configs.load(Path(path), dict(os.environ))
    with tempfile.TemporaryDirectory() as folder:  # a first life imports all that a life needs
        this = replace(config, store=f"sqlite:{folder}/monitor.db", folder=Path(folder))
        asyncio.run(live(this, {"times": json.loads(times)}))
    gc.collect()
    gc.freeze()
    print(flush=True)
    for line in sys.stdin:
        print(json.dumps(one(config, json.loads(line))), flush=True)


class Lives:
    """The other end of the lines."""

    def __init__(self, config: Path, times: Sequence[str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.lives", str(config), json.dumps(times)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent.parent,
        )  # fmt: skip
        assert self._server.stdout is not None
        self._server.stdout.readline()  # the first life has ended

    def live(self, folder: Path, **life: Any) -> dict[str, Any]:
        """Have one life lived; return how it ended and what it said."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps({"folder": str(folder), **life}), file=self._server.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        return answer

    def __enter__(self) -> Lives:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._server:
            assert self._server.stdin is not None
            self._server.stdin.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
