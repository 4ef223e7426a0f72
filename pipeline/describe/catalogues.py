"""The catalogues that releases are described for: what each is called, its file in a release, and what renders it."""

from __future__ import annotations

from pipeline.hookspecs import Catalogue, hook

CATALOG = "catalog"
"""The folder of a release that holds the descriptions."""


@hook
def servicebanken_catalogues() -> dict[str, Catalogue]:
    here = __package__
    return {
        "dcat": Catalogue(f"{CATALOG}/dcat.rdf", f"{here}.dcat:render_xml"),
        "dcat-ttl": Catalogue(f"{CATALOG}/dcat.ttl", f"{here}.dcat:render_turtle"),
        "csvw": Catalogue(f"{CATALOG}/csvw-metadata.json", f"{here}.csvw:render"),
        "croissant": Catalogue(f"{CATALOG}/croissant.json", f"{here}.croissant:render"),
        "schema-org": Catalogue(f"{CATALOG}/schema-org.jsonld", f"{here}.schema_org:render"),
        "datacite": Catalogue(f"{CATALOG}/datacite.json", f"{here}.datacite:render"),
        "citation": Catalogue("CITATION.cff", f"{here}.citation:render"),
        "sitemap": Catalogue("sitemap.xml", f"{here}.sitemap:render"),
    }
