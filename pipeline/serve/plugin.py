"""The plugin that Datasette finds by its entry point: pages in two languages, limits, headers, confined SQL.

It shows what `pipeline.serve.options` says; where Datasette has no database that lies in a release, it does nothing.
Imports are inside the hooks: Datasette imports this file while it is itself half imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datasette import hookimpl
from datasette.plugins import pm

# Ours stand in for these two, and call them: Datasette asks all plugins, not the first that answers. Its handler of
# errors prints the values of all variables of every missing page, which takes a second.
pm.set_blocked("datasette.facets")
pm.set_blocked("datasette.handle_exception")


@hookimpl
def register_facet_classes() -> list[Any]:
    """Datasette's kinds of facets, that of columns with the counts of releases."""
    from pipeline.serve.facets import facet_classes

    return facet_classes()


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """The addresses of pages, files, SQL and the description of the API."""
    from pipeline.serve.library import given, library_of
    from pipeline.serve.routes import ROUTES

    return ROUTES if given(datasette) or library_of(datasette).options.releases else []


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """What every request passes through."""
    from pipeline.serve.shield import Shield

    return lambda application: Shield(datasette, application)


@hookimpl
def startup(datasette: Any) -> Callable[[], Any]:
    """Opens the releases."""
    from pipeline.serve.library import library_of

    return library_of(datasette).start


@hookimpl(optionalhook=True)
def get_metadata(datasette: Any) -> dict[str, Any]:
    """What Datasette 0.65 is told of the releases."""
    from pipeline.serve.described import told

    return told(datasette)


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """What went wrong, in the language and form of what was asked for."""
    from datasette.handle_exception import handle_exception as datasettes

    from pipeline.serve.failures import failure

    return failure(request, exception) or datasettes(datasette, request, exception)


@hookimpl
def forbidden(request: Any) -> Any:
    """The same for what is not allowed."""
    from pipeline.serve.failures import failure

    return failure(request, PermissionError())
