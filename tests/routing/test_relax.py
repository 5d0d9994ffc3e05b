"""What would have helped, reckoned by hand on a line: a block is a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from api.example import example_scenario
from api.scenarios import scenario_of
from geodata.network import Network
from routing.check import check_plan
from routing.evaluate import Solution, plan_of
from routing.explain import explain_plan
from routing.locks import with_locks
from routing.model import (
    DispatchOrder,
    Earlier,
    EarlierLoop,
    Interval,
    Lock,
    Plan,
    Policy,
    Problem,
    ReasonCode,
    Relaxation,
    Relief,
)
from routing.pipeline import pose
from routing.relax import relax_plan, routes_of, with_relaxations_of
from routing.solvers import known_solver
from routing.solvers.base import Stop
from routing.variants import with_any_hours, with_one_more, with_targets
from tests.routing import small

TEN_MINUTES = DispatchOrder("w1", 0, target_s=600)
FIFTY_MINUTES = DispatchOrder("w1", 0, target_s=3_000)


def relaxed(problem: Problem, *routes: tuple[int, ...], **options: Any) -> dict[str, Relaxation | None]:
    """What is said of each late or unserved visit of the plan with these routes."""
    plan = explain_plan(problem, plan_of(problem, Solution(routes)))
    assert check_plan(problem, plan) == ()
    return said(relax_plan(problem, plan, **options))


def said(plan: Plan) -> dict[str, Relaxation | None]:
    reasons = [(stop.visit.site, stop.reason) for stop in plan.stops()]
    reasons += [(left.visit.site, left.reason) for left in plan.unserved]
    return {site: reason.relaxation for site, reason in reasons if reason is not None}


def reliefs(found: Mapping[str, Relaxation | None]) -> dict[str, Relief | None]:
    return {site: each.relief if each else None for site, each in found.items()}


def two_sided(*names: str, order: DispatchOrder = TEN_MINUTES, **members: Any) -> Any:
    return small.scenario([small.site(name) for name in names], orders=(order,), **members)


def test_a_stop_a_few_minutes_late_needs_a_few_minutes() -> None:
    """Out to A at 5 min, back and on to B at 15 min: 5 min late."""
    problem = small.line_problem(two_sided("A", "B"), A=5, B=-5)
    found = relaxed(problem, (0, 1))["B"]
    assert found is not None
    assert found.relief is Relief.A_LITTLE_MORE_TIME
    assert found.figures == {"extra_s": 300}
    assert "5 min" in found.message.zh
    assert "5 min" in found.message.en


def test_a_stop_much_too_late_needs_one_more_vehicle() -> None:
    """B at 27 min, 17 late; another van is there at 9."""
    problem = small.line_problem(two_sided("A", "B"), A=9, B=-9)
    found = relaxed(problem, (0, 1))["B"]
    assert found is not None
    assert found.relief is Relief.ONE_MORE_VEHICLE
    assert found.figures == {"vehicle_kind": "van", "like": "V", "depot": "D", "others": 0}
    assert found.message.en == "one more van at D would do"
    assert found.message.zh == "“D”再增加一辆van即可按时"


def test_one_more_vehicle_helps_all_it_can_reach_in_time() -> None:
    """B and C lie on one way: the same van is at B after 8 and at C after 9 min."""
    problem = small.line_problem(two_sided("A", "B", "C"), A=9, B=-8, C=-9)
    found = relaxed(problem, (0, 1, 2))
    assert reliefs(found) == {"B": Relief.ONE_MORE_VEHICLE, "C": Relief.ONE_MORE_VEHICLE}
    assert {each.figures["others"] for each in found.values() if each} == {1}


def test_of_several_depots_the_one_whose_vehicle_helps_most_is_named() -> None:
    """From E, at block -9, a van is at C after 1 min and at B after 9; from D at C after 10 and then at B too late."""
    vans = [small.vehicle("V"), small.vehicle("W", start="E", end="E")]
    given = two_sided("A", "B", "C", vehicles=vans, depots=[small.depot("D"), small.depot("E")])
    found = relaxed(small.line_problem(given, E=-9, A=9, B=-18, C=-10), (0, 2, 1), ())
    assert {site: each.figures for site, each in found.items() if each} == {
        site: {"vehicle_kind": "van", "like": "W", "depot": "E", "others": 1} for site in ("B", "C")
    }


def test_where_the_loading_bay_is_the_bottleneck_one_more_vehicle_is_not_said_to_help() -> None:
    """One bay, loading 700 s, target 3,000: a second van would be at B at 1,400 + 1,800 = 3,200 s. B is 3,100 s late."""
    depot = replace(small.depot(), bays=1, loading_s=700)
    problem = small.line_problem(two_sided("A", "B", order=FIFTY_MINUTES, depots=[depot]), A=30, B=-30)
    found = relaxed(problem, (0, 1))["B"]
    assert found is not None
    assert (found.relief, found.figures) == (Relief.MORE_TIME, {"extra_s": 3_120})


def short_of_bays(shift_ends_s: int) -> Relaxation:
    """As before, but the shift ends before a second stop: no time is enough. Another van is back at 3,200 + 1,800 s."""
    depot = replace(small.depot(), bays=1, loading_s=700)
    vans = [small.vehicle("V", shift=Interval(0, shift_ends_s))]
    given = two_sided("A", "B", order=FIFTY_MINUTES, depots=[depot], vehicles=vans)
    return only(relaxed(small.line_problem(given, A=30, B=-30), (0,)), "B")


def only(found: Mapping[str, Relaxation | None], site: str) -> Relaxation:
    assert list(found) == [site]
    relaxation = found[site]
    assert relaxation is not None
    return relaxation


def test_where_nothing_alone_would_do_and_no_two_things_together_that_is_said() -> None:
    assert short_of_bays(4_999).relief is Relief.NONE_FOUND


# --- two at a time ----------------------------------------------------------------------------------------------


def test_one_more_vehicle_that_would_be_a_little_late_takes_a_little_more_time() -> None:
    found = short_of_bays(5_000)
    assert found.relief is Relief.VEHICLE_AND_TIME
    assert found.figures == {"vehicle_kind": "van", "like": "V", "depot": "D", "others": 0, "extra_s": 240}
    assert found.message.en == "one more van at D and 4 min more time would do"
    assert found.message.zh == "“D”再增加一辆van，并时限放宽 4 min即可按时"


def opening_late(a: int, b: int) -> Relaxation:
    """B opens when the shift is over; A keeps the only van."""
    sites = [small.site("A"), small.site("B", receiving=[(5_000, 6_000)])]
    given = small.scenario(sites, [small.vehicle("V", shift=Interval(0, 2_000))], orders=(TEN_MINUTES,))
    return only(relaxed(small.line_problem(given, A=a, B=b), (0,)), "B")


def test_other_hours_may_take_one_more_vehicle() -> None:
    """After A, at 9 min, B could be made at 27, and the van be back at 36, after its shift."""
    found = opening_late(9, -9)
    assert found.relief is Relief.VEHICLE_AND_HOURS
    assert (found.figures["like"], found.figures["receives_s"]) == ("V", 540)


def test_other_hours_may_take_a_little_more_time() -> None:
    """After A, at 5 min, B could be made at 15: five minutes late."""
    found = opening_late(5, -5)
    assert found.relief is Relief.HOURS_AND_TIME
    assert found.figures == {"receives_s": 900, "until_s": 900, "extra_s": 300}


def test_stock_may_take_one_more_vehicle() -> None:
    """D is empty after A; and after A, at 9 min, B could be made at 27."""
    sites = [small.site("A", 4), small.site("B", 3)]
    given = small.scenario(sites, orders=(TEN_MINUTES,), depots=[small.depot(stock={"kit": 5})])
    found = only(relaxed(small.line_problem(given, A=9, B=-9), (0,)), "B")
    assert found.relief is Relief.VEHICLE_AND_STOCK
    figures = {"vehicle_kind": "van", "like": "V", "depot": "D", "others": 0, "units:kit": 2}
    assert found.figures == figures


def test_a_pass_may_take_one_more_vehicle() -> None:
    sites = [small.site("A"), small.site("B", needs_pass="红")]  # noqa: S106  a permit to drive
    found = only(relaxed(small.line_problem(small.scenario(sites, orders=(TEN_MINUTES,)), A=9, B=-9), (0,)), "B")
    assert found.relief is Relief.VEHICLE_AND_PASS
    assert found.figures == {"vehicle_kind": "van", "like": "V", "depot": "D", "others": 0, "pass": "红"}


@pytest.mark.parametrize(("vans", "relief"), [(2, Relief.A_HIGHER_CAP), (1, Relief.VEHICLE_AND_CAP)])
def test_a_cap_on_vehicles_is_told_how_many_to_let_come(vans: int, relief: Relief) -> None:
    """Twenty crates, ten in a van, one van admitted."""
    fleet = [small.vehicle(f"V{number}", capacity=small.Load(10**9, 10**9, 10)) for number in range(vans)]
    given = small.scenario([small.site("A", 20, most_vehicles=1)], fleet, orders=(TEN_MINUTES,))
    found = only(relaxed(small.line_problem(given, A=5), (0,), *((),) * (vans - 1)), "A")
    assert (found.relief, found.figures["most_vehicles"]) == (relief, 2)


def test_a_cap_that_one_more_large_vehicle_meets_stays_as_it_is() -> None:
    """Twenty crates, two vehicles admitted, of ten and of five crates: two of ten would do."""
    fleet = [
        small.vehicle("V10", capacity=small.Load(10**9, 10**9, 10)),
        small.vehicle("V5", capacity=small.Load(10**9, 10**9, 5)),
    ]
    given = small.scenario([small.site("A", 20, most_vehicles=2)], fleet, orders=(TEN_MINUTES,))
    problem = small.line_problem(given, A=5)
    assert [visit.load.crates for visit in problem.visits] == [10, 10]
    found = only(relaxed(problem, (0,), ()), "A")
    assert (found.relief, found.figures["like"]) == (Relief.ONE_MORE_VEHICLE, "V10")


def test_fifty_visits_that_take_two_things_each_are_told_in_seconds() -> None:
    """As above: each opens when the shift is over."""
    names = [f"B{number}" for number in range(50)]
    sites = [small.site("A"), *(small.site(name, receiving=[(5_000, 6_000)]) for name in names)]
    vans = [small.vehicle(f"V{n}", shift=Interval(0, 2_000), fixed_cost_s=n) for n in range(10)]
    problem = small.line_problem(small.scenario(sites, vans, orders=(TEN_MINUTES,)), A=9, **dict.fromkeys(names, -9))
    busy = replace(problem, visits=tuple(replace(v, allowed=frozenset({"V0"})) for v in problem.visits))
    began_s = time.process_time()
    found = relaxed(busy, (0,), *((),) * 9)
    assert time.process_time() - began_s < 10
    assert reliefs(found) == dict.fromkeys(names, Relief.VEHICLE_AND_HOURS)


# --- prices -----------------------------------------------------------------------------------------------------


def priced(price_s: int) -> Plan:
    """A is twenty minutes there and back."""
    policy = Policy("leave_out", "prices", prices={2: price_s})
    problem = small.line_problem(two_sided("A", policy=policy), A=10)
    plan = explain_plan(problem, plan_of(problem, Solution(((),))))
    told = relax_plan(problem, plan)
    assert check_plan(problem, told) == ()
    return told


def test_what_is_left_out_for_its_price_says_so() -> None:
    (left,) = priced(1_199).unserved
    assert left.reason is not None
    assert left.reason.relaxation is not None
    assert left.reason.code is ReasonCode.NO_CAPACITY_LEFT
    assert left.reason.figures == {"alone_s": 600, "depot": "D", "target_s": 600, "cost_s": 1_200, "price_s": 1_199}
    assert (
        left.reason.message.en == "it could be made in time at a cost of 1200 s, but leaving it out is priced at 1199 s"
    )
    assert (left.reason.relaxation.relief, left.reason.relaxation.figures) == (
        Relief.A_HIGHER_PRICE,
        {"cost_s": 1_200, "price_s": 1_199},
    )


def test_what_would_have_paid_takes_a_longer_search() -> None:
    assert reliefs(said(priced(1_201))) == {"A": Relief.A_LONGER_SEARCH}


def test_what_is_left_out_rather_than_late_is_told_how_much_more_time_it_takes() -> None:
    """The bay again; but beside A, B could be made 3,100 s after its target."""
    depot = replace(small.depot(), bays=1, loading_s=700)
    policy = Policy(after_target="leave_out")
    given = two_sided("A", "B", order=FIFTY_MINUTES, depots=[depot], policy=policy)
    found = relaxed(small.line_problem(given, A=30, B=-30), (0,))["B"]
    assert found is not None
    assert (found.relief, found.figures) == (Relief.MORE_TIME, {"extra_s": 3_120})


def test_what_is_left_out_for_minutes_is_told_the_minutes_before_a_vehicle() -> None:
    """A at 5 min, then B at 15: 5 min too late, and nobody worse."""
    given = two_sided("A", "B", policy=Policy(after_target="leave_out"))
    found = relaxed(small.line_problem(given, A=5, B=-5), (0,))["B"]
    assert found is not None
    assert (found.relief, found.figures) == (Relief.A_LITTLE_MORE_TIME, {"extra_s": 300})


def test_hours_that_open_too_late_are_told_when_to_open() -> None:
    given = small.scenario([small.site("A", receiving=[(5_000, 6_000)])], orders=(TEN_MINUTES,))
    found = relaxed(small.line_problem(given, A=2), (0,))["A"]
    assert found is not None
    assert found.relief is Relief.OTHER_HOURS
    assert found.figures["receives_s"] == 120


def test_hours_are_moved_only_where_nobody_else_is_late_for_it() -> None:
    """A, at 9 min, must be made by 10; B, on the other side, could be made first only at A's cost."""
    sites = [small.site("A"), small.site("B", receiving=[(9_000, 9_600)])]
    given = small.scenario(sites, orders=(TEN_MINUTES,))
    found = relaxed(small.line_problem(given, A=9, B=-9), (0, 1))
    assert reliefs(found) == {"B": Relief.MORE_TIME}


