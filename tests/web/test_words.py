from __future__ import annotations

import re
from pathlib import Path

import pytest

import pipeline
from pipeline.serve.addresses import LANGUAGES as SERVED
from pipeline.web.words import LANGUAGES, NAMES, Words, catalogue

ROOT = Path(pipeline.__file__).parent
SOURCES = {
    path: path.read_text(encoding="utf-8") for end in ("py", "html", "xml") for path in sorted(ROOT.rglob(f"*.{end}"))
}

ASKED = re.compile(r"""(?:\bt|\bwords(?:\.text)?|\.text)\(\s*["']([a-z]\w*(?:\.\w+)*)["'](?=\s*[,)])(?!\s*,\s*["'])""")
COUNTED = re.compile(r"""\.count(?:ed)?\(\s*["']([a-z_]\w*(?:\.\w+)*)["']""")
MADE = re.compile(
    r"(unit|table|error|filter|change|match|file_is)_\w+|(date|role|rule|format|chart|explore|diff|report|workbook|said|refused)\.[\w.-]+"
)
"""Keys made of the name of a unit, a table, a status, a condition, an ending, a part of a date, or by a script."""


def test_both_languages_have_the_same_texts_in_the_same_order_with_the_same_names_to_fill_in() -> None:
    assert set(SERVED) == set(LANGUAGES) == set(NAMES)
    assert list(catalogue("en")) == list(catalogue("sv"))
    for key, text in catalogue("en").items():
        assert text.strip(), key
        assert catalogue("sv")[key].strip(), key
        assert sorted(re.findall(r"\{(\w*)\}", text)) == sorted(re.findall(r"\{(\w*)\}", catalogue("sv")[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_twice_in_a_catalogue(language: str) -> None:
    keys: list[str] = []
    within: list[tuple[int, str]] = []
    for line in (ROOT / f"web/words/{language}.yml").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"( *)([\w.-]+):", line):
            within = [each for each in within if each[0] < len(found[1])] + [(len(found[1]), found[2])]
            keys.append(".".join(name for _, name in within))
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_every_text_that_is_asked_for_is_there() -> None:
    code = "\n".join(SOURCES.values())
    asked = {key for path, text in SOURCES.items() if path.suffix == ".html" for key in ASKED.findall(text)}
    asked |= {f"{key}_{number}" for key in COUNTED.findall(code) for number in ("one", "many")}
    assert asked - catalogue("en").keys() - {"filter_", "release"} == set()


def test_no_text_is_left_that_nothing_asks_for() -> None:
    code = "\n".join(SOURCES.values())
    mentioned = set(re.findall(r"""["']([a-z_]\w*(?:\.\w+)*)["']""", code))
    mentioned |= {f"{key}_{number}" for key in mentioned for number in ("one", "many")}
    assert [key for key in catalogue("en") if key not in mentioned and not MADE.fullmatch(key)] == []


@pytest.mark.parametrize(
    ("number", "swedish", "english"),
    [
        (0, "0", "0"),
        (1200, "1\u00a0200", "1,200"),
        (50_000_000, "50\u00a0000\u00a0000", "50,000,000"),
        (-1234567, "−1\u00a0234\u00a0567", "−1,234,567"),
        (9045.0, "9\u00a0045", "9,045"),
        (12.25, "12,25", "12.25"),
        (-1234.5, "−1\u00a0234,5", "−1,234.5"),
        (1e-9, "1e-09", "1e-09"),
        (1e300, "1e+300", "1e+300"),
        (-0.5, "−0,5", "−0.5"),
    ],
)
def test_numbers_are_written_as_the_language_does(number: float, swedish: str, english: str) -> None:
    assert (Words("sv").number(number), Words("en").number(number)) == (swedish, english)


def test_a_number_has_at_most_the_decimals_that_are_wanted() -> None:
    assert [Words("en").number(each, 2) for each in (1.005, 3.14159, 2.0, 1234567)] == ["1", "3.14", "2", "1,234,567"]


def test_sizes_are_in_the_largest_unit_that_leaves_at_least_one() -> None:
    sizes = (999, 1_000, 5_600_000, 7_010_000_000)
    assert [Words("en").size(size) for size in sizes] == ["999\u00a0B", "1.0\u00a0kB", "5.6\u00a0MB", "7.0\u00a0GB"]
    assert [Words("sv").size(size) for size in sizes] == ["999\u00a0B", "1,0\u00a0kB", "5,6\u00a0MB", "7,0\u00a0GB"]


def test_what_is_filled_in_is_escaped_in_html_and_left_alone_in_text() -> None:
    assert Words("en")("all_of", n="1", table="<b>") == "Show all 1 in &lt;b&gt;"
    assert Words("en").text("all_of", n="1", table="<b>") == "Show all 1 in <b>"
