"""Starting from an earlier plan: what may stay stays, unless changing it is worth its price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.changes import Change, changes
from routing.check import check_plan
from routing.evaluate import Solution, plan_of, worth
from routing.locks import with_locks
from routing.model import Earlier, EarlierLoop, EarlierStop, Policy, Problem
from routing.previous import ChangingLittle, dealt_alike, earlier_solution
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import small

BLOCKS = {"S1": 2, "S2": 4, "S3": -3, "S4": -5}


def before(**routes: list[str]) -> Earlier:
    stops = {visit: EarlierStop(vehicle, 0) for vehicle, visits in routes.items() for visit in visits}
    return Earlier(stops, {vehicle: (EarlierLoop("D", tuple(visits)),) for vehicle, visits in routes.items()})


CROSSED = before(V1=["S1/1", "S4/1"], V2=["S3/1", "S2/1"])
"""Both vans drive to and fro; sorted by direction they would save 8 blocks each."""


def vans(earlier: Earlier, price_s: int, *, names: str = "V1 V2", sites: str = "S1 S2 S3 S4") -> Problem:
    given = small.scenario(
        [small.site(name) for name in sites.split()],
        [small.vehicle(name, capacity=small.BOUNDLESS._replace(crates=2)) for name in names.split()],
        policy=Policy(change_price_s=price_s),
        earlier=earlier,
    )
    return with_locks(small.line_problem(given, **{name: BLOCKS[name] for name in sites.split()}))


def solve(problem: Problem) -> Solution:
    solver = ChangingLittle(known_solver("pyvrp"))
    heard: list[Solution] = []
    found = solver.solve(problem, stop=Stop(iterations=100), seed=0, on_improvement=heard.append)
    assert heard
    assert worth(problem, found) == worth(problem, heard[-1])
    assert check_plan(problem, plan_of(problem, found), explained=False) == ()
    return found


def changed(problem: Problem, found: Solution) -> list[str]:
    assert problem.scenario.earlier is not None
    return [change.visit for change in changes(problem.scenario.earlier, plan_of(problem, found))]


def test_at_no_price_the_better_plan_is_taken_and_two_stops_change() -> None:
    """East 8 blocks and west 10, instead of 14 and 14."""
    problem = vans(CROSSED, 0)
    found = solve(problem)
    assert (worth(problem, found) or ())[-1] == 18 * 60
    assert len(changed(problem, found)) == 2


def test_at_a_high_price_nothing_changes() -> None:
    problem = vans(CROSSED, 10_000)
    assert changed(problem, solve(problem)) == []


@pytest.mark.parametrize(("price_s", "expected"), [(200, 2), (500, 0)])
def test_the_price_decides(price_s: int, expected: int) -> None:
    """Out and back on both sides takes 14 blocks each; each side by itself 8 and 10: 600 s saved for two changed stops."""
    problem = vans(CROSSED, price_s)
    keep = (worth(problem, earlier_solution(problem)) or ())[-1]
    assert keep == 2 * (2 + 5) * 60 + 2 * (3 + 4) * 60
    assert len(changed(problem, solve(problem))) == expected


def test_the_price_stands_in_the_cost_and_the_checker_adds_it_up() -> None:
    problem = vans(CROSSED, 100)
    plan = plan_of(problem, solve(problem))
    assert plan.summary.objective.cost_s == 18 * 60 + 2 * 100
    assert sum(route.totals.price_s for route in plan.routes) == 200
    route = plan.routes[0]
    forged = replace(plan, routes=(replace(route, totals=route.totals._replace(price_s=0)), *plan.routes[1:]))
    assert {violation.rule for violation in check_plan(problem, forged, explained=False)} == {"TOTALS"}


def test_without_one_van_only_its_stops_change() -> None:
    """V2 is gone; V3 stood idle."""
    problem = vans(CROSSED, 10_000, names="V1 V3")
    found = solve(problem)
    assert sorted(changed(problem, found)) == ["S2/1", "S3/1"]
    assert {problem.visits[call].site for call in found.routes[0]} == {"S1", "S4"}


def test_order_within_a_vehicle_is_no_change() -> None:
    """Home by S3, then S4 lies beyond: the other way round is as short, and no worse is taken."""
    problem = vans(before(V1=["S4/1", "S3/1"], V2=["S2/1", "S1/1"]), 10_000)
    assert changed(problem, solve(problem)) == []


def test_of_vans_alike_each_keeps_its_own_side() -> None:
    problem = vans(before(V1=["S3/1", "S4/1"], V2=["S1/1", "S2/1"]), 600)
    assert changed(problem, solve(problem)) == []
    swapped = Solution(((0, 1), (2, 3)))
    assert dealt_alike(problem, swapped).routes == ((2, 3), (0, 1))


def test_a_new_visit_is_placed_and_a_lost_one_is_told() -> None:
    problem = vans(before(V1=["S1/1", "S9/1"], V2=["S3/1"]), 600, sites="S1 S2 S3")
    found = solve(problem)
    assert problem.scenario.earlier is not None
    told = {change.visit: change for change in changes(problem.scenario.earlier, plan_of(problem, found))}
    assert set(told) == {"S2/1", "S9/1"}
    assert told["S2/1"].before is None
    assert told["S2/1"].after is not None
    assert told["S9/1"] == Change("S9/1", "S9", EarlierStop("V1", 0), None)


def test_a_visit_that_is_no_longer_served_is_a_change_and_costs_no_price() -> None:
    problem = vans(CROSSED, 600, names="V1")
    plan = plan_of(problem, solve(problem))
    assert plan.summary.unserved == 2
    assert problem.scenario.earlier is not None
    left = [change for change in changes(problem.scenario.earlier, plan) if change.after is None]
    assert {change.visit for change in left} == {unserved.visit.id for unserved in plan.unserved}


def test_earlier_loops_are_kept() -> None:
    given = small.scenario(
        [small.site("S1"), small.site("S2")],
        [small.vehicle("V1", capacity=small.BOUNDLESS._replace(crates=1), max_loops=2, reload_at=("D",))],
        earlier=Earlier({}, {"V1": (EarlierLoop("D", ("S2/1",)), EarlierLoop("D", ("S1/1",)))}),
    )
    problem = with_locks(small.line_problem(given, S1=2, S2=4))
    assert earlier_solution(problem).routes == ((1, -1, 0),)


def test_same_seed_same_plan() -> None:
    problem = vans(CROSSED, 300)
    assert solve(problem) == solve(problem)
