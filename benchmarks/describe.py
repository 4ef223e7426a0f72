"""Describing a large package against frictionless's own check of its descriptor, in one run.

    python -m benchmarks.describe [TABLES] [FIELDS]

A package of 200 tables and 5,000 fields, each table with a key, code lists and a reference to the one before. Whole
processes, imports counted: every format by itself, and all that a release gets at once.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import python
from pipeline.hookspecs import offers

BASE = "https://data.example.org/large/"

ONE = f"""
import sys
from pathlib import Path
from pipeline.describe import read, render
render(read(Path(sys.argv[1]), {BASE!r}), sys.argv[2])
"""

ALL = """
import sys, shutil
from pathlib import Path
from pipeline.describe import write
write(Path(sys.argv[1]), "large-1.0.0.zip")
"""

PEER = """
import sys
from frictionless import Package
Package.from_descriptor(sys.argv[1] + "/datapackage.json")
"""


def package(folder: Path, tables: int, fields: int) -> None:
    """Writes a package of empty tables with `fields` fields each."""
    (folder / "data").mkdir(parents=True)
    for number in range(tables):
        names = [f"field_{place}" for place in range(fields)]
        (folder / f"data/table_{number}.csv").write_text(",".join(names) + "\n", encoding="utf-8")
    descriptor = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "large",
        "title": "A large package",
        "description": "Tables and fields, as many as the largest packages that are published have, and no rows.",
        "version": "1.0.0",
        "created": "2026-01-31T00:00:00Z",
        "languages": ["en"],
        "baseUrl": BASE,
        "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
        "contributors": [{"title": "Somebody", "roles": ["creator", "publisher"], "type": "Company"}],
        "resources": [_table(number, fields) for number in range(tables)],
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")


def _table(number: int, fields: int) -> dict[str, Any]:
    kinds = ("string", "integer", "number", "date", "boolean")
    columns: list[dict[str, Any]] = [
        {"name": f"field_{place}", "type": kinds[place % 5], "title": f"Field {place}", "description": "A field."}
        for place in range(fields)
    ]
    columns[5]["categories"] = [{"value": f"code_{code}", "label": f"Code {code}"} for code in range(10)]
    schema: dict[str, Any] = {"fields": columns, "primaryKey": ["field_0"]}
    if number:
        reference = {"resource": f"table_{number - 1}", "fields": ["field_0"]}
        schema["foreignKeys"] = [{"fields": ["field_5"], "reference": reference}]
    name = f"table_{number}"
    return {"name": name, "type": "table", "path": f"data/{name}.csv", "title": f"Table {number}", "schema": schema}


def main(tables: int = 200, fields: int = 5000) -> None:
    """Prints a line per format: seconds, peak memory, and the ratio to frictionless's reading of the descriptor."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "large"
        package(folder, tables, fields // tables)
        peer = python(PEER, str(folder))
        runs = {format: python(ONE, str(folder), format) for format in offers("catalogues")}
        best = None
        for number in range(3):
            copy = Path(name) / f"copy-{number}"
            shutil.copytree(folder, copy)
            run = python(ALL, str(copy), runs=1)
            best = run if best is None or run.seconds < best.seconds else best
        assert best is not None
    print(f"{tables} tables, {fields:,} fields")
    print(f"{'':28} {'s':>6} {'MB':>5} x frictionless")
    for label, run in [*runs.items(), ("all that a release gets", best), ("frictionless, descriptor", peer)]:
        print(f"{label:28} {run.seconds:6.2f} {run.megabytes:5.0f} {run.seconds / peer.seconds:6.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
