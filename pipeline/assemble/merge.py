"""Several sources, one table: rows, provenance, discrepancies.

For each table and key, each cell is taken from the best-ranked document that states it. Documents are ordered by
rank, then by source name, then as source.yml lists them. The work is SQL on DuckDB; every table is one relation of
what was stated (a row per key and document) that is checked, merged and written.

Two columns have a meaning of their own. `document` in a source's CSV cites the document of the row; a table that has
such a field gets the best document of the row. `inferred` names the columns of the row whose value was concluded, not
read; a table that has such a field gets the names of its inferred cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.assemble.sheet import Sheet, read
from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import draft, os_errors, replace_folder, staging, write_json
from pipeline.package import DESCRIPTOR, Package, Resource
from pipeline.progress import Progress
from pipeline.project import Project
from pipeline.sources import FILE, Source, read_all
from pipeline.tables import COPY_CSV, connect, identifier, literal, sort_order

DOCUMENTS, PROVENANCE, DISCREPANCIES = "documents", "provenance", "discrepancies"
CITED, INFERRED = "document", "inferred"
ORIGINS = "origins.csv"
"""Beside the package: the file and row that each cell was taken from, for messages to those who mend it."""

SHOWN = 200
"""Problems of one table that are collected before the rest is left for the next run."""


def assemble(project: Project, out: Path, progress: Progress) -> dict[str, int]:
    """Writes the package that the project's sources make to the folder `out`; returns its tables' row counts.

    Raises InvalidData with every problem found in the sources, and CannotRun where `out` holds something else than
    an earlier package or is no place for one; then `out` is as it was.
    """
    if out != project.package:
        _refuse_place(out, project)
    sources = read_all(project.sources, project.root)
    contract = project.contract
    _refuse_incomplete(contract)
    con = connect()
    _load_precedence(con, sources)
    problems: list[Problem] = []
    tables = [table for table in contract.tables if table.name not in (PROVENANCE, DISCREPANCIES)]
    for number, table in enumerate(tables, 1):
        progress.advance(number, len(tables), table.name)
        problems += _load_stated(con, table, sources, project.root)
    problems += _unknown_tables(sources, contract, project.root)
    if problems:
        raise InvalidData(problems)
    con.execute(CREATE_TRACES)
    for table in tables:
        _drop_followers(con, table)
        _merge(con, table)
    # What killed runs left is removed in the project's own folder only, whose lock the caller holds.
    with (staging if out == project.package else draft)(out.parent) as folder:
        counts = _write(con, contract, folder)
        write_json(folder / DESCRIPTOR, _descriptor(contract, sources))
        with os_errors(str(out)):
            replace_folder(folder, out)
    return counts


def _refuse_place(out: Path, project: Project) -> None:
    """Refuses to put a package in the place of anything but an empty folder or a package that was assembled."""
    kept = (project.sources, project.releases)
    if any(out == folder or out.is_relative_to(folder) for folder in kept) or project.root.is_relative_to(out):
        rule = "is the project's own folder, or holds it, its sources or its releases"
    elif out.is_dir() and not _is_empty_or_assembled(out):
        rule = "holds something else than a package that was assembled"
    else:
        return
    raise CannotRun(Problem(Kind.NOT_EMPTY, rule, "Name a new folder; nothing was written.", file=str(out)))


def _is_empty_or_assembled(folder: Path) -> bool:
    with os_errors(str(folder)):
        names = {path.name for path in folder.iterdir()}
    return names in (set(), {DESCRIPTOR, ORIGINS, "data"})


# -- what was stated ---------------------------------------------------------------------------------------------

CREATE_PRECEDENCE = """
CREATE TABLE precedence AS
SELECT unnest($1::VARCHAR[]) AS "\tcited",
       unnest($2::VARCHAR[]) AS "\torigin",
       unnest($3::INTEGER[]) AS "\tprecedence"
