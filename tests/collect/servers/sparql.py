"""Wikidata's query service: SPARQL results in JSON, a telling User-Agent demanded, 429 with Retry-After."""

from __future__ import annotations

import re
from typing import Any

from tests.collect.servers import Asked, Reply, Server, json_reply


class Sparql(Server):
    """Every query is answered by `rows`: lists of values, None for what is not bound."""

    def __init__(self, names: list[str], rows: list[list[str | None]]) -> None:
        super().__init__()
        self.names = names
        self.rows = rows
        self.busy = 0
        """Requests that are told to come back later."""

    def answer(self, asked: Asked) -> Reply:
        if not re.search(r"https?://|@", asked.headers.get("user-agent", "")):
            return Reply(b"Scripts should use an informative User-Agent string with contact information", 403)
        if self.busy:
            self.busy -= 1
            return Reply(b"Too Many Requests", 429, "text/plain", {"Retry-After": "1"})
        if "json" not in asked.headers.get("accept", ""):
            return Reply(b"<?xml version='1.0'?><sparql/>", kind="application/sparql-results+xml")
        limit = re.search(r"LIMIT ([0-9]+)\s*$", asked.query["query"])
        rows = self.rows[: int(limit[1])] if limit else self.rows
        bindings = [
            {name: _term(value) for name, value in zip(self.names, row, strict=True) if value is not None}
            for row in rows
        ]
        return json_reply({"head": {"vars": self.names}, "results": {"bindings": bindings}})


def _term(value: str) -> dict[str, Any]:
    if value.startswith("http"):
        return {"type": "uri", "value": value}
    if value.startswith("Point("):
        datatype = "http://www.opengis.net/ont/geosparql#wktLiteral"
        return {"type": "literal", "datatype": datatype, "value": value}
    return {"type": "literal", "value": value}
