"""Whatever a source sends, a reader answers with rows of one length or with BadAnswer, never with another error."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, reader
from pipeline.source.source import read_all
from tests.collect.servers.pages import Pages
from tests.collect.servers.sweden import sweden
from tests.projects import put
from tests.readers import test_html
from tests.readers.asking import answers_to, fetch_of

EXAMPLES = int(os.environ.get("DAMAGED_EXAMPLES", "150"))
"""Damaged answers for each reader; `DAMAGED_EXAMPLES=20000` for a long run."""

TEXTS = st.sampled_from(["", "0", "²", "x", "-1", "1e9", "https://x", "http://[", "\ud800"])
NAMES = st.sampled_from(["id", "0", "value", "label"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(NAMES, values, max_size=3),
    max_leaves=6,
)


class Sound(dict[str, list[tuple[Fetch, Answer]]]):
    """Answers of each reader that are whole, with their fetches."""

    def __repr__(self) -> str:
        return "…"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    folder = tmp_path_factory.mktemp("sound")
    found = Sound()
    with sweden(years=1) as country, Pages(dict(test_html.PAGES)) as pages:
        root = Path(__file__).parents[2] / "sources"
        for path in root.glob("*/source.yml"):
            text = path.read_text(encoding="utf-8")
            if "\nfetch:\n" in text:
                put(folder, {f"sources/{path.parent.name}/source.yml": country.source(text)})
        fetches = [fetch for source in read_all(folder / "sources", folder) for fetch in source.fetches]
        fetches.append(fetch_of(test_html.FETCH.format(url=pages.url), folder / "page"))
        for fetch in fetches:
            sample = reader(fetch.reader).sample(fetch)
            found.setdefault(fetch.reader, []).extend((sample, answer) for answer in answers_to(sample))
        yield found


READERS = ["html", "kolada", "kolada_groups", "overpass", "pxweb", "pxweb_codes", "sparql", "wfs"]


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_answer_is_refused_or_read(name: str, sound: Sound, data: st.DataObject) -> None:
    fetch, answer = data.draw(st.sampled_from(sound[name]))
    read(fetch, Answer(answer.request, damaged(answer.body, data)))


def damaged(body: bytes, data: st.DataObject) -> bytes:
    """The body with one thing in it replaced: a value of its JSON, or else some of its bytes."""
    if body.startswith(b"{") and data.draw(st.integers(0, 9)):
        value = json.loads(body)
        holder, place = data.draw(st.sampled_from(list(places(value))[:400]))
        if data.draw(st.booleans()):
            holder[place] = data.draw(JSON)
        elif isinstance(holder, dict):
            del holder[place]
        else:
            holder.insert(place, copy.deepcopy(holder[place]))
        return json.dumps(value).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 50)))
    return body[:start] + data.draw(st.binary(max_size=20)) + body[end:]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value where another could stand: its holder, and the name or number in it."""
    for place in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, place
        if isinstance(value[place], dict | list):
            yield from places(value[place])


def read(fetch: Fetch, answer: Answer) -> None:
    asked = reader(fetch.reader)
    try:
        for request in asked.following(fetch, answer):
            assert request.url.startswith("http")
        relations = asked.read(fetch, answer)
        missing = asked.missing(fetch, [answer])
    except BadAnswer as error:
        assert error.rule
        return
    assert all(isinstance(what, str) for what in missing)
    for columns in relations.values():
        assert len({len(cells) for cells in columns.values()}) <= 1
        for cells in columns.values():
            assert all(cell is None or (isinstance(cell, str) and cell and cell.encode()) for cell in cells)
