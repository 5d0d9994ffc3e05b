"""From an order of visits per vehicle to a plan with times, totals and objective; and which of two is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from routing.model import (
    Loop,
    Objective,
    Plan,
    Problem,
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
from routing.schedule import Timetable, timetable

URGENCIES = (0, 1, 2, 3)
NOTHING: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver finds: indices into ``problem.visits`` per vehicle, in the order of the scenario's vehicles.

    ``work_limit``: iterations asked for or chosen. ``finished``: the work limit was reached, or nothing was left to do; not so when time ran out or it was stopped.
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
cost. With ``prices`` only the cost counts. Additive: a solution's worth is the sum over its routes and what it leaves.
"""


def worth(problem: Problem, solution: Solution) -> Worth | None:
    """What a solution is worth under the scenario's objective; None when a route cannot be driven in time."""
    parts = [left_out_worth(problem, problem.visits[index]) for index in solution.unserved(problem)]
    for vehicle, indices in zip(problem.scenario.vehicles, solution.routes, strict=True):
        part = route_worth(problem, vehicle, indices)
        if part is None:
            return None
        parts.append(part)
    return add_worths(parts)


def add_worths(parts: Iterable[Worth]) -> Worth:
    return tuple(sum(column) for column in zip(*parts, strict=True))


def route_worth(problem: Problem, vehicle: Vehicle, indices: Sequence[int]) -> Worth | None:
    """What a route adds; None when it cannot be driven in this order."""
    if not indices:
        return _worth(problem)
    visits = [problem.visits[index] for index in indices]
    table = timetable(problem, vehicle, visits)
    if table is None:
        return None
    late = Counter(visit.urgency for visit in late_visits(visits, table))
    cost_s = table.back_s - table.departure_s + vehicle.fixed_cost_s
    return _worth(problem, late=late, late_s=table.late_s(visits), cost_s=cost_s)


def left_out_worth(problem: Problem, visit: Visit) -> Worth:
    """What leaving a visit out adds."""
    return _worth(
        problem, unserved=Counter([visit.urgency]), price_s=problem.scenario.policy.prices.get(visit.priority, 0)
    )


def late_visits(visits: Sequence[Visit], table: Timetable) -> list[Visit]:
    pairs = zip(visits, table.starts_s, strict=True)
    return [visit for visit, start_s in pairs if start_s > visit.order.deadline_s]


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


def plan_of(problem: Problem, solution: Solution) -> Plan:
    """The plan a solution means, without the ways driven and without reasons, which are added when it is shown."""
    routes = tuple(
        _route(problem, vehicle, [problem.visits[index] for index in indices])
        for vehicle, indices in zip(problem.scenario.vehicles, solution.routes, strict=True)
        if indices
    )
    left = tuple(Unserved(problem.visits[index], None) for index in solution.unserved(problem))
    return with_summary(problem, routes, (*left, *problem.dismissed))


def _route(problem: Problem, vehicle: Vehicle, visits: Sequence[Visit]) -> Route:
    table = timetable(problem, vehicle, visits)
    if table is None:
        raise ValueError(f"vehicle {vehicle.id!r} cannot make these visits in this order")
    stops = []
    row, now_s = problem.depot_row(vehicle.start), table.departure_s
    for visit, start_s in zip(visits, table.starts_s, strict=True):
        travel_s = problem.drive_s(row, visit.row)
        stops.append(Stop(visit, now_s + travel_s, start_s, start_s + visit.service_s, travel_s))
        row, now_s = visit.row, start_s + visit.service_s
    back_travel_s = problem.drive_s(row, problem.depot_row(vehicle.end))
    loop = Loop(vehicle.start, vehicle.end, table.departure_s, tuple(stops), table.back_s, back_travel_s)
    return with_totals(Route(vehicle.id, (loop,), EMPTY_TOTALS), vehicle.fixed_cost_s)


EMPTY_TOTALS = RouteTotals(0, 0, 0.0, 0, 0, 0, 0, total_load(()))


def with_totals(route: Route, fixed_cost_s: Seconds) -> Route:
    """The route with its totals added up from its loops."""
    stops = [stop for loop in route.loops for stop in loop.stops]
    travel_s = sum(stop.travel_s for stop in stops) + sum(loop.back_travel_s for loop in route.loops)
    legs = [stop.leg for stop in stops] + [loop.back_leg for loop in route.loops]
    service_s = sum(stop.departure_s - stop.start_s for stop in stops)
    wait_s = sum(stop.start_s - stop.arrival_s for stop in stops)
    totals = RouteTotals(
        stops=len(stops),
        travel_s=travel_s,
        length_m=round(sum(leg.length_m for leg in legs if leg is not None), 1),
        service_s=service_s,
        wait_s=wait_s,
        fixed_cost_s=fixed_cost_s,
        cost_s=travel_s + service_s + wait_s + fixed_cost_s,
        load=total_load(stop.visit.load for stop in stops),
    )
    return Route(route.vehicle, route.loops, totals)


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
        + (sum(policy.prices[left.visit.priority] for left in unserved) if priced else 0),
    )
