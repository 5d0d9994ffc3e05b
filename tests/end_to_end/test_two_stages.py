"""A city depot that feeds two stations, from lists to a checked plan and its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from api.app import create_app
from api.cli import main
from api.files.plan import read_plan
from api.files.scenario import read_scenario
from api.schemas import PlanDocument
from api.service import Networks, check_document
from api.settings import Settings
from api.views.page_content import plan_content
from tests.api.test_plan_documents import changed, changes, leaves, unnoticed

DEPOTS = """\
编号,名称,类型,经度,纬度,开放时间,上级库,固定分拣时间(分钟),每箱分拣时间(秒),库存:base
C,港口库,市级库,-71.3390,-29.9530,,,,,
D1,南库,转运站,-71.25538,-29.97862,,C,10,1,
D2,北库,转运站,-71.25283,-29.87871,6:00-22:00,C,5,1,30
"""
VEHICLES = """\
编号,类型,所属储备库,数量,载箱数,最多趟数
VAN,厢式货车,D1,3,80,1
TRUCK,轻型货车,D2,2,100,1
LORRY,重型货车,C,2,400,1
"""
QUICK = ("--iterations", "40", "--seed", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario = tmp_path_factory.mktemp("two_stages") / "scenario"
    assert main(["scenario", "new", str(scenario)]) == 0
    (scenario / "储备库.csv").write_text(DEPOTS, encoding="utf-8")
    (scenario / "车辆.csv").write_text(VEHICLES, encoding="utf-8")
    return scenario


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("planned")
    assert main(["plan", str(folder), "--out", str(written), *QUICK]) == 0
    return written


def test_lists_say_what_the_document_says(folder: Path) -> None:
    depots = {depot.id: depot for depot in read_scenario(folder).document.depots}
    assert (depots["C"].supplied_from, depots["C"].sorting_s) == (None, 0)
    assert (depots["D1"].supplied_from, depots["D1"].sorting_s, depots["D1"].sorting_per_crate_s) == ("C", 600, 1.0)


def test_a_plan_of_two_stages_passes_its_check(folder: Path, out: Path) -> None:
    assert main(["check", str(folder), str(out / "plan.json")]) == 0
    plan = read_plan(out / "plan.json")
    by_vehicle = {route.vehicle: {stop.site for loop in route.loops for stop in loop.stops} for route in plan.routes}
    trucks = {name: sites for name, sites in by_vehicle.items() if name.startswith("LORRY")}
    assert set().union(*trucks.values()) == {each.station for each in plan.transfers}
    assert plan.summary.visits == plan.summary.served_in_time + plan.summary.served_late + plan.summary.unserved
    assert plan.summary.vehicles == 7
    assert plan.summary.vehicles_used == len(plan.routes)


def test_nothing_leaves_a_station_before_it_is_ready(out: Path) -> None:
    plan = read_plan(out / "plan.json")
    for transfer in plan.transfers:
        loops = [loop for route in plan.routes for loop in route.loops]
        came_s = [stop.departure_s for loop in loops for stop in loop.stops if stop.site == transfer.station]
        assert max(came_s) + (600 if transfer.station == "D1" else 300) < transfer.ready_s
        assert all(loop.loading_s >= transfer.ready_s for loop in loops if loop.depot == transfer.station)


def test_the_workbook_lists_what_is_brought_in_both_languages(folder: Path, out: Path, tmp_path: Path) -> None:
    plan = read_plan(out / "plan.json")
    assert [row[0] for row in load_workbook(out / "plan.xlsx")["转运"].iter_rows(min_row=2, values_only=True)] == [
        each.station for each in plan.transfers
    ]
    assert main(["plan", str(folder), "--out", str(tmp_path), *QUICK, "--lang", "en"]) == 0
    headings = next(load_workbook(tmp_path / "plan.xlsx")["Transfers"].iter_rows(values_only=True))
    assert headings == ("Station", "Supplied from", "Last unloaded", "Ready", "Goods")
    assert read_plan(tmp_path / "plan.json") == plan


def test_the_terminal_says_when_stations_are_ready(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(folder), "--out", str(tmp_path), *QUICK, "--lang", "en"]) == 0
    ready = read_plan(tmp_path / "plan.json").transfers[0].ready_at
    assert f"station D1 is ready at {ready:%H:%M} (C brings" in capsys.readouterr().out


def test_geojson_marks_the_stations(out: Path) -> None:
    features = json.loads((out / "routes.geojson").read_bytes())["features"]
    marked = [each["properties"] for each in features if each["properties"]["feature"] == "transfer"]
    assert [each["station"] for each in marked] == [each.station for each in read_plan(out / "plan.json").transfers]


# --- forged -------------------------------------------------------------------------------------------------------


def earlier_ready(document: dict[str, Any]) -> None:
    document["transfers"][0]["ready_s"] -= 1


def more_brought(document: dict[str, Any]) -> None:
    document["transfers"][0]["lines"][0]["units"] += 1


def not_brought(document: dict[str, Any]) -> None:
    del document["transfers"][0]


def other_supplier(document: dict[str, Any]) -> None:
    document["transfers"][0]["supplier"] = "D2"


def never_ready(document: dict[str, Any]) -> None:
    document["transfers"][0]["ready_s"] = 10**30


def far_too_much(document: dict[str, Any]) -> None:
    document["transfers"][0]["lines"][0]["units"] = 10**30


def wrong_instant(document: dict[str, Any]) -> None:
    document["transfers"][0]["ready_at"] = document["orders"][0]["order_at"]


def as_if_changed(document: dict[str, Any]) -> None:
    document["summary"]["changed_stops"] = 0


FORGERIES = [
    (earlier_ready, "DEPOT"),
    (more_brought, "DEMAND"),
    (not_brought, "DEMAND"),
    (other_supplier, "DEMAND"),
    (never_ready, "DEPOT"),
    (far_too_much, "DEMAND"),
    (wrong_instant, "TOTALS"),
    (as_if_changed, "TOTALS"),
]


@pytest.mark.parametrize(("forge", "rule"), FORGERIES)
def test_a_forged_plan_is_rejected_by_its_rule(
    folder: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], forge: Callable[..., None], rule: str
) -> None:
    document = json.loads((out / "plan.json").read_bytes())
    forge(document)
    (tmp_path / "forged.json").write_text(json.dumps(document), encoding="utf-8")
    assert main(["check", str(folder), str(tmp_path / "forged.json")]) == 1
    assert rule in {line.split()[0] for line in capsys.readouterr().err.splitlines()}


# --- what is not known yet ----------------------------------------------------------------------------------------


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_an_earlier_plan_is_refused(
    folder: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--from", str(out / "plan.json"), "--lang", "en"]
    assert main(["plan", str(folder), "--out", str(tmp_path), *options]) == 2
    assert "储备库.csv, row 3" in (told := refusal(capsys))
    assert "starting from an earlier plan does not know two stages yet" in told


def test_the_rest_of_a_day_is_refused(
    folder: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = {"now_at": read_plan(out / "plan.json").orders[0].order_at.isoformat()}
    (tmp_path / "state.json").write_text(json.dumps(now), encoding="utf-8")
    options = ["--from", str(out / "plan.json"), "--state", str(tmp_path / "state.json"), "--lang", "en"]
    assert main(["plan", str(folder), "--out", str(tmp_path), *options]) == 2
    assert "planning the rest of a day does not know two stages yet" in refusal(capsys)


def test_studies_of_the_fleet_are_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", str(folder), "--out", str(tmp_path), "--lang", "en"]) == 2
    assert "the study of fleets does not know two stages yet" in refusal(capsys)


# --- the service --------------------------------------------------------------------------------------------------


def test_the_service_plans_two_stages_and_the_page_tells_of_them(folder: Path, out: Path) -> None:
    client = create_app(Settings()).test_client()
    scenario = read_scenario(folder).document
    answer = client.post("/api/v1/plans?iterations=40&seed=1", json=scenario.model_dump(mode="json"))
    assert answer.status_code == 200, answer.get_json()
    plan = PlanDocument.model_validate(answer.get_json())
    assert plan.transfers == read_plan(out / "plan.json").transfers
    ready = plan.transfers[0].ready_at
    remarks = plan_content(plan, scenario, "en").remarks
    assert any(f"Station 南库 is ready at {ready:%H:%M} (港口库 brings" in each for each in remarks)


@pytest.mark.slow
def test_every_transfer_and_a_sample_of_the_other_leaves_are_checked(folder: Path, out: Path) -> None:
    scenario, networks = read_scenario(folder).document, Networks(folder, by_path=True)
    plan = read_plan(out / "plan.json")
    raw = plan.model_dump(mode="json")

    def check(spoiled: PlanDocument) -> object:
        return check_document(scenario, spoiled, networks=networks)

    passed, tried = unnoticed(plan, check, one_in=60)
    assert (passed, tried > 10) == ([], True)
    for path, value in leaves(raw["transfers"], ("transfers",)):
        for other in changes(path, value):
            spoiled = changed(raw, path, other)
            assert spoiled is None or check(spoiled), path
