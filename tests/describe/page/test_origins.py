"""Where the values of a release come from, what was found in it, and what changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pipeline import build
from pipeline.core.progress import Progress
from pipeline.describe import read
from pipeline.describe.page import write
from pipeline.source.project import find
from tests.describe.page.html import Page
from tests.projects import field, package, table

DOCUMENTS = ["id", "publisher", "title", "url", "accessed"]
DISCREPANCIES = ["table", "key", "field", "value_taken", "document_taken", "value_not_taken", "document_not_taken"]


def released(folder: Path) -> Path:
    """A release of towns with two sources that disagree."""
    kinds = [{"value": "v", "label": "village", "label@sv": "by"}]
    tables = [
        table("towns", [field("id"), field("kind", categories=kinds)], ["id"]),
        table("documents", [field(name) for name in DOCUMENTS], ["id"]),
        table("provenance", [field(name) for name in ("table", "key", "field", "document")]),
        table("discrepancies", [field(name) for name in DISCREPANCIES]),
    ]
    files = {
        "towns.csv": "id,kind\n1,v\n",
        "documents.csv": "id,publisher,title,url,accessed\n"
        "a,Flen,The plan,https://flen.example/plan,2026-01-02\n"
        "b,Flen,,javascript:alert(1),2026-01-03\nc,Motala,,,2025-12-01\n",
        "provenance.csv": "table,key,field,document\ntowns,1,kind,a\ntowns,1,id,c\ntowns,1,kind,c\n",
        "discrepancies.csv": f"{','.join(DISCREPANCIES)}\ntowns,1,kind,v,a,seat,b\n",
    }
    package(folder, tables, files, languages=["en", "sv"])
    return build.release(find(folder), Progress(), major=True).folder


def page_of(release: Path, name: str = "index.html") -> Page:
    return Page((release / name).read_text(encoding="utf-8"))


def again(release: Path, folder: Path, changes: object) -> Page:
    """The page of a copy of a release that says what changed."""
    copy = Path(shutil.copytree(release, folder / "copy"))
    (copy / "changes.json").write_text(json.dumps(changes), encoding="utf-8")
    write(read(copy))
    return page_of(copy)


def test_documents_are_counted_by_publisher_with_the_values_they_are_cited_for(tmp_path: Path) -> None:
    said = page_of(released(tmp_path)).text
    assert "3 documents from 2 publishers, last read 3 January 2026." in said
    assert "Publisher Documents Values supported Last read Motala 1 2 1 December 2025 Flen 2 1 3 January 2026" in said


def test_where_sources_disagree_both_values_stand_with_their_documents(tmp_path: Path) -> None:
    page = page_of(released(tmp_path))
    assert "towns · 1 · kind village – The plan Not used: seat – Flen" in page.text
    assert [href for href in page.values("href") if "flen" in href] == ["https://flen.example/plan"]


def test_a_code_has_its_label_in_the_language_of_the_page(tmp_path: Path) -> None:
    assert "towns · 1 · kind by – The plan" in page_of(released(tmp_path), "index.sv.html").text


def test_the_verdict_is_that_of_the_report_and_leads_to_it_in_its_language(tmp_path: Path) -> None:
    release = released(tmp_path)
    page = page_of(release)
    assert "Checked Valid 4 tables, 8 rows, 0 errors. Checked with" in page.text
    for name, report, other in (
        ("index.html", "report.html", "report.sv.html"),
        ("index.sv.html", "report.sv.html", "report.html"),
    ):
        links = page_of(release, name).values("href")
        assert {report, "report.json"} <= set(links)
        assert other not in links
    assert '<html lang="en"' in (release / "report.html").read_text(encoding="utf-8")
    assert '<html lang="sv"' in (release / "report.sv.html").read_text(encoding="utf-8")


def test_a_package_without_such_tables_has_no_such_section(tmp_path: Path) -> None:
    package(tmp_path, [table("documents", [field("id")])], {"documents.csv": "id\n1\n"})
    assert "sources" not in page_of(build.release(find(tmp_path), Progress(), major=True).folder).values("id")


def test_what_changed_stands_in_the_language_of_the_page(tmp_path: Path) -> None:
    release = released(tmp_path)
    change = {"change": "rows added", "table": "towns", "en": "2 rows added <b>", "sv": "2 rader tillkom"}
    page = again(release, tmp_path, {"old": {"version": "0.9.0"}, "changes": [change] * 45})
    assert "Since version 0.9.0: towns 2 rows added <b> towns" in page.text
    assert "And 5 more." in page.text
    assert "b" not in page.tags()
    swedish = page_of(tmp_path / "copy", "index.sv.html").text
    assert "Sedan version 0.9.0: towns 2 rader tillkom" in swedish


def test_a_first_release_says_so(tmp_path: Path) -> None:
    assert "This is the first release." in again(released(tmp_path), tmp_path, {"old": None, "changes": []}).text


def test_changes_in_somebody_elses_form_are_passed_over(tmp_path: Path) -> None:
    assert "changes.json" not in again(released(tmp_path), tmp_path, ["x"]).values("href")
