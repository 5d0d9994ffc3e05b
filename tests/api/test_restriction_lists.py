"""Closures, checkpoints, zones and passes in every form they may come in, and what is wrong with some."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from api.files.scenario import read_scenario
from api.restrictions import exempt_from, passes_of, restrictions_of
from api.schemas import ScenarioDocument
from api.validation import validate_scenario
from geodata.errors import BadInput
from geodata.model import LonLat
from geodata.profile import Span
from geodata.restrictions import InForce, NamedRoad
from tests.api.scenario_files import DOCUMENT, LISTS, TOML, csv_text, workbook

BOX = [[[121.60, 38.90], [121.61, 38.90], [121.61, 38.91], [121.60, 38.91], [121.60, 38.90]]]
LINE = [[121.60, 38.90], [121.61, 38.91]]
ORDER_AT = datetime(2022, 11, 22, 23, 30, tzinfo=UTC)


def document(**lists: Any) -> dict[str, Any]:
    return deepcopy(DOCUMENT) | lists


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(kind: str, geometry: object, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **properties}}


GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        feature(
            "closure", {"type": "LineString", "coordinates": LINE}, id="C1", source="police", to="2022-11-24 06:00"
        ),
        feature("zone", polygon(*BOX), id="Z1", 风险等级="封控区", gates="121.605 38.90；121.61,38.905"),
        feature(
            "checkpoint", {"type": "Point", "coordinates": [121.62, 38.92]}, id="K1", delay_min=2, hours="6:00-22:00"
        ),
        feature("封闭", None, id="C2", road="中山路", from_lon=121.6, from_lat=38.9, to_lon=121.61, to_lat=38.9),
    ],
}
AS_LISTS = {
    "封闭.csv": [
        ["编号", "来源", "止", "道路", "起点经度", "起点纬度", "终点经度", "终点纬度", "图形"],
        ["C1", "police", "2022-11-24 06:00", "", "", "", "", "", "LINESTRING (121.60 38.90, 121.61 38.91)"],
        ["C2", "", "", "中山路", 121.6, 38.9, 121.61, 38.9, ""],
    ],
    "防控区.csv": [
        ["编号", "风险等级", "卡口", "图形"],
        ["Z1", "封控区", "121.605 38.90；121.61,38.905", json.dumps(polygon(*BOX))],
    ],
    "检查点.csv": [["编号", "经度", "纬度", "延误(分钟)", "开放时间"], ["K1", 121.62, 38.92, 2, "6:00-22:00"]],
}
PASSES = [
    ["证号", "车辆", "适用范围", "生效时间", "失效时间"],
    ["沪-001", "辽B1", "Z1、C1", "2022-11-23 00:00", "2022-11-25 00:00"],
    ["沪-002", "辽B1-2", "K1", "", "2022-11-25 00:00"],
]


def folder(path: Path, files: dict[str, Any]) -> Path:
    path.joinpath("scenario.toml").write_text(TOML, encoding="utf-8")
    for name, rows in (LISTS | files).items():
        stem = name if "." in name else f"{name}.csv"
        text = json.dumps(rows) if stem.endswith(".geojson") else csv_text(rows)
        path.joinpath(stem).write_text(text, encoding="utf-8")
    return path


def shown(found: ScenarioDocument) -> object:
    return found.closures, found.checkpoints, found.zones


def test_lists_and_a_common_geojson_file_make_the_same_document(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = read_scenario(folder(tmp_path / "one", {"restrictions.geojson": GEOJSON})).document
    two = read_scenario(folder(tmp_path / "two", AS_LISTS)).document
    assert shown(one) == shown(two)
    assert [closure.id for closure in one.closures] == ["C1", "C2"]
    assert one.closures[0].to_at == datetime(2022, 11, 23, 22, tzinfo=UTC)
    assert (one.checkpoints[0].delay_s, one.checkpoints[0].opening) == (120, "6:00-22:00")
    assert [(gate.lon, gate.lat) for gate in one.zones[0].gates] == [(121.605, 38.90), (121.61, 38.905)]


def test_a_workbook_holds_the_same_lists(tmp_path: Path) -> None:
    sheets = {name.removesuffix(".csv"): rows for name, rows in (AS_LISTS | {"通行证.csv": PASSES}).items()}
    found = read_scenario(workbook(tmp_path / "scenario.xlsx", **sheets)).document
    (tmp_path / "lists").mkdir()
    same = read_scenario(folder(tmp_path / "lists", AS_LISTS | {"通行证.csv": PASSES})).document
    assert shown(found) == shown(same)
    assert found.passes == same.passes


def test_restrictions_become_those_of_geodata(tmp_path: Path) -> None:
    found = restrictions_of(read_scenario(folder(tmp_path, {"限制.geojson": GEOJSON})).document)
    first, second = found.closures
    assert shapely.equals(first.shape, shapely.LineString(LINE))
    assert first.in_force == InForce(None, datetime(2022, 11, 23, 22, tzinfo=UTC))
    assert second.shape == NamedRoad("中山路", (LonLat(121.6, 38.9), LonLat(121.61, 38.9)))
    (zone,) = found.zones
    assert (zone.level, zone.needs_pass, len(zone.gates)) == ("sealed", True, 2)
    (checkpoint,) = found.checkpoints
    assert checkpoint.lets_through is None
    morning = ORDER_AT.replace(hour=22, minute=0)  # 06:00 in Shanghai
    assert not checkpoint.bars(Span(morning, morning + timedelta(hours=16)), frozenset())
    assert checkpoint.bars(Span(morning, morning + timedelta(hours=16, minutes=1)), frozenset())


def test_coordinates_of_restrictions_are_in_their_lists_own_datum() -> None:
    """Amap's 中山广场 lies some 500 m east of where it is in WGS-84."""
    raw = document(
        checkpoints=[{"id": "K", "lon": 121.6440, "lat": 38.9214}],
        zones=[{"id": "Z", "level": "sealed", "geometry": polygon(*BOX)}],
        datum={"checkpoints": "GCJ02"},
    )
    found = restrictions_of(validate_scenario(raw))
    location = found.checkpoints[0].location
    assert 121.637 < location.lon < 121.641
    assert 38.9198 < location.lat < 38.9209
    assert shapely.equals(found.zones[0].area, shapely.Polygon(BOX[0]))


