"""A server on loopback that speaks Zenodo's records API, as strictly as the real one, and can fail at any call.

Written from InvenioRDM's reference (docs/reference/rest_api_drafts_records.md), and from what people report of Zenodo:
a PUT of a draft without `pids` loses the reserved DOI; a new version starts without files, version and date; a second
request for a new version answers with the same draft; announcing a file twice, or reserving twice, is refused.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

TOKEN = "t0k3n-that-nobody-may-see"
PREFIX = "10.5072/zenodo"
RDM = "application/vnd.inveniordm.v1+json"

Fault = Literal["500", "502", "429", "drop", "lost", "garbage", "hang", "flip", "truncate", "cut"]
"""500, 502, 429: answered without being carried out. drop: the connection breaks before it is carried out. lost: it is
carried out, and the connection breaks before the answer. cut: half the answer comes. garbage: it is carried out, and
the answer is a page. hang: no answer for long. flip, truncate: what is stored of a body is not what was sent."""


@dataclass
class Record:
    """A draft or a published record."""

    id: str
    parent: str
    metadata: dict[str, Any]
    access: dict[str, Any]
    custom_fields: dict[str, Any] = field(default_factory=dict)
    pids: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes | None] = field(default_factory=dict)
    pending: dict[str, bytes] = field(default_factory=dict)
    published: bool = False


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, status: int, message: str, errors: list[dict[str, Any]] | None = None) -> None:
        self.status = status
        self.body = {"status": status, "message": message, **({"errors": errors} if errors else {})}


class Zenodo(ThreadingHTTPServer):
    """The server. `fault` says what befalls a call, given its number (from 0), method and path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.drafts: dict[str, Record] = {}
        self.records: dict[str, Record] = {}
        self.calls: list[str] = []
        self.fault: Callable[[int, str, str], Fault | None] = lambda *_: None
        self.retry_after = "0"
        self.slow_checksums = 0
        self.next_id = 100
        self.lock = threading.RLock()

    @property
    def address(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.server_address[1]}/api"

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break here on purpose."""

    # -- what the calls do -----------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Carries a call out; the answer's status and JSON."""
        for verb, pattern, act in ROUTES:
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                with self.lock:
                    return act(self, *map(unquote, match.groups()), *([body] if verb in ("POST", "PUT") else []))
        raise Refusal(404, "The requested URL was not found on the server.")

    def new(self) -> str:
        self.next_id += 1
        return str(self.next_id)

    def draft(self, number: str) -> Record:
        if number not in self.drafts:
            raise Refusal(404, "The persistent identifier does not exist.")
        return self.drafts[number]

    def record(self, number: str) -> Record:
        chain = [record for record in self.records.values() if record.parent == number]
        if number not in self.records and not chain:
            raise Refusal(404, "The persistent identifier is not registered.")
        return self.records.get(number) or chain[-1]

    def create(self, body: bytes) -> tuple[int, Any]:
        sent = json.loads(body)
        draft = Record(self.new(), self.new(), sent["metadata"], sent["access"])
        self.drafts[draft.id] = draft
        return 201, self.shown(draft, errors=_errors(draft))

    def new_version(self, number: str, _: bytes) -> tuple[int, Any]:
        if number not in self.records:
            raise Refusal(404, "The persistent identifier is not registered.")
        old = self.records[number]
        draft = next((draft for draft in self.drafts.values() if draft.parent == old.parent), None)
        if draft is None:
            kept = {name: value for name, value in old.metadata.items() if name not in ("version", "publication_date")}
            draft = Record(self.new(), old.parent, copy.deepcopy(kept), old.access, dict(old.custom_fields))
            self.drafts[draft.id] = draft
        return 201, self.shown(draft)

    def reserve(self, number: str, _: bytes) -> tuple[int, Any]:
        draft = self.draft(number)
        if "doi" in draft.pids:
            errors = [{"field": "pids.doi", "messages": ["A PID already exists for type doi"]}]
            raise Refusal(400, "A validation error occurred.", errors)
        draft.pids["doi"] = {"identifier": f"{PREFIX}.{number}", "provider": "datacite", "client": "datacite"}
        return 201, self.shown(draft)

    def show_draft(self, number: str) -> tuple[int, Any]:
        return 200, self.shown(self.draft(number))

    def replace(self, number: str, body: bytes) -> tuple[int, Any]:
        draft = self.draft(number)
        sent = json.loads(body)
        draft.metadata = sent.get("metadata", {})
        draft.access = sent.get("access", {"record": "public", "files": "public"})
        draft.custom_fields = sent.get("custom_fields", {})
        draft.pids = sent.get("pids", {})
        return 200, self.shown(draft, errors=_errors(draft))

    def draft_files(self, number: str) -> tuple[int, Any]:
        draft = self.draft(number)
        return 200, {"enabled": True, "entries": [self.entry(draft, key) for key in draft.files]}

    def announce(self, number: str, body: bytes) -> tuple[int, Any]:
        draft = self.draft(number)
        keys = [entry["key"] for entry in json.loads(body)]
        taken = [key for key in keys if key in draft.files]
        if taken or len({*keys}) < len(keys):
            raise Refusal(400, f"File with key {taken} already exists.")
        draft.files.update(dict.fromkeys(keys))
        return 201, {"enabled": True, "entries": [self.entry(draft, key) for key in keys]}

    def content(self, number: str, key: str, body: bytes) -> tuple[int, Any]:
        draft = self.draft(number)
        if key not in draft.files:
            raise Refusal(404, f"Record '{number}' has no file '{key}'.")
        if draft.files[key] is not None:
            raise Refusal(400, "File is already committed.")
        draft.pending[key] = body
        return 200, self.entry(draft, key)

    def commit(self, number: str, key: str, _: bytes) -> tuple[int, Any]:
        draft = self.draft(number)
        if key not in draft.pending:
            raise Refusal(400, f"File '{key}' has no content to commit.")
        draft.files[key] = draft.pending.pop(key)
        return 200, self.entry(draft, key, lag=True)

    def draft_file(self, number: str, key: str) -> tuple[int, Any]:
        draft = self.draft(number)
        if key not in draft.files:
            raise Refusal(404, f"Record '{number}' has no file '{key}'.")
        return 200, self.entry(draft, key, lag=True)

    def delete_file(self, number: str, key: str) -> tuple[int, Any]:
        draft = self.draft(number)
        if key not in draft.files:
            raise Refusal(404, f"Record '{number}' has no file '{key}'.")
        del draft.files[key]
        draft.pending.pop(key, None)
        return 204, None

    def publish(self, number: str, _: bytes) -> tuple[int, Any]:
        draft = self.draft(number)
        errors = _errors(draft)
        if errors or any(content is None for content in draft.files.values()):
            raise Refusal(400, "A validation error occurred.", errors)
        draft.pids.setdefault("doi", {"identifier": f"{PREFIX}.{number}", "provider": "datacite"})
        draft.published = True
        self.records[number] = self.drafts.pop(number)
        return 202, self.shown(draft)

    def show(self, number: str) -> tuple[int, Any]:
        return 200, self.shown(self.record(number))

    def files(self, number: str) -> tuple[int, Any]:
        record = self.record(number)
        return 200, {"enabled": True, "entries": [self.entry(record, key) for key in record.files]}

    def versions(self, number: str) -> tuple[int, Any]:
        parent = self.record(number).parent
        return 200, {"hits": {"hits": [self.shown(each) for each in self.records.values() if each.parent == parent]}}

    def mine(self) -> tuple[int, Any]:
        return 200, {"hits": {"hits": [self.shown(each) for each in (*self.drafts.values(), *self.records.values())]}}

    # -- how it is shown -------------------------------------------------------------------------------------------

    def shown(self, record: Record, errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        site = self.address.removesuffix("/api")
        page = f"{site}/records/{record.id}" if record.published else f"{site}/uploads/{record.id}"
        return {
            "id": record.id,
            "parent": {"id": record.parent},
            "metadata": record.metadata,
            "access": {**record.access, "status": "open"},
            "custom_fields": record.custom_fields,
            "pids": record.pids,
            "files": {"enabled": True},
            "is_published": record.published,
            "links": {"self_html": page},
            **({"errors": errors} if errors else {}),
        }

    def entry(self, record: Record, key: str, *, lag: bool = False) -> dict[str, Any]:
        content = record.files[key]
        if content is None:
            return {"key": key, "status": "pending", "metadata": None}
        told = {"checksum": f"md5:{hashlib.md5(content).hexdigest()}"}
        if lag and self.slow_checksums:
            self.slow_checksums -= 1
            told = {}
        return {"key": key, "status": "completed", "size": len(content), **told}


ROUTES: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", r"/api/records", Zenodo.create),
    ("POST", r"/api/records/([^/]+)/versions", Zenodo.new_version),
    ("POST", r"/api/records/([^/]+)/draft/pids/doi", Zenodo.reserve),
    ("GET", r"/api/records/([^/]+)/draft", Zenodo.show_draft),
    ("PUT", r"/api/records/([^/]+)/draft", Zenodo.replace),
    ("GET", r"/api/records/([^/]+)/draft/files", Zenodo.draft_files),
    ("POST", r"/api/records/([^/]+)/draft/files", Zenodo.announce),
    ("PUT", r"/api/records/([^/]+)/draft/files/([^/]+)/content", Zenodo.content),
    ("POST", r"/api/records/([^/]+)/draft/files/([^/]+)/commit", Zenodo.commit),
    ("GET", r"/api/records/([^/]+)/draft/files/([^/]+)", Zenodo.draft_file),
    ("DELETE", r"/api/records/([^/]+)/draft/files/([^/]+)", Zenodo.delete_file),
    ("POST", r"/api/records/([^/]+)/draft/actions/publish", Zenodo.publish),
    ("GET", r"/api/records/([^/]+)", Zenodo.show),
    ("GET", r"/api/records/([^/]+)/files", Zenodo.files),
    ("GET", r"/api/records/([^/]+)/versions", Zenodo.versions),
    ("GET", r"/api/user/records", Zenodo.mine),
]

