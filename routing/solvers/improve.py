"""Moves on a solution judged by the scenario's whole objective, for what a solver cannot express: late seconds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from routing.evaluate import (
    Solution,
    Use,
    Worth,
    add_worths,
    late_visits,
    left_out_worth,
    limits,
    limits_hold,
    route_worth,
    uses,
)
from routing.loading import loading_slots
from routing.model import Problem, Vehicle, total_load
from routing.schedule import timetable
from routing.solvers.base import Stop

Routes = tuple[tuple[int, ...], ...]
Change = Mapping[int, tuple[int, ...]]

PLACES_WITHOUT_ASKING = 100_000
"""So many places are tried for what was left out even when time is up: some three seconds, and late beats never."""

MOST_TAKEN_OUT = 8
MISSED = 0.02
"""Part of the places that a rearrangement overlooks, so that it does not always end where it began."""


def place_left_out(problem: Problem, solution: Solution) -> Solution:
    """Put each visit that was left out where the objective likes it best, most urgent first. Deterministic."""
    routes = _Routes(problem, solution.routes)
    for visit in routes.late_or_unserved():
        if routes.tried >= PLACES_WITHOUT_ASKING:
            break
        if visit in routes.left:
            routes.move_to_best_place(visit)
    return replace(solution, routes=tuple(routes.routes))


def advance_late_stops(problem: Problem, solution: Solution, stop: Stop, *, most_places: int | None) -> Solution:
    """Take each late or unserved visit out and put it where the objective likes it best, until nothing moves.

    No other visit becomes late for it unless that is worth it in the objective's own order. Tries at most so many
    places, where a number is given. Deterministic.
    """
    routes = _Routes(problem, solution.routes)
    moved = True
    while moved:
        moved = False
        for visit in routes.late_or_unserved():
            if stop.now() or routes.exhausted(most_places):
                return replace(solution, routes=tuple(routes.routes), finished=not stop.now())
            moved = routes.move_to_best_place(visit) or moved
    return replace(solution, routes=tuple(routes.routes), finished=True)


def rearrange(problem: Problem, solution: Solution, stop: Stop, *, most_places: int | None, seed: int) -> Solution:
    """Take out a late or unserved visit with others around it, put them back one by one, keep what is no worse.

    Slack induction's idea in its plainest form (Christiaens and Vanden Berghe 2020, doi:10.1287/trsc.2019.0914).
    Same seed and number of places to try: same result.
    """
    routes, chance = _Routes(problem, solution.routes), random.Random(seed)
    while not routes.exhausted(most_places):
        waiting = routes.late_or_unserved()
        if not waiting or stop.now():
            break
        before = routes.state()
        routes.take_out(_around(problem, routes, chance.choice(waiting), chance))
        for visit in _in_some_order(problem, routes.left, chance):
            routes.move_to_best_place(visit, chance)
        if routes.worth() > before.worth:
            routes.restore(before)
    return replace(solution, routes=tuple(routes.routes), finished=not stop.now())


def _around(problem: Problem, routes: _Routes, visit: int, chance: random.Random) -> list[int]:
    """The visit and some others: those nearest to it, or any."""
    served = [index for route in routes.routes for index in route if index >= 0 and index != visit]
    most = min(len(served), chance.randint(1, MOST_TAKEN_OUT))
    if chance.random() < 0.5:
        return [visit, *chance.sample(served, most)]
    row = problem.visits[visit].row
    return [visit, *sorted(served, key=lambda index: (problem.drive_s(row, problem.visits[index].row), index))[:most]]


def _in_some_order(problem: Problem, visits: Iterable[int], chance: random.Random) -> list[int]:
    order = sorted(visits)
    chance.shuffle(order)
    if chance.random() < 0.5:
        order.sort(key=lambda index: problem.visits[index].urgency)
    return order


@dataclass(frozen=True, slots=True)
class _State:
    routes: Routes
    worths: tuple[Worth, ...]
    worth: Worth


@dataclass(slots=True)
class _Best:
    """The best change seen so far; one that gains nothing is none."""

    gain: Worth
    change: Change | None = field(default=None)

    def hear(self, gain: Worth, change: Change) -> None:
        if gain < self.gain:
            self.gain, self.change = gain, change


class _Routes:
    """A solution under change, with what each route and each visit left out is worth."""

    def __init__(self, problem: Problem, routes: Routes) -> None:
        self._problem = problem
        self._vehicles = problem.scenario.vehicles
        self._kind = _kinds(self._vehicles)
        self._left_worths = [left_out_worth(problem, visit) for visit in problem.visits]
        self._slots = loading_slots(problem, routes)
        self._limits = limits(problem)
        self._drawn = [self._draw(number, route) for number, route in enumerate(routes)]
        self.tried = 0
        self.routes = list(routes)
        self.left = set(range(len(problem.visits))) - {index for route in routes for index in route}
        self._worths = [self._route_worth(number, route) for number, route in enumerate(routes)]

    def exhausted(self, most_places: int | None) -> bool:
        return most_places is not None and self.tried >= most_places

    def worth(self) -> Worth:
        return add_worths([*self._worths, *(self._left_worths[index] for index in self.left)])

    def state(self) -> _State:
        return _State(tuple(self.routes), tuple(self._worths), self.worth())

    def restore(self, state: _State) -> None:
        self.routes, self._worths = list(state.routes), list(state.worths)
        self._drawn = [self._draw(number, route) for number, route in enumerate(self.routes)]
        self.left = set(range(len(self._left_worths))) - {index for route in self.routes for index in route}

    def late_or_unserved(self) -> list[int]:
        """Most urgent first."""
        waiting = [*self.left, *(index for number in range(len(self.routes)) for index in self._late_in(number))]
        return sorted(waiting, key=lambda index: (self._problem.visits[index].urgency, index))

    def _late_in(self, number: int) -> list[int]:
        indices = [index for index in self.routes[number] if index >= 0]
        calls = [self._problem.call(index) for index in self.routes[number]]
        loading_at = self._slots.get(self._vehicles[number].id, ())
        table = timetable(self._problem, self._vehicles[number], calls, loading_at=loading_at) if calls else None
        late = (
            {visit.id for visit in late_visits([self._problem.visits[i] for i in indices], table)} if table else set()
        )
        return [index for index in indices if self._problem.visits[index].id in late]

    def take_out(self, visits: Iterable[int]) -> None:
        """Leave visits out, except where the rest of a route could not be driven (a detour may be a short cut)."""
        taken = set(visits)
        for number, route in enumerate(self.routes):
            remaining = without(route, taken)
            if remaining != route and self._worth_of(number, remaining) is not None:
                self._take(number, remaining)
                self.left |= taken.intersection(route)

    def move_to_best_place(self, visit: int, chance: random.Random | None = None) -> bool:
        """Whether a better place than the present one was found and taken."""
        home = None if visit in self.left else next(n for n, route in enumerate(self.routes) if visit in route)
        rest = {} if home is None else {home: without(self.routes[home], {visit})}
        stay = self._left_worths[visit] if home is None else None
        best = _Best((0,) * len(self._left_worths[visit]))
        for change in self._places(visit, rest):
            if chance is None or chance.random() >= MISSED:
                self._try(change, stay, best)
        for number, route in (best.change or {}).items():
            self._take(number, route)
        if best.change is not None:
            self.left.discard(visit)
        return best.change is not None

    def _take(self, number: int, route: tuple[int, ...]) -> None:
        self.routes[number], self._worths[number] = route, self._route_worth(number, route)
        self._drawn[number] = self._draw(number, route)

    def _places(self, visit: int, rest: Change) -> Iterator[Change]:
        """Every place in every loop of a vehicle that may come; of alike vehicles that stand idle only the first."""
        idle: set[int] = set()
        for number, vehicle in enumerate(self._vehicles):
            route = rest.get(number, self.routes[number])
            if (not route and self._kind[number] in idle) or not self._may_carry(vehicle, route, visit):
                continue
            if not route:
                idle.add(self._kind[number])
            for place in range(len(route) + 1):
                yield {**rest, number: (*route[:place], visit, *route[place:])}
            if route and sum(1 for call in route if call < 0) + 1 < vehicle.max_loops:
                for reload in (self._problem.reload_number(depot) for depot in vehicle.reload_at):
                    yield {**rest, number: (*route, reload, visit)}
                    yield {**rest, number: (visit, reload, *route)}

    def _may_carry(self, vehicle: Vehicle, route: tuple[int, ...], visit: int) -> bool:
        """A first look, before times are reckoned: may it come at all, and in one loop, has it room."""
        visits = self._problem.visits
        if not visits[visit].takes(vehicle):
            return False
        load = total_load(visits[index].load for index in (*route, visit) if index >= 0)
        return vehicle.max_loops > 1 or load.fits(vehicle.capacity)

    def _draw(self, number: int, route: tuple[int, ...]) -> Counter[Use]:
        return uses(self._problem, self._vehicles[number], route) if self._limits and route else Counter()

    def _within_limits(self, change: Change) -> bool:
        if not self._limits:
            return True
        drawn: Counter[Use] = Counter()
        for number, before in enumerate(self._drawn):
            drawn.update(self._draw(number, change[number]) if number in change else before)
        return all(drawn[use] <= most for use, most in self._limits.items())

    def _try(self, change: Change, stay: Worth | None, best: _Best) -> None:
        """Worth after less worth before, of what the change touches: smaller than zero is better."""
        self.tried += 1
        after = [self._worth_of(number, route) for number, route in change.items()]
        drivable = [worth for worth in after if worth is not None]
        if len(drivable) < len(after) or not self._within_limits(change):
            return
        before = [self._worths[number] for number in change] + ([stay] if stay else [])
        new, old = add_worths(drivable), add_worths(before)
        best.hear(tuple(now - then for now, then in zip(new, old, strict=True)), change)

    def _worth_of(self, number: int, route: tuple[int, ...]) -> Worth | None:
        vehicle = self._vehicles[number]
        return route_worth(self._problem, vehicle, route, self._slots.get(vehicle.id, ()))

    def _route_worth(self, number: int, route: tuple[int, ...]) -> Worth:
        found = self._worth_of(number, route)
        if found is None:
            raise ValueError(f"vehicle {self._vehicles[number].id!r} cannot make these visits in this order")
        return found


def without(route: Iterable[int], visits: Collection[int]) -> tuple[int, ...]:
    """The route without these visits, and without the reloads that then have nothing to load for."""
    remaining: list[int] = []
    for number in route:
        if number in visits or (number < 0 and (not remaining or remaining[-1] < 0)):
            continue
        remaining.append(number)
    return tuple(remaining[:-1] if remaining and remaining[-1] < 0 else remaining)


def keep_what_may_stay(problem: Problem, solution: Solution) -> Solution:
    """What a solver found, less the visits that break a rule it does not know; those are left out. Deterministic."""
    kept = Solution(tuple(() for _ in solution.routes))
    slots = loading_slots(problem, solution.routes)
    for number, (vehicle, route) in enumerate(zip(problem.scenario.vehicles, solution.routes, strict=True)):
        staying: tuple[int, ...] = ()
        for call in route:
            longer = (*staying, call)
            trial = _with_route(kept, number, without(longer, ()))
            loading_at = slots.get(vehicle.id, ())
            if call < 0 or (
                route_worth(problem, vehicle, longer, loading_at) is not None and limits_hold(problem, trial)
            ):
                staying = longer
        kept = _with_route(kept, number, without(staying, ()))
    return replace(solution, routes=kept.routes)


def _with_route(solution: Solution, number: int, route: tuple[int, ...]) -> Solution:
    return replace(solution, routes=(*solution.routes[:number], route, *solution.routes[number + 1 :]))


def _kinds(vehicles: Iterable[Vehicle]) -> list[int]:
    """The same number for vehicles that differ in nothing but their names."""
    number: dict[Vehicle, int] = {}
    return [number.setdefault(replace(vehicle, id="", name=""), len(number)) for vehicle in vehicles]
