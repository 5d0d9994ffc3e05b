"""Places are tied to the nearest road that can be used, and the nearest of all is reported beside it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from pyproj import Geod

from geodata.datum import from_wgs84, to_wgs84
from geodata.locate import Located, RoadIndex, edges_served_by, locate_depots, locate_sites
from geodata.model import Datum, Floats, LonLat, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED
from geodata.roads import Roads, open_roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes
from tests.geodata.small_roads import Drawing, at, drawn, network_of, plain_roads

LIMIT_M = 300.0
DEPOTS = (LonLat(121.6440, 38.9130), LonLat(121.6050, 38.9100), LonLat(121.5560, 38.9020))
"""Central places in three districts of Dalian."""

ellipsoid = Geod(ellps="WGS84")


def locate(drawing: Drawing, depot: tuple[float, float], *sites: tuple[float, float]) -> tuple[Located, ...]:
    """The depot and the sites, given by column and row of the drawing."""
    index = RoadIndex(drawing.roads)
    (where,) = locate_depots(index, [drawing.point(*depot)], limit_m=LIMIT_M)
    assert where.position is not None
    points = [drawing.point(*site) for site in sites]
    return where, *locate_sites(index, points, depots=[where.position], limit_m=LIMIT_M)


def edge_of(located: Located) -> int:
    assert located.position is not None
    return located.position.edge


# --- drawn maps ---------------------------------------------------------------------------------------------------

BLOCK = drawn(
    """
    A---B
    |   |
    |   |
    D---C
    """
)


def test_a_place_is_tied_to_the_nearest_point_of_a_street_and_not_to_a_corner() -> None:
    depot, site = locate(BLOCK, (1, 0), (3, -0.5))
    assert edge_of(site) == BLOCK.edge("A", "B")
    assert site.position is not None
    assert site.position.fraction == pytest.approx(0.75, abs=0.001)
    assert ellipsoid.inv(*site.position.point, *BLOCK.point(3, 0))[2] < 0.1
    assert site.snap_m == site.nearest_m == pytest.approx(50, rel=0.005)
    assert depot.snap_m == depot.nearest_m == pytest.approx(0, abs=0.01)


def test_a_place_beyond_the_end_of_a_street_is_tied_to_its_end() -> None:
    drawing = drawn("A---B")
    _, before, after = locate(drawing, (2, 0), (-1, 0), (5, 0))
    assert before.position is not None
    assert after.position is not None
    assert (before.position.fraction, after.position.fraction) == (0.0, 1.0)


def test_a_site_on_the_depots_own_street_is_tied_to_it() -> None:
    depot, site, same = locate(BLOCK, (1, 0.2), (3, 0.2), (1, 0.2))
    assert edge_of(site) == edge_of(depot)
    assert same.position == depot.position


def test_the_limit_itself_is_near_enough_and_a_hair_more_is_not() -> None:
    index = RoadIndex(BLOCK.roads)
    place = BLOCK.point(2.1, -2.3)
    (_,), (metres,) = index.nearest([place], BLOCK.roads.edge_is_open)
    exact, less = float(metres), math.nextafter(float(metres), 0)
    depot = at(BLOCK.roads, 0, 0.5)
    for limit_m, tied in ((exact, True), (less, False)):
        (site,) = locate_sites(index, [place], depots=[depot], limit_m=limit_m)
        (as_depot,) = locate_depots(index, [place], limit_m=limit_m)
        assert (site.position is not None) == (as_depot.position is not None) == tied
        assert site.nearest_m == site.snap_m == as_depot.nearest_m == exact


def test_the_limit_is_exact_for_depots_all_around() -> None:
    index, chance = RoadIndex(BLOCK.roads), random.Random(11)
    for _ in range(300):
        place = BLOCK.point(chance.uniform(-3, 7), chance.uniform(-3, 6))
        exact = float(index.nearest([place], BLOCK.roads.edge_is_open)[1][0])
        (as_depot,) = locate_depots(index, [place], limit_m=exact)
        assert as_depot.position is not None


def test_a_place_too_far_off_is_nowhere_but_its_distances_are_told() -> None:
    _, site = locate(BLOCK, (1, 0), (2, -4))
    assert site.position is None
    assert site.snap_m == site.nearest_m == pytest.approx(400, rel=0.005)


def test_a_depot_too_far_off_is_nowhere() -> None:
    (depot,) = locate_depots(RoadIndex(BLOCK.roads), [BLOCK.point(2, -4)], limit_m=LIMIT_M)
    assert (depot.position, depot.snap_m) == (None, None)
    assert depot.nearest_m == pytest.approx(400, rel=0.005)


ISLAND_BESIDE_MAIN = drawn(
    """
    A---B
    |   |
    D---C

    E---F
    """
)


def test_a_site_beside_an_island_goes_to_the_road_a_depot_can_reach() -> None:
    _, site = locate(ISLAND_BESIDE_MAIN, (2, 0), (2, 3.9))
    assert edge_of(site) == ISLAND_BESIDE_MAIN.edge("D", "C")
    assert site.nearest_m == pytest.approx(10, rel=0.01)
    assert site.snap_m == pytest.approx(190, rel=0.005)


def test_a_site_with_only_an_island_near_is_nowhere_and_both_distances_are_told() -> None:
    _, site = locate(ISLAND_BESIDE_MAIN, (2, 0), (2, 5.5))
    assert site.position is None
    assert site.nearest_m == pytest.approx(150, rel=0.005)
    assert site.snap_m == pytest.approx(350, rel=0.005)


@pytest.mark.parametrize("order", [("AB", "EF"), ("EF", "AB")])
def test_with_depots_on_both_the_nearest_road_is_taken(order: tuple[str, str]) -> None:
    drawing = ISLAND_BESIDE_MAIN
    depots = [at(drawing.roads, drawing.edge(*ends), 0.5) for ends in order]
    (site,) = locate_sites(RoadIndex(drawing.roads), [drawing.point(2, 3.9)], depots=depots, limit_m=LIMIT_M)
    assert edge_of(site) == drawing.edge("E", "F")


def test_without_any_depot_on_the_roads_no_site_is_on_them() -> None:
    (site,) = locate_sites(RoadIndex(BLOCK.roads), [BLOCK.point(2, 0)], depots=[], limit_m=LIMIT_M)
    assert (site.position, site.snap_m) == (None, None)
    assert site.nearest_m == pytest.approx(0, abs=0.01)


def test_no_sites_are_no_work() -> None:
    index = RoadIndex(BLOCK.roads)
    assert locate_sites(index, [], depots=[at(BLOCK.roads, 0, 0.5)], limit_m=LIMIT_M) == ()
    assert locate_depots(index, [], limit_m=LIMIT_M) == ()


TRAPS = drawn(
    """
    E<<<A---B<<<G
        |   |
        |   |
        D---C>>>F
    """
)


@pytest.mark.parametrize(
    ("place", "trap", "usable"),
    [
        pytest.param((2, 0.1), "EA", "AD", id="a one-way street that nobody comes back from"),
        pytest.param((10, 2.9), "CF", "BC", id="another"),
        pytest.param((10, 0.1), "GB", "BC", id="a one-way street that nobody gets to"),
    ],
)
def test_a_site_beside_a_one_way_trap_goes_to_a_road_with_a_way_there_and_back(
    place: tuple[float, float], trap: str, usable: str
) -> None:
    _, site = locate(TRAPS, (6, 0), place)
    (nearest,), _ = RoadIndex(TRAPS.roads).nearest([TRAPS.point(*place)], TRAPS.roads.edge_is_open)
    assert nearest == TRAPS.edge(*trap)
    assert edge_of(site) == TRAPS.edge(*usable)
    assert site.snap_m is not None
    assert site.snap_m > site.nearest_m


@pytest.mark.parametrize(("place", "usable"), [((2, 0.1), "AD"), ((10, 2.9), "BC"), ((10, 0.1), "BC")])
def test_a_depot_beside_a_one_way_trap_goes_to_a_road_with_a_way_there_and_back(
    place: tuple[float, float], usable: str
) -> None:
    (depot,) = locate_depots(RoadIndex(TRAPS.roads), [TRAPS.point(*place)], limit_m=LIMIT_M)
    assert edge_of(depot) == TRAPS.edge(*usable)
    assert depot.snap_m is not None
    assert depot.snap_m > depot.nearest_m


def test_a_depot_with_nothing_but_a_one_way_trap_near_stays_on_it() -> None:
    drawing = drawn("A>>>B")
    (depot,) = locate_depots(RoadIndex(drawing.roads), [drawing.point(1, 1)], limit_m=LIMIT_M)
    assert edge_of(depot) == 0


def grid(columns: int, rows: int) -> str:
    names = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    lines = ["-".join(next(names) for _ in range(columns)) for _ in range(rows)]
    return f"\n{' '.join('|' * columns)}\n".join(lines)


TOWN_AND_CAR_PARK = drawn(f"{grid(6, 4)}\n\nY-Z")
TOWN_AND_PENINSULA = drawn(grid(5, 2) + "\n\n" + grid(2, 6).translate(str.maketrans("ABCDEFGHIJKL", "MNOPQRSTUVWX")))


def test_a_depot_beside_a_car_park_goes_to_the_main_roads_within_the_limit() -> None:
    drawing = TOWN_AND_CAR_PARK
    (depot,) = locate_depots(RoadIndex(drawing.roads), [drawing.point(1, 7.9)], limit_m=LIMIT_M)
    assert edge_of(depot) in {drawing.edge("S", "T"), drawing.edge("T", "U")}
    assert depot.snap_m == pytest.approx(190, rel=0.005)
    assert depot.nearest_m == pytest.approx(10, rel=0.01)


def test_a_depot_in_a_car_park_far_from_the_main_roads_stays_there() -> None:
    drawing = TOWN_AND_CAR_PARK
    (depot,) = locate_depots(RoadIndex(drawing.roads), [drawing.point(1, 10)], limit_m=LIMIT_M)
    assert edge_of(depot) == drawing.edge("Y", "Z")


def test_a_depot_on_a_real_island_stays_there() -> None:
    drawing = TOWN_AND_PENINSULA
    (depot,) = locate_depots(RoadIndex(drawing.roads), [drawing.point(0.5, 3.9)], limit_m=LIMIT_M)
    assert edge_of(depot) == drawing.edge("M", "N")


def test_a_site_beside_a_closed_street_goes_to_an_open_one() -> None:
    network = BLOCK.roads.network
    ms = BLOCK.roads.ms.copy()
    ms[network.edge_arcs[BLOCK.edge("A", "B")]] = CLOSED
    roads = plain_roads(network, ms)
    (site,) = locate_sites(
        RoadIndex(roads), [BLOCK.point(1, 0.1)], depots=[at(roads, BLOCK.edge("D", "C"), 0.5)], limit_m=LIMIT_M
    )
    assert edge_of(site) == BLOCK.edge("A", "D")
    assert site.nearest_m == site.snap_m == pytest.approx(100, rel=0.005)


def test_of_equally_near_streets_the_one_with_the_lowest_number_is_taken() -> None:
    same = [(0, 1, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0)]
    network = network_of(same, places={0: LonLat(121.6, 38.9), 1: LonLat(121.61, 38.9)})
    index = RoadIndex(open_roads(network))
    places = [LonLat(121.605, 38.9001), LonLat(121.6, 38.9)]
    for allowed, expected in ((np.array([True] * 3), 0), (np.array([False, True, True]), 1)):
        assert index.nearest(places, allowed)[0].tolist() == [expected] * 2


def test_a_crossing_belongs_to_the_street_with_the_lowest_number() -> None:
    _, site = locate(BLOCK, (2, 0), (0, 0))
    assert edge_of(site) == min(BLOCK.edge("A", "B"), BLOCK.edge("A", "D"))


def test_a_street_of_no_length_can_be_the_nearest() -> None:
    here = LonLat(121.6, 38.9)
    roads = open_roads(network_of([(0, 1, 0, 0), (2, 3, 0, 0)], places=dict.fromkeys(range(4), here)))
    (depot,) = locate_depots(RoadIndex(roads), [here], limit_m=LIMIT_M)
    assert depot.position == RoadPosition(0, 0.0, here)


def test_no_street_is_allowed() -> None:
    edges, metres = RoadIndex(BLOCK.roads).nearest([BLOCK.point(0, 0)], np.zeros(4, dtype=np.bool_))
    assert (edges.tolist(), metres.tolist()) == ([-1], [math.inf])


# --- what served means --------------------------------------------------------------------------------------------


def test_an_edge_is_served_when_times_there_and_back_exist() -> None:
    for tail, head in ("AB", "BC", "AE", "CF", "GB"):
        require_served_where_times_exist(TRAPS.roads, at(TRAPS.roads, TRAPS.edge(tail, head), 0.0))


def require_served_where_times_exist(roads: Roads, depot: RoadPosition) -> None:
    middles = [at(roads, edge, 0.5) for edge in range(roads.network.edges)]
    times = DijkstraTimes(roads)
    there, back = times.table([depot], middles)[0] < NO_WAY_S, times.table(middles, [depot])[:, 0] < NO_WAY_S
    expected = there & back
    expected[depot.edge] = True
    assert edges_served_by(roads, depot).tolist() == expected.tolist()


# --- Dalian -------------------------------------------------------------------------------------------------------


def places_of(rows: Sequence[Mapping[str, str]], datum: str = "wgs84") -> Floats:
    return np.array([(float(row[f"lng_{datum}"]), float(row[f"lat_{datum}"])) for row in rows])


def as_lonlat(points: Floats) -> list[LonLat]:
    return [LonLat(float(lon), float(lat)) for lon, lat in points]


@pytest.fixture(scope="module")
def dalian_index(dalian_roads: Roads) -> RoadIndex:
    return RoadIndex(dalian_roads)


@pytest.fixture(scope="module")
def dalian_depots(dalian_index: RoadIndex) -> list[RoadPosition]:
    located = locate_depots(dalian_index, DEPOTS, limit_m=LIMIT_M)
    return [depot.position for depot in located if depot.position is not None]


@pytest.fixture(scope="module")
def located_sites(
    dalian_index: RoadIndex, dalian_depots: list[RoadPosition], dalian_sites: list[Mapping[str, str]]
) -> tuple[Located, ...]:
    return locate_sites(dalian_index, as_lonlat(places_of(dalian_sites)), depots=dalian_depots, limit_m=LIMIT_M)


def metres_per_degree(lat: float) -> Floats:
    """Of longitude and of latitude, from the ellipsoid's radii of curvature."""
    flattened = 1 - ellipsoid.es * math.sin(math.radians(lat)) ** 2
    across, along = ellipsoid.a / math.sqrt(flattened), ellipsoid.a * (1 - ellipsoid.es) / flattened**1.5
    metres: Floats = np.radians(np.array([across * math.cos(math.radians(lat)), along]))
    return metres


