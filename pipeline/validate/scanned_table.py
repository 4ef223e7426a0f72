"""A table that DuckDB has scanned once: which rows are certainly valid, and the values of the fields that keys need."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.package.rules import DIGITS, Field
from pipeline.report.verdict import Error
from pipeline.table import duckdb, rules_sql
from pipeline.table.rows import WIDE, Rows
from pipeline.validate import keys
from pipeline.validate.table import Reads, SuspectRow


@dataclass
class ScannedTable:
    """A table as DuckDB relations.

    `scan` has a row for each row of the file: `row`, `certain`, `cells` (its texts, where it is not certain), and the
    typed values of the fields in `key_fields`, under the field's position (`v3`). It is a view of `base`.
    """

    con: duckdb.DuckDBPyConnection
    from_rows: Rows
    fields: Sequence[Field]
    count: int
    suspects: int
    base: str
    scan: str
    key_fields: Sequence[int]
    stats: dict[str, Any]
    is_numbered_in_turn: bool
    is_complete: bool = False
    failures: Sequence[Error] = ()

    def complete(self, read: Reads) -> bool:
        """Fills in the values of keys in suspect rows; False where a value cannot be held beside the certain ones."""
        if self.is_complete or not self.suspects:
            return True
        for position in self.key_fields:
            each, cell = self.fields[position], f"cells[{position + 1}]"
            query = f"SELECT DISTINCT {cell} FROM {self.base} WHERE NOT certain AND v{position} IS NULL"
            texts = [text for (text,) in self.con.execute(query).fetchall()]
            values = [read(position, text) for text in texts]
            if not all(is_storable(value, each) for value in values):
                return False
            known = [(text, value) for text, value in zip(texts, values, strict=True) if value is not None]
            if known:
                self.con.execute(
                    FILL.format(base=self.base, value=f"v{position}", cell=cell, type=rules_sql.TYPES[each.kind]),
                    [[text for text, _ in known], [stored(value, each) for _, value in known]],
                )
        self.is_complete = self._add_odd(read)
        return self.is_complete

    def _add_odd(self, read: Reads) -> bool:
        """The rows of another width, which are never certain, with the values of their key cells."""
        odd = self.from_rows.odd
        if not odd:
            return True
        values = [
            [read(position, cells[position] if position < len(cells) else None) for _, cells in odd]
            for position in self.key_fields
        ]
        columns, selected = ["row", "certain"], ["unnest($1::BIGINT[])", "false"]
        for at, position in enumerate(self.key_fields):
            each = self.fields[position]
            if not all(is_storable(value, each) for value in values[at]):
                return False
            columns.append(f"v{position}")
            selected.append(f"unnest(${at + 2}::{rules_sql.TYPES[each.kind]}[])")
            values[at] = [stored(value, each) for value in values[at]]
        self.con.execute(
            f"INSERT INTO {self.base} ({', '.join(columns)}) SELECT {', '.join(selected)}",
            [[number for number, _ in odd], *values],
        )
        return True

    def missing(self, key: Sequence[int], *, every: bool, limit: int) -> list[int]:
        """The first rows in which every part of the key is missing, or else some are and others not."""
        return keys.missing(self.con, self.scan, _columns(key), every=every, limit=limit)

    def repeated(self, key: Sequence[int], *, whole: bool, limit: int) -> dict[int, int]:
        """The first rows whose key is that of an earlier row, which is the value."""
        return keys.repeated(self.con, self.scan, _columns(key), whole=whole, limit=limit)

    def unmatched(
        self, key: Sequence[int], parent: ScannedTable, there: Sequence[int | None], *, limit: int
    ) -> list[int]:
        """The first rows whose key no row of the parent has."""
        return keys.unmatched(self.con, self.scan, _columns(key), parent.scan, _columns(there), limit)

    def can_match(self, key: Sequence[int], parent: ScannedTable, there: Sequence[int | None]) -> bool:
        """Whether the values of both sides are of kinds that SQL compares."""
        kinds = [self.fields[position].kind for position in key]
        return None not in there and kinds == [parent.fields[at].kind for at in there if at is not None]

    def rows(self, marked: set[int]) -> Iterator[SuspectRow]:
        """The suspects and the marked rows; of a suspect, the cells that are certain need not be read."""
        cursor = self.con.cursor()
        cursor.execute(self._suspects())
        odd = ((number, cells, None) for number, cells in self.from_rows.odd)
        yield from heapq.merge(_fetched(cursor), self.certain(marked), odd, key=itemgetter(0))

    def rank(self, number: int) -> int:
        """How many rows there are up to the one of that number."""
        if self.is_numbered_in_turn:
            return number - 1
        odd = sum(row <= number for row, _ in self.from_rows.odd) if not self.is_complete else 0
        return int(self.con.execute(f"SELECT count(*) FROM {self.scan} WHERE row <= {number}").fetchall()[0][0]) + odd

    def _suspects(self) -> str:
        texts = [f"cells[{number}] AS {cell}" for number, cell in enumerate(self.from_rows.cells, 1)]
        values, unknown = "", []
        for position, (each, cell) in enumerate(zip(self.fields, self.from_rows.cells, strict=True)):
            value = f"p{position}"
            if rules_sql.reads(each, is_key=False):
                values += f", {rules_sql.reading(each, cell)} AS {value}"
            test = "false" if each.tests is None else rules_sql.certain(each, cell, value)
            unknown.append(f"NOT coalesce({test} AND NOT {rules_sql.is_missing(each, cell)}, false)")
        return SUSPECTS.format(
            unknown=", ".join(unknown), values=values, texts=", ".join(texts), scan=self.scan, width=len(self.fields)
        )

    def certain(self, marked: set[int]) -> Iterator[SuspectRow]:
        """The rows of these numbers that are certain but for a key, from the file itself."""
        query = f"SELECT row FROM {self.scan} WHERE certain AND row IN (SELECT unnest($1::BIGINT[]))"
        numbers = [row for (row,) in self.con.execute(query, [sorted(marked)]).fetchall()] if marked else []
        if not numbers:
            return
        cursor = self.con.cursor()
        cells = ", ".join(self.from_rows.cells)
        cursor.execute(CERTAIN.format(cells=cells, relation=self.from_rows.relation), [numbers])
        yield from _fetched(cursor)


FILL = """
UPDATE {base} AS s SET {value} = k.value
FROM (SELECT unnest($1::VARCHAR[]) AS text, unnest($2::{type}[]) AS value) AS k
WHERE NOT certain AND k.text = {cell}
"""

SUSPECTS = """
SELECT row, cells, list_where(range({width}), [{unknown}])
FROM (SELECT *{values} FROM (SELECT row, cells, {texts} FROM {scan} WHERE cells IS NOT NULL))
ORDER BY row
"""

CERTAIN = "SELECT row, [{cells}], [] FROM {relation} WHERE row IN (SELECT unnest($1::BIGINT[])) ORDER BY row"


def _columns(key: Sequence[int | None]) -> list[str]:
    return [f"v{position}" for position in key]


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[SuspectRow]:
    while batch := cursor.fetchmany(1000):
        yield from batch


def can_scan(fields: Sequence[Field], key_fields: Sequence[int]) -> bool:
    """Whether DuckDB can hold so many columns, and compare the values of these keys."""
    return len(fields) <= WIDE and all(fields[position].is_comparable for position in key_fields)


Refused = Callable[[int, list[str]], list[str]]
"""Of the distinct texts of a field those that frictionless does not accept."""


def scan(
    con: duckdb.DuckDBPyConnection,
    rows: Rows,
    fields: Sequence[Field],
    key_fields: Sequence[int],
    name: str,
    refused: Refused,
) -> ScannedTable | None:
    """Scans the rows once, under a name of their own; None where they are not all that the file holds.

    Raises one of `relation.UNREAD` where DuckDB does not read the file.
    """
    base, view = identifier(f"scan {name}"), identifier(f"numbered {name}")
    # A table's rowid follows the order of the file, unless rows are joined to make it; then they are numbered before,
    # which takes one core for all.
    in_turn = rows.unnumbered is not None and all(each.tests is not None for each in fields)
    source = rows.unnumbered if in_turn and rows.unnumbered else rows.relation

    @cache
    def bad(position: int) -> str:
        return _bad(con, rows, position, name, refused)

    con.execute(f"CREATE OR REPLACE TABLE {base} AS {scan_query(rows, fields, key_fields, source, bad, in_turn)}")
    count, text, suspects = con.execute(COUNTS.format(base=base)).fetchall()[0]
    if not rows.adds_up(count, text):
        return None
    columns = ", ".join(["certain", "cells", *(f"v{position}" for position in key_fields)])
    number = f"rowid + {FIRST}" if in_turn else "row"
    con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {number} AS row, {columns} FROM {base}")
    looked = rows.looking.result() if rows.looking else None
    stats = {"sha256": looked.sha256, "bytes": looked.size} if looked else {}
    odd = len(rows.odd)
    return ScannedTable(
        con, rows, fields, count + odd, suspects + odd, base, view, key_fields, stats, rows.unnumbered is not None
    )


FIRST = 2
"""The number of the first row below the header; of a part of a table, that of its own first row."""

COUNTS = "SELECT count(*), coalesce(sum(bytes), 0), count(*) FILTER (NOT certain) FROM {base}"

SCAN = """
SELECT {row}certain, bytes, CASE WHEN NOT certain THEN [{cells}] END AS cells{keys}
FROM (
    SELECT *, CASE WHEN {certain} THEN true ELSE false END AS certain, {bytes} AS bytes
    FROM (
        SELECT *{tested}
        FROM (SELECT *{values} FROM {rows})
    )
)
"""
"""Each row's verdict and keys; step by step, so that what is needed twice (a value, a key's test) is evaluated once."""


def scan_query(
    rows: Rows,
    fields: Sequence[Field],
    key_fields: Sequence[int],
    source: str,
    bad: Callable[[int], str],
    in_turn: bool,
) -> str:
    """The scan as SQL, over any relation with the columns c1 … cn: a file's, or a part's that came as Arrow."""
    values, tested, tests, kept = "", "", [], ""
    for position, (each, cell) in enumerate(zip(fields, rows.cells, strict=True)):
        value = f"p{position}"
        if rules_sql.reads(each, is_key=position in key_fields):
            values += f", {rules_sql.reading(each, cell)} AS {value}"
        test = rules_sql.certain(each, cell, value, bad(position) if each.tests is None else None)
        if position in key_fields:
            tested += f", {test} AND {rules_sql.is_short(cell)}" if each.kind == "number" else f", {test}"
            tested += f" AS t{position}"
            kept += f", {rules_sql.key(each, cell, value, f't{position}')} AS v{position}"
            test = f"t{position}"
        tests.append(test)
    if not any(each.required for each in fields):
        tests.append(rules_sql.has_value(fields, rows.cells))
    return SCAN.format(
        row="" if in_turn else "row, ",
        certain=" AND ".join(tests),
        bytes=rows.bytes,
        cells=", ".join(rows.cells),
        keys=kept,
        tested=tested,
        values=values,
        rows=source,
    )


REFUSED = "CREATE OR REPLACE TABLE {bad} AS SELECT unnest($1::VARCHAR[]) AS text"


def _bad(con: duckdb.DuckDBPyConnection, rows: Rows, position: int, name: str, refused: Refused) -> str:
    """The relation of the field's distinct texts that frictionless does not accept."""
    cell, bad = rows.cells[position], identifier(f"bad {name} {position}")
    texts = con.execute(f"SELECT DISTINCT {cell} FROM {rows.unnumbered or rows.relation}").fetchall()
    con.execute(REFUSED.format(bad=bad), [refused(position, [text for (text,) in texts])])
    return bad


def is_storable(value: Any, each: Field) -> bool:
    """Whether SQL can hold the value beside the certain ones, equal where they are equal."""
    if value is None:
        return True
    if each.kind == "integer":
        return bool(abs(value) < 2**63)
    if each.kind == "number":
        if value != value or abs(value) >= 10**15:
            return False
        number = Decimal(str(value)).normalize()
        # Nearer to zero a double has fewer digits, or none.
        return len(number.as_tuple().digits) <= DIGITS and (not number or number.adjusted() > -300)
    return isinstance(value, str) if each.kind == "text" else each.kind in ("boolean", "date")


def stored(value: Any, each: Field) -> Any:
    return float(value) if each.kind == "number" and value is not None else value
