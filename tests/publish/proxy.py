"""A proxy on loopback that does to a call what networks and servers do: fail, hang, break off, alter."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal["500", "501", "403", "hang", "drop", "lost", "truncate", "flip"]
"""500, 501, 403: answered without being passed on. hang: no answer for long. drop: the connection breaks before the
request is passed on. lost: it is passed on, and the answer is not. truncate: the answer breaks off half-way. flip: one
bit of what is sent is another when it arrives."""


class Proxy(ThreadingHTTPServer):
    """Passes calls on to `port`. `fault` says what befalls a call, given its number (from 0), method and path."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = port
        self.calls: list[str] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.fault: Callable[[int, str, str], Fault | None] = lambda *_: None
        self.fault_of_headers: Callable[[dict[str, str]], Fault | None] = lambda _: None
        self.rewrite: Callable[[str], str] = lambda path: path
        self.counting = threading.Lock()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break here on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One call."""

    server: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do(self) -> None:
        with self.server.counting:
            number = len(self.server.calls)
            self.server.calls.append(f"{self.command} {self.path.partition('?')[0]}")
            self.server.paths.append(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.headers.append(headers)
        fault = self.server.fault(number, self.command, self.path)
        fault = fault or self.server.fault_of_headers(headers)
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault in ("500", "501", "403"):
            self.answer(int(fault), {}, b"")
        elif fault == "hang":
            time.sleep(2)
            self.close_connection = True
        elif fault == "drop":
            self.break_off()
        else:
            self.pass_on(body, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do

    def pass_on(self, body: bytes, fault: Fault | None) -> None:
        if fault == "flip" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("expect", "connection")}
        if fault == "flip":
            headers = {name: value for name, value in headers.items() if name.lower() != "content-md5"}
        upstream.request(self.command, self.server.rewrite(self.path), body, headers)
        answer = upstream.getresponse()
        content = answer.read()
        if fault == "lost":
            return self.break_off()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in DROPPED}
        return self.answer(answer.status, kept, content, half=fault == "truncate")

    def answer(self, status: int, headers: dict[str, str], content: bytes, *, half: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self.break_off()

    def break_off(self) -> None:
        self.close_connection = True
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Quiet."""


DROPPED = ("content-length", "transfer-encoding", "connection", "date", "server")


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """A proxy to `port`, while the block lasts."""
    with Proxy(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