def test_passes_come_from_their_list_and_from_vehicles(tmp_path: Path) -> None:
    raw = read_scenario(folder(tmp_path, AS_LISTS | {"通行证.csv": PASSES})).document
    assert [(each.number, each.vehicle, sorted(each.places)) for each in passes_of(raw)] == [
        ("沪-001", "辽B1-1", ["C1", "Z1"]),
        ("沪-001", "辽B1-2", ["C1", "Z1"]),
        ("沪-002", "辽B1-2", ["K1"]),
    ]
    own = document(vehicles=[DOCUMENT["vehicles"][0] | {"passes": ["Z1"], "count": 1}])
    assert [(each.vehicle, each.places, each.valid) for each in passes_of(validate_scenario(own))] == [
        ("辽B1", frozenset({"Z1"}), InForce())
    ]


def test_a_checkpoint_honours_its_own_pass_and_those_it_names() -> None:
    raw = document(
        checkpoints=[
            {"id": "K1", "lon": 121.6, "lat": 38.9, "needs_pass": True},
            {"id": "K2", "lon": 121.6, "lat": 38.9, "lets_through": ["Z"]},
        ],
        zones=[{"id": "Z", "level": "controlled", "geometry": polygon(*BOX), "exempt_orders": ["1"]}],
    )
    found = validate_scenario(raw)
    one, other = restrictions_of(found).checkpoints
    assert (one.lets_through, other.lets_through) == ({"K1"}, {"K2", "Z"})
    assert exempt_from(found, "1") == {"Z"}
    assert not restrictions_of(found).zones[0].needs_pass


# --- bad input ----------------------------------------------------------------------------------------------------


def complaints(raw: dict[str, Any]) -> dict[str, str]:
    """English messages by pointer; the Chinese ones are there, in Chinese punctuation."""
    with pytest.raises(BadInput) as refused:
        validate_scenario(raw)
    found = refused.value.complaints
    assert all(complaint.message.zh != complaint.message.en for complaint in found)
    assert not [complaint.message.zh for complaint in found if "," in complaint.message.zh.replace("[经度, 纬度]", "")]
    assert len({complaint.pointer for complaint in found}) == len(found)
    return {complaint.pointer: complaint.message.en for complaint in found}


