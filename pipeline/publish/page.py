"""index.html: the published versions, for people. One file, two languages, nothing fetched from elsewhere."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from pipeline.publish.contents import SUMS
from pipeline.publish.pointer import Pointer, Version
from pipeline.web.numbers import size

NAME = "index.html"

STYLE = """\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
.table { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .5rem .75rem; border-bottom: 1px solid #8886; vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font-size: .9em; overflow-wrap: anywhere }
[lang] + [lang]:not(tr)::before { content: " · " }
p[lang] + p[lang]::before { content: "" }"""


def render(pointer: Pointer) -> bytes:
    """The page of a place that has published at least one version."""
    name = pointer.name or ""
    english = pointer.titles.get("title", name)
    swedish = pointer.titles.get("title@sv", english)
    heading = _both(swedish, english) if swedish != english else escape(english)
    columns = [("Version", "Version"), ("Skapad", "Created"), ("Filer", "Files"), ("Storlek", "Size"), ("Hämta", "Get")]
    header = "".join(f'<th scope="col">{_both(*names)}</th>' for names in columns)
    rows = "\n".join(_row(entry, entry is pointer.versions[0]) for entry in pointer.versions)
    feed = '<link rel="alternate" type="application/atom+xml" href="feed.xml">\n' if pointer.base_url else ""
    return f"""\
<!DOCTYPE html>
<html lang="sv">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(swedish)}</title>
{feed}<style>
{STYLE}
</style>
</head>
<body>
<h1>{heading}</h1>
<p lang="sv">Alla publicerade versioner. En publicerad version ändras aldrig. Vilken som är den senaste står också i
<a href="latest.json">latest.json</a>.</p>
<p lang="en">All published versions. A published version is never changed. Which is the latest also stands in
<a href="latest.json">latest.json</a>.</p>
<div class="table">
<table>
<thead><tr>{header}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>
<p lang="sv">Så kontrolleras en version: hämta dess filer och kör <code>sha256sum --check {SUMS}</code>.</p>
<p lang="en">To check a version, fetch its files and run <code>sha256sum --check {SUMS}</code>.</p>
</body>
</html>
""".encode()


def _row(entry: Version, latest: bool) -> str:
    number = escape(entry.version)
    if entry.page:
        number = f'<a href="{quote(entry.path + entry.page)}">{number}</a>'
    mark = f" ({_both('senaste', 'latest')})" if latest else ""
    links = [
        *([(entry.archive, "ZIP")] if entry.archive else []),
        ("datapackage.json", "datapackage.json"),
        ("CHANGELOG.md", "CHANGELOG.md"),
        (SUMS, SUMS),
    ]
    get = " · ".join(f'<a href="{quote(entry.path + path)}">{escape(text)}</a>' for path, text in links)
    return (
        f'<tr><th scope="row">{number}{mark}</th><td>{escape((entry.created or "")[:10])}</td>'
        f'<td class="n">{entry.files}</td><td class="n">{size(entry.bytes, "sv")}</td><td>{get}</td></tr>'
    )


def _both(swedish: str, english: str) -> str:
    if swedish == english:
        return escape(english)
    return f'<span lang="sv">{escape(swedish)}</span><span lang="en">{escape(english)}</span>'
