"""A release goes to Zenodo: a server on loopback that speaks its protocol, and can fail at any call."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import frictionless
import pytest

from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError
from pipeline.core.http import Patience
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.publish import Published, invenio, publish
from tests.projects import change, put, tree
from tests.publish.releases import QUICK, make
from tests.publish.zenodo_server import PREFIX, TOKEN, Fault, Zenodo, zenodo

ONCE = Patience(connect=2, silence=0.3, retries=0, backoff=0.01)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zenodo]:
    """The server, and the token for it."""
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    with zenodo() as running:
        yield running


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release of version 1.0.0."""
    return make(tmp_path / "release")


def send(release: Path, server: Zenodo, record: str = "", **options: Any) -> Published:
    """Publishes to the server."""
    options = {"patience": QUICK, "api": server.address, **options}
    return publish(release, f"zenodo-sandbox:{record}", Progress(), **options)


def files_of(server: Zenodo, number: str) -> dict[str, bytes]:
    """The files of a draft or record."""
    files = {**server.drafts, **server.records}[number].files
    assert None not in files.values()
    return {key: content for key, content in files.items() if content is not None}


def assert_right(server: Zenodo, number: str, release: Path) -> None:
    """The draft or record holds the release, with its DOI, complete and consistent."""
    record = {**server.drafts, **server.records}[number]
    files = files_of(server, number)
    version = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["version"]
    doi = f"{PREFIX}.{number}"
    assert record.pids["doi"]["identifier"] == doi
    assert record.metadata["version"] == version
    assert {*files} == {
        "CHANGELOG.md",
        "CITATION.cff",
        "SHA256SUMS",
        "datapackage.json",
        "shops.csv",
        f"shops-{version}.zip",
    }
    for key, path in {"CHANGELOG.md": "CHANGELOG.md", "shops.csv": "data/shops.csv"}.items():
        assert files[key] == (release / path).read_bytes()
    assert files[f"shops-{version}.zip"] == (release / f"shops-{version}.zip").read_bytes()
    descriptor = json.loads(files["datapackage.json"])
    assert (descriptor["id"], descriptor["version"]) == (f"https://doi.org/{doi}", version)
    assert files["CITATION.cff"].decode().splitlines()[-1] == f"doi: {doi}"
    assert files["SHA256SUMS"].decode() == "".join(
        f"{hashlib.sha256(content).hexdigest()}  {key}\n"
        for key, content in sorted(files.items())
        if key != "SHA256SUMS"
    )


# -- a draft -------------------------------------------------------------------------------------------------------


def test_a_draft_is_made_with_its_doi_and_left_for_a_person(release: Path, server: Zenodo) -> None:
    before = tree(release)
    result = send(release, server)
    (number,) = server.drafts
    site = server.address.removesuffix("/api")
    assert (result.state, result.address, result.doi) == ("draft", f"{site}/uploads/{number}", f"{PREFIX}.{number}")
    assert (len(result.sent), result.kept, server.records) == (6, (), {})
    assert_right(server, number, release)
    assert tree(release) == before, "a release is never changed"


def test_the_doi_is_reserved_before_any_file_is_sent(release: Path, server: Zenodo) -> None:
    send(release, server)
    number = next(iter(server.drafts))
    assert server.calls[:7] == [
        "GET /user/records",
        "POST /records",
        f"POST /records/{number}/draft/pids/doi",
        f"GET /records/{number}/draft",
        f"PUT /records/{number}/draft",
        f"GET /records/{number}/draft/files",
        f"POST /records/{number}/draft/files",
    ]


def test_the_record_says_what_the_descriptor_says(release: Path, server: Zenodo) -> None:
    send(release, server)
    (draft,) = server.drafts.values()
    sums = hashlib.sha256((release / "SHA256SUMS").read_bytes()).hexdigest()
    assert draft.metadata == {
        "resource_type": {"id": "dataset"},
        "title": "Shops & more",
        "additional_titles": [
            {"title": "Butiker <och mer>", "type": {"id": "translated-title"}, "lang": {"id": "swe"}}
        ],
        "publication_date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "publisher": "Zenodo",
        "version": "1.0.0",
        "creators": [
            {
                "person_or_org": {
                    "type": "organizational",
                    "name": "Example Municipality",
                    "identifiers": [{"scheme": "ror", "identifier": "01ggx4157"}],
                }
            }
        ],
        "contributors": [
            {
                "person_or_org": {"type": "personal", "given_name": "Ada", "family_name": "Lund"},
                "role": {"id": "datacurator"},
            }
        ],
        "description": "<p>What shops there are.</p><p>And &lt;where&gt;.</p>",
        "additional_descriptions": [
            {"description": "<p>Vilka butiker det finns.</p>", "type": {"id": "abstract"}, "lang": {"id": "swe"}},
            {
                "description": f"Release 1.0.0 of shops; its SHA256SUMS has the SHA-256 {sums}.",
                "type": {"id": "technical-info"},
            },
        ],
        "rights": [{"id": "cc-by-4.0"}],
        "languages": [{"id": "swe"}, {"id": "eng"}],
        "subjects": [{"subject": "shops"}, {"subject": "landsbygd"}],
        "related_identifiers": [
            {
                "identifier": "https://example.org/shops",
                "scheme": "url",
                "relation_type": {"id": "isderivedfrom"},
            },
            {"identifier": "https://example.org/", "scheme": "url", "relation_type": {"id": "isdocumentedby"}},
        ],
    }