def test_a_missing_pass_is_granted_to_one_vehicle() -> None:
    given = small.scenario(
        [small.site("A", needs_pass="红"), small.site("B")],  # noqa: S106  a permit to drive
        [small.vehicle("V"), small.vehicle("W", max_loops=2)],
    )
    problem = small.line_problem(given, A=2, B=3)
    assert [left.reason.code for left in problem.dismissed if left.reason] == [ReasonCode.NO_PASS]
    found = relaxed(problem, (0,), ())["A"]
    assert found is not None
    assert found.relief is Relief.A_PASS
    assert found.figures == {"vehicle": "V", "pass": "红"}


def test_stock_that_ran_out_is_told_by_how_much() -> None:
    depots = [replace(small.depot(), stock={"kit": 5})]
    given = small.scenario([small.site("A", 4), small.site("B", 3)], depots=depots)
    found = relaxed(small.line_problem(given, A=2, B=3), (0,))["B"]
    assert found is not None
    assert found.relief is Relief.MORE_STOCK
    assert found.figures == {"depot": "D", "units:kit": 2}


def test_a_late_stop_is_told_what_the_near_depot_lacked() -> None:
    """Four of D's six go to A; B's three come from E and are late. With one more, V brings both."""
    depots = [small.depot("D", stock={"kit": 6}), small.depot("E")]
    vans = [small.vehicle("V"), small.vehicle("W", start="E", end="E")]
    given = small.scenario([small.site("A", 4), small.site("B", 3)], vans, depots=depots, orders=(FIFTY_MINUTES,))
    found = only(relaxed(small.line_problem(given, E=100, A=5, B=10), (0,), (1,)), "B")
    assert (found.relief, found.figures) == (Relief.MORE_STOCK, {"depot": "D", "units:kit": 1})


