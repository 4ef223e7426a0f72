"""Each kind of change in words that a data user understands, in both languages."""

from __future__ import annotations

from typing import Literal

from pipeline.core.errors import shorten
from pipeline.release.version import What

Language = Literal["en", "sv"]

WORDS: dict[What, tuple[str, str]] = {
    What.PACKAGE_RENAMED: ("the package {old} is now called {new}", "paketet {old} heter nu {new}"),
    What.LICENCE_RESTRICTED: (
        "the licence may allow less: {old} became {new}",
        "licensen kan tillåta mindre: {old} blev {new}",
    ),
    What.LICENCE_RELAXED: ("the licence allows more: {old} became {new}", "licensen tillåter mer: {old} blev {new}"),
    What.TEXT_CHANGED: ("{name} changed: {old} became {new}", "{name} ändrades: {old} blev {new}"),
    What.FILE_CHANGED: ("the file {name} changed", "filen {name} ändrades"),
    What.VIEW_REMOVED: ("the view {name} was removed", "vyn {name} togs bort"),
    What.VIEW_ADDED: ("the view {name} was added", "vyn {name} tillkom"),
    What.VIEW_CHANGED: ("the view {name} changed", "vyn {name} ändrades"),
    What.TABLE_REMOVED: ("the table was removed", "tabellen togs bort"),
    What.TABLE_RENAMED: (
        "the table {old} seems to be called {new} now",
        "tabellen {old} tycks heta {new} nu",
    ),
    What.TABLE_ADDED: ("the table was added", "tabellen tillkom"),
    What.RESOURCE_REMOVED: ("the resource {name} was removed", "resursen {name} togs bort"),
    What.RESOURCE_ADDED: ("the resource {name} was added", "resursen {name} tillkom"),
    What.RESOURCE_CHANGED: ("the resource {name} changed", "resursen {name} ändrades"),
    What.NOT_COMPARED: ("could not be compared: {new}", "kunde inte jämföras: {new}"),
    What.FIELD_REMOVED: ("the field {name} was removed", "fältet {name} togs bort"),
    What.FIELD_RENAMED: (
        "the field {old} seems to be called {new} now",
        "fältet {old} tycks heta {new} nu",
    ),
    What.FIELD_RETYPED: (
        "the type of {name} changed from {old} to {new}",
        "typen för {name} ändrades från {old} till {new}",
    ),
    What.FIELD_NARROWED: (
        "{name} may hold less: {old} became {new}",
        "{name} får innehålla mindre: {old} blev {new}",
    ),
    What.FIELD_WIDENED: (
        "{name} may hold more: {old} became {new}",
        "{name} får innehålla mer: {old} blev {new}",
    ),
    What.FIELD_ADDED: ("the field {name} was added", "fältet {name} tillkom"),
    What.REQUIRED_FIELD_ADDED: (
        "the field {name}, which must be filled in, was added",
        "fältet {name}, som måste fyllas i, tillkom",
    ),
    What.FIELDS_REORDERED: (
        "the fields stand in another order: {new}",
        "fälten står i annan ordning: {new}",
    ),
    What.UNIT_CHANGED: (
        "the unit of {name} changed from {old} to {new}",
        "enheten för {name} ändrades från {old} till {new}",
    ),
    What.MISSING_CHANGED: (
        "what counts as missing in {name} changed from {old} to {new}",
        "vad som räknas som saknat i {name} ändrades från {old} till {new}",
    ),
    What.KEY_CHANGED: (
        "the primary key changed from {old} to {new}",
        "primärnyckeln ändrades från {old} till {new}",
    ),
    What.UNIQUE_KEY_CHANGED: (
        "the unique keys changed from {old} to {new}",
        "de unika nycklarna ändrades från {old} till {new}",
    ),
    What.FOREIGN_KEY_CHANGED: (
        "the foreign key of {name} changed from {old} to {new}",
        "främmande nyckeln för {name} ändrades från {old} till {new}",
    ),
    What.CODE_REMOVED: ("{name} lost the code {old}", "{name} förlorade koden {old}"),
    What.CODE_ADDED: ("{name} got the code {new}", "{name} fick koden {new}"),
}

ROWS: dict[What, tuple[str, str, str, str]] = {
    What.KEYS_REMOVED: ("row removed", "rows removed", "rad borttagen", "rader borttagna"),
    What.ROWS_ADDED: ("row added", "rows added", "rad tillagd", "rader tillagda"),
    What.ROWS_CHANGED: ("row corrected", "rows corrected", "rad rättad", "rader rättade"),
}
ROWS |= {
    What.ROWS_REMOVED: ROWS[What.KEYS_REMOVED],
    What.TRACES_REMOVED: ROWS[What.KEYS_REMOVED],
    What.TRACES_ADDED: ROWS[What.ROWS_ADDED],
    What.TRACES_CHANGED: ROWS[What.ROWS_CHANGED],
}
"""One row and several, in English and in Swedish."""

NOTHING: dict[Language, str] = {"en": "nothing", "sv": "inget"}


def sentence(
    what: What, language: Language, name: str | None, old: str | None, new: str | None, count: int | None
) -> str:
    """A change in words; long values are cut."""
    if what in ROWS:
        one, many = ROWS[what][:2] if language == "en" else ROWS[what][2:]
        return f"{count} {one if count == 1 else many}"
    template = WORDS[what][0 if language == "en" else 1]
    nothing = NOTHING[language]
    long = what == What.NOT_COMPARED
    return template.format(
        name=name,
        old=nothing if old is None else shorten(old),
        new=nothing if new is None else new if long else shorten(new),
    )
