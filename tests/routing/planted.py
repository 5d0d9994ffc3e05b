"""Problems made from their solution: a plan is drawn first, and then everything is asked for that it fulfils.

Three depots in a square of some twenty minutes; every vehicle makes one or two loops. ``slack``: how much more room
than the plan needs is left in time, load and stock, so that 0.2 is a fifth.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass, replace

from routing.evaluate import Solution, plan_of, uses, worth
from routing.model import (
    UNBOUND,
    Break,
    Depot,
    DispatchOrder,
    Interval,
    Load,
    Plan,
    Policy,
    Problem,
    Scenario,
    Site,
    SupplyKind,
    Vehicle,
    ZoneLevel,
)
from tests.routing import small

KINDS = (
    replace(small.KIT, apart=frozenset({"disinfectant"})),
    SupplyKind("medicine", "药品", grams=500, cm3=2_000, crates=0.5),
    SupplyKind("disinfectant", "消毒液", grams=5_000, cm3=5_000, crates=1.0, apart=frozenset({"kit"})),
)
DEPOTS = ("A", "B", "C")
PASSES = ("north", "south")
VISITS_PER_LOOP = 5
LOOSE = 10**6


@dataclass(frozen=True, slots=True)
class Planted:
    """A problem and a solution of it in which everything is served in time."""

    problem: Problem
    solution: Solution


def planted(seed: int, *, visits: int, slack: float) -> Planted:
    chance = random.Random(seed)
    drawn = _drawn(chance, visits)
    loose = _posed(chance, drawn.scenario, visits)
    solution = Solution(_routes(loose, drawn.loops))
    plan = plan_of(loose, solution)
    tight = _tightened(chance, loose, solution, plan, slack)
    for bays in range(visits):
        problem = _reposed(loose, _with_more_bays(tight, bays))
        found = worth(problem, solution)
        if found is not None and not any(found[:-1]):
            return Planted(problem, solution)
    raise AssertionError("the planted plan breaks no rule and serves everything in time")


def _with_more_bays(given: Scenario, more: int) -> Scenario:
    """Tightened, loading is scheduled in another order; it takes a bay more where that does not come off."""
    depots = (replace(depot, bays=depot.bays and depot.bays + more) for depot in given.depots)
    return replace(given, depots=tuple(depots))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A scenario without limits, and per vehicle its loops: where each loads, and the numbers of its sites."""

    scenario: Scenario
    loops: list[list[tuple[str, list[int]]]]


def _drawn(chance: random.Random, visits: int) -> _Drawn:
    loops: list[list[tuple[str, list[int]]]] = []
    sites: list[Site] = []
    vehicles: list[Vehicle] = []
    while len(sites) < visits:
        name, start, reload = f"V{len(vehicles)}", chance.choice(DEPOTS), chance.choice(DEPOTS)
        own: list[tuple[str, list[int]]] = []
        for depot in (start, reload)[: chance.choice((1, 2))]:
            size = min(visits - len(sites), chance.randint(2, VISITS_PER_LOOP))
            if size:
                own.append((depot, list(range(len(sites), len(sites) + size))))
                sites += _loop_sites(chance, len(sites), size)
        loops.append(own)
        vehicles.append(_vehicle(chance, name, start, reload, len(own)))
    depots = [
        small.depot(
            name, loading_s=chance.choice((120, 300)), loading_per_crate_s=2.0, bays=chance.choice((2, 3, None))
        )
        for name in DEPOTS
    ]
    order = DispatchOrder("w1", 0, LOOSE, LOOSE)
    policy = Policy(disinfection_s=600, unpreferred_price_s=300)
    given = small.scenario(sites, vehicles, depots=depots, kinds=KINDS, orders=(order,), policy=policy)
    return _Drawn(given, loops)


def _loop_sites(chance: random.Random, first: int, size: int) -> list[Site]:
    """Sites of one loop: kinds that may ride together, risk that rises."""
    kinds = chance.choice((["kit"], ["kit", "medicine"], ["disinfectant", "medicine"]))
    levels = [ZoneLevel.OPEN] * 4 + [ZoneLevel.PRECAUTIONARY, ZoneLevel.CONTROLLED, ZoneLevel.SEALED]
    zones = sorted(chance.choice(levels) for _ in range(size))
    return [
        small.site(
            f"S{first + place}",
            lines=[(kind, chance.randint(1, 6)) for kind in kinds],
            service_s=chance.choice((120, 240)),
            service_per_crate_s=6.0,
            priority=chance.choice((1, 2, 2, 3)),
            required=chance.random() < 0.1,
            zone=zone,
        )
        for place, zone in enumerate(zones)
    ]


