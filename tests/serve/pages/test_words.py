from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.serve import pages
from pipeline.serve.languages import LANGUAGES
from pipeline.serve.words import NAMES, Words, translations

SOURCES = [path for ending in ("*.py", "templates/*.html") for path in sorted(Path(pages.__file__).parent.glob(ending))]
USED = re.compile(r'(?:\bt|\bwords|\bplain|\.get)\(\s*"([a-z]\w*)"')
COUNTED = re.compile(r't\.count\("(\w+)"')


def test_every_text_is_there_in_every_language_with_the_same_names_to_fill_in() -> None:
    assert list(NAMES) == list(LANGUAGES)
    for key, texts in translations().items():
        assert list(texts) == list(LANGUAGES), key
        assert all(text.strip() for text in texts.values()), key
        assert len({tuple(sorted(re.findall(r"\{(\w+)\}", text))) for text in texts.values()}) == 1, key


def test_every_text_that_pages_use_is_there_and_none_that_they_do_not() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    templates = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.suffix == ".html")
    used = set(re.findall(r'\bt\(\s*"(\w+)"', templates)) - {"filter_"}
    used |= {f"{key}_{number}" for key in COUNTED.findall(code) for number in ("one", "many")}
    assert used <= set(translations())
    mentioned = set(re.findall(r'"(\w+)"', code)) | used
    made = ("unit_", "table_", "error_", "filter_", "change_")  # of the name of a unit, table, status, condition
    assert [key for key in translations() if key not in mentioned and not key.startswith(made)] == []


@pytest.mark.parametrize(
    ("number", "swedish", "english"),
    [
        (0, "0", "0"),
        (1200, "1\u00a0200", "1,200"),
        (-1234567, "−1\u00a0234\u00a0567", "−1,234,567"),
        (12.25, "12,25", "12.25"),
        (-1234.5, "−1\u00a0234,5", "−1,234.5"),
        (3.0, "3", "3"),
        (1e-9, "1e-09", "1e-09"),
        (1e300, "1e+300", "1e+300"),
        (-0.5, "−0,5", "−0.5"),
    ],
)
def test_numbers_are_written_as_the_language_does(number: float, swedish: str, english: str) -> None:
    assert (Words("sv").number(number), Words("en").number(number)) == (swedish, english)


def test_what_is_filled_in_is_escaped() -> None:
    assert Words("en")("all_of", n="1", table="<b>") == "Show all 1 in &lt;b&gt;"
