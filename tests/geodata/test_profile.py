"""Who may drive where, and how fast. Cases follow the OpenStreetMap wiki; speeds were worked out by hand."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from geodata.model import Segment
from geodata.network import Network, build_network
from geodata.profile import CLOSED, THREE_WHEELER, RoadUser, arc_costs

HUNDRED_METRES = 0.1 / 111.195
"""In degrees of latitude, on the sphere the network is measured on."""


def road(tags: dict[str, str], *, length: float = HUNDRED_METRES) -> Network:
    points = np.array([[121.6, 38.9], [121.6, 38.9 + length]])
    segment = Segment(tail=1, head=2, points=points, way=1, tags=tags, names={})
    return build_network([segment], name="x", attribution="")


def times(tags: dict[str, str], user: RoadUser = RoadUser()) -> tuple[int, int]:  # noqa: B008
    forward, backward = arc_costs(road(tags), user).ms
    return int(forward), int(backward)


def may(tags: dict[str, str]) -> str:
    """Which directions are open: "<>", ">", "<" or ""; with an "e" where they are at the ends of a leg only."""
    costs = arc_costs(road(tags), RoadUser())
    forward, backward = costs.ms < CLOSED
    return ("<" if backward else "") + (">" if forward else "") + ("e" if costs.ends_only.any() else "")


def seconds(**tags: str) -> tuple[float, float]:
    forward, backward = times({"highway": "residential"} | {key.replace("__", ":"): tags[key] for key in tags})
    return round(forward / 1000, 1), round(backward / 1000, 1)


@pytest.mark.parametrize(
    ("access", "open_directions"),
    [
        ({}, "<>"),
        ({"access": "yes"}, "<>"),
        ({"access": "permissive"}, "<>"),
        ({"access": "destination"}, "<>e"),
        ({"motor_vehicle": "delivery"}, "<>e"),
        ({"access": "customers"}, "<>e"),
        ({"access": "no"}, ""),
        ({"access": "private"}, "<>e"),
        ({"motor_vehicle": "agricultural"}, ""),
        ({"motor_vehicle": "agricultural;forestry"}, ""),
        ({"access": "destination", "motor_vehicle": "yes"}, "<>"),
        ({"motor_vehicle:backward": "private"}, "<>e"),
        ({"access": "customers;delivery"}, "<>e"),
        ({"access": "private;delivery"}, "<>e"),
        ({"access": "no", "motor_vehicle": "yes"}, "<>"),
        ({"access": "yes", "vehicle": "no"}, ""),
        ({"vehicle": "no", "motor_vehicle": "destination"}, "<>e"),
        ({"motor_vehicle": "no", "motorcar": "yes"}, "<>"),
        ({"motorcar": "no", "goods": "yes"}, "<>"),
        ({"motorcar": "yes", "goods": "no"}, ""),
        ({"hgv": "no"}, "<>"),
        ({"foot": "no", "bicycle": "no"}, "<>"),
        ({"access": "no", "bus": "yes"}, ""),
        ({"access": "no", "psv": "yes"}, ""),
        ({"access": "no", "foot": "yes"}, ""),
        ({"motor_vehicle": "unknown", "access": "no"}, ""),
        ({"motor_vehicle": "unknown"}, "<>"),
        ({"access": "nonsense"}, "<>"),
        ({"vehicle:backward": "no"}, ">"),
        ({"motor_vehicle:forward": "no"}, "<"),
        ({"motor_vehicle": "no", "motor_vehicle:forward": "yes"}, ">"),
        ({"motor_vehicle:backward": "no", "motorcar": "yes"}, "<>"),
        ({"access": "No"}, ""),
    ],
)
def test_the_most_specific_access_tag_decides(access: dict[str, str], open_directions: str) -> None:
    assert may({"highway": "residential", **access}) == open_directions


@pytest.mark.parametrize(
    "highway", ["footway", "path", "cycleway", "pedestrian", "bridleway", "busway", "steps", "corridor"]
)
def test_ways_not_meant_for_vans_are_closed_and_general_access_does_not_open_them(highway: str) -> None:
    assert may({"highway": highway}) == ""
    assert may({"highway": highway, "access": "yes"}) == ""
    assert may({"highway": highway, "motorcar": "no"}) == ""


@pytest.mark.parametrize("key", ["vehicle", "motor_vehicle", "motorcar", "goods"])
@pytest.mark.parametrize("highway", ["footway", "path", "cycleway", "pedestrian", "bridleway", "busway"])
def test_a_tag_for_vehicles_opens_them(highway: str, key: str) -> None:
    assert may({"highway": highway, key: "destination"}) == "<>e"
    assert may({"highway": highway, key: "yes"}) == "<>"


def test_no_tag_lets_a_van_down_steps() -> None:
    assert may({"highway": "steps", "motor_vehicle": "yes"}) == ""


def test_a_track_and_service_roads_are_slow_but_open() -> None:
    assert may({"highway": "track"}) == "<>"
    assert may({"highway": "service"}) == "<>"
    assert may({"highway": "service", "service": "parking_aisle"}) == "<>"


def test_an_emergency_access_is_closed_unless_vehicles_are_named() -> None:
    tags = {"highway": "service", "service": "emergency_access"}
    assert may(tags) == ""
    assert may({**tags, "motor_vehicle": "yes"}) == "<>"


def test_a_class_nobody_knows_is_closed() -> None:
    assert may({"highway": "bus_guideway"}) == ""
    assert may({}) == ""


@pytest.mark.parametrize(
    ("tags", "open_directions"),
    [
        ({"oneway": "yes"}, ">"),
        ({"oneway": "true"}, ">"),
        ({"oneway": "1"}, ">"),
        ({"oneway": "-1"}, "<"),
        ({"oneway": "reverse"}, "<"),
        ({"oneway": "no"}, "<>"),
        ({"oneway": "reversible"}, ""),
        ({"oneway": "alternating"}, "<>"),
        ({"oneway": "perhaps"}, "<>"),
        ({"junction": "roundabout"}, ">"),
        ({"junction": "circular"}, ">"),
        ({"junction": "roundabout", "oneway": "no"}, "<>"),
        ({"junction": "roundabout", "oneway": "-1"}, "<"),
        ({"highway": "motorway"}, ">"),
        ({"highway": "motorway", "oneway": "no"}, "<>"),
        ({"highway": "motorway_link"}, "<>"),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, "<>"),
        ({"oneway": "no", "oneway:goods": "-1"}, "<"),
        ({"oneway:vehicle": "yes", "oneway:motorcar": "no"}, "<>"),
        ({"oneway": "yes", "oneway:bicycle": "no"}, ">"),
        ({"oneway": "yes", "oneway:bus": "no", "busway": "opposite_lane"}, ">"),
    ],
)
def test_one_way_roads_are_driven_one_way(tags: dict[str, str], open_directions: str) -> None:
    assert may({"highway": "residential", **tags}) == open_directions


def test_a_road_without_a_limit_takes_its_class_speed() -> None:
    assert seconds() == (18.0, 18.0)  # 100 m at 20 km/h
    assert seconds(highway="motorway")[0] == 4.5  # at 80 km/h
    assert seconds(highway="service", service="parking_aisle")[0] == 45.0  # at 8 km/h


@pytest.mark.parametrize(
    ("maxspeed", "expected"),
    [
        ("50", 9.0),  # 100 m at 0.8 x 50 km/h
        ("50 km/h", 9.0),
        ("50km/h", 9.0),
        (" 50 ", 9.0),
        ("30 mph", 9.3),  # 48.28 km/h
        ("60;50", 9.0),
        ("signals;50", 9.0),
        ("RU:urban", 9.0),
        ("CN:urban", 9.0),
        ("DE:zone30", 15.0),
        ("DE:zone:30", 15.0),
        ("walk", 75.0),  # 6 km/h
        ("none", 3.6),  # at most 100 km/h
        ("250", 3.6),
        ("signals", 18.0),
        ("variable", 18.0),
        ("fast", 18.0),
        ("", 18.0),
        ("0", 18.0),
        ("-50", 18.0),
        ("99999", 18.0),
        ("5000", 18.0),
        ("1e3", 18.0),
        ("nan", 18.0),
        ("50 furlongs", 18.0),
    ],
)
def test_limits_are_understood_or_ignored(maxspeed: str, expected: float) -> None:
    assert seconds(maxspeed=maxspeed) == (expected, expected)


def test_each_direction_has_its_own_limit() -> None:
    assert seconds(maxspeed="50", maxspeed__backward="30") == (9.0, 15.0)
    assert seconds(maxspeed__forward="50") == (9.0, 18.0)
    assert seconds(maxspeed="50", maxspeed__forward="nonsense") == (9.0, 9.0)


def test_a_limit_does_not_make_a_service_road_fast() -> None:
    assert seconds(highway="service", maxspeed="50")[0] == 24.0  # 15 km/h
    assert seconds(highway="service", maxspeed="5")[0] == 90.0  # 4 km/h


def test_an_arc_that_does_not_exist_takes_no_place() -> None:
    points = np.array([[121.6, 38.9], [121.6, 38.9 + HUNDRED_METRES]])
    segment = Segment(tail=1, head=2, points=points, way=1, tags={"highway": "residential"}, names={}, forward=False)
    network = build_network([segment], name="x", attribution="")
    assert arc_costs(network, RoadUser()).ms.tolist() == [18000]


def test_even_an_absurdly_long_road_stays_below_closed() -> None:
    tags = {"highway": "track", "maxspeed": "3"}
    around = np.tile([[0.0, 0.0], [179.0, 0.0]], (2, 1))
    segment = Segment(tail=1, head=2, points=around, way=1, tags=tags, names={})
    network = build_network([segment], name="x", attribution="")
    assert arc_costs(network, RoadUser()).ms.max() == CLOSED - 1


def test_another_vehicle_is_another_value() -> None:
    cart = RoadUser(replace(THREE_WHEELER, name="cart", speeds_kmh={"cycleway": 8.0}))
    assert times({"highway": "cycleway"}) == (CLOSED, CLOSED)
    assert times({"highway": "cycleway"}, cart) == (45000, 45000)  # 100 m at 8 km/h
    assert times({"highway": "primary"}, cart) == (CLOSED, CLOSED)


def test_a_large_city_is_evaluated_at_once() -> None:
    """300,000 arcs within the 200 ms that re-weighting a network may take (CPU time, so that load does not matter)."""
    points = np.array([[121.6, 38.9], [121.6, 38.9 + HUNDRED_METRES]])
    kinds = [{"highway": "residential", "maxspeed": str(speed)} for speed in range(10, 110)]
    segments = [
        Segment(tail=index % 500, head=index % 499 + 500, points=points, way=1, tags=kinds[index % 100], names={})
        for index in range(1000)
    ]
    small = build_network(segments, name="x", attribution="")
    per_arc = ("tail", "head", "arc_edge", "arc_forward")
    large = replace(small, **{name: np.tile(getattr(small, name), 150) for name in per_arc})
    began = time.process_time()
    assert len(arc_costs(large, RoadUser()).ms) == 300_000
    assert time.process_time() - began < 0.2
