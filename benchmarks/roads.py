"""Tables, routes and closures beside OSRM and Valhalla, and how far OSRM's answers and ours agree.

    python -m benchmarks.roads                     # every part; some ten minutes
    python -m benchmarks.roads speed agreement     # some of: speed closures agreement answers

Each part puts its figures into benchmarks/results/roads.json, and roads.md is written anew from all that is there.
``answers`` stores OSRM's answers for the tests. Everything runs on one core: this process is tied to it, and so are the
engines it starts, each of which has one thread. The engines are asked over HTTP on this machine; what counts is the
server's processor time, which holds writing the answer but not reading it here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import osmium

from benchmarks.drawn_ways import DrawnWays
from benchmarks.engines import (
    WHEELS,
    Osrm,
    Server,
    Spent,
    Valhalla,
    fetch,
    measured,
    on_one_core,
    osrm_route,
    osrm_table,
    valhalla_route,
    valhalla_table,
)
from benchmarks.machine import RESULTS, ROOT, data_folder, machine
from benchmarks.osrm_car import OsrmCar
from benchmarks.turn_designs import dalian_sites
from geodata.locate import RoadIndex
from geodata.model import Booleans, Ints, Leg, LonLat, RoadPosition
from geodata.network import Network, build_network
from geodata.osm import read_osm
from geodata.roads import Roads, open_roads
from geodata.travel_times import HierarchyTimes

MAPS = {"dalian": "dalian/dalian_core.osm.pbf", "porto": "porto/porto.osm.pbf"}
SITES, PLACES, PAIRS, ROUTES = 277, 1_000, 1_000, 1_000
ANSWERS = 60
CLOSED_SHARE = 0.01
SEED = 20221107
ROUNDS = 3
SAME_POINT_M = 1.0
ALONE_M = 3.0
SHORTEST_M = 5.0
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
WORST = 10
STORED = RESULTS / "roads.json"
ANSWERS_FILE = ROOT / "tests" / "geodata" / "osrm_answers.json"


@dataclass(frozen=True, eq=False)
class City:
    """``places``: [PLACES] on roads that a van can leave and come to; the first ``SITES`` of Dalian are its own sites."""

    name: str
    pbf: Path
    network: Network
    roads: Roads
    places: Sequence[RoadPosition]
    built: Spent

    @property
    def points(self) -> list[LonLat]:
        return [place.point for place in self.places]

    @classmethod
    def read(cls, name: str) -> City:
        print(f"building {name}", flush=True)
        pbf = data_folder() / MAPS[name]
        network, built = measured(lambda: _network(name, pbf))
        roads = open_roads(network)
        random = random_places(roads, PLACES)
        return cls(
            name, pbf, network, roads, [*dalian_sites(roads), *random][:PLACES] if name == "dalian" else random, built
        )


def _network(name: str, pbf: Path) -> Network:
    drawn = read_osm(pbf)
    attribution = "© OpenStreetMap contributors"
    return build_network(drawn.segments, restrictions=drawn.relations, name=name, attribution=attribution)


def main(parts: Sequence[str]) -> None:
    unknown = set(parts) - set(PARTS)
    if unknown:
        sys.exit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    fetch()
    on_one_core()
    cities = [City.read(name) for name in MAPS]
    for part in parts or PARTS:
        results = _stored() | {part: PARTS[part](cities), "machine": machine(), "engines": WHEELS}
        results["measured_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        STORED.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report = as_markdown(_stored())
    (RESULTS / "roads.md").write_text(report, encoding="utf-8")
    print(report)


def _stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}


# --- places -------------------------------------------------------------------------------------------------------


def random_places(roads: Roads, count: int, seed: int = SEED) -> list[RoadPosition]:
    """On roads open to everybody of the largest strong component, where no other road is near enough to be meant."""
    main = (roads.strong_component == int(np.argmax(roads.component_size))) & roads.passable
    edges = np.unique(roads.network.arc_edge[main])
    edges = edges[roads.network.edge_length_m[edges] >= SHORTEST_M]
    index, chance = RoadIndex(roads), np.random.default_rng(seed)
    places: list[RoadPosition] = []
    while len(places) < count:
        edge = int(chance.choice(edges))
        place = index.position(_along(roads.network, edge, chance.uniform(0.1, 0.9)), edge)
        if index.edges_within(place.point, ALONE_M).tolist() == [edge]:
            places.append(place)
    return places


def _along(network: Network, edge: int, fraction: float) -> LonLat:
    points = network.points[network.first_point[edge] : network.first_point[edge + 1]]
    steps = np.hypot(*(np.diff(points, axis=0) * [np.cos(np.radians(points[0, 1])), 1.0]).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    lon, lat = (float(np.interp(fraction * along[-1], along, points[:, axis])) for axis in (0, 1))
    return LonLat(lon, lat)


# --- speed --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Speed:
    """Of ``n`` × ``n`` times, and of one route with its geometry; the best of some rounds by processor time."""

    city: str
    engine: str
    prepared: Spent
    table: Mapping[int, Spent]
    route: Spent


def measure_speed(cities: Sequence[City]) -> list[dict[str, object]]:
    return [asdict(speed) for city in cities for speed in (_ours(city), *_osrm(city), _valhalla(city))]


def _ours(city: City) -> Speed:
    print(f"{city.name}: our own", flush=True)
    times, customised = measured(lambda: _ready(HierarchyTimes(city.roads)))
    tables = _tables(lambda n: measured(lambda: times.table(city.places[:n], city.places[:n]))[1])
    _, routes = measured(lambda: [times.leg(*pair) for pair in pairwise(city.places)])
    return Speed(city.name, "Baogong", city.built + customised, tables, _each(routes, PLACES - 1))


def _ready(times: HierarchyTimes) -> HierarchyTimes:
    nowhere = [RoadPosition(0, 0.5, LonLat(0.0, 0.0))]
    times.table(nowhere, nowhere)
    return times


def _osrm(city: City) -> list[Speed]:
    speeds = []
    for algorithm in ("CH", "MLD"):
        print(f"{city.name}: OSRM {algorithm}", flush=True)
        engine, prepared = Osrm.prepare(city.name, city.pbf, algorithm)
        with engine.serve() as server:
            tables = _tables(partial(_osrm_table, server, city))
            routes = [osrm_route(server, *pair)[1] for pair in pairwise(city.points)]
        speeds.append(Speed(city.name, f"OSRM {algorithm}", prepared, tables, _mean(routes)))
    return speeds


def _osrm_table(server: Server, city: City, n: int) -> Spent:
    return osrm_table(server, city.points[:n])[1]


def _valhalla(city: City) -> Speed:
    print(f"{city.name}: Valhalla", flush=True)
    engine, prepared = Valhalla.prepare(city.name, city.pbf)
    with engine.serve() as server:
        valhalla_table(server, city.points[:2])
        tables = {n: valhalla_table(server, city.points[:n])[1] for n in (SITES, PLACES)}
        routes = [valhalla_route(server, *pair)[1] for pair in pairwise(city.points)]
    return Speed(city.name, "Valhalla", prepared, tables, _mean(routes))


def _tables(work: Callable[[int], Spent]) -> dict[int, Spent]:
    return {n: _best(partial(work, n)) for n in (SITES, PLACES)}


def _best(work: Callable[[], Spent]) -> Spent:
    return min((work() for _ in range(ROUNDS)), key=lambda spent: spent.cpu_s)


def _mean(spent: Sequence[Spent]) -> Spent:
    return _each(Spent(*map(sum, zip(*spent, strict=True))), len(spent))


def _each(spent: Spent, count: int) -> Spent:
    return Spent(spent.cpu_s / count, spent.wall_s / count)


# --- closures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reopened:
    """From closed roads, as a list in the engine's own words, to the next table of ``SITES`` × ``SITES`` times.

    ``changed``: the share of pairs whose time is another than before, by more than a second.
    """

    city: str
    engine: str
    closed: int
    applied: Spent
    table: Spent
    changed: float


def measure_closures(cities: Sequence[City]) -> list[dict[str, object]]:
    found: list[Reopened] = []
    for city in cities:
        shut = _closed_edges(city)
        print(f"{city.name}: closing {len(shut)} roads", flush=True)
        found += [_close_ours(city, shut), *_close_osrm(city, shut), *_close_valhalla(city, shut)]
    return [asdict(one) for one in found]


def _closed_edges(city: City) -> Ints:
    """Roads on which nobody stands."""
    free = np.zeros(city.network.edges, dtype=np.bool_)
    free[city.network.arc_edge[city.roads.passable]] = True
    free &= city.network.edge_length_m >= SHORTEST_M
    free[[place.edge for place in city.places]] = False
    count = round(CLOSED_SHARE * city.network.edges)
    return np.random.default_rng(SEED).choice(np.flatnonzero(free), count, replace=False)


def _close_ours(city: City, shut: Ints) -> Reopened:
    places = city.places[:SITES]
    before = _ready(HierarchyTimes(city.roads)).table(places, places)

    def closed() -> HierarchyTimes:
        return _ready(HierarchyTimes(replace(city.roads, closed_parts={int(edge): ((0.0, 1.0),) for edge in shut})))

    applied = _best(lambda: measured(closed)[1])
    times = closed()
    after, table = measured(lambda: times.table(places, places))
    return Reopened(city.name, "Baogong", len(shut), applied, table, _changed(before.tolist(), after.tolist()))


def _close_osrm(city: City, shut: Ints) -> list[Reopened]:
    """Contract or customise again with the closed segments at speed 0, load the result, ask."""
    points, found = city.points[:SITES], []
    speeds = _speed_file(city, shut)
    for algorithm in ("CH", "MLD"):
        engine, _ = Osrm.prepare(f"{city.name}-closed", city.pbf, algorithm)
        with engine.serve() as server:
            before, _ = osrm_table(server, points)
        again = engine.customise(speeds)
        with engine.serve() as server:
            after, table = osrm_table(server, points)
            applied = again + server.ready
        name = f"OSRM {algorithm}, {'contract' if algorithm == 'CH' else 'customize'} again"
        found.append(Reopened(city.name, name, len(shut), applied, table, _changed(before, after)))
    return found


def _speed_file(city: City, shut: Ints) -> Path:
    target = ROOT / "cache" / "engines" / f"{city.name}-closed.csv"
    pairs = _node_pairs(city, shut)
    lines = [f"{tail},{head},0\n{head},{tail},0\n" for tail, head in pairs]
    target.write_text("".join(lines), encoding="utf-8")
    return target


def _node_pairs(city: City, edges: Ints) -> list[tuple[int, int]]:
    """The map's own nodes along edges, neighbour by neighbour."""
    wanted = set(city.network.edge_way[edges].tolist())
    ways = {
        way.id: ([node.ref for node in way.nodes], [(node.lon, node.lat) for node in way.nodes])
        for way in osmium.FileProcessor(str(city.pbf)).with_locations()
        if isinstance(way, osmium.osm.Way) and way.id in wanted
    }
    pairs: list[tuple[int, int]] = []
    for edge in edges.tolist():
        refs, places = ways[int(city.network.edge_way[edge])]
        drawn = [tuple(point) for point in _points_of(city.network, edge)]
        start = next(at for at in range(len(places)) if places[at : at + len(drawn)] == drawn)
        pairs += pairwise(refs[start : start + len(drawn)])
    return pairs


