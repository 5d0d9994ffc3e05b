"""Central Dalian: its busiest bridge or tunnel shut, and one in a hundred of its roads."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import shapely

from geodata.errors import BadInput
from geodata.locate import RoadIndex, locate_depots, locate_sites
from geodata.model import LonLat, RoadPosition
from geodata.restrictions import Closure, NamedRoad, Restrictions, explain_cut_off, losses, resolve
from geodata.restrictions.parts import together
from geodata.roads import Roads
from geodata.travel_times import DijkstraTimes, HierarchyTimes
from tests.geodata.test_restrictions import WAVE

DEPOT = LonLat(121.60, 38.92)
SAMPLE = 277


@pytest.fixture(scope="module")
def index(dalian_roads: Roads) -> RoadIndex:
    return RoadIndex(dalian_roads)


@pytest.fixture(scope="module")
def places(index: RoadIndex, dalian_sites: Sequence[Mapping[str, str]]) -> list[RoadPosition]:
    """A depot, and the sites on the network."""
    (depot,) = locate_depots(index, [DEPOT], limit_m=300)
    assert depot.position is not None
    at = [LonLat(float(row["lng_wgs84"]), float(row["lat_wgs84"])) for row in dalian_sites]
    sites = locate_sites(index, at, depots=[depot.position], limit_m=300)
    positions = [site.position for site in sites if site.position is not None]
    assert len(positions) >= SAMPLE
    return [depot.position, *positions[:SAMPLE]]


@pytest.fixture(scope="module")
def busiest(dalian_roads: Roads, places: Sequence[RoadPosition]) -> int:
    """The bridge or tunnel that most ways from the depot pass."""
    network, times = dalian_roads.network, HierarchyTimes(dalian_roads)
    crossing = {number for number, tags in enumerate(network.tag_sets) if {"bridge", "tunnel"} & set(tags)}
    passed: Counter[int] = Counter()
    for place in places[1:]:
        leg = times.leg(places[0], place)
        assert leg is not None
        passed.update({int(network.arc_edge[arc]) for arc in leg.arcs[1:-1]})
    return max((edge for edge in passed if int(network.edge_tags[edge]) in crossing), key=lambda edge: passed[edge])


def test_a_closure_drawn_over_the_busiest_bridge_changes_times_and_is_named(
    index: RoadIndex, dalian_roads: Roads, places: Sequence[RoadPosition], busiest: int
) -> None:
    line = shapely.LineString(dalian_roads.network.geometry(busiest))
    resolved = resolve(index, Restrictions((Closure("C3", line),)))
    roads = resolved.roads_for(dalian_roads, span=WAVE)
    before = HierarchyTimes(dalian_roads).table(places[:1], places)
    after = HierarchyTimes(roads).table(places[:1], places)
    assert (after >= before).all()
    assert (after > before).any()
    assert after.tolist() == DijkstraTimes(roads).table(places[:1], places).tolist()
    on_it = index.position(LonLat(*line.interpolate(0.5, normalized=True).coords[0]), busiest)
    found = explain_cut_off(resolved, dalian_roads, [on_it, places[1]], depots=places[:1], span=WAVE)
    assert found[0] is not None
    assert found[0].by == (("C3",),)
    assert found[1] is None
    assert losses(resolved, dalian_roads, [on_it], depots=places[:1], span=WAVE)["C3"].positions == (0,)


def test_no_leg_touches_what_is_closed(index: RoadIndex, dalian_roads: Roads, places: Sequence[RoadPosition]) -> None:
    """Ten areas around the places; every leg is laid over them by shapely."""
    areas = [shapely.Point(place.point).buffer(0.002) for place in places[5:255:25]]
    resolved = resolve(index, Restrictions(tuple(Closure(f"C{at}", area) for at, area in enumerate(areas))))
    roads = resolved.roads_for(dalian_roads, span=WAVE)
    times, network, closed = HierarchyTimes(roads), dalian_roads.network, shapely.unary_union(areas)
    legs = [leg for place in places[1:80] if (leg := times.leg(places[0], place))]
    assert 20 < len(legs) < 79
    driven = {int(network.arc_edge[arc]) for leg in legs for arc in leg.arcs[1:-1]}
    lines = [shapely.LineString(network.geometry(edge)) for edge in sorted(driven)]
    assert max(line.intersection(closed).length for line in lines) < 1e-7


def test_one_road_in_a_hundred_shut_is_applied_at_once(
    index: RoadIndex, dalian_roads: Roads, places: Sequence[RoadPosition]
) -> None:
    """As single closures and as one; under 100 ms on a free machine, so here under a second."""
    network = dalian_roads.network
    chosen = np.random.default_rng(7).choice(network.edges, network.edges // 100, replace=False)
    middles = [shapely.LineString(network.geometry(edge)).interpolate(0.5, normalized=True) for edge in chosen.tolist()]
    spots = [middle.buffer(2e-5) for middle in middles]
    single = resolve(index, Restrictions(tuple(Closure(f"C{at}", spot) for at, spot in enumerate(spots))))
    mask = resolve(index, Restrictions((Closure("C", shapely.unary_union(spots)),)))
    HierarchyTimes(dalian_roads).table(places[:1], places[:1])
    began = time.perf_counter()
    times = HierarchyTimes(single.roads_for(dalian_roads, span=WAVE))
    times.table(places[:1], places[:1])
    assert time.perf_counter() - began < 1.0
    one, other = together([each.parts for each in single.placed]), mask.placed[0].parts
    assert one.edge.tolist() == other.edge.tolist()
    assert set(chosen.tolist()) <= set(one.edge.tolist())
    np.testing.assert_allclose(one.start, other.start, atol=1e-6)
    np.testing.assert_allclose(one.end, other.end, atol=1e-6)


def test_an_area_of_ten_thousand_corners_closes_what_a_plain_one_does(index: RoadIndex, dalian_roads: Roads) -> None:
    """A box, its sides cut into ten thousand steps."""
    box = shapely.box(121.60, 38.90, 121.62, 38.92)
    corners = shapely.segmentize(box, box.length / 10_000)
    assert shapely.get_num_coordinates(corners) > 10_000
    began = time.perf_counter()
    fine = resolve(index, Restrictions((Closure("C", corners),))).placed[0].parts
    assert time.perf_counter() - began < 5.0
    plain = resolve(index, Restrictions((Closure("C", box),))).placed[0].parts
    # a straight line of degrees is none in the plane: over 2 km it bends by a decimetre or so
    lengths = dalian_roads.network.edge_length_m
    assert (
        abs(
            float((lengths[fine.edge] * (fine.end - fine.start)).sum())
            / float((lengths[plain.edge] * (plain.end - plain.start)).sum())
            - 1
        )
        < 1e-3
    )


def test_a_road_of_dalian_is_closed_by_its_name(index: RoadIndex, dalian_roads: Roads) -> None:
    """Every carriageway of 中山路 between two points on it, and no other road."""
    network = dalian_roads.network
    names = [index for index, names in enumerate(network.name_sets) if names.get("name") == "中山路"]
    edges = np.flatnonzero(np.isin(network.edge_names, names))
    assert len(edges) > 20
    west, east = (
        LonLat(*network.geometry(int(edge))[0])
        for edge in edges[np.argsort(network.points[network.first_point[edges], 0])][[5, -5]]
    )
    resolved = resolve(index, Restrictions((Closure("C", NamedRoad("中山路", (west, east))),)))
    closed = resolved.placed[0].parts
    assert set(closed.edge.tolist()) <= set(edges.tolist())
    assert len(closed.edge) > len(edges) // 2
    middles = network.points[network.first_point[closed.edge], 0]
    assert west.lon - 0.001 <= middles.min()
    assert middles.max() <= east.lon + 0.001


def test_every_road_shut_is_refused(index: RoadIndex) -> None:
    with pytest.raises(BadInput, match="closes every road"):
        resolve(index, Restrictions((Closure("C", shapely.box(121, 38, 122, 39.5)),)))
