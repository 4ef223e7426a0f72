"""The descriptions of the real release, judged by the validators of their communities."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.describe import read, render
from tests.describe.test_validators import misprinted
from tests.describe.validators import SWEDISH, complaints, needs_validators
from tests.projects import change

SEMIC = Path(__file__).parents[3] / "shared/validators/dcat-ap-3.0.1"
"""The shapes of DCAT-AP 3.0.1 by SEMIC, which lie beside the checkout where they are at hand."""

EXPECTED = {
    "contactPoint": "the project has no e-mail address, which a contact must have",
    "license": "of service points it is ODbL, and the list of dataportal.se has Creative Commons only",
    "issued": "nobody has said yet when the dataset was first published",
    "format": "the EU's list of file types has no code for SQLite",
    "spatial": "of the catalogue: the dataset has it",
}
"""What is recommended and is not there, and why."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def base(release: Path) -> Iterator[str]:
    """The address below which the release lies, on loopback."""
    handler = functools.partial(Quiet, directory=str(release.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def described(release: Path, base: str, format: str, path: Path) -> Path:
    path.write_text(render(read(release, base), format).text, encoding="utf-8")
    return path


@needs_validators
@pytest.mark.parametrize("format", ["csvw", "croissant", "datacite"])
def test_the_validator_has_no_complaint(format: str, release: Path, base: str, tmp_path: Path) -> None:
    """csvw checks every cell and key; mlcroissant loads every record set with its joins, and the checksums of files."""
    assert complaints(format, described(release, base, format, tmp_path / f"{format}.json")) == []


@needs_validators
def test_dcat_conforms(release: Path, tmp_path: Path) -> None:
    base = "https://data.example.org/servicebanken/"
    shapes = [SWEDISH, *(SEMIC / name for name in ("shapes.ttl", "shapes_recommended.ttl") if SEMIC.is_dir())]
    found = complaints("dcat", described(release, base, "dcat", tmp_path / "dcat.rdf"), *shapes)
    assert [line for line in found if line.startswith("Violation")] == []
    assert {line.split(" ")[2].rpartition("/")[2] for line in found} <= EXPECTED.keys()


@pytest.mark.skipif(not SEMIC.is_dir(), reason="the shapes of DCAT-AP are not beside the checkout")
@needs_validators
def test_the_shapes_of_dcat_ap_see_a_planted_fault(release: Path, tmp_path: Path) -> None:
    path = described(release, "https://data.example.org/servicebanken/", "dcat-ttl", tmp_path / "dcat.ttl")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"2026', '"soon 2026').replace("^^xsd:date", ""), encoding="utf-8")
    assert any(line.startswith("Violation") for line in complaints("dcat", path, SEMIC / "shapes.ttl"))


def test_the_citation_passes_its_schema(release: Path) -> None:
    assert misprinted((release / "CITATION.cff").read_text(encoding="utf-8")) == []


@needs_validators
@pytest.mark.parametrize(
    ("fault", "edit"),
    [
        (
            "a column that is not there",
            lambda value: value["recordSet"][0]["field"][0]["source"]["extract"].update(column="x"),
        ),
        ("a file that is not there", lambda value: value["distribution"][1].update(contentUrl="nowhere.parquet")),
        ("a wrong checksum", lambda value: value["distribution"][1].update(sha256="0" * 64)),
        ("a field without a type", lambda value: value["recordSet"][0]["field"][0].pop("dataType")),
        ("no licence", lambda value: value.pop("license")),
    ],
)
def test_mlcroissant_sees_planted_faults(
    fault: str, edit: Callable[[Any], object], release: Path, base: str, tmp_path: Path
) -> None:
    path = described(release, base, "croissant", tmp_path / "croissant.json")
    change(path, lambda value: value.update(recordSet=value["recordSet"][:1], distribution=value["distribution"][:2]))
    assert complaints("croissant", path) == []
    change(path, edit)
    assert complaints("croissant", path), fault
