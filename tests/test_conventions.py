"""Conventions of the tree that nothing else would keep."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import jsonschema
import pytest

from pipeline.cli import main
from pipeline.core.errors import Kind

ROOT = Path(__file__).parent.parent
PIPELINE = ROOT / "pipeline"
GROUND_FLOOR = ("core", "package", "table", "source", "web", "report", "spark")
"""Rooms that stages share."""

FOLDERS = [path.name for path in PIPELINE.iterdir() if path.is_dir()]
STAGES = sorted(name for name in FOLDERS if name not in ("__pycache__", "cli", *GROUND_FLOOR))
WHOLE = ("build.py", "checks.py")
"""Modules that know several stages: their order, and what a release is checked against."""

MODULES = sorted(PIPELINE.rglob("*.py"))
PROFILE = json.loads((ROOT / "tests/profiles/2.0/datapackage.json").read_text(encoding="utf-8"))


def _imports(path: Path) -> set[str]:
    """The modules that a module imports anywhere, also inside functions and for type checking."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _stages_imported(path: Path) -> set[str]:
    parts = [name.split(".") for name in _imports(path)]
    return {name[1] for name in parts if name[0] == "pipeline" and len(name) > 1 and name[1] in STAGES}


def test_duckdb_is_imported_in_one_place() -> None:
    found = {path for path in MODULES if {"duckdb", "_duckdb"} & {name.split(".")[0] for name in _imports(path)}}
    assert found == {PIPELINE / "table/duckdb.py"}


def test_the_stages_are_the_folders_of_the_pipeline() -> None:
    assert {"assemble", "validate", "release", "serve", "init"} <= set(STAGES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PIPELINE).as_posix())
def test_no_stage_imports_another(path: Path) -> None:
    place = path.relative_to(PIPELINE)
    own = {place.parts[0]} & set(STAGES) if len(place.parts) > 1 else set()
    if place.parts[0] in ("cli", "__init__.py", *WHOLE):
        own = set(STAGES)
    assert _stages_imported(path) <= own


def test_what_knows_several_stages_is_the_build_and_the_checks_of_what_it_made() -> None:
    loose = [path.name for path in PIPELINE.glob("*.py") if path.name != "__init__.py"]
    assert sorted(name for name in loose if _stages_imported(PIPELINE / name)) == sorted(WHOLE)


