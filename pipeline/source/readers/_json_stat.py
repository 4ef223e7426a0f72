"""JSON-stat 2 (json-stat.org/full): a cube of values, laid flat.

`value` and `status` are a list with a member for each cell, or an object that names the cells it has by their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from pipeline.source.readers import BadAnswer, Columns
from pipeline.source.readers._json import cell, cells, members, whole

MOST_CELLS = 5_000_000
"""Cells of one cube: an object can claim any number of them in a few bytes."""


@dataclass(frozen=True)
class Dimension:
    """A dimension of a cube: its codes in the order of the cells, with their labels, and units where it has any."""

    id: str
    codes: list[str]
    labels: Mapping[str, str]
    units: Mapping[str, Mapping[str, Any]]


def dimensions(cube: dict[str, Any]) -> list[Dimension]:
    """The dimensions in the order of `id`. Raises BadAnswer for a cube whose parts do not fit each other."""
    ids, sizes = members(cube, "id", list), members(cube, "size", list)
    if {"value", "status"} & set(map(str, ids)):
        raise BadAnswer("has a dimension that is called value or status")
    described = members(cube, "dimension", dict)
    found = [_dimension(str(id), members(described, str(id), dict, " in `dimension`")) for id in ids]
    for place, id in enumerate(ids):
        if id in ids[:place]:
            raise BadAnswer(f"has its dimension {id} twice")
    if [str(len(dimension.codes)) for dimension in found] != sizes:
        raise BadAnswer("has a `size` that is not that of its dimensions")
    return found


def rows(cube: dict[str, Any]) -> Columns:
    """A row per cell: the code in each dimension, `value` and `status`. A cell that has no value is None."""
    found = dimensions(cube)
    count = prod(len(dimension.codes) for dimension in found)
    if count > MOST_CELLS:
        raise BadAnswer(f"claims {count:,} cells, more than the {MOST_CELLS:,} that are read")
    codes = list(zip(*product(*(dimension.codes for dimension in found)), strict=True)) or [()] * len(found)
    columns: Columns = {dimension.id: list(column) for dimension, column in zip(found, codes, strict=True)}
    return columns | {"value": _cells(cube, "value", count), "status": _cells(cube, "status", count)}


def _dimension(id: str, described: dict[str, Any]) -> Dimension:
    category = members(described, "category", dict, f" in the dimension {id}")
    of = f" in the dimension {id}"
    labels = members(category, "label", dict, of) if "label" in category else {}
    units = members(category, "unit", dict, of) if "unit" in category else {}
    codes = category.get("index", list(labels))
    if isinstance(codes, dict):
        # The places may be written in any order, and must be 0, 1, 2 …
        placed = {whole(place): code for code, place in codes.items()}
        if set(placed) != set(range(len(codes))):
            raise BadAnswer(f"has an `index` that does not count from 0{of}")
        codes = [placed[place] for place in range(len(codes))]
    if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
        raise BadAnswer(f"has an `index` that holds no codes{of}")
    return Dimension(id, codes, labels, units)


def _cells(cube: dict[str, Any], name: str, count: int) -> list[str | None]:
    stated = cube.get(name)
    if stated is None and name == "status":
        return [None] * count
    if isinstance(stated, str) and name == "status":
        return [stated or None] * count
    if isinstance(stated, list) and len(stated) == count:
        return cells(stated)
    if isinstance(stated, dict):
        found: list[str | None] = [None] * count
        for place, value in stated.items():
            number = whole(place)
            if number is None or number >= count:
                raise BadAnswer(f"has a `{name}` at the place {place} of {count} cells")
            found[number] = cell(value)
        return found
    what = f"{len(stated)} members" if isinstance(stated, list) else "no list and no object"
    raise BadAnswer(f"has a `{name}` of {what} for {count} cells")
