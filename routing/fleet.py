"""How many vehicles it takes: what is served in time by fleets of other sizes, each size a checked plan.

Fleets grow and shrink in proportion: the next vehicle is of the kind and depot that the given fleet's shares call for
(Sainte-Laguë's divisors 1, 3, 5 …), so that each fleet holds every smaller one and the given number is the given fleet.
Visits keep the parts they have for the given fleet. What a target is missed for counts as left out, however late it
might have come. A search is no proof: the number found is enough, a smaller one may be too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from geodata.errors import Text
from geodata.network import Network
from routing.echelons import require_one_stage
from routing.evaluate import Solution, plan_of, vehicle_kinds, worth
from routing.explain import explain_plan
from routing.model import Plan, Problem, ReasonCode, Scenario, Vehicle
from routing.pipeline import Posed, explained_plan, pose, require_good
from routing.solvers import base
from routing.solvers.improve import place_left_out
from routing.variants import with_vehicles

DEFAULT_ITERATIONS = 600
"""Per fleet: one or two seconds for two hundred visits."""

SPREAD = 8
"""Fleets of the curve, evenly from none to the largest looked at; those tried in search of the number come on top."""

LARGER = (1.25, 1.5, 2.0, 3.0, 4.0)
"""Fleets tried, in parts of the given one, where that is not enough."""


class FleetPart(NamedTuple):
    """Vehicles of a kind and a profile on the roads, at a depot. ``given``: how many the scenario has."""

    kind: str
    profile: str
    depot: str
    vehicles: int
    given: int


@dataclass(frozen=True, slots=True)
class FleetPoint:
    """A fleet and its checked plan. ``missed``: reachable visits that it does not make in time."""

    vehicles: int
    parts: tuple[FleetPart, ...]
    missed: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class FleetStudy:
    """``reachable``: visits that some vehicle of the given fleet could make in time if it made no other.

    ``enough``: the smallest fleet found by which all of them are made in time, None where none was found.
    ``finished`` False: it was stopped before all fleets were tried.
    """

    problem: Problem
    reachable: int
    given: int
    enough: int | None
    points: tuple[FleetPoint, ...]
    finished: bool


OnFleet = Callable[[int, int], None]
"""Told of each fleet tried: its vehicles, and the visits served in time."""


def in_silence(vehicles: int, in_time: int) -> None:
    """Tell nobody."""


def study_fleet(
    scenario: Scenario,
    network: Network,
    *,
    solver: base.Solver,
    stop: base.Stop,
    seed: int = 0,
    on_fleet: OnFleet = in_silence,
) -> FleetStudy:
    """``stop``: work per fleet. Raises ``PlanRejected`` rather than state a point whose plan breaks a rule."""
    require_one_stage(scenario, Text("车队规模试算", "the study of fleets"))
    policy = replace(scenario.policy, after_target="leave_out", objective="lexicographic")
    posed = pose(replace(scenario, policy=policy, drivers=(), locks=(), earlier=None), network)
    search = _Search(posed, solver, stop, seed, on_fleet)
    search.try_all()
    points = tuple(search.point(size) for size in sorted(search.tried))
    enough = next((point.vehicles for point in points if not point.missed), None)
    return FleetStudy(
        posed.problem, len(search.reachable), len(scenario.vehicles), enough, points, not stop.cancelled.is_set()
    )


def growing_fleet(problem: Problem, most: int) -> tuple[list[Vehicle], dict[str, str]]:
    """So many vehicles in the order in which fleets grow; and the ids of those added, with whom they equal."""
    vehicles = problem.scenario.vehicles
    alike: dict[int, list[Vehicle]] = {}
    for kind, vehicle in zip(vehicle_kinds(problem), vehicles, strict=True):
        alike.setdefault(kind, []).append(vehicle)
    groups, taken = list(alike.values()), [0] * len(alike)
    grown: list[Vehicle] = []
    added: dict[str, str] = {}
    names = {vehicle.id for vehicle in vehicles}
    while len(grown) < most:
        number = min(range(len(groups)), key=lambda each: ((2 * taken[each] + 1) / len(groups[each]), each))
        group, taken[number] = groups[number], taken[number] + 1
        grown.append(group[taken[number] - 1] if taken[number] <= len(group) else _another(group, names, added))
    return grown, added


def _another(group: Sequence[Vehicle], names: set[str], added: dict[str, str]) -> Vehicle:
    """One like the group's first, under a name nobody has; it is noted."""
    like = group[0]
    name = next(name for number in range(1, len(names) + 2) if (name := f"{like.id}+{number}") not in names)
    names.add(name)
    added[name] = like.id
    return replace(like, id=name)


