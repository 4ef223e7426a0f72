"""The layout of a graph in layers: what holds for every graph, and what a few small ones look like."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.describe.site.layers import heights, layout

GRAPHS = st.integers(1, 12).flatmap(
    lambda count: st.tuples(
        st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30)
    )
)


@given(GRAPHS)
def test_every_edge_goes_from_layer_to_layer_and_nothing_overlaps(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    found = layout(count, edges)
    at = {each: number for number, layer in enumerate(found.layers) for each in layer}
    assert set(range(count)) <= set(at)
    assert set(found.paths) == {edge for edge in edges if edge[0] != edge[1]}
    for path in found.paths.values():
        assert all(abs(at[one] - at[two]) == 1 for one, two in pairwise(path))
    down = heights(found, 30, 10)
    for layer in found.layers:
        for one, two in pairwise(layer):
            apart = (30 if one < count else 10) / 2 + (30 if two < count else 10) / 2
            assert down[two] - down[one] >= apart - 1e-6
    assert layout(count, edges) == found


def test_what_points_stands_left_of_what_it_points_at() -> None:
    assert layout(3, [(0, 1), (1, 2), (0, 2)]).layers == ((0,), (1, 3), (2,))


def test_a_cycle_is_broken() -> None:
    found = layout(3, [(0, 1), (1, 2), (2, 0)])
    assert found.layers == ((0,), (1, 3), (2,))
    assert found.paths[2, 0] == (2, 3, 0)


def test_crossings_that_can_be_are_avoided() -> None:
    found = layout(4, [(0, 3), (1, 2)])
    left, right = found.layers
    assert [right.index({0: 3, 1: 2}[each]) for each in left] == [0, 1]
