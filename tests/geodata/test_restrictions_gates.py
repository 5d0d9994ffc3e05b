"""Gates of zones, and what cuts places off, on small maps drawn by hand; a cell is 100 m."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import shapely

from geodata.model import RoadPosition
from geodata.restrictions import (
    Checkpoint,
    Closure,
    HandOver,
    InForce,
    Resolved,
    Zone,
    explain_cut_off,
    hand_overs,
    losses,
    served_from,
)
from tests.geodata.small_roads import Drawing
from tests.geodata.test_restrictions import WAVE, box, line, placed, town

NO_PASS: frozenset[str] = frozenset()

TOWN = """
    A---B---C
    |   |   |
    D---E---F
"""


def at(resolved: Resolved, drawing: Drawing, tail: str, head: str, metres: float) -> RoadPosition:
    """So far along a street from its western or northern corner, with its coordinates."""
    edge = drawing.edge(tail, head)
    return resolved.plane.position(edge, min(1.0, metres / drawing.roads.network.edge_length_m[edge]))


def handed(
    drawing: Drawing,
    resolved: Resolved,
    places: Sequence[tuple[str, str, float]],
    *,
    depots: Sequence[tuple[str, str, float]],
    passes: frozenset[str] = NO_PASS,
) -> list[HandOver | None]:
    roads = resolved.roads_for(drawing.roads, span=WAVE, passes=passes)
    served = served_from(roads, [at(resolved, drawing, *depot) for depot in depots])
    positions = [at(resolved, drawing, *place) for place in places]
    return list(hand_overs(resolved, served, positions, span=WAVE, passes=passes))


def gates(drawing: Drawing, resolved: Resolved, *places: tuple[str, str, float], **rest: object) -> list[object]:
    """Of each place None where it can be driven to, else its gate and where that is: street and metres."""
    found: list[object] = []
    for each in handed(drawing, resolved, places, **{"depots": [("A", "D", 100.0)], **rest}):  # type: ignore[arg-type]
        gate = each.gate if each else None
        found.append((gate.id, *shown(drawing, gate.position)) if gate else each and "no gate")
    return found


def shown(drawing: Drawing, position: RoadPosition) -> tuple[str, int]:
    names = {number: letter for letter, number in drawing.names.items()}
    network = drawing.roads.network
    arc = int(network.edge_arcs[position.edge].max())
    ends = names[int(network.tail[arc])] + names[int(network.head[arc])]
    street = ends if network.arc_forward[arc] else ends[::-1]
    return street, round(position.fraction * network.edge_length_m[position.edge])


# --- gates --------------------------------------------------------------------------------------------------------


def test_a_gate_is_where_a_road_crosses_the_edge_nearest_to_the_place() -> None:
    """From 2 to 6 columns, upper street alone: B-C is shut as far as C's side at 200 m, and B-E for 100 m."""
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1)))
    assert gates(drawing, resolved, ("A", "B", 250), ("B", "C", 150), ("B", "E", 50), ("A", "B", 100)) == [
        ("Z-G3", "AB", 200),
        ("Z-G1", "BC", 200),
        ("Z-G2", "BE", 100),
        None,
    ]
    assert gates(drawing, resolved, ("A", "B", 250), passes=frozenset({"Z"})) == [None]


def test_gates_are_numbered_clockwise_and_shared_by_the_places_behind_them() -> None:
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1), name="North"))
    first, second = handed(drawing, resolved, [("A", "B", 250), ("A", "B", 220)], depots=[("A", "D", 100)])
    assert first is not None
    assert second is not None
    assert first.gate is second.gate
    assert first.gate is not None
    assert (first.gate.name, first.zones) == ("North", ("Z",))
    assert (round(first.away_m), round(second.away_m)) == (50, 20)
    (zone,) = resolved.placed
    assert [gate.id for gate in zone.gates] == ["Z-G1", "Z-G2", "Z-G3"]


