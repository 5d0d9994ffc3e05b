"""Closures, zones and passes in plans, on a straight road of blocks of 600 m, a minute each; D lies at its west end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import shapely

from geodata.errors import BadInput
from geodata.model import LonLat
from geodata.network import Network
from geodata.restrictions import Closure, InForce, Pass, Restrictions, Zone
from routing.check import check_plan
from routing.check_roads import check_roads
from routing.model import Lock, Plan, Relief, Scenario, Stop, Unserved, Violation, ZoneLevel
from routing.pipeline import Planned, Posed, make_plan, pose
from routing.schedule import timetable
from routing.solvers import known_solver
from routing.solvers.base import Stop as Limit
from tests.routing import small

HALF = 0.5
"""Of a block, to either side of the road."""


def box(west: float, east: float, south: float = -HALF, north: float = HALF) -> shapely.Polygon:
    """In blocks from the origin."""
    low, high = at(west, south), at(east, north)
    return shapely.box(low.lon, low.lat, high.lon, high.lat)


def at(east: float, north: float = 0.0) -> LonLat:
    return LonLat(small.ORIGIN.lon + east * small.STEP, small.ORIGIN.lat + north * small.STEP)


BRIDGE = Closure("C3", box(4.25, 4.75), name="滨河桥")
SEALED = Zone("Z1", box(5.5, 6.5))
"""Around S2; its gates are where the road crosses its edge: Z1-G1 in the east, Z1-G2 in the west."""


def given(restrictions: Restrictions, **members: object) -> Scenario:
    """S1 three blocks away, S2 six, and one van."""
    return replace(small.at(two_sites(), S1=3, S2=6), restrictions=restrictions, **members)  # type: ignore[arg-type]


def two_sites() -> Scenario:
    return small.scenario([small.site("S1"), small.site("S2")])


def planned(scenario: Scenario, network: Network | None = None) -> Planned:
    """Checked by everything there is, or it would not be returned."""
    limit = Limit(iterations=50)
    return make_plan(scenario, network or small.line_network(), solver=known_solver("pyvrp"), stop=limit)


def stop_of(plan: Plan, site: str) -> Stop:
    return next(stop for stop in plan.stops() if stop.visit.site == site)


def left_out(plan: Plan, site: str) -> Unserved:
    return next(left for left in plan.unserved if left.visit.site == site)


def rules(posed: Posed, plan: Plan) -> set[str]:
    return {violation.rule for violation in found_in(posed, plan)}


def found_in(posed: Posed, plan: Plan) -> tuple[Violation, ...]:
    return (*check_plan(posed.problem, plan), *check_roads(posed.ground, posed.problem, plan))


# --- reasons ------------------------------------------------------------------------------------------------------


def test_a_site_behind_the_only_bridge_is_unreachable_and_the_closure_is_named() -> None:
    plan = planned(given(Restrictions(closures=(BRIDGE,)))).plan
    assert stop_of(plan, "S1").start_s == 3 * small.BLOCK_S
    reason = left_out(plan, "S2").reason
    assert reason is not None
    assert reason.code == "UNREACHABLE"
    assert reason.figures == {"restrictions": "C3", "nearest_open_m": pytest.approx(1.75 * small.BLOCK_M, abs=2)}
    assert "C3" in reason.message.en
    assert "滨河桥" in reason.message.en
    assert "封闭“C3 滨河桥”" in reason.message.zh


def test_handing_over_at_the_nearest_open_road_is_offered() -> None:
    reason = left_out(planned(given(Restrictions(closures=(BRIDGE,)))).plan, "S2").reason
    assert reason is not None
    assert reason.relaxation is not None
    assert reason.relaxation.relief is Relief.NEAREST_OPEN_POINT
    assert reason.relaxation.figures["away_m"] == pytest.approx(1.75 * small.BLOCK_M, abs=2)
    assert reason.relaxation.figures["lon"] == pytest.approx(at(4.25).lon, abs=1e-6)


def test_the_nearest_open_road_is_no_help_where_it_would_be_late() -> None:
    """Four blocks and a quarter take 255 s."""
    hurried = replace(small.ORDER, target_s=254)
    plan = planned(given(Restrictions(closures=(BRIDGE,)), orders=(hurried,))).plan
    reason = left_out(plan, "S2").reason
    assert reason is not None
    assert reason.relaxation is not None
    assert reason.relaxation.relief is Relief.NONE_FOUND


def test_either_of_two_bridges_would_open_the_way() -> None:
    """Two ways lead from the west of a ring to its east; each is shut."""
    streets = [
        ((0, 0), (2, 0)),
        ((2, 0), (2, 1)),
        ((2, 1), (4, 1)),
        ((4, 1), (4, 0)),
        ((2, 0), (4, 0)),
        ((4, 0), (6, 0)),
    ]
    ring = small.build_network([small.road(*ends) for ends in streets], name="ring", attribution="drawn by hand")
    south, north = Closure("C1", box(2.9, 3.1, -0.2, 0.2)), Closure("C2", box(2.9, 3.1, 0.8, 1.2))
    scenario = small.at(small.scenario([small.site("S")]), S=6)
    reason = left_out(planned(replace(scenario, restrictions=Restrictions((south, north))), ring).plan, "S").reason
    assert reason is not None
    assert reason.figures["restrictions"] == "C1 / C2"
    assert "any one lifted" in reason.message.en


def test_closures_one_after_the_other_must_be_lifted_together() -> None:
    second = Closure("C4", box(5.25, 5.75))
    reason = left_out(planned(given(Restrictions((BRIDGE, second)))).plan, "S2").reason
    assert reason is not None
    assert reason.figures["restrictions"] == "C3+C4"
    assert "together" in reason.message.en


def gateless() -> Zone:
    """Its only gate is on the far side, where nobody gets."""
    return replace(SEALED, gates=(at(6.5),))


def test_a_zone_without_a_usable_gate_takes_a_pass() -> None:
    reason = left_out(planned(given(Restrictions(zones=(gateless(),)))).plan, "S2").reason
    assert reason is not None
    assert reason.code == "NO_PASS"
    assert reason.figures == {"pass": "Z1", "nearest_open_m": pytest.approx(0.5 * small.BLOCK_M, abs=2)}
    assert "zone 'Z1'" in reason.message.en
    assert reason.relaxation is not None
    assert reason.relaxation.relief is Relief.A_PASS
    assert reason.relaxation.figures == {"vehicle": "V", "pass": "Z1"}


def test_a_pass_for_a_vehicle_that_is_busy_is_given_to_one_that_is_not() -> None:
    """V carries one crate and is full with S1; W would be in time."""
    one = replace(small.vehicle("V"), capacity=crates_alone(1))
    scenario = given(Restrictions(zones=(gateless(),)), vehicles=(one, replace(one, id="W", name="W")))
    hurried = replace(small.ORDER, target_s=400)
    reason = left_out(planned(replace(scenario, orders=(hurried,))).plan, "S2").reason
    assert reason is not None
    assert reason.relaxation is not None
    assert reason.relaxation.relief is Relief.A_PASS


def crates_alone(crates: int) -> small.Load:
    return small.BOUNDLESS._replace(crates=crates)


def test_a_closed_bridge_before_a_zone_with_a_gate_is_what_cuts_off() -> None:
    """Once the bridge is open the gate can be used: the zone need not be lifted."""
    reason = left_out(planned(given(Restrictions((BRIDGE,), zones=(SEALED,)))).plan, "S2").reason
    assert reason is not None
    assert reason.code == "UNREACHABLE"
    assert reason.figures["restrictions"] == "C3"


def test_a_pass_does_not_help_past_a_closed_bridge() -> None:
    reason = left_out(planned(given(Restrictions((BRIDGE,), zones=(gateless(),)))).plan, "S2").reason
    assert reason is not None
    assert reason.code == "UNREACHABLE"
    assert reason.figures["restrictions"] == "C3+Z1"


def test_a_closure_that_spares_holders_is_a_matter_of_passes() -> None:
    sparing = replace(BRIDGE, spares_holders=True)
    reason = left_out(planned(given(Restrictions((sparing,)))).plan, "S2").reason
    assert reason is not None
    assert reason.code == "NO_PASS"
    assert reason.figures == {"pass": "C3", "nearest_open_m": pytest.approx(1.75 * small.BLOCK_M, abs=2)}


# --- gates --------------------------------------------------------------------------------------------------------


def test_without_a_pass_goods_are_handed_over_at_the_nearest_gate() -> None:
    plan = planned(given(Restrictions(zones=(SEALED,)))).plan
    stop = stop_of(plan, "S2")
    assert stop.gate == "Z1-G2"
    assert stop.start_s == pytest.approx(5.5 * small.BLOCK_S, abs=1)
    assert stop_of(plan, "S1").gate is None


def test_with_a_pass_the_site_itself_is_driven_to() -> None:
    plan = planned(given(Restrictions(zones=(SEALED,)), permits=(Pass("1", "V", frozenset({"Z1"})),))).plan
    assert stop_of(plan, "S2").gate is None
    assert stop_of(plan, "S2").start_s == 6 * small.BLOCK_S


def test_sites_behind_one_gate_share_it() -> None:
    """The second is served without driving on."""
    scenario = small.at(small.scenario([small.site("S1"), small.site("S2")]), S1=6, S2=7)
    wide = Zone("Z1", box(5.5, 7.5))
    plan = planned(replace(scenario, restrictions=Restrictions(zones=(wide,)))).plan
    assert {stop.gate for stop in plan.stops()} == {"Z1-G2"}
    assert {stop.start_s for stop in plan.stops()} == {stop_of(plan, "S1").start_s}


def test_an_exempt_order_does_not_know_the_zone() -> None:
    scenario = given(Restrictions(zones=(SEALED,)), exempt={"w1": frozenset({"Z1"})})
    assert stop_of(planned(scenario).plan, "S2").gate is None


def two_waves(zone: Zone) -> Scenario:
    """S2 wants goods of both orders, two hours apart; the van's shift ends with the day."""
    site = small.site("S2")
    again = replace(site.demands[0], order="w2")
    later = replace(small.ORDER, id="w2", order_s=7_200)
    scenario = small.scenario([replace(site, demands=(site.demands[0], again))], orders=(small.ORDER, later))
    scenario = replace(scenario, vehicles=(small.vehicle(max_loops=2, reload_at=("D",)),))
    return replace(small.at(scenario, S2=6), restrictions=Restrictions(zones=(zone,)))


