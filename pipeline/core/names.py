"""Names as files and database tables can have them.

Data Package v2 allows any text as the name of a package or a resource. In a release the name becomes part of file
names and the name of a table in SQL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

MAX_STEM = 60
"""Characters of a stem: in UTF-8 at most 240 bytes, and a file name may have 255."""

DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever follows the dot."""


def stems(names: Iterable[str]) -> list[str]:
    """For each name the part of a file name before its ending, unlike every other whatever the case.

    A name of letters (of any script), digits, `_`, `-` and inner `.` is its own stem. In any other name each run of
    other characters becomes one `_`; dots at the ends go; what Windows (`con`), SQLite (`sqlite_…`) or a release
    (`_counts`) keeps for itself gets a `_` in front. A stem that is taken gets a number: `A`, `a` become `A`, `a_2`. So
    every name has a stem, and a name that is its own stem keeps it unless it differs from an earlier one only in case.
    """
    listed = list(names)
    chosen: dict[int, str] = {}
    taken: set[str] = set()
    for number, name in enumerate(listed):
        if _stem(name) == name and name.casefold() not in taken:
            chosen[number] = name
            taken.add(name.casefold())
    for number, name in enumerate(listed):
        if number not in chosen:
            chosen[number] = free(_stem(name), taken)
            taken.add(chosen[number].casefold())
    return [chosen[number] for number in range(len(listed))]


def free(name: str, taken: Collection[str]) -> str:
    """`name`, or `name` with the first number from 2 on that makes it unlike those taken, which are casefolded."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _stem(name: str) -> str:
    stem = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip(".")[:MAX_STEM].strip(".")
    if not stem or DEVICES.fullmatch(stem) or stem.lower().startswith("sqlite_") or stem.lower() == "_counts":
        return f"_{stem}"
    return stem
