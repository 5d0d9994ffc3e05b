"""One-way roads and their exceptions."""

from __future__ import annotations

import pytest

from geodata.profile import ON_FOOT, TRUCK, RoadUser
from tests.geodata.ascii_roads import Drawing, drawn

WALKER = RoadUser(ON_FOOT)


def street(tags: str) -> Drawing:
    """A straight road with these tags, and a way around it."""
    return drawn(
        """
        a---b---c
        |       |
        d-------e
        """,
        {"abc": tags, "adec": "residential"},
    )


@pytest.mark.parametrize(
    ("tags", "out", "back"),
    [
        ("residential", "abc", "cba"),
        ("residential + oneway=yes", "abc", "ceda"),
        ("residential + oneway=true", "abc", "ceda"),
        ("residential + oneway=1", "abc", "ceda"),
        ("residential + oneway=-1", "adec", "cba"),
        ("residential + oneway=reverse", "adec", "cba"),
        ("residential + oneway=no", "abc", "cba"),
        ("residential + oneway=reversible", "adec", "ceda"),
        ("residential + oneway=alternating + maxspeed=100", "abc", "cba"),
        ("residential + oneway=yes + oneway:bicycle=no", "abc", "ceda"),
        ("residential + oneway=yes + oneway:bus=no", "abc", "ceda"),
        ("residential + oneway=yes + oneway:goods=no", "abc", "cba"),
        ("residential + oneway=yes + oneway:motor_vehicle=no", "abc", "cba"),
        ("residential + oneway:vehicle=-1", "adec", "cba"),
        ("residential + oneway=no + oneway:hgv=yes", "abc", "cba"),
        ("motorway", "abc", "ceda"),
        ("motorway + oneway=no", "abc", "cba"),
        ("motorway_link", "abc", "cba"),
        ("residential + junction=roundabout", "abc", "ceda"),
        ("residential + junction=circular", "abc", "ceda"),
    ],
)
def test_a_van_out_and_back(tags: str, out: str, back: str) -> None:
    assert street(tags).way("a", "c") == out
    assert street(tags).way("c", "a") == back


@pytest.mark.parametrize(
    "tags", ["residential + oneway=yes", "residential + oneway=-1", "residential + oneway=reversible"]
)
def test_a_volunteer_walks_both_ways(tags: str) -> None:
    assert street(tags).way("a", "c", WALKER) == "abc"
    assert street(tags).way("c", "a", WALKER) == "cba"


def test_a_truck_has_a_key_of_its_own() -> None:
    truck = RoadUser(TRUCK)
    assert street("residential + oneway=yes + oneway:hgv=no").way("c", "a", truck) == "cba"
    assert street("residential + oneway=yes + oneway:goods=no").way("c", "a", truck) == "ceda"


def test_a_path_that_is_one_way_on_foot_is_walked_one_way() -> None:
    assert street("path + oneway:foot=yes").way("c", "a", WALKER) == "ceda"


def test_a_roundabout_is_driven_round_to_the_exit() -> None:
    """Drawn against the clock, as traffic on the right goes; coming from w, s is the first exit and n the last."""
    circle = drawn(
        """
                n
                |
                c
               / \\
        w-----d   b-----o
               \\ /
                a
                |
                s
        """,
        {"abcda": "primary + junction=roundabout", "wd": "primary", "sa": "primary", "ob": "primary", "nc": "primary"},
    )
    assert circle.way("w", "s") == "wdas"
    assert circle.way("w", "o") == "wdabo"
    assert circle.way("w", "n") == "wdabcn"
    assert circle.way("s", "w") == "sabcdw"


def test_a_dual_carriageway_is_left_at_the_next_crossing() -> None:
    road = drawn(
        """
        a---b---c---d
            |   |
        e---f---g---h
        """,
        {"dcba": "primary + oneway=yes", "efgh": "primary + oneway=yes", "bf": "residential", "cg": "residential"},
    )
    assert road.way("e", "a") == "efba"
    assert road.way("d", "h") == "dcgh"
    assert road.way("a", "h") == ""
