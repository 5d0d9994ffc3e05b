"""Locks held around any solver that knows nothing of them, by taking routes out of the search.

A visit locked to a vehicle is open to no other. A locked route is not searched at all: the rest is solved without its
vehicle, its visits, and what it takes from stock, and put together with it afterwards. Of a vehicle with locked positions
the route is first searched freely, then arranged so that they hold, and from there on treated as locked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from geodata.errors import BadInput, Complaint
from routing.arrangement import Arrangement, Calls, Pin
from routing.evaluate import Solution, Use, Worth, route_worth, uses, worth
from routing.locks import broken_lock, earlier_route
from routing.model import Problem
from routing.solvers.base import DEFAULT_ITERATIONS, OnImprovement, Solver, Stop
from routing.solvers.improve import place_left_out, without

FIRST_SHARE = 0.5
"""Of the work and the time, what is spent before positions are arranged."""


class HoldingLocks:
    """A solver that holds the scenario's locks, by any solver that knows nothing of them."""

    def __init__(self, engine: Solver) -> None:
        self._engine = engine
        self.name = engine.name
        self.version = engine.version

    def solve(self, problem: Problem, *, stop: Stop, seed: int, on_improvement: OnImprovement) -> Solution:
        """Raises BadInput where the locks of a vehicle cannot hold together."""
        if stop.iterations is None and stop.seconds is None:
            stop = replace(stop, iterations=DEFAULT_ITERATIONS)
        search = _Search(self._engine, problem, seed, on_improvement)
        fixed = search.locked_routes()
        positions = any(pin.position is not None for pins in search.pins.values() for pin in pins)
        found = search.beside(fixed, _first_part(stop) if positions else stop)
        while missing := search.vehicles_that_miss(found):
            found = search.with_pins_held(missing, found, fixed)
            again = search.beside(fixed, replace(_first_part(stop), seconds=stop.seconds))
            found = search.better_of(search.placed(found, fixed), again)
        search.hear(found)
        return replace(found, work_limit=stop.iterations)


def _first_part(stop: Stop) -> Stop:
    return replace(
        stop,
        iterations=None if stop.iterations is None else max(1, round(stop.iterations * FIRST_SHARE)),
        seconds=None if stop.seconds is None else stop.seconds * FIRST_SHARE,
    )


Fixed = dict[int, Calls]
"""Routes that are taken out of the search, by number of their vehicle."""


