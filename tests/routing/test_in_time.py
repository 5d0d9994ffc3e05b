"""The search for plans in which everything is in time, and the bounds by which it looks at places."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from routing.evaluate import Solution, worth
from routing.model import Break, DispatchOrder, Interval, Load, Policy, Problem
from routing.schedule import Timetables, timetable
from routing.solvers.base import Stop
from routing.solvers.in_time import search_in_time
from routing.solvers.lines import Ground, Line
from routing.solvers.ruin import loop_of, strings
from tests.routing import small
from tests.routing.planted import planted

ORDER = DispatchOrder("w1", 0, target_s=1_200)
CRATE = Load(10**9, 10**9, 1)


def nothing(problem: Problem) -> Solution:
    return Solution(tuple(() for _ in problem.scenario.vehicles))


def searched(problem: Problem, start: Solution | None = None, *, most_looks: int = 20_000, seed: int = 0) -> Solution:
    return search_in_time(problem, start or nothing(problem), Stop(), most_looks=most_looks, seed=seed)


# --- bounds -----------------------------------------------------------------------------------------------------


def test_a_line_knows_when_it_is_free_and_when_it_must_go_on() -> None:
    """D at 0, S1 ten blocks on (600 s), S2 fifteen (900 s), closed after 1,000 s; unloading takes 50 s at S1."""
    sites = [small.site("S1", service_s=50), small.site("S2", receiving=[(0, 1_000)])]
    problem = small.line_problem(small.scenario(sites, orders=(ORDER,)), S1=10, S2=15)
    line = Line(Ground(problem), problem.scenario.vehicles[0], (0, 1), 0)
    assert line.free_s[:3] == [0, 650, 950]
    assert line.latest_s[:3] == [50, 650, 1_000]


def test_a_bay_that_is_taken_holds_the_line_up() -> None:
    problem = small.line_problem(small.scenario([small.site("S1")], orders=(ORDER,)), S1=10)
    line = Line(Ground(problem), problem.scenario.vehicles[0], (0,), 100)
    assert line.free_s[:2] == [100, 700]


@pytest.mark.parametrize("seed", range(3))
def test_no_bound_is_later_than_the_timetable_of_a_planted_route(seed: int) -> None:
    """Bounds leave rules out, so that each stop begins no earlier than they say, and no later than they allow."""
    case = planted(seed, visits=40, slack=0.1)
    ground = Ground(case.problem)
    for vehicle, route in zip(case.problem.scenario.vehicles, case.solution.routes, strict=True):
        table = timetable(case.problem, vehicle, [case.problem.call(call) for call in route])
        assert table is not None
        line = Line(ground, vehicle, route, vehicle.shift.open_s)
        at = [number for number, call in enumerate(route, start=1) if call >= 0]
        for number, start_s in zip(at, table.starts_s, strict=True):
            service_s = case.problem.visits[route[number - 1]].service_s
            assert line.free_s[number] - service_s <= start_s <= line.latest_s[number]


def test_what_was_timed_before_is_worth_the_same() -> None:
    """Bays are short, so that the same routes are timed with many slots."""
    case = planted(7, visits=40, slack=0.1)
    tables = Timetables(case.problem)
    shorter = Solution(tuple(route[:1] for route in case.solution.routes))
    for solution in (case.solution, shorter, case.solution):
        assert worth(case.problem, solution, tables) == worth(case.problem, solution) is not None


# --- what is taken out ------------------------------------------------------------------------------------------


def test_the_loop_of_a_visit_ends_at_its_reloads() -> None:
    assert loop_of((0, 1, -1, 2, 3, -2, 4), 3) == {2, 3}
    assert loop_of((0, 1, -1, 2, 3, -2, 4), 0) == {0, 1}
    assert loop_of((0, 1, -1, 2, 3, -2, 4), 4) == {4}


@pytest.mark.parametrize("seed", range(20))
def test_strings_come_from_the_named_vehicles_and_leave_reloads_alone(seed: int) -> None:
    routes, near = ((0, 1, -1, 2, 3), (4, 5, 6, 7), ()), [4, 0, 5, 1, 6, 2, 7, 3]
    assert set() < strings(routes, near, random.Random(seed), {0}) <= {0, 1, 2, 3}
    assert strings(routes, near, random.Random(seed), {2}) == set()


@pytest.mark.parametrize("seed", range(20))
def test_a_string_is_consecutive_but_for_one_gap(seed: int) -> None:
    """Of one route; taking it out leaves at most three pieces: before, the gap's, and after."""
    taken = strings((tuple(range(9)),), [4], random.Random(seed), {0})
    breaks = sum((visit in taken) != (visit + 1 in taken) for visit in range(-1, 9))
    assert breaks in {2, 4}


