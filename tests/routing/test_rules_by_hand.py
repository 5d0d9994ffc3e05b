"""Each rule on a straight road, worked out by hand: the solver finds the optimum and the plan passes the checker.

D lies at block 0, a minute per block. Unloading takes nothing, loading what the case says; a van holds ten crates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from routing.check import check_plan
from routing.evaluate import plan_of
from routing.explain import explain_plan
from routing.model import (
    Break,
    Depot,
    DispatchOrder,
    Interval,
    Plan,
    Policy,
    Problem,
    ReasonCode,
    Site,
    SupplyKind,
    Vehicle,
    ZoneLevel,
)
from routing.solvers import known_solver
from routing.solvers.base import Stop
from tests.routing import small

TEN_CRATES = small.BOUNDLESS._replace(crates=10)
MEDICINE = SupplyKind("medicine", "药品", grams=1_000, cm3=1_000, crates=1.0, apart=frozenset({"kit"}))
NORTH: dict[str, Any] = {"needs_pass": "north"}
KIT_APART = replace(small.KIT, apart=frozenset({"medicine"}))


def van(name: str = "V", **members: Any) -> Vehicle:
    return small.vehicle(name, **({"capacity": TEN_CRATES} | members))


def twice(name: str = "V", **members: Any) -> Vehicle:
    """A van that makes two loops, reloading at D."""
    return van(name, **({"max_loops": 2, "reload_at": ("D",)} | members))


def slow(name: str = "D", **members: Any) -> Depot:
    """A depot where loading takes two minutes and six seconds a crate."""
    return small.depot(name, **({"loading_s": 120, "loading_per_crate_s": 6.0} | members))


def posed(
    sites: list[Site], vehicles: list[Vehicle], depots: list[Depot] | None = None, *, at: dict[str, int], **members: Any
) -> Problem:
    return small.line_problem(small.scenario(sites, vehicles, depots=depots, **members), **at)


def solved(problem: Problem) -> Plan:
    solution = known_solver("pyvrp").solve(problem, stop=Stop(iterations=300), seed=0, on_improvement=lambda _: None)
    plan = explain_plan(problem, plan_of(problem, solution))
    assert check_plan(problem, plan) == ()
    return plan


def loops(plan: Plan, vehicle: str = "V") -> list[tuple[str, int, int, int]]:
    """Where each loop loads, from when, when it leaves and when it is back."""
    route = next(route for route in plan.routes if route.vehicle == vehicle)
    return [(loop.depot, loop.loading_from_s, loop.departure_s, loop.back_s) for loop in route.loops]


def starts(plan: Plan) -> dict[str, int]:
    return {stop.visit.id: stop.start_s for stop in plan.stops()}


def served_by(plan: Plan) -> dict[str, str]:
    return {stop.visit.id: route.vehicle for route in plan.routes for loop in route.loops for stop in loop.stops}


def left_out(plan: Plan) -> dict[str, ReasonCode]:
    return {left.visit.id: left.reason.code for left in plan.unserved if left.reason is not None}


def cost_s(plan: Plan) -> int:
    return plan.summary.objective.cost_s


# --- loops ------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_together_goes_in_two_loops_loaded_one_after_the_other() -> None:
    """9 crates load 120 + 54 = 174 s, then 5 blocks out and back; 6 crates load 156 s, then 10 blocks."""
    sites = [small.site("S1", 9, target_s=480), small.site("S2", 6)]
    plan = solved(posed(sites, [twice()], [slow()], at={"S1": 5, "S2": 10}))
    assert loops(plan) == [("D", 0, 174, 774), ("D", 774, 930, 2130)]
    assert starts(plan) == {"S1/1": 474, "S2/1": 1530}
    assert cost_s(plan) == 2130 - 174


def test_the_next_loop_loads_at_the_depot_that_lies_better() -> None:
    """S1 at 5, then on to E at 12 (474 + 420 s), 156 s of loading, back to S2 at 10 and home to D."""
    sites = [small.site("S1", 9, target_s=480), small.site("S2", 6)]
    vans = [twice(reload_at=("D", "E"))]
    plan = solved(posed(sites, vans, [slow(), slow("E")], at={"E": 12, "S1": 5, "S2": 10}))
    assert loops(plan) == [("D", 0, 174, 894), ("E", 894, 1050, 1770)]
    assert starts(plan) == {"S1/1": 474, "S2/1": 1170}


def test_a_vehicle_does_not_reload_where_it_may_not() -> None:
    sites = [small.site("S1", 9, target_s=480), small.site("S2", 6)]
    plan = solved(posed(sites, [twice()], [slow(), slow("E")], at={"E": 12, "S1": 5, "S2": 10}))
    assert [loop[0] for loop in loops(plan)] == ["D", "D"]


def test_one_loop_more_serves_one_site_more() -> None:
    """Three full loads: three loops serve all, two leave out the least urgent."""
    sites = [small.site(f"S{n}", 10, priority=n) for n in (1, 2, 3)]
    at = {"S1": 2, "S2": 3, "S3": 1}
    three = solved(posed(sites, [twice(max_loops=3)], at=at))
    assert len(loops(three)) == 3
    assert cost_s(three) == 2 * (2 + 3 + 1) * 60
    two = solved(posed(sites, [twice()], at=at))
    assert left_out(two) == {"S3/1": ReasonCode.NO_CAPACITY_LEFT}
    assert cost_s(two) == 2 * (2 + 3) * 60


def test_without_a_depot_to_reload_at_there_is_one_loop() -> None:
    sites = [small.site("S1", 10), small.site("S2", 10)]
    for target_from in ("order", "departure"):
        problem = posed(sites, [van(max_loops=3)], at={"S1": 2, "S2": 3}, policy=Policy(target_from=target_from))
        assert len(solved(problem).unserved) == 1


def test_one_loop_is_better_than_two_where_everything_fits() -> None:
    plan = solved(posed([small.site("S1", 5), small.site("S2", 5)], [twice()], [slow()], at={"S1": 5, "S2": 10}))
    assert loops(plan) == [("D", 0, 180, 1380)]


# --- loading bays and opening -------------------------------------------------------------------------------------


def two_vans_one_bay(
    *, opening: list[tuple[int, int]] | None = None, bays: int = 1, **members: Any
) -> tuple[list[Vehicle], list[Depot]]:
    return [van("V1", **members), van("V2", **members)], [small.depot(opening=opening, loading_s=600, bays=bays)]


def test_of_two_vans_at_one_bay_the_one_in_haste_loads_first() -> None:
    """S2 must be begun at 900 s: 600 s of loading and 5 blocks. The other van loads from 600 to 1,200 s."""
    vans, depots = two_vans_one_bay()
    sites = [small.site("S1", 10), small.site("S2", 10, target_s=900)]
    plan = solved(posed(sites, vans, depots, at={"S1": -5, "S2": 5}))
    assert starts(plan) == {"S1/1": 1_500, "S2/1": 900}


def test_with_two_bays_both_load_at_once() -> None:
    vans, depots = two_vans_one_bay(bays=2)
    plan = solved(posed([small.site("S1", 10), small.site("S2", 10)], vans, depots, at={"S1": -5, "S2": 5}))
    assert starts(plan) == {"S1/1": 900, "S2/1": 900}


def test_who_waits_for_the_bay_past_closing_loads_when_the_depot_opens_again() -> None:
    """From 600 s loading would end at 1,200, after closing at 1,100; the depot opens again at 2,000."""
    vans, depots = two_vans_one_bay(opening=[(0, 1_100), (2_000, 4_000)])
    sites = [small.site("S1", 10), small.site("S2", 10, target_s=900)]
    plan = solved(posed(sites, vans, depots, at={"S1": -5, "S2": 5}))
    assert starts(plan) == {"S1/1": 2_900, "S2/1": 900}


def test_for_two_sites_open_at_one_instant_one_van_loads_earlier_and_waits() -> None:
    """Both at 3,000 s, 5 blocks away: one van loads from 2,100 s, the other from 1,500 s and waits 600 s."""
    vans, depots = two_vans_one_bay()
    sites = [small.site(name, 10, receiving=[(3_000, 3_000)]) for name in ("S1", "S2")]
    plan = solved(posed(sites, vans, depots, at={"S1": -5, "S2": 5}))
    assert starts(plan) == {"S1/1": 3_000, "S2/1": 3_000}
    assert cost_s(plan) == 600 + 1_200


def test_the_bay_is_shared_by_second_loops_too() -> None:
    """V1 and V2 load 0-600 and 600-1,200; V1 is back from 1 block at 720 and loads again from 1,200 to 1,800 s."""
    vans, depots = two_vans_one_bay(max_loops=2, reload_at=("D",))
    sites = [
        small.site("S1", 10, target_s=660),
        small.site("S2", 10, target_s=1_500),
        small.site("S3", 10, target_s=1_860),
    ]
    plan = solved(posed(sites, vans, depots, at={"S1": 1, "S2": 5, "S3": -1}))
    assert starts(plan) == {"S1/1": 660, "S2/1": 1_500, "S3/1": 1_860}


def test_loading_begins_when_the_depot_opens() -> None:
    """Open from 600 s, 300 s of loading, 5 blocks."""
    depots = [small.depot(opening=[(600, 1_000)], loading_s=300)]
    plan = solved(posed([small.site("S1")], [van()], depots, at={"S1": 5}))
    assert loops(plan) == [("D", 600, 900, 1_500)]


def test_loading_is_over_when_the_depot_closes() -> None:
    """On duty from 800 s, 300 s of loading: too late for closing at 1,000 s, so it loads when it opens again."""
    depots = [small.depot(opening=[(600, 1_000), (2_000, 2_300)], loading_s=300)]
    plan = solved(posed([small.site("S1")], [van(shift=Interval(800, 9_000))], depots, at={"S1": 5}))
    assert loops(plan) == [("D", 2_000, 2_300, 2_900)]


# --- breaks -----------------------------------------------------------------------------------------------------


NOON = Break(Interval(600, 900), 600)


def test_a_break_that_falls_due_on_the_way_is_taken() -> None:
    """S1 at 5 by 400 s; rest 600-1,200 s there, since S2 at 20 is not reached by 900 s; then 15 blocks and 20 home."""
    sites = [small.site("S1", target_s=400), small.site("S2")]
    plan = solved(posed(sites, [van(breaks=(NOON,))], at={"S1": 5, "S2": 20}))
    assert starts(plan) == {"S1/1": 400, "S2/1": 2_100}
    assert plan.routes[0].rests == ((600, 600),)
    assert plan.routes[0].totals.rest_s == 600
    assert plan.routes[0].totals.wait_s == 200
    assert loops(plan) == [("D", 100, 100, 3_300)]


def test_a_break_is_spared_when_the_vehicle_is_back_before_it_must_begin() -> None:
    plan = solved(posed([small.site("S1")], [van(breaks=(NOON,))], at={"S1": 7}))
    assert loops(plan) == [("D", 0, 0, 840)]
    assert plan.routes[0].rests == ()


def test_a_break_is_spared_when_the_vehicle_leaves_after_it() -> None:
    """20 blocks cannot be driven before it: the driver rests until 1,200 s and leaves then, which costs nothing."""
    plan = solved(posed([small.site("S1")], [van(breaks=(NOON,))], at={"S1": 20}))
    assert loops(plan) == [("D", 1_200, 1_200, 3_600)]
    assert plan.routes[0].rests == ()


def test_a_break_is_taken_while_the_vehicle_waits_anyway() -> None:
    """S1 opens at 1,200 s for a second: rest there from 600 s, not after it, where S2's target would be missed."""
    sites = [small.site("S1", receiving=[(1_200, 1_200)]), small.site("S2", target_s=1_500)]
    vans = [van(breaks=(Break(Interval(500, 1_300), 600),))]
    plan = solved(posed(sites, vans, at={"S1": 5, "S2": 10}))
    assert starts(plan) == {"S1/1": 1_200, "S2/1": 1_500}
    assert plan.routes[0].rests == ((600, 600),)
    assert loops(plan) == [("D", 300, 300, 2_100)]


