"""A release goes to a folder: what lies there then, what is refused, what is taken up again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError
from pipeline.core.files import lock
from pipeline.core.progress import Progress
from pipeline.publish import publish, published
from pipeline.publish.folder import Folder
from tests.projects import change, put, tree
from tests.publish.releases import FRONT, make, send


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release of version 1.0.0."""
    return make(tmp_path / "release")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to publish to that is not there yet."""
    return tmp_path / "www"


def assert_published(place: Path, *releases: Path) -> None:
    """The place holds exactly these releases, oldest first, byte by byte, and its pointer and page say so."""
    versions = [
        json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["version"] for release in releases
    ]
    assert {path.name for path in place.iterdir()} == {
        *versions,
        ".lock",
        "latest.json",
        *(path.split("/")[0] for path in FRONT),
    }
    for version, release in zip(versions, releases, strict=True):
        assert tree(place / version) == tree(release)
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=place / version, check=True)
    pointer = json.loads((place / "latest.json").read_text(encoding="utf-8"))
    assert [entry["version"] for entry in pointer["versions"]] == versions[::-1]
    assert (pointer["version"], pointer["path"]) == (versions[-1], f"{versions[-1]}/")
    page = (place / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<section class="version" id="v([0-9.]+)"', page) == versions[::-1]
    latest = (place / "latest/index.html").read_text(encoding="utf-8")
    assert f'content="0; url=../{versions[-1]}/"' in latest


# -- what lies there -----------------------------------------------------------------------------------------------


def test_a_release_is_published_whole_and_pointed_at(release: Path, place: Path) -> None:
    result = send(release, place)
    assert (result.state, result.address, result.version) == ("published", str(place / "1.0.0"), "1.0.0")
    assert {file.path for file in result.sent} == {*tree(release)}
    assert result.kept == ()
    assert_published(place, release)


def test_the_pointer_says_what_is_published(release: Path, place: Path) -> None:
    send(release, place)
    sums = subprocess.run(["sha256sum", release / "SHA256SUMS"], capture_output=True, encoding="utf-8", check=True)
    size = sum(len(content) for content in tree(release).values())
    assert json.loads((place / "latest.json").read_text(encoding="utf-8")) == {
        "name": "shops",
        "title": "Shops & more",
        "title@sv": "Butiker <och mer>",
        "version": "1.0.0",
        "path": "1.0.0/",
        "created": "2026-01-31T00:00:00Z",
        "sha256": sums.stdout[:64],
        "versions": [
            {
                "version": "1.0.0",
                "path": "1.0.0/",
                "created": "2026-01-31T00:00:00Z",
                "sha256": sums.stdout[:64],
                "files": 8,
                "bytes": size,
                "archive": "shops-1.0.0.zip",
                "page": "index.html",
                "shows": ["index.html"],
            }
        ],
    }


def test_the_latest_version_is_the_highest_whatever_is_published_last(place: Path, tmp_path: Path) -> None:
    new, old = make(tmp_path / "b", "1.10.0", title="New"), make(tmp_path / "a", "1.9.0", title="Old")
    send(new, place)
    send(old, place)
    assert_published(place, old, new)
    assert json.loads((place / "latest.json").read_text(encoding="utf-8"))["title"] == "New"
    assert [entry.version for entry in published(str(place)).versions] == ["1.10.0", "1.9.0"]


class Reader(HTMLParser):
    """Reads a page and notes elements that are not closed, and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_escaped_and_leads_to_files_that_are_there(release: Path, place: Path) -> None:
    send(release, place)
    text = (place / "index.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert "<och mer>" not in text
    assert "Butiker &lt;och mer&gt;" in text
    assert "Shops &amp; more" in text
    assert [link for link in reader.links if not link.startswith(("#", "data:"))] == [
        "index.html",
        "latest.json",
        "latest.json",
        "latest.json",
        "1.0.0/index.html",
        "1.0.0/index.html",
        "1.0.0/index.html",
        "1.0.0/shops-1.0.0.zip",
        "1.0.0/datapackage.json",
        "1.0.0/CHANGELOG.md",
        "1.0.0/SHA256SUMS",
    ]
    assert [link for link in reader.links if not link.startswith(("#", "data:")) and not (place / link).is_file()] == []


def test_a_file_address_is_a_folder(release: Path, tmp_path: Path) -> None:
    send(release, f"file://{tmp_path}/w%20w")
    assert_published(tmp_path / "w w", release)


def test_publishing_again_changes_nothing(release: Path, place: Path) -> None:
    send(release, place)
    before = {
        path: path.stat().st_mtime_ns
        for path in place.rglob("*")
        if not path.name.startswith(".lock") and path.is_file()
    }
    result = send(release, place)
    assert (result.state, result.sent, len(result.kept)) == ("unchanged", (), 8)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_real_release_is_published(services_release: Path, place: Path) -> None:
    assert send(services_release, place).state == "published"
    assert_published(place, services_release)


# -- a dry run -----------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_sent_and_writes_nothing(release: Path, place: Path) -> None:
    result = send(release, place, dry_run=True)
    assert (result.state, result.kept) == ("planned", ())
    assert result.bytes_sent == sum(len(content) for content in tree(release).values())
    assert not place.exists()
    assert str(result).startswith(f"Would publish shops 1.0.0  {place}/1.0.0\n  8 files to send, ")


def test_a_dry_run_counts_what_is_there_by_checksum(release: Path, place: Path) -> None:
    send(release, place)
    (place / "1.0.0").rename(place / ".publishing-1.0.0")
    (place / "latest.json").unlink()
    data = place / ".publishing-1.0.0/data/shops.csv"
    data.write_bytes(data.read_bytes().replace(b"Norra", b"Narra"))
    before = tree(place)
    result = send(release, place, dry_run=True)
    assert [file.path for file in result.sent] == ["data/shops.csv"]
    assert len(result.kept) == 7
    assert tree(place) == before


# -- write once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_published_version_is_not_replaced_by_another(
    dry_run: bool, release: Path, place: Path, tmp_path: Path
) -> None:
    send(release, place)
    before = tree(place)
    other = make(tmp_path / "other", shops="id,name\nnorth,Annat\n")
    with pytest.raises(InvalidData) as caught:
        send(other, place, dry_run=dry_run)
    assert str(caught.value) == (
        f"{place}: '1.0.0' is already published there with other contents, and a published version never changes. "
        "Release your changes as a higher version. [published-otherwise]"
    )
    assert tree(place) == before


