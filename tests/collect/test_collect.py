"""What `servicebanken collect` does with a source, from the first request to the built release."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

from pipeline.collect.store import lines
from tests.collect.conftest import SHOPS, register
from tests.collect.site import Page, Site
from tests.command import invoke


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_source_is_fetched_kept_as_it_came_and_built(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS, headers={"Content-Type": "text/csv; charset=utf-8"})
    run = invoke("collect", "--project", project.root)
    assert (run.code, run.out) == (0, "register  accepted  1 request  shops 3\n"), run.err
    digest = hashlib.sha256(SHOPS).hexdigest()
    folder = project.root / "sources/register/snapshots/register"
    assert (folder / f"{digest}.csv").read_bytes() == SHOPS
    accepted = json.loads((folder / "accepted.json").read_text(encoding="utf-8"))
    built = invoke("release", "--project", project.root)
    assert built.code == 0, built.err
    assert f"register: snapshot of {accepted['fetched'][:10]}, 0 days old" in built.err
    data = project.root / "build/releases/latest/data"
    shops = [row for row in rows(data / "shops.csv") if row["id"].startswith("shop-")]
    assert [(row["id"], row["name"], row["kind"], row["opened"]) for row in shops] == [
        ("shop-0482", "South", "unmanned", ""),
        ("shop-1", "North", "staffed", "2019"),
        ("shop-3", "East", "staffed", "2021"),
    ]
    traced = [row for row in rows(data / "provenance.csv") if row["key"] == "shop-0482" and row["field"] == "name"]
    assert [(row["document"], row["snapshot"], row["row"]) for row in traced] == [("register", digest, "2")]
    (document,) = [row for row in rows(data / "documents.csv") if row["id"] == "register"]
    assert document["accessed"] == accepted["fetched"][:10]


def test_a_request_and_a_verdict_leave_a_line_in_the_log(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    assert invoke("collect", "--project", project.root).code == 0
    asked, verdict = lines(project.root / "sources/register/snapshots/log.jsonl")
    assert {name: asked[name] for name in ("fetch", "url", "method", "status", "sha256", "bytes")} == {
        "fetch": "register",
        "url": f"{site.address}/shops.csv",
        "method": "GET",
        "status": 200,
        "sha256": hashlib.sha256(SHOPS).hexdigest(),
        "bytes": len(SHOPS),
    }
    assert asked["etag"]
    assert asked["seconds"] >= 0
    assert verdict["verdict"] == "accepted"


def test_what_has_not_changed_is_asked_for_with_one_conditional_request(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    invoke("collect", "--project", project.root)
    before = (project.root / "sources/register/snapshots/register/accepted.json").read_bytes()
    run = invoke("collect", "--project", project.root)
    assert (run.code, run.out) == (0, "register  unchanged  1 request  shops 3\n")
    assert site.requests == ["GET /shops.csv", "GET /shops.csv if-none-match"]
    assert (project.root / "sources/register/snapshots/register/accepted.json").read_bytes() == before


def test_a_source_that_shrank_is_rejected_and_what_was_accepted_still_counts(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    folder = project.root / "sources/register/snapshots/register"
    site.pages["/shops.csv"] = Page(SHOPS)
    invoke("collect", "--project", project.root)
    before = (folder / "accepted.json").read_bytes()
    less = SHOPS.rpartition(b"3,")[0]
    site.pages["/shops.csv"] = Page(less)
    run = invoke("collect", "--project", project.root)
    assert run.code == 1
    assert "shops has 2 rows, the last snapshot has 3" in run.err
    assert "[rejected-snapshot]" in run.err
    assert (folder / "accepted.json").read_bytes() == before
    assert json.loads((folder / "rejected.json").read_text(encoding="utf-8"))["reasons"]
    assert (folder / f"{hashlib.sha256(less).hexdigest()}.csv").read_bytes() == less


def test_a_source_that_does_not_answer_leaves_all_as_it_was(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    run = invoke("collect", "--project", project.root)
    assert run.code == 2
    assert "answered 404 Not Found" in run.err
    assert "[not-fetched]" in run.err
    assert not (project.root / "sources/register/snapshots/register").exists()


def test_a_source_that_is_not_fetched_is_not_one_that_only_names(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    run = invoke("collect", "--project", project.root, "--only", "somewhere")
    assert run.code == 2
    assert "'somewhere' is not a source that is fetched" in run.err
    assert site.requests == []


def test_what_was_rejected_is_accepted_with_a_reason_that_is_kept(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    folder = project.root / "sources/register/snapshots/register"
    site.pages["/shops.csv"] = Page(SHOPS)
    invoke("collect", "--project", project.root)
    less = SHOPS.rpartition(b"3,")[0]
    site.pages["/shops.csv"] = Page(less)
    invoke("collect", "--project", project.root)
    asked = len(site.requests)
    run = invoke("collect", "--project", project.root, "--only", "register", "--accept", "East closed")
    assert (run.code, run.out) == (0, "register  accepted  0 requests  shops 2\n"), run.err
    assert len(site.requests) == asked
    accepted = json.loads((folder / "accepted.json").read_text(encoding="utf-8"))
    assert accepted["reasons"] == ["shops has 2 rows, the last snapshot has 3", "accepted: East closed"]
    assert lines(project.root / "sources/register/snapshots/log.jsonl")[-1]["reasons"] == accepted["reasons"]
    assert not (folder / "rejected.json").exists()
    assert "unchanged" in invoke("collect", "--project", project.root).out


def test_nothing_is_accepted_without_a_source_or_where_nothing_was_rejected(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    assert "needs a source and a reason" in invoke("collect", "--project", project.root, "--accept", "x").err
    run = invoke("collect", "--project", project.root, "--only", "register", "--accept", "x")
    assert (run.code, "has no snapshot that was rejected" in run.err) == (2, True)
