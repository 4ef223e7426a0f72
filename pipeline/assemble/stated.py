"""What all sources state on a table, as one relation with a row per key and document, and what is wrong in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.assemble.checks import check_columns, check_rows
from pipeline.assemble.collected import Collected
from pipeline.assemble.columns import (
    CITED,
    DOCUMENTS,
    FROM,
    INFERRED,
    ROW,
    SNAPSHOT,
    SOURCE,
    columns_of,
    stated_relation,
)
from pipeline.assemble.sheet import Sheet, read
from pipeline.core.errors import Problem
from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.source.source import FILE, Source
from pipeline.table import duckdb

Place = tuple[str, int, str, str | None]
"""File, row, source, and the SHA-256 of a snapshot."""

CREATE_PRECEDENCE = """
CREATE TABLE precedence AS
SELECT unnest($1::VARCHAR[]) AS "\tcited",
       unnest($2::VARCHAR[]) AS "\torigin",
       unnest($3::INTEGER[]) AS "\tprecedence"
"""
# Names with a tab cannot clash with a field's.


def load_precedence(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> None:
    documents = [(document, source) for source in sources for document in source.documents]
    ordered = sorted(documents, key=lambda pair: (pair[0].rank, pair[1].name))
    con.execute(
        CREATE_PRECEDENCE,
        [
            [document.id for document, _ in ordered],
            [source.name for _, source in ordered],
            list(range(1, len(ordered) + 1)),
        ],
    )


def load_stated(
    con: duckdb.DuckDBPyConnection, table: Resource, sources: list[Source], collected: Collected, root: Path
) -> list[Problem]:
    """Creates the relation of what all sources state on `table`, and returns what is wrong in it."""
    stated = stated_relation(table)
    columns = ", ".join(f"{identifier(name)} VARCHAR" for name in columns_of(table))
    places = f'"{FROM}" VARCHAR, "{ROW}" INTEGER, "{SOURCE}" VARCHAR, "{SNAPSHOT}" VARCHAR'
    con.execute(f"CREATE TABLE {stated} ({columns}, {places})")
    problems: list[Problem] = []
    cells: dict[str, list[str | None]] = {name: [] for name in columns_of(table)}
    rows: list[Place] = []
    for source in sources:
        for sheet in _sheets(table, source, collected, root):
            found = check_columns(sheet, table)
            problems += found
            if not found:
                names = {INFERRED: [" ".join(cell.split()) for cell in sheet.columns.get(INFERRED, [])]}
                for name, column in cells.items():
                    column.extend((sheet.columns | names).get(name) or [None] * len(sheet.rows))
                files = sheet.files or [sheet.name] * len(sheet.rows)
                digests: list[str | None] = list(sheet.snapshots) or [None] * len(sheet.rows)
                rows += [
                    (file, row, source.name, digest)
                    for file, row, digest in zip(files, sheet.rows, digests, strict=True)
                ]
    _insert(con, table, cells, rows)
    return problems + check_rows(con, table)


def _sheets(table: Resource, source: Source, collected: Collected, root: Path) -> list[Sheet]:
    """What a source states on the table: its CSV file, its snapshots, and for `documents` those that it lists."""
    sheets = [read(path, str(path.relative_to(root))) for path in source.tables if path.stem == table.name]
    if table.name == DOCUMENTS:
        sheets.append(_listed_documents(table, source, collected, root))
    return [*sheets, *collected.sheets.get((source.name, table.name), [])]


def _insert(
    con: duckdb.DuckDBPyConnection,
    table: Resource,
    cells: dict[str, list[str | None]],
    places: list[Place],
) -> None:
    """Inserts the cells, by column, with the place of each row. A cell is NULL where its text is empty."""
    if not places:
        return
    # Most columns of a wide table are filled nowhere.
    filled = {name: column for name, column in cells.items() if any(column)}
    files, rows, sources, digests = zip(*places, strict=True)
    texts = {**filled, FROM: files, SOURCE: sources, SNAPSHOT: digests}
    arrays = {name: np.array(column, dtype=object) for name, column in texts.items()}
    names = [identifier(name) for name in (*arrays, ROW)]
    values = [f"nullif({name}, '')" for name in names[:-1]] + names[-1:]
    # Texts are taken for texts without a look at what they seem to be.
    con.execute("SET pandas_analyze_sample = 0")
    con.register("given", arrays | {ROW: np.array(rows, dtype="int32")})
    con.execute(f"INSERT INTO {stated_relation(table)} ({', '.join(names)}) SELECT {', '.join(values)} FROM given")
    con.unregister("given")


def _listed_documents(table: Resource, source: Source, collected: Collected, root: Path) -> Sheet:
    """The documents that a source lists, as rows: each states itself. A fetched one has a row once it was fetched."""
    listed = [
        replace(document, members={**document.members, "accessed": day})
        if day and "accessed" in table.field_names
        else document
        for document in source.documents
        if (day := collected.accessed.get(document.id)) or document.id not in collected.accessed
    ]
    inherited = {member: None for member in ("source", "publisher", "licence") if member not in table.field_names}
    members = [name for document in listed for name in document.members if name not in inherited]
    columns = {
        name: [document.members.get(name, "") for document in listed] for name in dict.fromkeys([*table.key, *members])
    }
    columns[CITED] = [document.id for document in listed]
    lines = [document.line for document in listed]
    places = {
        name: next(line for cell, line in zip(column, lines, strict=True) if cell)
        for name, column in columns.items()
        if any(column)
    }
    return Sheet(str((source.folder / FILE).relative_to(root)), columns, lines, places)
