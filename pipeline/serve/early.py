"""What is answered before Datasette is asked: refusals, and addresses that lead elsewhere."""

from __future__ import annotations

import re
from urllib.parse import unquote

from datasette.utils import tilde_decode, tilde_encode

from pipeline.serve.addresses import prefix
from pipeline.serve.answer import NO_STORE, PREFLIGHT, Answer, redirect
from pipeline.serve.doors import doors_of
from pipeline.serve.hosts import is_ours
from pipeline.serve.library import Library
from pipeline.serve.limits import Refusal, table_of, too_much, unknown_name
from pipeline.serve.request import Asked

SQL = re.compile(r"/-/sql(\.json|\.csv)?")
SHORT = (b"cache-control", b"public, max-age=60")


def early_answer(library: Library, asked: Asked) -> Answer | Refusal | None:
    """The answer, or why there is none; None where Datasette is to answer."""
    return (
        _refused(library, asked)
        or (None if asked.is_foreign else _elsewhere(library, asked))
        or (None if asked.is_foreign else _unknown(asked))
        or (None if asked.is_foreign or asked.is_file else _unchanged(library, asked))
    )


def _refused(library: Library, asked: Asked) -> Answer | Refusal | None:
    address, method = asked.address, asked.scope["method"]
    if library.options.strict and not _is_for_us(library, asked):
        return Refusal(421, "refused.host", {"host": asked.origin.partition("://")[2]})
    if method == "OPTIONS" and not asked.is_foreign:
        return Answer(204, list(PREFLIGHT))
    if (
        method not in ("GET", "HEAD")
        and not asked.is_foreign
        and (library.options.strict or asked.database is not None)
    ):
        return Refusal(405, "refused.method", headers=[(b"allow", b"GET, HEAD, OPTIONS")])
    if (why := too_much(asked.path, asked.query, brings_sql=bool(SQL.fullmatch(address.rest)))) is not None:
        return why
    if asked.shown is None:
        versions = {"version": address.version, "latest": library.latest.version}
        return Refusal(404, "refused.release", versions)
    if library.options.strict and address.rest.startswith("/-/") and not _is_open(library, asked):
        return Refusal(404, "refused.404")
    return None


def _is_open(library: Library, asked: Asked) -> bool:
    """Whether an address below `/-/` is for readers; a page gets a language first, and is ours or is not there."""
    return asked.is_page or doors_of(library.datasette).is_open(asked.path)


def _is_for_us(library: Library, asked: Asked) -> bool:
    """Whether the request names us as its host; where the public address is known, a proxy has seen to that."""
    named = [value.decode("latin-1") for name, value in asked.scope["headers"] if name == b"host"]
    return library.options.address is not None or (len(named) == 1 and is_ours(named[0], asked.scope.get("server")))


def _elsewhere(library: Library, asked: Asked) -> Answer | None:
    """Where an address leads that has moved, lacks its language, or is written otherwise."""
    address, shown = asked.address, asked.shown
    assert shown is not None
    query = f"?{asked.query}" if asked.query else ""
    below = asked.database
    if not address.rest:
        return redirect(library.path(address.prefix) + query, status=301)
    if len(address.rest) > 1 and address.rest.endswith("/") and not asked.is_file:
        return redirect(library.path(address.prefix + address.rest.strip("/")) + query)
    if asked.is_file and address.version is None and address.rest.startswith("/files/"):
        return redirect(library.path(prefix(shown.version, None) + address.rest[1:]), SHORT)
    if below == ".db":
        file = f"{prefix(shown.version, None)}files/{shown.release.database.name}"
        return redirect(library.path(file), SHORT)
    if asked.below in ("", ".json", ".csv") and "sql" in dict(asked.pairs):
        return redirect(library.path(f"{address.prefix}-/sql{asked.below}") + query, NO_STORE)
    if not address.is_page and below is not None and "%" in below:
        return redirect(library.path(address.prefix + _with_tildes(address.rest)[1:]) + query, NO_STORE)
    return _with_language(library, asked, query)


def _with_language(library: Library, asked: Asked, query: str) -> Answer | None:
    """The page of a reader's language, for the address of a page that has none."""
    address, shown = asked.address, asked.shown
    assert shown is not None
    version, rest = address.version, address.rest
    named = library.named(tilde_decode(rest.split("/")[1])) if rest.startswith("/") else None
    if named is not None and named.name != named.release.stem:  # /servicebanken-1-0-0/table
        version, rest = named.version, "/".join(["", tilde_encode(named.release.stem), *rest.split("/")[2:]])
    is_ours = named is not None or asked.database is not None or rest == "/" or rest.startswith("/-/")
    if not asked.is_page or address.language is not None or not is_ours:
        return None
    if library.options.datasette_pages and rest != "/" and not rest.startswith("/-/"):
        return None
    location = library.path(prefix(version, asked.language) + rest[1:]) + query
    return redirect(location, (b"vary", b"Accept-Language"), SHORT)


def _with_tildes(rest: str) -> str:
    """An address of data in percent-encoding, as Datasette writes it: `~` for `%`, and the extension as it is."""
    path, _, extension = rest.rpartition(".")
    keys = [[tilde_encode(tilde_decode(unquote(key))) for key in part.split(",")] for part in path.split("/")]
    return f"{'/'.join(','.join(part) for part in keys)}.{re.sub('[^a-z]', '', extension)}"


def _unknown(asked: Asked) -> Refusal | None:
    """The refusal of a name that a table does not have; pages say it themselves."""
    table = table_of(asked.address.rest)
    if asked.is_page or asked.database is None or table is None or asked.shown is None:
        return None
    return unknown_name(asked.shown.release, table, asked.query)


def _unchanged(library: Library, asked: Asked) -> Answer | None:
    """That a reader has the answer already."""
    etag = asked.etag(library.tag)
    known = dict(asked.scope["headers"]).get(b"if-none-match", b"")
    return Answer(304, [(b"etag", etag), SHORT]) if etag in known else None
