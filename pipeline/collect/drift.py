"""Whether a new snapshot looks like the source did before: shape, size, and what must not be lost or change."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.fetched import Rows
from pipeline.fetches import Fetch


def differences(fetch: Fetch, old: Mapping[str, Rows] | None, new: Mapping[str, Rows]) -> list[str]:
    """What is not as expected, a sentence fragment each; `old` are the rows of the accepted snapshot."""
    found = []
    for mapped in fetch.tables:
        expected = fetch.expect[mapped.table]
        count = len(new[mapped.table].numbers)
        if count < expected.least:
            found.append(f"{mapped.table} has {count:,} rows, at least {expected.least:,} are expected")
        if expected.most is not None and count > expected.most:
            found.append(f"{mapped.table} has {count:,} rows, at most {expected.most:,} are expected")
        before = len(old[mapped.table].numbers) if old else 0
        if count < before * (1 - expected.shrink):
            found.append(f"{mapped.table} has {count:,} rows, the last snapshot has {before:,}")
    return found