def test_the_files_of_a_record_are_a_valid_package_that_checks_itself(
    services_release: Path, server: Zenodo, tmp_path: Path
) -> None:
    release = Path(shutil.copytree(services_release, tmp_path / "release"))
    change(release / "datapackage.json", lambda descriptor: descriptor.update(contributors=[{"title": "Somebody"}]))
    manifest.write(release)
    send(release, server)
    (number,) = server.drafts
    put(tmp_path / "download", files_of(server, number))
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path / "download", check=True)
    assert frictionless.validate(str(tmp_path / "download/datapackage.json")).flatten(["name", "note"]) == []


def test_running_it_again_sends_nothing_and_makes_no_second_draft(release: Path, server: Zenodo) -> None:
    first = send(release, server)
    again = send(release, server)
    assert (again.state, again.doi, again.sent, len(again.kept)) == ("draft", first.doi, (), 6)
    assert len(server.drafts) == 1


def test_a_draft_is_published_only_when_that_is_asked_for(release: Path, server: Zenodo) -> None:
    draft = send(release, server)
    result = send(release, server, finish=True)
    (number,) = server.records
    assert (result.state, result.doi, result.sent, server.drafts) == ("published", draft.doi, (), {})
    assert result.address.endswith(f"/records/{number}")
    assert_right(server, number, release)


def test_what_is_published_is_not_published_twice(release: Path, server: Zenodo) -> None:
    first = send(release, server, finish=True)
    again = send(release, server, finish=True)
    assert (again.state, again.doi, again.address) == ("unchanged", first.doi, first.address)
    assert (len(server.records), server.drafts) == (1, {})


# -- a new version -------------------------------------------------------------------------------------------------


@pytest.fixture
def number(release: Path, server: Zenodo) -> str:
    """The number of a record that holds version 1.0.0."""
    send(release, server, finish=True)
    return next(iter(server.records))


@pytest.mark.parametrize("form", ["{0}", f"{PREFIX}.{{0}}", f"https://doi.org/{PREFIX}.{{0}}"])
def test_a_new_version_joins_its_record(form: str, number: str, server: Zenodo, tmp_path: Path) -> None:
    new = make(tmp_path / "new", "1.1.0")
    result = send(new, server, form.format(number), finish=True)
    (_, second) = server.records
    assert server.records[second].parent == server.records[number].parent
    assert result.doi == f"{PREFIX}.{second}"
    assert_right(server, second, new)


def test_the_number_of_all_versions_leads_there_too(number: str, server: Zenodo, tmp_path: Path) -> None:
    new = make(tmp_path / "new", "1.1.0")
    send(new, server, server.records[number].parent)
    (draft,) = server.drafts
    assert_right(server, draft, new)


def test_what_a_person_added_to_a_record_stays(number: str, server: Zenodo, tmp_path: Path) -> None:
    server.records[number].metadata["funding"] = [{"funder": {"name": "Tillväxtverket"}}]
    server.records[number].custom_fields = {"code:programmingLanguage": ["python"]}
    send(make(tmp_path / "new", "1.1.0", keywords=[]), server, number)
    (draft,) = server.drafts.values()
    assert draft.metadata["funding"] == [{"funder": {"name": "Tillväxtverket"}}]
    assert draft.custom_fields == {"code:programmingLanguage": ["python"]}
    assert "subjects" not in draft.metadata, "what the release no longer says is said no longer"


def test_a_draft_of_another_release_is_taken_over_whole(number: str, server: Zenodo, tmp_path: Path) -> None:
    send(make(tmp_path / "a", "1.1.0"), server, number)
    new = make(tmp_path / "b", "1.2.0", shops="id,name\nwest,Västra\n")
    result = send(new, server, number)
    (draft,) = server.drafts
    assert result.removed == ("shops-1.1.0.zip",)
    assert_right(server, draft, new)


