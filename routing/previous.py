"""Starting from an earlier plan and changing as little of it as pays, around any solver.

Three ways are tried, and the best by the objective, with the price of every stop that changes its vehicle, is taken: the
earlier routes as far as they may stay, with what is left placed into them; a search in which every visit that may stay
stays with its vehicle; and a fresh search, its routes dealt out so that as many stops as possible keep their vehicle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from routing.evaluate import Solution, Worth, vehicle_kinds, worth
from routing.holding import told_apart
from routing.locks import earlier_route
from routing.model import Problem
from routing.solvers.base import DEFAULT_ITERATIONS, OnImprovement, Solver, Stop
from routing.solvers.improve import advance_late_stops, keep_what_may_stay, place_left_out, rearrange

PLACES_PER_ITERATION = 10
"""Places tried for late and left-out visits of the earlier routes, per iteration of the work limit."""

MOST_CELLS = 20_000_000
"""Of travel times, one table per vehicle, in the search in which every visit keeps its vehicle."""

KEPT_SHARE, STAYING_SHARE = 0.1, 0.5
"""Of a time budget, what may have passed when the first and the second way end."""


class ChangingLittle:
    """A solver that starts from the scenario's earlier plan, by any solver."""

    def __init__(self, engine: Solver) -> None:
        self._engine = engine
        self.name = engine.name
        self.version = engine.version

    def solve(self, problem: Problem, *, stop: Stop, seed: int, on_improvement: OnImprovement) -> Solution:
        if stop.iterations is None and stop.seconds is None:
            stop = replace(stop, iterations=DEFAULT_ITERATIONS)
        best = _Best(problem, on_improvement)
        start = keep_what_may_stay(problem, earlier_solution(problem))
        best.hear(start)
        for solution in _kept(told_apart(problem), start, _part(stop, KEPT_SHARE), seed):
            best.hear(solution)
        staying = _staying(problem, start)
        if staying is not None:
            part = _half(_part(stop, STAYING_SHARE))
            best.hear(self._engine.solve(staying, stop=part, seed=seed, on_improvement=best.hear))
        part = stop if staying is None else _half(stop)
        fresh = self._engine.solve(problem, stop=part, seed=seed, on_improvement=best.hear)
        best.hear(fresh)
        best.hear(dealt_alike(problem, fresh))
        return replace(best.solution, iterations=fresh.iterations, work_limit=stop.iterations, finished=fresh.finished)


def earlier_solution(problem: Problem) -> Solution:
    """The earlier plan's routes, of the vehicles and visits that are still there, whether they can be driven or not."""
    return Solution(tuple(earlier_route(problem, vehicle.id) for vehicle in problem.scenario.vehicles))


class _Best:
    """The best solution heard, passed on where it is better than all before."""

    def __init__(self, problem: Problem, on_improvement: OnImprovement) -> None:
        self._problem = problem
        self._on_improvement = on_improvement
        self._worth: Worth | None = None
        self.solution = Solution(tuple(() for _ in problem.scenario.vehicles))

    def hear(self, solution: Solution) -> None:
        found = worth(self._problem, solution)
        if found is not None and (self._worth is None or found < self._worth):
            self.solution, self._worth = solution, found
            self._on_improvement(solution)


def _part(stop: Stop, share: float) -> Stop:
    return stop if stop.seconds is None else replace(stop, seconds=stop.seconds * share)


def _half(stop: Stop) -> Stop:
    """Two searches share the work limit."""
    return stop if stop.iterations is None else replace(stop, iterations=max(1, stop.iterations // 2))


def _kept(problem: Problem, start: Solution, stop: Stop, seed: int) -> Iterator[Solution]:
    """The earlier routes with what is left placed into them, late stops moved forward, and what pays rearranged."""
    places = None if stop.iterations is None else PLACES_PER_ITERATION * stop.iterations
    placed = place_left_out(problem, start)
    yield placed
    if worth(problem, placed) is not None:
        advanced = advance_late_stops(problem, placed, stop, most_places=places)
        yield advanced
        yield rearrange(problem, advanced, stop, most_places=places, seed=seed, whole=True)


def _staying(problem: Problem, start: Solution) -> Problem | None:
    """The problem in which each visit that may stay is open to its vehicle alone; None where that is too large."""
    vehicles = problem.scenario.vehicles
    if not any(start.routes) or len(vehicles) * len(problem.visits) ** 2 > MOST_CELLS:
        return None
    by = {call: vehicles[number].id for number, route in enumerate(start.routes) for call in route if call >= 0}
    visits = tuple(
        replace(visit, allowed=frozenset({by[number]})) if number in by else visit
        for number, visit in enumerate(problem.visits)
    )
    return told_apart(replace(problem, visits=visits))


def dealt_alike(problem: Problem, solution: Solution) -> Solution:
    """Routes exchanged between vehicles that are alike, so that as many stops as possible keep their vehicle."""
    alike: dict[int, list[int]] = {}
    for number, kind in enumerate(vehicle_kinds(problem)):
        alike.setdefault(kind, []).append(number)
    routes = list(solution.routes)
    for numbers in (numbers for numbers in alike.values() if len(numbers) > 1):
        kept = np.array(
            [[_kept_stops(problem, solution.routes[route], number) for number in numbers] for route in numbers]
        )
        rows, columns = linear_sum_assignment(kept, maximize=True)
        for row, column in zip(rows, columns, strict=True):
            routes[numbers[column]] = solution.routes[numbers[row]]
    return replace(solution, routes=tuple(routes))


def _kept_stops(problem: Problem, route: tuple[int, ...], number: int) -> int:
    name = problem.scenario.vehicles[number].id
    return sum(1 for call in route if call >= 0 and problem.visits[call].earlier == name)
