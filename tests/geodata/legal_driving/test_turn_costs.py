"""What turning costs: angles, signals, turning back. Arms are 200 m: 16 s for a van on a primary road at 45 km/h.

By hand from the sigmoid of OSRM's car profile with its 7.5 s and bias of 1.075: 90 degrees to the right take
7.5 / (1 + e^0.941) = 2.105 s, to the left 7.5 / (1 + e^-0.941) = 5.395 s, straight on 0.007 s.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from geodata.bearings import angles, end_bearings
from geodata.model import Segment
from geodata.network import Network, build_network
from geodata.profile import CLOSED, ON_FOOT, THREE_WHEELER, TRUCK, VAN, RoadUser, arc_costs, turn_costs
from tests.geodata.ascii_roads import Drawing, drawn


def crossing(nodes: dict[str, str] | None = None) -> Drawing:
    return drawn(
        """
            n
            |
        a---b---c
            |
            s
        """,
        {"ab": "primary", "bc": "primary", "sb": "primary", "bn": "primary"},
        nodes=nodes,
    )


@pytest.mark.parametrize(
    ("user", "left", "straight", "right"),
    [
        (RoadUser(VAN), 37.4, 32.0, 34.1),
        (RoadUser(TRUCK), 43.2, 36.0, 38.8),  # 18 s an arm at 40 km/h; 10 s instead of 7.5: 7.193 and 2.807
        (RoadUser(THREE_WHEELER), 60.5, 57.6, 58.7),  # 28.8 s an arm at 25 km/h; 4 s instead of 7.5
        (RoadUser(ON_FOOT), 320.0, 320.0, 320.0),  # at 4.5 km/h
    ],
)
def test_a_left_turn_is_dearer_than_a_right_turn(user: RoadUser, left: float, straight: float, right: float) -> None:
    town = crossing()
    assert [town.seconds("s", end, user) for end in "anc"] == [left, straight, right]


@pytest.mark.parametrize(
    ("ways", "seconds"),
    [
        ({"ab": "primary", "sb": "primary"}, 32.0),
        ({"ab": "primary", "sb": "primary", "bc": "footway"}, 32.0),
        ({"ab": "primary", "sb": "primary", "bc": "primary + access=no"}, 32.0),
        ({"ab": "primary", "sb": "primary", "bc": "residential"}, 37.4),
        ({"ab": "primary", "sb": "primary", "bc": "residential + oneway=yes"}, 37.4),
    ],
)
def test_a_bend_costs_nothing_unless_roads_meet_there_that_one_may_drive(ways: dict[str, str], seconds: float) -> None:
    picture = """
        a---b---c
            |
            s
    """
    assert drawn(picture, ways).seconds("s", "a") == seconds


def test_the_angle_is_that_at_the_junction_and_not_that_between_the_ends() -> None:
    """The road from s bends just before b: it comes in from the west, so that c is straight ahead."""
    town = drawn(
        """
        x---b---c
        |   |
        s   n
        """,
        {"sxb": "primary", "bc": "primary", "bn": "primary"},
    )
    assert town.seconds("s", "c") == 48.0
    assert town.seconds("s", "n") == 50.1


@pytest.mark.parametrize(
    ("nodes", "out", "back"),
    [
        ({}, 32.0, 32.0),
        ({"b": "traffic_signals"}, 34.0, 34.0),
        ({"b": "crossing"}, 32.0, 32.0),
        ({"b": "crossing + crossing=traffic_signals"}, 32.0, 32.0),
    ],
)
def test_signals_cost_two_seconds(nodes: dict[str, str], out: float, back: float) -> None:
    town = crossing(nodes)
    assert (town.seconds("s", "n"), town.seconds("n", "s")) == (out, back)


@pytest.mark.parametrize(
    ("facing", "out", "back"), [("forward", 34.0, 32.0), ("backward", 32.0, 34.0), ("both", 34.0, 34.0)]
)
def test_signals_on_a_stretch_of_road_cost_those_they_face(facing: str, out: float, back: float) -> None:
    road = drawn("a---b---c", {"abc": "primary"}, nodes={"b": f"traffic_signals + traffic_signals:direction={facing}"})
    assert (road.seconds("a", "c"), road.seconds("c", "a")) == (out, back)


TURNING = {"sa": "primary + oneway=yes", "at": "primary + oneway=yes", "ab": "primary"}
NOT_STRAIGHT_ON = [("sa", "a", "at", "no_straight_on")]


def turned_round(ways: dict[str, str]) -> Drawing:
    """From s to t, where one may not go straight on at a and has to turn round further east."""
    return drawn(
        """
        t
        |
        a---b---c
        |   |
        s   d
        """,
        TURNING | ways,
        relations=NOT_STRAIGHT_ON,
    )


@pytest.mark.parametrize(
    ("ways", "user", "way", "seconds"),
    [
        ({}, RoadUser(VAN), "sabat", 78.2),  # 800 m, two right turns, 10 s at the dead end
        ({"bc": "primary"}, RoadUser(VAN), "sabcbat", 110.2),  # not in the middle of a road: 400 m more
        ({"bc": "primary", "bd": "primary"}, RoadUser(VAN), "sabat", 88.2),  # 20 s at the junction
        ({"bc": "primary + oneway=yes"}, RoadUser(VAN), "", float("inf")),
        ({"cb": "primary + oneway=yes"}, RoadUser(VAN), "sabat", 78.2),  # no way on at b
        ({"bc": "footway"}, RoadUser(VAN), "sabat", 78.2),
        ({"bc": "primary", "bd": "primary"}, RoadUser(TRUCK), "sabat", 117.6),  # 72 s, 2 x 2.807, 40 s
        ({"bc": "primary", "bd": "primary"}, RoadUser(THREE_WHEELER), "sabat", 125.4),  # 115.2, 2 x 1.123, 8
        ({"bc": "primary", "bd": "primary"}, RoadUser(ON_FOOT), "sat", 320.0),
    ],
)
def test_turning_round(ways: dict[str, str], user: RoadUser, way: str, seconds: float) -> None:
    town = turned_round(ways)
    assert town.way("s", "t", user) == way
    assert town.seconds("s", "t", user) == seconds


def test_where_restrictions_leave_no_way_on_one_turns_round() -> None:
    town = drawn(
        """
        t
        |
        a---b---c
        |   |
        s   d
        """,
        TURNING | {"bc": "primary", "bd": "primary"},
        relations=[*NOT_STRAIGHT_ON, ("ab", "b", "bc", "no_straight_on"), ("ab", "b", "bd", "no_right_turn")],
    )
    assert town.seconds("s", "t") == 78.2


@pytest.mark.parametrize(
    ("line", "leaves_tail", "leaves_head"),
    [
        ([[0.0, 0.0], [0.0, 0.001]], 0.0, 180.0),
        ([[0.0, 0.0], [0.001, 0.0]], 90.0, 270.0),
        ([[0.0, 0.0], [0.001, 0.0], [0.001, 0.001]], 90.0, 180.0),
        ([[0.0, 0.0], [0.00001, 0.0], [0.00001, 0.001]], 5.8, 180.0),  # 1.1 m aside, then 10.9 m ahead
        ([[0.0, 60.0], [0.001, 60.0005]], 45.0, 225.0),  # at 60 degrees north, a degree of longitude is half as long
    ],
)
def test_bearings_look_twelve_metres_ahead(line: list[list[float]], leaves_tail: float, leaves_head: float) -> None:
    beside = [[5.0, 5.0], [5.0, 5.001]]
    tail, head = end_bearings(np.array([*beside, *line, *beside]), np.array([0, 2, 2 + len(line), 4 + len(line)]))
    assert (tail[1] % 360, head[1] % 360) == pytest.approx((leaves_tail, leaves_head), abs=0.1)
    assert tail[2] % 360 == pytest.approx(0.0)


def test_a_line_without_length_has_no_bearing_and_no_angle() -> None:
    tail, head = end_bearings(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([0, 2]))
    assert np.isnan([tail[0], head[0]]).all()
    assert angles(np.array([10.0, np.nan, 350.0, 90.0]), np.array([100.0, 5.0, 10.0, 270.0])).tolist() == [
        90,
        0,
        20,
        -180,
    ]


def test_bearings_agree_with_one_line_at_a_time() -> None:
    draws = np.random.default_rng(7)
    lengths = draws.integers(2, 9, 200)
    points = 1e-4 * draws.normal(size=(int(lengths.sum()), 2)).cumsum(axis=0) + [118.8, 32.0]
    first = np.concatenate([[0], np.cumsum(lengths)])
    together = np.array(end_bearings(points, first))
    alone = [end_bearings(points[a:b], np.array([0, b - a])) for a, b in itertools.pairwise(first)]
    assert pytest.approx(np.array(alone)[:, :, 0]) == together.T


def test_turns_onto_closed_roads_do_not_stop_one_from_turning_round() -> None:
    """What is shut by a request counts as shut: b becomes the end of a blind alley."""
    network = turned_round({"bc": "primary"}).network
    user = RoadUser()
    ms = arc_costs(network, user).ms
    around = (network.arc_edge[network.turn_from] == network.arc_edge[network.turn_to]) & (
        network.turn_from != network.turn_to
    )
    ahead = np.flatnonzero((network.edge_way == 104)[network.arc_edge])
    shut = ms.copy()
    shut[ahead] = CLOSED
    at_b = around & (network.edge_way == 103)[network.arc_edge[network.turn_from]]
    opened = turn_costs(network, user, shut)[at_b] < CLOSED
    assert opened.sum() == (turn_costs(network, user, ms)[at_b] < CLOSED).sum() + 1


def test_a_profile_is_a_value_and_another_one_turns_at_other_cost() -> None:
    assert VAN.turns is not None
    slow = replace(VAN, name="slow", turns=replace(VAN.turns, turn_s=15.0))
    assert crossing().seconds("s", "a", RoadUser(slow)) == 42.8  # 32 + 2 x 5.395


def circle_with_arms(tags: dict[str, str]) -> Network:
    """A circle of 20 m radius in steps of 15 degrees, driven anticlockwise, with arms of 80 m to north, east and south."""
    metre = 1.0 / 111_195.0
    steps = np.radians(np.arange(0, 361, 15))
    ring = 20.0 * metre * np.column_stack([np.cos(steps), np.sin(steps)])
    arms = {1: [1.0, 0.0], 2: [0.0, 1.0], 3: [0.0, -1.0]}
    quarters = {(1, 2): ring[:7], (2, 3): ring[6:19], (3, 1): ring[18:]}
    circle = [
        Segment(tail, head, line, way=1, tags={"highway": "primary"} | tags, names={}, backward=False)
        for (tail, head), line in quarters.items()
    ]
    roads = [
        Segment(node, 10 + node, np.outer([20.0 * metre, 100.0 * metre], out), 10 + node, {"highway": "primary"}, {})
        for node, out in arms.items()
    ]
    return build_network([*circle, *roads], name="circle", attribution="none")


@pytest.mark.parametrize(
    ("tags", "along", "off_or_on"),
    [
        ({"junction": "roundabout"}, 15.0, 82.5),  # chords of 5.2 m that bend by 15 degrees, 7.5 off the tangent
        ({"junction": "circular"}, 15.0, 82.5),
        ({"oneway": "yes"}, 35.8, 72.1),  # 12 m ahead, which is 11.236 m on and 3.628 m aside: 17.9 degrees off
    ],
)
def test_a_roundabout_leads_on_as_it_does_at_the_junction(tags: dict[str, str], along: float, off_or_on: float) -> None:
    """So that one who follows it hardly turns, and one who leaves or enters it does."""
    network = circle_with_arms(tags)
    ways = network.edge_way[network.arc_edge[network.state_arc]]
    came, goes = ways[network.turn_from], ways[network.turn_to]
    assert network.turn_angle[(came == 1) & (goes == 1)] == pytest.approx(-along, abs=0.1)
    assert network.turn_angle[(came == 1) != (goes == 1)] == pytest.approx(off_or_on, abs=0.1)


def test_following_a_roundabout_takes_next_to_nothing() -> None:
    """15 degrees to the left: 7.5 / (1 + e^(6.5 / 1.075 - 13 * 1.075 * 15 / 180)) = 0.056 s; 82.5 off it 1.431 s."""
    network, user = circle_with_arms({"junction": "roundabout"}), RoadUser(VAN)
    costs = turn_costs(network, user, arc_costs(network, user).ms)
    ways = network.edge_way[network.arc_edge[network.state_arc]]
    came, goes = ways[network.turn_from], ways[network.turn_to]
    assert costs[(came == 1) & (goes == 1)] == pytest.approx(56, abs=1)
    assert costs[(came == 1) & (goes > 1)] == pytest.approx(1431, abs=3)