def steps_of(network: Network, edges: Sequence[int]) -> tuple[Floats, Floats]:
    """Every straight piece of some edges: where it starts and ends."""
    first = network.first_point
    starts = np.concatenate([np.arange(first[edge], first[edge + 1] - 1) for edge in edges])
    return network.points[starts], network.points[starts + 1]


def distance_by_hand_m(place: LonLat, steps: tuple[Floats, Floats]) -> float:
    """Metres to the nearest of some pieces, in the plane that touches the WGS-84 ellipsoid at the place itself."""
    start, end = ((points - place) * metres_per_degree(place.lat) for points in steps)
    step = end - start
    square = (step**2).sum(axis=1)
    part = np.clip(-(start * step).sum(axis=1) / np.where(square > 0, square, 1), 0, 1)
    return float(np.hypot(*(start + part[:, None] * step).T).min())


def test_distances_to_roads_are_those_in_a_plane_that_touches_the_earth_there(
    dalian_roads: Roads,
    dalian_depots: list[RoadPosition],
    dalian_sites: list[Mapping[str, str]],
    located_sites: tuple[Located, ...],
) -> None:
    served = np.any([edges_served_by(dalian_roads, depot) for depot in dalian_depots], axis=0)
    compared = 0
    everywhere, usable = (
        steps_of(dalian_roads.network, np.flatnonzero(some).tolist()) for some in (dalian_roads.edge_is_open, served)
    )
    for row, located in zip(dalian_sites, located_sites, strict=True):
        place = LonLat(float(row["lng_wgs84"]), float(row["lat_wgs84"]))
        if located.nearest_m > LIMIT_M:
            continue
        compared += 1
        nearest_m = distance_by_hand_m(place, everywhere)
        assert located.nearest_m == pytest.approx(nearest_m, abs=0.5)
        snap_m = distance_by_hand_m(place, usable)
        assert located.snap_m == pytest.approx(snap_m, abs=0.5, rel=1e-3)
    assert compared == 292


