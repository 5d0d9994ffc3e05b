"""Good plans spoiled by a second or a unit: the checker names the rule and who breaks it.

D at block 0, E at 12, a minute per block. V1 makes two loops: D 0-180 loading, S1 at 5 (sealed), back, disinfected for
600 s, S2 at 10. V2 rests on its way to S3 at 20 and comes home to E.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from routing.check import check_plan
from routing.evaluate import Solution, plan_of, unpreferred_s, with_summary, with_totals
from routing.model import (
    Break,
    Interval,
    Loop,
    Plan,
    Policy,
    Problem,
    Rest,
    Route,
    Site,
    Stop,
    SupplyKind,
    Violation,
    ZoneLevel,
)
from tests.routing import small

TEN = small.BOUNDLESS._replace(crates=10)
NORTH: dict[str, Any] = {"needs_pass": "north"}
MEDICINE = SupplyKind("medicine", "药品", grams=1_000, cm3=1_000, crates=1.0, apart=frozenset({"kit"}))


def good_problem(policy: Policy | None = None) -> Problem:
    sites = [
        small.site("S1", 10, zone=ZoneLevel.SEALED, most_vehicles=1, preferred=frozenset({"V2"}), **NORTH),
        small.site("S2", 5),
        small.site("S3", 5, target_s=5_000),
        small.site("S4", 5, zone=ZoneLevel.CONTROLLED),
    ]
    vehicles = [
        small.vehicle("V1", capacity=TEN, max_loops=2, reload_at=("D",), passes=frozenset({"north"})),
        small.vehicle("V2", capacity=TEN, end="E", breaks=(Break(Interval(900, 1_000), 600),)),
        small.vehicle("V3", capacity=TEN),
    ]
    depots = [
        small.depot("D", loading_s=120, loading_per_crate_s=6.0, bays=2, stock={"kit": 25}),
        small.depot("E"),
    ]
    policy = policy or Policy(disinfection_s=600, unpreferred_price_s=50)
    given = small.scenario(sites, vehicles, depots=depots, kinds=(small.KIT, MEDICINE), policy=policy)
    return small.line_problem(given, E=12, S1=5, S2=10, S3=20, S4=10)


@cache
def good() -> tuple[Problem, Plan]:
    problem = good_problem()
    plan = plan_of(problem, Solution(((0, -1, 1, 3), (2,), ())))
    assert check_plan(problem, plan) == ()
    return problem, plan


def added_up(problem: Problem, plan: Plan) -> Plan:
    """The forger sums well."""
    vehicles = {vehicle.id: vehicle for vehicle in problem.scenario.vehicles}
    routes = []
    for route in plan.routes:
        vehicle = vehicles[route.vehicle]
        visits = [stop.visit for loop in route.loops for stop in loop.stops]
        routes.append(with_totals(route, vehicle.fixed_cost_s, unpreferred_s(problem, vehicle, visits)))
    return with_summary(problem, tuple(routes), plan.unserved)


def with_route(plan: Plan, vehicle: str, change: Callable[[Route], Route]) -> Plan:
    return replace(plan, routes=tuple(change(each) if each.vehicle == vehicle else each for each in plan.routes))


def with_loop(plan: Plan, vehicle: str, number: int, change: Callable[[Loop], Loop]) -> Plan:
    def changed(route: Route) -> Route:
        loops = list(route.loops)
        loops[number] = change(loops[number])
        return replace(route, loops=tuple(loops))

    return with_route(plan, vehicle, changed)


def later(loop: Loop, seconds: int) -> Loop:
    stops = tuple(
        replace(
            stop,
            arrival_s=stop.arrival_s + seconds,
            start_s=stop.start_s + seconds,
            departure_s=stop.departure_s + seconds,
        )
        for stop in loop.stops
    )
    return replace(
        loop,
        load_s=loop.loading_from_s + seconds,
        departure_s=loop.departure_s + seconds,
        stops=stops,
        back_s=loop.back_s + seconds,
    )


def found(problem: Problem, plan: Plan) -> set[tuple[str, str]]:
    """Rule, and whom or what it names."""
    return {(each.rule, _named(each)) for each in check_plan(problem, added_up(problem, plan))}


def _named(violation: Violation) -> str:
    return violation.visit or violation.subject or violation.vehicle


def with_scenario(problem: Problem, **members: Any) -> Problem:
    scenario = replace(problem.scenario, **members)
    return replace(problem, scenario=scenario, depots={depot.place.id: depot for depot in scenario.depots})


def with_vehicle(problem: Problem, name: str, **members: Any) -> Problem:
    vehicles = problem.scenario.vehicles
    return with_scenario(problem, vehicles=tuple(replace(v, **members) if v.id == name else v for v in vehicles))


def with_depot(problem: Problem, **members: Any) -> Problem:
    first, *others = problem.scenario.depots
    return with_scenario(problem, depots=(replace(first, **members), *others))


def with_policy(problem: Problem, **members: Any) -> Problem:
    return with_scenario(problem, policy=replace(problem.scenario.policy, **members))


def with_site(problem: Problem, name: str, **members: Any) -> Problem:
    sites: tuple[Site, ...] = problem.scenario.sites
    return with_scenario(problem, sites=tuple(replace(s, **members) if s.place.id == name else s for s in sites))


# --- loops and loading ----------------------------------------------------------------------------------------------


def test_a_loop_more_than_the_vehicle_makes() -> None:
    problem, plan = good()
    assert found(with_vehicle(problem, "V1", max_loops=1), plan) >= {("SHIFT", "V1")}


def test_a_reload_where_it_may_not() -> None:
    problem, plan = good()
    assert found(with_vehicle(problem, "V1", reload_at=("E",)), plan) == {("DEPOT", "D")}


def test_a_loop_that_ends_elsewhere_than_the_next_begins() -> None:
    problem, plan = good()
    forged = with_loop(plan, "V1", 0, lambda loop: replace(loop, end="E"))
    assert ("DEPOT", "E") in found(problem, forged)


def test_loading_a_second_too_short() -> None:
    problem, plan = good()
    forged = with_loop(plan, "V1", 0, lambda loop: replace(loop, load_s=loop.loading_from_s + 1))
    assert found(problem, forged) == {("DEPOT", "D")}


def test_loading_a_second_before_the_order() -> None:
    problem, plan = good()
    forged = with_loop(with_vehicle_early(plan), "V1", 0, lambda loop: later(loop, -1))
    assert ("TARGET", "S1/1") in found(with_vehicle(problem, "V1", shift=Interval(-9, 86_400)), forged)


def with_vehicle_early(plan: Plan) -> Plan:
    assert plan.routes[0].loops[0].loading_from_s == 0
    return plan


def test_loading_a_second_before_the_shift() -> None:
    problem, plan = good()
    assert found(with_vehicle(problem, "V1", shift=Interval(1, 86_400)), plan) == {("SHIFT", "V1")}


def test_a_bay_fewer_than_load_at_once() -> None:
    problem, plan = good()
    forged = with_loop(plan, "V2", 0, lambda loop: later(loop, 179 - loop.loading_from_s))
    assert ("DEPOT", "D") in found(with_depot(problem, bays=1), forged)
    forged = with_loop(plan, "V2", 0, lambda loop: later(loop, 180 - loop.loading_from_s))
    assert ("DEPOT", "D") not in found(with_depot(problem, bays=1), forged)


def test_the_depot_closes_a_second_before_loading_ends() -> None:
    problem, plan = good()
    last_s = max(loop.departure_s for route in plan.routes for loop in route.loops)
    assert found(with_depot(problem, opening=(Interval(0, last_s),)), plan) == set()
    assert found(with_depot(problem, opening=(Interval(0, last_s - 1),)), plan) == {("DEPOT", "D")}


def test_a_unit_more_than_the_depot_holds() -> None:
    problem, plan = good()
    assert found(with_depot(problem, stock={"kit": 24}), plan) == {("DEPOT", "D")}


# --- who, what and in which order -----------------------------------------------------------------------------------


def test_disinfected_a_second_too_short() -> None:
    problem, plan = good()
    assert found(with_policy(problem, disinfection_s=601), plan) == {("RISK", "V1")}
    forged = with_loop(plan, "V1", 1, lambda loop: later(loop, -1))
    assert found(problem, forged) == {("RISK", "V1")}


def test_loading_again_a_second_before_it_is_back() -> None:
    problem, plan = good()
    assert found(problem, with_loop(plan, "V1", 1, lambda loop: later(loop, -601))) == {("SHIFT", "V1")}


def test_risk_that_falls_within_a_loop() -> None:
    problem, plan = good()

    def turned(loop: Loop) -> Loop:
        first, second = loop.stops  # both at block 10, without service: they change places and nothing else
        times: dict[str, Any] = {
            "arrival_s": first.arrival_s,
            "start_s": first.start_s,
            "departure_s": first.departure_s,
        }
        return replace(
            loop,
            stops=(
                replace(second, **times, travel_s=first.travel_s),
                replace(first, travel_s=0),
            ),
        )

    assert found(problem, with_loop(plan, "V1", 1, turned)) == {("RISK", "S2/1")}


def test_kinds_apart_in_one_loop() -> None:
    problem, plan = good()
    kinds = (replace(small.KIT, apart=frozenset({"kit2"})), replace(MEDICINE, id="kit2", apart=frozenset()))
    visits = [replace(v, lines=(replace(v.lines[0], kind="kit2"),)) if v.site == "S4" else v for v in problem.visits]
    mixed = replace(with_scenario(problem, kinds=kinds), visits=tuple(visits))

    def mixed_stop(stop: Stop) -> Stop:
        return replace(stop, visit=next(visit for visit in visits if visit.id == stop.visit.id))

    forged = with_loop(plan, "V1", 1, lambda loop: replace(loop, stops=tuple(mixed_stop(s) for s in loop.stops)))
    assert ("SEPARATE", "S2/1") in found(mixed, forged)


def test_a_vehicle_without_the_pass() -> None:
    problem, plan = good()
    assert found(with_vehicle(problem, "V1", passes=frozenset({"south"})), plan) == {("ZONE", "S1/1")}


def test_a_vehicle_that_is_not_named() -> None:
    problem, plan = good()
    assert ("ZONE", "S2/1") in found(with_site(problem, "S2", allowed=frozenset({"V2", "V3"})), plan)


def test_a_vehicle_more_than_the_site_takes() -> None:
    """Ten at once and ten more by the next vehicle: two come."""
    site = small.site("S1", 20, most_vehicles=2)
    given = small.scenario([site], [small.vehicle("V1", capacity=TEN), small.vehicle("V2", capacity=TEN)])
    problem = small.line_problem(given, S1=5)
    plan = plan_of(problem, Solution(((0,), (1,))))
    assert found(problem, plan) == set()
    assert found(with_site(problem, "S1", most_vehicles=1), plan) == {("ZONE", "S1")}


# --- rests ----------------------------------------------------------------------------------------------------------


def with_rests(plan: Plan, *rests: tuple[int, int]) -> Plan:
    return with_route(plan, "V2", lambda route: replace(route, rests=tuple(Rest(*rest) for rest in rests)))


def resting() -> tuple[Problem, Plan]:
    """V2 waits at S3 (from 1,500 s by its hours) while its driver rests from 1,000 s on."""
    given = small.scenario(
        [small.site("S3", 5, receiving=[(1_700, 1_700)], service_s=60), small.site("S5", target_s=300)],
        [small.vehicle("V2", breaks=(Break(Interval(900, 1_000), 600),))],
    )
    problem = small.line_problem(given, S3=10, S5=5)
    plan = plan_of(problem, Solution(((1, 0),)))
    assert found(problem, plan) == set()
    assert len(plan.routes[0].rests) == 1
    return problem, plan


def test_a_rest_not_taken() -> None:
    problem, plan = resting()
    assert found(problem, with_rests(plan)) == {("SHIFT", "V2")}


def test_a_rest_a_second_too_short() -> None:
    problem, plan = resting()
    (rest,) = plan.routes[0].rests
    assert found(problem, with_rests(plan, (rest.start_s, 599))) == {("SHIFT", "V2")}


@pytest.mark.parametrize(("start_s", "good_one"), [(899, False), (900, True), (1_000, True), (1_001, False)])
def test_a_rest_begun_outside_its_window(start_s: int, good_one: bool) -> None:  # noqa: FBT001
    problem, plan = resting()
    assert found(problem, with_rests(plan, (start_s, 600))) == (set() if good_one else {("SHIFT", "V2")})


def test_a_rest_while_unloading() -> None:
    """The window widened: a rest that begins a second before the waiting ends falls into unloading."""
    problem, plan = resting()
    wide = with_vehicle(problem, "V2", breaks=(Break(Interval(0, 1_800), 30),))
    assert found(wide, with_rests(plan, (1_670, 30))) == set()
    assert found(wide, with_rests(plan, (1_671, 30))) == {("SHIFT", "V2")}
    assert found(wide, with_rests(plan, (1_730, 30))) == {("SHIFT", "V2")}


def test_a_rest_while_driving() -> None:
    problem, plan = resting()
    wide = with_vehicle(problem, "V2", breaks=(Break(Interval(0, 1_800), 30),))
    stop = next(stop for stop in plan.stops() if stop.visit.site == "S3")
    assert ("SHIFT", "V2") in found(wide, with_rests(plan, (stop.arrival_s - 1, 30)))


def test_two_breaks_need_two_rests() -> None:
    problem, plan = resting()
    twice = with_vehicle(problem, "V2", breaks=(Break(Interval(900, 1_000), 600), Break(Interval(0, 1_650), 30)))
    assert found(twice, plan) == {("SHIFT", "V2")}
    assert found(twice, with_rests(plan, (900, 600), (1_500, 30))) == set()
    assert found(twice, with_rests(plan, (900, 600), (1_499, 30))) == {("SHIFT", "V2")}


# --- targets and totals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off_s", [-1, 1])
def test_a_target_misstated(off_s: int) -> None:
    problem, plan = good()

    def forged(loop: Loop) -> Loop:
        stop = loop.stops[0]
        return replace(loop, stops=(replace(stop, due_s=stop.latest_s + off_s), *loop.stops[1:]))

    assert ("TARGET", "S3/1") in found(problem, with_loop(plan, "V2", 0, forged))


def test_from_departure_the_target_moves_with_the_loop() -> None:
    problem = good_problem(Policy(disinfection_s=600, unpreferred_price_s=50, target_from="departure"))
    plan = plan_of(problem, Solution(((0, -1, 1, 3), (2,), ())))
    assert found(problem, plan) == set()
    dues = {stop.visit.id: stop.latest_s for stop in plan.stops()}
    assert dues["S2/1"] == plan.routes[0].loops[1].departure_s + 7_200
    assert dues["S3/1"] == plan.routes[1].loops[0].departure_s + 5_000
    by_order = with_policy(problem, target_from="order")
    assert {rule for rule, _ in found(by_order, plan)} == {"TARGET"}


def test_out_a_second_longer_than_allowed() -> None:
    problem, plan = good()
    longest_s = max(route.loops[-1].back_s - route.loops[0].departure_s for route in plan.routes)
    assert found(with_policy(problem, longest_route_s=longest_s), plan) == set()
    assert len(found(with_policy(problem, longest_route_s=longest_s - 1), plan)) == 1


@pytest.mark.parametrize("total", ["rest_s", "depot_s", "price_s", "wait_s", "cost_s"])
def test_a_total_misstated_by_one(total: str) -> None:
    problem, plan = good()

    def forged(route: Route) -> Route:
        value = getattr(route.totals, total)
        return replace(route, totals=route.totals._replace(**{total: value + 1}))

    rules = [(each.rule, each.subject, each.vehicle) for each in check_plan(problem, with_route(plan, "V1", forged))]
    assert rules == [("TOTALS", total, "V1")]


def test_the_totals_of_the_good_plan_are_those_reckoned_by_hand() -> None:
    """V1: out at 180, S1 at 480, back 780, disinfected until 1,380, loaded (120 + 60 s) until 1,560, 10 blocks and back.

    V2: 20 blocks would not be over by 1,000 s, so its driver rests until 1,500 s and leaves then; 8 blocks back to E.
    """
    _, plan = good()
    first, second = plan.routes
    assert first.totals.depot_s == 1_560 - 780
    assert first.totals.price_s == 50
    assert first.totals.cost_s == 2_760 - 180 + 50
    assert (second.loops[0].departure_s, second.loops[0].back_s) == (1_500, 3_180)
