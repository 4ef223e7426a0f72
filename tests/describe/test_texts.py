"""Whatever texts a descriptor holds, each format holds the same texts, and nothing else comes of them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.xml_text import xml_text
from pipeline.describe import read, render
from pipeline.hookspecs import offers
from tests.describe.test_describe import BASE, HOSTILE, towns
from tests.describe.validators import complaints, needs_validators

DCTERMS = "{http://purl.org/dc/terms/}"
PARTS = [
    "<script>",
    "]]>",
    '"@sv',
    "\\",
    "'''",
    "\n- ",
    "\r",
    "\u2028",
    "\u202e",
    "\x00",
    "&#0;",
    "javascript:",
    "{}",
    "\ufeff",
]

texts = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), max_size=6).map("".join)


def kept(text: str) -> str | None:
    """What a description makes of a text: None of a blank one."""
    return text.strip() or None


@settings(deadline=None, max_examples=30)
@given(title=texts, description=texts, keywords=st.lists(texts, max_size=3), name=texts)
@example(title=HOSTILE, description=HOSTILE, keywords=[HOSTILE], name=HOSTILE)
def test_texts_come_out_as_they_went_in(title: str, description: str, keywords: list[str], name: str) -> None:
    about: dict[str, Any] = {
        "title": title or "a",
        "description": description or "a",
        "keywords": keywords,
        "contributors": [{"title": name or "a", "roles": ["creator", "publisher"], "type": "Company"}],
        "title@sv": "",
        "description@sv": "",
    }
    if not all(kept(value) for value in (about["title"], about["description"], about["contributors"][0]["title"])):
        return
    with tempfile.TemporaryDirectory() as folder:
        dataset = read(towns(Path(folder), **about), BASE)
        documents = {format: render(dataset, format).text for format in offers("catalogues")}
    wanted = about["title"].strip()
    assert json.loads(documents["csvw"])["dc:title"] == [{"@value": wanted, "@language": "en"}]
    assert json.loads(documents["croissant"])["alternateName"] == [wanted]
    assert json.loads(documents["schema-org"])["name"] == wanted
    assert json.loads(documents["datacite"])["titles"][0]["title"] == wanted
    citation = yaml.safe_load(documents["citation"])
    assert (citation["title"], citation["authors"]) == (wanted, [{"name": about["contributors"][0]["title"].strip()}])
    graph = ElementTree.fromstring(documents["dcat"])
    titles = {element.text for element in graph.iter(f"{DCTERMS}title")}
    assert xml_text(wanted) in titles


@needs_validators
def test_turtle_and_rdf_xml_hold_the_same_graph(tmp_path: Path) -> None:
    hostile = f"{HOSTILE} {' '.join(PARTS)}".replace("\x00", "")
    dataset = read(towns(tmp_path, title=hostile, keywords=PARTS, description=hostile), BASE)
    for format, name in (("dcat", "dcat.rdf"), ("dcat-ttl", "dcat.ttl")):
        (tmp_path / name).write_text(render(dataset, format).text, encoding="utf-8", newline="\n")
    assert complaints("same", tmp_path / "dcat.rdf", tmp_path / "dcat.ttl") == []
