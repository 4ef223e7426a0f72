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
    What.IDENTIFIER_CHANGED: ("the identifier {old} became {new}", "identifieraren {old} blev {new}"),
    What.ENTRY_REMOVED: ("{noun} removed: {old}", "{noun} som togs bort: {old}"),
    What.ENTRY_ADDED: ("{noun} added: {new}", "{noun} som tillkom: {new}"),
    What.ENTRY_CHANGED: ("{noun} changed: {new}", "{noun} som ändrades: {new}"),
    What.FORM_CHANGED: (
        "the file has another form: {name} {old} became {new}",
        "filen har en annan form: {name} {old} blev {new}",
    ),
    What.RESTATED: (
        "{name} is written differently and means the same",
        "{name} är skrivet på ett annat sätt och betyder detsamma",
    ),
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
    What.MISSING_WIDENED: (
        "more may be missing in {name}: {old} became {new}",
        "mer får saknas i {name}: {old} blev {new}",
    ),
    What.SENSE_CHANGED: (
        "{name} means something else: {old} became {new}",
        "{name} betyder något annat: {old} blev {new}",
    ),
    What.KEY_CHANGED: (
        "the primary key changed from {old} to {new}",
        "primärnyckeln ändrades från {old} till {new}",
    ),
    What.UNIQUE_KEY_ADDED: ("{new} must now be unique", "{new} måste nu vara unikt"),
    What.UNIQUE_KEY_REMOVED: ("{old} need no longer be unique", "{old} behöver inte längre vara unikt"),
    What.FOREIGN_KEY_ADDED: (
        "{name} must now be found in {new}",
        "{name} måste nu finnas i {new}",
    ),
    What.FOREIGN_KEY_REMOVED: (
        "{name} need no longer be found in {old}",
        "{name} behöver inte längre finnas i {old}",
    ),
    What.FOREIGN_KEY_CHANGED: (
        "the foreign key of {name} changed from {old} to {new}",
        "främmande nyckeln för {name} ändrades från {old} till {new}",
    ),
    What.FIELDS_MATCH_NARROWED: (
        "fewer files match: fieldsMatch {old} became {new}",
        "färre filer passar: fieldsMatch {old} blev {new}",
    ),
    What.FIELDS_MATCH_WIDENED: (
        "more files match: fieldsMatch {old} became {new}",
        "fler filer passar: fieldsMatch {old} blev {new}",
    ),
    What.CODE_REMOVED: ("{name} lost the code {old}", "{name} förlorade koden {old}"),
    What.CODE_ADDED: ("{name} got the code {new}", "{name} fick koden {new}"),
    What.CODE_REDEFINED: (
        "the code {name} means something else: {old} became {new}",
        "koden {name} betyder något annat: {old} blev {new}",
    ),
    What.LABEL_CHANGED: (
        "the label of the code {name} changed: {old} became {new}",
        "etiketten för koden {name} ändrades: {old} blev {new}",
    ),
    What.CODES_REORDERED: (
        "the codes of {name} have another order: {old} became {new}",
        "koderna för {name} har en annan ordning: {old} blev {new}",
    ),
    What.CODES_ORDERED: ("the codes of {name} now have an order: {new}", "koderna för {name} har nu en ordning: {new}"),
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

NOUNS = {
    "sources": ("source", "källa"),
    "contributors": ("contributor", "medverkande"),
    "keywords": ("keyword", "nyckelord"),
}
"""One of what a member lists."""

CHANGED = ("{name} changed", "{name} ändrades")
"""A text that changed, where it is no text but a list or an object, which is in the descriptor."""


def sentence(
    what: What, language: Language, name: str | None, old: str | None, new: str | None, count: int | None
) -> str:
    """A change in words; long values are cut."""
    spoken = 0 if language == "en" else 1
    if what in ROWS:
        one, many = ROWS[what][2 * spoken : 2 * spoken + 2]
        return f"{count} {one if count == 1 else many}"
    is_object = any(value and value[0] in "[{" for value in (old, new))
    template = CHANGED if what in (What.TEXT_CHANGED, What.FORM_CHANGED) and is_object else WORDS[what]
    shown = [NOTHING[language] if value is None else shorten(value) for value in (old, new)]
    return template[spoken].format(
        name=name,
        noun=NOUNS.get((name or "").partition("@")[0], (name, name))[spoken],
        old=shown[0],
        new=new if what == What.NOT_COMPARED else shown[1],
    )
