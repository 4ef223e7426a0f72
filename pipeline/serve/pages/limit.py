"""The time that a part of a page may take: its rows, each count, what is drawn. One that is late spoils no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import datasette.database


@contextmanager
def limited(con: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Interrupts what takes longer, the way Datasette does it at the time: others may have bettered it."""
    with datasette.database.sqlite_timelimit(con, milliseconds):
        yield


def is_interrupted(error: sqlite3.OperationalError) -> bool:
    """Whether it is the time that was over."""
    return str(error) == "interrupted"