def test_two_breaks_are_two_rests() -> None:
    """10 blocks to S1; the windows 100-500 and 300-700 s both pass on the way home: 600 + two rests of 200 s."""
    vans = [van(breaks=(Break(Interval(100, 500), 200), Break(Interval(300, 700), 200)))]
    plan = solved(posed([small.site("S1", target_s=200)], vans, at={"S1": 3}, policy=Policy("leave_out")))
    assert loops(plan)[0][2:] == (0, 360)
    assert plan.routes[0].rests == ()
    plan = solved(posed([small.site("S1", target_s=200, service_s=600)], vans, at={"S1": 3}))
    assert len(plan.routes[0].rests) == 2
    assert plan.summary.objective.late_s > 0


# --- risk -------------------------------------------------------------------------------------------------------


def test_after_a_sealed_zone_the_vehicle_is_disinfected_before_it_loads_again() -> None:
    """S1, sealed, must be begun at 300 s; back at 600, loads from 2,400 s on."""
    sites = [small.site("S1", 10, zone=ZoneLevel.SEALED, target_s=300), small.site("S2", 10)]
    plan = solved(posed(sites, [twice()], [small.depot()], at={"S1": 5, "S2": -5}))
    assert loops(plan) == [("D", 0, 0, 600), ("D", 2_400, 2_400, 3_000)]


