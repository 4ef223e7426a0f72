"""What became of the addresses of the documents that rows cite."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.collect import Terms, links
from pipeline.core.progress import Progress
from pipeline.source.fetch import Limits
from pipeline.source.project import Project, find
from tests.collect.site import Page, Site
from tests.collect.test_faults import HASTY
from tests.command import invoke
from tests.projects import example, put


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page a second is what a site is granted; here the site is our own."""
    monkeypatch.setattr(import_module("pipeline.collect.links"), "LIMITS", Limits(per_second=1000))


PAGE = "<!doctype html><html><head><title>Plan {0}</title></head><body><script>let token = {0}</script>\n<p>{1}</p>"


def cited(folder: Path, site: Site, *names: str) -> Project:
    """The example project and a source whose documents are pages of the site."""
    documents = "".join(f"  - id: {name}\n    url: {site.address}/{name}\n" for name in names)
    text = f"publisher: Town\nlicence: unstated\nrank: 20\ndocuments:\n{documents}"
    put(example(folder), {"sources/town/source.yml": text})
    return find(folder)


def page(text: str, token: int = 0, status: int = 200, **headers: str) -> Page:
    return Page(PAGE.format(token, text).encode(), status, {"Content-Type": "text/html", **headers}, etag=False)


def states(project: Project) -> dict[str, str]:
    found = links(project, Progress(), Terms(only=("town",), patience=HASTY))
    return {link.document: f"{link.state}: {link.note}" if link.note else link.state for link in found}


def test_addresses_are_new_then_as_they_were_then_changed_moved_or_dead(tmp_path: Path, site: Site) -> None:
    names = ("plan", "minutes", "gone", "elsewhere", "aside", "closed", "conditional")
    project = cited(tmp_path / "project", site, *names)
    site.pages |= {f"/{name}": page("The shop &amp; the pump") for name in names}
    site.pages["/conditional"] = Page(b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
    assert states(project) == dict.fromkeys(names, "new")
    site.pages["/plan"] = page("The <b>shop</b> &amp; the pump", token=1)
    site.pages["/minutes"] = page("The shop has closed")
    site.pages["/gone"] = page("Not here", status=404)
    site.pages["/elsewhere"] = page("", status=301, Location="/new-place")
    site.pages["/aside"] = page("", status=302, Location="/new-place")
    site.pages["/new-place"] = page("The shop &amp; the pump")
    site.pages["/closed"] = page("No", status=403)
    assert states(project) == {
        "plan": "as it was",
        "minutes": f"changed: says something else than on {read_day(project, site)}: 19 characters then, 19 now",
        "gone": "dead: answered 404 Not Found",
        "elsewhere": f"moved: is at {site.address}/new-place for good",
        "aside": "as it was",
        "closed": "unknown: answered 403 Forbidden",
        "conditional": "as it was",
    }
    assert site.requests.count("GET /conditional if-none-match") == 1
    assert states(project)["minutes"] == "as it was"


def read_day(project: Project, site: Site) -> str:
    memory = json.loads((project.root / "sources/town/snapshots/links.json").read_text(encoding="utf-8"))
    return str(memory[f"{site.address}/minutes"]["read"])[:10]


def test_a_host_that_is_gone_is_dead(tmp_path: Path, site: Site) -> None:
    project = cited(tmp_path / "project", site, "plan")
    source = project.root / "sources/town/source.yml"
    source.write_text(source.read_text(encoding="utf-8").replace(site.address, "http://gone.invalid"), encoding="utf-8")
    assert states(project) == {"plan": "dead: has a host name that cannot be found (DNS)"}


def test_what_robots_may_not_read_is_not_read(tmp_path: Path, site: Site) -> None:
    project = cited(tmp_path / "project", site, "plan", "open/plan")
    put(
        project.root,
        {
            "sources/town/source.yml": (project.root / "sources/town/source.yml")
            .read_bytes()
            .replace(b"id: open/plan", b"id: open")
        },
    )
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /\nAllow: /open/\n")
    site.pages |= {"/plan": page("x"), "/open/plan": page("y")}
    assert states(project) == {"plan": "unknown: is a page that robots.txt does not allow to be fetched", "open": "new"}
    assert site.requests.count("GET /robots.txt") == 1
    assert "GET /plan" not in site.requests


def test_a_site_whose_robots_txt_is_out_of_order_is_not_asked(tmp_path: Path, site: Site) -> None:
    project = cited(tmp_path / "project", site, "plan")
    site.pages |= {"/robots.txt": Page(b"", 503, etag=False), "/plan": page("x")}
    (state,) = states(project).values()
    assert state.startswith("unknown: has a robots.txt that could not be read")
    assert "GET /plan" not in site.requests


def test_the_command_tells_and_ends_with_what_it_found(tmp_path: Path, site: Site) -> None:
    project = cited(tmp_path / "project", site, "plan", "minutes")
    site.pages |= {"/plan": page("x"), "/minutes": page("y")}
    run = invoke("collect", "--links", "--only", "town", "--project", project.root)
    assert (run.code, run.out) == (0, f"new  plan  {site.address}/plan\nnew  minutes  {site.address}/minutes\n")
    del site.pages["/minutes"]
    run = invoke("collect", "--links", "--only", "town", "--project", project.root)
    assert run.code == 1
    assert f"sources/town/source.yml, row 7: '{site.address}/minutes' (minutes) answered 404 Not Found." in run.err
    assert "[changed-link]" in run.err
    run = invoke("collect", "--links", "--only", "town", "--json", "--project", project.root)
    assert (run.code, [link["state"] for link in json.loads(run.out)]) == (1, ["as it was", "dead"])
    run = invoke("collect", "--links", "--only", "village", "--project", project.root)
    assert (run.code, "'village' is not a source" in run.err) == (2, True)


def test_what_is_fetched_anyway_is_not_looked_at(tmp_path: Path, site: Site) -> None:
    from tests.collect.conftest import register

    project = register(tmp_path / "project", site.address)
    assert links(project, Progress(), Terms(only=("register",), patience=HASTY)) == []
    assert site.requests == []
