"""What a plan asks of the handoffs: stops with their time to spare, and what is assumed where nothing is said."""

from __future__ import annotations

from dataclasses import replace

from routing.evaluate import Solution, plan_of
from routing.handoffs import schedule_handoffs
from routing.handoffs.check import check_handoffs
from routing.handoffs.model import BayOwner, Crew, Group, Mode, SiteInput
from routing.handoffs.posing import HandoffSettings, pose_handoffs
from routing.model import Interval, Loop, Place, Plan, Problem, Route, Site
from tests.routing import small


def two_stops(first: Site, second: Site, *, shift: Interval = small.ALL_DAY) -> tuple[Problem, Plan]:
    """S1 ten minutes from the depot, S2 ten minutes further on, served by one vehicle in this order."""
    given = small.scenario([first, second], [small.vehicle(shift=shift)])
    problem = small.line_problem(given, S1=10, S2=20)
    return problem, plan_of(problem, Solution(((0, 1),)))


def test_stops_are_handed_on_with_the_way_between_them() -> None:
    problem, plan = two_stops(small.site("S1", service_s=300), small.site("S2", 4, service_s=300))
    first, second = pose_handoffs(problem, plan).arrivals
    assert (first.stop, first.arrival_s, first.service_s, first.after) == ("S1/1", 600, 300, None)
    assert (second.stop, second.arrival_s, second.after, second.lead_s, second.crates) == (
        "S2/1",
        1_500,
        "S1/1",
        600,
        4,
    )


def test_time_to_spare_is_what_later_stops_leave() -> None:
    # S2 must begin by 2000, so S1 by 2000 - 600 - 300 = 1100, though its own target is 7200.
    problem, plan = two_stops(small.site("S1", service_s=300), small.site("S2", service_s=300, target_s=2_000))
    assert [arrival.latest_s for arrival in pose_handoffs(problem, plan).arrivals] == [1_100, 2_000]


def test_time_to_spare_ends_with_the_shift() -> None:
    # Home 20 minutes after S2: unloading there must end at 4000 - 1200 = 2800, so it begins by 2500, and S1 by 1600.
    problem, plan = two_stops(
        small.site("S1", service_s=300), small.site("S2", service_s=300), shift=Interval(0, 4_000)
    )
    assert [arrival.latest_s for arrival in pose_handoffs(problem, plan).arrivals] == [1_600, 2_500]


def test_time_to_spare_ends_with_the_receiving_hours_planned_for() -> None:
    problem, plan = two_stops(small.site("S1", receiving=[(0, 900), (3_000, 9_000)]), small.site("S2"))
    assert pose_handoffs(problem, plan).arrivals[0].latest_s == 900


def test_a_late_stop_has_no_time_to_spare() -> None:
    problem, plan = two_stops(small.site("S1"), small.site("S2", target_s=1_000))
    first, second = pose_handoffs(problem, plan).arrivals
    assert (first.latest_s, second.latest_s) == (600, 1_200)


def test_a_site_of_which_nothing_is_said_has_a_crew_and_volunteers_of_its_own() -> None:
    problem, plan = two_stops(small.site("S1"), small.site("S2"))
    settings = HandoffSettings(sites={"S1": SiteInput("S1", Mode.DOOR_ROUND, groups=(Group("1", 25),))})
    posed = pose_handoffs(problem, plan, settings)
    assert [crew.id for crew in posed.crews] == ["S1/crew", "S2/crew"]
    assert len(posed.sites[0].volunteers) == 3
    assert all(site.assumed for site in posed.sites)


def test_what_is_said_is_kept() -> None:
    problem, plan = two_stops(small.site("S1"), small.site("S2"))
    site = SiteInput("S1", crews=("C",))
    settings = HandoffSettings({"S1": BayOwner("S1", 3)}, {"S1": site}, (Crew("C"),), policy="early")
    posed = pose_handoffs(problem, plan, settings)
    assert posed.owners[0].bays == 3
    assert posed.sites[0] == site
    assert posed.policy == "early"


def test_a_sampling_site_has_its_kits_carried_in_and_at_a_gate_goods_are_handed_over() -> None:
    problem, plan = two_stops(small.site("S1"), small.site("S2"))
    sites = tuple(replace(site, place=_of_kind(site.place, "sampling_site")) for site in problem.scenario.sites[:1])
    changed = replace(problem, scenario=replace(problem.scenario, sites=(*sites, problem.scenario.sites[1])))
    posed = pose_handoffs(changed, _second_at_gate(plan))
    assert [site.mode for site in posed.sites] == [Mode.SITE_CREW, Mode.GATE]
    assert [owner.id for owner in posed.owners] == ["S1", "G1"]


def _of_kind(place: Place, kind: str) -> Place:
    return replace(place, kind=kind)


def _second_at_gate(plan: Plan) -> Plan:
    (route,) = plan.routes
    (loop,) = route.loops
    first, second = loop.stops
    changed: Loop = replace(loop, stops=(first, replace(second, gate="G1")))
    whole: Route = replace(route, loops=(changed,))
    return replace(plan, routes=(whole,))


def test_a_posed_plan_is_scheduled_and_checked() -> None:
    problem, plan = two_stops(small.site("S1", 20, service_s=300), small.site("S2", 20, service_s=300))
    given = pose_handoffs(problem, plan)
    handoffs = schedule_handoffs(given)
    assert check_handoffs(given, handoffs) == ()
    assert {slot.stop: slot.taken_s for slot in handoffs.bays} == {"S1/1": 600, "S2/1": 1_500}
