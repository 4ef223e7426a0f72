"""Croissant 1.1, which loaders of machine learning read (https://docs.mlcommons.org/croissant/).

Record sets are read from the Parquet files, whose columns have types: from CSV, loaders take 0482 for a number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.core.files import read_json
from pipeline.core.names import free
from pipeline.describe.dataset import Dataset, File
from pipeline.describe.document import Document, Note, as_json, require
from pipeline.describe.schema_org import agent
from pipeline.package import about
from pipeline.package.package import Resource

CONTEXT = Path(__file__).parent / "static/croissant-context.json"
"""The context that the specification asks for, whole."""

TYPES = {
    "integer": "sc:Integer",
    "year": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
}
"""Types whose values Parquet holds as such; all others are text there."""

PARQUET = "application/x-parquet"
"""What loaders know Parquet by; its registered media type is newer."""


def render(dataset: Dataset) -> Document:
    """The files, and the tables as record sets. Raises InvalidData that names what Croissant must have and lacks."""
    descriptor = dataset.descriptor
    url = dataset.root or about.address(descriptor.get("homepage"))
    require(
        dataset,
        "Croissant",
        (dataset.texts(descriptor, "description"), "description", "Describe the dataset in `description`."),
        (about.licences(descriptor), "licenses", "Name the licence in `licenses`."),
        (about.creators(descriptor), "contributors", "Name those who made the data in `contributors`."),
        (dataset.date, "created", "Say in `created` when this version was made, as 2026-01-31T12:00:00Z."),
        (url, "homepage", "Give a `homepage`, or say with --base-url where releases are published."),
    )
    notes: list[Note] = []
    sources = _sources(dataset, notes)
    names = _names(dataset, sources)
    files = [file for file in dataset.files if file.sha256]
    publisher = about.in_role(descriptor, "publisher")
    value = {
        "@context": read_json(CONTEXT, CONTEXT.name)
        | ({"@language": dataset.languages[0]} if dataset.languages else {}),
        "@type": "sc:Dataset",
        "@id": f"{dataset.base_url}#dataset" if dataset.base_url else None,
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": dataset.package.name,
        "alternateName": list(dataset.texts(descriptor, "title").values()),
        "description": dataset.text(descriptor, "description"),
        "url": url,
        "license": [licence.path or str(licence) for licence in about.licences(descriptor)],
        "creator": [agent(person) for person in about.creators(descriptor)],
        "publisher": agent(publisher) if publisher else None,
        "datePublished": dataset.date,
        "version": dataset.version,
        "inLanguage": dataset.languages,
        "keywords": [word for words in dataset.words("keywords").values() for word in words],
        "citeAs": dataset.citation(),
        "isLiveDataset": False,
        "distribution": [_file_object(dataset, file) for file in files],
        "recordSet": [_record_set(dataset, table, file, sources, names, notes) for table, file in sources],
    }
    if len(files) < len(dataset.files):
        notes.append(Note("resources", "The archive is left out: its checksum is not known within it."))
    return Document(as_json(value), tuple(notes))


def _sources(dataset: Dataset, notes: list[Note]) -> list[tuple[Resource, File]]:
    """Each table and the file that it is best read from."""
    found = []
    for table in dataset.package.tables:
        files = {file.ending: file for file in dataset.of_table(table)}
        file = next((files[ending] for ending in ("parquet", "csv", "tsv") if ending in files), None)
        if file is None:
            continue
        if file.ending != "parquet":
            notes.append(Note(table.name, "There is no Parquet file; from CSV, loaders take 0482 for a number."))
        found.append((table, file))
    return found


def _names(dataset: Dataset, sources: list[tuple[Resource, File]]) -> dict[str, str]:
    """The id of each table's record set, unlike that of any file."""
    taken = {_id(file.path).casefold() for file in dataset.files}
    names = {}
    for table, _ in sources:
        names[table.name] = free(quote(table.stem, safe=""), taken)
        taken.add(names[table.name].casefold())
    return names


def _id(path: str) -> str:
    return quote(path)


def _file_object(dataset: Dataset, file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _id(file.path),
        "name": file.path,
        "contentUrl": dataset.address(file.path),
        "contentSize": f"{file.size} B",
        "encodingFormat": PARQUET if file.ending == "parquet" else file.form.media_type,
        "sha256": file.sha256,
        "license": [licence.path or str(licence) for licence in about.licences(file.resource.descriptor)]
        if file.resource
        else None,
    }


def _record_set(
    dataset: Dataset,
    table: Resource,
    file: File,
    sources: list[tuple[Resource, File]],
    names: dict[str, str],
    notes: list[Note],
) -> dict[str, Any]:
    name = names[table.name]
    # By file and column: mlcroissant 1.1.1 cannot load a reference to a record set that has references itself.
    files = {other.name: other_file for other, other_file in sources}
    references: dict[str, Any] = {}
    for fields, other, there in table.foreign_keys:
        if len(fields) > 1:
            place = f"{table.name}.foreignKeys"
            notes.append(Note(place, f"Croissant has no keys of several fields: {', '.join(fields)} to {other}."))
        elif other in files:
            references[fields[0]] = {
                "fileObject": {"@id": _id(files[other].path)},
                "extract": {"column": there[0]},
            }
    for field in table.fields:
        if field.get("categories"):
            notes.append(Note(f"{table.name}.{field['name']}", "The labels of its codes are left out."))
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": table.name,
        "description": dataset.text(table.descriptor, "description") or dataset.text(table.descriptor, "title"),
        "key": [{"@id": f"{name}/{quote(field, safe='')}"} for field in table.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{quote(field['name'], safe='')}",
                "name": field["name"],
                "description": dataset.text(field, "description") or dataset.text(field, "title"),
                "dataType": TYPES.get(field.get("type", "any"), "sc:Text"),
                "source": {"fileObject": {"@id": _id(file.path)}, "extract": {"column": field["name"]}},
                "references": references.get(field["name"]),
            }
            for field in table.fields
        ],
    }
