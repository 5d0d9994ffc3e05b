"""The rule ROAD, arc by arc: what the driven ways add up to under the roads in force, and whether they are shortest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.errors import Text
from geodata.model import Floats, Ints, Leg, RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S
from routing.check_book import hour_of
from routing.check_shut_off import check_shut_off
from routing.check_zones import check_zones
from routing.ground import Ground
from routing.model import Plan, Problem, Route, Vehicle, Violation

ROUNDED_M = 0.0501
"""Stated metres are rounded to one decimal."""


def check_roads(ground: Ground, problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Re-sum the arcs of every leg under the roads in force for its vehicle, and compare with Dijkstra's search."""
    by_roads: dict[tuple[int, int, int | None], list[_DrivenLeg]] = {}
    vehicles = {vehicle.id: vehicle for vehicle in problem.scenario.vehicles}
    for route in plan.routes:
        if route.vehicle in vehicles:
            for leg in _legs_of(ground, problem, vehicles[route.vehicle], route):
                by_roads.setdefault((leg.road_class, leg.wave, leg.hour), []).append(leg)
    zones = check_zones(ground, problem, plan)
    found: list[Violation] = [*zones.violations, *check_shut_off(ground, problem, plan)]
    for (road_class, wave, hour), legs in by_roads.items():
        roads = ground.roads(road_class, wave, hour)
        legs = [leg for leg in legs if (leg.vehicle, leg.visit) not in zones.legs]
        found += (violation for leg in legs for violation in _check_leg(roads, leg))
        found += _compare_with_search(roads, [leg for leg in legs if leg.origin and leg.destination])
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _DrivenLeg:
    road_class: int
    wave: int
    hour: int | None
    vehicle: str
    visit: str
    origin: RoadPosition | None
    destination: RoadPosition | None
    travel_s: int
    leg: Leg | None


def _legs_of(ground: Ground, problem: Problem, vehicle: Vehicle, route: Route) -> Iterator[_DrivenLeg]:
    positions = ground.positions[vehicle.road_class]
    for loop in route.loops:
        rows = [
            _depot_row(problem, loop.depot),
            *(stop.visit.row for stop in loop.stops),
            _depot_row(problem, loop.end),
        ]
        drives = [(stop.visit.id, stop.arrival_s, stop.travel_s, stop.leg) for stop in loop.stops]
        drives += [("", loop.back_s, loop.back_travel_s, loop.back_leg)]
        for (here, there), (visit, arrival_s, travel_s, leg) in zip(pairwise(rows), drives, strict=True):
            origin, destination = (positions[row] if 0 <= row < len(positions) else None for row in (here, there))
            wave = ground.wave(here, there)
            hour = None if problem.hourly is None else hour_of(problem.scenario, arrival_s - travel_s)
            yield _DrivenLeg(vehicle.road_class, wave, hour, vehicle.id, visit, origin, destination, travel_s, leg)


def _depot_row(problem: Problem, depot: str) -> int:
    return problem.depot_row(depot) if depot in problem.depots else -1


