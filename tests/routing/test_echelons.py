"""Two stages reckoned by hand: a city depot C fills stations A and B, whose vans serve the sites.

A straight road, a minute per block: C at 0, A at 2, B at 10, a1 at 3, b1 at 12. Loading at C takes 30 s, unloading at a
station 100 s and 2 s a crate, sorting 60 s and 3 s a crate; a kit is a crate, and each site wants ten.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from geodata.errors import BadInput, Text
from routing.check_transfers import check_stated
from routing.echelons import apart, require_one_stage
from routing.model import (
    DemandLine,
    DispatchOrder,
    Driver,
    Interval,
    Load,
    Plan,
    Scenario,
    Stop,
    Supply,
    Transfer,
    Violation,
)
from routing.pipeline import Planned, Posed, check_stages, make_plan, pose
from routing.solvers import base, known_solver
from tests.routing import hand_made, small

TEN = Load(10**9, 10**9, 10)
ORDER = DispatchOrder("w1", 0, target_s=1_000, round_limit_s=5_000)


def station(name: str, supplier: str = "C", own: int = 0, **members: Any) -> Any:
    supply = Supply(supplier, sorting_s=60, sorting_per_crate_s=3.0, service_s=100, service_per_crate_s=2.0)
    return small.depot(name, stock={"kit": own}, supply=supply, **members)


def two_stations(**members: Any) -> Scenario:
    defaults: dict[str, Any] = {
        "sites": [small.site("a1", 10), small.site("b1", 10)],
        "depots": [small.depot("C", loading_s=30), station("A"), station("B")],
        "vehicles": [
            small.vehicle("T1", start="C", end="C", capacity=TEN),
            small.vehicle("T2", start="C", end="C", capacity=TEN),
            small.vehicle("VA", start="A", end="A", capacity=TEN),
            small.vehicle("VB", start="B", end="B", capacity=TEN),
        ],
        "orders": (ORDER,),
    }
    return small.at(small.scenario(**(defaults | members)), C=0, A=2, B=10, a1=3, b1=12)


def planned(scenario: Scenario, iterations: int = 60) -> Planned:
    stop = base.Stop(iterations=iterations)
    return make_plan(scenario, small.line_network(), solver=known_solver("pyvrp"), stop=stop, seed=1)


def starts(plan: Plan) -> dict[str, int]:
    return {stop.visit.id: stop.start_s for stop in plan.stops()}


def ready(plan: Plan) -> dict[str, int]:
    return {each.station: each.ready_s for each in plan.transfers}


# --- times by hand ------------------------------------------------------------------------------------------------


def test_vans_leave_when_the_last_truck_is_unloaded_and_its_goods_are_sorted() -> None:
    """A: 30 + 120 = 150, unloaded at 270, ready at 360, a1 at 420. B: 30 + 600 = 630, 750, 840, b1 at 960."""
    plan = planned(two_stations()).plan
    assert starts(plan) == {"A/1": 150, "B/1": 630, "a1/1": 420, "b1/1": 960}
    assert plan.transfers == (
        Transfer("A", "C", (DemandLine("kit", 10),), 360),
        Transfer("B", "C", (DemandLine("kit", 10),), 840),
    )
    assert (plan.summary.visits, plan.summary.served_in_time, plan.summary.vehicles_used) == (2, 2, 4)
    assert plan.summary.load.crates == 20
    assert plan.summary.travel_s == 2 * (120 + 600 + 60 + 120)


def test_one_truck_goes_first_where_time_is_shorter() -> None:
    """B first: unloaded 750, back 1350, A at 1500, unloaded 1620, ready 1710, a1 at 1770. A first would make b1 late."""
    truck = small.vehicle("T1", start="C", end="C", capacity=TEN, max_loops=2, reload_at=("C",))
    vans = two_stations().vehicles[2:]
    sites = [small.site("a1", 10, target_s=2_000), small.site("b1", 10)]
    plan = planned(two_stations(vehicles=[truck, *vans], sites=sites)).plan
    assert ready(plan) == {"A": 1_710, "B": 840}
    assert starts(plan) == {"B/1": 630, "A/1": 1_500, "a1/1": 1_770, "b1/1": 960}
    assert plan.summary.served_in_time == 2


def test_what_a_station_has_of_its_own_is_sent_first_and_at_once() -> None:
    plan = planned(two_stations(depots=[small.depot("C", loading_s=30), station("A", own=10), station("B")])).plan
    assert ready(plan) == {"B": 840}
    assert starts(plan) == {"B/1": 630, "a1/1": 60, "b1/1": 960}


def test_only_what_is_lacking_is_brought() -> None:
    """Six crates: 150 + 112 = 262, sorted in 78 s."""
    plan = planned(two_stations(depots=[small.depot("C", loading_s=30), station("A", own=4), station("B")])).plan
    assert plan.transfers[0] == Transfer("A", "C", (DemandLine("kit", 6),), 340)
    assert starts(plan)["a1/1"] == 400


def test_a_supplier_that_is_short_leaves_the_less_urgent_site_unserved_for_want_of_stock() -> None:
    sites = [small.site("a1", 10), small.site("b1", 10, priority=1)]
    depots = [small.depot("C", loading_s=30, stock={"kit": 12}), station("A"), station("B")]
    plan = planned(two_stations(sites=sites, depots=depots)).plan
    assert [(each.station, each.lines) for each in plan.transfers] == [("B", (DemandLine("kit", 10),))]
    assert [(left.visit.id, left.reason.code if left.reason else None) for left in plan.unserved] == [
        ("a1/1", "NO_STOCK")
    ]


def test_where_the_supplier_has_more_a_full_van_is_no_want_of_stock() -> None:
    """A's one van holds ten; a2 would be brought as well if anybody drove it on."""
    sites = [small.site("a1", 10), small.site("a2", 10, priority=3)]
    depots = [small.depot("C", loading_s=30, stock={"kit": 25}), station("A"), station("B")]
    vehicles = two_stations().vehicles[:3]
    found = planned(small.at(two_stations(sites=sites, depots=depots, vehicles=vehicles), C=0, A=2, B=10, a1=3, a2=3))
    (left,) = found.plan.unserved
    assert left.reason is not None
    assert left.reason.relaxation is not None
    assert (left.visit.id, left.reason.code) == ("a2/1", "NO_CAPACITY_LEFT")
    assert left.reason.relaxation.relief == "one_more_vehicle_and_more_stock"


