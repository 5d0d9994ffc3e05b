"""What a driver is told, on drawn maps with ways given by letters, and of random legs on real networks.

A leg begins half way along its first stretch and ends half way along its last, unless it is said otherwise.
"""

from __future__ import annotations

import re
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.direction_texts import direction_text, distance_text
from geodata.directions import Maneuver, Step, directions, modifier_of
from geodata.errors import Text
from geodata.model import Leg, LonLat, RoadPosition
from geodata.network import Network
from geodata.roads import Roads, open_roads
from geodata.travel_times import HierarchyTimes
from tests.geodata.ascii_roads import ORIGIN, Drawing, drawn


def way(town: Drawing, letters: str) -> tuple[int, ...]:
    """The arcs between the letters, and those of barriers where they stand between two of them."""
    network, arcs = town.network, list[int]()
    for tail, head in pairwise(letters):
        (arc,) = [arc for arc in range(network.arcs) if ends(town, arc) == (tail, head)]
        arcs += joints(town, arcs[-1], arc) if arcs else []
        arcs.append(arc)
    return tuple(arcs)


def ends(town: Drawing, arc: int) -> tuple[str, str]:
    return town._letter(int(town.network.tail[arc])), town._letter(int(town.network.head[arc]))


def joints(town: Drawing, before: int, after: int) -> tuple[int, ...]:
    """The arcs between the copies of a barrier's node that lead from one arc to another."""
    network = town.network
    barriers = [arc for arc in range(network.arcs) if len(set(ends(town, arc))) == 1]
    chains = [chain for length in range(3) for chain in permutations(barriers, length)]
    return next(chain for chain in chains if follows(network, (before, *chain, after)))


def follows(network: Network, arcs: tuple[int, ...]) -> bool:
    return all(network.head[one] == network.tail[other] for one, other in pairwise(arcs))


def on(network: Network, arc: int, along: float) -> RoadPosition:
    """A part of the way along a straight arc."""
    line = network.arc_geometry(arc)
    lon, lat = line[0] + along * (line[-1] - line[0])
    fraction = along if network.arc_forward[arc] else 1.0 - along
    return RoadPosition(int(network.arc_edge[arc]), fraction, LonLat(float(lon), float(lat)))


def driven(
    town: Drawing, letters: str, *, start: float = 0.5, end: float = 0.5, place: LonLat | None = None
) -> tuple[Step, ...]:
    arcs, network = way(town, letters), town.network
    leg = Leg(0, 1.0, arcs)
    return directions(open_roads(network), leg, on(network, arcs[0], start), on(network, arcs[-1], end), place)


def told(town: Drawing, letters: str, *, start: float = 0.5) -> list[str]:
    """Type, modifier and name of every step between setting out and arriving."""
    first, *steps, last = driven(town, letters, start=start)
    assert (first.type, last.type) == (Maneuver.DEPART, Maneuver.ARRIVE)
    return [" ".join(filter(None, (step.type.value, step.modifier, step.name.zh))) for step in steps]


def named(*, kind: str = "residential", **names: str) -> dict[str, str]:
    return {letters: f"{kind} + name={name}" if name else kind for letters, name in names.items()}


CROSSING = """
    j   n   f

    w---x---e

    g   s   h
    """
"""The diagonals are at 45 degrees: four columns of 50 m, two rows of 100 m."""


def crossing(**names: str) -> Drawing:
    return drawn(CROSSING, named(**names))


# --- crossings ----------------------------------------------------------------------------------------------------


def test_going_straight_on_along_the_same_road_goes_without_saying() -> None:
    town = crossing(wxe="甲路", nxs="乙路")
    assert told(town, "wxe") == []
    assert told(town, "sxn") == []


def test_going_straight_on_without_any_name_does_too() -> None:
    assert told(crossing(wxe="", nxs=""), "wxe") == []


def test_turns_are_told_with_their_side_and_the_road_they_lead_to() -> None:
    town = crossing(wxe="甲路", nxs="乙路")
    assert told(town, "wxn") == ["turn left 乙路"]
    assert told(town, "wxs") == ["turn right 乙路"]
    assert told(town, "nxw") == ["turn right 甲路"]


def test_turns_of_45_and_135_degrees_are_slight_and_sharp() -> None:
    town = crossing(wxe="甲路", fx="乙路", jx="丙路", gx="丁路", hx="戊路")
    assert told(town, "wxf") == ["turn slight left 乙路"]
    assert told(town, "wxh") == ["turn slight right 戊路"]
    assert told(town, "wxj") == ["turn sharp left 丙路"]
    assert told(town, "wxg") == ["turn sharp right 丁路"]


