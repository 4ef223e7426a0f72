"""feed.xml: the published versions as an Atom feed (RFC 4287), for readers that tell people of a new one."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pipeline.core.xml_text import xml_text
from pipeline.publish.contents import SUMS
from pipeline.publish.pointer import Pointer, Version

NAME = "feed.xml"


def render(pointer: Pointer) -> bytes | None:
    """The feed of a place; None where its address is not known, for in a feed everything has an address."""
    base = pointer.base_url
    dated = [entry for entry in pointer.versions if entry.created]
    if base is None or not dated:
        return None
    title = " · ".join(dict.fromkeys(pointer.titles.values())) or str(pointer.name)
    feed = Element("feed", xmlns="http://www.w3.org/2005/Atom")
    _add(feed, "id", base)
    _add(feed, "title", title)
    _add(feed, "updated", max(str(entry.created) for entry in dated))
    _add(_add(feed, "author"), "name", pointer.publisher or str(pointer.name))
    _link(feed, "self", "application/atom+xml", base + NAME)
    _link(feed, "alternate", "text/html", base)
    for entry in dated:
        _entry(feed, entry, base + quote(entry.path), title)
    indent(feed)
    return bytes(tostring(feed, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _entry(feed: Element, entry: Version, root: str, title: str) -> None:
    element = _add(feed, "entry")
    _add(element, "id", root)
    _add(element, "title", f"{title} {entry.version}")
    _add(element, "updated", str(entry.created))
    _link(element, "alternate", "text/html", root + quote(entry.page or ""))
    _link(element, "related", "text/markdown", f"{root}CHANGELOG.md")
    if entry.archive:
        _link(element, "enclosure", "application/zip", root + quote(entry.archive))
    _add(element, "content", f"{entry.files} files, {entry.bytes:,} bytes. SHA-256 of {SUMS}: {entry.sha256}")


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    element = SubElement(parent, name)
    element.text = None if text is None else xml_text(text)
    return element


def _link(parent: Element, relation: str, kind: str, address: str) -> None:
    SubElement(parent, "link", {"rel": relation, "type": kind, "href": xml_text(address)})
