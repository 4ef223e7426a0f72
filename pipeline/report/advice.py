"""What each type of error is called, how grave it is, and the way out of it, in Swedish and English.

The types are frictionless's and `unique-key` of standard.py. The way out of a type error depends on the field's type,
that of a constraint error on the constraint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from pipeline.report.verdict import Error

Language = Literal["en", "sv"]
LANGUAGES: tuple[Language, ...] = ("en", "sv")


class Rank(IntEnum):
    """How grave an error is: what makes other errors unsure comes first."""

    STRUCTURE = 0
    KEY = 1
    TYPE = 2
    CONSTRAINT = 3


@dataclass(frozen=True)
class Phrase:
    """The same words in both languages."""

    en: str
    sv: str

    def in_(self, language: Language) -> str:
        """The words in one of the two."""
        return self.sv if language == "sv" else self.en


@dataclass(frozen=True)
class Advice:
    """A type of error."""

    rank: Rank
    name: Phrase
    fix: Phrase


def advice(error: Error) -> Advice:
    """What is known of the error's type; an error of an unknown type is one of structure."""
    known = ADVICE.get(error.type, OTHER)
    special = FIXES.get((error.type, detail(error)))
    return Advice(known.rank, known.name, special) if special else known


def title(error_type: str, language: Language) -> str:
    """What a type of error is called."""
    known = ADVICE.get(error_type)
    return known.name.in_(language) if known else error_type.replace("-", " ")


def detail(error: Error) -> str:
    """The field's type, or the constraint, that frictionless's note names."""
    found = re.match(
        r'(?:type is "(\w+)/|expected item type is "|(?:array item )?constraint "(\w+)")', error.note or ""
    )
    return (found[1] or found[2] or "list") if found else ""


OTHER = Advice(
    Rank.STRUCTURE,
    Phrase("error", "fel"),
    Phrase(
        "Correct the value in the file that the row comes from, or the rule in datapackage.json.",
        "Rätta värdet i filen som raden kommer från, eller regeln i datapackage.json.",
    ),
)

_COLUMNS = Phrase(
    "Give the file the columns of the schema, or correct the fields in datapackage.json.",
    "Ge filen de kolumner som schemat har, eller rätta fälten i datapackage.json.",
)
_CUT = Phrase(
    "Look for a missing or surplus delimiter, and put cells that hold the delimiter within quotes.",
    "Leta efter ett skiljetecken som saknas eller är för mycket, och sätt celler som innehåller det inom citattecken.",
)
_COUNT = Phrase(
    "Fetch or export the file again if it is damaged; otherwise correct the figure in datapackage.json.",
    "Hämta eller exportera filen igen om den är skadad, annars rätta uppgiften i datapackage.json.",
)
_DESCRIPTOR = Phrase(
    "Correct datapackage.json; docs/validation.md lists the rules.",
    "Rätta datapackage.json; reglerna står i docs/validation.md.",
)

