"""What a place shows beside its versions, made from latest.json: the page, the feed, the map of the site, redirects.

index.html          the versions, for people
feed.xml            the versions as an Atom feed (RFC 4287)  } where the address of the place is known:
sitemap.xml         the versions, for search engines         } `baseUrl` in the latest version's datapackage.json
latest/index.html   leads to the latest version; any web server and any bucket understands it
_redirects          the same for every file below latest/: Netlify, Cloudflare Pages, GitLab Pages
.htaccess           the same for Apache, where it may read such files
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse

from pipeline.core.xml_text import xml_text
from pipeline.package.manifest import NAME as SUMS
from pipeline.publish.pointer import Pointer, Version
from pipeline.web.templates import environment
from pipeline.web.words import Words

TEMPLATES = Path(__file__).parent / "templates"
PAGES = ("index.html", "latest/index.html")


def files(pointer: Pointer) -> dict[str, bytes]:
    """Path to content, in the order in which they are written; the place has published at least one version."""
    dated = [entry for entry in pointer.versions if entry.created]
    shown = PAGES if pointer.base_url is None else (*PAGES, "sitemap.xml", *(("feed.xml",) if dated else ()))
    made = environment(TEMPLATES, _as_text)
    english = pointer.titles.get("title", pointer.name or "")
    values = {
        "pointer": pointer,
        "base": pointer.base_url,
        "dated": dated,
        "titles": list(dict.fromkeys([pointer.titles.get("title@sv", english), english])),
        "sums": SUMS,
        "pages_of": lambda entry, language: _pages(entry, language, entry is pointer.versions[-1]),
        "catalogs_of": lambda entry: [path for path in entry.shows if path.startswith("catalog/")],
        "t": Words("sv"),
        "en": Words("en"),
    }
    texts = {path: made.get_template(path.replace("/", "-")).render(values) + "\n" for path in shown}
    root = urlparse(pointer.base_url).path if pointer.base_url else "/"
    latest = pointer.versions[0].path
    # 307, because dataportal.se follows 301, 303, 307 and 308, but not 302.
    texts["_redirects"] = f"{root}latest/* {root}{latest}:splat 307\n"
    texts[".htaccess"] = f'RedirectMatch 307 "^(.*)/latest/(.*)$" "$1/{latest}$2"\n'
    return {path: text.encode() for path, text in texts.items()}


def _pages(version: Version, language: str, is_first: bool) -> list[tuple[str, str]]:
    """The pages of a version in a language, each with what it is called: a key of the words."""
    found = []
    for stem, place, key in (
        ("index", "", "publish.about"),
        ("explore", f"#l={language}", "publish.explore"),
        ("report", "", "publish.report"),
        ("index", "#changes", "publish.changes"),
    ):
        path = next((each for each in (f"{stem}.{language}.html", f"{stem}.html") if each in version.shows), None)
        if path and not (is_first and place == "#changes"):
            found.append((path + place, key))
    return found


def _as_text(value: object) -> object:
    """A value that XML can hold."""
    return xml_text(value) if type(value) is str else value
