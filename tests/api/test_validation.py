"""The judgement of a scenario document, wherever it came from: every complaint, at its JSON pointer."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.validation import examine_scenario, validate_scenario
from geodata.errors import BadInput, Complaint

Change = Callable[[dict[str, Any]], object]


def scenario() -> dict[str, Any]:
    """A small sound scenario: two depots, three sites, two kinds."""
    return {
        "network": "net.bgn",
        "orders": [{"id": "1", "order_at": "2022-11-23T07:30:00+08:00"}],
        "kinds": [{"id": "base", "kg": 8}, {"id": "extra", "kg": 4}],
        "access_points": [{"id": "G1", "lon": 121.62, "lat": 38.92}],
        "depots": [{"id": "D1", "lon": 121.60, "lat": 38.90}, {"id": "D2", "lon": 121.65, "lat": 38.95}],
        "sites": [
            {"id": "S1", "lon": 121.61, "lat": 38.91, "demand": [{"kind": "base", "units": 20}]},
            {"id": "S2", "lon": 121.62, "lat": 38.93, "access_point": "G1", "demand": [{"kind": "extra", "units": 3}]},
            {"id": "S3", "lon": 121.63, "lat": 38.94, "receiving": "8:00-11:30、13:00-18:00"},
        ],
        "vehicles": [{"id": "V", "depot": "D1", "end": "D2", "capacity_kg": 500, "count": 2}],
    }


def changed(*path: str | int, to: object) -> Change:
    def change(raw: dict[str, Any]) -> None:
        target: Any = raw
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = to

    return change


def without(*path: str | int) -> Change:
    def change(raw: dict[str, Any]) -> None:
        target: Any = raw
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return change


def complaints(raw: object) -> tuple[Complaint, ...]:
    with pytest.raises(BadInput) as refusal:
        validate_scenario(raw)
    return refusal.value.complaints


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


BAD: list[tuple[str, Change, str, str]] = [
    ("no network", without("network"), "/network", "missing"),
    ("empty network", changed("network", to="  "), "/network", "empty"),
    ("no orders", changed("orders", to=[]), "/orders", "at least one"),
    ("no sites", without("sites"), "/sites", "missing"),
    ("sites as object", changed("sites", to={}), "/sites", "list"),
    ("site as number", changed("sites", 1, to=5), "/sites/1", "object"),
    ("unknown member", changed("sites", 1, "prioritty", to=1), "/sites/1/prioritty", "priority"),
    ("unknown setting", changed("settings", to={"snap": 1}), "/settings/snap", "snap_limit_m"),
    ("member with a slash", changed("a/b", to=1), "/a~1b", "not a known member"),
    ("other schema version", changed("schema_version", to="2"), "/schema_version", "'1'"),
    ("no lon", without("sites", 0, "lon"), "/sites/0/lon", "missing"),
    ("lon as text", changed("sites", 0, "lon", to="121.6"), "/sites/0/lon", "number"),
    ("lon as boolean", changed("sites", 0, "lon", to=True), "/sites/0/lon", "number"),
    ("lon out of range", changed("sites", 0, "lon", to=190), "/sites/0/lon", "at most 180"),
    ("lat NaN", changed("sites", 0, "lat", to=math.nan), "/sites/0/lat", "finite"),
    ("lat infinite", changed("sites", 0, "lat", to=-math.inf), "/sites/0/lat", "finite"),
    ("lat out of range", changed("sites", 0, "lat", to=121.6), "/sites/0/lat", "swapped"),
    ("at zero", changed("depots", 1, to={"id": "D2", "lon": 0, "lat": 0}), "/depots/1/lon", "left out"),
    ("id as number", changed("sites", 0, "id", to=7), "/sites/0/id", "text"),
    ("empty id", changed("sites", 0, "id", to=" "), "/sites/0/id", "empty"),
    ("long id", changed("sites", 0, "id", to="x" * 101), "/sites/0/id", "100"),
    ("NUL in name", changed("sites", 0, "name", to="a\0b"), "/sites/0/name", "U+0000"),
    ("line break in name", changed("sites", 0, "name", to="a\nb"), "/sites/0/name", "U+000A"),
    ("half a character", changed("sites", 0, "name", to="\ud800"), "/sites/0/name", "U+D800"),
    ("same site twice", changed("sites", 2, "id", to="S1"), "/sites/2/id", "more than once"),
    ("same depot twice", changed("depots", 1, "id", to="D1"), "/depots/1/id", "more than once"),
    ("site is a depot elsewhere", changed("sites", 0, "id", to="D1"), "/sites/0/id", "two different places"),
    ("site is a gate elsewhere", changed("sites", 0, "id", to="G1"), "/sites/0/id", "access point"),
    ("unknown place kind", changed("sites", 0, "kind", to="shop"), "/sites/0/kind", "drop_point"),
    ("priority 0", changed("sites", 0, "priority", to=0), "/sites/0/priority", "at least 1"),
    ("priority 4", changed("sites", 0, "priority", to=4), "/sites/0/priority", "at most 3"),
    ("required as number", changed("sites", 0, "required", to=1), "/sites/0/required", "yes or no"),
    ("negative units", changed("sites", 0, "demand", 0, "units", to=-1), "/sites/0/demand/0/units", "at least 0"),
    ("half a unit", changed("sites", 0, "demand", 0, "units", to=1.5), "/sites/0/demand/0/units", "whole"),
    ("huge units", changed("sites", 0, "demand", 0, "units", to=10**30), "/sites/0/demand/0/units", "at most"),
    ("unknown kind", changed("sites", 0, "demand", 0, "kind", to="bas"), "/sites/0/demand/0/kind", "'base'"),
    ("unknown order", changed("sites", 0, "demand", 0, "order", to="9"), "/sites/0/demand/0/order", "order"),
    ("unknown gate", changed("sites", 1, "access_point", to="G7"), "/sites/1/access_point", "'G1'"),
    ("unknown depot", changed("vehicles", 0, "depot", to="X"), "/vehicles/0/depot", "depot"),
    ("unknown end", changed("vehicles", 0, "end", to="X"), "/vehicles/0/end", "depot"),
    ("backward window", changed("sites", 2, "receiving", to="11:00-08:00"), "/sites/2/receiving", "before they start"),
    ("unreadable window", changed("sites", 2, "receiving", to="soon"), "/sites/2/receiving", "cannot be read"),
    ("backward opening", changed("depots", 0, "opening", to="11:00-8:00"), "/depots/0/opening", "before they start"),
    ("two shifts", changed("vehicles", 0, "shift", to="8:00-9:00 10:00-11:00"), "/vehicles/0/shift", "one interval"),
    ("no capacity", without("vehicles", 0, "capacity_kg"), "/vehicles/0", "capacity"),
    ("negative capacity", changed("vehicles", 0, "capacity_kg", to=-1), "/vehicles/0/capacity_kg", "at least 0"),
    ("no vehicle at all", changed("vehicles", 0, "count", to=0), "/vehicles/0/count", "at least 1"),
    ("kind without size", changed("kinds", 0, "kg", to=0), "/kinds/0", "must not all be 0"),
    ("naive order", changed("orders", 0, "order_at", to="2022-11-23T07:30:00"), "/orders/0/order_at", "offset"),
    ("order as number", changed("orders", 0, "order_at", to=1669159800), "/orders/0/order_at", "time"),
    ("order as words", changed("orders", 0, "order_at", to="tomorrow"), "/orders/0/order_at", "tomorrow"),
    ("order in 1022", changed("orders", 0, "order_at", to="1022-11-23T07:30:00Z"), "/orders/0/order_at", "2000"),
    ("target zero", changed("orders", 0, "target_s", to=0), "/orders/0/target_s", "greater than 0"),
    ("unknown timezone", changed("timezone", to="Asia/Dalian"), "/timezone", "Asia/Dalian"),
    ("timezone as path", changed("timezone", to="../../etc/passwd"), "/timezone", "timezone"),
    ("empty timezone", changed("timezone", to=""), "/timezone", "timezone"),
    ("unknown datum", changed("datum", to={"sites": "ED50"}), "/datum/sites", "'BD09'"),
    ("setting out of range", changed("settings", to={"snap_limit_m": 0}), "/settings/snap_limit_m", "greater than 0"),
    ("setting unknown word", changed("settings", to={"objective": "best"}), "/settings/objective", "lexicographic"),
    ("kinds apart as text", changed("kinds", 0, "apart", to="extra"), "/kinds/0/apart", "list"),
    ("apart from an unknown kind", changed("kinds", 0, "apart", to=["extr"]), "/kinds/0/apart/0", "'extra'"),
    ("apart from itself", changed("kinds", 0, "apart", to=["extra", "base"]), "/kinds/0/apart/1", "itself"),
    ("no time is negative", changed("depots", 0, "loading_s", to=-1), "/depots/0/loading_s", "at least 0"),
    ("too long per crate", changed("depots", 0, "loading_per_crate_s", to=3601), "/depots/0/loading_per_crate_s", "at most 3600"),
    ("no loading bay", changed("depots", 0, "loading_bays", to=0), "/depots/0/loading_bays", "at least 1"),
    ("stock as object", changed("depots", 0, "stock", to={"base": 1}), "/depots/0/stock", "list"),
    ("stock of an unknown kind", changed("depots", 1, "stock", to=[{"kind": "x", "units": 1}]), "/depots/1/stock/0/kind", "unknown kind"),
    ("negative stock", changed("depots", 1, "stock", to=[{"kind": "base", "units": -1}]), "/depots/1/stock/0/units", "at least 0"),
    ("stock without units", changed("depots", 1, "stock", to=[{"kind": "base"}]), "/depots/1/stock/0/units", "missing"),
    ("stock misspelt", changed("depots", 1, "stock", to=[{"kind": "base", "units": 1, "unit": 1}]), "/depots/1/stock/0/unit", "'units'"),
    ("stock twice", changed("depots", 1, "stock", to=[{"kind": "base", "units": 1}] * 2), "/depots/1/stock/1", "given twice"),
    ("stock beyond measure", changed("depots", 1, "stock", to=[{"kind": "base", "units": 1}] * 501), "/depots/1/stock", "more than 500"),
    ("site target zero", changed("sites", 0, "target_s", to=0), "/sites/0/target_s", "greater than 0"),
    ("site target beyond the round", changed("sites", 0, "target_s", to=21601), "/sites/0/target_s", "21600"),
    ("unknown zone", changed("sites", 0, "zone", to="red"), "/sites/0/zone", "'sealed'"),
    ("no vehicle may come", changed("sites", 0, "max_vehicles", to=0), "/sites/0/max_vehicles", "at least 1"),
    ("vehicles as text", changed("sites", 0, "vehicles", to="V"), "/sites/0/vehicles", "list"),
    ("vehicle as number", changed("sites", 0, "vehicles", to=[1]), "/sites/0/vehicles/0", "text"),
    ("unknown vehicle", changed("sites", 0, "vehicles", to=["V", "W"]), "/sites/0/vehicles/1", "unknown vehicle"),
    ("vehicle beyond the count", changed("sites", 0, "vehicles", to=["V-3"]), "/sites/0/vehicles/0", "unknown vehicle"),
    ("vehicle number zero", changed("sites", 0, "vehicles", to=["V-0"]), "/sites/0/vehicles/0", "unknown vehicle"),
    ("unknown vehicle forbidden", changed("sites", 0, "not_vehicles", to=["W"]), "/sites/0/not_vehicles/0", "unknown vehicle"),
    ("unknown vehicle preferred", changed("sites", 0, "prefer_vehicles", to=["W"]), "/sites/0/prefer_vehicles/0", "unknown vehicle"),
    ("may come and may not", lambda raw: raw["sites"][0].update(vehicles=["V-1", "V"], not_vehicles=["V"]), "/sites/0/vehicles/1", "may not come"),
    ("preferred and may not come", lambda raw: raw["sites"][0].update(prefer_vehicles=["V-1"], not_vehicles=["V-1"]), "/sites/0/prefer_vehicles/0", "may not come"),
    ("empty pass", changed("sites", 0, "needs_pass", to=""), "/sites/0/needs_pass", "empty"),
    ("vehicle of no length", changed("sites", 0, "longest_vehicle_m", to=0), "/sites/0/longest_vehicle_m", "greater than 0"),
    ("no loop", changed("vehicles", 0, "max_loops", to=0), "/vehicles/0/max_loops", "at least 1"),
    ("loops beyond measure", changed("vehicles", 0, "max_loops", to=21), "/vehicles/0/max_loops", "at most 20"),
    ("unknown depot to reload at", changed("vehicles", 0, "reload", to=["D2", "D3"]), "/vehicles/0/reload/1", "unknown depot"),
    ("unreadable break", changed("vehicles", 0, "breaks", to="11:30-13:00"), "/vehicles/0/breaks", "write the break"),
    ("break without a time", changed("vehicles", 0, "breaks", to="noon/30"), "/vehicles/0/breaks", "cannot be read"),
    ("second break unreadable", changed("vehicles", 0, "breaks", to="9:00-9:30/10; x"), "/vehicles/0/breaks", "'x'"),
    ("break outside the shift", lambda raw: raw["vehicles"][0].update(breaks="11:30-13:00/30", shift="13:01-20:00"), "/vehicles/0/breaks", "does not fit"),
    ("break longer than the shift", lambda raw: raw["vehicles"][0].update(breaks="8:00-9:00/121", shift="8:00-10:00"), "/vehicles/0/breaks", "does not fit"),
    ("negative length", changed("vehicles", 0, "length_m", to=-6), "/vehicles/0/length_m", "greater than 0"),
    ("pass without name", changed("vehicles", 0, "passes", to=["a", ""]), "/vehicles/0/passes/1", "empty"),
    ("drivers as object", changed("drivers", to={}), "/drivers", "list"),
    ("driver without id", changed("drivers", to=[{"name": "Wang"}]), "/drivers/0/id", "missing"),
    ("same driver twice", changed("drivers", to=[{"id": "P"}, {"id": "P"}]), "/drivers/1/id", "more than once"),
    ("unknown member of a driver", changed("drivers", to=[{"id": "P", "licence": "C1"}]), "/drivers/0/licence", "'licences'"),
    ("two shifts of a driver", changed("drivers", to=[{"id": "P", "shift": "8:00-9:00 10:00-11:00"}]), "/drivers/0/shift", "one interval"),
    ("unknown site known", changed("drivers", to=[{"id": "P", "known_sites": ["S1", "S9"]}]), "/drivers/0/known_sites/1", "unknown site"),
    ("target from nowhere", changed("settings", to={"target_from": "arrival"}), "/settings/target_from", "'departure'"),
    ("no route at all", changed("settings", to={"longest_route_s": 0}), "/settings/longest_route_s", "greater than 0"),
    ("half a second", changed("settings", to={"disinfection_s": 0.5}), "/settings/disinfection_s", "whole"),
    ("negative price", changed("settings", to={"unpreferred_price_s": -1}), "/settings/unpreferred_price_s", "at least 0"),
    ("too deep", changed("extra", to=nested(100)), "/extra", "deep"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "pointer", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_value_is_named_at_its_pointer_in_both_languages(change: Change, pointer: str, words: str) -> None:
    raw = scenario()
    change(raw)
    found = complaints(raw)
    here = [complaint for complaint in found if complaint.pointer.startswith(pointer)]
    assert here, found
    assert any(words in complaint.message.en for complaint in here), here
    assert all(complaint.message.zh and complaint.message.en for complaint in found)
    assert len({complaint.message.zh for complaint in found} & {complaint.message.en for complaint in found}) == 0


def test_a_sound_scenario_passes_with_its_defaults() -> None:
    document = validate_scenario(scenario())
    assert document.orders[0].target_s == 7200
    assert document.sites[0].priority == 2
    assert document.timezone == "Asia/Shanghai"


def test_a_whole_number_written_with_a_point_is_a_whole_number() -> None:
    raw = scenario()
    raw["sites"][0]["demand"][0]["units"] = 20.0
    assert validate_scenario(raw).sites[0].demand[0].units == 20


def test_all_complaints_come_at_once_shape_and_references_alike() -> None:
    raw = scenario()
    raw["sites"][0]["lon"] = "x"
    raw["sites"][1]["access_point"] = "G9"
    raw["sites"][2]["receiving"] = "9:00-8:00"
    raw["vehicles"][0]["depot"] = "D9"
    raw["timezone"] = "Nowhere"
    assert {complaint.pointer for complaint in complaints(raw)} == {
        "/sites/0/lon",
        "/sites/1/access_point",
        "/sites/2/receiving",
        "/vehicles/0/depot",
        "/timezone",
    }


def test_a_bad_depot_does_not_make_its_vehicles_unknown_to_it() -> None:
    raw = scenario()
    raw["depots"][0]["lat"] = "x"
    assert [complaint.pointer for complaint in complaints(raw)] == ["/depots/0/lat"]


def test_swapped_coordinates_within_range_are_found_by_the_other_points() -> None:
    raw = scenario()
    for place in (*raw["sites"], *raw["depots"], *raw["access_points"]):
        place["lon"], place["lat"] = -71.2 - (place["lon"] - 121.6), -29.9 - (place["lat"] - 38.9)
    validate_scenario(raw)
    site = raw["sites"][1]
    site["lon"], site["lat"] = site["lat"], site["lon"]
    (complaint,) = complaints(raw)
    assert complaint.pointer == "/sites/1/lon"
    assert "swapped" in complaint.message.en


def test_a_far_place_that_is_not_swapped_is_left_alone() -> None:
    raw = scenario()
    raw["sites"][1] |= {"lon": 116.4, "lat": 39.9}
    validate_scenario(raw)


def test_an_outlet_may_be_depot_and_site_at_one_place() -> None:
    raw = scenario()
    raw["sites"][0] |= {"id": "D1", "lon": 121.6000000004, "lat": 38.9}
    validate_scenario(raw)


def test_an_outlet_recorded_in_two_coordinate_systems_is_still_one_place() -> None:
    raw = scenario()
    raw["datum"] = {"sites": "BD09"}
    raw["sites"][0] |= {"id": "D1", "lon": 121.6115, "lat": 38.9073}
    validate_scenario(raw)


def test_counted_out_vehicles_must_not_take_the_id_of_another() -> None:
    raw = scenario()
    raw["vehicles"].append({"id": "V-2", "depot": "D1", "capacity_kg": 1})
    (complaint,) = complaints(raw)
    assert complaint.pointer == "/vehicles/1/id"
    assert "V-2" in complaint.message.en


def test_a_kind_demanded_twice_in_one_order_is_a_complaint_also_when_the_order_goes_without_saying() -> None:
    raw = scenario()
    raw["sites"][0]["demand"].append({"kind": "base", "units": 1, "order": "1"})
    (complaint,) = complaints(raw)
    assert complaint.pointer == "/sites/0/demand/1"


def test_a_site_may_want_nothing_but_not_all_of_them() -> None:
    raw = scenario()
    del raw["sites"][0]["demand"]
    validate_scenario(raw)
    del raw["sites"][1]["demand"]
    assert [complaint.pointer for complaint in complaints(raw)] == ["/sites"]


def test_a_target_is_compared_with_the_round_of_the_orders_the_site_wants_from() -> None:
    raw = scenario()
    raw["orders"].append({"id": "2", "order_at": "2022-11-23T09:30:00+08:00", "round_limit_s": 3600})
    raw["sites"][0]["target_s"] = 5400
    validate_scenario(raw)
    raw["sites"][0]["demand"].append({"kind": "extra", "units": 1, "order": "2"})
    (complaint,) = complaints(raw)
    assert complaint.pointer == "/sites/0/target_s"
    assert "'2', 3600" in complaint.message.en


def test_a_vehicle_that_cannot_be_read_does_not_make_what_names_it_wrong() -> None:
    raw = scenario()
    raw["sites"][0]["vehicles"] = ["V", "V-2", "V-17"]
    raw["vehicles"][0]["count"] = "many"
    assert [complaint.pointer for complaint in complaints(raw)] == ["/vehicles/0/count"]


def test_a_night_shift_may_have_its_break_after_midnight() -> None:
    raw = scenario()
    raw["vehicles"][0] |= {"shift": "22:00-次日6:00", "breaks": "1:00-2:00/30; 23:30-次日0:30/15"}
    validate_scenario(raw)


def test_a_break_may_begin_before_a_shift_if_it_can_begin_in_it() -> None:
    raw = scenario()
    raw["vehicles"][0] |= {"shift": "12:00-20:00", "breaks": "11:30-13:00/30"}
    validate_scenario(raw)


def test_a_vehicle_of_unknown_length_is_named_where_sites_limit_it() -> None:
    raw = scenario()
    assert examine_scenario(raw).warnings == ()
    raw["sites"][0]["longest_vehicle_m"] = 7
    assert [warning.pointer for warning in examine_scenario(raw).warnings] == ["/vehicles/0/length_m"]
    raw["vehicles"][0]["length_m"] = 6
    assert examine_scenario(raw).warnings == ()


def test_wishes_that_would_fill_the_memory_are_refused() -> None:
    raw = scenario()
    raw["vehicles"] = [{"id": f"V{n}", "depot": "D1", "capacity_kg": 1, "count": 2000} for n in range(2)]
    raw["sites"] = [
        {"id": f"S{n}", "lon": 121.6, "lat": 38.9, "vehicles": [f"V0-{n % 2000 + 1}"], "prefer_vehicles": [f"V1-{n % 2000 + 1}"]}
        for n in range(1500)
    ]  # fmt: skip
    raw["sites"][0]["demand"] = [{"kind": "base", "units": 1}]
    assert [complaint.pointer for complaint in complaints(raw)] == ["/sites"]


def test_more_entries_than_the_limit_are_refused() -> None:
    raw = scenario()
    raw["vehicles"] = [{"id": f"V{n}", "depot": "D1", "capacity_kg": 1, "count": 2000} for n in range(3)]
    assert [complaint.pointer for complaint in complaints(raw)] == ["/vehicles"]


@pytest.mark.parametrize("raw", [None, [], "x", 3, True, {}, {1: 2}, object()])
def test_what_is_no_scenario_at_all_is_refused(raw: object) -> None:
    assert complaints(raw)


def test_an_orders_spread_of_more_than_a_month_is_refused() -> None:
    raw = scenario()
    raw["orders"].append({"id": "2", "order_at": "2023-11-23T07:30:00+08:00"})
    assert [complaint.pointer for complaint in complaints(raw)] == ["/orders/1/order_at"]


def test_unreadable_hours_may_be_listed_instead() -> None:
    raw = scenario()
    raw["settings"] = {"unreadable_hours": "list"}
    raw["sites"][2]["receiving"] = "以村通知为准"
    verdict = examine_scenario(raw)
    assert [warning.pointer for warning in verdict.warnings] == ["/sites/2/receiving"]


def test_unreadable_hours_of_a_depot_are_refused_all_the_same() -> None:
    raw = scenario()
    raw["settings"] = {"unreadable_hours": "list"}
    raw["depots"][0]["opening"] = "soon"
    assert [complaint.pointer for complaint in complaints(raw)] == ["/depots/0/opening"]


def test_bad_rows_can_be_left_out_with_what_refers_to_them() -> None:
    raw = scenario()
    raw["settings"] = {"bad_rows": "skip"}
    raw["access_points"][0]["lon"] = "x"
    raw["vehicles"].insert(0, {"id": "W", "depot": "nowhere", "capacity_kg": 1})
    verdict = examine_scenario(raw)
    assert [site.id for site in verdict.document.sites] == ["S1", "S3"]
    assert [vehicle.id for vehicle in verdict.document.vehicles] == ["V"]
    assert verdict.document.access_points == ()
    assert [warning.pointer for warning in verdict.warnings] == [
        "/access_points/0/lon",
        "/vehicles/0/depot",
        "/sites/1/access_point",
    ]


def test_skipping_never_empties_a_list() -> None:
    raw = scenario()
    raw["settings"] = {"bad_rows": "skip"}
    for depot in raw["depots"]:
        depot["lat"] = 95
    assert {complaint.pointer for complaint in complaints(raw)} == {"/depots/0/lat", "/depots/1/lat"}


def test_a_bad_order_or_setting_is_never_skipped() -> None:
    raw = scenario()
    raw["settings"] = {"bad_rows": "skip"}
    raw["orders"].append({"id": "2", "order_at": "x"})
    assert "/orders/1/order_at" in {complaint.pointer for complaint in complaints(raw)}


def test_the_judgement_leaves_its_argument_alone() -> None:
    raw = scenario()
    raw["sites"][0]["name"] = "a\0b"
    before = copy.deepcopy(raw)
    complaints(raw)
    assert raw == before


MEMBERS = [
    "id",
    "lon",
    "lat",
    "demand",
    "depot",
    "count",
    "order_at",
    "receiving",
    "kg",
    "name",
    "apart",
    "stock",
    "vehicles",
    "not_vehicles",
    "prefer_vehicles",
    "reload",
    "breaks",
    "passes",
    "known_sites",
    "shift",
    "target_s",
    "longest_vehicle_m",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def with_driver() -> dict[str, Any]:
    return scenario() | {"drivers": [{"id": "P"}]}


@given(
    path=st.sampled_from([(name,) for name in with_driver()] + [(n, 0) for n in with_driver() if n != "network"]),
    value=JSON,
    member=st.sampled_from(MEMBERS),
)
def test_no_value_anywhere_leads_to_anything_but_a_verdict(
    path: tuple[str | int, ...], value: object, member: str
) -> None:
    for steps in (path, (*path, member)):
        raw = with_driver()
        target: Any = raw
        for step in steps[:-1]:
            target = target[step]
        if not isinstance(target, dict | list) or (isinstance(target, list) and isinstance(steps[-1], str)):
            continue
        target[steps[-1]] = value
        with contextlib.suppress(BadInput):
            validate_scenario(raw)
