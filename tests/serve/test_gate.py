"""Who is let in, who waits, and what counts as much work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from pipeline.serve.gate import Busy, Gate
from pipeline.serve.places import parse
from pipeline.serve.release import Release, open_release
from pipeline.serve.weight import is_heavy


def test_a_client_that_asks_for_much_waits_for_itself() -> None:
    order: list[str] = []

    async def ask(gate: Gate, client: str) -> None:
        async with gate.passed(client):
            order.append(client)
            await asyncio.sleep(0)

    async def all_ask() -> None:
        gate = Gate(1, 20)
        await asyncio.gather(*(ask(gate, client) for client in "aaaaabbc"))
        assert gate.inside == 0

    asyncio.run(all_ask())
    assert "".join(order) == "aabcabaa"


def test_who_comes_on_top_is_refused_and_who_gives_up_takes_no_place() -> None:
    async def all_ask() -> None:
        gate = Gate(1, 2, each=2)
        async with gate.passed("a"):
            first, second = (asyncio.create_task(_pass(gate, client)) for client in "ab")
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await _pass(gate, "a")
            with pytest.raises(Busy):
                await _pass(gate, "c")
            first.cancel()
            await asyncio.sleep(0)
            third = asyncio.create_task(_pass(gate, "c"))
            await asyncio.sleep(0)
        await asyncio.gather(second, third)
        assert gate.inside == 0
        await asyncio.wait_for(_pass(gate, "d"), 1)

    asyncio.run(all_ask())


async def _pass(gate: Gate, client: str) -> None:
    async with gate.passed(client):
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
def release(services_release: Path) -> Release:
    opened = open_release(services_release)
    return replace(opened, counts=opened.counts | {"solutions": 1_000_000})


@pytest.mark.parametrize(
    ("address", "heavy"),
    [
        ("/sv/", False),
        ("/sv/services", False),
        ("/sv/services/solutions", False),
        ("/sv/services/solutions?kind=fixed&_facet=kind&_n=1", False),
        ("/services/solutions.json?_shape=array&_size=100&id=bokbussen&_sort=id", False),
        ("/sv/services/solutions/bokbussen?_search=x", False),
        ("/sv/services/solutions?people=12", True),
        ("/sv/services/solutions?kind__contains=fixed", True),
        ("/sv/services/solutions?_facet=people", True),
        ("/sv/services/solutions?_facet_date=opened", True),
        ("/sv/services/solutions?_sort_desc=people", True),
        ("/services/solutions.json?_search=bok", True),
        ("/services/solutions.json?_facet=kind&_sort=id", False),
        ("/services/solutions.json?_facet=people", True),
        ("/services/solutions.json?_facet=kind&_facet=people", True),
        ("/services/solutions.json?_facet=kind&kind=fixed", True),
        ("/services/places.json?_search=bok", False),
        ("/services/places.json?_size=max", True),
        ("/services/places.json?_size=201", True),
        ("/services/places.json?_size=200", False),
        ("/services/places/-/rows.xlsx", True),
        ("/sv/-/search?q=bok", True),
        ("/sv/-/about", False),
        ("/services/by-kind.json?kind=fixed", True),
        ("/en/services/solutions_overview", True),
    ],
)
def test_what_looks_at_every_row_of_a_large_table_is_much_work(address: str, heavy: bool, release: Release) -> None:
    path, _, query = address.partition("?")
    assert is_heavy(release, parse(path), parse_qsl(query)) is heavy


def test_a_small_release_has_little_work(services_release: Path) -> None:
    small = open_release(services_release)
    for address in ("/sv/-/search", "/services/by-kind.json", "/sv/services/solutions"):
        assert not is_heavy(small, parse(address), [("_search", "bok"), ("_sort", "people")])