class _Search:
    def __init__(self, engine: Solver, problem: Problem, seed: int, on_improvement: OnImprovement) -> None:
        self._engine = engine
        self._problem = problem
        self._seed = seed
        self._on_improvement = on_improvement
        self._best: Worth | None = None
        self._vehicles = problem.scenario.vehicles
        self.pins = pins_of(problem)

    def locked_routes(self) -> Fixed:
        number = {vehicle.id: number for number, vehicle in enumerate(self._vehicles)}
        locked = [lock.vehicle for lock in self._problem.scenario.locks if lock.visit is None]
        return {number[name]: earlier_route(self._problem, name) for name in locked}

    def beside(self, fixed: Fixed, stop: Stop) -> Solution:
        """The rest solved by the engine, together with what is fixed."""
        rest = _Rest.of(self._problem, fixed, self.pins)

        def hear(solution: Solution) -> None:
            whole = rest.joined(solution)
            if worth(self._problem, whole) is not None and not self.vehicles_that_miss(whole):
                self.hear(whole)

        if not rest.vehicles:
            return self._repaired(rest.joined(Solution(())), fixed)
        found = self._engine.solve(rest.problem, stop=stop, seed=self._seed, on_improvement=hear)
        return self._repaired(rest.joined(found), fixed)

    def hear(self, solution: Solution) -> None:
        found = worth(self._problem, solution)
        if found is not None and (self._best is None or found < self._best):
            self._best = found
            self._on_improvement(solution)

    def better_of(self, first: Solution, second: Solution) -> Solution:
        """By what is missed, then by worth; the first if it is no worse."""
        keys = [(len(self.vehicles_that_miss(each)), worth(self._problem, each)) for each in (first, second)]
        (first_misses, first_worth), (second_misses, second_worth) = keys
        if first_worth is None or second_worth is None:
            return first if second_worth is None else second
        return second if (second_misses, second_worth) < (first_misses, first_worth) else first

    def vehicles_that_miss(self, solution: Solution) -> list[int]:
        """Those whose routes do not have what is locked to them, where it is locked."""
        return [number for number in sorted(self.pins) if not holds_pins(solution.routes[number], self.pins[number])]

    def with_pins_held(self, missing: Iterable[int], found: Solution, fixed: Fixed) -> Solution:
        """Routes of these vehicles as their locks want them, which are fixed from now on.

        The neediest first, for they share what may stand before a position; where that leads nowhere, the other way.
        """
        order = sorted(missing, key=self._fillers, reverse=True)
        before = dict(fixed)
        try:
            return self._arranged(order, found, fixed)
        except BadInput:
            if len(order) == 1:
                raise
        fixed.clear()
        fixed.update(before)
        return self._arranged(order[::-1], found, fixed)

    def _arranged(self, order: Iterable[int], found: Solution, fixed: Fixed) -> Solution:
        """First what the locks ask for, of all of them, and only then what else each may keep."""
        arrangements: dict[int, Arrangement] = {}
        for number in order:
            arrangements[number] = Arrangement(self._problem, number, self.pins, found, fixed)
            fixed[number] = arrangements[number].start()
            found = self._taken_over(found, number, fixed)
        for number, arrangement in arrangements.items():
            fixed[number] = arrangement.completed(fixed[number], found.unserved(self._problem))
            found = self._taken_over(found, number, fixed)
        return found

    def _fillers(self, number: int) -> int:
        """How many stops of no lock the positions of a vehicle ask for."""
        return max((pin.position or 0 for pin in self.pins[number]), default=0) - len(self.pins[number])

    def _taken_over(self, found: Solution, number: int, fixed: Fixed) -> Solution:
        """With the vehicle's fixed route, its visits taken from the others'."""
        mine = set(fixed[number])
        routes = tuple(
            fixed[number] if n == number else self._drivable(n, route, mine) for n, route in enumerate(found.routes)
        )
        return self._repaired(replace(found, routes=routes), fixed)

    def _drivable(self, number: int, route: Calls, taken: set[int]) -> Calls:
        rest = without(route, {visit for visit in taken if visit >= 0}) if taken.intersection(route) else route
        while rest and route_worth(self._problem, self._vehicles[number], rest) is None:
            rest = without(rest[:-1], ())
        return rest

    def placed(self, found: Solution, fixed: Fixed) -> Solution:
        """What is left out put into routes that are not fixed."""
        placed = place_left_out(_told_apart(_closed(self._problem, fixed), self.pins), found)
        return placed if worth(self._problem, placed) is not None else found

    def _repaired(self, found: Solution, fixed: Fixed) -> Solution:
        """Routes that fit what is fixed: loading bays are shared, and only now it is known who loads when."""
        if worth(self._problem, found) is not None:
            return found
        nothing = tuple(fixed.get(number, ()) for number in range(len(self._vehicles)))
        kept = replace(found, routes=nothing)
        if worth(self._problem, kept) is None:
            raise BadInput(self._together(fixed))
        for number, route in enumerate(found.routes):
            if number not in fixed:
                kept = self._as_much_of(kept, number, route)
        return self.placed(kept, fixed)

    def _as_much_of(self, kept: Solution, number: int, route: Calls) -> Solution:
        while route:
            longer = replace(kept, routes=(*kept.routes[:number], route, *kept.routes[number + 1 :]))
            if worth(self._problem, longer) is not None:
                return longer
            route = without(route[:-1], ())
        return kept

    def _together(self, fixed: Fixed) -> Iterator[Complaint]:
        """Each is possible alone, but not beside the others: stock, loading bays, or a site's cap on vehicles."""
        for number, lock in enumerate(self._problem.scenario.locks):
            vehicle = next(each for each in self._vehicles if each.id == lock.vehicle)
            if self._vehicles.index(vehicle) in fixed:
                yield broken_lock(number, "DEPOT", lock.visit or "", vehicle)


