"""From an order of visits per vehicle to a plan with times, totals and objective; and which of two is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from routing.loading import loading_slots
from routing.model import (
    Loop,
    Objective,
    Plan,
    Problem,
    Rest,
    Route,
    RouteTotals,
    Seconds,
    Stop,
    Summary,
    Unserved,
    Vehicle,
    Visit,
    total_load,
)
from routing.schedule import Call, Drive, LoopCalls, LoopTimes, Timetable, Timetables, loops_of, timetable

URGENCIES = (0, 1, 2, 3)
NOTHING: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver finds: numbers of calls per vehicle, in the order of the scenario's vehicles.

    A number is an index into ``problem.visits``, or below zero a reload: ``problem.call`` reads it. ``work_limit``:
    iterations asked for or chosen. ``finished``: the work limit was reached, or nothing was left to do; not so when time
    ran out or it was stopped.
    """

    routes: tuple[tuple[int, ...], ...]
    iterations: int = 0
    finished: bool = True
    work_limit: int | None = None

    def unserved(self, problem: Problem) -> list[int]:
        served = {index for route in self.routes for index in route}
        return [index for index in range(len(problem.visits)) if index not in served]


Worth = tuple[int, ...]
"""Smaller is better, compared member by member: unserved visits by urgency, late visits by urgency, late seconds,
cost. With ``prices`` only the cost counts. Additive: a solution's worth is the sum over its routes and what it leaves,
without the price of the longest route, which is the plan's and no route's.
"""


def worth(problem: Problem, solution: Solution, tables: Timetables | None = None) -> Worth | None:
    """What a solution is worth under the scenario's objective; None when it breaks a rule."""
    if not limits_hold(problem, solution):
        return None
    tables = tables or Timetables(problem)
    slots = loading_slots(problem, solution.routes, tables)
    parts = [left_out_worth(problem, problem.visits[index]) for index in solution.unserved(problem)]
    for vehicle, numbers in zip(problem.scenario.vehicles, solution.routes, strict=True):
        part = route_worth(problem, vehicle, numbers, slots.get(vehicle.id, ()), tables)
        if part is None:
            return None
        parts.append(part)
    return add_worths(parts)


def add_worths(parts: Iterable[Worth]) -> Worth:
    return tuple(sum(column) for column in zip(*parts, strict=True))


LoadingAt = Sequence[Seconds | None]


def route_worth(
    problem: Problem,
    vehicle: Vehicle,
    numbers: Sequence[int],
    loading_at: LoadingAt = (),
    tables: Timetables | None = None,
) -> Worth | None:
    """What a route adds; None when it cannot be driven in this order, or not with its loading slots."""
    if not numbers:
        return _worth(problem)
    table = (tables or Timetables(problem)).of(vehicle, numbers, loading_at)
    if table is None:
        return None
    visits = [problem.visits[number] for number in numbers if number >= 0]
    late = Counter(visit.urgency for visit in late_visits(visits, table))
    cost_s = table.back_s - table.departure_s + vehicle.fixed_cost_s + unpreferred_s(problem, vehicle, visits)
    return _worth(problem, late=late, late_s=table.late_s, cost_s=cost_s)


def unpreferred_s(problem: Problem, vehicle: Vehicle, visits: Iterable[Visit]) -> Seconds:
    """Price of the stops made by a vehicle that is not among those their sites prefer, or not the earlier plan's."""
    made, policy = list(visits), problem.scenario.policy
    strangers = sum(1 for visit in made if visit.preferred and vehicle.id not in visit.preferred)
    changed = sum(1 for visit in made if visit.earlier not in (None, vehicle.id))
    return strangers * policy.unpreferred_price_s + changed * policy.change_price_s


def left_out_worth(problem: Problem, visit: Visit) -> Worth:
    """What leaving a visit out adds."""
    return _worth(
        problem, unserved=Counter([visit.urgency]), price_s=problem.scenario.policy.prices.get(visit.priority, 0)
    )


def late_visits(visits: Sequence[Visit], table: Timetable) -> list[Visit]:
    timed = zip(visits, table.starts_s, table.due_s, strict=True)
    return [visit for visit, start_s, due_s in timed if start_s > due_s]


def _worth(
    problem: Problem,
    *,
    unserved: Mapping[int, int] = NOTHING,
    late: Mapping[int, int] = NOTHING,
    late_s: Seconds = 0,
    cost_s: Seconds = 0,
    price_s: Seconds = 0,
) -> Worth:
    if problem.scenario.policy.objective == "prices":
        return (cost_s + price_s,)
    return (*(unserved.get(u, 0) for u in URGENCIES), *(late.get(u, 0) for u in URGENCIES), late_s, cost_s)


