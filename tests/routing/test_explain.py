"""Every reason with figures reckoned by hand, in order of precedence, and confirmed by planning the visit alone."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from routing.check import check_plan
from routing.evaluate import Solution, plan_of
from routing.explain import explain_plan, minutes
from routing.model import (
    DispatchOrder,
    Interval,
    Load,
    Plan,
    Policy,
    Problem,
    Reason,
    ReasonCode,
    Scenario,
    Site,
    SupplyKind,
)
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import small
from tests.routing.enumerate_plans import random_problem
from tests.routing.hand_made import with_stop

HOUR = DispatchOrder("w1", 0, target_s=3_600, round_limit_s=7_200)


def nothing_served(problem: Problem) -> Plan:
    return explain_plan(problem, plan_of(problem, Solution(tuple(() for _ in problem.scenario.vehicles))))


def reason_of(problem: Problem, visit: str = "S1/1") -> Reason:
    plan = nothing_served(problem)
    assert check_plan(problem, plan) == ()
    reason = next(left.reason for left in plan.unserved if left.visit.id == visit)
    assert reason is not None
    assert reason.message.zh
    assert reason.message.en
    return reason


def scenario(*sites: Site, **members: Any) -> Scenario:
    return small.scenario(sites, **({"orders": (HOUR,)} | members))


def at_blocks(blocks: int, **members: Any) -> Problem:
    return small.line_problem(scenario(small.site("S1", **members)), S1=blocks)


# --- each code --------------------------------------------------------------------------------------------------


def test_an_hour_and_a_minute_away_is_too_far() -> None:
    reason = reason_of(at_blocks(61))
    assert reason.code is ReasonCode.TOO_FAR
    assert reason.figures == {
        "best_s": 3_660,
        "drive_s": 3_660,
        "target_s": 3_600,
        "depot": "D",
        "shift_ends_s": 86_400,
    }
    assert "1 h 1 min" in reason.message.en
    assert "1 h 0 min" in reason.message.en


def test_an_hour_away_is_not() -> None:
    assert reason_of(at_blocks(60)).code is ReasonCode.NO_CAPACITY_LEFT


def test_too_far_even_beyond_the_round_says_how_far() -> None:
    assert reason_of(at_blocks(500)).figures["best_s"] == 30_000


def test_the_nearest_depot_counts_and_only_vehicles_that_hold_it() -> None:
    vans = [small.vehicle("V1", start="E", end="E"), small.vehicle("V2", capacity=Load(1, 1, 0))]
    given = scenario(small.site("S1"), vehicles=vans, depots=[small.depot("D"), small.depot("E")])
    reason = reason_of(small.line_problem(given, E=200, S1=10))
    assert (reason.code, reason.figures["best_s"], reason.figures["depot"]) == (ReasonCode.TOO_FAR, 11_400, "E")


def test_a_depot_that_opens_too_late_makes_it_too_far_loading_included() -> None:
    given = scenario(small.site("S1"), depots=[small.depot(opening=[(3_001, 9_000)])])
    reason = reason_of(small.line_problem(given, S1=10))
    assert (reason.code, reason.figures["best_s"], reason.figures["drive_s"]) == (ReasonCode.TOO_FAR, 3_601, 600)


def test_a_shift_that_ends_before_the_way_back_makes_it_too_far() -> None:
    van = small.vehicle(shift=Interval(0, 1_199))
    reason = reason_of(small.line_problem(scenario(small.site("S1"), vehicles=[van]), S1=10))
    assert (reason.code, reason.figures["best_s"], reason.figures["shift_ends_s"]) == (ReasonCode.TOO_FAR, 600, 1_199)
    assert "back" in reason.message.en


def test_where_nobody_can_leave_there_is_no_best() -> None:
    given = scenario(small.site("S1"), depots=[small.depot(opening=[])])
    reason = reason_of(small.line_problem(given, S1=10))
    assert reason.code is ReasonCode.TOO_FAR
    assert reason.figures == {"best_s": None, "target_s": 3_600}


def test_hours_that_begin_after_the_target_are_missed() -> None:
    reason = reason_of(at_blocks(10, receiving=[(4_000, 9_000)]))
    assert reason.code is ReasonCode.WINDOW_MISSED
    assert reason.figures == {
        "best_by_road_s": 600,
        "best_in_hours_s": 4_000,
        "opens_s": 4_000,
        "target_s": 3_600,
        "round_limit_s": 7_200,
    }
    assert "1 h 7 min" in reason.message.en


def test_hours_that_are_over_before_anybody_gets_there_are_missed() -> None:
    figures = reason_of(at_blocks(10, receiving=[(0, 599)])).figures
    assert (figures["best_by_road_s"], figures["best_in_hours_s"]) == (600, None)


def test_the_next_opening_is_told_also_when_it_lies_after_the_round() -> None:
    reason = reason_of(at_blocks(10, receiving=[(0, 599), (20_000, 30_000)]))
    assert (reason.code, reason.figures["best_in_hours_s"]) == (ReasonCode.WINDOW_MISSED, None)
    assert reason.figures["opens_s"] == 20_000
    assert "5 h 34 min" in reason.message.en


def test_no_hours_at_all_are_missed() -> None:
    figures = reason_of(at_blocks(10, receiving=[])).figures
    assert (figures["best_by_road_s"], figures["best_in_hours_s"], figures["opens_s"]) == (600, None, None)


def test_hours_too_short_for_service_that_must_end_in_them_are_missed() -> None:
    members: dict[str, Any] = {"service_s": 300, "finish_by_close": True}
    assert reason_of(at_blocks(10, receiving=[(0, 899)], **members)).code is ReasonCode.WINDOW_MISSED
    assert reason_of(at_blocks(10, receiving=[(0, 900)], **members)).code is ReasonCode.NO_CAPACITY_LEFT


def test_servable_alone_means_no_capacity_left() -> None:
    reason = reason_of(at_blocks(10, receiving=[(700, 900)]))
    assert reason.code is ReasonCode.NO_CAPACITY_LEFT
    assert reason.figures == {"alone_s": 700, "depot": "D", "target_s": 3_600}


def capped(most_vehicles: int, max_loops: int) -> Reason:
    """Twenty crates; vans of eight, nine and two crates, the first may load more than once."""
    vans = [
        small.vehicle("V1", capacity=crates(8), max_loops=max_loops, reload_at=("D",)),
        small.vehicle("V2", capacity=crates(9)),
        small.vehicle("V3", capacity=crates(2), max_loops=3),
    ]
    site = small.site("S1", 20, most_vehicles=most_vehicles)
    return reason_of(small.line_problem(scenario(site, vehicles=vans), S1=10))


def crates(number: int) -> Load:
    return Load(10**9, 10**9, number)


def test_a_site_that_admits_too_few_vehicles_for_its_demand_wants_too_much() -> None:
    reason = capped(1, 2)
    assert reason.code is ReasonCode.TOO_BIG
    assert reason.figures == {
        "most_vehicles": 1,
        "demand_kg": 20,
        "most_kg": 2_000_000,
        "demand_m3": 0.02,
        "most_m3": 2_000,
        "demand_crates": 20,
        "most_crates": 16,
    }
    assert "16 of the 20 crates" in reason.message.en
    assert "16 箱，需求为 20 箱" in reason.message.zh


def test_a_cap_that_the_largest_vehicles_can_live_with_is_no_reason() -> None:
    """One van: 3 x 8 = 24. Two: 2 x 8 + 9 = 25; without a second loop 17."""
    assert capped(1, 3).code is ReasonCode.NO_CAPACITY_LEFT
    assert capped(2, 2).code is ReasonCode.NO_CAPACITY_LEFT
    assert (capped(2, 1).code, capped(2, 1).figures["most_crates"]) == (ReasonCode.TOO_BIG, 17)


def test_what_is_brought_late_to_a_site_with_too_low_a_cap_is_not_too_big() -> None:
    site = small.site("S1", 20, most_vehicles=1)
    given = scenario(
        site, vehicles=[small.vehicle("V1", capacity=crates(10)), small.vehicle("V2", capacity=crates(10))]
    )
    problem = small.line_problem(given, S1=61)
    plan = explain_plan(problem, plan_of(problem, Solution(((0,), ()))))
    assert check_plan(problem, plan) == ()
    assert [stop.reason and stop.reason.code for stop in plan.stops()] == [ReasonCode.TOO_FAR]
    assert [left.reason and left.reason.code for left in plan.unserved] == [ReasonCode.TOO_BIG]


def late_problem(stock: int) -> Problem:
    """S1 takes four of what D holds and S2 wants three: they come from E, an hour and a half away."""
    depots = [small.depot("D", stock={"kit": stock}), small.depot("E")]
    vans = [small.vehicle("V1"), small.vehicle("V2", start="E", end="E")]
    given = scenario(small.site("S1", 4), small.site("S2", 3), vehicles=vans, depots=depots)
    return small.line_problem(given, E=100, S1=5, S2=10)


def late_from_afar(stock: int) -> Plan:
    problem = late_problem(stock)
    plan = explain_plan(problem, plan_of(problem, Solution(((0,), (1,)))))
    assert check_plan(problem, plan) == ()
    return plan


def reasons_of_stops(plan: Plan) -> dict[str, Reason]:
    return {stop.visit.site: stop.reason for stop in plan.stops() if stop.reason is not None}


def test_a_stop_that_is_late_because_the_near_depot_ran_out_says_so() -> None:
    reason = reasons_of_stops(late_from_afar(6))["S2"]
    assert (reason.code, reason.figures) == (ReasonCode.NO_STOCK, {"kind": "kit", "units": 3, "most_left": 2})


def test_with_enough_at_the_near_depot_a_late_stop_wants_a_vehicle() -> None:
    assert reasons_of_stops(late_from_afar(7))["S2"].code is ReasonCode.NO_CAPACITY_LEFT


def test_what_a_late_stop_takes_itself_does_not_count_as_gone() -> None:
    """All seven are loaded at D; S2, made second, is late."""
    given = scenario(small.site("S1", 4), small.site("S2", 3), depots=[small.depot(stock={"kit": 7})])
    problem = small.line_problem(given, S1=-40, S2=30)
    plan = explain_plan(problem, plan_of(problem, Solution(((0, 1),))))
    assert check_plan(problem, plan) == ()
    assert {site: reason.code for site, reason in reasons_of_stops(plan).items()} == {"S2": ReasonCode.NO_CAPACITY_LEFT}


@pytest.mark.parametrize("stated", [None, *ReasonCode])
@pytest.mark.parametrize("stock", [6, 7])
def test_the_checker_knows_whether_a_late_stop_wanted_stock(stock: int, stated: ReasonCode | None) -> None:
    plan = late_from_afar(stock)
    true = reasons_of_stops(plan)["S2"]
    forged = None if stated is None else replace(true, code=stated)
    told = with_stop(plan, "S2/1", lambda stop: replace(stop, reason=forged))
    found = [(each.rule, each.visit) for each in check_plan(late_problem(stock), told)]
    assert found == ([] if stated is true.code else [("TARGET", "S2/1")])


@pytest.mark.parametrize("stated", [None, *ReasonCode])
@pytest.mark.parametrize(("most", "true"), [(1, ReasonCode.TOO_BIG), (2, ReasonCode.NO_CAPACITY_LEFT)])
def test_the_checker_knows_whether_a_cap_is_too_low(most: int, true: ReasonCode, stated: ReasonCode | None) -> None:
    vans = [small.vehicle("V1", capacity=crates(10)), small.vehicle("V2", capacity=crates(10))]
    problem = small.line_problem(scenario(small.site("S1", 20, most_vehicles=most), vehicles=vans), S1=10)
    plan = explain_plan(problem, plan_of(problem, Solution(((0,), ()))))
    (left,) = plan.unserved
    assert left.reason is not None
    forged = None if stated is None else replace(left.reason, code=stated)
    told = replace(plan, unserved=(replace(left, reason=forged),))
    found = [(each.rule, each.visit) for each in check_plan(problem, told)]
    assert found == ([] if stated is true else [("DEMAND", "S1/2")])


def test_figures_count_from_the_visits_own_order() -> None:
    order = replace(HOUR, order_s=1_000)
    late = reason_of(small.line_problem(scenario(small.site("S1"), orders=(order,)), S1=61))
    assert late.figures["best_s"] == 3_660
    shut = scenario(small.site("S1", receiving=[(5_000, 6_000)]), orders=(order,))
    assert reason_of(small.line_problem(shut, S1=10)).figures["best_in_hours_s"] == 4_000


def test_late_stops_are_explained_and_those_in_time_are_not() -> None:
    problem = small.line_problem(scenario(small.site("S1"), small.site("S2")), S1=59, S2=61)
    plan = explain_plan(problem, plan_of(problem, Solution(((0, 1),))))
    assert [stop.reason and stop.reason.code for stop in plan.stops()] == [None, ReasonCode.TOO_FAR]


# --- precedence -------------------------------------------------------------------------------------------------

HEAVY = SupplyKind("heavy", "重物", grams=3_000_000, cm3=1_000, crates=1.0)


def everything_wrong(**right: bool) -> ReasonCode:
    """No road, too big, too far, never open; those named are put right."""
    site = small.site("S1", lines=[("heavy", 1)], receiving=None if right.get("open") else [])
    room = small.BOUNDLESS if right.get("fits") else Load(2_000_000, 10**9, 10**6)
    given = scenario(site, vehicles=[small.vehicle(capacity=room)], kinds=(HEAVY,))
    drive_s = small.NEVER if not right.get("road") else 60 if right.get("near") else 5_000
    return reason_of(small.table_problem(given, [[0, drive_s], [drive_s, 0]])).code


def test_the_first_reason_that_holds_is_given() -> None:
    assert everything_wrong() is ReasonCode.UNREACHABLE
    assert everything_wrong(fits=True, near=True, open=True) is ReasonCode.UNREACHABLE
    assert everything_wrong(road=True) is ReasonCode.TOO_BIG
    assert everything_wrong(road=True, near=True, open=True) is ReasonCode.TOO_BIG
    assert everything_wrong(road=True, fits=True) is ReasonCode.TOO_FAR
    assert everything_wrong(road=True, fits=True, near=True) is ReasonCode.WINDOW_MISSED
    assert everything_wrong(road=True, fits=True, near=True, open=True) is ReasonCode.NO_CAPACITY_LEFT


# --- each reason tested by planning the visit alone -------------------------------------------------------------


def alone(problem: Problem, index: int) -> Problem:
    return replace(problem, visits=(problem.visits[index],))


def served_in_time(problem: Problem) -> bool:
    strict = replace(problem.scenario, policy=Policy("leave_out"))
    problem = replace(problem, scenario=strict)
    stop = Stop(iterations=30)
    found = known_solver("pyvrp").solve(problem, stop=stop, seed=0, on_improvement=lambda _: None)
    return not found.unserved(problem)


def always_open(problem: Problem) -> Problem:
    order = problem.visits[0].order
    wave = (Interval(order.order_s, order.limit_s),)
    return replace(problem, visits=tuple(replace(visit, windows=wave) for visit in problem.visits))


@pytest.mark.parametrize("seed", range(25))
def test_each_reason_is_what_planning_the_visit_alone_shows(seed: int) -> None:
    problem = random_problem(seed, policy=Policy("deliver_late"))
    for index, left in enumerate(nothing_served(problem).unserved):
        assert left.reason is not None
        by_road, in_hours = (
            served_in_time(given) for given in (always_open(alone(problem, index)), alone(problem, index))
        )
        assert left.reason.code is (
            ReasonCode.NO_CAPACITY_LEFT if in_hours else ReasonCode.WINDOW_MISSED if by_road else ReasonCode.TOO_FAR
        )


@pytest.mark.parametrize("seed", range(40, 60))
def test_the_checker_comes_to_the_same_reasons_by_its_own_reckoning(seed: int) -> None:
    problem = random_problem(seed, two_orders=seed % 2 == 0, opening=seed % 3 == 0)
    assert check_plan(problem, nothing_served(problem)) == ()
    chance = random.Random(seed)
    visits = list(range(len(problem.visits)))
    chance.shuffle(visits)
    for index in visits:
        routes = ((index,), *(() for _ in problem.scenario.vehicles[1:]))
        if problem.visits[index].load.fits(problem.scenario.vehicles[0].capacity):
            require_good(problem, routes)


def require_good(problem: Problem, routes: tuple[tuple[int, ...], ...]) -> None:
    try:
        plan = plan_of(problem, Solution(routes))
    except ValueError:  # the vehicle cannot make this visit
        return
    told = check_plan(problem, explain_plan(problem, plan))
    strict = problem.scenario.policy.after_target == "leave_out"
    assert all(strict and "target" in violation.message.en for violation in told)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 min"), (1, "1 min"), (60, "1 min"), (61, "2 min"), (3_600, "1 h 0 min"), (8_040, "2 h 14 min")],
)
def test_times_for_people_are_rounded_up_to_minutes(seconds: int, text: str) -> None:
    assert minutes(seconds) == text


# --- from when seconds count, and the ceiling on routes ---------------------------------------------------------------


def test_seconds_that_count_from_the_departure_are_said_to() -> None:
    """Twenty minutes' drive, ten allowed; half an hour of loading does not count."""
    late = Policy(target_from="departure", after_target="leave_out")
    site = small.site("S1", target_s=600)
    given = scenario(site, depots=[small.depot(loading_s=1_800)], policy=late)
    reason = reason_of(small.line_problem(given, S1=20))
    assert (reason.code, reason.figures["best_s"]) == (ReasonCode.TOO_FAR, 1_200)
    assert reason.message.zh.startswith("最快也要在出发后 20 min")
    assert reason.message.en.startswith("the fastest is 20 min after the departure")


def test_what_only_the_ceiling_on_routes_forbids_names_it() -> None:
    """Twenty minutes there and as many back; no route longer than half an hour."""
    given = scenario(small.site("S1"), policy=Policy(longest_route_s=1_800))
    reason = reason_of(small.line_problem(given, S1=20))
    assert (reason.code, reason.figures["best_s"]) == (ReasonCode.TOO_FAR, 1_200)
    assert reason.figures["longest_route_s"] == 1_800
    assert "最长线路 30 min" in reason.message.zh
    assert "longest route of 30 min" in reason.message.en
