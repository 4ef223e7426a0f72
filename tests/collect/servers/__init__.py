"""Servers on loopback that speak the protocols of the sources, as their publishers document them.

Each keeps to the source's limits and gives its errors. What is asked of a server stands in `asked`; a reply that is
put into `instead` is given in place of the next one.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request; `query` is decoded, the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a server answers."""

    body: bytes
    status: int = 200
    kind: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(content: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(content, ensure_ascii=False).encode(), status, headers=headers)


class Server:
    """A server with a thread for each request; the subclass answers. ETags are the hash of the body, as is usual."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.instead: list[Reply] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                address = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, unquote(address.path), query, headers, body)
                self._send(server.reply(asked), asked)

            def _send(self, reply: Reply, asked: Asked) -> None:
                etag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
                tagged = reply.status == 200 and asked.method == "GET" and server.tags
                if tagged and asked.headers.get("if-none-match") == etag:
                    reply = Reply(b"", 304)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if tagged:
                    self.send_header("ETag", etag)
                if reply.status != 304:
                    self.send_header("Content-Type", reply.kind)
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = _answer

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    tags = True
    """Whether answers carry an ETag."""

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if self.instead:
                return self.instead.pop(0)
        return self.answer(asked)

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
