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
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""Headers against what a page might be made to do; on every answer."""

CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Link, ETag, Content-Range"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
"""Headers that let pages of other sites read."""

NEVER_KEPT: Header = (b"cache-control", b"no-store")


@dataclass(frozen=True)
class Answer:
    """A whole answer: status, headers, body."""

    status: int
    headers: list[Header]
    body: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return len(self.body) + sum(len(name) + len(value) + 100 for name, value in self.headers)


async def send_answer(send: Any, answer: Answer, head: bool = False) -> None:
    """Sends it, with its length; without its body where the request was HEAD."""
    headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


def refusal(status: int, sentence: str, *headers: Header) -> Answer:
    """An answer that says why there is none, as data; nothing that the request said is repeated in it."""
    body = json.dumps({"ok": False, "status": status, "error": sentence}, ensure_ascii=False).encode()
    return Answer(status, [(b"content-type", b"application/json; charset=utf-8"), NEVER_KEPT, *headers], body)


def redirect(location: str, *headers: Header, status: int = 302) -> Answer:
    """An answer that leads elsewhere on this site; the location begins with one `/`."""
    return Answer(status, [(b"location", location.encode("latin-1", "replace")), *headers], b"")
