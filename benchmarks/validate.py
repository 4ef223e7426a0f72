"""Validation against frictionless, pandera (polars) and a bare DuckDB scan of the same file, in one run.

    python -m benchmarks.validate [ROWS ...] [--frictionless-up-to ROWS]

Ten columns; clean and with bad rows; with and without a primary and a foreign key; every error is reported, not the
first thousand. Each figure is a process of its own, imports counted, the best of some runs that take turns. Only
`scans` leaves starting and importing out: how many bare scans of the file the work itself takes.

frictionless takes minutes a million rows: it judges a million once, of the two tables that a target is set for, and
above `--frictionless-up-to` its speed is taken from the largest table that it has judged, marked ~. pandera reads a
cell of the wrong type as missing, and says nothing of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, least, process, together

KINDS = ["fixed", "digital", "mobile", "library", "fuel"]
MUNICIPALITIES = 2900
CASES = [(0.0, False), (0.0, True), (0.001, True), (0.01, False), (0.01, True), (0.1, True)]
"""Share of bad rows, and whether there are keys."""

TARGETS = [(0.0, True), (0.01, True)]
"""The cases that frictionless judges at a million rows."""

MILLION = 1_000_000
QUICK = 10_000
"""Rows up to which frictionless takes its turn in every round."""

OURS = """
import sys
from pipeline.validate import Terms, validate
validate(sys.argv[1], Terms(limit_errors=0))
"""
OURS_START = """
from pipeline.validate import validate
import duckdb
duckdb.execute("SELECT 1")
"""
FRICTIONLESS = """
import sys, frictionless
frictionless.Package(f"{sys.argv[1]}/datapackage.json").validate(limit_errors=0)
"""
SCAN = """
import sys, duckdb
names = "id municipality name kind lat lon opened count active note".split()
lengths = ", ".join(f"sum(length({name}))" for name in names)
table = f"read_csv('{sys.argv[1]}/table.csv', all_varchar = true, header = true)"
duckdb.execute(f"SELECT {lengths} FROM {table}").fetchall()
"""
SCAN_START = """
import duckdb
duckdb.execute("SELECT 1")
"""
WRITE = """
import sys
from pathlib import Path
from benchmarks.validate import write
write(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "True")
"""
"""Written by a process of its own: the peak memory of a process begins with that of the one that starts it."""

PANDERA = f"""
import sys, polars, pandera.polars as pa
keys = sys.argv[2] == "True"
codes = polars.read_csv(f"{{sys.argv[1]}}/municipalities.csv", infer_schema=False)["code"].to_list()
def column(kind, *checks, **more): return pa.Column(kind, list(checks), nullable=True, **more)
foreign = [pa.Check.isin(codes)] if keys else []
schema = pa.DataFrameSchema({{
    "id": pa.Column(int, unique=keys, nullable=not keys),
    "municipality": column(str, pa.Check.str_matches("^[0-9]{{4}}$"), *foreign),
    "name": column(str, pa.Check.str_length(0, 100)),
    "kind": column(str, pa.Check.isin({KINDS!r})),
    "lat": column(float, pa.Check.in_range(55, 70)),
    "lon": column(float, pa.Check.in_range(10, 25)),
    "opened": column(polars.Date),
    "count": column(int, pa.Check.ge(0)),
    "active": column(bool),
    "note": column(str),
}})
types = dict(id=polars.Int64, municipality=polars.String, name=polars.String, kind=polars.String, lat=polars.Float64,
             lon=polars.Float64, opened=polars.Date, count=polars.Int64, active=polars.Boolean, note=polars.String)