def vehicle_kinds(problem: Problem) -> list[int]:
    """Per vehicle a number, the same for those that differ in nothing but names that no visit speaks of."""
    named = {names for visit in problem.visits for names in (visit.allowed, visit.preferred) if names}
    number: dict[tuple[Vehicle, frozenset[frozenset[str]]], int] = {}
    return [
        number.setdefault(
            (replace(vehicle, id="", name=""), frozenset(names for names in named if vehicle.id in names)), len(number)
        )
        for vehicle in problem.scenario.vehicles
    ]


def one_of_each_kind(problem: Problem) -> list[Vehicle]:
    """The first vehicle of each of the ``vehicle_kinds``."""
    first: dict[int, Vehicle] = {}
    for kind, vehicle in zip(vehicle_kinds(problem), problem.scenario.vehicles, strict=True):
        first.setdefault(kind, vehicle)
    return list(first.values())


# --- limits that bind vehicles together -----------------------------------------------------------------------------


Use = tuple[str, ...]
"""What several routes draw on: ("stock", depot, kind), or ("vehicles", site)."""


def limits(problem: Problem) -> dict[Use, int]:
    """How much of each there is, of what is limited at all."""
    found: dict[Use, int] = {}
    for depot in problem.scenario.depots:
        found |= {("stock", depot.place.id, kind): units for kind, units in depot.stock.items()}
    for site in problem.scenario.sites:
        if site.most_vehicles is not None:
            found["vehicles", site.place.id] = site.most_vehicles
    return found


def uses(problem: Problem, vehicle: Vehicle, numbers: Sequence[int]) -> Counter[Use]:
    """What a route draws."""
    found: Counter[Use] = Counter()
    calls = [problem.call(number) for number in numbers]
    for loop in loops_of(vehicle, calls):
        for visit in loop.visits:
            found["vehicles", visit.site] = 1
            for line in visit.lines:
                found["stock", loop.depot, line.kind] += line.units
    return found


def limits_hold(problem: Problem, solution: Solution) -> bool:
    limited = limits(problem)
    if not limited:
        return True
    drawn: Counter[Use] = Counter()
    for vehicle, numbers in zip(problem.scenario.vehicles, solution.routes, strict=True):
        drawn.update(uses(problem, vehicle, numbers))
    return all(drawn[use] <= most for use, most in limited.items())


# --- plans ----------------------------------------------------------------------------------------------------------


def plan_of(problem: Problem, solution: Solution) -> Plan:
    """The plan a solution means, without the ways driven and without reasons, which are added when it is shown."""
    slots = loading_slots(problem, solution.routes, Timetables(problem))
    routes = tuple(
        _route(problem, vehicle, [problem.call(number) for number in numbers], slots.get(vehicle.id, ()))
        for vehicle, numbers in zip(problem.scenario.vehicles, solution.routes, strict=True)
        if numbers
    )
    left = tuple(Unserved(problem.visits[index], None) for index in solution.unserved(problem))
    return with_summary(problem, routes, (*left, *problem.dismissed))


def _route(problem: Problem, vehicle: Vehicle, calls: Sequence[Call], loading_at: LoadingAt) -> Route:
    table = timetable(problem, vehicle, calls, loading_at=loading_at)
    if table is None:
        raise ValueError(f"vehicle {vehicle.id!r} cannot make these calls in this order")
    timed = zip(table.starts_s, table.due_s, strict=True)
    loops = loops_of(vehicle, calls)
    ends = [*(loop.depot for loop in loops[1:]), vehicle.end]
    driven = tuple(
        _loop(problem, vehicle, _TimedLoop(loop, end, times), table.rests, timed)
        for loop, end, times in zip(loops, ends, table.loops, strict=True)
    )
    visits = [visit for loop in loops for visit in loop.visits]
    route = Route(vehicle.id, driven, EMPTY_TOTALS, table.rests)
    return with_totals(route, vehicle.fixed_cost_s, unpreferred_s(problem, vehicle, visits))


class _TimedLoop(NamedTuple):
    calls: LoopCalls
    end: str
    times: LoopTimes


