"""Which charts a package has: those that its member `charts` asks for, or else what its schema suggests.

"charts": [
  {"name": "kinds", "title": "Solutions by kind", "title@sv": "…", "table": "solutions", "field": "kind"},
  {"name": "services", …, "table": "solution_services", "field": "service", "by": "status"},
  {"name": "years", …, "type": "columns", "query": ["SELECT year AS label, count(*) AS value FROM …"]},
  {"name": "map", …, "type": "map", "table": "solutions", "outline": "county-boundaries",
   "areas": "municipality-boundaries", "field": "municipality"}
]

`type` is bars (the default), columns, which keeps the order of the labels, or map. A chart counts the rows of a table
by the values of a field, and apart `by` those of a second one; or it is a query on the release's SQLite file, with the
columns `label` and `value`, and where it wants them `series`, and `label_sv`, `series_sv` in another language. A map
shows a table that has a `location`; `outline` and `areas` are resources of GeoJSON polygons, of which the areas are
shaded by the number of rows whose `field` is their code. `description` says what one should know. An empty list asks
for none. Objects with neither `table` nor `query` are somebody else's, and passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.core.errors import InvalidData
from pipeline.describe.dataset import Dataset
from pipeline.package import about
from pipeline.package.descriptor import bad
from pipeline.package.package import DESCRIPTOR, Package, Resource

Type = Literal["bars", "columns", "map"]
TYPES: tuple[Type, ...] = ("bars", "columns", "map")

AUTOMATIC = 6
"""Charts that a package has which asks for none."""

FEW = range(2, 16)
"""Codes of a field that is drawn without being asked for."""


@dataclass(frozen=True)
class Asked:
    """A chart that is asked for; `holder` is where its title and description stand, None where it has none."""

    name: str
    type: Type
    holder: Mapping[str, Any]
    table: Resource | None = None
    field: str | None = None
    by: str | None = None
    query: str | None = None
    outline: Resource | None = None
    areas: Resource | None = None


def asked(dataset: Dataset) -> list[Asked]:
    """The charts of a package. Raises InvalidData for one that names what is not there."""
    listed = dataset.descriptor.get("charts")
    if not isinstance(listed, list):
        return list(_suggested(dataset.package))
    ours = [each for each in listed if isinstance(each, dict) and ("table" in each or "query" in each)]
    return [_asked(dataset.package, each, number) for number, each in enumerate(ours, 1)]


def _asked(package: Package, holder: Mapping[str, Any], number: int) -> Asked:
    name = about.text(holder.get("name")) or str(number)

    def refused(rule: str, fix: str) -> InvalidData:
        return bad(DESCRIPTOR, f"is a chart {rule}", fix, name)

    chart: Type | None = next((each for each in TYPES if each == holder.get("type", TYPES[0])), None)
    if chart is None:
        raise refused("of an unknown type", f"Write one of {', '.join(TYPES)}.")
    if "query" in holder:
        query = holder["query"]
        lines = query if isinstance(query, list) else [query]
        if chart == "map" or not lines or not all(isinstance(line, str) for line in lines):
            raise refused("whose `query` is not text", "Write it as a text or a list of lines; a map has a `table`.")
        return Asked(name, chart, holder, query="\n".join(lines))
    table = package.table(str(holder["table"]))
    if table is None:
        raise refused("of a table that is not there", "Name a table in `table`.")
    for member in ("field", "by"):
        if holder.get(member, table.field_names[0]) not in table.field_names:
            raise refused(f"whose `{member}` is not a field of the table", f"Name a field of {table.name}.")
    if chart == "map" and table.descriptor.get("location") is None:
        raise refused("of type map, and its table has no `location`", "Say where its rows are in `location`.")
    if chart != "map" and "field" not in holder:
        raise refused("without a `field`", "Name the field whose values are counted.")
    shapes = {member: _shape(package, holder.get(member)) for member in ("outline", "areas")}
    for member, shape in shapes.items():
        if holder.get(member) is not None and shape is None:
            raise refused(f"whose `{member}` is not a GeoJSON resource", "Name a resource that is one GeoJSON file.")
    return Asked(
        name,
        chart,
        holder,
        table,
        about.text(holder.get("field")),
        about.text(holder.get("by")),
        outline=shapes["outline"],
        areas=shapes["areas"],
    )


def _shape(package: Package, name: Any) -> Resource | None:
    return next((shape for shape in _shapes(package) if shape.name == name), None)


def _shapes(package: Package) -> list[Resource]:
    """The resources that are one GeoJSON file."""
    found = [resource for resource in package.resources if len(resource.paths) == 1 and not resource.is_table]
    return [each for each in found if each.paths[0].lower().endswith((".geojson", ".geo.json"))]


# -- what the schema suggests ------------------------------------------------------------------------------------------


def _suggested(package: Package) -> Iterator[Asked]:
    """A map of the first table with coordinates, and for each table its first field with a short code list."""
    placed = next((table for table in package.tables if table.descriptor.get("location") is not None), None)
    if placed:
        yield Asked("map", "map", {}, placed, outline=next(iter(_shapes(package)), None))
    coded = ((table, field) for table in package.tables if (field := _coded(table)))
    for number, (table, field) in enumerate(coded, 1):
        if number + (placed is not None) > AUTOMATIC:
            return
        yield Asked(str(number), "bars", {}, table, field)


def _coded(table: Resource) -> str | None:
    for field in table.fields:
        constraints = field.get("constraints")
        codes = field.get("categories") or (constraints.get("enum") if isinstance(constraints, dict) else None)
        if field["name"] not in table.key and isinstance(codes, list) and len(codes) in FEW:
            return str(field["name"])
    return None
