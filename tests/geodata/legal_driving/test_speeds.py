"""How fast each road is, by its class, limit, ground, width and the hour. 100 m of road; seconds by hand."""

from __future__ import annotations

import pytest

from geodata.profile import ON_FOOT, THREE_WHEELER, TRUCK, VAN, HourlyFactors, RoadUser
from tests.geodata.ascii_roads import drawn


def seconds(tags: str, user: RoadUser = RoadUser()) -> float:  # noqa: B008
    return drawn("a-b", {"ab": tags}).seconds("a", "b", user)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("motorway", 4.5),  # 80 km/h
        ("trunk", 6.0),
        ("primary", 8.0),
        ("secondary", 9.0),
        ("tertiary", 12.0),
        ("residential", 18.0),
        ("service", 24.0),
        ("service + service=alley", 36.0),
        ("service + service=driveway", 36.0),
        ("service + service=parking_aisle", 45.0),
        ("living_street", 36.0),
        ("track", 36.0),
        ("primary + maxspeed=30", 15.0),  # 0.8 x 30 km/h
        ("primary + maxspeed=80", 5.6),  # 64 km/h
        ("primary + maxspeed=80 + maxspeed:forward=30", 15.0),
        ("primary + maxspeed=80 + maxspeed:hgv=30", 5.6),
        ("primary + maxspeed=80 + maxspeed:goods=30", 15.0),
        ("service + maxspeed=50", 24.0),
        ("primary + surface=asphalt", 8.0),
        ("primary + surface=cobblestone", 12.0),  # 30 km/h
        ("primary + surface=asphalt; cobblestone", 12.0),
        ("primary + surface=gravel", 9.0),
        ("primary + surface=mud", 36.0),
        ("primary + surface=unheard of", 8.0),
        ("residential + surface=gravel", 18.0),
        ("primary + maxspeed=80 + surface=sett", 9.0),
        ("primary + smoothness=bad", 9.0),
        ("primary + smoothness=horrible", 36.0),
        ("primary + smoothness=impassable", float("inf")),
        ("primary + tracktype=grade5", 18.0),
        ("primary + surface=gravel + smoothness=very_bad", 18.0),
        ("residential + lanes=1", 24.0),  # 0.75 x 20 km/h: one waits for the other
        ("residential + lanes=1 + oneway=yes", 18.0),
        ("residential + lanes=2", 18.0),
        ("residential + lanes=1.5", 24.0),
        ("residential + width=2.8", 24.0),
        ("residential + width=2.8 m", 24.0),
        ("residential + width=6", 18.0),
        ("residential + oneway=alternating", 45.0),  # 0.4 x 20 km/h
    ],
)
def test_a_van_takes(tags: str, expected: float) -> None:
    assert seconds(tags) == expected


@pytest.mark.parametrize(
    ("tags", "user", "expected"),
    [
        ("primary", RoadUser(TRUCK), 9.0),  # 40 km/h
        ("motorway + maxspeed=120", RoadUser(TRUCK), 4.5),  # at most 80 km/h
        ("primary + maxspeed=80 + maxspeed:hgv=30", RoadUser(TRUCK), 15.0),
        ("residential + lanes=1", RoadUser(TRUCK), 48.0),  # half of 15 km/h
        ("primary", RoadUser(THREE_WHEELER), 14.4),  # 25 km/h
        ("primary + maxspeed=80", RoadUser(THREE_WHEELER), 14.4),
        ("cycleway", RoadUser(THREE_WHEELER), 24.0),
        ("residential + lanes=1", RoadUser(THREE_WHEELER), 20.0),
        ("residential", RoadUser(ON_FOOT), 80.0),  # 4.5 km/h
        ("footway + surface=gravel", RoadUser(ON_FOOT), 80.0),
        ("primary + maxspeed=30 + lanes=1", RoadUser(ON_FOOT), 80.0),
        ("steps", RoadUser(ON_FOOT), 180.0),
    ],
)
def test_others_take(tags: str, user: RoadUser, expected: float) -> None:
    assert seconds(tags, user) == expected


FACTORS = HourlyFactors({("primary", 7): 1.5, ("*", 7): 1.2, ("*", 2): 0.8})


@pytest.mark.parametrize(
    ("tags", "hour", "expected"),
    [
        ("primary", 7, 12.0),
        ("primary", 2, 6.4),
        ("primary", 12, 8.0),
        ("primary", None, 8.0),
        ("residential", 7, 21.6),
        ("primary + surface=cobblestone", 7, 18.0),
    ],
)
def test_the_hour_makes_a_class_slower(tags: str, hour: int | None, expected: float) -> None:
    assert seconds(tags, RoadUser(VAN, factors=FACTORS, hour=hour)) == expected


def test_at_rush_hour_another_way_is_the_faster_one() -> None:
    town = drawn(
        """
        a-------b
        |       |
        c-------d
        """,
        {"ab": "primary", "acdb": "tertiary + maxspeed=100"},
    )
    jam = HourlyFactors({("primary", 7): 3.0})
    assert town.way("a", "b", RoadUser(factors=jam, hour=2)) == "ab"
    assert town.way("a", "b", RoadUser(factors=jam, hour=7)) == "acdb"
