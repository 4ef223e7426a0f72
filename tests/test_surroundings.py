"""What the machine may do to a build: no permission, no space, another build, a kill. The last release stays whole."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.files import scratch
from tests.command import SCRIPT, invoke, servicebanken, start
from tests.projects import SOURCE, field, package, put, table, tree

MORE_SHOPS = (
    "id,name,kind,opened,document\n"
    "north-village,North Village Shop,staffed,1998,example-shops-page\n"
    "south-village,South Village Shop,unmanned,2021,example-shops-page\n"
    "west-village,West Village Shop,staffed,2005,example-shops-page\n"
)


def assert_whole(release: Path) -> None:
    """The release is what its checksums say, as the system's own tool sees it."""
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=release, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


# -- no permission -------------------------------------------------------------------------------------------------


def test_a_file_in_the_place_of_the_build_folder_is_named(tmp_path: Path) -> None:
    assert servicebanken("init", tmp_path / "project").code == 0
    put(tmp_path / "project", {"build": "not a folder"})
    run = servicebanken("release", "--quiet", "--project", tmp_path / "project")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {tmp_path}/project/build: failed: File exists. Check the file, the folder and the disk. "
        "[file-failed]\n"
    )


@pytest.fixture
def bound() -> list[str]:
    """How to start a command that permissions bind: as it is for a user, without root's capabilities for root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root is bound by no permission, and setpriv is not there to change that")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search"]


@pytest.mark.parametrize("folder", ["build", "build/releases"])
def test_a_build_without_write_permission_says_so_and_changes_nothing(
    folder: str, bound: list[str], built: Path
) -> None:
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    before = tree(built / "build/releases")
    (built / "build/.lock").unlink()
    (built / folder).chmod(0o555)
    run = servicebanken("release", "--quiet", "--project", built, prefix=bound)
    (built / folder).chmod(0o755)
    assert (run.code, run.out) == (2, "")
    assert re.fullmatch(
        rf"error: {built}/{folder}/\.(lock|staging-\w+): could not be read or written: permission denied\. Check who "
        r"owns the file or folder, and that the disk is not read-only\. \[not-writable\]\n",
        run.err,
    )
    assert tree(built / "build/releases") == before


@pytest.mark.parametrize("command", ["build", "sources"])
def test_a_source_that_may_not_be_read_is_named(command: str, bound: list[str], built: Path) -> None:
    (built / SOURCE / "shops.csv").chmod(0)
    run = servicebanken(command, "--quiet", "--project", built, prefix=bound)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {built}/{SOURCE}/shops.csv: could not be read or written: permission denied. Check who owns the file "
        "or folder, and that the disk is not read-only. [not-writable]\n"
    )


# -- no space ------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def _fill(disk: Path, leave: int) -> Path:
    """Fills the disk but for `leave` bytes, with a file that is returned."""
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - leave)))
    return filler


@pytest.mark.parametrize("leave", [0, 8_192, 65_536, 131_072, 200_704, 282_624])
def test_a_full_disk_is_named_and_the_last_release_stays_whole(leave: int, disk: Path, built_example: Path) -> None:
    """The space runs out in another stage for each size: assembling, CSV, SQLite, XLSX, ZIP."""
    project = Path(shutil.copytree(built_example, disk / "project", symlinks=True))
    put(project, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    before = tree(project / "build/releases")
    filler = _fill(disk, leave)
    run = servicebanken("release", "--quiet", "--project", project)
    assert "Traceback" not in run.err
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.startswith(f"error: {project}")
    assert run.err.endswith(" [disk-full]\n")
    assert tree(project / "build/releases") == before
    assert_whole(project / "build/releases/latest")
    filler.unlink()
    assert servicebanken("release", "--quiet", "--project", project).out.startswith("Released 0.2.0 ")


def test_a_disk_that_turned_read_only_is_named(disk: Path, built_example: Path) -> None:
    project = Path(shutil.copytree(built_example, disk / "project", symlinks=True))
    put(project, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    before = tree(project)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    run = servicebanken("release", "--quiet", "--project", project)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {project}/build/.lock: could not be read or written: permission denied. Check who owns the file or "
        "folder, and that the disk is not read-only. [not-writable]\n"
    )
    assert tree(project) == before


# -- two at once ---------------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from pipeline.core.files import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(built: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is writing below the project's build folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, built / "build"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("command", ["build", "assemble", "release"])
def test_a_second_writer_is_told_who_the_first_is(command: str, holder: subprocess.Popen[str], built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    before = {name: content for name, content in tree(built).items() if name != "build/.lock"}
    run = servicebanken(command, "--quiet", "--project", built)
    assert (run.code, run.out) == (2, "")
    assert re.fullmatch(
        rf"error: {built}/build: is being written by process {holder.pid} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. "
        r"Wait until it has ended, or stop it, and run the command again\. \[locked\]\n",
        run.err,
    )
    assert {name: content for name, content in tree(built).items() if name != "build/.lock"} == before


def test_a_lock_ends_with_the_process_that_held_it_however_that_ended(
    holder: subprocess.Popen[str], built: Path
) -> None:
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    holder.kill()
    holder.wait()
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("Released 0.2.0 ")


def test_of_two_builds_at_once_one_releases_and_the_other_waits_or_finds_it_done(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    both = [start("release", "--quiet", "--project", built) for _ in range(2)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in both]
    for (_, said), code in ended:
        assert (code, said) == (0, "") or (code == 2 and said.endswith(" [locked]\n"))
    assert any(code == 0 for _, code in ended)
    assert sorted(path.name for path in (built / "build/releases").iterdir()) == ["0.1.0", "0.2.0", "latest"]
    assert_whole(built / "build/releases/latest")


# -- killed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        "build/.staging-*",
        "build/releases/.staging-*",
        "build/releases/.staging-*/*.xlsx",
        "build/releases/.staging-*/*.zip",
        "build/releases/.staging-*/SHA256SUMS",
        "build/releases/0.2.0",
    ],
)
def test_a_kill_at_any_moment_leaves_a_whole_release_and_the_next_build_goes_on(moment: str, built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    old = tree(built / "build/releases/0.1.0")
    with subprocess.Popen(
        [SCRIPT, "release", "--quiet", "--project", built], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 30
        while process.poll() is None and not any(built.glob(moment)) and time.monotonic() < deadline:
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
    assert tree(built / "build/releases/0.1.0") == old
    assert_whole(built / "build/releases/latest")
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert (built / "build/releases/latest").readlink() == Path("0.2.0")
    assert_whole(built / "build/releases/latest")
    assert sorted(path.name for path in (built / "build").iterdir()) == [
        *(".lock", "package", "releases", "releases.json", "state.json")
    ]
    assert sorted(path.name for path in (built / "build/releases").iterdir()) == ["0.1.0", "0.2.0", "latest"]


def test_a_release_that_was_made_but_not_pointed_at_is_pointed_at_by_the_next_build(built: Path) -> None:
    """What a kill between the two renames leaves behind."""
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    assert servicebanken("release", "--quiet", "--project", built).code == 0
    (built / "build/releases/latest").unlink()
    (built / "build/releases/latest").symlink_to("0.1.0")
    (built / "build/state.json").unlink()
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.out) == (0, f"Up to date: 0.2.0  {built}/build/releases/0.2.0\n")
    assert (built / "build/releases/latest").readlink() == Path("0.2.0")


@pytest.mark.parametrize("left", [["data"], ["data", "build/releases.json"], []], ids=["ledger", "neither", "no data"])
def test_a_release_that_was_made_but_not_recorded_is_recorded_by_the_next(left: list[str], built: Path) -> None:
    """What a kill leaves behind before the ledger is written, between it and the tables, and while these are."""
    old = Path(shutil.copytree(built, built.parent / "old", symlinks=True))
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    assert invoke("release", "--quiet", "--project", built).code == 0
    recorded = tree(built / "data"), (built / "build/releases.json").read_bytes()
    (built / "build/state.json").unlink()
    shutil.rmtree(built / "data")
    for name in left:
        copy = shutil.copytree if (old / name).is_dir() else shutil.copyfile
        copy(old / name, built / name)
    run = invoke("release", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert (tree(built / "data"), (built / "build/releases.json").read_bytes()) == recorded


def test_a_build_that_is_interrupted_says_so_without_a_traceback(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": MORE_SHOPS})
    before = tree(built / "build/releases/0.1.0")
    process = start("release", "--quiet", "--project", built)
    while process.poll() is None and not any((built / "build").glob("releases/.staging-*/data/*.parquet")):
        time.sleep(0.0005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    assert process.returncode != 0 or (built / "build/releases/0.2.0").is_dir()
    assert tree(built / "build/releases/0.1.0") == before
    assert not any((built / "build/releases").glob(".staging-*"))


LARGE = 200_000
"""Rows of a table that takes seconds to be released."""


def test_ctrl_c_ends_a_release_within_two_seconds_and_leaves_nothing(tmp_path: Path) -> None:
    fields = [field("id", "integer"), field("name"), field("words")]
    rows = "".join(f"{number},name {number},some words of {number} to search in\n" for number in range(LARGE))
    package(tmp_path / "shop", [table("towns", fields, ["id"])], {"towns.csv": f"id,name,words\n{rows}"})
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for moment in ("*.sqlite.draft", "*.xlsx"):
        process = subprocess.Popen(
            [SCRIPT, "build", "--project", tmp_path / "shop"],
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while not any((tmp_path / "shop").rglob(moment)):
            assert process.poll() is None
            time.sleep(0.01)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said[-9:]) == (130, b"Stopped.\n")
        assert time.monotonic() - begun < 2
        assert list(temporary.iterdir()) == []
        assert {path.name for path in (tmp_path / "shop/build").rglob("*")} <= {".lock", "releases"}


def test_what_a_killed_run_left_in_the_temporary_place_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch() as mine:
        left = put(tmp_path / "servicebanken-left", {"lock": "", "work/x.csv": "x"})
        old = put(tmp_path / "servicebanken-old", {"x.csv": "x"})
        os.utime(old, (0, 0))
        with scratch():
            assert (left.exists(), old.exists(), mine.exists()) == (False, False, True)
    assert list(tmp_path.iterdir()) == []
