"""The rule ZONE on the roads: nobody drives inside a zone without its pass, and gates are the nearest that can be used.

Who may enter is worked out anew from zones and permits, where a way runs from the shapes of zones and roads, and which gates
can be used from travel times on roads closed anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from shapely.ops import substring

from geodata.errors import Text
from geodata.model import RoadPosition
from geodata.restrictions import Area, Resolved, Zone
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S, TravelTimes, exact_times
from routing.ground import Ground, depot_positions, span_of
from routing.model import Loop, Plan, Problem, Scenario, Stop, Vehicle, Violation

EDGE_M = 1.0
"""On so much of either side of a zone's edge one is neither inside nor outside."""

NEARER_M = 0.01
"""Two gates less apart from a site than this are equally near."""


class ZoneFinds(NamedTuple):
    """``legs``: vehicle and visit ("" for the way back) of what is driven as this rule forbids; ROAD adds nothing to it."""

    violations: tuple[Violation, ...]
    legs: frozenset[tuple[str, str]]


def check_zones(ground: Ground, problem: Problem, plan: Plan) -> ZoneFinds:
    if ground.resolved is None or not ground.scenario.restrictions.zones:
        return ZoneFinds((), frozenset())
    checker = _Checker(ground, problem, ground.resolved)
    vehicles = {vehicle.id: vehicle for vehicle in problem.scenario.vehicles}
    violations: list[Violation] = []
    legs: set[tuple[str, str]] = set()
    for route in plan.routes:
        if route.vehicle not in vehicles:
            continue
        for loop in route.loops:
            for violation, following in _check_loop(checker, vehicles[route.vehicle], loop):
                violations.append(violation)
                legs |= {(route.vehicle, violation.visit), (route.vehicle, following)}
    return ZoneFinds(tuple(violations), frozenset(legs))


@dataclass(frozen=True, slots=True, eq=False)
class _Barred:
    """A zone that a vehicle may not enter, in the plane. ``edges``: those that lead through its inside."""

    zone: Zone
    area: Area
    inside: Area
    edges: frozenset[int]


@dataclass(slots=True, eq=False)
class _Checker:
    ground: Ground
    problem: Problem
    resolved: Resolved
    _zones: dict[str, _Barred] = field(default_factory=dict)
    _kept_out_of: dict[tuple[str, int], list[_Barred]] = field(default_factory=dict)
    _times: dict[tuple[int, int, frozenset[str]], TravelTimes] = field(default_factory=dict)

    def barred(self, vehicle: Vehicle, wave: int) -> list[_Barred]:
        key = vehicle.id, wave
        if key not in self._kept_out_of:
            self._kept_out_of[key] = self._keeping_out(vehicle, wave)
        return self._kept_out_of[key]

    def _keeping_out(self, vehicle: Vehicle, wave: int) -> list[_Barred]:
        held = passes_of(self.problem.scenario, vehicle, self.ground, wave)
        exempt = self.problem.scenario.exempt.get(self.problem.scenario.orders[wave].id, frozenset())
        span = span_of(self.ground.scenario, wave)
        zones = [zone for zone in self.problem.scenario.restrictions.zones if zone.id not in exempt | held]
        return [self._barred(zone) for zone in zones if zone.in_force.meets(span) and _asks_for_pass(zone)]

    def _barred(self, zone: Zone) -> _Barred:
        if zone.id not in self._zones:
            plane = self.resolved.plane
            area = plane.projected(zone.area)
            inside = shapely.buffer(area, -EDGE_M)
            edges = plane.tree.query(inside, predicate="intersects").tolist()
            self._zones[zone.id] = _Barred(zone, area, inside, frozenset(edges))
        return self._zones[zone.id]

    def can_be_served(self, vehicle: Vehicle, wave: int, positions: Sequence[RoadPosition]) -> list[bool]:
        """Whether some depot can drive there and be driven back to, in the wave, with the vehicle's passes."""
        held = passes_of(self.problem.scenario, vehicle, self.ground, wave)
        key = vehicle.road_class, wave, held
        if key not in self._times:
            self._times[key] = exact_times(self._roads(vehicle, wave, held))
        times, depots = self._times[key], depot_positions(self.ground)
        out, back = times.table(depots, positions), times.table(positions, depots).T
        return [bool((np.maximum(out[:, at], back[:, at]) < NO_WAY_S).any()) for at in range(len(positions))]

    def _roads(self, vehicle: Vehicle, wave: int, held: frozenset[str]) -> Roads:
        exempt = self.problem.scenario.exempt.get(self.problem.scenario.orders[wave].id, frozenset())
        roads = self.ground.roads_without_restrictions(vehicle.road_class, wave)
        span = span_of(self.ground.scenario, wave)
        return self.resolved.roads_for(roads, span=span, passes=held, lifted=exempt)


