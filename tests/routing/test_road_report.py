"""The report of the roads on small networks, every figure reckoned by hand: a block is 600 m and takes a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import shapely

from geodata.errors import BadInput
from geodata.model import LonLat
from geodata.network import Network, build_network
from geodata.restrictions import Checkpoint, Closure, InForce, Pass, Restriction, Restrictions, Zone
from routing.ground import open_ground
from routing.model import AccessPoint, DispatchOrder, Scenario
from routing.road_report import ClassReport, SiteRoads, SiteState, Standing, Stranded, report_roads, stranded
from tests.routing.small import EPOCH, ORIGIN, STEP, depot, grid_network, line_network, road, scenario, site, vehicle

DEPOT = (0.5, 0.0)
A, B, C = (2.5, 0.0), (8.5, 0.0), (10.5, 0.0)


def at(east: float, north: float) -> LonLat:
    """So many blocks from the origin."""
    return LonLat(ORIGIN.lon + east * STEP, ORIGIN.lat + north * STEP)


def across(east: float, north: float = 0.0) -> shapely.LineString:
    """A line of 60 m that crosses a road running east."""
    return shapely.LineString([at(east, north - 0.05), at(east, north + 0.05)])


def box(west: float, east: float) -> shapely.Polygon:
    return shapely.Polygon([at(west, -0.3), at(east, -0.3), at(east, 0.3), at(west, 0.3)])


def placed(
    places: Mapping[str, tuple[float, float]], restrictions: Sequence[Restriction] = (), **more: Any
) -> Scenario:
    """Sites of these names there, a depot D, and what restricts the roads."""
    given = scenario([site(name) for name in places], **more)
    spots = {"D": DEPOT, **places}
    by_kind = Restrictions(
        tuple(each for each in restrictions if isinstance(each, Closure)),
        tuple(each for each in restrictions if isinstance(each, Checkpoint)),
        tuple(each for each in restrictions if isinstance(each, Zone)),
    )
    points = tuple(AccessPoint(point.id, point.id, at(*spots[point.id])) for point in given.access_points)
    return replace(given, access_points=points, restrictions=by_kind)


def only_class(given: Scenario, network: Network) -> ClassReport:
    (wave,) = report_roads(given, network).waves
    (found,) = wave.classes
    return found


def by_site(found: ClassReport) -> dict[str, SiteRoads]:
    return {each.site: each for each in found.sites}


def test_without_restrictions_all_is_as_it_was() -> None:
    found = only_class(placed({"A": A, "B": B}), line_network(12))
    assert (found.before_km, found.served_km, found.components_before) == (7.2, 7.2, 1)
    assert [(each.km, each.depots, each.sites) for each in found.components] == [(7.2, ("D",), 2)]
    assert [(each.state, each.extra_s) for each in found.sites] == [(SiteState.OPEN, 0), (SiteState.OPEN, 0)]
    assert by_site(found)["B"].before == ("D", 480)
    assert found.cut_edges == ()


def test_a_closure_cuts_a_line_in_two() -> None:
    """In the middle of the sixth block: 5.5 blocks are left to the depot, 6.5 lie beyond."""
    found = only_class(placed({"A": A, "B": B}, [Closure("C1", across(5.5))]), line_network(12))
    assert (found.before_km, found.components_before) == (7.2, 1)
    assert found.served_km == pytest.approx(3.3, abs=0.005)
    assert [(each.km, each.depots, each.sites) for each in found.components] == [(3.6, (), 1), (3.0, ("D",), 1)]
    (closure,) = found.restrictions
    assert (closure.id, closure.standing, closure.sites) == ("C1", Standing.BARS, ("B",))
    assert closure.road_km == pytest.approx(3.9, abs=0.005)
    assert found.cut_edges == (6, 7, 8, 9, 10, 11)
    cut = by_site(found)["B"]
    assert (cut.state, cut.after, cut.extra_s) == (SiteState.CUT_OFF, None, None)
    assert cut.cut_off is not None
    assert cut.cut_off.by == (("C1",),)
    assert cut.cut_off.nearest_m == pytest.approx(1_800, abs=10)


def test_two_closures_one_behind_the_other_each_alone_cut_off_nothing() -> None:
    closures = [Closure("C1", across(5.5)), Closure("C2", across(7.5))]
    found = only_class(placed({"B": B}, closures), line_network(12))
    assert [each.sites for each in found.restrictions] == [(), ()]
    cut_off = by_site(found)["B"].cut_off
    assert cut_off is not None
    assert cut_off.by == (("C1", "C2"),)
    assert [each.road_km for each in found.restrictions] == [pytest.approx(1.2, abs=0.015), 0.0]


def test_a_detour_takes_the_minutes_of_the_way_round() -> None:
    """Two blocks straight on; with the second closed up, along and down again: four, and four turns of at most 7.5 s."""
    given = placed({"A": A}, [Closure("C1", across(1.5))])
    found = by_site(only_class(given, grid_network(4, 2)))["A"]
    assert found.before == ("D", 121)  # and next to nothing for going straight on over a junction
    assert found.after is not None
    assert 240 < found.after.travel_s <= 270
    assert found.extra_s == found.after.travel_s - 121
    assert found.state is SiteState.OPEN


def test_a_checkpoint_takes_its_time_and_cuts_off_nothing() -> None:
    found = only_class(placed({"B": B}, [Checkpoint("K1", at(3.5, 0), delay_s=300)]), line_network(12))
    assert by_site(found)["B"].extra_s == 300
    assert [(each.standing, each.sites, each.road_km) for each in found.restrictions] == [(Standing.DELAYS, (), 0.0)]
    assert found.served_km == 7.2


def test_behind_a_sealed_zone_sites_are_cut_off_and_inside_handed_over_at_its_gate() -> None:
    """The depot's side of the zone is 7.2 blocks along: 6.7 minutes from the depot, where B itself is 8."""
    found = only_class(placed({"B": B, "C": C}, [Zone("Z1", box(7.2, 9.8))]), line_network(12))
    inside, beyond = by_site(found)["B"], by_site(found)["C"]
    assert inside.state is SiteState.GATE
    assert inside.gate is not None
    assert inside.gate.location == pytest.approx(at(7.2, 0), abs=1e-6)
    assert inside.after is not None
    assert (inside.before, inside.after.travel_s) == (("D", 480), pytest.approx(402, abs=1))
    assert beyond.state is SiteState.CUT_OFF
    assert beyond.cut_off is not None
    assert beyond.cut_off.by == (("Z1",),)


