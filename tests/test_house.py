"""How the tree is built: nothing below the surface of a library, no circles, everything declared, no long file."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIPELINE = ROOT / "pipeline"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PIPELINE.rglob("*.py"))}

LONGEST = 400
"""Lines of a file."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in TREES}


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
        path: {
            MODULES.get(f"{module}.{name}") or MODULES[module] for module, name in imports(path) if module in MODULES
        }
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
    assert {name_of(path) for path in needs} - IN_CIRCLES == set()


IN_CIRCLES = {
    "pipeline.collect.contract",
    "pipeline.collect.drift",
    "pipeline.validate.readers",
    "pipeline.validate.source",
}
"""Files that are still in a circle: must shrink to nothing."""


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
                yield ast.unparse(target)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            yield ast.unparse(node)


DOCUMENTED = {"_exit", "_replace"}
"""Names with an underscore that Python's documentation offers: of os, and of named tuples."""

BELOW = {
    "pipeline.serve.facets": {"ColumnFacet.facet_results"},
    "pipeline.serve.instance": {"handle_exception.rich", "_jinja_env", "_write_queue"},
    "pipeline.serve.pages.of": {"_pages"},
    "pipeline.serve.site": {"_filters"},
    "pipeline.serve.timelimit": {"datasette.database.sqlite_timelimit"},
}
"""Private names and assignments that are still there, by module: must shrink to nothing."""


@pytest.mark.parametrize("path", TREES, ids=name_of)
def test_no_private_name_of_another_library_is_used_and_none_is_patched(path: Path) -> None:
    found = {*private_names(path), *assignments(path)}
    assert found - DOCUMENTED - BELOW.get(name_of(path), set()) == set()


# -- everything is declared --------------------------------------------------------------------------------------------


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(each for extra in ("s3",) for each in optional.get(extra, []))]
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
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST or name_of(path) in TOO_LONG


TOO_LONG = {"pipeline.serve.site"}
"""Files that are still longer: must shrink to nothing."""


# -- words -------------------------------------------------------------------------------------------------------------

PAIR = re.compile(r"""\bt\(\s*(["'])(?:(?!\1).)*\1\s*,\s*(["'])""")
"""A text beside its translation, in a template."""


def test_no_page_has_words_of_its_own() -> None:
    found = {path.name for path in sorted(PIPELINE.rglob("*.html")) if PAIR.search(path.read_text(encoding="utf-8"))}
    assert found - OWN_WORDS == set()


OWN_WORDS = {"charts.html", "diff.html", "report.html"}
"""Templates whose texts are not in the catalogue yet: must shrink to nothing."""
