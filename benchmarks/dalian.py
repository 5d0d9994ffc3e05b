"""Dalian's sampling sites of November 2022 as scenario folders, and what planning them gives.

    python benchmarks/dalian.py scenarios DIR    # write dalian, dalian_hours, dalian_bd09 and the network into DIR
    python benchmarks/dalian.py report           # plan all three; results to benchmarks/results/dalian.{json,md}

Sites are those within 300 m of a road that a depot can reach, by our own measure; an id is the site's data row, the first being 1. Three
depots, 40 vans of 160 crates, 20 crates of 8 kg and 8 minutes at each site, order on 2022-11-23 at 07:30.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from api.files.scenario import read_scenario
from api.schemas import PlanDocument
from api.service import Effort, Networks, plan_scenario
from benchmarks.machine import RESULTS, data_folder, machine
from geodata.locate import RoadIndex, locate_depots, locate_sites
from geodata.model import LonLat
from geodata.network import Network, build_network, load_network, save_network
from geodata.osm import read_osm
from geodata.roads import open_roads
from geodata.sources import ATTRIBUTION
from routing.solvers.base import Stop

LIMIT_M = 300.0
ITERATIONS = 4_000
NAMES = ("dalian", "dalian_hours", "dalian_bd09")

DEPOTS = {
    "D1": ("中山区转运站", LonLat(121.6440, 38.9130)),
    "D2": ("西岗区转运站", LonLat(121.6050, 38.9100)),
    "D3": ("沙河口区转运站", LonLat(121.5560, 38.9020)),
}
VANS = {"D1": 13, "D2": 13, "D3": 14}


class Site(NamedTuple):
    """A data row of the list, the first being 1."""

    row: int
    fields: dict[str, str]

    @property
    def location(self) -> LonLat:
        return LonLat(float(self.fields["lng_wgs84"]), float(self.fields["lat_wgs84"]))


def read_sites(data: Path) -> list[Site]:
    with (data / "dalian" / "dalian_sites_wgs84.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [Site(row, fields) for row, fields in enumerate(csv.DictReader(stream), 1)]


def sites_near_roads(network: Network, sites: Sequence[Site]) -> list[Site]:
    """Those within the limit of a road that some depot can reach and be reached from."""
    index = RoadIndex(open_roads(network))
    depots = locate_depots(index, [place for _, place in DEPOTS.values()], limit_m=LIMIT_M)
    positions = [depot.position for depot in depots if depot.position is not None]
    located = locate_sites(index, [site.location for site in sites], depots=positions, limit_m=LIMIT_M)
    return [site for site, where in zip(sites, located, strict=True) if where.position is not None]


def write_scenarios(data: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    roads = read_osm(data / "dalian" / "dalian_core.osm.pbf")
    network = build_network(roads.segments, restrictions=roads.relations, name="dalian_core", attribution=ATTRIBUTION)
    save_network(network, target / "dalian.bgn")
    sites = sites_near_roads(network, read_sites(data))
    for name in NAMES:
        write_scenario(target / name, sites, hours=name == "dalian_hours", datum="bd09" if "bd09" in name else "wgs84")


def write_scenario(folder: Path, sites: Sequence[Site], *, hours: bool, datum: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "scenario.toml").write_text(SETTINGS.format(datum=datum.upper()), encoding="utf-8")
    write_list(folder / "kinds.csv", ["编号", "每件公斤", "每件箱数"], [("物资箱", 8, 1)])
    depots = [(depot, name, *place) for depot, (name, place) in DEPOTS.items()]
    write_list(folder / "depots.csv", ["编号", "名称", "经度", "纬度"], depots)
    vans = [(f"V{depot[1:]}", count, depot, 160) for depot, count in VANS.items()]
    write_list(folder / "vehicles.csv", ["编号", "数量", "所属储备库", "载箱数"], vans)
    heading = ["编号", "名称", "地址", "经度", "纬度", "需求:物资箱", *(["接收时间"] if hours else [])]
    write_list(folder / "sampling_sites.csv", heading, list(site_rows(sites, hours=hours, datum=datum)))


def site_rows(sites: Sequence[Site], *, hours: bool, datum: str) -> Iterator[tuple[object, ...]]:
    for row, fields in sites:
        place = (fields[f"lng_{datum}"], fields[f"lat_{datum}"])
        yield (row, fields["name"], fields["address"], *place, 20, *([fields["hours"]] if hours else []))


def write_list(path: Path, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


SETTINGS = """\
name = "大连核酸采样点"
network = "../dalian.bgn"
order_at = "2022-11-23 07:30"

