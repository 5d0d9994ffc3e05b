"""One scenario, many forms, one document."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from api.files.scenario import LoadedScenario, read_scenario
from api.files.template import write_template
from api.schemas import PlaceKind, ScenarioDocument
from api.validation import validate_scenario
from geodata.errors import BadInput
from geodata.model import Datum
from tests.api.scenario_files import (
    DOCUMENT,
    KEYS,
    LISTS,
    TOML,
    csv_folder,
    csv_text,
    document,
    workbook,
    write_geojson,
    write_xlsx,
    xlsx_folder,
)


def geojson_folder(folder: Path) -> Path:
    csv_folder(folder)
    for name in ("sites", "depots", "access_points"):
        (folder / f"{name}.csv").unlink()
        write_geojson(folder / f"{name}.geojson", LISTS[name])
    return folder


def chinese_folder(folder: Path) -> Path:
    csv_folder(folder)
    names = {"kinds": "品类", "access_points": "停靠点", "depots": "储备库", "sites": "点位", "vehicles": "车辆"}
    for name, chinese in names.items():
        (folder / f"{name}.csv").rename(folder / f"{chinese}.csv")
    return folder


def demand_list_folder(folder: Path) -> Path:
    csv_folder(folder)
    rows = [row[:8] for row in LISTS["sites"]]
    (folder / "sites.csv").write_text(csv_text(rows), encoding="utf-8")
    demands = [("101", "base", 20), ("S2", "base", 5), ("S3", "extra", 7), ("S2", "增量包", 3)]
    (folder / "需求.csv").write_text(csv_text([("点位编号", "品类", "数量"), *demands]), encoding="utf-8")
    return folder


def toml_orders_folder(folder: Path) -> Path:
    toml = TOML.replace("order_at = 2022-11-23T07:30:00\ntarget_min = 90\n", "")
    order = '[[orders]]\nid = "1"\norder_at = 2022-11-22T23:30:00Z\ntarget_s = 5400\n'
    return csv_folder(folder, toml=toml + order)


def order_list_folder(folder: Path) -> Path:
    toml = TOML.replace("order_at = 2022-11-23T07:30:00\ntarget_min = 90\n", "")
    csv_folder(folder, toml=toml)
    write_xlsx(
        folder / "批次.xlsx", {"x": [["编号", "下达时间", "送达时限"], [1, dt.datetime(2022, 11, 23, 7, 30), 90]]}
    )
    return folder


def chosen_files_folder(folder: Path) -> Path:
    csv_folder(folder, toml=TOML + '\n[files]\nsites = "清单/第3版.csv"\n')
    (folder / "清单").mkdir()
    (folder / "sites.csv").rename(folder / "清单" / "第3版.csv")
    return folder


def split_sites_folder(folder: Path) -> Path:
    csv_folder(folder)
    head, first, second, third = ([*row[:2], *row[3:]] for row in LISTS["sites"])
    (folder / "社区物资投放点.csv").write_text(csv_text([head, first, third]), encoding="utf-8")
    (folder / "sampling_sites.csv").write_text(csv_text([head, second]), encoding="utf-8")
    (folder / "sites.csv").unlink()
    return folder


FORMS: dict[str, Callable[[Path], Path]] = {
    "CSV in UTF-8": csv_folder,
    "CSV in UTF-8 with BOM": lambda path: csv_folder(path, encoding="utf-8-sig"),
    "CSV in GB18030": lambda path: csv_folder(path, encoding="gb18030"),
    "CSV in UTF-16": lambda path: csv_folder(path, encoding="utf-16"),
    "CSV with semicolons": lambda path: csv_folder(path, separator=";"),
    "CSV with tabs": lambda path: csv_folder(path, separator="\t"),
    "Chinese file names": chinese_folder,
    "XLSX lists": xlsx_folder,
    "one workbook": lambda path: workbook(path.with_suffix(".xlsx")),
    "GeoJSON": geojson_folder,
    "demand as a list": demand_list_folder,
    "orders in TOML": toml_orders_folder,
    "orders as a list": order_list_folder,
    "files named in TOML": chosen_files_folder,
    "JSON": lambda path: document(path.with_suffix(".json")),
    "JSON with BOM": lambda path: _with_bom(document(path.with_suffix(".json"))),
    "scenario.toml itself": lambda path: csv_folder(path) / "scenario.toml",
}


def _with_bom(path: Path) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return path


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_a_scenario_is_the_same_document(form: Callable[[Path], Path], tmp_path: Path) -> None:
    loaded = read_scenario(form(tmp_path / "场景"))
    assert loaded.document == validate_scenario(DOCUMENT)
    assert loaded.warnings == ()


def test_the_network_is_looked_for_beside_the_lists(tmp_path: Path) -> None:
    assert read_scenario(csv_folder(tmp_path / "a")).folder == tmp_path / "a"
    assert read_scenario(workbook(tmp_path / "b.xlsx")).folder == tmp_path
    assert read_scenario(document(tmp_path / "c.json")).folder == tmp_path


def test_drop_points_and_sampling_sites_may_be_lists_of_their_own(tmp_path: Path) -> None:
    loaded = read_scenario(split_sites_folder(tmp_path / "a"))
    assert [(site.id, site.kind) for site in loaded.document.sites] == [
        ("101", PlaceKind.DROP_POINT),
        ("S3", PlaceKind.DROP_POINT),
        ("S2", PlaceKind.SAMPLING_SITE),
    ]


def with_sites(folder: Path, rows: list[list[object]]) -> LoadedScenario:
    csv_folder(folder)
    (folder / "sites.csv").write_text(csv_text(rows), encoding="utf-8")
    return read_scenario(folder)


def test_numbers_may_be_full_width_spaced_or_with_thousands_commas(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "ＬＯＮ", " Lat ", "demand:base"], ["S1", "１２１．６", " 38.9 ", "1,200"]]
    site = with_sites(tmp_path / "a", rows).document.sites[0]
    assert (site.lon, site.lat, site.demand[0].units) == (121.6, 38.9, 1200)


@pytest.mark.parametrize(("word", "meaning"), [("是", True), ("√", True), ("YES", True), ("1", True), ("否", False), ("0", False), ("", False)])  # fmt: skip
def test_yes_and_no_have_many_words(word: str, meaning: bool, tmp_path: Path) -> None:  # noqa: FBT001
    rows: list[list[object]] = [["编号", "经度", "纬度", "必达", "需求:base"], ["S1", 121.6, 38.9, word, 1]]
    assert with_sites(tmp_path / "a", rows).document.sites[0].required is meaning


def test_blank_rows_and_a_title_above_the_headings_do_no_harm(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["点位清单"],
        [],
        *map(list, LISTS["sites"][:2]),
        ["", " "],
        *map(list, LISTS["sites"][2:]),
    ]
    assert with_sites(tmp_path / "a", rows).document == validate_scenario(DOCUMENT)


def test_a_bare_column_of_units_is_meant_for_the_only_kind(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "kinds.csv").write_text("编号,每件公斤\nkit,8\n", encoding="utf-8")
    (folder / "sites.csv").write_text("编号,经度,纬度,数量\nS1,121.6,38.9,4\n", encoding="utf-8")
    assert read_scenario(folder).document.sites[0].demand[0].model_dump() == {"kind": "kit", "units": 4, "order": None}


def test_excel_numbers_become_ids_and_whole_numbers(tmp_path: Path) -> None:
    sites = [["编号", "经度", "纬度", "电话", "户数", "需求:base"], [101.0, 121.6, 38.9, 13800000000, 20.0, 3.0]]
    path = write_xlsx(tmp_path / "a.xlsx", {"参数": KEYS, **LISTS, "sites": sites})
    site = read_scenario(path).document.sites[0]
    assert (site.id, site.phone, site.households) == ("101", "13800000000", 20)


def test_times_in_excel_and_text_are_local_to_the_scenario(tmp_path: Path) -> None:
    for number, moment in enumerate(
        (dt.datetime(2022, 11, 23, 7, 30), "2022-11-23 7:30", "2022/11/23 07:30:00", "2022年11月23日7时30分")
    ):
        keys = [*KEYS[:3], ["下达时间", moment], ["时区", "America/Santiago"]]
        path = write_xlsx(tmp_path / f"{number}.xlsx", {"参数": keys, **LISTS})
        assert read_scenario(path).document.orders[0].order_at.isoformat() == "2022-11-23T07:30:00-03:00"


def test_the_datum_is_declared_for_all_lists_or_for_each(tmp_path: Path) -> None:
    one = csv_folder(tmp_path / "a", toml=TOML + '\n[datum]\nsites = "BD09"\n')
    assert read_scenario(one).document.datum.sites is Datum.BD09
    assert read_scenario(one).document.datum.depots is Datum.WGS84
    every = write_xlsx(tmp_path / "b.xlsx", {"参数": [*KEYS, ["坐标系", "gcj02"]], **LISTS})
    assert set(read_scenario(every).document.datum.model_dump().values()) == {Datum.GCJ02}
    sites = write_xlsx(tmp_path / "c.xlsx", {"参数": [*KEYS, ["datum_sites", "百度"]], **LISTS})
    assert read_scenario(sites).document.datum.sites is Datum.BD09


def test_a_list_that_is_not_known_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "通讯录.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "readme.txt").write_text("x", encoding="utf-8")
    (folder / "~$sites.xlsx").write_bytes(b"lock")
    (warning,) = read_scenario(folder).warnings
    assert "通讯录.csv" in warning.zh
    (warning,) = read_scenario(workbook(tmp_path / "b.xlsx", 备注=[["x", "y"]], Sheet3=[])).warnings
    assert "备注" in warning.en


def test_unreadable_hours_can_be_listed_with_their_row(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a", toml=TOML + 'unreadable_hours = "list"\n')
    text = (folder / "sites.csv").read_text(encoding="utf-8").replace("24小时", "流动采样点")
    (folder / "sites.csv").write_text(text, encoding="utf-8")
    (warning,) = read_scenario(folder).warnings
    assert "sites.csv, row 4" in warning.en


def test_bad_rows_can_be_skipped_and_are_listed(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a", toml=TOML + 'bad_rows = "skip"\n')
    text = (folder / "sites.csv").read_text(encoding="utf-8").replace("121.61", "一二一").replace("G1", "G9")
    (folder / "sites.csv").write_text(text, encoding="utf-8")
    loaded = read_scenario(folder)
    assert [site.id for site in loaded.document.sites] == ["S3"]
    assert [warning.en.split(":")[0] for warning in loaded.warnings] == [
        "sites.csv, row 2, column 经度",
        "sites.csv, row 3, column 停靠点",
    ]


def test_the_template_reads_back_as_a_sound_scenario(tmp_path: Path) -> None:
    write_template(tmp_path / "new")
    loaded = read_scenario(tmp_path / "new")
    assert loaded.document.network == "sample:coquimbo"
    assert len(loaded.document.sites) == 8
    assert loaded.warnings == ()
    assert (tmp_path / "new" / "点位.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_template_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput):
        write_template(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_formatted_but_empty_cells_beyond_the_list_are_no_content(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    book["sites"]["Z300"].number_format = "0.00"
    book.save(path)
    assert read_scenario(path).document == validate_scenario(DOCUMENT)


def test_the_document_written_out_is_read_back_unchanged(tmp_path: Path) -> None:
    loaded = read_scenario(csv_folder(tmp_path / "a"))
    path = tmp_path / "out.json"
    path.write_text(loaded.document.model_dump_json(), encoding="utf-8")
    assert read_scenario(path).document == loaded.document
    assert ScenarioDocument.model_validate(json.loads(loaded.document.model_dump_json())) == loaded.document


@pytest.mark.slow
def test_ten_thousand_rows_are_read_in_a_moment(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "a")
    rows = [[f"S{n}", f"点{n}", None, 121.5 + n % 100 / 500, 38.9 + n // 100 / 1000, "周三8：00-11：30", "是", None, 1, None] for n in range(10_000)]  # fmt: skip
    (folder / "sites.csv").write_text(csv_text([LISTS["sites"][0], *rows]), encoding="utf-8")
    start = time.process_time()
    assert len(read_scenario(folder).document.sites) == 10_000
    assert time.process_time() - start < 2