def _points_of(network: Network, edge: int) -> list[list[float]]:
    return cast(
        "list[list[float]]", network.points[network.first_point[edge] : network.first_point[edge + 1]].round(7).tolist()
    )


def _close_valhalla(city: City, shut: Ints) -> list[Reopened]:
    """With the request, as ``exclude_locations``; or by building the tiles again, which takes as long for any change."""
    points = city.points[:SITES]
    middles = [_along(city.network, int(edge), 0.5) for edge in shut]
    engine, built = Valhalla.prepare(f"{city.name}-closed", city.pbf)
    with engine.serve() as server:
        before, plain = valhalla_table(server, points)
        loaded = server.ready
        after, table = valhalla_table(server, points, middles)
    changed = _changed(before, after)
    return [
        Reopened(city.name, "Valhalla, exclude_locations", len(shut), Spent(0.0, 0.0), table, changed),
        Reopened(city.name, "Valhalla, build tiles again", len(shut), built + loaded, plain, changed),
    ]


def _changed(before: Sequence[Sequence[float | None]], after: Sequence[Sequence[float | None]]) -> float:
    first, second = (np.array(table, dtype=np.float64) for table in (before, after))
    other: Booleans = (np.abs(first - second) > 1.0) | (np.isnan(first) != np.isnan(second))
    return float(other.mean())