def test_a_place_at_the_tip_or_at_a_corner_inside_a_zone_has_a_gate_too() -> None:
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1)))
    assert gates(drawing, resolved, ("A", "B", 400), ("B", "C", 0)) == [("Z-G2", "BE", 100), ("Z-G2", "BE", 100)]


def test_a_place_on_the_very_edge_is_driven_to() -> None:
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1)))
    (zone,) = resolved.placed
    assert {position.fraction for gate in zone.gates for position in gate.positions} <= {
        *zone.parts.start.tolist(),
        *zone.parts.end.tolist(),
    }
    on_edge = [gate.positions[0] for gate in zone.gates]
    roads = resolved.roads_for(drawing.roads, span=WAVE)
    served = served_from(roads, [at(resolved, drawing, "A", "D", 100)])
    assert hand_overs(resolved, served, on_edge, span=WAVE) == (None, None, None)


ONE_WAY = """
    A---B>>>C
    |       v
    D---E<<<F
"""


def test_a_gate_that_cannot_be_left_again_is_none() -> None:
    """The way past C is one-way: the zone is entered from B, where one can still turn, and left at F."""
    drawing = town(ONE_WAY)
    west = Zone("W", box(drawing, 3, -1, 6, 1))
    resolved = placed(drawing, west)
    (zone,) = resolved.placed
    assert [shown(drawing, gate.positions[0]) for gate in zone.gates] == [("BC", 200), ("AB", 300)]
    assert gates(drawing, resolved, ("B", "C", 190)) == [("W-G2", "AB", 300)]
    alone = placed(drawing, Zone("Z", box(drawing, 5, -1, 9, 1)))
    assert gates(drawing, alone, ("B", "C", 300)) == ["no gate"]


def test_a_gate_that_a_closure_shuts_is_passed_over() -> None:
    drawing = town()
    zone = Zone("Z", box(drawing, 2, -1, 6, 1))
    shut = Closure("C", box(drawing, 1, -1, 1.5, 1))
    place = ("A", "B", 250)
    assert gates(drawing, placed(drawing, zone, shut), place) == [("Z-G2", "BE", 100)]
    over = Closure("C", box(drawing, 1, -1, 2.5, 1))
    assert gates(drawing, placed(drawing, zone, over), place) == [("Z-G2", "BE", 100)]


def test_given_gates_stand_before_those_found() -> None:
    """The one given lies 30 m inside the zone beside B-C: goods are handed over at the edge, at 200 m."""
    drawing = town()
    given = drawing.point(5.7, 0.1)
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1), gates=(given,)))
    (found,) = handed(drawing, resolved, [("A", "B", 250)], depots=[("A", "D", 100)])
    assert found is not None
    assert found.gate is not None
    assert (found.gate.id, found.gate.location, shown(drawing, found.gate.position)) == ("Z-G1", given, ("BC", 200))


def test_a_given_gate_outside_stays_where_it_is() -> None:
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1), gates=(drawing.point(6.8, 0),)))
    assert gates(drawing, resolved, ("A", "B", 250)) == [("Z-G1", "BC", 280)]


def test_of_nested_zones_the_pass_for_the_outer_leads_to_the_gate_of_the_inner() -> None:
    drawing = town()
    outer = Zone("O", box(drawing, 1, -1, 9, 1), level="controlled")
    inner = Zone("I", box(drawing, 2, -0.5, 3, 0.5))
    resolved = placed(drawing, outer, inner)
    place = ("A", "B", 250)
    assert gates(drawing, resolved, place, passes=frozenset({"O"})) == [("I-G2", "AB", 200)]
    (none,) = handed(drawing, resolved, [place], depots=[("A", "D", 100)])
    assert none is not None
    assert none.gate is not None
    assert (none.gate.id[0], shown(drawing, none.gate.position), none.zones) == ("O", ("AB", 100), ("O", "I"))


def test_of_overlapping_zones_the_gate_lies_outside_both() -> None:
    """The nearest edge of the place's own zone lies inside the other."""
    drawing = town()
    resolved = placed(drawing, Zone("L", box(drawing, 1, -1, 3, 1)), Zone("R", box(drawing, 2.5, -1, 7, 1)))
    assert gates(drawing, resolved, ("A", "B", 240)) == [("L-G2", "AB", 100)]
    assert gates(drawing, resolved, ("B", "C", 280)) == [("R-G1", "BC", 300)]


def test_a_zone_may_reach_beyond_the_rim_of_the_network() -> None:
    """It holds C and all beyond: its gates are where roads lead in, and none at the dead end of the map."""
    drawing = town("A---B---C")
    resolved = placed(drawing, Zone("Z", box(drawing, 6, -1, 20, 1)))
    (zone,) = resolved.placed
    assert len(zone.gates) == 1
    assert gates(drawing, resolved, ("B", "C", 350), depots=[("A", "B", 10)]) == [("Z-G1", "BC", 200)]


def test_a_depot_inside_a_zone_serves_what_it_can_reach_only_with_a_pass() -> None:
    drawing = town()
    resolved = placed(drawing, Zone("Z", box(drawing, 2, -1, 6, 1)))
    inside, place = [("A", "B", 300)], ("A", "B", 250)
    assert gates(drawing, resolved, place, depots=inside) == ["no gate"]
    assert gates(drawing, resolved, place, depots=inside, passes=frozenset({"Z"})) == [None]
    assert gates(drawing, resolved, place, depots=[*inside, ("A", "D", 100)]) == [("Z-G3", "AB", 200)]


def test_who_a_closure_or_checkpoint_shuts_in_has_no_gate() -> None:
    drawing = town()
    resolved = placed(drawing, Closure("C", box(drawing, 2, -1, 6, 1)))
    assert gates(drawing, resolved, ("A", "B", 250)) == [None]
    before = Zone("Z", box(drawing, 2, -1, 6, 1), in_force=InForce(end=WAVE.begin))
    assert gates(drawing, placed(drawing, before), ("A", "B", 250)) == [None]


# --- what cuts a place off ----------------------------------------------------------------------------------------

ISLAND = """
    A---B---C---D
        |   |
        E---F
"""


def sets(
    drawing: Drawing, resolved: Resolved, *places: tuple[str, str, float], depot: tuple[str, str, float]
) -> list[object]:
    positions = [at(resolved, drawing, *place) for place in places]
    depots = [at(resolved, drawing, *depot)]
    found = explain_cut_off(resolved, drawing.roads, positions, depots=depots, span=WAVE)
    return [each and each.by for each in found]


def test_the_closure_of_the_only_bridge_is_named() -> None:
    """C-D is the only way to D."""
    drawing = town(ISLAND)
    bridge = Closure("C3", line(drawing, (9, -1), (9, 1)))
    other = Closure("C4", line(drawing, (5, 1), (7, 1), (7, 3)))
    beside = Checkpoint("K", drawing.point(1, 0), delay_s=60)
    resolved = placed(drawing, bridge, other, beside)
    places = [("C", "D", 300), ("B", "C", 100), ("C", "D", 102)]
    assert sets(drawing, resolved, *places, depot=("A", "B", 50)) == [(("C3",),), None, (("C3",),)]


def test_two_closures_one_after_the_other_are_named_together() -> None:
    drawing = town(ISLAND)
    first, second = Closure("C1", line(drawing, (1, -1), (1, 1))), Closure("C2", line(drawing, (9, -1), (9, 1)))
    resolved = placed(drawing, first, second)
    assert sets(drawing, resolved, ("C", "D", 300), ("B", "C", 50), depot=("A", "B", 50)) == [
        (("C1", "C2"),),
        (("C1",),),
    ]


def test_of_two_ways_that_are_both_shut_either_would_do() -> None:
    """From B to C: by the upper street or by the lower."""
    drawing = town(ISLAND)
    upper, lower = Closure("U", line(drawing, (6, -1), (6, 1))), Closure("L", line(drawing, (6, 1), (6, 3)))
    resolved = placed(drawing, upper, lower)
    assert sets(drawing, resolved, ("C", "D", 100), depot=("A", "B", 50)) == [(("U",), ("L",))]


def test_three_in_a_row_are_found_without_what_is_beside_the_way() -> None:
    drawing = town(ISLAND)
    row = [Closure(f"C{at}", line(drawing, (at, -1), (at, 1))) for at in (1, 2, 9)]
    beside = Zone("Z", box(drawing, 5, 1.5, 7, 3))
    assert sets(drawing, placed(drawing, *row, beside), ("C", "D", 300), depot=("A", "B", 50)) == [
        (("C1", "C2", "C9"),)
    ]


def test_a_place_that_no_road_leads_to_is_cut_off_by_no_restriction() -> None:
    drawing = town("A---B   C---D")
    resolved = placed(drawing, Closure("C", line(drawing, (3, -1), (3, 1))))
    assert sets(drawing, resolved, ("C", "D", 100), ("A", "B", 350), depot=("A", "B", 50)) == [(), (("C",),)]


def test_a_checkpoint_that_lets_nobody_through_and_a_zone_cut_off_as_well() -> None:
    drawing = town(ISLAND)
    shut = Checkpoint("K", drawing.point(9, 0), lets_through=frozenset({"K"}))
    assert sets(drawing, placed(drawing, shut), ("C", "D", 300), depot=("A", "B", 50)) == [(("K",),)]
    around = Zone("Z", box(drawing, 8.5, -1, 10, 1))
    assert sets(drawing, placed(drawing, around), ("C", "D", 300), depot=("A", "B", 50)) == [(("Z",),)]


@pytest.mark.parametrize(
    ("metres", "street", "nearest_m", "away_m"),
    [(300, "CD", 100, 200), (150, "CD", 100, 50)],
)
def test_the_nearest_point_of_an_open_road_is_offered(metres: float, street: str, nearest_m: int, away_m: int) -> None:
    """C-D is shut from 100 to 200 m; the place lies on it. The tip D is cut off with it."""
    drawing = town(ISLAND)
    resolved = placed(drawing, Closure("C", box(drawing, 9, -1, 10, 1)))
    place, depot = at(resolved, drawing, "C", "D", metres), at(resolved, drawing, "A", "B", 50)
    (found,) = explain_cut_off(resolved, drawing.roads, [place], depots=[depot], span=WAVE)
    assert found is not None
    assert found.nearest is not None
    assert (*shown(drawing, found.nearest), round(found.nearest_m)) == (street, nearest_m, away_m)


def test_what_each_restriction_alone_cuts_off_is_counted() -> None:
    """The bridge C-D shut from 45 to 55 m cuts off the rest of it, 345 m, and D-G behind it, 200 m."""
    drawing = town("A---B---C---D\n            |\n            G")
    bridge = Closure("C3", line(drawing, (8.5, -1), (8.5, 1)))
    beside = Zone("Z", box(drawing, 1, -1, 2, 1))
    resolved = placed(drawing, bridge, beside)
    positions = [at(resolved, drawing, *place) for place in (("C", "D", 300), ("B", "C", 10), ("D", "G", 50))]
    depot = at(resolved, drawing, "B", "C", 50)
    found = losses(resolved, drawing.roads, positions, depots=[depot], span=WAVE)
    assert found["C3"].positions == (0, 2)
    assert found["C3"].road_km == pytest.approx(0.545, abs=0.002)
    assert found["Z"].positions == ()
    assert found["Z"].road_km == pytest.approx(0.1, abs=0.002)


def test_an_area_that_holds_everything_leaves_nothing_to_offer() -> None:
    drawing = town(ISLAND)
    resolved = placed(drawing, Zone("Z", shapely.box(*drawing.point(-1, 3), *drawing.point(11.99, -1))))
    place, depot = at(resolved, drawing, "A", "B", 300), at(resolved, drawing, "A", "B", 50)
    (found,) = explain_cut_off(resolved, drawing.roads, [place], depots=[depot], span=WAVE)
    assert found is not None
    assert (found.by, found.nearest) == ((("Z",),), None)
