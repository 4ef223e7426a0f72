"""What search engines, feed readers and people who found a hole look for at addresses that are the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from datasette import Response

from pipeline.package.about import creators
from pipeline.serve.addresses import LANGUAGES, prefix
from pipeline.serve.library import Library
from pipeline.serve.request import Asked
from pipeline.web.words import Words


async def robots(request: Any) -> Response:
    """Pages of the latest release may be listed; free SQL, filters and earlier releases are for readers."""
    asked, library = _asked(request)
    lines = ["User-agent: *", "Disallow: /-/", *(f"Disallow: /{language}/-/sql" for language in LANGUAGES)]
    lines += [f"Disallow: /{language}/*?*_next=" for language in LANGUAGES]
    lines += [f"Disallow: {prefix(shown.version, None)}" for shown in library.shown]
    lines += ["", f"Sitemap: {asked.origin}{library.path('/sitemap.xml')}", ""]
    return Response.text("\n".join(lines))


async def sitemap(request: Any) -> Response:
    """The pages of the latest release in each language: start, tables, questions, and what each table is about."""
    asked, library = _asked(request)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    changed = _date(library.latest.release.package.descriptor.get("created"))
    for rest in _pages(library):
        addresses = {code: f"{asked.origin}{library.path(prefix(None, code))}{rest}" for code in LANGUAGES}
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(href, _QUOTES)}"/>'
            for code, href in addresses.items()
        )
        day = f"<lastmod>{changed:%Y-%m-%d}</lastmod>" if changed else ""
        lines += [f"<url><loc>{escape(href)}</loc>{day}{links}</url>" for href in addresses.values()]
    return Response("\n".join([*lines, "</urlset>", ""]), content_type="application/xml; charset=utf-8")


async def feed(request: Any) -> Response:
    """The releases as a feed (RFC 4287), the latest first."""
    asked, library = _asked(request)
    language = request.url_vars["language"]
    words, site = Words(language), library.site(library.latest, language, None)
    start = f"{asked.origin}{library.path(prefix(None, language))}"
    entries, latest = [], ""
    for shown in library.shown:
        made = _date(shown.release.package.descriptor.get("created"))
        latest = latest or _time(made)
        address = f"{asked.origin}{library.path(prefix(shown.version, language))}"
        entries.append(
            f"<entry><title>{escape(site.dataset.title)} {escape(shown.version)}</title><id>{escape(address)}</id>"
            f'<link href="{escape(address, _QUOTES)}"/><updated>{_time(made)}</updated>'
            f"<summary>{escape(words.text('feed_entry', version=shown.version))}</summary></entry>"
        )
    people = [person.name for person in creators(library.latest.release.package.descriptor)] or [site.dataset.title]
    author = "".join(f"<author><name>{escape(name)}</name></author>" for name in people)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">'
        f"<title>{escape(site.dataset.title)}</title><id>{escape(start)}</id>"
        f'<link href="{escape(start, _QUOTES)}"/><link rel="self" href="{escape(start, _QUOTES)}feed.xml"/>'
        f"<updated>{latest}</updated>{author}{''.join(entries)}</feed>\n"
    )
    return Response(text, content_type="application/atom+xml; charset=utf-8")


async def security(request: Any) -> Response:
    """Where to report a hole (RFC 9116): the homepage of the package, or its first contributor with an address."""
    asked, library = _asked(request)
    descriptor = library.latest.release.package.descriptor
    people = [each for each in descriptor.get("contributors") or [] if isinstance(each, dict)]
    contacts = [f"mailto:{each['email']}" for each in people if each.get("email")]
    contacts += [str(each["path"]) for each in people if str(each.get("path", "")).startswith("https://")]
    contacts += [str(descriptor["homepage"])] if str(descriptor.get("homepage", "")).startswith("https://") else []
    expires = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=180)
    lines = [f"Contact: {contact}" for contact in contacts[:3] or [f"{asked.origin}{library.path('/')}"]]
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: sv, en"]
    return Response.text("\n".join([*(line.replace("\n", " ") for line in lines), ""]))


_QUOTES = {'"': "&quot;"}


def _asked(request: Any) -> tuple[Asked, Library]:
    asked: Asked = request.scope["servicebanken"]
    return asked, asked.library


def _pages(library: Library) -> list[str]:
    """What stands behind the language in the addresses of pages."""
    site = library.site(library.latest, LANGUAGES[0], None)
    begin = site.links.site
    names = [*site.dataset.tables, *site.dataset.questions]
    pages = [site.links.start, site.links.about(), site.links.tables, *(site.links.table(name) for name in names)]
    return [page.removeprefix(begin) for page in pages]


def _date(created: Any) -> datetime | None:
    try:
        made = datetime.fromisoformat(str(created))
    except ValueError:
        return None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _time(made: datetime | None) -> str:
    return f"{made or datetime.fromtimestamp(0, UTC):%Y-%m-%dT%H:%M:%SZ}"