ADVICE = {
    # the file and the descriptor
    "source-error": Advice(
        Rank.STRUCTURE,
        Phrase("unreadable source", "oläslig källa"),
        Phrase("Put a table with a header row into the file.", "Lägg en tabell med rubrikrad i filen."),
    ),
    "scheme-error": Advice(
        Rank.STRUCTURE,
        Phrase("unreachable file", "fil som inte går att nå"),
        Phrase(
            "Put the file where `path` says that it is, or correct `path`.",
            "Lägg filen där `path` säger att den ligger, eller rätta `path`.",
        ),
    ),
    "format-error": Advice(
        Rank.STRUCTURE,
        Phrase("wrong format", "fel format"),
        Phrase(
            "Save the file in the format that its name or `format` says.",
            "Spara filen i det format som namnet eller `format` anger.",
        ),
    ),
    "encoding-error": Advice(
        Rank.STRUCTURE,
        Phrase("wrong encoding", "fel teckenkodning"),
        Phrase(
            "Save the file as UTF-8, or state its `encoding` in datapackage.json.",
            "Spara filen som UTF-8, eller ange dess `encoding` i datapackage.json.",
        ),
    ),
    "compression-error": Advice(
        Rank.STRUCTURE,
        Phrase("broken archive", "trasigt arkiv"),
        Phrase("Pack the file again.", "Packa filen igen."),
    ),
    "byte-count": Advice(Rank.STRUCTURE, Phrase("wrong size", "fel storlek"), _COUNT),
    "hash-count": Advice(Rank.STRUCTURE, Phrase("wrong checksum", "fel kontrollsumma"), _COUNT),
    "field-count": Advice(Rank.STRUCTURE, Phrase("wrong number of fields", "fel antal fält"), _COUNT),
    "row-count": Advice(Rank.STRUCTURE, Phrase("wrong number of rows", "fel antal rader"), _COUNT),
    "package-error": Advice(Rank.STRUCTURE, Phrase("package error", "paketfel"), _DESCRIPTOR),
    "resource-error": Advice(Rank.STRUCTURE, Phrase("resource error", "resursfel"), _DESCRIPTOR),
    "schema-error": Advice(Rank.STRUCTURE, Phrase("schema error", "schemafel"), _DESCRIPTOR),
    "field-error": Advice(Rank.STRUCTURE, Phrase("field error", "fältfel"), _DESCRIPTOR),
    "dialect-error": Advice(Rank.STRUCTURE, Phrase("dialect error", "dialektfel"), _DESCRIPTOR),
    # the header
    "blank-header": Advice(
        Rank.STRUCTURE,
        Phrase("blank header", "tom rubrikrad"),
        Phrase("Write the names of the fields into the first row.", "Skriv fältens namn på första raden."),
    ),
    "unmatched-header": Advice(Rank.STRUCTURE, Phrase("unmatched header", "okänd rubrikrad"), _COLUMNS),
    "blank-label": Advice(
        Rank.STRUCTURE,
        Phrase("blank label", "tom rubrik"),
        Phrase("Write the field's name into the header.", "Skriv fältets namn i rubrikraden."),
    ),
    "duplicate-label": Advice(
        Rank.STRUCTURE,
        Phrase("duplicate label", "dubblerad rubrik"),
        Phrase("Give each column a name of its own.", "Ge varje kolumn ett eget namn."),
    ),
    "incorrect-label": Advice(
        Rank.STRUCTURE,
        Phrase("incorrect label", "fel rubrik"),
        Phrase(
            "Name the column as the schema does and keep the order of its fields.",
            "Kalla kolumnen vad schemat kallar den, och behåll fältens ordning.",
        ),
    ),
    "missing-label": Advice(
        Rank.STRUCTURE,
        Phrase("missing label", "rubrik saknas"),
        Phrase(
            "Add the column, or take the field out of the schema.", "Lägg till kolumnen, eller ta fältet ur schemat."
        ),
    ),
    "extra-label": Advice(
        Rank.STRUCTURE,
        Phrase("extra label", "rubrik för mycket"),
        Phrase(
            "Take the column out of the file, or add the field to the schema.",
            "Ta kolumnen ur filen, eller lägg till fältet i schemat.",
        ),
    ),
    # rows of another shape
    "blank-row": Advice(Rank.STRUCTURE, Phrase("blank row", "tom rad"), Phrase("Take the row out.", "Ta bort raden.")),
    "missing-cell": Advice(Rank.STRUCTURE, Phrase("missing cell", "cell saknas"), _CUT),
    "extra-cell": Advice(Rank.STRUCTURE, Phrase("extra cell", "cell för mycket"), _CUT),
    # keys
    "primary-key": Advice(
        Rank.KEY,
        Phrase("primary key error", "fel i primärnyckel"),
        Phrase(
            "Keep one of the rows with this key, or complete the key so that each row has its own.",
            "Behåll en av raderna med nyckeln, eller fyll i nyckeln så att varje rad får en egen.",
        ),
    ),
    "unique-key": Advice(
        Rank.KEY,
        Phrase("unique key error", "fel i unik nyckel"),
        Phrase(
            "Keep one of the rows with this key, or correct the one that is wrong.",
            "Behåll en av raderna med nyckeln, eller rätta den som är fel.",
        ),
    ),
    "unique-error": Advice(
        Rank.KEY,
        Phrase("repeated value", "upprepat värde"),
        Phrase(
            "Correct one of the rows, or take `unique` out of the field's constraints.",
            "Rätta en av raderna, eller ta `unique` ur fältets villkor.",
        ),
    ),
    "foreign-key": Advice(
        Rank.KEY,
        Phrase("foreign key error", "fel i främmande nyckel"),
        Phrase(
            "Correct the reference, or add the row that it points at.",
            "Rätta hänvisningen, eller lägg till raden som den pekar på.",
        ),
    ),
    # cells
    "type-error": Advice(
        Rank.TYPE,
        Phrase("type error", "fel typ"),
        Phrase(
            "Write the value in the field's type and format, or correct the type in the schema.",
            "Skriv värdet i fältets typ och format, eller rätta typen i schemat.",
        ),
    ),
    "constraint-error": Advice(
        Rank.CONSTRAINT,
        Phrase("constraint error", "brutet villkor"),
        Phrase(
            "Correct the value, or the constraint in the schema if it is too strict.",
            "Rätta värdet, eller villkoret i schemat om det är för strängt.",
        ),
    ),
}
"""Error type → how grave it is, its name, the way out."""

