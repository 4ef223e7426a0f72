"""A page as a test reads it: elements with their attributes, and the text that is shown."""

from __future__ import annotations

from html.parser import HTMLParser

HIDDEN = {"style", "script", "head"}
VOID = {"meta", "link", "br", "img", "input", "hr"}
INLINE = {"a", "bdi", "code", "span", "strong", "time"}


class Page(HTMLParser):
    """The elements of a page in order, and its text with single spaces."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._said: list[str] = []
        self.feed(text)
        self.close()
        self.text = " ".join("".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._part(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self._part(tag)
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not HIDDEN & set(self._open):
            self._said.append(data)

    def _part(self, tag: str) -> None:
        if tag not in INLINE:
            self._said.append(" ")

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, in order."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]

    def tags(self) -> set[str]:
        """The names of the elements that occur."""
        return {tag for tag, _ in self.elements}
