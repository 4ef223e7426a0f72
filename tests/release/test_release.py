"""A package in, a release out: what lies there, which version it is, and that it never changes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import frictionless
import jsonschema
import pytest

from pipeline.core.errors import InvalidData, Kind
from pipeline.package.package import load
from pipeline.release import Released, latest
from tests.command import invoke, servicebanken
from tests.projects import SERVICES_METADATA, SOURCE, change, field, package, put, released, table, tree
from tests.test_surroundings import assert_whole

PROFILE = json.loads((Path(__file__).parent.parent / "profiles/2.0/datapackage.json").read_text(encoding="utf-8"))
TOWNS = table("towns", [field("id"), field("people", "integer")], ["id"])
ROWS = "id,people\n0482,16000\n"


def test_a_release_holds_every_format(services_release: Path) -> None:
    assert sorted(
        path for path in tree(services_release) if not path.startswith(("catalog/", "index.", "explore"))
    ) == [
        "CHANGELOG.md",
        "SHA256SUMS",
        "changes.json",
        "data/discrepancies.csv",
        "data/discrepancies.parquet",
        "data/documents.csv",
        "data/documents.parquet",
        "data/places.csv",
        "data/places.parquet",
        "data/provenance.csv",
        "data/provenance.parquet",
        "data/solution_services.csv",
        "data/solution_services.parquet",
        "data/solutions.csv",
        "data/solutions.parquet",
        "datapackage.json",
        "metadata.yml",
        "places.geojson",
        "report.html",
        "report.json",
        "report.sv.html",
        "services-1.0.0.zip",
        "services.sqlite",
        "services.xlsx",
        "solutions.geojson",
    ]
    assert (services_release / "metadata.yml").read_text(encoding="utf-8") == SERVICES_METADATA
    assert (services_release / "CHANGELOG.md").read_text(encoding="utf-8") == (
        "# Changelog · Ändringar\n\n## 1.0.0 (2026-01-31)\n\nFirst release.\n\nFörsta utgåvan.\n"
    )


def test_the_system_finds_the_checksums_right(services_release: Path) -> None:
    assert_whole(services_release)


def test_the_zip_holds_everything_but_itself_and_the_checksums_of_what_it_holds(services_release: Path) -> None:
    files = {
        f"services-1.0.0/{name}": content
        for name, content in tree(services_release).items()
        if name != "services-1.0.0.zip"
    }
    sums = (services_release / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)
    files["services-1.0.0/SHA256SUMS"] = "".join(
        line for line in sums if not line.endswith("  services-1.0.0.zip\n")
    ).encode()
    with zipfile.ZipFile(services_release / "services-1.0.0.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files, key=Path)


def test_the_zip_is_a_package_of_its_own(services_release: Path, tmp_path: Path) -> None:
    subprocess.run(["python3", "-m", "zipfile", "-e", services_release / "services-1.0.0.zip", tmp_path], check=True)
    assert frictionless.validate(str(tmp_path / "services-1.0.0/datapackage.json")).valid
    assert_whole(tmp_path / "services-1.0.0")


@pytest.mark.parametrize("which", ["example", "services"])
def test_an_independent_frictionless_and_the_official_profile_accept_it(
    which: str, built_example: Path, services_release: Path
) -> None:
    folder = services_release if which == "services" else built_example / "build/releases/latest"
    descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    judge = jsonschema.Draft7Validator(PROFILE, format_checker=jsonschema.FormatChecker())
    assert [f"{error.json_path}: {error.message}" for error in judge.iter_errors(descriptor)] == []
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["name", "note"]) == []


def test_the_descriptor_says_what_the_files_are(services_release: Path) -> None:
    descriptor = json.loads((services_release / "datapackage.json").read_text(encoding="utf-8"))
    assert (descriptor["name"], descriptor["version"], descriptor["created"]) == (
        "services",
        "1.0.0",
        "2026-01-31T00:00:00Z",
    )
    for resource in descriptor["resources"]:
        content = (services_release / resource["path"]).read_bytes()
        assert resource["path"] == f"data/{resource['name']}.csv"
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert (resource["format"], resource["mediatype"], resource["encoding"]) == ("csv", "text/csv", "utf-8")


def test_the_csv_is_canonical(services_release: Path) -> None:
    """UTF-8, RFC 4180, LF, columns in schema order, rows sorted by key."""
    assert (services_release / "data/solutions.csv").read_bytes() == (
        "id,name_sv,name_en,place,kind,opened,staffed,people,share\n"
        "bokbussen,Bokbussen i Älvdalen,The library bus,alvdalen,mobile,,false,0,0.5\n"
        'servicepunkten,"Servicepunkten ""Får & Ull""",The service point,idre,fixed,2019-02-28,true,1200,12.25\n'
        'vagen,Här får alla plats,"=HYPERLINK(""https://evil.example"",""x"")",,fixed,2020-01-01,true,,\n'
    ).encode()
    assert (services_release / "data/solution_services.csv").read_bytes() == (
        "solution,service,note_sv\n"
        'bokbussen,library,"Böcker, tidningar\noch far som läser"\n'
        "bokbussen,wifi,\n"
        "servicepunkten,post,<script>alert(1)</script>\n"
    ).encode()