def test_a_zone_that_ends_between_two_orders_counts_for_the_first_alone() -> None:
    ending = replace(SEALED, in_force=InForce(None, small.EPOCH + timedelta(hours=1)))
    stops = {stop.visit.order.id: stop for stop in planned(two_waves(ending)).plan.stops()}
    assert stops["w1"].gate == "Z1-G2"
    assert stops["w2"].gate is None


# --- risk ---------------------------------------------------------------------------------------------------------


def behind_each_other(restrictions: Restrictions, **members: object) -> Scenario:
    """S2 lies in the sealed zone, S3 on open ground before it."""
    scenario = small.scenario([small.site("S2"), small.site("S3")])
    return replace(small.at(scenario, S2=6, S3=5), restrictions=restrictions, **members)  # type: ignore[arg-type]


def test_a_gate_has_the_level_of_the_ground_outside() -> None:
    controlled = Zone("Z2", box(5.0, 7.0), level="controlled", needs_pass=False)
    made = planned(given(Restrictions(zones=(SEALED, controlled))))
    visit = stop_of(made.plan, "S2").visit
    assert visit.zone is ZoneLevel.SEALED
    assert made.problem.zone_of(made.problem.scenario.vehicles[0], visit) is ZoneLevel.CONTROLLED


def far_side_first(posed: Posed) -> tuple[int, ...] | None:
    """When the stops of a loop that goes past the gate, or into the zone, and then to open ground begin."""
    visits = sorted(posed.problem.visits, key=lambda visit: visit.site)
    table = timetable(posed.problem, posed.problem.scenario.vehicles[0], visits)
    return None if table is None else tuple(table.starts_s)


