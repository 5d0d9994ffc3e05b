"""How the hierarchy may carry turns: arcs as its nodes, or junctions, of which only restricted ones are expanded.

    python -m benchmarks.turn_designs    # some three minutes; results to benchmarks/results/turn_designs.{json,md}

Both designs get the same restrictions, every one of them in force, and no turn times, and must find the same times.
Then, on the design that is used, with everything a van is charged: how long it takes from "these roads are closed" to new
times.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np

from benchmarks.dalian import read_sites
from benchmarks.machine import RESULTS, data_folder, machine
from benchmarks.travel_times import STORED, build_nanjing
from geodata.contraction import Hierarchy, Topology, elimination_order
from geodata.locate import RoadIndex
from geodata.model import Floats, Ints, LonLat, RoadPosition
from geodata.network import Network, build_network, load_network
from geodata.osm import read_osm
from geodata.profile import CLOSED
from geodata.roads import Roads, open_roads
from geodata.travel_times import HierarchyTimes

PLACES = 1_000
SITES = 277
SEED = 20221107
ROUNDS = 5
CLOSED_SHARE = 0.01

Result = TypeVar("Result")
Ends = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Design:
    """A graph to contract, and where positions leave for it and are entered from it."""

    name: str
    lon: Floats
    lat: Floats
    tail: Ints
    head: Ints
    ms: Ints
    exits: Callable[[RoadPosition], Ends]
    entries: Callable[[RoadPosition], Ends]


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds: to order and contract once, to customise (the best of some rounds), for a table on one thread."""

    city: str
    design: str
    nodes: int
    arcs: int
    order_s: float
    contract_s: float
    customise_s: float
    table_s: float


@dataclass(frozen=True, slots=True)
class Reopened:
    """CPU seconds, the best of some rounds: from arrays to a customised hierarchy, and for the next table."""

    city: str
    arcs: int
    turns: int
    closed_edges: int
    apply_s: float
    table_s: float | None


def main() -> None:
    designs: list[Measured] = []
    cities = {city: read_city(city) for city in ("dalian/dalian_core", "porto/porto")}
    for city, network in cities.items():
        designs += compare_designs(city.partition("/")[0], network)
    dalian = open_roads(cities["dalian/dalian_core"])
    reopened = [close_roads("dalian", dalian, CLOSED_SHARE, dalian_sites(dalian))]
    build_nanjing(data_folder() / "nanjing")
    reopened.append(close_roads("nanjing", open_roads(load_network(STORED)), CLOSED_SHARE, []))
    write_results(designs, reopened)


def read_city(city: str) -> Network:
    print(f"building {city}", flush=True)
    roads = read_osm(data_folder() / f"{city}.osm.pbf")
    attribution = "© OpenStreetMap contributors"
    return build_network(roads.segments, restrictions=roads.relations, name=city, attribution=attribution)


# --- the two designs ----------------------------------------------------------------------------------------------


def compare_designs(city: str, network: Network) -> list[Measured]:
    usual = open_roads(network)
    banned = np.zeros(network.turns, dtype=np.int64)
    banned[network.ban_turn] = CLOSED
    roads = Roads(network, usual.ms, banned, np.zeros(network.arcs, dtype=np.bool_))
    places = random_places(roads)
    found = [measure(city, design, places) for design in (arcs_as_nodes(roads), expanded_junctions(roads))]
    if not np.array_equal(found[0][1], found[1][1]):
        sys.exit("the two designs do not find the same times")
    return [measured for measured, _ in found]


def arcs_as_nodes(roads: Roads) -> Design:
    network = roads.network
    lon, lat = (((at[network.tail] + at[network.head]) / 2)[network.state_arc] for at in (network.lon, network.lat))

    def exits(place: RoadPosition) -> Ends:
        return [
            (state, weight - roads.ms_behind(arc, place))
            for arc in roads.arcs_out(place)
            for state, weight in roads.turns_out(arc)
        ]

    def entries(place: RoadPosition) -> Ends:
        return [(s, roads.ms_behind(arc, place)) for arc in roads.arcs_in(place) for s in network.states_of(arc)]

    return Design("arcs as nodes", lon, lat, network.turn_from, network.turn_to, roads.through_weight, exits, entries)