def test_every_command_has_a_file_of_its_name() -> None:
    files = {path.stem for path in (PIPELINE / "cli").glob("*.py")} - {"__init__", "__main__", "session"}
    assert files == set(main.commands)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_problem_has_a_heading_in_the_docs(kind: Kind) -> None:
    headings = re.findall(r"^#+ +`?([^`\n]+?)`? *$", (ROOT / "docs/errors.md").read_text(encoding="utf-8"), re.M)
    assert kind.value in headings


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_problem_can_happen(kind: Kind) -> None:
    code = [path.read_text(encoding="utf-8") for path in MODULES if path.name != "errors.py"]
    assert any(f"Kind.{kind.name}" in text for text in code)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_an_example_and_the_common_options(name: str) -> None:
    command = main.commands[name]
    assert command.help
    assert re.search(rf"Examples?:\n +servicebanken {name}\b", command.help)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--project", "--json", "--quiet"} <= options
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_the_reference_of_the_commands_is_what_its_script_prints_now() -> None:
    printed = subprocess.run(
        [sys.executable, "docs/cli_reference.py"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert (ROOT / "docs/cli.md").read_text(encoding="utf-8") == printed.stdout


@pytest.mark.parametrize("name", sorted(main.commands))
def test_the_reference_of_the_commands_has_every_command_and_option(name: str) -> None:
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert f"servicebanken {name}" in text
    assert all(
        option in text for parameter in main.commands[name].params for option in parameter.opts if "--" in option
    )


def test_help_answers_before_any_heavy_import() -> None:
    heavy = ["_duckdb", "duckdb", "frictionless", "pandas", "datasette", "xlsxwriter", "yaml", "requests"]
    code = f"import sys, pipeline.cli; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert printed.stdout == "[]\n"


def test_a_server_has_nothing_in_memory_that_only_making_a_release_needs() -> None:
    heavy = ["_duckdb", "duckdb", "frictionless", "pandas"]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in PIPELINE.glob("serve/**/*.py")]
    code = f"import sys, {', '.join(modules)}; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert printed.stdout == "[]\n"


def test_the_contract_satisfies_the_official_profile() -> None:
    contract = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
    assert _profile_errors(contract) == []


def test_the_contract_of_a_new_project_satisfies_the_official_profile() -> None:
    contract = json.loads((PIPELINE / "init/project/datapackage.json").read_text(encoding="utf-8"))
    assert _profile_errors(contract) == []


def test_the_official_profile_refuses_what_it_must() -> None:
    """The check itself can fail: formats are judged too, which needs libraries that jsonschema does not demand."""
    resource = {"name": "towns", "path": "https://[towns", "schema": {"fields": [{"name": "id", "type": "strin"}]}}
    package = {"name": "x", "created": "2026-11-23", "homepage": "not an address", "resources": [resource]}
    assert [error.split(":")[0] for error in _profile_errors(package)] == [
        "$.created",
        "$.homepage",
        "$.resources[0].schema.fields[0]",
    ]


def _profile_errors(descriptor: object) -> list[str]:
    judge = jsonschema.Draft7Validator(PROFILE, format_checker=jsonschema.FormatChecker())
    return sorted(f"{error.json_path}: {error.message[:200]}" for error in judge.iter_errors(descriptor))


@pytest.mark.parametrize(
    "name", ["run.txt", "test.txt", "bench.txt", "spark.txt", "validators.txt", "moto.txt", "schemathesis.txt"]
)
def test_a_lock_file_has_hashes_for_every_library_and_no_addresses(name: str) -> None:
    lines = (ROOT / "locks" / name).read_text(encoding="utf-8").splitlines()
    libraries = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
    assert len(libraries) > 10
    for number in libraries:
        assert re.match(r"[a-z0-9.-]+==\S+", lines[number])
        assert lines[number + 1].startswith("    --hash=sha256:")
    assert not [line for line in lines if "://" in line]


def test_an_installed_pipeline_holds_every_file(tmp_path: Path) -> None:
    """Hidden files and folders without Python are easily left out of a wheel."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    files = [path for path in PIPELINE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    for file in files:
        target = source / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", tmp_path / "wheel", "."], cwd=source, check=True, capture_output=True)
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", *(tmp_path / "wheel").glob("*.whl"), installed], check=True)
    assert {
        path.relative_to(installed / "pipeline").as_posix()
        for path in (installed / "pipeline").rglob("*")
        if path.is_file()
    } == {file.relative_to(PIPELINE).as_posix() for file in files}


# -- how the tree is built ---------------------------------------------------------------------------------------------

TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PIPELINE.rglob("*.py"))}

LONGEST = 400
"""Lines of a file."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {name_of(path): path for path in TREES}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """What a module imports anywhere: (module, name of it, empty for the module itself)."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def foreign(path: Path) -> set[str]:
    """The names in a module that stand for something of another library, or of Python's own."""
    found = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names if not _is_ours(alias.name)}
        elif isinstance(node, ast.ImportFrom) and not _is_ours(node.module or ""):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "pipeline"


def _is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


# -- no circles --------------------------------------------------------------------------------------------------------


def test_no_two_files_import_each_other_by_whatever_way() -> None:
    needs = {
        path: {FILES.get(f"{module}.{name}") or FILES[module] for module, name in imports(path) if module in FILES}
        - {path}
        for path in TREES
    }
    while leaves := [path for path, needed in needs.items() if not needed]:
        for path in leaves:
            del needs[path]
        needs = {path: needed - {*leaves} for path, needed in needs.items()}
    while tops := [path for path in needs if not any(path in needed for needed in needs.values())]:
        for path in tops:
            del needs[path]
    assert {name_of(path) for path in needs} == set()


ONLY_UNIX = {"fcntl", "grp", "posix", "pwd", "resource", "syslog", "termios"}


