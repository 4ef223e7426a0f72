"""A release describes itself from datapackage.json alone: in every catalogue's format, and on a page for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData
from pipeline.core.files import write_json
from pipeline.describe import citation, croissant, csvw, datacite, dcat, page, schema_org, sitemap
from pipeline.describe.dataset import CATALOG, Dataset, read
from pipeline.describe.document import Document
from pipeline.describe.explore import explore

NOTES = "notes.json"

FORMATS: Mapping[str, tuple[str, Callable[[Dataset], Document]]] = {
    "dcat": (f"{CATALOG}/dcat.rdf", dcat.render_xml),
    "dcat-ttl": (f"{CATALOG}/dcat.ttl", dcat.render_turtle),
    "csvw": (f"{CATALOG}/csvw-metadata.json", csvw.render),
    "croissant": (f"{CATALOG}/croissant.json", croissant.render),
    "schema-org": (f"{CATALOG}/schema-org.jsonld", schema_org.render),
    "datacite": (f"{CATALOG}/datacite.json", datacite.render),
    "citation": ("CITATION.cff", citation.render),
    "sitemap": ("sitemap.xml", sitemap.render),
}
"""Each format: its file in a release, and what renders it."""


def render(dataset: Dataset, format: str) -> Document:
    """The description of a dataset in a format of `FORMATS`.

    Raises InvalidData that names the members of datapackage.json which the format needs and which are missing.
    """
    return FORMATS[format][1](dataset)


def write(folder: Path, archive: str) -> None:
    """Describes the release in `folder`, to which `archive` will be added, in files that it writes there.

    A format whose needs the package does not meet is left out; `catalog/notes.json` says so, and what each format has
    no place for.
    """
    dataset = read(folder, archive=archive)
    (folder / CATALOG).mkdir()
    notes: dict[str, Any] = {}
    for format, (name, _) in FORMATS.items():
        try:
            document = render(dataset, format)
        except InvalidData as error:
            left_out = [
                {"member": problem.field, "rule": problem.rule, "fix": problem.fix} for problem in error.problems
            ]
            notes[format] = {"file": None, "lacking": left_out}
            continue
        (folder / name).write_text(document.text, encoding="utf-8", newline="\n")
        notes[format] = {"file": name, "notes": [asdict(note) for note in document.notes]}
    write_json(folder / CATALOG / NOTES, notes)
    page.write(dataset)
    explore.write(dataset)
