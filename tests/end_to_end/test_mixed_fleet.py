"""Vehicles of several kinds on one road network, from lists to a checked plan and its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from api.cli import main
from api.files.plan import read_plan
from api.schemas import FleetDocument, PlanDocument, StopEntry
from geodata.network import Network, load_network, save_network
from tests.geodata.ascii_roads import Drawing, drawn

# D is the depot. N lies behind a low bridge (b-c), S in a street closed to lorries, E on an ordinary road.
TOWN = """
a-----b-----c-----n
      |
      |
      s     e
      |     |
      x-----y
"""
WAYS = {
    "ab": "secondary",
    "bc": "residential + bridge=yes + maxheight=2.2",
    "cn": "residential",
    "bs": "residential + hgv=no",
    "sx": "residential + hgv=no",
    "ax": "secondary",
    "xy": "secondary",
    "ye": "secondary",
}
PLACES = {"D": "a", "N": "n", "S": "s", "E": "e"}
VAN = "VAN,面包车,面包车,D,1,100,"
TRUCK = "TRUCK,货车,货车,D,1,200,12"
TRICYCLE = "TRI,三轮车,电动三轮车,D,1,20,"
TOML = """\
name = "三种车 / Three kinds"
network = "town.bgn"
order_at = 2022-11-23T02:00:00
target_min = {target}
"""
QUICK = ("--iterations", "30")


@pytest.fixture(scope="module")
def town() -> Drawing:
    return drawn(TOWN, WAYS, cell_m=(100.0, 250.0))


def scenario(folder: Path, town: Drawing, vehicles: str, *, units: int = 10, target: int = 120) -> Path:
    folder.mkdir()
    save_network(town.network, folder / "town.bgn")
    at = {letter: place for place, letter in town.letters.items()}
    rows = {name: ",".join(map(str, at[letter])) for name, letter in PLACES.items()}
    (folder / "scenario.toml").write_text(TOML.format(target=target), encoding="utf-8")
    (folder / "品类.csv").write_text("编号,每件箱数\nbase,1\n", encoding="utf-8")
    (folder / "储备库.csv").write_text(f"编号,经度,纬度\nD,{rows['D']}\n", encoding="utf-8")
    sites = "\n".join(f"{name},{rows[name]},{units}" for name in ("N", "S", "E"))
    (folder / "点位.csv").write_text(f"编号,经度,纬度,数量\n{sites}\n", encoding="utf-8")
    headings = "编号,类型,通行方式,所属储备库,数量,载箱数,总重(吨)"
    (folder / "车辆.csv").write_text(f"{headings}\n{vehicles}\n", encoding="utf-8")
    return folder


def planned(folder: Path, *options: str) -> PlanDocument:
    out = folder.parent / "out"
    assert main(["plan", str(folder), "--out", str(out), *QUICK, *options]) == 0
    assert main(["check", str(folder), str(out / "plan.json")]) == 0
    return read_plan(out / "plan.json")


def served(plan: PlanDocument) -> dict[str, str]:
    """Site to the kind of vehicle that comes there."""
    stops = [(route.vehicle, stop) for route in plan.routes for loop in route.loops for stop in loop.stops]
    return {stop.site: vehicle for vehicle, stop in stops}


def stop_at(plan: PlanDocument, site: str) -> StopEntry:
    stops = (stop for route in plan.routes for loop in route.loops for stop in loop.stops)
    return next(stop for stop in stops if stop.site == site)


def driven(network: Network, stop: StopEntry) -> set[str]:
    tags = (network.tag_sets[network.edge_tags[network.arc_edge[arc]]] for arc in stop.leg.arcs)
    return {value for each in tags for value in (each.get("maxheight", ""), each.get("hgv", "")) if value}


def test_a_low_bridge_lets_the_tricycle_through_and_not_the_van(town: Drawing, tmp_path: Path) -> None:
    plan = planned(scenario(tmp_path / "town", town, f"{VAN}\n{TRICYCLE}"))
    assert served(plan)["N"] == "TRI"
    assert "2.2" in driven(load_network(tmp_path / "town" / "town.bgn"), stop_at(plan, "N"))
    assert not plan.unserved


def test_a_lower_van_passes_under_the_same_bridge(town: Drawing, tmp_path: Path) -> None:
    folder = scenario(tmp_path / "town", town, VAN)
    assert [left.site for left in planned(folder).unserved] == ["N"]
    lists = folder / "车辆.csv"
    lists.write_text(lists.read_text(encoding="utf-8").replace("总重(吨)", "车高(米)").replace(",100,", ",100,2.2"))
    assert not planned(folder).unserved


def test_a_street_closed_to_lorries_is_served_by_the_van(town: Drawing, tmp_path: Path) -> None:
    plan = planned(scenario(tmp_path / "town", town, f"{TRUCK}\n{VAN}\n{TRICYCLE}"))
    assert served(plan)["S"] in ("VAN", "TRI")
    assert not plan.unserved
    for route in plan.routes:
        for stop in (stop for loop in route.loops for stop in loop.stops):
            passed = driven(town.network, stop)
            assert "no" not in passed or route.vehicle != "TRUCK"
            assert "2.2" not in passed or route.vehicle == "TRI"


def test_with_lorries_alone_the_reason_says_how_far_their_roads_are(town: Drawing, tmp_path: Path) -> None:
    folder = scenario(tmp_path / "town", town, TRUCK)
    near = (folder / "scenario.toml").read_text(encoding="utf-8") + "[settings]\nsnap_limit_m = 100\n"
    (folder / "scenario.toml").write_text(near, encoding="utf-8")
    plan = planned(folder)
    assert served(plan) == {"E": "TRUCK"}
    reasons = {left.site: left.reason for left in plan.unserved}
    assert {site: reason.code for site, reason in reasons.items()} == {"N": "UNREACHABLE", "S": "UNREACHABLE"}
    # s is 600 m east and 750 m south of a, x 600 m and 1,250 m: |600 · 1,250 - 750 · 600| / √(600² + 1,250²) = 216.4
    assert reasons["S"].figures["snap_m"] == pytest.approx(216.4, abs=1.0)
    # n is 600 m east and 750 m north of e, where the lorry's roads end
    assert reasons["N"].figures["snap_m"] == pytest.approx((600**2 + 750**2) ** 0.5, abs=1.0)


def test_times_are_those_of_the_vehicle_that_drives(town: Drawing, tmp_path: Path) -> None:
    """The tricycle's way to N: 600 m at 25 km/h, 1,200 m at 18 km/h, no turn on the way; 86.4 s and 240 s."""
    folder = scenario(tmp_path / "town", town, TRICYCLE)
    lines = (folder / "点位.csv").read_text(encoding="utf-8").splitlines()
    (folder / "点位.csv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    assert stop_at(planned(folder), "N").leg.travel_s == pytest.approx(86.4 + 240.0, abs=1.0)


def test_one_more_vehicle_is_of_a_kind_that_can_come(town: Drawing, tmp_path: Path) -> None:
    """N takes four loads of a tricycle; there is one, and vans or lorries would be of no use."""
    plan = planned(scenario(tmp_path / "town", town, f"{TRUCK}\n{VAN}\n{TRICYCLE}", units=40))
    (left,) = plan.unserved
    assert left.site == "N"
    assert left.reason.code == "NO_CAPACITY_LEFT"
    assert left.reason.relaxation is not None
    assert left.reason.relaxation.figures["like"] == "TRI"


def test_a_study_of_fleets_tells_the_kinds_apart(town: Drawing, tmp_path: Path) -> None:
    folder = scenario(tmp_path / "town", town, "V,车,面包车,D,1,100,\nT,车,三轮车,D,1,20,")
    assert main(["fleet", str(folder), "--out", str(tmp_path / "fleet"), *QUICK]) == 0
    study = FleetDocument.model_validate_json((tmp_path / "fleet" / "fleet.json").read_bytes())
    assert study.reachable == 3
    given = next(point for point in study.points if point.vehicles == study.given)
    assert [(part.kind, part.profile, part.vehicles) for part in given.parts] == [
        ("车", "van", 1),
        ("车", "three_wheeler", 1),
    ]
    sheet = load_workbook(tmp_path / "fleet" / "fleet.xlsx")["构成"]
    assert [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["面包车", "三轮车"]
