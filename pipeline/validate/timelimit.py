"""A limit of CPU time on work that cannot be divided, such as matching a regular expression.

CPU time, so that a busy machine does not change a verdict.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from pipeline.core.errors import InvalidData, Kind, Problem

if TYPE_CHECKING:
    import frictionless

PATTERN_SECONDS = 20
"""How long a pattern may match one row, or the distinct texts of one field, before it is called endless."""


class Expired(BaseException):  # no `except Exception` of a library holds it up
    """The time is up."""


@contextmanager
def time_limit(seconds: float) -> Iterator[type[Expired]]:
    """Raises Expired in the block after that many CPU seconds; without effect outside the main thread,
    and on Windows, which has no such timer.

    Python's `re` looks for signals while it matches, so that even an endless match ends.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield Expired
        return

    def expire(_signum: int, _frame: FrameType | None) -> None:
        raise Expired

    before = signal.signal(signal.SIGPROF, expire)
    around, _ = signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield Expired
    finally:
        left, _ = signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if around:  # a block within another's limit takes of its time
            signal.setitimer(signal.ITIMER_PROF, max(around - (seconds - left), 0.001))


@contextmanager
def opening_limit(file: str) -> Iterator[None]:
    """Raises InvalidData where frictionless, which guesses the dialect, looks at the first lines for too long."""
    with time_limit(PATTERN_SECONDS) as expired:
        try:
            yield
        except expired:
            rule = f"has lines so long that its dialect is not found within {PATTERN_SECONDS} seconds"
            fix = "Look for a quote that never closes, or line ends that were lost."
            raise InvalidData(Problem(Kind.LONG_LINE, rule, fix, file=file)) from None


@contextmanager
def pattern_limit(fields: Sequence[frictionless.Field]) -> Iterator[None]:
    """Raises InvalidData where frictionless reads values of these fields for more than `PATTERN_SECONDS`.

    Without fields there is no limit.
    """
    if not fields:
        yield
        return
    with time_limit(PATTERN_SECONDS) as expired:
        try:
            yield
        except expired:
            raise InvalidData([_endless(field) for field in fields]) from None


def _endless(field: frictionless.Field) -> Problem:
    pattern = field.constraints.get("pattern")
    fix = "Write the pattern without nested repetitions such as (a+)+."
    if pattern is None:
        pattern, fix = "jsonSchema", "Simplify the field's JSON Schema: its patterns, and where it refers to itself."
    rule = f"took more than {PATTERN_SECONDS} seconds to match"
    return Problem(Kind.ENDLESS_PATTERN, rule, fix, field=field.name, value=str(pattern))
