from __future__ import annotations

from pathlib import Path

from pipeline.package.package import load
from pipeline.release.changelog import changelog
from pipeline.release.compare import compare
from tests.projects import field, package, table

FIRST = "# Changelog · Ändringar\n\n## 1.0.0 (2026-01-31)\n\nFirst release.\n\nFörsta utgåvan.\n"


def _changelog(tmp_path: Path, new: str) -> str:
    towns = table("towns", [field("id"), field("name"), field("people", "integer")], ["id"])
    old_rows = "id,name,people\n0180,Stockholm,900000\n0482,Flen,16000\n"
    for name, rows in (("old", old_rows), ("new", new)):
        package(tmp_path / name, [towns], {"towns.csv": rows})
    with compare(load(tmp_path / "old"), load(tmp_path / "new")) as comparison:
        return changelog("1.1.0", "2026-02-28T12:00:00Z", comparison, FIRST)


def test_the_first_release_says_so_in_both_languages() -> None:
    assert changelog("1.0.0", "2026-01-31T00:00:00Z", None, None) == FIRST


def test_a_release_stands_above_the_ones_before_it_and_names_its_rows(tmp_path: Path) -> None:
    rows = "id,name,people\n0180,Stockholm,900001\n1980,Västerås,\n0482,,16000\n"
    assert _changelog(tmp_path, rows) == (
        "# Changelog · Ändringar\n"
        "\n"
        "## 1.1.0 (2026-02-28)\n"
        "\n"
        "- towns: 1 row added\n"
        "  - `1980` Västerås\n"
        "- towns: 2 rows corrected\n"
        "  - `0180`: people `900000` → `900001`\n"
        "  - `0482`: name `Flen` → empty\n"
        "\n"
        "- towns: 1 rad tillagd\n"
        "  - `1980` Västerås\n"
        "- towns: 2 rader rättade\n"
        "  - `0180`: people `900000` → `900001`\n"
        "  - `0482`: name `Flen` → tomt\n"
        "\n" + FIRST.removeprefix("# Changelog · Ändringar\n\n")
    )


def test_ten_rows_are_named_and_the_others_counted(tmp_path: Path) -> None:
    rows = "".join(f"{number:04d},x,1\n" for number in range(1, 26))
    text = _changelog(tmp_path, f"id,name,people\n0180,Stockholm,900000\n0482,Flen,16000\n{rows}")
    assert text.count("  - `00") == 2 * 10
    assert "  - and 15 more, in changes.json\n" in text
    assert "  - och 15 till, i changes.json\n" in text


def test_what_stands_in_a_cell_is_no_markdown(tmp_path: Path) -> None:
    text = _changelog(tmp_path, 'id,name,people\n0180,"# `a``b`\n<b>",900000\n0482,Flen,16000\n')
    assert "  - `0180`: name `Stockholm` → ```# `a``b`\\n<b>```\n" in text
