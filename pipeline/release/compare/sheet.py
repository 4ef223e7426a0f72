"""A comparison as CSV: a line for each cell that differs, and for each other change.

    change,table,row,key,field,old,new

Lines of one row share a number in `row`, which other changes leave empty. `key` holds the values of the primary key,
several joined by "|", and is empty where rows were compared whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from pipeline.release.compare.package import Comparison

COLUMNS = ("change", "table", "row", "key", "field", "old", "new")


def write(comparison: Comparison, file: TextIO) -> None:
    """Writes the sheet; the file is opened with newline=""."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_changes(comparison))
    writer.writerows(_cells(comparison))


def _changes(comparison: Comparison) -> Iterator[tuple[object, ...]]:
    for change in comparison.changes:
        if change.count is None:
            yield change.what, change.table or "", "", "", change.name or "", change.old or "", change.new or ""


def _cells(comparison: Comparison) -> Iterator[tuple[object, ...]]:
    number = 0
    for table in comparison.tables:
        for row in comparison.rows(table):
            number += 1
            for field in dict.fromkeys((*row.old, *row.new)):
                cells = row.old.get(field, ""), row.new.get(field, "")
                yield row.change, table.table, number, "|".join(row.key), field, *cells
