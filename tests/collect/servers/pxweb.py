"""PxWebApi 2: /config with limits that are kept, tables with metadata and data in json-stat2, code lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from tests.collect.servers import Asked, Reply, Server, json_reply

BASE = "/api/v2"


class PxWeb(Server):
    """One table. `variables` are the labels of each variable's codes; `cells` the values by their codes in order."""

    def __init__(
        self,
        table: str,
        variables: Mapping[str, Mapping[str, str]],
        cells: Mapping[Any, Any],
        lists: Mapping[str, Mapping[str, str]] | None = None,
        units: Mapping[str, str] | None = None,
        most_cells: int = 150_000,
    ) -> None:
        super().__init__()
        self.table = table
        self.variables = variables
        self.cells = dict(cells)
        self.lists = lists or {}
        self.units = units or {}
        self.config: dict[str, Any] = {
            "apiVersion": "2.0.0",
            "defaultLanguage": "sv",
            "maxDataCells": most_cells,
            "maxCallsPerTimeWindow": 30,
            "timeWindow": 1,
            "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        }
        self.updated = "2026-02-20T07:00:00Z"
        self.sparse = False
        """Whether `value` is an object, which JSON-stat allows."""

    def answer(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix(BASE)
        if path == "/config":
            return json_reply(self.config)
        if path.startswith("/codelists/"):
            return self._code_list(path.removeprefix("/codelists/"))
        if path == f"/tables/{self.table}":
            label = {"type": "Table", "id": self.table, "label": "Befolkning", "updated": self.updated}
            return json_reply({**label, "firstPeriod": "1991", "variableNames": list(self.variables)})
        if path == f"/tables/{self.table}/metadata":
            everything = {name: list(labels) for name, labels in self.variables.items()}
            return json_reply({**self._cube(everything), "value": None})
        if path == f"/tables/{self.table}/data" and asked.method == "POST":
            return self._data(asked)
        return json_reply({"type": "Not found", "title": "Not found", "status": 404}, 404)

    def _code_list(self, name: str) -> Reply:
        if name not in self.lists:
            return json_reply({"title": "Not found", "status": 404}, 404)
        values = [{"code": code, "label": label, "valueMap": [code]} for code, label in self.lists[name].items()]
        return json_reply({"id": name, "label": name, "language": "sv", "type": "Valueset", "values": values})

    def _data(self, asked: Asked) -> Reply:
        if asked.query.get("outputFormat") != "json-stat2":
            return json_reply({"title": "Unsupported format", "status": 400}, 400)
        selected = {part["variableCode"]: part["valueCodes"] for part in json.loads(asked.body)["selection"]}
        unknown = [c for name, codes in selected.items() for c in codes if c not in self.variables.get(name, {})]
        if unknown or set(selected) != set(self.variables):
            return json_reply({"title": "Non-existent value", "status": 400}, 400)
        if prod(map(len, selected.values())) > self.config["maxDataCells"]:
            return json_reply({"title": "Too many cells selected", "status": 403}, 403)
        # In the order of the table, whatever the order of asking.
        kept = {name: [code for code in labels if code in selected[name]] for name, labels in self.variables.items()}
        cells = [self.cells.get(key) for key in product(*kept.values())]
        if self.sparse:
            value: Any = {str(place): cell for place, cell in enumerate(cells) if cell is not None}
            return json_reply({**self._cube(kept), "value": value, "status": {"0": "p"}})
        return json_reply({**self._cube(kept), "value": cells})

    def _cube(self, kept: Mapping[str, list[str]]) -> dict[str, Any]:
        return {
            "version": "2.0",
            "class": "dataset",
            "label": "Befolkning",
            "source": "SCB",
            "updated": self.updated,
            "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
            "id": list(kept),
            "size": [len(codes) for codes in kept.values()],
            "dimension": {name: self._dimension(name, codes) for name, codes in kept.items()},
            "extension": {"px": {"tableid": self.table}},
        }

    def _dimension(self, name: str, codes: list[str]) -> dict[str, Any]:
        category: dict[str, Any] = {
            "index": {code: place for place, code in enumerate(codes)},
            "label": {code: self.variables[name][code] for code in codes},
        }
        if name == "ContentsCode":
            category["unit"] = {code: {"base": self.units.get(code, "antal"), "decimals": 0} for code in codes}
        return {"label": name, "category": category, "extension": {"elimination": True}}
