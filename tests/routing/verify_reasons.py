"""Whether what a plan says of late and unserved visits is so, found out in other ways than it was said.

The reason is looked for anew: the visit alone is driven step by step at every instant, by ``enumerate_loops``, and stores
are counted beside what the plan takes from them. A relaxation is applied and the problem solved again: the visit and all
that were in time before must be in time, by ``check_plan``. Times must be multiples of five minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from geodata.errors import BadInput
from routing.check import check_plan
from routing.check_locks import check_locks
from routing.model import (
    Interval,
    Lock,
    Plan,
    Policy,
    Problem,
    Reason,
    ReasonCode,
    Relaxation,
    Relief,
    Unserved,
    Vehicle,
    Visit,
)
from routing.problem import start_windows
from routing.solvers.base import Stop
from routing.variants import with_cap, with_one_more, with_pass, with_stock, with_targets, with_visit
from tests.routing import enumerate_loops, small
from tests.routing.tight import as_earlier, solved

Efforts = tuple[tuple[int, int], ...]

EFFORTS: Efforts = ((60, 0), (200, 0), (200, 1), (1_000, 2))
"""Iterations and seed of each attempt to solve with the relaxation; the first that comes off is enough."""

UNTRIED = {Relief.NONE_FOUND, Relief.NOT_TRIED}


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one visit: what was said, and whether it is so. ``relief`` None: nothing was said of what would help."""

    visit: str
    code: ReasonCode
    found: ReasonCode
    relief: Relief | None
    helps: bool

    @property
    def holds(self) -> bool:
        return self.code is self.found and self.helps


def verify(problem: Problem, plan: Plan, *, efforts: Efforts = EFFORTS) -> Iterator[Finding]:
    """A finding for every reason in the plan."""
    left = {unserved.visit.id for unserved in plan.unserved}
    for visit, reason in _reasons(plan):
        found = _Alone(problem, plan, visit, unserved=visit.id in left).code()
        relaxation = reason.relaxation
        if relaxation is None or relaxation.relief in UNTRIED:
            helps = True
        else:
            helps = _helps(problem, plan, visit, relaxation, efforts)
        yield Finding(visit.id, reason.code, found, relaxation.relief if relaxation else None, helps)


def _reasons(plan: Plan) -> list[tuple[Visit, Reason]]:
    given = [(stop.visit, stop.reason) for stop in plan.stops()]
    given += [(left.visit, left.reason) for left in plan.unserved]
    return [(visit, reason) for visit, reason in given if reason is not None]


# --- the visit alone ----------------------------------------------------------------------------------------------


class _Alone:
    def __init__(self, problem: Problem, plan: Plan, visit: Visit, *, unserved: bool) -> None:
        self.problem, self.visit, self.unserved = problem, visit, unserved
        self.coming = [vehicle for vehicle in problem.scenario.vehicles if visit.takes(vehicle)]
        self.taken: Counter[tuple[str, str]] = Counter()
        for loop in (loop for route in plan.routes for loop in route.loops):
            for line in (line for stop in loop.stops if stop.visit.id != visit.id for line in stop.visit.lines):
                self.taken[loop.depot, line.kind] += line.units

    def code(self) -> ReasonCode:
        wave = (Interval(self.visit.order.order_s, self.visit.order.limit_s),)
        in_hours = [vehicle for vehicle in self.coming if self.in_time(vehicle, self.visit)]
        tests = (
            (ReasonCode.UNREACHABLE, not any(self.drives(vehicle) for vehicle in self.problem.scenario.vehicles)),
            (ReasonCode.NO_PASS, not self.coming and self.comes_with_a_pass()),
            (ReasonCode.TOO_BIG, not self.a_unit_fits() or (self.unserved and not self.the_whole_fits())),
            (
                ReasonCode.TOO_FAR,
                not any(self.in_time(vehicle, replace(self.visit, windows=wave)) for vehicle in self.coming),
            ),
            (ReasonCode.WINDOW_MISSED, not in_hours),
            (ReasonCode.NO_STOCK, not any(self.in_store(vehicle.start) for vehicle in in_hours)),
            (ReasonCode.NO_CAPACITY_LEFT, True),
        )
        return next(code for code, holds in tests if holds)

    def drives(self, vehicle: Vehicle) -> bool:
        start, end = (self.problem.depot_row(name) for name in (vehicle.start, vehicle.end))
        table = self.problem.travel_s[vehicle.road_class]
        return bool(table[start, self.visit.row] < small.NEVER and table[self.visit.row, end] < small.NEVER)

    def comes_with_a_pass(self) -> bool:
        names = {vehicle.id for vehicle in self.problem.scenario.vehicles}
        return bool(names & (names if self.visit.allowed is None else self.visit.allowed))

    def a_unit_fits(self) -> bool:
        crates = {kind.id: kind.crates for kind in self.problem.scenario.kinds}
        smallest = min(crates[line.kind] for line in self.visit.lines)
        return any(smallest <= vehicle.capacity.crates for vehicle in self.coming)

    def the_whole_fits(self) -> bool:
        """In some vehicles that the site admits together, by crates: nothing else binds here."""
        site = next(site for site in self.problem.scenario.sites if site.place.id == self.visit.site)
        wanted = sum(visit.load.crates for visit in self.problem.visits if visit.site == self.visit.site)
        vehicles = [vehicle for vehicle in self.problem.scenario.vehicles if site.takes(vehicle)]
        together = combinations(vehicles, min(len(vehicles), site.most_vehicles or len(vehicles)))
        fits = any(sum(v.capacity.crates * v.max_loops for v in coming) >= wanted for coming in together)
        return fits or site.most_vehicles is None

    def in_time(self, vehicle: Vehicle, visit: Visit) -> bool:
        worth = enumerate_loops.route_worth(self.problem, vehicle, [(vehicle.start, [visit])])
        return worth is not None and not any(worth[:-1])

    def in_store(self, depot: str) -> bool:
        stock = self.problem.depots[depot].stock
        return all(
            line.kind not in stock or stock[line.kind] - self.taken[depot, line.kind] >= line.units
            for line in self.visit.lines
        )


