"""A Table Schema compiled once into rules (`rules.py`), which Python, DuckDB and other engines render.

As a test is sound for a cell, so is `is_known` for a schema: frictionless surely finds no fault with what it says, and
all that it says is known here. A member that frictionless does not know may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.package.pattern import portable
from pipeline.package.rules import (
    DIGITS,
    KINDS,
    Bound,
    Field,
    ForeignKey,
    IsDate,
    IsInteger,
    IsNumber,
    Keys,
    Length,
    Matches,
    OneOf,
    Relation,
    Schema,
    Test,
    number,
)

ORDERED = ("integer", "number", "date", "datetime", "time", "year", "yearmonth")
CONSTRAINTS = {
    "string": {"required", "minLength", "maxLength", "pattern", "enum"},
    "boolean": {"required", "enum"},
    "any": {"required", "enum"},
    **{name: {"required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum"} for name in ORDERED},
}
"""The types of field that are known here, and the constraints that frictionless knows for each."""

FIELD_MEMBERS = {"required", "bareNumber", "floatNumber", "decimalChar", "groupChar", "itemType", "delimiter"} | {
    "arrayItem",
    "schema",
}
SCHEMA_MEMBERS = {"name", "type", "descriptor", "$schema"}
"""Members that frictionless knows and that make a schema one that is not known here."""

TRUE, FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
CODES = {"string": str, "integer": int}
"""The types of field that have categories, and those of their values."""

YEARMONTH = "[0-9]{4}-(?:0[1-9]|1[0-2])"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z?"
FORMS = {
    "year": "[0-9]{4}",
    "yearmonth": YEARMONTH,
    "datetime": f"[1-9][0-9]{{3}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T{CLOCK}",
    "time": CLOCK,
}
FORMATS = {
    "uri": r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20\x7f]*",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "email": r"[a-z0-9]{1,30}(?:[._\-][a-z0-9]{1,30})?@(?:[a-z0-9]{1,30}\.){1,3}[a-z]{2,10}",
}
"""Texts that frictionless surely takes for one of that format."""


def compiled(schema: Mapping[str, Any], *, is_v2: bool = True) -> Schema:
    """The rules of a schema whose fields are objects with names; `is_v2`: the package says that it is of version 2."""
    missing, is_known = _texts(schema.get("missingValues", [""]))
    fields = tuple(compiled_field(each, missing, is_v2=is_v2) for each in schema["fields"])
    names = [each.name for each in fields]
    keys, are_known = _keys(schema, fields)
    is_known = (
        is_known
        and are_known
        and bool(fields)
        and not SCHEMA_MEMBERS & set(schema)
        and _is_plain(schema)
        and schema.get("fieldsMatch", "exact") in ("exact", ["exact"])
        and all(isinstance(schema.get(member, ""), str) for member in ("title", "description"))
        and len(set(names)) == len(names)
        and all(each.is_known and each.tests is not None for each in fields)
    )
    return Schema(fields, keys, is_known)


def compiled_field(described: Mapping[str, Any], missing: tuple[str, ...], *, is_v2: bool = True) -> Field:
    """The rules of one field; `missing` are the schema's missing values."""
    kind = described.get("type", "any")
    constraints = described.get("constraints") or {}
    true, is_known = _texts(described.get("trueValues", list(TRUE)))
    false, are_known = _texts(described.get("falseValues", list(FALSE)))
    own, has_texts = _texts(described["missingValues"]) if "missingValues" in described else (missing, True)
    codes = category_codes(described)
    tests = _tests(described, kind, constraints, (true, false), codes)
    is_known = is_known and are_known and has_texts and _is_known(described, kind, constraints, is_v2)
    group = described.get("groupChar") if kind == "integer" else None
    return Field(
        str(described.get("name", "")),
        kind if isinstance(kind, str) else "any",
        own,
        constraints.get("required") is True,
        constraints.get("unique") is True,
        str(described.get("decimalChar", ".")),
        group if isinstance(group, str) else "",
        tuple(text for text in true if text not in false) if kind == "boolean" else (),
        tests,
        codes,
        is_known,
    )


def _is_known(described: Mapping[str, Any], kind: Any, constraints: Any, is_v2: bool) -> bool:
    """Whether frictionless surely finds nothing wrong with what a field says, but for the values in its rules."""
    name = described.get("name")
    categories = described.get("categories")
    return (
        kind in CONSTRAINTS
        and isinstance(name, str)
        and bool(name)
        and name.strip() == name
        and described.get("format", "default") in (("default", *FORMATS) if kind == "string" else ("default",))
        and not FIELD_MEMBERS & set(described)
        and _is_plain(described)
        and all(isinstance(described.get(each, ""), str) for each in ("title", "description", "rdfType"))
        and set(constraints) <= {*CONSTRAINTS[kind], "unique"}
        and all(_is_known_constraint(each, value, is_v2) for each, value in constraints.items())
        and (kind == "boolean" or not {"trueValues", "falseValues"} & set(described))
        and (categories is None or are_codes(categories, kind))
        and _is_known_example(described)
    )


