"""Kolada's API v3: 25 ids in a part of an address, pages with `next_url`, 410 for version 2, no error for an id that
is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from tests.collect.servers import Asked, Reply, Server, json_reply

Figure = tuple[str, str, int]
"""A key figure, a municipality and a year."""


class Kolada(Server):
    """`figures` are the values by key figure, municipality and year: a number, None, or the inner list itself."""

    def __init__(
        self,
        titles: Mapping[str, str],
        municipalities: Mapping[str, str],
        figures: Mapping[Figure, Any],
        groups: Iterable[tuple[str, str, Iterable[str]]] = (),
        per_page: int = 5000,
    ) -> None:
        super().__init__()
        self.titles = dict(titles)
        self.municipalities = dict(municipalities)
        self.figures = dict(figures)
        self.groups = list(groups)
        self.per_page = per_page
        self.period = "2024"

    def answer(self, asked: Asked) -> Reply:
        if not asked.path.startswith("/v3/"):
            return json_reply({"detail": "Gone"}, 410)
        path = asked.path.removeprefix("/v3/").rstrip("/")
        parts = [part.split(",") for part in path.split("/")]
        if any(len(part) > 25 for part in parts):
            return json_reply({"detail": "at most 25 ids"}, 400)
        if re.fullmatch("kpi/[^/]+", path):
            return self._page(asked, [self._kpi(id) for id in parts[1] if id in self.titles])
        if path == "municipality":
            kind = asked.query.get("region_type")
            return self._page(asked, [place for place in self._places() if kind in (None, place["type"])])
        if path == "municipality_groups":
            return self._page(asked, [self._group(*group) for group in self.groups])
        if found := re.fullmatch("data/kpi/([^/]+)/municipality/([^/]+)(?:/year/([^/]+))?", path):
            kpis, places, years = (part.split(",") if part else None for part in found.groups())
            return self._page(asked, self._data(kpis or [], places or [], years))
        return json_reply({"detail": "Not Found"}, 404)

    def _kpi(self, id: str) -> dict[str, Any]:
        return {
            "id": id,
            "title": self.titles[id],
            "description": f"{self.titles[id]}. Källa: Exempel.",
            "is_divided_by_gender": 0,
            "municipality_type": "A",
            "prel_publication_date": None,
            "publication_date": "2026-05-05",
            "publ_period": self.period,
            "has_ou_data": 0,
        }

    def _places(self) -> list[dict[str, Any]]:
        regions = [{"id": "0000", "title": "Riket", "type": "L"}, {"id": "0025", "title": "Region X", "type": "L"}]
        return [*regions, *({"id": id, "title": title, "type": "K"} for id, title in self.municipalities.items())]

    def _group(self, id: str, title: str, ids: Iterable[str]) -> dict[str, Any]:
        named = [{"member_id": member, "member_title": self.municipalities[member]} for member in ids]
        return {"id": id, "title": title, "members": named}

    def _data(self, kpis: list[str], places: list[str], years: list[str] | None) -> list[dict[str, Any]]:
        # As the source orders them: not known. Here by year, so that a page ends in the middle of a municipality.
        asked = {(kpi, place) for kpi in kpis for place in places}
        found = [key for key in self.figures if key[:2] in asked and (years is None or str(key[2]) in years)]
        return [
            {"kpi": kpi, "municipality": place, "period": year, "values": _values(self.figures[kpi, place, year])}
            for kpi, place, year in sorted(found, key=lambda key: (key[2], key[0], key[1]))
        ]

    def _page(self, asked: Asked, values: list[dict[str, Any]]) -> Reply:
        page = int(asked.query.get("page", 1))
        size = min(int(asked.query.get("per_page", self.per_page)), 5000)
        shown = values[(page - 1) * size : page * size]
        more = page * size < len(values)
        return json_reply(
            {
                "values": shown,
                "count": len(shown),
                "next_url": self._address(asked, page + 1) if more else None,
                "previous_url": self._address(asked, page - 1) if page > 1 else None,
            }
        )

    def _address(self, asked: Asked, page: int) -> str:
        return f"{self.url}{asked.path}?{urlencode({**asked.query, 'page': page})}"


def _values(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return value
    return [{"gender": "T", "count": 1, "status": "", "value": value, "isdeleted": False}]
