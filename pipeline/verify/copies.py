"""That every format of a release holds the rows of the CSV: the same values, of the same types, in the same order.

The CSV is read as it is read for the formats, one table at a time. Every check is exact, sees every row once, and keeps
none but those that have a place.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.core.errors import Problem
from pipeline.core.progress import Progress
from pipeline.package.package import Package
from pipeline.table.dated import with_days
from pipeline.table.relation import spilling, typed
from pipeline.verify import database, geojson, parquet, workbook
from pipeline.verify.result import Found
from pipeline.verify.rows import Rows

FORMATS = ("parquet", "sqlite", "xlsx", "geojson")


def compare(package: Package, progress: Progress) -> dict[str, Found | None]:
    """What is found in each of `FORMATS`; None for a format that the release does not have."""
    tables = package.tables
    sqlite, xlsx = (package.folder / f"{package.stem}.{ending}" for ending in ("sqlite", "xlsx"))
    places = [table for table in tables if table.descriptor.get("location") is not None]
    checks: dict[str, Callable[[Rows], list[Problem]]] = {}
    if any(parquet.path_of(package, table).is_file() for table in tables):
        checks["parquet"] = parquet.check
    if sqlite.is_file():
        checks["sqlite"] = lambda rows: database.check(rows, sqlite)
    if xlsx.is_file():
        taken: set[str] = set()
        checks["xlsx"] = lambda rows: workbook.check(rows, xlsx, taken)
    found: dict[str, list[Problem]] = {name: [] for name in checks}
    counted: dict[str, list[int]] = {name: [] for name in checks}
    located: dict[str, Rows] = {}
    with spilling() as con:
        for number, table in enumerate(tables, 1):
            dated, relation = with_days(con, table, typed(con, package, table))
            types = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}
            (count,) = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0]
            rows = Rows(con, package, dated, relation, types, count)
            for name, check in checks.items():
                progress.advance(number, len(tables), f"{table.name}: {name}")
                found[name] += check(rows)
                counted[name].append(count)
            if table in places:
                located[table.name] = rows
            else:
                con.execute(f"DROP TABLE {relation}")
        if any(geojson.path_of(package, table).is_file() for table in places):
            found["geojson"] = [each for rows in located.values() for each in geojson.check(rows, located)]
            counted["geojson"] = [rows.count for rows in located.values()]
    return {name: (_note(counted[name]), found[name]) if name in found else None for name in FORMATS}


def _note(counts: list[int]) -> str:
    return f"{sum(counts):,} rows in {len(counts)} tables are those of the CSV"
