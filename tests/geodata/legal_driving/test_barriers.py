"""Which barriers let whom pass, and how long that takes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from geodata.profile import ON_FOOT, RoadUser, Size, Span
from tests.geodata.ascii_roads import Drawing, drawn

WALKER = RoadUser(ON_FOOT)


def crossed(barrier: str) -> Drawing:
    """A straight road with a barrier at b, and a road around it."""
    return drawn(
        """
        a---b---c
        |       |
        d-------e
        """,
        {"abc": "residential", "adec": "residential"},
        nodes={"b": barrier},
    )


@pytest.mark.parametrize(
    ("barrier", "van", "walker"),
    [
        ("barrier=gate", "abc", "abc"),
        ("barrier=lift_gate", "abc", "abc"),
        ("barrier=entrance", "abc", "abc"),
        ("barrier=toll_booth", "abc", "abc"),
        ("barrier=kerb", "abc", "abc"),
        ("barrier=kerb + kerb=raised", "adec", "abc"),
        ("barrier=gate + access=no", "adec", "adec"),
        ("barrier=gate + access=private", "adec", "adec"),
        ("barrier=gate + access=destination", "adec", "adec"),
        ("barrier=gate + motor_vehicle=no", "adec", "abc"),
        ("barrier=gate + access=no + motor_vehicle=yes", "abc", "adec"),
        ("barrier=gate + locked=yes", "adec", "adec"),
        ("barrier=gate + locked=yes + access=yes", "adec", "adec"),
        ("barrier=bollard", "adec", "abc"),
        ("barrier=bollard + motor_vehicle=yes", "abc", "abc"),
        ("barrier=bollard + access=yes", "adec", "abc"),
        ("barrier=block", "adec", "abc"),
        ("barrier=stile", "adec", "abc"),
        ("barrier=cycle_barrier", "adec", "abc"),
        ("barrier=wall", "adec", "adec"),
        ("barrier=something new", "adec", "adec"),
    ],
)
def test_who_passes_a_barrier(barrier: str, van: str, walker: str) -> None:
    assert crossed(barrier).way("a", "c") == van
    assert crossed(barrier).way("a", "c", WALKER) == walker


@pytest.mark.parametrize(
    ("barrier", "seconds"),
    [("barrier=entrance", 72.0), ("barrier=lift_gate", 82.0), ("barrier=gate", 87.0), ("barrier=toll_booth", 87.0)],
)
def test_passing_a_barrier_takes_its_time(barrier: str, seconds: float) -> None:
    road = drawn("a---b---c", {"abc": "residential"}, nodes={"b": barrier})
    assert road.seconds("a", "c") == seconds  # 400 m at 20 km/h, and 0, 10, 15 and 15 s


def test_what_is_behind_a_private_gate_is_delivered_to_and_not_driven_through() -> None:
    town = drawn(
        """
        a---b---c---d
        |   |
        e---f
        """,
        {"ab": "residential", "ae": "residential", "ef": "residential", "bf": "residential", "bcd": "service"},
        nodes={"c": "barrier=gate + access=private"},
    )
    assert town.way("e", "d") in {"eabcd", "efbcd"}
    assert town.way("d", "a") == "dcba"


def test_a_gate_where_several_roads_meet_holds_for_all_of_them() -> None:
    town = drawn(
        """
        a---b---c
            |
            d
        """,
        {"abc": "residential", "bd": "residential"},
        nodes={"b": "barrier=gate + locked=yes"},
    )
    assert town.way("a", "c") == ""
    assert town.way("a", "d") == ""


def test_a_height_restrictor_stops_what_is_higher() -> None:
    town = crossed("barrier=height_restrictor + maxheight=2.2")
    assert town.way("a", "c", RoadUser(size=Size(height_m=2.0))) == "abc"
    assert town.way("a", "c", RoadUser(size=Size(height_m=2.3))) == "adec"


def at(begin: str, end: str) -> RoadUser:
    day = ZoneInfo("Asia/Shanghai")
    times = (datetime.fromisoformat(f"2022-11-25T{clock}").replace(tzinfo=day) for clock in (begin, end))
    return RoadUser(span=Span(*times))


@pytest.mark.parametrize(
    ("user", "way"),
    [
        (at("07:00", "09:00"), "abc"),
        (at("05:30", "09:00"), "adec"),
        (at("20:00", "22:30"), "adec"),
        (RoadUser(), "adec"),
    ],
)
def test_a_gate_with_opening_hours_is_passed_while_it_is_open(user: RoadUser, way: str) -> None:
    assert crossed("barrier=gate + opening_hours=06:00-22:00").way("a", "c", user) == way


def test_a_gate_where_several_roads_meet_is_passed_once() -> None:
    """200 m there and 200 m on at 20 km/h are 72 s, the gate 15 s; straight on through the crossing 7 ms."""
    town = drawn(
        """
        a---b---c
            |
            s
        """,
        {"ab": "residential", "bc": "residential", "sb": "residential"},
        nodes={"b": "barrier=gate"},
    )
    assert town.seconds("a", "c") == pytest.approx(72.0 + 15.0, abs=0.2)
    assert town.seconds("c", "s") < 72.0 + 15.0 + 7.5
