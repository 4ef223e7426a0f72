"""Collecting against a bare loop of requests, and a build of 118,000 fetched figures, in one run.

    python -m benchmarks.collect

Servers on loopback, in this process; what is measured runs in processes of its own, imports counted.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measure import ROOT, Measured, process, python
from pipeline.collect import Terms, collect
from pipeline.progress import Progress
from pipeline.project import Project, find
from tests.collect.servers.sweden import sweden
from tests.collect.several import SOURCES, several
from tests.collect.site import serving

RUNS = 5
YEARS = 17

LOOP = "import sys, requests\nsession = requests.Session()\nfor url in sys.argv[1:]:\n    session.get(url)\n"


def main() -> None:
    """Prints a line per figure: seconds, peak memory, and what it is compared with."""
    with tempfile.TemporaryDirectory() as name:
        _unchanged(Path(name))
    with tempfile.TemporaryDirectory() as name:
        _figures(Path(name))


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


def _figures(folder: Path) -> None:
    with sweden(years=YEARS) as country:
        for name in ("datapackage.json", "metadata.yml"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "sources", folder / "sources", ignore=shutil.ignore_patterns("snapshots"))
        for path in folder.glob("sources/*/source.yml"):
            path.write_text(country.source(path.read_text(encoding="utf-8")), encoding="utf-8")
        project = find(folder)
        first = process(_command("collect", project), runs=1, accept=(0,))
        again = process(_command("collect", project), runs=RUNS, accept=(0,))
    built = process(_command("build", project), runs=1, accept=(0,))
    package = str(folder / "build/package/datapackage.json")
    peer = process([sys.executable, "-m", "frictionless", "validate", package], runs=1)
    rows = sum(1 for _ in (folder / "build/package/data/observations.csv").open(encoding="utf-8")) - 1
    print(f"{rows:,} figures")
    print(f"  {'collect, all of it':28} {_shown(first)}")
    print(f"  {'collect, nothing has changed':28} {_shown(again)}")
    ratio = built.seconds / peer.seconds
    print(f"  {'build, from bytes to release':28} {_shown(built)} {ratio:6.2f} x frictionless validate")
    print(f"  {'frictionless validate':28} {_shown(peer)}")


def _command(name: str, project: Project) -> list[str]:
    return [sys.executable, "-m", "pipeline.cli", name, "--quiet", "--project", str(project.root)]


def _shown(measured: Measured) -> str:
    return f"{measured.seconds:7.2f} s {measured.megabytes:5.0f} MB"


if __name__ == "__main__":
    main()
