"""The rule ROAD, arc by arc: what the driven ways add up to under the roads in force, and whether they are shortest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse.csgraph import dijkstra

from geodata.errors import Text
from geodata.model import Floats, Leg, RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S
from routing.model import Loop, Place, Plan, Problem, Violation

ROUNDED_M = 0.0501
"""Stated metres are rounded to one decimal."""


def check_roads(roads: Roads, problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Re-sum the arcs of every leg under the roads in force, and compare with Dijkstra's search."""
    depots = {depot.place.id: _position(problem, depot.place) for depot in problem.scenario.depots}
    sites = {site.place.id: _position(problem, site.place) for site in problem.scenario.sites}
    legs = [
        leg for route in plan.routes for loop in route.loops for leg in _legs_of(depots, sites, route.vehicle, loop)
    ]
    found = [violation for leg in legs for violation in _check_leg(roads, leg)]
    return (*found, *_compare_with_search(roads, [leg for leg in legs if leg.origin and leg.destination]))


@dataclass(frozen=True, slots=True)
class _DrivenLeg:
    vehicle: str
    visit: str
    origin: RoadPosition | None
    destination: RoadPosition | None
    travel_s: int
    leg: Leg | None


def _position(problem: Problem, place: Place) -> RoadPosition | None:
    return problem.located.by_access_point[place.access_point].position


_Positions = Mapping[str, RoadPosition | None]


def _legs_of(depots: _Positions, sites: _Positions, vehicle: str, loop: Loop) -> Iterator[_DrivenLeg]:
    places = [depots.get(loop.depot), *(sites.get(stop.visit.site) for stop in loop.stops), depots.get(loop.end)]
    drives = [(stop.visit.id, stop.travel_s, stop.leg) for stop in loop.stops]
    drives += [("", loop.back_travel_s, loop.back_leg)]
    for (origin, destination), (visit, travel_s, leg) in zip(pairwise(places), drives, strict=True):
        yield _DrivenLeg(vehicle, visit, origin, destination, travel_s, leg)


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
    closed = [arc for arc in leg.arcs if roads.ms[arc] >= CLOSED]
    if closed:
        yield violation(f"经过不可通行的路段 {closed[0]}", f"drives arc {closed[0]}, which is closed")
        return
    if not _is_connected(roads, leg.arcs, origin, destination):
        yield violation("路径不连续或起止不符", "its arcs do not lead from the one place to the other")
        return
    ms, metres = _sum_of_arcs(roads, leg.arcs, origin, destination)
    if -(-ms // 1000) != driven.travel_s or abs(metres - leg.length_m) > ROUNDED_M:
        yield violation(
            f"写明 {driven.travel_s} 秒、{leg.length_m:.1f} 米；按路段合计 {ms / 1000:.3f} 秒、{metres:.1f} 米",
            f"states {driven.travel_s} s and {leg.length_m:.1f} m; its arcs add up to {ms / 1000:.3f} s, {metres:.1f} m",
        )


def _is_connected(roads: Roads, arcs: tuple[int, ...], origin: RoadPosition, destination: RoadPosition) -> bool:
    network = roads.network
    ends_fit = network.arc_edge[arcs[0]] == origin.edge and network.arc_edge[arcs[-1]] == destination.edge
    return bool(ends_fit) and all(network.head[arc] == network.tail[following] for arc, following in pairwise(arcs))


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
    for origin, driven in by_origin.items():
        yield from _compare_from(roads, origin, driven)


def _compare_from(roads: Roads, origin: RoadPosition, driven: list[_DrivenLeg]) -> Iterator[Violation]:
    """One search from a place, no farther than the longest drive stated from it."""
    to_node_ms = _search(roads, origin, limit_ms=1000 * max(leg.travel_s for leg in driven))
    for leg in driven:
        if leg.destination is None:
            continue
        search_s = math.ceil(_shortest_ms(roads, to_node_ms, origin, leg.destination) / 1000)
        if leg.travel_s != search_s:
            found = f"{search_s} s" if search_s < NO_WAY_S else "no way as short"
            zh, en = f"行驶 {leg.travel_s} 秒，独立搜索得 {found}", f"drives {leg.travel_s} s; a search finds {found}"
            yield Violation("ROAD", Text(zh, en), vehicle=leg.vehicle, visit=leg.visit)


def _search(roads: Roads, origin: RoadPosition, *, limit_ms: int) -> Floats:
    """[n] milliseconds from a position to each node by Dijkstra's algorithm, infinite beyond the limit."""
    best = np.full(roads.network.nodes, np.inf)
    for arc in roads.open_arcs_of(origin.edge):
        ahead_ms = roads.ms_ahead(arc, origin)
        if ahead_ms <= limit_ms:
            from_head = dijkstra(roads.graph, indices=[int(roads.network.head[arc])], limit=float(limit_ms - ahead_ms))
            best = np.minimum(best, from_head[0] + ahead_ms)
    return best


def _shortest_ms(roads: Roads, to_node_ms: Floats, origin: RoadPosition, destination: RoadPosition) -> float:
    """To the end of the destination's edge and on along it, or along the shared edge where both lie on one."""
    ways = [1000.0 * NO_WAY_S]
    for arc in roads.open_arcs_of(destination.edge):
        behind_ms = roads.ms_behind(arc, destination)
        ways.append(min(to_node_ms[roads.network.tail[arc]] + behind_ms, ways[0]))
        if origin.edge == destination.edge and _is_ahead(roads, arc, origin, destination):
            ways.append(behind_ms - roads.ms_behind(arc, origin))
    return float(min(ways))


def _is_ahead(roads: Roads, arc: int, origin: RoadPosition, destination: RoadPosition) -> bool:
    if roads.network.arc_forward[arc]:
        return destination.fraction >= origin.fraction
    return destination.fraction <= origin.fraction