def test_the_sealed_zone_comes_last_where_that_saves_the_disinfection() -> None:
    sites = [small.site("S1", 10, zone=ZoneLevel.SEALED), small.site("S2", 10)]
    plan = solved(posed(sites, [twice()], [small.depot()], at={"S1": 5, "S2": -5}))
    assert starts(plan) == {"S2/1": 300, "S1/1": 900}
    assert cost_s(plan) == 1_200


def test_no_disinfection_after_a_controlled_zone() -> None:
    sites = [small.site("S1", 10, zone=ZoneLevel.CONTROLLED, target_s=300), small.site("S2", 10)]
    plan = solved(posed(sites, [twice()], [small.depot()], at={"S1": 5, "S2": -5}))
    assert cost_s(plan) == 1_200


def test_the_lower_risk_comes_first_though_it_is_a_detour() -> None:
    """To E at 12 past S1 (sealed, 5) to S2 (10), back to S1, on to E: 10 + 5 + 7 blocks."""
    sites = [small.site("S1", zone=ZoneLevel.SEALED), small.site("S2", zone=ZoneLevel.PRECAUTIONARY)]
    plan = solved(posed(sites, [van(end="E")], [small.depot(), small.depot("E")], at={"E": 12, "S1": 5, "S2": 10}))
    assert starts(plan) == {"S2/1": 600, "S1/1": 900}
    assert cost_s(plan) == 22 * 60


