"""When a source is asked, and when it is left alone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.collect import Terms, collect, plan
from pipeline.core.progress import Progress
from pipeline.source.project import Project
from tests.collect.conftest import SHOPS, register
from tests.collect.site import Page, Site
from tests.collect.test_faults import HASTY
from tests.command import invoke
from tests.projects import example


def outcomes(project: Project, **terms: object) -> list[str]:
    found = collect(project, Progress(), Terms(patience=HASTY, **terms))  # type: ignore[arg-type]
    return [outcome.outcome for outcome in found]


def silent(folder: Path, site: Site) -> Project:
    """A project with a snapshot of a source that cannot say whether it has changed."""
    project = register(folder, site.address)
    site.pages["/shops.csv"] = Page(SHOPS, etag=False)
    assert outcomes(project) == ["accepted"]
    site.requests.clear()
    return project


def aged(project: Project, days: float) -> None:
    """As if all had happened so many days earlier."""
    folder = project.root / "sources/register/snapshots"
    time = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    pointer = folder / "register/accepted.json"
    pointer.write_text(json.dumps({**json.loads(pointer.read_bytes()), "fetched": time}), encoding="utf-8")
    log = folder / "log.jsonl"
    lines = [{**json.loads(line), "time": time} for line in log.read_text(encoding="utf-8").splitlines()]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_a_source_that_can_say_so_is_asked_each_time_whether_it_has_changed(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    assert [outcomes(project) for _ in range(3)] == [["accepted"], ["unchanged"], ["unchanged"]]
    assert site.requests == ["GET /shops.csv", *["GET /shops.csv if-none-match"] * 2]


def test_one_that_cannot_is_left_alone_until_its_cadence_has_passed(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    assert outcomes(project) == ["waiting"]
    aged(project, 29.9)
    assert outcomes(project) == ["waiting"]
    assert site.requests == []
    aged(project, 30.1)
    assert outcomes(project) == ["unchanged"]
    assert outcomes(project) == ["waiting"]
    assert site.requests == ["GET /shops.csv"]


def test_one_that_is_named_is_asked(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    assert outcomes(project, only=("register",)) == ["unchanged"]


def test_since_asks_what_was_asked_before_a_day_and_nothing_else(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    aged(project, 2)
    today = datetime.now(UTC).date()
    assert outcomes(project, since=(today - timedelta(days=5)).isoformat()) == ["waiting"]
    (outcome,) = plan(project, Terms(since=(today - timedelta(days=5)).isoformat()))
    assert outcome.note == f"was asked on {(datetime.now(UTC) - timedelta(days=2)).date()}"
    assert outcomes(project, since=today.isoformat()) == ["unchanged"]
    assert outcomes(project, since=today.isoformat()) == ["waiting"]


def test_a_clock_that_was_set_back_leaves_no_source_waiting_for_years(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    aged(project, -4000)
    assert outcomes(project) == ["unchanged"]
    assert site.requests == ["GET /shops.csv"]
    built = invoke("assemble", "--quiet", "--project", project.root)
    assert built.code == 0, built.err


def test_a_snapshot_from_a_time_yet_to_come_is_wondered_at(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    aged(project, -3)
    assert "which is yet to come: is the clock right?" in invoke("assemble", "--project", project.root).err


def test_a_rejected_source_is_asked_again(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(b"<html>", etag=False)
    assert [outcomes(project) for _ in range(2)] == [["rejected"], ["rejected"]]
    assert len(site.requests) == 2


def test_a_source_that_asked_to_be_left_alone_is_left_alone(tmp_path: Path, site: Site) -> None:
    """Also by the next run, and where it is named: servers that are ignored close their doors for longer."""
    project = silent(tmp_path / "project", site)
    site.pages["/shops.csv"] = Page(b"", 429, {"Retry-After": "3600"}, etag=False)
    assert outcomes(project, only=("register",)) == ["failed"]
    site.pages["/shops.csv"] = Page(SHOPS)
    (outcome,) = collect(project, Progress(), Terms(only=("register",), patience=HASTY))
    assert outcome.problems[0].rule.startswith("asked to be left alone until 2")
    assert len(site.requests) == 1
    aged(project, 0)
    log = project.root / "sources/register/snapshots/log.jsonl"
    log.write_text(log.read_text(encoding="utf-8").replace('"wait_until": "2', '"wait_until": "9'), encoding="utf-8")
    assert outcomes(project, only=("register",)) == ["unchanged"], "a time beyond reason is not believed"


def test_another_question_is_asked_whatever_a_cadence_says(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    source = project.root / "sources/register/source.yml"
    source.write_text(source.read_text(encoding="utf-8").replace("shops.csv", "all.csv"), encoding="utf-8")
    site.pages["/all.csv"] = Page(SHOPS, etag=False)
    assert outcomes(project) == ["accepted"]


def test_a_dry_run_says_what_would_be_asked_and_asks_nothing(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    run = invoke("collect", "--project", project.root, "--dry-run")
    assert (run.code, run.out) == (0, f"register  would ask  1 request\n  GET {site.address}/shops.csv\n")
    assert site.requests == []
    assert not (project.root / "sources/register/snapshots").exists()
    site.pages["/shops.csv"] = Page(SHOPS)
    outcomes(project)
    (outcome,) = plan(project, Terms())
    assert outcome.asks == (f"GET {site.address}/shops.csv (if it has changed)",)
    site.pages["/shops.csv"] = Page(SHOPS + b"7,New,yes,\n", etag=False)
    outcomes(project)
    (outcome,) = plan(project, Terms())
    assert outcome.outcome == "waiting"


def test_a_check_reads_a_sample_and_keeps_nothing(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    run = invoke("collect", "--project", project.root, "--check")
    assert run.code == 0
    assert re.fullmatch(
        rf"\| register \| GET {site.address}/shops.csv: 200, {len(SHOPS)} bytes, [0-9.]+ s "
        r"\| shops: 3 rows with id, name, kind, opened \| as documented \|",
        run.out.splitlines()[2],
    )
    site.pages["/shops.csv"] = Page(SHOPS.replace(b"staffed", b"manned"))
    run = invoke("collect", "--project", project.root, "--check")
    assert run.code == 1
    assert run.out.splitlines()[2].endswith("| differs |")
    assert "has no column 'staffed'; its columns are number, name, manned, year" in run.err
    site.pages["/shops.csv"] = Page(SHOPS.splitlines(keepends=True)[0])
    assert "shops gets no rows from the sample" in invoke("collect", "--project", project.root, "--check").err
    assert not (project.root / "sources/register/snapshots").exists()


def test_what_comes_of_it_is_there_as_json(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    run = invoke("collect", "--project", project.root, "--json")
    assert run.code == 2
    (outcome,) = json.loads(run.out)
    assert (outcome["source"], outcome["fetch"], outcome["outcome"]) == ("register", "register", "failed")
    assert outcome["problems"][0]["kind"] == "not-fetched"


def test_a_project_in_which_nothing_is_fetched_says_so(tmp_path: Path) -> None:
    run = invoke("collect", "--project", example(tmp_path / "project"))
    assert (run.code, run.out) == (0, "No source says what to fetch.\n")


def test_since_and_only_together_ask_what_both_say(tmp_path: Path, site: Site) -> None:
    project = silent(tmp_path / "project", site)
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    assert outcomes(project, only=("register",), since="2020-01-01") == ["waiting"]
    assert outcomes(project, only=("register",), since=tomorrow) == ["unchanged"]
