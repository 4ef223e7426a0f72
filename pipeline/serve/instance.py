"""A Datasette: one release, in one language, at one beginning of addresses.

Plugins and templates are told which by `datasette.plugin_config("servicebanken")`:

    language   "sv" or "en"; "en" also for data without a language
    version    the version of the release, such as "1.0.0"
    latest     whether it is the latest one that is served
    site       where the addresses of this Datasette begin: "/sv/", "/1.0.0/en/"; "/" for data
    root       the same without the language, where addresses of data begin: "/" or "/1.0.0/"
    files      where the files of the release begin: "/1.0.0/files/"
    assets     where the files of pipeline/web/static begin: "/-/assets/0a1b2c3d/", new when one of them is new
    languages  where the same release begins in each language: {"sv": "/sv/", "en": "/en/"}
    releases   all that are served, the latest first: [{"version", "created", "latest", "root"}]

A page in the other language is `languages[other]` and what follows `site` in the address of this one, which is
`request.path` and the query.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from datasette import app as _app_first  # noqa: F401  # else the next is registered half made
from datasette import handle_exception
from datasette.app import Datasette
from datasette.plugins import pm

from pipeline.core.files import sha256
from pipeline.serve import facets as _facets  # noqa: F401  # takes its counts from the release
from pipeline.serve import timelimit as _timelimit  # noqa: F401  # takes the place of Datasette's
from pipeline.serve.languages import LANGUAGES
from pipeline.serve.metadata import metadata
from pipeline.serve.places import FILES, prefix
from pipeline.serve.release import COUNTS, Release
from pipeline.serve.settings import SETTINGS
from pipeline.web.templates import STATIC

HERE = Path(__file__).parent

CONFIGURATION = "servicebanken"
"""The name under which plugins ask what they are part of."""

FOR_PAGES = ("title", "description", "columns", "parameters", "facets")
"""What is told of tables and questions for pages. Datasette 0.65 copies all that it was told several times for each
answer, and would count the facets of pages for every program; data has those that are asked for."""

# Datasette prints the traceback of every error page, a missing page too, when `rich` happens to be installed.
handle_exception.rich = None


def datasette(release: Release, version: str | None, language: str | None, releases: Sequence[Release]) -> Datasette:
    """Datasette on the release. `version` stands in its addresses, or None; `releases` are all, the latest first."""
    told = metadata(release.package, release.folder / "metadata.yml", language)
    here = told["databases"].setdefault(release.stem, {})
    here.setdefault("tables", {})[COUNTS] = {"hidden": True}
    if language is None:
        for part in ("tables", "queries"):
            here[part] = {name: _for_data(each) for name, each in here.get(part, {}).items()}
    told["plugins"] = {**told.get("plugins", {}), CONFIGURATION: _told(release, version, language, releases)}
    # Datasette 1.0 takes queries and plugins from its configuration, and titles from its metadata.
    both = {"config": told} if "config" in inspect.signature(Datasette).parameters else {}
    made = Datasette(
        [],
        immutables=[str(release.database)],
        inspect_data=release.inspected(),
        metadata=told,
        settings={**SETTINGS, "base_url": prefix(version, language)},
        template_dir=str(HERE / "templates"),
        plugins_dir=str(HERE / "plugins"),
        **both,
    )
    templates = getattr(made, "jinja_env", None) or made._jinja_env  # 0.65, 1.0
    templates.auto_reload = False  # they do not change while they are served
    return made


def _for_data(told: Any) -> Any:
    """A table or question without what stands on pages alone."""
    return {name: value for name, value in told.items() if name not in FOR_PAGES} if isinstance(told, dict) else told


def opened(made: Datasette) -> list[re.Pattern[str]]:
    """The addresses below `/-/` that are for readers: static files, and what our own plugins answer.

    Datasette has pages there that tell of the machine: paths of files, versions, threads.
    """
    ours = [
        hook
        for hook in pm.hook.register_routes.get_hookimpls()
        if Path(getattr(hook.plugin, "__file__", None) or "/").parent == HERE / "plugins"
    ]
    told = {"datasette": made}
    routes = [route for hook in ours for route, _ in hook.function(*(told[name] for name in hook.argnames))]
    return [re.compile(route) for route in ("/-/static/", *routes)]


def close(made: Datasette) -> None:
    """Ends the threads of a Datasette that nobody asks any more, and with them its connections.

    Datasette 0.65 has no way to end the thread that writes to its own database in memory, but a task that exits.
    """
    if hasattr(made, "close"):
        made.close()
        return
    made.executor.shutdown(wait=False)
    for database in made.databases.values():
        if database._write_queue is not None:
            database._write_queue.put(SimpleNamespace(fn=sys.exit))


def _told(release: Release, version: str | None, language: str | None, releases: Sequence[Release]) -> dict[str, Any]:
    return {
        "language": language or "en",
        "version": release.version,
        "latest": release is releases[0],
        "site": prefix(version, language),
        "root": prefix(version, None),
        "files": prefix(release.version, None) + FILES[1:],
        "assets": f"/-/assets/{_digest_of_assets()}/",
        "languages": {code: prefix(version, code) for code in LANGUAGES},
        "releases": [
            {
                "version": other.version,
                "created": other.package.descriptor.get("created"),
                "latest": other is releases[0],
                "root": prefix(None if other is releases[0] else other.version, None),
            }
            for other in releases
        ],
    }


@cache
def _digest_of_assets() -> str:
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    return hashlib.sha256("".join(f"{path.name} {sha256(path)}\n" for path in files).encode()).hexdigest()[:12]