FIXES = {
    ("type-error", "integer"): Phrase(
        "Write a whole number in digits, such as 1250; leave the cell empty where the figure is not known.",
        "Skriv ett heltal med siffror, till exempel 1250; lämna cellen tom om uppgiften inte är känd.",
    ),
    ("type-error", "number"): Phrase(
        "Write the number with digits and a decimal point, such as 12.5, without a unit.",
        "Skriv talet med siffror och decimalpunkt, till exempel 12.5, utan enhet.",
    ),
    ("type-error", "date"): Phrase(
        "Write a full date as YYYY-MM-DD, or in the field's `format`; where the day is not known use another field.",
        "Skriv hela datumet som ÅÅÅÅ-MM-DD, eller i fältets `format`; är dagen inte känd, använd ett annat fält.",
    ),
    ("type-error", "datetime"): Phrase(
        "Write it as YYYY-MM-DDThh:mm:ss, or in the field's `format`.",
        "Skriv ÅÅÅÅ-MM-DDThh:mm:ss, eller i fältets `format`.",
    ),
    ("type-error", "time"): Phrase(
        "Write the time as hh:mm:ss, or in the field's `format`.",
        "Skriv tiden som hh:mm:ss, eller i fältets `format`.",
    ),
    ("type-error", "year"): Phrase(
        "Write the year alone with four digits, such as 2019.", "Skriv bara årtalet, med fyra siffror: 2019."
    ),
    ("type-error", "yearmonth"): Phrase("Write year and month as YYYY-MM.", "Skriv år och månad som ÅÅÅÅ-MM."),
    ("type-error", "duration"): Phrase(
        "Write an ISO 8601 duration, such as P1Y6M.", "Skriv en varaktighet enligt ISO 8601, till exempel P1Y6M."
    ),
    ("type-error", "boolean"): Phrase(
        "Write true or false, or one of the field's `trueValues` and `falseValues`.",
        "Skriv true eller false, eller något av fältets `trueValues` och `falseValues`.",
    ),
    ("type-error", "object"): Phrase(
        'Write a JSON object: {"name": "value"}.', 'Skriv ett JSON-objekt: {"namn": "värde"}.'
    ),
    ("type-error", "array"): Phrase('Write a JSON array: ["a", "b"].', 'Skriv en JSON-lista: ["a", "b"].'),
    ("type-error", "list"): Phrase(
        "Separate the items with the field's `delimiter`, each in the `itemType`.",
        "Skilj leden åt med fältets `delimiter`, vart och ett av typen `itemType`.",
    ),
    ("type-error", "geopoint"): Phrase(
        'Write longitude and latitude, "18.07, 59.33", or in the field\'s `format`.',
        'Skriv longitud och latitud, "18.07, 59.33", eller i fältets `format`.',
    ),
    ("type-error", "geojson"): Phrase("Write a GeoJSON object.", "Skriv ett GeoJSON-objekt."),
    ("type-error", "string"): Phrase(
        "Write it in the field's `format`: a whole address, with https:// where it is a `uri`.",
        "Skriv det i fältets `format`: en hel adress, med https:// där det är en `uri`.",
    ),
    ("constraint-error", "required"): Phrase(
        "Fill in the cell, or take `required` out of the field's constraints.",
        "Fyll i cellen, eller ta `required` ur fältets villkor.",
    ),
    ("constraint-error", "enum"): Phrase(
        "Use one of the listed values, or add this one to `enum` in the schema.",
        "Använd ett av de värden som listas, eller lägg till detta i `enum` i schemat.",
    ),
    ("constraint-error", "categories"): Phrase(
        "Use one of the categories, or add this one to the schema.",
        "Använd en av kategorierna, eller lägg till denna i schemat.",
    ),
    ("constraint-error", "pattern"): Phrase(
        "Write the value as the pattern asks, and look for stray spaces.",
        "Skriv värdet som mönstret kräver, och se efter om det finns blanksteg för mycket.",
    ),
    ("constraint-error", "jsonSchema"): Phrase(
        "Correct the JSON in the cell, or the field's `jsonSchema`.",
        "Rätta JSON-värdet i cellen, eller fältets `jsonSchema`.",
    ),
}
"""(error type, field type or constraint) → the way out, where it can be told more closely."""