frame = polars.read_csv(f"{{sys.argv[1]}}/table.csv", schema=types, ignore_errors=True)
try: schema.validate(frame, lazy=True)
except pa.errors.SchemaErrors: pass
"""

TABLE = """
COPY (
    SELECT
        CASE WHEN bad = 0 THEN 'x' ELSE number::VARCHAR END AS id,
        CASE WHEN bad = 1 THEN '99999' ELSE format('{:04d}', 1 + hash(number, 1) % ($municipalities - 1)) END
            AS municipality,
        CASE WHEN bad = 2 THEN repeat('n', 101) ELSE format('Place {} by', number % 5000) END AS name,
        CASE WHEN bad = 3 THEN 'other' ELSE $kinds[1 + number % 5] END AS kind,
        CASE WHEN bad = 4 THEN '91' ELSE format('{:.6f}', 55 + hash(number, 2) % 14000000 / 1e6) END AS lat,
        CASE WHEN bad = 5 THEN 'none' ELSE format('{:.6f}', 11 + hash(number, 3) % 13000000 / 1e6) END AS lon,
        CASE WHEN bad = 6 THEN '2021-02-29'
            ELSE format('{}-{:02d}-{:02d}', 2000 + number % 25, 1 + number % 12, 1 + number % 28) END AS opened,
        CASE WHEN bad = 7 THEN '-1' ELSE (number % 1000)::VARCHAR END AS count,
        CASE WHEN bad = 8 THEN 'maybe' ELSE (number % 3 > 0)::VARCHAR END AS active,
        format('some text that is a note {}', number) AS note
    FROM (
        SELECT
            range AS number,
            CASE WHEN hash(range, 4) % 1000000 < 1000000 * $share THEN hash(range, 5) % 9 END AS bad
        FROM range($rows)
    )
    ORDER BY number
) TO '{path}' (HEADER)
"""
"""`rows` rows, a share of which break one rule each, drawn by hash."""


def write(folder: Path, rows: int, bad: float, keys: bool) -> None:
    """Writes a package of `rows` rows, a share of `bad` of which break a rule; the same for the same arguments."""
    import duckdb

    values = {"rows": rows, "share": bad, "kinds": KINDS, "municipalities": MUNICIPALITIES}
    duckdb.execute(TABLE.replace("{path}", str(folder / "table.csv")), values)
    with (folder / "municipalities.csv").open("w", encoding="utf-8") as file:
        file.write("code,name\n")
        file.writelines(f"{number:04d},M{number}\n" for number in range(1, MUNICIPALITIES))
    (folder / "datapackage.json").write_text(json.dumps(_descriptor(keys)), encoding="utf-8")


def _descriptor(keys: bool) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": "id", "type": "integer"},
        {"name": "municipality", "type": "string", "constraints": {"pattern": "[0-9]{4}", "required": True}},
        {"name": "name", "type": "string", "constraints": {"required": True, "maxLength": 100}},
        {"name": "kind", "type": "string", "constraints": {"enum": KINDS}},
        {"name": "lat", "type": "number", "constraints": {"minimum": 55, "maximum": 70}},
        {"name": "lon", "type": "number", "constraints": {"minimum": 10, "maximum": 25}},
        {"name": "opened", "type": "date"},
        {"name": "count", "type": "integer", "constraints": {"minimum": 0}},
        {"name": "active", "type": "boolean"},
        {"name": "note", "type": "string"},
    ]
    schema: dict[str, Any] = {"fields": fields}
    if keys:
        reference = {"resource": "municipalities", "fields": ["code"]}
        schema |= {"primaryKey": ["id"], "foreignKeys": [{"fields": ["municipality"], "reference": reference}]}
    code = {"fields": [{"name": "code", "type": "string"}, {"name": "name", "type": "string"}], "primaryKey": ["code"]}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "benchmark",
        "resources": [
            {"name": "table", "type": "table", "path": "table.csv", "encoding": "utf-8", "schema": schema},
            {
                "name": "municipalities",
                "type": "table",
                "path": "municipalities.csv",
                "encoding": "utf-8",
                "schema": code,
            },
        ],
    }


def main() -> None:
    """Prints a line per size, share of bad rows, and with or without keys."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[100, 10_000, 100_000, MILLION, 10_000_000])
    parser.add_argument("--frictionless-up-to", type=int, default=100_000, metavar="ROWS")
    options = parser.parse_args()
    if not find_spec("pandera"):
        sys.exit("pandera is not installed. Run `make bench`, or install the extra: pip install 'servicebanken[bench]'")
    print(f"{'rows':>10} {'bad':>6} keys {'rows/s':>10} {'s':>7} {'MB':>6} x frictionless  x pandera  scans")
    known: dict[tuple[float, bool], float] = {}
    for rows in options.rows:
        for bad, keys in CASES:
            with tempfile.TemporaryDirectory() as name:
                process(_python(WRITE, name, str(rows), str(bad), str(keys)), runs=1)
                case = _measure(name, keys, rows, (bad, keys) in TARGETS, options.frictionless_up_to)
            speed = rows / case.frictionless.seconds if case.frictionless else known.get((bad, keys))
            if case.frictionless and rows >= QUICK:  # of fewer rows most of the time is its start
                known[bad, keys] = rows / case.frictionless.seconds
            print(_line(rows, bad, keys, case, speed), flush=True)


@dataclass(frozen=True)
class Case:
    """One table, measured; `start` and `base` are ours and the scan without their work."""

    ours: Measured
    scan: Measured
    start: Measured
    base: Measured
    pandera: Measured
    frictionless: Measured | None


def _measure(folder: str, keys: bool, rows: int, is_target: bool, frictionless_up_to: int) -> Case:
    runs = 5 if rows < MILLION else 3
    programs = [(OURS, folder), (SCAN, folder), (OURS_START,), (SCAN_START,), (PANDERA, folder, str(keys))]
    if rows <= QUICK:
        programs.append((FRICTIONLESS, folder))
    ours, scan, start, base, pandera, *rest = together([_python(*each) for each in programs], runs=runs)
    if QUICK < rows <= frictionless_up_to or (rows == MILLION and is_target):
        rest = [process(_python(FRICTIONLESS, folder), runs=1)]
        # It takes long, and the machine may be faster by then than it was for ours.
        ours = least([ours, process(_python(OURS, folder), runs=runs)])
    return Case(ours, scan, start, base, pandera, rest[0] if rest else None)


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-c", *arguments]


def _line(rows: int, bad: float, keys: bool, case: Case, known: float | None) -> str:
    ours = case.ours
    ratio = "-" if known is None else f"{'' if case.frictionless else '~'}{rows / known / ours.seconds:.1f}"
    # Below a twentieth of a second a scan is lost in the noise of starting a process.
    net = case.scan.seconds - case.base.seconds
    scans = f"{(ours.seconds - case.start.seconds) / net:.1f}" if net > 0.05 else "-"
    return (
        f"{rows:>10} {bad:>6.1%} {'yes' if keys else 'no ':>4} {rows / ours.seconds:>10,.0f} {ours.seconds:>7.2f} "
        f"{ours.megabytes:>6.0f} {ratio:>14} {case.pandera.seconds / ours.seconds:>10.1f} {scans:>6}"
    )


if __name__ == "__main__":
    main()