@pytest.mark.parametrize(
    ("angle", "modifier"),
    [(0, "straight"), (-40, "slight left"), (90, "right"), (-150, "sharp left"), (175, "uturn"), (-180, "uturn")],
)
def test_an_angle_has_one_of_eight_modifiers(angle: float, modifier: str) -> None:
    assert modifier_of(angle) == modifier


def test_a_road_that_keeps_its_name_round_a_corner_is_continued() -> None:
    assert told(crossing(wxn="甲路", xe="乙路", xs="丙路"), "wxn") == ["continue left 甲路"]


def test_where_nothing_goes_straight_on_it_is_the_end_of_the_road() -> None:
    town = crossing(wx="甲路", nxs="乙路")
    assert told(town, "wxn") == ["end of road left 乙路"]
    assert told(town, "wxs") == ["end of road right 乙路"]
    assert told(town, "nxw") == ["turn right 甲路"]


def test_a_bend_is_told_only_where_another_road_leads_off() -> None:
    assert told(crossing(wx="甲路", xn="甲路"), "wxn") == []
    assert told(crossing(wx="甲路", xn="甲路", xe="乙路"), "wxn") == ["continue left 甲路"]


def test_a_road_one_may_not_enter_is_seen_all_the_same() -> None:
    ways = named(wx="甲路", xn="乙路") | {"ex": "residential + oneway=yes"}
    assert told(drawn(CROSSING, ways), "wxn") == ["turn left 乙路"]


def test_a_footpath_leading_off_is_none_for_a_van() -> None:
    assert told(drawn(CROSSING, named(wx="甲路", xn="甲路") | {"xe": "footway"}), "wxn") == []


def test_a_slight_bend_of_the_main_road_past_a_lane_straight_ahead_is_not_told() -> None:
    bend = named(wx="甲路", xh="甲路")
    assert told(drawn(CROSSING, bend | {"xe": "service"}), "wxh") == []
    assert told(drawn(CROSSING, bend | {"xe": "residential"}), "wxh") == ["continue slight right 甲路"]


FORK = """
            e
    w---x
            f
    """
"""The branches leave at 27 degrees to either side."""


def test_where_a_road_parts_the_side_is_told() -> None:
    town = drawn(FORK, named(wx="甲路", xe="乙路", xf="丙路"))
    assert told(town, "wxe") == ["fork slight left 乙路"]
    assert told(town, "wxf") == ["fork slight right 丙路"]


def test_the_branch_that_keeps_the_name_needs_no_telling() -> None:
    town = drawn(FORK, named(wx="甲路", xe="甲路", xf="丙路"))
    assert told(town, "wxe") == []
    assert told(town, "wxf") == ["fork slight right 丙路"]


def test_a_main_road_does_not_fork_where_a_street_leads_off() -> None:
    ways = named(kind="primary", wx="甲路", xe="乙路") | named(xf="丙路")
    assert told(drawn(FORK, ways), "wxe") == ["new name slight left 乙路"]


def test_the_middle_of_three_is_straight() -> None:
    town = drawn("        e\nw---x---m\n        f", named(wx="甲路", xe="", xm="", xf=""))
    assert told(town, "wxm") == []
    narrow = drawn("        e\nw---x---m\n        f", named(wx="甲路", xe="", xm="", xf=""), cell_m=(50.0, 50.0))
    assert told(narrow, "wxm") == ["fork straight"]


def test_turning_round_is_told() -> None:
    assert told(crossing(wxe="甲路", nxs="乙路"), "wxw") == ["continue uturn 甲路"]


# --- maneuvers that are one to a driver -----------------------------------------------------------------------------

DUAL = "a--b--c\n   |\nd--e--f"


def test_turning_round_across_a_narrow_median_is_one_maneuver() -> None:
    ways = {"cba": "primary + oneway=yes + name=甲路", "def": "primary + oneway=yes + name=甲路", "eb": "residential"}
    assert told(drawn(DUAL, ways, cell_m=(50.0, 10.0)), "deba") == ["continue uturn 甲路"]
    assert told(drawn(DUAL, ways, cell_m=(50.0, 30.0)), "deba") == ["turn left", "end of road left 甲路"]


