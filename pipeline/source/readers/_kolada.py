"""What all answers of Kolada's API v3 share: a list `values`, and the address of the next page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request
from pipeline.source.readers._json import objects, parse


def values(answer: Answer) -> list[dict[str, Any]]:
    """The objects in a page. Raises BadAnswer for a body that is no page."""
    return objects(parse(answer), "values")


def next_page(fetch: Fetch, answer: Answer) -> list[Request]:
    """The request of the page after this one. Raises BadAnswer where it leads to another host."""
    address = parse(answer).get("next_url")
    if not address:
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