def test_the_first_version_is_the_packages_own_or_1_0_0(tmp_path: Path) -> None:
    package(tmp_path / "a", [TOWNS], {"towns.csv": ROWS})
    package(tmp_path / "b", [TOWNS], {"towns.csv": ROWS}, version="0.3.0")
    assert (released(tmp_path / "a").version, released(tmp_path / "b").version) == ("1.0.0", "0.3.0")


def test_nothing_new_is_no_new_release(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS})
    first = released(tmp_path)
    before = tree(tmp_path / "build/releases")
    again = released(tmp_path)
    assert (first.version, first.new, again.version, again.new, again.changes) == ("1.0.0", True, "1.0.0", False, ())
    assert tree(tmp_path / "build/releases") == before


STEPS = [
    ("id,people\n0482,16001\n", "1.0.1"),
    ("id,people\n0482,16000\n0180,900000\n", "1.1.0"),
    ("id,people\n0180,900000\n", "2.0.0"),
]


@pytest.mark.parametrize(("rows", "version"), STEPS)
def test_the_version_follows_from_what_changed(rows: str, version: str, tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS})
    released(tmp_path)
    before = tree(tmp_path / "build/releases/1.0.0")
    put(tmp_path, {"towns.csv": rows})
    assert released(tmp_path).version == version
    assert (tmp_path / "build/releases/latest").readlink() == Path(version)
    assert tree(tmp_path / "build/releases/1.0.0") == before


def test_a_larger_step_may_be_asked_for_and_a_smaller_one_is_refused_with_the_reason(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS})
    released(tmp_path)
    put(tmp_path, {"towns.csv": "id,people\n0482,16000\n0180,900000\n"})
    before = tree(tmp_path)
    with pytest.raises(InvalidData) as caught:
        released(tmp_path, "1.0.1")
    assert str(caught.value) == (
        "'1.0.1' is a smaller step from 1.0.0 than the changes demand (towns: 1 row added). Ask for 1.1.0 or higher, "
        "or leave the version out. [version-too-small]"
    )
    assert tree(tmp_path) == before
    assert released(tmp_path, "3.0.0").version == "3.0.0"


def test_a_version_that_is_taken_is_refused_even_when_asked_for(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS})
    released(tmp_path)
    put(tmp_path, {"towns.csv": "id,people\n0482,16001\n"})
    for asked, kind in (("1.0.0", Kind.VERSION_TAKEN), ("0.9.0", Kind.VERSION_TOO_SMALL)):
        with pytest.raises(InvalidData) as caught:
            released(tmp_path, asked)
        assert [problem.kind for problem in caught.value.problems] == [kind]
    assert sorted(path.name for path in (tmp_path / "build/releases").iterdir()) == ["1.0.0", "latest"]