LICENCES = {"cc-by-4.0", "cc0-1.0"}


def _errors(draft: Record) -> list[dict[str, Any]]:
    """What Zenodo objects to in a draft that is saved or published."""
    errors = [
        {"field": f"metadata.{name}", "messages": ["Missing data for required field."]}
        for name in ("title", "creators", "publication_date", "resource_type")
        if not draft.metadata.get(name)
    ]
    for number, licence in enumerate(draft.metadata.get("rights", [])):
        if "id" in licence and licence["id"] not in LICENCES:
            errors.append({"field": f"metadata.rights.{number}", "messages": [f"Invalid value {licence['id']}."]})
    if not draft.files:
        errors.append({"field": "files.enabled", "messages": ["Missing uploaded files."]})
    return errors


class Handler(BaseHTTPRequestHandler):
    """One call."""

    server: Zenodo
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do(self) -> None:
        path = urlsplit(self.path).path
        with self.server.lock:
            number = len(self.server.calls)
            self.server.calls.append(f"{self.command} {path.removeprefix('/api')}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.fault(number, self.command, path)
        if fault in ("500", "502", "429"):
            retry = {"Retry-After": self.server.retry_after} if fault == "429" else {}
            return self.answer(int(fault), b"<html>failure</html>", retry)
        if fault == "hang":
            time.sleep(1.5)
        if fault in ("hang", "drop"):
            self.close_connection = True
            return None
        if fault == "flip" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault == "truncate":
            body = body[: len(body) // 2]
        status, content = self.carry_out(path, body)
        if fault == "lost":
            self.close_connection = True
            return None
        if fault == "garbage":
            return self.answer(200, b"<html>maintenance</html>", {})
        return self.answer(status, content, {}, half=fault == "cut")

    do_GET = do_PUT = do_POST = do_DELETE = do

    def carry_out(self, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Refusal(403, "Permission denied.")
            if self.command in ("POST", "PUT") and "Content-Length" not in self.headers:
                raise Refusal(411, "Length required.")
            status, shown = self.server.call(self.command, path, body)
        except Refusal as refusal:
            status, shown = refusal.status, refusal.body
        if self.headers.get("Accept") != RDM and isinstance(shown, dict):
            shown.pop("pids", None)  # the older form has no such member
        return status, b"" if shown is None else json.dumps(shown).encode()

    def answer(self, status: int, content: bytes, headers: dict[str, str], *, half: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        self.close_connection = half

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def zenodo() -> Iterator[Zenodo]:
    """The server, while the block lasts."""
    with Zenodo() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
