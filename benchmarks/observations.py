"""All key figures of all municipalities for 17 years: from the services to snapshots, and from those to a release.

    python -m benchmarks.observations

The project's own fetches, asked of servers on loopback; whole processes, imports counted. The release is validated as
every release is. The peer is frictionless's own validation of the package that comes out, in the same run.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT, Measured, process
from tests.collect.servers.sweden import sweden

YEARS = 17
BOUND = (15.0, 600.0)
"""Seconds and megabytes of the build."""


def main() -> None:
    """Prints seconds and peak memory of each step. Ends with 1 where the build passes its bounds."""
    with tempfile.TemporaryDirectory() as name, sweden(YEARS) as country:
        project = Path(name)
        for member in ("datapackage.json", "metadata.yml"):
            shutil.copy(ROOT / member, project)
        shutil.copytree(ROOT / "sources", project / "sources", ignore=shutil.ignore_patterns("snapshots"))
        for path in project.glob("sources/*/source.yml"):
            path.write_text(country.source(path.read_text(encoding="utf-8")), encoding="utf-8")
        collected = _run("collect", project)
        unchanged = _run("collect", project)
        built = _run("build", project)
        package = project / "build/package"
        with (package / "data/observations.csv").open(encoding="utf-8", newline="") as file:
            rows = sum(1 for _ in csv.reader(file)) - 1
        snapshots = sum(path.stat().st_size for path in project.glob("sources/*/snapshots/*/*"))
        peer = process([sys.executable, "-m", "frictionless", "validate", str(package / "datapackage.json")], runs=1)
    print(f"{rows:,} observations from {snapshots / 1e6:.1f} MB of snapshots")
    print(f"{'':24} {'s':>6} {'CPU s':>6} {'MB':>5} x frictionless validate")
    steps = [("collect", collected), ("collect, unchanged", unchanged), ("build", built), ("frictionless", peer)]
    for label, run in steps:
        print(f"{label:24} {run.seconds:6.2f} {run.cpu:6.2f} {run.megabytes:5.0f} {run.seconds / peer.seconds:6.2f}")
    if built.seconds > BOUND[0] or built.megabytes > BOUND[1]:
        print(json.dumps({"over": {"seconds": BOUND[0], "megabytes": BOUND[1]}}))
        sys.exit(1)


def _run(command: str, project: Path) -> Measured:
    whole = [sys.executable, "-m", "pipeline.cli", command, "--quiet", "--project", str(project)]
    return process(whole, runs=1, accept=(0,))


if __name__ == "__main__":
    main()
