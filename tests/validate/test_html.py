"""The report as a page: complete in itself, escaped, bounded, the same bytes each time, and readable in a browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from pipeline.package.package import load
from pipeline.report import page as html
from pipeline.report.page import pages, render
from pipeline.validate import merged, validate
from pipeline.web.visible import cut, visible
from pipeline.web.words import LANGUAGES, Language
from tests.projects import field, package, put, reference, table

VOID = {"meta", "link", "br"}
SHAPES = {"rect", "line", "circle", "path"}


class Page(HTMLParser):
    """A parsed page: its tags with their attributes in order, and its text by the id or class around it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.unclosed.append(tag)
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1][0] != "style":
            self.texts.append((self.open[-1][0], data))

    @property
    def names(self) -> list[str]:
        """The tags in order."""
        return [tag for tag, _ in self.tags]

    @property
    def text(self) -> str:
        """The words of the page."""
        return re.sub(r"\s+", " ", " ".join(data for _, data in self.texts))

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, wherever it stands."""
        return [str(attributes[attribute]) for _, attributes in self.tags if attribute in attributes]

    def having(self, css_class: str) -> int:
        """How many tags have the class."""
        return sum(css_class in (attributes.get("class") or "").split() for _, attributes in self.tags)


def planted(folder: Path, hostile: str = "harmless") -> Path:
    """A package with an error of each gravity, and `hostile` in cells, labels, titles and codes."""
    solutions = table(
        "solutions",
        [
            field("id", title=hostile),
            field("name", constraints={"required": True}),
            field("kind", constraints={"enum": ["fixed", hostile]}),
            field("opened", "date"),
            field("people", "integer", constraints={"minimum": 0}),
            field("place"),
        ],
        ["id"],
        foreignKeys=[reference("place", "places")],
        title=hostile,
        description=hostile,
    )
    quoted = '"' + hostile.replace('"', '""') + '"'
    rows = [
        f"s1,{quoted},fixed,2017-05-01,10,idre",
        f"s2,Macken,{quoted}x,2018-05-01,{quoted},idre",
        f"s1,,fixed,{quoted},20,idre",
        f"s4,Digibyn,fixed,2019-05-01,-5,{quoted}",
        f"s5,Servicepunkten,fixed,2020-05-01,30,idre,{quoted}",
        f"s6,Bokbussen,{quoted}",
    ]
    return package(
        folder,
        [solutions, table("places", [field("id"), field("name")], ["id"]), table("empty", [field("id")])],
        {
            "solutions.csv": "id,name,kind,opened,people,place\n" + "\n".join(rows) + "\n",
            "places.csv": f"id,{quoted}\nidre,{quoted}\n",
            "empty.csv": "id\n",
        },
        title=hostile,
    )


def page_of(folder: Path, language: Language = "en", **options: Any) -> Page:
    """The parsed page of the report on what lies in a folder."""
    return Page(render(validate(folder), folder, language, **options))


# -- what it says ----------------------------------------------------------------------------------------------------


def test_the_page_says_the_verdict_and_every_table(tmp_path: Path) -> None:
    page = page_of(planted(tmp_path))
    assert "Not valid 3 tables, 7 rows, 12 errors" in page.text
    assert page.values("lang") == ["en"]
    assert [value for value in page.values("href") if value.startswith("#")] == ["#main", "#t1", "#t2", "#t3"]


def test_the_page_in_swedish(tmp_path: Path) -> None:
    page = page_of(planted(tmp_path), "sv")
    assert "Inte giltigt 3 tabeller, 7 rader, 12 fel" in page.text
    assert page.values("lang") == ["sv"]
    assert "inte ett heltal (integer)" in page.text
    assert not {"rows", "fields", "errors", "Missing", "Row", "shown"} & set(page.text.split())


def test_a_valid_package_is_said_to_be_valid_and_its_values_are_drawn(tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("id"), field("n", "integer")])], {"t.csv": "id,n\na,1\nb,\n"})
    page = page_of(tmp_path)
    assert "Valid 1 table, 2 rows, 0 errors" in page.text
    assert page.having("place") == 0
    assert "Missing values per field in t" in page.text


def test_a_problem_shows_its_row_and_its_neighbours_with_the_bad_cell_marked(tmp_path: Path) -> None:
    rows = "".join(f"{number},{'many' if number == 4 else number * 10}\n" for number in range(1, 9))
    package(tmp_path, [table("t", [field("id"), field("n", "integer")])], {"t.csv": f"id,n\n{rows}"})
    page = page_of(tmp_path)
    assert "Row 5 n many type error: not a whole number (integer)." in page.text
    assert "row id n 4 3 30 5 4 Wrong: many 6 5 50" in page.text
    assert page.having("bad-cell") == 1


def test_a_repeated_key_shows_the_row_that_has_it_already(tmp_path: Path) -> None:
    rows = "".join(f"{1 if number == 8 else number},x{number}\n" for number in range(1, 10))
    package(tmp_path, [table("t", [field("id", "integer"), field("n")], ["id"])], {"t.csv": f"id,n\n{rows}"})
    page = page_of(tmp_path)
    assert "2 Same value: 1 x1 ⋮ 8 7 x7 9 Wrong: 1 x8 10 9 x9" in page.text


def test_cells_that_a_row_lacks_are_told_from_empty_ones(tmp_path: Path) -> None:
    fields = [field("a"), field("b"), field("c")]
    package(tmp_path, [table("t", fields)], {"t.csv": "a,b,c\n1,,3\n1\n"})
    page = page_of(tmp_path)
    assert "b, c missing cell: the row ends before column 2." in page.text
    assert "2 1 empty 3 3 1 Wrong: no cell Wrong: no cell" in page.text


def test_a_wrong_header_is_shown_with_the_first_rows(tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("id"), field("n")])], {"t.csv": "id,m\n1,2\n"})
    page = page_of(tmp_path)
    assert "The header n m incorrect label: column 2 is 'm' and should be 'n'." in page.text
    assert "row id Wrong: m 2 1 2" in page.text


def test_errors_are_summed_per_rule_and_field(tmp_path: Path) -> None:
    rows = "".join("x,y\n" for _ in range(50))
    fields = [field("a", "integer"), field("b", constraints={"enum": ["z"]})]
    package(tmp_path, [table("t", fields)], {"t.csv": f"a,b\n{rows}"})
    page = page_of(tmp_path)
    assert "Rule Field Errors type error (integer) a 50 constraint error (enum) b 50" in page.text
    assert "8 of 100 errors are shown. The others are counted in the table above." in page.text


def test_a_wide_table_shows_the_columns_around_the_bad_cell_and_draws_the_first_fields(tmp_path: Path) -> None:
    fields = [field(f"f{number}", "integer") for number in range(120)]
    cells = ["7"] * 120
    cells[99] = "x"
    header = ",".join(each["name"] for each in fields)
    package(tmp_path, [table("t", fields)], {"t.csv": f"{header}\n{','.join(cells)}\n"})
    page = page_of(tmp_path)
    assert "row f0 … f98 f99 f100 2 7 … 7 Wrong: x 7" in page.text
    assert "The values of the first 50 fields are counted; 70 are left out." in page.text
    assert page.having("field") == 50


def test_numbers_and_dates_are_counted_in_intervals_and_texts_by_frequency(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n},2020-{n % 12 + 1:02}-01,{'often' if n % 3 else 'rare'}\n" for n in range(100))
    fields = [field("id"), field("n", "integer"), field("d", "date"), field("s")]
    package(tmp_path, [table("t", fields)], {"t.csv": f"id,n,d,s\n{rows}"})
    page = page_of(tmp_path)
    assert "Every value is different, for example: 0 1 10" in page.text
    assert "Value Rows 0–4 5 5–9 5" in page.text
    assert "Value Rows 2020-01 9 2020-02 9" in page.text
    assert "Most frequent: often, 66 of 100. often 66 rare 34" in page.text


def test_missing_values_are_those_of_the_schema(tmp_path: Path) -> None:
    described = table("t", [field("a"), field("b", missingValues=["?"])])
    described["schema"]["missingValues"] = ["", "NA"]
    package(tmp_path, [described], {"t.csv": "a,b\nNA,?\nx,NA\n,?\n"})
    page = page_of(tmp_path)
    assert "Field Missing Share a 2 67% b 2 67%" in page.text


def test_a_file_that_is_gone_has_its_error_and_no_cells(tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("id")])], {})
    page = page_of(tmp_path)
    assert "The file unreachable file" in page.text
    assert page.having("field") == 0


def test_an_error_of_the_package_has_its_place(tmp_path: Path) -> None:
    described = table("t", [field("id", constraints={"minimum": 1})])
    package(tmp_path, [described], {"t.csv": "id\n1\n"})
    page = page_of(tmp_path)
    assert "Not valid" in page.text
    assert "Correct datapackage.json" in page.text


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_a_table_that_duckdb_does_not_read_itself_is_drawn_all_the_same(encoding: str, tmp_path: Path) -> None:
    described = table("t", [field("id"), field("n", "integer")], encoding=encoding)
    package(tmp_path, [described], {"t.csv": "id,n\nå,1\nä,x\nö,3\n".encode(encoding)})
    page = page_of(tmp_path)
    assert "2 å 1 3 ä Wrong: x 4 ö 3" in page.text
    assert page.having("field") == 2


def test_a_table_alone_a_schema_beside_it_and_several_sources(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "id,n\n1,x\n", "b.csv": "id,n\n1,2,3\n"})
    put(tmp_path, {"schema.json": json.dumps({"fields": [field("id"), field("n", "integer")]})})
    alone = tmp_path / "a.csv"
    report = validate(alone, schema=tmp_path / "schema.json")
    page = Page(render(report, alone, schema=tmp_path / "schema.json"))
    assert "2 1 Wrong: x" in page.text
    other = validate(tmp_path / "b.csv")
    both = Page(render(merged([report, other]), [alone, tmp_path / "b.csv"], schema=tmp_path / "schema.json"))
    assert "a.csv, b.csv" in both.text
    assert "2 1 Wrong: x" in both.text
    assert "2 1 2 Wrong: 3" in both.text


def test_data_within_the_descriptor_is_shown(tmp_path: Path) -> None:
    described = {"name": "t", "type": "table", "data": [["id", "n"], ["a", "x"], ["b", 2]]}
    described["schema"] = {"fields": [field("id"), field("n", "integer")]}  # type: ignore[assignment]
    package(tmp_path, [described], {})
    assert "2 a Wrong: x 3 b 2" in page_of(tmp_path).text


def test_the_page_of_a_loaded_package_is_that_of_its_folder(tmp_path: Path) -> None:
    planted(tmp_path)
    report = validate(tmp_path)
    assert render(report, load(tmp_path)) == render(report, tmp_path) == render(report, tmp_path / "datapackage.json")


# -- what it must never do -------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\" onmouseover='alert(1)' x=\"",
    "</style></title></textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "<!-- --><![CDATA[<b>]]>&lt;i&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "\u202ereversed\u2066\u200f",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_from_data_or_descriptor_becomes_a_tag_or_an_attribute(hostile: str, tmp_path: Path) -> None:
    tame = page_of(planted(tmp_path / "tame", "h" * len(hostile)))
    page = page_of(planted(tmp_path / "hostile", hostile))
    assert [(tag, sorted(attributes)) for tag, attributes in page.tags] == [
        (tag, sorted(attributes)) for tag, attributes in tame.tags
    ]
    assert page.unclosed == []
    assert not {"script", "img", "iframe", "object", "form", "base"} & set(page.names)
    assert [name for _, attributes in page.tags for name in attributes if name.startswith("on")] == []
    assert {value for value in page.values("href") if not re.fullmatch(r"#\w+", value)} == {"data:,"}
    assert page.values("src") == []
    assert visible(hostile) in page.text


def test_what_turns_the_writing_or_does_not_show_is_written_as_its_code(tmp_path: Path) -> None:
    text = render(validate(planted(tmp_path, "a\u202eb\u200b\x07c\u2028")), tmp_path)
    assert not set("\u202e\u200b\x07\u2028") & set(text)
    assert "a⟨U+202E⟩b⟨U+200B⟩⟨U+0007⟩c⟨U+2028⟩" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a↵b⇥c"),
        (" a  ", "␣a␣␣"),
        ("  ", "␣␣"),
        ("å\u00a0ä", "å\u00a0ä"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("النقطة", "النقطة"),
        ("\ud800", "⟨U+D800⟩"),
    ],
)
def test_a_cell_is_made_visible_and_cut(text: str, shown: str) -> None:
    assert cut(text) == shown


@given(st.text())
@example("\u2066 \x00")
@settings(max_examples=300)
def test_any_text_is_visible_bounded_and_can_be_written(text: str) -> None:
    shown = cut(text)
    assert all(each.isprintable() or each == "\u00a0" for each in shown)
    assert len(shown) <= 60 * len("⟨U+10FFFF⟩")
    assert shown.encode("utf-8").decode("utf-8") == shown


def test_the_page_asks_for_nothing(tmp_path: Path) -> None:
    text = render(validate(planted(tmp_path)), tmp_path)
    assert not re.search(r"(?:src|href|action|data)=[\"'](?!#|data:,)|@import|url\(|https?://|<script", text)
    assert "default-src 'none'" in text


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    planted(tmp_path)
    first, second = (render(validate(tmp_path), tmp_path, "sv") for _ in range(2))
    assert first == second


def test_ids_are_unique_and_what_is_named_is_there(tmp_path: Path) -> None:
    page = page_of(planted(tmp_path))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = [each for value in page.values("aria-labelledby") for each in value.split()]
    assert set(named) <= set(ids)
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(ids)
    charts = [attributes for tag, attributes in page.tags if tag == "svg" and attributes.get("role") == "img"]
    assert charts
    assert all(len(str(chart["aria-labelledby"]).split()) == 2 for chart in charts)
    assert page.names.count("details") == len(charts)


def test_a_page_is_bounded_whatever_the_number_of_errors_and_the_length_of_cells(tmp_path: Path) -> None:
    fields = [field("id"), field("n", "integer"), field("s", constraints={"maxLength": 3})]
    rows = "".join(f"{number},{'x' * 20_000},{'<' * 1_000}\n" for number in range(600))
    package(tmp_path, [table("t", fields, ["id"])], {"t.csv": f"id,n,s\n{rows}"})
    report = validate(tmp_path)
    assert len(render(report, tmp_path)) < 60_000
    assert Page(render(report, tmp_path, limit=1)).having("place") == 1


def test_tables_and_fields_beyond_the_bounds_are_counted_and_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "TABLES", 2)
    monkeypatch.setattr(html, "FIELDS_OF_PAGE", 3)
    names = [f"t{number}" for number in range(4)]
    package(
        tmp_path,
        [table(name, [field("a", "integer"), field("b")]) for name in names],
        {f"{name}.csv": "a,b\nx,1\n" for name in names},
    )
    page = page_of(tmp_path)
    assert page.having("card") == 2
    assert page.having("field") == 3
    assert "Problems are shown of the first 2 tables that have any." in page.text
    assert "The values of the first 1 fields are counted; 1 are left out." in page.text


@pytest.mark.parametrize(
    "values",
    [
        ["1e308", "-1e308", *map(str, range(20))],
        ["NaN", "INF", "-INF"],
        [str(10**30 + number) for number in range(20)],
        ["0.1", "0.10000000000000001", *(f"0.{number}" for number in range(2, 30))],
    ],
)
def test_any_numbers_can_be_drawn(values: list[str], tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("n", "number")])], {"t.csv": "n\n" + "\n".join(values) + "\n"})
    assert f"number · {len(values)} values" in page_of(tmp_path).text


@pytest.mark.parametrize(
    "values", [["0001-01-01", "9999-12-31"], ["2020-02-28", "2020-02-29", "2020-03-01"], ["9999-12-31"], ["1999-12-31"]]
)
def test_any_dates_can_be_drawn(values: list[str], tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("d", "date")])], {"t.csv": "d\n" + "\n".join(values) + "\n"})
    page = page_of(tmp_path)
    assert f"From {values[0]} to {values[-1]}." in page.text


# -- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser_the_page_fits_asks_for_nothing_and_complains_of_nothing(
    width: int, scheme: Literal["light", "dark"], browser: Browser, tmp_path: Path
) -> None:
    planted(tmp_path, HOSTILE[1])
    file = put(tmp_path, {"report.html": render(validate(tmp_path), tmp_path, "sv")}) / "report.html"
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(file.as_uri())
    assert said == []
    assert asked == [file.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    box = tab.locator("svg[role=img]").first.bounding_box()
    assert box is not None and box["width"] > 100
    assert tab.get_by_role("img", name="Värden som saknas per fält i solutions").count() == 1
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_every_text_has_contrast_enough(
    scheme: Literal["light", "dark"], browser: Browser, tmp_path: Path
) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, with the colours that the browser computed."""
    planted(tmp_path)
    file = put(tmp_path, {"report.html": render(validate(tmp_path), tmp_path)}) / "report.html"
    tab = browser.new_page(color_scheme=scheme)
    tab.goto(file.as_uri())
    assert tab.evaluate(CONTRASTS) == []
    tab.close()


def test_pages_in_both_languages_are_those_that_are_made_one_by_one(tmp_path: Path) -> None:
    package(
        tmp_path,
        [table("towns", [field("id"), field("people", "integer")], key=["id"]), table("parks", [field("id")])],
        {"towns.csv": "id,people\na,1\na,x\n", "parks.csv": "id\np\n\n"},
    )
    report = validate(tmp_path)
    assert pages(report, tmp_path) == {language: render(report, tmp_path, language) for language in LANGUAGES}


CONTRASTS = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const found = channels(getComputedStyle(element).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest(".unseen, title, desc")) continue;
    const style = getComputedStyle(element);
    const ink = channels(element.closest("svg") ? style.fill : style.color);
    const opacity = Number(style.opacity), below = ground(element);
    const seen = ink.slice(0, 3).map((c, at) => c * opacity + below[at] * (1 - opacity));
    const [one, other] = [light(seen), light(below)].sort((a, b) => b - a);
    const ratio = (one + .05) / (other + .05);
    if (ratio < 4.5) poor.push([element.className, element.textContent.slice(0, 30), ratio]);
  }
  return poor;
}"""