# --- the search -------------------------------------------------------------------------------------------------


def test_what_cannot_be_in_time_is_left_out_and_nothing_is_late() -> None:
    """S2 lies 1,500 s away; the target is 1,200 s."""
    problem = small.line_problem(small.scenario([small.site("S1"), small.site("S2")], orders=(ORDER,)), S1=10, S2=25)
    found = searched(problem, Solution(((0, 1),)))
    assert found.routes == ((0,),)


def test_one_makes_room_for_another_that_matters_more() -> None:
    """Room for one crate: the visit of priority 1 takes the place of the one of priority 3."""
    sites = [small.site("S1", priority=3), small.site("S2", priority=1)]
    given = small.scenario(sites, [small.vehicle(capacity=CRATE)], orders=(ORDER,))
    problem = small.line_problem(given, S1=5, S2=6)
    assert searched(problem, Solution(((0,),))).routes == ((1,),)


def test_where_one_loop_does_not_hold_both_a_second_is_begun() -> None:
    van = small.vehicle(capacity=CRATE, max_loops=2, reload_at=("D",))
    given = small.scenario([small.site("S1"), small.site("S2")], [van], orders=(ORDER,))
    problem = small.line_problem(given, S1=3, S2=4)
    assert searched(problem).routes in {((0, -1, 1),), ((1, -1, 0),)}


def test_a_visit_left_out_for_want_of_a_bay_is_not_planned_late() -> None:
    """Two vans, one bay, 400 s of loading each, 400 s to either site, due by 1,000 s: the second would be there at
    1,200 s; and one after the other takes 400 + 400 + 800 s."""
    depot = small.depot(loading_s=400, bays=1)
    sites = [small.site("S1"), small.site("S2")]
    vans = [small.vehicle("V1"), small.vehicle("V2")]
    given = small.scenario(sites, vans, depots=[depot], orders=(DispatchOrder("w1", 0, target_s=1_000),))
    problem = small.table_problem(given, [[0, 400, 400], [400, 0, 800], [400, 800, 0]])
    found = searched(problem)
    assert len(found.unserved(problem)) == 1
    longer = replace(given, orders=(DispatchOrder("w1", 0, target_s=1_200),))
    assert searched(small.table_problem(longer, problem.travel_s[0])).unserved(problem) == []


def test_where_being_left_out_has_a_price_it_is_weighed_against_the_way() -> None:
    """To S1 and back takes 1,200 s; left out it costs 1,000 s or 1,300 s."""
    sites = [small.site("S1", priority=2)]
    for price_s, routes in ((1_000, ((),)), (1_300, ((0,),))):
        policy = Policy("leave_out", "prices", {1: 0, 2: price_s, 3: 0})
        problem = small.line_problem(small.scenario(sites, orders=(ORDER,), policy=policy), S1=10)
        assert searched(problem).routes == routes


@pytest.mark.parametrize(("rest_s", "routes"), [(600, ((0,),)), (700, ((),))])
def test_a_rest_counts(rest_s: int, routes: tuple[tuple[int, ...], ...]) -> None:
    """S1 lies 600 s away, due by 1,200 s; the rest begins by 300 s, so that it comes before the drive."""
    van = small.vehicle(breaks=(Break(Interval(0, 300), rest_s),))
    problem = small.line_problem(small.scenario([small.site("S1")], [van], orders=(ORDER,)), S1=10)
    assert searched(problem).routes == routes


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_plan_of_some_slack_is_found_from_nothing(seed: int) -> None:
    """Everything in time, each visit once."""
    problem = planted(seed, visits=20 + 5 * seed, slack=0.2).problem
    found = searched(problem, most_looks=300_000)
    assert Counter(call for route in found.routes for call in route if call >= 0) == Counter(range(len(problem.visits)))
    reckoned = worth(problem, found)
    assert reckoned is not None
    assert not any(reckoned[:-1])


def test_same_seed_same_result_and_what_was_good_is_never_worse() -> None:
    case = planted(3, visits=30, slack=0.1)
    first, second = (searched(case.problem, case.solution, most_looks=30_000, seed=5) for _ in range(2))
    assert first == second
    before, after = worth(case.problem, case.solution), worth(case.problem, first)
    assert before is not None
    assert after is not None
    assert after <= before


def test_told_to_stop_it_stops_and_says_so() -> None:
    stop = Stop()
    stop.cancelled.set()
    case = planted(0, visits=20, slack=0.1)
    found = search_in_time(case.problem, case.solution, stop, most_looks=None, seed=0)
    assert found == replace(case.solution, finished=False)