def _check_leg(roads: Roads, driven: _DrivenLeg) -> Iterator[Violation]:
    def violation(zh: str, en: str) -> Violation:
        return Violation("ROAD", Text(zh, en), vehicle=driven.vehicle, visit=driven.visit)

    leg, origin, destination = driven.leg, driven.origin, driven.destination
    if leg is None or not leg.arcs or origin is None or destination is None:
        yield violation("没有写明行车路径", "does not say which way is driven")
        return
    if not all(0 <= arc < roads.network.arcs for arc in leg.arcs):
        yield violation("路径包含路网中没有的路段", "drives an arc the network does not have")
        return
    closed = [arc for arc in leg.arcs if roads.ms[arc] >= CLOSED] or _closed_on_the_way(roads, leg, origin, destination)
    if closed:
        yield violation(f"经过不可通行的路段 {closed[0]}", f"drives arc {closed[0]}, which is closed")
        return
    if not _is_connected(roads, leg.arcs, origin, destination):
        yield violation("路径不连续或起止不符", "its arcs do not lead from the one place to the other")
        return
    through = _passed_through(roads, leg.arcs)
    if through is not None:
        yield violation(
            f"从路段 {through} 穿行，而该路段仅供到达或离开两端使用",
            f"passes through arc {through}, which is open to its ends only",
        )
        return
    turns_ms = _sum_of_turns(roads, leg.arcs)
    if turns_ms is None:
        yield violation("含有禁止的转向", "makes a turn that is forbidden")
        return
    arcs_ms, metres = _sum_of_arcs(roads, leg.arcs, origin, destination)
    ms = arcs_ms + turns_ms
    if -(-ms // 1000) != driven.travel_s or abs(metres - leg.length_m) > ROUNDED_M:
        yield violation(
            f"写明 {driven.travel_s} 秒、{leg.length_m:.1f} 米；按路段合计 {ms / 1000:.3f} 秒、{metres:.1f} 米",
            f"states {driven.travel_s} s and {leg.length_m:.1f} m; its arcs add up to {ms / 1000:.3f} s, {metres:.1f} m",
        )


def _is_connected(roads: Roads, arcs: tuple[int, ...], origin: RoadPosition, destination: RoadPosition) -> bool:
    network = roads.network
    ends_fit = network.arc_edge[arcs[0]] == origin.edge and network.arc_edge[arcs[-1]] == destination.edge
    return bool(ends_fit) and all(network.head[arc] == network.tail[following] for arc, following in pairwise(arcs))


def _closed_on_the_way(roads: Roads, leg: Leg, origin: RoadPosition, destination: RoadPosition) -> list[int]:
    """Arcs of a leg with a closed part where it is driven: anywhere on those in its middle."""
    found = []
    for place, arc in enumerate(leg.arcs):
        driven = [0.0, 1.0] if roads.network.arc_forward[arc] else [1.0, 0.0]
        if place == 0:
            driven[0] = origin.fraction
        if place == len(leg.arcs) - 1:
            driven[1] = destination.fraction
        parts = roads.closed_parts.get(int(roads.network.arc_edge[arc]), ())
        if any(start < max(driven) and end > min(driven) for start, end in parts):
            found.append(arc)
    return found


def _passed_through(roads: Roads, arcs: tuple[int, ...]) -> int | None:
    """The first arc for ends only that lies between two others, or none."""
    open_to_all = [place for place, arc in enumerate(arcs) if not roads.ends_only[arc]]
    if not open_to_all:
        return None
    between = range(open_to_all[0], open_to_all[-1])
    return next((arcs[place] for place in between if roads.ends_only[arcs[place]]), None)


def _sum_of_turns(roads: Roads, arcs: tuple[int, ...]) -> int | None:
    """Milliseconds of the turns from each arc into the next, or None where one is forbidden after the way there."""
    network, state, total_ms = roads.network, arcs[0], 0
    for following in arcs[1:]:
        first, end = np.searchsorted(network.turn_from, [state, state + 1]).tolist()
        leads = first + np.flatnonzero(network.state_arc[network.turn_to[first:end]] == following)
        if not len(leads) or roads.turn_ms[leads[0]] >= CLOSED:
            return None
        total_ms += int(roads.turn_ms[leads[0]])
        state = int(network.turn_to[leads[0]])
    return total_ms


def _sum_of_arcs(
    roads: Roads, arcs: tuple[int, ...], origin: RoadPosition, destination: RoadPosition
) -> tuple[int, float]:
    """All arcs whole, less what lies before the origin on the first and behind the destination on the last."""
    network = roads.network
    lengths = [float(network.edge_length_m[network.arc_edge[arc]]) for arc in arcs]
    ms = sum(int(roads.ms[arc]) for arc in arcs)
    ms -= roads.ms_behind(arcs[0], origin) + roads.ms_ahead(arcs[-1], destination)
    before = origin.fraction if network.arc_forward[arcs[0]] else 1 - origin.fraction
    after = 1 - destination.fraction if network.arc_forward[arcs[-1]] else destination.fraction
    return ms, sum(lengths) - before * lengths[0] - after * lengths[-1]


def _compare_with_search(roads: Roads, legs: list[_DrivenLeg]) -> Iterator[Violation]:
    by_origin: dict[RoadPosition, list[_DrivenLeg]] = {}
    for leg in legs:
        if leg.origin is not None:
            by_origin.setdefault(leg.origin, []).append(leg)
    graph = _search_graph(roads, list(by_origin))
    for node, (origin, driven) in enumerate(by_origin.items(), start=3 * roads.network.states):
        # one search from a place, no farther than the longest drive stated from it
        limit_ms = 1000.0 * max(0, *(leg.travel_s for leg in driven))
        yield from _compare_from(roads, dijkstra(graph, indices=[node], limit=limit_ms)[0], origin, driven)


def _compare_from(
    roads: Roads, to_node_ms: Floats, origin: RoadPosition, driven: list[_DrivenLeg]
) -> Iterator[Violation]:
    for leg in driven:
        if leg.destination is None:
            continue
        search_s = math.ceil(_shortest_ms(roads, to_node_ms, origin, leg.destination) / 1000)
        if leg.travel_s != search_s:
            found = f"{search_s} s" if search_s < NO_WAY_S else "no way as short"
            zh, en = f"行驶 {leg.travel_s} 秒，独立搜索得 {found}", f"drives {leg.travel_s} s; a search finds {found}"
            yield Violation("ROAD", Text(zh, en), vehicle=leg.vehicle, visit=leg.visit)


def _search_graph(roads: Roads, origins: list[RoadPosition]) -> csr_array:
    """Three copies of the s states for the three parts of a leg: before, on and after the roads open to all.

    Node ``part * s + state`` is the start of the state's arc; behind them one node per origin. An arc for ends only
    belongs to the first and the third part, any other to the second; no turn leads to an earlier part.
    """
    network, states = roads.network, roads.network.states
    ends_only, weight = roads.ends_only[network.state_arc], _turn_weights(roads)
    left_ends_only, entered_ends_only = ends_only[network.turn_from], ends_only[network.turn_to]
    broken = np.isin(network.arc_edge[network.state_arc[network.turn_from]], list(roads.closed_parts))
    rows, columns, weights = [], [], []
    for left_part, entered_part in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2)):
        fits = (left_ends_only == (left_part != 1)) & (entered_ends_only == (entered_part != 1))
        turns = np.flatnonzero(fits & ~broken & (weight < CLOSED))
        rows.append(left_part * states + network.turn_from[turns])
        columns.append(entered_part * states + network.turn_to[turns])
        weights.append(weight[turns])
    for node, origin in enumerate(origins, start=3 * states):
        first = _first_turns(roads, weight, origin)
        rows.append(np.full(len(first), node))
        columns.append(np.array(list(first), dtype=np.int64))
        weights.append(np.array(list(first.values()), dtype=np.int64))
    size = 3 * states + len(origins)
    ends = np.concatenate(rows), np.concatenate(columns)
    return coo_array((np.concatenate(weights).astype(np.float64), ends), shape=(size, size)).tocsr()


