"""When two cells differ: as texts, exactly; with a tolerance, numbers by how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.core.quoting import literal

Field = Mapping[str, Any]


def differ(old: str, new: str, before: Field, now: Field, tolerance: float | None) -> str:
    """The SQL condition that the cells in the columns `old` and `new` differ; `before` and `now` are their fields.

    With a `tolerance`, two cells of number fields are alike where their values are no further apart.
    """
    apart = f"{old} IS DISTINCT FROM {new}"
    if tolerance is None or before.get("type") != "number" or now.get("type") != "number":
        return apart
    distance = f"abs({_number(old, before)} - {_number(new, now)})"
    return f"({apart} AND NOT coalesce({distance} <= {float(tolerance)!r}::DOUBLE, false))"


def _number(column: str, field: Field) -> str:
    """The value of a cell of a number field; NULL where SQL cannot read it."""
    text = column
    if field.get("groupChar"):
        text = f"replace({text}, {literal(str(field['groupChar']))}, '')"
    if field.get("decimalChar"):
        text = f"replace({text}, {literal(str(field['decimalChar']))}, '.')"
    return f"TRY_CAST({text} AS DOUBLE)"
