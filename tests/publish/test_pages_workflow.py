"""The workflow that publishes to GitHub Pages, run here step by step, with a repository on this disk as its origin."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from pipeline.cli import main
from tests.command import SCRIPT, servicebanken
from tests.projects import example, put

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["publish"]["steps"]
SITE = "https://somebody.github.io/shops/"


def git(*arguments: str | Path, at: Path) -> str:
    named = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    return subprocess.run(
        ["git", *named, *map(str, arguments)], cwd=at, check=True, capture_output=True, text=True
    ).stdout


def commit(project: Path) -> None:
    git("add", "--all", at=project)
    git("commit", "--quiet", "--message", "x", at=project)
    git("push", "--quiet", "origin", "main", at=project)


def run(folder: Path, name: str) -> list[str]:
    """Runs the steps in a fresh clone, as the workflow does; the names of those that failed."""
    clone = folder / name / "clone"
    git("clone", "--quiet", "--depth", "1", "--branch", "main", f"file://{folder}/origin.git", clone, at=folder)
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/servicebanken").symlink_to(SCRIPT)
    failed = []
    for step in STEPS:
        if "run" in step and not step["run"].startswith("make "):
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            if subprocess.run(command, cwd=clone, env={**os.environ, "BASE_URL": SITE}, check=False).returncode:
                failed.append(step["name"])
    return failed


def published(folder: Path) -> set[str]:
    listed = git("ls-tree", "-r", "--name-only", "gh-pages", at=folder / "origin.git")
    return {line for line in listed.splitlines() if line.count("/") < 2}


def test_it_runs_when_a_release_is_recorded_and_when_it_is_asked_to() -> None:
    assert WORKFLOW[True]["push"] == {"branches": ["main"], "paths": ["build/releases.json"]}
    assert set(WORKFLOW[True]) == {"push", "workflow_dispatch"}
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v[0-9]+\.[0-9]+\.[0-9]+", action) for action in used)
    for name, options in re.findall(r"bin/servicebanken ([a-z]+)((?: --[a-z-]+)*)", json.dumps(STEPS)):
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(options.split()) <= known


def test_recorded_releases_are_published_one_after_the_other_and_drafts_are_not(tmp_path: Path) -> None:
    project = tmp_path / "shops"
    example(project)
    git("init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "origin.git", at=tmp_path)
    git("init", "--quiet", "--initial-branch=main", at=project)
    git("remote", "add", "origin", tmp_path / "origin.git", at=project)
    commit(project)
    assert run(tmp_path, "draft")[:1] == ["Publish"], "a draft is refused"

    assert servicebanken("release", "--project", project).code == 0
    commit(project)
    assert run(tmp_path, "first") == []
    assert published(tmp_path) >= {"index.html", "feed.xml", "sitemap.xml", "0.1.0/index.html", ".nojekyll"}
    assert f"{SITE}0.1.0/" in git("show", "gh-pages:sitemap.xml", at=tmp_path / "origin.git")
    assert f"{SITE}0.1.0/" in git("show", "gh-pages:0.1.0/index.html", at=tmp_path / "origin.git")
    assert run(tmp_path, "again") == [], "the same release changes nothing"

    source = "sources/example-municipality/shops.csv"
    put(project, {source: (project / source).read_text(encoding="utf-8").replace("south-village", "south-harbour")})
    assert servicebanken("release", "--major", "--project", project).code == 0
    commit(project)
    assert run(tmp_path, "second") == []
    versions = {path.split("/")[0] for path in published(tmp_path) if path.endswith("/index.html")}
    assert versions == {"0.1.0", "1.0.0", "latest"}
