"""What `collect` would ask now, without asking it."""

from __future__ import annotations

from pipeline.collect.before import conditions
from pipeline.collect.due import standing
from pipeline.collect.jobs import Job, Terms, chosen
from pipeline.collect.outcome import Outcome
from pipeline.core.errors import PipelineError, shorten
from pipeline.source import snapshots
from pipeline.source.project import Project
from pipeline.source.readers import Request, reader


def plan(project: Project, terms: Terms) -> list[Outcome]:
    """For each fetch, its first requests, as `would ask`; or why it would not be asked, as `waiting`."""
    return [_planned(job, terms) for job in chosen(project, terms.only)]


def _planned(job: Job, terms: Terms) -> Outcome:
    source, fetch = job
    at = standing(source, fetch, named=bool(terms.only), since=terms.since)
    if at.waits or at.rests:
        return Outcome(source.name, fetch.id, "waiting", note=at.waits or at.rests or "")
    try:
        found = snapshots.accepted(source, fetch)
    except PipelineError:
        found = None
    known = conditions(*found) if found else {}
    first = reader(fetch.reader).requests(fetch)
    asks = tuple(_said(request, bool(known.get(request))) for request in first)
    return Outcome(source.name, fetch.id, "would ask", requests=len(first), asks=asks)


def _said(request: Request, conditional: bool) -> str:
    notes = {"if it has changed": conditional, "and more only if this has changed": request.sentinel}
    said = ", ".join(note for note, true in notes.items() if true)
    body = f" {shorten(' '.join(request.body.decode(errors='replace').split()))}" if request.body else ""
    return f"{request.method} {request.url}{body}{f' ({said})' if said else ''}"
