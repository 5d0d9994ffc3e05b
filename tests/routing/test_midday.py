"""The rest of a day: on the straight road of ``small``, where a block takes a minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.check import check_plan
from routing.evaluate import Solution, plan_of
from routing.midday import DayState, rest_of_day, state_by_plan
from routing.model import DemandLine, Plan, Problem
from routing.solvers.base import Stop
from routing.solvers.pyvrp_backend import PyVRPSolver
from tests.routing import small


def morning() -> Problem:
    """D at 0. Two vans; S1 at 2, S2 at 4, S3 at 6 on one side of the road, S4 at 3; unloading takes four minutes."""
    sites = [small.site(name, 10, service_s=240) for name in ("S1", "S2", "S3", "S4")]
    vans = [small.vehicle(name, max_loops=2, reload_at=("D",)) for name in ("V1", "V2")]
    return small.line_problem(small.scenario(sites, vans), S1=2, S2=4, S3=6, S4=3)


def old_plan(problem: Problem) -> Plan:
    """V1 leaves at 0: S1 120-360, S2 480-720, S3 840-1080, back at 1440. V2: S4 180-420, back at 600."""
    return plan_of(problem, Solution(((0, 1, 2), (3,))))


def replanned(problem: Problem) -> Plan:
    told: list[Solution] = []
    found = PyVRPSolver().solve(problem, stop=Stop(iterations=200), seed=1, on_improvement=told.append)
    return plan_of(problem, found)


def test_what_is_begun_is_finished_and_what_is_on_board_stays_there() -> None:
    problem = morning()
    state = state_by_plan(problem, old_plan(problem), 500)
    assert state.done == {"S1/1", "S2/1", "S4/1"}
    first, second = state.vehicles
    assert (first.access_point, first.free_s, first.on_board) == ("S2", 720, (DemandLine("kit", 10),))
    assert (second.depot, second.free_s, second.on_board, second.loops_made) == ("D", 600, (), 1)
    assert state.sent == {("D", "kit"): 40}


def test_on_a_leg_the_vehicle_first_arrives() -> None:
    problem = morning()
    first = state_by_plan(problem, old_plan(problem), 400).vehicles[0]
    assert (first.access_point, first.free_s) == ("S2", 480)


def test_before_it_leaves_nothing_has_happened() -> None:
    problem = morning()
    later = replace(old_plan(problem), routes=())
    assert state_by_plan(problem, later, 0) == DayState(0)


def test_with_nothing_changed_the_rest_ends_when_it_was_planned_to() -> None:
    problem = morning()
    rest = rest_of_day(problem, state_by_plan(problem, old_plan(problem), 400))
    plan = replanned(rest)
    assert check_plan(rest, plan, explained=False) == ()
    assert plan.summary.unserved == 0
    assert [loop.back_s for route in plan.routes for loop in route.loops] == [1_440]


def test_the_stops_of_a_lost_vehicle_are_made_by_another_from_the_depot() -> None:
    """V1 breaks down at 400 with S2 and S3 on board: V2, back at 600, loads anew; both orders take it as long."""
    problem = morning()
    rest = rest_of_day(problem, state_by_plan(problem, old_plan(problem), 400, lost=["V1"]))
    plan = replanned(rest)
    assert check_plan(rest, plan, explained=False) == ()
    starts_s = sorted(stop.start_s for stop in plan.stops())
    assert starts_s in ([840, 1_200], [960, 1_320])
    assert [route.vehicle for route in plan.routes] == ["V2"]


def test_goods_on_board_cannot_be_given_twice() -> None:
    """Only what V1 carries can be given without going back: two of the three stops left."""
    problem = morning()
    state = state_by_plan(problem, old_plan(problem), 400, failed=["S4/1"], lost=["V2"])
    rest = rest_of_day(problem, state)
    plan = replanned(rest)
    assert check_plan(rest, plan, explained=False) == ()
    assert sum(len(loop.stops) for route in plan.routes for loop in route.loops if loop.depot == "V1@") <= 2
    assert plan.summary.unserved == 0


def test_a_vehicle_without_loops_left_stays_where_it_is() -> None:
    problem = morning()
    once = replace(problem.scenario, vehicles=tuple(replace(v, max_loops=1) for v in problem.scenario.vehicles))
    problem = replace(problem, scenario=once)
    rest = rest_of_day(problem, state_by_plan(problem, old_plan(problem), 700))
    assert [vehicle.id for vehicle in rest.scenario.vehicles] == ["V1"]


@pytest.mark.parametrize("now_s", [0, 100, 360, 719, 720, 1_000, 1_500, 5_000])
def test_at_any_moment_the_rest_can_be_planned(now_s: int) -> None:
    problem = morning()
    rest = rest_of_day(problem, state_by_plan(problem, old_plan(problem), now_s))
    plan = replanned(rest)
    assert check_plan(rest, plan, explained=False) == ()
    assert plan.summary.unserved == 0
    assert all(stop.start_s >= now_s for stop in plan.stops())
