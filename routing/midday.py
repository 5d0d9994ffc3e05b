"""Re-planning in the middle of the day: what is done stays done, what is on board stays on board.

The rest of the day is an ordinary problem. A vehicle that is out becomes one that starts where it will next be free, at a
"depot" of its own that holds what it has on board and where loading takes no time; later loops start from real depots as
ever. Visits done are gone, lost vehicles are gone with their goods, and depots hold what they have not yet sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from routing.model import (
    Demand,
    DemandLine,
    Depot,
    Earlier,
    EarlierLoop,
    Interval,
    Lock,
    Loop,
    Place,
    Plan,
    Problem,
    Role,
    Route,
    Scenario,
    Seconds,
    Site,
    Stop,
    Vehicle,
)

ON_BOARD = "@"
"""Ends the name of the depot that stands for what a vehicle has on board: ``V1@``."""


@dataclass(frozen=True, slots=True)
class VehicleNow:
    """Where a vehicle will next be free, and from when on: at a depot with nothing on board, or elsewhere with something."""

    vehicle: str
    access_point: str
    free_s: Seconds
    depot: str | None = None
    on_board: tuple[DemandLine, ...] = ()
    loops_made: int = 0


@dataclass(frozen=True, slots=True)
class DayState:
    """``done``: visits made, by id. ``lost``: vehicles that are out for good. ``sent``: units per (depot, kind).

    Vehicles that are not listed stand where they start, as fresh as in the morning.
    """

    now_s: Seconds
    vehicles: tuple[VehicleNow, ...] = ()
    done: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    sent: Mapping[tuple[str, str], int] = field(default_factory=dict)


def state_by_plan(
    problem: Problem, plan: Plan, now_s: Seconds, *, failed: Iterable[str] = (), lost: Iterable[str] = ()
) -> DayState:
    """The state at ``now_s`` if everything went as planned, but for visits that failed and vehicles that are lost."""
    failed, lost = frozenset(failed), frozenset(lost)
    moving = [route for route in plan.routes if route.loops and route.loops[0].loading_from_s <= now_s]
    begun = [loop for route in moving for loop in route.loops if loop.loading_from_s <= now_s]
    done = {stop.visit.id for loop in begun for stop in loop.stops if stop.start_s <= now_s}
    sent: Counter[tuple[str, str]] = Counter()
    for loop in begun:
        for line in (line for stop in loop.stops for line in stop.visit.lines):
            sent[loop.depot, line.kind] += line.units
    return DayState(
        now_s=now_s,
        vehicles=tuple(_vehicle_now(problem, route, now_s, failed) for route in moving if route.vehicle not in lost),
        done=frozenset(done - failed),
        lost=lost,
        sent=dict(sent),
    )


def _vehicle_now(problem: Problem, route: Route, now_s: Seconds, failed: frozenset[str]) -> VehicleNow:
    loops = [loop for loop in route.loops if loop.loading_from_s <= now_s]
    loop = loops[-1]
    ahead = [stop for stop in loop.stops if stop.start_s > now_s]
    kept = [stop for stop in loop.stops if stop.visit.id in failed and stop.start_s <= now_s]
    point, free_s = _next_free(problem, loop, now_s)
    on_board = _lines([*kept, *ahead])
    return VehicleNow(
        vehicle=route.vehicle,
        access_point=point,
        free_s=max(now_s, free_s),
        depot=None if on_board else loop.end,
        on_board=on_board,
        loops_made=len(loops),
    )


def _next_free(problem: Problem, loop: Loop, now_s: Seconds) -> tuple[str, Seconds]:
    """Loading or unloading is finished, a leg is driven to its end; on the last leg that is where the loop ends."""
    sites = {site.place.id: site.place.access_point for site in problem.scenario.sites}
    if loop.departure_s > now_s:
        return problem.depots[loop.depot].place.access_point, loop.departure_s
    ahead = next((stop for stop in loop.stops if stop.start_s > now_s), None)
    if ahead is None:
        return problem.depots[loop.end].place.access_point, loop.back_s
    unloading = next((stop for stop in loop.stops if stop.start_s <= now_s < stop.departure_s), None)
    if unloading is not None:
        return sites[unloading.visit.site], unloading.departure_s
    return sites[ahead.visit.site], ahead.arrival_s


def _lines(stops: Iterable[Stop]) -> tuple[DemandLine, ...]:
    units: Counter[str] = Counter()
    for line in (line for stop in stops for line in stop.visit.lines):
        units[line.kind] += line.units
    return tuple(DemandLine(kind, count) for kind, count in sorted(units.items()))


# --- the rest of the day ------------------------------------------------------------------------------------------


def rest_of_day(problem: Problem, state: DayState) -> Problem:
    """The problem that remains. Its visits keep the names they had."""
    scenario = problem.scenario
    now = {each.vehicle: each for each in state.vehicles}
    still_here = [vehicle for vehicle in scenario.vehicles if vehicle.id not in state.lost]
    going_on = (_going_on(vehicle, now.get(vehicle.id), state) for vehicle in still_here)
    boards = tuple(_board(scenario, each) for each in state.vehicles if each.on_board)
    visits = tuple(visit for visit in problem.visits if visit.id not in state.done)
    rest = replace(
        scenario,
        vehicles=tuple(vehicle for vehicle in going_on if vehicle.max_loops > 0),
        depots=(*(_less(depot, state) for depot in scenario.depots), *boards),
        sites=tuple(_still_wanting(problem, site, state) for site in scenario.sites),
        earlier=None if scenario.earlier is None else _still_to_do(scenario.earlier, state),
        locks=tuple(lock for lock in scenario.locks if _still_holds(lock, state)),
    )
    return replace(problem, scenario=rest, visits=visits, depots={depot.place.id: depot for depot in rest.depots})


def _still_to_do(earlier: Earlier, state: DayState) -> Earlier:
    stops = {visit: stop for visit, stop in earlier.stops.items() if visit not in state.done}
    if earlier.routes is None:
        return Earlier(stops)
    routes = {vehicle: tuple(_loops_to_do(loops, state)) for vehicle, loops in earlier.routes.items()}
    return Earlier(stops, routes)


def _still_holds(lock: Lock, state: DayState) -> bool:
    """That a vehicle makes a visit still to come. Positions and whole routes were of the morning's route."""
    yet_to_come = lock.visit is not None and lock.visit not in state.done
    return yet_to_come and lock.position is None and lock.vehicle not in state.lost