def test_what_no_truck_can_bring_within_the_round_is_not_sent() -> None:
    """Both trucks would be back after their shift."""
    trucks = [small.vehicle(name, start="C", end="C", capacity=TEN, shift=Interval(0, 500)) for name in ("T1", "T2")]
    plan = planned(two_stations(vehicles=[*trucks, *two_stations().vehicles[2:]])).plan
    assert set(ready(plan)) == {"A"}
    assert {left.visit.id for left in plan.unserved} == {"b1/1"}


def test_a_station_receives_and_sends_only_while_it_is_open() -> None:
    """A opens at 200: unloaded at 320, ready at 410, a1 at 470."""
    depots = [small.depot("C", loading_s=30), station("A", opening=[(200, 5_000)]), station("B")]
    plan = planned(two_stations(depots=depots)).plan
    assert (ready(plan)["A"], starts(plan)["a1/1"]) == (410, 470)


def test_a_station_that_is_never_ready_in_its_hours_sends_nothing() -> None:
    depots = [small.depot("C", loading_s=30), station("A", opening=[(0, 300)]), station("B")]
    plan = planned(two_stations(depots=depots)).plan
    assert all(loop.depot != "A" for route in plan.routes for loop in route.loops)


def test_the_target_may_count_from_the_departure_of_the_van() -> None:
    given = two_stations(orders=(replace(ORDER, target_s=200),))
    plan = planned(replace(given, policy=replace(given.policy, target_from="departure"))).plan
    assert plan.summary.served_in_time == 2
    assert starts(plan)["b1/1"] == 960


