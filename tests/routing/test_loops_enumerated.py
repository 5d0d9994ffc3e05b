"""The solver against every plan there is of tiny problems in which every rule has its say."""

from __future__ import annotations

import pytest

from routing.check import check_plan
from routing.evaluate import plan_of, worth
from routing.explain import explain_plan
from routing.model import Problem
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.conftest import SOAK
from tests.routing.enumerate_loops import best_worth, random_problem


def assert_optimal(problem: Problem) -> None:
    solution = known_solver("pyvrp").solve(problem, stop=Stop(iterations=300), seed=0, on_improvement=lambda _: None)
    assert check_plan(problem, explain_plan(problem, plan_of(problem, solution))) == ()
    assert worth(problem, solution) == best_worth(problem)


@pytest.mark.parametrize("seed", range(12))
def test_three_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, visits=3))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + 25 * SOAK))
def test_four_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed))
