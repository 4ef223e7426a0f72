"""Collecting sources that have not changed, against a bare loop of requests, in one run.

    python -m benchmarks.collect

The servers are on loopback, in this process; what is measured runs in processes of its own, imports counted.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measure import Measured, process, python
from pipeline.collect import Terms, collect
from pipeline.core.progress import Progress
from pipeline.source.project import Project
from tests.collect.several import SOURCES, several
from tests.collect.site import serving

RUNS = 5
LOOP = "import sys, requests\nsession = requests.Session()\nfor url in sys.argv[1:]:\n    session.get(url)\n"


def main() -> None:
    """Prints a line per figure: seconds, peak memory, and what it is compared with."""
    with tempfile.TemporaryDirectory() as name:
        _unchanged(Path(name))


def _unchanged(folder: Path) -> None:
    with ExitStack() as running:
        sites = [running.enter_context(serving()) for _ in range(SOURCES)]
        project = several(folder, sites)
        assert {outcome.outcome for outcome in collect(project, Progress(), Terms())} == {"accepted"}
        for site in sites:
            site.requests.clear()
        own = process(_command("collect", project), runs=RUNS, accept=(0,))
        asked = sum(len(site.requests) for site in sites) / RUNS
        loop = python(LOOP, *(f"{site.address}/shops.csv" for site in sites), runs=RUNS)
        empty = python("import requests", runs=RUNS)
    print(f"{SOURCES} sources that have not changed: {asked:g} requests")
    print(f"  {'collect':28} {_shown(own)} {own.seconds / loop.seconds:6.2f} x requests in a loop")
    print(f"  {'requests in a loop':28} {_shown(loop)}")
    print(f"  {'import requests':28} {_shown(empty)}")


def _command(name: str, project: Project) -> list[str]:
    return [sys.executable, "-m", "pipeline.cli", name, "--quiet", "--project", str(project.root)]


def _shown(measured: Measured) -> str:
    return f"{measured.seconds:7.2f} s {measured.megabytes:5.0f} MB"


if __name__ == "__main__":
    main()
