"""Beside each field of EDTF dates, two of ISO dates: the first and the last day that it covers.

`2023-22` neither sorts nor compares as a date; 2023-06-01 and 2023-08-31 do. The CSV has what the sources say and
nothing else; the formats for computing with, Parquet, SQLite and XLSX, have the two beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.core.edtf import is_edtf, span
from pipeline.core.names import free
from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.table import duckdb

COVERS = "covers"
"""The member of such a field that names the field of the date, and the end that it is: `("opened", "from")`."""

ENDS = ("from", "to")


def with_days(con: duckdb.DuckDBPyConnection, table: Resource, relation: str) -> tuple[Resource, str]:
    """The table with `<field>_from` and `<field>_to` after each field of dates, and a relation of its rows.

    `relation` has the table's values, and goes; the order of its rows stays. A table without such dates is given back
    as it is.
    """
    fields = _fields(table)
    if len(fields) == len(table.fields):
        return table, relation
    columns, joins = [], []
    for field in fields:
        date, end = field.get(COVERS, (field["name"], None))
        if end is None:
            columns.append(f"t.{identifier(date)}")
            continue
        days = identifier(f"days of {table.stem}.{date}")
        if end == ENDS[0]:
            _write_days(con, relation, date, days)
            joins.append(f"LEFT JOIN {days} ON {days}.code = t.{identifier(date)}")
        columns.append(f"{days}.{identifier(end)} AS {identifier(field['name'])}")
    name = identifier(f"dated {table.stem}")
    query = f"SELECT {', '.join(columns)} FROM {relation} AS t {' '.join(joins)} ORDER BY t.rowid"
    con.execute(f"CREATE TABLE {name} AS {query}")
    con.execute(f"DROP TABLE {relation}")
    return replace(table, schema={**(table.schema or {}), "fields": fields}), name


def _fields(table: Resource) -> list[dict[str, Any]]:
    taken = {name.casefold() for name in table.field_names}
    fields = []
    for field in table.fields:
        fields.append(field)
        if field.get("type", "any") in ("string", "any") and is_edtf(field):
            for end in ENDS:
                name = free(f"{field['name']}_{end}", taken)
                taken.add(name.casefold())
                fields.append({"name": name, "type": "date", COVERS: (field["name"], end)})
    return fields


def _write_days(con: duckdb.DuckDBPyConnection, relation: str, date: str, days: str) -> None:
    """Writes a table of the distinct dates of a field with the days that they cover."""
    con.execute(f'CREATE OR REPLACE TEMP TABLE {days} (code VARCHAR, "from" DATE, "to" DATE)')
    column = identifier(date)
    codes = con.execute(f"SELECT DISTINCT {column} FROM {relation} WHERE {column} IS NOT NULL").fetchall()
    if codes:
        con.executemany(f"INSERT INTO {days} VALUES (?, ?, ?)", [(code, *span(code)) for (code,) in codes])
