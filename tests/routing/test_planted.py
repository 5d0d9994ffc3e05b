"""Problems known to be solvable: how much of each the solver serves in time, and that no plan ever breaks a rule."""

from __future__ import annotations

import pytest

from routing.check import check_plan
from routing.evaluate import plan_of
from routing.explain import explain_plan
from routing.model import Plan, Problem
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.conftest import SOAK
from tests.routing.planted import planted


def solved(problem: Problem, iterations: int) -> Plan:
    stop = Stop(iterations=iterations)
    solution = known_solver("pyvrp").solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    plan = explain_plan(problem, plan_of(problem, solution))
    assert check_plan(problem, plan) == ()
    return plan


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_plan_passes_the_checker(seed: int) -> None:
    case = planted(seed, visits=40, slack=0.1)
    assert check_plan(case.problem, plan_of(case.problem, case.solution), explained=False) == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3 * SOAK))
def test_what_the_solver_finds_passes_the_checker(seed: int) -> None:
    solved(planted(seed, visits=30 + 4 * seed, slack=0.0).problem, 200)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3 * SOAK))
def test_with_slack_everything_is_served_in_time(seed: int) -> None:
    """Sizes from 20 to 200 visits, slack from a tenth to three tenths."""
    visits = (20, 40, 60, 80, 120, 200)[seed % 6]
    plan = solved(planted(seed, visits=visits, slack=(0.1, 0.2, 0.3)[seed % 3]).problem, 1_000)
    assert plan.summary.served_in_time == visits