def test_two_loops_spare_the_detour() -> None:
    """The sealed S1 at 10 by 600 s: with S2 at 11 in one loop it would be late, so S2 waits for the second."""
    sites = [small.site("S1", zone=ZoneLevel.SEALED, target_s=600), small.site("S2")]
    policy = Policy(disinfection_s=60)
    plan = solved(posed(sites, [twice()], [small.depot()], at={"S1": 10, "S2": 11}, policy=policy))
    assert starts(plan) == {"S1/1": 600, "S2/1": 1_200 + 60 + 660}


# --- what rides together ------------------------------------------------------------------------------------------


def medicine_and_kits(vehicles: list[Vehicle], sites: list[Site] | None = None) -> Plan:
    given = sites or [small.site("S1", lines=[("kit", 1)]), small.site("S2", lines=[("medicine", 1)])]
    return solved(posed(given, vehicles, at={"S1": 5, "S2": 10}, kinds=(KIT_APART, MEDICINE)))


def test_kinds_apart_go_in_two_loops() -> None:
    plan = medicine_and_kits([twice()])
    assert len(loops(plan)) == 2
    assert cost_s(plan) == 30 * 60


def test_kinds_apart_go_in_two_vehicles() -> None:
    assert set(served_by(medicine_and_kits([van("V1"), van("V2")])).values()) == {"V1", "V2"}


def test_one_loop_for_kinds_apart_leaves_one_out() -> None:
    assert set(left_out(medicine_and_kits([van()])).values()) == {ReasonCode.NO_CAPACITY_LEFT}


@pytest.mark.parametrize("order", [("kit", "medicine"), ("medicine", "kit")])
def test_a_site_that_wants_both_is_visited_twice(order: tuple[str, str]) -> None:
    """Whichever of the two kinds names the other, and in whichever order they are listed."""
    site = small.site("S1", lines=[(kind, 2) for kind in order])
    for kinds in [(small.KIT, MEDICINE), (KIT_APART, replace(MEDICINE, apart=frozenset()))]:
        plan = solved(posed([site], [twice()], at={"S1": 5}, kinds=kinds))
        assert [[line.kind for line in stop.visit.lines] for stop in plan.stops()] in (
            [["kit"], ["medicine"]],
            [["medicine"], ["kit"]],
        )


