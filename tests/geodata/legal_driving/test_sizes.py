"""Limits of height, width, length, weight and axle load, dangerous goods, and the vehicle's own size."""

from __future__ import annotations

import pytest

from geodata.profile import ON_FOOT, THREE_WHEELER, TRUCK, VAN, RoadUser, Size
from tests.geodata.ascii_roads import drawn


def may_pass(tags: str, user: RoadUser) -> bool:
    town = drawn("a---b", {"ab": f"residential + {tags}"})
    return bool(town.way("a", "b", user))


def van(**size: float) -> RoadUser:
    return RoadUser(VAN, Size(**size))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "size", "passes"),
    [
        ("maxheight=2.5", {"height_m": 2.5}, True),
        ("maxheight=2.5", {"height_m": 2.51}, False),
        ("maxheight=2.5 m", {"height_m": 2.6}, False),
        ("maxheight=2,5", {"height_m": 2.6}, False),
        ("maxheight=250 cm", {"height_m": 2.6}, False),
        ("maxheight=8'", {"height_m": 2.4}, True),  # 2.438 m
        ("maxheight=8'", {"height_m": 2.5}, False),
        ("maxheight=8'6\"", {"height_m": 2.55}, True),  # 2.591 m
        ("maxheight=8'6\"", {"height_m": 2.6}, False),
        ("maxheight=8 ft", {"height_m": 2.5}, False),
        ("maxheight=8 ft 6 in", {"height_m": 2.55}, True),
        ("maxheight=default", {"height_m": 4.5}, True),
        ("maxheight=none", {"height_m": 4.5}, True),
        ("maxheight=below_default", {"height_m": 3.0}, True),
        ("maxheight=unsigned", {"height_m": 4.5}, True),
        ("maxheight=3;2.2", {"height_m": 2.5}, False),
        ("maxheight=none;2.2", {"height_m": 2.5}, False),
        ("maxheight:physical=2.2", {"height_m": 2.5}, False),
        ("maxheight=3 + maxheight:forward=2", {"height_m": 2.5}, False),
        ("maxheight=3 + maxheight:backward=2", {"height_m": 2.5}, True),
        ("maxheight:signed=no", {"height_m": 4.0}, True),
        ("maxwidth=2", {"width_m": 2.0}, True),
        ("maxwidth=1.8 m", {"width_m": 2.0}, False),
        ("maxwidth:physical=1.9", {"width_m": 2.0}, False),
        ("maxlength=5.5", {"length_m": 6.0}, False),
        ("maxlength=20 ft", {"length_m": 6.0}, True),
        ("maxweight=3.5", {"weight_t": 3.5}, True),
        ("maxweight=3.5", {"weight_t": 3.6}, False),
        ("maxweight=3.5 t", {"weight_t": 3.6}, False),
        ("maxweight=3500 kg", {"weight_t": 3.6}, False),
        ("maxweight=7000 lbs", {"weight_t": 3.1}, True),  # 3.175 t
        ("maxweight=7000 lbs", {"weight_t": 3.2}, False),
        ("maxweight=3.5 st", {"weight_t": 3.3}, False),  # 3.175 t
        ("maxweight=none", {"weight_t": 3.0}, True),
        ("maxweight=heavy", {"weight_t": 3.0}, True),
        ("maxweight:hgv=3 + maxweight=10", {"weight_t": 3.2}, True),
        ("maxweight:hgv=3 + maxweight=10", {"weight_t": 4.0}, False),
        ("maxweightrating=3", {"weight_t": 3.2}, False),
        ("maxaxleload=2", {"axle_t": 2.4}, False),
        ("maxaxleload=2.5 t", {"axle_t": 2.4}, True),
        ("hazmat=no", {}, True),
        ("hazmat=no", {"hazmat": True}, False),
        ("hazmat=designated", {"hazmat": True}, True),
        ("hazmat=yes", {"hazmat": True}, True),
    ],
)
def test_a_vehicle_passes_what_is_large_enough_for_it(tags: str, size: dict[str, float], passes: bool) -> None:  # noqa: FBT001
    assert may_pass(tags, van(**size)) is passes


@pytest.mark.parametrize(
    ("tags", "who"),
    [
        ("maxheight=3.5", "van three_wheeler on_foot"),
        ("maxheight=2.2", "three_wheeler on_foot"),
        ("maxheight=1.5", "on_foot"),
        ("maxwidth=2.2", "van three_wheeler on_foot"),
        ("maxlength=8", "van three_wheeler on_foot"),
        ("maxweight=10", "van three_wheeler on_foot"),
        ("maxweight=20", "van truck three_wheeler on_foot"),
        ("maxweight=0.5", "on_foot"),
        ("maxaxleload=8", "van three_wheeler on_foot"),
    ],
)
def test_each_kind_has_a_usual_size_of_its_own(tags: str, who: str) -> None:
    passing = [kind.name for kind in (VAN, TRUCK, THREE_WHEELER, ON_FOOT) if may_pass(tags, RoadUser(kind))]
    assert passing == who.split()


def test_what_is_said_of_a_vehicle_stands_before_what_is_usual() -> None:
    low = RoadUser(TRUCK, Size(height_m=3.0))
    assert may_pass("maxheight=3.2", low)
    assert not may_pass("maxheight=3.2", RoadUser(TRUCK))
    assert not may_pass("maxweight=10", low)


@pytest.mark.parametrize(
    ("tags", "user", "passes"),
    [
        ("hgv=no", RoadUser(TRUCK), False),
        ("hgv=no", RoadUser(VAN), True),
        ("hgv=no", van(weight_t=3.5), True),
        ("hgv=no", van(weight_t=4.2), False),
        ("goods=no", van(weight_t=4.2), True),
        ("goods=no", RoadUser(VAN), False),
        ("hgv=no", RoadUser(TRUCK, Size(weight_t=3.0)), True),
        ("hgv=no", RoadUser(ON_FOOT), True),
    ],
)
def test_above_three_and_a_half_tonnes_a_vehicle_is_a_heavy_one(tags: str, user: RoadUser, passes: bool) -> None:  # noqa: FBT001
    assert may_pass(tags, user) is passes


def test_the_low_bridge_is_driven_around_by_the_truck_alone() -> None:
    town = drawn(
        """
        a---b---c---d
            |   |
            e---f
        """,
        {"ab": "primary", "bc": "primary + bridge=yes + maxheight=3.2", "cd": "primary", "be": "residential"}
        | {"ef": "residential", "fc": "residential"},
    )
    assert town.way("a", "d") == "abcd"
    assert town.way("a", "d", RoadUser(TRUCK)) == "abefcd"
