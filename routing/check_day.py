"""The independent judge of a plan of the rest of a day: that it goes on from where the day had come to.

Shares no code with what poses the rest of the day. ``check_plan`` judges the plan against the problem so posed; this one
judges it against the whole day's problem and the state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from geodata.errors import Text
from routing.day_state import DayState, VehicleNow
from routing.model import Loop, Plan, Problem, Route, Violation, ZoneLevel


def check_day(problem: Problem, state: DayState, plan: Plan) -> tuple[Violation, ...]:
    """Every rule a plan breaks in the light of ``state``; ``problem`` is the whole day's. Empty when there is none."""
    found: list[Violation] = []
    now = {each.vehicle: each for each in state.vehicles}
    for route in plan.routes:
        found += _check_lost(state, route)
        found += _check_begun(state, route)
        if route.loops and route.vehicle in now:
            found += _check_going_on(problem, now[route.vehicle], route)
    for visit in sorted(state.done.intersection(stop.visit.id for stop in plan.stops())):
        text = Text(f"配送任务 {visit} 已经完成", f"visit {visit} is done already")
        found.append(Violation("DEMAND", text, visit=visit))
    return tuple(found)


def _check_lost(state: DayState, route: Route) -> Iterator[Violation]:
    if route.vehicle in state.lost:
        yield Violation("SHIFT", Text("车辆已不能使用", "the vehicle is lost"), vehicle=route.vehicle)
    if route.driver in state.lost_drivers:
        text = Text(f"司机 {route.driver} 已不能上岗", f"driver {route.driver} is lost")
        yield Violation("SHIFT", text, vehicle=route.vehicle, subject=route.driver or "")


def _check_begun(state: DayState, route: Route) -> Iterator[Violation]:
    """Nothing begins before now."""
    for loop in route.loops:
        if loop.loading_from_s < state.now_s:
            zh, en = f"{loop.loading_from_s} 秒装货，已是 {state.now_s} 秒", f"loads at {loop.loading_from_s} s"
            yield Violation("SHIFT", Text(zh, f"{en}; it is {state.now_s} s already"), vehicle=route.vehicle)


def _check_going_on(problem: Problem, now: VehicleNow, route: Route) -> Iterator[Violation]:
    first = route.loops[0]
    if first.loading_from_s < now.free_s:
        zh = f"{first.loading_from_s} 秒装货，到 {now.free_s} 秒才有空"
        en = f"loads at {first.loading_from_s} s; it is not free before {now.free_s} s"
        yield Violation("SHIFT", Text(zh, en), vehicle=now.vehicle)
    if now.on_board:
        yield from _check_goods(now, first)
        yield from _check_risk(problem, now, first)
    else:
        yield from _check_disinfected(problem, now, first)
    loops = now.loops_made + len(route.loops) - bool(now.on_board)
    most = next((vehicle.max_loops for vehicle in problem.scenario.vehicles if vehicle.id == now.vehicle), 0)
    if loops > most:
        text = Text(f"全天共 {loops} 趟，最多 {most} 趟", f"makes {loops} loops in the day, may make {most}")
        yield Violation("SHIFT", text, vehicle=now.vehicle)


def _check_goods(now: VehicleNow, loop: Loop) -> Iterator[Violation]:
    """The loop it is on delivers what is on board and nothing else."""
    on_board = {line.kind: line.units for line in now.on_board}
    given: Counter[str] = Counter()
    for line in (line for stop in loop.stops for line in stop.visit.lines):
        given[line.kind] += line.units
    for kind in sorted(given):
        if given[kind] > on_board.get(kind, 0):
            zh = f"送出“{kind}” {given[kind]} 件，车上只有 {on_board.get(kind, 0)} 件"
            en = f"delivers {given[kind]} of {kind}; {on_board.get(kind, 0)} are on board"
            yield Violation("DEPOT", Text(zh, en), vehicle=now.vehicle, subject=kind)


def _check_risk(problem: Problem, now: VehicleNow, loop: Loop) -> Iterator[Violation]:
    vehicle = next(each for each in problem.scenario.vehicles if each.id == now.vehicle)
    for stop in loop.stops:
        if problem.zone_of(vehicle, stop.visit) < now.been:
            text = Text("这一趟已到过更高风险处", "the vehicle has been where the risk is higher on this loop")
            yield Violation("RISK", text, vehicle=now.vehicle, visit=stop.visit.id)


def _check_disinfected(problem: Problem, now: VehicleNow, loop: Loop) -> Iterator[Violation]:
    clean_s = now.free_s + problem.scenario.policy.disinfection_s
    if now.been is ZoneLevel.SEALED and loop.loading_from_s < clean_s:
        zh = f"自封控区返回，{clean_s} 秒消毒完毕，{loop.loading_from_s} 秒装货"
        en = f"comes from a sealed zone and is disinfected at {clean_s} s; it loads at {loop.loading_from_s} s"
        yield Violation("RISK", Text(zh, en), vehicle=now.vehicle)
