"""docs/validation.md says of every member of the standard what becomes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "tests/profiles/2.0"
LINES = re.findall(r"^\| (\w+) \| (.*?) \| ", (ROOT / "docs/validation.md").read_text(encoding="utf-8"), re.M)


def listed(part: str) -> set[str]:
    """The members of a part that the table has."""
    return {name for of, names in LINES if of == part for name in re.findall(r"`([^`]+)`", names)}


def members(schema: Any) -> Iterator[str]:
    """The properties of an object, in whichever of several forms."""
    yield from schema.get("properties", {})
    for each in ("oneOf", "anyOf", "allOf"):
        for form in schema.get(each, []):
            yield from members(form)


PACKAGE = json.loads((PROFILES / "datapackage.json").read_text(encoding="utf-8"))
RESOURCE = PACKAGE["properties"]["resources"]["items"]
SCHEMA = RESOURCE["properties"]["schema"]
FIELDS = SCHEMA["properties"]["fields"]["items"]
PARTS = {
    "package": set(members(PACKAGE)),
    "resource": set(members(RESOURCE)),
    "dialect": set(members(RESOURCE["properties"]["dialect"])),
    "schema": set(members(SCHEMA)),
    "field": set(members(FIELDS)),
    "constraint": {name for form in FIELDS["oneOf"] for name in members(form["properties"].get("constraints", {}))},
}


@pytest.mark.parametrize("part", PARTS)
def test_every_member_of_the_official_profile_is_in_the_list(part: str) -> None:
    assert len(PARTS[part]) > 5
    assert PARTS[part] - listed(part) == set()
