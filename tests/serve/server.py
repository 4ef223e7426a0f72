"""`servicebanken serve`, run as a user runs it, on a free port of loopback."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.command import SCRIPT, environment


@dataclass(frozen=True)
class Served:
    """A server: where it answers, and the number of its process."""

    address: str
    pid: int


@contextmanager
def serving(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, script: Path = SCRIPT
) -> Iterator[Served]:
    """The server that `servicebanken serve ARGUMENTS` runs on a free port, while this lasts.

    What it says goes to a file: a pipe that nobody empties would stop it.
    """
    with tempfile.NamedTemporaryFile() as log:
        said = Path(log.name)
        process = subprocess.Popen(
            [script, "serve", "--port", "0", *arguments], cwd=cwd, env=environment(env), stdout=log, stderr=log
        )
        try:
            deadline = time.monotonic() + 60
            while not (found := re.search(r"http://127\.0\.0\.1:\d+/", said.read_text(encoding="utf-8"))):
                assert process.poll() is None, said.read_text(encoding="utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield Served(found[0], process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
        assert "Traceback" not in said.read_text(encoding="utf-8")


@contextmanager
def served(*arguments: str | Path, cwd: Path | None = None) -> Iterator[str]:
    """The address of such a server."""
    with serving(*arguments, cwd=cwd) as server:
        yield server.address
