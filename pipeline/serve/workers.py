"""Several processes that answer at one port, and one that looks after them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

AGAIN = 1.0
"""Seconds before a process that has ended is started again."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def supervise(count: int, work: Callable[[int], None]) -> None:
    """Runs `work` in `count` processes until SIGINT or SIGTERM; a process that ends is started again.

    `work` is told the number of its process, from 0; one that is started again has that of the one that ended.

    On the signal the processes get SIGTERM, finish what they have begun, and are waited for.
    """
    ended = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ended
        ended = True
        for pid in list(pids):
            os.kill(pid, signal.SIGTERM)

    pids: dict[int, int] = {}
    before = {each: signal.signal(each, end) for each in SIGNALS}
    try:
        while not ended or pids:
            while not ended and len(pids) < count:
                # A signal between the birth of a process and its entry in the list would be lost on it.
                signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
                number = next(number for number in range(count) if number not in pids.values())
                pids[_started(work, number)] = number
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            pid = _next_ended()
            pids.pop(pid, None)
            if not ended and pid:
                time.sleep(AGAIN)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _started(work: Callable[[int], None], number: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        work(number)
        status = 0
    finally:
        os._exit(status)


def _next_ended() -> int:
    try:
        return os.waitpid(-1, 0)[0]
    except (ChildProcessError, InterruptedError):
        return 0
