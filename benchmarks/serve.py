"""What serving costs: `servicebanken serve` against stock Datasette on the bare table, in one run.

    python -m benchmarks.serve [--rows N] [--seconds S] [--clients N ...] [--keep DIR] [--page NAME]
                               [--part pages|cache|hostile|own|soak ...]

Load comes from wrk, on the same processors as the servers. Stock Datasette is `datasette serve` as installed, on a file
that has the table and an index of words and no other. Ours is the release that `servicebanken build` makes of the same
rows, served by `servicebanken serve`, one process. Each page is asked for in two ways: `new`, every address once, so
that nothing kept in memory helps; and `again`, one address all the time. Stock keeps nothing: it is asked `again`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks import hostile as ill
from benchmarks import service_points as points

BIN = Path(sys.executable).parent
DEPLOY = Path(__file__).parents[1] / "deploy"
HOST = "data.example.org"

SCRIPT = """
local number = 0
local new = os.getenv("BENCH_NEW") == "1"
local file = io.open(os.getenv("BENCH_PATHS"))
local paths = {}
for line in file:lines() do table.insert(paths, line) end
file:close()
wrk.headers["Host"] = os.getenv("BENCH_HOST")
local seed = os.getenv("BENCH_SEED")
function request()
  number = number + 1
  local path = paths[number % #paths + 1]
  if not new then return wrk.format("GET", path) end
  local mark = string.find(path, "?", 1, true) and "&" or "?"
  return wrk.format("GET", path .. mark .. "_n=" .. seed .. number)
end
if os.getenv("BENCH_TELL") == "1" then
  function response(status, headers, body)
    if status < 400 then return end
    local said = string.gsub(body:sub(1, 200), "\\n", " ")
    io.write(string.format("REFUSED %d %s\\n", status, said))
  end
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(95), latency:percentile(99), errors.status + errors.connect + errors.read + errors.timeout))
end
"""

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


@dataclass(frozen=True)
class Load:
    """What came of a load: requests a second, milliseconds, and requests without a good answer."""

    rate: float
    p50: float
    p95: float
    p99: float
    failed: int

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.rate:9.1f}/s  p50 {self.p50:7.1f}  p95 {self.p95:7.1f}  p99 {self.p99:7.1f} ms{failed}"


def loaded(
    port: int, path: str, clients: int, seconds: float, new: bool, host: str = "localhost", tell: bool = False
) -> Load:
    """What came of so many clients that ask for a path, or in turn for those in its lines, for so many seconds.

    Where it is to `tell`, what was refused is printed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script, tempfile.NamedTemporaryFile("w") as paths:
        for file, text in ((script, SCRIPT), (paths, path)):
            file.write(text)
            file.flush()
        told = {
            "BENCH_PATHS": paths.name,
            "BENCH_NEW": str(int(new)),
            "BENCH_TELL": str(int(tell)),
            "BENCH_HOST": host,
            "BENCH_SEED": f"{time.time_ns()}x",
        }
        command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "60s", "-s", script.name]
        out = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"],
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    for line in re.findall(r"REFUSED (.*)", out):
        print(f"    {line}", flush=True)
    match = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    assert match is not None, out
    requests, duration, *latency, failed = map(int, match.groups())
    p50, p95, p99 = (each / 1000 for each in latency)
    return Load(requests / (duration / 1e6), p50, p95, p99, failed)


@contextmanager
def running(*command: str | Path, port: int, path: str, host: str = "localhost") -> Iterator[int]:
    """A server that answers at the path, while this lasts; the number of its process."""
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + 120
            while not _answers(port, path, host):
                assert process.poll() is None, command
                assert time.monotonic() < deadline, command
                time.sleep(0.1)
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)


def _answers(port: int, path: str, host: str) -> bool:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host}), timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def ours(release: Path, *options: str) -> Iterator[tuple[int, int]]:
    """Port and process of ours on a release."""
    port = _port()
    command: list[str | Path] = [BIN / "servicebanken", "serve", release, "--port", str(port), "--quiet", *options]
    with running(*command, port=port, path="/sv/") as pid:
        yield port, pid


@contextmanager
def stock(database: Path) -> Iterator[int]:
    """The port of stock Datasette on a file."""
    port = _port()
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