def expanded_junctions(roads: Roads) -> Design:
    """Nodes are junctions, and the ends of those states that may not turn everywhere or will be remembered."""
    network = roads.network
    particular = (roads.turn_ms >= CLOSED) | (network.turn_to >= network.arcs)
    split = np.zeros(network.states, dtype=np.bool_)
    split[network.turn_from[particular]] = True
    end = np.where(split, network.nodes + np.cumsum(split) - 1, network.head[network.state_arc])
    turns = np.flatnonzero(split[network.turn_from] & (roads.turn_ms < CLOSED))
    left, entered = end[network.turn_from[turns]], network.turn_to[turns]
    tail = np.concatenate([network.tail, left])
    head = np.concatenate([end[: network.arcs], end[entered]])
    ms = np.concatenate([roads.ms, roads.ms[network.state_arc[entered]]])
    at_split = network.head[network.state_arc[split]]
    into: dict[int, set[int]] = {}
    for node, state in zip(left.tolist(), entered.tolist(), strict=True):
        into.setdefault(int(network.state_arc[state]), set()).add(node)

    def exits(place: RoadPosition) -> Ends:
        return [(int(end[arc]), roads.ms_ahead(arc, place)) for arc in roads.arcs_out(place)]

    def entries(place: RoadPosition) -> Ends:
        return [
            (node, roads.ms_behind(arc, place))
            for arc in roads.arcs_in(place)
            for node in (int(network.tail[arc]), *sorted(into.get(arc, ())))
        ]

    lon, lat = (np.concatenate([at, at[at_split]]) for at in (network.lon, network.lat))
    return Design("restricted junctions expanded", lon, lat, tail, head, ms, exits, entries)


def measure(city: str, design: Design, places: Sequence[RoadPosition]) -> tuple[Measured, Floats]:
    print(f"{city}: {design.name}", flush=True)
    order, order_s = timed(lambda: elimination_order(design.lon, design.lat, design.tail, design.head))
    topology, contract_s = timed(lambda: Topology(order, design.tail, design.head))
    hierarchy, customise_s = best_of(lambda: Hierarchy(topology, design.ms))
    table, table_s = timed(lambda: table_of(hierarchy, design, places))
    sizes = len(design.lon), len(design.tail)
    return Measured(city, design.name, *sizes, order_s, contract_s, customise_s, table_s), table


def table_of(hierarchy: Hierarchy, design: Design, places: Sequence[RoadPosition]) -> Floats:
    """Milliseconds of leaving each place and coming to each, by one thread; ways along a shared edge are left aside."""
    entries = [design.entries(place) for place in places]
    first = np.cumsum([0, *map(len, entries[:-1])])
    nodes, behind = (np.array([entry[part] for ends in entries for entry in ends]) for part in (0, 1))
    search = hierarchy.to_nodes(nodes)
    rows = [np.fmin.reduceat(search.ms_from(design.exits(place)) + behind, first) for place in places]
    table: Floats = np.nan_to_num(np.array(rows), nan=np.inf)
    return table


def random_places(roads: Roads) -> list[RoadPosition]:
    """On roads of the largest strong component, so that each can be left and come to."""
    main = np.flatnonzero(roads.strong_component == int(np.argmax(roads.component_size)))
    edges = np.unique(roads.network.arc_edge[main])
    chance = np.random.default_rng(SEED)
    chosen, fractions = chance.choice(edges, PLACES).tolist(), chance.random(PLACES).tolist()
    return [RoadPosition(edge, part, LonLat(0.0, 0.0)) for edge, part in zip(chosen, fractions, strict=True)]


# --- closures -----------------------------------------------------------------------------------------------------


