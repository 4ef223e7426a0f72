"""What a reader of the database counts again and again, counted once: rows, and values of what people filter by.

The table `_counts` has "table", "column", "value" and "count". Where the column is NULL the count is that of all rows;
else it is that of the rows with the value. A column with more values than `MOST_VALUES` is not in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pipeline.core.quoting import identifier

COUNTS = "_counts"

MOST_VALUES = 2_000
"""Values of a column that are counted; Sweden has 290 municipalities and some 2,000 urban areas."""


def write_counts(con: sqlite3.Connection, columns: dict[str, Iterable[str]]) -> None:
    """Counts the rows of each table and the values of the columns named; not where a table has the name `_counts`."""
    if con.execute("SELECT 1 FROM sqlite_master WHERE lower(name) = ?", (COUNTS,)).fetchone():
        return
    con.execute(f'CREATE TABLE {COUNTS} ("table" TEXT NOT NULL, "column" TEXT, "value", "count" INTEGER NOT NULL)')
    for table, names in columns.items():
        con.execute(f"INSERT INTO {COUNTS} SELECT ?, NULL, NULL, count(*) FROM {identifier(table)}", (table,))
        for name in names:
            _count_values(con, table, name)
    con.execute(f'CREATE INDEX {COUNTS}_table_column ON {COUNTS} ("table", "column")')


def _count_values(con: sqlite3.Connection, table: str, name: str) -> None:
    column = identifier(name)
    counted = con.execute(
        f"SELECT {column}, count(*) FROM {identifier(table)} "
        f"GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {MOST_VALUES + 1}"
    ).fetchall()
    if len(counted) <= MOST_VALUES:
        rows = [(table, name, value, count) for value, count in counted]
        con.executemany(f"INSERT INTO {COUNTS} VALUES (?, ?, ?, ?)", rows)
