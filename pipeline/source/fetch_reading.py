"""The member `fetch` of a source.yml, read strictly into what pipeline/source/fetch.py describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.yaml_files import LINE, Text
from pipeline.source import readers
from pipeline.source.fetch import Column, Credentials, Expected, Fetch, Limits, Mapped

MEMBERS = {
    *("id", "reader", "url", "document", "cadence", "ask", "tables", "limits", "expect", "credentials"),
}
FILLED, CHANGED = ("column", "template", "value"), ("slug", "codes", "others")
WHOLE = ("bytes", "requests", "all_bytes")
NEEDED = ("id", "reader", "url", "document", "cadence", "tables")


def read_fetches(content: Any, name: str, documents: list[str]) -> tuple[Fetch, ...]:
    """The fetches in the member `fetch` of the source.yml that messages call `name`.

    Raises InvalidData for whatever it says that is not understood; `documents` are the ids that the source lists.
    """
    if not isinstance(content, list) or not content or not all(isinstance(member, dict) for member in content):
        line = getattr(content, "line", None)
        raise _bad(name, line, "has a `fetch` that is not a list of mappings", "Write `- id: …` for each fetch.")
    return tuple(_Reading(name, member).fetch(documents) for member in content)


class _Reading:
    """One fetch as source.yml writes it; knows where it is for messages."""

    def __init__(self, name: str, content: dict[Any, Any]) -> None:
        self.name = name
        self.content = content
        self.line: int = content[LINE]

    def fetch(self, documents: list[str]) -> Fetch:
        self._known(self.content, MEMBERS, "a fetch")
        for member in NEEDED:
            if not self.content.get(member):
                raise self._bad(self.line, f"has a fetch that does not say `{member}`", f"Add `{member}:`.")
        texts = {name: self._text(self.content, name) for name in ("id", "reader", "url", "document", "cadence")}
        self._pattern(
            texts["id"], "[a-z0-9]+(-[a-z0-9]+)*", "is not the id of a fetch", "Write it like kolada-service."
        )
        self._pattern(
            texts["url"], r"https?://[^\s/@]+(/\S*)?", "is not an address that is fetched", "Write https://…."
        )
        self._pattern(texts["cadence"], "[1-9][0-9]{0,4}", "is not a number of days", "Write a whole number.")
        if texts["reader"] not in readers.names():
            known = ", ".join(readers.names())
            raise self._bad(texts["reader"].line, "is not a reader", f"Readers are: {known}.", texts["reader"])
        if texts["document"] not in documents:
            fix = "List it under `documents`, or name one that is there."
            raise self._bad(texts["document"].line, "is not a document of this source", fix, texts["document"])
        reader = readers.reader(texts["reader"])
        tables = self._tables(reader.RELATIONS)
        return Fetch(
            id=str(texts["id"]),
            reader=str(texts["reader"]),
            url=str(texts["url"]),
            document=str(texts["document"]),
            cadence=int(texts["cadence"]),
            ask=self._ask(reader),
            tables=tables,
            expect=self._expect(tables),
            limits=self._limits(),
            credentials=self._credentials(),
            line=self.line,
        )

    def _ask(self, reader: readers.Reader) -> Mapping[str, Any]:
        ask = self._mapping(self.content, "ask")
        self._known(ask, {*reader.NEEDS, *reader.TAKES}, "something that this reader asks for")
        for member in sorted(reader.NEEDS):
            if not ask.get(member):
                raise self._bad(ask.get(LINE, self.line), f"does not say `{member}` under `ask`", f"Add `{member}:`.")
        plain: dict[str, Any] = _plain(ask)
        if rule := reader.wrong(plain):
            raise self._bad(ask.get(LINE, self.line), rule, "docs/collect.md shows what the reader takes.")
        return plain

    def _tables(self, relations: Mapping[str, tuple[str, ...]]) -> tuple[Mapped, ...]:
        tables = self._mapping(self.content, "tables")
        mapped = []
        for table in tables:
            if table == LINE:
                continue
            content = self._mapping(tables, table)
            self._known(content, {"from", "where", "columns"}, "something said of a table")
            relation = self._text(content, "from") if "from" in content else None
            if relation is None and len(relations) > 1:
                raise self._bad(table.line, "does not say which relation it comes `from`", _one_of(relations), table)
            if relation is not None and relation not in relations:
                raise self._bad(relation.line, "is not a relation of this reader", _one_of(relations), relation)
            source = str(relation or next(iter(relations)))
            columns = {
                str(field): self._column(self._mapping(content, "columns"), field, relations[source])
                for field in self._mapping(content, "columns")
                if field != LINE
            }
            if not columns:
                raise self._bad(table.line, "has no `columns`", "Say where each field comes from.", table)
            where = self._where(self._mapping(content, "where"), relations[source])
            mapped.append(Mapped(str(table), source, where, columns))
        return tuple(mapped)

    def _where(self, where: dict[Any, Any], known: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        for name in where:
            self._known_column(name, known)
        return {str(name): self._texts(where, name) for name in where if name != LINE}

    def _column(self, columns: dict[Any, Any], field: Text, known: tuple[str, ...]) -> Column:
        value = columns[field]
        if isinstance(value, Text):
            self._known_column(value, known)
            return Column(column=str(value))
        content = self._mapping(columns, field)
        self._known(content, {*FILLED, *CHANGED}, "a way to fill a column")
        texts = {name: str(self._text(content, name)) for name in FILLED if name in content}
        if len(texts) != 1 or ("value" in texts and set(CHANGED) & set(content)):
            fix = "Say one of `column`, `template` and `value`; the first two can take `slug`, `codes` and `others`."
            raise self._bad(field.line, "is not filled in one way", fix, field)
        parts = re.findall(r"\{([^{}]*)\}", texts.get("template", ""))
        for name in [*([texts["column"]] if "column" in texts else []), *parts]:
            self._known_column(Text(name, field.line), known)
        if "template" in texts and not parts:
            raise self._bad(field.line, "has a template without a {column}", "Write `value` instead.", field)
        if content.get("slug", "yes") != "yes":
            raise self._bad(field.line, "has a `slug` that is not `yes`", "Write `slug: yes`, or leave it out.", field)
        keep, default = self._others(content, field)
        codes = {str(code): str(of[code]) for of, code in self._members(content, "codes")}
        return Column(codes=codes or None, slug="slug" in content, keep=keep, default=default, **texts)

    def _others(self, content: dict[Any, Any], field: Text) -> tuple[bool, str | None]:
        others = content.get("others")
        if others is None or others == "keep":
            return others is not None, None
        if isinstance(others, dict) and set(others) == {LINE, "value"} and isinstance(others["value"], Text):
            return False, str(others["value"])
        fix = "Write `others: keep` or `others: {value: …}`."
        raise self._bad(field.line, "has `others` that are not understood", fix, field)

    def _known_column(self, column: Any, known: tuple[str, ...]) -> None:
        """A reader whose relations name no columns takes them from what it reads."""
        if known and column != LINE and column not in known:
            raise self._bad(column.line, "is not a column of this reader", _one_of(known), column)

    def _expect(self, tables: tuple[Mapped, ...]) -> Mapping[str, Expected]:
        expect = self._mapping(self.content, "expect")
        fields = {mapped.table: mapped.columns for mapped in tables}
        self._known(expect, set(fields), "a table of this fetch")
        return {table: self._expected(expect, table, fields[table]) for table in fields}

    def _expected(self, expect: dict[Any, Any], table: str, fields: Mapping[str, Column]) -> Expected:
        content = self._mapping(expect, table)
        self._known(content, set(Expected.__dataclass_fields__), "something to expect")
        said: dict[str, Any] = {}
        for name in ("least", "most", "headers"):
            if name in content:
                said[name] = int(self._number(content, name, whole=True))
        for name in ("shrink", "lost", "variety", "moved"):
            if name in content:
                said[name] = self._number(content, name)
        for name in ("keeps", "same"):
            if name in content:
                said[name] = self._texts(content, name)
        said["change"] = {key: self._number(of, key) for of, key in self._members(content, "change")}
        said["has"] = {str(key): self._texts(of, key) for of, key in self._members(content, "has")}
        said["range"] = {str(key): self._bounds(of, key) for of, key in self._members(content, "range")}
        named = [*said.get("keeps", ()), *said.get("same", ()), *said["change"], *said["has"], *said["range"]]
        for name in named:
            if name not in fields:
                raise self._bad(
                    content[LINE], "is in `expect`, but is not a column of this table here", _one_of(fields), name
                )
        return Expected(**said)

    def _members(self, content: dict[Any, Any], name: str) -> list[tuple[dict[Any, Any], Any]]:
        mapping = self._mapping(content, name)
        return [(mapping, key) for key in mapping if key != LINE]

    def _bounds(self, content: dict[Any, Any], name: Text) -> tuple[float, float]:
        pair = self._texts(content, name)
        if len(pair) != 2 or not all(map(_is_number, pair)) or float(pair[0]) > float(pair[1]):
            raise self._bad(name.line, "is not a least and a largest figure", "Write [0, 100].", name)
        return float(pair[0]), float(pair[1])

    def _limits(self) -> Limits:
        content = self._mapping(self.content, "limits")
        self._known(content, set(Limits.__dataclass_fields__), "a limit")
        said = {str(name): self._number(content, name, above=0) for name in content if name != LINE}
        return Limits(**{name: int(value) if name in WHOLE else value for name, value in said.items()})  # type: ignore[arg-type]

    def _credentials(self) -> Credentials | None:
        if "credentials" not in self.content:
            return None
        content = self._mapping(self.content, "credentials")
        self._known(content, {"header", "variable"}, "something said of credentials")
        header, variable = self._text(content, "header"), self._text(content, "variable")
        self._pattern(header, "[A-Za-z0-9-]+", "is not the name of a header", "Write it like Authorization.")
        self._pattern(variable, "[A-Z][A-Z0-9_]*", "is not the name of a variable", "Write it like KOLADA_KEY.")
        return Credentials(str(header), str(variable))

    # -- values --

    def _text(self, content: dict[Any, Any], name: str) -> Text:
        value = content.get(name)
        if not isinstance(value, Text) or not value:
            raise self._bad(content.get(LINE, self.line), f"has a `{name}` that is not text", "Write one value.")
        return value

    def _texts(self, content: dict[Any, Any], name: str) -> tuple[str, ...]:
        value = content[name]
        members = value if isinstance(value, list) else [value]
        if not members or not all(isinstance(member, Text) for member in members):
            raise self._bad(content[LINE], f"has a `{name}` that is not a list of texts", "Write [a, b].")
        return tuple(map(str, members))

    def _mapping(self, content: dict[Any, Any], name: str) -> dict[Any, Any]:
        value = content.get(name, {})
        if not isinstance(value, dict):
            raise self._bad(
                content.get(LINE, self.line),
                f"has a `{name}` that is not a mapping",
                f"Write `{name}:` and its members below.",
            )
        return value

    def _number(self, content: dict[Any, Any], name: str, *, whole: bool = False, above: float = -1) -> float:
        text = self._text(content, name)
        if not _is_number(text) or float(text) <= above or float(text) < 0 or (whole and not text.isdigit()):
            raise self._bad(text.line, f"is not a number for `{name}`", "Write one like 10.", text)
        return float(text)

    def _pattern(self, text: Text, pattern: str, rule: str, fix: str) -> None:
        if not re.fullmatch(pattern, text):
            raise self._bad(text.line, rule, fix, text)

    def _known(self, content: dict[Any, Any], known: set[str], what: str) -> None:
        for member in content:
            if member != LINE and member not in known:
                raise self._bad(member.line, f"is not {what}", _one_of(known), member)

    def _bad(self, line: int | None, rule: str, fix: str, value: str | None = None) -> InvalidData:
        return _bad(self.name, line, rule, fix, value)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text))


def _one_of(known: Any) -> str:
    return f"Known are: {', '.join(sorted(known))}." if known else "Nothing is known here."


def _plain(value: Any) -> Any:
    """The value without line numbers."""
    if isinstance(value, dict):
        return {str(name): _plain(member) for name, member in value.items() if name != LINE}
    return [_plain(member) for member in value] if isinstance(value, list) else str(value)


def _bad(file: str, line: int | None, rule: str, fix: str, value: str | None = None) -> InvalidData:
    return InvalidData(Problem(Kind.BAD_SOURCE, rule, fix, file=file, row=line, value=value))