def test_turning_across_the_first_carriageway_onto_the_second_is_one_turn() -> None:
    picture = "a---b---c\n    |\nd---e---f\n    |\n    |\n    |\n    s"
    ways = {"cba": "primary + oneway=yes + name=甲路", "def": "primary + oneway=yes + name=甲路", "seb": "residential"}
    assert told(drawn(picture, ways, cell_m=(50.0, 10.0)), "seba") == ["end of road left 甲路"]
    assert told(drawn(picture, ways, cell_m=(50.0, 10.0)), "sef") == ["turn right 甲路"]


def test_two_turns_to_one_side_a_few_metres_apart_are_one() -> None:
    picture = """
        w-------x---e
                 y---f
                 |
                 s
        """
    town = drawn(picture, named(wxe="甲路", xy="", fy="", ys="乙路"), cell_m=(10.0, 10.0))
    assert told(town, "wxys") == ["turn right 乙路"]


OFFSET = "w---xk\n   vu---e"


def test_an_offset_of_a_few_metres_at_a_crossing_is_no_pair_of_turns() -> None:
    ways = named(wx="甲路", xu="乙路", ue="甲路", xk="", vu="")
    assert told(drawn(OFFSET, ways, cell_m=(50.0, 5.0)), "wxue") == []
    assert told(drawn(OFFSET, ways, cell_m=(50.0, 15.0)), "wxue") == ["turn right 乙路", "end of road left 甲路"]


def test_the_lane_to_turn_from_is_part_of_the_turn() -> None:
    picture = """
                                      k
        w-------x
                   y
                   |
                   s
        """
    ways = named(wx="甲路", xk="甲路", xy="", ys="乙路") | {"yk": "residential"}
    assert told(drawn(picture, ways, cell_m=(10.0, 10.0)), "wxys") == ["turn right 乙路"]


def test_a_turn_in_the_first_metres_is_how_one_sets_out() -> None:
    town = crossing(wxe="甲路", nxs="乙路")
    assert told(town, "wxn", start=0.99) == []
    first, _ = driven(town, "wxn", start=0.99)
    assert (first.name.zh, round(first.bearing) % 360, round(first.length_m)) == ("乙路", 0, 102)


# --- names ----------------------------------------------------------------------------------------------------------


def test_a_new_name_of_the_same_road_is_told() -> None:
    assert told(crossing(wx="甲路", xe="乙路"), "wxe") == ["new name straight 乙路"]


def test_of_several_names_in_a_row_only_the_last_is_told() -> None:
    town = drawn("w-------xyzu-------e", named(wx="甲路", xy="乙路", yz="丙路", zu="丁路", ue="戊路"), cell_m=(10, 10))
    assert told(town, "wxyzue") == ["new name straight 戊路"]


def test_a_name_for_the_last_metres_before_a_turn_is_not_told() -> None:
    picture = "w-------x---y---z\n            |\n            s"
    town = drawn(picture, named(wx="甲路", xyz="乙路", ys="丙路"), cell_m=(10.0, 100.0))
    assert told(town, "wxys") == ["turn right 丙路"]


def test_a_name_that_soon_gives_way_to_the_old_one_is_not_told() -> None:
    names = named(wx="甲路", xy="乙桥", ye="甲路")
    assert told(drawn("w---x-y---e", names), "wxye") == []
    assert told(drawn("w---x------y---e", names), "wxye") == ["new name straight 乙桥", "new name straight 甲路"]


def test_a_road_told_by_its_number_is_the_same_where_it_has_a_name_too() -> None:
    both = {"xy": "primary + name=甲高速 + ref=G15;S2"}
    assert told(drawn("w---x------y---e", {"wx": "primary + ref=G15", **both, "ye": "primary + ref=G15"}), "wxye") == []
    assert told(drawn("w---x------y---e", {**both, "ye": "primary + ref=S2"}), "xye") == []
    assert told(drawn("w---x------y---e", {**both, "ye": "primary + ref=S3"}), "xye") == ["new name straight S3"]


def test_a_stretch_without_a_name_does_not_end_the_road() -> None:
    assert told(drawn("w---x------y---e", named(wx="甲路", xy="", ye="甲路")), "wxye") == []


def test_a_turn_onto_a_short_nameless_piece_is_told_by_the_road_behind_it() -> None:
    picture = "w---x---e\n    y\n    |\n    s"
    town = drawn(picture, named(wxe="甲路", xy="", ys="乙路"), cell_m=(50.0, 30.0))
    assert told(town, "wxys") == ["turn right 乙路"]