"""
# Names with a tab cannot clash with a field's.


def _load_precedence(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> None:
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


def _load_stated(con: duckdb.DuckDBPyConnection, table: Resource, sources: list[Source], root: Path) -> list[Problem]:
    """Creates the relation of what all sources state on `table`, and returns what is wrong in it."""
    stated = _stated(table)
    columns = ", ".join(f"{identifier(name)} VARCHAR" for name in _columns(table))
    con.execute(f'CREATE TABLE {stated} ({columns}, "{FROM}" VARCHAR, "{ROW}" INTEGER, "{SOURCE}" VARCHAR)')
    problems: list[Problem] = []
    cells: dict[str, list[str | None]] = {name: [] for name in _columns(table)}
    places: list[tuple[str, int, str]] = []
    for source in sources:
        for sheet in _sheets(table, source, root):
            found = _check_columns(sheet, table)
            problems += found
            if not found:
                names = {INFERRED: [" ".join(cell.split()) for cell in sheet.columns.get(INFERRED, [])]}
                for name, column in cells.items():
                    column.extend((sheet.columns | names).get(name) or [None] * len(sheet.rows))
                places += [(sheet.name, row, source.name) for row in sheet.rows]
    _insert(con, table, cells, places)
    return problems + _check_rows(con, table)


def _sheets(table: Resource, source: Source, root: Path) -> list[Sheet]:
    """What a source states on the table: its CSV file, and for `documents` those that its source.yml lists."""
    sheets = [read(path, str(path.relative_to(root))) for path in source.tables if path.stem == table.name]
    if table.name == DOCUMENTS:
        sheets.append(_listed_documents(table, source, root))
    return sheets


FROM, ROW, SOURCE = "\tfile", "\trow", "\tsource"


def _columns(table: Resource) -> list[str]:
    return list(dict.fromkeys([*table.field_names, CITED, INFERRED]))


def _stated(table: Resource) -> str:
    return identifier(f"stated {table.stem}")


def _merged(table: Resource) -> str:
    return identifier(f"merged {table.stem}")


def _check_columns(sheet: Sheet, table: Resource) -> list[Problem]:
    problems = []
    known = _columns(table)
    for label in sheet.columns:
        if label not in known:
            problems.append(
                Problem(
                    Kind.UNKNOWN_COLUMN,
                    f"is not a field of the table {table.name!r}",
                    f"Its fields are: {', '.join(known)}. Add it to {DESCRIPTOR}, or rename the column.",
                    file=sheet.name,
                    row=sheet.places.get(label, 1),
                    field=label,
                )
            )
    for name in [*table.key, CITED]:
        if name not in sheet.columns:
            what = "cites the document of each row" if name == CITED else "is part of the key"
            problems.append(
                Problem(
                    Kind.MISSING_COLUMN,
                    f"is missing; it {what}",
                    "Add the column.",
                    file=sheet.name,
                    row=1,
                    field=name,
                )
            )
    return problems


def _insert(
    con: duckdb.DuckDBPyConnection,
    table: Resource,
    cells: dict[str, list[str | None]],
    places: list[tuple[str, int, str]],
) -> None:
    values = ", ".join(f"nullif(unnest(${number}::VARCHAR[]), '')" for number in range(1, len(cells) + 1))
    file, row, source = (list(column) for column in zip(*places, strict=True)) if places else ([], [], [])
    last = len(cells)
    con.execute(
        f"INSERT INTO {_stated(table)} SELECT {values}, unnest(${last + 1}::VARCHAR[]), "
        f"unnest(${last + 2}::INTEGER[]), unnest(${last + 3}::VARCHAR[])",
        [*cells.values(), file, row, source],
    )


def _listed_documents(table: Resource, source: Source, root: Path) -> Sheet:
    """The documents that a source lists, as rows: each states itself."""
    inherited = {member: None for member in ("source", "publisher", "licence") if member not in table.field_names}
    members = [name for document in source.documents for name in document.members if name not in inherited]
    columns = {
        name: [document.members.get(name, "") for document in source.documents]
        for name in dict.fromkeys([*table.key, *members])
    }
    columns[CITED] = [document.id for document in source.documents]
    lines = [document.line for document in source.documents]
    places = {
        name: next(line for cell, line in zip(column, lines, strict=True) if cell)
        for name, column in columns.items()
        if any(column)
    }
    return Sheet(str((source.folder / FILE).relative_to(root)), columns, lines, places)


# -- what is wrong in it -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Check:
    """A fault that SQL finds: `query` selects file, row, column and value."""

    kind: Kind
    query: str
    rule: str
    fix: str


def _check_rows(con: duckdb.DuckDBPyConnection, table: Resource) -> list[Problem]:
    checks = _checks(table)
    query = " UNION ALL ".join(f"SELECT {number}, * FROM ({check.query})" for number, check in enumerate(checks))
    problems = []
    for number, file, row, field, value in con.execute(f"{query} ORDER BY ALL LIMIT {SHOWN}").fetchall():
        check = checks[number]
        problems.append(Problem(check.kind, check.rule, check.fix, file=file, row=row, field=field, value=value))
    return problems


def _checks(table: Resource) -> list[_Check]:
    stated = _stated(table)
    place = f'"{FROM}", "{ROW}"'
    key = _key(table)
    checks = [
        _Check(
            Kind.MISSING_KEY,
            f"SELECT {place}, {literal(name)}, NULL FROM {stated} WHERE {identifier(name)} IS NULL",
            "is empty, and it is part of the key",
            "Fill it in: a row says which thing it speaks of.",
        )
        for name in table.key
    ]
    checks.append(
        _Check(
            Kind.UNLISTED_DOCUMENT,
            f"SELECT {place}, '{CITED}', coalesce({CITED}, '') FROM {stated} WHERE NOT EXISTS ("
            f'SELECT 1 FROM precedence WHERE "\tcited" = {CITED} AND "\torigin" = "{SOURCE}")',
            "is not a document that this source lists",
            f"List it under `documents` in the source's {FILE}, or cite one that is there.",
        )
    )
    if table.key:
        checks.append(
            _Check(
                Kind.DUPLICATE_KEY,
                f"SELECT {place}, {literal('+'.join(table.key))}, {key} FROM {stated} WHERE {key} IS NOT NULL QUALIFY "
                f"row_number() OVER (PARTITION BY {key}, {CITED} ORDER BY {place}) > 1",
                "stands in an earlier row of the same document already",
                "Put what one document states on one key into one row.",
            )
        )
    for field in table.fields:
        codes = (field.get("constraints") or {}).get("enum")
        if codes and field.get("type", "any") in ("string", "any"):
            name = identifier(field["name"])
            known = ", ".join(literal(str(code)) for code in codes)
            checks.append(
                _Check(
                    Kind.UNKNOWN_CODE,
                    f"SELECT {place}, {literal(field['name'])}, {name} FROM {stated} WHERE {name} NOT IN ({known})",
                    f"is not in the code list of {table.name}.{field['name']}",
                    f"Use one of: {', '.join(map(str, codes))}.",
                )
            )
    for followed, followers in _followers(table).items():
        for follower in followers:
            name = identifier(follower)
            checks.append(
                _Check(
                    Kind.LONELY_CELL,
                    f"SELECT {place}, {literal(follower)}, {name} FROM {stated} "
                    f"WHERE {name} IS NOT NULL AND {identifier(followed)} IS NULL",
                    f"says something of {followed!r}, which this row does not state",
                    f"State {followed!r} in the row, too, or leave the cell empty.",
                )
            )
    checks.append(
        _Check(
            Kind.BAD_INFERRED,
            f"SELECT {place}, '{INFERRED}', name FROM ("
            f"SELECT {place}, unnest(string_split({INFERRED}, ' ')) AS name, {_filled(table)} AS filled "
            f"FROM {stated} WHERE {INFERRED} IS NOT NULL) WHERE NOT list_contains(filled, name)",
            "is named as inferred but has no value in this row",
            "Name columns that the row fills, separated by one space.",
        )
    )
    return checks


def _key(table: Resource) -> str:
    """The key as one text, joined by | as in provenance.csv; NULL when a part is missing."""
    return " || '|' || ".join(identifier(name) for name in table.key) or "NULL"


def _filled(table: Resource) -> str:
    """A list of the names of the row's fields that have a value."""
    names = ", ".join(
        f"CASE WHEN {identifier(name)} IS NOT NULL THEN {literal(name)} END" for name in [*table.key, *_cells(table)]
    )
    return f"[{names}]"


