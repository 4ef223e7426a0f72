"""Load on a server, from wrk, and servers that run while it is measured."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

SCRIPT = """
local number = 0
local new = os.getenv("BENCH_NEW") == "1"
local file = io.open(os.getenv("BENCH_PATHS"))
local paths = {}
for line in file:lines() do table.insert(paths, line) end
file:close()
wrk.headers["Host"] = os.getenv("BENCH_HOST")
wrk.headers["X-Reader"] = os.getenv("BENCH_READER")
local seed = os.getenv("BENCH_SEED")
function request()
  number = number + 1
  local path = paths[number % #paths + 1]
  if not new then return wrk.format("GET", path) end
  local mark = string.find(path, "?", 1, true) and "&" or "?"
  return wrk.format("GET", path .. mark .. "_n=" .. seed .. number)
end
local pause = tonumber(os.getenv("BENCH_PAUSE"))
if pause > 0 then
  function delay() return pause end
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
    port: int,
    path: str,
    clients: int,
    seconds: float,
    new: bool,
    host: str = "localhost",
    tell: bool = False,
    reader: str = "192.0.2.1",
    pause: int = 0,
) -> Load:
    """What came of so many clients that ask for a path, or in turn for those in its lines, for so many seconds.

    Where it is to `tell`, what was refused is printed. `reader` is the address that nginx takes them for,
    `pause` the milliseconds that each waits between two requests.
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
            "BENCH_READER": reader,
            "BENCH_PAUSE": str(pause),
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