def _vehicle(chance: random.Random, name: str, start: str, reload: str, loops: int) -> Vehicle:
    open_s = chance.choice((1_800, 3_600))
    breaks = (Break(Interval(open_s, open_s + 1_800), 600),) if chance.random() < 0.2 else ()
    return small.vehicle(
        name,
        start=start,
        end=start,
        shift=Interval(0, LOOSE),
        fixed_cost_s=600,
        max_loops=loops,
        reload_at=(reload,),
        breaks=breaks,
        passes=frozenset([chance.choice(PASSES)]),
    )


def _posed(chance: random.Random, given: Scenario, visits: int) -> Problem:
    where = [(chance.uniform(0, 900), chance.uniform(0, 900)) for _ in range(visits + len(DEPOTS))]
    near = _loops_lie_together(chance, where)
    return small.table_problem(given, [[round(abs(x - u) + abs(y - v)) for u, v in near] for x, y in near])


def _loops_lie_together(chance: random.Random, where: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Each site close to the one before it with some chance: a plan that somebody might have made."""
    near = where[: len(DEPOTS)]
    for x, y in where[len(DEPOTS) :]:
        u, v = near[-1]
        near.append((u + (x - 450) / 4, v + (y - 450) / 4) if chance.random() < 0.7 else (x, y))
    return near


def _routes(problem: Problem, loops: list[list[tuple[str, list[int]]]]) -> tuple[tuple[int, ...], ...]:
    routes = []
    for own in loops:
        (_, first), *later = own
        reloads = ((problem.reload_number(depot), *numbers) for depot, numbers in later)
        routes.append((*first, *(call for calls in reloads for call in calls)))
    return tuple(routes)


def _reposed(problem: Problem, scenario: Scenario) -> Problem:
    posed = small.table_problem(scenario, problem.travel_s[0])
    assert len(posed.visits) == len(problem.visits), "nothing is split"
    return posed


# --- limits that the plan fulfils -----------------------------------------------------------------------------------


def _tightened(chance: random.Random, problem: Problem, solution: Solution, plan: Plan, slack: float) -> Scenario:
    given = problem.scenario
    stops = {
        stop.visit.site: (stop.start_s, route.vehicle)
        for route in plan.routes
        for loop in route.loops
        for stop in loop.stops
    }
    names = {route.vehicle: route for route in plan.routes}
    passes = {vehicle.id: min(vehicle.passes) for vehicle in given.vehicles}
    last_s = max(start_s for start_s, _ in stops.values())
    out_s = max(route.loops[-1].back_s - route.loops[0].departure_s for route in plan.routes)
    return replace(
        given,
        sites=tuple(_tight_site(chance, site, *stops[site.place.id], passes, slack) for site in given.sites),
        vehicles=tuple(
            replace(
                vehicle,
                capacity=_room(plan, vehicle.id, slack),
                shift=Interval(0, _more(names[vehicle.id].loops[-1].back_s, slack)),
            )
            for vehicle in given.vehicles
        ),
        depots=tuple(_tight_depot(problem, solution, depot, slack) for depot in given.depots),
        orders=(DispatchOrder("w1", 0, _more(last_s, slack), _more(last_s, 2 * slack)),),
        policy=replace(given.policy, longest_route_s=_more(out_s, slack)),
    )


def _more(amount: int, slack: float) -> int:
    return math.ceil(amount * (1 + slack))


def _tight_site(
    chance: random.Random, site: Site, start_s: int, vehicle: str, passes: dict[str, str], slack: float
) -> Site:
    members: dict[str, object] = {}
    if chance.random() < 0.3:
        members["receiving"] = (Interval(max(0, start_s - 1_800), _more(start_s, slack)),)
    if chance.random() < 0.2:
        members["target_s"] = _more(start_s, slack)
    if site.zone is ZoneLevel.SEALED:
        members["needs_pass"] = passes[vehicle]
    if chance.random() < 0.1:
        members["preferred"] = frozenset({vehicle})
    if chance.random() < 0.1:
        members["most_vehicles"] = 1
    if chance.random() < 0.05:
        members["allowed"] = frozenset({vehicle})
    return replace(site, **members)  # type: ignore[arg-type]


def _room(plan: Plan, vehicle: str, slack: float) -> Load:
    route = next(route for route in plan.routes if route.vehicle == vehicle)
    crates = max(sum(stop.visit.load.crates for stop in loop.stops) for loop in route.loops)
    return Load(UNBOUND, UNBOUND, _more(crates, slack))


def _tight_depot(problem: Problem, solution: Solution, depot: Depot, slack: float) -> Depot:
    """Stock of one kind is limited."""
    drawn: Counter[tuple[str, ...]] = Counter()
    for vehicle, numbers in zip(problem.scenario.vehicles, solution.routes, strict=True):
        drawn.update(uses(problem, vehicle, numbers))
    return replace(depot, stock={"kit": _more(drawn["stock", depot.place.id, "kit"], slack)})
