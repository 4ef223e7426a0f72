"""GeoJSON (RFC 7946): a FeatureCollection for each table that says where its rows lie.

A resource says so with `location`: the names of its latitude and longitude fields, or the name of a foreign key's
field that leads to a table which has them. A row without a point becomes a feature without a geometry.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import InvalidData, Kind, Problem
from pipeline.package import DESCRIPTOR, Resource
from pipeline.release.formats.contents import Contents
from pipeline.tables import identifier

DECIMALS = 6
"""Decimals of a coordinate; the sixth is about a decimetre (RFC 7946, section 11.2)."""


def write(contents: Contents, folder: Path) -> None:
    """Writes `<table>.geojson` into `folder` for every table with a `location`."""
    for table in contents.tables:
        if "location" in table.descriptor:
            features = [_feature(row, table) for row in _located(table, contents)]
            lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
            text = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
            (folder / f"{table.name}.geojson").write_text(text, encoding="utf-8", newline="\n")


def _located(table: Resource, contents: Contents) -> list[tuple[Any, ...]]:
    """The table's rows, each with latitude and longitude before its fields."""
    location = table.descriptor["location"]
    relation = contents.relations[table.name]
    fields = ", ".join(
        f"CAST(t.{identifier(name)} AS VARCHAR)" if _is_date(table, name) else f"t.{identifier(name)}"
        for name in table.field_names
    )
    if isinstance(location, list) and len(location) == 2 and set(location) <= set(table.field_names):
        latitude, longitude = (f"t.{identifier(name)}" for name in location)
        query = f"SELECT {latitude}, {longitude}, {fields} FROM {relation} AS t"
    else:
        other, key = _other(table, location, contents)
        latitude, longitude = (f"o.{identifier(name)}" for name in other.descriptor["location"])
        query = (
            f"SELECT {latitude}, {longitude}, {fields} FROM {relation} AS t "
            f"LEFT JOIN {contents.relations[other.name]} AS o ON o.{identifier(key)} = t.{identifier(location)}"
        )
    order = ", ".join(f"t.{identifier(name)}" for name in table.key)
    return contents.con.execute(query + (f" ORDER BY {order}" if order else "")).fetchall()


def _other(table: Resource, location: Any, contents: Contents) -> tuple[Resource, str]:
    for fields, resource, there in table.foreign_keys:
        other = contents.package.table(resource)
        if fields == [location] and other and isinstance(other.descriptor.get("location"), list):
            return other, there[0]
    raise InvalidData(
        Problem(
            Kind.BAD_DESCRIPTOR,
            f"has a `location` of {table.name!r} that leads to no coordinates",
            "Name two fields of the table, or a foreign key's field to a table that names two.",
            file=str(contents.package.folder / DESCRIPTOR),
            value=str(location),
        )
    )


def _is_date(table: Resource, name: str) -> bool:
    return any(field["name"] == name and field.get("type") == "date" for field in table.fields)


def _feature(row: tuple[Any, ...], table: Resource) -> dict[str, Any]:
    latitude, longitude, *values = row
    point = None
    if latitude is not None and longitude is not None:
        point = {"type": "Point", "coordinates": [round(longitude, DECIMALS), round(latitude, DECIMALS)]}
    members = zip(table.field_names, values, strict=True)
    properties = {name: value for name, value in members if value is not None}
    feature: dict[str, Any] = {"type": "Feature"}
    if len(table.key) == 1:
        feature["id"] = properties[table.key[0]]
    return feature | {"geometry": point, "properties": properties}
