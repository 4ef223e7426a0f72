"""What somebody has at hand outside this repository: a report on a machine, and on the rows of a pull request."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from tests.command import environment, invoke
from tests.projects import put
from tests.serve.server import serving

ROOT = Path(__file__).parent.parent


def test_a_fault_is_shown_on_its_row_of_a_pull_request(tmp_path: Path) -> None:
    resource = {"name": "shops", "path": "data/shops.csv", "schema": {"fields": [{"name": "n", "type": "integer"}]}}
    put(tmp_path, {"datapackage.json": json.dumps({"resources": [resource]}), "data/shops.csv": "n\n1\n50%\n"})
    run = invoke("validate", tmp_path, "--annotations", "--quiet")
    assert run.code == 1
    first, verdict = run.out.splitlines()[0], run.out.splitlines()[-1]
    assert first.startswith(f"::error file={tmp_path.as_posix()}/data/shops.csv,line=3::n: '50%25': ")
    assert verdict == "invalid: 1 table, 2 rows, 1 error"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the action's steps are for bash")
def test_the_action_names_the_changed_row_of_somebody_elses_repository(tmp_path: Path) -> None:
    """Its own step, run in a repository whose last commit has a fault."""
    action = yaml.safe_load((ROOT / ".github/actions/validate/action.yml").read_text(encoding="utf-8"))
    (step,) = (each for each in action["runs"]["steps"] if each.get("id") == "validate")
    repository = tmp_path / "repository"
    resource = {"name": "shops", "path": "data/shops.csv", "schema": {"fields": [{"name": "n", "type": "integer"}]}}
    put(repository, {"datapackage.json": json.dumps({"resources": [resource]}), "data/shops.csv": "n\n1\n2\n3\n"})

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
        return subprocess.run(command, cwd=repository, check=True, capture_output=True, encoding="utf-8").stdout

    def acted() -> subprocess.CompletedProcess[str]:
        given = {"PACKAGE": ".", "LANGUAGE": "en", "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "out")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
        return subprocess.run(
            command,
            cwd=repository,
            env={**environment(given), "PATH": path},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "Add shops")
    assert acted().returncode == 0
    put(repository, {"data/shops.csv": "n\n1\ntwo\n3\n"})
    git("commit", "--quiet", "-am", "Change a shop")
    assert "@@ -3 +3 @@" in git("diff", "-U0", "HEAD~1")
    run = acted()
    assert run.returncode == 1
    assert run.stdout.startswith("::error file=data/shops.csv,line=3::n: 'two': ")
    report = Path((tmp_path / "out").read_text(encoding="utf-8").splitlines()[-1].removeprefix("report="))
    assert "two" in report.read_text(encoding="utf-8")


def test_the_doctor_says_what_a_report_of_an_error_needs(built: Path) -> None:
    run = invoke("doctor", "--project", built, "--json")
    assert run.code == 0
    checks = {check["name"]: check for check in json.loads(run.out)}
    assert checks["Python"]["state"] == "ok"
    assert {"duckdb", "frictionless", "datasette", "clock", "disk of the project"} <= set(checks)


PAGE = """\
publisher: A website
licence: CC0-1.0
rank: 5
documents: [{id: page, url: "https://example.org/"}]
fetch:
  - id: rows
    reader: html
    url: https://example.org/shops
    document: page
    cadence: 30
    ask: {rows: li, cells: {name: b}}
    tables: {rows: {table: shops, columns: {name: name}}}
"""


@pytest.mark.slow
def test_the_wheel_alone_makes_and_serves_a_project_outside_a_clone(tmp_path: Path) -> None:
    """What CI can say of `uv tool install`, `pipx` and `pip install`: a wheel in an environment with nothing else."""
    for name in ("pyproject.toml", "docs/tool.md", "LICENSE"):
        put(tmp_path / "source", {name: (ROOT / name).read_bytes()})
    shutil.copytree(ROOT / "pipeline", tmp_path / "source/pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*wheel, tmp_path, tmp_path / "source"], check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    binaries = tmp_path / "fresh" / ("Scripts" if os.name == "nt" else "bin")
    install: list[str | Path] = [binaries / "python", "-m", "pip", "install"]
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--python", binaries / "python"]
    installed = subprocess.run(
        [*install, "--quiet", *tmp_path.glob("*.whl")], capture_output=True, encoding="utf-8", check=False
    )
    if installed.returncode:
        pytest.skip(f"the libraries cannot be installed here: {installed.stderr[-200:]}")
    command = binaries / "servicebanken"
    for arguments, folder in ((["init", "shops"], tmp_path), (["build"], tmp_path / "shops")):
        subprocess.run([command, *arguments], cwd=folder, env=environment(), check=True, capture_output=True)
    put(tmp_path / "shops/sources/page", {"source.yml": PAGE})
    lacking = subprocess.run(
        [command, "collect"],
        cwd=tmp_path / "shops",
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert lacking.returncode == 2
    assert 'selectolax, which is not installed. Install it: `pip install "servicebanken[html]"`.' in lacking.stderr
    shutil.rmtree(tmp_path / "shops/sources/page")
    with serving(cwd=tmp_path / "shops", script=command) as server:
        assert "North Village Shop" in requests.get(f"{server.address}en/shops/shops", timeout=20).text
