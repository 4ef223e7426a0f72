"""The validators that other people's catalogues use, in an environment of their own (locks/validators.txt)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
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


def complaints(kind: str, file: Path, *others: Path) -> list[str]:
    """What the validator of a kind of file (see judge.py) finds wrong with it."""
    home = file.parent / "home"
    home.mkdir(exist_ok=True)
    run = subprocess.run(
        [PYTHON, Path(__file__).with_name("judge.py"), kind, file, *others],
        env={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[str] = json.loads(run.stdout)
    return found
