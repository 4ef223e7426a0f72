"""The words of a page about a dataset: those of the catalogue, and the texts of the package in the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.describe.dataset import Dataset
from pipeline.web.words import Words


@dataclass(frozen=True)
class Text:
    """A text of the package; `language` where it is known and is not that of the page."""

    value: str
    language: str | None = None

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class PageWords(Words):
    """The words of one language, and the dataset that the page is about."""

    dataset: Dataset

    def said(self, holder: Mapping[str, Any], member: str) -> Text | None:
        """A text of the package, a table or a field: in the page's language, or else in the first that there is."""
        texts = self.dataset.texts(holder, member)
        if self.language in texts:
            return Text(texts[self.language])
        return next((Text(value, tag or None) for tag, value in texts.items()), None)

    def title(self, holder: Mapping[str, Any], name: str) -> Text:
        """The title, or the name where there is none."""
        return self.said(holder, "title") or Text(name)