def test_a_version_may_be_asked_for_again_when_nothing_changed(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS})
    released(tmp_path)
    assert released(tmp_path, "1.0.0") == Released("1.0.0", tmp_path / "build/releases/1.0.0", False, ())


def test_where_there_are_no_links_latest_is_a_copy_that_each_release_replaces(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Path, target: str, target_is_directory: bool = False) -> None:  # noqa: ARG001
        raise OSError(1314, "A required privilege is not held by the client", str(self))

    monkeypatch.setattr(Path, "symlink_to", refused)
    latest = built / "build/releases/latest"
    for extra in ("x,Xtra", "y,Ytra"):
        latest.unlink() if latest.is_symlink() else None
        shops = built / "sources/example-municipality/shops.csv"
        header, first, *rest = shops.read_text(encoding="utf-8").splitlines()
        cells = dict(zip(header.split(","), first.split(","), strict=True))
        row = ",".join({**cells, "id": extra[0], "name": extra[2:]}.values())
        shops.write_text("\n".join([header, first, *rest, row]) + "\n", encoding="utf-8")
        run = invoke("build", "--quiet", "--project", built)
        assert run.code == 0, run.err
        assert not latest.is_symlink()
        assert extra[2:] in (latest / "data/shops.csv").read_text(encoding="utf-8")
        assert invoke("verify", latest, "--quiet").code == 0


def test_the_latest_release_is_the_highest_version(tmp_path: Path) -> None:
    put(tmp_path, {"1.9.0/a": "", "1.10.0/a": "", "0.99.0/a": "", ".staging-x/a": "", "notes/a": ""})
    (tmp_path / "latest").symlink_to("1.9.0")
    assert latest(tmp_path) == tmp_path / "1.10.0"
    assert latest(tmp_path / "nothing") is None


@pytest.mark.parametrize("name", ["01.0.0", "1.0.0.bak"])
def test_a_folder_that_looks_like_a_version_is_no_crash(name: str, tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS, f"build/releases/{name}/a": ""})
    assert released(tmp_path).version == "1.0.0"


def test_a_changelog_grows_with_every_release(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS}, created="2026-01-31T00:00:00Z")
    released(tmp_path)
    put(tmp_path, {"towns.csv": "id,people\n0482,16001\n0180,900000\n"})
    made = released(tmp_path)
    assert (made.folder / "CHANGELOG.md").read_text(encoding="utf-8") == (
        "# Changelog · Ändringar\n"
        "\n"
        "## 1.1.0 (2026-01-31)\n"
        "\n"
        "- towns: 1 row added\n"
        "  - `0180`\n"
        "- towns: 1 row corrected\n"
        "  - `0482`: people `16000` → `16001`\n"
        "\n"
        "- towns: 1 rad tillagd\n"
        "  - `0180`\n"
        "- towns: 1 rad rättad\n"
        "  - `0482`: people `16000` → `16001`\n"
        "\n"
        "## 1.0.0 (2026-01-31)\n"
        "\n"
        "First release.\n"
        "\n"
        "Första utgåvan.\n"
    )


def test_a_file_that_is_no_table_is_released_and_compared_as_well(tmp_path: Path) -> None:
    resources = [
        TOWNS,
        {"name": "readme", "path": "texts/readme.md"},
        {**TOWNS, "name": "parts", "path": ["a.csv", "b.csv"]},
    ]
    files = {"towns.csv": ROWS, "texts/readme.md": "first", "a.csv": "id,people\n1,1\n", "b.csv": "id,people\n2,2\n"}
    package(tmp_path, resources, files)
    made = released(tmp_path)
    assert (made.folder / "files/texts/readme.md").read_text() == "first"
    assert (made.folder / "data/parts.csv").read_text() == "id,people\n1,1\n2,2\n"
    put(tmp_path, {"texts/readme.md": "second"})
    made = released(tmp_path)
    assert (made.version, made.new) == ("1.0.1", True)
    assert (made.folder / "files/texts/readme.md").read_text() == "second"


