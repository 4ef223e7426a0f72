"""What an error says, as words for people: frictionless's notes are English and name the rule; these read as sentences
do, in Swedish and English.

A note that is not known is given as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from pipeline.report.advice import Language, Phrase
from pipeline.report.verdict import Error

CODES_SHOWN = 12
"""Values of a code list that a sentence shows."""

NOTE_SHOWN = 400
"""Characters of a note that is given as it is."""


def rule(error: Error, language: Language = "en") -> str:
    """What is wrong, without the value and the place: "not a whole number (integer)"."""
    worded = WORDED.get(error.type)
    said = (worded(error) if worded else None) or _of_note(error.note or "")
    text = said.in_(language) if said else (error.note or error.message).rstrip(".")
    return text if len(text) <= NOTE_SHOWN else text[: NOTE_SHOWN - 1] + "…"


def _of_note(note: str) -> Phrase | None:
    item = note.removeprefix("array item ")
    for pattern, phrase in NOTES:
        found = re.fullmatch(pattern, item, re.DOTALL)
        if found:
            said = phrase(found)
            return said if item == note else Phrase(f"in an item, {said.en}", f"i ett led, {said.sv}")
    return None


def earlier_row(error: Error) -> int | None:
    """The row that an error of a key names: the one that has the same value."""
    found = re.search(r"the same as in the row at position (\d+)$", error.note or "")
    return int(found[1]) if found else None


def fields(error: Error) -> list[str]:
    """The fields that the error is about."""
    name = error.field_name
    if name:
        return [str(name)]
    if error.type == "unique-key":
        found = re.match(r'"(.*)" is the same as', error.note or "", re.DOTALL)
        return found[1].split(", ") if found else []
    return [str(each) for each in error.field_names or []]


def value(error: Error) -> str | None:
    """The value that the error is about."""
    cell = error.cell
    if cell is not None:
        return str(cell)
    values = error.field_cells
    if values:
        return ", ".join(map(str, values))
    return error.label or None


# -- sentences -------------------------------------------------------------------------------------------------------

TYPES = {
    "any": Phrase("a value", "ett värde"),
    "string": Phrase("text of that format", "text i det formatet"),
    "integer": Phrase("a whole number", "ett heltal"),
    "number": Phrase("a number", "ett tal"),
    "boolean": Phrase("true or false", "sant eller falskt"),
    "date": Phrase("a date", "ett datum"),
    "datetime": Phrase("a date with a time", "ett datum med tid"),
    "time": Phrase("a time", "en tid"),
    "year": Phrase("a year", "ett årtal"),
    "yearmonth": Phrase("a year and month", "år och månad"),
    "duration": Phrase("a duration", "en varaktighet"),
    "object": Phrase("a JSON object", "ett JSON-objekt"),
    "array": Phrase("a JSON array", "en JSON-lista"),
    "list": Phrase("a list", "en lista"),
    "geopoint": Phrase("a point", "en punkt"),
    "geojson": Phrase("GeoJSON", "GeoJSON"),
}
"""Field type → what a value of it is."""


def _type(found: re.Match[str]) -> Phrase:
    kind, form = found[1], found[2]
    known = TYPES.get(kind, Phrase(f"of the type {kind}", f"av typen {kind}"))
    named = kind if form == "default" else f"{kind}, format {form}"
    return Phrase(f"not {known.en} ({named})", f"inte {known.sv} ({named})")


def _item_type(found: re.Match[str]) -> Phrase:
    known = TYPES.get(found[1], Phrase(found[1], found[1]))
    return Phrase(f"an item is not {known.en} ({found[1]})", f"ett led är inte {known.sv} ({found[1]})")


def _limit(en: str, sv: str) -> Callable[[re.Match[str]], Phrase]:
    return lambda found: Phrase(f"{en} {found[1]}", f"{sv} {found[1]}")


def _codes(found: re.Match[str]) -> Phrase:
    try:
        codes = [str(code) for code in ast.literal_eval(found[2])]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return Phrase(f"not one of {found[2]}", f"inte något av {found[2]}")
    shown, rest = ", ".join(codes[:CODES_SHOWN]), len(codes) - CODES_SHOWN
    more = Phrase(f" and {rest} more", f" och {rest} till") if rest > 0 else Phrase("", "")
    return Phrase(f"not one of: {shown}{more.en}", f"inte något av: {shown}{more.sv}")


NOTES: list[tuple[str, Callable[[re.Match[str]], Phrase]]] = [
    (r'type is "(\w+)/(.*)"', _type),
    (r'expected item type is "(\w+)"', _item_type),
    (r'constraint "required" is ".*"', lambda _: Phrase("a value is required", "ett värde krävs")),
    (r'constraint "minimum" is "(.*)"', _limit("less than the minimum,", "mindre än det minsta tillåtna,")),
    (r'constraint "maximum" is "(.*)"', _limit("more than the maximum,", "mer än det högsta tillåtna,")),
    (r'constraint "exclusiveMinimum" is "(.*)"', _limit("not more than", "inte mer än")),
    (r'constraint "exclusiveMaximum" is "(.*)"', _limit("not less than", "inte mindre än")),
    (r'constraint "minLength" is "(.*)"', _limit("shorter than the minimum length,", "kortare än minsta längd,")),
    (r'constraint "maxLength" is "(.*)"', _limit("longer than the maximum length,", "längre än största längd,")),
    (r'constraint "pattern" is "(.*)"', _limit("does not match the pattern", "passar inte mönstret")),
    (r'constraint "(enum|categories)" is "(.*)"', _codes),
    (
        r'constraint "jsonSchema" is not met: (.*)',
        _limit("does not meet its JSON Schema:", "uppfyller inte sitt JSON Schema:"),
    ),
    (r"the same as in the row at position (\d+)", _limit("the same as in row", "samma som på rad")),
    (
        r'"(.*)" is the same as in the row at position (\d+)',
        lambda found: Phrase(f"{found[1]}: the same as in row {found[2]}", f"{found[1]}: samma som på rad {found[2]}"),
    ),
    (
        r'cells composing the primary keys are all "None"',
        lambda _: Phrase("every part of the key is missing", "alla delar av nyckeln saknas"),
    ),
    (
        r"the primary key's (.*) must not be missing",
        lambda found: Phrase(f"a part of the key is missing: {found[1]}", f"en del av nyckeln saknas: {found[1]}"),
    ),
    (
        r'expected is "(.*)" and actual is "(.*)"',
        lambda found: Phrase(f"{found[1]} is expected; it is {found[2]}", f"{found[1]} väntas; det är {found[2]}"),
    ),
    (r"the source is empty", lambda _: Phrase("the file is empty", "filen är tom")),
]
"""Pattern of a note → its words."""


def _foreign_key(error: Any) -> Phrase:
    there = f"{error.reference_name or '.'} ({', '.join(error.reference_field_names)})"
    return Phrase(f"not found in {there}", f"finns inte i {there}")


def _incorrect_label(error: Any) -> Phrase:
    return Phrase(
        f"column {error.field_number} is {error.label!r} and should be {error.field_name!r}",
        f"kolumn {error.field_number} heter {error.label!r} och ska heta {error.field_name!r}",
    )


def _duplicate_label(error: Any) -> Phrase | None:
    found = re.fullmatch(r'at position "([\d, ]+)"', error.note or "")
    if not found:
        return None
    return Phrase(
        f"column {error.field_number} has the name of column {found[1]}",
        f"kolumn {error.field_number} heter som kolumn {found[1]}",
    )


def _encoding(error: Any) -> Phrase | None:
    found = re.search(
        r"'(.*?)' codec .* \(byte (\d+) of the file, in line (\d+), is (0x..); (.*)\)$", error.note or "", re.DOTALL
    )
    if not found:
        return None
    encoding, offset, line, byte, likely = found.groups()
    name = likely.removeprefix("the file is likely ")
    troligen = "kodningen är okänd" if name == likely else f"filen är troligen {LIKELY.get(name, name)}"
    return Phrase(
        f"{byte} in line {line}, byte {offset} of the file, is not {encoding}; {likely}",
        f"{byte} på rad {line}, byte {offset} i filen, är inte {encoding}; {troligen}",
    )


LIKELY = {
    "utf-8, with broken bytes": "utf-8, med trasiga byte",
    "no text at all": "ingen text alls",
    "a gzip archive": "ett gzip-arkiv",
    "a ZIP archive or an Excel workbook": "ett ZIP-arkiv eller en Excelbok",
    "an old Excel workbook": "en gammal Excelbok",
    "a PDF": "en PDF",
    "a Parquet file": "en Parquet-fil",
    "an SQLite database": "en SQLite-databas",
}
"""What `encoding` calls likely, in Swedish; names of encodings are the same."""


WORDED: dict[str, Callable[[Any], Phrase | None]] = {
    "foreign-key": _foreign_key,
    "incorrect-label": _incorrect_label,
    "duplicate-label": _duplicate_label,
    "encoding-error": _encoding,
    "blank-row": lambda _: Phrase("every cell is empty", "alla celler är tomma"),
    "missing-cell": lambda error: Phrase(
        f"the row ends before column {error.field_number}", f"raden slutar före kolumn {error.field_number}"
    ),
    "extra-cell": lambda error: Phrase(
        f"there is no column {error.field_number} in the header",
        f"kolumn {error.field_number} finns inte i rubrikraden",
    ),
    "blank-header": lambda _: Phrase("the first row is empty", "första raden är tom"),
    "unmatched-header": lambda _: Phrase(
        "none of the schema's fields is in the header", "inget av schemats fält finns i rubrikraden"
    ),
    "missing-label": lambda error: Phrase(
        f"the field {error.field_name!r} is not in the header", f"fältet {error.field_name!r} finns inte i rubrikraden"
    ),
    "extra-label": lambda error: Phrase(
        f"column {error.field_number} is not in the schema", f"kolumn {error.field_number} finns inte i schemat"
    ),
    "blank-label": lambda error: Phrase(
        f"column {error.field_number} has no name", f"kolumn {error.field_number} saknar namn"
    ),
}
"""Error type → its words, where they follow from more than the note."""