# --- the relaxation applied ---------------------------------------------------------------------------------------


def _helps(problem: Problem, plan: Plan, visit: Visit, relaxation: Relaxation, efforts: Efforts) -> bool:
    """Solved again with the relaxation, what was in time is, and so is the visit. What else was left out stays out."""
    figures: dict[str, Any] = dict(relaxation.figures)
    if relaxation.relief is Relief.A_HIGHER_PRICE and figures["cost_s"] < figures["price_s"]:
        return False
    relaxed = _relaxed(problem, visit, figures)
    in_time = {stop.visit.id for stop in plan.stops() if not stop.late_s} | {visit.id}
    made = {stop.visit.id for stop in plan.stops()} | {visit.id}
    again = _only(relaxed, made, in_time)
    ways = _ways_to_hold_locks(again, plan) if problem.scenario.locks else (again,)
    return any(_puts_in_time(way, in_time, *effort) for way in ways for effort in efforts)


def _relaxed(problem: Problem, visit: Visit, figures: dict[str, Any]) -> Problem:
    """The problem with every measure that the figures speak of. A vehicle comes last, so that it is like one there is."""
    if all(visit.id != other.id for other in problem.visits):
        problem = with_visit(problem, visit)
    if "extra_s" in figures:
        problem = with_targets(problem, {visit.site: visit.within_s + figures["extra_s"]})
    if "receives_s" in figures:
        problem = _receiving(problem, visit.site, Interval(figures["receives_s"], figures["until_s"]))
    if "most_vehicles" in figures:
        problem = with_cap(problem, visit.site, figures["most_vehicles"])
    units = {name.removeprefix("units:"): count for name, count in figures.items() if name.startswith("units:")}
    if units:
        problem = with_stock(problem, figures["depot"], units)
    if "like" in figures:
        like = next(vehicle for vehicle in problem.scenario.vehicles if vehicle.id == figures["like"])
        carried = like.passes | ({figures["pass"]} if "pass" in figures else set())
        return with_one_more(problem, replace(like, passes=carried))
    return with_pass(problem, frozenset({figures["vehicle"]}), figures["pass"]) if "pass" in figures else problem


def _receiving(problem: Problem, name: str, hours: Interval) -> Problem:
    """The site at the hours named, too."""
    given = next(site for site in problem.scenario.sites if site.place.id == name)
    site = replace(given, receiving=(*(given.receiving or ()), hours))
    visits = tuple(
        replace(visit, windows=start_windows(site, visit.order, visit.service_s)) if visit.site == name else visit
        for visit in problem.visits
    )
    sites = tuple(site if each is given else each for each in problem.scenario.sites)
    return replace(problem, scenario=replace(problem.scenario, sites=sites), visits=visits)


def _only(problem: Problem, made: set[str], in_time: set[str]) -> Problem:
    """Nothing to do but the visits that are made, of which those in time come before everything else."""
    policy = replace(problem.scenario.policy, objective="lexicographic", prices=Policy().prices)
    visits = tuple(
        replace(visit, required=visit.id in in_time, priority=2) for visit in problem.visits if visit.id in made
    )
    others = tuple(Unserved(visit, None) for visit in problem.visits if visit.id not in made)
    scenario = replace(problem.scenario, policy=policy)
    return replace(problem, scenario=scenario, visits=visits, dismissed=(*problem.dismissed, *others))


def _ways_to_hold_locks(problem: Problem, plan: Plan) -> tuple[Problem, Problem]:
    """As they are, starting from the plan; and stricter: every vehicle that has a lock makes its whole route as planned.

    Of so many locks a search does not always find a way to hold them all.
    """
    names = sorted({lock.vehicle for lock in problem.scenario.locks})
    lenient = replace(problem.scenario, earlier=as_earlier(plan))
    strict = replace(lenient, locks=tuple(Lock(name) for name in names))
    return replace(problem, scenario=lenient), replace(problem, scenario=strict)


def _puts_in_time(problem: Problem, wanted: set[str], iterations: int, seed: int) -> bool:
    try:
        plan = solved(problem, stop=Stop(iterations=iterations), seed=seed)
    except BadInput:  # found no way to hold the locks, this time
        return False
    assert check_plan(problem, plan, explained=False) == ()
    assert check_locks(problem, plan) == ()
    return wanted <= {stop.visit.id for stop in plan.stops() if not stop.late_s}
