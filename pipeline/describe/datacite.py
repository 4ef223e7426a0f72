"""DataCite 4.5, as the JSON that its REST API takes (https://datacite-metadata-schema.readthedocs.io/en/4.5/)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.describe import coverage
from pipeline.describe.dataset import Dataset
from pipeline.describe.document import Document, Note, as_json, require
from pipeline.package import about
from pipeline.package.about import Licence, Person

SPDX = "https://spdx.org/licenses/"


def render(dataset: Dataset) -> Document:
    """The record of this version. Raises InvalidData that names what a DOI's record must have and the package lacks."""
    descriptor = dataset.descriptor
    people, creators = about.people(descriptor), about.creators(descriptor)
    publisher = about.in_role(descriptor, "publisher")
    titles, descriptions = dataset.texts(descriptor, "title"), dataset.texts(descriptor, "description")
    require(
        dataset,
        "DataCite",
        (titles, "title", "Name the dataset in `title`."),
        (creators, "contributors", "Name those who made the data in `contributors`."),
        (publisher, "contributors", 'Name the publisher in `contributors`, with "roles": ["publisher"].'),
        (dataset.date, "created", "Say in `created` when this version was made, as 2026-01-31T12:00:00Z."),
    )
    assert publisher is not None and dataset.date is not None
    others = [person for person in people if person not in creators]
    value = {
        "doi": dataset.doi,
        "url": dataset.root or about.address(descriptor.get("homepage")),
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Data Package"},
        "creators": [_agent(person) for person in creators],
        "titles": [
            {"title": text, "titleType": "TranslatedTitle" if place else None, **_language(tag)}
            for place, (tag, text) in enumerate(titles.items())
        ],
        "publisher": _publisher(publisher),
        "publicationYear": dataset.date[:4],
        "subjects": [
            {"subject": word, **_language(tag)} for tag, words in dataset.words("keywords").items() for word in words
        ],
        "contributors": [
            {**_agent(person), "contributorType": kind} for person in others for kind in about.contributor_types(person)
        ],
        "dates": _dates(dataset),
        "language": next(iter(dataset.languages), None),
        "alternateIdentifiers": _alternate(descriptor),
        "version": dataset.version,
        "sizes": [f"{len(dataset.files)} files", f"{sum(file.size or 0 for file in dataset.files)} B"],
        "formats": list(dict.fromkeys(file.form.media_type for file in dataset.files)),
        "rightsList": [_rights(licence) for licence in about.licences(descriptor)],
        "descriptions": [
            {"description": text, "descriptionType": "Abstract", **_language(tag)} for tag, text in descriptions.items()
        ],
        "relatedIdentifiers": [_derived_from(source.path) for source in about.sources(descriptor) if source.path],
        "geoLocations": _places(dataset),
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    return Document(as_json(value), tuple(_notes(dataset)))


def _agent(person: Person) -> dict[str, Any]:
    identifiers = [
        {"nameIdentifier": f"{site}{found}", "nameIdentifierScheme": scheme, "schemeUri": site}
        for scheme, site, found in (
            ("ORCID", "https://orcid.org/", person.orcid),
            ("ROR", "https://ror.org/", person.ror),
        )
        if found
    ]
    return {
        "name": ", ".join(part for part in (person.family, person.given) if part) if person.is_person else person.name,
        "nameType": "Personal" if person.is_person else "Organizational",
        "givenName": person.given,
        "familyName": person.family,
        "nameIdentifiers": identifiers,
        "affiliation": [{"name": person.organization}] if person.organization else None,
    }


def _publisher(person: Person) -> dict[str, Any]:
    ror = {
        "publisherIdentifier": f"https://ror.org/{person.ror}",
        "publisherIdentifierScheme": "ROR",
        "schemeUri": "https://ror.org/",
    }
    return {"name": person.name, **(ror if person.ror else {})}


def _dates(dataset: Dataset) -> list[dict[str, Any]]:
    """When it was made; and of what time the data are, which 4.5 can only call the time of their collection."""
    start, end = coverage.period(dataset)
    period = f"{start or '..'}/{end or '..'}" if start or end else None
    found = [{"date": dataset.date, "dateType": "Issued"}]
    if period:
        found.append({"date": period, "dateType": "Collected", "dateInformation": "What time the data speak of."})
    return found


def _alternate(descriptor: Mapping[str, Any]) -> list[dict[str, str]]:
    uuid = about.uuid(descriptor.get("id"))
    return [{"alternateIdentifier": uuid, "alternateIdentifierType": "UUID"}] if uuid else []


def _rights(licence: Licence) -> dict[str, Any]:
    spdx = {"rightsIdentifier": licence.name, "rightsIdentifierScheme": "SPDX", "schemeUri": SPDX}
    return {"rights": str(licence), "rightsUri": licence.path, **(spdx if licence.name else {})}


def _derived_from(path: str) -> dict[str, str]:
    doi = about.doi(path)
    return {
        "relatedIdentifier": doi or path,
        "relatedIdentifierType": "DOI" if doi else "URL",
        "relationType": "IsDerivedFrom",
    }


def _places(dataset: Dataset) -> list[dict[str, Any]]:
    named = [next(iter(place.titles.values()), None) for place in coverage.places(dataset)]
    found: list[dict[str, Any]] = [{"geoLocationPlace": title} for title in named if title]
    if bounds := coverage.bounds(dataset):
        names = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
        found.append({"geoLocationBox": dict(zip(names, bounds, strict=True))})
    return found


def _language(tag: str) -> dict[str, str]:
    return {"lang": tag} if tag else {}


def _notes(dataset: Dataset) -> list[Note]:
    found = [Note("resources", "DataCite describes no tables, fields or keys; the files of CSVW and Croissant do.")]
    if dataset.doi is None:
        found.append(Note("doi", "There is no DOI yet, so this is the record of a draft; say it in `doi` or `id`."))
    if len(dataset.files) > 1 and any(file.size is None for file in dataset.files):
        found.append(
            Note("resources.bytes", "The archive is not in the sum of sizes: its size is not known within it.")
        )
    return found
