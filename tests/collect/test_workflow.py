"""The workflow that collects on a code-hosting site, run here step by step: with git, and a `gh` that only listens."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import main
from tests.collect.conftest import SHOPS, register
from tests.collect.site import Page, Site
from tests.command import SCRIPT
from tests.projects import put

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/collect.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["collect"]["steps"]
GH = '#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/gh.txt"\ncat "$RUNNER_TEMP/text.md" > "$RUNNER_TEMP/opened.md"\n'


def test_it_runs_once_a_week_and_when_it_is_asked_to() -> None:
    assert set(WORKFLOW[True]) == {"schedule", "workflow_dispatch"}, "YAML 1.1 reads `on` as true"
    assert WORKFLOW["permissions"] == {"contents": "write", "pull-requests": "write"}


def test_every_action_is_of_a_version() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v[0-9]+\.[0-9]+\.[0-9]+", action) for action in used)


def test_every_command_that_it_runs_exists_with_its_options() -> None:
    scripts = "\n".join(step.get("run", "") for step in STEPS)
    shown = re.findall(r"bin/servicebanken ([a-z]+)((?: --[a-z-]+)*)", scripts)
    assert {name for name, _ in shown} >= {"collect", "build"}
    for name, options in shown:
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(options.split()) <= known


class Run:
    """A repository of a project, as the workflow finds it; each run has a folder of its own for what it notes."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.project = register(folder / "project", site.address).root
        self.folder = folder
        put(self.project, {".gitignore": "build/\n.venv/\n"})
        (self.project / ".venv/bin").mkdir(parents=True)
        (self.project / ".venv/bin/servicebanken").symlink_to(SCRIPT)
        put(folder / "bin", {"gh": GH})
        (folder / "bin/gh").chmod(0o755)
        self.git("init", "--quiet", "--bare", folder / "origin.git", at=folder)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", folder / "origin.git")
        self.commit()

    def git(self, *arguments: str | Path, at: Path | None = None) -> str:
        named = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        command = ["git", *named, *map(str, arguments)]
        return subprocess.run(command, cwd=at or self.project, check=True, capture_output=True, text=True).stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")

    def steps(self, name: str) -> tuple[list[str], str | None]:
        """Runs the steps; the names of those that failed, and the text of the change that was opened."""
        temporary = self.folder / name
        temporary.mkdir()
        environment = {
            **os.environ,
            "RUNNER_TEMP": str(temporary),
            "GITHUB_ENV": str(temporary / "env"),
            "GITHUB_STEP_SUMMARY": str(temporary / "summary.md"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "GITHUB_RUN_ID": name,
            "ONLY": "register",
        }
        failed = []
        for step in STEPS:
            if "run" not in step or step["run"].startswith("make "):
                continue
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            if subprocess.run(command, cwd=self.project, env=environment, check=False).returncode:
                failed.append(step["name"])
            noted = Path(environment["GITHUB_ENV"])
            lines = noted.read_text(encoding="utf-8").splitlines() if noted.is_file() else []
            environment |= dict(line.split("=", 1) for line in lines)
        opened = temporary / "opened.md"
        return failed, opened.read_text(encoding="utf-8") if opened.is_file() else None


def test_what_came_is_opened_for_review_and_what_did_not_come_is_not(tmp_path: Path, site: Site) -> None:
    run = Run(tmp_path, site)
    site.pages["/shops.csv"] = Page(SHOPS)
    failed, text = run.steps("first")
    assert failed == []
    assert text is not None
    assert "register  accepted  1 request  shops 3" in text
    assert "shop-0482" in text or "3 rows" in text or "shops" in text.partition("## What this changes")[2]
    branch = run.git("branch", "--show-current").strip()
    assert branch.startswith("collect/")
    pushed = run.git("ls-tree", "-r", "--name-only", f"origin/{branch}")
    assert "sources/register/snapshots/register/accepted.json" in pushed
    assert "pending.jsonl" not in pushed
    assert run.git("show", f"HEAD:{kept(run)}").encode() == SHOPS

    failed, text = run.steps("second")
    assert (failed, text) == ([], None)
    run.commit()

    site.pages["/shops.csv"] = Page(SHOPS.rpartition(b"3,")[0].replace(b"South", b"~~~~~~"))
    failed, text = run.steps("third")
    assert failed == ["Fail where a source failed"]
    assert text is not None
    assert "shops has 2 rows, the last snapshot has 3" in text
    assert text.count("~~~~~~") == 6, "three fences, opened and closed"


def kept(run: Run) -> str:
    (path,) = (run.project / "sources/register/snapshots/register").glob("*.csv")
    return str(path.relative_to(run.project))


def test_git_leaves_the_bytes_of_snapshots_as_they_are() -> None:
    path = "sources/x/snapshots/y/0.csv"
    shown = subprocess.run(
        ["git", "check-attr", "text", "--", path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if shown.returncode:
        pytest.skip("this is no checkout")
    assert shown.stdout == f"{path}: text: unset\n"
