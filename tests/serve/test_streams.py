from __future__ import annotations

import asyncio
from typing import Any

import pytest
from datasette.app import Datasette

from pipeline.serve.library import library_of
from pipeline.serve.request import Asked
from pipeline.serve.shield import PIECE, BrokenOff, Sender


def _sent(bodies: list[bytes]) -> list[bytes]:
    """What a stream sends of an answer whose parts are the bodies."""
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"])

    async def answer() -> None:
        scope = {"path": "/own/t.csv", "query_string": b"_stream=on", "scheme": "http", "method": "GET", "headers": []}
        stream = Sender(Asked.of(library_of(Datasette([])), scope), send)
        await stream({"type": "http.response.start", "status": 200, "headers": []})
        for body in bodies:
            await stream({"type": "http.response.body", "body": body, "more_body": True})
        await stream({"type": "http.response.body", "body": b""})

    asyncio.run(answer())
    return sent


def test_rows_are_sent_in_large_pieces_and_none_is_lost() -> None:
    rows = [b"%d,x\r\n" % number for number in range(20_000)]
    sent = _sent(rows)
    assert b"".join(sent) == b"".join(rows)
    assert len(sent) <= sum(map(len, rows)) // PIECE + 2


def test_rows_that_end_with_the_sentence_of_an_error_are_broken_off() -> None:
    with pytest.raises(BrokenOff):
        _sent([b"id\r\n", b"1\r\n", b"interrupted"])
