"""When a source changed, and by how much."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.collect.history import Change, history
from tests.collect.conftest import SHOPS, register
from tests.collect.site import Page, Site
from tests.collect.test_due import outcomes
from tests.command import invoke


def test_each_change_of_a_source_is_shown_with_its_size(tmp_path: Path, site: Site) -> None:
    expect = "    expect: {shops: {lost: 0.5}}\n"
    project = register(tmp_path / "project", site.address, expect)
    assert invoke("sources", "--project", project.root, "--history").out == "Nothing has been collected yet.\n"
    later = SHOPS.replace(b"South", b"Southern").replace(b"3,East", b"4,West") + b"7,New,yes,\n"
    for body in (SHOPS, SHOPS, SHOPS, later, b"<html>", later):
        site.pages["/shops.csv"] = Page(body)
        outcomes(project)
    first, second, third = history(project)
    assert (first.verdict, first.unchanged, first.bytes, first.tables) == (
        "accepted",
        2,
        len(SHOPS),
        {"shops": Change(rows=3, added=3, removed=0, changed=0)},
    )
    assert (second.verdict, second.tables) == ("accepted", {"shops": Change(rows=4, added=2, removed=1, changed=1)})
    assert (third.verdict, second.unchanged, third.unchanged) == ("rejected", 1, 0)
    assert third.reasons[0].startswith("the answer to request 1 has no column 'name'")
    run = invoke("sources", "--project", project.root, "--history")
    assert run.code == 0
    shown = run.out.splitlines()
    assert shown[0].endswith(f"  register  accepted  {len(SHOPS)} bytes  shops 3 rows (+3)")
    assert shown[1].startswith("  unchanged 2 times, last 20")
    assert shown[2].endswith("  shops 4 rows (+2 −1 ~1)")
    told = json.loads(invoke("sources", "--project", project.root, "--history", "--json").out)
    assert told[1]["tables"] == {"shops": {"rows": 4, "added": 2, "removed": 1, "changed": 1}}


def test_a_snapshot_that_is_gone_leaves_its_verdict(tmp_path: Path, site: Site) -> None:
    project = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    outcomes(project)
    for path in (project.root / "sources/register/snapshots/register").glob("*.csv"):
        path.unlink()
    (entry,) = history(project)
    assert (entry.verdict, entry.snapshot, entry.tables) == ("accepted", None, {})
