"""How a page speaks: its language, and figures, sizes and texts of a package in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.describe.dataset import Dataset

Language = Literal["en", "sv"]

LANGUAGES: tuple[Language, ...] = ("en", "sv")
NAMES: dict[Language, str] = {"en": "English", "sv": "Svenska"}

NOUNS = {
    "table": (("table", "tables"), ("tabell", "tabeller")),
    "row": (("row", "rows"), ("rad", "rader")),
    "field": (("field", "fields"), ("fält", "fält")),
    "value": (("value", "values"), ("värde", "värden")),
    "document": (("document", "documents"), ("dokument", "dokument")),
    "code": (("code", "codes"), ("kod", "koder")),
    "place": (("place", "places"), ("plats", "platser")),
    "publisher": (("publisher", "publishers"), ("utgivare", "utgivare")),
    "source": (("source", "sources"), ("källa", "källor")),
    "file": (("file", "files"), ("fil", "filer")),
    "error": (("error", "errors"), ("fel", "fel")),
}
"""One and many, in English and in Swedish."""


@dataclass(frozen=True)
class Text:
    """A text of the package; `language` where it is known and is not that of the page."""

    value: str
    language: str | None = None

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Words:
    """The words of a page about a dataset in a language."""

    dataset: Dataset
    language: Language

    def t(self, english: str, swedish: str) -> str:
        """What the page says, in its language."""
        return swedish if self.language == "sv" else english

    def said(self, holder: Mapping[str, Any], member: str) -> Text | None:
        """A text of the package, a table or a field: in the page's language, or else in the first that there is."""
        texts = self.dataset.texts(holder, member)
        if self.language in texts:
            return Text(texts[self.language])
        return next((Text(value, tag or None) for tag, value in texts.items()), None)

    def title(self, holder: Mapping[str, Any], name: str) -> Text:
        """The title, or the name where there is none."""
        return self.said(holder, "title") or Text(name)

    def figure(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return f"{number:,}".replace(",", "\u00a0" if self.language == "sv" else ",")

    def number(self, number: float) -> str:
        """A number as it is read: whole, or with at most two decimals."""
        if number == int(number):
            return self.figure(int(number))
        text = f"{number:,.2f}".rstrip("0").rstrip(".")
        return text if self.language == "en" else text.replace(",", "\u00a0").replace(".", ",")

    def counted(self, number: int, noun: str) -> str:
        """A number with its noun: "1 row", "2,500 rows", "2 500 rader"."""
        return f"{self.figure(number)} {NOUNS[noun][self.language == 'sv'][number != 1]}"

    def size(self, size: int) -> str:
        """Bytes in the largest unit (SI, powers of 1000) that leaves a number of at least one."""
        for unit, power in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
            if size >= power:
                return f"{size / power:.1f}\u00a0{unit}".replace(".", "," if self.language == "sv" else ".")
        return f"{size}\u00a0B"
