"""schema.org Dataset as JSON-LD, for Google Dataset Search.

Source of the members: https://developers.google.com/search/docs/appearance/structured-data/dataset
"""

from __future__ import annotations

from typing import Any

from pipeline.describe import coverage
from pipeline.describe.dataset import CATALOG, Dataset, File
from pipeline.describe.document import Document, Note, as_json, require
from pipeline.package import about
from pipeline.package.about import Person
from pipeline.package.package import Resource

LENGTHS = range(50, 5001)
"""Signs that Google's search wants in a description."""


def render(dataset: Dataset) -> Document:
    """The description as a file of its own."""
    value = members(dataset, CATALOG)
    notes = [
        Note("resources.schema", "Only fields of numbers are there, as variableMeasured; CSVW and Croissant have all."),
    ]
    if len(value["description"]) not in LENGTHS:
        wanted = f"{LENGTHS.start} to {LENGTHS.stop - 1:,} signs"
        notes.append(Note("description", f"Google's search wants {wanted}; it has {len(value['description']):,}."))
    if dataset.root is None:
        notes.append(Note("baseUrl", "It is not stated, so files are named relative to this one."))
    return Document(as_json(value), tuple(notes))


def members(dataset: Dataset, start: str) -> dict[str, Any]:
    """The description as JSON-ready data, for a page in the folder `start` of the release.

    Raises InvalidData where the package has no title or description.
    """
    descriptor = dataset.descriptor
    titles, descriptions = dataset.texts(descriptor, "title"), dataset.texts(descriptor, "description")
    require(
        dataset,
        "schema.org",
        (titles, "title", "Name the dataset in `title`."),
        (descriptions, "description", "Describe the dataset in `description`."),
    )
    first, *others = titles.values()
    publisher = about.in_role(descriptor, "publisher")
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"{dataset.base_url}#dataset" if dataset.base_url else None,
        "name": first,
        "alternateName": others,
        "description": "\n\n".join(descriptions.values()),
        "url": dataset.root or about.address(descriptor.get("homepage")),
        "identifier": f"https://doi.org/{dataset.doi}" if dataset.doi else about.uuid(descriptor.get("id")),
        "version": dataset.version,
        "datePublished": dataset.date,
        "inLanguage": dataset.languages,
        "isAccessibleForFree": True,
        "license": [licence.path or licence.name for licence in about.licences(descriptor)],
        "keywords": [word for words in dataset.words("keywords").values() for word in words],
        "creator": [agent(person) for person in about.creators(descriptor)],
        "publisher": agent(publisher) if publisher else None,
        "temporalCoverage": _period(dataset),
        "spatialCoverage": _places(dataset),
        "variableMeasured": _variables(dataset),
        "isBasedOn": [source.path for source in about.sources(descriptor) if source.path],
        "distribution": [_download(dataset, file, start) for file in dataset.files],
    }


def agent(person: Person) -> dict[str, Any]:
    """A person or an organisation."""
    return {
        "@type": "Person" if person.is_person else "Organization",
        "name": person.name,
        "givenName": person.given,
        "familyName": person.family,
        "url": person.path,
    }


def _period(dataset: Dataset) -> str | None:
    """The time that the data speak of, as an ISO 8601 interval, open where one end is not known."""
    start, end = coverage.period(dataset)
    return f"{start or '..'}/{end or '..'}" if start or end else None


def _places(dataset: Dataset) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for place in coverage.places(dataset):
        first, *others = place.titles.values() or (None,)
        found.append({"@type": "Place", "name": first, "alternateName": others, "sameAs": place.path})
    if bounds := coverage.bounds(dataset):
        west, south, east, north = bounds
        found.append({"@type": "Place", "geo": {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"}})
    return found


def _variables(dataset: Dataset) -> list[dict[str, Any]]:
    """The number fields that are not keys."""
    return [
        {
            "@type": "PropertyValue",
            "name": dataset.text(field, "title") or field["name"],
            "alternateName": f"{table.name}.{field['name']}",
            "description": dataset.text(field, "description"),
            "unitText": about.text(field.get("unit")),
        }
        for table in dataset.package.tables
        for field in table.fields
        if field.get("type") in ("integer", "number") and field["name"] not in _keys(table)
    ]


def _keys(table: Resource) -> set[str]:
    return {*table.key, *(name for fields, _, _ in table.foreign_keys for name in fields)}


def _download(dataset: Dataset, file: File, start: str) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "name": file.path,
        "description": dataset.text(file.table.descriptor, "title") if file.table else None,
        "encodingFormat": file.form.media_type,
        "contentUrl": dataset.address(file.path, start),
        "contentSize": f"{file.size} B" if file.size is not None else None,
        "sha256": file.sha256,
    }
