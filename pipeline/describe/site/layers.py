"""A directed graph in layers (Sugiyama, Tagawa and Toda 1981): what points stands left of what it points at.

Cycles are broken; an edge over several layers gets a bend in each between; the order within a layer is swept to and fro
by the middle of the neighbours, and the order with the fewest crossings is kept. Same graph, same layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 16
"""Times that the order within layers is improved."""

Edge = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """`layers`: nodes and bends from left to right, each from top to bottom; nodes are below `count`.

    `paths`: for each edge the nodes and bends that it goes through, from the one that points on.
    """

    count: int
    layers: tuple[tuple[int, ...], ...]
    paths: Mapping[Edge, tuple[int, ...]]


def layout(count: int, edges: Sequence[Edge]) -> Layout:
    """The nodes 0 to `count` - 1 in layers; an edge from a node to itself is left out."""
    edges = list(dict.fromkeys(edge for edge in edges if edge[0] != edge[1]))
    depth = _depths(count, edges)
    layers: list[list[int]] = [[] for _ in range(max(depth, default=0) + 1)]
    for node in range(count):
        layers[depth[node]].append(node)
    paths: dict[Edge, tuple[int, ...]] = {}
    bends = count
    for start, end in edges:
        step = -1 if depth[start] > depth[end] else 1
        path = [start]
        for layer in range(depth[start] + step, depth[end], step):
            layers[layer].append(bends)
            path.append(bends)
            bends += 1
        paths[start, end] = (*path, end)
    layers.reverse()  # depth 0 is what points at nothing, and stands right
    return Layout(count, tuple(map(tuple, _ordered(layers, paths, bends))), paths)


def _depths(count: int, edges: Sequence[Edge]) -> list[int]:
    """For each node the longest way from it to a node that points at nothing; an edge back to where one came from does
    not count."""
    targets: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        targets[start].append(end)
    depth: dict[int, int] = {}
    for root in range(count):
        stack, active = [(root, iter(targets[root]))], {root}
        if root in depth:
            continue
        while stack:
            node, rest = stack[-1]
            following = next((each for each in rest if each not in depth and each not in active), None)
            if following is not None:
                active.add(following)
                stack.append((following, iter(targets[following])))
                continue
            depth[node] = max((depth[each] + 1 for each in targets[node] if each in depth), default=0)
            active.discard(node)
            stack.pop()
    return [depth[node] for node in range(count)]


def _ordered(layers: list[list[int]], paths: Mapping[Edge, tuple[int, ...]], count: int) -> list[list[int]]:
    """The layers in an order with few crossings."""
    left: list[list[int]] = [[] for _ in range(count)]
    right: list[list[int]] = [[] for _ in range(count)]
    at = {node: number for number, layer in enumerate(layers) for node in layer}
    for path in paths.values():
        for one, two in pairwise(path):
            before, after = (one, two) if at[one] < at[two] else (two, one)
            right[before].append(after)
            left[after].append(before)
    best, fewest = layers, _crossings(layers, right)
    current = [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        numbers = range(1, len(current)) if forward else range(len(current) - 2, -1, -1)
        for number in numbers:
            beside = current[number - 1] if forward else current[number + 1]
            places = {node: place for place, node in enumerate(beside)}
            current[number] = _by_middle(current[number], left if forward else right, places)
        crossings = _crossings(current, right)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _by_middle(layer: list[int], beside: Sequence[Sequence[int]], places: Mapping[int, int]) -> list[int]:
    """A layer by the mean place of each node's neighbours; a node without any keeps its place."""
    means = {}
    for own, node in enumerate(layer):
        found = [places[each] for each in beside[node]]
        means[node] = sum(found) / len(found) if found else float(own)
    return sorted(layer, key=lambda node: means[node])


def _crossings(layers: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> int:
    """How many pairs of edges cross: the inversions of where they end, in the order of where they start."""
    total = 0
    for layer, following in pairwise(layers):
        places = {node: place for place, node in enumerate(following)}
        ends = [place for node in layer for place in sorted(places[each] for each in right[node])]
        seen: list[int] = []
        for end in ends:
            total += sum(1 for earlier in seen if earlier > end)
            seen.append(end)
    return total


def heights(layout: Layout, node: float, bend: float) -> dict[int, float]:
    """The middle of each node and bend from the top, so that in a layer they are as far apart as their heights ask,
    and edges are as straight as that allows."""
    near: dict[int, list[int]] = {}
    for path in layout.paths.values():
        for one, two in pairwise(path):
            near.setdefault(one, []).append(two)
            near.setdefault(two, []).append(one)
    half = {each: (node if each < layout.count else bend) / 2 for layer in layout.layers for each in layer}
    found: dict[int, float] = {}
    tall = max((sum(2 * half[each] for each in layer) for layer in layout.layers), default=0.0)
    for layer in layout.layers:
        top = (tall - sum(2 * half[each] for each in layer)) / 2
        for each in layer:
            found[each] = top + half[each]
            top += 2 * half[each]
    for _ in range(SWEEPS):
        for layer in layout.layers:
            wanted = [
                sum(found[other] for other in near[each]) / len(near[each]) if each in near else found[each]
                for each in layer
            ]
            for each, place in zip(layer, _apart(wanted, [half[each] for each in layer]), strict=True):
                found[each] = place
    top = min((found[each] - half[each] for each in found), default=0.0)
    return {each: place - top for each, place in found.items()}


def _apart(wanted: Sequence[float], half: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (in squares) that keep their order and distance: neighbours that come too
    close form a block, which stands at its mean (pool adjacent violators)."""
    offsets = [0.0]
    for one, two in pairwise(half):
        offsets.append(offsets[-1] + one + two)
    blocks: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=False):
        mean, size = place - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, size = (before * many + mean * size) / (many + size), many + size
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
