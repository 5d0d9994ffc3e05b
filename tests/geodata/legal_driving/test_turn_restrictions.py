"""Turn restrictions of the map, each with the way it forces."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from geodata.profile import ON_FOOT, THREE_WHEELER, TRUCK, RoadUser, Span
from tests.geodata.ascii_roads import Drawing, Relation, drawn

WAYS = {
    "ab": "primary",
    "bc": "primary",
    "fdb": "primary",
    "bn": "primary",
    "de": "primary",
    "ec": "primary",
}


def crossing(*relations: Relation, nodes: dict[str, str] | None = None) -> Drawing:
    """A crossing at b, to which one comes from f in the south, and a block to the right to drive around."""
    return drawn(
        """
            n
            |
        a---b---c
            |   |
            d---e
            |
            f
        """,
        WAYS,
        relations=relations,
        nodes=nodes,
    )


LEFT, STRAIGHT, RIGHT = ("fdba", "fdbn", "fdbc")


@pytest.mark.parametrize(
    ("relation", "to_a", "to_n", "to_c"),
    [
        (None, LEFT, STRAIGHT, RIGHT),
        (("fdb", "b", "ab", "no_left_turn"), "fdecba", STRAIGHT, RIGHT),
        (("fdb", "b", "bn", "no_straight_on"), LEFT, "fdecbn", RIGHT),
        (("fdb", "b", "bc", "no_right_turn"), LEFT, STRAIGHT, "fdec"),
        (("fdb", "b", "ab", "only_left_turn"), LEFT, "fdecbn", "fdec"),
        (("fdb", "b", "bn", "only_straight_on"), "fdecba", STRAIGHT, "fdec"),
        (("fdb", "b", "bc", "only_right_turn"), "fdecba", "fdecbn", RIGHT),
        (("fdb bc", "b", "ab", "no_entry"), "fdbnba", STRAIGHT, RIGHT),
        (("fdb", "b", "ab bn", "no_exit"), "fdecba", "fdecbn", RIGHT),
    ],
)
def test_restrictions_at_a_junction(relation: Relation | None, to_a: str, to_n: str, to_c: str) -> None:
    town = crossing(*([relation] if relation else []))
    found = [town.way("f", end) for end in "an"]
    assert found == [to_a, to_n]
    assert town.way("f", "c") in {to_c, "fdec"}


@pytest.mark.parametrize(
    ("tags", "user", "binds"),
    [
        ("restriction=no_left_turn + except=goods", RoadUser(), False),
        ("restriction=no_left_turn + except=motorcar", RoadUser(), False),
        ("restriction=no_left_turn + except=psv;hgv", RoadUser(), True),
        ("restriction=no_left_turn + except=psv;hgv", RoadUser(TRUCK), False),
        ("restriction=no_left_turn + except=bicycle", RoadUser(THREE_WHEELER), True),
        ("restriction=no_left_turn", RoadUser(ON_FOOT), False),
        ("restriction:hgv=no_left_turn", RoadUser(), False),
        ("restriction:hgv=no_left_turn", RoadUser(TRUCK), True),
        ("restriction:bus=no_left_turn", RoadUser(TRUCK), False),
    ],
)
def test_whom_a_restriction_binds(tags: str, user: RoadUser, binds: bool) -> None:  # noqa: FBT001
    town = crossing(("fdb", "b", "ab", tags))
    assert (town.way("f", "a", user) != LEFT) is binds


def on(begin: str, end: str) -> RoadUser:
    """On Friday 25 November 2022."""
    times = (
        datetime.fromisoformat(f"2022-11-25T{time}").replace(tzinfo=ZoneInfo("Asia/Shanghai")) for time in (begin, end)
    )
    return RoadUser(span=Span(*times))


@pytest.mark.parametrize(
    ("tags", "user", "binds"),
    [
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", on("08:00", "10:00"), True),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", on("06:00", "07:30"), True),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", on("09:30", "10:00"), False),
        ("restriction:conditional=no_left_turn @ (Sa,Su)", on("08:00", "10:00"), False),
        ("restriction:conditional=no_left_turn @ (Mo-Fr 07:00-09:00)", RoadUser(), True),
        ("restriction=no_left_turn + restriction:conditional=none @ (10:00-16:00)", on("11:00", "12:00"), False),
        ("restriction=no_left_turn + restriction:conditional=none @ (10:00-16:00)", on("11:00", "17:00"), True),
        ("restriction:conditional=no_left_turn @ (weight>7.5)", RoadUser(), False),
        ("restriction:conditional=no_left_turn @ (weight>7.5)", RoadUser(TRUCK), True),
        (
            "restriction=no_left_turn + day_on=Monday + day_off=Friday + hour_on=07:00 + hour_off=09:00",
            on("08:00", "08:30"),
            True,
        ),
        (
            "restriction=no_left_turn + day_on=Monday + day_off=Friday + hour_on=07:00 + hour_off=09:00",
            on("10:00", "10:30"),
            False,
        ),
    ],
)
def test_when_a_restriction_binds(tags: str, user: RoadUser, binds: bool) -> None:  # noqa: FBT001
    town = crossing(("fdb", "b", "ab", tags))
    assert town.way("f", "a", user) == ("fdecba" if binds else LEFT)


def test_a_restriction_at_a_gate_and_over_signals_on_the_way_still_binds() -> None:
    forbidden = ("fdb", "b", "ab", "no_left_turn")
    assert crossing(forbidden, nodes={"b": "barrier=gate"}).way("f", "a") == "fdecba"
    assert crossing(forbidden, nodes={"b": "traffic_signals", "d": "traffic_signals"}).way("f", "a") == "fdecba"


def test_turning_back_where_it_is_forbidden() -> None:
    """From s one may only go on to b and must come back over a; the nearest dead end is c."""
    ways = {
        "sa": "primary + oneway=yes",
        "at": "primary + oneway=yes",
        "ab": "primary",
        "bc": "primary",
        "bd": "primary",
    }
    picture = """
        t
        |
        a---b---c
        |   |
        s   |
            |
            d
    """
    forced = ("sa", "a", "ab", "only_right_turn")
    assert drawn(picture, ways).way("s", "t") == "sat"
    assert drawn(picture, ways, relations=[forced]).way("s", "t") == "sabat"
    assert drawn(picture, ways, relations=[forced, ("ab", "b", "ab", "no_u_turn")]).way("s", "t") == "sabcbat"


DUAL = """
    a---b---c---d
        |   |
    e---f---g---h
