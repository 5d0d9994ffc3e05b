"""Who may enter a road, drive through it, or only drive to a place on it."""

from __future__ import annotations

import pytest

from geodata.profile import ON_FOOT, THREE_WHEELER, TRUCK, RoadUser, arc_costs
from tests.geodata.ascii_roads import drawn

THROUGH, AROUND = "sabct", "sadect"


def way_past(road: str, user: RoadUser = RoadUser(), around: str = "residential") -> str:  # noqa: B008
    """The way from s to t where the straight road between a and c has these tags, and another leads around it."""
    town = drawn(
        """
        s---a---b---c---t
            |       |
            d-------e
        """,
        {"sa": "residential", "abc": road, "ct": "residential", "adec": around},
    )
    return town.way("s", "t", user)


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ("access=yes", THROUGH),
        ("access=permissive", THROUGH),
        ("motor_vehicle=designated", THROUGH),
        ("access=nonsense", THROUGH),
        ("access=no", AROUND),
        ("access=private", AROUND),
        ("access=destination", AROUND),
        ("access=customers", AROUND),
        ("motor_vehicle=delivery", AROUND),
        ("motor_vehicle=agricultural;forestry", AROUND),
        ("access=no + motor_vehicle=yes", THROUGH),
        ("access=no + goods=yes", THROUGH),
        ("access=yes + vehicle=no", AROUND),
        ("motor_vehicle=yes + goods=no", AROUND),
        ("access=no + bus=yes", AROUND),
        ("foot=no", THROUGH),
        ("hgv=no", THROUGH),
        ("vehicle:forward=no", AROUND),
        ("vehicle:backward=no", THROUGH),
    ],
)
def test_a_van_drives_through_or_around(tags: str, way: str) -> None:
    assert way_past(f"residential + {tags}") == way


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ("access=private", "dabc"),
        ("access=destination", "dabc"),
        ("access=delivery", "dabc"),
        ("access=customers", "dabc"),
        ("motor_vehicle=private;delivery", "dabc"),
        ("access=no", ""),
        ("access=permit", ""),
        ("access=military", ""),
    ],
)
def test_a_road_for_its_own_traffic_is_driven_to_its_end_and_no_prohibited_one_is(tags: str, way: str) -> None:
    town = drawn(
        """
        a---b---c
        |
        d---e
        """,
        {"ab": "residential", "bc": f"residential + {tags}", "ad": "residential", "de": "residential"},
    )
    assert town.way("d", "c") == way
    assert town.way("c", "d") == way[::-1]


def test_a_leg_may_begin_and_end_on_private_roads_but_not_cross_one() -> None:
    town = drawn(
        """
        a---b---c---d---e---f
            |           |
            g-----------h
        """,
        {"ab": "service + access=private", "bc": "primary", "cd": "primary + access=private", "de": "primary"}
        | {"ef": "service + access=private", "bghe": "residential"},
    )
    assert town.way("a", "f") == "abghef"
    assert town.way("b", "e") == "bghe"
    assert town.way("c", "d") == "cd"


def test_a_leg_within_one_private_compound_stays_inside() -> None:
    town = drawn(
        """
        a---b---c
        |       |
        d-------e
        """,
        {"ab": "service + access=private", "bc": "service + access=private", "adec": "trunk"},
    )
    assert town.way("a", "c") == "adec"
    assert drawn("a---b---c", {"abc": "service + access=private"}).way("a", "c") == "abc"


def test_open_roads_behind_a_private_one_are_reached_over_it() -> None:
    town = drawn(
        """
        a---b---c---d
        |   |
        e---f
        """,
        {"ab": "primary", "ae": "primary", "ef": "primary", "bf": "primary"}
        | {"bc": "service + access=private", "cd": "service"},
    )
    assert town.way("e", "d") in {"eabcd", "efbcd"}
    assert town.way("d", "a") == "dcba"


def test_a_yard_entered_one_way_and_left_by_a_private_road_is_left_from_anywhere_in_it() -> None:
    ring = {"ab": "primary", "bc": "primary", "cd": "primary", "da": "primary", "ec": "primary"}
    yard = {"bx": "service + oneway=yes", "xy": "service + oneway=yes", "ye": "service + access=private + oneway=yes"}
    town = drawn(
        """
        a---b---x---y
        |   |       |
        d---c-------e
        """,
        ring | yard,
    )
    assert town.way("x", "c") == "xyec"
    assert town.way("a", "y") == "abxy"
    network = town.network
    ends_only = arc_costs(network, RoadUser()).ends_only
    assert sorted(network.edge_way[network.arc_edge[ends_only]]) == [106, 107, 108]  # the ways of the yard


