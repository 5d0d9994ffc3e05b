"""Profiles and dimensions of vehicles in every form they may come in, and what is wrong with some."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from api.files.scenario import read_scenario
from api.scenarios import scenario_of
from api.schemas import VehicleEntry
from api.validation import validate_scenario
from geodata.errors import BadInput
from geodata.profile import Size
from tests.api.scenario_files import DOCUMENT, LISTS, TOML, csv_text, workbook

ENGLISH = ["id", "depot", "capacity_kg", "profile", "height_m", "width_m", "length_m", "weight_t", "axle_t", "hazmat"]
CHINESE = ["编号", "所属储备库", "载重(公斤)", "通行方式", "车高(米)", "车宽", "车长(米)", "总重(吨)", "轴重", "危险品"]
ROWS: list[list[object]] = [
    ["A", "D1", 500, "货车", 3.2, 2.3, 7.5, 8, 5.5, "是"],
    ["B", "D1", 500, "电动三轮车", None, None, None, None, None, "否"],
    ["C", "D1", 500, "步行", None, None, None, None, None, None],
    ["E", "D1", 500, None, 1.9, None, None, None, None, None],
]


def document(**members: object) -> dict[str, Any]:
    raw = deepcopy(DOCUMENT)
    raw["vehicles"] = [{"id": "V", "depot": "D1", "capacity_kg": 500, **members}]
    return raw


def folder(path: Path, headings: list[str], rows: list[list[object]], toml: str = TOML) -> Path:
    path.mkdir(exist_ok=True)
    (path / "scenario.toml").write_text(toml, encoding="utf-8")
    for name, given in (LISTS | {"vehicles": [headings, *rows]}).items():
        (path / f"{name}.csv").write_text(csv_text(given), encoding="utf-8")
    return path


def complaints(raw: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as refused:
        validate_scenario(raw)
    return [(each.pointer, each.message.en) for each in refused.value.complaints]


@pytest.mark.parametrize("headings", [ENGLISH, CHINESE])
def test_lists_say_what_a_vehicle_is_on_the_roads(headings: list[str], tmp_path: Path) -> None:
    truck, tricycle, walker, van = read_scenario(folder(tmp_path, headings, ROWS)).document.vehicles
    assert truck == VehicleEntry(
        id="A", depot="D1", capacity_kg=500, profile="truck", height_m=3.2, width_m=2.3, length_m=7.5, weight_t=8,
        axle_t=5.5, hazmat=True,
    )  # fmt: skip
    assert (tricycle.profile, tricycle.height_m, tricycle.hazmat) == ("three_wheeler", None, False)
    assert walker.profile == "on_foot"
    assert (van.profile, van.height_m) == ("van", 1.9)


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    book = workbook(tmp_path / "场景.xlsx", vehicles=[CHINESE, *ROWS])
    lists = read_scenario(folder(tmp_path / "lists", CHINESE, ROWS)).document.vehicles
    assert read_scenario(book).document.vehicles == lists


@pytest.mark.parametrize("text", ["three-wheeler", "Three Wheeler", "三轮车", "three_wheeler"])
def test_profiles_are_written_in_many_ways(text: str, tmp_path: Path) -> None:
    (found,) = read_scenario(folder(tmp_path, CHINESE[:4], [["B", "D1", 500, text]])).document.vehicles
    assert found.profile == "three_wheeler"


def test_the_scenario_knows_profile_size_and_ferries() -> None:
    raw = document(profile="truck", height_m=3.2, weight_t=8, count=2)
    raw["settings"] = {"ferries": True}
    found = scenario_of(validate_scenario(raw))
    assert [(each.profile, each.size) for each in found.vehicles] == [("truck", Size(height_m=3.2, weight_t=8))] * 2
    assert found.ferries
    assert not scenario_of(validate_scenario(document())).ferries


@pytest.mark.parametrize(
    ("key", "value"), [("ferries = true", True), ('"可乘渡轮" = true', True), ("ferries = false", False)]
)
def test_ferries_are_a_setting_of_the_lists(key: str, value: object, tmp_path: Path) -> None:
    found = read_scenario(folder(tmp_path, CHINESE, ROWS, f"{TOML}{key}\n"))
    assert found.document.settings.ferries is value


@pytest.mark.parametrize(
    ("members", "member", "says"),
    [
        ({"profile": "bus"}, "profile", "van"),
        ({"height_m": 0}, "height_m", "greater than 0"),
        ({"height_m": 1_000}, "height_m", "at most 100"),
        ({"weight_t": -1}, "weight_t", "greater than 0"),
        ({"hazmat": 1}, "hazmat", "yes or no"),
        ({"weight_t": 3.0, "axle_t": 4.0}, "axle_t", "the axle load of 4 t is more than the total weight of 3 t"),
        ({"weight_t": 0.4}, "weight_t", "no more than the load of 500 kg"),
        ({"profile": "on_foot", "width_m": 1.0}, "width_m", "on foot"),
    ],
)
def test_what_cannot_be_is_refused(members: dict[str, object], member: str, says: str) -> None:
    ((pointer, message),) = complaints(document(**members))
    assert pointer == f"/vehicles/0/{member}"
    assert says in message


def test_every_complaint_about_vehicles_comes_at_once() -> None:
    raw = document(profile="on_foot", width_m=1.0, weight_t=1.0)
    raw["vehicles"].append({"id": "W", "depot": "D1", "capacity_kg": 500, "weight_t": 2, "axle_t": 3})
    assert [pointer for pointer, _ in complaints(raw)] == [
        "/vehicles/0/width_m",
        "/vehicles/0/weight_t",
        "/vehicles/1/axle_t",
    ]


def test_a_bad_profile_is_told_by_row_and_column(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read_scenario(folder(tmp_path, CHINESE[:4], [["A", "D1", 500, "货车"], ["B", "D1", 500, "坦克"]]))
    (complaint,) = refused.value.complaints
    assert (complaint.file, complaint.row, complaint.column) == ("vehicles.csv", 3, "通行方式")


@pytest.mark.parametrize(
    ("members", "warned"),
    [
        ({"capacity_kg": 3_500}, True),
        ({"capacity_kg": 3_499}, False),
        ({"capacity_kg": 3_500, "weight_t": 7.5}, False),
        ({"capacity_kg": 3_500, "profile": "truck"}, False),
        ({"capacity_kg": 16_000, "profile": "truck"}, True),
        ({"capacity_kg": 5_000, "profile": "on_foot"}, False),
    ],
)
def test_loads_too_heavy_for_the_usual_vehicle_are_warned_of(
    members: dict[str, object], warned: object, tmp_path: Path
) -> None:
    rows = [["V", "D1", members["capacity_kg"], members.get("profile"), members.get("weight_t")]]
    found = read_scenario(folder(tmp_path, ["编号", "所属储备库", "载重(公斤)", "通行方式", "总重(吨)"], rows))
    assert any("usually weighs laden" in warning.en for warning in found.warnings) is warned


def test_who_comes_on_foot_gets_in_where_length_is_limited() -> None:
    raw = document(profile="on_foot")
    raw["vehicles"].append({"id": "W", "depot": "D1", "capacity_kg": 500})
    raw["sites"][0]["longest_vehicle_m"] = 5.0
    assert scenario_of(validate_scenario(raw)).sites[0].allowed == {"V"}
