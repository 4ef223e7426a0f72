"""Validation against frictionless, pandera (polars) and a bare DuckDB scan of the same file, in one run.

    python -m benchmarks.validate [ROWS ...] [--peers-up-to ROWS]

Ten columns; clean and with bad rows; with and without a primary and a foreign key. Each figure is a process of its own,
imports counted. frictionless takes minutes a million rows: above `--peers-up-to` its rows a second are those measured
at that size, marked ~.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, python

KINDS = ["fixed", "digital", "mobile", "library", "fuel"]
MUNICIPALITIES = 2900

OURS = """
import sys
from pipeline.validate import validate
validate(sys.argv[1])
"""
FRICTIONLESS = """
import sys
from pipeline.validate import Terms, validate
validate(sys.argv[1], Terms("frictionless"))
"""
SCAN = """
import sys, duckdb
names = "id municipality name kind lat lon opened count active note".split()
lengths = ", ".join(f"sum(length({name}))" for name in names)
table = f"read_csv('{sys.argv[1]}/table.csv', all_varchar = true, header = true)"
duckdb.execute(f"SELECT {lengths} FROM {table}").fetchall()
"""
PANDERA = f"""
import sys, polars, pandera.polars as pa
def column(kind, *checks, **more): return pa.Column(kind, list(checks), nullable=True, **more)
schema = pa.DataFrameSchema({{
    "id": pa.Column(int, unique=True),
    "municipality": column(str, pa.Check.str_matches("^[0-9]{{4}}$")),
    "name": column(str, pa.Check.str_length(0, 100)),
    "kind": column(str, pa.Check.isin({KINDS!r})),
    "lat": column(float, pa.Check.in_range(55, 70)),
    "lon": column(float, pa.Check.in_range(10, 25)),
    "opened": column(polars.Date),
    "count": column(int, pa.Check.ge(0)),
    "active": column(bool),
    "note": column(str),
}})
path = f"{{sys.argv[1]}}/table.csv"
text = {{"municipality": polars.String}}
frame = polars.read_csv(path, try_parse_dates=True, schema_overrides=text, ignore_errors=True)
try: schema.validate(frame, lazy=True)
except pa.errors.SchemaErrors: pass
"""


def write(folder: Path, rows: int, bad: float, keys: bool) -> None:
    """Writes a package of `rows` rows, a share of `bad` of which break a rule, drawn with a fixed seed."""
    draw = random.Random(1)
    with (folder / "table.csv").open("w", encoding="utf-8") as file:
        file.write("id,municipality,name,kind,lat,lon,opened,count,active,note\n")
        for number in range(rows):
            cells = [
                str(number),
                f"{draw.randrange(1, MUNICIPALITIES):04d}",
                f"Place {number % 5000} by",
                KINDS[number % 5],
                f"{draw.uniform(55, 69):.6f}",
                f"{draw.uniform(11, 24):.6f}",
                f"{2000 + number % 25}-{1 + number % 12:02d}-{1 + number % 28:02d}",
                str(number % 1000),
                "true" if number % 3 else "false",
                f"some text that is a note {number}",
            ]
            if bad and draw.random() < bad:
                place = draw.randrange(9)
                cells[place] = ["x", "99999", "n" * 101, "other", "91", "none", "2021-02-29", "-1", "maybe"][place]
            file.write(",".join(cells) + "\n")
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
            {"name": "municipalities", "type": "table", "path": "municipalities.csv", "schema": code},
        ],
    }


def main() -> None:
    """Prints a line per size, share of bad rows, and with or without keys."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[100, 10_000, 100_000, 1_000_000])
    parser.add_argument("--peers-up-to", type=int, default=100_000)
    options = parser.parse_args()
    speed: dict[tuple[float, bool], float] = {}
    print(f"{'rows':>10} {'bad':>6} keys {'rows/s':>10} {'s':>7} {'MB':>6} x frictionless  x pandera  scans")
    for rows in options.rows:
        for bad, keys in [(0.0, False), (0.0, True), (0.001, True), (0.01, True), (0.1, True)]:
            with tempfile.TemporaryDirectory() as name:
                write(Path(name), rows, bad, keys)
                _report(name, rows, bad, keys, options.peers_up_to, speed)


def _report(
    folder: str, rows: int, bad: float, keys: bool, peers_up_to: int, speed: dict[tuple[float, bool], float]
) -> None:
    ours = python(OURS, folder)
    scan = python(SCAN, folder)
    base = python("import duckdb; duckdb.execute('SELECT 1')")
    start = python("from pipeline.validate import validate; import duckdb; duckdb.execute('SELECT 1')")
    measured = rows <= peers_up_to
    if measured:
        speed[bad, keys] = rows / python(FRICTIONLESS, folder, runs=1 if rows > 10_000 else 3).seconds
    other: Measured | None = python(PANDERA, folder) if find_spec("pandera") else None
    ratio = rows / ours.seconds / speed[bad, keys] if (bad, keys) in speed else float("nan")
    # Below a twentieth of a second a scan is lost in the noise of starting a process.
    net = scan.seconds - base.seconds
    scans = f"{(ours.seconds - start.seconds) / net:6.1f}" if net > 0.05 else f"{'-':>6}"
    pandera = f"{other.seconds / ours.seconds:10.1f}" if other else f"{'-':>10}"
    print(
        f"{rows:>10} {bad:>6.1%} {'yes' if keys else 'no ':>4} {rows / ours.seconds:>10,.0f} {ours.seconds:>7.2f} "
        f"{ours.megabytes:>6.0f} {'' if measured else '~':>5}{ratio:>9.1f} {pandera} {scans}",
        flush=True,
    )


if __name__ == "__main__":
    main()
