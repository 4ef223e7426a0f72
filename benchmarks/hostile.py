"""What readers notice of clients that mean ill: each kind of them beside a reader who asks for pages that are new."""

from __future__ import annotations

import os
import re
import resource
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"

QUERIES = {
    "runs for ever": f"{ENDLESS} SELECT max(x) FROM n",
    "joins for ever": "SELECT count(*) FROM " + ", ".join(f"points p{number}" for number in range(9)),
    "sorts everything": "SELECT id FROM points ORDER BY description || name DESC",
    "random bytes": "SELECT length(randomblob(900000000))",
    "zero bytes": "SELECT zeroblob(900000000)",
    "a wide printf": "SELECT printf('%.*c', 500000000, '<')",
    "a long group": "SELECT group_concat(description) FROM points",
    "groups in pieces": f"{ENDLESS} SELECT x % 1000, group_concat(printf('%.900c', 'x')) FROM n GROUP BY 1",
    "doubling": "WITH RECURSIVE d(x) AS (SELECT 'x' UNION ALL SELECT x || x FROM d) SELECT length(x) FROM d",
    "JSON of everything": "SELECT json_group_array(description) FROM points",
    "distinct texts": "SELECT count(DISTINCT description) FROM points",
    "long rows": "SELECT " + ", ".join(f"printf('%.99999c', 'x') AS a{n}" for n in range(9)) + " FROM points",
}
"""Queries on the made-up points that take all they can get."""

WORDS = ("lanthandel", "bygd", "s", "k")

FLOODS = {
    "SQL": [f"/-/sql.json?sql={quote(sql)}" for sql in QUERIES.values()],
    "the largest pages": [
        *(f"/points/points.json?_shape=array&_size=max&county={number:02}" for number in range(1, 5)),
        *(f"/sv/points/points?_size=max&county={number:02}" for number in range(1, 5)),
    ],
    "filters without an index, five facets": [
        f"/sv/points/points?description__contains={word}x&_facet=municipality&_facet=opened&_facet=operator"
        for word in WORDS
    ],
    "searches for every row": [f"/sv/points/points?_search={word}" for word in WORDS],
    "query strings of 60 kB": ["/sv/points/points?" + "x" * 60_000],
}
"""What ten hostile clients ask for, over and over."""


def queries(port: int) -> None:
    """Each hostile query by itself: how long until it is answered, with what, and what its process took."""
    print("\nhostile queries, each alone")
    for name, sql in QUERIES.items():
        with largest_query() as found:
            started = time.monotonic()
            status = _status(port, f"/-/sql.json?sql={quote(sql)}")
            took = time.monotonic() - started
        print(f"  {name:20} {status}  {took:5.2f} s  {found() / 1e6:4.0f} MB", flush=True)


def _status(port: int, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return int(answer.status)
    except OSError as error:
        return int(getattr(error, "code", 0))


@contextmanager
def largest_query() -> Iterator[Callable[[], int]]:
    """Says what the largest process of a query took, in bytes, while this lasts."""
    ended, largest = threading.Event(), [0]

    def watch() -> None:
        while not ended.is_set():
            for told in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    if b"pipeline.serve.sql" in told.read_bytes():
                        found = re.search(r"VmHWM:\s+(\d+)", (told.parent / "status").read_text())
                        largest[0] = max(largest[0], int(found[1]) * 1024 if found else 0)
                except OSError:
                    continue
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: largest[0]
    finally:
        ended.set()
        watching.join()


@contextmanager
def slow_connections(port: int, count: int) -> Iterator[None]:
    """So many connections that have sent half a request, opened again when they are closed, while this lasts."""
    command = [sys.executable, "-c", f"from benchmarks.hostile import hold; hold({port}, {count})"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def hold(port: int, count: int) -> None:
    """Holds the connections until the process is ended; writes a line when all are open."""
    os.nice(10)  # who waits does not need the processor that the server is measured on
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    selector = selectors.DefaultSelector()
    for number in range(count):
        _open(port, selector)
        if number % 100 == 99:
            time.sleep(0.01)
    print("all are open", flush=True)
    while True:
        for key, _ in selector.select(1):
            selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
            _open(port, selector)


def _open(port: int, selector: selectors.BaseSelector) -> None:
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.sendall(b"GET /sv/ HTTP/1.1\r\nHost: local")
        selector.register(connection, selectors.EVENT_READ)
    except OSError:
        time.sleep(0.01)
