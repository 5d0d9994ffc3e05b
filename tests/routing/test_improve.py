"""Late stops are moved forward and left-out visits put in, by the objective's own measure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.evaluate import Solution, worth
from routing.model import DispatchOrder, Problem
from routing.solvers.base import Stop
from routing.solvers.improve import advance_late_stops, place_left_out, rearrange
from tests.routing import small
from tests.routing.enumerate_plans import LATE_ALLOWED, best_worth, random_problem

ENDLESS = Stop()
ORDER = DispatchOrder("w1", 0, target_s=1_200)


def two_vans(**blocks: int) -> Problem:
    sites = [small.site(name) for name in blocks]
    given = small.scenario(sites, [small.vehicle("V1"), small.vehicle("V2")], orders=(ORDER,))
    return small.line_problem(given, **blocks)


def stopped() -> Stop:
    stop = Stop()
    stop.cancelled.set()
    return stop


def test_a_late_stop_moves_to_the_vehicle_that_stands_idle() -> None:
    """One van reaches S1 at 600 s and S2, back across, at 2,400 s; two reach both in time."""
    problem = two_vans(S1=10, S2=-20)
    better = advance_late_stops(problem, Solution(((0, 1), ())), ENDLESS, most_places=None)
    assert better.routes == ((0,), (1,))
    assert worth(problem, better) == (0,) * 9 + (1_200 + 2_400,)


def test_a_left_out_visit_is_put_in_where_it_is_in_time() -> None:
    problem = two_vans(S1=10, S2=15, S3=-15)
    better = place_left_out(problem, Solution(((0, 1), ())))
    assert better.routes == ((0, 1), (2,))


def test_late_is_better_than_left_out() -> None:
    problem = two_vans(S1=25)
    assert place_left_out(problem, Solution(((), ()))).unserved(problem) == []


def test_nobody_in_time_is_made_late_for_one_that_is_late_anyway() -> None:
    """S2 first would be less late (1,500 s), but would make S1 late; it goes last."""
    sites = [small.site("S1", receiving=[(0, 1_000)]), small.site("S2")]
    problem = small.line_problem(small.scenario(sites, orders=(ORDER,)), S1=10, S2=-21)
    better = advance_late_stops(problem, Solution(((0,),)), ENDLESS, most_places=None)
    assert better.routes == ((0, 1),)


def test_without_any_vehicle_left_there_is_nothing_to_rearrange() -> None:
    problem = two_vans(S1=10)
    nobody = replace(problem, scenario=replace(problem.scenario, vehicles=()))
    assert rearrange(nobody, Solution(()), ENDLESS, most_places=200, seed=0, whole=True).routes == ()


def test_a_visit_no_vehicle_has_room_for_stays_out() -> None:
    van = small.vehicle(capacity=small.BOUNDLESS._replace(crates=1))
    given = small.scenario([small.site("S1"), small.site("S2")], [van], orders=(ORDER,))
    problem = small.line_problem(given, S1=10, S2=11)
    assert place_left_out(problem, Solution(((0,),))).unserved(problem) == [1]
    assert rearrange(problem, Solution(((0,),)), ENDLESS, most_places=200, seed=0).unserved(problem) == [1]


@pytest.mark.parametrize("seed", range(10))
def test_no_step_makes_a_solution_worse_and_rearranging_finds_the_best(seed: int) -> None:
    problem = random_problem(seed, policy=LATE_ALLOWED)
    empty = Solution(tuple(() for _ in problem.scenario.vehicles))
    placed = place_left_out(problem, empty)
    advanced = advance_late_stops(problem, placed, ENDLESS, most_places=None)
    best = rearrange(problem, advanced, ENDLESS, most_places=20_000, seed=seed)
    worths = [worth(problem, solution) or () for solution in (empty, placed, advanced, best)]
    assert worths == sorted(worths, reverse=True)
    if best_worth(problem)[0:9] != worths[2][0:9]:
        assert worths[3][0:9] == best_worth(problem)[0:9]


def test_rearranging_twice_with_one_seed_is_the_same() -> None:
    problem = random_problem(2, policy=LATE_ALLOWED)
    start = place_left_out(problem, Solution(tuple(() for _ in problem.scenario.vehicles)))
    first, second = (rearrange(problem, start, ENDLESS, most_places=2_000, seed=7) for _ in range(2))
    assert first == second


def test_told_to_stop_they_stop_and_say_so() -> None:
    problem = two_vans(S1=10, S2=-20)
    start = Solution(((0, 1), ()))
    assert advance_late_stops(problem, start, stopped(), most_places=None) == replace(start, finished=False)
    assert rearrange(problem, start, stopped(), most_places=None, seed=0) == replace(start, finished=False)


def test_the_number_of_places_bounds_the_work() -> None:
    problem = two_vans(S1=10, S2=-20)
    start = Solution(((0, 1), ()))
    assert advance_late_stops(problem, start, ENDLESS, most_places=0) == start
    assert rearrange(problem, start, ENDLESS, most_places=0, seed=0) == start


def test_a_short_cut_that_the_table_does_not_know_is_not_assumed() -> None:
    """Straight from S1 to S3 takes longer than the shift; by S2 it does not, so S2 cannot simply be taken out."""
    sites = [small.site("S1"), small.site("S2"), small.site("S3", receiving=[(0, 900)])]
    given = small.scenario(sites, orders=(DispatchOrder("w1", 0, target_s=100),))
    long = 5_000
    table = [[0, 100, long, long], [100, 0, 100, long], [long, 100, 0, 100], [100, long, 100, 0]]
    problem = small.table_problem(given, table)
    start = Solution(((0, 1, 2),))
    assert rearrange(problem, start, ENDLESS, most_places=300, seed=0).unserved(problem) == []
