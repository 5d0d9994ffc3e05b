"""Roads and lanes for buses and full cars, ferries, and roads being built."""

from __future__ import annotations

import pytest

from geodata.profile import ON_FOOT, TRUCK, VAN, RoadUser
from tests.geodata.ascii_roads import drawn

ABOARD = RoadUser(VAN, ferries=True)


def way_past(road: str, user: RoadUser = RoadUser()) -> str:  # noqa: B008
    town = drawn(
        """
        a---b---c
        |       |
        d-------e
        """,
        {"abc": road, "adec": "residential"},
    )
    return town.way("a", "c", user)


@pytest.mark.parametrize(
    ("road", "way"),
    [
        ("busway", "adec"),
        ("busway + goods=yes", "abc"),
        ("busway + access=yes", "adec"),
        ("service + service=bus", "adec"),
        ("primary + access=no + psv=yes", "adec"),
        ("primary + busway=opposite_lane", "abc"),
        ("primary + bus=designated", "abc"),
        ("primary + bus:lanes=yes|designated", "abc"),
        ("primary + bus:lanes=designated|designated", "adec"),
        ("primary + bus:lanes=designated|designated + goods:lanes=no|yes", "abc"),
        ("primary + psv:lanes:forward=designated", "adec"),
        ("primary + psv:lanes:backward=designated", "abc"),
        ("primary + vehicle:lanes=no|no", "adec"),
        ("primary + vehicle:lanes=no|yes", "abc"),
        ("primary + access:lanes=no|no + psv:lanes=yes|yes", "adec"),
        ("primary + lanes=2 + lanes:psv=1", "abc"),
        ("primary + lanes=2 + lanes:psv=2", "adec"),
        ("primary + lanes=1 + lanes:bus=1 + goods=yes", "abc"),
        ("primary + hov=designated", "adec"),
        ("primary + hov=only", "adec"),
        ("primary + hov=designated + goods=yes", "abc"),
        ("primary + hov=yes", "abc"),
        ("primary + hov:lanes=designated|yes", "abc"),
        ("primary + hov:lanes=designated|designated", "adec"),
    ],
)
def test_what_is_reserved_for_buses_and_full_cars_is_closed_to_goods_unless_allowed(road: str, way: str) -> None:
    assert way_past(road) == way


def test_a_truck_needs_one_lane_that_takes_trucks() -> None:
    assert way_past("primary + hgv:lanes=no|yes", RoadUser(TRUCK)) == "abc"
    assert way_past("primary + hgv:lanes=no|no", RoadUser(TRUCK)) == "adec"
    assert way_past("primary + hgv:lanes=no|no") == "abc"


@pytest.mark.parametrize(
    ("road", "way"),
    [
        ("construction + construction=primary", "adec"),
        ("primary + construction=yes", "adec"),
        ("primary + construction=primary", "adec"),
        ("primary + construction=minor", "abc"),
        ("primary + construction=widening", "abc"),
        ("primary + construction=no", "abc"),
    ],
)
def test_roads_being_built_are_closed_and_lesser_works_are_not(road: str, way: str) -> None:
    assert way_past(road) == way


ISLAND = """
    a---b---c---d
"""


def crossing(tags: str, user: RoadUser) -> float:
    """Seconds over 200 m of road at 20 km/h (36 s), 200 m of water, and again 200 m of road."""
    sea = drawn(ISLAND, {"ab": "residential", "bc": f"route=ferry + {tags}", "cd": "residential"})
    return sea.seconds("a", "d", user)


def test_a_ferry_is_taken_only_if_the_request_says_so() -> None:
    assert crossing("motor_vehicle=yes + duration=00:10", RoadUser()) == float("inf")
    assert crossing("motor_vehicle=yes + duration=00:10", ABOARD) == 672.0


@pytest.mark.parametrize(
    ("tags", "seconds"),
    [
        ("goods=yes + duration=10", 672.0),
        ("vehicle=yes + duration=0:10:30", 702.0),
        ("motorcar=yes + duration=PT1H5M", 3972.0),
        ("motor_vehicle=yes", 216.0),  # 200 m at 5 km/h
        ("motor_vehicle=yes + duration=soon", 216.0),
        ("motor_vehicle=no + duration=00:10", float("inf")),
        ("foot=yes + duration=00:10", float("inf")),
        ("access=yes + duration=00:10", float("inf")),
        ("duration=00:10", float("inf")),
    ],
)
def test_a_ferry_takes_vans_if_it_says_so_and_as_long_as_it_says(tags: str, seconds: float) -> None:
    assert crossing(tags, ABOARD) == seconds


def test_a_volunteer_needs_no_word_to_board() -> None:
    assert crossing("duration=00:10", RoadUser(ON_FOOT, ferries=True)) == 920.0  # and 400 m at 4.5 km/h
    assert crossing("foot=no + duration=00:10", RoadUser(ON_FOOT, ferries=True)) == float("inf")


def test_a_ferry_that_calls_on_the_way_takes_its_time_in_all() -> None:
    sea = drawn(
        "a---b-------c\n    |\n    d", {"abc": "route=ferry + motor_vehicle=yes + duration=00:30", "bd": "residential"}
    )
    assert sea.find("a", "c", ABOARD).seconds == pytest.approx(1800, abs=0.2)  # type: ignore[union-attr]
    first, second = sea.seconds("a", "b", ABOARD), sea.seconds("b", "c", ABOARD)
    assert (first, second) == (600.0, 1200.0)
