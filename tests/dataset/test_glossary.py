"""Each Swedish term has one English word in every text that people read: the one of docs/glossary.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.dataset.conftest import ROOT, Rows

PAGE = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").partition("## Swedish terms")[2]
TERMS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")][
    2:
]
ENGLISH = {
    term.partition(" (")[0]: [part.partition(" (")[0] for part in english.split(", ")]
    for terms, english, _ in TERMS
    for term in terms.split(", ")
}
"""The words of each term; what stands after the first comma explains, or belongs to the second term."""

UNWANTED = re.compile("|".join(rf"\b{word}(?:e?s)?\b" for row in TERMS for word in row[2].split(", ") if word), re.I)
GLOSSED = re.compile(r"([\w'-]+(?: [\w'-]+){0,4}) \(([^()]+)\)")


def _texts(value: object) -> Iterator[str]:
    """Every English text in a descriptor or in the texts of pages."""
    if isinstance(value, dict):
        for key, each in value.items():
            if not str(key).endswith("@sv") and key != "sv":
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def _english(release: Path, rows: Callable[[str], Rows]) -> Iterator[str]:
    for path in ("datapackage.json", "metadata.yml", "pipeline/web/words/en.yml"):
        yield from _texts(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))
    yield (ROOT / "learned.en.md").read_text(encoding="utf-8")
    for table in (release / "data").glob("*.csv"):
        for row in rows(table.stem):
            yield from (value for column, value in row.items() if column.endswith("_en"))


def _is_its_word(swedish: str, english: str) -> bool:
    """Whether the English is the glossary's word of this term, in the plural, too; True of what is no term."""
    term = max((term for term in ENGLISH if swedish.lower().startswith(term)), key=len, default="")
    said = english.lower().replace("ies", "y").replace("councils", "council")
    return not term or any(word.replace("ies", "y") in said for word in ENGLISH[term])


def test_every_english_text_uses_the_words_of_the_glossary(release: Path, rows: Callable[[str], Rows]) -> None:
    wrong = set()
    for text in _english(release, rows):
        wrong |= {text for _ in UNWANTED.findall(text)}
        for before, within in GLOSSED.findall(text):
            if within.istitle():
                continue  # a proper name
            last = before.split()[-1]
            if not _is_its_word(last, within) or not (_is_its_word(within, before) or " " in within):
                wrong.add(f"{before} ({within})")
    assert wrong == set()
