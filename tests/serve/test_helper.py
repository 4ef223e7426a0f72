"""The process that makes the pages which cost much."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.serve.server import Served, serving

HEAVY = ("sv/services/solutions?_size=max", "services/solutions.json?_shape=array&_size=max")


@pytest.fixture
def server(services_release: Path) -> Iterator[Served]:
    with serving(services_release) as server:
        yield server


def _helper(server: Served) -> int:
    """Its process, a child of the server's that stands back."""
    deadline = time.monotonic() + 10
    while True:
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="utf-8").split()
        found = [int(pid) for pid in children if os.getpriority(os.PRIO_PROCESS, int(pid)) > 0]
        if found:
            assert len(found) == 1
            return found[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _used(pid: int) -> int:
    """Ticks of the processor that a process has had."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]))


@pytest.mark.parametrize("path", HEAVY)
def test_it_makes_long_pages_as_the_server_makes_short_ones(path: str, server: Served) -> None:
    helper = _helper(server)
    before = _used(helper)
    long = requests.get(server.address + path, timeout=20)
    assert long.status_code == 200
    assert _used(helper) > before
    short = requests.get(server.address + path.replace("max", "200"), timeout=20)
    assert long.text.replace("_size=max", "_size=200").replace('value="max"', 'value="200"') == short.text
    varying = ("etag", "date")
    assert {name: value for name, value in long.headers.items() if name not in varying} == {
        name: value for name, value in short.headers.items() if name not in varying
    }


def test_errors_come_through(server: Served) -> None:
    page = requests.get(f"{server.address}sv/services/none?_size=max", timeout=20)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    data = requests.get(f"{server.address}services/none.json?_size=max", timeout=20)
    assert (data.status_code, data.json()["ok"]) == (404, False)
    head = requests.head(f"{server.address}sv/services/solutions?_size=max", timeout=20)
    assert (head.status_code, head.text) == (200, "")


def test_without_it_the_server_answers_alone(server: Served) -> None:
    os.kill(_helper(server), signal.SIGKILL)
    for number in range(4):
        for path in HEAVY:
            assert requests.get(f"{server.address}{path}&_n={number}", timeout=20).status_code == 200


def test_it_ends_with_the_server_however_that_ends(services_release: Path) -> None:
    with serving(services_release) as server:
        helper = _helper(server)
        os.kill(server.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{helper}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