def _names(fields: list[str]) -> str:
    """The names of fields as an SQL list of texts."""
    return f"[{', '.join(literal(name) for name in fields)}]"


def _cells(table: Resource) -> list[str]:
    """The fields that sources state: all but the key and the two columns with a meaning of their own."""
    return [name for name in table.field_names if name not in (*table.key, CITED, INFERRED)]


def _unknown_tables(sources: list[Source], contract: Package, root: Path) -> list[Problem]:
    known = [table.name for table in contract.tables if table.name not in (PROVENANCE, DISCREPANCIES)]
    return [
        Problem(
            Kind.UNKNOWN_TABLE,
            "is not named after a table of the contract",
            f"The tables are: {', '.join(known)}. Add it to {DESCRIPTOR}, or rename the file.",
            file=str(path.relative_to(root)),
            value=path.stem,
        )
        for source in sources
        for path in source.tables
        if path.stem not in known
    ]


def _refuse_incomplete(contract: Package) -> None:
    needed = {
        DOCUMENTS: ["id"],
        PROVENANCE: ["table", "key", "field", "document", "position", "inferred"],
        DISCREPANCIES: [
            "table",
            "key",
            "field",
            "value_taken",
            "document_taken",
            "value_not_taken",
            "document_not_taken",
        ],
    }
    for name, fields in needed.items():
        table = contract.table(name)
        lacking = [field for field in fields if table is None or field not in table.field_names]
        if lacking:
            raise InvalidData(
                Problem(
                    Kind.BAD_DESCRIPTOR,
                    f"has no table {name!r} with the fields {', '.join(lacking)}",
                    "Assembled packages carry their sources; copy the table from a project made by `init`.",
                    file=str(contract.file),
                )
            )
    for table in contract.tables:
        if not table.key:
            raise InvalidData(
                Problem(
                    Kind.BAD_DESCRIPTOR,
                    f"has a table {table.name!r} without a primary key",
                    "Sources are reconciled by key; give the table one.",
                    file=str(contract.file),
                )
            )