def test_two_suppliers_fill_their_own_stations_alone() -> None:
    depots = [small.depot("C", loading_s=30), small.depot("E", loading_s=30), station("A"), station("B", "E")]
    trucks = [
        small.vehicle("T1", start="C", end="C", capacity=TEN),
        small.vehicle("T2", start="E", end="E", capacity=TEN),
    ]
    given = two_stations(depots=depots, vehicles=[*trucks, *two_stations().vehicles[2:]])
    plan = planned(small.at(given, C=0, E=12, A=2, B=10, a1=3, b1=12)).plan
    brought = {stop.visit.site: loop.depot for route in plan.routes for loop in route.loops for stop in loop.stops}
    assert (brought["A"], brought["B"]) == ("C", "E")


def test_a_search_that_is_stopped_at_once_still_gives_a_checked_plan() -> None:
    stop = base.Stop(iterations=60)
    stop.cancelled.set()
    found = make_plan(two_stations(), small.line_network(), solver=known_solver("pyvrp"), stop=stop, seed=1)
    assert not found.solution.finished
    assert found.plan.summary.visits == 2


def test_the_work_limit_is_the_whole_search_s_and_progress_never_goes_back() -> None:
    heard: list[float] = []
    stop = base.Stop(iterations=60, on_work=heard.append)
    found = make_plan(two_stations(), small.line_network(), solver=known_solver("pyvrp"), stop=stop, seed=1)
    assert (found.solution.work_limit, found.solution.finished) == (60, True)
    assert heard == sorted(heard)
    assert all(0 <= done <= 1 for done in heard)


def test_drivers_are_shared_by_both_stages() -> None:
    """One driver for four vehicles: one route has a driver, whichever stage it is of."""
    drivers = (Driver("P", "P", Interval(0, 90_000)),)
    plan = planned(replace(two_stations(), drivers=drivers)).plan
    assert [route.driver for route in plan.routes].count("P") == 1


def test_what_knows_one_stage_alone_says_so() -> None:
    with pytest.raises(BadInput, match="fleets does not know two stages yet"):
        require_one_stage(two_stations(), Text("车队", "the study of fleets"))


# --- against every plan there is ------------------------------------------------------------------------------------


def lateness_of_the_best(deadlines: dict[str, int]) -> tuple[int, int]:
    """Late sites and late seconds of the best plan: one truck of any size, in any order, and a van per station.

    Each van serves at most one site of the two, or nothing; the truck brings ten crates to every station in use.
    """
    at = {"C": 0, "A": 2, "B": 10, "a1": 3, "b1": 12}

    def drive_s(one: str, other: str) -> int:
        return 60 * abs(at[one] - at[other])

    def ready_s(order: tuple[str, ...], loops: int) -> dict[str, int]:
        now_s, here, found = 0, "C", {}
        for number, name in enumerate(order):
            if number and loops > 1:
                now_s, here = now_s + drive_s(here, "C"), "C"
            now_s += (30 if here == "C" else 0) + drive_s(here, name) + 120
            here, found[name] = name, now_s + 90
        return found

    best = []
    for sites in itertools.permutations(("a1", "b1")):
        for order in itertools.permutations(("A", "B")):
            for loops in (1, 2):
                sorted_s = ready_s(order, loops)
                begun_s = {site: sorted_s[name] + drive_s(name, site) for name, site in zip("AB", sites, strict=True)}
                late = [begun_s[site] - deadlines[site] for site in begun_s if begun_s[site] > deadlines[site]]
                best.append((len(late), sum(late)))
    return min(best)


@pytest.mark.parametrize("deadlines", [(2_000, 1_000), (400, 1_400), (1_000, 700), (5_000, 5_000), (300, 300)])
def test_small_cases_are_solved_as_well_as_the_best_of_all_plans(deadlines: tuple[int, int]) -> None:
    sites = [small.site("a1", 10, target_s=deadlines[0]), small.site("b1", 10, target_s=deadlines[1])]
    truck = small.vehicle("T1", start="C", end="C", capacity=Load(10**9, 10**9, 20), max_loops=2, reload_at=("C",))
    found = planned(two_stations(sites=sites, vehicles=[truck, *two_stations().vehicles[2:]])).plan.summary.objective
    assert found.unserved == 0
    assert (found.late, found.late_s) == lateness_of_the_best({"a1": deadlines[0], "b1": deadlines[1]})


