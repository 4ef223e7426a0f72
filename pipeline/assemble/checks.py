"""What is wrong in what sources state: columns, keys, documents, codes, and tables that the contract does not have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.assemble.columns import (
    CITED,
    DISCREPANCIES,
    DOCUMENTS,
    FROM,
    INFERRED,
    PROVENANCE,
    ROW,
    SOURCE,
    cells_of,
    columns_of,
    followers_of,
    key_of,
    stated_relation,
)
from pipeline.assemble.sheet import Sheet
from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.quoting import identifier, literal
from pipeline.package.package import DESCRIPTOR, Package, Resource
from pipeline.source.source import FILE, Source
from pipeline.table import duckdb

SHOWN = 200
"""Problems of one table that are collected before the rest is left for the next run."""


def check_columns(sheet: Sheet, table: Resource) -> list[Problem]:
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


@dataclass(frozen=True)
class _Check:
    """A fault that SQL finds: `query` selects file, row, column and value."""

    kind: Kind
    query: str
    rule: str
    fix: str


def check_rows(con: duckdb.DuckDBPyConnection, table: Resource) -> list[Problem]:
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


def _filled(table: Resource) -> str:
    """A list of the names of the row's fields that have a value."""
    names = ", ".join(
        f"CASE WHEN {identifier(name)} IS NOT NULL THEN {literal(name)} END" for name in [*table.key, *cells_of(table)]
    )
    return f"[{names}]"


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
