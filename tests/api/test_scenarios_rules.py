"""What the further rules of a scenario document become in the model: who may come, stock, loading, breaks, drivers."""

from __future__ import annotations

from typing import Any

from api.scenarios import scenario_of
from api.validation import validate_scenario
from routing.model import Break, Depot, Driver, Interval, Scenario, Site, Vehicle, ZoneLevel

HOUR = 3_600
ORDER_AT = "2022-11-23T10:00:00+08:00"
SITE = {"lon": 121.61, "lat": 38.91, "demand": [{"kind": "food", "units": 1}]}


def scenario(**members: Any) -> Scenario:
    """Two depots, one site, three vans of 5.9 m, a truck of 9 m and a cart of unknown length; ordered at 10:00."""
    return scenario_of(
        validate_scenario(
            {
                "network": "net.bgn",
                "orders": [{"id": "w1", "order_at": ORDER_AT}],
                "kinds": [{"id": "food", "kg": 8}, {"id": "bleach", "kg": 5}, {"id": "soap", "kg": 1}],
                "depots": [{"id": "D1", "lon": 121.6, "lat": 38.9}, {"id": "D2", "lon": 121.65, "lat": 38.95}],
                "sites": [{"id": "S1", **SITE}],
                "vehicles": [
                    {"id": "van", "depot": "D1", "count": 3, "capacity_kg": 500, "length_m": 5.9},
                    {"id": "truck", "depot": "D2", "capacity_kg": 5000, "length_m": 9},
                    {"id": "cart", "depot": "D2", "capacity_kg": 50},
                ],
                **members,
            }
        )
    )


def site(**members: Any) -> Site:
    return scenario(sites=[{"id": "S1", **SITE, **members}]).sites[0]


def vehicle(**members: Any) -> Vehicle:
    return scenario(vehicles=[{"id": "V", "depot": "D1", "capacity_kg": 500, **members}]).vehicles[0]


def depots(*stocks: dict[str, int], **members: Any) -> tuple[Depot, ...]:
    entries = [
        {"id": f"D{n}", "lon": 121.6, "lat": 38.9, "stock": [{"kind": k, "units": u} for k, u in stock.items()]}
        for n, stock in enumerate(stocks, 1)
    ]
    entries[0] |= members
    return scenario(depots=entries).depots


# --- who may come ------------------------------------------------------------------------------------------------


def test_a_site_that_asks_for_nothing_lets_everyone_in() -> None:
    plain = site()
    assert plain.allowed is None
    assert plain.needs_pass is None
    assert plain.most_vehicles is None
    assert plain.preferred == frozenset()
    assert plain.zone is ZoneLevel.OPEN
    assert plain.target_s is None


def test_the_id_of_an_entry_names_all_its_vehicles_and_a_counted_out_id_one() -> None:
    assert site(vehicles=["van"]).allowed == {"van-1", "van-2", "van-3"}
    assert site(vehicles=["van-2", "truck"]).allowed == {"van-2", "truck"}


def test_vehicles_that_must_not_come_are_taken_from_all_or_from_those_named() -> None:
    assert site(not_vehicles=["van"]).allowed == {"truck", "cart"}
    assert site(vehicles=["van", "cart"], not_vehicles=["van-3"]).allowed == {"van-1", "van-2", "cart"}


def test_where_length_is_limited_neither_the_longer_nor_the_unknown_gets_in() -> None:
    assert site(longest_vehicle_m=9).allowed == {"van-1", "van-2", "van-3", "truck"}
    assert site(longest_vehicle_m=8.9).allowed == {"van-1", "van-2", "van-3"}
    assert site(longest_vehicle_m=5).allowed == frozenset()
    assert site(longest_vehicle_m=6, vehicles=["truck", "van-1"]).allowed == {"van-1"}


def test_a_pass_is_kept_apart_from_size_and_name() -> None:
    found = site(needs_pass="red")  # noqa: S106  a permit
    assert (found.needs_pass, found.allowed) == ("red", None)


def test_preferred_vehicles_are_counted_out_and_restrict_nothing() -> None:
    found = site(prefer_vehicles=["van", "truck"])
    assert found.preferred == {"van-1", "van-2", "van-3", "truck"}
    assert found.allowed is None


def test_a_zone_is_a_level_of_risk() -> None:
    levels = [site(zone=zone).zone for zone in ("", "precautionary", "controlled", "sealed")]
    assert levels == [ZoneLevel.OPEN, ZoneLevel.PRECAUTIONARY, ZoneLevel.CONTROLLED, ZoneLevel.SEALED]
    assert levels == sorted(levels)


def test_a_site_may_have_its_own_target_and_a_cap_on_vehicles() -> None:
    found = site(target_s=3600, max_vehicles=2)
    assert (found.target_s, found.most_vehicles) == (3600, 2)


# --- kinds and stock ---------------------------------------------------------------------------------------------


def test_apart_goes_both_ways_whichever_says_so() -> None:
    kinds = [{"id": "food", "kg": 8, "apart": ["bleach", "soap"]}, {"id": "bleach", "kg": 5}, {"id": "soap", "kg": 1}]
    food, bleach, soap = scenario(kinds=kinds).kinds
    assert (food.apart, bleach.apart, soap.apart) == ({"bleach", "soap"}, {"food"}, {"food"})


def test_without_stock_every_kind_is_unlimited_everywhere() -> None:
    assert [depot.stock for depot in depots({}, {})] == [{}, {}]


