"""The catalogue of words: what pages, reports, workbooks and changelogs say, in Swedish and English.

The texts stand in en.yml and sv.yml beside this file, under the same keys in the same order. A key within a section is
`section.key`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from markupsafe import Markup, escape

from pipeline.core.yaml_files import LOADER
from pipeline.web import numbers
from pipeline.web.visible import visible

Language = Literal["en", "sv"]

LANGUAGES: tuple[Language, ...] = ("en", "sv")

NAMES: dict[Language, str] = {"sv": "Svenska", "en": "English"}
"""What each language calls itself."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text in a language, by its key."""
    path = Path(__file__).parent / f"{language}.yml"
    return dict(_texts("", yaml.load(path.read_text(encoding="utf-8"), LOADER)))


def _texts(section: str, entries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, entry in entries.items():
        if isinstance(entry, dict):
            yield from _texts(f"{section}{key}.", entry)
        else:
            yield f"{section}{key}", str(entry)


@cache
def _escaped(key: str, language: str) -> Markup:
    return escape(catalogue(language)[key])


def _shown(value: Any) -> Markup:
    return value if isinstance(value, Markup) else escape(visible(str(value)))


@dataclass(frozen=True)
class Words:
    """The texts of one language, and numbers as it writes them."""

    language: str

    def __call__(self, key: str, **values: Any) -> Markup:
        """The text `key` as HTML, with its `{names}` filled in; values are made visible and escaped.

        Raises KeyError for no such key.
        """
        text = _escaped(key, self.language)
        return Markup(str(text).format(**{name: _shown(value) for name, value in values.items()})) if values else text

    def text(self, key: str, **values: Any) -> str:
        """The text `key` as it is, for what is not HTML or is escaped later. Raises KeyError for no such key."""
        text = catalogue(self.language)[key]
        return text.format(**values) if values else text

    def get(self, key: str) -> str | None:
        """The text `key`, if there is one."""
        return catalogue(self.language).get(key)

    def count(self, key: str, number: int) -> Markup:
        """A number with its noun: `key_one` for 1, `key_many` for all else ("1 row", "2,500 rows")."""
        return escape(self.counted(key, number))

    def counted(self, key: str, number: int) -> str:
        """The same as text that is not escaped."""
        return self.text(f"{key}_{'one' if number == 1 else 'many'}", n=self.number(number))

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number with its thousands apart, and the decimals that it has, or at most as many as `decimals`."""
        return numbers.number(value, self.language, decimals)

    def size(self, size: int) -> str:
        """Bytes in the largest unit (SI, powers of 1000) that leaves a number of at least one: "1.2 MB"."""
        return numbers.size(size, self.language)

    def share(self, part: int, whole: int) -> str:
        """A percentage, rounded so that only nothing is 0 and only all is 100: "12%"."""
        return numbers.share(part, whole, self.language)
