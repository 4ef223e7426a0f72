"""What the nginx of deploy/ adds in front of two processes: answers from its cache, files, and fair turns."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks import hostile as ill
from benchmarks.load import Load, loaded, running

BIN = Path(sys.executable).parent
DEPLOY = Path(__file__).parents[1] / "deploy"
HOST = "data.example.org"

PAGES: Mapping[str, str] = {
    "table HTML, two facets": "/sv/points/points?_facet=county&_facet=type",
    "table JSON, 100 rows": "/points/points.json?_size=100",
    "row HTML": "/sv/points/points/4711",
    "row JSON": "/points/points/4711.json?_shape=array",
    "a question, JSON": "/points/by-county.json?_shape=array&county=07",
}
"""What is asked for again and again."""


@contextmanager
def proxied(project: Path) -> Iterator[int]:
    """The port of the nginx of deploy/ in front of two processes of ours on a project."""
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
    readers = "set_real_ip_from 127.0.0.1; real_ip_header X-Reader;"
    (folder / "main.conf").write_text(
        f"user root; pid {folder}/pid; error_log {folder}/error.log; worker_processes 2; worker_rlimit_nofile 65536; "
        f"events {{ worker_connections 20000; }} http {{ include /etc/nginx/mime.types; access_log off; {readers} "
        f"include {folder}/nginx.conf; }}"
    )
    serve = (BIN / "servicebanken", "serve", "--project", project, "--address", f"http://{HOST}", "--quiet", "--port")
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
    with (
        running(*serve, str(first), port=first, path="/sv/", host=HOST),
        running(*serve, str(first + 1), port=first + 1, path="/sv/", host=HOST),
        running(nginx, "-c", folder / "main.conf", "-g", "daemon off;", port=first + 5, path="/sv/", host=HOST),
    ):
        yield first + 5
    shutil.rmtree(folder)


def cache(project: Path, seconds: float) -> None:
    """Through nginx, from its cache; and the whole table as a file."""
    print("\nthrough nginx, 8 clients")
    with proxied(project) as port:
        for name, path in PAGES.items():
            with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Host": HOST})) as answer:
                assert answer.status == 200 and answer.url.endswith(path)
                large = len(answer.read())
            loaded(port, path, 8, 1, new=False, host=HOST)
            told = loaded(port, path, 8, seconds, new=False, host=HOST)
            print(f"  {name:26} {large / 1e3:4.0f} kB  {told}", flush=True)
        version = max(path.name for path in (project / "build/releases").iterdir() if path.name[0].isdigit())
        for name in ("data/points.csv",):
            size, started = 0, time.monotonic()
            asked = Request(f"http://127.0.0.1:{port}/{version}/files/{name}", headers={"Host": HOST})
            with urlopen(asked, timeout=600) as answer:
                while chunk := answer.read(1 << 20):
                    size += len(chunk)
            took = time.monotonic() - started
            print(f"  {name}: {size / 1e6:.0f} MB in {took:.2f} s, {size / 1e6 / took:.0f} MB/s")


def shared(project: Path, seconds: float, named: str) -> None:
    """A reader's p95 through nginx, alone and beside ten clients of each kind that mean ill, each with an address."""
    path = "/sv/points/points/4711"
    print("\na reader through nginx (new pages of rows, some 5 a second) beside ten hostile clients")

    def reader() -> Load:
        return loaded(port, path, 1, seconds, new=True, host=HOST, reader="192.0.2.9", pause=200)

    with proxied(project) as port:
        reader()
        alone = reader()
        print(f"  alone                                    {alone}", flush=True)
        for name, paths in ill.FLOODS.items():
            if named not in name:
                continue
            with ThreadPoolExecutor(1) as pool:
                flood = pool.submit(loaded, port, "\n".join(paths), 10, seconds + 3, True, HOST)
                time.sleep(1.5)
                beside = reader()
                told = flood.result()
            print(f"  {name:40} {beside}   p95 {beside.p95 / alone.p95:.1f} x")
            print(f"  {'':40} they got {told.rate:.0f}/s, {told.failed} refused", flush=True)
        if named in "slow connections":
            with ill.slow_connections(port, 1_000):
                beside = reader()
            print(f"  {'1000 slow connections':40} {beside}   p95 {beside.p95 / alone.p95:.1f} x", flush=True)