# --- agreement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """OSRM's answer, that of its car profile in our engine, and that of our van; seconds and metres.

    ``theirs``: what OSRM's way is to our engine, of ``KINDS``; and by how much it weighs more than ours there.
    """

    origin: LonLat
    destination: LonLat
    osrm_s: float
    osrm_m: float
    car_s: float
    car_m: float
    van_s: float
    van_m: float
    theirs: str
    theirs_weigh_percent: float | None


KINDS = ("the same way", "another way, as good", "another way, dearer here", "not allowed here")
AS_GOOD_PERCENT = 1.0


def measure_agreement(cities: Sequence[City]) -> list[dict[str, object]]:
    return [_agreement(city) for city in cities]


def _agreement(city: City) -> dict[str, object]:
    print(f"{city.name}: {PAIRS} pairs", flush=True)
    car = OsrmCar.on(city.network)
    by_car, by_van, drawn = HierarchyTimes(car.weighed), HierarchyTimes(city.roads), DrawnWays(car.weighed)
    ends = random_places(car.weighed, 2 * PAIRS, seed=SEED + 1)
    engine, _ = Osrm.prepare(city.name, city.pbf, "CH")
    pairs: list[Pair] = []
    elsewhere = only_one = 0
    with engine.serve() as server:
        for origin, destination in zip(ends[::2], ends[1::2], strict=True):
            route, _ = osrm_route(server, origin.point, destination.point)
            drive, leg = car.drive(by_car, origin, destination), by_van.leg(origin, destination)
            ours = by_car.leg(origin, destination)
            if route is not None and max(route.snap_m) > SAME_POINT_M:
                elsewhere += 1
            elif route is None or drive is None or leg is None or ours is None:
                only_one += 1
            else:
                kind = _kind(ours, drawn.arcs(route.points, origin, destination), drawn, origin, destination)
                answers = (route.seconds, route.metres, drive.seconds, drive.metres, leg.ms / 1_000, leg.length_m)
                pairs.append(Pair(origin.point, destination.point, *answers, *kind))
    return {
        "city": city.name,
        "compared": len(pairs),
        "not_snapped_to_the_same_point": elsewhere,
        "answered_by_one_only": only_one,
        "ways": {kind: sum(pair.theirs == kind for pair in pairs) for kind in KINDS},
        "car": _differences(pairs, "car"),
        "car_on_the_same_way": _differences([pair for pair in pairs if pair.theirs == KINDS[0]], "car"),
        "van": _differences(pairs, "van"),
        "worst_by_time": _worst(pairs, _time_off),
        "worst_by_distance": _worst(pairs, _distance_off),
    }


def _kind(
    ours: Leg, theirs: Sequence[int] | None, drawn: DrawnWays, origin: RoadPosition, destination: RoadPosition
) -> tuple[str, float | None]:
    same, as_good, dearer, forbidden = KINDS
    weight = None if theirs is None else drawn.weight_ms(theirs, origin, destination)
    if theirs is None or weight is None:
        return forbidden, None
    percent = 100.0 * (weight / ours.ms - 1.0)
    if tuple(theirs) == ours.arcs:
        return same, percent
    return (as_good if percent <= AS_GOOD_PERCENT else dearer), percent


def _worst(pairs: Sequence[Pair], off: Callable[[Pair], float]) -> list[dict[str, object]]:
    return [asdict(pair) for pair in sorted(pairs, key=off, reverse=True)[:WORST]]


def _time_off(pair: Pair) -> float:
    return abs(pair.car_s / pair.osrm_s - 1.0)


def _distance_off(pair: Pair) -> float:
    return abs(pair.car_m / pair.osrm_m - 1.0)


def _differences(pairs: Sequence[Pair], whose: str) -> dict[str, object]:
    def of(unit: str) -> dict[str, object]:
        theirs, ours = (np.array([getattr(pair, f"{who}_{unit}") for pair in pairs]) for who in ("osrm", whose))
        share = 100.0 * (ours / theirs - 1.0)
        return {
            "percentiles_percent": dict(
                zip(map(str, PERCENTILES), np.percentile(share, PERCENTILES).tolist(), strict=True)
            ),
            "within_1_percent": float((np.abs(share) <= 1.0).mean()),
            "mean_percent": float(100.0 * (ours.sum() / theirs.sum() - 1.0)),
        }

    return {"time": of("s"), "distance": of("m")}


# --- answers for the tests ----------------------------------------------------------------------------------------


def store_answers(cities: Sequence[City]) -> dict[str, object]:
    (city,) = (city for city in cities if city.name == "dalian")
    roads = OsrmCar.on(city.network).weighed
    ends = random_places(roads, 2 * ANSWERS, seed=SEED + 2)
    engine, _ = Osrm.prepare(city.name, city.pbf, "CH")
    answers: list[dict[str, object]] = []
    with engine.serve() as server:
        for origin, destination in zip(ends[::2], ends[1::2], strict=True):
            route, _ = osrm_route(server, origin.point, destination.point)
            if route is not None and max(route.snap_m) <= SAME_POINT_M:
                found = {"seconds": route.seconds, "metres": route.metres}
                answers.append({"from": origin.point, "to": destination.point, **found})
    source = f"OSRM {WHEELS['osrm-bindings']} (osrm-bindings), its car.lua, CH, on dalian_core.osm.pbf of 2024-10-03"
    rows = ",\n".join(json.dumps(answer) for answer in answers)
    text = f'{{"source": {json.dumps(source)},\n"answers": [\n{rows}\n]}}\n'
    ANSWERS_FILE.write_text(text, encoding="utf-8")
    return {"stored": len(answers), "of": ANSWERS}


PARTS: Mapping[str, Callable[[Sequence[City]], object]] = {
    "speed": measure_speed,
    "closures": measure_closures,
    "agreement": measure_agreement,
    "answers": store_answers,
}


# --- the report ---------------------------------------------------------------------------------------------------


def as_markdown(results: Mapping[str, Any]) -> str:
    engines = ", ".join(f"{name} {version}" for name, version in results["engines"].items())
    head = ["# Roads beside OSRM and Valhalla", f"{results['machine']}; {engines}. {results['measured_at'][:10]}."]
    parts = [section(results[part]) for part, section in SECTIONS.items() if part in results]
    return "\n\n".join([*head, *parts]) + "\n"


def _speed_section(rows: Sequence[Mapping[str, Any]]) -> str:
    theirs = {row["city"]: row for row in rows if row["engine"] == "OSRM CH"}
    heading = (
        f"| map | engine | prepared | {SITES} × {SITES} | {PLACES:,} × {PLACES:,} | of OSRM CH | a route, ms | of OSRM CH |",
        "|---|---|---|---|---|---|---|---|",
    )
    lines = [_speed_row(row, theirs[row["city"]]) for row in rows]
    return "\n".join(["## Tables and routes", "", SPEED_METHOD, "", *heading, *lines, "", WHY_SLOWER])


def _speed_row(row: Mapping[str, Any], osrm: Mapping[str, Any]) -> str:
    small, large = (row["table"][str(n)] for n in (SITES, PLACES))
    ratios = large[0] / osrm["table"][str(PLACES)][0], row["route"][0] / osrm["route"][0]
    return (
        f"| {row['city']} | {row['engine']} | {_both(row['prepared'])} | {_both(small)} | {_both(large)} |"
        f" × {ratios[0]:.1f} | {1000 * row['route'][0]:.2f} ({1000 * row['route'][1]:.2f}) | × {ratios[1]:.1f} |"
    )


def _both(spent: Sequence[float]) -> str:
    return f"{spent[0]:.2f} ({spent[1]:.2f})"


SPEED_METHOD = f"""\
Processor seconds, and in brackets seconds that passed on a machine with other work to do. One core and one thread for
each. Prepared: from the map's file to what the engine loads (ours: to a customised hierarchy in memory). Tables are the best
of {ROUNDS} (Valhalla: one); routes the mean of {ROUTES:,}, with geometry (ours: with its arcs). The engines' share holds
asking over HTTP and writing JSON; ours ends with an array. Each has its own usual road user: ours the van, OSRM's `car.lua`,
Valhalla's `auto` with the faster of its two matrix algorithms. Places: Dalian's {SITES} sites nearest to a road, then random
points; Porto: random points, seed {SEED}."""

WHY_SLOWER = """\
Where our table is slower than OSRM's contraction hierarchy, nearly all of the time (94 % on Porto) is spent in the searches of
the hierarchy. It is *customizable*: its shortcuts come from the topology of all arcs, footways and closed roads too, and none
is left out because some way is shorter, so that a closed road costs milliseconds and not the contraction. OSRM prunes by its
one set of weights, over roads for cars alone, and searches once from each place forward and once backward; a change is a new
contraction. Beside OSRM's customizable design (MLD) ours is faster on Dalian and a third slower on Porto."""


