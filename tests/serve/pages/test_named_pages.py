"""The pages that metadata.yml declares, of a small package that has nothing to do with services."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.command import servicebanken
from tests.projects import field, package, put, reference, table
from tests.serve.pages.conftest import Reader, reader

METADATA = {
    "databases": {
        "gardens": {
            "start": {
                "lead": "Gardens and what grows in them.",
                "numbers": ["gardens"],
                "questions": [{"title": "For children", "questions": ["large"]}],
                "tables": ["gardens"],
            },
            "pages": {
                "tools": {
                    "kind": "guide",
                    "title": "Tools",
                    "table": "tools",
                    "by": "tool_needs.need",
                    "steps": "tool_steps.step",
                    "texts": ["how"],
                },
                "garden": {
                    "kind": "profile",
                    "title": "My garden",
                    "table": "gardens",
                    "similar": "soil",
                    "sections": ["plants"],
                    "figures": "measures",
                },
                "learned": {"kind": "story", "title": "Learned", "file": "learned.md"},
                "nothing": {"kind": "story", "title": "Nothing"},
                "odd": {"kind": "guide", "table": "nowhere"},
            },
            "queries": {
                "large": {
                    "title": "Large gardens",
                    "sql": "SELECT name, size, about, 'gardens/' || id AS record FROM gardens WHERE size > 9",
                    "columns": {"size": {"of": "gardens.size"}, "about": {"of": "gardens.about"}},
                },
            },
        }
    }
}

STORY = """# Big

There are {count: large} large gardens, of {value: large}. {count: missing} <script>alert(1)</script>
[no](javascript:alert(1))

{list: large}