def test_open_ground_may_follow_a_gate_but_not_a_stop_inside() -> None:
    zones = Restrictions(zones=(SEALED,))
    outside = pose(behind_each_other(zones), small.line_network())
    assert far_side_first(outside) == (330, 360)
    inside = pose(behind_each_other(zones, permits=(Pass("1", "V", frozenset({"Z1"})),)), small.line_network())
    assert far_side_first(inside) is None


@pytest.mark.parametrize(("held", "leaves_s"), [(frozenset[str](), 660), (frozenset({"Z1"}), 720 + 1_800)])
def test_only_who_was_inside_is_disinfected(held: frozenset[str], leaves_s: int) -> None:
    """Two crates for a van of one: the gate and back take 660 s, the site 720 s."""
    scenario = small.at(small.scenario([small.site("S2", 2)]), S2=6)
    van = small.vehicle(capacity=crates_alone(1), max_loops=2, reload_at=("D",), passes=held)
    scenario = replace(scenario, vehicles=(van,), restrictions=Restrictions(zones=(SEALED,)))
    (route,) = planned(scenario).plan.routes
    assert [loop.departure_s for loop in route.loops] == [0, leaves_s]


# --- the checker --------------------------------------------------------------------------------------------------

HOLDING = Pass("1", "V", frozenset({"Z1"}))
WITH_PASS = given(Restrictions(zones=(SEALED,)), permits=(HOLDING,))


