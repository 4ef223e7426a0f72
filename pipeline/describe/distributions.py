"""The files of a dataset as distributions: the same data in one format, under one licence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import quote

from pipeline.core.names import free
from pipeline.describe.dataset import Dataset, File, Form, form
from pipeline.package import about
from pipeline.package.about import Licence
from pipeline.web.words import LANGUAGES, Words


@dataclass(frozen=True)
class Distribution:
    """Files of one format under one licence: all tables, each in its file, or all in one; or a file of its own.

    `name` is unlike that of every other, and can stand in an address. `others` are the licences of tables within,
    where a table has one of its own.
    """

    name: str
    form: Form
    files: tuple[File, ...]
    licence: Licence | None
    others: tuple[tuple[str, Licence], ...] = ()

    @property
    def content(self) -> Form:
        """The form of the data themselves: that of what an archive holds."""
        return form("csv") if self.form == form("zip") else self.form

    @property
    def words(self) -> dict[str, str]:
        """What it is, by language."""
        key = self.form.many if len(self.files) > 1 else self.form.one
        return {language: Words(language).text(key) for language in LANGUAGES}

    def titles(self, dataset: Dataset) -> dict[str, str]:
        """Its name for people, by language: the format, and the table where it is one."""
        resource = self.files[0].resource
        if resource is None or len(self.files) > 1:
            return dict.fromkeys(self.words, self.form.title)
        titles = dataset.texts(resource.descriptor, "title") or {dataset.languages[0]: resource.name}
        return {language: f"{title} ({self.form.title})" for language, title in titles.items()}

    def rights(self) -> dict[str, str]:
        """In words, by language, that tables within have licences of their own."""
        listed = "; ".join(
            f"{name}: {licence}{f' ({licence.path})' if licence.path else ''}" for name, licence in self.others
        )
        return {language: Words(language).text("describe.own_licences", listed=listed) for language in LANGUAGES}


def of(dataset: Dataset) -> list[Distribution]:
    """The distributions of a dataset: for each format that of all tables; then each file that stands alone.

    Alone stand what holds the whole package, maps, files that are no tables, and tables with licences of their own.
    """
    licence = next(iter(about.licences(dataset.descriptor)), None)
    own = _own_licences(dataset)
    shared: dict[str, list[File]] = {}
    alone: list[Distribution] = []
    for file in dataset.files:
        if file.resource is None:
            alone.append(Distribution(file.ending, file.form, (file,), licence, tuple(own.items())))
        elif file.table and file.ending != "geojson" and file.table.name not in own:
            shared.setdefault(file.ending, []).append(file)
        else:
            name = f"{file.ending or 'file'}-{PurePosixPath(file.path).stem}"
            alone.append(Distribution(name, file.form, (file,), own.get(file.resource.name, licence)))
    together = [Distribution(ending, form(ending), tuple(files), licence) for ending, files in shared.items()]
    return _named([*together, *alone])


def _named(distributions: list[Distribution]) -> list[Distribution]:
    """The same, each with a name that no other has and that can stand in an address."""
    names: set[str] = set()
    named = []
    for each in distributions:
        name = free(quote(each.name, safe=""), names)
        names.add(name.casefold())
        named.append(replace(each, name=name))
    return named


def _own_licences(dataset: Dataset) -> dict[str, Licence]:
    """The licences of resources that are not the package's, by the resource's name."""
    package = about.licences(dataset.descriptor)
    found = {resource.name: about.licences(resource.descriptor) for resource in dataset.package.resources}
    return {name: licences[0] for name, licences in found.items() if licences and licences != package}
