"""From a scenario to visits: rows, parts of large demands, windows, and what is dismissed at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geodata.errors import BadInput
from routing import problem as posing
from routing.ground import open_ground
from routing.model import (
    UNBOUND,
    AccessPoint,
    Demand,
    DemandLine,
    DispatchOrder,
    Interval,
    Load,
    LocatedPlaces,
    Problem,
    ReasonCode,
    Scenario,
    SupplyKind,
)
from routing.problem import pose_problem
from tests.routing import small


def crates(limit: int) -> Load:
    return Load(UNBOUND, UNBOUND, limit)


VAN = small.vehicle()


def parts(problem: Problem) -> list[tuple[str, dict[str, int]]]:
    return [(visit.id, {line.kind: line.units for line in visit.lines}) for visit in problem.visits]


def posed(given: Scenario) -> Problem:
    return small.line_problem(given)


def on_roads(given: Scenario, blocks: int = 12) -> Problem:
    return pose_problem(open_ground(given, small.line_network(blocks)).measured())


# --- rows -------------------------------------------------------------------------------------------------------


def test_a_block_of_hand_drawn_road_takes_a_minute() -> None:
    problem = on_roads(small.at(small.scenario([small.site("S1"), small.site("S2")]), D=1, S1=4, S2=9))
    rows = [problem.depot_row("D"), *(visit.row for visit in problem.visits)]
    assert [[problem.drive_s(VAN, a, b) for b in rows] for a in rows] == [[0, 180, 480], [180, 0, 300], [480, 300, 0]]


def test_sites_that_share_an_access_point_share_a_row() -> None:
    given = small.scenario([small.site("S1"), small.site("S2")])
    gate = AccessPoint("G", "gate", small.corner(3))
    shared = tuple(replace(site, place=replace(site.place, access_point="G")) for site in given.sites)
    given = replace(given, sites=shared, access_points=(given.access_points[0], gate))
    problem = on_roads(given)
    assert problem.visits[0].row == problem.visits[1].row == problem.row_of["G"]
    assert problem.drive_s(VAN, problem.depot_row("D"), problem.visits[0].row) == 180


def test_the_travel_time_table_cannot_be_written_to() -> None:
    assert not posed(small.scenario([small.site("S1")])).travel_s.flags.writeable


# --- parts ------------------------------------------------------------------------------------------------------


def test_what_fits_a_vehicle_stays_one_visit() -> None:
    given = small.scenario([small.site("S1", 10)], [small.vehicle(capacity=crates(10))])
    assert parts(posed(given)) == [("S1/1", {"kit": 10})]


def test_full_loads_first_then_the_rest() -> None:
    given = small.scenario([small.site("S1", 25)], [small.vehicle(capacity=crates(10))])
    assert parts(posed(given)) == [("S1/1", {"kit": 10}), ("S1/2", {"kit": 10}), ("S1/3", {"kit": 5})]


def test_lines_fill_a_load_one_after_the_other() -> None:
    kinds = (small.KIT, SupplyKind("water", "水", 1_000, 1_000, 1.0))
    site = small.site("S1", lines=[("kit", 7), ("water", 8)])
    given = small.scenario([site], [small.vehicle(capacity=crates(10))], kinds=kinds)
    assert parts(posed(given)) == [("S1/1", {"kit": 7, "water": 3}), ("S1/2", {"water": 5})]


def test_kinds_that_no_one_vehicle_can_hold_both_are_cut_apart_in_full_loads() -> None:
    """Bulky goods fit the wide vehicle only, heavy goods the strong one only; neither goes unit by unit."""
    kinds = (SupplyKind("foam", "泡沫", 1, 100, 0.0), SupplyKind("iron", "铁", 100, 1, 0.0))
    wide, strong = Load(50, 1_000, UNBOUND), Load(1_000, 50, UNBOUND)
    vans = [small.vehicle("W", capacity=wide), small.vehicle("S", capacity=strong)]
    given = small.scenario([small.site("S1", lines=[("foam", 20), ("iron", 15)])], vans, kinds=kinds)
    assert parts(posed(given)) == [
        ("S1/1", {"foam": 10}),
        ("S1/2", {"foam": 10}),
        ("S1/3", {"iron": 10}),
        ("S1/4", {"iron": 5}),
    ]


def test_crates_are_rounded_up_per_part_but_not_for_a_third_written_as_a_decimal() -> None:
    kit = SupplyKind("kit", "基础包", 1_000, 1_000, 0.3333)
    given = small.scenario([small.site("S1", 31)], [small.vehicle(capacity=crates(5))], kinds=(kit,))
    problem = posed(given)
    assert parts(problem) == [("S1/1", {"kit": 15}), ("S1/2", {"kit": 15}), ("S1/3", {"kit": 1})]
    assert [visit.load.crates for visit in problem.visits] == [5, 5, 1]
    third = SupplyKind("kit", "", 0, 0, 1 / 3)
    assert [third.load(units).crates for units in (0, 1, 3, 4, 3_000_000)] == [0, 1, 1, 2, 1_000_000]


def test_a_capacity_that_is_not_given_does_not_bind() -> None:
    assert parts(posed(small.scenario([small.site("S1", 10**9)]))) == [("S1/1", {"kit": 10**9})]


@pytest.mark.parametrize("axis", range(3))
def test_each_dimension_can_be_the_one_that_binds(axis: int) -> None:
    kit = SupplyKind("kit", "", 7, 7, 7.0)
    limit = Load(*(20 if axis == other else UNBOUND for other in range(3)))
    given = small.scenario([small.site("S1", 5)], [small.vehicle(capacity=limit)], kinds=(kit,))
    assert [list(lines.values()) for _, lines in parts(posed(given))] == [[2], [2], [1]]


def test_a_mixed_fleet_is_cut_for_the_larger_half() -> None:
    """One truck of 100 among ten vans of 20: the vans are most of the fleet, so parts are a van's load."""
    vans = [small.vehicle(f"V{n}", capacity=crates(20)) for n in range(10)]
    truck = small.vehicle("T", capacity=crates(100))
    problem = posed(small.scenario([small.site("S1", 50)], [truck, *vans]))
    assert [visit.load.crates for visit in problem.visits] == [20, 20, 10]
    trucks = [replace(truck, id=f"T{n}") for n in range(3)]
    problem = posed(small.scenario([small.site("S1", 120)], [*trucks, *vans]))
    assert [visit.load.crates for visit in problem.visits] == [100, 20]


