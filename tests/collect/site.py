"""A web server on loopback that serves what a test puts there, and does to an answer what a test asks for."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Page:
    """What is at a path. With `etag`, a request that has it already is answered 304."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: bool = True


Answer = Page | Callable[["Handler"], None]
"""A page, or something that answers a request itself."""


class Site(ThreadingHTTPServer):
    """`pages` by path; `requests` are the calls it got, in order, `"GET /path"` or `"GET /path if-none-match"`."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break here on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Site
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.sent = self.rfile.read(length)
        conditional = " if-none-match" if "If-None-Match" in self.headers else ""
        self.server.requests.append(f"{self.command} {self.path}{conditional}")
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        answer = self.server.pages.get(self.path, Page(b"nothing here", 404))
        if isinstance(answer, Page):
            self.page(answer)
        else:
            answer(self)

    do_POST = do_CONNECT = do_GET

    def page(self, page: Page) -> None:
        etag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'
        fresh = page.etag and self.headers.get("If-None-Match") == etag
        self.send_response(304 if fresh else page.status)
        if page.etag and page.status == 200:
            self.send_header("ETag", etag)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if not fresh:
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if not fresh:
            self.wfile.write(page.body)

    def raw(self, content: bytes) -> None:
        """Sends bytes as they are and closes."""
        self.close_connection = True
        self.wfile.write(content)

    def reset(self) -> None:
        """Breaks the connection with a TCP reset."""
        self.close_connection = True
        self.wfile.flush()
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test's output clean."""


@contextmanager
def serving(certificate: tuple[Path, Path] | None = None) -> Iterator[Site]:
    """A site that is there until the test ends."""
    site = Site(certificate)
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
