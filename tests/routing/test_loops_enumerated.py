"""The solver against every plan there is of small problems in which every rule has its say: up to seven visits."""

from __future__ import annotations

import pytest

from routing.check import check_plan
from routing.evaluate import plan_of, worth
from routing.explain import explain_plan
from routing.model import Problem
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.conftest import SOAK
from tests.routing import enumerate_loops, enumerate_seven
from tests.routing.enumerate_loops import random_problem

MOST_VISITS = 7


def seven_visits(seed: int) -> Problem:
    """Seven sites; some are dismissed, and what fits no vehicle at once is cut, so that six or seven visits are posed."""
    tries = (random_problem(seed + 10_000 * again, visits=MOST_VISITS) for again in range(1_000))
    return next(problem for problem in tries if MOST_VISITS - 1 <= len(problem.visits) <= MOST_VISITS)


def assert_optimal(problem: Problem) -> None:
    solution = known_solver("pyvrp").solve(problem, stop=Stop(iterations=300), seed=0, on_improvement=lambda _: None)
    assert check_plan(problem, explain_plan(problem, plan_of(problem, solution))) == ()
    assert worth(problem, solution) == enumerate_seven.best_worth(problem)


@pytest.mark.parametrize("seed", range(12))
def test_two_enumerations_find_the_same(seed: int) -> None:
    problem = random_problem(seed, visits=3)
    assert enumerate_seven.best_worth(problem) == enumerate_loops.best_worth(problem)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + 15 * SOAK))
def test_two_enumerations_find_the_same_for_four_visits(seed: int) -> None:
    problem = random_problem(seed)
    assert enumerate_seven.best_worth(problem) == enumerate_loops.best_worth(problem)


@pytest.mark.parametrize("seed", range(12))
def test_three_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed, visits=3))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + 25 * SOAK))
def test_four_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(random_problem(seed))


@pytest.mark.parametrize("seed", range(10, 15))
def test_up_to_seven_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(seven_visits(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + 20 * SOAK))
def test_more_of_up_to_seven_visits_no_plan_is_better(seed: int) -> None:
    assert_optimal(seven_visits(seed))
