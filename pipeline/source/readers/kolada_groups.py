"""Groups of municipalities in Kolada's API v3, such as SKR's grouping; `url` is `https://api.kolada.se/v3`.

    ask:
      groups: [G92791, G92794]     the ids of the groups that are kept

The relation `members` has a row per group and municipality. All groups come in one list of several pages; those that
are kept are picked from it, and `missing` tells which of them the list no longer has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request, no_list
from pipeline.source.readers._json import cell, objects
from pipeline.source.readers._kolada import lacking, next_page, values

NEEDS = frozenset({"groups"})
TAKES = frozenset[str]()
RELATIONS = {"members": ("group", "group_title", "municipality", "municipality_title")}


def wrong(ask: Mapping[str, Any]) -> str | None:
    return no_list(ask, "groups")


def requests(fetch: Fetch) -> list[Request]:
    return [Request(f"{fetch.url}/municipality_groups", part="groups")]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    read(fetch, answer)
    return next_page(fetch, answer)


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    """The members of the groups that are kept, in the order of the list."""
    columns: Columns = {name: [] for name in RELATIONS["members"]}
    for group in values(answer):
        if group.get("id") not in fetch.ask["groups"]:
            continue
        for member in objects(group, "members", f" of the group {group['id']}"):
            # Version 2 called them id and title.
            cells = (
                group["id"],
                group.get("title"),
                member.get("member_id", member.get("id")),
                member.get("member_title", member.get("title")),
            )
            for name, value in zip(columns, cells, strict=True):
                columns[name].append(cell(value))
    if None in columns["municipality"]:
        raise BadAnswer("has a group with a member without an id")
    return {"members": columns}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:
    found = {group for answer in answers for group in read(fetch, answer)["members"]["group"]}
    return [*lacking(answers), *(f"the group {id}" for id in fetch.ask["groups"] if id not in found)]


def sample(fetch: Fetch) -> Fetch:
    """Only one group is looked for; the list is as long as it is."""
    return replace(fetch, ask={"groups": fetch.ask["groups"][:1]})
