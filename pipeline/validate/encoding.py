"""Where a file is not in its encoding, and which one it is likely to be in.

Detectors made for prose call Swedish words in ISO 8859-1 cp1250 (chardet and charset-normalizer do), so the likely
encoding is the one whose letters are those that are written here.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from pipeline.report.verdict import Error

CHUNK = 1 << 20
"""Bytes that are decoded at a time."""

SAMPLE = 1 << 16
"""Bytes around the bad one that tell the encoding."""

LETTERS = frozenset("åäöÅÄÖé")
"""Characters beyond ASCII that Swedish is written with."""

USUAL = frozenset("ÉèüÜøæØÆáàßçñóíú–—’‘“”«»•…€§°´·½²³µ×©®\u00a0")
"""Those that are in use beside them; each counts for half a letter."""

FORMATS = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\0": "an SQLite database",
}
"""First bytes of files that are taken for text."""

CANDIDATES = ("iso-8859-1", "windows-1252", "cp850", "mac-roman")
"""Encodings of one byte a character, the likeliest first."""


@dataclass(frozen=True)
class BadByte:
    """The first byte that is not in the file's encoding: its line (from 1), offset (from 0) and value."""

    line: int
    offset: int
    byte: int
    likely: str | None


def located(error: Error, path: Path, encoding: str) -> Error:
    """An encoding error that says where the byte is and what the file is likely to be; any other error as it is."""
    if error.type != "encoding-error" or not path.is_file():
        return error
    found = bad_byte(path, encoding)
    if found is None:
        return error
    likely = f"the file is likely {found.likely}" if found.likely else "the encoding is unknown"
    place = f"byte {found.offset} of the file, in line {found.line}, is 0x{found.byte:02X}; {likely}"
    return Error(error.type, f"{error.note} ({place})")


def bad_byte(path: Path, encoding: str) -> BadByte | None:
    """The first byte that cannot be decoded; None where there is none, or no such encoding."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        return None
    read, lines = 0, 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                text = decoder.decode(chunk, not chunk)
            except UnicodeDecodeError as error:
                pending = len(error.object) - len(chunk)
                offset = read - pending + error.start
                lines += error.object[: error.start].count(b"\n")
                return BadByte(lines, offset, error.object[error.start], _likely(path, offset))
            if not chunk:
                return None
            read += len(chunk)
            lines += text.count("\n")


def _likely(path: Path, offset: int) -> str | None:
    with path.open("rb") as file:
        start = file.read(16)
        file.seek(max(0, offset - SAMPLE // 2))
        sample = file.read(SAMPLE)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for sign, name in FORMATS.items():
        if start.startswith(sign):
            return name
    if sample.count(0) * 4 > len(sample):
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    whole = sample.decode("utf-8", "ignore")
    sound = sum(len(character.encode()) for character in whole if character > "\x7f")
    high = sum(byte > 0x7F for byte in sample)
    if sound * 2 > high:
        return "utf-8, with broken bytes"
    controls = sum(byte < 0x20 and byte not in b"\t\n\r\f" for byte in sample)
    if controls * 50 > len(sample):
        return "no text at all"
    scores = [(_score(sample, encoding), encoding) for encoding in CANDIDATES]
    best = max(score for score, _ in scores)
    return next(encoding for score, encoding in scores if score == best) if best > 0 else None


def _score(sample: bytes, encoding: str) -> float:
    """How usual the characters beyond ASCII are: 1 where all are Swedish letters, less for control characters."""
    beyond = [character for character in sample.decode(encoding, "replace") if character > "\x7f"]
    letters = sum(character in LETTERS for character in beyond)
    usual = sum(character in USUAL for character in beyond)
    odd = sum(character < "\xa0" or character == "\ufffd" for character in beyond)
    return (letters + usual / 2 - odd) / max(1, len(beyond))
