"""Packages that others published are judged alike by both engines, as they are and with cells that were spoilt."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import pytest

from pipeline.package.package import load
from pipeline.validate import Terms, validate
from tests.validate import oracle
from tests.validate.test_same_report import beyond, found

CORPUS = Path(__file__).parent / "corpus"
PACKAGES = sorted(path.parent.name for path in CORPUS.glob("*/datapackage.json"))
SPOILT = ["", "x", "-1", "1e9", "2021-02-29", "2020-13-01T00:00:00Z", " ", "NaN", "TRUE", "åäö", '"', "a,b", "\n"]


@pytest.fixture(autouse=True)
def no_table_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the screen see every table."""
    monkeypatch.setattr("pipeline.validate.source.SMALL", 0)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_published_package_is_valid_for_both_engines(name: str) -> None:
    assert [found(validate(CORPUS / name)), oracle.found(oracle.expected(CORPUS / name))] == [[], []]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", PACKAGES)
def test_a_spoilt_package_has_the_same_errors_for_both_engines(tmp_path: Path, name: str, seed: int) -> None:
    folder = tmp_path / name
    shutil.copytree(CORPUS / name, folder)
    for table in load(folder).tables:
        spoil(folder / table.paths[0], random.Random(seed))
    expected = oracle.found(oracle.expected(folder, 0))
    assert [error for error in found(validate(folder, Terms("screen", 0))) if not beyond(error)] == expected
    assert expected


def spoil(path: Path, draw: random.Random) -> None:
    """Replaces twenty cells of a CSV file, repeats a row and shortens one."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for _ in range(20):
        row = draw.choice(rows)
        row[draw.randrange(len(row))] = draw.choice(SPOILT)
    rows.insert(draw.randrange(len(rows)), list(draw.choice(rows)))
    del draw.choice(rows)[-1]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
