"""Several sources, one table: which value is taken, where it comes from, and what was not taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.assemble import assemble
from pipeline.core.errors import InvalidData, Kind
from pipeline.core.progress import Progress
from pipeline.source.project import Project
from tests.projects import SERVICES_METADATA, change, example, field, project, put, services, source, table, tree

TOWNS = table("towns", [field("id"), field("name"), field("people", "integer"), field("founded", "date")], ["id"])


def _assembled(folder: Path, tables: list[dict[str, Any]], files: dict[str, str]) -> dict[str, str]:
    """The tables of the package that the files make, as text."""
    return _texts(project(folder, tables, files))


def _texts(project: Project) -> dict[str, str]:
    out = project.root / "build/package"
    assemble(project, out, Progress())
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((out / "data").iterdir())}


def _of(table: str, csv: str) -> str:
    """The header of a CSV text and its rows about a table."""
    header, *rows = csv.splitlines(keepends=True)
    return header + "".join(row for row in rows if row.startswith(f"{table},"))


def test_the_example_is_assembled(tmp_path: Path) -> None:
    from pipeline.source.project import find

    texts = _texts(find(example(tmp_path / "project")))
    assert texts["shops.csv"] == (
        "id,name,kind,opened\n"
        "north-village,North Village Shop,staffed,1998\n"
        "south-village,South Village Shop,unmanned,2021\n"
    )
    assert texts["documents.csv"] == (
        "id,source,publisher,url,title,accessed,licence\n"
        "example-shops-list,example-municipality,Example municipality,https://www.example.org/shops/list,,2026-01-31,"
        "unstated\n"
        "example-shops-page,example-municipality,Example municipality,https://www.example.org/shops,Our village shops,"
        "2026-01-31,unstated\n"
    )
    assert texts["discrepancies.csv"] == (
        "table,key,field,value_taken,document_taken,value_not_taken,document_not_taken\n"
        "shops,north-village,opened,1998,example-shops-page,1999,example-shops-list\n"
    )
    assert _of("shops", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\n"
        "shops,north-village,kind,example-shops-page,1,false,,\n"
        "shops,north-village,name,example-shops-page,1,false,,\n"
        "shops,north-village,opened,example-shops-page,1,false,,\n"
        "shops,south-village,kind,example-shops-page,1,false,,\n"
        "shops,south-village,name,example-shops-page,1,false,,\n"
        "shops,south-village,opened,example-shops-page,1,false,,\n"
    )


def test_a_source_that_disagrees_is_recorded_not_dropped(tmp_path: Path) -> None:
    texts = _assembled(
        tmp_path,
        [TOWNS],
        {
            "sources/a/source.yml": source("a-doc", rank=2),
            "sources/a/towns.csv": "id,name,document\n0482,Flens stad,a-doc\n",
            "sources/b/source.yml": source("b-doc", rank=1),
            "sources/b/towns.csv": "id,name,document\n0482,Flen,b-doc\n",
        },
    )
    assert texts["towns.csv"] == "id,name,people,founded\n0482,Flen,,\n"
    assert texts["discrepancies.csv"] == (
        "table,key,field,value_taken,document_taken,value_not_taken,document_not_taken\n"
        "towns,0482,name,Flen,b-doc,Flens stad,a-doc\n"
    )
    assert _of("towns", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\ntowns,0482,name,b-doc,1,false,,\n"
    )


def test_an_empty_cell_does_not_say_anything_so_the_next_source_does(tmp_path: Path) -> None:
    texts = _assembled(
        tmp_path,
        [TOWNS],
        {
            "sources/a/source.yml": source("a-doc", rank=1),
            "sources/a/towns.csv": "id,name,people,document\n0482,Flen,,a-doc\n",
            "sources/b/source.yml": source("b-doc", rank=2),
            "sources/b/towns.csv": "id,people,document\n0482,16000,b-doc\n0180,,b-doc\n",
        },
    )
    assert texts["towns.csv"] == "id,name,people,founded\n0180,,,\n0482,Flen,16000,\n"
    assert _of("towns", texts["discrepancies.csv"]).count("\n") == 1
    assert _of("towns", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\n"
        "towns,0482,name,a-doc,1,false,,\n"
        "towns,0482,people,b-doc,1,false,,\n"
    )


def test_every_document_that_states_the_value_is_named_the_best_first(tmp_path: Path) -> None:
    texts = _assembled(
        tmp_path,
        [TOWNS],
        {
            "sources/a/source.yml": source("a-late", "a-early", rank=5) + "    rank: 2\n",
            "sources/a/towns.csv": "id,name,document\n0482,Flen,a-late\n0482,Flen,a-early\n",
            "sources/b/source.yml": source("b-doc", rank=5),
            "sources/b/towns.csv": "id,name,document\n0482,Flen,b-doc\n",
        },
    )
    assert _of("towns", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\n"
        "towns,0482,name,a-early,1,false,,\n"
        "towns,0482,name,a-late,2,false,,\n"
        "towns,0482,name,b-doc,3,false,,\n"
    )


def test_of_documents_of_one_rank_the_first_by_source_and_list_is_taken(tmp_path: Path) -> None:
    texts = _assembled(
        tmp_path,
        [TOWNS],
        {
            "sources/b/source.yml": source("a-doc"),
            "sources/b/towns.csv": "id,name,document\n0482,from b,a-doc\n",
            "sources/a/source.yml": source("z-doc", "b-doc"),
            "sources/a/towns.csv": "id,name,document\n0482,from b-doc,b-doc\n0482,from z-doc,z-doc\n",
        },
    )
    assert texts["towns.csv"] == "id,name,people,founded\n0482,from z-doc,,\n"
    assert texts["discrepancies.csv"] == (
        "table,key,field,value_taken,document_taken,value_not_taken,document_not_taken\n"
        "towns,0482,name,from z-doc,z-doc,from b,a-doc\n"
        "towns,0482,name,from z-doc,z-doc,from b-doc,b-doc\n"
    )


def test_figures_that_are_equal_agree_however_they_are_written(tmp_path: Path) -> None:
    tables = [table("towns", [field("id"), field("area", "number"), field("code")], ["id"])]
    texts = _assembled(
        tmp_path,
        tables,
        {
            "sources/a/source.yml": source("a-doc", "b-doc"),
            "sources/a/towns.csv": "id,area,code,document\nflen,60.0,060,a-doc\nflen,60,60,b-doc\n",
        },
    )
    assert texts["towns.csv"] == "id,area,code\nflen,60.0,060\n"
    assert texts["discrepancies.csv"] == (
        "table,key,field,value_taken,document_taken,value_not_taken,document_not_taken\n"
        "towns,flen,code,060,a-doc,60,b-doc\n"
    )


def test_large_figures_that_differ_in_the_last_digit_disagree(tmp_path: Path) -> None:
    texts = _assembled(
        tmp_path,
        [TOWNS],
        {
            "sources/a/source.yml": source("a-doc", "b-doc"),
            "sources/a/towns.csv": "id,people,document\nx,9007199254740993,a-doc\nx,9007199254740992,b-doc\n",
        },
    )
    assert texts["discrepancies.csv"] == (
        "table,key,field,value_taken,document_taken,value_not_taken,document_not_taken\n"
        "towns,x,people,9007199254740993,a-doc,9007199254740992,b-doc\n"
    )


def test_what_was_inferred_is_marked_in_the_traces_and_in_a_table_that_has_a_field_for_it(tmp_path: Path) -> None:
    tables = [
        TOWNS,
        table("lands", [field("id"), field("name"), field("code"), field("inferred"), field("document")], ["id"]),
    ]
    texts = _assembled(
        tmp_path,
        tables,
        {
            "sources/a/source.yml": source("a-doc", "b-doc"),
            "sources/a/towns.csv": "id,name,people,inferred,document\n0482,Flen,16000,people,a-doc\n",
            "sources/a/lands.csv": (
                "id,name,code,inferred,document\ns,,04,code,b-doc\ns,Södermanland,,,a-doc\n"
                "d,Dalarna,20,code name,a-doc\n"
            ),
        },
    )
    assert texts["towns.csv"] == "id,name,people,founded\n0482,Flen,16000,\n"
    assert texts["lands.csv"] == (
        "id,name,code,inferred,document\nd,Dalarna,20,name code,a-doc\ns,Södermanland,04,code,a-doc\n"
    )
    assert _of("towns", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\n"
        "towns,0482,name,a-doc,1,false,,\n"
        "towns,0482,people,a-doc,1,true,,\n"
    )
    assert _of("lands", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\n"
        "lands,d,code,a-doc,1,true,,\n"
        "lands,d,document,a-doc,1,false,,\n"
        "lands,d,inferred,a-doc,1,true,,\n"
        "lands,d,name,a-doc,1,true,,\n"
        "lands,s,code,b-doc,1,true,,\n"
        "lands,s,document,a-doc,1,false,,\n"
        "lands,s,inferred,a-doc,1,true,,\n"
        "lands,s,name,a-doc,1,false,,\n"
    )


def test_the_parts_of_a_composite_key_are_joined_by_a_bar(tmp_path: Path) -> None:
    tables = [table("goals", [field("plan"), field("number", "integer"), field("text")], ["plan", "number"])]
    texts = _assembled(
        tmp_path,
        tables,
        {
            "sources/a/source.yml": source("a-doc"),
            "sources/a/goals.csv": "number,plan,text,document\n10,p,ten,a-doc\n9,p,nine,a-doc\n",
        },
    )
    assert texts["goals.csv"] == "plan,number,text\np,9,nine\np,10,ten\n"
    assert _of("goals", texts["provenance.csv"]) == (
        "table,key,field,document,position,inferred,snapshot,row\n"
        "goals,p|10,text,a-doc,1,false,,\n"
        "goals,p|9,text,a-doc,1,false,,\n"
    )


def test_keys_that_a_bar_makes_alike_are_refused(tmp_path: Path) -> None:
    """In provenance.csv they could not be told apart."""
    built = project(
        tmp_path,
        [table("pairs", [field("a"), field("b"), field("text")], ["a", "b"])],
        {
            "sources/a/source.yml": source("a-doc"),
            "sources/a/pairs.csv": "a,b,text,document\nx|y,z,first,a-doc\nx,y|z,second,a-doc\n",
        },
    )
    with pytest.raises(InvalidData) as caught:
        assemble(built, tmp_path / "out", Progress())
    assert [(problem.file, problem.row, problem.value) for problem in caught.value.problems] == [
        ("sources/a/pairs.csv", 3, "x|y|z")
    ]


def test_a_table_that_no_source_speaks_of_is_empty(tmp_path: Path) -> None:
    files = {"sources/a/source.yml": source("a-doc"), "sources/a/roads.csv": "id,document\n1,a-doc\n"}
    texts = _assembled(tmp_path, [TOWNS, table("roads", [field("id")], ["id"])], files)
    assert texts["towns.csv"] == "id,name,people,founded\n"


def test_every_published_cell_has_a_line_of_provenance(tmp_path: Path) -> None:
    """The issue's rule, over a project with keys of two parts, empty cells and several documents."""
    import csv

    built = services(tmp_path / "project")
    texts = _texts(built)
    traced = {(row["table"], row["key"], row["field"]) for row in csv.DictReader(texts["provenance.csv"].splitlines())}
    published = {
        (resource.name, "|".join(row[name] for name in resource.key), name)
        for resource in built.contract.tables
        if resource.name not in ("provenance", "discrepancies")
        for row in csv.DictReader(texts[f"{resource.name}.csv"].splitlines(keepends=True))
        for name in resource.field_names
        if row[name] and name not in resource.key
    }
    assert len(published) > 20
    assert traced == published


