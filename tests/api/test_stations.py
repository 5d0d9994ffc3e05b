"""Depots supplied from others: what a scenario may not say of them, each at its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.files.scenario import read_scenario
from api.scenarios import scenario_of
from api.validation import validate_scenario
from geodata.errors import BadInput
from routing.model import Supply
from tests.api.scenario_files import DOCUMENT, csv_folder

Raw = dict[str, Any]


def scenario() -> Raw:
    """C feeds A; V serves from A, T brings from C; D is a depot like any other."""
    raw = copy.deepcopy(DOCUMENT)
    place = {"lon": 121.6, "lat": 38.9}
    raw["depots"] = [
        {"id": "C", **place, "stock": [{"kind": "base", "units": 90}]},
        {"id": "A", **place, "supplied_from": "C", "sorting_s": 600, "sorting_per_crate_s": 0.5},
        {"id": "D", **place},
    ]
    raw["vehicles"] = [
        {"id": "T", "depot": "C", "capacity_kg": 5_000},
        {"id": "V", "depot": "A", "end": "D", "reload": ["A", "D"], "capacity_kg": 500},
    ]
    raw["locks"] = []
    return raw


def told(raw: Raw) -> dict[str, str]:
    with pytest.raises(BadInput) as refusal:
        validate_scenario(raw)
    return {complaint.pointer: complaint.message.en for complaint in refusal.value.complaints}


def test_a_station_is_what_the_document_says() -> None:
    depots = {depot.place.id: depot for depot in scenario_of(validate_scenario(scenario())).depots}
    assert depots["A"].supply == Supply("C", 600, 0.5, service_s=200, service_per_crate_s=6.0)
    assert (depots["C"].supply, depots["D"].supply) == (None, None)


def test_a_station_has_of_every_kind_what_is_listed_and_limits_no_other_depot() -> None:
    raw = scenario()
    raw["depots"][1]["stock"] = [{"kind": "extra", "units": 7}]
    depots = {depot.place.id: depot.stock for depot in scenario_of(validate_scenario(raw)).depots}
    assert depots == {"C": {"base": 90}, "A": {"base": 0, "extra": 7}, "D": {"base": 0}}


def change(depot: int, **members: Any) -> Callable[[Raw], None]:
    return lambda raw: raw["depots"][depot].update(members)


def third_stage(raw: Raw) -> None:
    raw["depots"].append({"id": "B", "lon": 121.6, "lat": 38.9, "supplied_from": "A"})


def two_orders(raw: Raw) -> None:
    raw["orders"].append({"id": "2", "order_at": "2022-11-23T09:30:00+08:00"})


def station_as_site(raw: Raw) -> None:
    raw["sites"].append({"id": "A", "lon": 121.6, "lat": 38.9})


def vehicle(number: int, **members: Any) -> Callable[[Raw], None]:
    return lambda raw: raw["vehicles"][number].update(members)


def without_vehicle(number: int) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        del raw["vehicles"][number]

    return change


def locked(raw: Raw) -> None:
    raw["locks"] = [{"visit": "S2/1", "vehicle": "V"}]


BAD = [
    (change(1, supplied_from="X"), "/depots/1/supplied_from", "unknown depot 'X'"),
    (change(1, supplied_from="A"), "/depots/1/supplied_from", "cannot be supplied from itself"),
    (third_stage, "/depots/3/supplied_from", "the supplier 'A' is itself supplied, from 'C'"),
    (change(0, supplied_from="A"), "/depots/0/supplied_from", "the supplier 'A' is itself supplied, from 'C'"),
    (change(2, sorting_s=60), "/depots/2/sorting_s", "sorting takes a depot to be supplied from"),
    (change(1, sorting_s=-1), "/depots/1/sorting_s", "must be at least 0"),
    (two_orders, "/depots/1/supplied_from", "plan one order at a time"),
    (station_as_site, "/depots/1/id", "cannot be a site of the same plan"),
    (vehicle(0, depot="D"), "/depots/1/supplied_from", "no vehicle starts at the supplier 'C'"),
    (without_vehicle(1), "/vehicles", "every vehicle starts at a supplier"),
    (vehicle(0, end="A"), "/vehicles/0/end", "ends at a supplier, not 'A'"),
    (vehicle(0, reload=["D"]), "/vehicles/0/reload/0", "ends at a supplier, not 'D'"),
    (vehicle(1, end="C"), "/vehicles/1/end", "'C' supplies stations only"),
    (vehicle(1, reload=["A", "C"]), "/vehicles/1/reload/1", "'C' supplies stations only"),
    (locked, "/locks/0", "nothing can be locked"),
]


@pytest.mark.parametrize(("spoil", "pointer", "message"), BAD)
def test_what_a_station_may_not_be(spoil: Callable[[Raw], None], pointer: str, message: str) -> None:
    raw = scenario()
    spoil(raw)
    assert message in told(raw)[pointer]


def test_every_complaint_comes_at_once() -> None:
    raw = scenario()
    for spoil in (change(2, sorting_s=60), two_orders, station_as_site, vehicle(0, end="A"), locked):
        spoil(raw)
    assert len(told(raw)) == 5


def test_lists_name_file_row_and_column(tmp_path: Path) -> None:
    csv_folder(tmp_path)
    rows = "编号,经度,纬度,上级库,每箱分拣时间(秒)\nD1,121.6,38.9,,\nD2,121.6,38.9,D9,\nD3,121.6,38.9,D1,一\n"
    (tmp_path / "depots.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        read_scenario(tmp_path)
    lines = [complaint.in_language("zh") for complaint in refusal.value.complaints]
    assert any("depots.csv" in line and "第 3 行" in line and "上级库" in line and "D9" in line for line in lines)
    assert any("第 4 行" in line and "每箱分拣时间(秒)" in line for line in lines)


def test_headings_may_be_english(tmp_path: Path) -> None:
    csv_folder(tmp_path)
    rows = "id,lon,lat,supplied_from,sorting_min,sorting_per_crate_s\nD1,121.6,38.9,C,7,0.5\nC,121.6,38.9,,,\n"
    (tmp_path / "depots.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "vehicles.csv").write_text("id,depot,capacity_kg\nV,D1,9\nT,C,9\n", encoding="utf-8")
    station = read_scenario(tmp_path).document.depots[0]
    assert (station.supplied_from, station.sorting_s, station.sorting_per_crate_s) == ("C", 420, 0.5)
