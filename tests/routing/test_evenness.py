"""What evening out costs: a curve of checked plans, by hand where it can be reckoned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.check import check_plan
from routing.evaluate import Solution, longest_route_s
from routing.evenness import EvennessStudy, study_evenness
from routing.model import Policy, Problem, Scenario
from routing.solvers import known_solver
from routing.solvers.base import OnImprovement, Stop
from routing.variants import with_ceiling
from tests.routing import small

PLAIN = Policy()


def around_the_depot(vans: int = 3, policy: Policy = PLAIN) -> Scenario:
    """On a line: two sites six and three blocks west of the depot, two one and five east; five minutes per van used."""
    sites = [small.site(name, service_s=0) for name in "ABCE"]
    fleet = [small.vehicle(f"V{number}", fixed_cost_s=300) for number in range(1, vans + 1)]
    return small.at(small.scenario(sites, fleet, policy=policy), D=6, A=0, B=3, C=7, E=11)


def study(scenario: Scenario, stop: Stop | None = None) -> EvennessStudy:
    return study_evenness(
        scenario, small.line_network(), solver=known_solver("pyvrp"), stop=stop or Stop(iterations=60)
    )


def figures(found: EvennessStudy) -> list[tuple[int, int, bool]]:
    return [
        (longest_route_s(point.plan.routes), point.plan.summary.objective.cost_s, point.worse) for point in found.points
    ]


def test_one_van_for_both_ways_or_one_for_each() -> None:
    """Out for 6 + 11 + 5 = 22 minutes, or for 12 and 10. Below 12 the farthest site is lost."""
    found = study(around_the_depot())
    assert figures(found)[:2] == [(22 * 60, 22 * 60 + 300, False), (12 * 60, 22 * 60 + 600, False)]
    ((_, _, worse),) = figures(found)[2:]
    assert worse
    assert found.points[2].plan.summary.unserved == 1
    assert found.points[0].ceiling_s is None
    assert found.finished


def test_a_single_van_can_be_evened_out_no_further() -> None:
    found = study(around_the_depot(vans=1))
    assert [worse for _, _, worse in figures(found)] == [False, True]


def test_it_starts_from_the_scenarios_own_ceiling_and_leaves_its_price_out() -> None:
    policy = Policy(longest_route_s=15 * 60, longest_route_price=100.0, objective="prices", prices={1: 1, 2: 1, 3: 1})
    found = study(around_the_depot(policy=policy))
    assert figures(found)[0] == (12 * 60, 22 * 60 + 600, False)


def test_every_point_passes_the_check_under_its_ceiling_and_the_curve_only_rises() -> None:
    found = study(around_the_depot())
    costs = [cost_s for _, cost_s, worse in figures(found) if not worse]
    longest = [longest_s for longest_s, _, _ in figures(found)]
    assert costs == sorted(costs)
    assert longest == sorted(longest, reverse=True)
    for point in found.points:
        problem = found.problem if point.ceiling_s is None else with_ceiling(found.problem, point.ceiling_s)
        assert check_plan(problem, point.plan) == ()


def test_what_comes_later_than_the_target_counts_as_served_worse() -> None:
    """Late in either way, but a ceiling must not add to it."""
    scenario = around_the_depot()
    hasty = replace(scenario, orders=tuple(replace(order, target_s=5 * 60) for order in scenario.orders))
    found = study(hasty)
    late = [point.plan.summary.objective[:3] for point in found.points if not point.worse]
    assert len(set(late)) == 1
    assert late[0] == (0, 1, 60)  # A, six minutes away


def test_same_seed_and_work_limit_give_the_same_study() -> None:
    one, other = study(around_the_depot()), study(around_the_depot())
    assert [(p.ceiling_s, p.plan) for p in one.points] == [(p.ceiling_s, p.plan) for p in other.points]


@pytest.mark.parametrize("after", [1, 2])
def test_it_stops_when_told_to_and_says_so(after: int) -> None:
    stop, heard = Stop(iterations=60), list[int]()

    def hear(_: object) -> None:
        heard.append(1)
        if len(heard) == after:
            stop.cancelled.set()

    found = study_evenness(
        around_the_depot(), small.line_network(), solver=known_solver("pyvrp"), stop=stop, on_ceiling=hear
    )
    assert not found.finished
    assert len(heard) == after
    assert 1 <= len(found.points) <= after


class CutShort:
    """A solver that is stopped in its second search, before it finds anything."""

    name, version = "cut short", "0"

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._searches = 0

    def solve(self, problem: Problem, *, stop: Stop, seed: int, on_improvement: OnImprovement) -> Solution:
        self._searches += 1
        if self._searches < 2:
            return known_solver("pyvrp").solve(problem, stop=stop, seed=seed, on_improvement=on_improvement)
        self._stop.cancelled.set()
        return Solution(tuple(() for _ in problem.scenario.vehicles), finished=False)


def test_of_a_ceiling_whose_search_was_cut_short_it_is_not_said_that_it_serves_worse() -> None:
    stop = Stop(iterations=60)
    network, scenario = small.line_network(), around_the_depot(vans=1)
    found = study_evenness(scenario, network, solver=CutShort(stop), stop=stop)
    assert [worse for _, _, worse in figures(found)] == [False]
    assert not found.finished


def test_where_nothing_can_be_served_there_is_one_empty_point() -> None:
    scenario = small.at(
        small.scenario([small.site("A")], [small.vehicle("V", shift=small.ALL_DAY._replace(close_s=60))]), A=9
    )
    found = study(scenario)
    assert figures(found) == [(0, 0, False)]
