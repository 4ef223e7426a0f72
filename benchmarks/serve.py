"""What serving costs: `servicebanken serve` against stock Datasette on the bare table, in one run.

    python -m benchmarks.serve [--rows N] [--seconds S] [--clients N ...] [--keep DIR] [--page NAME]
                               [--part pages|cache|hostile|shared|own|soak ...] [--busy N]

Load comes from wrk, on the same processors as the servers. Stock Datasette is `datasette serve` as installed, on a file
that has the table and an index of words and no other. Ours is the release that `servicebanken build` makes of the same
rows, served by `servicebanken serve`, one process. Each page is asked for in two ways: `new`, every address once, so
that nothing kept in memory helps; and `again`, one address all the time. Stock keeps nothing: it is asked `again`.
`--busy` has so many processes beside that take all of a processor they can get.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from benchmarks import hostile as ill
from benchmarks import service_points as points
from benchmarks.load import Load, free_port, loaded, running
from benchmarks.proxied import cache, shared

BIN = Path(sys.executable).parent

PAGES = {
    "table HTML, two facets": ("/sv/points/points?_facet=county&_facet=type", "/bare/points?_facet=county&_facet=type"),
    "filtered HTML, two facets": (
        "/sv/points/points?county=07&_facet=county&_facet=type",
        "/bare/points?county=07&_facet=county&_facet=type",
    ),
    "table JSON, 100 rows": ("/points/points.json?_size=100", "/bare/points.json?_size=100"),
    "search, a word of every third row": (
        f"/sv/points/points?_search={points.COMMON}",
        f"/bare/points?_search={points.COMMON}",
    ),
    "search, a rare word": ("/sv/points/points?_search=s%C3%A4llsynt", "/bare/points?_search=s%C3%A4llsynt"),
    "row HTML": ("/sv/points/points/4711", "/bare/points/4711"),
}
"""Ours and stock's address of each page. `bare` is the name of stock's database."""

TARGETS = {
    "table HTML, two facets": 15.0,
    "filtered HTML, two facets": 15.0,
    "table JSON, 100 rows": 40.0,
    "search, a word of every third row": 5.0,
    "search, a rare word": 5.0,
    "row HTML": 1.5,
}

OWN = ("/sv/", "/en/", "/sv/{}", "/sv/{}/{}", "/{}/{}.json?_shape=array", "/sv/-/search?q=lanthandel", "/sv/-/about")
"""Pages of a dataset that is there, with its name and a table."""


@contextmanager
def ours(release: Path, *options: str) -> Iterator[tuple[int, int]]:
    """Port and process of ours on a release."""
    port = free_port()
    command: list[str | Path] = [BIN / "servicebanken", "serve", release, "--port", str(port), "--quiet", *options]
    with running(*command, port=port, path="/sv/") as pid:
        yield port, pid


@contextmanager
def stock(database: Path) -> Iterator[int]:
    """The port of stock Datasette on a file."""
    port = free_port()
    command = (BIN / "datasette", "serve", database, "--port", str(port))
    with running(*command, port=port, path="/-/versions.json"):
        yield port


# -- the parts ---------------------------------------------------------------------------------------------------------


def pages(release: Path, bare: Path, seconds: float, numbers: list[int], named: str) -> None:
    """Each page with this in its name, from stock and from ours, with so many clients."""
    for clients in numbers:
        print(f"\n{clients} clients")
        for name, (our_path, stock_path) in PAGES.items():
            if named not in name:
                continue
            with stock(bare) as port:
                peer = loaded(port, stock_path, clients, max(seconds, 30), new=False)  # an answer takes it seconds
            with ours(release) as (port, _):
                loaded(port, our_path, clients, 1, new=False)
                _check_facets(port, our_path)
                new = loaded(port, our_path, clients, seconds, new=True)
                again = loaded(port, our_path, clients, seconds, new=False)
            print(f"  {name}  (wanted: {TARGETS[name]:g} x stock)")
            print(f"    stock          {peer}")
            print(f"    ours, new      {new}  {_ratio(new, peer)}")
            print(f"    ours, again    {again}  {_ratio(again, peer)}", flush=True)


def _ratio(one: Load, other: Load) -> str:
    return f"{one.rate / other.rate:.1f} x stock" if other.rate else "stock answered nothing in time"


def _check_facets(port: int, path: str) -> None:
    """Every facet that was asked for stands in the page, with a count."""
    if "_facet=" not in path:
        return
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        text = answer.read().decode()
    assert "type07" in text, "the facet of types is left out"
    assert re.search(r"county(=|%3D)07", text), "the facet of counties is left out"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes beside that calculate all the time, while this lasts."""
    beside = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in beside:
            process.kill()
            process.wait()