def _is_known_constraint(name: str, value: Any, is_v2: bool) -> bool:
    if name in ("required", "unique"):
        return isinstance(value, bool)
    if name in ("minLength", "maxLength"):
        return type(value) is int
    if name == "pattern":
        return isinstance(value, str)
    if name == "enum":
        return isinstance(value, list) and bool(value)
    return value is not None and (is_v2 or not name.startswith("exclusive"))


def _is_known_example(described: Mapping[str, Any]) -> bool:
    """frictionless reads an example without constraints, and has it that it is valid."""
    from pipeline.table.rules_python import certain

    example = described.get("example")
    if not example:
        return True
    free = {name: value for name, value in described.items() if name not in ("constraints", "categories", "example")}
    test = certain(compiled_field({**free, "missingValues": [""]}, ("",)))
    return isinstance(example, str) and test is not None and test(example)


def _is_plain(described: Mapping[str, Any]) -> bool:
    return "$frictionless" not in described and None not in described.values()


def _texts(listed: Any) -> tuple[tuple[str, ...], bool]:
    """A list of texts, or of objects with a `value`; and whether all of them are texts."""
    if not isinstance(listed, list):
        return (), False
    texts = [each.get("value") if isinstance(each, dict) else each for each in listed]
    return tuple(map(str, texts)), all(isinstance(each, str) for each in listed)


# -- categories ------------------------------------------------------------------------------------------------------


