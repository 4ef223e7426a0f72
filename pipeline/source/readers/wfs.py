"""A layer of a Web Feature Service (OGC WFS 2.0) as GeoJSON; `url` is `https://geodata.scb.se/geoserver/stat/wfs`.

    ask:
      layer: stat:Tatorter_2023
      filter: kommun IN ('2505','0482')     CQL, as GeoServer takes it
      order: tatortskod                     needed with `page`
      page: "1000"                          features in an answer; all in one where it is left out

The relation `features` has a row per feature: its properties, and `latitude` and `longitude` (WGS 84, degrees, five
decimals, about a metre): those of a point, or the centre of gravity of the largest polygon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request
from pipeline.source.readers._geojson import centre
from pipeline.source.readers._json import cell, members, objects, parse, whole

NEEDS = frozenset({"layer"})
TAKES = frozenset({"filter", "order", "page"})
RELATIONS: Mapping[str, tuple[str, ...]] = {"features": ()}


def wrong(ask: Mapping[str, Any]) -> str | None:
    for name in ask:
        if not isinstance(ask[name], str):
            return f"has a `{name}` under `ask` that is not text"
    if "page" in ask and not (ask["page"].isdigit() and int(ask["page"]) > 0):
        return "has a `page` under `ask` that is not a number"
    if "page" in ask and "order" not in ask:
        return "has a `page` under `ask` without an `order`: pages of a layer without order may overlap"
    return None


def requests(fetch: Fetch) -> list[Request]:
    return [_request(fetch, 0)]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    """The next page, where the layer has more features than were given so far."""
    features, matched = _features(answer)
    start = int(parse_qs(urlsplit(answer.request.url).query).get("startIndex", ["0"])[0]) + len(features)
    if "page" not in fetch.ask or not features:
        return []
    if start >= matched if matched is not None else len(features) < int(fetch.ask["page"]):
        return []
    return [_request(fetch, start)]


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:  # noqa: ARG001
    features, _ = _features(answer)
    names = dict.fromkeys(name for feature in features for name in members(feature, "properties", dict))
    columns: Columns = {name: [cell(feature["properties"].get(name)) for feature in features] for name in names}
    points = [centre(feature.get("geometry")) for feature in features]
    columns["latitude"] = [f"{point[1]:.5f}" if point else None for point in points]
    columns["longitude"] = [f"{point[0]:.5f}" if point else None for point in points]
    return {"features": columns} if features else {}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:
    found = [_features(answer) for answer in answers]
    got, matched = sum(len(features) for features, _ in found), found[0][1] if found else None
    if matched is not None and got < min(matched, int(fetch.ask.get("most", matched))):
        return [f"{matched - got} of the {matched} features of {fetch.ask['layer']}"]
    return [] if got else [f"any feature of {fetch.ask['layer']}"]


def sample(fetch: Fetch) -> Fetch:
    """One feature."""
    return replace(fetch, ask={**{name: fetch.ask[name] for name in fetch.ask if name != "page"}, "most": "1"})


def _request(fetch: Fetch, start: int) -> Request:
    query = {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typeNames": fetch.ask["layer"],
        "outputFormat": "application/json",
        "srsName": "EPSG:4326",
    }
    if "filter" in fetch.ask:
        query["CQL_FILTER"] = fetch.ask["filter"]
    if "order" in fetch.ask:
        query["sortBy"] = fetch.ask["order"]
    if "page" in fetch.ask:
        query |= {"count": fetch.ask["page"], "startIndex": str(start)}
    elif "most" in fetch.ask:
        query["count"] = fetch.ask["most"]
    return Request(f"{fetch.url}?{urlencode(query)}", part="features")


def _features(answer: Answer) -> tuple[list[dict[str, Any]], int | None]:
    """The features in an answer, and how many the layer has under the filter, where it says so."""
    content = parse(answer)
    if content.get("type") != "FeatureCollection":
        raise BadAnswer("is not a FeatureCollection")
    return objects(content, "features"), whole(content.get("numberMatched", content.get("totalFeatures")))