def test_a_kind_with_stock_somewhere_is_limited_everywhere() -> None:
    assert [depot.stock for depot in depots({"food": 40}, {"bleach": 0}, {})] == [
        {"food": 40, "bleach": 0},
        {"food": 0, "bleach": 0},
        {"food": 0, "bleach": 0},
    ]


def test_loading_takes_its_time_at_so_many_bays() -> None:
    own, other = depots({}, {}, loading_s=300, loading_per_crate_s=1.5, loading_bays=2)
    assert (own.loading_s, own.loading_per_crate_s, own.bays) == (300, 1.5, 2)
    assert (other.loading_s, other.loading_per_crate_s, other.bays) == (0, 0.0, None)


# --- vehicles ----------------------------------------------------------------------------------------------------


def test_a_vehicle_makes_one_loop_from_its_own_depot_unless_it_says_otherwise() -> None:
    plain, other = vehicle(), vehicle(max_loops=4, reload=["D2"])
    assert (plain.max_loops, plain.reload_at) == (1, ("D1",))
    assert (other.max_loops, other.reload_at) == (4, ("D2",))


def test_passes_and_licence_are_those_of_every_vehicle_of_an_entry() -> None:
    entry = {"id": "V", "depot": "D1", "count": 2, "capacity_kg": 1, "passes": ["red", "blue"], "licence": "C1"}
    found = scenario(vehicles=[entry]).vehicles
    assert [(one.passes, one.licence) for one in found] == [(frozenset({"red", "blue"}), "C1")] * 2


def test_a_break_counts_from_the_order() -> None:
    half_hour = Break(Interval(HOUR * 3 // 2, 3 * HOUR), 1_800)  # 11:30 to 13:00, ordered at 10:00
    assert vehicle(breaks="11:30-13:00/30", shift="6:00-20:00").breaks == (half_hour,)
    assert vehicle(breaks="11:30-13:00/30").breaks == (half_hour,)


def test_a_break_that_is_over_at_the_order_is_over() -> None:
    assert vehicle(breaks="8:00-9:00/30; 15:00-15:30/10", shift="6:00-20:00").breaks == (
        Break(Interval(5 * HOUR, 5 * HOUR + 1_800), 600),
    )


def test_a_break_begins_after_the_order_and_ends_within_the_shift() -> None:
    assert vehicle(breaks="9:00-11:00/30", shift="6:00-20:00").breaks == (Break(Interval(0, HOUR), 1_800),)
    assert vehicle(breaks="11:00-14:00/60", shift="12:00-14:00").breaks == (Break(Interval(2 * HOUR, 3 * HOUR), 3_600),)


def test_a_night_shift_takes_its_break_after_midnight_and_once() -> None:
    found = vehicle(breaks="1:00-2:00/30", shift="22:00-次日6:00").breaks
    assert found == (Break(Interval(15 * HOUR, 16 * HOUR), 1_800),)


def test_a_break_on_other_weekdays_is_not_taken() -> None:
    assert vehicle(breaks="周四 11:30-13:00/30", shift="6:00-20:00").breaks == ()  # the order is on a Wednesday
    assert len(vehicle(breaks="周三 11:30-13:00/30", shift="6:00-20:00").breaks) == 1


def test_a_vehicle_on_duty_for_days_rests_every_day() -> None:
    orders = [{"id": "w1", "order_at": ORDER_AT}, {"id": "w2", "order_at": "2022-11-25T10:00:00+08:00"}]
    van = {"id": "V", "depot": "D1", "capacity_kg": 1, "breaks": "11:30-13:00/30"}
    breaks = scenario(orders=orders, vehicles=[van]).vehicles[0].breaks
    assert [rest.window.open_s for rest in breaks] == [HOUR * 3 // 2 + day * 24 * HOUR for day in range(3)]


# --- drivers and settings ----------------------------------------------------------------------------------------


def test_a_driver_has_a_shift_licences_and_sites_known() -> None:
    entries = [
        {"id": "P1", "name": "王", "shift": "6:00-14:00", "licences": ["C1", "B2"], "known_sites": ["S1"]},
        {"id": "P2"},
    ]
    one, other = scenario(drivers=entries).drivers
    assert one == Driver("P1", "王", Interval(-4 * HOUR, 4 * HOUR), frozenset({"C1", "B2"}), frozenset({"S1"}))
    assert other == Driver("P2", "P2", Interval(0, 8 * HOUR))  # the round of 6 h and 2 h for the way home


def test_the_policy_holds_what_the_settings_say() -> None:
    plain = scenario().policy
    assert (plain.target_from, plain.longest_route_s) == ("order", None)
    assert (plain.disinfection_s, plain.unpreferred_price_s) == (1_800, 600)
    settings = {"target_from": "departure", "longest_route_s": 60, "disinfection_s": 0, "unpreferred_price_s": 5}
    policy = scenario(settings=settings).policy
    assert (policy.target_from, policy.longest_route_s) == ("departure", 60)
    assert (policy.disinfection_s, policy.unpreferred_price_s) == (0, 5)


def test_many_sites_with_the_same_wish_share_one_set() -> None:
    sites = [{"id": f"S{n}", **SITE, "not_vehicles": ["truck"], "prefer_vehicles": ["van"]} for n in range(3)]
    found = scenario(sites=sites).sites
    assert len({id(one.allowed) for one in found}) == 1
    assert len({id(one.preferred) for one in found}) == 1
