"""latest.json: the one pointer that says which versions a place has published, and which is the latest.

    {
      "name": "shops", "title": "Shops", "title@sv": "Butiker",
      "baseUrl": "https://…/", "publisher": "…",   where the latest version's datapackage.json says them
      "version": "1.1.0", "path": "1.1.0/", "created": "2026-01-31T00:00:00Z",
      "sha256": "…",                            of the SHA256SUMS in that path
      "versions": [ {"version", "path", "created", "sha256", "files", "bytes", "archive", "page", "shows"}, … ]
    }

The versions are listed newest first. What is not listed is not published, whatever else lies there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.package import about
from pipeline.package.version import is_version, order
from pipeline.publish.contents import Release
from pipeline.publish.place import Place, bad_place, published_otherwise

NAME = "latest.json"


@dataclass(frozen=True)
class Version:
    """A published version.

    `sha256` is that of its SHA256SUMS, `bytes` the size of its files; `archive` and `page` are its ZIP and its
    own index.html, where it has them; `shows` are its pages and its descriptions for catalogues.
    """

    version: str
    path: str
    created: str | None
    sha256: str
    files: int
    bytes: int
    archive: str | None
    page: str | None
    shows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pointer:
    """What a place has published: versions newest first; titles by their name in the descriptor.

    `base_url` is the address of the place, which ends with a slash, and `publisher` a name, where they are known.
    """

    name: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    base_url: str | None = None
    publisher: str | None = None

    def find(self, version: str) -> Version | None:
        """The published version of that number, if there is one."""
        return next((entry for entry in self.versions if entry.version == version), None)

    def refuse_other(self, release: Release, place: str) -> None:
        """Raises where the place belongs to another package, or holds this version with other checksums."""
        if self.name not in (None, release.name):
            raise bad_place(
                place,
                f"holds releases of {self.name!r}, but this is a release of {release.name!r}",
                "Give each package a place of its own.",
            )
        entry = self.find(release.version)
        if entry and entry.sha256 != release.sums.sha256:
            raise published_otherwise(place, release.version)

    def with_release(self, release: Release) -> Pointer:
        """The pointer once the release is published; titles are those of the latest version."""
        others = [entry for entry in self.versions if entry.version != release.version]
        versions = sorted([*others, _entry(release)], key=lambda entry: order(entry.version), reverse=True)
        if versions[0].version != release.version:
            return replace(self, versions=tuple(versions))
        publisher = about.in_role(release.descriptor, "publisher")
        base_url = about.address(release.descriptor.get("baseUrl"))
        return Pointer(
            release.name,
            _titles(release),
            tuple(versions),
            f"{base_url.rstrip('/')}/" if base_url else None,
            publisher.name if publisher else None,
        )

    def to_bytes(self) -> bytes:
        """The pointer as the text of latest.json."""
        latest = self.versions[0]
        head = {"version": latest.version, "path": latest.path, "created": latest.created, "sha256": latest.sha256}
        content = {
            "name": self.name,
            **self.titles,
            **({"baseUrl": self.base_url} if self.base_url else {}),
            **({"publisher": self.publisher} if self.publisher else {}),
            **head,
            "versions": [asdict(entry) for entry in self.versions],
        }
        return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def of(place: Place) -> Pointer:
    """What a place has published."""
    return parse(place.read(NAME)[0], place.address())


def parse(content: bytes | None, place: str) -> Pointer:
    """The pointer that latest.json holds; an empty one where there is none.

    Raises InvalidData for what no publication wrote: guessing would lose the versions that it listed.
    """
    if content is None:
        return Pointer()
    try:
        value = json.loads(content.decode("utf-8"))
        versions = tuple(map(_published, value["versions"]))
        if not versions:
            raise ValueError
        titles = {name: str(text) for name, text in value.items() if name.partition("@")[0] == "title"}
        publisher = about.text(value.get("publisher"))
        return Pointer(value["name"], titles, versions, about.address(value.get("baseUrl")), publisher)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                "is not a list of published versions that this command can read",
                "Restore it; or move it away, and publish each version again.",
                file=f"{place}/{NAME}",
            )
        ) from None


def _published(entry: Mapping[str, Any]) -> Version:
    """One member of `versions`; what a later form of latest.json may add is passed over."""
    version = str(entry["version"])
    if not is_version(version) or entry["path"] != f"{version}/":
        raise ValueError
    return Version(
        version,
        entry["path"],
        None if entry["created"] is None else str(entry["created"]),
        str(entry["sha256"]),
        int(entry["files"]),
        int(entry["bytes"]),
        None if entry["archive"] is None else str(entry["archive"]),
        None if entry["page"] is None else str(entry["page"]),
        tuple(map(str, entry.get("shows", ()))),
    )


def _entry(release: Release) -> Version:
    return Version(
        release.version,
        f"{release.version}/",
        release.created,
        release.sums.sha256,
        len(release.files),
        release.size,
        release.archive,
        release.page,
        release.shows,
    )


def _titles(release: Release) -> dict[str, Any]:
    return {
        name: text
        for name, text in release.descriptor.items()
        if name.partition("@")[0] == "title" and isinstance(text, str)
    }
