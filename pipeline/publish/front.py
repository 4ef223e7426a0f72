"""What a place shows beside its versions, made from latest.json: the page, the feed, the map of the site, redirects.

index.html          the versions, for people
feed.xml            the versions as an Atom feed            } where the address of the place is known:
sitemap.xml         the versions, for search engines        } `baseUrl` in the latest version's datapackage.json
latest/index.html   leads to the latest version; any web server and any bucket understands it
_redirects          the same for every file below latest/: Netlify, Cloudflare Pages, GitLab Pages
.htaccess           the same for Apache, where it may read such files
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlparse
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pipeline.core.xml_text import xml_text
from pipeline.publish import feed, page
from pipeline.publish.pointer import Pointer

LATEST = "latest"


def files(pointer: Pointer) -> dict[str, bytes]:
    """Path to content, in the order in which they are written; the place has published at least one version."""
    optional = {feed.NAME: feed.render(pointer), "sitemap.xml": _sitemap(pointer)}
    return {
        page.NAME: page.render(pointer),
        **{path: content for path, content in optional.items() if content is not None},
        f"{LATEST}/index.html": _redirecting_page(pointer),
        "_redirects": _redirects(pointer),
        ".htaccess": _htaccess(pointer),
    }


def _sitemap(pointer: Pointer) -> bytes | None:
    base = pointer.base_url
    if base is None:
        return None
    urls = Element("urlset", xmlns="http://www.sitemaps.org/schemas/sitemap/0.9")
    newest = max((entry.created or "" for entry in pointer.versions), default="")
    for address, created in [(base, newest), *((base + quote(v.path), v.created or "") for v in pointer.versions)]:
        url = SubElement(urls, "url")
        SubElement(url, "loc").text = xml_text(address)
        if created:
            SubElement(url, "lastmod").text = xml_text(created[:10])
    indent(urls)
    return bytes(tostring(urls, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _redirecting_page(pointer: Pointer) -> bytes:
    target = quote(f"../{pointer.versions[0].path}")
    canonical = (
        f'<link rel="canonical" href="{escape(pointer.base_url + pointer.versions[0].path)}">\n'
        if pointer.base_url
        else ""
    )
    version = escape(pointer.versions[0].version)
    return f"""\
<!DOCTYPE html>
<html lang="sv">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={target}">
{canonical}<title>{version}</title>
</head>
<body>
<p>Den senaste versionen är <a href="{target}">{version}</a>. <span lang="en">The latest version is
<a href="{target}">{version}</a>.</span></p>
</body>
</html>
""".encode()


def _redirects(pointer: Pointer) -> bytes:
    """One rule, from the root of the site; 307, because dataportal.se follows 301, 303, 307 and 308, but not 302."""
    root = urlparse(pointer.base_url).path if pointer.base_url else "/"
    return f"{root}{LATEST}/* {root}{pointer.versions[0].path}:splat 307\n".encode()


def _htaccess(pointer: Pointer) -> bytes:
    return f'RedirectMatch 307 "^(.*)/{LATEST}/(.*)$" "$1/{pointer.versions[0].path}$2"\n'.encode()
