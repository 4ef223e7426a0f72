"""Packages drawn at random, judged by ours and by frictionless in a process of its own, and every difference printed.

    python -m benchmarks.generated [PACKAGES] [LARGE] [--seed SEED] [--seconds SECONDS]

Of `PACKAGES` small ones each is judged in Python and by DuckDB. `LARGE` ones have over 100 kB, and a fault
at a random place.
The last line says how many were judged, and how many differ; frictionless's own crashes are counted apart.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline.validate import Terms, source, validate
from tests.validate import oracle
from tests.validate.test_same_report import TEXTS, V2, VARIANTS, beyond, found, plain

TABLE = dict[str, Any]


def drawn(draw: random.Random, name: str, rows: int) -> tuple[TABLE, bytes]:
    """A table whose cells more or less fit its schema."""
    kinds = [draw.choice(list(VARIANTS)) for _ in range(draw.randint(1, 5))]
    fields = [{"name": f"f{at}", "type": kind, **draw.choice(VARIANTS[kind])} for at, kind in enumerate(kinds)]
    names = [field["name"] for field in fields]
    schema: TABLE = {"fields": fields}
    if draw.random() < 0.5:
        schema["primaryKey"] = draw.sample(names, min(len(names), draw.randint(1, 2)))
    if draw.random() < 0.3:
        schema["missingValues"] = draw.choice([["", "NA"], ["-"], []])
    described: TABLE = {"name": name, "type": "table", "path": f"{name}.csv", "schema": schema}
    delimiter = draw.choice([",", ",", ",", ",", ";", "\t"])
    if delimiter != ",":
        described["dialect"] = {"delimiter": delimiter}
    if draw.random() < 0.9:
        described["encoding"] = "utf-8"
    lines = [delimiter.join(names)]
    for _ in range(rows):
        cells = [_cell(draw, draw.choice(TEXTS[kind] if draw.random() < 0.9 else TEXTS["string"])) for kind in kinds]
        if draw.random() < 0.02:
            cells = cells[: draw.randint(0, len(cells))]
        lines.append(delimiter.join(cells))
    end = draw.choice(["\n", "\n", "\n", "\r\n"])
    return described, (end.join(lines) + draw.choice(["", end])).encode()


def _cell(draw: random.Random, text: str) -> str:
    if any(sign in text for sign in ',;\t"\n\r') or draw.random() < 0.2:
        return '"' + text.replace('"', '""') + '"'
    return text


def large(draw: random.Random) -> tuple[TABLE, bytes]:
    """A table of over 100 kB that is clean but for a fault at a random place."""
    fields = [
        {"name": "id", "type": "integer"},
        {"name": "lat", "type": "number", "constraints": {"minimum": 55, "maximum": 70}},
        {"name": "day", "type": "date"},
        {"name": "code", "type": "string", "constraints": {"pattern": "[0-9]{4}", "required": True}},
        {"name": "yes", "type": "boolean"},
        {"name": "note", "type": "string", "constraints": {"maxLength": 60}},
    ]
    rows = [
        [
            str(at),
            f"{55 + at % 14}.{at % 997}",
            f"20{at % 24:02}-0{1 + at % 9}-1{at % 9}",
            f"{at % 9999:04}",
            "true",
            f"text of row {at}",
        ]
        for at in range(draw.randint(2200, 4000))
    ]
    at, column = draw.randrange(len(rows)), draw.randrange(6)
    kind = draw.choice(["text", "text", "text", "key", "short", "blank", "long"])
    if kind == "text":
        rows[at][column] = draw.choice([text for texts in TEXTS.values() for text in texts if text.isprintable()])
    elif kind == "key":
        rows[at][0] = rows[draw.randrange(len(rows))][0]
    elif kind == "short":
        rows[at] = rows[at][: draw.randint(0, 5)]
    elif kind == "blank":
        rows[at] = [""] * 6
    else:
        rows[at].append("more")
    lines = [",".join(_cell(draw, text) for text in row) for row in rows]
    text = "id,lat,day,code,yes,note\n" + "\n".join(lines) + "\n"
    return {
        "name": "table",
        "type": "table",
        "path": "table.csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "primaryKey": ["id"]},
    }, text.encode()


def package(draw: random.Random, folder: Path, *, is_large: bool) -> None:
    """Writes a package of one or two tables."""
    described, content = large(draw) if is_large else drawn(draw, "table", draw.randint(0, 9))
    resources = [described]
    (folder / "table.csv").write_bytes(content)
    if not is_large and draw.random() < 0.4:
        parent, there = drawn(draw, "parent", draw.randint(0, 6))
        (folder / "parent.csv").write_bytes(there)
        resources.append(parent)
        fields = [draw.choice(described["schema"]["fields"])["name"]]
        others = [draw.choice(parent["schema"]["fields"])["name"]]
        reference = {"resource": "parent", "fields": others}
        described["schema"]["foreignKeys"] = [{"fields": fields, "reference": reference}]
    descriptor = {"$schema": V2, "name": "package", "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")


def differs(folder: Path, *, is_large: bool) -> str | None:
    """What differs from frictionless's verdict; "broken" where it has none."""
    expected = oracle.expected(folder, 0)
    if "broken" in expected:
        return "broken"
    wanted = oracle.found(expected)
    for small in [100_000] if is_large else [100_000, 0]:
        source.SMALL = small
        told = [plain(error) for error in found(validate(folder, Terms(limit_errors=0))) if not beyond(error)]
        if told != wanted:
            return f"SMALL={small}\n  ours: {told}\n  frictionless: {wanted}"
    return None


def main() -> None:
    """Judges as many as it can in the time there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=int, nargs="?", default=18_000)
    parser.add_argument("large", type=int, nargs="?", default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600)
    asked = parser.parse_args()
    ends = time.monotonic() + asked.seconds
    draw = random.Random(asked.seed)
    turns = [True] * asked.large + [False] * asked.packages
    draw.shuffle(turns)
    counts = {"small": 0, "large": 0, "broken": 0, "different": 0}
    for is_large in turns:
        if time.monotonic() > ends:
            break
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            package(draw, folder, is_large=is_large)
            try:
                found_difference = differs(folder, is_large=is_large)
            except Exception as error:  # whatever ours does not survive is a difference
                found_difference = f"ours: {error!r}"
            counts["large" if is_large else "small"] += 1
            counts["broken"] += found_difference == "broken"
            if found_difference not in (None, "broken"):
                counts["different"] += 1
                print(found_difference, (folder / "datapackage.json").read_text(), sep="\n")
                print((folder / "table.csv").read_bytes()[:600], flush=True)
        if sum(counts.values()) % 500 == 0:
            print(counts, flush=True)
    print("judged", counts)


if __name__ == "__main__":
    main()
