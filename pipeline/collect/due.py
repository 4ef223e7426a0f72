"""Whether a fetch is asked now, and what it would ask.

A source that can say "not changed" to one conditional request is asked every time. One that cannot would have to send
everything again: it is left alone until its `cadence` has passed. `--since DAY` is a cadence of one's own: whatever
was asked last before that day is asked, and nothing else. What `--only` names is asked in any case. But a source that
itself said how long it wants to be left alone is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.collect.before import asked_for, conditions
from pipeline.collect.jobs import Job, Terms, chosen
from pipeline.collect.outcome import Outcome
from pipeline.collect.store import lines
from pipeline.core.errors import PipelineError, shorten
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch
from pipeline.source.project import Project
from pipeline.source.readers import Request, reader
from pipeline.source.source import Source

LONGEST_REST = timedelta(days=7)
"""No source is left alone for longer on its own word: the clock may have been wrong when it said so."""


@dataclass(frozen=True)
class Standing:
    """Why a fetch is not asked now, in words: it `rests`, as its source asked it to, or `waits` until it is due."""

    rests: str | None = None
    waits: str | None = None


def standing(source: Source, fetch: Fetch, *, named: bool, since: str | None) -> Standing:
    """How a fetch stands now. `named` where the user asked for it by name; `since` is a day such as 2026-11-26."""
    now = datetime.now(UTC)
    log = [line for line in lines(source.folder / snapshots.FOLDER / snapshots.LOG) if line.get("fetch") == fetch.id]
    until = _time(log[-1].get("wait_until")) if log else None
    if until and now < until < now + LONGEST_REST:
        return Standing(rests=f"asked to be left alone until {_written(until)}")
    last = _last_asked(source, fetch, [line for line in log if line.get("verdict") in ("accepted", "unchanged")])
    if last is None or last > now or (named and since is None):
        return Standing()
    if since is not None:
        day = last.date().isoformat()
        return Standing(waits=f"was asked on {day}") if day >= since else Standing()
    due = last + timedelta(days=fetch.cadence)
    if now >= due or _can_say_unchanged(source, fetch):
        return Standing()
    return Standing(waits=f"asked again from {due.date()} on")


def _last_asked(source: Source, fetch: Fetch, verdicts: list[dict[str, object]]) -> datetime | None:
    """When the accepted snapshot was last known to be what the source has; None where none answers the question."""
    try:
        found = snapshots.accepted(source, fetch)
    except PipelineError:
        return None
    if found is None or found[1].asked != asked_for(fetch):
        return None
    return (_time(verdicts[-1].get("time")) if verdicts else None) or _time(found[1].fetched)


def _can_say_unchanged(source: Source, fetch: Fetch) -> bool:
    """Whether what is asked first can be asked conditionally, or says itself whether anything has changed."""
    try:
        found = snapshots.accepted(source, fetch)
        first = reader(fetch.reader).requests(fetch)
    except PipelineError:
        return True
    known = conditions(*found) if found else {}
    return first[0].sentinel or all(known.get(request) for request in first)


def _time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else None


def _written(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")


# -- what would be asked -------------------------------------------------------------------------------------------


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
