"""Files sent as they are: whole or in part (RFC 9110, 14), never changed, compared by ETag."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.core.media import content_type
from pipeline.serve.answer import Answer, Header, send_answer

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


async def send_file(file: Path, etag: str, headers: list[Header], scope: Any, send: Any) -> None:
    """Sends the file, or the part that the request asks for, or that it has not changed."""
    size = file.stat().st_size
    asked = dict(scope["headers"])
    headers = [
        *headers,
        (b"content-type", content_type(file.name).encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag.encode()),
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
