"""Names and texts as they stand in SQL, which DuckDB and SQLite quote alike."""

from __future__ import annotations

import re
from pathlib import Path


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """`path` as an SQL string that names one file, where DuckDB would take `*`, `?` and `[` for a pattern."""
    return literal(re.sub(r"([*?[])", r"[\1]", str(path)))
