"""How a process stands back for those that answer readers. Nothing but Python's own library: free SQL has it too."""

from __future__ import annotations

import contextlib
import os
import shutil

LEAST = 19
"""The lowest that `nice` knows."""


def stand_back(nice: int) -> None:
    """Gives this process the processor's time that others leave: at once, where the system can (Linux' SCHED_IDLE)."""
    os.nice(nice)
    if hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def standing_back() -> list[str]:
    """What a command begins with that is to stand back from its first instruction on; empty where there is no such."""
    found = shutil.which("nice")
    return [found, "-n", str(LEAST)] if found else []