def beside_a_lock(*locks: Lock) -> Relaxation:
    """B, at 4 min, lies on the way from A, at 3, to C, at 6; after C it is made at 8. The target is 7 min."""
    earlier = Earlier({}, {"V": (EarlierLoop("D", ("A/1", "C/1")),)})
    order = DispatchOrder("w1", 0, target_s=420)
    problem = with_locks(
        small.line_problem(two_sided("A", "B", "C", order=order, locks=locks, earlier=earlier), A=3, B=4, C=6)
    )
    return only(relaxed(problem, (0, 2)), "B")


def test_what_would_help_leaves_locked_stops_in_their_places() -> None:
    assert beside_a_lock().relief is Relief.A_LONGER_SEARCH
    placed = beside_a_lock(Lock("V", "C/1", 2))
    assert (placed.relief, placed.figures) == (Relief.A_LITTLE_MORE_TIME, {"extra_s": 60})


def test_what_would_help_leaves_locked_routes_as_they_are() -> None:
    assert beside_a_lock(Lock("V")).relief is Relief.ONE_MORE_VEHICLE


def test_a_visit_that_is_locked_to_its_vehicle_is_not_given_to_another() -> None:
    """B is 17 min late as above; being locked to V it needs the time, though C, beside it, needs but a vehicle."""
    given = two_sided("A", "B", "C", locks=(Lock("V", "B/1"),))
    problem = with_locks(small.line_problem(given, A=9, B=-9, C=-8))
    assert reliefs(relaxed(problem, (0, 2, 1))) == {"B": Relief.MORE_TIME, "C": Relief.ONE_MORE_VEHICLE}


