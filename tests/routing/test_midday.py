"""The rest of a day: on the straight road of ``small``, where a block takes a minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.check import check_plan
from routing.check_day import check_day
from routing.check_drivers import check_drivers
from routing.day_state import DayState, VehicleNow
from routing.drivers import assign_drivers, driver_warnings
from routing.evaluate import Solution, plan_of
from routing.explain import explain_plan
from routing.midday import goods_moved, rest_of_day, state_by_plan
from routing.model import DemandLine, Driver, Loop, Plan, Policy, Problem, ReasonCode, Route, ZoneLevel
from routing.model import Stop as Halt
from routing.solvers.base import Stop
from routing.solvers.pyvrp_backend import PyVRPSolver
from tests.routing import small

GATE = "north"


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


def test_goods_of_a_visit_made_early_are_no_longer_on_board() -> None:
    """V1 has made S2 before its time, and goes on to S3; had it made both, it would be on its way home."""
    problem = morning()
    first = state_by_plan(problem, old_plan(problem), 400, early=["S2/1"])
    assert first.done == {"S1/1", "S2/1", "S4/1"}
    assert first.vehicles[0] == VehicleNow("V1", "S3", 840, None, (DemandLine("kit", 10),), 1)
    both = state_by_plan(problem, old_plan(problem), 400, early=["S2/1", "S3/1"])
    assert both.vehicles[0] == VehicleNow("V1", "D", 1_440, "D", (), 1)


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


def test_what_was_out_of_the_question_in_the_morning_is_explained_by_the_vehicles_that_are_left() -> None:
    """S1 takes a pass and a vehicle that holds a piano: NO_PASS while V might come, UNREACHABLE when nobody is left."""
    sites = [small.site("S1", 1_000, needs_pass=GATE), small.site("S2")]
    problem = small.line_problem(
        small.scenario(sites, [small.vehicle("V", capacity=small.BOUNDLESS._replace(crates=1))]), S1=1, S2=2
    )
    told = {left.visit.id: left.reason.code for left in problem.dismissed if left.reason}
    rest = rest_of_day(problem, DayState(now_s=60, lost=frozenset({"V"})))
    assert told == {"S1/1": ReasonCode.NO_PASS}
    plan = plan_of(rest, Solution(()))
    plan = explain_plan(rest, plan)
    assert check_plan(rest, plan) == ()


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


# --- drivers who are lost -----------------------------------------------------------------------------------------


def with_drivers(problem: Problem, *names: str) -> Problem:
    drivers = tuple(Driver(name, name, small.ALL_DAY) for name in names)
    return replace(problem, scenario=replace(problem.scenario, drivers=drivers))


@pytest.mark.parametrize(("lost", "drives"), [(["A"], "B"), (["B"], "A"), (["A", "B"], None)])
def test_a_lost_driver_drives_nothing_more(lost: list[str], drives: str | None) -> None:
    problem = with_drivers(morning(), "A", "B")
    state = state_by_plan(problem, old_plan(problem), 400, lost=["V1"])
    state = replace(state, lost_drivers=frozenset(lost))
    rest = rest_of_day(problem, state)
    plan = assign_drivers(rest.scenario, replanned(rest))
    assert [route.driver for route in plan.routes] == [drives]
    assert check_drivers(rest.scenario, plan) == check_day(problem, state, plan) == ()
    assert len(driver_warnings(rest.scenario, plan)) == (drives is None)


# --- risk remembered ----------------------------------------------------------------------------------------------


def sealed_first(*, disinfection_s: int = 900) -> Problem:
    """S1 at 2 and S4 at 3 are sealed, S2 at 4 is controlled, S3 at 6 open: V1 makes S1 alone, V2 the rest."""
    problem = morning()
    levels = {"S1": ZoneLevel.SEALED, "S4": ZoneLevel.SEALED, "S2": ZoneLevel.CONTROLLED}
    sites = [replace(site, zone=levels.get(site.place.id, ZoneLevel.OPEN)) for site in problem.scenario.sites]
    given = replace(problem.scenario, sites=tuple(sites), policy=Policy(disinfection_s=disinfection_s))
    return small.line_problem(given, S1=2, S2=4, S3=6, S4=3)


def test_back_from_a_sealed_zone_a_vehicle_is_disinfected_before_its_next_loop() -> None:
    """V1 is back at 480 and clean at 1380; with V2 lost all three stops left are its own, the sealed one last."""
    problem = sealed_first()
    plan = plan_of(problem, Solution(((0,), (2, 1, 3))))
    state = state_by_plan(problem, plan, 300, lost=["V2"])
    assert state.vehicles == (VehicleNow("V1", "D", 480, "D", (), 1, ZoneLevel.SEALED),)
    rest = rest_of_day(problem, state)
    again = replanned(rest)
    assert check_plan(rest, again, explained=False) == check_day(problem, state, again) == ()
    assert [stop.visit.site for stop in again.stops()] == ["S3", "S2", "S4"]
    assert again.routes[0].out.open_s == 1_380


def test_a_loop_under_way_does_not_turn_to_where_the_risk_is_lower() -> None:
    """V1 has been at S2, controlled, with goods for S4 on board: the open S3, whose goods are alike, is not for it."""
    problem = sealed_first()
    plan = plan_of(problem, Solution(((1, 3), (2, 0))))
    state = state_by_plan(problem, plan, 300, lost=["V2"])
    assert state.vehicles[0].been is ZoneLevel.CONTROLLED
    rest = rest_of_day(problem, state)
    again = replanned(rest)
    assert check_plan(rest, again, explained=False) == check_day(problem, state, again) == ()
    on_board, later = again.routes[0].loops
    assert all(stop.visit.zone is ZoneLevel.SEALED for stop in on_board.stops)
    assert "S3" in {stop.visit.site for stop in later.stops}
    assert later.loading_from_s >= on_board.back_s + 900


def test_on_a_leg_into_a_zone_the_vehicle_counts_as_being_there() -> None:
    problem = sealed_first()
    plan = plan_of(problem, Solution(((2, 1), (0, 3))))
    assert state_by_plan(problem, plan, 650).vehicles[0].been is ZoneLevel.CONTROLLED


# --- goods moved --------------------------------------------------------------------------------------------------


def test_goods_saved_are_on_board_of_the_other_vehicle() -> None:
    """V1 breaks down at 400 with goods for S2 and S3 on board; V2, back at 600, takes them over at the depot."""
    problem = morning()
    state = state_by_plan(problem, old_plan(problem), 400)
    first, second = state.vehicles
    given, taken = goods_moved(first, second, [DemandLine("kit", 20)])
    assert given.on_board == ()
    assert (taken.on_board, taken.loops_made, taken.depot) == ((DemandLine("kit", 20),), 2, None)
    state = replace(state, vehicles=(taken,), lost=frozenset(["V1"]))
    rest = rest_of_day(problem, state)
    plan = replanned(rest)
    assert check_plan(rest, plan, explained=False) == check_day(problem, state, plan) == ()
    assert [(loop.depot, len(loop.stops)) for loop in plan.routes[0].loops] == [("V2@", 2)]


@pytest.mark.parametrize(("been", "then"), [(1, 0), (2, 0), (3, 3)])
def test_a_loop_begun_with_saved_goods_is_free_of_all_risk_but_that_of_a_sealed_zone(been: int, then: int) -> None:
    taker = VehicleNow("V2", "D", 600, "D", loops_made=1, been=ZoneLevel(been))
    giver = VehicleNow("V1", "S1", 600, on_board=(DemandLine("kit", 20),), loops_made=1)
    given, taken = goods_moved(giver, taker, [DemandLine("kit", 5)])
    assert (taken.been, given.on_board) == (ZoneLevel(then), (DemandLine("kit", 15),))


# --- the rest of the rest -----------------------------------------------------------------------------------------


def as_before(rest: Problem, plan: Plan, state: DayState) -> Plan:
    """What is left of the earlier plan's routes, as a plan of the rest of the day."""
    index = {visit.id: number for number, visit in enumerate(rest.visits)}
    calls = {vehicle.id: list[int]() for vehicle in rest.scenario.vehicles}
    for route in (route for route in plan.routes if route.vehicle in calls):
        for loop in route.loops:
            left = [index[stop.visit.id] for stop in loop.stops if stop.visit.id not in state.done]
            reload = [rest.reload_number(loop.depot)] if left and calls[route.vehicle] else []
            calls[route.vehicle] += reload + left
    return plan_of(rest, Solution(tuple(tuple(calls[vehicle.id]) for vehicle in rest.scenario.vehicles)))