@pytest.mark.parametrize(
    "permits",
    [
        (),
        (replace(HOLDING, valid=InForce(None, small.EPOCH - timedelta(days=1))),),
        (replace(HOLDING, valid=InForce(None, small.EPOCH + timedelta(hours=6))),),
        (replace(HOLDING, valid=InForce(small.EPOCH + timedelta(seconds=1), None)),),
        (replace(HOLDING, vehicle="W"),),
        (replace(HOLDING, places=frozenset({"Z2"})),),
    ],
    ids=["none", "expired", "ends within the wave", "begins after the order", "of another vehicle", "to another zone"],
)
def test_a_plan_that_enters_needs_a_pass_that_holds(permits: tuple[Pass, ...]) -> None:
    good = planned(WITH_PASS)
    assert found_in(pose(WITH_PASS, small.line_network()), good.plan) == ()
    posed = pose(replace(WITH_PASS, permits=permits), small.line_network())
    on_roads = check_roads(posed.ground, posed.problem, good.plan)
    assert {(violation.rule, violation.subject) for violation in on_roads} == {("ZONE", "Z1")}
    assert {violation.visit for violation in on_roads} == {"S2/1", ""}


def altered(plan: Plan, site: str, change: Callable[[Stop], Stop]) -> Plan:
    routes = tuple(
        replace(
            route,
            loops=tuple(
                replace(loop, stops=tuple(change(stop) if stop.visit.site == site else stop for stop in loop.stops))
                for loop in route.loops
            ),
        )
        for route in plan.routes
    )
    return replace(plan, routes=routes)


def test_a_gate_that_cannot_be_used_is_told() -> None:
    made = planned(given(Restrictions(zones=(SEALED,))))
    wrong = altered(made.plan, "S2", lambda stop: replace(stop, gate="Z1-G1"))
    (told,) = found_in(pose(given(Restrictions(zones=(SEALED,))), small.line_network()), wrong)
    assert (told.rule, told.visit) == ("ZONE", "S2/1")
    assert "Z1-G2" in told.message.en


def test_a_gate_farther_off_than_another_is_told() -> None:
    """Of two gates on the near side the one on the edge is nearer; the other is 150 m down the road."""
    two = replace(SEALED, gates=(at(5.5), at(5.25)))
    scenario = given(Restrictions(zones=(two,)))
    made = planned(scenario)
    assert stop_of(made.plan, "S2").gate == "Z1-G1"
    wrong = altered(made.plan, "S2", lambda stop: replace(stop, gate="Z1-G2"))
    assert rules(pose(scenario, small.line_network()), wrong) == {"ZONE"}


