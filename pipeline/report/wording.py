"""What an error says, how grave it is, and the way out of it, in the words of the catalogue (`report` in web/words).

frictionless's notes are English and name the rule; these read as sentences do, and a note that is not known is given
as it is. The types of error are frictionless's and `unique-key`. The way out of a type error depends on the field's
type, that of a constraint error on the constraint.
"""

from __future__ import annotations

import ast
import re
from enum import IntEnum

from pipeline.report.verdict import Error
from pipeline.web.words import Language, Words

CODES_SHOWN = 12
"""Values of a code list that a sentence shows."""

NOTE_SHOWN = 400
"""Characters of a note that is given as it is."""


class Rank(IntEnum):
    """How grave an error is: what makes other errors unsure comes first."""

    STRUCTURE = 0
    KEY = 1
    TYPE = 2
    CONSTRAINT = 3


RANKS = dict.fromkeys(("primary-key", "unique-key", "unique-error", "foreign-key"), Rank.KEY) | {
    "type-error": Rank.TYPE,
    "constraint-error": Rank.CONSTRAINT,
}


def rank(error: Error) -> Rank:
    """How grave the error is; one of an unknown type is one of structure."""
    return RANKS.get(error.type, Rank.STRUCTURE)


def title(error_type: str, language: Language) -> str:
    """What a type of error is called."""
    return Words(language).get(f"report.name.{error_type}") or error_type.replace("-", " ")


def fix(error: Error, language: Language = "en") -> str:
    """The way out."""
    words = Words(language)
    if lacking := re.fullmatch(NOTES["not-installed"], error.note or ""):
        return words.text("report.fix.not-installed", package=lacking[1])
    special = words.get(f"report.fix_of.{error.type}.{detail(error)}")
    return special or words.get(f"report.fix.{error.type}") or words.text("report.fix.other")


def detail(error: Error) -> str:
    """The field's type, or the constraint, that frictionless's note names."""
    found = re.match(
        r'(?:type is "(\w+)/|expected item type is "|(?:array item )?constraint "(\w+)")', error.note or ""
    )
    return (found[1] or found[2] or "list") if found else ""


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


def rule(error: Error, language: Language = "en") -> str:
    """What is wrong, without the value and the place: "not a whole number (integer)"."""
    words, note = Words(language), error.note or ""
    said = _of_type(error, words) or _of_note(note, words) or (note or error.message).rstrip(".")
    return said if len(said) <= NOTE_SHOWN else said[: NOTE_SHOWN - 1] + "…"


BY_COLUMN = (
    "blank-row",
    "missing-cell",
    "extra-cell",
    "blank-header",
    "unmatched-header",
    "missing-label",
    "extra-label",
    "blank-label",
    "incorrect-label",
)
"""Error types whose words follow from the type and the column."""


def _of_type(error: Error, words: Words) -> str | None:
    """The words of an error whose note says less than its members."""
    if error.type in BY_COLUMN:
        name, label = repr(error.field_name), repr(error.label)
        return words.text(f"report.note.{error.type}", n=error.field_number, name=name, label=label)
    if error.type == "foreign-key":
        table = error.reference_name or words.text("report.note.same-table")
        there = f"{table} ({', '.join(error.reference_field_names or [])})"
        return words.text("report.note.foreign-key", there=there)
    if error.type == "duplicate-label" and (found := re.fullmatch(r'at position "([\d, ]+)"', error.note or "")):
        return words.text("report.note.duplicate-label", n=error.field_number, other=found[1])
    found = ENCODING.search(error.note or "") if error.type == "encoding-error" else None
    if not found:
        return None
    encoding, offset, line, byte, name = found.groups()
    known = words.get(f"report.likely.{re.sub(r'[^A-Za-z0-9]+', '-', name or '')}")
    named = name and words.text("report.note.likely", name=known or name)
    likely = named or words.text("report.note.unknown")
    return words.text("report.note.encoding", byte=byte, line=line, offset=offset, encoding=encoding, likely=likely)


ENCODING = re.compile(
    r"'(.*?)' codec .* \(byte (\d+) of the file, in line (\d+), is (0x..); "
    r"(?:the file is likely (.*)|the encoding is unknown)\)$",
    re.DOTALL,
)

NOTES = {
    "required": r'constraint "required" is ".*"',
    **{
        name: f'constraint "{name}" is "(.*)"'
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern")
    },
    "jsonSchema": r'constraint "jsonSchema" is not met: (.*)',
    "repeated": r"the same as in the row at position (\d+)",
    "repeated-key": r'"(.*)" is the same as in the row at position (\d+)',
    "no-key": r'cells composing the primary keys are all "None"',
    "part-of-key": r"the primary key's (.*) must not be missing",
    "expected": r'expected is "(.*)" and actual is "(.*)"',
    "empty": r"the source is empty",
    "no-file": r"\[Errno 2\] No such file or directory: .*",
    "not-installed": r'Please install "(.*)"',
}
"""Key of the catalogue → the note whose words it has."""


def _of_note(note: str, words: Words) -> str | None:
    if note.startswith("array item "):
        said = _of_note(note.removeprefix("array item "), words)
        return said and words.text("report.note.item", said=said)
    if found := re.fullmatch(r'type is "(\w+)/(.*)"', note, re.DOTALL):
        named = found[1] if found[2] == "default" else f"{found[1]}, format {found[2]}"
        return words.text("report.note.type", kind=words.get(f"report.type.{found[1]}") or found[1], named=named)
    if found := re.fullmatch(r'expected item type is "(\w+)"', note):
        kind = words.get(f"report.type.{found[1]}") or found[1]
        return words.text("report.note.item-type", kind=kind, named=found[1])
    if found := re.fullmatch(r'constraint "(?:enum|categories)" is "(.*)"', note, re.DOTALL):
        return words.text("report.note.codes", codes=_codes(found[1], words))
    for key, pattern in NOTES.items():
        if found := re.fullmatch(pattern, note, re.DOTALL):
            return words.text(f"report.note.{key}").format(*found.groups())
    return None


def _codes(listed: str, words: Words) -> str:
    try:
        codes = [str(code) for code in ast.literal_eval(listed)]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return listed
    shown, rest = ", ".join(codes[:CODES_SHOWN]), len(codes) - CODES_SHOWN
    return words.text("report.note.more-codes", codes=shown, n=rest) if rest > 0 else shown