def two_loops() -> tuple[Problem, Plan]:
    """V1: S1 120-360, S2 480-720, back at 960; then S3 1320-1560, back at 1920. V2 as ever."""
    problem = sealed_first(disinfection_s=0)
    return problem, plan_of(problem, Solution(((1, 0, -1, 2), (3,))))


@pytest.mark.parametrize("first_s", range(0, 2_000, 170))
@pytest.mark.parametrize("later_s", [0, 60, 500, 1_000])
def test_a_state_taken_in_two_steps_is_the_state_taken_in_one(first_s: int, later_s: int) -> None:
    """With nothing changed in between, and goods that fit nobody else on the way."""
    problem, plan = two_loops()
    first = state_by_plan(problem, plan, first_s)
    rest = rest_of_day(problem, first)
    middle = as_before(rest, plan, first)
    found = state_by_plan(rest, middle, first_s + later_s, before=first)
    at_once = state_by_plan(problem, plan, first_s + later_s)
    assert (found.done, found.sent) == (at_once.done, at_once.sent)
    out = [each for each in at_once.vehicles if each.on_board or each.free_s > found.now_s]
    assert [each for each in found.vehicles if each.on_board or each.free_s > found.now_s] == out


def test_goods_for_nobody_stay_on_board_in_the_next_state() -> None:
    """Twenty on board, ten of them planned: after the next stop ten and what is ahead are left."""
    problem = morning()
    first = state_by_plan(problem, old_plan(problem), 400, failed=["S1/1"])
    rest = rest_of_day(problem, first)
    number = {visit.id: index for index, visit in enumerate(rest.visits)}
    plan = plan_of(rest, Solution(((number["S2/1"], number["S3/1"]), ())))
    later = state_by_plan(rest, plan, 500, before=first).vehicles[0]
    assert (first.vehicles[0].on_board, later.on_board) == ((DemandLine("kit", 30),), (DemandLine("kit", 20),))


