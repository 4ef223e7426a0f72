"""Killed with SIGKILL while it publishes to a folder: what was published stays whole, and the next run ends the work.

`PUBLISH_KILLS=200 pytest tests/publish/test_killed.py` kills that often; each kill is at another random moment.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.projects import tree
from tests.publish.releases import make, send
from tests.publish.test_folder import assert_published

KILLS = int(os.environ.get("PUBLISH_KILLS", "12"))
ROOT = Path(__file__).parents[2]

PUBLISH = """
import sys
from pathlib import Path
import pipeline.publish.folder, pipeline.core.files
from pipeline.core.progress import Progress
from pipeline.publish import publish
print("ready", flush=True)
sys.stdin.readline()
publish(Path(sys.argv[1]), sys.argv[2], Progress())
"""

KILL_AT_STEP = """
import os, signal, sys
from pathlib import Path
from pipeline.core.progress import Progress
from pipeline.publish import publish
steps = int(sys.argv[3])

def counted(real):
    def step(*arguments, **options):
        global steps
        steps -= 1
        if steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    return step

for owner, name in [(os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "mkdir"), (Path, "unlink")]:
    setattr(owner, name, counted(getattr(owner, name)))
publish(Path(sys.argv[1]), sys.argv[2], Progress())
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release that is published already."""
    return make(tmp_path_factory.mktemp("old") / "release", "1.0.0")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release that is being published when the kill comes: twelve files more, 3 MB."""
    more = {f"data/part-{number}.bin": random.Random(number).randbytes(250_000) for number in range(12)}
    return make(tmp_path_factory.mktemp("new") / "release", "1.1.0", more=more)


def assert_whole(place: Path, old: Path, new: Path) -> bool:
    """What latest.json lists is whole and the old version is listed; returns whether the new one is."""
    listed = [entry["version"] for entry in json.loads((place / "latest.json").read_text(encoding="utf-8"))["versions"]]
    assert listed in (["1.0.0"], ["1.1.0", "1.0.0"])
    assert tree(place / "1.0.0") == tree(old)
    if (place / "1.1.0").exists():
        assert tree(place / "1.1.0") == tree(new)
    shown = re.findall(r'<section class="version" id="v([0-9.]+)"', (place / "index.html").read_text(encoding="utf-8"))
    assert shown in (["1.0.0"], listed)
    return len(listed) == 2


def start(new: Path, place: Path) -> subprocess.Popen[str]:
    """A process that has loaded everything and publishes as soon as it is sent a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, new, place],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_kill_at_a_random_moment_leaves_what_was_published_whole(old: Path, new: Path, tmp_path: Path) -> None:
    base, place = tmp_path / "base", tmp_path / "www"
    send(old, base)
    shutil.copytree(base, place)
    with start(new, place) as process:
        began = time.monotonic()
        process.communicate("\n")
        takes = time.monotonic() - began
    assert_published(place, old, new)
    moments = random.Random(4)
    halfway = shown = 0
    for _ in range(KILLS):
        shutil.rmtree(place)
        shutil.copytree(base, place)
        with start(new, place) as process:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(moments.uniform(0, takes))
            process.send_signal(signal.SIGKILL)
        halfway += any(place.glob(".publishing-*"))
        shown += assert_whole(place, old, new)
        result = send(new, place)
        assert result.state in ("published", "unchanged")
        assert_published(place, old, new)
    print(f"\n{KILLS} kills within {takes * 1000:.0f} ms: {halfway} half-way, {shown} after the pointer was switched")
    assert halfway > 0, "the kills came too early or too late to tell anything"


def test_a_kill_before_any_step_on_the_disk_leaves_what_was_published_whole(old: Path, tmp_path: Path) -> None:
    """Every fsync, rename, folder made and file removed, one after the other, instead of random moments."""
    base, place = tmp_path / "base", tmp_path / "www"
    send(old, base)
    (base / ".publishing-0.9.0").mkdir()
    (base / ".publishing-file").write_text("left")
    small = make(tmp_path / "small", "1.1.0")
    code, step = -signal.SIGKILL, 0
    while code == -signal.SIGKILL:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(base, place)
        code = subprocess.run(
            [sys.executable, "-c", KILL_AT_STEP, small, place, str(step)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        ).returncode
        assert_whole(place, old, small)
        send(small, place)
        assert_published(place, old, small)
        step += 1
    assert code == 0
    assert step > 25