def test_a_folder_of_that_name_that_is_not_listed_is_not_replaced_either(release: Path, place: Path) -> None:
    put(place, {"1.0.0/notes.txt": "mine"})
    with pytest.raises(InvalidData) as caught:
        send(release, place)
    assert caught.value.problems[0].kind == Kind.PUBLISHED_OTHERWISE
    assert tree(place) == {"1.0.0/notes.txt": b"mine", ".lock": b""}


def test_a_strange_file_in_a_published_version_is_named_and_left(release: Path, place: Path) -> None:
    send(release, place)
    put(place / "1.0.0", {"notes.txt": "mine"})
    with pytest.raises(InvalidData) as caught:
        send(release, place)
    assert str(caught.value) == (
        f"{place}/1.0.0/notes.txt: is in the published version 1.0.0, and does not belong to it. Move it "
        "elsewhere, then run the command again. [published-otherwise]"
    )
    assert (place / "1.0.0/notes.txt").read_text() == "mine"


def test_a_published_file_that_went_bad_is_restored(release: Path, place: Path) -> None:
    """Same size, same time: only the checksum tells."""
    send(release, place)
    data = place / "1.0.0/data/shops.csv"
    before = data.stat()
    data.write_bytes(data.read_bytes().replace(b"Norra", b"Narra"))
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    result = send(release, place)
    assert [file.path for file in result.sent] == ["data/shops.csv"]
    assert_published(place, release)


