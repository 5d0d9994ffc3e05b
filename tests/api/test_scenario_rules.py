"""What further rules ask of lists: drivers, stock, breaks, passes, zones, and who may come; good in every form, and bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.files.scenario import LoadedScenario, read_scenario
from api.validation import validate_scenario
from geodata.errors import BadInput, Complaint
from tests.api.scenario_files import Rows, csv_text, write_geojson, write_xlsx

TOML = """\
network = "net.bgn"
order_at = 2022-11-23T07:30:00

[settings]
target_from = "departure"
longest_route_min = 480
disinfection_s = 1200
unpreferred_price_s = 900
"""

KEYS: Rows = [
    ["名称", "值"],
    ["路网", "net.bgn"],
    ["下达时间", "2022-11-23 07:30"],
    ["时限起算", "按出发"],
    ["最长线路(分钟)", 480],
    ["消毒时间(分钟)", 20],
    ["非优先车辆代价(秒)", 900],
]

LISTS: dict[str, Rows] = {
    "kinds": [["编号", "名称", "每件公斤", "不可同车"], ["food", "食品", 8, "消毒液、soap"], ["bleach", "消毒液", 5, None], ["soap", "肥皂", 1, None]],
    "depots": [
        ["编号", "经度", "纬度", "固定装车时间(秒)", "每箱装车时间(秒)", "装车位", "库存:food"],
        ["D1", 121.6, 38.9, 300, 1.5, 2, 40],
        ["D2", 121.65, 38.95, None, None, None, None],
    ],
    "stock": [["储备库", "品类", "数量"], ["D2", "消毒液", 7], ["D1", "bleach", 0]],
    "sites": [
        ["编号", "经度", "纬度", "需求:food", "送达时限(分钟)", "风险等级", "最多车辆数", "指定车辆", "禁止车辆", "优先车辆", "所需通行证", "限车长(米)"],
        ["S1", 121.61, 38.91, 20, 90, "封控区", 2, "V；W", "V-2", "W", "红色通行证", 7.5],
        ["S2", 121.62, 38.93, 5, None, "管控区", None, None, None, None, None, None],
        ["S3", 121.63, 38.94, 1, None, None, None, "V W", None, None, None, None],
    ],
    "vehicles": [
        ["编号", "所属储备库", "数量", "载重(公斤)", "班次", "最多趟数", "可补货储备库", "休息", "通行证", "车长(米)", "准驾车型"],
        ["V", "D1", 2, 500, "6:00-20:00", 3, "D1,D2", "11:30-13:00/30；18:00-19:00/15分钟", "红色通行证", 5.9, "C1"],
        ["W", "D2", None, 500, None, None, None, None, "红色通行证\n夜间", 9, None],
    ],
    "drivers": [["编号", "姓名", "班次", "准驾车型", "熟悉点位", "电话"], ["P1", "王", "6:00-14:00", "C1、B2", "S1,S3", 13800000000], [7, None, None, None, None, None]],
}  # fmt: skip

DOCUMENT: dict[str, Any] = {
    "network": "net.bgn",
    "settings": {
        "target_from": "departure",
        "longest_route_s": 28_800,
        "disinfection_s": 1_200,
        "unpreferred_price_s": 900,
    },
    "orders": [{"id": "1", "order_at": "2022-11-23T07:30:00+08:00"}],
    "kinds": [
        {"id": "food", "name": "食品", "kg": 8, "apart": ["bleach", "soap"]},
        {"id": "bleach", "name": "消毒液", "kg": 5},
        {"id": "soap", "name": "肥皂", "kg": 1},
    ],
    "depots": [
        {
            "id": "D1",
            "lon": 121.6,
            "lat": 38.9,
            "loading_s": 300,
            "loading_per_crate_s": 1.5,
            "loading_bays": 2,
            "stock": [{"kind": "food", "units": 40}, {"kind": "bleach", "units": 0}],
        },
        {"id": "D2", "lon": 121.65, "lat": 38.95, "stock": [{"kind": "bleach", "units": 7}]},
    ],
    "sites": [
        {
            "id": "S1",
            "lon": 121.61,
            "lat": 38.91,
            "demand": [{"kind": "food", "units": 20}],
            "target_s": 5400,
            "zone": "sealed",
            "max_vehicles": 2,
            "vehicles": ["V", "W"],
            "not_vehicles": ["V-2"],
            "prefer_vehicles": ["W"],
            "needs_pass": "红色通行证",
            "longest_vehicle_m": 7.5,
        },
        {
            "id": "S2",
            "lon": 121.62,
            "lat": 38.93,
            "demand": [{"kind": "food", "units": 5}],
            "zone": "controlled",
        },
        {
            "id": "S3",
            "lon": 121.63,
            "lat": 38.94,
            "demand": [{"kind": "food", "units": 1}],
            "vehicles": ["V", "W"],
        },
    ],
    "vehicles": [
        {
            "id": "V",
            "depot": "D1",
            "count": 2,
            "capacity_kg": 500,
            "shift": "6:00-20:00",
            "max_loops": 3,
            "reload": ["D1", "D2"],
            "breaks": "11:30-13:00/30；18:00-19:00/15分钟",
            "passes": ["红色通行证"],
            "length_m": 5.9,
            "licence": "C1",
        },
        {"id": "W", "depot": "D2", "capacity_kg": 500, "passes": ["红色通行证", "夜间"], "length_m": 9},
    ],
    "drivers": [
        {
            "id": "P1",
            "name": "王",
            "shift": "6:00-14:00",
            "licences": ["C1", "B2"],
            "known_sites": ["S1", "S3"],
            "phone": "13800000000",
        },
        {"id": "7"},
    ],
}

CHINESE = {"kinds": "品类", "depots": "储备库", "stock": "库存", "sites": "点位", "vehicles": "车辆", "drivers": "司机"}


def csv_folder(folder: Path, lists: Mapping[str, Rows] = LISTS, *, toml: str = TOML) -> Path:
    folder.mkdir()
    (folder / "scenario.toml").write_text(toml, encoding="utf-8")
    for name, rows in lists.items():
        (folder / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
    return folder


def english_folder(folder: Path) -> Path:
    """The fields' own names as headings."""
    names = {
        "编号": "id", "经度": "lon", "纬度": "lat", "名称": "name", "姓名": "name", "每件公斤": "kg", "不可同车": "apart",
        "固定装车时间(秒)": "loading_s", "每箱装车时间(秒)": "loading_per_crate_s", "装车位": "loading_bays",
        "库存:food": "stock:food", "需求:food": "demand:food", "储备库": "depot", "品类": "kind", "送达时限(分钟)": "target_min",
        "风险等级": "zone", "最多车辆数": "max_vehicles", "指定车辆": "vehicles", "禁止车辆": "not_vehicles",
        "优先车辆": "prefer_vehicles", "所需通行证": "needs_pass", "限车长(米)": "longest_vehicle_m", "所属储备库": "depot",
        "载重(公斤)": "capacity_kg", "班次": "shift", "最多趟数": "max_loops", "可补货储备库": "reload", "休息": "break",
        "通行证": "passes", "车长(米)": "length_m", "熟悉点位": "known_sites", "电话": "phone",
    }  # fmt: skip
    other = {"vehicles": {"数量": "count", "准驾车型": "licence"}, "drivers": {"准驾车型": "licences"}, "stock": {"数量": "units"}}  # fmt: skip
    lists = {
        name: [[(names | other.get(name, {}))[str(heading)] for heading in rows[0]], *rows[1:]]
        for name, rows in LISTS.items()
    }
    return csv_folder(folder, lists)


