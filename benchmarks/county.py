"""A county as the supply plans of early 2021 describe Qinghe (Hebei), on Dalian's roads: one of its three days.

    python -m benchmarks.county              # results to benchmarks/results/county.{json,md}
    python -m benchmarks.county scenario DIR # write the scenario as a document, with the network beside it

Twelve distribution points (supermarkets that store and pack), each with two or three vans, supply the gates of 50
villages and 3 compounds: 12,000 households, 13 kg a week each, 156 t in all. The county is cut into three areas that are
supplied on different days, each village in one of three spells of the day. Places are our own: the points and villages
stand at sampling sites of central Dalian, dealt to areas from west to east.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from api.schemas import (
    DemandEntry,
    DepotEntry,
    KindEntry,
    OrderEntry,
    PlaceKind,
    PlanDocument,
    ScenarioDocument,
    Settings,
    SiteEntry,
    VehicleEntry,
)
from api.service import Effort, Networks, plan_scenario
from benchmarks.dalian import Site, read_sites, sites_near_roads
from benchmarks.machine import RESULTS, data_folder, machine
from geodata.network import build_network, save_network
from geodata.osm import read_osm
from geodata.sources import ATTRIBUTION
from routing.explain import minutes
from routing.solvers.base import Stop

HOUSEHOLDS = 12_000
KG_PER_HOUSEHOLD = 13
POINTS, VILLAGES, AREAS = 12, 53, 3
SPELLS = ("8:00-10:30", "10:00-12:30", "13:30-16:00")
ITERATIONS = 2_000
SEED = 20210110


def county(sites: Sequence[Site]) -> ScenarioDocument:
    """The first area's day: its villages, supplied from the four points that stand in it."""
    chance = random.Random(SEED)
    west_to_east = sorted(chance.sample(list(sites), POINTS + VILLAGES), key=lambda site: site.location.lon)
    points = west_to_east[:: len(west_to_east) // POINTS][:POINTS]
    villages = [site for site in west_to_east if site not in points]
    shares = [chance.uniform(0.5, 1.5) for _ in villages]
    households = [round(HOUSEHOLDS * share / sum(shares)) for share in shares]
    today = len(villages) // AREAS + 1
    return ScenarioDocument.model_validate(
        {
            "name": "县域保供：第一片区",
            "network": "dalian.bgn",
            "settings": Settings(target_from="departure", service_s=300, service_per_crate_s=4.0),
            "orders": [
                OrderEntry.model_validate({"id": "1", "order_at": "2021-01-10T07:00:00+08:00", "round_limit_s": 36_000})
            ],
            "kinds": [KindEntry(id="week", name="一周物资", kg=KG_PER_HOUSEHOLD, m3=0.03, crates=1)],
            "depots": [point(number, site) for number, site in enumerate(points[: POINTS // AREAS], 1)],
            "sites": [
                village(number, site, count)
                for number, (site, count) in enumerate(zip(villages[:today], households[:today], strict=True), 1)
            ],
            "vehicles": [vans(number) for number in range(1, POINTS // AREAS + 1)],
        }
    )


def point(number: int, site: Site) -> DepotEntry:
    """Eight staff put a van's load together: five minutes and three seconds per parcel."""
    return DepotEntry(
        id=f"D{number}",
        name=f"{number}号配送点",
        kind=PlaceKind.TRANSFER_STATION,
        lon=site.location.lon,
        lat=site.location.lat,
        opening="7:00-18:00",
        loading_s=300,
        loading_per_crate_s=3.0,
        loading_bays=2,
    )


def village(number: int, site: Site, households: int) -> SiteEntry:
    return SiteEntry(
        id=f"V{number}",
        name=site.fields["name"].removesuffix("采样点"),
        lon=site.location.lon,
        lat=site.location.lat,
        receiving=SPELLS[number % len(SPELLS)],
        households=households,
        demand=(DemandEntry(kind="week", units=households),),
    )


def vans(number: int) -> VehicleEntry:
    return VehicleEntry(
        id=f"C{number}",
        kind="厢货",
        count=2 + number % 2,
        depot=f"D{number}",
        capacity_kg=2_000,
        max_loops=5,
        shift="7:00-18:00",
        breaks="11:30-13:30/45",
    )


# --- report -----------------------------------------------------------------------------------------------------


def write(folder: Path) -> ScenarioDocument:
    data = data_folder()
    roads = read_osm(data / "dalian" / "dalian_core.osm.pbf")
    network = build_network(roads.segments, restrictions=roads.relations, name="dalian", attribution=ATTRIBUTION)
    save_network(network, folder / "dalian.bgn")
    scenario = county(sites_near_roads(network, read_sites(data)))
    (folder / "county.json").write_text(scenario.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return scenario


def report() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        scenario = write(folder)
        began = time.perf_counter()
        effort = Effort(stop=Stop(iterations=ITERATIONS), seed=1)
        plan = plan_scenario(scenario, networks=Networks(folder, by_path=True), effort=effort).document
    found = {"machine": machine(), "seconds": round(time.perf_counter() - began, 1), **figures(scenario, plan)}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "county.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "county.md").write_text(as_markdown(found), encoding="utf-8")
    print(as_markdown(found))


def figures(scenario: ScenarioDocument, plan: PlanDocument) -> dict[str, object]:
    stops = [stop for route in plan.routes for loop in route.loops for stop in loop.stops]
    summary = plan.summary
    return {
        "villages": len(scenario.sites),
        "households": sum(site.households or 0 for site in scenario.sites),
        "tonnes": round(summary.load.kg / 1_000, 1),
        "visits": summary.visits,
        "in_time": summary.served_in_time,
        "late": summary.served_late,
        "unserved": summary.unserved,
        "vans": f"{summary.vehicles_used} of {summary.vehicles}",
        "loops": sum(len(route.loops) for route in plan.routes),
        "most_loops": max(len(route.loops) for route in plan.routes),
        "km": round(summary.length_m / 1_000),
        "driving": minutes(summary.travel_s),
        "last_stop_at": max(stop.start_at for stop in stops).isoformat() if stops else None,
        "longest_from_departure": minutes(max(longest_s(plan), default=0)),
        "rests": sum(len(route.rests) for route in plan.routes),
        "reasons": dict(Counter(left.reason.code for left in plan.unserved)),
    }


def longest_s(plan: PlanDocument) -> list[int]:
    return [stop.start_s - loop.departure_s for route in plan.routes for loop in route.loops for stop in loop.stops]


def as_markdown(found: dict[str, object]) -> str:
    rows = [f"| {name.replace('_', ' ')} | {value} |" for name, value in found.items() if name != "machine"]
    lines = ["# A county's day", "", f"{found['machine']}. {ITERATIONS} iterations, seed 1.", "", "| | |", "|---|---|"]
    return "\n".join([*lines, *rows, ""])


if __name__ == "__main__":
    if sys.argv[1:2] == ["scenario"]:
        Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
        write(Path(sys.argv[2]))
    else:
        report()
