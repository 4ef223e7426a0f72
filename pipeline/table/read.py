"""A table of a package as a pandas DataFrame, with the types that its schema states."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.package.package import Package, load
from pipeline.table.relation import connect, typed

if TYPE_CHECKING:
    import pandas

DTYPES = {"BIGINT": "Int64", "DOUBLE": "Float64", "BOOLEAN": "boolean", "DATE": "datetime64[s]"}
"""What each type of a relation is in pandas; every other stays text, so that a code such as 0482 keeps its zero."""


def read(source: str | Path | Package, table: str, labels: str | None = None) -> pandas.DataFrame:
    """The table `table` of the package at `source`: a folder such as a release, or its datapackage.json.

    Whole numbers, numbers and booleans are nullable; a field with a code list is categorical. `labels` ("en", "sv")
    puts the labels in the place of the codes. Raises CannotRun for a table that is not there, and InvalidData for
    values that are not of their type.
    """
    import pandas

    package = source if isinstance(source, Package) else load(Path(source))
    resource = package.table(table)
    if resource is None:
        near = get_close_matches(table, names := [each.name for each in package.tables], 1)
        fix = f"Did you mean {near[0]}?" if near else f"It has {', '.join(names) or 'no table'}."
        raise CannotRun(Problem(Kind.UNKNOWN_TABLE, "is not a table of the package", fix, value=table))
    with connect() as con:
        cursor = con.execute(f"SELECT * FROM {typed(con, package, resource)}")
        kinds = [str(column[1]) for column in cursor.description or ()]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(kinds)
    series = {
        field["name"]: _series(list(values), kind, field, labels)
        for field, kind, values in zip(resource.fields, kinds, columns, strict=True)
    }
    return pandas.DataFrame(series)


def _series(values: list[Any], kind: str, field: dict[str, Any], labels: str | None) -> pandas.Series[Any]:
    import pandas

    codes = field.get("categories")
    if isinstance(codes, list) and codes:
        named = {
            code["value"] if isinstance(code, dict) else code: _label(code, labels) if labels else None
            for code in codes
        }
        ordered = field.get("categoriesOrdered") is True
        made = pandas.Series(pandas.Categorical(values, categories=list(named), ordered=ordered))
        return made.cat.rename_categories(named) if labels and len({*named.values()}) == len(named) else made
    return pandas.Series(values, dtype=DTYPES.get(kind, "str"))


def _label(code: Any, language: str) -> Any:
    """What a code is called in a language, or else what it is called, or itself."""
    if not isinstance(code, dict):
        return code
    return code.get(f"label@{language}") or code.get("label") or code["value"]
