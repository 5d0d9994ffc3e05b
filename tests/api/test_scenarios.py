"""What a scenario document means: instants, hours of the day, shifts, coordinates, vehicles and roles."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.scenarios import WAY_HOME_S, fingerprint, scenario_of
from api.schemas import OrderEntry, ScenarioDocument
from geodata.network import line_length_m
from routing.model import UNBOUND, Interval, Load, Role, Scenario, SupplyKind

H = 3_600

SMALL: dict[str, Any] = {
    "network": "line",
    "orders": [{"id": "w1", "order_at": "2022-11-23T07:30:00+08:00"}],
    "kinds": [{"id": "base"}],
    "depots": [{"id": "D", "lon": 121.6, "lat": 38.9}],
    "sites": [{"id": "S", "lon": 121.61, "lat": 38.91, "demand": [{"kind": "base", "units": 1}]}],
    "vehicles": [{"id": "V", "depot": "D"}],
}


def scenario(**members: Any) -> Scenario:
    return scenario_of(document(**members))


def document(**members: Any) -> ScenarioDocument:
    return ScenarioDocument.model_validate(copy.deepcopy(SMALL) | members)


def order(at: str, name: str = "w1", **members: Any) -> dict[str, Any]:
    return {"id": name, "order_at": at, **members}


def receiving(text: str, **members: Any) -> tuple[Interval, ...]:
    site = SMALL["sites"][0] | {"receiving": text}
    found = scenario(sites=[site], **members).sites[0].receiving
    assert found is not None
    return found


def shift(text: str, **members: Any) -> Interval:
    return scenario(vehicles=[{"id": "V", "depot": "D", "shift": text}], **members).vehicles[0].shift


# --- the clock --------------------------------------------------------------------------------------------------


def test_seconds_count_from_the_first_order_whatever_its_place_in_the_list() -> None:
    found = scenario(
        orders=[order("2022-11-23T09:00:00+08:00", "w2"), order("2022-11-23T07:30:00+08:00", "w1")],
    )
    assert [(each.id, each.order_s) for each in found.orders] == [("w2", 5_400), ("w1", 0)]
    assert found.epoch == datetime.fromisoformat("2022-11-23T07:30:00+08:00")


@pytest.mark.parametrize("at", ["2022-11-23T07:30:00+08:00", "2022-11-22T23:30:00Z", "2022-11-22T18:30:00-05:00"])
def test_hours_are_the_scenarios_wherever_the_order_was_written(at: str) -> None:
    found = receiving("8:00-11:30、13:00-18:00", orders=[order(at)])
    assert found[:2] == (Interval(1_800, 4 * H), Interval(5 * H + 1_800, 10 * H + 1_800))
    assert found[2] == Interval(24 * H + 1_800, 28 * H)


def test_the_hours_of_another_zone_are_other_hours() -> None:
    """Half past seven in Shanghai is half past eight in the evening in Santiago, the day before."""
    assert receiving("8:00-11:30", timezone="America/Santiago")[0] == Interval(11 * H + 1_800, 15 * H)


def test_hours_that_are_on_at_the_order_began_before_it() -> None:
    assert receiving("6:00-9:00")[0] == Interval(-5_400, 5_400)
    assert receiving("22:00-次日8:00")[0] == Interval(-9 * H - 1_800, 1_800)


def test_no_hours_mean_always_and_round_the_clock_means_days_on_end() -> None:
    site = SMALL["sites"][0]
    assert scenario(sites=[site]).sites[0].receiving is None
    (always,) = receiving("24小时")
    assert always.open_s < 0
    assert always.close_s > 21_600 + 86_400


def test_weekdays_are_those_of_the_scenarios_zone() -> None:
    """23 November 2022 is a Wednesday in Shanghai; in Santiago it is still Tuesday."""
    assert receiving("周三8:00-9:00")[0] == Interval(1_800, 5_400)
    assert receiving("周二22:00-23:00", timezone="America/Santiago")[0] == Interval(5_400, 9_000)


def test_hours_reach_beyond_the_last_round_of_the_last_order() -> None:
    orders = [order("2022-12-03T07:30:00+08:00", "w2"), order("2022-11-23T07:30:00+08:00", "w1")]
    assert Interval(10 * 24 * H + 1_800, 10 * 24 * H + 5_400) in receiving("8:00-9:00", orders=orders)


def test_the_day_on_which_clocks_go_forward_is_an_hour_short() -> None:
    """Berlin, 26 March 2023: two o'clock is three o'clock. From half past one to eight it is five and a half hours."""
    found = receiving("8:00-9:00", orders=[order("2023-03-26T01:30:00+01:00")], timezone="Europe/Berlin")
    assert found[0] == Interval(5 * H + 1_800, 6 * H + 1_800)
    assert found[1].open_s - found[0].open_s == 24 * H


def test_the_day_on_which_clocks_go_back_is_an_hour_long() -> None:
    """Santiago, 2 April 2023: midnight, at the end of Saturday, is eleven o'clock again."""
    found = receiving("8:00-9:00", orders=[order("2023-04-01T20:00:00-03:00")], timezone="America/Santiago")
    assert found[0] == Interval(13 * H, 14 * H)
    found = receiving("20:00-次日8:00", orders=[order("2023-04-01T20:00:00-03:00")], timezone="America/Santiago")
    assert found[0] == Interval(0, 13 * H)


