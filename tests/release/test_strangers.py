"""Packages that strangers might hand in: through every command without a traceback, and whole, or refused with a word.

Each is a small package with one thing that is unusual; what is released has the same rows in every format.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import invoke
from tests.projects import field, put

ROWS = "id,n\n1,a\n2,b\n"

NAMES = [
    *(
        "rowid",
        "oid",
        "_rowid_",
        "rank",
        "_counts",
        "codes",
        "releases",
        "changes",
        "history",
        "About",
        "sqlite_x",
        "con",
    ),
    *(
        "select",
        "order",
        "table",
        "index",
        "group",
        "_region",
        "_size",
        "sv",
        "-",
        "å",
        "Ä b",
        "1",
        "a.b",
        'a"b',
        "a'b",
        "%",
    ),
    *("x" * 200, "日本", "🙂", "a/b", "[a]", "a;b", "null"),
]
"""Names that a format, a database or a language keeps for itself, of a field and of a table."""


def _table(name: str = "t", fields: list[dict[str, Any]] | None = None, **members: Any) -> dict[str, Any]:
    schema = {"fields": fields or [field("id", "integer"), field("n")]}
    return {"name": name, "path": "t.csv", "schema": schema, **members}


PACKAGES: dict[str, tuple[dict[str, Any], dict[str, bytes]]] = {}
for _number, _name in enumerate(NAMES):
    _rows = f"id,{json.dumps(_name).replace(chr(92) + chr(34), chr(34) * 2)}\n1,a\n2,b\n".encode()
    if _name.isascii():
        PACKAGES[f"field {_name[:20]}"] = (
            {"resources": [_table("t", [field("id", "integer"), field(_name)])]},
            {"t.csv": _rows},
        )
    PACKAGES[f"table {_name[:20]}"] = ({"resources": [_table(_name)]}, {"t.csv": ROWS.encode()})
for _version in ("2026", "v1.0", "1.0", "2023-03-30", "1.2.3-beta.1"):
    PACKAGES[f"version {_version}"] = ({"version": _version, "resources": [_table()]}, {"t.csv": ROWS.encode()})
PACKAGES |= {
    "no schema": ({"resources": [{"name": "t", "path": "t.csv"}]}, {"t.csv": b"code,n\n0114,TRUE\n0180,FALSE\n"}),
    "version 1": (
        {"profile": "tabular-data-package", "resources": [_table(profile="tabular-data-resource")]},
        {"t.csv": ROWS.encode()},
    ),
    "two parts": ({"resources": [_table(path=["t.csv", "u.csv"])]}, {"t.csv": ROWS.encode(), "u.csv": b"id,n\n3,c\n"}),
    "packed": ({"resources": [_table(path="t.csv.gz")]}, {"t.csv.gz": gzip.compress(ROWS.encode())}),
    "text": ({"resources": [_table(path="t.txt", format="csv")]}, {"t.txt": ROWS.encode()}),
    "semicolons": ({"resources": [_table(dialect={"delimiter": ";"})]}, {"t.csv": ROWS.replace(",", ";").encode()}),
    "latin": ({"resources": [_table(encoding="latin-1")]}, {"t.csv": "id,n\n1,å\n".encode("latin-1")}),
    "capitals": ({"resources": [_table(format="CSV", mediatype="text/CSV")]}, {"t.csv": ROWS.encode()}),
    "empty": ({"resources": [_table()]}, {"t.csv": b"id,n\n"}),
    "rows inside": ({"resources": [{**_table(), "data": [{"id": 1, "n": "a"}]}]}, {}),
    "a hash in a name": ({"resources": [_table(path="Statistik #1.csv")]}, {"Statistik #1.csv": ROWS.encode()}),
    "fields that hide a row's number": (
        {"resources": [_table("t", [field(name) for name in ("rowid", "oid", "_rowid_", "n")])]},
        {"t.csv": b"rowid,oid,_rowid_,n\n1,2,3,pear\n"},
    ),
    "large numbers": ({"resources": [_table()]}, {"t.csv": b"id,n\n9223372036854775808,a\n"}),
    "no name": ({"name": None, "resources": [_table()]}, {"t.csv": ROWS.encode()}),
}
for _descriptor, _ in PACKAGES.values():
    for _resource in _descriptor["resources"]:
        if "data" in _resource:
            _resource.pop("path", None)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_strangers_package_is_released_whole_or_refused_with_a_word(name: str, tmp_path: Path) -> None:
    descriptor, files = PACKAGES[name]
    members = {key: value for key, value in {"name": "strange", **descriptor}.items() if value is not None}
    put(tmp_path, {"datapackage.json": json.dumps(members), **files})
    built = invoke("build", "--quiet", "--project", str(tmp_path))
    assert "Traceback" not in built.err
    if built.code != 0:
        assert built.err.startswith("error: ")
        assert not list((tmp_path / "build/releases").glob("[0-9]*"))
        return
    verified = invoke("verify", "--quiet", "--project", str(tmp_path))
    assert verified.code == 0, verified.out + verified.err
    latest = str(tmp_path / "build/releases/latest")
    assert invoke("diff", "--quiet", latest, latest).code == 0
    for command in (
        ("describe", "--project", str(tmp_path), "--format", "csvw"),
        ("publish", str(tmp_path / "place"), "--project", str(tmp_path)),
    ):
        run = invoke(*command, "--quiet")
        assert "Traceback" not in run.err, run.err


def test_there_are_sixty_of_them() -> None:
    assert len(PACKAGES) >= 60
