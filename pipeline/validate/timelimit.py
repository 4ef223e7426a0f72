"""A time limit on work that cannot be divided: matching a regular expression, for one."""

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
            raise InvalidData(
                Problem(
                    Kind.ENDLESS_PATTERN,
                    f"took more than {PATTERN_SECONDS} seconds to match",
                    "Write the pattern without nested repetitions such as (a+)+.",
                    field=", ".join(field.name for field in fields),
                    value=", ".join(str(field.constraints.get("pattern", field.format)) for field in fields),
                )
            ) from None