# --- stock ------------------------------------------------------------------------------------------------------


def stocked(units_at_d: int, units_at_e: int | None) -> tuple[list[Vehicle], list[Depot]]:
    at_e = {} if units_at_e is None else {"kit": units_at_e}
    return [van("V1"), van("V2", start="E", end="E")], [
        small.depot(stock={"kit": units_at_d}),
        small.depot("E", stock=at_e),
    ]


def test_what_one_depot_is_short_of_comes_from_the_other() -> None:
    """All three from D would be 14 blocks, but it holds two of them: 6 blocks, and 10 from E at 12 to S3 at 7."""
    sites = [small.site(f"S{n}", 4) for n in (1, 2, 3)]
    (v1, v2), depots = stocked(8, None)
    vans = [replace(v1, capacity=small.BOUNDLESS), v2]
    plan = solved(posed(sites, vans, depots, at={"E": 12, "S1": 2, "S2": 3, "S3": 7}))
    assert served_by(plan) == {"S1/1": "V1", "S2/1": "V1", "S3/1": "V2"}
    assert cost_s(plan) == 16 * 60


def test_what_no_depot_has_is_left_out_for_want_of_stock() -> None:
    """Nine are wanted, D has six and E two: the least urgent gets nothing, since a site's three are not divided."""
    sites = [small.site("S1", 3), small.site("S2", 3, priority=3), small.site("S3", 3)]
    plan = solved(posed(sites, *stocked(6, 2), at={"E": 12, "S1": 2, "S2": 3, "S3": 4}))
    assert left_out(plan) == {"S2/1": ReasonCode.NO_STOCK}


def test_a_demand_larger_than_any_stock_is_split_over_depots() -> None:
    """Seven are wanted, D has four and E three: 2 x 5 blocks from D, 2 x 7 from E."""
    plan = solved(posed([small.site("S1", 7)], *stocked(4, 3), at={"E": 12, "S1": 5}))
    assert sorted((stop.visit.lines[0].units, served_by(plan)[stop.visit.id]) for stop in plan.stops()) == [
        (3, "V2"),
        (4, "V1"),
    ]
    assert cost_s(plan) == 24 * 60


def test_of_a_demand_that_exceeds_all_stock_the_rest_is_left_out() -> None:
    plan = solved(posed([small.site("S1", 9)], *stocked(4, 3), at={"E": 12, "S1": 5}))
    assert [visit.lines[0].units for visit in posed([small.site("S1", 9)], *stocked(4, 3), at={}).visits] == [4, 3, 2]
    assert list(left_out(plan).values()) == [ReasonCode.NO_STOCK]


def test_a_reload_draws_on_the_stock_of_the_other_depot() -> None:
    """D has three, so the second three are loaded at E: S1 at 5, E at 6, S2 at 5 again, home."""
    vans, depots = [twice(reload_at=("D", "E"))], [small.depot(stock={"kit": 3}), small.depot("E")]
    plan = solved(posed([small.site("S1", 3), small.site("S2", 3)], vans, depots, at={"E": 6, "S1": 5, "S2": 5}))
    assert [loop[0] for loop in loops(plan)] == ["D", "E"]
    assert cost_s(plan) == 12 * 60


# --- who may come -------------------------------------------------------------------------------------------------


def test_no_more_vehicles_come_than_the_site_takes() -> None:
    plan = solved(posed([small.site("S1", 20, most_vehicles=1)], [van("V1"), van("V2")], at={"S1": 5}))
    assert len(plan.unserved) == 1
    assert len(set(served_by(plan).values())) == 1


def test_under_a_cap_on_vehicles_one_comes_twice() -> None:
    site = small.site("S1", 20, most_vehicles=1)
    plan = solved(posed([site], [twice("V1"), twice("V2")], at={"S1": 5}))
    assert plan.unserved == ()
    assert len(set(served_by(plan).values())) == 1


