"""A place that keeps files, what a publication there came to, and what is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.publish.contents import File, Release


class Place(Protocol):
    """A folder, a bucket, or what another package adds (`hookspecs.servicebanken_places`).

    A path is `latest.json`, or `1.0.0/data/shops.csv` for a file of a version.
    """

    def address(self, path: str = "") -> str:
        """Where `path` is, for people."""

    def opened(self, release: Release, *, dry_run: bool) -> AbstractContextManager[None]:
        """Held while a release is published. Raises CannotRun where that cannot be."""

    def shows(self, version: str) -> bool:
        """Whether people can see what lies there of a version."""

    def paths(self, version: str) -> Collection[str]:
        """The paths of the files of a version, relative to its folder."""

    def read(self, path: str) -> tuple[bytes | None, str | None]:
        """A small file and its ETag, where the place has such; None where there is none."""

    def sha256(self, path: str) -> str | None:
        """The SHA-256 of a file, read in full; None where there is none."""

    def put(self, path: str, content: bytes, mode: Any) -> bool:
        """Writes a small file; returns whether it was accepted.

        `mode`: "overwrite"; "create", only where there is none; or {"e_tag": …}, only where that is the file's.
        """

    def send(self, source: Path, path: str) -> None:
        """Copies a file there."""

    def delete(self, path: str) -> None:
        """Removes a file."""

    def begin(self, release: Release) -> list[str]:
        """Makes ready for the files of a release; returns what was removed that earlier runs had left."""

    def settle(self, release: Release) -> list[str]:
        """Makes the files visible that have been read back; returns what was removed that is not the release's."""


State = Literal["published", "unchanged", "draft", "planned"]


@dataclass(frozen=True)
class Published:
    """What a publication came to.

    `state`: `published` (visible now), `unchanged` (was there already, whole), `draft` (at Zenodo, for a person to
    publish) or `planned` (a dry run; nothing was sent). `address`: where it is. `sent`: the files that went there, or
    would. `kept`: the files that were there already with the right bytes. `removed`: files that an earlier, interrupted
    run had left and that are gone now.
    """

    place: str
    name: str
    version: str
    state: State
    address: str
    sent: tuple[File, ...] = ()
    kept: tuple[File, ...] = ()
    removed: tuple[str, ...] = ()
    doi: str | None = None

    @property
    def bytes_sent(self) -> int:
        """Bytes that went there, or would."""
        return sum(file.size for file in self.sent)

    def to_dict(self) -> dict[str, Any]:
        """The publication as JSON-ready data."""
        return {**asdict(self), "bytes_sent": self.bytes_sent}

    def __str__(self) -> str:
        verb = {
            "published": "Published",
            "unchanged": "Already published:",
            "draft": "Draft of",
            "planned": "Would publish",
        }[self.state]
        lines = [f"{verb} {self.name} {self.version}  {self.address}"]
        if self.doi:
            lines.append(f"  DOI {self.doi}{' (reserved)' if self.state == 'draft' else ''}")
        tense = "to send" if self.state == "planned" else "sent"
        lines.append(f"  {len(self.sent)} files {tense}, {self.bytes_sent:,} bytes; {len(self.kept)} there already")
        if self.state == "planned":
            lines += [f"  {file.size:>14,}  {file.path}" for file in self.sent]
        gone = "to remove" if self.state == "planned" else "removed"
        lines += [f"  {gone}, left by another run: {path}" for path in self.removed]
        return "\n".join(lines)


def published_otherwise(place: str, version: str) -> InvalidData:
    """The place holds this version with other checksums."""
    return InvalidData(
        Problem(
            Kind.PUBLISHED_OTHERWISE,
            "is already published there with other contents, and a published version never changes",
            "Release your changes as a higher version.",
            file=place,
            value=version,
        )
    )


def strange_files(place: str, version: str, paths: Sequence[str]) -> InvalidData:
    """The folder of a version holds files that are not the release's."""
    return InvalidData(
        Problem(
            Kind.PUBLISHED_OTHERWISE,
            f"is in the published version {version}, and does not belong to it",
            "Move it elsewhere, then run the command again.",
            file=f"{place}/{path}",
        )
        for path in paths
    )


def bad_copy(paths: Sequence[str]) -> CannotRun:
    """What was read back is not what was sent."""
    return CannotRun(
        Problem(
            Kind.BAD_COPY,
            "came back with different bytes than were sent",
            "Run the command again; it sends only what does not match. If it happens again, check the place.",
            file=path,
        )
        for path in paths
    )


def bad_place(place: str, rule: str, fix: str) -> CannotRun:
    """The place is not one that can be published to."""
    return CannotRun(Problem(Kind.BAD_PLACE, rule, fix, value=place))
