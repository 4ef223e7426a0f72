from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InvalidData
from pipeline.package.package import load
from pipeline.serve.metadata import metadata
from tests.projects import field, package, put, table

TOWNS = table(
    "towns",
    [
        field("id", title="Code", **{"title@sv": "Kod"}),
        field("kind", constraints={"enum": ["a"]}, description="Its kind.", **{"description@sv": "Dess slag."}),
        field("note"),
    ],
    ["id"],
    title="Towns",
    **{"title@sv": "Städer"},
)


def _package(folder: Path) -> Path:
    return package(
        folder,
        [TOWNS, table("lands", [field("id")])],
        {},
        title="All towns",
        licenses=[{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
        sources=[{"title": "A book"}],
        homepage="https://example.org/",
    )


COMMON = {
    "license": "CC0-1.0",
    "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
    "source": "A book",
    "source_url": "https://example.org/",
}


def test_datasette_is_told_what_the_descriptor_says_with_licence_and_source_on_every_table(tmp_path: Path) -> None:
    assert metadata(load(_package(tmp_path)), tmp_path / "metadata.yml") == {
        "title": "All towns",
        **COMMON,
        "databases": {
            "towns": {
                "tables": {
                    "towns": {
                        "title": "Städer / Towns",
                        "columns": {"id": "Kod / Code", "kind": "Dess slag. / Its kind."},
                        "facets": ["kind"],
                        **COMMON,
                    },
                    "lands": COMMON,
                }
            }
        },
    }


def test_metadata_yml_goes_before_and_leaves_the_rest(tmp_path: Path) -> None:
    text = "title: Mine\ndatabases:\n  towns:\n    tables:\n      towns:\n        facets: [note]\n        size: 10\n"
    put(_package(tmp_path), {"metadata.yml": text})
    told = metadata(load(tmp_path), tmp_path / "metadata.yml")
    assert told["title"] == "Mine"
    assert told["source"] == "A book"
    assert told["databases"]["towns"]["tables"]["towns"] == {
        "title": "Städer / Towns",
        "columns": {"id": "Kod / Code", "kind": "Dess slag. / Its kind."},
        "facets": ["note"],
        "size": 10,
        **COMMON,
    }


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_metadata_yml_changes_nothing(text: str, tmp_path: Path) -> None:
    _package(tmp_path)
    derived = metadata(load(tmp_path), tmp_path / "metadata.yml")
    put(tmp_path, {"metadata.yml": text})
    assert metadata(load(tmp_path), tmp_path / "metadata.yml") == derived


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2\n", "a:\n\tb: 1\n", "a: &x [1]\nb: *x\n", "text\n", "- a\n", "a: !!int x\n"]
)
def test_metadata_yml_that_is_ambiguous_or_no_mapping_is_refused(text: str, tmp_path: Path) -> None:
    put(_package(tmp_path), {"metadata.yml": text})
    with pytest.raises(InvalidData) as caught:
        metadata(load(tmp_path), tmp_path / "metadata.yml")
    assert caught.value.problems[0].file == f"{tmp_path}/metadata.yml"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "licence.txt", 5])
def test_an_address_that_is_not_of_the_web_becomes_no_link(address: object, tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {}, licenses=[{"name": "x", "path": address}], homepage=address)
    told = metadata(load(tmp_path), tmp_path / "metadata.yml")
    assert "license_url" not in told
    assert "source_url" not in told


QUESTION = """\
databases:
  towns:
    queries:
      q:
        title: Which?
        title@sv: Vilka?
        sql: SELECT 1
        columns: {a: {title: One, title@sv: Ett}}
    tables:
      towns: {facets: [note_sv, kind], label_column: note_sv, sort: note_sv}
"""


@pytest.mark.parametrize(
    ("language", "title", "question", "column"),
    [
        ("sv", "Städer", "Vilka?", "Ett"),
        ("en", "Towns", "Which?", "One"),
        (None, "Städer / Towns", "Vilka? / Which?", "Ett / One"),
    ],
)
def test_texts_are_in_the_language_that_is_asked_for(
    language: str | None, title: str, question: str, column: str, tmp_path: Path
) -> None:
    put(_package(tmp_path), {"metadata.yml": QUESTION})
    told = metadata(load(tmp_path), tmp_path / "metadata.yml", language)["databases"]["towns"]
    assert told["tables"]["towns"]["title"] == title
    assert told["queries"]["q"] == {"title": question, "sql": "SELECT 1", "columns": {"a": {"title": column}}}


def test_columns_are_those_of_the_language_where_there_are_such(tmp_path: Path) -> None:
    both = table("towns", [field("id"), field("note_sv"), field("note_en"), field("kind")], ["id"])
    package(tmp_path, [both], {"metadata.yml": QUESTION})
    told = metadata(load(tmp_path), tmp_path / "metadata.yml", "en")["databases"]["towns"]["tables"]["towns"]
    assert (told["facets"], told["label_column"], told["sort"]) == (["note_en", "kind"], "note_en", "note_en")
    only_swedish = table("towns", [field("id"), field("note_sv"), field("kind")], ["id"])
    package(tmp_path, [only_swedish], {})
    told = metadata(load(tmp_path), tmp_path / "metadata.yml", "en")["databases"]["towns"]["tables"]["towns"]
    assert (told["facets"], told["label_column"], told["sort"]) == (["note_sv", "kind"], "note_sv", "note_sv")