BOW_TIE = [[121.60, 38.90], [121.61, 38.91], [121.61, 38.90], [121.60, 38.91], [121.60, 38.90]]
HOLE_OUTSIDE = [[121.70, 38.90], [121.71, 38.90], [121.71, 38.91], [121.70, 38.90]]
SPECK = [[121.60, 38.90], [121.600001, 38.90], [121.600001, 38.900001], [121.60, 38.90]]
HALF_THE_WORLD = [[60.0, 10.0], [150.0, 10.0], [150.0, 60.0], [60.0, 60.0], [60.0, 10.0]]
SWAPPED = [[lat, lon] for lon, lat in BOX[0]]
SWAPPED_NEAR = [[38.90, 12.1], [38.91, 12.1], [38.91, 12.2], [38.90, 12.1]]


def test_every_wrong_shape_is_said_at_once_and_where_it_is() -> None:
    areas = {
        "crossed": [BOW_TIE],
        "hole": [BOX[0], HOLE_OUTSIDE],
        "speck": [SPECK],
        "wide": [HALF_THE_WORLD],
        "swapped": [SWAPPED],
        "two corners": [[[121.6, 38.9], [121.61, 38.9], [121.6, 38.9]]],
        "text": [[["121.6", 38.9], [121.61, 38.9], [121.6, 38.91]]],
        "flat": BOX[0],
        "empty": [],
    }
    found = complaints(
        document(zones=[{"id": name, "level": "sealed", "geometry": polygon(*rings)} for name, rings in areas.items()])
    )
    at = "/zones/{}/geometry/coordinates{}"
    assert found == {
        at.format(0, ""): "the border crosses itself at 121.605, 38.905",
        at.format(1, ""): "the hole at 121.7, 38.9 lies outside the area",
        at.format(2, ""): "is only 0.0048 m² large",
        at.format(3, ""): "spans 90.0 degrees, more than 5; are the coordinates right?",
        at.format(4, "/0/0"): "a latitude is at most ±90, not 121.6; were longitude and latitude swapped?",
        at.format(5, "/0"): "a ring needs at least 3 different corners",
        at.format(6, "/0/0"): "must be two numbers, [longitude, latitude]",
        at.format(7, "/0"): "the coordinates of a Polygon are lists of [longitude, latitude] nested 3 deep",
        at.format(8, ""): "the coordinates of a Polygon are lists of [longitude, latitude] nested 3 deep",
    }


def test_an_area_may_have_holes_and_ten_thousand_corners_but_not_a_hundred_thousand() -> None:
    hole = [[121.604, 38.904], [121.606, 38.904], [121.606, 38.906], [121.604, 38.904]]
    fine = shapely.get_coordinates(shapely.segmentize(shapely.Polygon(BOX[0]), 4e-6)).tolist()
    assert len(fine) > 10_000
    for area in (polygon(BOX[0], hole), polygon(fine)):
        validate_scenario(document(zones=[{"id": "Z", "level": "sealed", "geometry": area}]))
    finer = shapely.get_coordinates(shapely.segmentize(shapely.Polygon(BOX[0]), 3.9e-7)).tolist()
    found = complaints(document(zones=[{"id": "Z", "level": "sealed", "geometry": polygon(finer)}]))
    assert found == {
        "/zones/0/geometry/coordinates": f"has {len(finer)} corners, more than the limit of 100000",
    }


@pytest.mark.parametrize("text", ["GEOMETRYCOLLECTION (POINT (121.6 38.9))", "POLYGON ((121.6 38.9))", "here"])
def test_text_that_is_no_geometry_is_one_complaint(tmp_path: Path, text: str) -> None:
    rows = [["编号", "等级", "图形"], ["Z1", "封控区", text]]
    with pytest.raises(BadInput) as refused:
        read_scenario(folder(tmp_path, {"防控区.csv": rows}))
    (complaint,) = refused.value.complaints
    assert (complaint.file, complaint.row, complaint.column) == ("防控区.csv", 2, "图形")
    assert "LINESTRING" in complaint.message.zh


