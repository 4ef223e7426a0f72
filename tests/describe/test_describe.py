"""A release describes itself; the same for anybody's package, whatever its texts hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pipeline.cli.describe import FORMATS as OFFERED
from pipeline.core.errors import InvalidData
from pipeline.describe import read, render
from pipeline.hookspecs import offers
from tests.command import invoke
from tests.projects import change, field, package, reference, table

PAGE = Path(__file__).parents[2] / "docs/metadata.md"
NUMBER = field("people", "integer", missingValues=["-"])
BASE = "https://data.example.org/towns/"
HOSTILE = 'Towns <script>alert(1)</script> ]]> " \\ \u202e"@sv . <x> <y> <z>\n\u0001'
ABOUT: dict[str, Any] = {
    "title": "Towns",
    "title@sv": "Orter",
    "description": "What towns there are.",
    "description@sv": "Vilka orter det finns.",
    "version": "1.0.0",
    "created": "2026-01-31T00:00:00Z",
    "languages": ["en", "sv"],
    "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
    "contributors": [{"title": "Example", "roles": ["creator", "publisher"], "type": "NonProfitOrganisation"}],
}


def towns(folder: Path, **members: Any) -> Path:
    """A package of two tables, one of which has a licence of its own."""
    odbl = [{"name": "ODbL-1.0", "path": "https://opendatacommons.org/licenses/odbl/1-0/"}]
    tables = [
        table("counties", [field("code"), field("name")], ["code"]),
        table(
            "towns",
            [field("code"), field("county")],
            ["code"],
            foreignKeys=[reference("county", "counties", "code")],
            licenses=odbl,
        ),
    ]
    files = {"counties.csv": "code,name\n04,Södermanland\n", "towns.csv": "code,county\n0482,04\n"}
    return package(folder, tables, files, **{**ABOUT, **members})


def test_the_command_offers_every_format() -> None:
    assert ", ".join(offers("catalogues")) == OFFERED


def test_a_table_with_a_licence_of_its_own_is_a_distribution_of_its_own(tmp_path: Path) -> None:
    text = render(read(towns(tmp_path), BASE), "dcat-ttl").text
    licences = dict.fromkeys(line.strip() for line in text.splitlines() if "dcterms:license" in line)
    assert list(licences) == [
        "dcterms:license <http://creativecommons.org/publicdomain/zero/1.0/> ;",
        "dcterms:license <http://creativecommons.org/licenses/by/4.0/> ;",
        "dcterms:license <https://opendatacommons.org/licenses/odbl/1-0/> ;",
    ]


@pytest.mark.parametrize(
    ("members", "format", "missing"),
    [
        ({"licenses": []}, "dcat", ["licenses"]),
        ({"licenses": [{"path": "javascript:alert(1)"}]}, "croissant", ["licenses"]),
        ({"contributors": [], "description": ""}, "croissant", ["description", "contributors"]),
        ({"contributors": [{"title": "x", "roles": ["publisher"]}]}, "dcat", ["contributors.type"]),
        ({"title": 7}, "schema-org", ["title"]),
    ],
)
def test_what_a_format_needs_and_the_package_lacks_is_named(
    members: dict[str, Any], format: str, missing: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as error:
        render(read(towns(tmp_path, **{"title@sv": "", "description@sv": "", **members}), BASE), format)
    assert [problem.field for problem in error.value.problems] == missing


def test_dcat_says_that_it_needs_an_address(tmp_path: Path) -> None:
    run = invoke("describe", towns(tmp_path), "--format", "dcat")
    assert (run.code, run.out) == (1, "")
    assert "baseUrl: lacks what DCAT-AP-SE must have" in run.err


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    run = invoke("describe", towns(tmp_path), "--format", "dcat", "--base-url", "javascript:x")
    assert run.code == 2
    assert "[bad-option]" in run.err


def test_texts_do_not_break_out(tmp_path: Path) -> None:
    dataset = read(towns(tmp_path, title=HOSTILE, **{"title@x> <y": "z"}), BASE)
    root = ElementTree.fromstring(render(dataset, "dcat").text)
    titles = {found.text for found in root.iter("{http://purl.org/dc/terms/}title")}
    assert HOSTILE.replace("\u0001", "\ufffd") in titles
    assert {"script", "x", "z"}.isdisjoint(element.tag for element in root.iter())
    for format in ("csvw", "croissant", "schema-org"):
        json.loads(render(dataset, format).text)
    turtle = render(dataset, "dcat-ttl").text
    assert '\\" \\\\ \u202e\\"@sv . <x> <y> <z>\\n\ufffd"@en' in turtle


def test_the_bytes_do_not_hang_on_the_hash_seed(tmp_path: Path) -> None:
    folder = towns(tmp_path)
    code = (
        "import sys; from pathlib import Path; from pipeline.describe import read, render\n"
        "from pipeline.hookspecs import offers\n"
        f"for name in offers('catalogues'): print(render(read(Path(sys.argv[1]), {BASE!r}), name).text)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, folder],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_somebodys_release_says_which_formats_were_left_out_and_why(tmp_path: Path) -> None:
    bare = package(tmp_path, [table("towns", [field("code")], ["code"])], {"towns.csv": "code\n0482\n"})
    assert invoke("release", "--quiet", "--project", bare).code == 0
    catalog = bare / "build/releases/latest/catalog"
    assert sorted(path.name for path in catalog.iterdir()) == ["csvw-metadata.json", "notes.json"]
    notes = json.loads((catalog / "notes.json").read_text(encoding="utf-8"))
    assert "licenses" in [lack["member"] for lack in notes["dcat"]["lacking"]]


def test_another_base_url_is_no_new_version_and_is_in_every_description(tmp_path: Path) -> None:
    folder = towns(tmp_path)
    found = []
    for address in (BASE, BASE, "https://elsewhere.example.org/"):
        run = invoke("release", "--quiet", "--project", folder, "--base-url", address)
        croissant = (folder / "build/releases/latest/catalog/croissant.json").read_text(encoding="utf-8")
        found.append((run.out.split("  ")[0], f"{address}1.0.0/" in croissant))
    assert found == [("Released 1.0.0", True), ("Up to date: 1.0.0", True), ("Up to date: 1.0.0", True)]


def test_the_page_on_metadata_names_terms_that_are_there(tmp_path: Path) -> None:
    """Every term in the table of `docs/metadata.md` is in the description of a package that says everything."""
    person = {"title": "Ada", "roles": ["contact"], "email": "ada@example.org"}
    everything = {
        "issued": "2020-01-31",
        "contributors": [*ABOUT["contributors"], person],
        "keywords": ["town"],
        "themes": ["REGI"],
        "sources": [{"title": "A source", "path": "https://example.org/source"}],
        "spatial": [{"title": "Sweden"}],
        "temporal": {"start": "2017", "end": "2020"},
        "accrualPeriodicity": "ANNUAL",
        "id": "2747b9a6-d4d6-4652-b867-3cbd8f7633a3",
        "doi": "10.5281/zenodo.1234",
    }
    folder = towns(tmp_path, **everything)
    change(folder / "datapackage.json", lambda value: value["resources"][0]["schema"]["fields"].append(NUMBER))
    texts = {format: render(read(folder, BASE), format).text for format in offers("catalogues")}
    texts["citation"] += render(
        read(towns(tmp_path / "b", licenses=[{"path": "https://example.org/"}])), "citation"
    ).text
    header, _, *lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.count("|") == 8]
    columns = ["dcat-ttl", "csvw", "croissant", "schema-org", "datacite", "citation"]
    assert header.split("|")[1].strip() == "`datapackage.json`"
    for line in lines:
        for format, cell in zip(columns, line.split("|")[2:8], strict=True):
            for term in re.findall("`([^`]+)`", cell):
                if term != "baseUrl":
                    assert term in texts[format], f"{format}: {term}"


def test_csvw_says_only_what_the_cells_are(tmp_path: Path) -> None:
    fields = [
        field("day", "date", format="any"),
        field("open", "boolean"),
        field("closed", "boolean"),
        field("text", missingValues=[]),
    ]
    rows = "day,open,closed,text\n31 Dec 2020,TRUE,1,\n2020-12-31,FALSE,0,x\n"
    package(tmp_path, [table("t", fields)], {"t.csv": rows})
    columns = json.loads(render(read(tmp_path), "csvw").text)["tables"][0]["tableSchema"]["columns"]
    assert [column["datatype"] for column in columns] == [
        {"base": "string"},
        {"base": "boolean", "format": "TRUE|FALSE"},
        {"base": "boolean"},
        {"base": "string"},
    ]
    assert columns[3]["null"] == []


SENTENCE = "Example (2026). Towns (version 1.0.0, 2026-01-31)."


def test_a_release_is_cited_in_one_sentence_everywhere(tmp_path: Path) -> None:
    folder = towns(tmp_path, baseUrl=BASE)
    assert invoke("cite", folder).out == f"{SENTENCE} {BASE}1.0.0/\n"
    swedish = "Example (2026). Orter (version 1.0.0, 2026-01-31)."
    assert invoke("cite", folder, "--language", "sv").out == f"{swedish} {BASE}1.0.0/\n"
    assert f"{SENTENCE} {BASE}1.0.0/" in render(read(folder), "croissant").text
    bibtex = invoke("cite", folder, "--format", "bibtex").out
    assert "note      = {Version 1.0.0, 2026-01-31}," in bibtex
    assert invoke("cite", folder, "--format", "cff").out == render(read(folder), "citation").text


def test_a_doi_stands_above_the_address_and_what_is_nowhere_has_none(tmp_path: Path) -> None:
    known = towns(tmp_path / "a", baseUrl=BASE, id="https://doi.org/10.5281/zenodo.1")
    assert invoke("cite", known).out == f"{SENTENCE} https://doi.org/10.5281/zenodo.1\n"
    assert invoke("cite", towns(tmp_path / "b")).out == f"{SENTENCE}\n"


def test_a_draft_is_cited_with_a_warning(tmp_path: Path) -> None:
    run = invoke("cite", towns(tmp_path, version="1.1.0-draft"))
    assert run.out == "Example (2026). Towns (version 1.1.0-draft, 2026-01-31).\n"
    assert "This is a draft, and may still change." in run.err