def _turn_weights(roads: Roads) -> Ints:
    """[t] milliseconds of the arc left and the turn, ``CLOSED`` where the turn or one of its arcs is."""
    network = roads.network
    left, entered = (roads.ms[network.state_arc[states]] for states in (network.turn_from, network.turn_to))
    is_open = (left < CLOSED) & (entered < CLOSED) & (roads.turn_ms < CLOSED)
    return np.where(is_open, np.minimum(left + roads.turn_ms, CLOSED), CLOSED)


def _first_turns(roads: Roads, weight: Ints, origin: RoadPosition) -> dict[int, int]:
    """Milliseconds from an origin to each node that the first turn leads to."""
    network, found = roads.network, dict[int, int]()
    for arc in roads.open_arcs_of(origin.edge):
        if not _is_clear(roads, arc, origin, ahead=True):
            continue
        first, end = np.searchsorted(network.turn_from, [arc, arc + 1]).tolist()
        for turn in range(first, end):
            state = int(network.turn_to[turn])
            ends_only = bool(roads.ends_only[arc]), bool(roads.ends_only[network.state_arc[state]])
            part = {(True, True): 0, (False, True): 2}.get(ends_only, 1)
            if weight[turn] < CLOSED:
                ms, node = int(weight[turn]) - roads.ms_behind(arc, origin), part * network.states + state
                found[node] = min(ms, found.get(node, ms))
    return found


def _is_clear(roads: Roads, arc: int, position: RoadPosition, *, ahead: bool) -> bool:
    """Whether nothing is closed between a position and the end, or the start, of an arc of its edge."""
    to_head_of_edge = ahead == bool(roads.network.arc_forward[arc])
    parts = roads.closed_parts.get(position.edge, ())
    return all(end <= position.fraction if to_head_of_edge else start >= position.fraction for start, end in parts)


def _shortest_ms(roads: Roads, to_node_ms: Floats, origin: RoadPosition, destination: RoadPosition) -> float:
    """To the start of the destination's arc and on along it, or along the shared edge where both lie on one."""
    ways = [1000.0 * NO_WAY_S]
    states = np.arange(roads.network.states)
    for arc in roads.open_arcs_of(destination.edge):
        behind_ms = roads.ms_behind(arc, destination)
        if _is_clear(roads, arc, destination, ahead=False):
            own = states[roads.network.state_arc == arc]
            ways += [float(to_node_ms[part * len(states) + own].min()) + behind_ms for part in range(3)]
        if origin.edge == destination.edge and _is_ahead(roads, arc, origin, destination):
            ways.append(behind_ms - roads.ms_behind(arc, origin))
    return min(ways)


def _is_ahead(roads: Roads, arc: int, origin: RoadPosition, destination: RoadPosition) -> bool:
    low, high = sorted((origin.fraction, destination.fraction))
    if any(start < high and end > low for start, end in roads.closed_parts.get(origin.edge, ())):
        return False
    if roads.network.arc_forward[arc]:
        return destination.fraction >= origin.fraction
    return destination.fraction <= origin.fraction