def close_roads(city: str, roads: Roads, share: float, places: Sequence[RoadPosition]) -> Reopened:
    print(f"{city}: closing roads", flush=True)
    somewhere = [RoadPosition(0, 0.5, LonLat(0.0, 0.0))]
    HierarchyTimes(roads).table(somewhere, somewhere)  # the topology is there already when a road is closed
    chance, edges = random.Random(SEED), roads.network.edges
    shut = chance.sample(range(edges), round(share * edges))

    def closed() -> HierarchyTimes:
        ms = roads.ms.copy()
        arcs = roads.network.edge_arcs[shut]
        ms[arcs[arcs >= 0]] = CLOSED
        times = HierarchyTimes(replace(roads, ms=ms))
        times.table(somewhere, somewhere)
        return times

    times, apply_s = best_of(closed)
    table_s = best_of(lambda: times.table(places, places))[1] if places else None
    return Reopened(city, roads.network.arcs, roads.network.turns, len(shut), apply_s, table_s)


def dalian_sites(roads: Roads) -> list[RoadPosition]:
    """The sites nearest to a road."""
    index = RoadIndex(roads)
    locations = [site.location for site in read_sites(data_folder())]
    edges, metres = index.nearest(locations, roads.edge_is_open)
    nearest = np.argsort(metres, kind="stable")[:SITES].tolist()
    return [index.position(locations[site], int(edges[site])) for site in nearest]


# --- measuring and telling ----------------------------------------------------------------------------------------


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def best_of(work: Callable[[], Result]) -> tuple[Result, float]:
    result, fastest = timed(work)
    for _ in range(ROUNDS - 1):
        result, spent = timed(work)
        fastest = min(fastest, spent)
    return result, fastest


def write_results(designs: Sequence[Measured], reopened: Sequence[Reopened]) -> None:
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "designs": [asdict(measured) for measured in designs],
        "closures": [asdict(measured) for measured in reopened],
    }
    (RESULTS / "turn_designs.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report = as_markdown(designs, reopened)
    (RESULTS / "turn_designs.md").write_text(report, encoding="utf-8")
    print(report)


def as_markdown(designs: Sequence[Measured], reopened: Sequence[Reopened]) -> str:
    rows = [
        f"| {one.city} | {one.design} | {one.nodes:,} | {one.arcs:,} | {one.order_s:.2f} | {one.contract_s:.2f} |"
        f" {1000 * one.customise_s:.0f} | {one.table_s:.2f} |"
        for one in designs
    ]
    again = [
        f"| {one.city} | {one.arcs:,} | {one.turns:,} | {one.closed_edges:,} | {1000 * one.apply_s:.0f} |"
        f" {'' if one.table_s is None else f'{one.table_s:.2f}'} |"
        for one in reopened
    ]
    measured = f"{machine()}. {datetime.now(UTC):%Y-%m-%d}. CPU times."
    return "\n".join([TITLE, "", measured, "", *HEADING, *rows, "", *CLOSURES, *again, "", METHOD])


TITLE = "# Turns in the hierarchy: two designs"
HEADING = (
    f"| network | design | nodes | arcs | order, s | contract, s | customise, ms | {PLACES:,} × {PLACES:,}, one thread, s |",
    "|---|---|---|---|---|---|---|---|",
)
CLOSURES = (
    f"| network | arcs | turns | edges closed | applied and customised, ms | {SITES} × {SITES} again, two threads, s |",
    "|---|---|---|---|---|---|",
)
METHOD = f"""\
Both designs have the same restrictions and no turn times; their tables are compared and equal. Ordering and contracting
happen once per network (the order is stored with it). The lower table is the design in use, arcs as nodes, with all turn
times and prohibitions of a van: {CLOSED_SHARE:.0%} of all edges closed at random, from the changed array of times to a
customised hierarchy, the best of {ROUNDS} rounds.
"""


if __name__ == "__main__":
    main()