def _loop(
    problem: Problem,
    vehicle: Vehicle,
    given: _TimedLoop,
    rests: Sequence[Rest],
    timed: Iterator[tuple[Seconds, Seconds]],
) -> Loop:
    loop, end, times = given
    stops = []
    row, now_s = problem.depot_row(loop.depot), times.departure_s
    for visit in loop.visits:
        start_s, due_s = next(timed)
        drive = partial(problem.driven_s, vehicle, row, visit.row)
        left_s = _left_s(rests, now_s, start_s, drive)
        travel_s = drive(left_s)
        stops.append(Stop(visit, left_s + travel_s, start_s, start_s + visit.service_s, travel_s, due_s=due_s))
        row, now_s = visit.row, start_s + visit.service_s
    left_s = max(
        (rest.start_s + rest.duration_s for rest in rests if now_s <= rest.start_s < times.back_s), default=now_s
    )
    back_travel_s = problem.driven_s(vehicle, row, problem.depot_row(end), left_s)
    return Loop(loop.depot, end, times.departure_s, tuple(stops), times.back_s, back_travel_s, load_s=times.load_s)


def _left_s(rests: Sequence[Rest], free_s: Seconds, start_s: Seconds, drive: Drive) -> Seconds:
    """When a vehicle that is free leaves for a stop; it drives first where it arrives before a rest begins."""
    for rest in rests:
        if free_s <= rest.start_s < min(start_s, free_s + drive(free_s)):
            free_s = rest.start_s + rest.duration_s
    return free_s


EMPTY_TOTALS = RouteTotals(0, 0, 0.0, 0, 0, 0, 0, total_load(()))


def with_totals(route: Route, fixed_cost_s: Seconds, price_s: Seconds = 0) -> Route:
    """The route with its totals added up from its loops."""
    stops = [stop for loop in route.loops for stop in loop.stops]
    travel_s = sum(stop.travel_s for stop in stops) + sum(loop.back_travel_s for loop in route.loops)
    legs = [stop.leg for stop in stops] + [loop.back_leg for loop in route.loops]
    service_s = sum(stop.departure_s - stop.start_s for stop in stops)
    rest_s = sum(rest.duration_s for rest in route.rests)
    depot_s = sum(after.departure_s - before.back_s for before, after in pairwise(route.loops))
    totals = RouteTotals(
        stops=len(stops),
        travel_s=travel_s,
        length_m=round(sum(leg.length_m for leg in legs if leg is not None), 1),
        service_s=service_s,
        wait_s=route.away_s - travel_s - service_s - rest_s - depot_s,
        fixed_cost_s=fixed_cost_s,
        cost_s=route.away_s + fixed_cost_s + price_s,
        load=total_load(stop.visit.load for stop in stops),
        rest_s=rest_s,
        depot_s=depot_s,
        price_s=price_s,
    )
    return replace(route, totals=totals)


def with_summary(problem: Problem, routes: tuple[Route, ...], unserved: tuple[Unserved, ...]) -> Plan:
    """A plan with its summary and objective added up."""
    stops = [stop for route in routes for loop in route.loops for stop in loop.stops]
    in_time = [stop for stop in stops if not stop.late_s]
    waiting = {left.visit.site for left in unserved}
    sites = {stop.visit.site for stop in stops} | waiting
    summary = Summary(
        sites=len(sites),
        sites_served=len(sites - waiting),
        visits=len(stops) + len(unserved),
        served_in_time=len(in_time),
        served_late=len(stops) - len(in_time),
        unserved=len(unserved),
        latest_start_s=max((stop.start_s - stop.visit.order.order_s for stop in in_time), default=None),
        vehicles_used=len(routes),
        vehicles=len(problem.scenario.vehicles),
        travel_s=sum(route.totals.travel_s for route in routes),
        length_m=round(sum(route.totals.length_m for route in routes), 1),
        load=total_load(stop.visit.load for stop in stops),
        objective=_objective(problem, routes, stops, unserved),
    )
    return Plan(routes, unserved, summary)


def longest_route_s(routes: Iterable[Route]) -> Seconds:
    """Time out of the vehicle that is out for longest."""
    return max((route.away_s for route in routes), default=0)


def _objective(
    problem: Problem, routes: Sequence[Route], stops: Sequence[Stop], unserved: Sequence[Unserved]
) -> Objective:
    policy = problem.scenario.policy
    priced = policy.objective == "prices"
    return Objective(
        unserved=len(unserved),
        late=sum(1 for stop in stops if stop.late_s),
        late_s=sum(stop.late_s for stop in stops),
        cost_s=sum(route.totals.cost_s for route in routes)
        + round(policy.longest_route_price * longest_route_s(routes))
        + (sum(policy.prices[left.visit.priority] for left in unserved) if priced else 0),
    )