def passes_of(scenario: Scenario, vehicle: Vehicle, ground: Ground, wave: int) -> frozenset[str]:
    """Those of the vehicle itself, and those that a permit made out to it gives throughout the wave."""
    span, held = span_of(ground.scenario, wave), set(vehicle.passes)
    for permit in scenario.permits:
        begun = permit.valid.begin is None or permit.valid.begin <= span.begin
        lasting = permit.valid.end is None or permit.valid.end >= span.end
        held |= permit.places if permit.vehicle == vehicle.id and begun and lasting else frozenset()
    return frozenset(held)


def _asks_for_pass(zone: Zone) -> bool:
    return zone.needs_pass or zone.level == "sealed"


# --- driving -----------------------------------------------------------------------------------------------------


def _check_loop(checker: _Checker, vehicle: Vehicle, loop: Loop) -> Iterator[tuple[Violation, str]]:
    """Each violation with the visit that the leg after it leads to, where that is wrong for the same reason."""
    visits = [*(stop.visit.id for stop in loop.stops), ""]
    for stop, following in zip(loop.stops, visits[1:], strict=True):
        for violation in _check_stop(checker, vehicle, stop):
            yield violation, following
    for violation in _check_legs(checker, vehicle, loop):
        yield violation, violation.visit


def _check_legs(checker: _Checker, vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    problem, ground = checker.problem, checker.ground
    ends = [problem.depot_row(depot) if depot in problem.depots else -1 for depot in (loop.depot, loop.end)]
    rows = [ends[0], *(stop.visit.row for stop in loop.stops), ends[1]]
    legs = [*((stop.visit.id, stop.leg) for stop in loop.stops), ("", loop.back_leg)]
    places = [_place(checker, vehicle, row) for row in (rows[0], rows[-1])]
    places[1:1] = [_stopping_place(checker, vehicle, stop) for stop in loop.stops]
    for (here, there), (origin, destination), (visit, leg) in zip(pairwise(rows), pairwise(places), legs, strict=True):
        if leg is None or not leg.arcs or min(here, there) < 0 or max(leg.arcs) >= ground.network.arcs:
            continue
        for barred in checker.barred(vehicle, ground.wave(here, there)):
            if _runs_inside(checker, barred, leg.arcs, origin, destination):
                text = Text(
                    f"没有通行证而驶入防控区“{barred.zone.id}”", f"drives into zone {barred.zone.id!r} without a pass"
                )
                yield Violation("ZONE", text, vehicle=vehicle.id, visit=visit, subject=barred.zone.id)


def _place(checker: _Checker, vehicle: Vehicle, row: int) -> RoadPosition | None:
    return checker.ground.positions[vehicle.road_class][row] if row >= 0 else None


def _stopping_place(checker: _Checker, vehicle: Vehicle, stop: Stop) -> RoadPosition | None:
    """Where it says that it stops: at the site itself if it names no gate."""
    if stop.gate is not None or stop.visit.row < 0:
        return _place(checker, vehicle, stop.visit.row)
    point = checker.ground.rows[stop.visit.row].access_point
    return checker.ground.located.by_access_point[point].position


def _runs_inside(
    checker: _Checker,
    barred: _Barred,
    arcs: Sequence[int],
    origin: RoadPosition | None,
    destination: RoadPosition | None,
) -> bool:
    network, plane = checker.ground.network, checker.resolved.plane
    for place, arc in enumerate(arcs):
        edge = int(network.arc_edge[arc])
        if edge not in barred.edges:
            continue
        driven = [0.0, 1.0] if network.arc_forward[arc] else [1.0, 0.0]
        if place == 0 and origin is not None and origin.edge == edge:
            driven[0] = origin.fraction
        if place == len(arcs) - 1 and destination is not None and destination.edge == edge:
            driven[1] = destination.fraction
        if shapely.intersects(substring(plane.lines[edge], min(driven), max(driven), normalized=True), barred.inside):
            return True
    return False


# --- handing over ------------------------------------------------------------------------------------------------


def _check_stop(checker: _Checker, vehicle: Vehicle, stop: Stop) -> Iterator[Violation]:
    row = stop.visit.row
    if row < 0 or checker.ground.rows[row].wave is None:
        return
    located = checker.ground.located.by_access_point[checker.ground.rows[row].access_point].position
    if located is None:
        return
    (place,) = checker.resolved.plane.points([located.point])
    point = shapely.Point(place)
    barred = checker.barred(vehicle, checker.ground.wave(row, row))
    around = [each for each in barred if shapely.dwithin(each.area, point, EDGE_M)]
    if stop.gate is None:
        told = [_inside(each.zone.id) for each in around if shapely.contains(each.inside, point)]
    elif not around:
        told = [_needless_gate(stop.gate)]
    else:
        nearest = _nearest_gates(checker, vehicle, stop, barred, around, place)
        told = [] if stop.gate in nearest else [_wrong_gate(stop.gate, around[0].zone.id, nearest)]
    for zone, text in told:
        yield Violation("ZONE", text, vehicle=vehicle.id, visit=stop.visit.id, subject=zone)


Told = tuple[str, Text]
"""A zone's id, and what is wrong."""


def _inside(zone: str) -> Told:
    zh = f"没有通行证，却在防控区“{zone}”内停靠而不在卡口交接"
    return zone, Text(zh, f"stops inside zone {zone!r} without a pass, and not at a gate")


def _needless_gate(gate: str) -> Told:
    zh = f"在卡口“{gate}”交接，而该车可以直接开到点位"
    return "", Text(zh, f"hands over at gate {gate!r}, but no zone keeps the vehicle from the site")


def _wrong_gate(gate: str, zone: str, nearest: Sequence[str]) -> Told:
    if not nearest:
        return zone, Text(f"卡口“{gate}”不可用", f"gate {gate!r} cannot be used")
    best = " / ".join(nearest)
    zh = f"在卡口“{gate}”交接，而最近的可用卡口是“{best}”"
    return zone, Text(zh, f"hands over at gate {gate!r}; the nearest that can be used is {best!r}")


def _nearest_gates(
    checker: _Checker,
    vehicle: Vehicle,
    stop: Stop,
    barred: Sequence[_Barred],
    around: Sequence[_Barred],
    place: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> list[str]:
    """Ids of the nearest gates that can be used, of the zones around a site and those that hang together with them."""
    joined = {each.zone.id for each in _hanging_together(barred, around)}
    points = [gate for each in checker.resolved.placed if each.id in joined for gate in each.gates]
    offered = [(gate.id, position) for gate in points for position in gate.positions]
    if not offered:
        return []
    wave = checker.ground.wave(stop.visit.row, stop.visit.row)
    served = checker.can_be_served(vehicle, wave, [position for _, position in offered])
    away = np.hypot(*(checker.resolved.plane.points([position.point for _, position in offered]) - place).T)
    first: dict[str, float] = {}
    for (name, _), metres, usable in zip(offered, away.tolist(), served, strict=True):
        if usable:
            first.setdefault(name, metres)
    least = min(first.values(), default=0.0)
    return [name for name, metres in first.items() if metres <= least + NEARER_M]


def _hanging_together(barred: Sequence[_Barred], around: Sequence[_Barred]) -> list[_Barred]:
    found = list(around)
    for each in found:
        found += [other for other in barred if other not in found and shapely.intersects(other.area, each.area)]
    return found