def _loops_to_do(loops: Iterable[EarlierLoop], state: DayState) -> Iterator[EarlierLoop]:
    for loop in loops:
        visits = tuple(visit for visit in loop.visits if visit not in state.done)
        if visits:
            yield EarlierLoop(loop.depot, visits)


def _going_on(vehicle: Vehicle, now: VehicleNow | None, state: DayState) -> Vehicle:
    free_s = state.now_s if now is None else max(state.now_s, now.free_s)
    later = replace(vehicle, shift=Interval(max(vehicle.shift.open_s, free_s), vehicle.shift.close_s))
    if now is None:
        return later
    loops_left = vehicle.max_loops - now.loops_made
    if now.on_board:
        return replace(later, start=vehicle.id + ON_BOARD, max_loops=loops_left + 1, fixed_cost_s=0)
    return replace(later, start=now.depot or vehicle.start, max_loops=loops_left, fixed_cost_s=0)


def _less(depot: Depot, state: DayState) -> Depot:
    left = {kind: units - state.sent.get((depot.place.id, kind), 0) for kind, units in depot.stock.items()}
    return replace(depot, stock={kind: max(0, units) for kind, units in left.items()})


def _board(scenario: Scenario, now: VehicleNow) -> Depot:
    """What a vehicle has on board, as a depot: every kind is limited, to what there is of it."""
    point = next(point for point in scenario.access_points if point.id == now.access_point)
    name = now.vehicle + ON_BOARD
    place = Place(name, name, "on_board", frozenset({Role.SOURCE}), point.location, point.id)
    stock = {kind.id: 0 for kind in scenario.kinds} | {line.kind: line.units for line in now.on_board}
    return Depot(place, stock=stock)


def _still_wanting(problem: Problem, site: Site, state: DayState) -> Site:
    """The site with what it has already received taken off its demand."""
    got: Counter[tuple[str, str]] = Counter()
    for visit in problem.visits:
        if visit.site == site.place.id and visit.id in state.done:
            got.update({(visit.order.id, line.kind): line.units for line in visit.lines})
    if not got:
        return site
    return replace(site, demands=tuple(_less_received(demand, got) for demand in site.demands))


def _less_received(demand: Demand, got: Counter[tuple[str, str]]) -> Demand:
    lines = [DemandLine(line.kind, line.units - got[demand.order, line.kind]) for line in demand.lines]
    return replace(demand, lines=tuple(line for line in lines if line.units > 0))