def test_only_a_vehicle_with_the_pass_comes() -> None:
    """V1 is nearer by far, V2 has the pass."""
    vans = [van("V1"), van("V2", start="E", end="E", passes=frozenset({"north"}))]
    depots = [small.depot(), small.depot("E")]
    plan = solved(posed([small.site("S1", **NORTH)], vans, depots, at={"E": 50, "S1": 5}))
    assert served_by(plan) == {"S1/1": "V2"}


def test_only_a_named_vehicle_comes() -> None:
    vans = [van("V1"), van("V2", start="E", end="E")]
    site = small.site("S1", allowed=frozenset({"V2"}))
    plan = solved(posed([site], vans, [small.depot(), small.depot("E")], at={"E": 50, "S1": 5}))
    assert served_by(plan) == {"S1/1": "V2"}


def test_without_any_pass_the_reason_is_no_pass() -> None:
    plan = solved(posed([small.site("S1", **NORTH)], [van()], at={"S1": 5}))
    assert left_out(plan) == {"S1/1": ReasonCode.NO_PASS}


def test_without_any_vehicle_allowed_the_reason_is_too_big() -> None:
    site = small.site("S1", **NORTH, allowed=frozenset())
    assert left_out(solved(posed([site], [van()], at={"S1": 5}))) == {"S1/1": ReasonCode.TOO_BIG}


def test_a_pass_of_a_vehicle_not_allowed_is_no_pass() -> None:
    site = small.site("S1", **NORTH, allowed=frozenset({"V1"}))
    vans = [van("V1"), van("V2", passes=frozenset({"north"}))]
    assert left_out(solved(posed([site], vans, at={"S1": 5}))) == {"S1/1": ReasonCode.NO_PASS}


def test_a_demand_is_cut_for_the_vehicles_that_may_come() -> None:
    """The truck may not come: two vans' loads."""
    vans = [van("V1"), van("V2"), van("truck", capacity=small.BOUNDLESS)]
    site = small.site("S1", 15, allowed=frozenset({"V1", "V2"}))
    assert set(served_by(solved(posed([site], vans, at={"S1": 5}))).values()) == {"V1", "V2"}


def test_vehicles_alike_but_for_being_named_are_not_taken_for_each_other() -> None:
    """Two full loads, each for the other van than the order of the vans suggests."""
    sites = [small.site("S1", 10, allowed=frozenset({"V2"})), small.site("S2", 10, preferred=frozenset({"V1"}))]
    policy = Policy(unpreferred_price_s=100)
    plan = solved(posed(sites, [van("V1"), van("V2")], at={"S1": 5, "S2": 10}, policy=policy))
    assert served_by(plan) == {"S1/1": "V2", "S2/1": "V1"}
    assert cost_s(plan) == 30 * 60


@pytest.mark.parametrize(("price_s", "vehicle"), [(599, "V1"), (601, "V2")])
def test_a_preferred_vehicle_makes_a_detour_up_to_the_price(price_s: int, vehicle: str) -> None:
    """V1 needs 10 blocks, V2, which is preferred, 20: 600 s more."""
    vans = [van("V1"), van("V2", start="E", end="E")]
    site = small.site("S1", preferred=frozenset({"V2"}))
    policy = Policy(unpreferred_price_s=price_s)
    plan = solved(posed([site], vans, [small.depot(), small.depot("E")], at={"E": 15, "S1": 5}, policy=policy))
    assert served_by(plan) == {"S1/1": vehicle}
    assert cost_s(plan) == (600 + price_s if vehicle == "V1" else 1_200)


# --- targets ------------------------------------------------------------------------------------------------------


def test_the_hospital_with_a_shorter_target_goes_first() -> None:
    """S1 on the way at 5 unloads 240 s; the hospital at 10 must be begun at 600 s."""
    sites = [small.site("S1", service_s=240), small.site("hospital", target_s=600)]
    plan = solved(posed(sites, [van()], at={"S1": 5, "hospital": 10}))
    assert starts(plan) == {"hospital/1": 600, "S1/1": 900}


def test_a_longer_target_of_its_own_holds_too() -> None:
    orders = (DispatchOrder("w1", 0, target_s=300),)
    plan = solved(posed([small.site("S1", target_s=600)], [van()], at={"S1": 10}, orders=orders))
    assert plan.summary.served_in_time == 1