def test_a_place_belongs_to_one_package(release: Path, place: Path, tmp_path: Path) -> None:
    send(release, place)
    with pytest.raises(CannotRun) as caught:
        send(make(tmp_path / "other", "2.0.0", name="towns"), place)
    assert str(caught.value) == (
        f"'{place}' holds releases of 'shops', but this is a release of 'towns'. Give each package a place of its own. "
        "[bad-place]"
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"name": "shops"}',
        '{"name": "shops", "versions": []}',
        '{"name": "shops", "versions": [{"version": "../x"}]}',
        "\xff",
    ],
)
def test_a_pointer_that_nobody_can_read_is_not_guessed_at(content: str, release: Path, place: Path) -> None:
    put(place, {"latest.json": content.encode("latin-1")})
    with pytest.raises(InvalidData) as caught:
        send(release, place)
    assert caught.value.problems[0].kind == Kind.BAD_DESCRIPTOR
    assert not (place / "1.0.0").exists()


# -- what is refused before anything is sent -----------------------------------------------------------------------


@pytest.mark.parametrize("spoil", ["alter", "add", "remove", "unlist"])
def test_a_damaged_release_goes_nowhere(spoil: str, release: Path, place: Path) -> None:
    if spoil == "alter":
        put(release, {"data/shops.csv": "id,name\n"})
    elif spoil == "add":
        put(release, {"data/more.csv": "id\n"})
    elif spoil == "remove":
        (release / "data/shops.csv").unlink()
    else:
        (release / "SHA256SUMS").unlink()
    with pytest.raises(PipelineError) as caught:
        send(release, place)
    assert caught.value.problems[0].kind == (Kind.NO_RELEASE if spoil == "unlist" else Kind.DAMAGED_RELEASE)
    assert not place.exists()


@pytest.mark.parametrize("version", [None, 1, "1.0", "../1.0.0", "1.0.0/x", "01.0.0"])
def test_a_version_that_is_none_goes_nowhere(version: object, release: Path, place: Path) -> None:
    change(release / "datapackage.json", lambda descriptor: descriptor.update(version=version))
    shutil.rmtree(release / "data")
    sums = subprocess.run(
        "sha256sum $(ls | grep -v SHA256SUMS) > SHA256SUMS",
        shell=True,
        cwd=release,
        check=True,
    )
    assert sums.returncode == 0
    with pytest.raises(InvalidData) as caught:
        send(release, place)
    assert caught.value.problems[0].field == "version"
    assert not place.exists()


def test_a_release_that_is_not_there_is_named(tmp_path: Path, place: Path) -> None:
    with pytest.raises(CannotRun) as caught:
        send(tmp_path / "nothing", place)
    assert caught.value.problems[0].kind == Kind.NO_RELEASE