[datum]
sites = "{datum}"

[settings]
service_s = 480
service_per_crate_s = 0
unreadable_hours = "list"
"""


# --- report -----------------------------------------------------------------------------------------------------


def report(data: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_scenarios(data, folder)
        results = {name: plan_one(folder / name) for name in NAMES}
        positions = {name: located(results[name][1]) for name in ("dalian", "dalian_bd09")}
        apart_m = largest_distance_m(positions["dalian"], positions["dalian_bd09"])
        network = load_network(folder / "dalian.bgn")
    found = {
        "machine": machine(),
        "network": {"nodes": network.nodes, "edges": network.edges, "arcs": network.arcs},
        "sites_within_300_m": len(positions["dalian"]),
        "bd09_positions_apart_m_at_most": round(apart_m, 2),
        "iterations": ITERATIONS,
        "plans": {name: figures for name, (figures, _) in results.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "dalian.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "dalian.md").write_text(as_markdown(found), encoding="utf-8")
    print(as_markdown(found))


def plan_one(folder: Path) -> tuple[dict[str, object], PlanDocument]:
    began = time.perf_counter()
    loaded = read_scenario(folder)
    outcome = plan_scenario(
        loaded.document,
        networks=Networks(loaded.folder, by_path=True),
        effort=Effort(stop=Stop(iterations=ITERATIONS)),
        warnings=loaded.warnings,
    )
    plan = outcome.document
    stops = [stop for route in plan.routes for loop in route.loops for stop in loop.stops]
    reasons = Counter(stop.reason.code for stop in stops if stop.reason)
    reasons.update(unserved.reason.code for unserved in plan.unserved)
    figures = {
        "seconds": round(time.perf_counter() - began, 1),
        **plan.summary.model_dump(include={"visits", "served_in_time", "served_late", "unserved", "latest_start_s"}),
        **plan.summary.model_dump(include={"vehicles_used", "travel_s", "check"}),
        "reasons": dict(reasons),
        "warnings": len(plan.warnings),
    }
    return figures, plan


def located(plan: PlanDocument) -> dict[str, LonLat]:
    return {
        entry.place: LonLat(entry.lon, entry.lat)
        for entry in plan.located
        if entry.lon is not None and entry.lat is not None and entry.place not in DEPOTS
    }


def largest_distance_m(one: dict[str, LonLat], other: dict[str, LonLat]) -> float:
    from pyproj import Geod

    earth = Geod(ellps="WGS84")
    return max(float(earth.inv(*one[place], *other[place])[2]) for place in one)


def as_markdown(found: dict[str, object]) -> str:
    plans = found["plans"]
    assert isinstance(plans, dict)  # noqa: S101  as written above
    rows = [
        f"| {name} | {p['visits']} | {p['served_in_time']} | {p['served_late']} | {p['unserved']} |"
        f" {p['latest_start_s']} | {p['vehicles_used']} | {p['seconds']} | {p['reasons']} |"
        for name, p in plans.items()
    ]
    return "\n".join(
        [
            "# Dalian: 40 vans, three depots",
            "",
            (
                f"{found['machine']}. {found['sites_within_300_m']} sites tied to a road within 300 m; the BD-09 columns"
                f" lead to positions at most {found['bd09_positions_apart_m_at_most']} m apart."
                f" {found['iterations']} iterations."
            ),
            "",
            "| scenario | visits | in time | late | unserved | latest start (s) | vans | seconds | reasons |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("scenarios").add_argument("folder", type=Path)
    commands.add_parser("report")
    options = parser.parse_args()
    data = data_folder()
    if options.command == "scenarios":
        write_scenarios(data, options.folder)
    else:
        report(data)


if __name__ == "__main__":
    main()
