"""The pages say what the program does: nothing is stale, missing, left over, or leads nowhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from pipeline.cli import main
from pipeline.core.errors import Kind
from tests.command import servicebanken

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(page for page in (ROOT / "README.md", *DOCS.glob("*.md")) if page.is_file())

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
every_command = pytest.mark.parametrize("name", sorted(main.commands))


# -- the commands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "surroundings",
    [{"COLUMNS": "40", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, {"COLUMNS": "200", "LC_ALL": "C.UTF-8"}],
    ids=["narrow", "wide"],
)
def test_the_cli_reference_is_what_the_commands_say(surroundings: dict[str, str]) -> None:
    printed = subprocess.run(
        [sys.executable, DOCS / "cli_reference.py"],
        env={**os.environ, **surroundings},
        capture_output=True,
        check=True,
    ).stdout
    assert (DOCS / "cli.md").read_bytes() == printed, "run `make docs`"


@every_command
def test_a_command_has_help_and_an_example(name: str) -> None:
    text = main.commands[name].help or ""
    assert text
    assert re.search(rf"^\s*Examples?:\n\s*servicebanken {name}\b", text, re.MULTILINE)


@every_command
def test_every_option_has_help(name: str) -> None:
    options = [param for param in main.commands[name].params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


@every_command
def test_the_help_speaks_of_every_argument(name: str) -> None:
    command = main.commands[name]
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    assert [a.human_readable_name for a in arguments if a.human_readable_name not in (command.help or "")] == []


def test_every_command_has_the_options_that_all_have() -> None:
    lacking = {
        name: missing
        for name, command in main.commands.items()
        if (missing := {"--project", "--json", "--quiet"} - _options(command))
    }
    assert lacking == {}


# -- the errors --------------------------------------------------------------------------------------------------


def test_every_kind_of_error_has_its_section_and_no_section_is_left_over() -> None:
    sections = [title for level, title in _headings(DOCS / "errors.md") if level == 2]
    assert sections == [kind.value for kind in Kind]


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_the_section_of_an_error_shows_a_message_and_the_way_out(kind: Kind) -> None:
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    section = re.split(r"^#+ .*$", text.partition(f"\n## {kind}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    assert re.search(rf"^error: .+ \[{kind}\]$", section, re.MULTILINE)
    assert re.search(r"Exit\s+code\s+[12]\.", section)
    assert "**The way out.** " in section


# -- links -------------------------------------------------------------------------------------------------------


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert [link for link in _links(page) if not _leads_somewhere(link, page)] == []


def _links(page: Path) -> list[str]:
    text = _prose(page)
    found = re.findall(r"\]\(\s*<?([^)\s>]+)", text)
    found += re.findall(r"^\[[^\]]+\]:\s+(\S+)", text, re.MULTILINE)
    found += re.findall(r"\b(?:href|src)=\"([^\"]+)\"", text)
    return [link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE)]


def _leads_somewhere(link: str, page: Path) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page: lower case, no punctuation, hyphens, repeats numbered."""
    seen: Counter[str] = Counter()
    anchors = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", page.read_text(encoding="utf-8")))
    for _, title in _headings(page):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def _headings(page: Path) -> list[tuple[int, str]]:
    """The headings of a page: how deep, and the title without the signs of code and links."""
    found = re.findall(r"^(#{1,6}) +(.+?) *#*$", _prose(page, code=True), re.MULTILINE)
    titles = [(len(signs), re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)) for signs, title in found]
    return [(level, title.replace("`", "")) for level, title in titles]


FENCE = re.compile(r"^(?P<signs>```+|~~~+)[^\n]*\n(?P<block>.*?)^(?P=signs)[ \t]*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")


def _prose(page: Path, *, code: bool = False) -> str:
    """The text of a page without its code blocks, and without code in a line unless `code` is true."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return text if code else CODE.sub("", text)


# -- commands that pages show ------------------------------------------------------------------------------------

SHOWN = re.compile(r"(?:^|[$`;&|(]|bin/) *servicebanken((?: +(?!&&|#)[^\s`;|)]+)*)", re.MULTILINE)
"""A command line from the program's name on, wherever a shell would take it as one."""


@every_page
def test_every_command_that_is_shown_exists_with_its_options(page: Path) -> None:
    assert [shown for shown in _commands(page) if not _exists(shown)] == []


def _commands(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    blocks = [match["block"].replace("\\\n", " ") for match in FENCE.finditer(text)]
    for code in [*blocks, *CODE.findall(FENCE.sub("", text))]:
        for words in SHOWN.findall(code):
            yield f"servicebanken{words}"


def _exists(shown: str) -> bool:
    words = [word.rstrip(".,:") for word in shown.split()[1:]]
    given = {word.strip("[]").partition("=")[0] for word in words if re.match(r"\[?-", word)}
    named = next((word for word in words if re.match(r"[a-z]", word)), None)
    command = main if named is None else main.commands.get(named)
    return command is not None and given <= _options(command)


def _options(command: click.Command) -> set[str]:
    return {"-h", "--help"} | {option for param in command.params for option in (*param.opts, *param.secondary_opts)}


@pytest.mark.parametrize(
    ("shown", "exists"),
    [
        ("servicebanken", True),
        ("servicebanken --help", True),
        ("servicebanken build --project shops", True),
        ("servicebanken serve --port=8080", True),
        ("servicebanken assemble [--out DIR]", True),
        ("servicebanken bild", False),
        ("servicebanken build --projekt shops", False),
        ("servicebanken --quiet", False),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(shown: str, exists: bool) -> None:
    assert _exists(shown) is exists


# -- the worked example --------------------------------------------------------------------------------------------

FILE = re.compile(r"^`(?P<path>(?:sources|build)/\S+)`:\n\n```\w+\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
"""A file that docs/sources.md shows: its path, and all of it but for provenance.csv."""


def test_the_worked_example_on_sources_comes_out_as_shown(tmp_path: Path) -> None:
    text = (DOCS / "sources.md").read_text(encoding="utf-8")
    shown = [(match["path"], match["content"]) for match in FILE.finditer(text)]
    assert "".join(path[0] for path, _ in shown) == "ssbbbssbbb", "two sources, each followed by what is built of them"
    assert servicebanken("init", "shops", cwd=tmp_path).code == 0
    project = tmp_path / "shops"
    for path, content in shown:
        file = project / path
        if path.startswith("build/"):
            run = servicebanken("release", cwd=project)
            assert run.code == 0, run.err
            assert _about_shops(file) == content
        elif file.exists():
            assert file.read_text(encoding="utf-8") == content
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(content, encoding="utf-8")
    assert servicebanken("sources", cwd=project).out in text


def test_the_real_source_is_shown_as_it_is() -> None:
    text = (DOCS / "sources.md").read_text(encoding="utf-8")
    shown = re.findall(r"File `(sources/\S+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert {path for path, _ in shown} >= {
        f"sources/ragunda/{file.name}" for file in (ROOT / "sources/ragunda").iterdir()
    }
    for path, content in shown:
        assert (ROOT / path).read_text(encoding="utf-8") == content


def _about_shops(file: Path) -> str:
    """A table that was built: of provenance.csv the header and the lines on shops."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if file.name == "provenance.csv":
        lines = [line for line in lines if line.startswith(("table,", "shops,"))]
    return "".join(lines)


def test_the_readme_cites_the_recorded_release_as_the_command_does() -> None:
    cited = servicebanken("cite", cwd=ROOT)
    assert cited.code == 0, cited.err
    assert f"> {cited.out}" in (ROOT / "README.md").read_text(encoding="utf-8"), "run `servicebanken cite`"