def test_a_stop_that_hides_its_gate_is_told() -> None:
    made = planned(given(Restrictions(zones=(SEALED,))))
    wrong = altered(made.plan, "S2", lambda stop: replace(stop, gate=None))
    told = found_in(pose(given(Restrictions(zones=(SEALED,))), small.line_network()), wrong)
    assert {(violation.rule, violation.subject) for violation in told} == {("ZONE", "Z1")}


def test_a_gate_where_none_is_needed_is_told() -> None:
    made = planned(WITH_PASS)
    wrong = altered(made.plan, "S2", lambda stop: replace(stop, gate="Z1-G2"))
    assert rules(pose(WITH_PASS, small.line_network()), wrong) == {"ZONE"}


def test_driving_through_a_zone_is_told_though_nobody_stops_there() -> None:
    """S2 lies beyond a zone that was drawn after the plan was made."""
    scenario = given(Restrictions())
    zone = Zone("Z9", box(4.2, 4.4))
    made = planned(scenario)
    told = found_in(pose(replace(scenario, restrictions=Restrictions(zones=(zone,))), small.line_network()), made.plan)
    assert {(violation.rule, violation.subject) for violation in told if violation.subject} == {("ZONE", "Z9")}


def test_a_closed_road_is_a_matter_of_the_rule_road() -> None:
    scenario = given(Restrictions())
    made = planned(scenario)
    told = found_in(pose(replace(scenario, restrictions=Restrictions((BRIDGE,))), small.line_network()), made.plan)
    assert "ROAD" in {violation.rule for violation in told}
    assert "ZONE" not in {violation.rule for violation in told}


def test_a_reason_that_names_another_restriction_is_told() -> None:
    scenario = given(Restrictions((BRIDGE,)))
    made = planned(scenario)
    (left,) = made.plan.unserved
    assert left.reason is not None
    other = replace(left.reason, figures={**left.reason.figures, "restrictions": "C9"})
    wrong = replace(made.plan, unserved=(replace(left, reason=other),))
    assert rules(pose(scenario, small.line_network()), wrong) == {"DEMAND"}


def test_a_set_of_restrictions_that_does_not_open_the_way_is_told() -> None:
    scenario = given(Restrictions((BRIDGE, Closure("C4", box(5.25, 5.75)))))
    made = planned(scenario)
    posed = pose(scenario, small.line_network())
    ((key, shut),) = posed.problem.shut_off.items()
    forged = replace(posed, problem=replace(posed.problem, shut_off={key: replace(shut, by=(("C3",),))}))
    (left,) = made.plan.unserved
    assert left.reason is not None
    reason = replace(left.reason, figures={**left.reason.figures, "restrictions": "C3"})
    wrong = replace(made.plan, unserved=(replace(left, reason=reason),))
    assert rules(forged, wrong) == {"DEMAND"}


# --- beside other rules -------------------------------------------------------------------------------------------


def test_a_visit_locked_to_a_vehicle_without_a_pass_goes_to_the_gate() -> None:
    scenario = given(
        Restrictions(zones=(SEALED,)), vehicles=(small.vehicle("V"), small.vehicle("W", passes=frozenset({"Z1"})))
    )
    plan = planned(replace(scenario, locks=(Lock("V", "S2/1"),))).plan
    assert stop_of(plan, "S2").gate == "Z1-G2"


def test_a_lock_that_needs_a_pass_names_the_rule_zone() -> None:
    vehicles = (small.vehicle("V"), small.vehicle("W", passes=frozenset({"Z1"})))
    scenario = given(Restrictions(zones=(gateless(),)), vehicles=vehicles, locks=(Lock("V", "S2/1"),))
    with pytest.raises(BadInput) as refused:
        planned(scenario)
    assert "ZONE" in str(refused.value)
