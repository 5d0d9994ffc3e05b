"""The solver against every possible plan of tiny problems, and what it does when there is little or no time."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from routing.check import check_plan
from routing.evaluate import Solution, Worth, plan_of, worth
from routing.model import DispatchOrder, Interval, Policy, Problem
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import small
from tests.routing.enumerate_plans import best_worth, random_problem
from tests.routing.tight import tight

PRICES = {1: 9_000, 2: 4_000, 3: 1_500}
LATE = Policy("deliver_late")
IN_TIME = Policy("leave_out")
PRICED = Policy("leave_out", "prices", PRICES)
PRICED_LATE = Policy("deliver_late", "prices", PRICES)


def solve(problem: Problem, *, stop: Stop | None = None, seed: int = 0) -> Solution:
    stop = stop or Stop(iterations=300)
    return known_solver("pyvrp").solve(problem, stop=stop, seed=seed, on_improvement=lambda _: None)


def require_valid(problem: Problem, solution: Solution) -> None:
    assert check_plan(problem, plan_of(problem, solution), explained=False) == ()


def assert_optimal(problem: Problem) -> None:
    solution = solve(problem)
    require_valid(problem, solution)
    assert worth(problem, solution) == best_worth(problem)


# --- against every plan -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_late_where_it_must_be_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, policy=LATE))


@pytest.mark.parametrize("seed", range(20))
def test_leaving_out_what_would_be_late_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, policy=IN_TIME))


@pytest.mark.parametrize("seed", range(15))
def test_with_two_orders_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, two_orders=True))


@pytest.mark.parametrize("seed", range(15))
def test_with_a_price_per_unserved_visit_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, policy=PRICED))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_seven_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, visits=7))


@pytest.mark.parametrize("seed", range(10))
def test_prices_without_a_limit_on_lateness_are_never_worse_than_leaving_out(seed: int) -> None:
    """PyVRP's own departures may differ from ours, so the optimum is only a bound here."""
    problem = random_problem(seed, policy=PRICED_LATE)
    solution = solve(problem)
    require_valid(problem, solution)
    found, best = worth(problem, solution), best_worth(problem)
    assert found is not None
    assert best <= found
    assert found[0] <= best[0] * 1.15


@pytest.mark.parametrize("seed", range(10))
def test_where_the_depot_closes_between_it_comes_close_to_the_best(seed: int) -> None:
    """A vehicle is kept for one opening of its depot, so that the best may be missed: by one visit, never by more."""
    problem = random_problem(seed, opening=True, two_orders=True)
    solution = solve(problem)
    require_valid(problem, solution)
    found = worth(problem, solution)
    assert found is not None
    assert sum(found[:8]) <= sum(best_worth(problem)[:8]) + 1


def test_each_priority_has_its_own_price_also_among_required_visits() -> None:
    """Each drive costs 1,200 s: worth it for priority 1 at 2,000 s, not for priority 3 at 500 s."""
    policy = Policy("leave_out", "prices", {1: 2_000, 2: 2_000, 3: 500})
    sites = [small.site("S1", priority=1, required=True), small.site("S2", priority=3, required=True)]
    given = replace(small.scenario(sites, [small.vehicle("V1"), small.vehicle("V2")]), policy=policy)
    problem = small.line_problem(given, S1=10, S2=-10)
    assert solve(problem).unserved(problem) == [1]


# --- the order of what counts -----------------------------------------------------------------------------------