@pytest.mark.parametrize("units", [1, 7, 19, 20, 21, 199, 1_001])
def test_parts_add_up_and_each_fits_some_vehicle(units: int) -> None:
    kinds = (small.KIT, SupplyKind("water", "水", 1_500, 2_000, 0.4))
    vans = [
        small.vehicle("V1", capacity=Load(9_000, 30_000, 11)),
        small.vehicle("V2", capacity=Load(20_000, 15_000, 8)),
    ]
    site = small.site("S1", lines=[("kit", units), ("water", 2 * units)])
    problem = posed(small.scenario([site], vans, kinds=kinds))
    totals = {kind: sum(lines.get(kind, 0) for _, lines in parts(problem)) for kind in ("kit", "water")}
    assert totals == {"kit": units, "water": 2 * units}
    assert all(any(visit.load.fits(van.capacity) for van in vans) for visit in problem.visits)
    assert [visit.part for visit in problem.visits] == list(range(1, len(problem.visits) + 1))


def test_parts_of_two_orders_are_numbered_on() -> None:
    orders = (small.ORDER, DispatchOrder("w2", 600))
    site = small.site("S1", 12)
    site = replace(site, demands=(*site.demands, Demand("w2", (DemandLine("kit", 3),))))
    given = small.scenario([site], [small.vehicle(capacity=crates(10))], orders=orders)
    found = [(visit.id, visit.order.id, visit.load.crates) for visit in posed(given).visits]
    assert found == [("S1/1", "w1", 10), ("S1/2", "w1", 2), ("S1/3", "w2", 3)]


def test_nothing_demanded_makes_no_visit() -> None:
    assert posed(small.scenario([small.site("S1", 0), small.site("S2", 1)])).visits[0].id == "S2/1"


def test_service_is_the_fixed_time_and_the_crates() -> None:
    given = small.scenario([small.site("S1", 3, service_s=240, service_per_crate_s=6.5)])
    assert posed(given).visits[0].service_s == 240 + 20  # 19.5 rounded to even


def test_more_visits_than_a_plan_may_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posing, "MOST_VISITS", 10)
    vans = [small.vehicle(capacity=crates(1))]
    assert len(posed(small.scenario([small.site("S1", 4), small.site("S2", 6)], vans)).visits) == 10
    for sites in ([small.site("S1", 4), small.site("S2", 7)], [small.site("S1", 4), small.site("S2", 10**9)]):
        with pytest.raises(BadInput) as refusal:
            posed(small.scenario([*sites, small.site("S3")], vans))
        (complaint,) = refusal.value.complaints
        assert complaint.pointer == "/sites/1"
        assert "S2" in complaint.message.zh
        assert "10" in complaint.message.en


def test_ten_thousand_visits_are_not_too_many_and_one_more_is() -> None:
    vans = [small.vehicle(capacity=crates(1))]
    assert len(posed(small.scenario([small.site("S1", 10_000)], vans)).visits) == 10_000
    with pytest.raises(BadInput):
        posed(small.scenario([small.site("S1", 10_001)], vans))


# --- windows ----------------------------------------------------------------------------------------------------


def windows(order: DispatchOrder = small.ORDER, **members: object) -> tuple[Interval, ...]:
    site = small.site("S1", **members)  # type: ignore[arg-type]
    return posed(small.scenario([site], orders=(order,))).visits[0].windows


def test_without_hours_the_whole_round_is_open() -> None:
    assert windows(DispatchOrder("w1", 500, 7_200, 9_000)) == (Interval(500, 9_500),)


