"""sitemap.xml: the addresses of a release for search engines (https://www.sitemaps.org/protocol.html).

It lies at the top of the release, because a sitemap speaks for what lies beside and below it only.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from pipeline.describe.dataset import BASE_URL, Dataset
from pipeline.describe.document import Document, Note, require

MOST = 50_000
"""Addresses that a sitemap may have."""


def render(dataset: Dataset) -> Document:
    """The page of the release, then its files. Raises InvalidData where the address of releases is not known."""
    require(
        dataset,
        "sitemap.xml",
        (dataset.root, BASE_URL, "Say where releases are published: in `baseUrl`, or with --base-url."),
    )
    paths = ["", *(file.path for file in dataset.files)]
    day = f"<lastmod>{dataset.date}</lastmod>" if dataset.date else ""
    addresses = "".join(
        f"<url><loc>{escape(dataset.address(path) if path else str(dataset.root))}</loc>{day}</url>\n"
        for path in paths[:MOST]
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{addresses}</urlset>\n'
    )
    notes = (
        [Note("resources", f"{len(paths) - MOST} files are left out: a sitemap has room for {MOST}.")]
        if len(paths) > MOST
        else []
    )
    return Document(text, tuple(notes))
