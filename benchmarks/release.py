"""A release of one large table against `sqlite3`'s own .import of the same CSV, and other writers of SQLite.

    python -m benchmarks.release [ROWS] [--peers-up-to ROWS]

Ten columns, two keys. `.import` is followed by the statements that make the indexes, and the search, which our database
has; so both hold the same. Processor seconds stand beside wall seconds: on a busy machine only they can be compared.
sqlite-utils and frictionless take minutes a million rows: above `--peers-up-to` their time is that at this size, times
as many rows, marked ~. They make no indexes and no search. A peer that is not installed is left out: `make bench`
brings them, but for the command `sqlite3`.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import ROOT
from benchmarks.validate import write

OURS = """
import sys, time
from pathlib import Path
from pipeline.package.package import load
from pipeline.release.formats import sqlite
from pipeline.release.formats.contents import Contents
from pipeline.table.relation import connect, typed
package, con = load(Path(sys.argv[1])), connect()
relations = {table.name: typed(con, package, table) for table in package.tables}
contents = Contents(con, package, relations, None)
wall, processor = time.perf_counter(), time.process_time()
sqlite.write(contents, Path(sys.argv[1]) / "ours.sqlite")
print(time.perf_counter() - wall, time.process_time() - processor)
"""
WHOLE = """
import sys, time
from pathlib import Path
from pipeline.package.package import load
from pipeline.core.progress import Progress
from pipeline.release import release
wall, processor = time.perf_counter(), time.process_time()
release(load(Path(sys.argv[1])), Path(sys.argv[1]) / "releases", Progress(), {})
print(time.perf_counter() - wall, time.process_time() - processor)
"""
FRICTIONLESS = """
import sys, time
import frictionless
package = frictionless.Package(sys.argv[1] + "/datapackage.json")
wall, processor = time.perf_counter(), time.process_time()
package.publish(f"sqlite:///{sys.argv[1]}/frictionless.sqlite")
print(time.perf_counter() - wall, time.process_time() - processor)
"""


@dataclass(frozen=True)
class Spent:
    """Wall and processor seconds."""

    wall: float
    processor: float

    def times(self, factor: float) -> Spent:
        """As many times of it."""
        return Spent(self.wall * factor, self.processor * factor)


def main() -> None:
    """Prints a line per writer: seconds, and how many times those of .import."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--peers-up-to", type=int, default=50_000)
    options = parser.parse_args()
    if shutil.which("sqlite3") is None:
        sys.exit("The command sqlite3 is not installed, and there is nothing to compare with.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.rows, 0.0, keys=True)
        ours = _python(OURS, folder)
        with closing(sqlite3.connect(folder / "ours.sqlite")) as con:
            made = con.execute(
                "SELECT type, sql FROM sqlite_master WHERE tbl_name IN ('table', 'municipalities') AND sql > ''"
            ).fetchall()
            searches = [sql for (sql,) in con.execute("SELECT sql FROM sqlite_master WHERE sql LIKE '%USING fts5%'")]
        tables = [sql for kind, sql in made if kind == "table"]
        indexes = [sql for kind, sql in made if kind == "index"]
        peer = _import(folder, tables, indexes, searches)
        print(f"{options.rows:,} rows {'':19} {'wall s':>7} {'x':>6} {'cpu s':>7} {'x':>6}")
        _show(f".import, {len(indexes)} indexes, search", peer, peer)
        _show("our SQLite", ours, peer)
        _show("the whole release, read from CSV", _python(WHOLE, folder), peer)
        bare = _import(folder, tables, [], [])
        _show(".import alone", bare, peer)
    few = min(options.rows, options.peers_up_to)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, few, 0.0, keys=True)
        mark = "~" if few < options.rows else ""
        if find_spec("sqlite_utils"):
            _show(f"{mark}sqlite-utils insert", _sqlite_utils(folder).times(options.rows / few), peer)
        if find_spec("sqlalchemy"):
            _show(f"{mark}frictionless publish", _python(FRICTIONLESS, folder).times(options.rows / few), peer)


def _show(label: str, spent: Spent, peer: Spent) -> None:
    print(
        f"{label:32} {spent.wall:7.1f} {spent.wall / peer.wall:6.2f} "
        f"{spent.processor:7.1f} {spent.processor / peer.processor:6.2f}",
        flush=True,
    )


def _import(folder: Path, tables: list[str], indexes: list[str], searches: list[str]) -> Spent:
    path = folder / "import.sqlite"
    path.unlink(missing_ok=True)
    names = [search.split()[3] for search in searches]
    statements = [
        *tables,
        ".mode csv",
        f".import --skip 1 {folder}/municipalities.csv municipalities",
        f".import --skip 1 {folder}/table.csv table",
        *indexes,
        *searches,
        *(f"INSERT INTO {name} ({name}) VALUES ('{command}')" for name in names for command in ("rebuild", "optimize")),
    ]
    script = "\n".join(line if line.startswith(".") else f"{line};" for line in statements)
    return _command(["sqlite3", "-bail", str(path)], script)


def _sqlite_utils(folder: Path) -> Spent:
    arguments = ["insert", str(folder / "utils.sqlite"), "table", str(folder / "table.csv"), "--csv", "--pk", "id"]
    return _command([sys.executable, "-m", "sqlite_utils", *arguments])


def _command(command: list[str], script: str = "") -> Spent:
    """The time of a process, which is fed `script`."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, input=script, encoding="utf-8", check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _python(code: str, folder: Path) -> Spent:
    """The times that Python code prints, in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    # Before it may stand what DuckDB says of its progress where it takes the code for a person's.
    return Spent(*map(float, ended.stdout.splitlines()[-1].split()[-2:]))


if __name__ == "__main__":
    main()
