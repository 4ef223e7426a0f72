"""What all answers of Kolada's API v3 share: a list `values`, and the address of the next page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request
from pipeline.source.readers._json import objects, parse, whole


def values(answer: Answer) -> list[dict[str, Any]]:
    """The objects in a page. Raises BadAnswer for a body that is no page."""
    return objects(parse(answer), "values")


def next_page(fetch: Fetch, answer: Answer) -> list[Request]:
    """The request of the page after this one. Raises BadAnswer where it leads to another host."""
    content = parse(answer)
    address = content.get("next_url")
    if not address:
        if other := next((name for name in content if "next" in name and name != "next_url" and content[name]), None):
            raise BadAnswer(f"names a next page in `{other}`, not in `next_url`")
        return []
    here = urlsplit(fetch.url)
    try:
        there = urlsplit(str(address))
        same = (there.hostname, there.port) == (here.hostname, here.port)
    except ValueError:
        same = False
    if not same:
        raise BadAnswer(f"goes on at another host: {address}")
    # The scheme is ours: a server behind a proxy may not know that it was asked over https.
    return [Request(urlunsplit(there._replace(scheme=here.scheme)), part=answer.request.part)]


def lacking(answers: list[Answer]) -> list[str]:
    """What a page counts and does not hold: `count` is that of the page, or of all pages together."""
    for answer in answers:
        stated, got = whole(parse(answer).get("count")), len(values(answer))
        if stated is not None and stated != got and not any(parse(other).get("next_url") for other in answers):
            return [f"{abs(stated - got):,} of the {stated:,} members that {answer.request.url} counts"]
    return []