def test_distance_has_no_remedy_here() -> None:
    problem = small.line_problem(two_sided("A"), A=30)
    assert relaxed(problem, (0,)) == {"A": None}


def test_a_plan_in_which_all_is_in_time_is_left_as_it_is() -> None:
    problem = small.line_problem(two_sided("A"), A=3)
    plan = explain_plan(problem, plan_of(problem, Solution(((0,),))))
    assert relax_plan(problem, plan) is plan


@pytest.mark.parametrize("most_work", [0, 1, 3])
def test_beyond_the_work_bound_it_is_said_that_nothing_was_tried(most_work: int) -> None:
    problem = small.line_problem(two_sided("A", "B", "C"), A=9, B=-9, C=30)
    found = relaxed(problem, (0, 1), most_work=most_work)
    assert reliefs(found) == {"B": Relief.NOT_TRIED, "C": None}


def test_more_work_never_changes_what_was_found_with_less() -> None:
    problem = small.line_problem(two_sided("A", "B", "C", "E"), A=9, B=-9, C=5, E=-5)
    full = relaxed(problem, (0, 1, 2, 3))
    for most_work in range(0, 200, 3):
        for site, found in relaxed(problem, (0, 1, 2, 3), most_work=most_work).items():
            assert found is not None
            assert found.relief is Relief.NOT_TRIED or found == full[site]


