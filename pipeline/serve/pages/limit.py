"""The time that a part of a page may take: its rows, each count, what is drawn. One that is late spoils no other."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

STEPS = 10_000
"""Steps of SQLite between two looks at the clock: each look waits for Python's lock."""


@contextmanager
def limited(con: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Interrupts a query within this that takes longer."""
    end = time.monotonic() + milliseconds / 1000
    con.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        con.set_progress_handler(None, STEPS)


def is_interrupted(error: sqlite3.OperationalError) -> bool:
    """Whether it is the time that was over."""
    return str(error) == "interrupted"
