"""The face of the package: a table as a DataFrame with the types that its schema states."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline import read
from pipeline.core.errors import CannotRun
from tests.projects import field, package, table


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    kinds = [{"value": "a", "label": "seat", "label@sv": "centralort"}, {"value": "b", "label": "village"}]
    fields = [
        field("code"),
        field("kind", categories=kinds),
        field("people", "integer"),
        field("share", "number"),
        field("open", "boolean"),
        field("since", "date"),
    ]
    rows = "0482,a,7,0.5,true,1850-02-03\n0583,,,,,\n"
    content = f"code,kind,people,share,open,since\n{rows}"
    return package(tmp_path, [table("towns", fields, ["code"])], {"towns.csv": content})


def test_a_table_is_read_with_its_types(towns: Path) -> None:
    frame = read(towns, "towns")
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "code": "str",
        "kind": "category",
        "people": "Int64",
        "share": "Float64",
        "open": "boolean",
        "since": "datetime64[s]",
    }
    assert frame["code"].tolist() == ["0482", "0583"]
    assert frame["people"].isna().tolist() == [False, True]
    assert frame["kind"].cat.categories.tolist() == ["a", "b"]
    assert str(frame["since"][0].date()) == "1850-02-03"


def test_codes_have_their_labels_where_that_is_asked_for(towns: Path) -> None:
    assert read(towns, "towns", labels="sv")["kind"].cat.categories.tolist() == ["centralort", "village"]


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("a"), field("n", "integer")])], {"t.csv": "a,n\n"})
    frame = read(tmp_path, "t")
    assert (len(frame), [str(kind) for kind in frame.dtypes]) == (0, ["str", "Int64"])


def test_a_table_that_is_not_there_is_named_with_the_nearest(towns: Path) -> None:
    with pytest.raises(CannotRun, match=r"Did you mean towns\?"):
        read(towns, "town")


def test_every_name_of_the_face_leads_somewhere() -> None:
    assert [name for name in (*pipeline.FUNCTIONS, *pipeline.STAGES) if getattr(pipeline, name) is None] == []
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = pipeline.nothing


def test_importing_the_face_loads_nothing_heavy() -> None:
    heavy = ["_duckdb", "frictionless", "pandas", "datasette", "numpy", "yaml"]
    code = f"import sys, pipeline; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert printed.stdout == "[]\n"
