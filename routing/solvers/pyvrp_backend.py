"""The delivery problem in PyVRP's terms (Wouda, Lan and Kool 2024, doi:10.1287/ijoc.2023.0055).

PyVRP knows one time window per client and no lateness, so a visit becomes one client per window it may be served in, of
which at most one is visited. The first search plans everything in time; what is left out is then offered again with
later windows, and a last step moves late stops forward. A visit's prize says how much worse it is to leave it out than
anything of lesser urgency together, as far as whole numbers of 64 bits allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pyvrp
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams

from geodata.travel_times import NO_WAY_S
from routing.evaluate import Solution, Worth, worth
from routing.improve import advance_late_stops
from routing.model import Interval, Load, Problem, Seconds, Vehicle, Visit
from routing.schedule import departure_windows, timetable
from routing.solvers.base import DEFAULT_ITERATIONS, OnImprovement, Stop

LARGEST_PRIZES = 2**52
"""All prizes together stay below this, so that PyVRP's penalties, kept as doubles, stay exact."""

LATE_ROUND = 4
"""The search for places for late visits gets this part of the work limit."""


class PyVRPSolver:
    name = "pyvrp"
    version = version("pyvrp")

    def solve(self, problem: Problem, *, stop: Stop, seed: int, on_improvement: OnImprovement) -> Solution:
        if stop.iterations is None and stop.seconds is None:
            stop = replace(stop, iterations=DEFAULT_ITERATIONS)
        listener = _Listener(problem, on_improvement)
        in_time = _search(problem, _offers(problem, ()), None, _Limit(stop, 1), seed, listener)
        left = in_time.unserved(problem)
        if not left or problem.scenario.policy.after_target == "leave_out":
            return replace(in_time, work_limit=stop.iterations)
        later = _search(problem, _offers(problem, left), in_time, _Limit(stop, LATE_ROUND), seed, listener)
        best = advance_late_stops(problem, listener.better_of(in_time, later), stop)
        listener.hear(best)
        return replace(
            best,
            iterations=in_time.iterations + later.iterations,
            finished=in_time.finished and later.finished and best.finished,
            work_limit=stop.iterations,
        )


