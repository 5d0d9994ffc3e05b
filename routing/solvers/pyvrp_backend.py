"""The delivery problem in PyVRP's terms (Wouda, Lan and Kool 2024, doi:10.1287/ijoc.2023.0055).

PyVRP knows one time window per client and no lateness, so a visit becomes one client per window it may be served in, of
which at most one is visited. The first search plans everything in time; where that leaves visits out, a second one may
also use later windows, and then late stops are moved forward by the objective's own measure. A visit's prize says how
much worse it is to leave it out than anything of lesser urgency together, as far as whole numbers of 64 bits allow.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams

from geodata.travel_times import NO_WAY_S
from routing.evaluate import Solution, Worth, limits, vehicle_kinds, worth
from routing.model import Interval, Load, Problem, Seconds, Vehicle, Visit, ZoneLevel, zone_in
from routing.schedule import leaving_windows, timetable
from routing.solvers.base import DEFAULT_ITERATIONS, OnImprovement, Stop
from routing.solvers.improve import advance_late_stops, keep_what_may_stay, place_left_out, rearrange, without
from routing.solvers.in_time import search_in_time
from routing.solvers.lines import kinds_apart

LARGEST_PRIZES = 2**52
"""All prizes together stay below this, so that PyVRP's penalties, kept as doubles, stay exact."""

LATE_ROUND = 4
"""The search for places for late visits gets this part of the work limit."""

PLACES_PER_ITERATION = 60
"""Places tried afterwards for late visits, per iteration of the work limit."""

LOOKS_PER_ITERATION = 1_500
"""Looks at places in the search for a plan in which everything is in time, per iteration of the work limit."""

IN_TIME_SHARE, BETTER_SHARE, LATE_SHARE = 0.4, 0.6, 0.8
"""Of a time budget, what may have passed when the first three searches end that leave something to do."""


class PyVRPSolver:
    name = "pyvrp"
    version = version("pyvrp")

    def solve(self, problem: Problem, *, stop: Stop, seed: int, on_improvement: OnImprovement) -> Solution:
        if stop.iterations is None and stop.seconds is None:
            stop = replace(stop, iterations=DEFAULT_ITERATIONS)
        listener = _Listener(problem, on_improvement)
        found = _first_search(problem, stop, seed, listener)
        if _beyond_pyvrp(problem) or (not _all_in_time(problem, found) and _more_can_be_done(problem)):
            found = _searched_in_time(problem, found, stop, seed, listener)
        if not _all_in_time(problem, found) and _more_can_be_done(problem):
            found = _late_rather_than_never(problem, found, stop, seed, listener)
        return replace(found, work_limit=stop.iterations)


def _first_search(problem: Problem, stop: Stop, seed: int, listener: _Listener) -> Solution:
    """Everything in time, as far as PyVRP knows the rules; what breaks one that it does not know is left out."""
    share = IN_TIME_SHARE if _more_can_be_done(problem) else 1.0
    start, part = None, 1
    if any(_loops(vehicle) > 1 for vehicle in problem.scenario.vehicles) and not _from_departure(problem):
        part = 2
        everything = _search(problem, _offers(problem), None, _Limit(stop, part=2, share=share / 2), seed, None)
        start = None if everything.unserved(problem) else everything
    found = _search(problem, _offers(problem), start, _Limit(stop, part=part, share=share), seed, listener)
    found = found if worth(problem, found) is not None else keep_what_may_stay(problem, found)
    listener.hear(found)
    return found


def _more_can_be_done(problem: Problem) -> bool:
    """Whether more than PyVRP's own search is needed: lateness, or a rule it does not know."""
    policy = problem.scenario.policy
    if policy.objective == "lexicographic" and policy.after_target == "deliver_late":
        return True
    return _beyond_pyvrp(problem)


def _beyond_pyvrp(problem: Problem) -> bool:
    """Whether the scenario has a rule that PyVRP does not know, or knows roughly."""
    scenario = problem.scenario
    return (
        _from_departure(problem)
        or problem.hourly is not None
        or bool(problem.apart)
        or bool(limits(problem))
        or any(depot.bays is not None or depot.loading_per_crate_s for depot in scenario.depots)
        or any(_loops(vehicle) > 1 or vehicle.breaks for vehicle in scenario.vehicles)
    )


