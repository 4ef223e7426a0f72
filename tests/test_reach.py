"""What somebody has at hand outside this repository: a report on a machine, and on the rows of a pull request."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command import invoke
from tests.projects import put


def test_a_fault_is_shown_on_its_row_of_a_pull_request(tmp_path: Path) -> None:
    resource = {"name": "shops", "path": "data/shops.csv", "schema": {"fields": [{"name": "n", "type": "integer"}]}}
    put(tmp_path, {"datapackage.json": json.dumps({"resources": [resource]}), "data/shops.csv": "n\n1\n50%\n"})
    run = invoke("validate", tmp_path, "--annotations", "--quiet")
    assert run.code == 1
    first, verdict = run.out.splitlines()[0], run.out.splitlines()[-1]
    assert first.startswith(f"::error file={tmp_path.as_posix()}/data/shops.csv,line=3::n: '50%25': ")
    assert verdict == "invalid: 1 table, 2 rows, 1 error"


def test_the_doctor_says_what_a_report_of_an_error_needs(built: Path) -> None:
    run = invoke("doctor", "--project", built, "--json")
    assert run.code == 0
    checks = {check["name"]: check for check in json.loads(run.out)}
    assert checks["Python"]["state"] == "ok"
    assert {"duckdb", "frictionless", "datasette", "clock", "disk of the project"} <= set(checks)
