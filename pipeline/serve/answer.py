"""An answer as ASGI has it, and the headers that every answer carries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Header = tuple[bytes, bytes]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load and run: files of this site."""

SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""Headers against what a page might be made to do; on every answer."""

CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Link, ETag, Content-Range, X-Truncated"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
"""Headers that let pages of other sites read."""

PREFLIGHT: tuple[Header, ...] = (
    (b"allow", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"Accept, Content-Type, If-None-Match, If-Range, Range"),
    (b"access-control-max-age", b"86400"),
)
"""What a browser is told that asks whether a page of another site may send these headers."""

NO_STORE: Header = (b"cache-control", b"no-store")

LONG = b"public, max-age=31536000, immutable"
"""For how long an answer may be kept whose address has the version of the release, or a digest."""


@dataclass(frozen=True)
class Answer:
    """A whole answer: status, headers, body."""

    status: int
    headers: list[Header]
    body: bytes = b""


async def send_answer(send: Any, answer: Answer, head: bool = False) -> None:
    """Sends it, with its length; without its body where the request was HEAD."""
    headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


def as_json(status: int, sentence: str, *headers: Header) -> Answer:
    """An answer that says as data why there is none."""
    body = json.dumps({"ok": False, "status": status, "error": sentence}, ensure_ascii=False).encode()
    return Answer(status, [(b"content-type", b"application/json; charset=utf-8"), NO_STORE, *headers], body)


def redirect(location: str, *headers: Header, status: int = 302) -> Answer:
    """An answer that leads elsewhere on this site; the location begins with one `/`."""
    return Answer(status, [(b"location", location.encode("latin-1", "replace")), *headers])
