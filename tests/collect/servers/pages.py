"""A web server with pages for people, and a robots.txt where one is put."""

from __future__ import annotations

from tests.collect.servers import Asked, Reply, Server


class Pages(Server):
    """`pages` are the texts by path, or bytes that are sent as they are."""

    def __init__(self, pages: dict[str, str | bytes]) -> None:
        super().__init__()
        self.pages = pages

    def answer(self, asked: Asked) -> Reply:
        page = self.pages.get(asked.path)
        if page is None:
            return Reply(b"<h1>Sidan finns inte</h1>", 404, "text/html")
        kind = "text/plain" if asked.path == "/robots.txt" else "text/html; charset=utf-8"
        return Reply(page.encode() if isinstance(page, str) else page, kind=kind)