def cache(project: Path, seconds: float) -> None:
    """Through nginx, from its cache; and the whole table as a file."""
    folder = Path(tempfile.mkdtemp())
    first = 18_100 + os.getpid() % 1000
    conf = (DEPLOY / "nginx.conf").read_text()
    for theirs, here in {
        "/var/cache/nginx/servicebanken": f"{folder}/cache",
        "/srv/servicebanken/build/releases": f"{project}/build/releases",
        "listen 80;": f"listen 127.0.0.1:{first + 5};",
        "127.0.0.1:8110": f"127.0.0.1:{first + 3}",
        "127.0.0.1:8111": f"127.0.0.1:{first}",
        "127.0.0.1:8112": f"127.0.0.1:{first + 1}",
    }.items():
        conf = conf.replace(theirs, here)
    (folder / "nginx.conf").write_text(conf)
    (folder / "main.conf").write_text(
        f"user root; pid {folder}/pid; error_log {folder}/error.log; worker_processes 2; events {{}} http {{ "
        f"include /etc/nginx/mime.types; access_log off; include {folder}/nginx.conf; }}"
    )
    serve = (BIN / "servicebanken", "serve", "--project", project, "--address", f"http://{HOST}", "--quiet", "--port")
    nginx = (
        shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx",
        "-c",
        folder / "main.conf",
        "-g",
        "daemon off;",
    )
    print("\nthrough nginx, 8 clients")
    with (
        running(*serve, str(first), port=first, path="/sv/", host=HOST),
        running(*serve, str(first + 1), port=first + 1, path="/sv/", host=HOST),
        running(*nginx, port=first + 5, path="/sv/", host=HOST),
    ):
        for name, path in {
            "table HTML, two facets": PAGES["table HTML, two facets"][0],
            "table JSON, 100 rows": PAGES["table JSON, 100 rows"][0],
            "row HTML": PAGES["row HTML"][0],
            "row JSON": "/points/points/4711.json?_shape=array",
            "a question, JSON": "/points/by-county.json?_shape=array&county=07",
        }.items():
            with urlopen(Request(f"http://127.0.0.1:{first + 5}{path}", headers={"Host": HOST})) as answer:
                assert answer.status == 200 and answer.url.endswith(path)
                large = len(answer.read())
            loaded(first + 5, path, 8, 1, new=False, host=HOST)
            told = loaded(first + 5, path, 8, seconds, new=False, host=HOST)
            print(f"  {name:26} {large / 1e3:4.0f} kB  {told}", flush=True)
        version = max(path.name for path in (project / "build/releases").iterdir() if path.name[0].isdigit())
        for name in ("data/points.csv",):
            size, started = 0, time.monotonic()
            asked = Request(f"http://127.0.0.1:{first + 5}/{version}/files/{name}", headers={"Host": HOST})
            with urlopen(asked, timeout=600) as answer:
                while chunk := answer.read(1 << 20):
                    size += len(chunk)
            took = time.monotonic() - started
            print(f"  {name}: {size / 1e6:.0f} MB in {took:.2f} s, {size / 1e6 / took:.0f} MB/s")
    shutil.rmtree(folder)


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
    parser.add_argument("--part", nargs="*", default=["pages", "cache", "hostile", "own"])
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp())
    project, bare = folder / "project", folder / "bare.db"
    if {"pages", "cache", "hostile"} & set(asked.part):
        if not (project / "build/releases/latest").exists():
            points.write(project, asked.rows)
            subprocess.run([BIN / "servicebanken", "build", "--quiet", "--project", project], check=True)
        if not bare.exists():
            points.bare(project, bare)
    made = (project / "build/releases/latest").resolve()
    if "pages" in asked.part:
        pages(made, bare, asked.seconds, asked.clients, asked.page)
    if "cache" in asked.part:
        cache(project, asked.seconds)
    if "hostile" in asked.part:
        hostile(made, asked.seconds, asked.page)
    if "own" in asked.part:
        own(asked.release.resolve(), asked.seconds, asked.page)
    if "soak" in asked.part:
        soak(asked.release.resolve(), asked.seconds)
    if asked.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
