"""schemathesis asks the server for what the description of the API allows, and for what it does not.

It has an environment of its own (locks/schemathesis.txt). SERVICEBANKEN_EXAMPLES says how many examples it makes of
each address; the few of every run take it some seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serve.server import served

SCRIPT = Path(sys.prefix) / "schemathesis/bin/schemathesis"
EXAMPLES = os.environ.get("SERVICEBANKEN_EXAMPLES", "2")

pytestmark = pytest.mark.skipif(
    not SCRIPT.is_file(), reason="the environment of schemathesis is not there; `make test` makes it"
)

ALL = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@pytest.mark.parametrize(("mode", "checks"), [("positive", ALL), ("negative", ALL[:1])])
def test_the_server_answers_as_its_description_says(
    mode: str, checks: tuple[str, ...], services_release: Path, tmp_path: Path
) -> None:
    """What the description does not allow need not be refused: stock Datasette's other arguments work as well."""
    told = ("--mode", mode, "--checks", ",".join(checks), "--max-examples", EXAMPLES, "--seed", "1", "--no-color")
    with served(services_release) as address:
        run = subprocess.run(
            [str(SCRIPT), "run", f"{address}openapi.json", "--phases", "coverage,fuzzing", *told],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=3600,
        )
    assert run.returncode == 0, run.stdout[-5000:]
    assert " generated, " in run.stdout
