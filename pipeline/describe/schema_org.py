"""schema.org Dataset as JSON-LD, for Google Dataset Search.

Source of the members: https://developers.google.com/search/docs/appearance/structured-data/dataset
"""

from __future__ import annotations

from typing import Any

from pipeline import about
from pipeline.about import Person
from pipeline.describe import media
from pipeline.describe.dataset import CATALOG, Dataset, File
from pipeline.describe.document import Document, as_json, require


def render(dataset: Dataset) -> Document:
    """The description as a file of its own."""
    return Document(as_json(members(dataset, CATALOG)))


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


def _download(dataset: Dataset, file: File, start: str) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "name": file.path,
        "description": dataset.text(file.table.descriptor, "title") if file.table else None,
        "encodingFormat": media.form(file.ending).media_type,
        "contentUrl": dataset.address(file.path, start),
        "contentSize": f"{file.size} B" if file.size is not None else None,
        "sha256": file.sha256,
    }
