"""How long Spark takes on this machine beside the engine of one machine: the same table, the same report.

    python -m benchmarks.spark 10000000             one CSV, keys, clean and 1 % bad
    python -m benchmarks.spark 50000000 --parts 40  the same rows in parts, on Spark alone

Seconds are those of the judgement, without the start of the session; memory is the peak of the driver's Python.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.core.progress import Progress
from pipeline.spark.session import opened
from pipeline.validate import Terms, validate

NAMES = ["id", "kind", "n", "x", "day", "flag", "code", "a", "b", "c"]
TYPES = ["integer", "string", "integer", "number", "date", "boolean", "string", "string", "string", "integer"]


def write(folder: Path, rows: int, parts: int, bad: float) -> None:
    """A package of two tables: `rows` rows of 10 columns that point at a small one."""
    from pipeline.table import duckdb

    day = "CAST(DATE '2000-01-01' + CAST(i % 9000 AS INTEGER) AS VARCHAR)"
    n = f"CASE WHEN i % 100 < {bad * 100} THEN 'x' ELSE CAST(i % 1000 AS VARCHAR) END"
    columns = f"i AS id, 'k' || i % 50 AS kind, {n} AS n, (i % 10007) / 8.0 AS x, {day} AS day, "
    columns += (
        "i % 2 = 0 AS flag, lpad(CAST(i % 290 AS VARCHAR), 4, '0') AS code, 'some text' AS a, 'b' || i % 7 AS b, 7 AS c"
    )
    paths = [f"rows-{part:03}.csv" for part in range(parts)]
    con = duckdb.connect()
    for part, path in enumerate(paths):
        first, last = rows * part // parts, rows * (part + 1) // parts
        query = f"SELECT {columns} FROM (SELECT range AS i FROM range({first}, {last}))"
        con.execute(f"COPY ({query}) TO '{folder / path}' (HEADER)")
    (folder / "kinds.csv").write_text("kind\n" + "".join(f"k{number}\n" for number in range(50)), encoding="utf-8")
    key = {"fields": ["kind"], "reference": {"resource": "kinds", "fields": ["kind"]}}
    fields = [{"name": name, "type": kind} for name, kind in zip(NAMES, TYPES, strict=True)]
    described: list[dict[str, Any]] = [
        {"name": "rows", "path": paths if parts > 1 else paths[0], "schema": {"fields": fields, "primaryKey": "id"}},
        {"name": "kinds", "path": "kinds.csv", "schema": {"fields": [{"name": "kind", "type": "string"}]}},
    ]
    described[0]["schema"]["foreignKeys"] = [key]
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "large",
        "resources": [{"type": "table", "encoding": "utf-8", **each} for each in described],
    }
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")


def timed(folder: Path, session: Any = None) -> tuple[float, float, list[Any]]:
    """Seconds, CPU seconds of this process and all that it started, and what the report says of the rows."""
    started, before = time.perf_counter(), cpu()
    report = validate(folder, Terms(), spark=session)
    return time.perf_counter() - started, cpu() - before, [task.errors for task in report.tasks]


def cpu() -> float:
    """CPU seconds of this process and of those below it, as Linux counts them."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            told = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(path.parent.name)], ticks[int(path.parent.name)] = int(told[1]), sum(map(int, told[11:15]))
    ours = {os.getpid()}
    while more := {each for each, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks.get(each, 0) for each in ours) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints a line for each table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--master", default="local[2]")
    given = parser.parse_args()
    with opened(given.master, {}, Progress("lines")) as session:
        for bad in (0, 0.01):
            with tempfile.TemporaryDirectory() as name:
                write(Path(name), given.rows, given.parts, bad)
                taken, spent, found = timed(Path(name), session)
                line = (
                    f"{given.rows:,} rows, {bad:.0%} bad, {given.parts} parts: Spark {taken:.1f} s, {spent:.1f} CPU s"
                )
                if given.parts == 1:
                    alone, own, expected = timed(Path(name))
                    line += (
                        f"; one machine {alone:.1f} s, {own:.1f} CPU s; {taken / alone:.2f} and {spent / own:.2f} times"
                    )
                    assert found == expected
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                print(f"{line}; {given.rows / taken:,.0f} rows/s; driver {peak} MB", flush=True)


if __name__ == "__main__":
    main()
