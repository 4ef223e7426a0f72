"""GeoJSON (RFC 7946): a FeatureCollection for each table that says where its rows lie.

A resource says so with `location`: the names of its latitude and longitude fields, or the name of a foreign key's
field that leads to a table which has them. A row without a point becomes a feature without a geometry. All
features of a table have the same properties; one without a value is null.
"""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.release.formats.contents import Contents
from pipeline.table.relation import ROW, numbered

DECIMALS = 6
"""Decimals of a coordinate; the sixth is about a decimetre (RFC 7946, section 11.2)."""


def write(contents: Contents, folder: Path) -> list[str]:
    """Writes `<table>.geojson` into `folder` for every table with a `location` and at least one row.

    Returns a sentence for each table with positions that are not on the Earth; those rows have no geometry.
    """
    said = []
    for table in contents.tables:
        if table.descriptor.get("location") is not None:
            if not (rows := _located(table, contents)):
                continue
            features = [_feature(row, table) for row in rows]
            if beyond := sum(map(_is_beyond, rows)):
                said.append(
                    f"{table.name}: {beyond} {'row has' if beyond == 1 else 'rows have'} a latitude beyond ±90 or a "
                    "longitude beyond ±180 and no place in the GeoJSON. Check that the two are not swapped."
                )
            lines = ",\n".join(json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in features)
            text = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
            (folder / f"{table.stem}.geojson").write_text(text, encoding="utf-8", newline="\n")
    return said


def _located(table: Resource, contents: Contents) -> list[tuple[Any, ...]]:
    """The table's rows, each with latitude and longitude before its fields."""
    location = table.descriptor["location"]
    fields = ", ".join(_json_value(f"t.{identifier(name)}", kind) for name, kind in contents.types[table.name].items())
    if isinstance(location, list):
        point = ", ".join(f"TRY_CAST(t.{identifier(name)} AS DOUBLE)" for name in location)
        joined = ""
    else:
        other, there = _other(table, location, contents)
        point = ", ".join(f"TRY_CAST(o.{identifier(name)} AS DOUBLE)" for name in other.descriptor["location"])
        key = identifier(there)
        first = (
            f'(SELECT DISTINCT ON ({key}) * FROM {numbered(contents.relations[other.name])} ORDER BY {key}, "{ROW}")'
        )
        joined = f" LEFT JOIN {first} AS o ON {contents.equal(table, [location], other, [there])}"
    rows = f'(SELECT *, row_number() OVER () AS "{ROW}" FROM {contents.relations[table.name]}) AS t'
    return contents.con.execute(f'SELECT {point}, {fields} FROM {rows}{joined} ORDER BY t."{ROW}"').fetchall()


def _json_value(column: str, kind: str) -> str:
    """A column as JSON can hold it: dates as text, and a number that is none as null (RFC 8259, section 6)."""
    if kind == "DATE":
        return f"CAST({column} AS VARCHAR)"
    if kind == "DOUBLE":
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    return column


def _other(table: Resource, location: str, contents: Contents) -> tuple[Resource, str]:
    """The table that the foreign key leads to, which `load` has checked, and the field there."""
    return next(
        (other, there[0])
        for fields, resource, there in table.foreign_keys
        if fields == [location]
        and (other := contents.package.table(resource))
        and isinstance(other.descriptor.get("location"), list)
    )


def _is_beyond(row: tuple[Any, ...]) -> bool:
    """Whether a row has a position, and that is none on the Earth."""
    return any(
        each is not None and not (isfinite(each) and abs(each) <= most)
        for each, most in zip(row, (90, 180), strict=False)
    )


def _feature(row: tuple[Any, ...], table: Resource) -> dict[str, Any]:
    latitude, longitude, *values = row
    point = None
    if latitude is not None and longitude is not None and not _is_beyond(row):
        point = {"type": "Point", "coordinates": [round(longitude, DECIMALS), round(latitude, DECIMALS)]}
    properties = dict(zip(table.field_names, values, strict=True))
    feature: dict[str, Any] = {"type": "Feature"}
    if len(table.key) == 1:
        feature["id"] = properties.get(table.key[0])
    return feature | {"geometry": point, "properties": properties}