def from_departure(limit_s: int) -> Plan:
    """Two full loads 10 blocks away, target 600 s: the second is begun at 1,800 s, 600 s after leaving."""
    orders = (DispatchOrder("w1", 0, target_s=600, round_limit_s=limit_s),)
    sites = [small.site("S1", 10), small.site("S2", 10, priority=3)]
    return solved(
        posed(sites, [twice()], at={"S1": 10, "S2": -10}, orders=orders, policy=Policy(target_from="departure"))
    )


def test_from_departure_the_second_loop_is_in_time_too() -> None:
    plan = from_departure(1_800)
    assert starts(plan) == {"S1/1": 600, "S2/1": 1_800}
    assert plan.summary.served_in_time == 2


def test_from_departure_the_round_limit_still_binds() -> None:
    assert left_out(from_departure(1_799)) == {"S2/1": ReasonCode.NO_CAPACITY_LEFT}


def test_from_departure_a_late_stop_is_late_by_what_exceeds_the_target_on_the_road() -> None:
    """Hours from 3,000 s for S1 at 5 and S2 at 15: leave at 2,700, S2 at 3,600, target 800 s: 100 s late."""
    orders = (DispatchOrder("w1", 0, target_s=800),)
    sites = [small.site("S1", 5, receiving=[(3_000, 4_000)]), small.site("S2", 5, receiving=[(3_000, 4_000)])]
    plan = solved(posed(sites, [van()], at={"S1": 5, "S2": 15}, orders=orders, policy=Policy(target_from="departure")))
    assert plan.summary.objective.late == 1
    assert plan.summary.objective.late_s == 100


def test_no_route_is_longer_than_allowed() -> None:
    """Out and back over 10 blocks takes 1,200 s; both in one route 1,800 s."""
    sites = [small.site("S1"), small.site("S2")]
    for longest_s, vehicles in [(2_400, 1), (1_200, 2)]:
        policy = Policy(longest_route_s=longest_s)
        plan = solved(
            posed(
                sites,
                [van("V1", fixed_cost_s=9_000), van("V2", fixed_cost_s=9_000)],
                at={"S1": 10, "S2": -10},
                policy=policy,
            )
        )
        assert plan.summary.vehicles_used == vehicles
        assert plan.unserved == ()


def test_a_site_beyond_the_longest_route_is_too_far() -> None:
    plan = solved(posed([small.site("S1")], [van()], at={"S1": 10}, policy=Policy(longest_route_s=1_199)))
    assert left_out(plan) == {"S1/1": ReasonCode.TOO_FAR}


def test_two_loops_count_together_toward_the_longest_route() -> None:
    sites = [small.site("S1", 10), small.site("S2", 10)]
    at = {"S1": 10, "S2": -10}
    assert solved(posed(sites, [twice()], at=at, policy=Policy(longest_route_s=2_400))).unserved == ()
    assert len(solved(posed(sites, [twice()], at=at, policy=Policy(longest_route_s=2_399))).unserved) == 1


def test_left_out_rather_than_late() -> None:
    """Both cannot be begun by 600 s; leaving one out is what the policy asks."""
    orders = (DispatchOrder("w1", 0, target_s=600),)
    sites = [small.site("S1"), small.site("S2", priority=1)]
    late = solved(posed(sites, [van()], at={"S1": 10, "S2": -10}, orders=orders))
    assert (late.summary.served_late, late.summary.unserved) == (1, 0)
    policy = Policy("leave_out")
    out = solved(posed(sites, [van()], at={"S1": 10, "S2": -10}, orders=orders, policy=policy))
    assert left_out(out) == {"S1/1": ReasonCode.NO_CAPACITY_LEFT}


def test_left_out_rather_than_late_counts_from_departure_too() -> None:
    orders = (DispatchOrder("w1", 0, target_s=600),)
    policy = Policy("leave_out", target_from="departure")
    sites = [small.site("S1"), small.site("S2")]
    one = solved(posed(sites, [van()], at={"S1": 10, "S2": -10}, orders=orders, policy=policy))
    assert len(one.unserved) == 1
    two = solved(posed(sites, [twice()], at={"S1": 10, "S2": -10}, orders=orders, policy=policy))
    assert two.unserved == ()