def test_the_package_names_its_sources_the_most_trusted_first(tmp_path: Path) -> None:
    built = project(
        tmp_path,
        [TOWNS],
        {
            "sources/a/source.yml": source("a-doc", rank=20, publisher="Second"),
            "sources/b/source.yml": source("b-doc", rank=10, publisher="First", homepage="https://first.example/"),
            "sources/a/towns.csv": "id,document\n1,a-doc\n",
            "sources/b/towns.csv": "id,document\n1,b-doc\n",
        },
    )
    assemble(built, tmp_path / "out", Progress())
    descriptor = json.loads((tmp_path / "out/datapackage.json").read_text(encoding="utf-8"))
    assert descriptor["sources"] == [{"title": "First", "path": "https://first.example/"}, {"title": "Second"}]
    assert [resource["path"] for resource in descriptor["resources"]] == [
        "data/towns.csv",
        "data/documents.csv",
        "data/provenance.csv",
        "data/discrepancies.csv",
    ]


def test_all_problems_are_found_in_one_run_and_the_package_stays_as_it_was(tmp_path: Path) -> None:
    built = services(tmp_path / "project")
    assemble(built, built.package, Progress())
    before = tree(built.package)
    put(
        built.root,
        {
            "sources/region/places.csv": "id,colour,document\n",
            "sources/region/solutions.csv": "id,kind,document\n,fixed,page-one\nx,floating,page-one\ny,fixed,the-web\n",
            "sources/region/villages.csv": "id\n",
        },
    )
    with pytest.raises(InvalidData) as caught:
        assemble(built, built.package, Progress())
    assert [(problem.kind, problem.file, problem.row) for problem in caught.value.problems] == [
        (Kind.UNKNOWN_COLUMN, "sources/region/places.csv", 1),
        (Kind.MISSING_KEY, "sources/region/solutions.csv", 2),
        (Kind.UNLISTED_DOCUMENT, "sources/region/solutions.csv", 4),
        (Kind.UNKNOWN_CODE, "sources/region/solutions.csv", 3),
        (Kind.UNKNOWN_TABLE, "sources/region/villages.csv", None),
    ]
    assert tree(built.package) == before


