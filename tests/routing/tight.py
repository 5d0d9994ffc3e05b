"""Random tight problems in which every reason arises, with plans of them: more is asked for than can be done.

Ten visits or so, two vehicles, two depots, every rule with some chance. All times are multiples of five minutes, as those
of ``enumerate_loops``, from which they come. Of five problems one prices what is left out, one has locks on stops, and
one has a route that is locked as a whole.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from geodata.errors import BadInput
from routing.evaluate import plan_of
from routing.explain import explain_plan
from routing.holding import HoldingLocks
from routing.locks import with_locks
from routing.model import (
    Demand,
    DemandLine,
    Depot,
    Earlier,
    EarlierLoop,
    EarlierStop,
    Lock,
    Plan,
    Problem,
    Scenario,
    Site,
    SupplyKind,
)
from routing.previous import ChangingLittle
from routing.relax import relax_plan
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import enumerate_loops, small

SOLVE = Stop(iterations=60)
PIANO = SupplyKind("piano", "钢琴", grams=1_000, cm3=1_000, crates=20.0)
"""One is more than any vehicle holds."""


@dataclass(frozen=True, slots=True)
class Tight:
    """A problem, and a plan of it with reasons and with what would have helped."""

    problem: Problem
    plan: Plan


def tight(seed: int) -> Tight:
    chance = random.Random(seed)
    drawn = enumerate_loops.random_problem(seed, visits=8 + seed % 5, bays=seed % 4 == 0)
    given = _asking_more(chance, drawn.scenario)
    if seed % 5 == 0:
        given = _priced(chance, given)
    table = drawn.travel_s[0].copy()
    if chance.random() < 0.3:
        nowhere = len(given.depots) + chance.randrange(len(given.sites))
        table[nowhere, :] = table[:, nowhere] = small.NEVER
    problem = small.table_problem(given, table)
    if seed % 5 in {1, 2}:
        problem = _locked(chance, problem, a_route=seed % 5 == 2)
    plan = explain_plan(problem, solved(problem))
    return Tight(problem, relax_plan(problem, plan))


def solved(problem: Problem, *, stop: Stop = SOLVE, seed: int = 0) -> Plan:
    """Without reasons, as the pipeline does: what was planned before, and locks, go around the engine."""
    engine = known_solver("pyvrp")
    starting = ChangingLittle(engine) if problem.scenario.earlier is not None else engine
    solver = HoldingLocks(starting) if problem.scenario.locks else starting
    return plan_of(problem, solver.solve(problem, stop=stop, seed=seed, on_improvement=lambda _: None))


def _asking_more(chance: random.Random, given: Scenario) -> Scenario:
    """Stores that run short, sites that want more than the vehicles they admit can bring, pianos."""
    return replace(
        given,
        depots=tuple(_short(chance, depot) for depot in given.depots),
        sites=tuple(_wanting_more(chance, site) for site in given.sites),
        kinds=(*given.kinds, PIANO),
    )


def _short(chance: random.Random, depot: Depot) -> Depot:
    return replace(depot, stock={**depot.stock, "kit": chance.randint(0, 8)}) if chance.random() < 0.4 else depot


def _wanting_more(chance: random.Random, site: Site) -> Site:
    (demand,) = site.demands
    if chance.random() < 0.1:
        (line,) = demand.lines
        lines = (DemandLine(line.kind, line.units + 6),)
        return replace(site, demands=(Demand(demand.order, lines),), most_vehicles=1)
    if chance.random() < 0.05:
        return replace(site, demands=(Demand(demand.order, (*demand.lines, DemandLine("piano", 1))),))
    return site


def _priced(chance: random.Random, given: Scenario) -> Scenario:
    """Leaving a visit out has a price that is sometimes worth paying. Vehicles are larger, or they would all be full."""
    prices = {priority: enumerate_loops.STEP_S * chance.randint(1, 10) for priority in (1, 2, 3)}
    policy = replace(given.policy, objective="prices", prices=prices, after_target="leave_out")
    larger = (
        replace(vehicle, capacity=vehicle.capacity._replace(crates=3 * vehicle.capacity.crates))
        for vehicle in given.vehicles
    )
    return replace(given, policy=policy, vehicles=tuple(larger))


# --- locks --------------------------------------------------------------------------------------------------------


def _locked(chance: random.Random, problem: Problem, *, a_route: bool) -> Problem:
    """With locks on what a plan does. As it was where the search finds no way to hold them, though there is one."""
    plan = solved(problem)
    locks = tuple(_a_route(chance, plan) if a_route else _some_stops(chance, plan))
    scenario = replace(problem.scenario, earlier=as_earlier(plan), locks=locks)
    locked = with_locks(replace(problem, scenario=scenario))
    try:
        solved(locked)
    except BadInput:
        return problem
    return locked


def _some_stops(chance: random.Random, plan: Plan) -> Iterator[Lock]:
    """Up to two stops of every vehicle, some of them in their place."""
    for route in plan.routes:
        stops = [stop for loop in route.loops for stop in loop.stops]
        for place in sorted(chance.sample(range(len(stops)), min(len(stops), 2))):
            position = place + 1 if chance.random() < 0.5 else None
            yield Lock(route.vehicle, stops[place].visit.id, position)


def _a_route(chance: random.Random, plan: Plan) -> Iterator[Lock]:
    if plan.routes:
        yield Lock(chance.choice(plan.routes).vehicle)


def as_earlier(plan: Plan) -> Earlier:
    stops = {s.visit.id: EarlierStop(r.vehicle, s.start_s) for r in plan.routes for loop in r.loops for s in loop.stops}
    routes = {
        route.vehicle: tuple(EarlierLoop(loop.depot, tuple(s.visit.id for s in loop.stops)) for loop in route.loops)
        for route in plan.routes
    }
    return Earlier(stops, routes)