def _loops(vehicle: Vehicle) -> int:
    return vehicle.max_loops if vehicle.reload_at else 1


def _from_departure(problem: Problem) -> bool:
    return problem.scenario.policy.target_from == "departure"


def _all_in_time(problem: Problem, solution: Solution) -> bool:
    if solution.unserved(problem):
        return False
    found = worth(problem, solution)
    return found is not None and not any(found[:-1])


def _searched_in_time(problem: Problem, found: Solution, stop: Stop, seed: int, listener: _Listener) -> Solution:
    """With everything looked at again by a search that knows all rules, but nothing of lateness."""
    looks = None if stop.iterations is None else LOOKS_PER_ITERATION * stop.iterations
    again = search_in_time(problem, found, stop, most_looks=looks, share=BETTER_SHARE, seed=seed)
    best = listener.better_of(found, again)
    listener.hear(best)
    return replace(best, iterations=found.iterations, finished=found.finished and again.finished)


def _late_rather_than_never(
    problem: Problem, in_time: Solution, stop: Stop, seed: int, listener: _Listener
) -> Solution:
    best = listener.better_of(in_time, place_left_out(problem, in_time))
    listener.hear(best)
    done, finished = in_time.iterations, in_time.finished
    if problem.scenario.policy.after_target == "deliver_late" and not _from_departure(problem):
        limit = _Limit(stop, part=LATE_ROUND, share=LATE_SHARE)
        later = _search(problem, _offers(problem, also_late=True), best, limit, seed, listener)
        best = listener.better_of(best, later)
        done, finished = done + later.iterations, finished and later.finished
    places = None if stop.iterations is None else PLACES_PER_ITERATION * stop.iterations
    best = listener.better_of(best, advance_late_stops(problem, best, stop, most_places=places))
    listener.hear(best)
    whole = _beyond_pyvrp(problem)
    best = listener.better_of(best, rearrange(problem, best, stop, most_places=places, seed=seed, whole=whole))
    listener.hear(best)
    return replace(best, iterations=done, finished=finished and not stop.now())


