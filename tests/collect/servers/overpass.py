"""An Overpass API: the query as a form field, 200 with a `remark` for what ran out of time, 429 when it is loaded."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from tests.collect.servers import Asked, Reply, Server, json_reply

QUERY = re.compile(
    r'\[out:json\]\[timeout:[0-9]+\];area\["ref:scb"="(?P<area>[0-9]{4})"\]\["admin_level"="7"\]->\.a;\.a out ids;'
    r"\((?P<inside>.*)\);out tags center;"
)
WANTED = re.compile(r'nwr\["(\w+)"~"\^\(([^"]*)\)\$"\]\(area\.a\);')


class Overpass(Server):
    """`areas` are the elements in each area."""

    tags = False

    def __init__(self, areas: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__()
        self.areas = areas
        self.remark: str | None = None

    def answer(self, asked: Asked) -> Reply:
        query = QUERY.fullmatch(parse_qs(asked.body.decode()).get("data", [""])[0])
        if asked.method != "POST" or query is None:
            return Reply(b"<html><body>The data included in this document is ...", 400, "text/html")
        wanted = {tag: values.split("|") for tag, values in WANTED.findall(query["inside"])}
        area = self.areas.get(query["area"])
        ids = [] if area is None else [{"type": "area", "id": 3600000000 + int(query["area"])}]
        found = [e for e in area or [] if any(e["tags"].get(tag) in values for tag, values in wanted.items())]
        base = {"timestamp_osm_base": "2026-11-01T00:00:00Z", "copyright": "… ODbL."}
        answer = {"version": 0.6, "generator": "Overpass API", "osm3s": base, "elements": [*ids, *found]}
        if self.remark:
            answer |= {"elements": found[:1], "remark": self.remark}
        return json_reply(answer)