def test_english_has_the_english_name_wherever_the_map_gives_it() -> None:
    town = drawn(CROSSING, {"wx": "residential + name=甲路 + name:en=First Road", "xe": "residential + name=甲路"})
    first, arrived = driven(town, "wxe")
    assert (first.name, arrived.name) == (Text("甲路", "First Road"), Text("甲路", "First Road"))


# --- roundabouts and ramps --------------------------------------------------------------------------------------------

RING = """
          n

          b
    w---a   c---e
          d

          s
    """


def ring(name: str = "") -> Drawing:
    tags = "primary + junction=roundabout + oneway=yes" + (f" + name={name}" if name else "")
    return drawn(RING, {"dcbad": tags} | named(wa="西路", bn="北路", ce="东路", ds="南路"))


def exits(town: Drawing, letters: str) -> list[tuple[str, int | None, str]]:
    return [(step.type.value, step.exit, step.name.zh) for step in driven(town, letters)[1:-1]]


@pytest.mark.parametrize(
    ("letters", "number", "road"),
    [("wads", 1, "南路"), ("wadce", 2, "东路"), ("wadcbn", 3, "北路"), ("wadcbaw", 4, "西路")],
)
def test_a_roundabout_is_one_step_with_the_number_of_its_exit(letters: str, number: int, road: str) -> None:
    assert exits(ring(), letters) == [("roundabout", number, road)]


def test_one_with_a_name_of_its_own_is_a_rotary() -> None:
    (_, step, _) = driven(ring("中山广场"), "wadce")
    assert (step.type, step.rotary.zh, step.exit, step.modifier) == (Maneuver.ROTARY, "中山广场", 2, "straight")


def test_one_with_the_name_of_a_road_that_leads_through_it_is_none() -> None:
    assert exits(ring("西路"), "wadce") == [("roundabout", 2, "东路")]
    assert exits(ring("东路"), "wadce") == [("roundabout", 2, "东路")]


def test_who_sets_out_inside_counts_exits_from_there() -> None:
    assert exits(ring(), "dcbn") == [("exit roundabout", 2, "北路")]
    assert exits(ring(), "dce") == [("exit roundabout", 1, "东路")]


def test_who_arrives_inside_takes_no_exit() -> None:
    assert exits(ring(), "wadc") == [("roundabout", None, "")]
    assert exits(ring(), "dcb") == []


MOTORWAY = """
    a-------b-------c
                f---d---e
    """


def test_a_motorway_is_left_by_an_off_ramp_and_come_to_by_an_on_ramp_and_a_merge() -> None:
    ramps = named(kind="motorway_link", bd="") | named(kind="secondary", fde="乙路")
    off = drawn(MOTORWAY, ramps | named(kind="motorway", abc="甲高速"))
    assert told(off, "abde") == ["off ramp slight right", "merge straight 乙路"]
    onto = drawn(MOTORWAY, ramps | named(kind="motorway", cba="甲高速"))
    assert told(onto, "edba") == ["on ramp slight right", "merge straight 甲高速"]


SLIP = """
            n

    w---p---x---e

            q

            s
    """


def test_the_slip_road_of_a_turn_is_part_of_the_turn() -> None:
    roads = named(kind="primary", wpxe="甲路", nxqs="乙路") | {"pq": "primary_link"}
    assert told(drawn(SLIP, roads, cell_m=(20.0, 40.0)), "wpqs") == ["turn right 乙路"]
    assert told(drawn(SLIP, roads, cell_m=(20.0, 40.0)), "wpxe") == []


def test_a_long_link_is_a_ramp() -> None:
    roads = named(kind="primary", wpxe="甲路", nxqs="乙路") | {"pq": "primary_link"}
    assert told(drawn(SLIP, roads), "wpqs") == ["on ramp slight right", "turn slight right 乙路"]


# --- barriers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streets", [{"wxe": "甲路"}, {"wxe": "甲路", "nxs": "乙路"}])
def test_a_gate_on_the_way_is_no_maneuver(streets: dict[str, str]) -> None:
    town = drawn(CROSSING, named(**streets), nodes={"x": "barrier=gate"})
    assert len(way(town, "wxe")) > 2
    assert told(town, "wxe") == []