@pytest.mark.parametrize("path", TREES, ids=name_of)
def test_what_only_unix_has_is_imported_where_it_is_used(path: Path) -> None:
    """On Windows every module can be imported; what it cannot do there it says when asked."""
    found = {
        name.partition(".")[0]
        for node in TREES[path].body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert found & ONLY_UNIX == set()


# -- the drawing ------------------------------------------------------------------------------------------------------

DRAWING = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def room(module: str) -> str:
    return module.split(".")[1]


def test_the_drawing_says_what_each_room_imports() -> None:
    found: dict[str, set[str]] = {}
    for path in TREES:
        here = name_of(path)
        if here != "pipeline":
            modules = {f"{module}.{name}" for module, name in imports(path) if _is_ours(module)}
            found.setdefault(room(here), set()).update({room(each) for each in modules} - {room(here)})
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", DRAWING, re.M)
    drawn = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}
    assert {name: rooms for name, rooms in drawn.items() if name != "cli"} == {
        name: rooms for name, rooms in found.items() if name != "cli"
    }


def test_every_file_that_the_drawing_names_is_there() -> None:
    named = set(re.findall(r"`((?:pipeline|tests|docs)/[\w./]+)`", DRAWING))
    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


# -- nothing below the surface of a library ----------------------------------------------------------------------------


def private_names(path: Path) -> Iterator[str]:
    """Private names of others that a module imports, or reaches for in something that is not its own."""
    for module, name in imports(path):
        if not _is_ours(module) and (_is_private(module) or _is_private(name)):
            yield f"{module} {name}".strip()
    own = {node.name for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    reached = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.Attribute) and _is_private(node.attr)]
    own |= {node.attr for node in reached if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")}
    yield from (node.attr for node in reached if node.attr not in own)


def assignments(path: Path) -> Iterator[str]:
    """Assignments of a module to members of what it imports from other libraries."""
    names = foreign(path)
    for node in ast.walk(TREES[path]):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            root = target.value if isinstance(target, ast.Attribute) else None
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in names:
                yield f"{root.id}.{target.attr}" if isinstance(target, ast.Attribute) else root.id
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            yield ast.unparse(node)


DOCUMENTED = {"_exit", "_replace"}
"""Names with an underscore that Python's documentation offers: of os, and of named tuples."""


@pytest.mark.parametrize("path", TREES, ids=name_of)
def test_no_private_name_of_another_library_is_used_and_none_is_patched(path: Path) -> None:
    found = {*private_names(path), *assignments(path)}
    assert found - DOCUMENTED == set()


# -- everything is declared --------------------------------------------------------------------------------------------


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(each for extra in ("html", "s3", "spark") for each in optional.get(extra, [])),
    ]
    declared = {re.split(r"[^A-Za-z0-9_.-]", each)[0].lower().replace("_", "-") for each in wanted}
    installed = importlib.metadata.packages_distributions()
    imported = {module.partition(".")[0] for path in TREES for module, _ in imports(path)}
    missing = {
        library
        for library in imported - {"pipeline"} - sys.stdlib_module_names
        if not {name.lower().replace("_", "-") for name in installed.get(library, [library])} & declared
    }
    assert missing == set()


@pytest.mark.parametrize("path", TREES, ids=name_of)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


# -- words -------------------------------------------------------------------------------------------------------------

PAIR = re.compile(r"""\bt\(\s*(["'])(?:(?!\1).)*\1\s*,\s*(["'])""")
"""A text beside its translation, in a template."""

CODE = re.compile(r"{#.*?#}|<(style|script|code|svg)\b.*?</\1>|{% block own_style %}.*?{% endblock %}", re.S)
JINJA = re.compile(r"{%.*?%}|{{.*?}}", re.S)
TAG = re.compile(r"<[^>]*>|&#?\w+;|aria-current=\"page\"")
SPOKEN = re.compile(r"""(?:title|aria-label|alt|placeholder)="([^"]*)""")

PROPER = {
    "BibTeX",
    "CHANGELOG.md",
    "CSV",
    "GeoJSON",
    "JSON",
    "OpenAPI",
    "PNG",
    "SHA-256",
    "SHA256SUMS",
    "SQL",
    "SVG",
} | {
    "kB",
    "latest.json",
}
"""What is called the same in both languages."""


@pytest.mark.parametrize("path", sorted(PIPELINE.rglob("*.html")), ids=lambda path: path.name)
def test_no_page_has_words_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    plain = JINJA.sub("\0", CODE.sub(" ", text))
    texts = [each for part in [TAG.sub("\n", plain), *SPOKEN.findall(plain)] for each in re.split(r"[\n\0]", part)]
    own = {each.strip(" ()–·.,:") for each in texts if re.search(r"[^\W\d_]{2}", each)}
    assert own - PROPER == set()
    assert PAIR.search(text) is None
