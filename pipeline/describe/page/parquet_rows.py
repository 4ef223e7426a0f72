"""The rows of a release's tables, from its Parquet files, for what its pages count."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.quoting import file_literal
from pipeline.describe.dataset import Dataset
from pipeline.package.package import Resource


def relation(dataset: Dataset, table: Resource) -> str | None:
    """The table as a relation in SQL whose columns are `column(0)`, `column(1)`…; None where it has no Parquet file.

    Columns go by position: names that differ in case alone are one name to DuckDB.
    """
    file = next((file for file in dataset.of_table(table) if file.ending == "parquet"), None)
    if file is None or not table.fields:
        return None
    path = file_literal(Path(dataset.package.folder) / file.path)
    return f"read_parquet({path}) AS t({', '.join(map(column, range(len(table.fields))))})"


def column(number: int) -> str:
    """The name of a column of a relation."""
    return f"c{number}"


def column_of(table: Resource, field: str) -> str:
    """The name of a field's column."""
    return column(table.field_names.index(field))
