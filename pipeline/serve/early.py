"""What is answered before Datasette is asked: refusals, and addresses that lead elsewhere."""

from __future__ import annotations

import re
from urllib.parse import unquote

from datasette.utils import tilde_decode, tilde_encode

from pipeline.serve.addresses import prefix
from pipeline.serve.answer import NO_STORE, PREFLIGHT, Answer, redirect
from pipeline.serve.limits import Refusal, too_much, unknown_name
from pipeline.serve.request import Asked

SQL = re.compile(r"/-/sql(\.json|\.csv)?")
SHORT = (b"cache-control", b"public, max-age=60")


def early_answer(asked: Asked) -> Answer | Refusal | None:
    """The answer, or why there is none; None where Datasette is to answer."""
    refused = _refused(asked)
    if refused is not None or asked.is_foreign:
        return refused
    return _elsewhere(asked) or _unknown(asked) or _unchanged(asked)


def _refused(asked: Asked) -> Answer | Refusal | None:
    options, address, method = asked.library.options, asked.address, asked.scope["method"]
    if options.strict and not asked.is_for_us:
        return Refusal(421, "refused.host", {"host": asked.origin.partition("://")[2]})
    if method == "OPTIONS" and not asked.is_foreign:
        return Answer(204, list(PREFLIGHT))
    is_ours = not asked.is_foreign and (options.strict or asked.database is not None)
    if method not in ("GET", "HEAD") and is_ours:
        return Refusal(405, "refused.method", headers=[(b"allow", b"GET, HEAD, OPTIONS")])
    if (why := too_much(asked.path, asked.query, brings_sql=bool(SQL.fullmatch(address.rest)))) is not None:
        return why
    if asked.shown is None:
        versions = {"version": address.version, "latest": asked.library.latest.version}
        return Refusal(404, "refused.release", versions)
    if options.strict and address.rest.startswith("/-/") and not asked.is_open:
        return Refusal(404, "refused.404")
    return None


def _elsewhere(asked: Asked) -> Answer | Refusal | None:
    """Where an address leads that has moved, lacks its language, or is written otherwise; a database is no CSV."""
    address, release, path = asked.address, asked.release, asked.library.path
    rest, below = address.rest, asked.database
    query = f"?{asked.query}" if asked.query else ""
    if not rest:
        return redirect(path(address.prefix) + query, status=301)
    if asked.is_file:
        is_latest = address.version is None and rest.startswith("/files/")
        return redirect(path(prefix(release.version, None) + rest[1:]), SHORT) if is_latest else None
    if len(rest) > 1 and rest.endswith("/"):
        return redirect(path(address.prefix + rest.strip("/")) + query)
    if below == ".db":
        return redirect(path(f"{prefix(release.version, None)}files/{release.database.name}"), SHORT)
    if asked.below in ("", ".json", ".csv") and "sql" in dict(asked.pairs):
        return redirect(path(f"{address.prefix}-/sql{asked.below}") + query, NO_STORE)
    if below == ".csv":
        return Refusal(404, "refused.404")
    if not address.is_page and below is not None and "%" in below:
        return redirect(path(address.prefix + _with_tildes(rest)[1:]) + query, NO_STORE)
    return _with_language(asked, query)


def _with_language(asked: Asked, query: str) -> Answer | None:
    """The page of a reader's language, for the address of a page that has none."""
    library, version, rest = asked.library, asked.address.version, asked.address.rest
    if not asked.is_page or asked.address.language is not None:
        return None
    named = library.named(tilde_decode(rest.split("/")[1])) if rest.startswith("/") else None
    if named is not None and named.name != named.release.stem:  # /servicebanken-1-0-0/table
        version, rest = named.version, "/".join(["", tilde_encode(named.release.stem), *rest.split("/")[2:]])
    is_ours = rest == "/" or rest.startswith("/-/")
    if not is_ours and (library.options.datasette_pages or (named is None and asked.database is None)):
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
    parts = (asked.database or "").split("/")
    if asked.is_page or len(parts) != 2:
        return None
    return unknown_name(asked.release, tilde_decode(parts[1].partition(".")[0]), asked.pairs)


def _unchanged(asked: Asked) -> Answer | None:
    """That a reader has the answer already."""
    is_known = not asked.is_file and asked.etag.decode() in asked.header(b"if-none-match")
    return Answer(304, [(b"etag", asked.etag), SHORT]) if is_known else None
