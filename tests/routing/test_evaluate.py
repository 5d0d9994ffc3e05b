"""What a solution is worth, by hand and part by part."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from routing.evaluate import Solution, add_worths, left_out_worth, plan_of, route_worth, worth
from routing.model import DispatchOrder, Interval, Policy, Problem
from tests.routing import small
from tests.routing.enumerate_plans import random_problem

ORDER = DispatchOrder("w1", 0, target_s=900)


def three_sites() -> Problem:
    """Ten, fifteen and twenty minutes out; anything after a quarter of an hour is late."""
    sites = [
        small.site("S1", priority=1, service_s=60),
        small.site("S2", priority=2, service_s=60),
        small.site("S3", priority=3, required=True),
    ]
    vans = [small.vehicle("V1", fixed_cost_s=1_000), small.vehicle("V2", fixed_cost_s=50)]
    return small.line_problem(small.scenario(sites, vans, orders=(ORDER,)), S1=10, S2=15, S3=20)


def test_worth_counts_unserved_then_late_by_urgency_then_seconds_then_cost() -> None:
    """S1 at 600, S2 at 960 (60 late), back at 1,920; S3, required, is left out."""
    assert worth(three_sites(), Solution(((0, 1), ()))) == (1, 0, 0, 0, 0, 0, 1, 0, 60, 2_920)


def test_a_late_required_visit_counts_as_required() -> None:
    assert worth(three_sites(), Solution(((), (2,)))) == (0, 1, 1, 0, 1, 0, 0, 0, 300, 2_450)


def test_with_prices_only_the_cost_counts() -> None:
    problem = three_sites()
    policy = Policy(objective="prices", prices={1: 10, 2: 20, 3: 40})
    priced = replace(problem, scenario=replace(problem.scenario, policy=policy))
    assert worth(priced, Solution(((0,), ()))) == (1_260 + 1_000 + 20 + 40,)


def test_a_route_that_cannot_be_driven_makes_the_solution_worthless() -> None:
    problem = three_sites()
    short = tuple(replace(van, shift=Interval(0, 1_919)) for van in problem.scenario.vehicles)
    tight = replace(problem, scenario=replace(problem.scenario, vehicles=short))
    assert worth(tight, Solution(((0, 1), ()))) is None
    with pytest.raises(ValueError, match="V1"):
        plan_of(tight, Solution(((0, 1), ())))


def test_totals_and_summary_of_a_plan_reckoned_by_hand() -> None:
    plan = plan_of(three_sites(), Solution(((0, 1), ())))
    (route,) = plan.routes
    totals, summary = route.totals, plan.summary
    assert (totals.stops, totals.travel_s, totals.service_s, totals.wait_s) == (2, 1_800, 120, 0)
    assert (totals.fixed_cost_s, totals.cost_s) == (1_000, 2_920)
    assert totals.load == (2_000, 2_000, 2)
    assert (summary.sites, summary.sites_served, summary.visits) == (3, 2, 3)
    assert (summary.served_in_time, summary.served_late, summary.unserved) == (1, 1, 1)
    assert (summary.latest_start_s, summary.vehicles_used, summary.vehicles) == (600, 1, 2)
    assert summary.objective == (1, 1, 60, 2_920)


def test_times_of_later_orders_count_from_those_orders() -> None:
    orders = (ORDER, DispatchOrder("w2", 1_000, target_s=900))
    given = small.scenario([small.site("S1"), small.site("S2", order="w2")], orders=orders)
    problem = small.line_problem(given, S1=10, S2=15)
    plan = plan_of(problem, Solution(((1,),)))
    assert plan.summary.latest_start_s == 900
    assert plan.summary.objective.late == 0


def test_a_site_in_parts_is_served_when_all_parts_are() -> None:
    van = small.vehicle(capacity=small.BOUNDLESS._replace(crates=5))
    problem = small.line_problem(small.scenario([small.site("S1", 8)], [van, replace(van, id="W")]), S1=5)
    assert [visit.id for visit in problem.visits] == ["S1/1", "S1/2"]
    assert plan_of(problem, Solution(((0,), ()))).summary.sites_served == 0
    assert plan_of(problem, Solution(((0,), (1,)))).summary.sites_served == 1


def test_what_was_dismissed_is_counted_as_unserved() -> None:
    given = small.scenario([small.site("S1"), small.site("S2")])
    far = small.NEVER
    problem = small.table_problem(given, [[0, 60, far], [60, 0, far], [far, far, 0]])
    plan = plan_of(problem, Solution(((0,),)))
    assert (plan.summary.visits, plan.summary.unserved, plan.summary.sites) == (2, 1, 2)


@pytest.mark.parametrize("seed", range(12))
def test_worth_is_the_sum_over_routes_and_what_is_left(seed: int) -> None:
    """And agrees with the objective that the plan states."""
    problem, chance = random_problem(seed, two_orders=seed % 2 == 0), random.Random(seed)
    for _ in range(20):
        solution = random_solution(problem, chance)
        parts = [
            route_worth(problem, van, route)
            for van, route in zip(problem.scenario.vehicles, solution.routes, strict=True)
        ]
        if None in parts:
            assert worth(problem, solution) is None
            continue
        left = [left_out_worth(problem, problem.visits[index]) for index in solution.unserved(problem)]
        total = add_worths([part for part in parts if part is not None] + left)
        assert worth(problem, solution) == total
        objective = plan_of(problem, solution).summary.objective
        assert objective == (sum(total[:4]), sum(total[4:8]), total[8], total[9])


def random_solution(problem: Problem, chance: random.Random) -> Solution:
    vans = len(problem.scenario.vehicles)
    routes: list[list[int]] = [[] for _ in range(vans)]
    for index in chance.sample(range(len(problem.visits)), len(problem.visits)):
        where = chance.randint(0, vans)
        if where < vans:
            routes[where].append(index)
    return Solution(tuple(tuple(route) for route in routes))