def test_with_a_pass_one_drives_in_and_the_wave_shows_the_best() -> None:
    vans = [vehicle("V"), vehicle("W")]
    given = placed({"B": B}, [Zone("Z1", box(7.2, 9.8))], vehicles=vans)
    (wave,) = report_roads(replace(given, permits=(Pass("1", "W", frozenset({"Z1"})),)), line_network(12)).waves
    assert [(each.vehicles, each.passes) for each in wave.classes] == [(("V",), ()), (("W",), ("Z1",))]
    assert [each.sites[0].state for each in wave.classes] == [SiteState.GATE, SiteState.OPEN]
    assert [each.restrictions[0].standing for each in wave.classes] == [Standing.BARS, Standing.LETS_THROUGH]
    assert wave.sites == {"B": SiteState.OPEN}


def test_restrictions_count_in_the_waves_they_meet() -> None:
    """The first wave is at midnight, the second a day later; shifts end with the second day."""
    orders = (DispatchOrder("w1", 0), DispatchOrder("w2", 90_000))
    hour = timedelta(hours=1)
    given = [
        Closure("later", across(5.5), InForce(begin=EPOCH + 60 * hour)),
        Closure("early", across(6.5), InForce(end=EPOCH + 20 * hour)),
        Closure("spared", across(7.5)),
    ]
    built = placed({"A": A, "B": B}, given, orders=orders, vehicles=[vehicle("V")])
    wanting = tuple(
        replace(each, demands=(*each.demands, replace(each.demands[0], order="w2"))) for each in built.sites
    )
    exempt = {"w1": frozenset({"spared"})}
    first, second = report_roads(replace(built, sites=wanting, exempt=exempt), line_network(12)).waves
    assert [each.standing for each in first.classes[0].restrictions] == [
        Standing.NOT_YET,
        Standing.BARS,
        Standing.EXEMPT,
    ]
    assert [each.standing for each in second.classes[0].restrictions] == [
        Standing.NOT_YET,
        Standing.OVER,
        Standing.BARS,
    ]


def test_vehicles_that_can_come_to_no_site_are_told_with_what_keeps_them() -> None:
    """E lies between the closures, D and A before them, C behind: lifting either would do, and the first is named."""
    closures = [Closure("C1", across(5.5)), Closure("C2", across(9.5))]
    vans = [vehicle("V"), vehicle("W", start="E", end="E"), vehicle("X", start="E", end="E")]
    given = placed({"A": A, "C": C, "E": B}, closures, vehicles=vans, depots=[depot("D"), depot("E")])
    given = replace(given, sites=given.sites[:2])
    assert stranded(open_ground(given, line_network(12))) == (Stranded("w1", "E", ("W", "X"), ("C1",)),)
    one_way_out = replace(given, restrictions=Restrictions((closures[0],), (), ()))
    assert stranded(open_ground(one_way_out, line_network(12))) == ()


def test_what_a_lorry_never_reaches_is_told_from_what_is_cut_off() -> None:
    """Two blocks east of the fourth corner are closed to lorries; a van gets there."""
    blocks = [road((x, 0), (x + 1, 0), **({"hgv": "no"} if x >= 4 else {})) for x in range(6)]
    network = build_network(blocks, name="narrow", attribution="")
    vehicles = [vehicle("T", profile="truck"), vehicle("V")]
    (wave,) = report_roads(placed({"A": A, "N": (5.0, 0.0)}, vehicles=vehicles), network).waves
    assert [[each.state for each in number.sites] for number in wave.classes] == [
        [SiteState.OPEN, SiteState.NEVER],
        [SiteState.OPEN, SiteState.OPEN],
    ]
    assert wave.sites["N"] is SiteState.OPEN


def test_a_site_off_the_roads_is_told() -> None:
    found = only_class(placed({"A": A, "far": (5.0, 3.0)}), line_network(12))
    assert by_site(found)["far"].state is SiteState.OFF_THE_ROADS


def test_a_closure_that_touches_no_road_is_bad_input() -> None:
    with pytest.raises(BadInput) as refused:
        report_roads(placed({"A": A}, [Closure("C1", across(5.5, 2.0))]), line_network(12))
    assert [complaint.pointer for complaint in refused.value.complaints] == ["/closures/0"]
