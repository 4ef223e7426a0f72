"""All rows of a filter as CSV, sent on in large pieces, and broken off where they break off.

Datasette writes row by row. When a query fails on the way it ends the answer with the sentence of the error, with
status 200: a reader would take what came for the whole. A row ends with a line end and that sentence does not; the
connection is broken off instead, which every client notices.
"""

from __future__ import annotations

from typing import Any

PIECE = 64 * 1024
"""Bytes that are sent at a time."""


class BrokenOff(Exception):
    """The rows have ended before their end."""


class Stream:
    """Takes the messages of an answer in CSV and sends them on, fewer and larger. Raises BrokenOff for an error."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._held = bytearray()
        self._has_rows = True

    async def __call__(self, message: Any) -> None:
        """One message of ASGI."""
        if message["type"] == "http.response.start":
            self._has_rows = message["status"] == 200
        if message["type"] != "http.response.body" or not self._has_rows:
            await self._send(message)
            return
        body = message.get("body", b"")
        if body and not body.endswith(b"\n"):
            raise BrokenOff
        self._held += body
        if len(self._held) >= PIECE or not message.get("more_body"):
            held, self._held = bytes(self._held), bytearray()
            await self._send({**message, "body": held})