def test_a_turn_at_a_gate_is_told_as_any_other() -> None:
    town = drawn(CROSSING, named(wxe="甲路", nxs="乙路"), nodes={"x": "barrier=gate"})
    assert told(town, "wxn") == ["turn left 乙路"]


def test_the_time_at_a_gate_is_part_of_the_drive_it_stands_on() -> None:
    gate = drawn(CROSSING, named(wxe="甲路"), nodes={"x": "barrier=gate"})
    free = drawn(CROSSING, named(wxe="甲路"), nodes={"x": "traffic_signals"})
    roads = open_roads(gate.network)
    waiting_ms = sum(int(roads.ms[arc]) for arc in way(gate, "wxe")[1:-1])
    plain_ms = sum(int(open_roads(free.network).ms[arc]) for arc in way(free, "wxe"))
    assert waiting_ms >= 10_000
    assert driven(gate, "wxe", start=0.0, end=1.0)[0].ms == plain_ms + waiting_ms


# --- counting junctions -----------------------------------------------------------------------------------------------

ROW = """
    w---a---b---c---e
        |   |   |
        p   q   r
    """


def junctions(town: Drawing, letters: str) -> list[int]:
    return [step.junctions for step in driven(town, letters)[1:-1]]


def test_a_turn_onto_a_nameless_road_counts_the_junctions() -> None:
    town = drawn(ROW, named(wabce="甲路", ap="", bq="", cr=""))
    assert junctions(town, "wap") == [1]
    assert junctions(town, "wabq") == [2]
    assert junctions(town, "wabcr") == [3]


def test_counting_begins_behind_the_last_turn() -> None:
    assert junctions(drawn(ROW, named(wabce="甲路", ap="", bq="", cr="")), "pabcr") == [1, 2]


def test_lanes_do_not_count_on_the_way_to_a_street() -> None:
    town = drawn(ROW, named(wabce="甲路", bq="", cr="") | {"ap": "service"})
    assert junctions(town, "wabcr") == [2]
    assert junctions(town, "wap") == [1]


def test_the_two_carriageways_of_a_road_are_one_junction() -> None:
    picture = "w-----------ab------------c---e\n            ||            |\n            pq            r"
    town = drawn(picture, named(wabce="甲路", ap="乙路", bq="乙路", cr=""), cell_m=(20.0, 100.0))
    assert junctions(town, "wabcr") == [2]


# --- the ends of a leg ------------------------------------------------------------------------------------------------


def test_a_leg_on_one_stretch_sets_out_and_arrives() -> None:
    town = crossing(wx="甲路")
    first, last = driven(town, "xw", start=0.25, end=0.75)
    assert (first.type, first.name.zh, round(first.bearing)) == (Maneuver.DEPART, "甲路", 270)
    assert first.length_m == pytest.approx(100.0, rel=1e-4)
    assert first.ms == pytest.approx(open_roads(town.network).ms[way(town, "xw")[0]] / 2, abs=1)
    assert (last.type, last.length_m, last.ms) == (Maneuver.ARRIVE, 0.0, 0)


def test_a_leg_that_does_not_move_has_no_steps() -> None:
    town = crossing(wx="甲路")
    here = on(town.network, 0, 0.5)
    assert directions(open_roads(town.network), Leg(0, 0.0, (0,)), here, here) == ()


def test_a_leg_across_a_gate_only_has_its_time_and_no_length() -> None:
    town = drawn(CROSSING, named(wxe="甲路"), nodes={"x": "barrier=gate"})
    _, gate, _ = way(town, "wxe")
    before, behind = on(town.network, gate, 0.0), on(town.network, gate, 1.0)
    roads = open_roads(town.network)
    depart, _ = directions(roads, Leg(int(roads.ms[gate]), 0.0, (gate,)), before, behind)
    assert (depart.ms, depart.length_m, depart.bearing) == (roads.ms[gate], 0.0, 0.0)


@pytest.mark.parametrize(
    ("letters", "north_m", "side"),
    [("wx", -20.0, "right"), ("wx", 20.0, "left"), ("xw", 20.0, "right"), ("xw", -20.0, "left"), ("wx", 1.0, "")],
)
def test_the_side_on_which_a_place_lies_is_told(letters: str, north_m: float, side: str) -> None:
    town = crossing(wx="甲路")
    foot = on(town.network, way(town, letters)[0], 0.75).point
    place = LonLat(foot.lon, foot.lat + north_m / 111_195)
    assert driven(town, letters, end=0.75, place=place)[-1].modifier == side