class _Search:
    def __init__(self, posed: Posed, solver: base.Solver, stop: base.Stop, seed: int, on_fleet: OnFleet) -> None:
        self._posed = posed
        self._solver = solver
        self._stop = stop
        self._seed = seed
        self._on_fleet = on_fleet
        self._given = len(posed.problem.scenario.vehicles)
        largest = max(round(self._given * LARGER[-1]), self._given)
        self._vehicles, self._added = growing_fleet(posed.problem, largest)
        self.tried: dict[int, Solution] = {}
        self.reachable = _reachable(posed.problem)

    def try_all(self) -> None:
        """The given fleet, larger ones until one suffices, then by halves the smallest, then the rest of the curve."""
        top = self._sufficient_from_above()
        if top is not None:
            self._bisect(top)
        largest = max(self._given, min(filter(self.suffices, self.tried), default=0))
        for number in range(1, SPREAD + 1):
            self._suffices(max(1, round(largest * number / SPREAD)))
        for size in sorted(self.tried):
            self.tried[size] = self._better(size, self.tried[size], self._from_smaller(size))

    def _sufficient_from_above(self) -> int | None:
        sizes = [self._given, *(round(self._given * part) for part in LARGER)]
        return next((size for size in sizes if self._suffices(size)), None)

    def _bisect(self, enough: int) -> None:
        too_few = max((size for size in self.tried if not self.suffices(size)), default=0)
        while enough - too_few > 1 and not self._stop.now():
            middle = (too_few + enough) // 2
            if self._suffices(middle):
                enough = middle
            else:
                too_few = middle

    def suffices(self, size: int) -> bool:
        return not self._missed(size, self.tried[size])

    def _suffices(self, size: int) -> bool:
        """Tries the fleet if it was not tried before; nothing new once it is to stop."""
        if size not in self.tried and not (self.tried and self._stop.now()):
            found = self._solver.solve(
                self._problem(size), stop=self._stop, seed=self._seed, on_improvement=lambda _: None
            )
            self.tried[size] = self._better(size, found, self._from_smaller(size))
            self._on_fleet(size, len(self.reachable) - self._missed(size, self.tried[size]))
        return size in self.tried and self.suffices(size)

    def _from_smaller(self, size: int) -> Solution | None:
        """What the next smaller fleet does, with the vehicles it lacks put to use."""
        smaller = max((each for each in self.tried if each < size), default=None)
        if smaller is None:
            return None
        before = self.tried[smaller]
        idle = ((),) * (size - smaller)
        return place_left_out(self._problem(size), replace(before, routes=before.routes + idle))

    def _better(self, size: int, found: Solution, other: Solution | None) -> Solution:
        """More in time, then by the objective. The other counts only where it keeps every rule."""
        problem = self._problem(size)
        theirs = worth(problem, other) if other is not None else None
        if other is None or theirs is None:
            return found
        mine = worth(problem, found)
        if mine is None:
            return other
        better = (self._missed(size, other), theirs) < (self._missed(size, found), mine)
        return other if better else found

    def _missed(self, size: int, solution: Solution) -> int:
        """Nothing is late where what would miss its target is left out."""
        problem = self._problem(size)
        left = (problem.visits[index].id for index in solution.unserved(problem))
        return sum(1 for visit in left if visit in self.reachable)

    def _problem(self, size: int) -> Problem:
        chosen = self._vehicles[:size]
        names = {vehicle.id for vehicle in chosen}
        added = {new: old for new, old in self._added.items() if new in names}
        return with_vehicles(self._posed.problem, chosen, added)

    def point(self, size: int) -> FleetPoint:
        posed = replace(self._posed, problem=self._problem(size))
        plan = explained_plan(posed, self.tried[size])
        require_good(posed, plan)
        return FleetPoint(size, self._parts(size), self._missed(size, self.tried[size]), plan)

    def _parts(self, size: int) -> tuple[FleetPart, ...]:
        chosen = Counter(_part(vehicle) for vehicle in self._vehicles[:size])
        given = Counter(_part(vehicle) for vehicle in self._posed.problem.scenario.vehicles)
        return tuple(FleetPart(*part, chosen[part], count) for part, count in given.items())


def _part(vehicle: Vehicle) -> tuple[str, str, str]:
    return vehicle.kind, vehicle.profile, vehicle.start


def _reachable(problem: Problem) -> frozenset[str]:
    """Visits that would be made in time if vehicles were all that there is to it: those nothing else speaks against."""
    nothing = Solution(tuple(() for _ in problem.scenario.vehicles))
    plan = explain_plan(problem, plan_of(problem, nothing))
    told = ((left.visit.id, left.reason) for left in plan.unserved)
    return frozenset(visit for visit, reason in told if reason and reason.code is ReasonCode.NO_CAPACITY_LEFT)
