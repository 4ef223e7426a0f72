"""What a source.yml says to fetch: `fetch:`, a list of fetches, each read by one reader into rows of tables.

    fetch:
      - id: kolada-service           a name that no other fetch has, in any source
        reader: kolada               a module in pipeline/source/readers
        url: https://api.kolada.se/v3
        document: kolada-v3          the document that the rows cite; `accessed` is the day of the snapshot
        cadence: 30                  days until it is asked again
        ask:                         what to ask for, in the reader's own words
          kpis: [N07530, N07920]
        tables:
          observations:
            from: data               the reader's relation; its only one where left out
            where: {gender: T}       rows that are kept; a list keeps several values
            columns:
              indicator: {column: kpi, codes: {N07530: grocery-within-2-km}}
              municipality: municipality
              period: period
              value: value
              approximate: {value: "false"}
        limits: {bytes: 50000000, seconds: 60, per_second: 5, silence: 30,
                 requests: 1000, all_bytes: 500000000, all_seconds: 3600}
        expect:
          observations:
            least: 100               rows
            most: 20000
            shrink: 0.05             the share of rows that may be gone since the last snapshot
            lost: 0.05               the share of keys that may be gone; that of rows where it is left out
            variety: 0.5             the share of a column's different values that must be left
            moved: 0.1               the share of keys that may say what others said
            headers: 0               rows that may repeat the names of the columns
            keeps: [municipality]    fields that lose no value
            same: [unit]             fields that say the same of a key as last time
            change: {value: 0.5}     the share by which a figure may change for the same key
            range: {value: [0, 100]} the least and the largest figure that is plausible
            has: {municipality: ["2505", "0482"]}
        credentials: {header: X-Key, variable: A_VARIABLE_OF_THE_ENVIRONMENT}

A column is the name of the reader's column, `{column}`, `{template: "node-{id}"}` (empty where a part is), or
`{value}`, the same in each row. A column and a template can be made a slug (`slug: yes`: lower-case ASCII with
hyphens) and then be replaced by `codes`, where "" leaves the cell empty. A value that `codes` does not list is refused,
unless `others: keep` keeps it or `others: {value}` says what stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    """Where the cells of a field come from: exactly one of `column`, `template` and `value`."""

    column: str | None = None
    template: str | None = None
    value: str | None = None
    codes: Mapping[str, str] | None = None
    slug: bool = False
    keep: bool = False
    default: str | None = None
    """What stands for a value that `codes` does not list; "" is an empty cell. None: it is kept, or else refused."""


@dataclass(frozen=True)
class Mapped:
    """How a reader's relation becomes rows of a table."""

    table: str
    relation: str
    where: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Limits:
    """What one answer may cost: `bytes` after decompression, `seconds` in all and of `silence`; how many requests
    `per_second` the host gets; and what all answers of a fetch may cost together."""

    bytes: int = 50_000_000
    seconds: float = 60
    per_second: float = 2
    silence: float = 30
    requests: int = 1000
    all_bytes: int = 500_000_000
    all_seconds: float = 3600


@dataclass(frozen=True)
class Expected:
    """What the rows of a table must be like before they are accepted."""

    least: int = 1
    most: int | None = None
    shrink: float = 0.1
    keeps: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    change: Mapping[str, float] = field(default_factory=dict)
    range: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    has: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lost: float | None = None
    variety: float = 0.5
    moved: float = 0.1
    headers: int = 0


@dataclass(frozen=True)
class Credentials:
    """A header of every request whose value stands in a variable of the environment."""

    header: str
    variable: str


@dataclass(frozen=True)
class Fetch:
    """What is fetched from one place, and the rows it becomes. `ask` is plain text, lists and mappings."""

    id: str
    reader: str
    url: str
    document: str
    cadence: int
    ask: Mapping[str, Any]
    tables: tuple[Mapped, ...]
    expect: Mapping[str, Expected]
    limits: Limits
    credentials: Credentials | None
    line: int