def test_a_draft_can_be_named_by_its_number(release: Path, server: Zenodo) -> None:
    send(release, server)
    (draft,) = server.drafts
    assert send(release, server, draft).sent == ()
    assert [*server.drafts] == [draft]


def test_a_version_is_not_published_twice_with_other_files(number: str, server: Zenodo, tmp_path: Path) -> None:
    other = make(tmp_path / "other", shops="id,name\n")
    with pytest.raises(InvalidData) as caught:
        send(other, server, number, finish=True)
    assert caught.value.problems[0].kind == Kind.PUBLISHED_OTHERWISE
    assert (len(server.records), server.drafts) == (1, {})


def test_the_same_version_of_a_record_is_there_already(number: str, release: Path, server: Zenodo) -> None:
    result = send(release, server, number)
    assert (result.state, len(result.kept), server.drafts) == ("unchanged", 6, {})


@pytest.mark.parametrize(
    ("record", "rule"), [("999", "is not a record at"), ("a b", "is neither the number"), ("../user", "is neither")]
)
def test_a_record_that_does_not_exist_is_named(record: str, rule: str, release: Path, server: Zenodo) -> None:
    with pytest.raises(CannotRun) as caught:
        send(release, server, record)
    assert caught.value.problems[0].kind == Kind.BAD_PLACE
    assert rule in str(caught.value)
    assert server.drafts == {}


@pytest.mark.parametrize("finish", [False, True])
def test_a_second_release_makes_no_second_record(finish: bool, release: Path, server: Zenodo, tmp_path: Path) -> None:
    """Whoever forgets the number of the record is told it."""
    send(release, server, finish=finish)
    (number,) = {**server.drafts, **server.records}
    with pytest.raises(CannotRun) as caught:
        send(make(tmp_path / "new", "1.1.0"), server)
    assert str(caught.value) == (
        f"'{server.address}' has the {'record' if finish else 'draft'} {number} of shops 1.0.0 already. Give its "
        "number after the colon: this release becomes a version of the record, or takes the draft over. [bad-place]"
    )
    assert [*server.drafts, *server.records] == [number]
    send(make(tmp_path / "towns", "1.1.0", name="towns"), server)
    assert len({**server.drafts, **server.records}) == 2, "another package has a record of its own"


# -- a dry run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["first", "next"])
def test_a_dry_run_asks_and_changes_nothing(version: str, release: Path, server: Zenodo, tmp_path: Path) -> None:
    record = ""
    if version == "next":
        send(release, server, finish=True)
        record = next(iter(server.records))
        release = make(tmp_path / "new", "1.1.0")
    server.calls.clear()
    result = send(release, server, record, dry_run=True)
    assert (result.state, len(result.sent), result.kept, server.drafts) == ("planned", 6, (), {})
    assert {call.split()[0] for call in server.calls} == {"GET"}
    assert result.address == f"{server.address}/records" + (f"/{record}/versions" if record else "")


def test_a_dry_run_sees_the_draft_and_what_it_has(release: Path, server: Zenodo) -> None:
    made = send(release, server)
    draft = next(iter(server.drafts.values()))
    draft.files["shops.csv"] = b"half"
    draft.files["notes.txt"] = b"strange"
    result = send(release, server, dry_run=True)
    assert ([file.path for file in result.sent], len(result.kept)) == (["shops.csv"], 5)
    assert (result.removed, result.doi) == (("notes.txt",), made.doi)
    assert draft.files["shops.csv"] == b"half"


# -- any call may fail ---------------------------------------------------------------------------------------------

CALLS = 23
"""Calls that publishing takes, from nothing to a public record, as the test below sees to."""


def test_a_publication_takes_that_many_calls(release: Path, server: Zenodo) -> None:
    send(release, server, finish=True)
    assert len(server.calls) == CALLS, server.calls


def assert_one_record(server: Zenodo, release: Path) -> None:
    (number,) = server.records
    assert server.drafts == {}
    assert_right(server, number, release)


@pytest.mark.parametrize("fault", ["500", "502", "429", "drop", "lost", "garbage", "cut", "hang"])
@pytest.mark.parametrize("call", range(CALLS))
def test_one_call_fails_and_is_got_over(call: int, fault: Fault, release: Path, server: Zenodo) -> None:
    """One record comes of it, never two, whether or not the call that failed had been carried out."""
    server.fault = lambda number, *_: fault if number == call else None
    assert send(release, server, finish=True).state == "published"
    assert_one_record(server, release)


