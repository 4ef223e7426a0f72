"""The validators that other people's catalogues use, in an environment of their own (locks/validators.txt)."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

PYTHON = Path(sys.prefix) / "validators/bin/python"
"""Beside the environment that the tests run in; `make test` makes both."""

PROFILES = Path(__file__).parents[1] / "profiles"
SWEDISH = PROFILES / "dcat-ap-se/shapes.ttl"
"""What DCAT-AP-SE asks for beyond DCAT-AP."""

needs_validators = pytest.mark.skipif(
    not PYTHON.is_file(), reason="the environment of the validators is not there; `make test` makes it"
)

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="the validator of HTML needs Java")


@cache
def _judge() -> subprocess.Popen[str]:
    """The validators, which take seconds to import, in one process for all tests of a session."""
    home = tempfile.mkdtemp(prefix="validators-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    run = subprocess.Popen(
        [PYTHON, Path(__file__).with_name("judge.py")],
        env={**os.environ, "HOME": home, "XDG_CACHE_HOME": home},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    atexit.register(run.kill)
    return run


def complaints(kind: str, file: Path, *others: Path) -> list[str]:
    """What the validator of a kind of file (see judge.py) finds wrong with it."""
    judge = _judge()
    assert judge.stdin is not None
    assert judge.stdout is not None
    judge.stdin.write(json.dumps([kind, str(file), *map(str, others)]) + "\n")
    judge.stdin.flush()
    found: list[str] = json.loads(judge.stdout.readline())
    return found