def test_a_corner_that_is_no_number_is_complained_of_and_nothing_else_is_said(tmp_path: Path) -> None:
    rows = [["编号", "等级", "图形"], ["Z1", "封控区", "POLYGON ((121.6 38.9, 121.7 nan, 121.7 39, 121.6 38.9))"]]
    with pytest.raises(BadInput, match="must be two numbers"):
        read_scenario(folder(tmp_path, {"防控区.csv": rows}))


def test_a_cell_may_hold_ten_thousand_corners(tmp_path: Path) -> None:
    fine = shapely.segmentize(shapely.Polygon(BOX[0]), 4e-6)
    rows = [["编号", "等级", "图形"], ["Z1", "封控区", shapely.to_wkt(fine, rounding_precision=-1)]]
    scenario = read_scenario(folder(tmp_path, {"防控区.csv": rows})).document
    assert len(scenario.zones[0].geometry.coordinates[0]) == len(shapely.get_coordinates(fine)) > 10_000


def test_coordinates_that_look_swapped_are_told_from_those_of_the_places() -> None:
    """Near Chengdu longitude and latitude can both be read either way."""
    there = [{"id": "D1", "lon": 89.5, "lat": 30.6}]
    sites = [{"id": "S1", "lon": 89.6, "lat": 30.7, "demand": [{"kind": "base", "units": 1}]}]
    raw = document(
        depots=there,
        sites=sites,
        access_points=[],
        closures=[
            {"id": "C1", "geometry": {"type": "LineString", "coordinates": [[30.6, 89.5], [30.61, 89.5]]}},
            {"id": "C2", "road": "G5", "from_lon": 30.6, "from_lat": 89.5, "to_lon": 89.6, "to_lat": 30.6},
        ],
        checkpoints=[{"id": "K1", "lon": 30.6, "lat": 89.5}],
        zones=[
            {"id": "Z1", "level": "sealed", "gates": [{"lon": 30.6, "lat": 89.5}],
             "geometry": polygon([[89.5, 30.6], [89.6, 30.6], [89.6, 30.7], [89.5, 30.6]])},
        ],
    )  # fmt: skip
    found = complaints(raw)
    assert set(found) == {
        "/closures/0/geometry/coordinates",
        "/closures/1/from_lon",
        "/checkpoints/0/lon",
        "/zones/0/gates/0/lon",
    }
    assert all("they look swapped" in message for message in found.values())


def test_forms_times_and_names_are_all_complained_of_at_once() -> None:
    line = {"type": "LineString", "coordinates": LINE}
    raw = document(
        closures=[
            {"id": "C1"},
            {"id": "C2", "road": "A", "geometry": line},
            {"id": "C3", "geometry": line, "from_lon": 121.6},
            {"id": "C4", "road": "A", "from_lon": 121.6},
            {"id": "C5", "road": "A", "from_at": "2022-11-24T00:00:00+08:00", "to_at": "2022-11-23T23:00:00+08:00"},
            {"id": "C5", "road": "A"},
            {"id": "C6", "road": "A", "exempt_orders": ["9"]},
            {"id": "C7", "geometry": {"type": "Point", "coordinates": [1, 2]}},
            {"id": "C8", "geometry": "LINE"},
        ],
        checkpoints=[
            {"id": "C1", "lon": 121.6, "lat": 38.9},
            {"id": "K2", "lon": 121.6, "lat": 38.9, "opening": "whenever", "lets_through": ["Z0"]},
            {"id": "K3", "lon": 38.9, "lat": 121.6},
        ],
        zones=[
            {"id": "Z1", "level": "sealed", "geometry": line},
            {"id": "Z2", "level": "red", "geometry": polygon(*BOX)},
        ],
        passes=[
            {"vehicle": "X9", "places": ["Z1"]},
            {"vehicle": "辽B1-2", "places": ["Z9", "C1"]},
            {"vehicle": "辽B1", "places": [], "valid_from": "2022-11-24T00:00:00+08:00",
             "valid_to": "2022-11-24T00:00:00+08:00"},
        ],
    )  # fmt: skip
    found = complaints(raw)
    assert {pointer: message[:44] for pointer, message in found.items()} == {
        "/closures/0": "the closure 'C1' needs either a geometry or ",
        "/closures/1": "the closure 'C2' needs either a geometry or ",
        "/closures/2": "the closure 'C3' names no road that its poin",
        "/closures/3": "give longitude and latitude of both points, ",
        "/closures/4/to_at": "ends no later than it begins, 2022-11-24 00:",
        "/closures/5/id": "the id 'C5' is used more than once",
        "/closures/6/exempt_orders/0": "unknown order '9'",
        "/closures/7/geometry/type": "must be 'Polygon', 'MultiPolygon', 'LineStri",
        "/closures/8/geometry": "must be a GeoJSON geometry; in a list, write",
        "/checkpoints/0/id": "the id 'C1' is used more than once among clo",
        "/checkpoints/1/opening": "the hours 'whenever' hold words that cannot ",
        "/checkpoints/1/lets_through/0": "no closure, checkpoint or zone is called 'Z0",
        "/checkpoints/2/lat": "a latitude is at most ±90, not 121.6; were l",
        "/zones/0/geometry/type": "the zone 'Z1' must be an area, not a line",
        "/zones/1/level": "must be 'precautionary', 'controlled' or 'se",
        "/passes/0/vehicle": "unknown vehicle 'X9'",
        "/passes/1/places/0": "no closure, checkpoint or zone is called 'Z9",
        "/passes/2/places": "must hold at least one entry",
    }


