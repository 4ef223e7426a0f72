"""A time limit on work that cannot be divided: matching a regular expression, for one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Expired(Exception):
    """The time is up."""


@contextmanager
def time_limit(seconds: float) -> Iterator[type[Expired]]:
    """Raises Expired in the block after that many seconds; without effect outside the main thread.

    Python's `re` looks for signals while it matches, so that even an endless match ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Expired
        return

    def expire(_signum: int, _frame: FrameType | None) -> None:
        raise Expired

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield Expired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
