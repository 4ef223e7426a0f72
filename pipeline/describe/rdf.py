"""RDF written with the same bytes each time: Turtle and flat RDF/XML, in the order in which nodes are given.

rdflib's RDF/XML depends on the hash seed, and importing it takes longer than describing a release; the tests read with
rdflib what is written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from pipeline.core.xml_text import xml_text

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\x7f-\x9f]")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Literal:
    """A text with its language tag or its datatype (`xsd:date`); what XML cannot hold becomes U+FFFD."""

    text: str
    language: str | None = None
    datatype: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", xml_text(self.text))


Value = str | Literal
"""An IRI or a literal."""

Properties = Mapping[str, Value | Sequence[Value] | None]
"""What is said by property (`dcterms:title`): one value, several, or none."""


@dataclass(frozen=True)
class Node:
    """What is said of an IRI: its type, and its properties; a value that stands twice is written once."""

    iri: str
    type: str
    properties: Properties

    def values(self) -> list[tuple[str, list[Value]]]:
        """The properties that have values, with these."""
        listed = {
            name: [value] if isinstance(value, str | Literal) else list(dict.fromkeys(value or ()))
            for name, value in self.properties.items()
        }
        return [(name, values) for name, values in listed.items() if values]


def turtle(nodes: Sequence[Node]) -> str:
    """The nodes as Turtle (https://www.w3.org/TR/turtle/)."""
    lines = [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in PREFIXES.items()]
    for node in nodes:
        said = [f"{name} {', '.join(map(_term, values))}" for name, values in node.values()]
        lines += ["", f"{_iri(node.iri)} " + " ;\n    ".join([f"a {node.type}", *said]) + " ."]
    return "\n".join(lines) + "\n"


def rdf_xml(nodes: Sequence[Node]) -> str:
    """The nodes as RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/)."""
    names = "".join(f"\n    xmlns:{prefix}={quoteattr(namespace)}" for prefix, namespace in PREFIXES.items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<rdf:RDF{names}>"]
    for node in nodes:
        said = [_element(name, value) for name, values in node.values() for value in values]
        lines += [f"  <{node.type} rdf:about={quoteattr(_checked(node.iri))}>", *said, f"  </{node.type}>"]
    return "\n".join([*lines, "</rdf:RDF>"]) + "\n"


def _checked(iri: str) -> str:
    if NOT_IN_IRI.search(iri):
        raise ValueError(f"{iri!r} is not an IRI")
    return iri


def _iri(iri: str) -> str:
    return f"<{_checked(iri)}>"


def _term(value: Value) -> str:
    if isinstance(value, str):
        return _iri(value)
    text = '"' + "".join(ESCAPES.get(character, character) for character in value.text) + '"'
    if value.language:
        return f"{text}@{value.language}"
    return f"{text}^^{value.datatype}" if value.datatype else text


def _element(name: str, value: Value) -> str:
    if isinstance(value, str):
        return f"    <{name} rdf:resource={quoteattr(_checked(value))}/>"
    attribute = ""
    if value.language:
        attribute = f" xml:lang={quoteattr(value.language)}"
    elif value.datatype:
        prefix, _, local = value.datatype.partition(":")
        attribute = f" rdf:datatype={quoteattr(PREFIXES[prefix] + local)}"
    return f"    <{name}{attribute}>{escape(value.text, {chr(13): '&#13;'})}</{name}>"
