"""What the commands have in common: the options that every one has, what they print, and how they end."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pipeline.core.errors import SHOWN, PipelineError, Problem
from pipeline.core.interrupt import EXIT_CODE, ended_by_ctrl_c
from pipeline.core.progress import Progress, Style

if TYPE_CHECKING:
    from pipeline.source.project import Project


class Session:
    """What the options that every command has amount to."""

    def __init__(self, folder: Path, as_json: bool, quiet: bool) -> None:
        self.folder = folder
        self.as_json = as_json
        self.progress = Progress(_style(as_json, quiet))

    @property
    def project(self) -> Project:
        """The project in whose folder, or below it, the command was given."""
        from pipeline.source.project import find

        return find(self.folder)

    def print(self, result: Any, text: str) -> None:
        """The command's result: as JSON where that was asked for, else as text."""
        click.echo(json.dumps(result, ensure_ascii=False, indent=2) if self.as_json else text)

    def fail(self, error: PipelineError) -> NoReturn:
        """Says what is wrong and ends with the error's exit code."""
        if self.as_json:
            self.print({"errors": [problem.to_dict() for problem in error.problems]}, "")
        else:
            self.complain(error.problems)
        sys.exit(error.exit_code)

    def complain(self, problems: Sequence[Problem]) -> None:
        """Names the first problems on stderr and counts the others, unless the result is JSON, which holds them."""
        if self.as_json:
            return
        for problem in problems[:SHOWN]:
            click.echo(f"error: {problem}", err=True)
        if len(problems) > SHOWN:
            click.echo(f"error: and {len(problems) - SHOWN} more", err=True)


def _style(as_json: bool, quiet: bool) -> Style:
    if quiet:
        return "quiet"
    if as_json:
        return "json"
    return "terminal" if sys.stderr.isatty() else "lines"


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that every command has, and turns its errors into messages."""

    @click.option(
        "--project",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        help="The project's folder. Default: the current folder or the nearest above it with a datapackage.json.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and progress as JSON lines.")
    @click.option("--quiet", is_flag=True, help="Print no progress.")
    @functools.wraps(function)
    def run(folder: Path, as_json: bool, quiet: bool, **options: Any) -> None:
        from pipeline.core.files import os_errors

        session = Session(folder, as_json, quiet)
        try:
            with ended_by_ctrl_c(), os_errors(str(folder)):
                function(session, **options)
        except PipelineError as error:
            session.fail(error)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            sys.exit(EXIT_CODE)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="servicebanken", prog_name="servicebanken")
def main() -> None:
    """Turn sources into a data package that people can trust, and publish it.

    The commands work on a project: a folder with a datapackage.json. Exit codes: 0 fine, 1 the data is invalid or
    differs, 2 the command could not run, 130 stopped by Ctrl-C.
    """