# --- corrupted ----------------------------------------------------------------------------------------------------


def corrupted() -> dict[str, tuple[str, DayState, Plan]]:
    """Each a state and a plan that does not go on from it, and the rule it breaks."""
    problem = with_drivers(sealed_first(), "A", "B")
    plan = plan_of(problem, Solution(((1, 3), (2, 0))))
    state = state_by_plan(problem, plan, 300, lost=["V2"])
    good = assign_drivers(problem.scenario, replanned(rest_of_day(problem, state)))
    route = good.routes[0]
    first, later = route.loops
    begun = plan_of(problem, Solution(((0,), (2, 1, 3))))
    sealed = state_by_plan(problem, begun, 400, lost=["V2"])
    clean = assign_drivers(problem.scenario, replanned(rest_of_day(problem, sealed)))
    early = replace(clean.routes[0].loops[0], load_s=clean.routes[0].out.open_s - 1)
    return {
        "lost vehicle": ("SHIFT", replace(state, lost=frozenset(["V1", "V2"])), good),
        "lost driver": ("SHIFT", replace(state, lost_drivers=frozenset([str(route.driver)])), good),
        "before now": ("SHIFT", state, _with_loops(good, replace(first, load_s=299, departure_s=299), later)),
        "before free": ("SHIFT", state, _with_loops(good, replace(first, load_s=301, departure_s=301), later)),
        "more than on board": ("DEPOT", state, _with_loops(good, replace(first, stops=(*first.stops, *first.stops)))),
        "lower risk": ("RISK", state, _with_loops(good, replace(first, stops=_lowered(first)), later)),
        "not disinfected": ("RISK", sealed, _with_loops(clean, early)),
        "too many loops": ("SHIFT", state, _with_loops(good, first, later, later)),
        "done already": ("DEMAND", replace(state, done=state.done | {first.stops[0].visit.id}), good),
    }


def _with_loops(plan: Plan, *loops: Loop) -> Plan:
    changed: Route = replace(plan.routes[0], loops=loops)
    return replace(plan, routes=(changed, *plan.routes[1:]))


def _lowered(loop: Loop) -> tuple[Halt, ...]:
    return tuple(replace(stop, visit=replace(stop.visit, zone=ZoneLevel.OPEN)) for stop in loop.stops)


@pytest.mark.parametrize("case", list(corrupted()))
def test_a_plan_that_does_not_go_on_from_the_state_is_told(case: str) -> None:
    rule, state, plan = corrupted()[case]
    assert {violation.rule for violation in check_day(sealed_first(), state, plan)} == {rule}


def test_the_checker_of_plans_knows_where_a_vehicle_has_been() -> None:
    """V1 has been where it is controlled: a first loop to an open site breaks the rule, a second does not."""
    problem = sealed_first()
    vans = (replace(problem.scenario.vehicles[0], been=ZoneLevel.CONTROLLED), problem.scenario.vehicles[1])
    remembered = replace(problem, scenario=replace(problem.scenario, vehicles=vans))
    wrong = plan_of(problem, Solution(((2, 1), (0,))))
    right = plan_of(problem, Solution(((1, -1, 2), (0,))))
    assert [v.rule for v in check_plan(remembered, wrong, explained=False)] == ["RISK"]
    assert check_plan(remembered, right, explained=False) == ()