@pytest.mark.parametrize("fault", ["500", "drop", "lost", "garbage", "429"])
@pytest.mark.parametrize("call", range(CALLS))
def test_from_any_call_on_nothing_works_and_the_next_run_ends_it(
    call: int, fault: Fault, release: Path, server: Zenodo
) -> None:
    server.fault = lambda number, *_: fault if number >= call else None
    with pytest.raises(CannotRun) as caught:
        send(release, server, finish=True, patience=ONCE)
    assert caught.value.problems[0].kind == Kind.PLACE_FAILED
    assert TOKEN not in str(caught.value)
    reserved = {draft.pids["doi"]["identifier"] for draft in server.drafts.values() if draft.pids}
    server.fault = lambda *_: None
    result = send(release, server, finish=True)
    assert reserved <= {result.doi}, "a reserved DOI is never lost"
    assert_one_record(server, release)


@pytest.mark.parametrize("call", range(11, 24))
@pytest.mark.parametrize("fault", ["500", "lost"])
def test_a_new_version_that_fails_ends_as_one_version(
    call: int, fault: Fault, number: str, server: Zenodo, tmp_path: Path
) -> None:
    new = make(tmp_path / "new", "1.1.0")
    began = len(server.calls)
    server.fault = lambda count, *_: fault if count >= began + call - 11 else None
    with pytest.raises(CannotRun):
        send(new, server, number, finish=True, patience=ONCE)
    assert len(server.records) == 1
    server.fault = lambda *_: None
    send(new, server, number, finish=True)
    assert (len(server.records), server.drafts) == (2, {})
    assert_right(server, [*server.records][1], new)


@pytest.mark.parametrize("fault", ["flip", "truncate"])
@pytest.mark.parametrize("key", ["shops.csv", "datapackage.json", "shops-1.0.0.zip", "SHA256SUMS"])
def test_a_file_that_is_stored_wrong_is_never_published(key: str, fault: Fault, release: Path, server: Zenodo) -> None:
    server.fault = lambda _, method, path: fault if method == "PUT" and path.endswith(f"/{key}/content") else None
    with pytest.raises(CannotRun) as caught:
        send(release, server, finish=True)
    assert (caught.value.problems[0].kind, server.records) == (Kind.BAD_COPY, {})
    (draft,) = server.drafts.values()
    sent_before = [name for name, content in draft.files.items() if content is not None]
    server.fault = lambda *_: None
    result = send(release, server, finish=True)
    assert key in [file.path for file in result.sent]
    assert {file.path for file in result.kept} == {*sent_before}
    assert_one_record(server, release)


def test_a_file_that_changes_in_the_draft_is_noticed_before_it_is_published(release: Path, server: Zenodo) -> None:
    def meddle(_: int, method: str, path: str) -> None:
        if method == "POST" and path.endswith("/SHA256SUMS/commit"):
            next(iter(server.drafts.values())).files["shops.csv"] = b"other"

    server.fault = meddle
    with pytest.raises(CannotRun) as caught:
        send(release, server, finish=True)
    assert (caught.value.problems[0].kind, server.records) == (Kind.BAD_COPY, {})


def test_a_checksum_that_takes_its_time_is_waited_for(release: Path, server: Zenodo) -> None:
    server.slow_checksums = 2
    assert send(release, server).state == "draft"


