"""Good plans spoiled in every way the rules name: each is rejected, with the right rule and the right stop."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from api.example import example_scenario
from api.scenarios import scenario_of
from geodata.errors import Text
from geodata.model import Leg
from geodata.network import Network
from geodata.roads import Roads
from routing.check import check_plan
from routing.check_roads import check_roads
from routing.model import (
    DemandLine,
    Interval,
    Load,
    Plan,
    Policy,
    Reason,
    ReasonCode,
    Route,
    Stop,
    Unserved,
    Violation,
)
from routing.pipeline import Posed, finish_plan, pose
from routing.solvers import known_solver
from routing.solvers.base import Stop as StopWord
from tests.routing import small
from tests.routing.hand_made import (
    added_up,
    driven_on,
    hand_made,
    left_out,
    on_closed,
    retimed,
    rules,
    stop_at,
    under,
    violations,
    with_loop,
    with_route,
    with_stop,
    with_stops,
    with_visit,
    without,
)
from tests.routing.small import BLOCK_M

POSED, GOOD = hand_made()


def found(plan: Plan, posed: Posed = POSED) -> tuple[Violation, ...]:
    return violations(posed, plan)


def require(plan: Plan, rule: str, *, visit: str = "", vehicle: str = "", posed: Posed = POSED) -> None:
    """The rule is broken there, also when totals and summary were made to fit."""
    for spoiled in (plan, added_up(posed, plan)):
        blamed = [one for one in found(spoiled, posed) if one.rule == rule]
        assert blamed, f"{rule} not found broken"
        assert not visit or visit in {one.visit for one in blamed}
        assert not vehicle or vehicle in {one.vehicle for one in blamed}


def require_only(plan: Plan, rule: str, *, visit: str = "", vehicle: str = "", posed: Posed = POSED) -> None:
    """Nothing else is broken, and nobody else blamed, once totals and summary fit."""
    require(plan, rule, visit=visit, vehicle=vehicle, posed=posed)
    told = found(added_up(posed, plan), posed)
    assert rules(told) == {rule}
    assert {one.visit for one in told if one.visit} <= {visit}
    assert {one.vehicle for one in told if one.vehicle} <= {vehicle}


def moved(stop: Stop, seconds: int) -> Stop:
    return replace(
        stop,
        arrival_s=stop.arrival_s + seconds,
        start_s=stop.start_s + seconds,
        departure_s=stop.departure_s + seconds,
    )


def other_member(item: Any, member: str, value: object) -> Any:
    return replace(item, **{member: value})


def off_by(item: Any, member: str, seconds: int) -> Any:
    return replace(item, **{member: getattr(item, member) + seconds})


def shifted(plan: Plan, vehicle: str, seconds: int) -> Plan:
    """The whole loop earlier or later."""
    plan = with_stops(plan, vehicle, lambda stops: tuple(moved(stop, seconds) for stop in stops))
    return with_loop(
        plan,
        vehicle,
        lambda loop: replace(
            loop,
            load_s=loop.loading_from_s + seconds,
            departure_s=loop.departure_s + seconds,
            back_s=loop.back_s + seconds,
        ),
    )


def test_the_plan_made_by_hand_is_good() -> None:
    assert found(GOOD) == ()
    assert [stop.start_s for stop in GOOD.stops()] == [200, 560, 920, 520, 1_000]


# --- DEMAND -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["S1", "S2", "S3", "S4", "S5"])
def test_a_stop_dropped_is_missed(site: str) -> None:
    vehicle = "V1" if site in {"S1", "S2", "S3"} else "V2"
    require(without(GOOD, f"{site}/1"), "DEMAND", visit=f"{site}/1")
    require(retimed(POSED, without(GOOD, f"{site}/1"), vehicle), "DEMAND", visit=f"{site}/1")


def test_a_stop_made_twice_is_noticed() -> None:
    twice = with_stops(GOOD, "V1", lambda stops: (*stops, stops[-1]))
    require(retimed(POSED, twice, "V1"), "DEMAND", visit="S3/1")
    other = with_stops(GOOD, "V2", lambda stops: (*stops, stop_at(GOOD, "S1")))
    require(retimed(POSED, other, "V2"), "DEMAND", visit="S1/1")


def test_an_unserved_visit_dropped_or_listed_twice_is_noticed() -> None:
    for visit in ("S6/1", "S7/1", "S8/1"):
        require(without(GOOD, visit), "DEMAND", visit=visit)
    require(left_out(GOOD, GOOD.unserved[0]), "DEMAND", visit="S6/1")


def test_served_and_unserved_at_once_is_noticed() -> None:
    visit = stop_at(GOOD, "S2").visit
    reason = Reason(ReasonCode.NO_CAPACITY_LEFT, Text("", ""), {})
    require(left_out(GOOD, Unserved(visit, reason)), "DEMAND", visit="S2/1")


@pytest.mark.parametrize(
    "members",
    [
        {"lines": (DemandLine("kit", 9),)},
        {"lines": (DemandLine("kit", 11),)},
        {"lines": (DemandLine("heavy", 10),)},
        {"lines": ()},
        {"load": Load(9_999, 10_000, 10)},
        {"load": Load(10_000, 10_000, 9)},
        {"service_s": 239},
        {"priority": 1},
        {"required": True},
        {"row": 3},
        {"windows": (Interval(0, 1),)},
        {"order": replace(small.ORDER, target_s=901, round_limit_s=1_500)},
    ],
)
def test_a_visit_other_than_demanded_is_noticed(members: dict[str, Any]) -> None:
    require(with_visit(GOOD, "S1/1", **members), "DEMAND", visit="S1/1")


def test_a_visit_nobody_asked_for_is_noticed() -> None:
    stranger = with_visit(GOOD, "S1/1", site="S9")
    require(stranger, "DEMAND", visit="S9/1")
    require(stranger, "DEMAND", visit="S1/1")
    require(with_visit(GOOD, "S1/1", part=2), "DEMAND", visit="S1/2")


def test_visits_that_do_not_add_up_to_the_demand_are_noticed_even_if_problem_and_plan_agree() -> None:
    short = replace(POSED.problem.visits[0], lines=(DemandLine("kit", 9),))
    problem = replace(POSED.problem, visits=(short, *POSED.problem.visits[1:]))
    told = check_plan(problem, with_visit(GOOD, "S1/1", lines=short.lines))
    assert [(one.rule, one.subject) for one in told] == [("DEMAND", "S1")]


def with_reason(visit: str, code: ReasonCode | None) -> Plan:
    reason = None if code is None else Reason(code, Text("", ""), {})
    left = tuple(replace(one, reason=reason) if one.visit.id == visit else one for one in GOOD.unserved)
    plan = with_stop(GOOD, visit, lambda stop: replace(stop, reason=reason))
    return replace(plan, unserved=left)


TRUE_REASONS = {
    "S3/1": ReasonCode.NO_CAPACITY_LEFT,
    "S5/1": ReasonCode.WINDOW_MISSED,
    "S6/1": ReasonCode.WINDOW_MISSED,
    "S7/1": ReasonCode.UNREACHABLE,
    "S8/1": ReasonCode.TOO_BIG,
}


@pytest.mark.parametrize("visit", TRUE_REASONS)
@pytest.mark.parametrize("code", [None, *ReasonCode])
def test_no_reason_and_every_false_reason_is_noticed(visit: str, code: ReasonCode | None) -> None:
    plan = with_reason(visit, code)
    if code is TRUE_REASONS[visit]:
        assert found(plan) == ()
    else:
        require_only(plan, "TARGET" if visit in {"S3/1", "S5/1"} else "DEMAND", visit=visit)


def test_a_reason_for_a_stop_in_time_is_noticed() -> None:
    require_only(with_reason("S1/1", ReasonCode.TOO_FAR), "TARGET", visit="S1/1")


def test_reasons_need_not_be_there_while_a_plan_is_sought() -> None:
    bare = with_reason("S6/1", None)
    assert check_plan(POSED.problem, bare, explained=False) == ()


# --- CAPACITY ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", range(3))
def test_one_gram_one_cubic_centimetre_or_one_crate_too_many_is_noticed(axis: int) -> None:
    """V1 carries 40 kg, 40 l and 40 crates."""
    carried = (40_000, 40_000, 40)
    for less, good in ((0, True), (1, False)):
        room = small.BOUNDLESS._replace(**{Load._fields[axis]: carried[axis] - less})
        vans = tuple(replace(van, capacity=room) if van.id == "V1" else van for van in POSED.problem.scenario.vehicles)
        tight = replace(POSED, problem=replace(POSED.problem, scenario=replace(POSED.problem.scenario, vehicles=vans)))
        told = check_plan(tight.problem, GOOD, explained=False)
        assert [(one.rule, one.vehicle) for one in told] == ([] if good else [("CAPACITY", "V1")])


# --- DEPOT and SHIFT --------------------------------------------------------------------------------------------


def test_another_depot_at_the_start_or_the_end_is_noticed() -> None:
    start = with_loop(GOOD, "V1", lambda loop: replace(loop, depot="E"))
    require(start, "DEPOT", vehicle="V1")
    require(retimed(POSED, start, "V1"), "DEPOT", vehicle="V1")
    end = with_loop(GOOD, "V2", lambda loop: replace(loop, end="D"))
    require(end, "DEPOT", vehicle="V2")
    require(retimed(POSED, end, "V2", departure_s=220), "DEPOT", vehicle="V2")


def test_a_depot_that_does_not_exist_is_noticed() -> None:
    require(with_loop(GOOD, "V1", lambda loop: replace(loop, depot="Z")), "DEPOT", vehicle="V1")
    require(with_loop(GOOD, "V1", lambda loop: replace(loop, end="Z")), "DEPOT", vehicle="V1")
    require(with_loop(GOOD, "V1", lambda loop: replace(loop, end="Z")), "ROAD", vehicle="V1")


def test_leaving_a_closed_depot_is_noticed_to_the_second() -> None:
    """D is open until 600 s."""
    assert "DEPOT" not in rules(found(shifted(GOOD, "V1", 600 - 80)))
    require(shifted(GOOD, "V1", 601 - 80), "DEPOT", vehicle="V1")


def test_leaving_before_the_shift_or_coming_back_after_it_is_noticed_to_the_second() -> None:
    """V1 is on duty from 60 s to 2,000 s, out from 80 s to 1,520 s."""
    assert "SHIFT" not in rules(found(shifted(GOOD, "V1", -20)))
    require(shifted(GOOD, "V1", -21), "SHIFT", vehicle="V1")
    assert "SHIFT" not in rules(found(shifted(GOOD, "V1", 480)))
    require(shifted(GOOD, "V1", 481), "SHIFT", vehicle="V1")


def test_a_vehicle_with_two_routes_or_two_loops_is_noticed() -> None:
    require(replace(GOOD, routes=(*GOOD.routes, replace(GOOD.routes[1], vehicle="V1"))), "SHIFT", vehicle="V1")
    double = with_route(GOOD, "V1", lambda route: replace(route, loops=route.loops * 2))
    require(double, "SHIFT", vehicle="V1")
    require(with_route(GOOD, "V1", lambda route: replace(route, loops=())), "SHIFT", vehicle="V1")


def test_a_vehicle_nobody_has_is_noticed() -> None:
    require(with_route(GOOD, "V1", lambda route: replace(route, vehicle="V9")), "SHIFT", vehicle="V9")


def test_a_stop_moved_to_another_vehicle_breaks_its_times() -> None:
    stolen = stop_at(GOOD, "S2")
    plan = with_stops(without(GOOD, "S2/1"), "V2", lambda stops: (*stops, stolen))
    require(plan, "ROAD", visit="S2/1", vehicle="V2")
    require(plan, "ROAD", visit="S3/1", vehicle="V1")
    full = with_stops(without(GOOD, "S4/1"), "V1", lambda stops: (*stops, stop_at(GOOD, "S4")))
    require(retimed(POSED, full, "V1"), "CAPACITY", vehicle="V1")


def test_two_stops_swapped_are_noticed_with_their_old_times_and_with_new_ones() -> None:
    swapped = with_stops(GOOD, "V2", lambda stops: stops[::-1])
    require(swapped, "ROAD", vehicle="V2", visit="S5/1")
    require(swapped, "ROAD", vehicle="V2", visit="S4/1")
    naive = retimed(POSED, swapped, "V2", departure_s=460)
    require(naive, "WINDOW", vehicle="V2", visit="S4/1")


@pytest.mark.parametrize("site", ["S1", "S2", "S3", "S4", "S5"])
@pytest.mark.parametrize("seconds", [1, -1])
def test_each_time_of_a_stop_off_by_a_second_is_noticed(site: str, seconds: int) -> None:
    visit = f"{site}/1"
    vehicle = "V1" if site in {"S1", "S2", "S3"} else "V2"
    for member in ("arrival_s", "start_s", "departure_s", "travel_s"):
        plan = with_stop(GOOD, visit, partial(off_by, member=member, seconds=seconds))
        rule = "ROAD" if member in {"arrival_s", "travel_s"} else "SHIFT"
        require(plan, rule, vehicle=vehicle, visit=visit)


@pytest.mark.parametrize("member", ["departure_s", "back_s", "back_travel_s"])
@pytest.mark.parametrize("seconds", [1, -1])
def test_each_time_of_a_loop_off_by_a_second_is_noticed(member: str, seconds: int) -> None:
    plan = with_loop(GOOD, "V1", partial(off_by, member=member, seconds=seconds))
    require(plan, "ROAD", vehicle="V1")


def test_service_a_second_short_is_noticed_though_everything_after_is_a_second_earlier() -> None:
    def hurried(stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
        first = replace(stops[0], departure_s=stops[0].departure_s - 1)
        return (first, *(moved(stop, -1) for stop in stops[1:]))

    plan = with_stops(GOOD, "V1", hurried)
    plan = with_loop(plan, "V1", lambda loop: replace(loop, back_s=loop.back_s - 1))
    require_only(plan, "SHIFT", visit="S1/1", vehicle="V1")


def test_unloading_before_arriving_is_noticed() -> None:
    def impatient(stop: Stop) -> Stop:
        return replace(stop, start_s=stop.arrival_s - 1, departure_s=stop.arrival_s + 239)

    require(with_stop(GOOD, "S2/1", impatient), "SHIFT", visit="S2/1", vehicle="V1")


# --- TARGET and WINDOW ------------------------------------------------------------------------------------------


def test_beyond_the_round_is_noticed_to_the_second() -> None:
    """S3 is begun at 920 s; the round ends at 1,500 s."""
    for by, broken in ((580, False), (581, True)):
        told = found(shifted(GOOD, "V1", by))
        after = {one.visit for one in told if one.rule == "TARGET" and "the round lasts" in one.message.en}
        assert after == ({"S3/1"} if broken else set())


def test_late_where_nothing_may_be_late_is_noticed() -> None:
    strict = under(POSED, Policy("leave_out"))
    require(GOOD, "TARGET", visit="S3/1", vehicle="V1", posed=strict)
    in_time = added_up(POSED, shifted(GOOD, "V1", -20))
    assert ("TARGET", "S3/1") not in {(one.rule, one.visit) for one in found(with_reasonless(in_time), strict)}


def with_reasonless(plan: Plan) -> Plan:
    return with_stop(plan, "S3/1", lambda stop: replace(stop, reason=None))


def ordered(order_s: int) -> Posed:
    """The same work, the order given only now."""
    order = replace(POSED.problem.scenario.orders[0], order_s=order_s, target_s=9_000, round_limit_s=9_000)
    visits = tuple(replace(visit, order=order) for visit in POSED.problem.visits)
    return replace(
        POSED, problem=replace(POSED.problem, visits=visits, scenario=replace(POSED.problem.scenario, orders=(order,)))
    )


def test_leaving_before_the_order_is_noticed_to_the_second_for_every_stop() -> None:
    for order_s, broken in ((80, False), (81, True)):
        posed = ordered(order_s)
        plan = GOOD
        for visit in posed.problem.visits:
            plan = with_visit(plan, visit.id, order=visit.order)
            plan = with_stop(plan, visit.id, lambda stop: replace(stop, due_s=None))
        told = check_plan(posed.problem, plan, explained=False)
        early = {one.visit for one in told if one.rule == "TARGET" and one.vehicle == "V1"}
        assert early == ({"S1/1", "S2/1", "S3/1"} if broken else set())


def test_beginning_before_the_order_is_noticed() -> None:
    plan = shifted(GOOD, "V1", -201)
    require(plan, "TARGET", visit="S1/1", vehicle="V1")


def test_outside_receiving_hours_is_noticed_to_the_second() -> None:
    """S1 receives from 200 s, when it is begun; S5 between 100 and 500 s and from 1,000 to 1,100 s."""
    require(shifted(GOOD, "V1", -1), "WINDOW", visit="S1/1", vehicle="V1")
    require(shifted(GOOD, "V2", -1), "WINDOW", visit="S5/1", vehicle="V2")
    assert "WINDOW" not in rules(found(shifted(GOOD, "V2", 100)))
    require(shifted(GOOD, "V2", 101), "WINDOW", visit="S5/1", vehicle="V2")


def test_service_that_ends_after_closing_time_is_noticed_where_it_matters() -> None:
    """S4 closes at 900 s and must be done by then: begun at 660 s at the latest. S5 may run over."""
    alone = without(GOOD, "S5/1")
    last = retimed(POSED, alone, "V2", departure_s=360)
    assert "WINDOW" not in rules(found(last))
    require(retimed(POSED, alone, "V2", departure_s=361), "WINDOW", visit="S4/1", vehicle="V2")


def test_serving_a_site_that_is_shut_all_day_is_noticed() -> None:
    visit = next(left.visit for left in GOOD.unserved if left.visit.site == "S6")
    stop = Stop(visit, 0, 0, 0, 0)
    plan = with_stops(without(GOOD, "S6/1"), "V2", lambda stops: (*stops, stop))
    require(retimed(POSED, plan, "V2"), "WINDOW", visit="S6/1", vehicle="V2")


# --- ROAD -------------------------------------------------------------------------------------------------------


def with_leg(visit: str, change: Callable[[Leg], Leg]) -> Plan:
    return with_stop(GOOD, visit, lambda stop: replace(stop, leg=None if stop.leg is None else change(stop.leg)))


def with_arcs(visit: str, change: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Plan:
    return with_leg(visit, lambda leg: replace(leg, arcs=change(leg.arcs)))


SPOILED_ARCS: dict[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
    "first removed": lambda arcs: arcs[1:],
    "last removed": lambda arcs: arcs[:-1],
    "one removed": lambda arcs: (arcs[0], *arcs[2:]),
    "none left": lambda arcs: arcs[:0],
    "reversed": lambda arcs: arcs[::-1],
    "driven backwards": lambda arcs: tuple(arc ^ 1 for arc in arcs),
    "replaced": lambda arcs: (arcs[0], arcs[1] + 2, *arcs[2:]),
    "repeated": lambda arcs: (*arcs, arcs[-1]),
    "not in the network": lambda arcs: (*arcs[:-1], 10**6),
    "negative": lambda arcs: (-1, *arcs[1:]),
    "there and back": lambda arcs: (*arcs[:-1], arcs[-1] ^ 1, arcs[-1]),
    "a block back and on again": lambda arcs: (*arcs, arcs[-1] ^ 1, arcs[-1]),
}


@pytest.mark.parametrize("way", SPOILED_ARCS)
def test_arcs_that_are_not_the_way_are_noticed(way: str) -> None:
    """S4 lies five blocks out: arcs 0, 2, 4, 6, 8."""
    leg = stop_at(GOOD, "S4").leg
    assert leg is not None
    assert leg.arcs[:4] == (0, 2, 4, 6)
    require_only(with_arcs("S4/1", SPOILED_ARCS[way]), "ROAD", visit="S4/1", vehicle="V2")


def test_a_stop_without_a_way_is_noticed() -> None:
    require(with_stop(GOOD, "S4/1", lambda stop: replace(stop, leg=None)), "ROAD", visit="S4/1", vehicle="V2")
    require(with_loop(GOOD, "V2", lambda loop: replace(loop, back_leg=None)), "ROAD", vehicle="V2")


@pytest.mark.parametrize("metres", [0.1, -0.1, 1.0, -BLOCK_M, 1e9])
def test_a_length_off_by_a_tenth_of_a_metre_is_noticed(metres: float) -> None:
    plan = with_leg("S4/1", lambda leg: replace(leg, length_m=round(leg.length_m + metres, 1)))
    require_only(plan, "ROAD", visit="S4/1", vehicle="V2")


def test_an_arc_closed_since_is_noticed() -> None:
    told = check_roads(on_closed(POSED, 8).ground, POSED.problem, GOOD)
    assert {(one.rule, one.visit, one.vehicle) for one in told} >= {("ROAD", "S4/1", "V2"), ("ROAD", "S3/1", "V1")}
    assert any("8" in one.message.en and "closed" in one.message.en for one in told)


def test_a_faster_road_opened_since_is_noticed() -> None:
    roads = POSED.ground.roads(0, 0)
    ms = roads.ms.copy()
    ms[4] //= 2
    told = check_roads(driven_on(POSED.ground, replace(roads, ms=ms)), POSED.problem, GOOD)
    assert ("ROAD", "S4/1") in {(one.rule, one.visit) for one in told}


def test_a_longer_way_that_exists_is_rejected_by_the_search_though_everything_else_fits() -> None:
    """On a grid, round three sides of a block; table, times, arcs, length and totals all say so."""
    given = small.at(small.scenario([small.site("S1")]), D=(0, 0), S1=(1, 0))
    posed = pose(given, small.grid_network())
    good = finish_plan(
        posed,
        known_solver("pyvrp").solve(posed.problem, stop=StopWord(iterations=10), seed=0, on_improvement=lambda _: None),
    )
    assert violations(posed, good) == ()
    (leg,) = [stop.leg for stop in good.stops()]
    assert leg is not None
    detour = three_sides(posed.ground.network, leg.arcs[0])
    detour_ms = 180_000 + ms_of_turns(posed.ground.roads(0, 0), detour)
    travel_s = -(-detour_ms // 1000)
    table = posed.problem.travel_s.copy()
    row = posed.problem.visits[0].row
    table[0, posed.problem.depot_row("D"), row] = travel_s
    forged = replace(posed, problem=replace(posed.problem, travel_s=table))
    longer = with_stop(good, "S1/1", lambda stop: replace(stop, leg=Leg(detour_ms, 3 * BLOCK_M, detour)))
    longer = with_loop(
        longer,
        "V",
        lambda loop: replace(
            loop,
            stops=tuple(reached_in(travel_s, loop.departure_s, stop) for stop in loop.stops),
            back_s=loop.back_s + travel_s - 60,
        ),
    )
    longer = added_up(forged, longer)
    assert check_plan(forged.problem, longer) == ()
    told = check_roads(forged.ground, forged.problem, longer)
    assert [(one.rule, one.visit, one.vehicle) for one in told] == [("ROAD", "S1/1", "V")]
    assert "search" in told[0].message.en


def reached_in(travel_s: int, departure_s: int, stop: Stop) -> Stop:
    at_s = departure_s + travel_s
    return replace(stop, arrival_s=at_s, start_s=at_s, departure_s=at_s, travel_s=travel_s)


def ms_of_turns(roads: Roads, arcs: Sequence[int]) -> int:
    """On a network without restrictions, where every state is an arc."""
    turns = zip(roads.network.turn_from.tolist(), roads.network.turn_to.tolist(), strict=True)
    ms = dict(zip(turns, roads.turn_ms.tolist(), strict=True))
    return sum(ms[pair] for pair in pairwise(arcs))


def three_sides(network: Network, touched: int) -> tuple[int, ...]:
    """Edges of the grid: 0 leads from (0,0) to (1,0). North, east, south, with the ends on the edge of the sites."""
    ends = {(int(t), int(h)): arc for arc, (t, h) in enumerate(zip(network.tail, network.head, strict=True))}
    node = {int(number): row for row, number in enumerate(network.node_id)}
    corners = [0, 1_000, 1_001, 1]
    way = [ends[node[a], node[b]] for a, b in pairwise(corners)]
    backward = ends[node[1], node[0]]
    return (backward, *way, backward) if touched in {0, 1} else tuple(way)


# --- TOTALS -----------------------------------------------------------------------------------------------------


def off_by_one(value: Any) -> Any:
    if value is None:
        return 1
    return Load(value.grams + 1, value.cm3, value.crates) if isinstance(value, Load) else value + 1


@pytest.mark.parametrize("member", GOOD.routes[0].totals._fields)
def test_each_total_of_a_route_is_added_up_again(member: str) -> None:
    def wrong(route: Route) -> Route:
        return replace(route, totals=route.totals._replace(**{member: off_by_one(getattr(route.totals, member))}))

    told = check_plan(POSED.problem, with_route(GOOD, "V2", wrong))
    assert ("TOTALS", "V2", member) in {(one.rule, one.vehicle, one.subject) for one in told}
    assert rules(told) == {"TOTALS"}


@pytest.mark.parametrize("member", [name for name in GOOD.summary.__dataclass_fields__ if name != "objective"])
def test_each_member_of_the_summary_is_added_up_again(member: str) -> None:
    wrong = replace(GOOD.summary, **{member: off_by_one(getattr(GOOD.summary, member))})
    told = check_plan(POSED.problem, replace(GOOD, summary=wrong))
    assert [(one.rule, one.subject) for one in told] == [("TOTALS", member)]


@pytest.mark.parametrize("member", GOOD.summary.objective._fields)
def test_each_member_of_the_objective_is_added_up_again(member: str) -> None:
    objective = GOOD.summary.objective
    wrong = replace(GOOD.summary, objective=objective._replace(**{member: getattr(objective, member) - 1}))
    told = check_plan(POSED.problem, replace(GOOD, summary=wrong))
    assert [(one.rule, one.subject) for one in told] == [("TOTALS", member)]


def test_with_prices_the_cost_holds_the_prices_of_what_is_left_out() -> None:
    priced = under(POSED, Policy("deliver_late", "prices", {1: 1, 2: 1_000, 3: 1}))
    told = check_plan(priced.problem, GOOD)
    assert [(one.rule, one.subject) for one in told] == [("TOTALS", "cost_s")]
    assert check_plan(priced.problem, added_up(priced, GOOD)) == ()


def test_every_violation_speaks_both_languages() -> None:
    spoiled = shifted(without(GOOD, "S2/1"), "V2", 5_000)
    for one in found(spoiled):
        assert one.message.zh
        assert one.message.en
        assert one.message.zh != one.message.en


# --- the embedded example, spoiled at random --------------------------------------------------------------------

TRIALS = 40


@pytest.fixture(scope="session")
def example(sample_network: Network) -> tuple[Posed, Plan]:
    posed = pose(scenario_of(example_scenario()), sample_network)
    stop = StopWord(iterations=30)
    solution = known_solver("pyvrp").solve(posed.problem, stop=stop, seed=0, on_improvement=lambda _: None)
    return posed, finish_plan(posed, solution)


def test_the_example_is_planned_well(example: tuple[Posed, Plan]) -> None:
    assert violations(*example) == ()


Spoiled = tuple[Plan, str, str, str]
"""A spoiled plan, and the rule, visit and vehicle to be blamed."""


class Spoiler:
    """Random ways to spoil a plan, by the rule they break."""

    def __init__(self, posed: Posed, plan: Plan, chance: random.Random) -> None:
        self.posed, self.plan, self.chance = posed, plan, chance
        self.route = chance.choice([route for route in plan.routes if len(route.loops[0].stops) > 2])
        self.stops = self.route.loops[0].stops
        self.stop = chance.choice(self.stops)

    def one(self, plan: Plan, rule: str, *, visit: str | None = None, vehicle: str | None = None) -> Spoiled:
        visit = self.stop.visit.id if visit is None else visit
        return plan, rule, visit, self.route.vehicle if vehicle is None else vehicle

    def dropped(self) -> Spoiled:
        plan = retimed(self.posed, without(self.plan, self.stop.visit.id), self.route.vehicle)
        return self.one(plan, "DEMAND", vehicle="")

    def doubled(self) -> Spoiled:
        other = self.chance.choice(self.plan.routes).vehicle
        at = self.chance.randint(0, 2)
        plan = with_stops(self.plan, other, lambda stops: (*stops[:at], self.stop, *stops[at:]))
        return self.one(retimed(self.posed, plan, other), "DEMAND", vehicle="")

    def swapped(self) -> Spoiled:
        first = self.chance.randrange(len(self.stops) - 1)
        self.stop = self.stops[first]
        one, two = self.stops[first : first + 2]
        order = (*self.stops[:first], two, one, *self.stops[first + 2 :])
        return self.one(with_stops(self.plan, self.route.vehicle, lambda _: order), "ROAD")

    def carried_off(self) -> Spoiled:
        other = self.chance.choice([route.vehicle for route in self.plan.routes if route is not self.route])
        plan = without(self.plan, self.stop.visit.id)
        plan = with_stops(plan, other, lambda stops: (*stops, self.stop))
        return self.one(plan, "ROAD", vehicle=other)

    def mistimed(self) -> Spoiled:
        member = self.chance.choice(("arrival_s", "travel_s"))
        by = self.chance.choice((-1, 1))
        plan = with_stop(self.plan, self.stop.visit.id, partial(off_by, member=member, seconds=by))
        return self.one(plan, "ROAD")

    def hurried(self) -> Spoiled:
        member = self.chance.choice(("start_s", "departure_s"))
        plan = with_stop(self.plan, self.stop.visit.id, partial(off_by, member=member, seconds=-1))
        return self.one(plan, "SHIFT")

    def overloaded(self) -> Spoiled:
        others = [stop for route in self.plan.routes if route is not self.route for stop in route.loops[0].stops]
        heavy = sorted(others, key=lambda stop: -stop.visit.load.grams)[:40]
        plan = with_stops(self.plan, self.route.vehicle, lambda stops: (*stops, *heavy))
        return self.one(retimed(self.posed, plan, self.route.vehicle), "CAPACITY", visit="")

    def too_early(self) -> Spoiled:
        by = self.route.loops[0].departure_s + self.chance.randint(1, 500)
        return self.one(shifted(self.plan, self.route.vehicle, -by), "TARGET")

    def after_the_round(self) -> Spoiled:
        by = self.stop.visit.order.limit_s - self.stop.start_s + self.chance.randint(1, 500)
        return self.one(shifted(self.plan, self.route.vehicle, by), "TARGET")

    def late_without_reason(self) -> Spoiled:
        by = self.stop.visit.order.deadline_s - self.stop.start_s + self.chance.randint(1, 500)
        return self.one(shifted(self.plan, self.route.vehicle, by), "TARGET", vehicle="")

    def other_units(self) -> Spoiled:
        first, *others = self.stop.visit.lines
        by = self.chance.choice((-1, 1))
        lines = (replace(first, units=first.units + by), *others)
        return self.one(with_visit(self.plan, self.stop.visit.id, lines=lines), "DEMAND", vehicle="")

    def other_depot(self) -> Spoiled:
        loop = self.route.loops[0]
        other = self.chance.choice([name for name in self.posed.problem.depots if name != loop.depot])
        member = self.chance.choice(("depot", "end"))
        plan = with_loop(self.plan, self.route.vehicle, partial(other_member, member=member, value=other))
        return self.one(retimed(self.posed, plan, self.route.vehicle), "DEPOT", visit="")

    def falsely_left_out(self) -> Spoiled:
        code = self.chance.choice([code for code in ReasonCode if code is not ReasonCode.NO_CAPACITY_LEFT])
        left = Unserved(self.stop.visit, Reason(code, Text("", ""), {}))
        plan = retimed(self.posed, without(self.plan, self.stop.visit.id), self.route.vehicle)
        return self.one(left_out(plan, left), "DEMAND", vehicle="")


BY_PLAN = [name for name, member in vars(Spoiler).items() if callable(member) and name not in {"__init__", "one"}]


@pytest.mark.parametrize("kind", BY_PLAN)
def test_however_the_example_is_spoiled_the_right_rule_and_stop_are_blamed(
    kind: str, example: tuple[Posed, Plan]
) -> None:
    posed, good = example
    for trial in range(TRIALS):
        plan, rule, visit, vehicle = getattr(Spoiler(posed, good, random.Random(f"{kind} {trial}")), kind)()
        for spoiled in (plan, added_up(posed, plan)):
            told = check_plan(posed.problem, spoiled)
            assert (rule, visit, vehicle) in {(one.rule, one.visit, one.vehicle) for one in told}


def turned(arcs: tuple[int, ...], chance: random.Random) -> tuple[int, ...]:
    return arcs[::-1]


def emptied(arcs: tuple[int, ...], chance: random.Random) -> tuple[int, ...]:
    return ()


ROAD_SPOILERS: dict[str, Callable[[tuple[int, ...], random.Random], tuple[int, ...]]] = {
    "removed": lambda arcs, chance: drop(arcs, chance.randrange(len(arcs))),
    "replaced": lambda arcs, chance: put(arcs, chance.randrange(len(arcs)), chance.randrange(10_000)),
    "inserted": lambda arcs, chance: (*arcs[:1], chance.randrange(10_000), *arcs[1:]),
    "turned": turned,
    "emptied": emptied,
}


def drop(arcs: tuple[int, ...], at: int) -> tuple[int, ...]:
    return (*arcs[:at], *arcs[at + 1 :])


def put(arcs: tuple[int, ...], at: int, arc: int) -> tuple[int, ...]:
    return (*arcs[:at], arc if arc != arcs[at] else arc + 1, *arcs[at + 1 :])


@pytest.mark.parametrize("kind", ROAD_SPOILERS)
def test_however_a_way_is_spoiled_it_is_noticed(kind: str, example: tuple[Posed, Plan]) -> None:
    posed, good = example
    chance = random.Random(kind)
    for _ in range(TRIALS // 4):
        route = chance.choice(good.routes)
        stop = chance.choice(route.loops[0].stops)
        leg = stop.leg
        assert leg is not None
        if len(set(leg.arcs)) < 2:
            continue
        wrong = replace(leg, arcs=ROAD_SPOILERS[kind](leg.arcs, chance))
        plan = with_stop(
            replace(good, routes=(route,)), stop.visit.id, partial(other_member, member="leg", value=wrong)
        )
        told = check_roads(posed.ground, posed.problem, plan)
        assert {(one.rule, one.visit, one.vehicle) for one in told} == {("ROAD", stop.visit.id, route.vehicle)}


def test_a_way_through_any_closed_arc_is_noticed(example: tuple[Posed, Plan]) -> None:
    posed, good = example
    chance = random.Random(0)
    for _ in range(TRIALS // 8):
        route = chance.choice(good.routes)
        stop = chance.choice(route.loops[0].stops)
        assert stop.leg is not None
        arc = chance.choice(stop.leg.arcs)
        told = check_roads(on_closed(posed, arc).ground, posed.problem, replace(good, routes=(route,)))
        assert ("ROAD", stop.visit.id, route.vehicle) in {(one.rule, one.visit, one.vehicle) for one in told}