@pytest.mark.parametrize("name", ["documents", "provenance", "discrepancies"])
def test_a_contract_without_a_table_that_assembling_needs_is_refused(name: str, tmp_path: Path) -> None:
    from pipeline.source.project import find

    root = example(tmp_path / "project")
    change(
        root / "datapackage.json",
        lambda package: package.update(resources=[member for member in package["resources"] if member["name"] != name]),
    )
    with pytest.raises(InvalidData) as caught:
        assemble(find(root), tmp_path / "out", Progress())
    assert f"has no table {name!r} with the fields" in str(caught.value)


def test_a_contract_with_a_table_without_a_key_is_refused(tmp_path: Path) -> None:
    built = project(tmp_path, [table("towns", [field("id")])], {"sources/a/source.yml": source("a-doc")})
    with pytest.raises(InvalidData) as caught:
        assemble(built, tmp_path / "out", Progress())
    assert str(caught.value) == (
        f"{tmp_path}/datapackage.json: has a table 'towns' without a primary key. Sources are reconciled by key; give "
        "the table one. [bad-descriptor]"
    )


def test_a_folder_that_holds_something_else_is_not_overwritten(tmp_path: Path) -> None:
    """`--out` names a folder of the user's: what lies there may be all that they have."""
    built = services(tmp_path / "project")
    put(tmp_path / "documents", {"thesis.txt": "years of work"})
    with pytest.raises(Exception, match="not-empty"):
        assemble(built, tmp_path / "documents", Progress())
    assert tree(tmp_path / "documents") == {"thesis.txt": b"years of work"}


