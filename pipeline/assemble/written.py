"""The assembled package on disk: the tables, provenance.csv, discrepancies.csv, the descriptor, and origins.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipeline.assemble.merge import sql_names
from pipeline.assemble.stated import DISCREPANCIES, PROVENANCE, merged_relation
from pipeline.files import os_errors
from pipeline.package import Package
from pipeline.sources import Source
from pipeline.tables import COPY_CSV, identifier, literal, sort_order

ORIGINS = "origins.csv"
"""Beside the package: the file and row that each cell was taken from, for messages to those who mend it."""

PROVENANCE_ROWS = """
SELECT "table", key, field, document, "position", CAST(inferred AS VARCHAR) AS inferred,
       NULL AS snapshot, NULL AS row
FROM traces
WHERE taken
"""

DISCREPANCY_ROWS = """
SELECT n."table", n.key, n.field, t.value AS value_taken, t.document AS document_taken,
       n.value AS value_not_taken, n.document AS document_not_taken
FROM traces AS n
JOIN traces AS t USING ("table", key, field)
WHERE NOT n.taken AND t.taken AND t."position" = 1
"""

ORIGIN_ROWS = """
SELECT "table", key, field, file, row
FROM traces
WHERE taken AND "position" = 1 AND file IS NOT NULL
"""

KEY_ORIGIN_ROWS = """
SELECT {table}, {key}, '', arg_min("{file}", "\tprecedence"), arg_min("{row}", "\tprecedence")
FROM {stated}
JOIN precedence ON "\tcited" = {cited}
GROUP BY {keys}
"""


def write(con: duckdb.DuckDBPyConnection, contract: Package, folder: Path) -> dict[str, int]:
    counts = {}
    with os_errors(str(folder)):
        (folder / "data").mkdir()
        for table in contract.tables:
            path = folder / "data" / f"{table.stem}.csv"
            rows = {
                PROVENANCE: f"({PROVENANCE_ROWS})",
                DISCREPANCIES: f"({DISCREPANCY_ROWS})",
            }.get(table.name, merged_relation(table))
            fields = ", ".join(identifier(name) for name in table.field_names)
            query = f"SELECT {fields} FROM {rows} ORDER BY {sort_order(table)}"
            counts[table.name] = con.execute(COPY_CSV.format(query=query, path=literal(str(path)))).fetchall()[0][0]
        con.execute(COPY_CSV.format(query=_origins(contract), path=literal(str(folder / ORIGINS))))
    return counts


def _origins(contract: Package) -> str:
    """A query of the file and row of every cell, and of every row under the field ''."""
    queries = [ORIGIN_ROWS]
    for table in contract.tables:
        if table.name not in (PROVENANCE, DISCREPANCIES):
            queries.append(KEY_ORIGIN_ROWS.format(**sql_names(table)))
    return " UNION ALL ".join(queries) + " ORDER BY ALL"


def descriptor(contract: Package, sources: list[Source]) -> dict[str, Any]:
    """The contract with paths that start from the package's folder, and the publishers as its sources."""
    descriptor = dict(contract.descriptor)
    tables = {table.name for table in contract.tables}
    descriptor["resources"] = [
        {**resource.descriptor, "path": f"data/{resource.stem}.csv"}
        for resource in contract.resources
        if resource.name in tables
    ]
    descriptor["sources"] = [
        {"title": source.publisher} | ({"path": source.homepage} if source.homepage else {})
        for source in sorted(sources, key=lambda source: (source.rank, source.name))
    ]
    return descriptor
