"""The body of an answer: whole, unpacked, and never larger than was agreed."""

from __future__ import annotations

import zlib

from urllib3.response import BaseHTTPResponse

CHUNK = 1 << 16
GZIP = 31
"""The window that tells zlib to expect a gzip header and trailer."""


class BadBody(Exception):
    """A body that is cut off, too large, or packed in a way that was not asked for."""

    def __init__(self, rule: str, *, passing: bool) -> None:
        super().__init__(rule)
        self.passing = passing


def read(answer: BaseHTTPResponse, limit: int) -> bytes:
    """The bytes of a body, at most `limit` of them.

    What urllib3 unpacks may end too early without a word, so gzip is unpacked here: no further than the limit, and
    only to its end. Raises BadBody, and urllib3's errors for a connection that breaks off.
    """
    stated = answer.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) > limit:
        raise _too_large(limit)
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        return _plain(answer, limit)
    if packing in ("gzip", "x-gzip"):
        return _unpacked(answer, limit)
    raise BadBody(f"is packed as {packing!r}, which was not asked for", passing=False)


def _plain(answer: BaseHTTPResponse, limit: int) -> bytes:
    body = bytearray()
    for chunk in answer.stream(CHUNK, decode_content=False):
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _unpacked(answer: BaseHTTPResponse, limit: int) -> bytes:
    body = bytearray()
    gzip = zlib.decompressobj(GZIP)
    try:
        for chunk in answer.stream(CHUNK, decode_content=False):
            body += gzip.decompress(chunk, limit + 1 - len(body))
            if len(body) > limit:
                raise _too_large(limit)
    except zlib.error as error:
        raise BadBody(f"is no gzip, though it says so ({error})", passing=True) from None
    if not gzip.eof or gzip.unused_data:
        raise BadBody("is gzip that does not end where it should", passing=True)
    return bytes(body)


def _too_large(limit: int) -> BadBody:
    return BadBody(f"is larger than the limit of {limit:,} bytes", passing=False)
