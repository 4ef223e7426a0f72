"""The words of the pages, in the languages that translations.yml has, and numbers as each language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

FILE = Path(__file__).parent / "translations.yml"

NAMES = {"sv": "Svenska", "en": "English"}
"""The languages that the pages speak, as each calls itself."""

MARKS = {"sv": ("\u00a0", ","), "en": (",", ".")}
"""What stands between thousands, and before decimals."""


@cache
def translations() -> dict[str, dict[str, str]]:
    """Every text of the pages: its key, and the text by language."""
    return {
        str(key): {str(language): str(text) for language, text in texts.items()}
        for key, texts in yaml.safe_load(FILE.read_text(encoding="utf-8")).items()
    }


@cache
def _escaped(key: str, language: str) -> Markup:
    return escape(translations()[key][language])


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: str

    def __call__(self, key: str, **values: Any) -> Markup:
        """The text `key` with its `{names}` filled in; values are escaped. Raises KeyError for a text that is not."""
        text = _escaped(key, self.language)
        return Markup(str(text).format(**{name: escape(value) for name, value in values.items()})) if values else text

    def plain(self, key: str, **values: Any) -> str:
        """The same as text that nothing has escaped: for titles of graphics, files and attributes set by code."""
        return translations()[key][self.language].format(**values)

    def get(self, key: str) -> str | None:
        """The text `key`, if there is one."""
        return translations().get(key, {}).get(self.language)

    def count(self, key: str, number: int) -> Markup:
        """`key_one` for 1 and `key_many` for all else, with the number as `n`."""
        return self(f"{key}_{'one' if number == 1 else 'many'}", n=self.number(number))

    def number(self, value: float) -> str:
        """A number with its thousands apart, and the decimals that it has."""
        thousands, point = MARKS[self.language]
        if isinstance(value, int) and value >= 0:
            return f"{value:,}".replace(",", thousands) if value > 999 else str(int(value))
        written = repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
        sign, digits = ("−", written[1:]) if written.startswith("-") else ("", written)
        whole, mark, decimals = digits.partition(".")
        if not (whole + decimals).isdigit():
            return written
        return f"{sign}{int(whole):,}".replace(",", thousands) + (point if mark else "") + decimals
