"""The quick way is the one that the project's own data takes."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.assemble import assemble
from pipeline.core.progress import Progress
from pipeline.package.package import Package, load
from pipeline.source.project import find
from tests.command import servicebanken
from tests.projects import field, package, reference, table
from tests.validate.clean import clean, is_clean

ROOT = Path(__file__).parents[2]


def assembled(root: Path) -> Package:
    """The package that the project's sources make."""
    project = find(root)
    assemble(project, project.package, Progress())
    return load(project.package)


def test_the_projects_own_package_needs_no_frictionless(tmp_path: Path) -> None:
    for name in ("sources", "datapackage.json", "metadata.yml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    package = assembled(tmp_path)
    assert clean(package) == [each.name for each in package.resources]
    assert is_clean(package)


def test_the_package_of_a_new_project_needs_no_frictionless(tmp_path: Path) -> None:
    assert servicebanken("init", tmp_path / "new").code == 0
    assert is_clean(assembled(tmp_path / "new"))


def test_a_fault_in_one_table_leaves_the_others_clean(tmp_path: Path) -> None:
    towns = table("towns", [field("id"), field("page", format="uri")], ["id"], encoding="utf-8")
    shops = table("shops", [field("id"), field("town")], ["id"], foreignKeys=[reference("town", "towns")])
    lands = table("lands", [field("id", "geojson")])
    files: dict[str, str | bytes] = {
        "towns.csv": "id,page\n1,https://ä.example/[x]\n",
        "shops.csv": "id,town\n1,1\n",
        "lands.csv": "id\n{}\n",
    }
    package(tmp_path, [shops, towns, lands, {"name": "map", "path": "map.geojson"}], {**files, "map.geojson": "{}"})
    assert clean(load(tmp_path)) == ["shops", "towns", "map"]