# -- the merge ---------------------------------------------------------------------------------------------------

CREATE_TRACES = """
CREATE TABLE traces (
    "table" VARCHAR, key VARCHAR, field VARCHAR, "order" INTEGER, value VARCHAR, document VARCHAR,
    precedence INTEGER, inferred BOOLEAN, taken BOOLEAN, "position" INTEGER, file VARCHAR, row INTEGER
)
"""

INSERT_TRACES = """
INSERT INTO traces
WITH cell AS (
    SELECT {key} AS key, "\tfield" AS field, "\tvalue" AS value, {cited} AS document,
           "\tprecedence" AS precedence,
           coalesce(list_contains(string_split({inferred}, ' '), "\tfield"), false) AS inferred,
           "{file}" AS file, "{row}" AS row
    FROM (UNPIVOT {stated} ON {fields} INTO NAME "\tfield" VALUE "\tvalue")
    JOIN precedence ON "\tcited" = {cited}
), judged AS (
    SELECT *, {same} = first_value({same}) OVER best AS taken
    FROM cell
    WINDOW best AS (PARTITION BY key, field ORDER BY precedence)
)
SELECT {table}, key, field, list_position({order}, field), value, document, precedence, inferred, taken,
       row_number() OVER (PARTITION BY key, field, taken ORDER BY precedence), file, row
FROM judged
"""

DROP_FOLLOWERS = """
UPDATE {stated} AS s
SET {emptied}
FROM (
    SELECT {keys}, arg_min({comparable}, "\tprecedence") FILTER ({followed} IS NOT NULL) AS "\ttaken"
    FROM {stated}
    JOIN precedence ON "\tcited" = {cited}
    GROUP BY {keys}
) AS t
WHERE {same_key} AND {comparable_s} IS DISTINCT FROM t."\ttaken"
"""

CREATE_MERGED = """
CREATE TABLE {merged} AS
SELECT {columns}
FROM {stated}
JOIN precedence ON "\tcited" = {cited}
GROUP BY {keys}
"""

SET_INFERRED = """
UPDATE {merged} AS m
SET {inferred} = t.names
FROM (
    SELECT key, string_agg(field, ' ' ORDER BY "order") AS names
    FROM (
        SELECT key, field, "order"
        FROM traces
        WHERE "table" = {table} AND taken AND "position" = 1 AND inferred
        UNION ALL
        SELECT {key} AS key, "\tpart", 0
        FROM (SELECT *, unnest({parts}) AS "\tpart" FROM {stated})
        GROUP BY ALL
        HAVING bool_and(coalesce(list_contains(string_split({inferred}, ' '), "\tpart"), false))
    )
    GROUP BY key
) AS t
WHERE {key} = t.key
"""

TRACE_INFERRED = """
INSERT INTO traces
SELECT {table}, {key}, '{inferred}', 0, min(m.{inferred}), arg_min(s.{cited}, "\tprecedence"), 1, true, true, 1,
       NULL, NULL
FROM {merged} AS m
JOIN {stated} AS s USING ({keys})
JOIN precedence ON "\tcited" = s.{cited}
WHERE m.{inferred} IS NOT NULL
GROUP BY {keys}
"""

