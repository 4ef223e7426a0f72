"""What the validators of each community say of a description, and that they catch planted faults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from pipeline.describe import read, render
from pipeline.describe.citation import LICENCES
from tests.describe.test_describe import BASE, towns
from tests.describe.validators import PROFILES, SWEDISH, complaints, needs_validators
from tests.projects import change

CITATION = json.loads((PROFILES / "cff-1.2.0/schema.json").read_text(encoding="utf-8"))

Edit = Callable[[dict[str, Any]], object]


class DatesAsText(yaml.SafeLoader):
    """YAML whose dates stay text, as the schema of CITATION.cff wants them."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [pair for pair in pairs if not pair[0].endswith("timestamp")]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def described(folder: Path, format: str, name: str, base: str | None = BASE) -> Path:
    path = folder / name
    path.write_text(render(read(folder, base), format).text, encoding="utf-8")
    return path


def misprinted(document: str) -> list[str]:
    found = Draft7Validator(CITATION).iter_errors(yaml.load(document, DatesAsText))
    return [error.json_path for error in found]


@needs_validators
@pytest.mark.parametrize("name", ["dcat.rdf", "dcat.ttl"])
def test_dcat_passes_the_swedish_shapes(name: str, tmp_path: Path) -> None:
    folder = towns(tmp_path)
    found = complaints("dcat", described(folder, "dcat" if name.endswith("rdf") else "dcat-ttl", name), SWEDISH)
    assert [line for line in found if line.startswith("Violation")] == []


@needs_validators
@pytest.mark.parametrize(
    "term", ["dcterms:license", "dcterms:title", "dcterms:type", "dcterms:publisher", "dcat:accessURL"]
)
def test_the_swedish_shapes_see_what_is_missing(term: str, tmp_path: Path) -> None:
    path = described(towns(tmp_path), "dcat-ttl", "dcat.ttl")
    text = path.read_text(encoding="utf-8")
    without = re.sub(rf"^    {term} .*?( ;| \.)$", "    rdfs:comment 'nothing'\\1", text, flags=re.MULTILINE)
    assert without != text
    path.write_text(without, encoding="utf-8")
    assert any(line.startswith("Violation") for line in complaints("dcat", path, SWEDISH))


@needs_validators
def test_csvw_passes_and_sees_planted_faults(tmp_path: Path) -> None:
    def key(value: dict[str, Any]) -> None:
        value["tables"][1]["tableSchema"]["foreignKeys"][0]["columnReference"] = ["nowhere"]

    def column(value: dict[str, Any]) -> None:
        value["tables"][0]["tableSchema"]["columns"].append({"name": "mayor", "titles": "mayor", "required": True})

    def codes(value: dict[str, Any]) -> None:
        value["tables"][0]["tableSchema"]["columns"][0]["datatype"] = {"base": "string", "format": "05"}

    path = described(towns(tmp_path), "csvw", "csvw-metadata.json", None)
    text = (
        path.read_text(encoding="utf-8").replace('"url": "../', '"url": "').replace('"resource": "../', '"resource": "')
    )
    path.write_text(text, encoding="utf-8")
    assert complaints("csvw", path) == []
    for edit in (key, column, codes):
        path.write_text(text, encoding="utf-8")
        change(path, edit)
        assert complaints("csvw", path), edit.__name__


@needs_validators
def test_datacite_passes_and_sees_planted_faults(tmp_path: Path) -> None:
    path = described(
        towns(tmp_path, id="10.5281/zenodo.1234", spatial={"type": "Point", "coordinates": [16, 62]}),
        "datacite",
        "datacite.json",
    )
    text = path.read_text(encoding="utf-8")
    assert complaints("datacite", path) == []
    edits: list[Edit] = [
        lambda value: value.pop("creators"),
        lambda value: value["rightsList"].append("CC0"),
        lambda value: value.update(publicationYear="soon"),
        lambda value: value["types"].update(resourceTypeGeneral="Table"),
    ]
    for edit in edits:
        path.write_text(text, encoding="utf-8")
        change(path, edit)
        assert complaints("datacite", path)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"doi": "https://doi.org/10.5281/zenodo.1234", "id": "2747b9a6-d4d6-4652-b867-3cbd8f7633a3"},
        {"licenses": [{"name": "CC0-1.0"}, {"name": "ODbL-1.0"}]},
        {"licenses": [{"name": "LicenceOfOurOwn", "path": "https://example.org/licence"}]},
        {"licenses": [{"title": "Ask us"}]},
        {"contributors": [{"givenName": "Åsa", "familyName": "Öst", "path": "https://orcid.org/0000-0002-1825-0097"}]},
        {"title": "2020-01-31", "keywords": ["yes", "12", "null", "a: b", "# c"], "version": "1.0.0"},
    ],
)
def test_the_citation_passes_its_schema(members: dict[str, Any], tmp_path: Path) -> None:
    document = render(read(towns(tmp_path, **members), BASE), "citation")
    assert misprinted(document.text) == []
    assert ("licenses" in [note.member for note in document.notes]) == (
        members.get("licenses") == [{"title": "Ask us"}]
    )


def test_the_schema_of_citations_sees_planted_faults(tmp_path: Path) -> None:
    text = render(read(towns(tmp_path), BASE), "citation").text
    for line, wrong in (
        ("license: CC-BY-4.0", "license: CC-BY"),
        ("title: Towns", "tilte: Towns"),
        ("2026-01-31", "today"),
    ):
        assert misprinted(text.replace(line, wrong))


def test_the_schema_of_citations_knows_the_licences_that_are_named_by_id() -> None:
    assert set(CITATION["definitions"]["license-enum"]["enum"]) >= LICENCES


def test_the_message_of_a_citation_is_in_the_language_of_the_package(tmp_path: Path) -> None:
    swedish = {"languages": ["sv"], "title@sv": "Orter"}
    text = render(read(towns(tmp_path, **swedish), BASE), "citation").text
    assert "message: Om du använder datamängden" in text
    assert "title: Orter" in text