"""
DUAL_WAYS = {
    "dc": "primary + oneway=yes",
    "cb": "primary + oneway=yes",
    "ba": "primary + oneway=yes",
    "ef": "primary + oneway=yes",
    "fg": "primary + oneway=yes",
    "gh": "primary + oneway=yes",
    "bf": "primary",
    "cg": "primary",
}


@pytest.mark.parametrize(
    ("relation", "e_to_a", "e_to_h"),
    [
        (None, "efba", "efgh"),
        (("ef", "bf", "ba", "no_u_turn"), "efgcba", "efgh"),
        (("ef", "bf", "ba", "no_left_turn"), "efgcba", "efgh"),
        (("ef", "fg cg", "cb", "no_left_turn"), "efba", "efgh"),
    ],
)
def test_restrictions_over_ways(relation: Relation | None, e_to_a: str, e_to_h: str) -> None:
    road = drawn(DUAL, DUAL_WAYS, relations=[relation] if relation else [])
    assert road.way("e", "a") == e_to_a
    assert road.way("e", "h") == e_to_h


def test_a_restriction_over_ways_binds_only_who_came_by_all_of_them() -> None:
    over_way = ("ef", "bf", "ba", "no_u_turn")
    road = drawn(
        """
        a---b---c---d
            |   |
        e---f---g---h
            |
            i
        """,
        DUAL_WAYS | {"fi": "primary"},
        relations=[over_way],
    )
    assert road.way("i", "a") == "ifba"
    assert road.way("e", "a") == "efgcba"
