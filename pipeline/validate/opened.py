"""A table that frictionless has opened: how it cuts the file, and which field belongs to which column."""

from __future__ import annotations

from pathlib import Path

import frictionless
from frictionless.formats.csv import CsvControl
from frictionless.resources import TableResource

from pipeline.table.layout import Layout
from pipeline.validate.screen import Unscreened


def open_table(resource: TableResource) -> Layout:
    """How frictionless, which has the resource open, cuts its file. Raises Unscreened where only it can."""
    dialect = resource.dialect
    control = CsvControl.from_dialect(dialect)
    plain = (
        resource.format in ("csv", "tsv")
        and resource.scheme == "file"
        and not resource.compression
        and not resource.multipart
        and not resource.memory
        and resource.normpath
        and dialect.header
        and dialect.header_rows == [1]
        and not dialect.comment_char
        and not dialect.comment_rows
        and not dialect.skip_blank_rows
        and (resource.encoding in ("utf-8", "ascii") or resource.format == "csv")
    )
    if not plain:
        raise Unscreened
    python = control.to_python()
    alike = not python.escapechar and not python.skipinitialspace and python.doublequote
    quote = python.quotechar if alike else ""
    if not alike and resource.format == "tsv":
        raise Unscreened
    return Layout(
        Path(str(resource.normpath)), str(resource.encoding), python.delimiter, quote, python, tuple(resource.labels)
    )


def expected_fields(resource: TableResource) -> list[frictionless.Field]:
    """The fields in the order of the columns, as frictionless pairs them with the labels."""
    fields = resource.header.get_expected_fields()
    if len(fields) != len(resource.labels) or not fields:
        raise Unscreened
    return list(fields)
