"""The time that a query may take, looked at less often than Datasette does.

Each look is a call of Python from SQLite, which has to wait for Python's lock. Datasette looks every 1,000 steps; on a
busy server a count of 0.2 seconds then takes over a second, and facets are left out of pages.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import datasette.database

STEPS = 10_000
"""Steps of SQLite between two looks; a step is some 50 nanoseconds."""

clock = time.monotonic
"""What tells the time; seconds."""


class Interruptions:
    """How many queries have been stopped since the process started: an answer made meanwhile may lack something."""

    count = 0


@contextmanager
def sqlite_timelimit(con: sqlite3.Connection, milliseconds: float) -> Iterator[None]:
    """Within this a query on the connection is stopped when its time is over."""
    end = clock() + milliseconds / 1000

    def is_over() -> bool:
        if clock() < end:
            return False
        Interruptions.count += 1
        return True

    con.set_progress_handler(is_over, STEPS)
    try:
        yield
    finally:
        con.set_progress_handler(None, STEPS)


datasette.database.sqlite_timelimit = sqlite_timelimit
