"""The console script, run as a user runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from pipeline.cli import main

SCRIPT = Path(sys.executable).with_name("servicebanken")

DAY = {"SOURCE_DATE_EPOCH": "1769817600"}
"""Releases on 2026-01-31, whenever the test runs."""


@dataclass(frozen=True)
class Run:
    """How a command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def steps(self) -> list[str]:
        """The steps that ended, in order; a slow one says in between that it is at work."""
        return re.findall(r"^(\w+) \d+\.\d s$", self.err, re.MULTILINE)


def servicebanken(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str | Path] = (),
    umask: int = -1,
) -> Run:
    """Runs `servicebanken ARGUMENTS` to its end; `prefix` is a command that runs it."""
    ended = subprocess.run(
        [*prefix, SCRIPT, *arguments],
        cwd=cwd,
        env=environment(env),
        umask=umask,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Run(ended.returncode, ended.stdout, ended.stderr)


def start(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Starts `servicebanken ARGUMENTS` and leaves it running."""
    return subprocess.Popen(
        [SCRIPT, *arguments],
        cwd=cwd,
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: this one, without what steers a build, and `more`."""
    kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    return {**kept, **(more or {})}


def invoke(*arguments: str | Path) -> Run:
    """What `servicebanken ARGUMENTS` does, in this process: for the many tests whose commands need none of their own.

    A crash ends as it does in a process: with exit code 1 and a traceback on stderr.
    """
    ended = CliRunner(catch_exceptions=True).invoke(main, [str(argument) for argument in arguments])
    crash = ""
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        crash = "".join(traceback.format_exception(ended.exception))
    return Run(ended.exit_code, ended.stdout, ended.stderr + crash)