def pins_of(problem: Problem) -> dict[int, tuple[Pin, ...]]:
    """By number of the vehicle; a vehicle whose whole route is locked needs none."""
    index = {visit.id: number for number, visit in enumerate(problem.visits)}
    vehicle = {each.id: number for number, each in enumerate(problem.scenario.vehicles)}
    whole = {lock.vehicle for lock in problem.scenario.locks if lock.visit is None}
    pins: dict[int, tuple[Pin, ...]] = {}
    for number, lock in enumerate(problem.scenario.locks):
        if lock.visit in index and lock.vehicle in vehicle and lock.vehicle not in whole:
            at = vehicle[lock.vehicle]
            pins[at] = (*pins.get(at, ()), Pin(index[lock.visit], lock.position, number))
    return pins


def holds_pins(route: Calls, pins: Iterable[Pin]) -> bool:
    visits = [call for call in route if call >= 0]
    return all(
        pin.visit in visits and (pin.position is None or visits[pin.position - 1 : pin.position] == [pin.visit])
        for pin in pins
    )


# --- the problem without what is fixed ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Rest:
    """A problem without some vehicles' routes, and the numbers that its vehicles and visits have in the whole."""

    problem: Problem
    vehicles: tuple[int, ...]
    visits: tuple[int, ...]
    fixed: Mapping[int, Calls]

    @classmethod
    def of(cls, whole: Problem, fixed: Mapping[int, Calls], pins: Iterable[int]) -> _Rest:
        vehicles = tuple(number for number in range(len(whole.scenario.vehicles)) if number not in fixed)
        made = {call for route in fixed.values() for call in route}
        visits = tuple(number for number in range(len(whole.visits)) if number not in made)
        rest = _told_apart(_without_uses(whole, fixed), pins)
        scenario = replace(
            rest.scenario, vehicles=tuple(rest.scenario.vehicles[number] for number in vehicles), locks=()
        )
        problem = replace(rest, scenario=scenario, visits=tuple(whole.visits[number] for number in visits))
        return cls(problem, vehicles, visits, dict(fixed))

    def joined(self, found: Solution) -> Solution:
        routes = dict(self.fixed)
        for number, route in zip(self.vehicles, found.routes, strict=True):
            routes[number] = tuple(self.visits[call] if call >= 0 else call for call in route)
        return replace(found, routes=tuple(routes[number] for number in range(len(routes))))


def _without_uses(problem: Problem, fixed: Mapping[int, Calls]) -> Problem:
    """With only the stock, and the room for vehicles at sites, that the fixed routes leave."""
    drawn: Counter[Use] = Counter()
    for number, route in fixed.items():
        drawn.update(uses(problem, problem.scenario.vehicles[number], route) if route else ())
    if not drawn:
        return problem
    depots = {
        name: replace(depot, stock={kind: max(0, n - drawn["stock", name, kind]) for kind, n in depot.stock.items()})
        for name, depot in problem.depots.items()
    }
    sites = tuple(
        site
        if site.most_vehicles is None
        else replace(site, most_vehicles=max(0, site.most_vehicles - drawn["vehicles", site.place.id]))
        for site in problem.scenario.sites
    )
    scenario = replace(problem.scenario, sites=sites, depots=tuple(depots[d.place.id] for d in problem.scenario.depots))
    return replace(problem, scenario=scenario, depots=depots)


def _told_apart(problem: Problem, numbers: Iterable[int]) -> Problem:
    """The named vehicles each a kind of its own: solvers take vehicles for alike that differ only in their names."""
    named = set(numbers)
    vehicles = tuple(
        replace(vehicle, kind=f"{vehicle.kind} {vehicle.id}") if number in named else vehicle
        for number, vehicle in enumerate(problem.scenario.vehicles)
    )
    return replace(problem, scenario=replace(problem.scenario, vehicles=vehicles))


def told_apart(problem: Problem) -> Problem:
    """The same problem with every vehicle a kind of its own."""
    return _told_apart(problem, range(len(problem.scenario.vehicles)))


def _closed(problem: Problem, fixed: Mapping[int, Calls]) -> Problem:
    """The same problem with nothing more to be brought into the fixed routes."""
    everyone = frozenset(vehicle.id for vehicle in problem.scenario.vehicles)
    closed = frozenset(problem.scenario.vehicles[number].id for number in fixed)
    made = {call for route in fixed.values() for call in route}
    open_to = {
        allowed: (everyone if allowed is None else allowed) - closed for allowed in {v.allowed for v in problem.visits}
    }
    visits = tuple(
        visit if number in made else replace(visit, allowed=open_to[visit.allowed])
        for number, visit in enumerate(problem.visits)
    )
    return replace(problem, visits=visits)