class _Limit:
    """A PyVRP stopping criterion: the work limit, or whatever else says stop.

    Of a time budget only ``share`` is used up while visits are left out, which a cost of ``served_below`` or more says.
    """

    def __init__(self, stop: Stop, *, part: int = 1, share: float = 1.0) -> None:
        self._stop = stop
        self._share = share
        self._most = None if stop.iterations is None else max(1, stop.iterations // part)
        self._done = 0
        self.finished = False
        self.served_below = 0

    def __call__(self, best_cost: float) -> bool:
        if self._most is not None:
            self.finished = self._done >= self._most
            self._stop.on_work(self._done / self._most)
        self._done += 1
        share = 1.0 if best_cost < self.served_below else self._share
        return self.finished or self._stop.now(share=share)


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


def _offers(problem: Problem, *, also_late: bool = False) -> list[_Offer]:
    """In time for every visit, or also late. The windows of a visit never overlap in vain."""
    policy = problem.scenario.policy
    if policy.objective == "prices" and policy.after_target == "deliver_late":  # late costs nothing of its own
        return [_Offer(index, window, False) for index, visit in enumerate(problem.visits) for window in visit.windows]
    return [
        _Offer(index, window, is_late)
        for index, visit in enumerate(problem.visits)
        for window, is_late in _windows(problem, visit)
        if also_late or not is_late
    ]


def _windows(problem: Problem, visit: Visit) -> Iterator[tuple[Interval, bool]]:
    """The visit's windows cut at its deadline, and whether it is late in them. Not cut where it counts from leaving."""
    if _from_departure(problem):
        yield from ((window, False) for window in visit.windows)
        return
    deadline_s = visit.deadline_s
    for window in visit.windows:
        if window.open_s <= deadline_s:
            yield Interval(window.open_s, min(window.close_s, deadline_s)), False
        if window.close_s > deadline_s:
            yield Interval(max(window.open_s, deadline_s + 1), window.close_s), True


def _search(
    problem: Problem,
    offers: list[_Offer],
    start: Solution | None,
    limit: _Limit,
    seed: int,
    listener: _Listener | None,
) -> Solution:
    """PyVRP's search. Without a listener every visit is required: it finds loops that it would not dare for a prize."""
    nothing = Solution(tuple(() for _ in problem.scenario.vehicles))
    if not offers or not _fleet(problem):
        return nothing
    model = _Model(problem, offers, required=listener is None)
    limit.served_below = model.cheapest_prize()
    callbacks = IteratedLocalSearchCallbacks()
    if listener is not None:
        listener.model, callbacks = model, listener
    params = pyvrp.SolveParams(ils=IteratedLocalSearchParams(callbacks=callbacks))
    initial = None if start is None else model.write(start)
    with warnings.catch_warnings():  # that penalties are at their bound is a matter between PyVRP and its author
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        result = pyvrp.solve(
            model.data, limit, seed=seed, collect_stats=False, display=False, params=params, initial_solution=initial
        )
    if not result.best.is_feasible():
        return start or replace(nothing, finished=limit.finished)
    return replace(model.read(result.best), iterations=result.num_iterations, finished=limit.finished)


class _Model:
    """PyVRP's problem data for a list of offers, and the way there and back."""

    def __init__(self, problem: Problem, offers: list[_Offer], *, required: bool) -> None:
        self._problem = problem
        self._offers = offers
        self._required = required
        self._ground = _Ground(problem)
        self._offers_of: dict[int, list[int]] = {}
        for number, offer in enumerate(offers):
            self._offers_of.setdefault(offer.visit, []).append(number)
        self._fleet = _fleet(problem)
        self._prizes = _prizes(problem, offers)
        self.data = self._data()

    def _data(self) -> pyvrp.ProblemData:
        groups = self._groups()
        group_of = {client: group for group, clients in enumerate(groups) for client in clients}
        profiles = list(dict.fromkeys(self._ground.profile(self._vehicle(kind)) for kind in self._fleet))
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0) for _ in range(self._ground.size)],
            clients=[self._client(number, group_of.get(number)) for number in range(len(self._offers))],
            depots=[self._depot(number) for number in range(len(self._ground.of_depot))],
            vehicle_types=[self._vehicle_type(kind, profiles) for kind in self._fleet],
            distance_matrices=[self._ground.price_s(profile) for profile in profiles],
            duration_matrices=[self._ground.travel_s(profile) for profile in profiles],
            groups=[pyvrp.ClientGroup(clients, required=self._required) for clients in groups],
        )

    def _vehicle(self, kind: _Alike) -> Vehicle:
        return self._problem.scenario.vehicles[kind.numbers[0]]

    def cheapest_prize(self) -> int:
        """A solution that costs less serves every visit; zero where some visits are not offered at all."""
        return min(self._prizes) if len(self._offers_of) == len(self._problem.visits) else 0

    def _groups(self) -> list[list[int]]:
        return [clients for clients in self._offers_of.values() if len(clients) > 1]

    def _client(self, number: int, group: int | None) -> pyvrp.Client:
        offer = self._offers[number]
        visit = self._problem.visits[offer.visit]
        return pyvrp.Client(
            location=self._ground.of_visit[offer.visit],
            delivery=list(visit.load),
            service_duration=visit.service_s,
            tw_early=offer.window.open_s,
            tw_late=offer.window.close_s,
            release_time=visit.order.order_s,
            prize=self._prizes[number],
            required=self._required and group is None,
            group=group,
        )

    def _depot(self, number: int) -> pyvrp.Depot:
        """Loading takes there what an average loop's does; our own timetable knows better."""
        depot = self._problem.scenario.depots[number % len(self._problem.depots)]
        capacities = [vehicle.capacity for vehicle in self._problem.scenario.vehicles]
        crates = sum(visit.load.crates for visit in self._problem.visits)
        per_loop = crates / max(1, min(len(capacities), len(self._problem.visits)))
        loading_s = depot.loading_s + round(depot.loading_per_crate_s * per_loop)
        return pyvrp.Depot(self._ground.of_depot[number], service_duration=loading_s)

    def _vehicle_type(self, kind: _Alike, profiles: list[_Profile]) -> pyvrp.VehicleType:
        vehicle, leave = self._vehicle(kind), kind.leave
        depots = list(self._problem.depots)
        most_loops, singly = _loops(vehicle), _from_departure(self._problem)
        return pyvrp.VehicleType(
            num_available=len(kind.numbers) * (most_loops if singly else 1),
            capacity=[min(limit, bound) for limit, bound in zip(vehicle.capacity, _most(self._problem), strict=True)],
            start_depot=depots.index(vehicle.start),
            end_depot=depots.index(vehicle.end),
            fixed_cost=vehicle.fixed_cost_s,
            tw_early=max(0, leave.open_s),
            tw_late=max(0, vehicle.shift.close_s),
            start_late=max(0, leave.close_s),
            shift_duration=self._longest_s(vehicle, singly=singly),
            unit_distance_cost=1,
            unit_duration_cost=1,
            profile=profiles.index(self._ground.profile(vehicle)),
            reload_depots=[]
            if singly or most_loops == 1
            else [len(depots) + depots.index(d) for d in vehicle.reload_at],
            max_reloads=0 if singly else most_loops - 1,
        )

    def _longest_s(self, vehicle: Vehicle, *, singly: bool) -> Seconds:
        """Where a vehicle reloads its route is not limited: PyVRP 0.14's local search may then go round in circles."""
        shift_s = vehicle.shift.close_s - min(0, vehicle.shift.open_s)
        longest_s = self._problem.scenario.policy.longest_route_s or shift_s
        if singly:
            return min(shift_s, longest_s, _longest_loop_s(self._problem))
        return NO_WAY_S if _loops(vehicle) > 1 else min(shift_s, longest_s)

    def write(self, solution: Solution) -> pyvrp.Solution:
        """A solution of ours as a start for PyVRP, each visit by the offer in whose window it begins."""
        kind_of = {number: row for row, kind in enumerate(self._fleet) for number in kind.numbers}
        routes = [
            pyvrp.Route(self.data, self._activities(vehicle, indices), kind_of[vehicle])
            for vehicle, indices in enumerate(solution.routes)
            if indices
        ]
        return pyvrp.Solution(self.data, routes)

    def _activities(self, vehicle: int, indices: tuple[int, ...]) -> list[pyvrp.Activity]:
        calls = [self._problem.call(index) for index in indices]
        table = timetable(self._problem, self._problem.scenario.vehicles[vehicle], calls)
        visits = [index for index in indices if index >= 0]
        starts_s = table.starts_s if table else [self._problem.visits[index].order.order_s for index in visits]
        offers = iter([self._offer_at(index, start_s) for index, start_s in zip(visits, starts_s, strict=True)])
        return [
            pyvrp.Activity(pyvrp.ActivityType.CLIENT, next(offers))
            if index >= 0
            else pyvrp.Activity(pyvrp.ActivityType.DEPOT, len(self._problem.depots) - 1 - index)
            for index in indices
        ]

    def _offer_at(self, visit: int, start_s: Seconds) -> int:
        numbers = self._offers_of[visit]
        return next((number for number in numbers if self._offers[number].window.holds(start_s)), numbers[0])

    def read(self, solution: pyvrp.Solution) -> Solution:
        """PyVRP's routes dealt out to vehicles, those alike in the scenario's order; where there are more than
        vehicles, each is one loop, and the earlier ones go first."""
        routes: list[tuple[int, ...]] = [() for _ in self._problem.scenario.vehicles]
        dealt: Counter[int] = Counter()
        for route in sorted(solution.routes(), key=lambda route: route.start_time()):
            kind = route.vehicle_type()
            numbers = self._fleet[kind].numbers
            number, dealt[kind] = numbers[dealt[kind] % len(numbers)], dealt[kind] + 1
            calls = without([self._call(activity) for activity in list(route)[1:-1]], ())
            routes[number] = self._after(number, routes[number], calls)
        return Solution(tuple(routes))

    def _after(self, number: int, before: tuple[int, ...], calls: tuple[int, ...]) -> tuple[int, ...]:
        if not before:
            return calls
        reload = self._problem.reload_number(self._problem.scenario.vehicles[number].reload_at[0])
        return (*before, reload, *calls)

    def _call(self, activity: pyvrp.Activity) -> int:
        return self._offers[activity.idx].visit if activity.is_client() else self._reload(activity.idx)

    def _reload(self, number: int) -> int:
        return -1 - number % len(self._problem.depots)


