"""A comparison as JSON: what `diff --json` prints and what changes.json of a release holds.

diff.schema.json, beside this module, is its JSON Schema; docs/versions.md explains it. Rows are written one by one, so
that there may be any number of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from pipeline.package.package import Package
from pipeline.release.compare.change import Row
from pipeline.release.compare.package import Comparison
from pipeline.release.compare.rows import RowChanges

FORMAT = 1
"""Rises when members of the document are removed or mean something else."""


def first(new: dict[str, Any]) -> str:
    """The document of a first release, which has nothing to be compared with."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "old": None,
        "new": new,
        "same": False,
        "step": None,
        "changes": [],
        "tables": [],
    }
    return json.dumps(head, ensure_ascii=False, indent=2) + "\n"


def write(comparison: Comparison, file: TextIO, new: dict[str, Any] | None = None) -> None:
    """Writes the comparison; `new` says what the new package is called where that differs from what it says itself."""
    head = {
        "format": FORMAT,
        "old": about(comparison.old),
        "new": new or about(comparison.new),
        "same": not comparison.changes,
        "step": comparison.step.name.lower() if comparison.step else None,
        "changes": [change.to_dict() for change in comparison.changes],
    }
    text = json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}")
    file.write(f'{text},\n  "tables": [')
    for number, table in enumerate(comparison.tables):
        file.write(f"{',' if number else ''}\n    ")
        _write_table(comparison, table, file)
    file.write("\n  ]\n}\n" if comparison.tables else "]\n}\n")


def about(package: Package) -> dict[str, Any]:
    """A package's name, and its version and time where it states them."""
    stated = {member: package.descriptor.get(member) for member in ("version", "created")}
    return {"name": package.name} | {member: str(value) for member, value in stated.items() if value}


def _write_table(comparison: Comparison, table: RowChanges, file: TextIO) -> None:
    head = {
        "table": table.table,
        "key": list(table.key) or None,
        "added": table.added,
        "removed": table.removed,
        "changed": table.changed,
    }
    file.write(json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "rows": [')
    for number, line in enumerate(_lines(comparison, table)):
        file.write(f"{',' if number else ''}\n      {line}")
    file.write("\n    ]}")


def _lines(comparison: Comparison, table: RowChanges) -> Iterator[str]:
    for row in comparison.rows(table):
        yield json.dumps(row_to_dict(row, table), ensure_ascii=False)


def row_to_dict(row: Row, table: RowChanges) -> dict[str, Any]:
    """A row as JSON-ready data, without what does not apply."""
    members = {
        "change": row.change,
        "key": dict(zip(table.key, row.key, strict=True)) if table.key else None,
        "old": row.old or None,
        "new": row.new or None,
    }
    return {name: value for name, value in members.items() if value is not None}
