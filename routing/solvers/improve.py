"""Moves on a solution judged by the scenario's whole objective, for what a solver cannot express: late seconds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

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
    vehicle_kinds,
    worth,
)
from routing.loading import Slots, loading_slots
from routing.model import Load, Problem, Vehicle, total_load
from routing.schedule import Timetables
from routing.solvers.base import Stop

Routes = tuple[tuple[int, ...], ...]
Change = Mapping[int, tuple[int, ...]]

PLACES_WITHOUT_ASKING = 100_000
"""So many places are tried for what was left out even when time is up: some three seconds, and late beats never."""

WORSE_THAN_ANY: Worth = (10**18,)
MOST_TAKEN_OUT = 8
LOOKS_PER_PLACE = 20
"""So many vehicles looked at and found full count as one place tried: both are work."""

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


def rearrange(
    problem: Problem, solution: Solution, stop: Stop, *, most_places: int | None, seed: int, whole: bool = False
) -> Solution:
    """Take out a late or unserved visit with others around it, put them back one by one, keep what is no worse.

    ``whole``: any other visit, too, for the sake of cost. Slack induction's idea in its plainest form (Christiaens and Vanden Berghe 2020, doi:10.1287/trsc.2019.0914).
    Same seed and number of places to try: same result.
    """
    routes, chance = _Routes(problem, solution.routes), random.Random(seed)
    while not routes.exhausted(most_places):
        waiting = routes.late_or_unserved()
        if whole and (not waiting or chance.random() < 0.5):
            waiting = routes.served()
        if not waiting or not routes.routes or stop.now():
            break
        before = routes.state()
        routes.tried += 1  # so that it ends where nothing can be moved
        routes.take_out(_around(problem, routes, chance.choice(waiting), chance))
        for visit in _in_some_order(problem, routes.left, chance):
            routes.move_to_best_place(visit, chance)
        if whole:
            routes.change_vehicle(chance.randrange(len(routes.routes)))
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
    return [
        visit,
        *sorted(served, key=lambda index: (int(problem.travel_s[0, row, problem.visits[index].row]), index))[:most],
    ]


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


class _Routes:
    """A solution under change, with what each route and each visit left out is worth.

    Where loading bays are short, routes depend on each other: a route's own worth, reckoned as if bays were free, is
    then a bound, and the worth of the whole is looked up only where the bound promises something.
    """

    def __init__(self, problem: Problem, routes: Routes) -> None:
        self._problem = problem
        self._tables = Timetables(problem)
        self._vehicles = problem.scenario.vehicles
        self._kind = vehicle_kinds(problem)
        self._left_worths = [left_out_worth(problem, visit) for visit in problem.visits]
        self._bays_short = any(depot.bays is not None for depot in problem.scenario.depots)
        self._limits = limits(problem)
        self._drawn = [self._draw(number, route) for number, route in enumerate(routes)]
        self._loads: dict[tuple[int, ...], Load] = {}
        self._looks = 0
        self.tried = 0
        self.routes = list(routes)
        self.left = set(range(len(problem.visits))) - {index for route in routes for index in route}
        self._worths = [self._route_worth(number, route) for number, route in enumerate(routes)]
        self._worth = self._reckoned()

    def exhausted(self, most_places: int | None) -> bool:
        return most_places is not None and self.tried >= most_places

    def worth(self) -> Worth:
        return self._worth

    def _reckoned(self) -> Worth:
        if self._bays_short:
            return worth(self._problem, Solution(tuple(self.routes)), self._tables) or WORSE_THAN_ANY
        return add_worths([*self._worths, *(self._left_worths[index] for index in self.left)])

    def served(self) -> list[int]:
        return [index for route in self.routes for index in route if index >= 0]

    def state(self) -> _State:
        return _State(tuple(self.routes), tuple(self._worths), self._worth)

    def restore(self, state: _State) -> None:
        self.routes, self._worths, self._worth = list(state.routes), list(state.worths), state.worth
        self._drawn = [self._draw(number, route) for number, route in enumerate(self.routes)]
        self.left = set(range(len(self._left_worths))) - {index for route in self.routes for index in route}

    def late_or_unserved(self) -> list[int]:
        """Most urgent first."""
        slots = loading_slots(self._problem, self.routes, self._tables)
        late = (index for number in range(len(self.routes)) for index in self._late_in(number, slots))
        return sorted([*self.left, *late], key=lambda index: (self._problem.visits[index].urgency, index))

    def _late_in(self, number: int, slots: Slots) -> list[int]:
        indices = [index for index in self.routes[number] if index >= 0]
        loading_at = slots.get(self._vehicles[number].id, ())
        table = self._tables.of(self._vehicles[number], self.routes[number], loading_at) if indices else None
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
        self._worth = self._reckoned()

    def move_to_best_place(self, visit: int, chance: random.Random | None = None) -> bool:
        """Whether a better place than the present one was found and taken."""
        home = None if visit in self.left else next(n for n, route in enumerate(self.routes) if visit in route)
        rest = {} if home is None else {home: without(self.routes[home], {visit})}
        stay = self._left_worths[visit] if home is None else None
        places = self._places(visit, rest)
        seen = (change for change in places if chance is None or chance.random() >= MISSED)
        gains = ((self._gain(change, stay), change) for change in seen)
        found = self._best_of([(gain, change) for gain, change in gains if gain is not None])
        for number, route in (found or {}).items():
            self._take(number, route)
        if found is not None:
            self.left.discard(visit)
            self._worth = self._reckoned()
        return found is not None

    def change_vehicle(self, number: int) -> None:
        """Exchange a vehicle's whole route for the one of the vehicle with which that gains most, if any."""
        others = [other for other, kind in enumerate(self._kind) if kind != self._kind[number]]
        changes = [{number: self.routes[other], other: self.routes[number]} for other in others]
        gains = ((self._gain(change, None), change) for change in changes)
        for moved, route in (
            self._best_of([(gain, change) for gain, change in gains if gain is not None]) or {}
        ).items():
            self._take(moved, route)
        self._worth = self._reckoned()

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
                for longer in self._with_a_loop_more(vehicle, route, visit):
                    yield {**rest, number: longer}
            for other in self._loaded_elsewhere(vehicle, route):
                for place in range(len(route) + 1):
                    yield {**rest, number: (*other[:place], visit, *other[place:])}

    def _with_a_loop_more(self, vehicle: Vehicle, route: tuple[int, ...], visit: int) -> Iterator[tuple[int, ...]]:
        """The visit as the first or the last of the loop that begins or ends where it is put, or as a loop of its own."""
        loops = 1 + sum(1 for call in route if call < 0)
        reloads = [self._problem.reload_number(depot) for depot in vehicle.reload_at]
        for reload in reloads:
            for place in range(len(route) + 1):
                before, after = route[:place], route[place:]
                if before and before[-1] >= 0:
                    yield (*before, reload, visit, *after)
                if after and after[0] >= 0:
                    yield (*before, visit, reload, *after)
                if loops + 1 < vehicle.max_loops and before and after and min(before[-1], after[0]) >= 0:
                    yield from ((*before, reload, visit, again, *after) for again in reloads)

    def _loaded_elsewhere(self, vehicle: Vehicle, route: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The route with one of its loops loaded at another depot."""
        reloads = [self._problem.reload_number(depot) for depot in vehicle.reload_at]
        for place, call in enumerate(route):
            if call < 0:
                yield from ((*route[:place], other, *route[place + 1 :]) for other in reloads if other != call)

    def _may_carry(self, vehicle: Vehicle, route: tuple[int, ...], visit: int) -> bool:
        """A first look, before times are reckoned: may it come at all, and in one loop, has it room."""
        self._looks += 1
        self.tried += self._looks % LOOKS_PER_PLACE == 0
        coming = self._problem.visits[visit]
        if not coming.takes(vehicle):
            return False
        return vehicle.max_loops > 1 or self._load(route).plus(coming.load).fits(vehicle.capacity)

    def _load(self, route: tuple[int, ...]) -> Load:
        """Of a whole route, remembered: most are looked at again and again."""
        load = self._loads.get(route)
        if load is None:
            load = total_load(self._problem.visits[index].load for index in route if index >= 0)
            self._loads[route] = load
        return load

    def _draw(self, number: int, route: tuple[int, ...]) -> Counter[Use]:
        return uses(self._problem, self._vehicles[number], route) if self._limits and route else Counter()

    def _within_limits(self, change: Change) -> bool:
        if not self._limits:
            return True
        drawn: Counter[Use] = Counter()
        for number, before in enumerate(self._drawn):
            drawn.update(self._draw(number, change[number]) if number in change else before)
        return all(drawn[use] <= most for use, most in self._limits.items())

    def _gain(self, change: Change, stay: Worth | None) -> Worth | None:
        """Worth after less worth before, of what the change touches: smaller than zero is better. Bays being free."""
        self.tried += 1
        after = [self._worth_of(number, route) for number, route in change.items()]
        drivable = [found for found in after if found is not None]
        if len(drivable) < len(after) or not self._within_limits(change):
            return None
        before = [self._worths[number] for number in change] + ([stay] if stay else [])
        return _less(add_worths(drivable), add_worths(before))

    def _best_of(self, gains: list[tuple[Worth, Change]]) -> Change | None:
        """The change that gains most; one that gains nothing is none."""
        if not self._bays_short:
            gain, change = min(gains, key=lambda pair: pair[0], default=((0,), None))
            return change if any(gain) and gain < (0,) * len(gain) else None
        free = add_worths([*self._worths, *(self._left_worths[index] for index in self.left)])
        best, found = self._worth, None
        for gain, change in sorted(gains, key=lambda pair: pair[0]):
            if add_worths([free, gain]) >= best:
                break
            self.tried += len(self.routes)
            routes = tuple(change.get(number, route) for number, route in enumerate(self.routes))
            after = worth(self._problem, Solution(routes), self._tables)
            if after is not None and after < best:
                best, found = after, change
        return found

    def _worth_of(self, number: int, route: tuple[int, ...]) -> Worth | None:
        return route_worth(self._problem, self._vehicles[number], route, tables=self._tables)

    def _route_worth(self, number: int, route: tuple[int, ...]) -> Worth:
        found = self._worth_of(number, route)
        if found is None:
            raise ValueError(f"vehicle {self._vehicles[number].id!r} cannot make these visits in this order")
        return found


def _less(one: Worth, other: Worth) -> Worth:
    return tuple(mine - its for mine, its in zip(one, other, strict=True))


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
    for number, route in enumerate(solution.routes):
        whole = _with_route(kept, number, route)
        if _stands(problem, whole, number):
            kept = whole
            continue
        staying: tuple[int, ...] = ()
        for call in route:
            longer = (*staying, call)
            if call < 0 or _stands(problem, _with_route(kept, number, without(longer, ())), number):
                staying = longer
        kept = _with_route(kept, number, without(staying, ()))
    return replace(solution, routes=kept.routes)


def _stands(problem: Problem, solution: Solution, changed: int) -> bool:
    """Whether no rule is broken, given that none was before the change. Short bays bind the others, too."""
    if any(depot.bays is not None for depot in problem.scenario.depots):
        return worth(problem, solution) is not None
    vehicle, route = problem.scenario.vehicles[changed], solution.routes[changed]
    return route_worth(problem, vehicle, route) is not None and limits_hold(problem, solution)


def _with_route(solution: Solution, number: int, route: tuple[int, ...]) -> Solution:
    return replace(solution, routes=(*solution.routes[:number], route, *solution.routes[number + 1 :]))