{chart: large}
"""

CODES = {
    "soil": [{"value": "c", "label": "clay"}, {"value": "s", "label": "sand"}],
    "need": [{"value": "dig", "label": "to dig"}, {"value": "cut", "label": "to cut"}],
    "step": [{"value": "1", "label": "begin"}, {"value": "2", "label": "go on"}],
}


def _coded(name: str) -> dict[str, Any]:
    return field(name, categories=CODES[name], constraints={"enum": [code["value"] for code in CODES[name]]})


def _pairs(name: str, of: str, other: dict[str, Any]) -> dict[str, Any]:
    """A table that says what belongs to a row of another."""
    return table(name, [field(of), other], [of, other["name"]], foreignKeys=[reference(of, f"{of}s")])


@pytest.fixture(scope="module")
def gardener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("gardens")
    about = field("about", "boolean", title="roughly", follows="size")
    tables = [
        table(
            "gardens",
            [field("id"), field("name"), field("size", "number", unit="m2"), about, _coded("soil")],
            ["id"],
        ),
        _pairs("plants", "garden", field("plant")),
        table("tools", [field("id"), field("name"), field("how")], ["id"]),
        _pairs("tool_needs", "tool", _coded("need")),
        _pairs("tool_steps", "tool", _coded("step")),
        table("indicators", [field("id"), field("name")], ["id"]),
        table(
            "measures",
            [field("indicator"), field("garden"), field("year"), field("value", "number")],
            ["indicator", "garden", "year"],
            foreignKeys=[reference("indicator", "indicators"), reference("garden", "gardens")],
        ),
    ]  # fmt: skip
    files = {
        "gardens.csv": "id,name,size,about,soil\na,Åkern,1234.5,true,c\nb,Berget,3,,c\nc,Kullen,20,,s\n",
        "plants.csv": "garden,plant\na,oak\na,pine\n",
        "tools.csv": "id,name,how\nspade,Spade,Push it.\nknife,Knife,Draw it.\n",
        "tool_needs.csv": "tool,need\nknife,cut\nspade,cut\nspade,dig\n",
        "tool_steps.csv": "tool,step\nspade,1\nspade,2\n",
        "indicators.csv": "id,name\nrain,Rain\n",
        "measures.csv": "indicator,garden,year,value\nrain,a,2019,1\nrain,a,2020,2000\nrain,b,2018,7\n",
        "metadata.yml": json.dumps(METADATA),
    }
    package(folder, tables, files, name="gardens")
    put(folder, {"learned.md": STORY})
    run = servicebanken("build", "--quiet", "--project", folder)
    assert run.code == 0, run.err
    found = reader(folder / "build/releases/latest", "en")
    yield found
    found.con.close()


def _text(page: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", str(page).partition("<main")[2]))


def test_the_start_page_has_numbers_and_questions_by_reader(gardener: Reader) -> None:
    page = str(gardener.start().body)
    assert "Gardens and what grows in them." in page
    assert re.search(r"<strong>3</strong> Gardens", page)
    assert re.search(r"<h3>For children</h3>\s*<ul>\s*<li><a href=\"/en/gardens/large\">Large gardens</a>", page)


def test_a_guide_leads_from_a_need_step_by_step(gardener: Reader) -> None:
    assert re.search(
        r'<a href="\?need=cut"><strong>to cut</strong> <span class="count">2 suggestions</span>',
        str(gardener.page("tools").body),
    )
    said = _text(gardener.page("tools", ("need", "cut")).body)
    assert re.search(r"1 Begin Spade .*Push it\. .*2 Go on Spade \(described above\).* Other .*Knife Draw it\.", said)
    assert "Push it" not in _text(gardener.page("tools", ("need", "nothing")).body)


def test_rows_stand_side_by_side_with_what_there_is_of_each(gardener: Reader) -> None:
    page = str(gardener.page("garden", ("row", "a"), ("row", "berget"), ("row", "nowhere")).body)
    assert re.findall(r'<h2><a href="[^"]*">([^<]*)</a></h2>', page) == ["Åkern", "Berget"]
    assert "oak" in page
    assert "None in the data" in page
    assert "There is nothing called nowhere." in page
    figures = _text(page).partition("Figures")[2]
    assert re.search(r"Rain 2,000 2020 7 2018", figures)
    assert '<option value="c">Kullen</option>' in page
    alone = str(gardener.page("garden", ("row", "a")).body)
    assert '<a href="?row=a&amp;row=b">Berget</a>' in alone
    assert len(re.findall("<h2><a", str(gardener.page("garden", *[("row", each) for each in "abcab"]).body))) == 3


def test_a_story_takes_its_figures_from_the_release_and_nothing_that_runs(gardener: Reader) -> None:
    page = str(gardener.page("learned").body).partition('class="story"')[2]
    assert 'There are <a href="/en/gardens/large">2</a> large gardens, of <a href="/en/gardens/large">Åkern</a>' in page
    assert "{count: missing}" in page
    assert "<script>" not in page
    assert 'href="javascript' not in page
    assert re.search(
        r'<li><a href="/en/gardens/gardens/a">Åkern</a>, 1,234\.5\s*m2 <span>\(roughly\)</span></li>', page
    )
    assert '<svg class="chart"' in page


@pytest.mark.parametrize("name", ["nothing", "odd", "nowhere"])
def test_a_page_that_cannot_be_made_is_not_there(name: str, gardener: Reader) -> None:
    assert gardener.page(name).status == 404


def test_a_chart_is_a_file_and_a_page_that_others_may_frame(gardener: Reader) -> None:
    svg = str(gardener.chart("gardens", "svg", _chart="soil").body)
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "Gardens by soil" in svg
    assert gardener.chart("gardens", "csv", _chart="soil").body == b"soil,rows\nclay,2\nsand,1\n"
    page = gardener.chart("gardens", "html", _chart="soil", soil="c")
    assert page.may_be_framed
    assert "/en/gardens/gardens?soil=c" in str(page.body)
    assert gardener.chart("gardens", "svg", _chart="nothing").status == 404


def test_a_table_that_is_empty_and_a_filter_that_finds_nothing_say_why(gardener: Reader) -> None:
    said = _text(gardener.table("gardens", soil="s", size__gt="100").body)
    assert "Remove “Soil is sand” ( 1 row )" in said.replace("(1 row)", "( 1 row )")
    assert "1 of the 1 rows" not in said


def test_releases_are_compared_only_where_there_are_two(gardener: Reader) -> None:
    assert "There is only one release so far." in str(gardener.changes().body)
    assert gardener.changes(to="9.9.9").status == 404
