"""A WFS 2.0 of GeoServer: GeoJSON with `numberMatched`, paging only in an order, exceptions as XML with status 200."""

from __future__ import annotations

import re
from typing import Any

from tests.collect.servers import Asked, Reply, Server, json_reply

EXCEPTION = b'<?xml version="1.0"?><ows:ExceptionReport version="2.0.0"><ows:ExceptionText>%s</ows:ExceptionText>'


class Wfs(Server):
    """`layers` are the features of each layer; their coordinates are given in degrees where EPSG:4326 is asked for."""

    def __init__(self, layers: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__()
        self.layers = layers

    def answer(self, asked: Asked) -> Reply:
        query = asked.query
        if (query.get("service"), query.get("version"), query.get("request")) != ("WFS", "2.0.0", "GetFeature"):
            return _exception("Unknown operation")
        if query.get("typeNames") not in self.layers:
            return _exception(f"Feature type {query.get('typeNames')} unknown")
        if "startIndex" in query and "sortBy" not in query:
            return _exception("Cannot do natural order without a primary key")
        features = [f for f in self.layers[query["typeNames"]] if _kept(f, query.get("CQL_FILTER", ""))]
        if "sortBy" in query:
            features.sort(key=lambda feature: str(feature["properties"][query["sortBy"]]))
        start = int(query.get("startIndex", 0))
        shown = features[start : start + int(query.get("count", len(features)))]
        if query.get("srsName") != "EPSG:4326":
            point = {"type": "Point", "coordinates": [674032.0, 6580822.0]}
            shown = [{**feature, "geometry": point} for feature in shown]
        counts = {"numberMatched": len(features), "numberReturned": len(shown), "totalFeatures": len(features)}
        return json_reply({"type": "FeatureCollection", "features": shown, **counts})


def _kept(feature: dict[str, Any], filter: str) -> bool:
    """CQL as far as it is used here: kommun='2505' and kommun IN ('2505','0482')."""
    if not filter:
        return True
    found = re.fullmatch(r"(\w+) *(?:=|IN) *\(?((?:'[^']*',? ?)+)\)?", filter)
    assert found, filter
    return str(feature["properties"][found[1]]) in re.findall("'([^']*)'", found[2])


def _exception(text: str) -> Reply:
    return Reply(EXCEPTION % text.encode(), kind="application/xml")