def test_a_position_is_as_far_from_its_site_as_is_said_and_lies_on_its_street(
    dalian_roads: Roads, dalian_sites: list[Mapping[str, str]], located_sites: tuple[Located, ...]
) -> None:
    for row, located in zip(dalian_sites, located_sites, strict=True):
        position = located.position
        if position is not None:
            place = LonLat(float(row["lng_wgs84"]), float(row["lat_wgs84"]))
            assert ellipsoid.inv(*place, *position.point)[2] == pytest.approx(located.snap_m, abs=0.1)
            assert distance_by_hand_m(position.point, steps_of(dalian_roads.network, [position.edge])) < 0.05
            require_fraction(dalian_roads.network, position)


def require_fraction(network: Network, position: RoadPosition) -> None:
    """The point lies at the fraction said, measured along the street on the ellipsoid, to half a metre."""
    points = network.geometry(position.edge)
    corners = np.concatenate([[0.0], np.cumsum(ellipsoid.line_lengths(points[:, 0], points[:, 1]))])
    wanted = position.fraction * corners[-1]
    step = min(int(np.searchsorted(corners, wanted, side="right")) - 1, len(points) - 2)
    part = (wanted - corners[step]) / max(corners[step + 1] - corners[step], 1e-9)
    foot = points[step] + part * (points[step + 1] - points[step])
    assert ellipsoid.inv(float(foot[0]), float(foot[1]), *position.point)[2] < 0.5


