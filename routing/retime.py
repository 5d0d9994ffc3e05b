"""Searched again where drives are slower than a search took them to be.

A search goes by one time per drive, that of the hour of its order; every plan is timed leg by leg with the hours in which
its drives begin (``schedule``). Where something is then late or left out, and drives took longer than the search had
reckoned with, it is searched again with the slower times, and the best of the plans stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from routing.evaluate import Worth
from routing.model import Loop, Plan, Problem, Seconds, Vehicle
from routing.solvers import base

SHARES = (0.6, 0.8, 1.0)
"""So often at most it is searched; of a time budget each search may use so much, those before it included."""

Hours = Mapping[str, Iterable[int]]
"""By order."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Searched(Generic[Found]):
    """What a search found, what it is worth, and its plans, each with the problem it solves."""

    found: Found
    worth: Worth
    plans: tuple[tuple[Problem, Plan], ...]
    finished: bool = True


def search_by_hour(
    problem: Problem, search: Callable[[Problem, base.Stop], Searched[Found]], stop: base.Stop
) -> Searched[Found]:
    """The best that searches with slower and slower times found; the first, where hours make nothing late."""
    if problem.hourly is None:
        return search(problem, stop)
    tried: list[Searched[Found]] = []
    slower: dict[str, set[int]] = {}
    cut_short = False
    for share in SHARES:
        part = stop if stop.seconds is None else replace(stop, seconds=stop.seconds * share)
        tried.append(search(with_slower_hours(problem, slower), part))
        plans = tried[-1].plans
        outrun = [slower_hours(each, plan) for each, plan in plans]
        if not any(outrun) or not any(misses(each, plan) for each, plan in plans):
            break
        cut_short = stop.now()
        if cut_short:
            break
        slower = _united([slower, *outrun])
    best = min(tried, key=lambda searched: searched.worth)
    return replace(best, finished=all(searched.finished for searched in tried) and not cut_short)


def with_slower_hours(problem: Problem, slower: Hours) -> Problem:
    """With the longest of the times in each order's own hour and in these, elementwise, to search with."""
    hourly = problem.hourly
    if hourly is None:
        return problem
    travel_s = hourly.own.copy()
    for number, order in enumerate(problem.scenario.orders):
        for hour in slower.get(order.id, ()):
            np.maximum(travel_s, hourly.table(hour), out=travel_s, where=hourly.waves == number)
    travel_s.setflags(write=False)
    return replace(problem, travel_s=travel_s)


def as_driven(problem: Problem, plan: Plan) -> Problem:
    """The problem on whose table the plan's reasons are tested.

    Alone a vehicle leaves as early as the first one of its wave does, which may be in another hour than that of the order.
    """
    return with_reason_hours(problem, _first_hours(problem, plan) if misses(problem, plan) else {})


def with_reason_hours(problem: Problem, hours: Mapping[str, int]) -> Problem:
    """With the times of these hours for drives of some orders, and of the others in their own."""
    hourly = problem.hourly
    if hourly is None:
        return problem
    travel_s = hourly.own.copy()
    for number, order in enumerate(problem.scenario.orders):
        if order.id in hours:
            np.copyto(travel_s, hourly.table(hours[order.id]), where=hourly.waves == number)
    travel_s.setflags(write=False)
    return replace(problem, travel_s=travel_s, reason_hours=hours)


def _first_hours(problem: Problem, plan: Plan) -> dict[str, int]:
    """By order the hour in which its first drive begins, where that is not the order's own."""
    hourly = problem.hourly
    if hourly is None:
        return {}
    orders = problem.scenario.orders
    first_s: dict[int, Seconds] = {}
    for drive in _drives(problem, plan):
        number = int(hourly.waves[drive.origin, drive.destination])
        first_s[number] = min(drive.left_s, first_s.get(number, drive.left_s))
    hours = {orders[number]: hourly.hour_at(left_s) for number, left_s in sorted(first_s.items())}
    return {order.id: hour for order, hour in hours.items() if hour != hourly.hour_at(order.order_s)}


def misses(problem: Problem, plan: Plan) -> bool:
    """Whether anything is late, or left out that might have been made."""
    dismissed = {left.visit.id for left in problem.dismissed}
    return any(stop.late_s for stop in plan.stops()) or any(left.visit.id not in dismissed for left in plan.unserved)


def slower_hours(problem: Problem, plan: Plan) -> dict[str, set[int]]:
    """The hours in which drives of the plan take longer than the problem's table says."""
    hourly, found = problem.hourly, dict[str, set[int]]()
    for drive in _drives(problem, plan) if hourly is not None else ():
        if hourly is not None and problem.driven_s(*drive) > problem.drive_s(*drive[:3]):
            order = problem.scenario.orders[int(hourly.waves[drive.origin, drive.destination])]
            found.setdefault(order.id, set()).add(hourly.hour_at(drive.left_s))
    return found


class _Drive(NamedTuple):
    vehicle: Vehicle
    origin: int
    destination: int
    left_s: Seconds


def _drives(problem: Problem, plan: Plan) -> Iterator[_Drive]:
    """Of the problem's vehicles between places that it knows: a plan may state others."""
    vehicles = {vehicle.id: vehicle for vehicle in problem.scenario.vehicles}
    for route in plan.routes:
        for loop in route.loops if route.vehicle in vehicles else ():
            rows = [_depot_row(problem, loop.depot), *(stop.visit.row for stop in loop.stops)]
            rows.append(_depot_row(problem, loop.end))
            for (origin, destination), left_s in zip(pairwise(rows), leaving_s(loop), strict=True):
                if min(origin, destination) >= 0:
                    yield _Drive(vehicles[route.vehicle], origin, destination, left_s)


def _depot_row(problem: Problem, depot: str) -> int:
    return problem.depot_row(depot) if depot in problem.depots else -1


def leaving_s(loop: Loop) -> list[Seconds]:
    """When each drive of a loop begins, the one back included."""
    return [*(stop.arrival_s - stop.travel_s for stop in loop.stops), loop.back_s - loop.back_travel_s]


def _united(parts: Iterable[Hours]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for part in parts:
        for order, hours in part.items():
            found.setdefault(order, set()).update(hours)
    return found