def test_an_extra_file_that_changed_is_a_patch(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS, "metadata.yml": "title: a\n"})
    for version, text in (("1.0.0", "title: a\n"), ("1.0.1", "title: b\n")):
        put(tmp_path, {"metadata.yml": text})
        made = released(tmp_path, extras={"metadata.yml": tmp_path / "metadata.yml"})
        assert made.version == version
        assert (made.folder / "metadata.yml").read_text() == text


@pytest.mark.parametrize("epoch", ["0", "1767225600"])
def test_the_time_of_a_release_can_be_set_by_source_date_epoch(
    epoch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS}, created="2020-01-01T00:00:00Z")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    made = load(released(tmp_path).folder)
    assert made.descriptor["created"] == {"0": "1970-01-01T00:00:00Z", "1767225600": "2026-01-01T00:00:00Z"}[epoch]


def test_a_source_date_epoch_that_is_no_number_is_refused(built: Path) -> None:
    change(built / "datapackage.json", lambda descriptor: descriptor.update(title="Another"))
    run = servicebanken("release", "--quiet", "--project", built, env={"SOURCE_DATE_EPOCH": "yesterday"})
    assert run.code in (1, 2)
    assert "Traceback" not in run.err
    assert "SOURCE_DATE_EPOCH" in run.err
    assert "yesterday" in run.err


def test_a_view_that_sqlite_refuses_is_named_and_nothing_is_released(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": ROWS}, views=[{"name": "broken", "query": "SELECT x FROM nowhere"}])
    with pytest.raises(InvalidData) as caught:
        released(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.kind, problem.value, problem.file) == (Kind.BAD_VIEW, "broken", f"{tmp_path}/datapackage.json")
    assert "no such table: " in problem.rule
    assert list((tmp_path / "build/releases").iterdir()) == []


def test_a_dry_run_looks_at_the_sources_as_they_are_now_says_which_version_and_why_and_writes_nothing(
    built: Path,
) -> None:
    shops = (built / SOURCE / "shops.csv").read_text(encoding="utf-8")
    put(built, {f"{SOURCE}/shops.csv": shops + "new-shop,A new shop,staffed,,example-shops-page\n"})
    before = tree(built)
    for command in ("release", "build"):
        run = invoke(command, "--dry-run", "--quiet", "--project", built)
        assert (run.code, run.err) == (0, "")
        assert run.out.startswith(
            "Would be 0.2.0, after 0.1.0:\n  minor  shops: 1 row added\n           new-shop  A new shop\n"
        )
        assert run.out.endswith("  A release with these changes is a minor step.\n")
    told = json.loads(invoke("release", "--dry-run", "--json", "--quiet", "--project", built).out)
    assert (told["version"], told["before"], told["new"]) == ("0.2.0", "0.1.0", True)
    assert [each["change"] for each in told["changes"]] == ["rows-added", "traces-added"]
    refused = invoke("release", "--dry-run", "--quiet", "--version", "0.1.1", "--project", built)
    assert refused.code == 1
    assert "(shops: 1 row added). Ask for 0.2.0 or higher" in refused.err
    assert tree(built) == before


def test_a_dry_run_of_a_first_release_and_of_nothing_new_says_so(built: Path, tmp_path: Path) -> None:
    nothing = invoke("release", "--dry-run", "--quiet", "--project", built)
    assert (nothing.code, nothing.out) == (0, "Nothing has changed since 0.1.0.\n")
    package(tmp_path / "new", [TOWNS], {"towns.csv": ROWS})
    first = invoke("release", "--dry-run", "--quiet", "--project", tmp_path / "new")
    assert (first.code, first.out) == (0, "Would be 1.0.0, the first release.\n")
    assert not (tmp_path / "new/build").exists()
