"""A collect that ends before its end: nothing is accepted, nothing is lost, and the next one goes on."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.collect import Outcome, Terms, collect
from pipeline.collect.store import lines
from pipeline.core.progress import Progress
from pipeline.source import snapshots
from pipeline.source.fetched_rows import read
from pipeline.source.project import Project
from pipeline.source.source import read_all
from tests.collect.figures import REQUESTS, Slow, figures, kolada
from tests.collect.servers import Asked, Reply, json_reply
from tests.collect.test_faults import HASTY
from tests.command import servicebanken, start
from tests.projects import put

KILLS = int(os.environ.get("COLLECT_KILLS", "6"))
"""Moments at which a collect is killed; 100 take two minutes."""


@pytest.fixture
def server() -> Iterator[Slow]:
    with kolada() as made:
        yield made


def collected(project: Project) -> Outcome:
    (outcome,) = collect(project, Progress(), Terms(patience=HASTY))
    return outcome


def accepted(project: Project) -> tuple[str, set[str | None]]:
    """The accepted snapshot: its id, and the distinct figures in it, read from bytes that are checked."""
    (source,) = read_all(project.sources, project.root)
    (fetch,) = source.fetches
    found = snapshots.accepted(source, fetch)
    assert found
    rows = read(fetch, found[0].answers())["figures"]
    assert len(rows.numbers) == 60
    return found[0].id, set(rows.columns["value"])


def folder_of(project: Project) -> Path:
    return project.root / "sources/kolada/snapshots/figures"


def intact(project: Project) -> None:
    """Every file that is named after its bytes has them; what is in the log can be read."""
    for path in folder_of(project).glob("[0-9a-f]*.*"):
        if len(path.stem) == 64:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    for path in folder_of(project).glob("snapshot-*.json"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem.removeprefix("snapshot-")


def test_a_collect_of_several_requests(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    assert (collected(project).outcome, len(server.asked)) == ("accepted", REQUESTS)
    assert collected(project).outcome == "unchanged"
    assert len(server.asked) == REQUESTS + 1, "what Kolada says of the key figure says that nothing has changed"


def test_the_next_run_goes_on_where_the_last_one_stopped(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    _fail_after(server, 3, project)
    assert not (folder_of(project) / "accepted.json").exists()
    server.asked.clear()
    outcome = collected(project)
    assert (outcome.outcome, outcome.requests) == ("accepted", REQUESTS - 3)
    assert len(server.asked) == REQUESTS - 3
    assert not (folder_of(project) / "pending.jsonl").exists()
    assert accepted(project)[1] == {f"{100 + number}" for number in range(12)}


def test_what_a_run_left_long_ago_is_asked_for_again(tmp_path: Path, server: Slow) -> None:
    """The pages of one snapshot are of one time."""
    project = figures(tmp_path, server.url)
    _leave_pending(project, server, "2020-01-01T00:00:00Z")
    assert collected(project).requests == REQUESTS


def test_what_a_run_left_at_a_time_yet_to_come_is_asked_for_again(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    _leave_pending(project, server, "2999-01-01T00:00:00Z")
    assert collected(project).requests == REQUESTS


def test_what_a_run_left_half_is_asked_for_again(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    _leave_pending(project, server, None)
    pending = folder_of(project) / "pending.jsonl"
    content = pending.read_bytes()
    pending.write_bytes(content[: len(content) - 30])
    assert collected(project).requests == REQUESTS - 1
    intact(project)


def _fail_after(server: Slow, good: int, project: Project) -> None:
    """A collect whose source fails for good after so many good answers."""
    whole = server.answer
    answers = [whole] * good

    def answer(asked: Asked) -> Reply:
        return answers.pop()(asked) if answers else json_reply({"detail": "Not Found"}, 404)

    server.answer = answer  # type: ignore[method-assign]
    assert collected(project).outcome == "failed"
    server.answer = whole  # type: ignore[method-assign]


def _leave_pending(project: Project, server: Slow, day: str | None) -> None:
    """What a run leaves that fails after two answers; as if at another time."""
    _fail_after(server, 2, project)
    pending = folder_of(project) / "pending.jsonl"
    left = lines(pending)
    assert len(left) == 2
    if day:
        pending.write_text("".join(json.dumps({**line, "time": day}) + "\n" for line in left), encoding="utf-8")


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Whenever it is killed, the old snapshot counts or the new one does, whole; and none of its answers is asked for
    a third time."""
    moments = random.Random(int(os.environ.get("COLLECT_SEED", "7")))
    with kolada(0.02) as server:
        project = figures(tmp_path, server.url)
        assert collected(project).outcome == "accepted"
        middle = 0
        for number in range(1, KILLS + 1):
            before = accepted(project)
            server.publish(number)
            new = {f"{100 + town + number}" for town in range(12)}
            server.asked.clear()
            _kill(project, server, moments.uniform(-0.1, 1.2) * REQUESTS * (server.seconds + 0.02))
            middle += 0 < len(server.asked) < REQUESTS
            intact(project)
            assert accepted(project) == before or accepted(project)[1] == new
            outcome = collected(project)
            assert outcome.outcome in ("accepted", "unchanged"), outcome
            assert accepted(project)[1] == new
            assert len(server.asked) <= REQUESTS + 2
            assert not list(folder_of(project).glob(".*"))
            assert not (folder_of(project) / "pending.jsonl").exists()
        assert KILLS < 50 or middle > KILLS / 10, "most moments were before the first request or after the last"