def test_the_plan_itself_stays_as_it_was() -> None:
    problem = small.line_problem(two_sided("A", "B"), A=9, B=-9)
    plan = explain_plan(problem, plan_of(problem, Solution(((0, 1),))))
    told = relax_plan(problem, plan)
    assert check_plan(problem, told) == ()
    assert (told.summary, routes_of(problem, told)) == (plan.summary, ((0, 1),))
    assert relax_plan(problem, told) == told
    assert said(with_relaxations_of(told, plan)) == said(told)


def test_a_route_of_several_loops_is_read_back_with_its_reloads() -> None:
    van = small.vehicle("V", max_loops=2, reload_at=("D",), capacity=small.Load(1_000, 10**9, 10**9))
    given = small.scenario([small.site("A"), small.site("B")], [van])
    problem = small.line_problem(given, A=2, B=3)
    calls = ((0, problem.reload_number("D"), 1),)
    assert routes_of(problem, plan_of(problem, Solution(calls))) == calls


# --- variants of a problem --------------------------------------------------------------------------------------


def test_one_more_vehicle_is_known_to_the_sites_that_know_the_one_it_equals() -> None:
    sites = [
        small.site("A", allowed=frozenset({"V"}), preferred=frozenset({"V"})),
        small.site("B", allowed=frozenset({"W"})),
    ]
    problem = small.line_problem(small.scenario(sites, [small.vehicle("V"), small.vehicle("W")]), A=1, B=2)
    more = with_one_more(problem, problem.scenario.vehicles[0])
    new = more.scenario.vehicles[-1]
    assert new.id == "V+1"
    assert [visit.takes(new) for visit in more.visits] == [True, False]
    assert more.scenario.sites[0].preferred == {"V", "V+1"}


def test_a_target_is_never_made_shorter() -> None:
    problem = small.line_problem(two_sided("A"), A=1)
    assert with_targets(problem, {"A": 60}).visits[0].within_s == 600
    assert with_targets(problem, {"A": 900}).visits[0].within_s == 900


def test_any_hours_means_the_whole_round() -> None:
    given = small.scenario([small.site("A", receiving=[(100, 200)])], orders=(TEN_MINUTES,))
    problem = with_any_hours(small.line_problem(given, A=1), "A")
    assert problem.visits[0].windows == (Interval(0, 21_600),)


# --- on a real town's roads -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("after_target", ["deliver_late", "leave_out"])
def test_fifty_visits_of_a_town_are_told_what_would_help_in_seconds(sample_network: Network, after_target: Any) -> None:
    scenario = scenario_of(example_scenario())
    policy = replace(scenario.policy, after_target=after_target)
    posed = pose(replace(scenario, vehicles=scenario.vehicles[::2], policy=policy), sample_network)
    solution = known_solver("pyvrp").solve(
        posed.problem, stop=Stop(iterations=50), seed=0, on_improvement=lambda _: None
    )
    plan = explain_plan(posed.problem, plan_of(posed.problem, solution))
    began_s = time.process_time()
    told = relax_plan(posed.problem, plan)
    assert time.process_time() - began_s < 10
    found = said(told)
    assert len(found) >= 45
    assert all(each and each.relief not in (Relief.NOT_TRIED, Relief.NONE_FOUND) for each in found.values())
    assert relax_plan(posed.problem, plan) == told
