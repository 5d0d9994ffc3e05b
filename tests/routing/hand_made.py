"""A good plan on a straight road in which every rule has something to say, and ways to spoil it.

D lies at block 0, E at block 12, a minute per block. V1 goes out from D and back; V2 ends at E; V3 stands idle.

    V1  D 0 -> S1 at 2 (hours) -> S2 at 4 -> S3 at 6 -> D      S3 is late: the target is 15 min, unloading 4 min each
    V2  D 0 -> S4 at 5 (finish by close) -> S5 at 9 (hours, late) -> E 12
    left out: S6 (shut all day), S7 (off the roads), S8 (a unit is too heavy)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from geodata.model import Ints
from geodata.roads import Roads
from routing.check import check_plan
from routing.check_roads import check_roads
from routing.evaluate import Solution, with_summary, with_totals
from routing.ground import Ground
from routing.model import (
    DispatchOrder,
    Interval,
    Load,
    Loop,
    Plan,
    Policy,
    Route,
    Scenario,
    Stop,
    SupplyKind,
    Unserved,
    Violation,
)
from routing.pipeline import Posed, finish_plan, pose
from tests.routing import small

HEAVY = SupplyKind("heavy", "重物", grams=3_000_000, cm3=1_000, crates=1.0)
ROOM = Load(2_000_000, 60_000, 40)


@cache
def hand_made_scenario() -> Scenario:
    sites = [
        small.site("S1", 10, service_s=240, receiving=[(200, 3_000)]),
        small.site("S2", 20, service_s=240),
        small.site("S3", 10, service_s=240),
        small.site("S4", 5, service_s=240, receiving=[(0, 900)], finish_by_close=True),
        small.site("S5", 5, service_s=240, receiving=[(100, 500), (1_000, 1_100)]),
        small.site("S6", receiving=[]),
        small.site("S7"),
        small.site("S8", lines=[("heavy", 1)]),
    ]
    vans = [
        small.vehicle("V1", capacity=ROOM, shift=Interval(60, 2_000), fixed_cost_s=1_800),
        small.vehicle("V2", capacity=ROOM, end="E", shift=Interval(0, 1_600), fixed_cost_s=900),
        small.vehicle("V3", capacity=ROOM, start="E", shift=Interval(9_000, 20_000)),
    ]
    given = small.scenario(
        sites,
        vans,
        depots=[small.depot("D", opening=[(0, 600), (5_000, 9_000)]), small.depot("E")],
        kinds=(small.KIT, HEAVY),
        orders=(DispatchOrder("w1", 0, target_s=900, round_limit_s=1_500),),
    )
    return small.at(given, E=12, S1=2, S2=4, S3=6, S4=5, S5=9, S6=3, S7=(6, 3), S8=7)


@cache
def hand_made() -> tuple[Posed, Plan]:
    posed = pose(hand_made_scenario(), small.line_network())
    return posed, finish_plan(posed, Solution(((0, 1, 2), (3, 4), ())))


# --- spoiling ---------------------------------------------------------------------------------------------------


def stop_at(plan: Plan, site: str) -> Stop:
    return next(stop for stop in plan.stops() if stop.visit.site == site)


def with_route(plan: Plan, vehicle: str, change: Callable[[Route], Route]) -> Plan:
    return replace(plan, routes=tuple(change(each) if each.vehicle == vehicle else each for each in plan.routes))


def with_loop(plan: Plan, vehicle: str, change: Callable[[Loop], Loop]) -> Plan:
    return with_route(plan, vehicle, lambda route: replace(route, loops=tuple(change(loop) for loop in route.loops)))


def with_stops(plan: Plan, vehicle: str, change: Callable[[tuple[Stop, ...]], tuple[Stop, ...]]) -> Plan:
    return with_loop(plan, vehicle, lambda loop: replace(loop, stops=change(loop.stops)))


def with_stop(plan: Plan, visit: str, change: Callable[[Stop], Stop]) -> Plan:
    def changed(stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
        return tuple(change(stop) if stop.visit.id == visit else stop for stop in stops)

    for route in plan.routes:
        plan = with_stops(plan, route.vehicle, changed)
    return plan


def with_visit(plan: Plan, visit: str, **members: Any) -> Plan:
    return with_stop(plan, visit, lambda stop: replace(stop, visit=replace(stop.visit, **members)))


def retimed(posed: Posed, plan: Plan, vehicle: str, *, departure_s: int | None = None) -> Plan:
    """The vehicle's loop with times driven and ways as the roads have them, never waiting: a forger's best effort."""
    return with_loop(plan, vehicle, lambda loop: _retimed(posed, loop, departure_s))


def _retimed(posed: Posed, loop: Loop, departure_s: int | None) -> Loop:
    problem, van = posed.problem, posed.problem.scenario.vehicles[0]
    now_s = loop.departure_s if departure_s is None else departure_s
    row, stops = problem.depot_row(loop.depot), []
    loop = replace(loop, departure_s=now_s, load_s=now_s)
    for stop in loop.stops:
        leg = posed.ground.leg(0, row, stop.visit.row)
        travel_s = problem.drive_s(van, row, stop.visit.row)
        now_s += travel_s
        done_s = now_s + stop.visit.service_s
        stops.append(replace(stop, arrival_s=now_s, start_s=now_s, departure_s=done_s, travel_s=travel_s, leg=leg))
        row, now_s = stop.visit.row, done_s
    home = problem.depot_row(loop.end)
    back_s, back_leg = problem.drive_s(van, row, home), posed.ground.leg(0, row, home)
    return replace(loop, stops=tuple(stops), back_travel_s=back_s, back_s=now_s + back_s, back_leg=back_leg)


def added_up(posed: Posed, plan: Plan) -> Plan:
    """With totals and summary that fit what the plan now says: the forger sums well."""
    fixed_s = {vehicle.id: vehicle.fixed_cost_s for vehicle in posed.problem.scenario.vehicles}
    routes = tuple(with_totals(route, fixed_s.get(route.vehicle, 0)) for route in plan.routes)
    return with_summary(posed.problem, routes, plan.unserved)


def without(plan: Plan, visit: str) -> Plan:
    for route in plan.routes:
        plan = with_stops(plan, route.vehicle, lambda stops: tuple(stop for stop in stops if stop.visit.id != visit))
    return replace(plan, unserved=tuple(left for left in plan.unserved if left.visit.id != visit))


def left_out(plan: Plan, unserved: Unserved) -> Plan:
    return replace(plan, unserved=(*plan.unserved, unserved))


def violations(posed: Posed, plan: Plan) -> tuple[Violation, ...]:
    return (*check_plan(posed.problem, plan), *check_roads(posed.ground, posed.problem, plan))


def rules(found: tuple[Violation, ...]) -> set[str]:
    return {violation.rule for violation in found}


def under(posed: Posed, policy: Policy) -> Posed:
    return replace(posed, problem=replace(posed.problem, scenario=replace(posed.problem.scenario, policy=policy)))


def on_closed(posed: Posed, arc: int) -> Posed:
    """The same problem, an arc closed since it was posed."""
    given = {(number, 0, None): posed.ground.roads(number, 0) for number in range(len(posed.ground.classes))}
    closed = {key: replace(roads, ms=_with_closed(roads, arc)) for key, roads in given.items()}
    return replace(posed, ground=replace(posed.ground, _roads=closed, _times={}))


def _with_closed(roads: Roads, arc: int) -> Ints:
    ms = roads.ms.copy()
    ms[arc] = 2**31 - 1
    return ms


def driven_on(ground: Ground, roads: Roads) -> Ground:
    """The ground with these roads for the first class of vehicles in the first wave."""
    return replace(ground, _roads={(0, 0, None): roads}, _times={})
