"""One difference between two packages: what kind it is, where, and what stood there before and stands there now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipeline.release.compare.words import sentence
from pipeline.release.version import RULE, Step, What
from pipeline.web.words import Language


@dataclass(frozen=True)
class Change:
    """A change of a package, of a table's schema, or the number of rows that changed in one way.

    `name` is that of the field, code list, view, resource or member that changed; `old` and `new` are what it was and
    is, as text; `count` is a number of rows.
    """

    what: What
    table: str | None = None
    name: str | None = None
    old: str | None = None
    new: str | None = None
    count: int | None = None

    @property
    def step(self) -> Step:
        """How large a step the change demands."""
        return RULE[self.what]

    def text(self, language: Language = "en") -> str:
        """The change as a sentence without its table."""
        return sentence(self.what, language, self.name, self.old, self.new, self.count)

    def line(self, language: Language = "en") -> str:
        """The change as a sentence, after the table that it is of."""
        return f"{self.table}: {self.text(language)}" if self.table else self.text(language)

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON-ready data, in words of both languages, too; without what does not apply."""
        members = {
            "change": str(self.what),
            "step": self.step.name.lower(),
            "table": self.table,
            "name": self.name,
            "old": self.old,
            "new": self.new,
            "count": self.count,
            "en": self.text("en"),
            "sv": self.text("sv"),
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True)
class Row:
    """A row that was added, removed or changed; cells as text, by field, an empty cell as "".

    `key` has the values of the primary key, and is empty where rows were compared whole. `old` is empty for a row that
    was added, `new` for one that was removed; of a row that changed both hold the cells that differ. What stood in a
    field that was removed is in `old` only; a row that lost nothing else has the change "lost".
    """

    change: str
    key: tuple[str, ...]
    old: dict[str, str]
    new: dict[str, str]

    def name(self, language: str) -> str:
        """What an added or removed row is called, beside its key; "" where no field says."""
        cells = self.new or self.old
        names = (f"{field}{ending}" for field in ("name", "title") for ending in ("", f"_{language}"))
        found = next((cells[name] for name in names if cells.get(name)), "")
        return found if self.change != CHANGED and found not in self.key else ""


ADDED, REMOVED, CHANGED, LOST = "added", "removed", "changed", "lost"


def as_text(value: Any) -> str | None:
    """A member of a descriptor as text: itself, or JSON for what is no text; None for what is not there."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