def test_an_order_given_in_a_named_zone_counts_real_seconds_across_the_change() -> None:
    """As a library user may write it; the difference of two such instants skips the change."""
    berlin = ZoneInfo("Europe/Berlin")
    given = document(timezone="Europe/Berlin")
    first = OrderEntry(id="w1", order_at=datetime(2023, 3, 26, 1, 30, tzinfo=berlin))
    second = OrderEntry(id="w2", order_at=datetime(2023, 3, 26, 3, 30, tzinfo=berlin))
    site = given.sites[0].model_copy(update={"receiving": "8:00-9:00"})
    found = scenario_of(given.model_copy(update={"orders": (first, second), "sites": (site,)}))
    assert [each.order_s for each in found.orders] == [0, H]
    assert found.sites[0].receiving is not None
    assert found.sites[0].receiving[0].open_s == 5 * H + 1_800


# --- shifts -----------------------------------------------------------------------------------------------------


def test_without_a_shift_a_vehicle_is_on_duty_until_two_hours_after_the_last_round() -> None:
    orders = [
        order("2022-11-23T07:30:00+08:00", round_limit_s=36_000),
        order("2022-11-23T08:30:00+08:00", "w2", round_limit_s=7_200),
    ]
    assert scenario(orders=orders).vehicles[0].shift == Interval(0, 36_000 + WAY_HOME_S)


def test_the_shift_that_is_on_at_the_order_counts() -> None:
    assert shift("6:00-12:00、13:00-20:00") == Interval(-5_400, 4 * H + 1_800)


def test_else_the_next_one() -> None:
    assert shift("1:00-7:00、13:00-20:00") == Interval(5 * H + 1_800, 12 * H + 1_800)
    assert shift("1:00-7:30、13:00-20:00") == Interval(5 * H + 1_800, 12 * H + 1_800)
    assert shift("周四6:00-12:00") == Interval(22 * H + 1_800, 28 * H + 1_800)


def test_a_shift_over_midnight_is_one_shift() -> None:
    late = [order("2022-11-23T23:30:00+08:00")]
    assert shift("22:00-次日6:00", orders=late) == Interval(-5_400, 6 * H + 1_800)
    early = [order("2022-11-23T01:30:00+08:00")]
    assert shift("22:00-次日6:00", orders=early) == Interval(-3 * H - 1_800, 4 * H + 1_800)


def test_a_shift_that_never_comes_leaves_nothing() -> None:
    """Only on Tuesdays, six days after the plan is over."""
    found = shift("周二1:00-2:00")
    assert found.open_s == found.close_s or found.open_s > 86_400


# --- coordinates, access points, roles --------------------------------------------------------------------------


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    import numpy as np

    return line_length_m(np.array([one, other]))


def test_each_list_has_its_own_datum() -> None:
    gate = {"id": "G", "lon": 121.62, "lat": 38.92}
    datum = {"sites": "GCJ02", "access_points": "BD09"}
    found = scenario(datum=datum, access_points=[gate])
    depot, site = found.depots[0].place, found.sites[0].place
    points = {point.id: point.location for point in found.access_points}
    assert depot.location == (121.6, 38.9)
    assert 300 < metres(site.location, (121.61, 38.91)) < 1_000
    assert 600 < metres(points["G"], (121.62, 38.92)) < 2_000
    assert points["S"] == site.location
    assert points["D"] == depot.location


def test_two_sites_may_share_a_gate_and_one_without_a_gate_is_its_own() -> None:
    demand = [{"kind": "base", "units": 1}]
    sites = [
        {"id": "S1", "lon": 121.61, "lat": 38.91, "access_point": "G", "demand": demand},
        {"id": "S2", "lon": 121.63, "lat": 38.93, "access_point": "G", "demand": demand},
        {"id": "S3", "lon": 121.64, "lat": 38.94, "demand": demand},
    ]
    gate = {"id": "G", "name": "东门", "lon": 121.62, "lat": 38.92, "bays": 3}
    found = scenario(sites=sites, access_points=[gate])
    assert [site.place.access_point for site in found.sites] == ["G", "G", "S3"]
    assert [(point.id, point.bays) for point in found.access_points] == [("G", 3), ("D", 1), ("S3", 1)]
    assert found.access_points[0].location == (121.62, 38.92)
    assert found.sites[0].place.location == (121.61, 38.91)


