"""Dalian as on a bad night: its busiest bridge or tunnel shut, and part of the middle of town sealed.

    python -m benchmarks.restrictions    # results to benchmarks/results/restrictions.{json,md}

The scenario is that of ``benchmarks.dalian``. The structure shut is the bridge or tunnel that most legs of the unrestricted
plan drive on, with its other carriageway; the sealed zone is a square about the middle of all sites, with passes for two vans.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from api.files.scenario import read_scenario
from api.schemas import PlanDocument, ScenarioDocument, StopEntry
from api.service import Effort, Networks, check_document, plan_scenario
from api.validation import validate_scenario
from benchmarks.dalian import write_scenarios
from benchmarks.machine import RESULTS, data_folder, machine
from benchmarks.travel_times import STORED, build_nanjing
from geodata.locate import RoadIndex
from geodata.model import Ints, LonLat, RoadPosition
from geodata.network import EARTH_RADIUS_M, Network, load_network
from geodata.profile import Span
from geodata.restrictions import Closure, Restrictions, Zone, resolve
from geodata.roads import open_roads
from geodata.travel_times import HierarchyTimes
from routing.solvers.base import Stop

ITERATIONS = 600
BESIDE_M = 60.0
"""Parts of one structure lie so near to each other."""

ZONE_M = 1_000.0
HOLDERS = ("V2-1", "V2-2")
HURRY_S = 1_500
"""A target that the first loops alone can keep."""

CLOSURES, ZONES = 20, 10
"""Applied to Nanjing."""

SEED = 20_221_123
NIGHT = Span(datetime(2022, 11, 23, 18, tzinfo=UTC), datetime(2022, 11, 24, 6, tzinfo=UTC))

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    document: ScenarioDocument
    plan: PlanDocument
    seconds: float
    violations: int


def make(raw: Raw, folder: Path, *, previous: PlanDocument | None = None) -> Made:
    """Planned, and checked as a document."""
    document, networks = validate_scenario(raw), Networks(folder, by_path=True)
    began = time.perf_counter()
    effort = Effort(stop=Stop(iterations=ITERATIONS))
    plan = plan_scenario(document, networks=networks, effort=effort, previous=previous).document
    seconds = time.perf_counter() - began
    return Made(document, plan, seconds, len(check_document(document, plan, networks=networks, previous=previous)))


def scenario(folder: Path) -> Raw:
    """Of the folder that ``write_scenarios`` filled."""
    raw: Raw = read_scenario(folder / "dalian").document.model_dump(mode="json")
    return raw | {"network": "dalian.bgn"}


# --- what is shut ---------------------------------------------------------------------------------------------------


def is_structure(tags: Mapping[str, str]) -> bool:
    return any(tags.get(key, "no") not in {"no", ""} for key in ("bridge", "tunnel"))


def busiest_structure(plan: PlanDocument, network: Network) -> tuple[int, int]:
    """The bridge's or tunnel's edge that most legs drive on, and how many do."""
    legs = [
        leg for route in plan.routes for loop in route.loops for leg in (*(s.leg for s in loop.stops), loop.back.leg)
    ]
    driven = Counter(edge for leg in legs for edge in {int(network.arc_edge[arc]) for arc in leg.arcs})
    structures = {edge: count for edge, count in driven.items() if is_structure(tags_of(network, edge))}
    edge = max(sorted(structures), key=lambda each: structures[each])
    return edge, structures[edge]


def tags_of(network: Network, edge: int) -> Mapping[str, str]:
    return network.tag_sets[int(network.edge_tags[edge])]


def ways_of_structure(network: Network, edge: int) -> list[int]:
    """Ids of the ways of the same name, bridges or tunnels too, that lie beside it."""
    index = RoadIndex(open_roads(network))
    middle = index.position(LonLat(*network.arc_geometry(2 * edge).mean(axis=0).tolist()), edge).point
    near = index.edges_within(middle, BESIDE_M).tolist()
    named = [other for other in near if network.road_name(other) == network.road_name(edge)]
    return sorted({int(network.edge_way[other]) for other in (edge, *named) if is_structure(tags_of(network, other))})


def square(lon: float, lat: float) -> shapely.Polygon:
    half = float(np.degrees(ZONE_M / 2 / EARTH_RADIUS_M))
    wide = half / float(np.cos(np.radians(lat)))
    return shapely.box(lon - wide, lat - half, lon + wide, lat + half)


# --- Dalian ---------------------------------------------------------------------------------------------------------


def dalian(folder: Path) -> Raw:
    """With the target of two hours, in which everything can be reached, and with one in which not everything can."""
    network, raw = load_network(folder / "dalian.bgn"), scenario(folder)
    free = make(raw, folder)
    edge, legs = busiest_structure(free.plan, network)
    ways = ways_of_structure(network, edge)
    shut = {"closures": [{"id": f"C{number}", "road": str(way)} for number, way in enumerate(ways, 1)]}
    places = np.array([[site["lon"], site["lat"]] for site in raw["sites"]])
    area = dict(json.loads(shapely.to_geojson(square(*np.median(places, axis=0).tolist()))))
    sealed = {"zones": [{"id": "Z1", "name": "市中心", "level": "sealed", "geometry": area}]}
    island = {"closures": [{"id": "C9", "name": "市中心全封", "geometry": area}]}
    held = {"passes": [{"number": name, "vehicle": name, "places": ["Z1"]} for name in HOLDERS]}
    hurried = raw | {"orders": [order | {"target_s": HURRY_S} for order in raw["orders"]]}
    hurried_free = make(hurried, folder)
    variations = {
        "unrestricted": (free, free),
        "bridge shut": (make(raw | shut, folder), free),
        "bridge shut, from the unrestricted plan": (make(raw | shut, folder, previous=free.plan), free),
        "middle sealed": (make(raw | sealed, folder), free),
        "middle sealed, passes for two vans": (make(raw | sealed | held, folder), free),
        "bridge shut, middle sealed, passes": (make(raw | shut | sealed | held, folder), free),
        "middle closed to all": (make(raw | island, folder), free),
        f"{HURRY_S // 60} min, unrestricted": (hurried_free, hurried_free),
        f"{HURRY_S // 60} min, bridge shut": (make(hurried | shut, folder), hurried_free),
    }
    return {
        "structure": {
            "road": network.road_name(edge),
            "ways": ways,
            "legs": legs,
            "tags": dict(tags_of(network, edge)),
        },
        "plans": {name: figures(made, before.plan) for name, (made, before) in variations.items()},
    }


def figures(made: Made, free: PlanDocument) -> Raw:
    plan, before, said_before = made.plan, servers(free), reasons(free)
    summary, said = plan.summary, reasons(plan)
    return {
        "seconds": round(made.seconds, 1),
        "violations": made.violations,
        "in_time": summary.served_in_time,
        "late": summary.served_late,
        "unserved": summary.unserved,
        "travel_s": summary.travel_s,
        "elsewhere": sum(before.get(visit) != vehicle for visit, vehicle in servers(plan).items()),
        "changed_stops": summary.changed_stops,
        "at_gates": sum(stop.gate is not None for stop in stops_of(plan)),
        "gates": len({stop.gate.id for stop in stops_of(plan) if stop.gate}),
        "reasons_changed": sum(said_before.get(visit) != text for visit, text in said.items()),
        "told": [text for visit, text in said.items() if said_before.get(visit) != text][:2],
    }


def reasons(plan: PlanDocument) -> dict[str, str]:
    """By visit why it is late or unserved, and what would help."""
    entries = [*((left.visit, left.reason) for left in plan.unserved), *((s.visit, s.reason) for s in stops_of(plan))]
    return {
        visit: "; ".join([reason.message.en, *([reason.relaxation.message.en] if reason.relaxation else [])])
        for visit, reason in entries
        if reason is not None
    }


def stops_of(plan: PlanDocument) -> Iterator[StopEntry]:
    return (stop for route in plan.routes for loop in route.loops for stop in loop.stops)


def servers(plan: PlanDocument) -> dict[str, str]:
    return {stop.visit: route.vehicle for route in plan.routes for loop in route.loops for stop in loop.stops}


# --- Nanjing --------------------------------------------------------------------------------------------------------


def nanjing() -> Raw:
    """Seconds from drawn shapes to travel times that can be asked, once the network is open."""
    if not STORED.exists():
        build_nanjing(data_folder() / "nanjing")
    network = load_network(STORED)
    roads = open_roads(network)
    index = RoadIndex(roads)
    depot = position_on(index, int(roads.open_arcs[0]))
    HierarchyTimes(roads).table([depot], [depot])
    restrictions = drawn_on(network, np.flatnonzero(roads.edge_is_open))
    began = time.perf_counter()
    resolved = resolve(index, restrictions)
    placed = time.perf_counter()
    restricted = resolved.roads_for(roads, span=NIGHT)
    closed = time.perf_counter()
    HierarchyTimes(restricted).table([depot], [depot])
    ready = time.perf_counter()
    return {
        "closures": CLOSURES,
        "zones": ZONES,
        "edges_closed": len(restricted.closed_parts),
        "placed_s": round(placed - began, 3),
        "closed_s": round(closed - placed, 3),
        "customised_s": round(ready - closed, 3),
        "together_s": round(ready - began, 3),
    }


def position_on(index: RoadIndex, arc: int) -> RoadPosition:
    network = index.roads.network
    return index.position(LonLat(*network.arc_geometry(arc)[0].tolist()), int(network.arc_edge[arc]))


def drawn_on(network: Network, edges: Ints) -> Restrictions:
    """Lines drawn along twenty roads, and squares about ten places."""
    chance = np.random.default_rng(SEED)
    shut, middles = (chance.choice(edges, count, replace=False).tolist() for count in (CLOSURES, ZONES))
    lines = [network.points[network.first_point[edge] : network.first_point[edge + 1]] for edge in shut]
    corners = [network.points[network.first_point[edge]] for edge in middles]
    return Restrictions(
        closures=tuple(Closure(f"C{number}", shapely.LineString(line)) for number, line in enumerate(lines, 1)),
        zones=tuple(Zone(f"Z{number}", square(*place.tolist())) for number, place in enumerate(corners, 1)),
    )


# --- report ---------------------------------------------------------------------------------------------------------


def as_markdown(found: Raw) -> str:
    town, city = found["dalian"], found["nanjing"]
    rows = [
        f"| {name} | {p['in_time']} | {p['late']} | {p['unserved']} | {p['travel_s'] / 3600:.1f} | {p['at_gates']} | {p['gates']} |"
        f" {p['elsewhere']} | {p['reasons_changed']} | {p['violations']} | {p['seconds']} |"
        for name, p in town["plans"].items()
    ]
    said = [f"- {name}: {text}" for name, p in town["plans"].items() for text in p["told"]]
    structure = town["structure"]
    return "\n".join(
        [
            "# Closures and zones on Dalian and Nanjing",
            "",
            f"{found['machine']}. {found['iterations']} iterations a plan; seconds of planning alone; each plan checked as a document.",
            "",
            (
                f"The busiest bridge or tunnel of the unrestricted plan: {structure['road']}, ways"
                f" {', '.join(map(str, structure['ways']))}, on {structure['legs']} legs. *elsewhere*: visits by another vehicle than"
                " in the unrestricted plan with the same target; *reasons*: visits whose reason reads otherwise than there."
            ),
            "",
            "| scenario | in time | late | unserved | driving (h) | at gates | gates | elsewhere | reasons | violations | seconds |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            *said,
            "",
            (
                f"Nanjing: {city['closures']} closures and {city['zones']} zones ({city['edges_closed']} edges closed, in whole or"
                f" part) take {city['together_s']} s from drawn shapes to travel times that can be asked: {city['placed_s']} s to find"
                f" what they cover, {city['closed_s']} s to close it, {city['customised_s']} s to customise."
            ),
            "",
        ]
    )


def main() -> None:
    data = data_folder()
    with tempfile.TemporaryDirectory() as temporary:
        write_scenarios(data, Path(temporary))
        found = {
            "machine": machine(),
            "iterations": ITERATIONS,
            "dalian": dalian(Path(temporary)),
            "nanjing": nanjing(),
        }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "restrictions.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "restrictions.md").write_text(as_markdown(found), encoding="utf-8")
    print(as_markdown(found))


if __name__ == "__main__":
    main()