def _closures_section(rows: Sequence[Mapping[str, Any]]) -> str:
    heading = (
        f"| map | engine | roads closed | applied | {SITES} × {SITES} again | together | pairs with another time |",
        "|---|---|---|---|---|---|---|",
    )
    lines = [
        f"| {row['city']} | {row['engine']} | {row['closed']} | {_both(row['applied'])} | {_both(row['table'])} |"
        f" {_both([sum(both) for both in zip(row['applied'], row['table'], strict=True)])} | {row['changed']:.0%} |"
        for row in rows
    ]
    return "\n".join(['## From "this road is closed" to the new table', "", CLOSURES_METHOD, "", *heading, *lines])


CLOSURES_METHOD = f"""\
{CLOSED_SHARE:.0%} of all roads between junctions, the same for each, named in the engine's own words: ours by edge, OSRM's as a
`--segment-speed-file` with speed 0, Valhalla's as `exclude_locations` of the request, one in the middle of each road; its
matrix takes them, as the changed times show, with the limit of 50 in its settings raised. Applied: ours from the list to a
customised hierarchy; OSRM's contracting or customising again and loading; Valhalla's nothing, or building and loading its
tiles again, which takes as long whatever has changed. A time is another if it differs by more than a second; ours are whole
seconds."""


def _agreement_section(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        for whose, label in USERS.items():
            for what in ("time", "distance"):
                found = row[whose][what]
                steps = " | ".join(f"{found['percentiles_percent'][str(step)]:+.2f}" for step in PERCENTILES)
                lines.append(f"| {row['city']} | {label} | {what} | {steps} | {found['within_1_percent']:.1%} |")
    heading = (
        f"| map | ours | percent | {' | '.join(f'{step} %' for step in PERCENTILES)} | within 1 % |",
        "|---|---|---|" + "---|" * (len(PERCENTILES) + 1),
    )
    ways = [
        f"| {row['city']} | {row['compared']} | {' | '.join(str(row['ways'][kind]) for kind in KINDS)} |"
        f" {row['not_snapped_to_the_same_point']} | {row['answered_by_one_only']} |"
        for row in rows
    ]
    kinds = (
        f"| map | pairs | {' | '.join(KINDS)} | not snapped to the same point | answered by one only |",
        "|---|---|" + "---|" * (len(KINDS) + 2),
    )
    return "\n".join(
        ["## Agreement with OSRM", "", AGREEMENT_METHOD, "", *kinds, *ways, "", *heading, *lines, "", SEE_WORST]
    )


USERS = {"car": "OSRM's car profile", "car_on_the_same_way": "the same, on the same way", "van": "van"}

AGREEMENT_METHOD = f"""\
{PAIRS:,} random pairs on each map. OSRM's `car.lua` is told to our engine in `benchmarks/osrm_car.py`, and its own way is
weighed there too: it is the same, or another that weighs at most {AS_GOOD_PERCENT:.0f} % more here, or more than that, or
one that our engine may not drive. Differences are ours beside OSRM's."""

SEE_WORST = "The worst are explained in [docs/roads-agreement.md](../../docs/roads-agreement.md)."

SECTIONS: Mapping[str, Callable[[Any], str]] = {
    "speed": _speed_section,
    "closures": _closures_section,
    "agreement": _agreement_section,
}


if __name__ == "__main__":
    main(sys.argv[1:])
