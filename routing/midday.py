"""Re-planning in the middle of the day: what is done stays done, what is on board stays on board.

The rest of the day is an ordinary problem. A vehicle that is out becomes one that starts where it will next be free, at a
"depot" of its own that holds what it has on board and where loading takes no time; later loops start from real depots as
ever. Visits done are gone, lost vehicles are gone with their goods, and depots hold what they have not yet sent. The plan
that was under way may itself be one of the rest of a day: then ``before`` is the state it was made in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from routing.day_state import MORNING, DayState, VehicleNow
from routing.explain import dismissal
from routing.model import (
    Demand,
    DemandLine,
    Depot,
    Driver,
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
    ZoneLevel,
)

ON_BOARD = "@"
"""Ends the name of the depot that stands for what a vehicle has on board: ``V1@``."""


def state_by_plan(  # noqa: PLR0913  keyword-only, each with a default that says nothing
    problem: Problem,
    plan: Plan,
    now_s: Seconds,
    *,
    early: Iterable[str] = (),
    failed: Iterable[str] = (),
    lost: Iterable[str] = (),
    before: DayState = MORNING,
) -> DayState:
    """The state at ``now_s`` if everything went as planned, but for visits made early or failed, and vehicles lost.

    ``problem`` is the one the plan solves: with a ``before`` other than the morning, the ``rest_of_day`` of that.
    """
    early, failed, lost = frozenset(early), frozenset(failed), before.lost | frozenset(lost)
    moving = [route for route in plan.routes if route.loops and route.loops[0].loading_from_s <= now_s]
    begun = [loop for route in moving for loop in route.loops if loop.loading_from_s <= now_s]
    done = before.done.union(stop.visit.id for loop in begun for stop in loop.stops if stop.start_s <= now_s)
    known = {each.vehicle: each for each in before.vehicles}
    told = _Told(now_s, early - failed, failed)
    known |= {route.vehicle: _vehicle_now(problem, route, told, known.get(route.vehicle)) for route in moving}
    return DayState(
        now_s=now_s,
        vehicles=tuple(each for each in known.values() if each.vehicle not in lost),
        done=(done | early) - failed,
        lost=lost,
        sent=_sent(begun, before),
        lost_drivers=before.lost_drivers,
    )


def _sent(begun: Iterable[Loop], before: DayState) -> Mapping[tuple[str, str], int]:
    """What was on board before left its depot when it was loaded."""
    sent = Counter(before.sent)
    for loop in (loop for loop in begun if not loop.depot.endswith(ON_BOARD)):
        for line in (line for stop in loop.stops for line in stop.visit.lines):
            sent[loop.depot, line.kind] += line.units
    return dict(sent)


class _Told(NamedTuple):
    now_s: Seconds
    early: frozenset[str]
    failed: frozenset[str]

    def begun(self, stop: Stop) -> bool:
        return stop.start_s <= self.now_s or stop.visit.id in self.early


def _vehicle_now(problem: Problem, route: Route, told: _Told, before: VehicleNow | None) -> VehicleNow:
    loops = [loop for loop in route.loops if loop.loading_from_s <= told.now_s]
    loop = loops[-1]
    vehicle = next(each for each in problem.scenario.vehicles if each.id == route.vehicle)
    rest_of_a_loop = before is not None and bool(before.on_board)
    on_it = before if rest_of_a_loop and len(loops) == 1 else None
    ahead = [stop for stop in loop.stops if not told.begun(stop)]
    kept = [stop for stop in loop.stops if stop.visit.id in told.failed and told.begun(stop)]
    goods = _units([*kept, *ahead])
    if on_it is not None and ahead:
        goods += Counter({line.kind: line.units for line in on_it.on_board}) - _units(loop.stops)
    on_board = _lines(goods)
    point, free_s, risk = _next_free(problem, vehicle, loop, told)
    risks = [problem.zone_of(vehicle, stop.visit) for stop in loop.stops if told.begun(stop)]
    return VehicleNow(
        vehicle=route.vehicle,
        access_point=point,
        free_s=max(told.now_s, free_s),
        depot=None if on_board else loop.end,
        on_board=on_board,
        loops_made=len(loops) + (0 if before is None else before.loops_made - rest_of_a_loop),
        been=max([risk, ZoneLevel.OPEN if on_it is None else on_it.been, *risks]),
    )


def _next_free(problem: Problem, vehicle: Vehicle, loop: Loop, told: _Told) -> tuple[str, Seconds, ZoneLevel]:
    """Where, when, and the risk there: loading or unloading is finished, a leg is driven to its end.

    On the last leg that is where the loop ends.
    """
    sites = {site.place.id: site.place.access_point for site in problem.scenario.sites}
    if loop.departure_s > told.now_s:
        return problem.depots[loop.depot].place.access_point, loop.departure_s, ZoneLevel.OPEN
    ahead = next((stop for stop in loop.stops if not told.begun(stop)), None)
    if ahead is None:
        return problem.depots[loop.end].place.access_point, loop.back_s, ZoneLevel.OPEN
    unloading = next((stop for stop in loop.stops if stop.start_s <= told.now_s < stop.departure_s), None)
    if unloading is not None:
        return sites[unloading.visit.site], unloading.departure_s, problem.zone_of(vehicle, unloading.visit)
    return sites[ahead.visit.site], ahead.arrival_s, problem.zone_of(vehicle, ahead.visit)


def _units(stops: Iterable[Stop]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in (line for stop in stops for line in stop.visit.lines):
        units[line.kind] += line.units
    return units


def goods_moved(giver: VehicleNow, taker: VehicleNow, lines: Iterable[DemandLine]) -> tuple[VehicleNow, VehicleNow]:
    """Both after the goods changed vehicles. A taker with nothing on board begins a loop with them.

    Unless it comes from a sealed zone, and was not disinfected, that loop may go anywhere.
    """
    moved = Counter({line.kind: line.units for line in lines})
    had, has = (Counter({line.kind: line.units for line in each.on_board}) for each in (giver, taker))
    begins = not taker.on_board
    return (
        replace(giver, on_board=_lines(had - moved)),
        replace(
            taker,
            depot=None,
            on_board=_lines(has + moved),
            loops_made=taker.loops_made + begins,
            been=ZoneLevel.OPEN if begins and taker.been < ZoneLevel.SEALED else taker.been,
        ),
    )


def _lines(units: Counter[str]) -> tuple[DemandLine, ...]:
    return tuple(DemandLine(kind, count) for kind, count in sorted(units.items()))


# --- the rest of the day ------------------------------------------------------------------------------------------


def rest_of_day(problem: Problem, state: DayState) -> Problem:
    """The problem that remains. Its visits keep the names they had."""
    scenario = problem.scenario
    now = {each.vehicle: each for each in state.vehicles}
    still_here = [vehicle for vehicle in scenario.vehicles if vehicle.id not in state.lost]
    gap_s = scenario.policy.disinfection_s
    going_on = (_going_on(vehicle, now.get(vehicle.id), state, gap_s) for vehicle in still_here)
    boards = tuple(_board(scenario, each) for each in state.vehicles if each.on_board)
    visits = tuple(visit for visit in problem.visits if visit.id not in state.done)
    rest = replace(
        scenario,
        vehicles=tuple(vehicle for vehicle in going_on if vehicle.max_loops > 0),
        drivers=tuple(_until_now(driver, state) for driver in scenario.drivers),
        depots=(*(_less(depot, state) for depot in scenario.depots), *boards),
        sites=tuple(_still_wanting(problem, site, state) for site in scenario.sites),
        earlier=None if scenario.earlier is None else _still_to_do(scenario.earlier, state),
        locks=tuple(lock for lock in scenario.locks if _still_holds(lock, state)),
    )
    remaining = replace(problem, scenario=rest, visits=visits, depots={depot.place.id: depot for depot in rest.depots})
    dismissed = tuple(
        replace(left, reason=dismissal(remaining, left.visit) or left.reason) for left in problem.dismissed
    )
    return replace(remaining, dismissed=dismissed)


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


def _until_now(driver: Driver, state: DayState) -> Driver:
    """The shift of a driver who is lost is over."""
    if driver.id not in state.lost_drivers:
        return driver
    return replace(driver, shift=Interval(driver.shift.open_s, min(driver.shift.close_s, state.now_s)))


def _going_on(vehicle: Vehicle, now: VehicleNow | None, state: DayState, disinfection_s: Seconds) -> Vehicle:
    """With goods on board it is still on its loop; back from a sealed zone it is disinfected before the next."""
    if now is None:
        return _from(vehicle, state.now_s)
    loops_left, free_s = vehicle.max_loops - now.loops_made, max(state.now_s, now.free_s)
    gone = replace(vehicle, fixed_cost_s=0) if now.loops_made else vehicle
    if now.on_board:
        return replace(_from(gone, free_s), start=vehicle.id + ON_BOARD, max_loops=loops_left + 1, been=now.been)
    clean_s = now.free_s + (disinfection_s if now.been is ZoneLevel.SEALED else 0)
    return replace(_from(gone, max(free_s, clean_s)), start=now.depot or vehicle.start, max_loops=loops_left)


def _from(vehicle: Vehicle, free_s: Seconds) -> Vehicle:
    return replace(vehicle, shift=Interval(max(vehicle.shift.open_s, free_s), vehicle.shift.close_s))


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