def test_the_project_itself_is_not_overwritten(tmp_path: Path) -> None:
    built = services(tmp_path / "project")
    before = tree(built.root)
    with pytest.raises(Exception, match="not-empty"):
        assemble(built, built.root, Progress())
    assert tree(built.root) == before
    assert (built.root / "metadata.yml").read_text(encoding="utf-8") == SERVICES_METADATA


def test_what_lies_beside_the_output_is_left_alone(tmp_path: Path) -> None:
    """Only the project's own build folder is locked; beside `--out` another run may be staging."""
    built = services(tmp_path / "project")
    put(tmp_path, {".staging-of-another-run/data/a.csv": "id\n"})
    assemble(built, tmp_path / "out", Progress())
    assert (tmp_path / ".staging-of-another-run/data/a.csv").read_text() == "id\n"


def test_a_package_that_was_assembled_before_is_replaced(tmp_path: Path) -> None:
    built = services(tmp_path / "project")
    assemble(built, tmp_path / "out", Progress())
    before = tree(tmp_path / "out")
    put(tmp_path / "out", {"data/old.csv": "id\n"})
    assemble(built, tmp_path / "out", Progress())
    assert tree(tmp_path / "out") == before


@pytest.mark.parametrize(
    "name", ["order", "key", "value", "field", "file", "row", "table", "position", "x y", 'a"b', "{a}"]
)
def test_a_field_may_have_any_name(name: str, tmp_path: Path) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    texts = _assembled(
        tmp_path,
        [table("towns", [field(name), field("note")], [name]), table("lands", [field("id"), field(name)], ["id"])],
        {
            "sources/a/source.yml": source("a-doc", "b-doc"),
            "sources/a/towns.csv": f"{quoted},note,document\nx,first,a-doc\nx,second,b-doc\n",
            "sources/a/lands.csv": f"id,{quoted},document\nx,first,a-doc\nx,second,b-doc\n",
        },
    )
    assert texts["towns.csv"].splitlines()[1] == "x,first"
    assert texts["lands.csv"].splitlines()[1] == "x,first"
    assert texts["discrepancies.csv"].count("first,a-doc,second,b-doc\n") == 2