def test_a_place_beyond_the_end_of_the_road_lies_straight_ahead() -> None:
    town = crossing(wx="甲路")
    end = on(town.network, way(town, "wx")[0], 1.0).point
    assert driven(town, "wx", end=1.0, place=LonLat(end.lon + 0.0005, end.lat))[-1].modifier == "straight"
    assert driven(town, "wx", end=1.0)[-1].modifier == ""


def test_arcs_that_do_not_follow_each_other_are_refused() -> None:
    town = crossing(wxe="甲路", nxs="乙路")
    arcs = way(town, "wx") + way(town, "ex")
    with pytest.raises(ValueError, match="no turn leads to arc"):
        directions(
            open_roads(town.network), Leg(0, 1.0, arcs), on(town.network, arcs[0], 0), on(town.network, arcs[1], 1)
        )


# --- texts --------------------------------------------------------------------------------------------------------------


def step(kind: Maneuver, modifier: str = "", name: str = "", **members: object) -> Step:
    values = {"length_m": 312.0, "ms": 1, "location": ORIGIN, "bearing": 92.0} | members
    return Step(kind, modifier, Text(name, name), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told_step", "zh", "en"),
    [
        (
            step(Maneuver.DEPART, "", "人民路"),
            "向东出发，沿人民路行驶 300 米",
            "Head east on 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.DEPART, bearing=359.0),
            "向北出发，沿无名路行驶 300 米",
            "Head north on an unnamed road and drive 300 m",
        ),
        (
            step(Maneuver.TURN, "right", junctions=3),
            "第 3 个路口右转进入无名路，行驶 300 米",
            "At the 3rd junction turn right onto an unnamed road and drive 300 m",
        ),
        (
            step(Maneuver.TURN, "slight left", junctions=1, length_m=1_840.0),
            "下一个路口向左前方转弯进入无名路，行驶 1.8 公里",
            "At the next junction turn slightly left onto an unnamed road and drive 1.8 km",
        ),
        (
            step(Maneuver.TURN, "sharp right", "Avenida del Mar", junctions=2),
            "向右后方急转进入 Avenida del Mar，行驶 300 米",
            "Turn sharp right onto Avenida del Mar and drive 300 m",
        ),
        (
            step(Maneuver.TURN, "left", junctions=9),
            "左转进入无名路，行驶 300 米",
            "Turn left onto an unnamed road and drive 300 m",
        ),
        (
            step(Maneuver.CONTINUE, "left", "人民路"),
            "左转，继续沿人民路行驶 300 米",
            "Turn left to stay on 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.CONTINUE, "uturn", "人民路"),
            "掉头，沿人民路行驶 300 米",
            "Make a U-turn onto 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.NEW_NAME, "straight", "人民路"),
            "继续前行，进入人民路，行驶 300 米",
            "Continue onto 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.END_OF_ROAD, "left", "人民路"),
            "到路尽头左转进入人民路，行驶 300 米",
            "At the end of the road turn left onto 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.FORK, "slight right", "人民路"),
            "岔路口靠右，沿人民路行驶 300 米",
            "Keep right at the fork onto 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.MERGE, "slight left", "G15"),
            "汇入 G15，行驶 300 米",
            "Merge onto G15 and drive 300 m",
        ),
        (
            step(Maneuver.ON_RAMP, "slight right"),
            "靠右驶入匝道，行驶 300 米",
            "Take the ramp on the right and drive 300 m",
        ),
        (
            step(Maneuver.OFF_RAMP, "left", "机场连接线"),
            "靠左从出口驶出（机场连接线），行驶 300 米",
            "Take the exit (机场连接线) on the left and drive 300 m",
        ),
        (
            step(Maneuver.ROUNDABOUT, "left", "人民路", exit=2),
            "进入环岛，从第 2 个出口驶出，进入人民路，行驶 300 米",
            "Enter the roundabout, take the 2nd exit onto 人民路 and drive 300 m",
        ),
        (
            step(Maneuver.ROTARY, "left", exit=12, rotary=Text("中山广场", "Zhongshan Square")),
            "进入中山广场环岛，从第 12 个出口驶出，进入无名路，行驶 300 米",
            "Enter the Zhongshan Square roundabout, take the 12th exit onto an unnamed road and drive 300 m",
        ),
        (
            step(Maneuver.ROUNDABOUT, "right", length_m=4.0),
            "进入环岛，行驶 10 米",
            "Enter the roundabout and drive 10 m",
        ),
        (
            step(Maneuver.EXIT_ROUNDABOUT, "right", "人民路", exit=1, rotary=Text("八一广场环岛", "Bayi Roundabout")),
            "从第 1 个出口驶出八一广场环岛，进入人民路，行驶 300 米",
            "Leave Bayi Roundabout by the 1st exit onto 人民路 and drive 300 m",
        ),
        (step(Maneuver.ARRIVE, "right"), "到达，目的地在右侧", "Arrive; the destination is on the right"),
        (step(Maneuver.ARRIVE), "到达目的地", "Arrive at the destination"),
    ],
)
def test_a_step_is_one_line_in_either_language(told_step: Step, zh: str, en: str) -> None:
    assert direction_text(told_step) == Text(zh, en)