class _Profile(NamedTuple):
    """Locations that a vehicle must not be sent to, and those where it is not preferred."""

    closed: frozenset[int]
    unpreferred: frozenset[int]
    road_class: int


class _Ground:
    """PyVRP's locations: the depots, first to leave from and then again to reload at, since the way from a sealed zone
    to the latter includes the disinfection; then one for visits alike in place, zone, and who may or should come."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        depots = 2 * len(problem.depots)
        self.of_depot = list(range(depots))
        number: dict[tuple[object, ...], int] = {}
        kinds = list(zip(*kinds_apart(problem), strict=True))
        self.of_visit = [
            depots
            + number.setdefault(
                (v.row, v.zone, v.allowed, v.needs_pass, v.id if v.preferred else "", *bits), len(number)
            )
            for v, bits in zip(problem.visits, kinds, strict=True)
        ]
        self._visit_at = dict(zip(self.of_visit, problem.visits, strict=True))
        self._kinds_at = dict(zip(self.of_visit, kinds, strict=True))
        self.size = depots + len(number)

    def profile(self, vehicle: Vehicle) -> _Profile:
        closed = frozenset(at for at, visit in self._visit_at.items() if not visit.takes(vehicle))
        strange = (at for at, visit in self._visit_at.items() if visit.preferred and vehicle.id not in visit.preferred)
        return _Profile(closed, frozenset(strange), vehicle.road_class)

    def price_s(self, profile: _Profile) -> Any:
        """Price of going from one location to another. Visits with preferences have one each, so that each pays."""
        price_s = np.zeros((self.size, self.size), dtype=np.int64)
        price_s[:, sorted(profile.unpreferred)] = self._problem.scenario.policy.unpreferred_price_s
        np.fill_diagonal(price_s, 0)
        return price_s

    def travel_s(self, profile: _Profile) -> Any:
        """Seconds between locations; never to a closed one, nor from higher to lower risk, nor between kinds apart."""
        rows = [self._problem.depot_row(depot) for depot in self._problem.depots] * 2
        rows += [self._visit_at[location].row for location in range(len(rows), self.size)]
        never_s = _never_s(self._problem)
        travel_s = np.minimum(self._problem.travel_s[profile.road_class][np.ix_(rows, rows)], never_s)
        visited = (self._visit_at[at] for at in sorted(self._visit_at))
        stops = [zone_in(self._problem, profile.road_class, visit) for visit in visited]
        zones = np.array([0] * len(self.of_depot) + stops)
        visits = np.arange(self.size) >= len(self.of_depot)
        travel_s[(zones[:, None] > zones[None, :]) & visits[None, :]] = never_s
        travel_s[self._apart()] = never_s
        travel_s[:, sorted(profile.closed)] = never_s
        reloads = slice(len(self.of_depot) // 2, len(self.of_depot))
        travel_s[zones == ZoneLevel.SEALED, reloads] += self._problem.scenario.policy.disinfection_s
        np.fill_diagonal(travel_s, 0)
        return np.ascontiguousarray(travel_s)

    def _apart(self) -> Any:
        """[size, size] Where one location's kinds must not share a loop with the other's. Visits between them may hide it."""
        if not self._problem.apart:
            return np.zeros((self.size, self.size), dtype=bool)
        kinds, apart = np.array([self._kinds_at.get(at, (0, 0)) for at in range(self.size)], dtype=object).T
        clash = np.array(kinds[:, None] & apart[None, :], dtype=bool)
        return clash | clash.T


def _longest_loop_s(problem: Problem) -> Seconds:
    """Where the target counts from the departure: the target, the last stop and the way home."""
    within_s = max((visit.within_s for visit in problem.visits), default=0)
    service_s = max((visit.service_s for visit in problem.visits), default=0)
    rows = [problem.depot_row(depot) for depot in problem.depots]
    home_s = problem.travel_s[:, [visit.row for visit in problem.visits]][:, :, rows]
    return within_s + service_s + int(home_s[home_s < NO_WAY_S].max(initial=0))


@dataclass(frozen=True, slots=True)
class _Alike:
    """Numbers of vehicles that differ in nothing but their names, and when they leave."""

    numbers: tuple[int, ...]
    leave: Interval


def _fleet(problem: Problem) -> list[_Alike]:
    """The vehicles without those that can never leave. PyVRP knows one time to leave per vehicle, so where a depot
    closes between two orders, some vehicles of a kind are kept for the one and some for the other."""
    kinds: dict[tuple[int, Interval], list[int]] = {}
    seen: Counter[int] = Counter()
    for number, (vehicle, twin) in enumerate(zip(problem.scenario.vehicles, vehicle_kinds(problem), strict=True)):
        openings = _useful_openings(problem, vehicle)
        if openings:
            kinds.setdefault((twin, openings[seen[twin] % len(openings)]), []).append(number)
            seen[twin] += 1
    return [_Alike(tuple(numbers), leave) for (_, leave), numbers in kinds.items()]


def _useful_openings(problem: Problem, vehicle: Vehicle) -> list[Interval]:
    """For each order the first opening in which its goods can leave; without any order, the first of all."""
    openings = list(leaving_windows(problem, vehicle))
    orders_s = sorted({visit.order.order_s for visit in problem.visits})
    first = (next((hours for hours in openings if hours.close_s >= order_s), None) for order_s in orders_s)
    return list(dict.fromkeys(hours for hours in first if hours is not None)) or openings[:1]


def _never_s(problem: Problem) -> Seconds:
    """A drive so long that no shift allows it, and short enough to be summed without overflow."""
    return min(NO_WAY_S, 2 * max((vehicle.shift.close_s for vehicle in problem.scenario.vehicles), default=0) + 1)


def _most(problem: Problem) -> Load:
    """More than all visits together weigh: stands for a capacity that does not bind."""
    return Load(*(sum(visit.load[axis] for visit in problem.visits) + 1 for axis in range(3)))


def _prizes(problem: Problem, offers: Sequence[_Offer]) -> list[int]:
    """Prize of each offer. Leaving a visit out costs the prize of serving it in time."""
    visits, policy = problem.visits, problem.scenario.policy
    if policy.objective == "prices":
        return [policy.prices[visits[offer.visit].priority] for offer in offers]
    counts = Counter(visit.urgency for visit in visits)
    late_counts = Counter(visits[visit].urgency for visit in {offer.visit for offer in offers if offer.late})
    urgencies = sorted(counts, reverse=True)
    steps = _ladder([late_counts[u] for u in urgencies] + [counts[u] for u in urgencies], _dearest_plan_s(problem))
    for_being_late = dict(zip(urgencies, steps[: len(urgencies)], strict=True))
    for_being_left = dict(zip(urgencies, steps[len(urgencies) :], strict=True))
    urgency_of = [visits[offer.visit].urgency for offer in offers]
    return [
        for_being_left[urgency] + (0 if offer.late else for_being_late[urgency])
        for offer, urgency in zip(offers, urgency_of, strict=True)
    ]


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


def _dearest_plan_s(problem: Problem) -> int:
    """More than any plan costs: as many vehicles as there are visits, the dearest, out for their whole shifts."""
    costs = (
        vehicle.fixed_cost_s + vehicle.shift.close_s - vehicle.shift.open_s for vehicle in problem.scenario.vehicles
    )
    return sum(sorted(costs, reverse=True)[: len(problem.visits)]) + 1
