"""A build of this project against frictionless's own validation of the package that comes out, in one run.

    python -m benchmarks.build

Whole processes, imports counted: a build from nothing, one after a changed cell, one with nothing changed, `--help`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT, Measured, process

RUNS = 5


def main() -> None:
    """Prints a line per kind of build: seconds, peak memory, and the ratio to frictionless."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        for member in ("datapackage.json", "metadata.yml"):
            shutil.copy(ROOT / member, project)
        shutil.copytree(ROOT / "sources", project / "sources")
        fresh = [_build(project, fresh=True) for _ in range(RUNS)]
        changed = [_build(project, change=number) for number in range(RUNS)]
        unchanged = [_build(project) for _ in range(RUNS)]
        package = str(project / "build/package/datapackage.json")
        peer = process([sys.executable, "-m", "frictionless", "validate", package], runs=RUNS)
    shown = process([sys.executable, "-m", "pipeline.cli", "--help"], runs=RUNS)
    print(f"{'':24} {'s':>6} {'MB':>5} x frictionless validate")
    for label, runs in [("build, fresh", fresh), ("build, a cell changed", changed), ("build, unchanged", unchanged)]:
        best = min(runs, key=lambda run: run.seconds)
        print(f"{label:24} {best.seconds:6.2f} {best.megabytes:5.0f} {best.seconds / peer.seconds:6.2f}")
    print(f"{'--help':24} {shown.seconds:6.2f} {shown.megabytes:5.0f} {shown.seconds / peer.seconds:6.2f}")
    print(f"{'frictionless validate':24} {peer.seconds:6.2f} {peer.megabytes:5.0f} {1:6.2f}")


def _build(project: Path, *, fresh: bool = False, change: int | None = None) -> Measured:
    if fresh:
        shutil.rmtree(project / "build", ignore_errors=True)
    if change is not None:
        path = project / "sources/editorial/source.yml"
        path.write_text(path.read_text(encoding="utf-8").replace("title: ISO 8601-1", f"title: ISO 8601-1 no {change}"))
        path.write_text(path.read_text(encoding="utf-8").replace(f" no {change} no {change - 1}", f" no {change}"))
    command = [sys.executable, "-m", "pipeline.cli", "build", "--quiet", "--project", str(project)]
    return process(command, runs=1, accept=(0,))


if __name__ == "__main__":
    main()