TRACE_CITED = """
INSERT INTO traces
SELECT {table}, {key}, '{cited}', 0, {cited}, {cited}, 1, false, true, 1, NULL, NULL
FROM {merged}
"""


def _drop_followers(con: duckdb.DuckDBPyConnection, table: Resource) -> None:
    """Leaves out cells that belong to a value which was not taken.

    A field that `follows` another says something of the other's value, such as its unit or the date when it held: it
    is taken from documents that state the value taken, never from one that states another.
    """
    for followed, followers in _followers(table).items():
        column = identifier(followed)
        con.execute(
            DROP_FOLLOWERS.format(
                stated=_stated(table),
                emptied=", ".join(f"{identifier(name)} = NULL" for name in followers),
                keys=", ".join(identifier(name) for name in table.key),
                comparable=_figure_or_text(column),
                comparable_s=_figure_or_text(f"s.{column}"),
                followed=column,
                cited=CITED,
                same_key=" AND ".join(f"s.{identifier(name)} = t.{identifier(name)}" for name in table.key),
            )
        )


def _followers(table: Resource) -> dict[str, list[str]]:
    """The fields that say something of another field's value, by that field."""
    followers: dict[str, list[str]] = {}
    for field in table.fields:
        if field.get("follows") in _cells(table) and field["name"] in _cells(table):
            followers.setdefault(field["follows"], []).append(field["name"])
    return followers


def _figure_or_text(column: str) -> str:
    """A figure in one form; beyond 15 signs a double would lose digits, and the text itself is compared."""
    figure = f"CASE WHEN length({column}) <= 15 THEN TRY_CAST({column} AS DOUBLE) END"
    return f"coalesce(CAST({figure} AS VARCHAR), {column})"


def _sql_names(table: Resource) -> dict[str, str]:
    """What the statements above call the table, its relations and its columns."""
    return {
        "stated": _stated(table),
        "merged": _merged(table),
        "table": literal(table.name),
        "key": _key(table),
        "keys": ", ".join(identifier(name) for name in table.key),
        "parts": _names(table.key),
        "cited": CITED,
        "inferred": INFERRED,
        "file": FROM,
        "row": ROW,
    }


def _merge(con: duckdb.DuckDBPyConnection, table: Resource) -> None:
    names = _sql_names(table)
    columns = [_merged_column(name, table) for name in table.field_names]
    con.execute(CREATE_MERGED.format(columns=", ".join(columns), **names))
    cells = _cells(table)
    if cells:
        fields = ", ".join(identifier(name) for name in cells)
        con.execute(INSERT_TRACES.format(fields=fields, order=_names(cells), same=_comparable(table), **names))
    if INFERRED in table.field_names:
        con.execute(SET_INFERRED.format(**names))
        con.execute(TRACE_INFERRED.format(**names))
    if CITED in table.field_names and CITED not in table.key:
        con.execute(TRACE_CITED.format(**names))


def _merged_column(name: str, table: Resource) -> str:
    column = identifier(name)
    if name in table.key:
        return f"{column} AS {column}"
    if name == INFERRED:
        return f"CAST(NULL AS VARCHAR) AS {column}"
    return f'arg_min({column}, "\tprecedence") FILTER ({column} IS NOT NULL) AS {column}'


def _comparable(table: Resource) -> str:
    """The form in which two sources' values are compared: figures as figures (60 and 60.0 agree), the rest as text."""
    figures = [
        literal(field["name"])
        for field in table.fields
        if field.get("type") in ("integer", "number") and field["name"] in _cells(table)
    ]
    if not figures:
        return "value"
    return f"CASE WHEN field IN ({', '.join(figures)}) THEN {_figure_or_text('value')} ELSE value END"


# -- what is written ---------------------------------------------------------------------------------------------

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


def _write(con: duckdb.DuckDBPyConnection, contract: Package, folder: Path) -> dict[str, int]:
    counts = {}
    with os_errors(str(folder)):
        (folder / "data").mkdir()
        for table in contract.tables:
            path = folder / "data" / f"{table.stem}.csv"
            rows = {
                PROVENANCE: f"({PROVENANCE_ROWS})",
                DISCREPANCIES: f"({DISCREPANCY_ROWS})",
            }.get(table.name, _merged(table))
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
            queries.append(KEY_ORIGIN_ROWS.format(**_sql_names(table)))
    return " UNION ALL ".join(queries) + " ORDER BY ALL"


def _descriptor(contract: Package, sources: list[Source]) -> dict[str, Any]:
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