@pytest.mark.parametrize(
    ("metres", "zh"),
    [
        (0.0, "10 米"),
        (14.9, "10 米"),
        (15.0, "20 米"),
        (94.0, "90 米"),
        (97.0, "100 米"),
        (324.9, "300 米"),
        (325.0, "350 米"),
        (974.0, "950 米"),
        (976.0, "1 公里"),
        (1_049.0, "1 公里"),
        (12_340.0, "12.3 公里"),
    ],
)
def test_distances_are_rounded_as_one_says_them(metres: float, zh: str) -> None:
    assert distance_text(metres).zh == zh


# --- real networks ------------------------------------------------------------------------------------------------------

somewhere = st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 1))


def at(roads: Roads, where: tuple[float, float]) -> RoadPosition:
    """A point on one of the edges that may be driven."""
    edges = roads.edge_is_open.nonzero()[0]
    edge, fraction = int(edges[int(where[0] * len(edges))]), where[1]
    return RoadPosition(edge, fraction, LonLat(*map(float, roads.network.geometry(edge)[0])))


def require_sound(times: HierarchyTimes, start: tuple[float, float], end: tuple[float, float]) -> None:
    roads = times.roads
    origin, destination = at(roads, start), at(roads, end)
    leg = times.leg(origin, destination)
    if leg is None:
        return
    steps = directions(roads, leg, origin, destination, roads_beside(destination))
    assert sum(step.ms for step in steps) == leg.ms
    assert sum(step.length_m for step in steps) == pytest.approx(leg.length_m, abs=0.06)
    for each in steps:
        require_readable(direction_text(each), each)


def roads_beside(position: RoadPosition) -> LonLat:
    return LonLat(position.point.lon + 0.0002, position.point.lat + 0.0001)


def require_readable(text: Text, of: Step) -> None:
    bare_zh, bare_en = text
    for name in (of.name, of.rotary):
        if name.zh:
            bare_zh, bare_en = bare_zh.replace(name.zh, "某路"), bare_en.replace(name.en, "Some Road")
    for line in text:
        assert line == line.strip() != ""
        assert "  " not in line
        assert "None" not in line
    assert not re.search(r"[,;:()!?]", bare_zh)
    assert " ，" not in text.zh
    assert bare_en.isascii()


class City:
    """No dataclass: hypothesis would print its members, which are long."""

    def __init__(self, times: HierarchyTimes) -> None:
        self.times = times


@pytest.fixture(scope="module")
def sample(sample_network: Network) -> City:
    return City(HierarchyTimes(open_roads(sample_network)))


@pytest.fixture(scope="module")
def dalian(dalian_roads: Roads) -> City:
    return City(HierarchyTimes(dalian_roads))


@given(start=somewhere, end=somewhere)
def test_of_any_leg_of_the_sample_the_steps_add_up_and_can_be_read(
    sample: City, start: tuple[float, float], end: tuple[float, float]
) -> None:
    require_sound(sample.times, start, end)


@given(start=somewhere, end=somewhere)
def test_of_any_leg_in_dalian_the_steps_add_up_and_can_be_read(
    dalian: City, start: tuple[float, float], end: tuple[float, float]
) -> None:
    require_sound(dalian.times, start, end)


@given(edge=st.floats(0, 1, exclude_max=True), start=st.floats(0, 1), end=st.floats(0, 1))
def test_of_any_leg_on_one_edge_they_do_too(sample: City, edge: float, start: float, end: float) -> None:
    require_sound(sample.times, (edge, start), (edge, end))
