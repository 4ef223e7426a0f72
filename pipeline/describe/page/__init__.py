"""The pages of a release, for people: index.html, and one for each further language."""

from __future__ import annotations

from pipeline.describe.dataset import Dataset
from pipeline.describe.page.page import file_name, gather, render
from pipeline.web.words import LANGUAGES

__all__ = ["LANGUAGES", "write"]


def write(dataset: Dataset) -> None:
    """Writes the pages of the release that holds the dataset into its folder."""
    contents = gather(dataset)
    for language in LANGUAGES:
        page = render(contents, language)
        (dataset.package.folder / file_name(dataset, language)).write_text(page, encoding="utf-8", newline="\n")