def hostile(release: Path, seconds: float, named: str) -> None:
    """A reader's p95 on new pages of rows alone, and beside ten clients of each kind that mean ill."""
    path, clients = "/sv/points/points/4711", 2
    with ours(release) as (port, _):
        if not named:
            ill.queries(port)
        print(f"\na reader ({clients} clients, new pages of rows) beside ten hostile clients")
        loaded(port, path, clients, 1, new=True)
        alone = loaded(port, path, clients, seconds, new=True)
        print(f"  alone                                    {alone}", flush=True)
        for name, paths in ill.FLOODS.items():
            if named not in name:
                continue
            with ill.largest_query() as largest, ThreadPoolExecutor(1) as pool:
                flood = pool.submit(loaded, port, "\n".join(paths), 10, seconds + 3, True)
                time.sleep(1.5)
                beside = loaded(port, path, clients, seconds, new=True)
                told = flood.result()
            took = f", the largest process {largest() / 1e6:.0f} MB" if largest() else ""
            print(f"  {name:40} {beside}   p95 {beside.p95 / alone.p95:.1f} x")
            print(f"  {'':40} they got {told.rate:.0f}/s, {told.failed} refused{took}", flush=True)
            time.sleep(3)
        if named in "slow connections":
            for count in (1_000, 10_000):
                with ill.slow_connections(port, count):
                    beside = loaded(port, path, clients, seconds + 12, new=True)
                print(f"  {f'{count} slow connections':40} {beside}   p95 {beside.p95 / alone.p95:.1f} x", flush=True)


def own(release: Path, seconds: float, named: str) -> None:
    """The pages of a release that is there, every table's, with 16 clients, and what a process takes."""
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    tables = [resource["name"] for resource in package["resources"] if resource.get("schema")]
    paths = [path.format(package["name"], tables[0]) for path in OWN]
    paths += [f"/sv/{package['name']}/{table}" for table in tables[1:]]
    print(f"\n{release.name} of {package['name']}, 16 clients")
    with ours(release) as (port, pid):
        for path in paths:
            if named not in path:
                continue
            loaded(port, path, 16, 1, new=False)
            new, again = (loaded(port, path, 16, seconds, new=kind) for kind in (True, False))
            print(f"  {path:40} new   {new}\n  {'':40} again {again}", flush=True)
        print(f"  first byte of the start page, alone: {loaded(port, '/sv/', 1, 2, new=True).p95:.1f} ms at p95")
        print(f"  memory: {_memory(pid) / 1e6:.0f} MB")


def soak(release: Path, seconds: float) -> None:
    """Memory of a process and of its helper under load for so long, at the start and after every tenth of it."""
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    tables = [resource["name"] for resource in package["resources"] if resource.get("schema")]
    paths = [path.format(package["name"], tables[0]) for path in (*OWN, "/-/sql.json?sql=SELECT+1")]
    for path in ("/sv/{}/{}", "/{}/{}.json?_shape=array", "/en/{}/{}?_size=max", "/{}/{}/-/rows.xlsx?"):
        paths += [path.format(package["name"], table) for table in tables]
    print(f"\n{seconds / 60:.0f} minutes under load, {len(paths)} addresses, memory in MB: process, helper", flush=True)
    with ours(release) as (port, pid):
        for number in range(11):
            if number:
                told = loaded(port, "\n".join(paths), 4, seconds / 10, new=True, tell=True)
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            taken = ", ".join(f"{_memory(each) / 1e6:.0f}" for each in (pid, *map(int, children[:1])))
            print(f"  {number * seconds / 600:5.1f} min  {taken}  {told if number else ''}", flush=True)


def _memory(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """Runs the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, nargs="*", default=[8, 16])
    parser.add_argument("--keep", type=Path, help="A folder for the made-up data, used again when it is there.")
    parser.add_argument("--release", type=Path, default=Path("build/releases/latest"))
    parser.add_argument("--page", default="", help="Only pages, or floods, with this in their name.")
    parser.add_argument("--part", nargs="*", default=["pages", "cache", "hostile", "shared", "own"])
    parser.add_argument("--busy", type=int, default=0, help="Processes beside that calculate all the time.")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp())
    project, bare = folder / "project", folder / "bare.db"
    if {"pages", "cache", "hostile", "shared"} & set(asked.part):
        if not (project / "build/releases/latest").exists():
            points.write(project, asked.rows)
            subprocess.run([BIN / "servicebanken", "build", "--quiet", "--project", project], check=True)
        if not bare.exists():
            points.bare(project, bare)
    made = (project / "build/releases/latest").resolve()
    with busy(asked.busy):
        if "pages" in asked.part:
            pages(made, bare, asked.seconds, asked.clients, asked.page)
        if "cache" in asked.part:
            cache(project, asked.seconds)
        if "hostile" in asked.part:
            hostile(made, asked.seconds, asked.page)
        if "shared" in asked.part:
            shared(project, asked.seconds, asked.page)
        if "own" in asked.part:
            own(asked.release.resolve(), asked.seconds, asked.page)
        if "soak" in asked.part:
            soak(asked.release.resolve(), asked.seconds)
    if asked.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
