"""Whole processes, timed: seconds and peak memory, best of several runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Measured:
    """Wall seconds, peak resident memory (MB) and CPU seconds of a process; the least of its runs.

    CPU seconds tell of a busy machine what wall seconds do not: those of all threads, and of the processes it started.
    """

    seconds: float
    megabytes: float
    cpu: float


def python(code: str, *arguments: str, runs: int = 3) -> Measured:
    """Runs Python code in a process of its own, `runs` times. Raises RuntimeError where it fails."""
    return process([sys.executable, "-c", code, *arguments], runs=runs)


def process(command: list[str], *, runs: int = 3, accept: tuple[int, ...] = (0, 1)) -> Measured:
    """Runs a command `runs` times and keeps the least of each figure."""
    return together([command], runs=runs, accept=accept)[0]


def together(commands: list[list[str]], *, runs: int, accept: tuple[int, ...] = (0, 1)) -> list[Measured]:
    """Runs commands in turn, `runs` times over, so that a busy moment meets all; keeps the least of each's figures."""
    rounds = [[_run(command, accept) for command in commands] for _ in range(runs)]
    return [least(each) for each in zip(*rounds, strict=True)]


def least(runs: Sequence[Measured]) -> Measured:
    """The least of each figure."""
    return Measured(*(min(getattr(run, name) for run in runs) for name in ("seconds", "megabytes", "cpu")))


ALONE = """
import os, subprocess, sys, time
started = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
seconds, cpu = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
print(seconds, usage.ru_maxrss / 1024, cpu, os.waitstatus_to_exitcode(status))
"""
"""Starts the command from a process that has next to no memory: its peak counts from that of who starts it."""


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)
"""Modules are compiled once, as an installation has them, not at each start."""


def _run(command: list[str], accept: tuple[int, ...]) -> Measured:
    ended = subprocess.run(
        [sys.executable, "-c", ALONE, *command],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=ENVIRONMENT,
    )
    *figures, code = ended.stdout.split()
    if int(code) not in accept:
        raise RuntimeError(f"{command[:3]} ended with {code}: {ended.stderr[-500:]}")
    return Measured(*map(float, figures))
