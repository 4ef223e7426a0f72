"""Whether an address asks for much work: such pages wait for each other, and the rest does not wait for them.

What an index answers, a page of ordinary length, and all of a small table is little work. Searches, filters and orders
without an index, and counts of them, look at every row of a table; long pages and files take the processor.
"""

from __future__ import annotations

from collections.abc import Sequence

from datasette.utils import tilde_decode

from pipeline.serve.places import Place
from pipeline.serve.release import Release

LARGE = 50_000
"""Rows of a table from which on looking at all of them is much work."""

LONG = 200
"""Rows of a page from which on making it is much work."""

SEARCHES = ("_search", "q")


def is_heavy(release: Release, place: Place, pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether the address, with the arguments `pairs`, asks for much work."""
    parts = place.rest.split("/")
    if parts[-1].startswith("rows.") or any(name == "_size" and _is_long(value) for name, value in pairs):
        return True
    is_page_of_site = len(parts) > 2 and parts[1] == "-"
    if len(parts) != 3:  # a row, or a page that lists what there is
        return False
    name = tilde_decode(parts[2].partition(".")[0])
    rows = None if is_page_of_site else release.counts.get(name)
    if (max(release.counts.values(), default=0) if rows is None else rows) <= LARGE:
        return False
    if rows is None:  # a view, a question, or a search of everything
        return not is_page_of_site or parts[2] == "search"
    quick = release.indexed.get(name, frozenset())
    if not place.is_page:
        facets = {value for argument, value in pairs if argument == "_facet"}
        is_whole = all(argument.startswith("_") and argument not in SEARCHES for argument, _ in pairs)
        if facets and not (is_whole and facets <= release.counted.get(name, frozenset())):
            return True  # pages leave out what takes too long; data has what was asked for
        pairs = [pair for pair in pairs if pair[0] != "_facet"]
    return any(value and not _is_quick(argument, value, quick) for argument, value in pairs)


def _is_quick(argument: str, value: str, quick: frozenset[str]) -> bool:
    """Whether an index answers what the argument asks, or it asks nothing of the rows."""
    if argument in ("_sort", "_sort_desc", "_facet"):
        return value in quick
    if argument.startswith("_"):
        return argument not in SEARCHES and not argument.startswith("_facet_")
    return argument.removesuffix("__exact") in quick


def _is_long(value: str) -> bool:
    return value == "max" or (value.isdigit() and int(value[:9]) > LONG)