def test_two_towns_that_a_private_bridge_joins_are_each_driven_through_and_not_joined() -> None:
    square = {"ab": "primary", "bc": "primary", "cd": "primary", "da": "primary"}
    other = {"ef": "primary", "fg": "primary", "gh": "primary", "he": "primary"}
    town = drawn(
        """
        a---b   e---f
        |   |   |   |
        d---c---h---g
        """,
        {**square, **other, "ch": "primary + access=private"},
    )
    assert town.way("e", "g") in {"efg", "ehg"}
    assert town.way("a", "c") in {"abc", "adc"}
    assert town.way("a", "g") == ""


def test_nobody_takes_a_short_cut_through_a_compound_with_two_private_gates() -> None:
    town = drawn(
        """
        a---b---c---d---e
        |               |
        f---------------g
        """,
        {"abc": "primary", "cde": "primary", "af": "residential", "fg": "residential", "ge": "residential"},
        nodes={"b": "barrier=gate + access=private", "d": "barrier=gate + access=private"},
    )
    assert town.way("a", "e") == "afge"
    assert town.way("a", "c") == "abc"
    assert town.way("c", "e") == "cde"


@pytest.mark.parametrize("road", ["footway", "path", "cycleway", "pedestrian", "bridleway", "steps", "busway"])
def test_ways_for_others_are_no_roads_for_a_van(road: str) -> None:
    assert way_past(road) == AROUND


@pytest.mark.parametrize("road", ["footway", "path", "cycleway", "pedestrian", "bridleway", "track"])
def test_a_volunteer_walks_on_all_but_roads_of_buses_and_motorways(road: str) -> None:
    assert way_past(road, RoadUser(ON_FOOT)) == THROUGH
    assert way_past("busway", RoadUser(ON_FOOT)) == AROUND
    assert way_past("motorway", RoadUser(ON_FOOT)) == AROUND


def test_steps_are_slow_but_open_on_foot() -> None:
    stairs = drawn("a---b", {"ab": "steps"})
    assert stairs.seconds("a", "b", RoadUser(ON_FOOT)) == 360.0  # 200 m at 2 km/h
    assert stairs.way("a", "b") == ""


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ("pedestrian + motor_vehicle=yes", THROUGH),
        ("pedestrian + motor_vehicle=delivery", AROUND),
        ("footway + access=yes", AROUND),
        ("service + service=emergency_access", AROUND),
        ("service + service=emergency_access + motor_vehicle=yes", THROUGH),
        ("steps + motor_vehicle=yes", AROUND),
        ("residential + construction=yes", AROUND),
        ("residential + construction=widening", THROUGH),
        ("residential + construction=minor", THROUGH),
        ("construction + construction=residential", AROUND),
    ],
)
def test_permission_and_works_decide_for_a_van(tags: str, way: str) -> None:
    assert way_past(tags, around="track") == way


@pytest.mark.parametrize(
    ("tags", "truck", "van"),
    [
        ("hgv=no", AROUND, THROUGH),
        ("hgv=destination", AROUND, THROUGH),
        ("hgv=delivery", AROUND, THROUGH),
        ("hgv=yes + access=no", THROUGH, AROUND),
        ("goods=no", THROUGH, AROUND),
        ("motorcar=no", THROUGH, AROUND),
    ],
)
def test_hgv_speaks_of_trucks_and_goods_of_vans(tags: str, truck: str, van: str) -> None:
    assert way_past(f"residential + {tags}", RoadUser(TRUCK)) == truck
    assert way_past(f"residential + {tags}") == van


def test_a_truck_delivers_where_only_deliveries_are_let_in() -> None:
    town = drawn("a---b---c---d", {"abc": "residential", "cd": "residential + hgv=delivery"})
    assert town.way("a", "d", RoadUser(TRUCK)) == "abcd"


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ("tricycle=no", AROUND),
        ("motorroad=yes", AROUND),
        ("motor_vehicle=no + tricycle=yes", THROUGH),
        ("hgv=no", THROUGH),
    ],
)
def test_a_three_wheeler_has_its_own_key_and_no_place_on_motorroads(tags: str, way: str) -> None:
    assert way_past(f"residential + {tags}", RoadUser(THREE_WHEELER)) == way


def test_a_three_wheeler_uses_cycleways_and_no_motorway() -> None:
    assert way_past("cycleway", RoadUser(THREE_WHEELER)) == THROUGH
    assert way_past("motorway", RoadUser(THREE_WHEELER)) == AROUND
    assert way_past("motorway") == THROUGH


@pytest.mark.parametrize(
    ("tags", "way"),
    [("foot=no", AROUND), ("access=private", AROUND), ("motor_vehicle=no", THROUGH), ("access=no + foot=yes", THROUGH)],
)
def test_a_volunteer_on_foot_heeds_what_is_said_of_walkers(tags: str, way: str) -> None:
    assert way_past(f"residential + {tags}", RoadUser(ON_FOOT)) == way
