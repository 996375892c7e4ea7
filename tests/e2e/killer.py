"""Run a desk through some moments and die by SIGKILL at the n-th commit, then run it again to the end.

`killer.py CONFIG before|after TIME…` reads lines `N STORE-URL HOOK-URL` and answers each with the
commits that the first run lived to see and how it ended. Each run is a forked process, so that
nothing of the dead one is left but the database.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from monitor import config as configs
from monitor import service
from monitor.clock import VirtualClock

COMMIT: Callable[[Any, Any], None] = DefaultDialect.do_commit


def deadly(number: int, moment: str) -> None:
    """Make the process die at its n-th commit, before or after it is done."""
    left = number

    def commit(self: DefaultDialect, connection: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0 and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        COMMIT(self, connection)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = commit  # type: ignore[method-assign]


async def live(config: configs.Config, times: list[datetime]) -> None:
    """Tick at each time, and once more when the leases of a dead process have run out."""
    store = service.open_store(config)
    store.open()
    clock = VirtualClock(max(times[0], store.last_time() or times[0]))
    async with service.build(config, clock=clock, random=Random(1), store=store) as built:
        for at in times:
            for moment in (at, at + timedelta(minutes=10)):
                clock.jump_to(moment)
                await built.pipeline.tick()


def forked(work: Any) -> int:
    """Run something in a process of its own; return how that ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 1
    try:
        work()
        status = 0
    except Exception:  # noqa: BLE001 - whatever it was, the fork must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(status)


def main(path: str, moment: str, *times: str) -> None:
    """Answer lines until there are none."""
    config = configs.load(Path(path), dict(os.environ))
    service.build(config)  # imports all that a run needs, once, before there is anything to fork
    when = [datetime.fromisoformat(at) for at in times]
    for line in sys.stdin:
        number, store, hook = line.split()
        channel = config.channels["hook"]
        this = replace(
            config,
            store=store,
            channels={"hook": replace(channel, options=replace(channel.options, url=hook))},
        )

        def first(number: str = number, this: configs.Config = this) -> None:
            deadly(int(number), moment)
            asyncio.run(live(this, when))

        killed = forked(first)
        again = forked(lambda this=this: asyncio.run(live(this, when)))
        print(killed, again, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