def test_complaints_name_file_row_and_column_or_the_feature(tmp_path: Path) -> None:
    files = {
        "限制.geojson": {
            "type": "FeatureCollection",
            "features": [
                feature("closure", {"type": "LineString", "coordinates": [[121.6, 38.9], [121.6, "x"]]}, id="C1"),
                feature("zone", polygon(BOW_TIE), id="Z1", level="sealed"),
            ],
        },
        "检查点.csv": [["编号", "经度", "纬度", "开始时间", "止"], ["K1", 121.6, 38.9, "2022-11-24 00:00", "2022-11-23 00:00"]],
        "通行证.csv": [["车辆", "适用范围"], ["辽B9", "Z1"], ["辽B1", "Z1、Z8"]],
    }  # fmt: skip
    with pytest.raises(BadInput) as refused:
        read_scenario(folder(tmp_path, files))
    assert [(each.file, each.row, each.column, each.pointer) for each in refused.value.complaints] == [
        ("限制.geojson", None, "", "/features/0/geometry/coordinates/1"),
        ("检查点.csv", 2, "止", ""),
        ("限制.geojson", None, "", "/features/1/geometry/coordinates"),
        ("通行证.csv", 2, "车辆", ""),
        ("通行证.csv", 3, "适用范围", ""),
    ]


@pytest.mark.parametrize(
    ("features", "pointer", "message"),
    [
        ([feature("road", None, id="C1")], "/features/0/properties/kind", "must be closure, checkpoint or zone"),
        ([{"type": "Feature", "geometry": None, "properties": {"id": "C1"}}], "", "this column is missing: kind"),
        ([feature("zone", {"type": "GeometryCollection"}, id="Z")], "/features/0/geometry", "a point, lines or areas"),
    ],
)
def test_a_feature_of_no_known_kind_is_complained_of(
    tmp_path: Path, features: list[Any], pointer: str, message: str
) -> None:
    files = {"restrictions.geojson": {"type": "FeatureCollection", "features": features}}
    with pytest.raises(BadInput) as refused:
        read_scenario(folder(tmp_path, files))
    (complaint,) = refused.value.complaints
    assert (complaint.file, complaint.pointer) == ("restrictions.geojson", pointer)
    assert message in complaint.message.en


def test_one_kind_of_restriction_comes_from_one_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is the same list as"):
        read_scenario(folder(tmp_path, AS_LISTS | {"restrictions.geojson": GEOJSON}))


def test_a_restriction_is_never_left_out_for_being_wrong() -> None:
    raw = document(closures=[{"id": "C1"}], settings={"bad_rows": "skip"})
    assert list(complaints(raw)) == ["/closures/0"]
    raw = document(passes=[{"vehicle": "X9", "places": ["Z"]}], settings={"bad_rows": "skip"})
    assert not validate_scenario(raw).passes
