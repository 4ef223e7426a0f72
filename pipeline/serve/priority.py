"""How a process stands back for those that answer readers."""

from __future__ import annotations

import contextlib
import os
import shutil

LOW = 6
"""A priority for short work: a fifth of the processor where others want all of it."""

LEAST = 19
"""The lowest priority that `nice` knows."""


def at_low_priority() -> list[str]:
    """What a command begins with that has low priority from its first instruction on; empty where there is no such."""
    found = shutil.which("nice")
    return [found, "-n", str(LOW)] if found else []


def stand_back(pid: int) -> None:
    """Gives a process of ours only the processor's time that others leave: at once where Linux has SCHED_IDLE."""
    with contextlib.suppress(OSError):  # it has just ended
        os.setpriority(os.PRIO_PROCESS, pid, LEAST)
        if hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