def category_codes(described: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The values of the field's categories, unless `enum` checks the very same."""
    categories, constraints = described.get("categories"), described.get("constraints") or {}
    if not isinstance(categories, list) or described.get("type", "string") not in CODES:
        return None
    codes = _codes(categories)
    listed = constraints.get("enum")
    if isinstance(listed, list) and set(map(str, listed)) <= set(map(str, codes)):
        return None
    return tuple(codes)


def are_codes(categories: Any, kind: str) -> bool:
    """Whether the categories of a field of that type are a list of values of the type, each there once."""
    if not isinstance(categories, list) or not categories:
        return False
    codes = _codes(categories)
    return all(type(code) is CODES.get(kind) for code in codes) and len(set(codes)) == len(codes)


def _codes(categories: list[Any]) -> list[Any]:
    return [each.get("value") if isinstance(each, dict) else each for each in categories]


# -- keys ------------------------------------------------------------------------------------------------------------


def _keys(schema: Mapping[str, Any], fields: tuple[Field, ...]) -> tuple[Keys, bool]:
    """The keys, and whether all are of the form that frictionless takes. Those of another form are left out."""
    names = {each.name for each in fields}
    primary, is_known = _names(schema.get("primaryKey"), names)
    groups, foreign = schema.get("uniqueKeys", []), schema.get("foreignKeys", [])
    unique_keys, foreign_keys = [], []
    is_known = is_known and isinstance(groups, list) and isinstance(foreign, list)
    for group in groups if isinstance(groups, list) else ():
        listed, is_right = _names(group, names)
        is_known = is_known and is_right and isinstance(group, list) and bool(group)
        unique_keys += [listed] if listed else []
    for key in foreign if isinstance(foreign, list) else ():
        found = _foreign_key(key, names)
        is_known = is_known and found is not None
        foreign_keys += [found] if found else []
    unique = tuple(each.name for each in fields if each.unique)
    return Keys(primary, unique, tuple(unique_keys), tuple(foreign_keys)), is_known


def _names(listed: Any, names: set[str] | None) -> tuple[tuple[str, ...], bool]:
    each = [listed] if isinstance(listed, str) else [] if listed is None else listed
    if not isinstance(each, list) or not all(isinstance(name, str) for name in each):
        return (), False
    is_right = len(set(each)) == len(each) and (names is None or set(each) <= names)
    return (tuple(each), True) if is_right else ((), False)


def _foreign_key(key: Any, names: set[str]) -> ForeignKey | None:
    if not isinstance(key, dict) or set(key) != {"fields", "reference"}:
        return None
    reference = key["reference"]
    if not isinstance(reference, dict) or not set(reference) <= {"resource", "fields"} or "fields" not in reference:
        return None
    resource = reference.get("resource", "")
    (here, is_right), (there, is_known) = _names(key["fields"], names), _names(reference["fields"], None)
    if not (is_right and is_known and here and len(here) == len(there) and isinstance(resource, str)):
        return None
    return ForeignKey(here, resource, there)


# -- tests -----------------------------------------------------------------------------------------------------------

RELATIONS: dict[str, Relation] = {
    "minimum": ">=",
    "maximum": "<=",
    "exclusiveMinimum": ">",
    "exclusiveMaximum": "<",
}


def _tests(
    described: Mapping[str, Any],
    kind: Any,
    constraints: Any,
    booleans: tuple[tuple[str, ...], tuple[str, ...]],
    codes: tuple[Any, ...] | None,
) -> tuple[Test, ...] | None:
    if kind not in CONSTRAINTS or not isinstance(constraints, dict):
        return None
    found = _lexical(described, kind, booleans)
    if found is None or not set(constraints) <= {*CONSTRAINTS[kind], "unique"}:
        return None
    for name, value in constraints.items():
        test = _constraint(kind, name, value)
        if test is None:
            return None
        found += test
    return tuple(found if codes is None else [*found, OneOf(tuple(map(str, codes)))])


def _lexical(
    described: Mapping[str, Any], kind: str, booleans: tuple[tuple[str, ...], tuple[str, ...]]
) -> list[Test] | None:
    form = described.get("format", "default")
    if kind == "any":
        return []
    if kind == "boolean":
        return [OneOf(tuple(dict.fromkeys((*booleans[0], *booleans[1]))))]
    if kind == "string" and form in FORMATS:
        return [Matches(FORMATS[form])]
    if form != "default":
        return None
    if kind == "string":
        return []
    if kind == "number":
        return _number(described)
    if kind == "date":
        return [IsDate()]
    if kind == "integer":
        group = described.get("groupChar", "")
        is_safe = isinstance(group, str) and not any(sign.isdigit() or sign == "-" for sign in group)
        return [IsInteger()] if is_safe else None
    return [Matches(FORMS[kind])]


def _number(described: Mapping[str, Any]) -> list[Test] | None:
    point, group = described.get("decimalChar", "."), described.get("groupChar", "")
    if not isinstance(point, str) or not isinstance(group, str):
        return None
    if described.get("floatNumber", False):
        return None  # two numbers may be one double, which only who reads them as such can tell
    if (
        len(point) != 1
        or point.isalnum()
        or point in "-+ "
        or any(sign.isdigit() or sign in f"-{point}" for sign in group)
    ):
        return None
    is_bare = described.get("bareNumber", True) is True
    return [IsNumber()] if is_bare and point == "." and not group else [Matches(number(point))]


def _constraint(kind: str, name: str, value: Any) -> list[Test] | None:
    """The tests of one constraint, or None where none is sound."""
    if name in ("required", "unique"):
        return []
    if name in RELATIONS:
        limit = _limit(kind, value)
        return None if limit is None else [Bound(RELATIONS[name], limit)]
    if name == "enum":
        return _enum(kind, value)
    if name == "pattern":
        expression = portable(value) if isinstance(value, str) else None
        return None if expression is None else [Matches(expression)]
    if type(value) is not int:
        return None
    return [Length(value, None) if name == "minLength" else Length(None, value)]


def _limit(kind: str, value: Any) -> str | None:
    """A bound as its text, where it is written so plainly that every engine reads the same."""
    if kind in ("integer", "year"):
        text = str(value) if type(value) is int or isinstance(value, str) else ""
        is_plain = re.fullmatch("-?[0-9]{1,17}", text) if kind == "integer" else re.fullmatch("[1-9][0-9]{3}", text)
        return str(int(text)) if is_plain else None
    if kind == "number":
        if type(value) not in (int, float) and not (isinstance(value, str) and re.fullmatch(NUMBER, value)):
            return None
        exact = Decimal(str(value))
        is_short = exact.is_finite() and len(exact.as_tuple().digits) <= DIGITS and abs(exact.adjusted()) <= DIGITS
        return format(exact, "f") if is_short else None
    return value if kind == "date" and _is_day(value) else None


NUMBER = r"-?[0-9]+(\.[0-9]+)?"


def _is_day(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch("[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _enum(kind: str, codes: Any) -> list[Test] | None:
    """The texts that surely read as one of the codes."""
    if not isinstance(codes, list):
        return None
    if kind == "string":
        is_plain = all(isinstance(code, str) for code in codes)
    elif kind == "yearmonth":
        is_plain = all(isinstance(code, str) and re.fullmatch(YEARMONTH, code) for code in codes)
    else:
        is_plain = kind in KINDS and kind != "boolean" and all(_limit(kind, code) is not None for code in codes)
    return [OneOf(tuple(map(str, codes)))] if is_plain else None
