"""Packages that strangers hand in, each unusual in one way: the names, files, schemas and descriptors of other people.

`PACKAGES` are released whole. `REFUSED` cannot be, and are refused before anything is written, with every reason.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import openpyxl

from tests.projects import field, reference

V2 = "https://datapackage.org/profiles/2.0/datapackage.json"
ROWS = "id,n\n1,a\n2,b\n"
FIELDS = [field("id", "integer"), field("n")]


@dataclass(frozen=True)
class Stranger:
    """A package: the members of its descriptor, and its files."""

    descriptor: Mapping[str, Any]
    files: Mapping[str, str | bytes]

    def content(self) -> dict[str, str | bytes]:
        """Every file, datapackage.json among them."""
        usual = {"name": "strange"} if "profile" in self.descriptor else {"$schema": V2, "name": "strange"}
        members = {name: value for name, value in {**usual, **self.descriptor}.items() if value is not None}
        return {"datapackage.json": json.dumps(members, ensure_ascii=False), **self.files}


def one(
    rows: str | bytes = ROWS, fields: list[dict[str, Any]] | None = None, path: str = "t.csv", **members: Any
) -> Stranger:
    """A package of one table `t`; members of a schema go into its schema, others beside it."""
    of_schema = ("primaryKey", "uniqueKeys", "foreignKeys", "missingValues", "fieldsMatch")
    schema = {"fields": fields or FIELDS} | {name: members.pop(name) for name in of_schema if name in members}
    resource = {"name": "t", "path": path, "schema": schema} | members
    return Stranger({"resources": [{k: v for k, v in resource.items() if v is not None}]}, {path: rows})


def inside(data: Any, **members: Any) -> Stranger:
    """A package of one table whose rows are in the descriptor."""
    return Stranger({"resources": [{"name": "t", "data": data, "schema": {"fields": FIELDS}, **members}]}, {})


def described(**members: Any) -> Stranger:
    """A package of the usual table, with members of its descriptor."""
    return Stranger(
        {"resources": [{"name": "t", "path": "t.csv", "schema": {"fields": FIELDS}}], **members}, one().files
    )


def called_fields(*names: str) -> Stranger:
    """A table whose fields have these names."""
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    cells = [",".join(f"{letter}{place}" for place in range(len(names))) for letter in "ab"]
    return one("\n".join([header, *cells, ""]), [field(name) for name in names])


def called_tables(*names: str) -> Stranger:
    """Tables of these names."""
    resources = [
        {"name": name, "path": f"{place}.csv", "schema": {"fields": FIELDS, "primaryKey": "id"}}
        for place, name in enumerate(names)
    ]
    return Stranger({"resources": resources}, {f"{place}.csv": ROWS for place in range(len(names))})


def zipped(files: Mapping[str, str]) -> bytes:
    """A ZIP of texts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def workbook(*rows: tuple[Any, ...]) -> bytes:
    """A workbook of one sheet."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


NAMES = {
    "fields that hide a row's number": called_fields("rowid", "oid", "_rowid_", "n"),
    "fields that search keeps for itself": called_fields("rank", "rowid", "bm25", "match"),
    "fields that are words of SQL": called_fields("select", "order", "table", "index", "group", "null", "like"),
    "fields that options are called": called_fields("_region", "_size", "_next", "_search", "_sort", "_facet"),
    "fields that a column of ours is called": called_fields("row", "key", "old", "new", "change", "field", "document"),
    "fields of signs": called_fields("-", "%", 'a"b', "a'b", "[a]", "a;b", "a/b", "a.b", "a,b", "=1+1", "{a}", "<b>"),
    "fields in other scripts": called_fields("å", "Ä b", "日本", "🙂", "Ünïcödé", "ن", "a\u030a"),
    "fields of figures": called_fields("1", "2020", "1.5", "-1", "true"),
    "fields with spaces": called_fields("a b", "c  d", "e\u00a0f"),
    "fields of 200 characters": called_fields("x" * 200, "x" * 199 + "y"),
    "tables that are words of SQL": called_tables("select", "order", "table", "index", "group", "null"),
    "tables that a release has": called_tables("_counts", "codes", "releases", "changes", "history", "About"),
    "tables that a database has": called_tables("sqlite_x", "sqlite_master", "t_fts", "t", "t_fts_data", "view"),
    "tables that a website has": called_tables("index", "sv", "en", "-", "files", "catalog", "explore", "report"),
    "tables that a system keeps": called_tables("con", "aux", "nul", "com1", "lpt1"),
    "tables of signs": called_tables("a.b", 'a"b', "a'b", "%", "[a]", "a;b", "a/b", "a b", "*", "?", ":"),
    "tables in other scripts": called_tables("å", "Ä b", "日本", "🙂", "1"),
    "tables of 200 characters": called_tables("x" * 200, "x" * 199 + "y"),
    "tables alike but for case": called_tables("Towns", "towns", "TOWNS"),
    "a package without a name": described(name=None),
    "a package with a sentence for a name": described(name='Mitt paket: å/ä "b"'),
    "a package that climbs": described(name="../../evil"),
    "a package called like a release's files": described(name="data"),
}
VERSIONS = {
    f"version {version}": described(version=version)
    for version in ("2026", "v1.0", "1.0", "2023-03-30", "1.2.3-beta.1", "1.0.0+build5", "2.10.0", "")
}
FILES = {
    "two parts": Stranger(
        {"resources": [{"name": "t", "path": ["t.csv", "u.csv"], "schema": {"fields": FIELDS}}]},
        {"t.csv": ROWS, "u.csv": "id,n\n3,c\n"},
    ),
    "parts without headers": Stranger(
        {
            "resources": [
                {
                    "name": "t",
                    "path": ["a.csv", "b.csv", "c.csv"],
                    "schema": {"fields": FIELDS},
                    "dialect": {"header": False},
                }
            ]
        },
        {"a.csv": "1,a\n", "b.csv": "2,b\n", "c.csv": "3,c\n"},
    ),
    "packed with gzip": one(gzip.compress(ROWS.encode()), path="t.csv.gz"),
    "packed with gzip, and said": one(gzip.compress(ROWS.encode()), path="t.csv.gz", compression="gz", format="csv"),
    "packed with ZIP": one(zipped({"t.csv": ROWS}), path="t.csv.zip"),
    "packed among others": one(
        zipped({"readme.txt": "x", "in/t.csv": ROWS}), path="all.zip", innerpath="in/t.csv", format="csv"
    ),
    "called text": one(path="t.txt", format="csv"),
    "called data": one(path="t.dat", format="csv"),
    "without an ending": one(path="table", format="csv"),
    "tabs": one(ROWS.replace(",", "\t"), path="t.tsv"),
    "tabs in .tab": one(ROWS.replace(",", "\t"), path="t.tab", format="tsv"),
    "semicolons": one(ROWS.replace(",", ";"), dialect={"delimiter": ";"}),
    "semicolons that nobody told of": one(ROWS.replace(",", ";")),
    "bars": one(ROWS.replace(",", "|"), dialect={"delimiter": "|", "quoteChar": "'"}),
    "latin-1": one("id,n\n1,å\n".encode("latin-1"), encoding="iso-8859-1"),
    "Windows": one("id,n\r\n1,“å”\r\n".encode("cp1252"), encoding="windows-1252"),
    "UTF-16": one("id,n\n1,å\n".encode("utf-16"), encoding="utf-16"),
    "a mark of byte order": one("\ufeff" + ROWS),
    "line ends of Windows": one(ROWS.replace("\n", "\r\n")),
    "no last line end": one(ROWS.rstrip()),
    "blank lines at the end": one(ROWS + "\n\n", dialect={"skipBlankRows": True}),
    "capitals": one(format="CSV", mediatype="text/CSV"),
    "a format with a dot": one(format=".csv"),
    "a title above the header": one("Towns,\n" + ROWS, dialect={"headerRows": [2]}),
    "comments": one("# towns\n" + ROWS, dialect={"commentChar": "#"}),
    "a hash in a name": one(path="Statistik #1.csv"),
    "a question in a name": one(path="what?.csv"),
    "a name in Swedish": one(path="tätorter/Ål å.csv"),
    "a workbook": one(workbook(("id", "n"), (1, "a"), (2, None)), path="t.xlsx"),
    "rows as objects": inside([{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]),
    "rows as lists": inside([["id", "n"], [1, "a"], [2, "b"]]),
    "rows as objects, without a schema": Stranger({"resources": [{"name": "t", "data": [{"id": 1, "n": "a"}]}]}, {}),
    "a table and a picture": Stranger(
        {"resources": [*one().descriptor["resources"], {"name": "map", "path": "map.png"}]},
        {"t.csv": ROWS, "map.png": b"\x89PNG\r\n"},
    ),
    "a table and GeoJSON": Stranger(
        {"resources": [*one().descriptor["resources"], {"name": "map", "path": "m.geojson", "format": "geojson"}]},
        {"t.csv": ROWS, "m.geojson": '{"type": "FeatureCollection", "features": []}'},
    ),
}
TYPES = [
    *(field(kind, kind) for kind in ("string", "number", "integer", "boolean", "date", "time", "datetime", "year")),
    *(field(kind, kind) for kind in ("yearmonth", "duration", "geopoint", "geojson", "object", "array", "list", "any")),
]
TYPED = (
    f"{','.join(each['name'] for each in TYPES)}\n"
    'a,1.50,1,true,2020-01-31,08:00:00,2020-01-31T08:00:00Z,2020,2020-01,P1Y,"16,62",'
    '"{""type"": ""Point"", ""coordinates"": [16, 62]}","{""a"": 1}","[1, 2]","a,b",x\n'
    + "b"
    + "," * (len(TYPES) - 1)
    + "\n"
)
SCHEMAS = {
    "every type": one(TYPED, TYPES),
    "no schema": one("code,n\n0114,TRUE\n0180,FALSE\n", schema=None),
    "no schema, and figures": one("a,b,c\n1,1.5,2020-01-31\n2,,2020-02-29\n", schema=None),
    "no type": one(fields=[{"name": "id"}, {"name": "n"}]),
    "no rows": one("id,n\n"),
    "no rows and no schema": one("id,n\n", schema=None),
    "one column": one("n\na\nb\n", [field("n")]),
    "the same row twice": one("id,n\n1,a\n1,a\n1,a\n"),
    "a key of two fields": one("id,n\n1,a\n1,b\n", primaryKey=["id", "n"]),
    "a key that is not sorted": one("id,n\n10,a\n9,b\n-1,c\n", primaryKey="id"),
    "keys that must be unique": one(uniqueKeys=[["id"], ["n", "id"]]),
    "dates as people write them": one(
        "a,b\n31/12/2020,31 Dec 2020\n", [field("a", "date", format="%d/%m/%Y"), field("b", "date", format="any")]
    ),
    "times as people write them": one(
        "a,b\n08.30,2020-12-31 08:30\n",
        [field("a", "time", format="%H.%M"), field("b", "datetime", format="%Y-%m-%d %H:%M")],
    ),
    "decimal commas": one(
        'n\n"1 234,5"\n"-0,5"\n', [field("n", "number", decimalChar=",", groupChar=" ")], dialect={"delimiter": ","}
    ),
    "units behind numbers": one("a,b\n$1,5 kr\n", [field(name, "number", bareNumber=False) for name in "ab"]),
    "truths in Swedish": one("b\nja\nnej\nJA\n", [field("b", "boolean", trueValues=["ja", "JA"], falseValues=["nej"])]),
    "capital truths": one("b\nTRUE\nFALSE\n1\n0\n", [field("b", "boolean")]),
    "missing values": one("id,n\n-,b\n1,\n2,NA\n", missingValues=["", "-", "NA"]),
    "missing values with labels": one(
        "id,n\n-,a\n1,b\n", missingValues=[{"value": "-", "label": "none"}, {"value": ""}]
    ),
    "nothing is missing": one("n\na\nb\n", [field("n")], missingValues=[]),
    "code lists": one(
        "a,b\n1,x\n2,y\n",
        [
            field("a", "integer", categories=[{"value": 1, "label": "ett"}, {"value": 2, "label": "två"}]),
            field("b", constraints={"enum": ["x", "y", "z"]}),
        ],
    ),
    "large numbers": one("n\n9223372036854775808\n1\n", [field("n", "integer")]),
    "numbers beyond numbers": one("n\nNaN\nINF\n-INF\n1e400\n1\n", [field("n", "number")]),
    "numbers of many digits": one("n\n0.1234567890123456789\n1.10\n1e3\n", [field("n", "number")]),
    "a long cell": one(f"id,n\n1,{'å' * 40_000}\n"),
    "line breaks and quotes in cells": one('id,n\n1,"a\nb"\n2,"say ""hi"", ok"\n'),
    "formulas and scripts": one("id,n\n1,=1+1\n2,<script>alert(1)</script>\n3,@x\n4,+46\n"),
    "signs that nobody sees": one('id,n\n1,"\x01\x1f"\n2,"\u200b\u202e"\n3,_x0041_\n4," a "\n'),
    "rows that point at rows": Stranger(
        {
            "resources": [
                {
                    "name": "t",
                    "path": "t.csv",
                    "schema": {
                        "fields": [field("id"), field("above"), field("u")],
                        "primaryKey": "id",
                        "foreignKeys": [
                            {"fields": "above", "reference": {"resource": "", "fields": "id"}},
                            reference("u", "u"),
                        ],
                    },
                },
                {"name": "u", "path": "u.csv", "schema": {"fields": [field("id")], "primaryKey": "id"}},
            ]
        },
        {"t.csv": "id,above,u\na,,x\nb,a,x\n", "u.csv": "id\nx\n"},
    ),
    "places": one(
        "id,lat,lon\n1,59.3,18.1\n2,,\n3,159.3,18.1\n",
        [field("id"), field("lat", "number"), field("lon", "number")],
        primaryKey="id",
        location=["lat", "lon"],
    ),
    "columns in another order": one("n,id\na,1\nb,2\n", fieldsMatch=["equal"]),
    "columns that the schema leaves out": one("id,more,n\n1,x,a\n", fieldsMatch=["subset"]),
    "columns that the file leaves out": one("id\n1\n", fieldsMatch="superset"),
    "fields in a file of their own": Stranger(
        {"resources": [{"name": "t", "path": "t.csv", "schema": "t.schema.json"}]},
        {"t.csv": ROWS, "t.schema.json": json.dumps({"fields": FIELDS})},
    ),
    "three hundred columns": one(
        "\n".join(",".join(f"{mark}{place}" for place in range(300)) for mark in ("c", "", "1")) + "\n",
        [field(f"c{place}", "integer") for place in range(300)],
    ),
}
DESCRIPTORS = {
    "version 1": Stranger(
        {
            "profile": "tabular-data-package",
            "resources": [{**one().descriptor["resources"][0], "profile": "tabular-data-resource"}],
        },
        one().files,
    ),
    "version 1 as it came": Stranger(
        {
            "profile": "tabular-data-package",
            "license": "ODC-PDDL-1.0",
            "licenses": [{"name": "ODC-PDDL-1.0", "path": "http://opendatacommons.org/licenses/pddl/"}],
            "sources": [{"name": "World Bank", "web": "http://data.worldbank.org"}],
            "last_updated": "2011-09-21",
            "resources": [
                {
                    "name": "t",
                    "path": "t.csv",
                    "profile": "tabular-data-resource",
                    "mediatype": "text/csv",
                    "dialect": {"csvddfVersion": "1.2", "delimiter": ",", "lineTerminator": "\r\n"},
                    "schema": {
                        "fields": [{"name": "id", "type": "integer", "format": "default"}, {"name": "n"}],
                        "primaryKey": "id",
                        "foreignKeys": [{"fields": "id", "reference": {"resource": "t", "fields": "id"}}],
                    },
                }
            ],
        },
        one().files,
    ),
    "version 2 with everything": described(
        id="https://doi.org/10.5281/zenodo.1234",
        title="Strange",
        description="**Bold** <b>text</b>\n\n- a list",
        version="1.4.0",
        created="2026-01-31T12:00:00Z",
        homepage="https://example.org/",
        keywords=["a", "å", "b c"],
        contributors=[{"title": "A", "roles": ["creator"], "email": "a@example.org"}, {"givenName": "B"}],
        licenses=[{"name": "CC-BY-4.0"}, {"name": "ODbL-1.0", "path": "https://opendatacommons.org/licenses/odbl/"}],
        sources=[{"title": "S", "path": "https://example.org/s"}],
    ),
    "members of nobody's": described(spatial={"a": [1, None]}, views=[{"name": "chart", "specType": "vega"}], x=None),
    "a view": described(views=[{"name": "both", "query": "SELECT * FROM t"}]),
    "texts in two languages": described(title="Konstig", **{"title@en": "Strange", "description@sv": "Text"}),
    "a licence of their own": described(licenses=[{"name": "LicenceOfOurOwn", "path": "https://example.org/l"}]),
}

PACKAGES = NAMES | VERSIONS | FILES | SCHEMAS | DESCRIPTORS


def tables(*members: dict[str, Any], **files: str) -> Stranger:
    """A package of these resources."""
    return Stranger({"resources": members}, {f"{name}.csv": content for name, content in files.items()})


REFUSED: dict[str, tuple[Stranger, list[str]]] = {
    "an address": (one(path="https://example.org/t.csv"), ["unsafe-path"]),
    "no resources": (tables(), ["bad-descriptor"]),
    "a file that is not there": (tables({"name": "t", "path": "t.csv"}), ["invalid-table"]),
    "names that version 1 does not take": (
        Stranger({**called_tables("About", "å").descriptor, "$schema": None}, called_tables("About", "å").files),
        ["invalid-table", "invalid-table"],
    ),
    "a version that is a number": (described(version=2), ["invalid-table"]),
    "a licence without a name": (described(licenses=[{"title": "Ask us"}]), ["invalid-table"]),
    "resources of no name, and of one": (
        tables({"path": "t.csv"}, {"name": "u", "path": "u.csv"}, {"name": "u", "path": "u.csv"}, t="n\n", u="n\n"),
        ["bad-descriptor", "bad-descriptor"],
    ),
    "four tables that are wrong in ways of their own": (
        tables(
            {"name": "a", "path": "../a.csv", "schema": {"fields": [{"name": "n"}, {"name": "n"}], "primaryKey": "q"}},
            {"name": "b", "path": "https://example.org/b.csv"},
            {"name": "c", "path": "c.csv", "schema": {"fields": [{"name": ""}]}},
            {"name": "d", "path": "/etc/passwd"},
            c="n\n",
        ),
        ["unsafe-path", "bad-descriptor", "bad-descriptor", "unsafe-path", "bad-descriptor", "unsafe-path"],
    ),
    "names and cells that are wrong": (
        tables(
            {"name": "a", "path": "a.csv", "schema": {"fields": [field("x"), field("X"), field("y\nz")]}},
            {"name": "b", "path": "b.csv", "schema": {"fields": [field("n", "integer")]}},
            {"name": "c", "path": "c.csv", "schema": {"fields": [field("n")]}},
            a='x,X,"y\nz"\n1,2,3\n',
            b="n\nten\n",
        ),
        ["bad-descriptor", "bad-descriptor", "invalid-table", "invalid-table"],
    ),
    "headers of tables without schemas that are wrong": (
        tables({"name": "a", "path": "a.csv"}, {"name": "b", "path": "b.csv"}, a="n,N\n1,2\n", b='"n\nm"\n1\n'),
        ["bad-descriptor", "bad-descriptor"],
    ),
}