def stock_columns_folder(folder: Path) -> Path:
    """Stock in columns only, kinds by id or name."""
    heading, first, second = LISTS["depots"]
    depots = [[*heading, "stock：消毒液"], [*first, 0], [*second, 7]]
    return csv_folder(folder, {name: rows for name, rows in LISTS.items() if name != "stock"} | {"depots": depots})


def geojson_folder(folder: Path) -> Path:
    csv_folder(folder)
    for name in ("sites", "depots"):
        (folder / f"{name}.csv").unlink()
        write_geojson(folder / f"{name}.geojson", LISTS[name])
    return folder


def workbook(path: Path) -> Path:
    sheets = {CHINESE[name]: rows for name, rows in LISTS.items()}
    return write_xlsx(path.with_suffix(".xlsx"), {"参数": KEYS, **sheets})


def document(path: Path, raw: object = DOCUMENT) -> Path:
    path = path.with_suffix(".json")
    path.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")
    return path


FORMS: dict[str, Callable[[Path], Path]] = {
    "CSV": csv_folder,
    "CSV in English": english_folder,
    "stock in columns": stock_columns_folder,
    "GeoJSON": geojson_folder,
    "workbook": workbook,
    "JSON": document,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_with_all_rules_is_the_same_document(form: Callable[[Path], Path], tmp_path: Path) -> None:
    loaded = read_scenario(form(tmp_path / "场景"))
    assert loaded.document == validate_scenario(DOCUMENT)
    assert loaded.warnings == ()


def with_cells(**cells: object) -> Callable[[Path], Path]:
    """A folder in which cells are others, each named as list__row__heading; rows count from 1 as in the file."""
    lists = {name: [list(row) for row in rows] for name, rows in LISTS.items()}
    for where, cell in cells.items():
        name, row, heading = where.split("__")
        lists[name][int(row) - 1][lists[name][0].index(heading)] = cell
    return lambda folder: csv_folder(folder, lists)


def with_rows(name: str, rows: Rows) -> Callable[[Path], Path]:
    return lambda folder: csv_folder(folder, {**LISTS, name: rows})


def cell(name: str, row: int, heading: str, to: object) -> Callable[[Path], Path]:
    return with_cells(**{f"{name}__{row}__{heading}": to})


def complaints(path: Path) -> tuple[Complaint, ...]:
    with pytest.raises(BadInput) as refusal:
        read_scenario(path)
    return refusal.value.complaints


BAD: list[tuple[Callable[[Path], Path], tuple[str, int | None, str], str]] = [
    (cell("kinds", 2, "不可同车", "漂白剂"), ("kinds.csv", 2, "不可同车"), "unknown kind '漂白剂'"),
    (cell("kinds", 3, "不可同车", "bleach"), ("kinds.csv", 3, "不可同车"), "apart from itself"),
    (cell("depots", 2, "固定装车时间(秒)", -1), ("depots.csv", 2, "固定装车时间(秒)"), "at least 0"),
    (cell("depots", 2, "每箱装车时间(秒)", "快"), ("depots.csv", 2, "每箱装车时间(秒)"), "number"),
    (cell("depots", 2, "装车位", 0), ("depots.csv", 2, "装车位"), "at least 1"),
    (cell("depots", 2, "装车位", 1.5), ("depots.csv", 2, "装车位"), "whole"),
    (cell("depots", 2, "库存:food", -4), ("depots.csv", 2, "库存:food"), "at least 0"),
    (cell("depots", 1, "库存:food", "库存:rice"), ("depots.csv", 2, "库存:rice"), "unknown kind 'rice'"),
    (cell("depots", 1, "装车位", "库存:食品"), ("depots.csv", 1, "库存:food"), "repeated"),
    (cell("stock", 2, "储备库", "D22"), ("stock.csv", 2, "储备库"), "did you mean 'D2'?"),
    (cell("stock", 2, "储备库", ""), ("stock.csv", 2, "储备库"), "missing"),
    (cell("stock", 2, "品类", "bleech"), ("stock.csv", 2, "品类"), "did you mean 'bleach'?"),
    (cell("stock", 2, "品类", ""), ("stock.csv", 2, "品类"), "missing"),
    (cell("stock", 2, "数量", -7), ("stock.csv", 2, "数量"), "at least 0"),
    (cell("stock", 2, "数量", ""), ("stock.csv", 2, "数量"), "missing"),
    (cell("stock", 3, "品类", "food"), ("stock.csv", 3, ""), "'food' is given twice"),
    (with_rows("stock", [["储备库", "品类"], ["D1", "bleach"]]), ("stock.csv", 1, "数量"), "units"),
    (with_rows("stock", [["品类", "数量"], ["bleach", 3]]), ("stock.csv", 1, "储备库"), "depot"),
    (with_rows("demands", [["点位", "品类"], ["S1", "soap"]]), ("demands.csv", 1, "数量"), "units"),

    (cell("sites", 2, "送达时限(分钟)", 0), ("sites.csv", 2, "送达时限(分钟)"), "greater than 0"),
    (cell("sites", 2, "送达时限(分钟)", 361), ("sites.csv", 2, "送达时限(分钟)"), "round limit"),
    (cell("sites", 2, "风险等级", "红区"), ("sites.csv", 2, "风险等级"), "'sealed'"),
    (cell("sites", 2, "最多车辆数", 0), ("sites.csv", 2, "最多车辆数"), "at least 1"),
    (cell("sites", 2, "指定车辆", "V、X"), ("sites.csv", 2, "指定车辆"), "unknown vehicle 'X'"),
    (cell("sites", 2, "指定车辆", "V-3"), ("sites.csv", 2, "指定车辆"), "unknown vehicle 'V-3'"),
    (cell("sites", 2, "指定车辆", "W-1"), ("sites.csv", 2, "指定车辆"), "unknown vehicle 'W-1'"),
    (cell("sites", 2, "指定车辆", "V-2"), ("sites.csv", 2, "指定车辆"), "among those that may not come"),
    (cell("sites", 2, "禁止车辆", "辽B1"), ("sites.csv", 2, "禁止车辆"), "unknown vehicle"),
    (cell("sites", 2, "优先车辆", "V-9"), ("sites.csv", 2, "优先车辆"), "unknown vehicle"),
    (cell("sites", 2, "优先车辆", "V-2"), ("sites.csv", 2, "优先车辆"), "among those that may not come"),
    (cell("sites", 2, "所需通行证", "x" * 101), ("sites.csv", 2, "所需通行证"), "100"),
    (cell("sites", 2, "所需通行证", "#N/A"), ("sites.csv", 2, "所需通行证"), "formula"),
    (cell("sites", 2, "限车长(米)", 0), ("sites.csv", 2, "限车长(米)"), "greater than 0"),
    (cell("vehicles", 2, "最多趟数", 0), ("vehicles.csv", 2, "最多趟数"), "at least 1"),
    (cell("vehicles", 2, "最多趟数", 21), ("vehicles.csv", 2, "最多趟数"), "at most 20"),
    (cell("vehicles", 2, "可补货储备库", "D1、D9"), ("vehicles.csv", 2, "可补货储备库"), "unknown depot 'D9'"),
    (cell("vehicles", 2, "休息", "中午半小时"), ("vehicles.csv", 2, "休息"), "write the break"),
    (cell("vehicles", 2, "休息", "13:00-11:30/30"), ("vehicles.csv", 2, "休息"), "before they start"),
    (cell("vehicles", 2, "休息", "11:30-13:00/0"), ("vehicles.csv", 2, "休息"), "write the break"),
    (cell("vehicles", 2, "休息", "20:00-21:00/30"), ("vehicles.csv", 2, "休息"), "does not fit into the shift"),
    (cell("vehicles", 2, "休息", "5:00-5:50/30"), ("vehicles.csv", 2, "休息"), "does not fit into the shift"),
    (cell("vehicles", 2, "通行证", "#REF!"), ("vehicles.csv", 2, "通行证"), "formula"),
    (cell("vehicles", 2, "车长(米)", -5), ("vehicles.csv", 2, "车长(米)"), "greater than 0"),
    (cell("vehicles", 2, "车长(米)", "6米"), ("vehicles.csv", 2, "车长(米)"), "number"),
    (cell("drivers", 2, "编号", ""), ("drivers.csv", 2, "编号"), "missing"),
    (cell("drivers", 3, "编号", "P1"), ("drivers.csv", 3, "编号"), "more than once"),
    (cell("drivers", 2, "班次", "白班"), ("drivers.csv", 2, "班次"), "cannot be read"),
    (cell("drivers", 2, "班次", "6:00-8:00 9:00-14:00"), ("drivers.csv", 2, "班次"), "one interval"),
    (cell("drivers", 2, "熟悉点位", "S1 S9"), ("drivers.csv", 2, "熟悉点位"), "unknown site 'S9'"),
    (cell("drivers", 1, "熟悉点位", "熟悉的点"), ("drivers.csv", 1, "熟悉的点"), "熟悉点位"),
    (with_rows("drivers", [["姓名", "班次"], ["王", ""]]), ("drivers.csv", 1, "编号"), "id"),
    (with_rows("drivers", [["编号", "姓名"]]), ("drivers.csv", None, ""), "no rows"),
    (lambda folder: csv_folder(folder, toml=TOML.replace('"departure"', '"arrival"')), ("scenario.toml", 5, "settings.target_from"), "'departure'"),
    (lambda folder: csv_folder(folder, toml=TOML.replace("480", "0")), ("scenario.toml", 6, "settings.longest_route_min"), "greater than 0"),
    (lambda folder: csv_folder(folder, toml=TOML.replace("1200", "-1")), ("scenario.toml", 7, "settings.disinfection_s"), "at least 0"),
    (lambda folder: csv_folder(folder, toml=TOML.replace("900", '"dear"')), ("scenario.toml", 8, "settings.unpreferred_price_s"), "whole"),
    (lambda folder: csv_folder(folder, toml=TOML + "disinfection_min = 20\n"), ("scenario.toml", 9, "settings.disinfection_min"), "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "place", "words"), BAD, ids=[f"{row[1][0]} {row[1][2]} {row[2]}" for row in BAD])
def test_a_bad_cell_is_named_by_file_row_and_column(
    make: Callable[[Path], Path], place: tuple[str, int | None, str], words: str, tmp_path: Path
) -> None:
    found = complaints(make(tmp_path / "场景"))
    assert [(one.file, one.row, one.column) for one in found] == [place], found
    assert words in found[0].message.en
    assert found[0].message.zh
    assert found[0].message.zh != found[0].message.en


def test_a_bad_cell_on_a_sheet_is_named_by_sheet(tmp_path: Path) -> None:
    lists = {CHINESE[name]: rows for name, rows in LISTS.items()}
    lists["司机"] = [["编号", "熟悉点位"], ["P1", "S9"]]
    lists["库存"] = [["储备库", "品类", "数量"], ["D1", "bleach", -1]]
    found = complaints(write_xlsx(tmp_path / "a.xlsx", {"参数": KEYS, **lists}))
    assert {(one.file, one.sheet, one.row, one.column) for one in found} == {
        ("a.xlsx", "库存", 2, "数量"),
        ("a.xlsx", "司机", 2, "熟悉点位"),
    }


def test_a_bad_property_is_named_by_its_pointer(tmp_path: Path) -> None:
    folder = geojson_folder(tmp_path / "a")
    path = folder / "sites.geojson"
    path.write_text(path.read_text(encoding="utf-8").replace('"V W"', '"V X"'), encoding="utf-8")
    (complaint,) = complaints(folder)
    assert (complaint.file, complaint.pointer) == ("sites.geojson", "/features/2/properties/指定车辆")


def test_every_complaint_about_the_rules_comes_at_once(tmp_path: Path) -> None:
    cells = {
        "kinds__2__不可同车": "x",
        "depots__2__装车位": 0,
        "stock__2__品类": "y",
        "sites__2__指定车辆": "z",
        "vehicles__2__休息": "?",
        "drivers__2__熟悉点位": "S9",
    }
    found = complaints(with_cells(**cells)(tmp_path / "a"))
    places = {f"{one.file.removesuffix('.csv')}__{one.row}__{one.column}" for one in found}
    assert places == set(cells)


def read(folder: Path, **cells: object) -> LoadedScenario:
    return read_scenario(with_cells(**cells)(folder))


@pytest.mark.parametrize("text", ["V、W", "V,W", "V，W", "V;W", "V； W", "V W", "V\nW", " V 、W、", "V、、W"])
def test_several_names_in_a_cell_are_separated_in_many_ways(text: str, tmp_path: Path) -> None:
    assert read(tmp_path / "a", sites__4__指定车辆=text).document.sites[2].vehicles == ("V", "W")


def test_a_name_with_a_space_is_one_name_where_another_separator_stands(tmp_path: Path) -> None:
    loaded = read(tmp_path / "a", vehicles__3__通行证="红色 通行证、夜间")
    assert loaded.document.vehicles[1].passes == ("红色 通行证", "夜间")


def test_a_pass_that_no_vehicle_carries_is_not_bad_input(tmp_path: Path) -> None:
    assert read(tmp_path / "a", sites__2__所需通行证="没有的证").warnings == ()


def test_a_licence_that_fits_no_vehicle_is_not_bad_input(tmp_path: Path) -> None:
    assert read(tmp_path / "a", drivers__2__准驾车型="D").document.drivers[0].licences == ("D",)


def test_vehicles_without_length_are_listed_once_where_sites_limit_it(tmp_path: Path) -> None:
    cells = {"vehicles__2__车长(米)": "", "vehicles__3__车长(米)": ""}
    (warning,) = read(tmp_path / "a", **cells).warnings
    assert warning.en.startswith("vehicles.csv, row 2, column 车长(米): no length is given for 2 entries")
    assert "V、W" in warning.zh


def test_a_bad_driver_can_be_skipped_also_when_it_is_the_only_one(tmp_path: Path) -> None:
    rows: Rows = [["编号", "班次"], ["P1", "白班"]]
    loaded = read_scenario(csv_folder(tmp_path / "a", {**LISTS, "drivers": rows}, toml=TOML + 'bad_rows = "skip"\n'))
    assert loaded.document.drivers == ()
    assert loaded.warnings[0].en.startswith("drivers.csv, row 2, column 班次: this row was left out")


def test_a_site_that_names_a_skipped_vehicle_is_skipped_with_it(tmp_path: Path) -> None:
    lists = {name: [list(row) for row in rows] for name, rows in LISTS.items()}
    lists["vehicles"][2][3] = -1
    loaded = read_scenario(csv_folder(tmp_path / "a", lists, toml=TOML + 'bad_rows = "skip"\n'))
    assert [vehicle.id for vehicle in loaded.document.vehicles] == ["V"]
    assert [site.id for site in loaded.document.sites] == ["S2"]
    assert [driver.id for driver in loaded.document.drivers] == ["7"]