def test_an_outlet_supplies_and_receives() -> None:
    where = {"lon": 121.62, "lat": 38.92, "kind": "outlet"}
    depots = [*SMALL["depots"], {"id": "O", **where}]
    sites = [*SMALL["sites"], {"id": "O", **where, "demand": [{"kind": "base", "units": 1}]}]
    found = scenario(depots=depots, sites=sites)
    places = [*(depot.place for depot in found.depots), *(site.place for site in found.sites)]
    roles = {place.id: place.roles for place in places}
    assert roles["O"] == {Role.SOURCE, Role.DESTINATION}
    assert roles["D"] == {Role.SOURCE}
    assert roles["S"] == {Role.DESTINATION}
    assert [point.id for point in found.access_points] == ["D", "O", "S"]


def test_many_places_are_read_in_time_that_grows_with_their_number() -> None:
    """Twenty thousand sites; comparing each with each would take minutes."""
    entry = document().sites[0]
    sites = tuple(entry.model_copy(update={"id": f"S{number}"}) for number in range(20_000))
    assert len(scenario_of(document().model_copy(update={"sites": sites})).sites) == 20_000


# --- vehicles, kinds, demands, policy ---------------------------------------------------------------------------


def test_vehicles_that_are_counted_are_numbered() -> None:
    vehicles = [
        {"id": "V", "name": "厢货", "count": 3, "depot": "D", "capacity_kg": 1_500.5, "fixed_cost_s": 7},
        {"id": "W", "count": 1, "depot": "D", "capacity_m3": 0.5, "capacity_crates": 9},
    ]
    found = scenario(vehicles=vehicles).vehicles
    assert [(van.id, van.name) for van in found] == [
        ("V-1", "厢货-1"),
        ("V-2", "厢货-2"),
        ("V-3", "厢货-3"),
        ("W", "W"),
    ]
    assert found[0].capacity == Load(1_500_500, UNBOUND, UNBOUND)
    assert found[3].capacity == Load(UNBOUND, 500_000, 9)
    assert [van.fixed_cost_s for van in found] == [7, 7, 7, 1_800]


def test_a_vehicle_ends_where_it_started_unless_it_says_otherwise() -> None:
    depots = [*SMALL["depots"], {"id": "E", "lon": 121.63, "lat": 38.93}]
    vehicles = [{"id": "V", "depot": "D"}, {"id": "W", "depot": "D", "end": "E"}]
    found = scenario(depots=depots, vehicles=vehicles).vehicles
    assert [(van.start, van.end) for van in found] == [("D", "D"), ("D", "E")]


def test_a_capacity_of_nothing_is_nothing_and_not_boundless() -> None:
    found = scenario(vehicles=[{"id": "V", "depot": "D", "capacity_kg": 0, "capacity_m3": 0, "capacity_crates": 0}])
    assert found.vehicles[0].capacity == Load(0, 0, 0)


def test_kinds_are_whole_grams_and_cubic_centimetres() -> None:
    kind = {"id": "base", "name": "基础包", "kg": 4.3335, "m3": 0.0125, "crates": 0.3333}
    assert scenario(kinds=[kind]).kinds == (SupplyKind("base", "基础包", 4_334, 12_500, 0.3333),)


def test_demands_go_by_order_the_first_where_none_is_named_and_nothing_is_no_demand() -> None:
    orders = [order("2022-11-23T07:30:00+08:00"), order("2022-11-23T08:30:00+08:00", "w2")]
    demand = [
        {"kind": "base", "units": 3, "order": "w2"},
        {"kind": "base", "units": 2},
        {"kind": "more", "units": 0},
        {"kind": "more", "units": 1, "order": "w1"},
    ]
    found = scenario(
        orders=orders, kinds=[{"id": "base"}, {"id": "more"}], sites=[SMALL["sites"][0] | {"demand": demand}]
    )
    lines = [(each.order, [(line.kind, line.units) for line in each.lines]) for each in found.sites[0].demands]
    assert lines == [("w1", [("base", 2), ("more", 1)]), ("w2", [("base", 3)])]


def test_a_sites_own_service_times_stand_before_the_settings() -> None:
    settings = {"service_s": 100, "service_per_crate_s": 2}
    own = SMALL["sites"][0] | {"service_s": 0, "service_per_crate_s": 0}
    (plain,) = scenario(settings=settings).sites
    (special,) = scenario(settings=settings, sites=[own]).sites
    assert (plain.service_s, plain.service_per_crate_s) == (100, 2)
    assert (special.service_s, special.service_per_crate_s) == (0, 0)


def test_the_policy_is_what_the_settings_say() -> None:
    settings = {"after_target": "leave_out", "objective": "prices", "prices": {"priority_1": 5, "priority_3": 1}}
    policy = scenario(settings=settings).policy
    assert (policy.after_target, policy.objective) == ("leave_out", "prices")
    assert policy.prices == {1: 5, 2: 50_000, 3: 1}


def test_the_fingerprint_changes_with_anything_in_the_scenario_and_with_nothing_else() -> None:
    one = document()
    assert fingerprint(one) == fingerprint(ScenarioDocument.model_validate_json(one.model_dump_json()))
    assert fingerprint(one) != fingerprint(document(settings={"service_s": 241}))
    assert scenario_of(one).fingerprint == fingerprint(one)