class _Limit:
    """A PyVRP stopping criterion: the work limit, or whatever else says stop."""

    def __init__(self, stop: Stop, part: int) -> None:
        self._stop = stop
        self._most = None if stop.iterations is None else max(1, stop.iterations // part)
        self._done = 0
        self.finished = False

    def __call__(self, best_cost: float) -> bool:  # noqa: ARG002  PyVRP's protocol
        if self._most is not None:
            self.finished = self._done >= self._most
            self._stop.on_work(self._done / self._most)
        self._done += 1
        return self.finished or self._stop.now()


class _Listener(IteratedLocalSearchCallbacks):
    """Passes on solutions that are better than all before, in our own terms."""

    def __init__(self, problem: Problem, on_improvement: OnImprovement) -> None:
        self._problem = problem
        self._on_improvement = on_improvement
        self._best: Worth | None = None
        self.model: _Model | None = None

    def on_best(self, best: pyvrp.Solution) -> None:
        if self.model is not None and best.is_feasible():
            self.hear(self.model.read(best))

    def hear(self, solution: Solution) -> None:
        found = worth(self._problem, solution)
        if found is not None and (self._best is None or found < self._best):
            self._best = found
            self._on_improvement(solution)

    def better_of(self, first: Solution, second: Solution) -> Solution:
        worths = [worth(self._problem, solution) for solution in (first, second)]
        if worths[1] is not None and (worths[0] is None or worths[1] < worths[0]):
            return second
        return first


@dataclass(frozen=True, slots=True)
class _Offer:
    """One way to serve a visit: begin within ``window``, for ``prize``."""

    visit: int
    window: Interval
    late: bool


def _offers(problem: Problem, also_late: Sequence[int]) -> list[_Offer]:
    """In time for every visit, and also late for those named. The windows of a visit never overlap in vain."""
    late = set(also_late)
    return [
        _Offer(index, window, is_late)
        for index, visit in enumerate(problem.visits)
        for window, is_late in _windows(visit, index in late)
    ]


def _windows(visit: Visit, also_late: bool) -> Iterator[tuple[Interval, bool]]:  # noqa: FBT001
    deadline_s = visit.order.deadline_s
    for window in visit.windows:
        in_time = window.meet(Interval(window.open_s, deadline_s))
        if in_time is not None:
            yield in_time, False
        if also_late and window.close_s > deadline_s:
            yield Interval(max(window.open_s, deadline_s + 1), window.close_s), True


def _search(
    problem: Problem, offers: list[_Offer], start: Solution | None, limit: _Limit, seed: int, listener: _Listener
) -> Solution:
    if not offers or not _fleet(problem):
        return Solution(tuple(() for _ in problem.scenario.vehicles))
    model = _Model(problem, offers)
    listener.model = model
    params = pyvrp.SolveParams(ils=IteratedLocalSearchParams(callbacks=listener))
    initial = None if start is None else model.write(start)
    result = pyvrp.solve(
        model.data, limit, seed=seed, collect_stats=False, display=False, params=params, initial_solution=initial
    )
    if not result.best.is_feasible():
        return start or Solution(tuple(() for _ in problem.scenario.vehicles), finished=limit.finished)
    return replace(model.read(result.best), iterations=result.num_iterations, finished=limit.finished)


class _Model:
    """PyVRP's problem data for a list of offers, and the way there and back."""

    def __init__(self, problem: Problem, offers: list[_Offer]) -> None:
        self._problem = problem
        self._offers = offers
        self._offers_of: dict[int, list[int]] = {}
        for number, offer in enumerate(offers):
            self._offers_of.setdefault(offer.visit, []).append(number)
        self._fleet = _fleet(problem)
        self._prizes = _prizes(problem, offers)
        self.data = self._data()

    def _data(self) -> pyvrp.ProblemData:
        rows, travel_s = _used_rows(self._problem)
        groups = self._groups()
        group_of = {client: group for group, clients in enumerate(groups) for client in clients}
        depots = list(self._problem.depots)
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0) for _ in rows],
            clients=[
                self._client(offer, rows[self._problem.visits[offer.visit].row], group_of.get(number))
                for number, offer in enumerate(self._offers)
            ],
            depots=[pyvrp.Depot(rows[self._problem.depot_row(depot)]) for depot in depots],
            vehicle_types=[self._vehicle_type(numbers, depots) for numbers in self._fleet],
            distance_matrices=[np.zeros_like(travel_s)],
            duration_matrices=[travel_s],
            groups=[pyvrp.ClientGroup(clients, required=False) for clients in groups],
        )

    def _groups(self) -> list[list[int]]:
        return [clients for clients in self._offers_of.values() if len(clients) > 1]

    def _client(self, offer: _Offer, location: int, group: int | None) -> pyvrp.Client:
        visit = self._problem.visits[offer.visit]
        return pyvrp.Client(
            location=location,
            delivery=list(visit.load),
            service_duration=visit.service_s,
            tw_early=offer.window.open_s,
            tw_late=offer.window.close_s,
            release_time=visit.order.order_s,
            prize=self._prizes[visit.urgency, offer.late],
            required=False,
            group=group,
        )

    def _vehicle_type(self, numbers: list[int], depots: list[str]) -> pyvrp.VehicleType:
        vehicle = self._problem.scenario.vehicles[numbers[0]]
        leave = next(departure_windows(self._problem, vehicle, ()))
        most = _most(self._problem)
        return pyvrp.VehicleType(
            num_available=len(numbers),
            capacity=[min(limit, bound) for limit, bound in zip(vehicle.capacity, most, strict=True)],
            start_depot=depots.index(vehicle.start),
            end_depot=depots.index(vehicle.end),
            fixed_cost=vehicle.fixed_cost_s,
            tw_early=max(0, leave.open_s),
            tw_late=max(0, vehicle.shift.close_s),
            start_late=max(0, leave.close_s),
            unit_distance_cost=0,
            unit_duration_cost=1,
        )

    def write(self, solution: Solution) -> pyvrp.Solution:
        """A solution of ours as a start for PyVRP, each visit by the offer in whose window it begins."""
        kind_of = {vehicle: kind for kind, numbers in enumerate(self._fleet) for vehicle in numbers}
        routes = [
            pyvrp.Route(self.data, self._clients(vehicle, indices), kind_of[vehicle])
            for vehicle, indices in enumerate(solution.routes)
            if indices
        ]
        return pyvrp.Solution(self.data, routes)

    def _clients(self, vehicle: int, indices: tuple[int, ...]) -> list[int]:
        visits = [self._problem.visits[index] for index in indices]
        table = timetable(self._problem, self._problem.scenario.vehicles[vehicle], visits)
        starts_s = table.starts_s if table else [visit.order.order_s for visit in visits]
        return [self._offer_at(index, start_s) for index, start_s in zip(indices, starts_s, strict=True)]

    def _offer_at(self, visit: int, start_s: Seconds) -> int:
        numbers = self._offers_of[visit]
        return next((number for number in numbers if self._offers[number].window.holds(start_s)), numbers[0])

    def read(self, solution: pyvrp.Solution) -> Solution:
        """PyVRP's routes dealt out to vehicles, those alike in the scenario's order."""
        routes: list[tuple[int, ...]] = [() for _ in self._problem.scenario.vehicles]
        free = [iter(numbers) for numbers in self._fleet]
        for route in solution.routes():
            visits = tuple(self._offers[activity.idx].visit for activity in route if activity.is_client())
            routes[next(free[route.vehicle_type()])] = visits
        return Solution(tuple(routes))


