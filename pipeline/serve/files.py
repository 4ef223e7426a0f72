"""Files sent as they are: whole or in part (RFC 9110, 14), never changed, compared by ETag."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.core.media import content_type
from pipeline.serve.answer import LONG, POLICY, Answer, Header, as_json, send_answer
from pipeline.web.words import Words

CHUNK = 256 * 1024
"""Bytes that are read at a time."""

SHOWN = ("text/css", "text/javascript", "image/", "font/", "text/html")
"""Media types that a browser shows or uses; it saves every other."""

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def found(folder: Path, path: str) -> Path | None:
    """The file below the folder that a percent-encoded path names; None where it names none, or leads elsewhere."""
    parts = unquote(path, errors="replace").split("/")
    if any(part in ("", ".", "..") or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        file = folder.joinpath(*parts).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except OSError:  # a name that is too long
        return None


async def send_below(folder: Path, path: str, scope: Any, send: Any) -> None:
    """Sends the file below a folder that a percent-encoded path names, or says that there is none."""
    is_head = scope["method"] == "HEAD"
    file = await asyncio.to_thread(found, folder, path)
    if file is None:
        await send_answer(send, as_json(404, Words("en").text("refused.file")), is_head)
        return
    stat = await asyncio.to_thread(file.stat)
    etag = f'"{hashlib.sha256(f"{file} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:32]}"'
    headers = [(b"cache-control", LONG), (b"etag", etag.encode())]
    if etag.encode() in dict(scope["headers"]).get(b"if-none-match", b""):
        await send_answer(send, Answer(304, headers, b""))
        return
    if content_type(file.name).startswith("text/html"):
        headers.append((b"content-security-policy", await asyncio.to_thread(_policy, file)))
    with contextlib.suppress(BrokenPipeError):
        await send_file(file, etag, headers, scope, send)


def _policy(file: Path) -> bytes:
    """What a page of a release may load and run: files of this site, and the styles and scripts that stand in it.

    They are told to the browser by their digests (Content Security Policy Level 3, 2.3.1).
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    policy = POLICY
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        inline = re.findall(rf"<{element}(?:\s[^>]*)?>(.*?)</{element}>", text, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline if each]
        told = " ".join([f"{directive} 'self'", *(f"'sha256-{each}'" for each in digests)])
        policy = policy.replace(f"{directive} 'self'", told)
    if ' style="' in text:
        policy += "; style-src-attr 'unsafe-inline'"
    return policy.encode()


async def send_file(file: Path, etag: str, headers: list[Header], scope: Any, send: Any) -> None:
    """Sends the file, or the part that the request asks for, or that it has not changed."""
    size = file.stat().st_size
    asked = dict(scope["headers"])
    headers = [
        *headers,
        (b"content-type", content_type(file.name).encode()),
        (b"accept-ranges", b"bytes"),
    ]
    if not content_type(file.name).startswith(SHOWN):
        headers.append((b"content-disposition", b"attachment"))
    span = _span(asked, etag, size)
    if span is None:
        await send_answer(send, Answer(416, [*headers, (b"content-range", f"bytes */{size}".encode())], b""))
        return
    start, end = span
    status = 200
    if (start, end) != (0, size):
        status = 206
        headers.append((b"content-range", f"bytes {start}-{end - 1}/{size}".encode()))
    headers.append((b"content-length", str(end - start).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if scope["method"] != "HEAD":
        with await asyncio.to_thread(file.open, "rb") as opened:
            opened.seek(start)
            while start < end:
                chunk = await asyncio.to_thread(opened.read, min(CHUNK, end - start))
                if not chunk:
                    raise OSError(f"{file} is shorter than it was")
                start += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _span(asked: dict[bytes, bytes], etag: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last, of what a request asks for; None where no byte of that is there.

    Several ranges at once are answered with the whole file, as the standard allows.
    """
    condition = asked.get(b"if-range")
    match = RANGE.fullmatch(asked.get(b"range", b"").decode("latin-1").replace(" ", ""))
    if match is None or match[0] == "bytes=-" or (condition is not None and condition != etag.encode()):
        return 0, size
    first, last = match[1], match[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return 0, size
    return (start, end) if start < end else None
