"""The price of the longest route: against every plan of tiny problems, by hand, and what the checker says of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, permutations, product

import pytest

from routing.ceilings import Ladder, PricingLongest
from routing.check import check_plan
from routing.evaluate import longest_route_s, plan_of, worth
from routing.model import UNBOUND, Load, Lock, Plan, Policy, Problem, Scenario, Seconds
from routing.pipeline import make_plan
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import small

PYVRP = known_solver("pyvrp")


# --- against every plan -----------------------------------------------------------------------------------------


def random_problem(seed: int, price: float) -> Problem:
    """Four or five visits without hours and two vans of little room; everything can be made in time."""
    chance = random.Random(seed)
    count = chance.choice((4, 5))
    sites = [small.site(f"S{number}", service_s=60 * chance.randint(0, 5)) for number in range(count)]
    room = Load(UNBOUND, UNBOUND, chance.choice((3, 4, 5)))
    vans = [
        small.vehicle(f"V{number}", capacity=room, fixed_cost_s=chance.choice((0, 300, 900))) for number in range(2)
    ]
    where = [(chance.randint(0, 900), chance.randint(0, 900)) for _ in range(count + 1)]
    table = [[abs(x - u) + abs(y - v) for u, v in where] for x, y in where]
    return small.table_problem(small.scenario(sites, vans, policy=Policy(longest_route_price=price)), table)


def least_cost_s(problem: Problem) -> Seconds:
    """Of all ways to deal the visits out to the two vans and to order them, by nothing but sums of the table."""
    price = problem.scenario.policy.longest_route_price
    costs = []
    for dealt in product((0, 1), repeat=len(problem.visits)):
        parts = [[n for n, van in enumerate(dealt) if van == number] for number in (0, 1)]
        vans = problem.scenario.vehicles
        if any(len(part) > van.capacity.crates for part, van in zip(parts, vans, strict=True)):
            continue
        away_s = [min(_outs_s(problem, part)) for part in parts]
        fixed_s = sum(van.fixed_cost_s for part, van in zip(parts, vans, strict=True) if part)
        costs.append(sum(away_s) + fixed_s + round(price * max(away_s)))
    return min(costs)


def _outs_s(problem: Problem, part: Sequence[int]) -> Iterator[Seconds]:
    for order in permutations(part):
        rows = [0, *(problem.visits[n].row for n in order), 0]
        driven_s = sum(problem.travel_s.item(0, here, there) for here, there in pairwise(rows))
        yield driven_s + sum(problem.visits[n].service_s for n in order)


def assert_optimal(problem: Problem) -> None:
    solver = PricingLongest(PYVRP)
    plan = plan_of(problem, solver.solve(problem, stop=Stop(iterations=300), seed=0, on_improvement=lambda _: None))
    assert check_plan(problem, plan, explained=False) == ()
    assert plan.unserved == ()
    assert plan.summary.objective.cost_s == least_cost_s(problem)


@pytest.mark.parametrize("price", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("seed", range(2))
def test_with_a_price_on_the_longest_route_no_plan_is_better(seed: int, price: float) -> None:
    assert_optimal(random_problem(seed, price))


@pytest.mark.slow
@pytest.mark.parametrize("price", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("seed", range(2, 40))
def test_nor_is_any_in_more_of_such_problems(seed: int, price: float) -> None:
    assert_optimal(random_problem(seed, price))


def test_prices_change_some_of_those_plans() -> None:
    """Else the tests above would show nothing."""
    cheapest = [least_cost_s(random_problem(seed, 0.0)) for seed in range(12)]
    longest = [
        longest_route_s(
            plan_of(
                problem := random_problem(seed, 0.0),
                PYVRP.solve(problem, stop=Stop(iterations=300), seed=0, on_improvement=lambda _: None),
            ).routes
        )
        for seed in range(12)
    ]
    unaware = [cost_s + 4 * longest_s for cost_s, longest_s in zip(cheapest, longest, strict=True)]
    aware = [least_cost_s(random_problem(seed, 4.0)) for seed in range(12)]
    assert sum(1 for one, other in zip(aware, unaware, strict=True) if one < other) >= 4


# --- by hand ----------------------------------------------------------------------------------------------------


def two_ways(price: float) -> Scenario:
    """Five blocks west and five blocks east: one van is out for 20 minutes, two for 10 each, at 5 minutes per van."""
    sites = [small.site(name, service_s=0) for name in "AB"]
    vans = [small.vehicle(name, fixed_cost_s=300) for name in ("V1", "V2")]
    given = small.scenario(sites, vans, policy=Policy(longest_route_price=price))
    return small.at(given, D=6, A=1, B=11)


def planned(scenario: Scenario, **limits: int) -> Plan:
    stop = Stop(**(limits or {"iterations": 200}))
    return make_plan(scenario, small.line_network(), solver=PYVRP, stop=stop).plan


@pytest.mark.parametrize(
    ("price", "vehicles", "cost_s"),
    [(0.0, 1, 1_200 + 300), (0.4, 1, 1_200 + 300 + 480), (0.6, 2, 1_200 + 600 + 360), (2.0, 2, 1_200 + 600 + 1_200)],
)
def test_the_price_decides_whether_a_second_van_pays(price: float, vehicles: int, cost_s: int) -> None:
    plan = planned(two_ways(price))
    assert (plan.summary.vehicles_used, plan.summary.objective.cost_s) == (vehicles, cost_s)


def test_the_price_comes_after_service() -> None:
    """However dear it is, nothing is left out for it."""
    plan = planned(two_ways(1_000.0))
    assert (plan.summary.unserved, plan.summary.vehicles_used) == (0, 2)


def test_a_lock_that_asks_for_a_long_route_holds_at_any_price() -> None:
    locks = (Lock("V1", "A/1"), Lock("V1", "B/1", position=2))
    plan = planned(replace(two_ways(2.0), locks=locks))
    assert [[stop.visit.id for stop in plan.stops()]] == [["A/1", "B/1"]]
    assert plan.summary.objective.cost_s == 1_200 + 300 + 2_400


def test_same_seed_and_work_limit_give_the_same_plan() -> None:
    assert planned(two_ways(0.6)) == planned(two_ways(0.6))


def test_work_is_told_as_a_part_of_all_the_work() -> None:
    told: list[float] = []
    problem = random_problem(1, 1.0)
    PricingLongest(PYVRP).solve(
        problem, stop=Stop(iterations=400, on_work=told.append), seed=0, on_improvement=lambda _: None
    )
    assert told[0] == 0
    assert 0.5 < max(told) <= 1


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_without_a_price_is_no_better_with_the_price_counted(seed: int) -> None:
    problem, stop = random_problem(seed, 1.0), Stop(iterations=3)
    plain = PYVRP.solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    priced = PricingLongest(PYVRP).solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    costs = [plan_of(problem, solution).summary.objective.cost_s for solution in (priced, plain)]
    assert costs == sorted(costs)


def test_what_is_told_gets_better_and_ends_with_what_is_returned() -> None:
    problem, heard = random_problem(3, 4.0), []
    found = PricingLongest(PYVRP).solve(
        problem, stop=Stop(iterations=400), seed=0, on_improvement=lambda each: heard.append(each.routes)
    )
    costs = [plan_of(problem, replace(found, routes=routes)).summary.objective.cost_s for routes in heard]
    assert heard[-1] == found.routes
    assert costs[-1] == min(costs)


def test_a_search_that_is_to_stop_keeps_what_the_first_ceiling_gave() -> None:
    stop = Stop(iterations=400)
    stop.cancelled.set()
    problem = random_problem(1, 1.0)
    found = PricingLongest(PYVRP).solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    assert worth(problem, found) is not None
    assert not found.finished


# --- the checker ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off_s", [-360, -1, 1])
def test_an_objective_stated_without_its_price_is_found(off_s: int) -> None:
    problem = small.line_problem(two_ways(0.6), D=6, A=1, B=11)
    solution = PricingLongest(PYVRP).solve(problem, stop=Stop(iterations=200), seed=0, on_improvement=lambda _: None)
    plan = plan_of(problem, solution)
    assert check_plan(problem, plan) == ()
    objective = plan.summary.objective
    forged = replace(plan, summary=replace(plan.summary, objective=objective._replace(cost_s=objective.cost_s + off_s)))
    assert [(wrong.rule, wrong.subject) for wrong in check_plan(problem, forged)] == [("TOTALS", "cost_s")]


# --- the ladder -------------------------------------------------------------------------------------------------


def test_a_ladder_has_gaps_until_every_ceiling_is_known() -> None:
    problem = random_problem(2, 0.0)
    ladder = Ladder(problem, PYVRP, lambda _: Stop(iterations=5), seed=0, on_improvement=lambda _: None)
    for _ in range(60):
        gaps = ladder.gaps()
        if not gaps:
            break
        assert all(gap.over_s < gap.middle_s < gap.under_s for gap in gaps)
        ladder.try_within(gaps[0])
    assert ladder.gaps() == []
    good = ladder.serving_as_well()
    assert [rung.worth[-1] for rung in good] == sorted(rung.worth[-1] for rung in good)
    assert all(rung.longest_s <= (rung.ceiling_s or rung.longest_s) for rung in good)
