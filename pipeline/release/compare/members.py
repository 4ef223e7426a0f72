"""What a change of each member of a descriptor means: the one table that versions are decided by.

It holds every member of Data Package 2.0 and of its first version that a package may still have, and our own. A
member that is not in it is text. docs/versions.md shows it; `python -m pipeline.release.compare.members` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum


class Meaning(StrEnum):
    """What kind of thing a member says, and so how two values of it are compared."""

    PARTS = "looked into, part by part"
    IDENTITY = "MAJOR if it goes or becomes another"
    CELLS = "MINOR if every cell that could be read still reads as the same value, else MAJOR"
    RULE = "MAJOR if fewer values pass, MINOR if more do"
    CODES = "MAJOR if a code goes, changes its meaning, or its place where codes are ordered; MINOR if one comes"
    KEY = "MAJOR if rows that were right may be wrong now, or are told apart otherwise; MINOR if fewer must be unique"
    SENSE = "MAJOR: the values mean something else; PATCH where `rdfType` says a meaning for the first time"
    LICENCE = "MAJOR if it may allow less, MINOR if it allows more"
    QUERY = "MAJOR if a view goes, MINOR if one comes"
    FIELDS = "MAJOR if fewer files match, MINOR if more do; a release has exactly its fields, whatever is said"
    TEXT = "PATCH"
    FORM = "PATCH between two packages; a release writes its own"
    FOLLOWS = "no change of its own: it follows from the release, or from the file"


PLACES: Mapping[str, Mapping[str, Meaning]] = {
    "package": {
        "name": Meaning.IDENTITY,
        "id": Meaning.IDENTITY,
        "resources": Meaning.PARTS,
        "licenses": Meaning.LICENCE,
        "license": Meaning.LICENCE,
        "views": Meaning.QUERY,
        **dict.fromkeys(
            ("title", "description", "homepage", "image", "keywords", "contributors", "sources"), Meaning.TEXT
        ),
        **dict.fromkeys(("$schema", "profile"), Meaning.FORM),
        **dict.fromkeys(("version", "created", "software", "baseUrl"), Meaning.FOLLOWS),
    },
    "resource": {
        "name": Meaning.IDENTITY,
        "schema": Meaning.PARTS,
        "data": Meaning.PARTS,
        "licenses": Meaning.LICENCE,
        **dict.fromkeys(("title", "description", "homepage", "sources", "location"), Meaning.TEXT),
        **dict.fromkeys(
            ("$schema", "profile", "path", "type", "dialect", "encoding", "format", "mediatype", "compression"),
            Meaning.FORM,
        ),
        **dict.fromkeys(("innerpath", "extrapaths", "scheme"), Meaning.FORM),
        **dict.fromkeys(("bytes", "hash"), Meaning.FOLLOWS),
    },
    "schema": {
        "fields": Meaning.PARTS,
        "fieldsMatch": Meaning.FIELDS,
        "missingValues": Meaning.CELLS,
        "primaryKey": Meaning.KEY,
        "uniqueKeys": Meaning.KEY,
        "foreignKeys": Meaning.KEY,
        "$schema": Meaning.FORM,
        "profile": Meaning.FORM,
    },
    "field": {
        "name": Meaning.IDENTITY,
        **dict.fromkeys(
            (
                *("type", "format", "decimalChar", "groupChar", "bareNumber", "floatNumber"),
                *("trueValues", "falseValues", "itemType", "delimiter", "missingValues"),
            ),
            Meaning.CELLS,
        ),
        "constraints": Meaning.RULE,
        "categories": Meaning.CODES,
        "categoriesOrdered": Meaning.CODES,
        "rdfType": Meaning.SENSE,
        "unit": Meaning.SENSE,
        **dict.fromkeys(("title", "description", "example"), Meaning.TEXT),
    },
    "constraint": {
        **dict.fromkeys(
            (
                *("required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
                *("minLength", "maxLength", "pattern", "jsonSchema"),
            ),
            Meaning.RULE,
        ),
        "unique": Meaning.KEY,
        "enum": Meaning.CODES,
    },
}
"""The meaning of each member, by the place where it stands; dialects are compared as a whole, as `FORM`."""


def meaning(place: str, member: str) -> Meaning:
    """What the member says; what is not known is text. `title@sv` is the member `title` in Swedish."""
    return PLACES[place].get(member.partition("@")[0], Meaning.TEXT)


def text_members(place: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """The members of either side that are text, in order."""
    return [member for member in dict.fromkeys((*old, *new)) if meaning(place, member) == Meaning.TEXT]


def form_members(place: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """The members of either side that say what form something is in, in order."""
    return [member for member in dict.fromkeys((*old, *new)) if meaning(place, member) == Meaning.FORM]


def lines() -> Iterator[str]:
    """The table in Markdown."""
    yield "| Of a | Member | A change is |"
    yield "| --- | --- | --- |"
    for place, members in PLACES.items():
        for each in Meaning:
            names = [f"`{name}`" for name, found in members.items() if found == each]
            if names:
                yield f"| {place} | {', '.join(names)} | {each} |"
    yield f"| any of them | every other member | {Meaning.TEXT} |"


if __name__ == "__main__":
    print("\n".join(lines()))
