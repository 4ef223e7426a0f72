"""What people get wrong in a source, each told by its cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.assemble import assemble
from pipeline.core.errors import InvalidData
from pipeline.core.progress import Progress
from tests.projects import field, project, source, table

EDTF = "http://id.loc.gov/datatypes/edtf"
SHOPS = table(
    "shops",
    [field("id"), field("name"), field("opened", rdfType=EDTF), field("website", format="uri")],
    ["id"],
)
ROW = "id,name,opened,website,document\na,Alm,2020-02-29/2021-01-01,https://alm.example/å,doc\n"


def complaints(folder: Path, files: dict[str, str | bytes]) -> list[str]:
    """What assembling says of a project with these files beside a right source."""
    right = {"sources/right/source.yml": source("doc"), "sources/right/shops.csv": ROW}
    made = project(folder, [SHOPS], {**right, **files})
    try:
        assemble(made, folder / "out", Progress("quiet"))
    except InvalidData as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_right_source_is_no_mistake_nor_are_notes_beside_it(tmp_path: Path) -> None:
    assert complaints(tmp_path, {"sources/right/README.md": "How it was read", "sources/.DS_Store": ""}) == []


CELLS = [
    ("a,Alm,2020-02-31,,doc", "column opened: '2020-02-31' is a day that does not exist.", "no-such-day"),
    ("a,Alm,2021-02-29/..,,doc", "column opened: '2021-02-29/..' is a day that does not exist.", "no-such-day"),
    ("a,Alm  ,,,doc", "column name: 'Alm  ' starts or ends with a space or a line break.", "outer-space"),
    ('a,"Alm\n",,,doc', "column name: 'Alm\\n' starts or ends with a space or a line break.", "outer-space"),
    ("a,Alm,,htp:/www.krokom.se,doc", "column website: 'htp:/www.krokom.se' is not a web address.", "bad-address"),
    ("a,Alm,,www.krokom.se,doc", "column website: 'www.krokom.se' is not a web address.", "bad-address"),
]


@pytest.mark.parametrize(("row", "said", "kind"), CELLS)
def test_a_cell_that_cannot_be_right_is_named_with_the_reason(row: str, said: str, kind: str, tmp_path: Path) -> None:
    header = "id,name,opened,website,document\n"
    (problem,) = complaints(tmp_path, {"sources/right/shops.csv": f"{header}{row}\n"})
    assert problem.startswith(f"sources/right/shops.csv, row 2, {said}")
    assert problem.endswith(f"[{kind}]")


FILES = [
    ("sources/right/Shops.CSV", "is not read: its name must end with .csv. Rename it to shops.csv. [unread-file]"),
    ("sources/right/shops.xlsx", "is a workbook, and only CSV files are read. Save each of its sheets as `CSV UTF-8`"),
    ("sources/right/old/shops.csv", "is a folder within a source, and is not read."),
    ("sources/shops.csv", "lies beside the sources and is not read. Move it into the folder of its publisher."),
    ("sources/right/shops.json", "is not read: it is no table."),
]


@pytest.mark.parametrize(("name", "said"), FILES)
def test_a_file_that_would_not_be_read_is_named(name: str, said: str, tmp_path: Path) -> None:
    (problem,) = complaints(tmp_path, {name: ROW})
    shown = "sources/right/old" if "/old/" in name else name
    assert problem.startswith(f"{shown}: {said}")


@pytest.mark.parametrize(("sign", "called"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_file_with_another_separator_is_told_by_it(sign: str, called: str, tmp_path: Path) -> None:
    (problem,) = complaints(tmp_path, {"sources/right/shops.csv": ROW.replace(",", sign)})
    assert f"is separated by {called}, as spreadsheets with Swedish settings write it. Save it as CSV" in problem


def test_an_empty_folder_among_the_sources_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources/new").mkdir(parents=True)
    (problem,) = complaints(tmp_path, {})
    assert problem.startswith("sources/new: has no source.yml, which every folder in sources/ needs. Write one")


@pytest.mark.parametrize("files", [{}, {"sources/new/shops.csv": "id,document\n"}])
def test_a_source_that_states_nothing_is_named(files: dict[str, str | bytes], tmp_path: Path) -> None:
    (problem,) = complaints(tmp_path, {"sources/new/source.yml": source("new-doc"), **files})
    assert problem.startswith("sources/new: states nothing: it has no table with rows and fetches none.")


def test_a_homepage_that_is_no_address_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = complaints(tmp_path, {"sources/right/source.yml": source("doc", homepage="www.krokom.se")})
    assert problem.startswith("sources/right/source.yml, row 3, column homepage: 'www.krokom.se' is not a web address.")
