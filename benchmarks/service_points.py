"""A package of made-up service points, as large as one wants: what `benchmarks.serve` serves.

id  name  municipality (290)  county (21)  type (25)  operator (7)  latitude  longitude  opened  description
"""

from __future__ import annotations

import csv
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

NAME = "points"
TYPES = [f"type{n:02}" for n in range(25)]
OPERATORS = [f"operator{n}" for n in range(7)]
COUNTIES = [f"{n:02}" for n in range(1, 22)]
COLUMNS = ["id", "name", "municipality", "county", "type", "operator", "latitude", "longitude", "opened", "description"]

WORDS = [
    "service",
    "by",
    "butik",
    "post",
    "paket",
    "apotek",
    "ombud",
    "lanthandel",
    "bygdegård",
    "mack",
    "bibliotek",
    "buss",
    "dator",
    "möte",
    "plats",
    "lokal",
    "kök",
    "dörr",
    "öppet",
    "stängt",
    "dag",
    "natt",
    "vecka",
    "sommar",
    "vinter",
    "ägare",
    "förening",
    "kommun",
    "region",
    "bygd",
    "skog",
    "sjö",
    "väg",
    "bro",
    "hamn",
    "torg",
    "kyrka",
    "skola",
]

COMMON, RARE = "lanthandel", "sällsynt"
"""A word in every third description, and one in every ten-thousandth."""

METADATA = """\
databases:
  points:
    tables:
      points:
        facets: [county, type]
        sort: id
    queries:
      by-county:
        title: How many in a county?
        sql: SELECT county, count(*) AS points FROM points WHERE county = :county GROUP BY county
        params: [county]
"""


def write(folder: Path, rows: int) -> Path:
    """Writes the package into the folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "points.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_row(number) for number in range(rows))
    (folder / "datapackage.json").write_text(json.dumps(_descriptor()), encoding="utf-8")
    (folder / "metadata.yml").write_text(METADATA, encoding="utf-8")
    return folder


def bare(package: Path, database: Path) -> Path:
    """The same table in SQLite as somebody makes it who knows no more than that search needs an index of words."""
    con = sqlite3.connect(database)
    con.execute(
        "CREATE TABLE points (id INTEGER PRIMARY KEY, name TEXT, municipality TEXT, county TEXT, type TEXT, "
        "operator TEXT, latitude REAL, longitude REAL, opened TEXT, description TEXT)"
    )
    with (package / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        con.executemany(f"INSERT INTO points VALUES ({','.join('?' * len(COLUMNS))})", rows)
    con.execute("CREATE VIRTUAL TABLE points_fts USING fts5(name, description, content='points', content_rowid='id')")
    con.execute("INSERT INTO points_fts (points_fts) VALUES ('rebuild')")
    con.commit()
    con.close()
    return database


def _row(number: int) -> list[Any]:
    chance = random.Random(number)
    municipality = chance.randrange(290)
    description = chance.choices(WORDS, k=32)
    if chance.random() < 1 / 3:
        description.append(COMMON)
    if number % 10_000 == 0:
        description.append(RARE)
    return [
        number,
        f"{chance.choice(WORDS).title()} {number}",
        f"{municipality:04}",
        COUNTIES[municipality % len(COUNTIES)],
        chance.choice(TYPES),
        chance.choice(OPERATORS),
        round(55 + chance.random() * 14, 5),
        round(11 + chance.random() * 13, 5),
        f"{chance.randint(1990, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        " ".join(description),
    ]


def _descriptor() -> dict[str, Any]:
    def field(name: str, kind: str = "string", **constraints: Any) -> dict[str, Any]:
        return {"name": name, "type": kind} | ({"constraints": constraints} if constraints else {})

    fields = [
        field("id", "integer"),
        field("name"),
        field("municipality", pattern="[0-9]{4}"),
        field("county", enum=COUNTIES),
        field("type", enum=TYPES),
        field("operator", enum=OPERATORS),
        field("latitude", "number"),
        field("longitude", "number"),
        field("opened", "date"),
        field("description"),
    ]
    schema = {"fields": fields, "primaryKey": ["id"]}
    return {"name": NAME, "resources": [{"name": NAME, "type": "table", "path": "points.csv", "schema": schema}]}
