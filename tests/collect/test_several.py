"""Several sources at once: hosts side by side, each host in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.collect import Terms, collect
from pipeline.core.progress import Progress
from tests.collect.conftest import SHOPS, register
from tests.collect.several import SOURCES, several
from tests.collect.site import Handler, Page, Site, serving
from tests.collect.test_faults import HASTY
from tests.command import invoke
from tests.projects import put


@pytest.fixture
def sites() -> Iterator[list[Site]]:
    with ExitStack() as running:
        yield [running.enter_context(serving()) for _ in range(SOURCES)]


def test_five_sources_that_have_not_changed_take_a_conditional_request_each(tmp_path: Path, sites: list[Site]) -> None:
    project = several(tmp_path, sites)
    assert invoke("collect", "--project", project.root).code == 0
    for site in sites:
        site.requests.clear()
    run = invoke("collect", "--project", project.root)
    assert run.code == 0
    assert run.out == "".join(f"register-{number}  unchanged  1 request  shops 3\n" for number in range(SOURCES))
    assert [site.requests for site in sites] == [["GET /shops.csv if-none-match"]] * SOURCES


def test_different_hosts_are_asked_side_by_side(tmp_path: Path, sites: list[Site]) -> None:
    """Each host answers only when all of them have been asked."""
    together = threading.Barrier(SOURCES, timeout=10)

    def answer(handler: Handler) -> None:
        together.wait()
        handler.page(Page(SHOPS))

    project = several(tmp_path, sites)
    for site in sites:
        site.pages["/shops.csv"] = answer
    assert {outcome.outcome for outcome in collect(project, Progress(), Terms(patience=HASTY))} == {"accepted"}


def test_one_host_is_asked_one_thing_at_a_time(tmp_path: Path, site: Site) -> None:
    project = several(tmp_path, [site] * SOURCES)
    asked, most = 0, 0
    counting = threading.Lock()

    def answer(handler: Handler) -> None:
        nonlocal asked, most
        with counting:
            asked += 1
            most = max(most, asked)
        time.sleep(0.02)
        with counting:
            asked -= 1
        handler.page(Page(SHOPS))

    site.pages["/shops.csv"] = answer
    assert {outcome.outcome for outcome in collect(project, Progress(), Terms(patience=HASTY))} == {"accepted"}
    assert most == 1


def test_a_source_that_fails_keeps_no_other_from_being_collected(tmp_path: Path, sites: list[Site]) -> None:
    project = several(tmp_path, sites)
    sites[1].pages["/shops.csv"] = Page(b"<html>")
    sites[3].pages.clear()
    ended = [outcome.outcome for outcome in collect(project, Progress(), Terms(patience=HASTY))]
    assert ended == ["accepted", "rejected", "accepted", "failed", "accepted"]
    assert invoke("collect", "--project", project.root).code == 1


def test_a_source_of_two_fetches_has_one_log(tmp_path: Path, sites: list[Site]) -> None:
    project = register(tmp_path / "project", sites[0].address)
    source = project.root / "sources/register/source.yml"
    text = source.read_text(encoding="utf-8")
    fetch = text.partition("fetch:\n")[2]
    second = fetch.replace("id: register", "id: second").replace(sites[0].address, sites[1].address)
    put(project.root, {"sources/register/source.yml": text + second.replace("shop-{number}", "other-{number}")})
    for site in sites:
        site.pages["/shops.csv"] = Page(SHOPS)
    run = invoke("collect", "--project", project.root)
    assert run.out.splitlines() == [
        "register  accepted  1 request  shops 3",
        "second    accepted  1 request  shops 3",
    ], run.err
    log = (project.root / "sources/register/snapshots/log.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(log) == 4