def test_a_server_that_forgets_the_doi_is_not_published_to(
    release: Path, server: Zenodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Zenodo.replace

    def forget(self: Zenodo, number: str, body: bytes) -> tuple[int, Any]:
        real(self, number, body)
        self.drafts[number].pids = {}
        return 200, self.shown(self.drafts[number])

    from tests.publish import zenodo_server

    routes = [(verb, path, forget if act is real else act) for verb, path, act in zenodo_server.ROUTES]
    monkeypatch.setattr(zenodo_server, "ROUTES", routes)
    with pytest.raises(CannotRun) as caught:
        send(release, server, finish=True)
    assert "has not kept a reserved DOI" in str(caught.value)
    assert server.records == {}


def test_retry_after_is_waited_for_in_seconds_or_as_a_date(release: Path, server: Zenodo) -> None:
    for form in ("seconds", "date"):
        then = datetime.now(UTC) + timedelta(seconds=2)
        server.retry_after = "1" if form == "seconds" else format_datetime(then, usegmt=True)
        first = len(server.calls)
        server.fault = lambda number, *_, first=first: "429" if number == first else None
        began = time.monotonic()
        send(release, server)
        assert time.monotonic() - began >= 0.9


def test_a_server_that_asks_to_wait_for_an_hour_is_not_waited_for(release: Path, server: Zenodo) -> None:
    server.retry_after = "3600"
    server.fault = lambda *_: "429"
    with pytest.raises(CannotRun) as caught:
        send(release, server)
    assert str(caught.value) == (
        f"{server.address}/user/records: failed in 1 attempt; the last: 429 Too Many Requests; it asks to "
        "wait 3600 s. Run the command again later; it resumes. [place-failed]"
    )
    assert len(server.calls) == 1


def test_a_server_that_is_not_there_is_named(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    with pytest.raises(CannotRun) as caught:
        publish(release, "zenodo-sandbox:", Progress(), api="http://127.0.0.1:9/api", patience=ONCE)
    assert str(caught.value) == (
        "http://127.0.0.1:9/api/user/records: failed in 1 attempt; the last: it refuses connections. Run the "
        "command again later; it resumes. [place-failed]"
    )


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "  ", "wrong", "ä", "a\nb"])
def test_without_the_right_token_nothing_happens(
    token: str | None, release: Path, server: Zenodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZENODO_TOKEN")
    if token is not None:
        monkeypatch.setenv("ZENODO_TOKEN", token)
    with pytest.raises(CannotRun) as caught:
        send(release, server)
    assert caught.value.problems[0].kind == Kind.ACCESS_REFUSED
    assert server.drafts == {}


def test_the_token_goes_nowhere_but_to_the_server(
    release: Path, server: Zenodo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not into results, files or output; and ~/.netrc does not take its place."""
    put(tmp_path / "home", {".netrc": "machine 127.0.0.1 login someone password else\n"})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    result = send(release, server)
    said = capfd.readouterr()
    assert TOKEN not in json.dumps(result.to_dict()) + str(result) + said.out + said.err
    assert not [path for path, content in tree(tmp_path).items() if TOKEN.encode() in content]


@pytest.mark.parametrize("address", ["http://zenodo.example/api", "ftp://127.0.0.1/api", "zenodo.org", "https://"])
def test_the_token_does_not_travel_in_the_open(address: str, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    with pytest.raises(CannotRun) as caught:
        publish(release, "zenodo:", Progress(), api=address, patience=ONCE)
    assert caught.value.problems[0].kind in (Kind.BAD_PLACE, Kind.PLACE_FAILED)


def test_the_names_of_the_places_lead_to_the_real_servers() -> None:
    assert invenio.SERVERS == {"zenodo": "https://zenodo.org/api", "zenodo-sandbox": "https://sandbox.zenodo.org/api"}


def test_what_the_server_objects_to_is_said(server: Zenodo, tmp_path: Path) -> None:
    release = make(tmp_path / "release", licenses=[{"name": "CC-BY-9.0"}])
    with pytest.raises(CannotRun) as caught:
        send(release, server, finish=True)
    (number,) = server.drafts
    assert str(caught.value) == (
        f"{server.address}/records/{number}/draft: objects to: metadata.rights.0: Invalid value cc-by-9.0. Correct "
        "what it objects to, then run the command again. [place-refused]"
    )
    assert server.records == {}


@pytest.mark.parametrize("members", [{"title": ""}, {"contributors": []}, {"title": None, "contributors": None}])
def test_a_descriptor_that_no_record_can_be_made_of_is_refused_first(
    members: dict[str, Any], server: Zenodo, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as caught:
        send(make(tmp_path / "release", **members), server)
    assert [problem.kind for problem in caught.value.problems] == [Kind.BAD_DESCRIPTOR] * len(members)
    assert server.calls == []


def test_more_files_than_a_record_can_hold_are_refused_first(server: Zenodo, tmp_path: Path) -> None:
    release = make(tmp_path / "release", more={f"{number}.txt": b"x" for number in range(100)})
    with pytest.raises(PipelineError) as caught:
        send(release, server)
    assert caught.value.problems[0].kind == Kind.PLACE_REFUSED
    assert server.drafts == {}


def test_files_that_would_have_one_name_get_two(server: Zenodo, tmp_path: Path) -> None:
    release = make(tmp_path / "release", more={"shops.csv": b"another"})
    send(release, server)
    (number,) = server.drafts
    files = files_of(server, number)
    assert (files["shops.csv"], files["data-shops.csv"]) == (b"another", (release / "data/shops.csv").read_bytes())
    assert json.loads(files["datapackage.json"])["resources"][0]["path"] == "data-shops.csv"


def test_an_empty_file_is_sent(server: Zenodo, tmp_path: Path) -> None:
    send(make(tmp_path / "release", more={"empty.txt": b""}), server)
    (number,) = server.drafts
    assert files_of(server, number)["empty.txt"] == b""
