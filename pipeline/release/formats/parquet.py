"""Parquet, one file a table, with DuckDB's types."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.quoting import literal
from pipeline.release.formats.contents import Contents


def write(contents: Contents, folder: Path) -> None:
    """Writes `data/<table>.parquet` for every table."""
    for table in contents.tables:
        path = literal(str(folder / "data" / f"{table.stem}.parquet"))
        contents.con.execute(
            f"COPY ({contents.select(table)}) TO {path} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )
