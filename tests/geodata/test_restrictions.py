"""Closures, checkpoints and zones on small maps drawn by hand; a cell is 100 m, every figure reckoned by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from geodata.errors import BadInput
from geodata.locate import RoadIndex
from geodata.model import LonLat, RoadPosition
from geodata.profile import CLOSED, Span
from geodata.restrictions import (
    Checkpoint,
    Closure,
    InForce,
    NamedRoad,
    Pass,
    Resolved,
    Restriction,
    Restrictions,
    Zone,
    passes_held,
    resolve,
)
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes, HierarchyTimes, TravelTimes
from tests.geodata.small_roads import Drawing, drawn, plain_roads

MORNING = datetime(2022, 11, 23, 7, 30, tzinfo=UTC)
WAVE = Span(MORNING, MORNING + timedelta(hours=6))
both_engines = pytest.mark.parametrize("engine", [HierarchyTimes, DijkstraTimes])
Engine = Callable[[Roads], TravelTimes]

TOWN = """
    A---B---C
    |   |   |
    D---E---F
"""
"""Two blocks of 400 m by 200 m."""


def town(picture: str = TOWN) -> Drawing:
    """On which a metre takes a hundredth of a second, so that 100 m are a second, and turns take no time."""
    drawing = drawn(picture)
    network = drawing.roads.network
    ms = np.round(network.edge_length_m[network.arc_edge] * 10).astype(np.int64)
    return replace(drawing, roads=plain_roads(network, ms))


def box(drawing: Drawing, west: float, north: float, east: float, south: float) -> shapely.Polygon:
    """An area by columns and rows of the drawing."""
    return shapely.box(*drawing.point(west, south), *drawing.point(east, north))


def line(drawing: Drawing, *corners: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([drawing.point(*corner) for corner in corners])


def placed(drawing: Drawing, *some: Restriction) -> Resolved:
    return resolve(RoadIndex(drawing.roads), restrictions_of(*some))


def restrictions_of(*some: Restriction) -> Restrictions:
    return Restrictions(
        tuple(each for each in some if isinstance(each, Closure)),
        tuple(each for each in some if isinstance(each, Checkpoint)),
        tuple(each for each in some if isinstance(each, Zone)),
    )


def closed_metres(drawing: Drawing, *some: Restriction) -> dict[str, list[tuple[int, int]]]:
    """What is closed, street by street, in whole metres from its western or northern corner."""
    resolved = placed(drawing, *some)
    closed = resolved.roads_for(drawing.roads, span=WAVE).closed_parts
    names = {number: letter for letter, number in drawing.names.items()}
    network = drawing.roads.network
    found = {}
    for edge in sorted(closed):
        arc = int(network.edge_arcs[edge].max())
        ends = [names[int(network.tail[arc])], names[int(network.head[arc])]]
        street = "".join(ends if network.arc_forward[arc] else ends[::-1])
        metres = network.edge_length_m[edge]
        found[street] = [(round(start * metres), round(end * metres)) for start, end in closed[edge]]
    return found


def on(drawing: Drawing, tail: str, head: str, metres: float) -> RoadPosition:
    """So far along a street from its western or northern corner."""
    edge = drawing.edge(tail, head)
    return RoadPosition(edge, metres / drawing.roads.network.edge_length_m[edge], LonLat(0.0, 0.0))


def seconds(times: TravelTimes, origin: RoadPosition, destination: RoadPosition) -> float | None:
    """To a tenth; table and leg agree."""
    leg = times.leg(origin, destination)
    (table,) = times.table([origin], [destination]).tolist()
    assert table == [NO_WAY_S if leg is None else leg.travel_s]
    return None if leg is None else round(leg.ms / 1000, 1)


# --- closures -----------------------------------------------------------------------------------------------------


def test_an_area_closes_the_parts_of_streets_inside_it() -> None:
    """From 1 to 3 columns east, over the upper street and past the lower: A-B lies in it from 100 to 300 m."""
    drawing = town()
    assert closed_metres(drawing, Closure("C", box(drawing, 1, -1, 3, 1))) == {"AB": [(100, 300)]}


def test_a_hole_in_an_area_stays_open() -> None:
    drawing = town()
    ring = box(drawing, 1, -1, 3, 1).difference(box(drawing, 1.5, -0.5, 2, 0.5))
    assert closed_metres(drawing, Closure("C", ring)) == {"AB": [(100, 150), (200, 300)]}


def test_an_area_of_several_pieces_closes_each() -> None:
    drawing = town()
    pieces = shapely.MultiPolygon([box(drawing, 1, -1, 2, 1), box(drawing, 5, -1, 6, 3)])
    assert closed_metres(drawing, Closure("C", pieces)) == {
        "AB": [(100, 200)],
        "BC": [(100, 200)],
        "EF": [(100, 200)],
    }


def test_an_area_around_a_corner_closes_all_streets_that_meet_there() -> None:
    drawing = town()
    assert closed_metres(drawing, Closure("C", box(drawing, 3.5, -0.5, 4.5, 0.5))) == {
        "AB": [(350, 400)],
        "BC": [(0, 50)],
        "BE": [(0, 50)],
    }


def test_areas_that_overlap_close_what_any_of_them_does() -> None:
    drawing = town()
    one, other, apart = (Closure(name, box(drawing, west, -1, east, 1)) for name, west, east in
                         (("C1", 1, 2.5), ("C2", 2, 3), ("C3", 3.5, 3.75)))  # fmt: skip
    assert closed_metres(drawing, apart, other, one) == {"AB": [(100, 300), (350, 375)]}


def test_a_line_closes_the_street_it_follows_and_no_street_that_meets_it() -> None:
    """Drawn 5 m beside A-B-C from 100 m behind A to 100 m behind B: the corner at B can still be crossed."""
    drawing = town()
    along = line(drawing, (1, 0.05), (5, 0.05))
    assert closed_metres(drawing, Closure("C", along)) == {"AB": [(100, 400)], "BC": [(0, 100)]}


def test_a_line_follows_a_street_round_the_corner() -> None:
    drawing = town()
    along = line(drawing, (2, 0), (0, 0), (0, 1))
    assert closed_metres(drawing, Closure("C", along)) == {"AB": [(0, 200)], "AD": [(0, 100)]}


def test_a_line_across_streets_closes_them_for_five_metres_on_either_side() -> None:
    drawing = town()
    across = line(drawing, (1, -1), (1, 3))
    assert closed_metres(drawing, Closure("C", across)) == {"AB": [(95, 105)], "DE": [(95, 105)]}


def test_a_road_is_closed_by_name_between_two_points() -> None:
    """Streets are numbered in reading order: A-B is street 0. From 50 to 250 m, told by points 10 m off it."""
    drawing = town()
    named = NamedRoad("Street 0", (drawing.point(0.5, 0.1), drawing.point(2.5, -0.1)))
    assert closed_metres(drawing, Closure("C", named)) == {"AB": [(50, 250)]}
    backwards = NamedRoad("street0", (drawing.point(2.5, 0), drawing.point(0.5, 0)))
    assert closed_metres(drawing, Closure("C", backwards)) == {"AB": [(50, 250)]}


def test_a_road_is_closed_by_the_id_of_its_way_all_along() -> None:
    drawing = town()
    assert closed_metres(drawing, Closure("C", NamedRoad("2"))) == {"BC": [(0, 400)]}


LONG_ROAD = """
    A---B---C---D
    |   |   |   |
    E>>>F>>>G>>>H
"""


def named_alike(drawing: Drawing, *streets: str) -> Drawing:
    """The drawing with these streets all called Ring Road, numbered G1."""
    network = drawing.roads.network
    ring = len(network.name_sets)
    edge_names = network.edge_names.copy()
    edge_names[[drawing.edge(*street) for street in streets]] = ring
    names = (*network.name_sets, {"name": "Ring Road", "ref": "G2;G1"})
    network = replace(network, name_sets=names, edge_names=edge_names)
    return replace(drawing, roads=replace(drawing.roads, network=network))


def test_a_road_of_several_streets_is_closed_over_corners_and_round_bends() -> None:
    drawing = named_alike(town(LONG_ROAD), "AB", "BC", "CD", "DH")
    for name in ("ring road", "G1", "ＲＩＮＧ ＲＯＡＤ"):
        named = NamedRoad(name, (drawing.point(2, 0), drawing.point(12, 1)))
        closed = {"AB": [(200, 400)], "BC": [(0, 400)], "CD": [(0, 400)], "DH": [(0, 100)]}
        assert closed_metres(drawing, Closure("C", named)) == closed


def test_both_carriageways_of_a_road_are_closed() -> None:
    """25 m apart, of the same name, driven in opposite directions."""
    drawing = drawn("A>>>B>>>C\nD<<<E<<<F", cell_m=25.0)
    drawing = named_alike(drawing, "AB", "BC", "DE", "EF")
    named = NamedRoad("G1", (drawing.point(2, 0), drawing.point(6, 0)))
    closed = {"AB": [(50, 100)], "BC": [(0, 50)], "DE": [(50, 100)], "EF": [(0, 50)]}
    assert {
        "".join(sorted(street)): parts for street, parts in closed_metres(drawing, Closure("C", named)).items()
    } == closed


def test_a_small_gap_in_a_road_does_not_end_it() -> None:
    """B-C, 50 m long, has another name."""
    drawing = drawn("A-------B-C-------D", cell_m=25.0)
    drawing = named_alike(drawing, "AB", "CD")
    named = NamedRoad("Ring Road", (drawing.point(4, 0), drawing.point(14, 0)))
    assert closed_metres(drawing, Closure("C", named)) == {"AB": [(100, 200)], "CD": [(0, 100)]}


@both_engines
def test_a_closed_street_is_driven_round_and_come_to_from_either_side(engine: Engine) -> None:
    drawing = town()
    roads = placed(drawing, Closure("C", box(drawing, 1, -1, 3, 1))).roads_for(drawing.roads, span=WAVE)
    times = engine(roads)
    west, east = on(drawing, "A", "B", 50), on(drawing, "A", "B", 350)
    assert seconds(times, west, east) == 0.5 + 2 + 4 + 2 + 0.5
    assert seconds(times, west, on(drawing, "A", "B", 90)) == 0.4
    assert seconds(times, west, on(drawing, "A", "B", 200)) is None
    assert seconds(engine(drawing.roads), west, east) == 3.0


def test_restrictions_count_for_a_wave_that_they_meet_at_any_time() -> None:
    drawing = town()
    area = box(drawing, 1, -1, 3, 1)
    hour = timedelta(hours=1)
    cases = {
        InForce(): True,
        InForce(end=WAVE.begin): False,
        InForce(end=WAVE.begin + hour): True,
        InForce(begin=WAVE.end): True,
        InForce(begin=WAVE.end + hour): False,
        InForce(WAVE.begin + hour, WAVE.begin + 2 * hour): True,
        InForce(WAVE.begin - hour, WAVE.end + hour): True,
    }
    for in_force, counts in cases.items():
        resolved = placed(drawing, Closure("C", area, in_force))
        assert bool(resolved.roads_for(drawing.roads, span=WAVE).closed_parts) is counts, in_force
        assert not resolved.roads_for(drawing.roads, span=WAVE, lifted={"C"}).closed_parts


def test_a_closure_spares_holders_of_a_pass_only_if_it_says_so() -> None:
    drawing = town()
    area = box(drawing, 1, -1, 3, 1)
    for spares in (True, False):
        resolved = placed(drawing, Closure("C", area, spares_holders=spares))
        assert resolved.roads_for(drawing.roads, span=WAVE).closed_parts
        held = resolved.roads_for(drawing.roads, span=WAVE, passes=frozenset({"C"}))
        assert bool(held.closed_parts) is not spares


def test_a_zone_is_closed_to_who_has_no_pass_for_it() -> None:
    drawing = town()
    area = box(drawing, 1, -1, 3, 1)
    for level, needs_pass, closed in (
        ("sealed", False, True),
        ("controlled", True, True),
        ("controlled", False, False),
        ("precautionary", False, False),
    ):
        resolved = placed(drawing, Zone("Z", area, level, needs_pass))  # type: ignore[arg-type]
        assert bool(resolved.roads_for(drawing.roads, span=WAVE).closed_parts) is closed
        assert not resolved.roads_for(drawing.roads, span=WAVE, passes=frozenset({"Z"})).closed_parts


def test_a_pass_counts_for_a_wave_if_it_is_valid_throughout() -> None:
    minute = timedelta(minutes=1)
    validities = {
        InForce(): True,
        InForce(WAVE.begin, WAVE.end): True,
        InForce(WAVE.begin + minute): False,
        InForce(end=WAVE.end - minute): False,
    }
    for valid, counts in validities.items():
        passes = [Pass("1", "V", frozenset({"Z1"}), valid), Pass("2", "W", frozenset({"Z2"}))]
        assert passes_held(passes, "V", WAVE) == (frozenset({"Z1"}) if counts else frozenset())
    both = [Pass("1", "V", frozenset({"Z1"})), Pass("2", "V", frozenset({"Z2", "C"}))]
    assert passes_held(both, "V", WAVE) == {"Z1", "Z2", "C"}


# --- checkpoints --------------------------------------------------------------------------------------------------


@both_engines
def test_a_checkpoint_takes_its_time_of_who_passes_it_in_either_direction(engine: Engine) -> None:
    """At 100 m of A-B: 60 s, so that driving round by D and E is better except where it leads past it anyway."""
    drawing = town()
    resolved = placed(drawing, Checkpoint("K", drawing.point(1, 0.1), delay_s=60))
    times = engine(resolved.roads_for(drawing.roads, span=WAVE))
    assert seconds(times, on(drawing, "A", "B", 50), on(drawing, "A", "B", 90)) == 0.4
    assert seconds(times, on(drawing, "A", "B", 150), on(drawing, "B", "C", 50)) == 3.0
    assert seconds(times, on(drawing, "A", "D", 50), on(drawing, "B", "C", 50)) == 1.5 + 4 + 2 + 0.5
    assert seconds(times, on(drawing, "A", "B", 50), on(drawing, "A", "B", 150)) == 0.5 + 2 + 4 + 2 + 2.5
    short = placed(drawing, Checkpoint("K", drawing.point(1, 0.1), delay_s=2))
    times = engine(short.roads_for(drawing.roads, span=WAVE))
    assert seconds(times, on(drawing, "A", "B", 50), on(drawing, "A", "B", 150)) == 3.0
    assert seconds(times, on(drawing, "A", "B", 150), on(drawing, "A", "B", 50)) == 3.0
    assert seconds(times, on(drawing, "A", "D", 50), on(drawing, "B", "C", 50)) == 0.5 + 4 + 2 + 0.5


@both_engines
def test_two_checkpoints_on_one_street_are_both_paid_for(engine: Engine) -> None:
    drawing = town("A---B")
    some = [Checkpoint(f"K{at}", drawing.point(at, 0), delay_s=at) for at in (1, 3)]
    times = engine(placed(drawing, *some).roads_for(drawing.roads, span=WAVE))
    places = [on(drawing, "A", "B", metres) for metres in (50, 200, 350)]
    expected = [[0.0, 1.5 + 1, 3 + 4], [1.5 + 1, 0.0, 1.5 + 3], [3 + 4, 1.5 + 3, 0.0]]
    assert [[seconds(times, one, other) for other in places] for one in places] == expected


@both_engines
def test_a_checkpoint_is_a_barrier_to_whom_it_does_not_let_through(engine: Engine) -> None:
    drawing = town()
    resolved = placed(drawing, Checkpoint("K", drawing.point(1, 0), lets_through=frozenset({"K", "Z"})))
    west, east = on(drawing, "A", "B", 50), on(drawing, "A", "B", 150)
    for passes, expected in ((frozenset(), 11.0), (frozenset({"X"}), 11.0), (frozenset({"Z"}), 1.0)):
        times = engine(resolved.roads_for(drawing.roads, span=WAVE, passes=passes))
        assert seconds(times, west, east) == expected


def test_a_checkpoint_that_shuts_during_the_wave_is_shut_for_it() -> None:
    drawing = town()
    for hours, shut in (
        (None, False),
        ((InForce(WAVE.begin, WAVE.end),), False),
        ((InForce(WAVE.begin, WAVE.end - timedelta(minutes=1)),), True),
        ((InForce(end=WAVE.begin), InForce(WAVE.begin + timedelta(hours=1))), True),
        ((), True),
    ):
        resolved = placed(drawing, Checkpoint("K", drawing.point(1, 0), open_in=hours))
        assert bool(resolved.roads_for(drawing.roads, span=WAVE).closed_parts) is shut


def test_a_checkpoint_guards_both_carriageways_of_its_road_and_no_other() -> None:
    """Carriageways 20 m apart, and a street of another name 20 m further; the checkpoint is told in the middle."""
    drawing = named_alike(drawn("A>>>>>>>>>B\nC<<<<<<<<<D\nE---------F", cell_m=20.0), "AB", "CD")
    shut = Checkpoint("K", drawing.point(5, 0.5), lets_through=frozenset({"K"}))
    closed = closed_metres(drawing, shut)
    assert {"".join(sorted(street)) for street in closed} == {"AB", "CD"}
    assert [round(start, -1) for parts in closed.values() for start, _ in parts] == [100, 100]


def test_a_checkpoint_at_a_corner_stands_a_metre_inside_one_street() -> None:
    drawing = town()
    resolved = placed(drawing, Checkpoint("K", drawing.point(4, -0.1), delay_s=5))
    delays = resolved.roads_for(drawing.roads, span=WAVE).delays
    assert [(edge, round(fraction * 400), ms) for edge, ((fraction, ms),) in delays.items()] == [
        (drawing.edge("A", "B"), 399, 5_000)
    ]


# --- bad input ----------------------------------------------------------------------------------------------------


def complaints(drawing: Drawing, *some: Restriction) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as refused:
        placed(drawing, *some)
    assert all(complaint.message.zh and "," not in complaint.message.zh for complaint in refused.value.complaints)
    return [(complaint.pointer, complaint.message.en) for complaint in refused.value.complaints]


def test_a_zone_may_hold_every_road_unless_entering_it_needs_a_pass() -> None:
    """As when a whole district is under precaution."""
    drawing = town()
    everywhere = box(drawing, -1, -1, 9, 3)
    resolved = placed(drawing, Zone("Z", everywhere, level="precautionary", needs_pass=False))
    assert not resolved.roads_for(drawing.roads, span=WAVE).closed_parts
    sealed = Zone("Z", everywhere, level="sealed", needs_pass=True)
    assert complaints(drawing, sealed) == [("/zones/0", "'Z' closes every road of the network")]


def test_everything_that_cannot_be_placed_is_said_at_once_with_its_name_and_pointer() -> None:
    drawing = town()
    found = complaints(
        drawing,
        Closure("C1", line(drawing, (1, 0.8), (3, 0.8))),
        Closure("C2", box(drawing, 1, 0.5, 2, 1.5)),
        Closure("C3", NamedRoad("Stret 3")),
        Closure("C4", NamedRoad("Broadway")),
        Closure("C5", NamedRoad("street 0", (drawing.point(0, -3), drawing.point(1, 0)))),
        Closure("C6", NamedRoad("street 0", (drawing.point(1, 0), drawing.point(1, 0)))),
        Closure("C7", box(drawing, -1, -1, 9, 3)),
        Closure("C8", shapely.box(121.6, 38.0, 121.61, 38.01)),
        Checkpoint("K1", drawing.point(1, -5)),
        Zone("Z1", box(drawing, 3, -1, 5, 1), gates=(drawing.point(1, -1.7), drawing.point(4.9, -0.95))),
    )
    assert found == [
        ("/closures/0", "the closure 'C1' touches no road"),
        ("/closures/1", "the closure 'C2' touches no road"),
        ("/closures/2/road", "no road has the name, number or way id 'Stret 3'; did you mean 'street 3'?"),
        ("/closures/3/road", "no road has the name, number or way id 'Broadway'"),
        ("/closures/4/road", "the first point is 300 m from the road 'street 0'; the limit is 100 m"),
        ("/closures/5/road", "both points are the same place on the road 'street 0'"),
        ("/closures/6", "'C7' closes every road of the network"),
        ("/closures/7", "the closure 'C8' touches no road"),
        (
            "/checkpoints/0/lon",
            "the checkpoint 'K1' is 499 m from the nearest road; the limit is 50 m",
        ),  # on the ellipsoid
        ("/zones/0/gates/0", "the gate is 212 m from the edge of zone 'Z1'; the limit is 200 m"),
        ("/zones/0/gates/1", "the gate of zone 'Z1' is 95 m from the nearest road; the limit is 50 m"),
    ]


def test_a_road_whose_pieces_lie_apart_cannot_be_closed_from_one_to_the_other() -> None:
    drawing = named_alike(town(), "AB", "EF")
    named = NamedRoad("G1", (drawing.point(1, 0), drawing.point(6, 2)))
    (found,) = complaints(drawing, Closure("C", named))
    assert found == (
        "/closures/0/road",
        "the road 'G1' does not lead from the one point to the other; name each piece, or draw a line",
    )


def test_a_zone_without_roads_is_let_through_with_a_warning() -> None:
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 1, 0.5, 2, 1.5)))
    assert [(warning.pointer, warning.message.en) for warning in resolved.warnings] == [
        ("/zones/0", "no road leads into the zone 'Z'")
    ]


def test_what_is_closed_already_stays_closed_under_a_checkpoint() -> None:
    drawing = town()
    shut = replace(drawing.roads, ms=np.where(drawing.roads.network.arc_edge == 0, CLOSED, drawing.roads.ms))
    resolved = placed(drawing, Checkpoint("K", drawing.point(1, 0), delay_s=60))
    roads = resolved.roads_for(shut, span=WAVE)
    assert roads.ms[drawing.roads.network.arc_edge == 0].tolist() == [CLOSED, CLOSED]
