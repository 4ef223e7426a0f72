"""frictionless as it is, in a process of its own that imports nothing of the pipeline: what it says is right."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

JUDGE = """
import json, sys, warnings
import frictionless
warnings.simplefilter("ignore")
out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    path, limit = json.loads(line)
    try:
        report = frictionless.Package.from_descriptor(path).validate(limit_errors=limit).to_descriptor()
    except frictionless.FrictionlessException as exception:
        report = frictionless.Report.from_validation(errors=exception.to_errors()).to_descriptor()
    except Exception as error:
        report = {"broken": repr(error)}
    out.write(json.dumps(report) + "\\n")
    out.flush()
"""


@cache
def _process() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-W", "ignore", "-c", JUDGE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def expected(path: Path, limit: int = 1000) -> dict[str, Any]:
    """The descriptor of frictionless's report on a package; `broken` where it does not survive the package."""
    process = _process()
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps([str(path / "datapackage.json" if path.is_dir() else path), limit]) + "\n")
    process.stdin.flush()
    report: dict[str, Any] = json.loads(process.stdout.readline())
    return report


def found(report: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Every error of a report's descriptor, as a tuple that can be compared."""
    errors: list[tuple[Any, ...]] = [(None, error["type"], None, None, error["note"]) for error in report["errors"]]
    for task in report["tasks"]:
        errors += [
            (task["name"], error["type"], error.get("rowNumber"), error.get("fieldName"), error["note"])
            for error in task["errors"]
        ]
    return errors