def test_hours_are_cut_to_the_round() -> None:
    hours = [(-100, 300), (1_000, 2_000), (8_000, 20_000), (30_000, 40_000)]
    found = windows(DispatchOrder("w1", 200, 7_200, 9_000), receiving=hours)
    assert found == (Interval(200, 300), Interval(1_000, 2_000), Interval(8_000, 9_200))


def test_service_that_ends_by_closing_time_shortens_each_window() -> None:
    hours = [(0, 299), (1_000, 1_300), (2_000, 5_000)]
    found = windows(receiving=hours, service_s=300, finish_by_close=True)
    assert found == (Interval(1_000, 1_000), Interval(2_000, 4_700))


def test_a_round_may_end_during_service_but_closing_time_may_not_come_before() -> None:
    order = DispatchOrder("w1", 0, 600, 1_000)
    found = windows(order, receiving=[(0, 1_100)], service_s=300, finish_by_close=True)
    assert found == (Interval(0, 800),)
    assert windows(order, receiving=[(0, 1_100)], service_s=300) == (Interval(0, 1_000),)


def test_closed_all_day_means_no_window() -> None:
    assert windows(receiving=[]) == ()


# --- dismissed --------------------------------------------------------------------------------------------------


def dismissed(problem: Problem) -> dict[str, ReasonCode]:
    return {left.visit.id: left.reason.code for left in problem.dismissed if left.reason}


def test_a_unit_that_fits_no_vehicle_is_dismissed_and_the_other_lines_are_not() -> None:
    kinds = (small.KIT, SupplyKind("tank", "水箱", 2_000_000, 1_000, 1.0))
    van = small.vehicle(capacity=Load(1_500_000, UNBOUND, UNBOUND))
    site = small.site("S1", lines=[("kit", 5), ("tank", 2)])
    problem = posed(small.scenario([site], [van], kinds=kinds))
    assert parts(problem) == [("S1/1", {"kit": 5})]
    assert dismissed(problem) == {"S1/2": ReasonCode.TOO_BIG}
    reason = problem.dismissed[0].reason
    assert reason is not None
    assert reason.figures["unit_kg"] == 2_000
    assert reason.figures["largest_vehicle_kg"] == 1_500
    assert "水箱" in reason.message.zh


def test_no_road_there_or_no_road_back_is_dismissed() -> None:
    given = small.scenario([small.site("S1"), small.site("S2"), small.site("S3")])
    no = small.NEVER
    table = [[0, 60, no, 60], [60, 0, 60, 60], [60, 60, 0, 60], [no, 60, 60, 0]]
    problem = small.table_problem(given, table)
    assert dismissed(problem) == {"S2/1": ReasonCode.UNREACHABLE, "S3/1": ReasonCode.UNREACHABLE}
    assert [visit.id for visit in problem.visits] == ["S1/1"]


def test_a_road_for_one_vehicle_is_enough() -> None:
    no = small.NEVER
    given = small.scenario(
        [small.site("S1")],
        [small.vehicle("V1"), small.vehicle("V2", start="E", end="E")],
        depots=[small.depot("D"), small.depot("E")],
    )
    table = [[0, 60, no], [60, 0, 60], [60, 60, 0]]
    assert dismissed(small.table_problem(given, table)) == {}


def test_a_site_far_from_every_road_is_dismissed_with_the_distance() -> None:
    given = small.at(small.scenario([small.site("S1"), small.site("S2")]), S1=3, S2=(5, 1))
    problem = on_roads(given)
    assert dismissed(problem) == {"S2/1": ReasonCode.UNREACHABLE}
    reason = problem.dismissed[0].reason
    assert reason is not None
    assert reason.figures == {
        "snap_m": pytest.approx(600, abs=5),
        "nearest_m": pytest.approx(600, abs=5),
        "limit_m": 300,
    }


def test_unreachable_comes_before_too_big() -> None:
    given = small.scenario([small.site("S1")], [small.vehicle(capacity=Load(1, 1, 0))])
    assert dismissed(small.table_problem(given, [[0, small.NEVER], [0, 0]])) == {"S1/1": ReasonCode.UNREACHABLE}
    assert dismissed(small.table_problem(given, [[0, 0], [0, 0]])) == {"S1/1": ReasonCode.TOO_BIG}


def test_depots_off_the_roads_are_bad_input_each_at_its_place_in_the_list() -> None:
    depots = [small.depot("D"), small.depot("E"), small.depot("F")]
    given = small.at(small.scenario([small.site("S1")], depots=depots), D=2, E=(2, 3), F=(4, -2), S1=3)
    with pytest.raises(BadInput) as refusal:
        on_roads(given)
    assert [complaint.pointer for complaint in refusal.value.complaints] == ["/depots/1", "/depots/2"]
    assert "1800 m" in refusal.value.complaints[0].message.en or "179" in refusal.value.complaints[0].message.en


def test_located_places_know_every_access_point() -> None:
    given = small.at(small.scenario([small.site("S1")]), S1=(3, 1))
    located: LocatedPlaces = open_ground(given, small.line_network()).located
    assert set(located.by_access_point) == {"D", "S1"}
    assert located.by_access_point["S1"].position is None