@pytest.mark.parametrize(
    "place",
    [
        "",
        "ftp://example.org/x",
        "gcs://bucket",
        "https://example.org/",
        "file://host/x",
        "s3://",
        "s3:///x",
        "s3:bucket",
    ],
)
def test_a_place_of_an_unknown_kind_is_refused(place: str, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(CannotRun) as caught:
        send(release, place)
    assert caught.value.problems[0].kind == Kind.BAD_PLACE


def test_a_disk_that_is_not_mounted_is_not_made_up(release: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as caught:
        send(release, tmp_path / "mnt/www")
    assert caught.value.problems[0].kind == Kind.BAD_PLACE
    assert not (tmp_path / "mnt").exists()


def test_a_place_inside_the_release_is_refused(release: Path) -> None:
    before = tree(release)
    with pytest.raises(CannotRun) as caught:
        send(release, release / "www")
    assert caught.value.problems[0].kind == Kind.BAD_PLACE
    assert tree(release) == before


def test_a_file_is_no_place(release: Path, tmp_path: Path) -> None:
    put(tmp_path, {"www": "a file"})
    with pytest.raises(CannotRun) as caught:
        send(release, tmp_path / "www")
    assert caught.value.problems[0].kind == Kind.BAD_PLACE


# -- taken up again ------------------------------------------------------------------------------------------------


def test_what_an_interrupted_run_left_is_taken_up_by_checksum(release: Path, place: Path) -> None:
    shutil.copytree(release, place / ".publishing-1.0.0")
    staging = place / ".publishing-1.0.0"
    data = staging / "data/shops.csv"
    data.write_bytes(data.read_bytes().replace(b"Norra", b"Narra"))
    (staging / "CHANGELOG.md").unlink()
    put(staging, {"old/left.csv": "of an earlier build"})
    put(place, {".publishing-0.9.0/a": "of another version", ".publishing-file": "half"})
    result = send(release, place)
    assert [file.path for file in result.sent] == ["CHANGELOG.md", "data/shops.csv"]
    assert result.removed == (".publishing-0.9.0", ".publishing-file", "old/left.csv")
    assert_published(place, release)


def test_a_version_that_was_renamed_but_not_pointed_at_is_pointed_at(release: Path, place: Path) -> None:
    send(release, place)
    (place / "latest.json").unlink()
    (place / "index.html").unlink()
    result = send(release, place)
    assert (result.state, result.sent) == ("published", ())
    assert_published(place, release)


def test_a_second_publication_is_told_who_the_first_is(release: Path, place: Path) -> None:
    with lock(place), pytest.raises(CannotRun) as caught:
        send(release, place)
    assert re.fullmatch(
        rf"{place}: is being written by process {os.getpid()} since \d{{4}}-\d\d-\d\d [0-9:]{{8}} UTC\. .* \[locked\]",
        str(caught.value),
    )
    send(release, place)
    assert_published(place, release)


def test_a_disk_that_returns_other_bytes_is_noticed_before_anything_is_visible(
    release: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(release, place)
    new = make(tmp_path / "new", "1.1.0", shops="id,name\nwest,Västra\n")
    before = tree(place / "1.0.0"), (place / "latest.json").read_bytes()
    real = Folder.send

    def spoil(folder: Folder, source: Path, path: str) -> None:
        real(folder, source, path)
        if path.endswith("shops.csv"):
            target = Path(folder.address(path))
            target.write_bytes(target.read_bytes().replace(b"V", b"W"))

    monkeypatch.setattr(Folder, "send", spoil)
    with pytest.raises(CannotRun) as caught:
        send(new, place)
    assert str(caught.value) == (
        f"{place}/.publishing-1.1.0/data/shops.csv: came back with different bytes than were sent. Run the command "
        "again; it sends only what does not match. If it happens again, check the place. [bad-copy]"
    )
    assert (tree(place / "1.0.0"), (place / "latest.json").read_bytes()) == before
    monkeypatch.undo()
    assert [file.path for file in send(new, place).sent] == ["data/shops.csv"]
    assert_published(place, release, new)


# -- the disk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("leave", [0, 4_096, 12_288, 24_576, 40_960])
def test_a_full_disk_is_named_and_what_was_published_stays(
    leave: int, release: Path, disk: Path, tmp_path: Path
) -> None:
    place = disk / "www"
    send(release, place)
    before = tree(place / "1.0.0"), (place / "latest.json").read_bytes(), (place / "index.html").read_bytes()
    new = make(tmp_path / "new", "1.1.0", more={"big.bin": bytes(50_000)})
    (disk / "filler").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - leave)))
    with pytest.raises(CannotRun) as caught:
        send(new, place)
    assert caught.value.problems[0].kind == Kind.DISK_FULL
    assert (tree(place / "1.0.0"), (place / "latest.json").read_bytes(), (place / "index.html").read_bytes()) == before
    assert not (place / "1.1.0").exists()
    (disk / "filler").unlink()
    send(new, place)
    assert_published(place, release, new)


def test_a_disk_that_is_read_only_is_named(release: Path, disk: Path, tmp_path: Path) -> None:
    place = disk / "www"
    send(release, place)
    before = tree(place)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(CannotRun) as caught:
        send(make(tmp_path / "new", "1.1.0"), place)
    assert caught.value.problems[0].kind == Kind.NOT_WRITABLE
    assert tree(place) == before


@pytest.mark.parametrize("name", [".DS_Store", "data/.nfs0001", "deep/er/Thumbs.db"])
def test_what_a_disk_puts_into_the_staging_folder_is_not_published(name: str, tmp_path: Path) -> None:
    release, place = make(tmp_path / "release"), tmp_path / "www"

    class Disk(Progress):
        def advance(self, done: int, total: int, what: str) -> None:  # noqa: ARG002
            put(place / ".publishing-1.0.0", {name: "stray"})

    result = publish(release, str(place), Disk())
    assert set(result.removed) == {name}
    assert tree(place / "1.0.0") == tree(release)
    assert not (place / "1.0.0/deep").exists()
    assert publish(release, str(place), Progress()).state == "unchanged"