def one_of_two(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Which site one vehicle with room for one of them serves, S1 being ten times as far."""
    sites = [small.site("S1", **first), small.site("S2", **second)]
    van = small.vehicle(capacity=small.BOUNDLESS._replace(crates=1))
    problem = small.line_problem(small.scenario(sites, [van]), S1=50, S2=5)
    solution = solve(problem)
    return [problem.visits[index].site for route in solution.routes for index in route]


def test_a_required_site_goes_before_one_of_first_priority() -> None:
    assert one_of_two({"required": True, "priority": 3}, {"priority": 1}) == ["S1"]


def test_first_priority_goes_before_second() -> None:
    assert one_of_two({"priority": 1}, {"priority": 2}) == ["S1"]


def test_among_equals_the_cheaper_goes() -> None:
    assert one_of_two({"priority": 2}, {"priority": 2}) == ["S2"]


def test_serving_one_more_is_worth_any_number_of_vehicles() -> None:
    """Two visits need a vehicle each; the dear ones cost more than a shift."""
    vans = [small.vehicle(f"V{n}", fixed_cost_s=500_000, capacity=small.BOUNDLESS._replace(crates=1)) for n in range(3)]
    sites = [small.site(f"S{n}") for n in range(3)]
    problem = small.line_problem(small.scenario(sites, vans), S0=5, S1=6, S2=7)
    assert solve(problem).unserved(problem) == []


def test_late_rather_than_never() -> None:
    order = DispatchOrder("w1", 0, target_s=600)
    problem = small.line_problem(small.scenario([small.site("S1")], orders=(order,)), S1=20)
    assert solve(problem).routes == ((0,),)
    out = replace(problem, scenario=replace(problem.scenario, policy=IN_TIME))
    assert solve(out).routes == ((),)


def test_nothing_is_delivered_after_the_round() -> None:
    order = DispatchOrder("w1", 0, target_s=600, round_limit_s=1_199)
    problem = small.line_problem(small.scenario([small.site("S1")], orders=(order,)), S1=20)
    assert solve(problem).routes == ((),)


# --- odd problems -----------------------------------------------------------------------------------------------


def test_no_visits_make_an_empty_plan() -> None:
    problem = small.line_problem(small.scenario([small.site("S1", 0)]))
    assert problem.visits == ()
    assert solve(problem) == Solution(((),), work_limit=300)


@pytest.mark.parametrize("policy", [LATE, IN_TIME, PRICED, PRICED_LATE])
def test_where_nothing_can_be_served_nothing_is(policy: Policy) -> None:
    given = small.scenario([small.site("S1", receiving=[]), small.site("S2", receiving=[(0, 10)])], policy=policy)
    problem = small.line_problem(given, S1=10, S2=10)
    solution = solve(problem)
    assert solution.unserved(problem) == [0, 1]
    require_valid(problem, solution)


@pytest.mark.parametrize("policy", [LATE, IN_TIME, PRICED, PRICED_LATE])
def test_vehicles_that_can_never_leave_stay_where_they_are(policy: Policy) -> None:
    shut = [(0, 100)]
    vans = [
        small.vehicle("off duty", shift=Interval(-500, -10)),
        small.vehicle("after hours", shift=Interval(200, 9_000)),
    ]
    given = small.scenario([small.site("S1")], vans, depots=[small.depot(opening=shut)], policy=policy)
    problem = small.line_problem(given, S1=10)
    assert solve(problem).routes == ((), ())


def test_one_that_can_leave_does_the_work_of_those_that_cannot() -> None:
    vans = [small.vehicle("off duty", shift=Interval(-500, -10)), small.vehicle("on duty")]
    problem = small.line_problem(small.scenario([small.site("S1"), small.site("S2")], vans), S1=10, S2=11)
    assert solve(problem).routes[0] == ()
    assert solve(problem).unserved(problem) == []


def test_a_visit_with_two_windows_is_made_once_in_the_one_that_fits() -> None:
    hours = [(0, 599), (3_000, 3_600)]
    problem = small.line_problem(small.scenario([small.site("S1", receiving=hours), small.site("S2")]), S1=10, S2=10)
    solution = solve(problem)
    require_valid(problem, solution)
    starts = {stop.visit.site: stop.start_s for stop in plan_of(problem, solution).stops()}
    assert starts["S1"] == 3_000


def test_goods_of_a_second_order_leave_in_the_depots_second_opening() -> None:
    orders = (small.ORDER, DispatchOrder("w2", 5_000))
    sites = [small.site("S1"), small.site("S2", order="w2")]
    vans = [small.vehicle("V1"), small.vehicle("V2")]
    depots = [small.depot(opening=[(0, 2_000), (6_000, 9_000)])]
    for policy in (LATE, IN_TIME):
        given = small.scenario(sites, vans, depots=depots, orders=orders, policy=policy)
        problem = small.line_problem(given, S1=10, S2=12)
        assert solve(problem).unserved(problem) == []


# --- stopping and repeating -------------------------------------------------------------------------------------


def crowded() -> Problem:
    """More than its vehicles can do in time."""
    return random_problem(2, policy=LATE)


def test_same_seed_and_work_limit_same_solution() -> None:
    for seed in range(4):
        problem = random_problem(seed, visits=7)
        assert solve(problem, seed=seed) == solve(problem, seed=seed)


def test_the_work_limit_is_reached_and_named() -> None:
    solution = solve(crowded(), stop=Stop(iterations=80))
    assert solution.finished
    assert solution.work_limit == 80
    assert solution.iterations == 80 + 80 // 4


def test_a_cancelled_search_still_gives_a_plan_that_keeps_the_rules() -> None:
    cancelled = threading.Event()
    cancelled.set()
    solution = solve(crowded(), stop=Stop(iterations=1_000_000, cancelled=cancelled))
    assert not solution.finished
    require_valid(crowded(), solution)


def test_even_a_cancelled_search_delivers_late_rather_than_never() -> None:
    cancelled = threading.Event()
    cancelled.set()
    order = DispatchOrder("w1", 0, target_s=600)
    problem = small.line_problem(small.scenario([small.site("S1")], orders=(order,)), S1=20)
    assert solve(problem, stop=Stop(iterations=1_000_000, cancelled=cancelled)).routes == ((0,),)


def test_a_time_budget_leaves_time_for_what_is_late() -> None:
    problem = crowded()
    solution = solve(problem, stop=Stop(seconds=1.0))
    assert not solution.finished
    assert worth(problem, solution) == best_worth(problem)


def test_a_time_budget_without_anything_late_is_used_up_by_one_search() -> None:
    problem = small.line_problem(small.scenario([small.site("S1"), small.site("S2")]), S1=10, S2=11)
    stop = Stop(seconds=0.4)
    assert solve(problem, stop=stop).unserved(problem) == []
    assert stop.now()


@pytest.mark.parametrize("seed", range(6))
def test_only_improvements_are_told_and_the_last_one_is_what_is_returned(seed: int) -> None:
    problem = random_problem(seed, policy=LATE)
    told: list[Worth] = []

    def hear(solution: Solution) -> None:
        require_valid(problem, solution)
        told.append(worth(problem, solution) or ())

    stop = Stop(iterations=200)
    found = known_solver("pyvrp").solve(problem, stop=stop, seed=0, on_improvement=hear)
    assert all(later < earlier for earlier, later in pairwise(told))
    assert told[-1] == worth(problem, found)


def test_a_search_with_reloads_and_a_longest_route_comes_to_an_end() -> None:
    """PyVRP 0.14.1 went round in circles here while it was told the longest route of vehicles that reload."""
    problem = tight(52).problem
    assert problem.scenario.policy.longest_route_s is not None
    assert problem.visits