def test_277_of_the_1495_sites_of_dalian_lie_within_300_m_of_a_usable_road(
    dalian_sites: list[Mapping[str, str]], located_sites: tuple[Located, ...]
) -> None:
    assert len(located_sites) == 1_495
    listed = [float(row["dist_to_core_network_m"]) <= LIMIT_M for row in dalian_sites]
    assert [located.position is not None for located in located_sites] == listed
    assert sum(listed) == 277
    assert sum(located.nearest_m <= LIMIT_M for located in located_sites) == 292


def test_18_of_them_have_a_nearer_road_that_no_depot_can_reach(located_sites: tuple[Located, ...]) -> None:
    beside = [located for located in located_sites if located.nearest_m <= LIMIT_M and is_beside_a_trap(located)]
    assert sum(located.position is not None for located in beside) == 18
    assert sum(located.position is None for located in beside) == 15


def is_beside_a_trap(located: Located) -> bool:
    return located.snap_m is not None and located.snap_m > located.nearest_m


def test_every_located_site_can_be_driven_to_and_back(
    dalian_roads: Roads, dalian_depots: list[RoadPosition], located_sites: tuple[Located, ...]
) -> None:
    places = [located.position for located in located_sites if located.position is not None]
    times = DijkstraTimes(dalian_roads)
    assert (times.table(dalian_depots, places).min(axis=0) < NO_WAY_S).all()
    assert (times.table(places, dalian_depots).min(axis=1) < NO_WAY_S).all()


@pytest.mark.parametrize("datum", [Datum.BD09, Datum.GCJ02])
def test_sites_recorded_in_a_chinese_datum_land_within_a_metre_of_where_they_should(
    datum: Datum,
    dalian_index: RoadIndex,
    dalian_depots: list[RoadPosition],
    dalian_sites: list[Mapping[str, str]],
    located_sites: tuple[Located, ...],
) -> None:
    wgs84 = places_of(dalian_sites)
    recorded = places_of(dalian_sites, "bd09") if datum is Datum.BD09 else from_wgs84(wgs84, datum=datum)
    places = as_lonlat(to_wgs84(recorded, datum=datum))
    others = locate_sites(dalian_index, places, depots=dalian_depots, limit_m=LIMIT_M)
    apart = [
        ellipsoid.inv(*one.position.point, *other.position.point)[2]
        for one, other in zip(located_sites, others, strict=True)
        if one.position is not None and other.position is not None
    ]
    assert len(apart) == 277
    assert max(apart) < 1.0
