"""Reasons in random tight problems with every rule: the checker finds the same, and so does a run with the visit alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.check import check_plan
from routing.evaluate import plan_of
from routing.explain import explain_plan
from routing.model import Plan, Problem, Reason, ReasonCode, Visit
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.conftest import SOAK
from tests.routing.enumerate_loops import random_problem

BESIDE_THE_REST = {ReasonCode.NO_STOCK, ReasonCode.NO_CAPACITY_LEFT}
"""Alone the visit would be in time: from stores that hold enough, which NO_STOCK and a late stop say nothing of."""


def solved(problem: Problem) -> Plan:
    stop = Stop(iterations=100)
    solution = known_solver("pyvrp").solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    return explain_plan(problem, plan_of(problem, solution))


def reasons(plan: Plan) -> list[tuple[Visit, Reason]]:
    given = [(stop.visit, stop.reason) for stop in plan.stops()]
    given += [(left.visit, left.reason) for left in plan.unserved]
    return [(visit, reason) for visit, reason in given if reason is not None]


def require_reasons_hold(problem: Problem) -> None:
    plan = solved(problem)
    assert check_plan(problem, plan) == ()
    dismissed = {left.visit.id for left in problem.dismissed}
    for visit, reason in reasons(plan):
        if visit.id not in dismissed:
            late = visit.id not in {left.visit.id for left in plan.unserved}
            alone = solved(only(problem, visit, full=late or reason.code is ReasonCode.NO_STOCK))
            assert (alone.summary.served_in_time == 1) == (reason.code in BESIDE_THE_REST)


def only(problem: Problem, visit: Visit, *, full: bool) -> Problem:
    depots = {name: replace(depot, stock={} if full else depot.stock) for name, depot in problem.depots.items()}
    scenario = replace(problem.scenario, depots=tuple(depots.values()))
    return replace(problem, scenario=scenario, depots=depots, visits=(visit,), dismissed=())


@pytest.mark.parametrize("seed", range(10))
def test_a_reason_holds_exactly_if_the_visit_alone_is_not_in_time_either(seed: int) -> None:
    require_reasons_hold(random_problem(seed, visits=8, bays=seed % 2 == 0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_000 + 40 * SOAK))
def test_more_reasons_hold(seed: int) -> None:
    require_reasons_hold(random_problem(seed, visits=9, bays=seed % 2 == 0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4 * SOAK))
def test_plans_of_thirty_to_sixty_visits_under_all_rules_pass_the_checker(seed: int) -> None:
    problem = random_problem(seed, visits=30 + 3 * seed, bays=seed % 2 == 0)
    assert check_plan(problem, solved(problem)) == ()