def _kill(project: Project, server: Slow, seconds: float) -> None:
    """Kills a collect so many seconds after its first request; in its beginnings, where there are less than none."""
    process = start("collect", "--quiet", "--project", project.root)
    if seconds < 0:
        time.sleep(0.3)
    while seconds >= 0 and not server.asked and process.poll() is None:
        time.sleep(0.002)
    time.sleep(max(0.0, seconds))
    process.kill()
    process.communicate()


def test_whoever_presses_ctrl_c_does_not_wait_for_the_slowest_server(tmp_path: Path) -> None:
    with kolada() as server:
        project = figures(tmp_path, server.url)
        whole = server.answer

        def answer(asked: Asked) -> Reply:
            if len(server.asked) > 3:
                time.sleep(8)
            return whole(asked)

        server.answer = answer  # type: ignore[method-assign]
        process = start("collect", "--quiet", "--project", project.root)
        while len(server.asked) < 4:
            time.sleep(0.01)
        interrupted = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = process.communicate()
        assert process.returncode == 130, said
        assert time.monotonic() - interrupted < 2.5
        server.answer = whole  # type: ignore[method-assign]
        assert collected(project).requests == REQUESTS - 3


def test_two_collects_at_once_do_not_meet(tmp_path: Path) -> None:
    with kolada() as server:
        project = figures(tmp_path, server.url)
        ended = threading.Event()
        whole = server.answer

        def answer(asked: Asked) -> Reply:
            ended.wait(20)
            return whole(asked)

        server.answer = answer  # type: ignore[method-assign]
        first = start("collect", "--quiet", "--project", project.root)
        while not server.asked:
            time.sleep(0.01)
        second = servicebanken("collect", "--project", project.root)
        ended.set()
        assert first.wait() == 0
        assert (second.code, "[locked]" in second.err) == (2, True)
        assert len(server.asked) == REQUESTS


# -- no space ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("leave", [0, 4096, 12288, 20480, 28672])
def test_a_disk_that_is_full(leave: int, disk: Path, server: Slow) -> None:
    """The space runs out at another file for each size."""
    project = figures(disk, server.url)
    assert collected(project).outcome == "accepted"
    before = accepted(project)
    server.publish(1)
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - leave)))
    run = servicebanken("collect", "--quiet", "--project", project.root)
    assert "Traceback" not in run.err
    assert (run.code, run.err.count("[disk-full]") >= 1) == (2, True), run
    assert accepted(project) == before
    intact(project)
    filler.unlink()
    assert collected(project).outcome == "accepted"
    assert accepted(project)[1] == {f"{101 + town}" for town in range(12)}
    assert not list(folder_of(project).glob(".*"))


def test_a_file_that_may_not_grow_any_further(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    assert collected(project).outcome == "accepted"
    before = accepted(project)
    server.publish(1)
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash"]
    run = servicebanken("collect", "--quiet", "--project", project.root, prefix=limited)
    assert (run.code, "File too large" in run.err) == (2, True), run
    assert accepted(project) == before
    assert collected(project).outcome == "accepted"
    intact(project)


def test_a_folder_that_may_not_be_written(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    (project.root / "sources/kolada/snapshots").write_text("a file where a folder should be", encoding="utf-8")
    outcome = collected(project)
    assert outcome.outcome == "failed"
    assert outcome.problems[0].kind == "file-failed"


def test_half_a_file_that_a_killed_run_left_is_removed(tmp_path: Path, server: Slow) -> None:
    project = figures(tmp_path, server.url)
    put(folder_of(project), {f".{'0' * 64}.json.draft": "{"})
    assert collected(project).outcome == "accepted"
    assert not list(folder_of(project).glob(".*"))