def _fleet(problem: Problem) -> list[list[int]]:
    """Numbers of vehicles that differ in nothing but their names, without those that can never leave."""
    kinds: dict[Vehicle, list[int]] = {}
    for number, vehicle in enumerate(problem.scenario.vehicles):
        if next(departure_windows(problem, vehicle, ()), None) is not None:
            kinds.setdefault(replace(vehicle, id="", name=""), []).append(number)
    return list(kinds.values())


def _used_rows(problem: Problem) -> tuple[dict[int, int], Any]:
    """PyVRP's location per row of the travel-time table, and the table of those rows alone."""
    used = {visit.row for visit in problem.visits} | {problem.depot_row(depot) for depot in problem.depots}
    rows = sorted(used)
    travel_s = np.minimum(problem.travel_s[np.ix_(rows, rows)], _never_s(problem))
    return {row: number for number, row in enumerate(rows)}, np.ascontiguousarray(travel_s)


def _never_s(problem: Problem) -> Seconds:
    """A drive so long that no shift allows it, and short enough to be summed without overflow."""
    return min(NO_WAY_S, 2 * max((vehicle.shift.close_s for vehicle in problem.scenario.vehicles), default=0) + 1)


def _most(problem: Problem) -> Load:
    """More than all visits together weigh: stands for a capacity that does not bind."""
    return Load(*(sum(visit.load[axis] for visit in problem.visits) + 1 for axis in range(3)))


def _prizes(problem: Problem, offers: Sequence[_Offer]) -> dict[tuple[int, bool], int]:
    """Prize per (urgency, late). Leaving a visit out costs the prize of serving it in time."""
    policy = problem.scenario.policy
    if policy.objective == "prices":
        return {(visit.urgency, False): policy.prices[visit.priority] for visit in problem.visits}
    counts = Counter(visit.urgency for visit in problem.visits)
    late_counts = Counter(problem.visits[visit].urgency for visit in {offer.visit for offer in offers if offer.late})
    urgencies = sorted(counts, reverse=True)
    ladder = [late_counts[u] for u in urgencies] + [counts[u] for u in urgencies]
    steps = _ladder(ladder, _dearest_visit_s(problem))
    for_being_late, for_being_left = steps[: len(urgencies)], steps[len(urgencies) :]
    prizes = {}
    for urgency, late, left in zip(urgencies, for_being_late, for_being_left, strict=True):
        prizes[urgency, True] = left
        prizes[urgency, False] = left + late
    return prizes


def _ladder(counts: Sequence[int], least: int) -> list[int]:
    """Steps of which each outweighs all lower ones together, flattened evenly where the sum would grow too large."""
    growth = [count + 1 for count in counts]
    steps = _steps(growth, least)
    while sum(step * count for step, count in zip(steps, counts, strict=True)) > LARGEST_PRIZES and max(growth) > 2:
        growth = [max(2, factor // 2) for factor in growth]
        steps = _steps(growth, least)
    return steps


def _steps(growth: Sequence[int], least: int) -> list[int]:
    steps, step = [], least
    for factor in growth:
        steps.append(step)
        step *= factor
    return steps


def _dearest_visit_s(problem: Problem) -> int:
    """More than one visit can add to the cost: a vehicle of its own, there and back, and every wait."""
    dearest_vehicle_s = max(vehicle.fixed_cost_s for vehicle in problem.scenario.vehicles)
    longest_shift_s = max(v.shift.close_s - v.shift.open_s for v in problem.scenario.vehicles)
    return dearest_vehicle_s + longest_shift_s + 1