# --- the checker ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good() -> tuple[Posed, Plan]:
    """With no more at the supplier's than is wanted."""
    depots = [small.depot("C", loading_s=30, stock={"kit": 20}), station("A"), station("B")]
    given = two_stations(depots=depots)
    return pose(given, small.line_network()), planned(given).plan


def violations(posed: Posed, plan: Plan) -> tuple[Violation, ...]:
    return check_stages(posed, plan)


def told(found: tuple[Violation, ...]) -> set[tuple[str, str, str]]:
    return {(each.rule, each.visit, each.subject) for each in found}


def brought(plan: Plan, name: str, **members: Any) -> Plan:
    return replace(
        plan, transfers=tuple(replace(each, **members) if each.station == name else each for each in plan.transfers)
    )


def test_the_plan_the_others_are_spoilt_from_breaks_no_rule(good: tuple[Posed, Plan]) -> None:
    assert violations(*good) == ()


def test_more_stated_as_brought_than_was_unloaded(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    found = violations(posed, brought(plan, "A", lines=(DemandLine("kit", 11),)))
    assert ("DEMAND", "", "A") in told(found)


def test_ready_before_the_last_is_unloaded_and_sorted(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    assert ("DEPOT", "A/1", "A") in told(violations(posed, brought(plan, "A", ready_s=359)))


def test_loading_before_the_station_is_ready(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    found = violations(posed, hand_made.retimed(posed_second(posed, plan), plan, "VA", departure_s=359))
    assert ("DEPOT", "a1/1", "A") in told(found)
    assert {each.vehicle for each in found if each.rule == "DEPOT"} == {"VA"}


def posed_second(posed: Posed, plan: Plan) -> Posed:
    return replace(posed, problem=apart(posed.problem, plan)[1][0])


def test_a_station_that_sends_what_was_brought_to_another(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    one, other = (next(route for route in plan.routes if route.vehicle == name) for name in ("VA", "VB"))
    stops = (*one.loops[0].stops, *other.loops[0].stops)
    second = posed_second(posed, plan)
    both = hand_made.with_loop(plan, "VA", lambda loop: replace(loop, stops=stops))
    forged = hand_made.retimed(second, replace(both, routes=tuple(r for r in both.routes if r is not other)), "VA")
    assert ("DEPOT", "", "A") in told(violations(posed, forged))


def test_a_supplier_that_sends_more_than_it_holds(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    scenario = posed.problem.scenario
    short = tuple(replace(each, stock={"kit": 19}) if each.place.id == "C" else each for each in scenario.depots)
    depots = {depot.place.id: depot for depot in short}
    problem = replace(posed.problem, scenario=replace(scenario, depots=short), depots=depots)
    assert ("DEPOT", "", "C") in told(violations(replace(posed, problem=problem), plan))


def test_a_truck_that_never_came(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    found = violations(posed, replace(plan, routes=tuple(route for route in plan.routes if not brings(route, "A"))))
    assert {("DEMAND", "", "A"), ("DEMAND", "A/1", "")} <= told(found)


def brings(route: Any, name: str) -> bool:
    return any(stop.visit.site == name for loop in route.loops for stop in loop.stops)


def test_totals_of_one_stage_alone(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    summary = replace(plan.summary, travel_s=plan.summary.travel_s - 1)
    assert {each.rule for each in violations(posed, replace(plan, summary=summary))} == {"TOTALS"}


@pytest.mark.parametrize(
    "wrong",
    [
        Transfer("a1", "C", (), 0),
        Transfer("A", "B", (), 0),
        Transfer("A", "C", (DemandLine("kit", 0),), 0),
        Transfer("A", "C", (DemandLine("kit", 21),), 0),
        Transfer("A", "C", (DemandLine("elixir", 1),), 0),
        Transfer("A", "C", (DemandLine("kit", 1), DemandLine("kit", 1)), 0),
    ],
)
def test_transfers_that_cannot_be(wrong: Transfer) -> None:
    assert [each.rule for each in check_stated(two_stations(), [wrong])] == ["DEMAND"]


def test_two_transfers_to_one_station() -> None:
    once = Transfer("A", "C", (DemandLine("kit", 1),), 0)
    assert [each.rule for each in check_stated(two_stations(), [once, once])] == ["DEMAND"]


# --- whatever comes -------------------------------------------------------------------------------------------------


def any_case(seed: int) -> Scenario:
    chance = random.Random(seed)
    names = [f"s{number}" for number in range(chance.randint(3, 7))]
    kinds = (small.KIT, replace(small.KIT, id="pot", crates=0.5))
    sites = [
        small.site(
            name, lines=[(kind.id, chance.randint(1, 12)) for kind in kinds[: chance.randint(1, 2)]], service_s=30
        )
        for name in names
    ]
    stock = chance.choice([{}, {"kit": chance.randint(10, 40), "pot": 30}])
    stations = [
        station(name, own=chance.choice([0, 0, 8]), bays=chance.choice([None, 1]), loading_s=20, **opening)
        for name, opening in (("A", {}), ("B", {"opening": [(chance.randint(0, 900), 9_000)]}))
    ]
    stations = [replace(each, stock={"kit": 0, "pot": 0} | dict(each.stock)) for each in stations]
    depots = [small.depot("C", loading_s=30, loading_per_crate_s=1.0, bays=chance.choice([None, 1]), stock=stock)]
    trucks = [
        small.vehicle(f"T{number}", start="C", end="C", capacity=Load(10**9, 10**9, 25), max_loops=2, reload_at=("C",))
        for number in range(chance.randint(1, 3))
    ]
    vans = [
        small.vehicle(
            f"V{number}", start=name, end=name, capacity=Load(10**9, 10**9, 15), max_loops=2, reload_at=(name,)
        )
        for number, name in enumerate("ABAB"[: chance.randint(2, 4)])
    ]
    order = replace(ORDER, target_s=chance.choice([900, 1_500, 3_000]), round_limit_s=4_000)
    given = small.scenario(sites, [*trucks, *vans], depots=[*depots, *stations], kinds=kinds, orders=(order,))
    return small.at(given, C=0, A=2, B=10, **{name: chance.randint(0, 12) for name in names})


def units(stops: list[Stop]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in (line for stop in stops for line in stop.visit.lines):
        found[line.kind] = found.get(line.kind, 0) + line.units
    return found


@pytest.mark.parametrize("seed", range(10))
def test_any_small_case_passes_the_checker_and_no_goods_are_made_of_nothing(seed: int) -> None:
    """``make_plan`` raises where a rule is broken; what is counted here is counted without it."""
    given = any_case(seed)
    plan = planned(given, iterations=40).plan
    loops = [loop for route in plan.routes for loop in route.loops]
    for name in ("A", "B"):
        came = units([stop for loop in loops for stop in loop.stops if stop.visit.site == name])
        own = next(depot.stock for depot in given.depots if depot.place.id == name)
        for kind, count in units([stop for loop in loops if loop.depot == name for stop in loop.stops]).items():
            assert count <= came.get(kind, 0) + own.get(kind, 0)
    listed = [stop.visit.site for stop in plan.stops()] + [left.visit.site for left in plan.unserved]
    assert set(listed) - {"A", "B"} == {site.place.id for site in given.sites}


def test_the_same_request_gives_the_same_plan() -> None:
    assert planned(any_case(3), iterations=40).plan == planned(any_case(3), iterations=40).plan


def test_roads_are_the_ones_of_the_network(good: tuple[Posed, Plan]) -> None:
    posed, plan = good
    closed = posed.ground.roads(0, 0)
    ms = closed.ms.copy()
    ms[0] = 2**31 - 1  # the first block, eastward
    found = violations(replace(posed, ground=hand_made.driven_on(posed.ground, replace(closed, ms=ms))), plan)
    assert "ROAD" in {each.rule for each in found}
