"""`diff` against a bare DuckDB scan of the same two files, in one run.

    python -m benchmarks.diff [ROWS ...]

Ten columns, one percent of the rows changed, as many added and removed; with a primary key and without. A scan reads
every cell of both files as text and adds up their lengths. Each figure is a process of its own; scans are counted
without the start of Python and its imports. Memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from pathlib import Path

from benchmarks.measure import python
from benchmarks.validate import write

NEW = 1_000_000_000
"""Where the keys of new rows start."""

OURS = """
import sys
from pathlib import Path
from pipeline.package.package import load
from pipeline.release.compare import compare
with compare(load(Path(sys.argv[1])), load(Path(sys.argv[2]))) as comparison:
    for table in comparison.tables:
        for row in comparison.rows(table, limit=100):
            pass
"""
START = """
import duckdb
from pipeline.package.package import load
from pipeline.release.compare import compare
duckdb.execute("SELECT 1")
"""
SCAN = """
import sys, duckdb
names = "id municipality name kind lat lon opened count active note".split()
lengths = ", ".join(f"sum(length({name}))" for name in names)
for folder in sys.argv[1:]:
    table = f"read_csv('{folder}/table.csv', all_varchar = true, header = true)"
    duckdb.execute(f"SELECT {lengths} FROM {table}").fetchall()
"""


def edit(old: Path, new: Path, key: bool) -> None:
    """Writes a package like `old`, in which one percent of the rows changed and as many came and went."""
    draw = random.Random(2)
    shutil.copytree(old, new)
    with (
        (old / "table.csv").open(encoding="utf-8") as before,
        (new / "table.csv").open("w", encoding="utf-8") as after,
    ):
        after.write(next(before))
        for number, line in enumerate(before):
            chance = draw.random()
            if chance < 0.01:
                after.write(line.replace("Place", "Plats"))
            elif chance < 0.02:
                after.write(f"{NEW + number},{line.partition(',')[2]}")
            else:
                after.write(line)
    for folder in (old, new):
        descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        if not key:
            descriptor["resources"][0]["schema"].pop("primaryKey", None)
        (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")


def main() -> None:
    """Prints a line per size, with a key and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000])
    options = parser.parse_args()
    base = python("import duckdb; duckdb.execute('SELECT 1')")
    start = python(START)
    print(f"{'rows':>12} key {'s':>7} {'MB':>6} {'scan s':>7} {'scans':>6}")
    for rows in options.rows:
        for key in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                old, new = Path(folder, "old"), Path(folder, "new")
                old.mkdir()
                write(old, rows, 0.0, True)
                edit(old, new, key)
                runs = 3 if rows <= 1_000_000 else 1
                ours = python(OURS, str(old), str(new), runs=runs)
                scan = python(SCAN, str(old), str(new), runs=runs)
            # Below a twentieth of a second a scan is lost in the noise of starting a process.
            net = scan.seconds - base.seconds
            scans = f"{(ours.seconds - start.seconds) / net:6.1f}" if net > 0.05 else f"{'-':>6}"
            print(
                f"{rows:>12,} {'yes' if key else 'no ':>3} {ours.seconds:>7.2f} {ours.megabytes:>6.0f} "
                f"{scan.seconds:>7.2f} {scans}",
                flush=True,
            )


if __name__ == "__main__":
    main()
