"""What all sources state on a table, as one relation with a row per key and document, and what is wrong in it.

Two columns have a meaning of their own. `document` in a source's CSV cites the document of the row; a table that has
such a field gets the best document of the row. `inferred` names the columns of the row whose value was concluded, not
read; a table that has such a field gets the names of its inferred cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from pipeline.assemble.collected import Collected
from pipeline.assemble.sheet import Sheet, read
from pipeline.errors import InvalidData, Kind, Problem
from pipeline.package import DESCRIPTOR, Package, Resource
from pipeline.sources import FILE, Source
from pipeline.tables import identifier, literal

DOCUMENTS, PROVENANCE, DISCREPANCIES = "documents", "provenance", "discrepancies"
CITED, INFERRED = "document", "inferred"

SHOWN = 200
"""Problems of one table that are collected before the rest is left for the next run."""

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
            found = _check_columns(sheet, table)
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
    return problems + _check_rows(con, table)


def _sheets(table: Resource, source: Source, collected: Collected, root: Path) -> list[Sheet]:
    """What a source states on the table: its CSV file, its snapshots, and for `documents` those that it lists."""
    sheets = [read(path, str(path.relative_to(root))) for path in source.tables if path.stem == table.name]
    if table.name == DOCUMENTS:
        sheets.append(_listed_documents(table, source, collected, root))
    return [*sheets, *collected.sheets.get((source.name, table.name), [])]


FROM, ROW, SOURCE, SNAPSHOT = "\tfile", "\trow", "\tsource", "\tsnapshot"

Place = tuple[str, int, str, str | None]
"""File, row, source, and the SHA-256 of a snapshot."""


def columns_of(table: Resource) -> list[str]:
    return list(dict.fromkeys([*table.field_names, CITED, INFERRED]))


def stated_relation(table: Resource) -> str:
    return identifier(f"stated {table.stem}")


def merged_relation(table: Resource) -> str:
    return identifier(f"merged {table.stem}")


def _check_columns(sheet: Sheet, table: Resource) -> list[Problem]:
    problems = []
    known = columns_of(table)
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
    places: list[Place],
) -> None:
    """Inserts the cells, by column, with the place of each row. A cell is NULL where its text is empty."""
    if not places:
        return
    import numpy as np

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
    stated = stated_relation(table)
    place = f'"{FROM}", "{ROW}"'
    key = key_of(table)
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
    for followed, followers in followers_of(table).items():
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


def key_of(table: Resource) -> str:
    """The key as one text, joined by | as in provenance.csv; NULL when a part is missing."""
    return " || '|' || ".join(identifier(name) for name in table.key) or "NULL"


def _filled(table: Resource) -> str:
    """A list of the names of the row's fields that have a value."""
    names = ", ".join(
        f"CASE WHEN {identifier(name)} IS NOT NULL THEN {literal(name)} END" for name in [*table.key, *cells_of(table)]
    )
    return f"[{names}]"


def sql_list(fields: list[str]) -> str:
    """The names of fields as an SQL list of texts."""
    return f"[{', '.join(literal(name) for name in fields)}]"


def cells_of(table: Resource) -> list[str]:
    """The fields that sources state: all but the key and the two columns with a meaning of their own."""
    return [name for name in table.field_names if name not in (*table.key, CITED, INFERRED)]


def unknown_tables(sources: list[Source], contract: Package, root: Path) -> list[Problem]:
    """The tables that sources speak of and the contract does not have."""
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
    ] + [
        Problem(
            Kind.UNKNOWN_TABLE,
            "is fetched, and is no table of the contract",
            f"The tables are: {', '.join(known)}. Add it to {DESCRIPTOR}, or rename it under `tables`.",
            file=str((source.folder / FILE).relative_to(root)),
            row=fetch.line,
            value=mapped.table,
        )
        for source in sources
        for fetch in source.fetches
        for mapped in fetch.tables
        if mapped.table not in known
    ]


def refuse_incomplete(contract: Package) -> None:
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


def followers_of(table: Resource) -> dict[str, list[str]]:
    """The fields that say something of another field's value, by that field."""
    followers: dict[str, list[str]] = {}
    for field in table.fields:
        if field.get("follows") in cells_of(table) and field["name"] in cells_of(table):
            followers.setdefault(field["follows"], []).append(field["name"])
    return followers


def figure_or_text(column: str) -> str:
    """A figure in one form; beyond 15 signs a double would lose digits, and the text itself is compared."""
    figure = f"CASE WHEN length({column}) <= 15 THEN TRY_CAST({column} AS DOUBLE) END"
    return f"coalesce(CAST({figure} AS VARCHAR), {column})"
