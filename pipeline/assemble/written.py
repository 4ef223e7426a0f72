"""The assembled package on disk: the tables, provenance.csv, discrepancies.csv, the descriptor, and origins.csv."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.assemble.collected import Collected
from pipeline.assemble.columns import DISCREPANCIES, PROVENANCE, merged_relation
from pipeline.assemble.merge import sql_names
from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.core.quoting import identifier, literal
from pipeline.package.package import Package, Resource
from pipeline.source.source import Source
from pipeline.table import duckdb
from pipeline.table.relation import COPY_CSV, sort_order

ORIGINS = "origins.csv"
"""Beside the package: the file and row that each cell was taken from, for messages to those who mend it."""

PROVENANCE_ROWS = """
SELECT "table", key, field, document, "position", CAST(inferred AS VARCHAR) AS inferred,
       snapshot, CASE WHEN snapshot IS NOT NULL THEN row END AS row
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


def write(con: duckdb.DuckDBPyConnection, contract: Package, files: Mapping[str, Path], folder: Path) -> dict[str, int]:
    """Writes all but the descriptor; `files` are those that are copied as they are. Returns the tables' row counts."""
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
        for name, path in files.items():
            shutil.copyfile(path, folder / name)
        con.execute(COPY_CSV.format(query=_origins(contract), path=literal(str(folder / ORIGINS))))
    return counts


def _origins(contract: Package) -> str:
    """A query of the file and row of every cell, and of every row under the field ''."""
    queries = [ORIGIN_ROWS]
    for table in contract.tables:
        if table.name not in (PROVENANCE, DISCREPANCIES):
            queries.append(KEY_ORIGIN_ROWS.format(**sql_names(table)))
    return " UNION ALL ".join(queries) + " ORDER BY ALL"


def is_file(resource: Resource) -> bool:
    """Whether the resource is a file that is no table: a source holds it, and it is copied as it is."""
    return len(resource.paths) == 1 and not resource.is_table


def files(contract: Package, sources: list[Source], root: Path) -> dict[str, Path]:
    """The contract's files that are no tables, by name, each with the one source's file of that name.

    Raises InvalidData for a file that no source holds, or that several do.
    """
    found: dict[str, Path] = {}
    for resource in filter(is_file, contract.resources):
        name = PurePosixPath(resource.paths[0]).name
        held = [source.folder / name for source in sources if (source.folder / name).is_file()]
        if len(held) != 1:
            places = ", ".join(str(path.relative_to(root)) for path in held)
            rule = f"stands in several sources: {places}" if held else "stands in no source"
            fix = "Keep one of them." if held else f"Put it into the folder of its publisher, sources/…/{name}."
            raise InvalidData(Problem(Kind.MISSING_FILE, rule, fix, file=str(contract.file), value=name))
        found[name] = held[0]
    return found


def descriptor(contract: Package, sources: list[Source], collected: Collected) -> dict[str, Any]:
    """The contract with paths that start from the package's folder, and as its sources the publishers.

    A publisher of whom nothing was collected yet is none: the package holds no document of it.
    """
    descriptor = dict(contract.descriptor)
    tables = {table.name for table in contract.tables}
    descriptor["resources"] = [
        {**resource.descriptor, "path": f"data/{resource.stem}.csv"}
        if resource.name in tables
        else {**resource.descriptor, "path": PurePosixPath(resource.paths[0]).name}
        for resource in contract.resources
        if resource.name in tables or is_file(resource)
    ]
    descriptor["sources"] = [
        {"title": source.publisher} | ({"path": source.homepage} if source.homepage else {})
        for source in sorted(sources, key=lambda source: (source.rank, source.name))
        if any(collected.accessed.get(document.id, "read") for document in source.documents)
    ]
    return descriptor
