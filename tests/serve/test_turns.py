"""Connections are shared out evenly among the processes of a server."""

from __future__ import annotations

import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import requests

from pipeline.serve.turns import Turns
from tests.serve.server import serving

EACH = 12
"""Connections that each process is to have."""


def test_each_process_has_as_many_connections_as_the_other(built_example: Path) -> None:
    with serving("--project", built_example, "--workers", "2") as server, ExitStack() as opened:
        host, port = re.fullmatch(r"http://(.*):(\d+)/", server.address).groups()  # type: ignore[union-attr]
        children = _answering(server.address, server.pid)
        ours = set()
        for _ in range(2 * EACH):  # one after the other: a process that has just answered would take the next one too
            connection = opened.enter_context(socket.create_connection((host, int(port)), timeout=20))
            ours.add(connection.getsockname()[1])
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert Counter(_holders(children, int(port), ours)) == dict.fromkeys(children, EACH)


def test_a_process_waits_for_its_turn_and_one_that_begins_again_has_none() -> None:
    turns = Turns(2)
    one, other = turns.of(0), turns.of(1)
    assert one.is_now and other.is_now
    one.tell(3)
    assert (one.is_now, other.is_now) == (False, True)
    other.tell(4)
    assert (one.is_now, other.is_now) == (True, False)
    assert turns.of(1).is_now


def _answering(address: str, pid: int) -> list[int]:
    """The two processes that answer, when both do."""
    deadline = time.monotonic() + 20
    while True:
        assert requests.get(f"{address}openapi.json", timeout=20).status_code == 200
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        if len(children) == 2 and all(_children(child) for child in children):
            return children
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _holders(children: list[int], port: int, ours: set[int]) -> Iterator[int]:
    """The process that holds the other end of each of our connections."""
    ends = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote, *rest = line.split()[1:]
        if int(local[-4:], 16) == port and int(remote[-4:], 16) in ours:
            ends[f"socket:[{rest[6]}]"] = int(remote[-4:], 16)
    for child in children:
        for entry in Path(f"/proc/{child}/fd").iterdir():
            try:
                if str(entry.readlink()) in ends:
                    yield child
            except FileNotFoundError:
                continue
