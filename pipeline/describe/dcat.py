"""DCAT-AP-SE 3 (and with it DCAT-AP 3): one graph, as RDF/XML, which dataportal.se harvests, and as Turtle.

A catalogue of one dataset. Its distributions are the formats: each holds the same data, be it in one file or in a file
a table. What is required and recommended: https://docs.dataportal.se/dcat/ and its harvesting page. Nothing is a blank
node, and everything but the files has an address that stays the same from release to release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipeline.describe import coverage, distributions
from pipeline.describe.dataset import BASE_URL, Dataset
from pipeline.describe.distributions import Distribution
from pipeline.describe.document import Document, Note, require
from pipeline.describe.rdf import PREFIXES, Literal, Node, Properties, Value, rdf_xml, turtle
from pipeline.package import about
from pipeline.package.about import UNKNOWN, Person

AUTHORITY = "http://publications.europa.eu/resource/authority"
PUBLISHER_TYPE = "http://purl.org/adms/publishertype/"
MEDIA_TYPE = "http://www.iana.org/assignments/media-types"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
"""The licence of every catalogue, by DCAT-AP-SE."""

CODE = re.compile(r"[A-Z][A-Z0-9_]*")
KIND = re.compile(r"[A-Za-z()-]+")
CREATIVE_COMMONS = re.compile(
    r"https?://(creativecommons\.org/(?:licenses|publicdomain)/.*?)(?:/|/deed\.[\w-]+|/legalcode)?"
)
AGENT = re.compile(r"https?://(dataportal\.se/organisation/|ror\.org/|isni\.org/|www\.wikidata\.org/entity/).+")
"""Addresses that stand for a body, and not for its website."""


def render_xml(dataset: Dataset) -> Document:
    """The graph as RDF/XML."""
    return Document(rdf_xml(graph(dataset)), notes(dataset))


def render_turtle(dataset: Dataset) -> Document:
    """The graph as Turtle."""
    return Document(turtle(graph(dataset)), notes(dataset))


def graph(dataset: Dataset) -> list[Node]:
    """The catalogue, its publisher and contact, the dataset and its distributions.

    Raises InvalidData that names what datapackage.json lacks.
    """
    descriptor = dataset.descriptor
    publisher = about.in_role(descriptor, "publisher")
    require(
        dataset,
        "DCAT-AP-SE",
        (dataset.base_url, BASE_URL, "Say where releases are published: in `baseUrl`, or with --base-url."),
        (dataset.texts(descriptor, "title"), "title", "Name the dataset in `title`."),
        (dataset.texts(descriptor, "description"), "description", "Describe the dataset in `description`."),
        (dataset.languages, "languages", 'Name the languages of the texts in `languages`, as in ["sv", "en"].'),
        (about.licences(descriptor), "licenses", "Name the licence in `licenses`."),
        (publisher, "contributors", 'Name the publisher in `contributors`, with "roles": ["publisher"].'),
        (
            publisher is None or (publisher.kind and KIND.fullmatch(publisher.kind)),
            "contributors.type",
            f"Give the publisher a `type`, the last part of an address in {PUBLISHER_TYPE}, as NonProfitOrganisation.",
        ),
    )
    assert publisher is not None
    agent = publisher.path if AGENT.fullmatch(publisher.path or "") else None
    places = list(_places(dataset))
    formats = [list(_distribution(dataset, each)) for each in distributions.of(dataset)]
    nodes = [
        _catalogue(dataset, agent or _own(dataset, "publisher")),
        _dataset(dataset, agent or _own(dataset, "publisher"), places, [node.iri for node, *_ in formats]),
        _publisher(dataset, publisher, agent),
        *_contact(dataset),
        *places,
        *(node for nodes in formats for node in nodes),
    ]
    return [node for node in nodes if node.properties]


def notes(dataset: Dataset) -> tuple[Note, ...]:
    """What the graph leaves out."""
    found = [
        Note(
            "resources.schema", "DCAT describes no columns or keys; the files csvw-metadata.json and croissant.json do."
        ),
    ]
    contact = about.in_role(dataset.descriptor, "contact")
    if contact is None or contact.email is None:
        reason = "Nobody with the role contact has an e-mail address, which a contact must have: no dcat:contactPoint."
        found.append(Note("contributors.email", reason))
    found += [
        Note(member, f"It is not stated, so the recommended {term} is left out.")
        for member, term in (
            ("issued", "dcterms:issued of the dataset"),
            ("keywords", "dcat:keyword"),
            ("themes", "dcat:theme"),
            ("spatial", "dcterms:spatial"),
            ("temporal", "dcterms:temporal"),
            ("accrualPeriodicity", "dcterms:accrualPeriodicity"),
        )
        if not dataset.descriptor.get(member)
    ]
    if about.uuid(dataset.descriptor.get("id")) is None:
        found.append(Note("id", "It is not a UUID, so the dataset is identified by its address."))
    for each in distributions.of(dataset):
        if len(each.files) > 1:
            reason = f"{each.name} is of several files, and a distribution has one checksum: see SHA256SUMS."
            found.append(Note("resources.hash", reason))
    return tuple(found)


# -- the catalogue and the dataset -----------------------------------------------------------------------------------


def _catalogue(dataset: Dataset, publisher: str) -> Node:
    return Node(
        _own(dataset, "catalog"),
        "dcat:Catalog",
        {
            "dcterms:title": _texts(dataset.texts(dataset.descriptor, "title")),
            "dcterms:description": _texts(dataset.texts(dataset.descriptor, "description")),
            "dcterms:publisher": publisher,
            "dcterms:license": CC0,
            "dcterms:modified": _day(dataset.date),
            "dcterms:language": _languages(dataset),
            "dcat:themeTaxonomy": f"{AUTHORITY}/data-theme",
            "foaf:homepage": dataset.base_url,
            "dcat:dataset": _own(dataset, "dataset"),
        },
    )


def _dataset(dataset: Dataset, publisher: str, places: list[Node], formats: list[str]) -> Node:
    subject, descriptor = _own(dataset, "dataset"), dataset.descriptor
    themes = [theme for theme in about.words(descriptor, "themes", []).get(UNKNOWN, []) if CODE.fullmatch(theme)]
    frequency = _code(dataset, "accrualPeriodicity", None)
    return Node(
        subject,
        "dcat:Dataset",
        {
            "dcterms:identifier": Literal(about.uuid(descriptor.get("id")) or subject),
            "dcterms:title": _texts(dataset.texts(descriptor, "title")),
            "dcterms:description": _texts(dataset.texts(descriptor, "description")),
            "dcterms:publisher": publisher,
            "dcat:contactPoint": [node.iri for node in _contact(dataset)],
            "dcat:keyword": [Literal(word, tag) for tag, words in dataset.words("keywords").items() for word in words],
            "dcat:theme": [f"{AUTHORITY}/data-theme/{theme}" for theme in themes],
            "dcterms:accessRights": f"{AUTHORITY}/access-right/{_code(dataset, 'accessRights', 'PUBLIC')}",
            "dcterms:accrualPeriodicity": f"{AUTHORITY}/frequency/{frequency}" if frequency else None,
            "dcterms:issued": _day(about.text(descriptor.get("issued"))),
            "dcterms:modified": _day(dataset.date),
            "dcterms:language": _languages(dataset),
            "dcterms:conformsTo": about.address(descriptor.get("$schema")),
            "dcat:landingPage": dataset.base_url,
            "dcat:version": Literal(dataset.version) if dataset.version else None,
            "dcat:distribution": formats,
            "dcterms:spatial": [node.iri for node in places if node.type == "dcterms:Location"],
            "dcterms:temporal": [node.iri for node in places if node.type == "dcterms:PeriodOfTime"],
            "prov:wasDerivedFrom": [source.path for source in about.sources(descriptor) if source.path],
        },
    )


def _publisher(dataset: Dataset, publisher: Person, agent: str | None) -> Node:
    return Node(
        agent or _own(dataset, "publisher"),
        "foaf:Agent",
        {
            "foaf:name": Literal(publisher.name),
            "dcterms:type": f"{PUBLISHER_TYPE}{publisher.kind}",
            "foaf:homepage": None if agent else publisher.path,
        },
    )


def _contact(dataset: Dataset) -> list[Node]:
    contact = about.in_role(dataset.descriptor, "contact")
    if contact is None or contact.email is None:
        return []
    said: Properties = {
        "vcard:fn": Literal(contact.name),
        "vcard:hasEmail": f"mailto:{contact.email}",
        "vcard:hasURL": contact.path,
    }
    kind = "vcard:Individual" if contact.is_person else "vcard:Organization"
    return [Node(_own(dataset, "contact"), kind, said)]


def _places(dataset: Dataset) -> Iterator[Node]:
    """Where and when; a place with an address is named only."""
    for number, place in enumerate(coverage.places(dataset), 1):
        said: Properties = {} if place.path else {"rdfs:label": _texts(place.titles)}
        yield Node(place.path or _own(dataset, f"place-{number}"), "dcterms:Location", said)
    if bounds := coverage.bounds(dataset):
        west, south, east, north = bounds
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        polygon = ", ".join(f"{longitude} {latitude}" for longitude, latitude in corners)
        box = Literal(f"POLYGON(({polygon}))", datatype="geo:wktLiteral")
        yield Node(_own(dataset, "area"), "dcterms:Location", {"dcat:bbox": box})
    start, end = coverage.period(dataset)
    if start or end:
        when: Properties = {"dcat:startDate": _date(start), "dcat:endDate": _date(end)}
        yield Node(_own(dataset, "period"), "dcterms:PeriodOfTime", when)


# -- a distribution --------------------------------------------------------------------------------------------------


def _distribution(dataset: Dataset, distribution: Distribution) -> Iterator[Node]:
    form, content, licence = distribution.form, distribution.content, distribution.licence
    rights = _own(dataset, f"{distribution.name}/rights") if distribution.others else None
    sizes = [file.size for file in distribution.files if file.size is not None]
    digest = distribution.files[0].sha256 if len(distribution.files) == 1 else None
    checksum = _own(dataset, f"{distribution.name}/checksum") if digest else None
    whole = Literal(str(sum(sizes)), datatype="xsd:nonNegativeInteger")
    yield Node(
        _own(dataset, distribution.name),
        "dcat:Distribution",
        {
            "dcterms:title": _texts(distribution.titles(dataset)),
            "dcterms:description": _texts(distribution.words),
            "dcat:accessURL": dataset.root,
            "dcat:downloadURL": [dataset.address(file.path) for file in distribution.files],
            "dcterms:format": f"{AUTHORITY}/file-type/{content.file_type}" if content.file_type else None,
            "dcat:mediaType": f"{MEDIA_TYPE}/{content.media_type}",
            "dcat:packageFormat": f"{MEDIA_TYPE}/{form.media_type}" if content is not form else None,
            "dcterms:license": _licence(licence.path) if licence and licence.path else None,
            "dcterms:rights": rights,
            "dcatap:availability": f"{AUTHORITY}/planned-availability/{_code(dataset, 'availability', 'AVAILABLE')}",
            "dcterms:issued": _date(dataset.date),
            "dcterms:language": _languages(dataset),
            "dcat:byteSize": whole if len(sizes) == len(distribution.files) else None,
            "spdx:checksum": checksum,
        },
    )
    if rights:
        yield Node(rights, "dcterms:RightsStatement", {"rdfs:label": _texts(distribution.rights())})
    if checksum and digest:
        algorithm = f"{PREFIXES['spdx']}checksumAlgorithm_sha256"
        value = Literal(digest, datatype="xsd:hexBinary")
        yield Node(checksum, "spdx:Checksum", {"spdx:algorithm": algorithm, "spdx:checksumValue": value})


# -- terms -----------------------------------------------------------------------------------------------------------


def _own(dataset: Dataset, name: str) -> str:
    """The address of something that the catalogue itself speaks of."""
    return f"{dataset.base_url}#{name}"


def _licence(path: str) -> str:
    """A licence's address; those of Creative Commons as dataportal.se wants them, with http and a last slash."""
    found = CREATIVE_COMMONS.fullmatch(path)
    return f"http://{found[1]}/" if found else path


def _texts(texts: Mapping[str, str]) -> list[Value]:
    return [Literal(text, language) for language, text in texts.items()]


def _date(day: str | None) -> Literal | None:
    """A year, month or day."""
    return Literal(day, datatype=("xsd:gYear", "xsd:gYearMonth", "xsd:date")[day.count("-")]) if day else None


def _day(day: str | None) -> Literal | None:
    return _date(day) if day and re.fullmatch(r"\d{4}-\d\d-\d\d", day) else None


def _languages(dataset: Dataset) -> list[Value]:
    codes = map(about.iso_639_3, dataset.languages)
    return [f"{AUTHORITY}/language/{code.upper()}" for code in codes if code]


def _code(dataset: Dataset, member: str, default: str | None) -> str | None:
    code = about.text(dataset.descriptor.get(member))
    return code if code and CODE.fullmatch(code) else default
