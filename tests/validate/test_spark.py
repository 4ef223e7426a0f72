"""Spark's report is that of one machine, however small the partitions are."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.core.errors import InvalidData
from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.validate import Terms, validate
from tests.validate.spark import assert_same_report, session, why_not
from tests.validate.test_corpus import CORPUS, spoil
from tests.validate.test_same_report import FILES, TEXTS, V2, VARIANTS, Tables, packages, resource

pytestmark = pytest.mark.slow
__all__ = ["session"]


@pytest.fixture(autouse=True)
def no_table_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets tasks see every table."""
    monkeypatch.setattr("pipeline.validate.source.SMALL", 0)


def write(folder: Path, resources: list[dict[str, Any]], files: dict[str, bytes]) -> Path:
    """A package in a folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    described = {"$schema": V2, "name": "package", "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def cells(text: str) -> str:
    """A text as a quoted cell."""
    return '"' + text.replace('"', '""') + '"'


def test_types_and_constraints_are_judged_as_on_one_machine(session: Any, tmp_path: Path) -> None:
    resources, files = [], {}
    for kind in ("string", "integer", "number", "boolean", "date", "datetime", "list"):
        texts = TEXTS[kind]
        fields = [{"name": f"f{at}", "type": kind, **variant} for at, variant in enumerate(VARIANTS[kind])]
        lines = [",".join(["id", *(field["name"] for field in fields)])]
        lines += [",".join([str(at), *[cells(text)] * len(fields)]) for at, text in enumerate(texts)]
        resources.append(resource(kind, [{"name": "id", "type": "integer"}, *fields], primaryKey=["id"]))
        files[f"{kind}.csv"] = ("\n".join(lines) + "\n").encode()
    report = assert_same_report(write(tmp_path, resources, files), session, 0)
    assert sum(bool(task["errors"]) for task in report["tasks"]) >= 5


CUT = ["CR alone", "mixed line ends", "CRLF in a cell", "a blank line within quotes", "ragged rows"]
CUT += ["a quote that does not close", "a bad byte", "a header over two lines"]
"""Those of `FILES` in which it matters where they are cut."""


def test_a_file_is_read_wherever_it_is_cut_as_on_one_machine(session: Any, tmp_path: Path) -> None:
    fields = [{"name": "id", "type": "integer"}, {"name": "cell", "type": "string"}]
    resources = [resource(f"f{at}", fields, primaryKey=["id"]) for at in range(len(CUT))]
    files = {f"f{at}.csv": FILES[name] for at, name in enumerate(CUT)}
    session.conf.set("spark.sql.files.maxPartitionBytes", "8b")
    try:
        assert_same_report(write(tmp_path, resources, files), session)
    finally:
        session.conf.set("spark.sql.files.maxPartitionBytes", "300b")


@pytest.mark.parametrize("name", ["companies", "camera-traps"])
def test_a_spoilt_package_has_the_same_errors_on_spark(session: Any, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(CORPUS / name, folder)
    for table in load(folder).tables:
        path = folder / table.paths[0]
        spoil(path, random.Random(3))
        path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:30]), encoding="utf-8")
    assert not assert_same_report(folder, session, 0)["valid"]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(packages())
def test_any_package_is_judged_as_on_one_machine(session: Any, package: Tables) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_same_report(write(Path(folder), *package), session)


FIELDS = [{"name": "id", "type": "integer"}, {"name": "kind", "type": "string"}]


def test_keys_are_compared_across_partitions(session: Any, tmp_path: Path) -> None:
    lines = [f"{at if at % 50 else 7},{'abc'[at % 3]}" for at in range(1, 300)] + [",a", " 8 ,b", "1_000,z", "x,"]
    parts = resource("parts", FIELDS, primaryKey=["id"])
    key = {"fields": ["kind"], "reference": {"resource": "kinds", "fields": ["kind"]}}
    parts["schema"]["foreignKeys"] = [key]
    kinds = resource("kinds", [{"name": "kind", "type": "string", "constraints": {"unique": True}}])
    files = {"parts.csv": ("id,kind\n" + "\n".join(lines)).encode(), "kinds.csv": b"kind\na\nb\na\n"}
    report = assert_same_report(write(tmp_path, [parts, kinds], files), session, 0)
    found = {error["type"] for task in report["tasks"] for error in task["errors"]}
    assert found == {"primary-key", "foreign-key", "type-error", "unique-error"}
    assert len(assert_same_report(tmp_path, session, 10)["tasks"][0]["errors"]) == 10


def test_parts_are_one_table_packed_or_not(session: Any, tmp_path: Path) -> None:
    first, second = b"id,kind\n1,a\n2,b\n", b'id,kind\n3,"c\nd"\nx,e\n2,f\n'
    packed = resource("packed", FIELDS, primaryKey=["id"]) | {"path": ["a.csv.gz", "b.csv.gz"]}
    plain = resource("plain", FIELDS, primaryKey=["id"]) | {"path": ["a.csv", "b.csv"]}
    headless = resource("headless", FIELDS) | {"path": ["c.csv", "d.csv"], "dialect": {"header": False}}
    files = {"a.csv": first, "b.csv": second, "a.csv.gz": gzip.compress(first), "b.csv.gz": gzip.compress(second)}
    files |= {"c.csv": b"1,a\n2,b\n", "d.csv": b"3,c\ny,d\n"}
    report = assert_same_report(write(tmp_path, [packed, plain, headless], files), session)
    rows = [[error["rowNumber"] for error in task["errors"]] for task in report["tasks"]]
    assert rows == [[5, 5, 6], [5, 5, 6], [4]]


def test_a_part_with_other_columns_is_named(session: Any, tmp_path: Path) -> None:
    parts = resource("parts", FIELDS) | {"path": ["a.csv", "b.csv"]}
    write(tmp_path, [parts], {"a.csv": b"id,kind\n1,a\n", "b.csv": b"id,name\n2,b\n"})
    with pytest.raises(InvalidData, match=r"b\.csv: is a part with the columns id, name; the first part has id, kind"):
        validate(tmp_path, spark=session)


def test_a_file_with_quotes_amid_cells_is_read_by_one_task_and_that_is_said(
    session: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f'{at},"a\nb"' if at % 3 else f'{at},5" nail' for at in range(100)]
    write(tmp_path, [resource("nails", FIELDS)], {"nails.csv": ("id,kind\n" + "\n".join(lines)).encode()})
    assert_same_report(tmp_path, session)
    validate(tmp_path, Terms(progress=Progress("lines")), spark=session)
    assert "nails has quotes amid cells: each of its files is read by one task." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "surroundings", "message"),
    [
        ([], {"JAVA_HOME": "/nowhere"}, "Java is not found in /nowhere, and Spark needs it."),
        ([], {"JAVA_HOME": "old"}, "is Java 8, and Spark needs 17 or newer."),
        (["--master", "spark://127.0.0.1:9"], {}, "'spark://127.0.0.1:9' does not answer."),
        (["--conf", "spark.executor.memory"], {}, "'spark.executor.memory' is not a setting."),
    ],
)
def test_what_spark_lacks_is_one_sentence(
    tmp_path: Path, options: list[str], surroundings: dict[str, str], message: str
) -> None:
    if why_not():
        pytest.skip(str(why_not()))
    java = tmp_path / "old/bin/java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    write(tmp_path, [resource("table", FIELDS)], {"table.csv": b"id,kind\n1,a\n"})
    given = {name: value.replace("old", str(tmp_path / "old")) for name, value in surroundings.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "validate", str(tmp_path), "--engine", "spark", *options],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, message in ended.stderr, ended.stderr.count("\n")) == (2, True, 1)
