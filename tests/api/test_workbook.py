from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from api.files.workbook import write_workbook
from api.schemas import PlanDocument


def written(plan: PlanDocument, lang: str = "zh") -> bytes:
    stream = io.BytesIO()
    write_workbook(plan, stream, lang=lang)
    return stream.getvalue()


def sheet(plan: PlanDocument, name: str, lang: str = "zh") -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(written(plan, lang)))[name]


def rows(page: Worksheet) -> list[dict[str, object]]:
    heading, *others = page.iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in others]


@pytest.mark.parametrize(
    ("lang", "names"),
    [
        ("zh", ["概要", "线路", "停靠", "迟到与未送达", "装载"]),
        ("en", ["Summary", "Routes", "Stops", "Late and unserved", "Loads"]),
    ],
)
def test_it_has_five_sheets_in_either_language(small_plan: PlanDocument, lang: str, names: list[str]) -> None:
    assert openpyxl.load_workbook(io.BytesIO(written(small_plan, lang))).sheetnames == names


def test_english_headings_are_complete(small_plan: PlanDocument) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(small_plan, "en")))
    headings = [str(cell.value) for page in book for cell in page[1]]
    assert all(heading.replace("m³", "").isascii() for heading in headings)
    assert all(str(row[0].value).isascii() or "m³" in str(row[0].value) for row in book["Summary"].iter_rows())


def test_stops_carry_clock_times_as_times_and_a_date_only_after_midnight(small_plan: PlanDocument) -> None:
    page = sheet(small_plan, "停靠")
    stops = rows(page)
    assert [stop["地点编号"] for stop in stops] == ["S1", "S2", "S3", "S4"]
    assert stops[0]["开始卸货"] == datetime(2022, 11, 20, 21, 13, 20)
    assert stops[3]["开始卸货"] == datetime(2022, 11, 21, 0, 1, 0)
    column = list(stops[0]).index("开始卸货") + 1
    assert page.cell(2, column).number_format == "hh:mm:ss"
    assert page.cell(5, column).number_format == "yyyy-mm-dd hh:mm:ss"
    assert stops[3]["迟到"] == timedelta(seconds=3660)
    assert [stop["状态"] for stop in stops] == ["按时", "按时", "按时", "迟到"]


def test_clock_times_are_those_of_the_scenarios_time_zone(small_plan: PlanDocument) -> None:
    scenario = small_plan.scenario.model_copy(update={"timezone": "America/Santiago"})
    stops = rows(sheet(small_plan.model_copy(update={"scenario": scenario}), "停靠"))
    assert stops[0]["开始卸货"] == datetime(2022, 11, 20, 10, 13, 20)


def test_late_and_unserved_come_with_their_reason(small_plan: PlanDocument) -> None:
    late, unserved = rows(sheet(small_plan, "Late and unserved", "en"))
    assert (late["State"], late["Site"], late["Reason code"]) == ("late", "S4", "TOO_FAR")
    assert late["Reason"] == "three hours at best"
    assert (unserved["State"], unserved["Site"], unserved["Required"]) == ("unserved", "S5", "yes")


def test_loads_are_summed_per_kind(small_plan: PlanDocument) -> None:
    loads = rows(sheet(small_plan, "装载"))
    assert [(load["车辆"], load["base"], load["箱数"]) for load in loads] == [
        ("V1", 60, 60),
        ("V1", 20, 20),
        ("合计", 80, 80),
    ]


def test_the_summary_counts_in_time_late_and_unserved(small_plan: PlanDocument) -> None:
    figures = {str(row["项目"]): row["内容"] for row in rows(sheet(small_plan, "概要"))}
    assert (figures["按时"], figures["迟到"], figures["未送达"]) == (3, 1, 1)
    assert figures["最后开始卸货"] == datetime(2022, 11, 21, 0, 1, 0)
    assert figures["提醒"] == "一处提醒"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1+1", "-2", "@SUM(A1)", "#N/A", "=1"])
def test_text_that_looks_like_a_formula_stays_text(renamed: Callable[[str], PlanDocument], text: str) -> None:
    raw = written(renamed(text))
    book = openpyxl.load_workbook(io.BytesIO(raw))
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert sum(cell.value == text and cell.data_type == "s" for cell in cells) >= 3
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets" in name)


def test_text_that_looks_like_a_formula_is_marked_as_quoted(renamed: Callable[[str], PlanDocument]) -> None:
    page = sheet(renamed("=1+1"), "停靠")
    (cell,) = [cell for cell in page[2] if cell.value == "=1+1"]
    assert cell.quotePrefix


def test_control_characters_are_left_out(renamed: Callable[[str], PlanDocument]) -> None:
    stops = rows(sheet(renamed("一\x00号\x1b点\ufffe"), "停靠"))
    assert stops[0]["地点名称"] == "一号点"


def test_a_very_long_text_is_cut_to_what_a_cell_holds(renamed: Callable[[str], PlanDocument]) -> None:
    stops = rows(sheet(renamed("长" * 40_000), "停靠"))
    assert len(str(stops[0]["地点名称"])) == 32_767


def test_every_sheet_prints_on_a4_landscape_with_its_heading_repeated(small_plan: PlanDocument) -> None:
    for page in openpyxl.load_workbook(io.BytesIO(written(small_plan))):
        assert page.freeze_panes == "A2"
        assert page.auto_filter.ref
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0)
        assert page.sheet_properties.pageSetUpPr is not None
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert page.print_title_rows == "$1:$1"


def test_same_plan_same_bytes_whatever_the_hour(small_plan: PlanDocument) -> None:
    raw = written(small_plan)
    assert raw == written(small_plan)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2022-11-20T13:00:00Z") == 2


def test_a_plan_that_serves_nothing_still_makes_a_workbook(small_plan: PlanDocument) -> None:
    empty = small_plan.model_copy(update={"routes": ()})
    assert [row["状态"] for row in rows(sheet(empty, "迟到与未送达"))] == ["未送达"]
