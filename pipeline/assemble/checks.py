"""What is wrong in what sources state: columns, keys, documents, codes, and tables that the contract does not have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.assemble.columns import (
    CITED,
    DISCREPANCIES,
    DOCUMENTS,
    FROM,
    INFERRED,
    PROVENANCE,
    ROW,
    SNAPSHOT,
    SOURCE,
    cells_of,
    columns_of,
    followers_of,
    key_of,
    stated_relation,
)
from pipeline.assemble.sheet import Sheet, has_rows
from pipeline.core.edtf import is_edtf
from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.quoting import identifier, literal
from pipeline.package.package import DESCRIPTOR, Package, Resource
from pipeline.source.snapshots import FOLDER
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
    checks += [_check_of_form(table, field, form) for field in table.fields for form in FORMS if form.of(field)]
    fields = ", ".join(identifier(name) for name in (*table.key, *cells_of(table)))
    checks.append(
        _Check(
            Kind.OUTER_SPACE,
            f'SELECT {place}, "\tfield", "\tvalue" '
            f'FROM (UNPIVOT {stated} ON {fields} INTO NAME "\tfield" VALUE "\tvalue") '
            f'WHERE "{SNAPSHOT}" IS NULL AND "\tvalue" <> trim("\tvalue", {OUTER})',
            "starts or ends with a space or a line break",
            "Delete it: the value would not be found, nor counted with the others.",
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


@dataclass(frozen=True)
class _Form:
    """What values of some fields look like: `wrong` is SQL of what is wrong in a value."""

    kind: Kind
    of: Callable[[Mapping[str, Any]], bool]
    wrong: str
    rule: str
    fix: str


OUTER = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"


DAYS = "regexp_extract_all({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"

FORMS = (
    _Form(
        Kind.NO_SUCH_DAY,
        is_edtf,
        f"len(list_filter({DAYS}, lambda day: TRY_CAST(day AS DATE) IS NULL)) > 0",
        "is a day that does not exist",
        "Look it up again; write only the month (2020-02) if the day is not known.",
    ),
    _Form(
        Kind.BAD_ADDRESS,
        lambda field: field.get("type") == "string" and field.get("format") == "uri",
        "NOT regexp_full_match({0}, '(?i)(https?://[^\\s/?#]+([/?#]\\S*)?|urn:[a-z0-9-]+:\\S+)')",
        "is not a web address",
        "Write the whole address, as in https://www.example.org/page.",
    ),
)


def _check_of_form(table: Resource, field: Mapping[str, Any], form: _Form) -> _Check:
    name = identifier(field["name"])
    query = (
        f'SELECT "{FROM}", "{ROW}", {literal(field["name"])}, {name} FROM {stated_relation(table)} '
        f"WHERE {name} IS NOT NULL AND {form.wrong.format(name)}"
    )
    return _Check(form.kind, query, form.rule, form.fix)


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


NOTES = (".md", ".txt")
"""Endings of files in a source's folder that are notes for people."""

WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


def unread(
    sources: list[Source], files: Collection[Path], folder: Path, root: Path, found: Collection[Problem]
) -> list[Problem]:
    """What lies among the sources and would not be read, and sources that state nothing; `files` are read, too.

    A source of whose tables something is wrong already (`found`) is not said to state nothing as well.
    """
    loose = [path for path in folder.iterdir() if path.is_file()]
    here = [path for source in sources for path in source.folder.iterdir()]
    problems = [
        Problem(Kind.UNREAD_FILE, *_why_unread(path), file=str(path.relative_to(root)))
        for path in sorted([*loose, *here])
        if not path.name.startswith(".")
        and path.name not in (FILE, FOLDER)
        and path.suffix not in NOTES
        and path not in files
        and (path.parent == folder or path.suffix != ".csv" or path.is_dir())
    ]
    return problems + [
        Problem(
            Kind.EMPTY_SOURCE,
            "states nothing: it has no table with rows and fetches none",
            "Write a CSV file named after a table, such as solutions.csv, or delete the folder.",
            file=str(source.folder.relative_to(root)),
        )
        for source in sources
        if not source.fetches
        and not any(path.parent == source.folder for path in files)
        and not any(has_rows(path) for path in source.tables)
        and not any(str(problem.file).startswith(f"{source.folder.relative_to(root)}/") for problem in found)
    ]


def _why_unread(path: Path) -> tuple[str, str]:
    """Why a file among the sources is not read, and what to do."""
    if path.suffix.lower() in WORKBOOKS:
        return (
            "is a workbook, and only CSV files are read",
            "Save each of its sheets as `CSV UTF-8`, named after a table.",
        )
    if path.is_dir():
        return "is a folder within a source, and is not read", "Move its files up into the folder of the source."
    if path.suffix.lower() == ".csv" and path.suffix != ".csv":
        return "is not read: its name must end with .csv", f"Rename it to {path.stem.lower()}.csv."
    if path.suffix == ".csv":
        return "lies beside the sources and is not read", "Move it into the folder of its publisher."
    return "is not read: it is no table", "Move it elsewhere, or list it in datapackage.json as a resource."


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
