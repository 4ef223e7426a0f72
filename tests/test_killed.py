"""Killed with SIGKILL while it builds: the release before stays whole, the next build ends the work, nothing is left.

`BUILD_KILLS=200 pytest tests/test_killed.py` kills that often; each kill is at another random moment.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline import build
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.source.project import find
from tests.command import environment
from tests.projects import SOURCE, put, tree

KILLS = int(os.environ.get("BUILD_KILLS", "5"))
SHOPS = "id,name,kind,opened,document\nx,Only Shop,staffed,2001,example-shops-page\n"

BUILDS = """
import os, sys
from pathlib import Path
import frictionless, duckdb, xlsxwriter, jinja2, jsonschema
import pipeline.assemble, pipeline.validate, pipeline.release, pipeline.describe, pipeline.serve.metadata
from pipeline import build
from pipeline.core.progress import Progress
from pipeline.source.project import find
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        build.release(find(Path(line.strip())), Progress(), major=True)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Builds:
    """A process that has loaded everything, and builds projects in children of its own, which can be killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def start(self, project: Path) -> int:
        """The number of the process that has just begun to build."""
        assert self.process.stdin is not None
        print(project, file=self.process.stdin, flush=True)
        return int(self.line())

    def end(self) -> int:
        """Its exit code."""
        return int(self.line())


@pytest.fixture(scope="module")
def builds() -> Iterator[Builds]:
    """Children that build."""
    with subprocess.Popen(
        [sys.executable, "-c", BUILDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    ) as process:
        running = Builds(process)
        assert running.line() == "ready"
        yield running
        process.kill()


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_kill_at_a_random_moment_leaves_the_last_release_whole(builds: Builds, built: Path, tmp_path: Path) -> None:
    old = tree(built / "build/releases/0.1.0")
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    project = Path(shutil.copytree(built, tmp_path / "copy", symlinks=True))
    began = time.monotonic()
    builds.start(project)
    assert builds.end() == 0
    takes = time.monotonic() - began
    new = tree(project / "build/releases/1.0.0")
    left = _names(project / "build")
    moments = random.Random(5)
    killed = halfway = done = 0
    for _ in range(KILLS):
        shutil.rmtree(project)
        shutil.copytree(built, project, symlinks=True)
        child = builds.start(project)
        time.sleep(moments.uniform(0, takes))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        killed += builds.end() == -signal.SIGKILL
        halfway += any(project.glob("build/**/.staging-*"))
        done += (project / "build/releases/1.0.0").exists()
        # What was released before is whole, and so is what is pointed at.
        assert tree(project / "build/releases/0.1.0") == old
        manifest.verify((project / "build/releases/latest").resolve())
        if (project / "build/releases/1.0.0").exists():
            assert tree(project / "build/releases/1.0.0") == new
        # The next build ends the work, and nothing is left of the one that was killed.
        assert build.release(find(project), Progress(), major=True).version == "1.0.0"
        assert tree(project / "build/releases/1.0.0") == new
        assert (project / "build/releases/latest").readlink() == Path("1.0.0")
        assert _names(project / "build") == left
        assert _names(project / "build/releases") == ["0.1.0", "1.0.0", "latest"]
    print(f"\n{KILLS} kills within {takes:.1f} s: {killed} in time, {halfway} half-way, {done} when it was there")
    assert killed >= KILLS // 4, "the kills came too late to tell anything"
