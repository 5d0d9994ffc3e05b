"""What the coordinator fixed stays fixed; what cannot be is refused, naming the lock and the rule."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product

import pytest

from geodata.errors import BadInput
from routing.arrangement import Arrangement, Pin
from routing.check import check_plan
from routing.check_locks import check_locks
from routing.evaluate import Solution, plan_of, route_worth, worth
from routing.holding import HoldingLocks
from routing.locks import with_locks
from routing.model import (
    DispatchOrder,
    Earlier,
    EarlierLoop,
    EarlierStop,
    Interval,
    Load,
    Lock,
    Plan,
    Policy,
    Problem,
    Scenario,
    Vehicle,
    ZoneLevel,
)
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import small
from tests.routing.enumerate_plans import random_problem

BLOCKS = {"S1": 2, "S2": 4, "S3": -3, "S4": -5}


def two_vans(*locks: Lock, earlier: Earlier | None = None, **members: object) -> Scenario:
    sites = [small.site(name) for name in BLOCKS]
    given = small.scenario(sites, [small.vehicle("V1"), small.vehicle("V2")], locks=locks, earlier=earlier)
    return replace(given, **members)  # type: ignore[arg-type]


def posed(given: Scenario) -> Problem:
    return with_locks(small.line_problem(given, **BLOCKS))


def solve(problem: Problem, *, iterations: int = 100) -> Solution:
    heard: list[Solution] = []
    solver = HoldingLocks(known_solver("pyvrp"))
    found = solver.solve(problem, stop=Stop(iterations=iterations), seed=0, on_improvement=heard.append)
    worths = [worth(problem, each) for each in heard]
    assert worths == sorted(worths, key=lambda each: each or (), reverse=True)
    for each in [*heard, found]:
        require_good(problem, plan_of(problem, each))
    return found


def require_good(problem: Problem, plan: Plan) -> None:
    assert check_plan(problem, plan, explained=False) == ()
    assert check_locks(problem, plan) == ()


def refused(problem: Problem) -> list[tuple[str, str]]:
    """Pointer and rule of each complaint."""
    with pytest.raises(BadInput) as refusal:
        solve(with_locks(problem))
    complaints = refusal.value.complaints
    assert all(complaint.message.zh.endswith(complaint.message.en.split()[-1]) for complaint in complaints)
    return [(complaint.pointer, complaint.message.en.split()[-1]) for complaint in complaints]


def served_by(problem: Problem, found: Solution) -> dict[str, str]:
    return {
        problem.visits[call].site: vehicle.id
        for vehicle, route in zip(problem.scenario.vehicles, found.routes, strict=True)
        for call in route
        if call >= 0
    }


def stops_of(problem: Problem, found: Solution, number: int) -> list[str]:
    return [problem.visits[call].site for call in found.routes[number] if call >= 0]


# --- a visit and its vehicle --------------------------------------------------------------------------------------


def test_a_stop_goes_to_the_vehicle_it_is_locked_to_though_another_is_nearer() -> None:
    """V2 starts at E, 12 blocks away; S1 lies 2 blocks from D."""
    sites = [small.site("S1"), small.site("S2")]
    vans = [small.vehicle("V1"), small.vehicle("V2", start="E", end="E")]
    given = small.scenario(sites, vans, depots=[small.depot("D"), small.depot("E")], locks=(Lock("V2", "S1/1"),))
    problem = with_locks(small.line_problem(given, E=12, S1=2, S2=4))
    assert served_by(problem, solve(problem))["S1"] == "V2"
    free = small.line_problem(replace(given, locks=()), E=12, S1=2, S2=4)
    assert (
        served_by(
            free, known_solver("pyvrp").solve(free, stop=Stop(iterations=100), seed=0, on_improvement=lambda _: None)
        )["S1"]
        == "V1"
    )


def test_of_two_vans_alike_the_one_that_was_named_comes() -> None:
    problem = posed(two_vans(Lock("V2", "S1/1"), Lock("V1", "S2/1")))
    by = served_by(problem, solve(problem))
    assert (by["S1"], by["S2"]) == ("V2", "V1")
    assert len(by) == 4


def test_a_locked_visit_is_served_before_a_more_urgent_one() -> None:
    """The van holds one crate: S1 is locked to it, S2 has priority 1, and is left out."""
    sites = [small.site("S1", priority=3), small.site("S2", priority=1, required=True)]
    van = small.vehicle("V1", capacity=small.BOUNDLESS._replace(crates=1))
    problem = with_locks(small.line_problem(small.scenario(sites, [van], locks=(Lock("V1", "S1/1"),)), S1=2, S2=3))
    assert served_by(problem, solve(problem)) == {"S1": "V1"}


def test_late_by_its_lock_is_allowed() -> None:
    order = DispatchOrder("w1", 0, target_s=600)
    vans = [small.vehicle("V1"), small.vehicle("V2", shift=Interval(1_000, 86_400))]
    given = small.scenario([small.site("S1")], vans, orders=(order,), locks=(Lock("V2", "S1/1"),))
    problem = with_locks(small.line_problem(given, S1=2))
    plan = plan_of(problem, solve(problem))
    assert (plan.summary.served_late, plan.summary.objective.late_s) == (1, 1_000 + 120 - 600)


# --- positions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 2, 3, 4])
@pytest.mark.parametrize("site", ["S1", "S4"])
def test_a_stop_stands_where_it_is_locked(site: str, position: int) -> None:
    problem = posed(two_vans(Lock("V1", f"{site}/1", position)))
    found = solve(problem)
    assert stops_of(problem, found, 0)[position - 1] == site
    assert len(served_by(problem, found)) == 4


def test_the_best_completion_is_found() -> None:
    """One van, S4 first: -5, -3, 2, 4 and home is 5 + 2 + 5 + 2 + 4 = 18 blocks."""
    given = two_vans(Lock("V1", "S4/1", 1))
    problem = with_locks(small.line_problem(replace(given, vehicles=given.vehicles[:1]), **BLOCKS))
    found = solve(problem)
    assert stops_of(problem, found, 0) == ["S4", "S3", "S1", "S2"]
    assert (worth(problem, found) or ())[-1] == 18 * 60


def test_two_positions_of_one_vehicle_and_one_of_another_hold_together() -> None:
    problem = posed(two_vans(Lock("V1", "S4/1", 1), Lock("V1", "S1/1", 2), Lock("V2", "S2/1", 2)))
    found = solve(problem)
    assert stops_of(problem, found, 0)[:2] == ["S4", "S1"]
    assert stops_of(problem, found, 1)[1] == "S2"


def test_a_position_counts_over_the_loops_of_the_whole_route() -> None:
    van = small.vehicle("V1", capacity=small.BOUNDLESS._replace(crates=2), max_loops=3, reload_at=("D",))
    given = small.scenario([small.site(name) for name in BLOCKS], [van], locks=(Lock("V1", "S1/1", 3),))
    problem = with_locks(small.line_problem(given, **BLOCKS))
    found = solve(problem)
    assert stops_of(problem, found, 0)[2] == "S1"
    assert len(served_by(problem, found)) == 4


def test_a_visit_without_a_position_keeps_its_vehicle_beside_one_with() -> None:
    problem = posed(two_vans(Lock("V1", "S1/1", 1), Lock("V1", "S4/1"), Lock("V2", "S2/1")))
    found = solve(problem)
    assert stops_of(problem, found, 0)[0] == "S1"
    assert "S4" in stops_of(problem, found, 0)
    assert "S2" in stops_of(problem, found, 1)


def of_five_sites(problem: Problem) -> Problem:
    sites = problem.scenario.sites[:5]
    names = {site.place.id for site in sites}
    visits = tuple(visit for visit in problem.visits if visit.site in names)
    left = tuple(left for left in problem.dismissed if left.visit.site in names)
    return replace(problem, scenario=replace(problem.scenario, sites=sites), visits=visits, dismissed=left)


def some_plan_holds(problem: Problem) -> bool:
    """By trying every route of every vehicle that something is locked to."""
    pins: dict[str, dict[str, int | None]] = {}
    for lock in problem.scenario.locks:
        pins.setdefault(lock.vehicle, {})[lock.visit or ""] = lock.position
    numbers = range(len(problem.visits))
    orders = [order for size in numbers for order in permutations(numbers, size + 1)]
    routes = [
        [
            set(order)
            for order in orders
            if stands(problem, order, pins[vehicle.id]) and drivable(problem, vehicle, order)
        ]
        for vehicle in problem.scenario.vehicles
        if vehicle.id in pins
    ]
    return any(sum(map(len, chosen)) == len(set().union(*chosen)) for chosen in product(*routes))


def stands(problem: Problem, order: Sequence[int], pins: Mapping[str, int | None]) -> bool:
    places = {problem.visits[call].id: number for number, call in enumerate(order, 1)}
    return all(visit in places and position in (None, places[visit]) for visit, position in pins.items())


def drivable(problem: Problem, vehicle: Vehicle, order: Sequence[int]) -> bool:
    visits = [problem.visits[call] for call in order]
    return all(visit.takes(vehicle) for visit in visits) and route_worth(problem, vehicle, order) is not None


@pytest.mark.parametrize("seed", range(40))
def test_locks_are_refused_only_where_no_plan_holds_them(seed: int) -> None:
    problem, chance = of_five_sites(random_problem(seed)), random.Random(seed)
    vehicles = [each.id for each in problem.scenario.vehicles]
    chosen = chance.sample([visit.id for visit in problem.visits], min(len(problem.visits), 3))
    locks: dict[object, Lock] = {}
    for visit in chosen:
        lock = Lock(chance.choice(vehicles), visit, chance.choice([None, 1, 2, 3]))
        locks.setdefault((lock.vehicle, lock.position or visit), lock)
    problem = replace(problem, scenario=replace(problem.scenario, locks=tuple(locks.values())))
    if some_plan_holds(problem):
        solve(with_locks(problem), iterations=40)
    else:
        assert refused(problem)


# --- whole routes -------------------------------------------------------------------------------------------------


def earlier_of(**routes: list[str]) -> Earlier:
    stops = {visit: EarlierStop(vehicle, 0) for vehicle, visits in routes.items() for visit in visits}
    return Earlier(stops, {vehicle: (EarlierLoop("D", tuple(visits)),) for vehicle, visits in routes.items()})


def test_a_locked_route_is_as_it_was_though_another_order_is_shorter() -> None:
    before = earlier_of(V1=["S2/1", "S4/1", "S1/1"])
    problem = posed(two_vans(Lock("V1"), earlier=before))
    found = solve(problem)
    assert stops_of(problem, found, 0) == ["S2", "S4", "S1"]
    assert stops_of(problem, found, 1) == ["S3"]


def test_a_vehicle_locked_idle_stays_idle() -> None:
    problem = posed(two_vans(Lock("V2"), earlier=earlier_of(V1=["S1/1"])))
    assert stops_of(problem, solve(problem), 1) == []


def test_what_a_locked_route_takes_from_stock_is_gone() -> None:
    """Three crates at D: the locked route takes two, so of S3 and S4 one is left out."""
    given = two_vans(Lock("V1"), earlier=earlier_of(V1=["S2/1", "S1/1"]))
    depot = replace(given.depots[0], stock={"kit": 3})
    problem = posed(replace(given, depots=(depot,)))
    found = solve(problem)
    assert stops_of(problem, found, 0) == ["S2", "S1"]
    assert len(served_by(problem, found)) == 3


def test_a_locked_route_and_one_loading_bay() -> None:
    given = two_vans(Lock("V1"), earlier=earlier_of(V1=["S2/1", "S4/1"]))
    depot = replace(given.depots[0], bays=1, loading_s=600)
    problem = posed(replace(given, depots=(depot,)))
    found = solve(problem)
    assert stops_of(problem, found, 0) == ["S2", "S4"]
    assert len(served_by(problem, found)) == 4


# --- locks that cannot hold ---------------------------------------------------------------------------------------


def one_van(
    *locks: Lock, blocks: int = 2, policy: Policy | None = None, earlier: Earlier | None = None, **site: object
) -> Problem:
    members = dict(site)
    vans = [small.vehicle("V1", **members.pop("vehicle", {})), small.vehicle("V2")]  # type: ignore[arg-type]
    given = small.scenario([small.site("S1", **members)], vans, locks=locks or (Lock("V1", "S1/1"),), earlier=earlier)  # type: ignore[arg-type]
    return small.line_problem(replace(given, policy=policy or given.policy), S1=blocks)


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        (one_van(allowed=frozenset({"V2"})), "ZONE"),
        (one_van(needs_pass="red"), "ZONE"),  # noqa: S106  a permit
        (one_van(vehicle={"capacity": Load(0, 10**9, 10**9)}), "CAPACITY"),
        (one_van(vehicle={"shift": Interval(0, 100)}), "SHIFT"),
        (one_van(receiving=[(0, 60)]), "WINDOW"),
        (one_van(target_s=60, policy=Policy("leave_out")), "TARGET"),
        (one_van(blocks=400), "TARGET"),
        (one_van(Lock("V1", "S1/1", 3)), "DEMAND"),
    ],
)
def test_a_lock_that_cannot_hold_is_refused_naming_the_rule(problem: Problem, rule: str) -> None:
    assert refused(problem) == [("/locks/0", rule)]


def test_every_lock_that_cannot_hold_is_named() -> None:
    locks = (Lock("V1", "S1/1"), Lock("V1", "S9/1"), Lock("V9", "S1/1"))
    problem = one_van(*locks, allowed=frozenset({"V2"}))
    with pytest.raises(BadInput) as refusal:
        with_locks(problem)
    assert [complaint.pointer for complaint in refusal.value.complaints] == ["/locks/0", "/locks/1", "/locks/2"]


def test_two_locks_that_do_not_fit_together_are_refused() -> None:
    given = two_vans(Lock("V1", "S1/1"), Lock("V1", "S2/1"))
    small_van = replace(given.vehicles[0], capacity=small.BOUNDLESS._replace(crates=1))
    assert refused(small.line_problem(replace(given, vehicles=(small_van, given.vehicles[1])), **BLOCKS)) == [
        ("/locks/1", "CAPACITY")
    ]


def test_positions_against_rising_risk_are_refused() -> None:
    given = two_vans(Lock("V1", "S1/1", 1), Lock("V1", "S2/1", 2))
    sealed = replace(given.sites[0], zone=ZoneLevel.SEALED)
    assert refused(small.line_problem(replace(given, sites=(sealed, *given.sites[1:])), **BLOCKS)) == [
        ("/locks/1", "RISK")
    ]


def test_a_locked_route_needs_an_earlier_plan() -> None:
    with pytest.raises(BadInput) as refusal:
        posed(two_vans(Lock("V1")))
    assert "--from" in refusal.value.complaints[0].message.en


@pytest.mark.parametrize(
    ("locks", "earlier", "expected"),
    [
        ([Lock("V1")], earlier_of(V1=["S1/1", "S9/1"]), ("/locks/0", "DEMAND")),
        ([Lock("V1"), Lock("V2", "S1/1")], earlier_of(V1=["S1/1"]), ("/locks/0", "LOCK")),
        ([Lock("V1"), Lock("V1", "S2/1", 1)], earlier_of(V1=["S1/1", "S2/1"]), ("/locks/0", "LOCK")),
        ([Lock("V1"), Lock("V1", "S3/1")], earlier_of(V1=["S1/1"]), ("/locks/0", "LOCK")),
    ],
)
def test_a_locked_route_that_contradicts_what_else_is_given_is_refused(
    locks: list[Lock], earlier: Earlier, expected: tuple[str, str]
) -> None:
    assert expected in refused(small.line_problem(two_vans(*locks, earlier=earlier), **BLOCKS))


def test_a_locked_route_that_breaks_a_rule_today_is_refused() -> None:
    given = two_vans(Lock("V1"), earlier=earlier_of(V1=["S1/1", "S2/1"]))
    small_van = replace(given.vehicles[0], capacity=small.BOUNDLESS._replace(crates=1))
    assert refused(small.line_problem(replace(given, vehicles=(small_van, given.vehicles[1])), **BLOCKS)) == [
        ("/locks/0", "CAPACITY")
    ]


# --- the checker --------------------------------------------------------------------------------------------------


LOCKED = two_vans(Lock("V1", "S1/1"), Lock("V1", "S2/1", 2), Lock("V2"), earlier=earlier_of(V2=["S3/1", "S4/1"]))


@pytest.mark.parametrize(
    ("routes", "blamed"),
    [
        (((0, 1), (2, 3)), []),
        (((1, 0), (2, 3)), [("V1", "S2/1")]),
        (((1,), (2, 3, 0)), [("V1", "S1/1"), ("V1", "S2/1"), ("V2", "S1/1")]),
        (((1,), (2, 3)), [("V1", "S1/1"), ("V1", "S2/1")]),
        (((0, 1), (3, 2)), [("V2", "S3/1")]),
        (((0, 1), (2,)), [("V2", "S4/1")]),
        (((0, 1, 3), (2,)), [("V2", "S4/1")]),
        (((0, 1), ()), [("V2", "S3/1")]),
    ],
)
def test_a_plan_that_moves_what_is_locked_is_rejected_naming_vehicle_and_visit(
    routes: tuple[tuple[int, ...], ...], blamed: list[tuple[str, str]]
) -> None:
    free = small.line_problem(LOCKED, **BLOCKS)
    found = check_locks(free, plan_of(free, Solution(routes)))
    assert [violation.rule for violation in found] == ["LOCK"] * len(blamed)
    assert sorted((violation.vehicle, violation.visit) for violation in found) == sorted(blamed)


def test_another_loop_of_a_locked_route_is_rejected() -> None:
    given = replace(LOCKED, vehicles=tuple(replace(each, max_loops=2, reload_at=("D",)) for each in LOCKED.vehicles))
    problem = small.line_problem(given, **BLOCKS)
    found = check_locks(problem, plan_of(problem, Solution(((0, 1), (2, -1, 3)))))
    assert [(violation.rule, violation.vehicle) for violation in found] == [("LOCK", "V2")]


def test_a_route_lock_is_not_believed_without_the_earlier_plan() -> None:
    free = replace(small.line_problem(LOCKED, **BLOCKS), scenario=replace(LOCKED, earlier=None))
    assert [violation.vehicle for violation in check_locks(free, plan_of(free, Solution(((0, 1), (2, 3)))))] == ["V2"]


def test_an_arrangement_brings_in_others_where_its_own_are_too_few() -> None:
    problem = posed(two_vans(Lock("V1", "S1/1", 3)))
    pins = {0: (Pin(0, 3, 0),)}
    route = Arrangement(problem, 0, pins, Solution(((0,), (1, 2, 3))), {}).start()
    assert route[2] == 0
    assert len(route) == 3
