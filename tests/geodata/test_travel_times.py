"""Travel times between positions are exact, by either engine, and a leg is a way that takes exactly that long."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geodata.model import RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes, HierarchyTimes, TravelTimes
from tests.geodata.small_roads import Street, at, part_behind, reference_ms, roads_of, streets

Engine = Callable[[Roads], TravelTimes]
ENGINES: tuple[Engine, ...] = (HierarchyTimes, DijkstraTimes)
EFFORT = int(os.environ.get("BAOGONG_SOAK", "1"))

either_engine = pytest.mark.parametrize("engine", ENGINES)


def ms_of(engine: Engine, roads: Roads, origin: RoadPosition, destination: RoadPosition) -> int | None:
    """Milliseconds of the leg, once it is known to be a way and to agree with the table."""
    times = engine(roads)
    leg = times.leg(origin, destination)
    in_table = int(times.table([origin], [destination])[0, 0])
    assert in_table == (NO_WAY_S if leg is None else leg.travel_s)
    if leg is None:
        return None
    assert leg.length_m == pytest.approx(require_way(roads, origin, destination, leg.arcs, leg.ms), abs=0.051)
    return leg.ms


def require_way(roads: Roads, origin: RoadPosition, destination: RoadPosition, arcs: Sequence[int], ms: int) -> float:
    """The arcs are open, follow one another from origin to destination and take ``ms``; returns their metres."""
    network = roads.network
    assert all(roads.ms[arc] < CLOSED for arc in arcs)
    assert all(network.head[before] == network.tail[after] for before, after in pairwise(arcs))
    assert network.arc_edge[arcs[0]] == origin.edge
    assert network.arc_edge[arcs[-1]] == destination.edge
    skipped = _behind(roads, arcs[0], origin)
    driven = _behind(roads, arcs[-1], destination)
    assert ms == sum(int(roads.ms[arc]) for arc in arcs[:-1]) - skipped + driven
    if len(arcs) == 1:
        assert _part(roads, arcs[0], origin) <= _part(roads, arcs[0], destination)
    metres = [float(network.edge_length_m[network.arc_edge[arc]]) for arc in arcs]
    return (
        sum(metres[:-1]) - _part(roads, arcs[0], origin) * metres[0] + _part(roads, arcs[-1], destination) * metres[-1]
    )


def _part(roads: Roads, arc: int, position: RoadPosition) -> float:
    return position.fraction if roads.network.arc_forward[arc] else 1 - position.fraction


def _behind(roads: Roads, arc: int, position: RoadPosition) -> int:
    return part_behind(int(roads.ms[arc]), position.fraction, forward=bool(roads.network.arc_forward[arc]))


# --- by hand ------------------------------------------------------------------------------------------------------


@either_engine
@pytest.mark.parametrize(
    ("lines", "start", "end", "ms"),
    [
        pytest.param(["A-B 10"], (0, 0.25), (0, 0.75), 5_000, id="ahead on a two-way street"),
        pytest.param(["A-B 10"], (0, 0.75), (0, 0.25), 5_000, id="back along a two-way street"),
        pytest.param(["A>B 10"], (0, 0.25), (0, 0.75), 5_000, id="ahead on a one-way street"),
        pytest.param(["A>B 10"], (0, 0.75), (0, 0.25), None, id="behind on a one-way street that leads nowhere"),
        pytest.param(
            ["A>B 10", "B>A 3"], (0, 0.75), (0, 0.25), 8_000, id="behind on a one-way street, round the block"
        ),
        pytest.param(["A>B 10", "B>A 3"], (0, 0.5), (0, 0.5), 0, id="to itself on a one-way street"),
        pytest.param(["A-B 10"], (0, 0.5), (0, 0.5), 0, id="to itself on a two-way street"),
        pytest.param(["A>B 10", "B-C 6"], (0, 0.9), (1, 0.5), 4_000, id="over one corner, in parts of two streets"),
        pytest.param(["A>B 10", "B-C 6"], (1, 0.5), (0, 0.9), None, id="against a one-way street"),
        pytest.param(["A-B 10", "B-C 6"], (0, 0.0), (1, 1.0), 16_000, id="from end to end of two streets"),
        pytest.param(["A-B 10", "B-C 6"], (0, 1.0), (1, 0.0), 0, id="at the same corner, on two streets"),
        pytest.param(["A>B 10"], (0, 0.0), (0, 1.0), 10_000, id="the whole of a one-way street"),
        pytest.param(
            ["A>B 10", "B>A 3"], (0, 1.0), (0, 0.0), 3_000, id="from the end of a one-way street to its start"
        ),
        pytest.param(["A-B 10", "C-D 5"], (0, 0.5), (1, 0.5), None, id="to another island"),
        pytest.param(["A-B 10", "A-B 2"], (0, 0.1), (0, 0.9), 4_000, id="a faster parallel street is taken"),
        pytest.param(["A-B 10", "A-B 9"], (0, 0.1), (0, 0.9), 8_000, id="a slower parallel street is not"),
        pytest.param(["A-B 4", "A-B 9", "B-C 1"], (2, 1.0), (0, 0.0), 5_000, id="the faster of two parallel streets"),
        pytest.param(["A-A 8", "A-B 1"], (0, 0.125), (0, 0.875), 2_000, id="round a loop the short way"),
        pytest.param(["A-A 8", "A-B 1"], (0, 0.75), (1, 1.0), 3_000, id="out of a loop the short way"),
        pytest.param(["A-A 8", "A-B 1"], (1, 1.0), (0, 0.75), 3_000, id="into a loop the short way"),
        pytest.param(["A>A 8", "A-B 1"], (0, 0.75), (0, 0.25), 4_000, id="round a one-way loop"),
        pytest.param(["A>A 8"], (0, 0.5), (0, 0.25), 6_000, id="round a loop that touches nothing else"),
        pytest.param(["A-B 5", "B-C 0", "C-D 5"], (0, 0.0), (2, 1.0), 10_000, id="through a barrier of no length"),
        pytest.param(["A-B 5", "B-C 0", "C-D 5"], (1, 0.5), (2, 0.5), 2_500, id="from a barrier of no length"),
        pytest.param(["A-B 5", "B-C 0", "C-D 5"], (0, 0.5), (1, 0.0), 2_500, id="to a barrier of no length"),
        pytest.param(["A-B 5", "B|C 0", "C-D 5"], (0, 0.5), (2, 0.5), None, id="through a closed barrier"),
        pytest.param(["A-B 10", "B|C 6"], (0, 0.5), (1, 0.5), None, id="onto a closed street"),
        pytest.param(["A-B 10", "B|C 6"], (1, 0.5), (0, 0.5), None, id="from a closed street"),
        pytest.param(["A|B 10"], (0, 0.25), (0, 0.75), None, id="along a closed street"),
        pytest.param(["A|B 10"], (0, 0.5), (0, 0.5), None, id="to itself on a closed street"),
    ],
)
def test_a_drive_takes_what_a_person_would_count(
    engine: Engine, lines: list[str], start: tuple[int, float], end: tuple[int, float], ms: int | None
) -> None:
    roads = streets(*lines)
    assert ms_of(engine, roads, at(roads, *start), at(roads, *end)) == ms


@either_engine
def test_a_sum_is_rounded_up_once_and_not_street_by_street(engine: Engine) -> None:
    roads = streets("A-B 0.4", "B-C 0.4", "C-D 0.4", "D-E 0.8")
    times = engine(roads)
    start = at(roads, 0, 0.0)
    assert times.table([start], [at(roads, 2, 1.0), at(roads, 3, 1.0), start]).tolist() == [[2, 2, 0]]


@either_engine
def test_the_two_parts_of_a_street_add_up_to_the_whole(engine: Engine) -> None:
    roads = streets("A>B 0.007", "B>C 0")
    for eighths in range(9):
        middle = at(roads, 0, eighths / 8)
        parts = ms_of(engine, roads, at(roads, 0, 0.0), middle), ms_of(engine, roads, middle, at(roads, 1, 0.0))
        assert None not in parts
        assert sum(part or 0 for part in parts) == 7


@either_engine
def test_a_table_has_a_row_for_each_origin_and_a_column_for_each_destination(engine: Engine) -> None:
    roads = streets("A>B 10", "B>A 5", "C-D 2")
    origins, destinations = [at(roads, 0, 0.5), at(roads, 2, 0.5)], [at(roads, 0, 0.0), at(roads, 1, 1.0)]
    table = engine(roads).table(origins, [*destinations, at(roads, 2, 0.0)])
    assert table.dtype == np.int64
    assert table.tolist() == [[10, 10, NO_WAY_S], [NO_WAY_S, NO_WAY_S, 1]]


@either_engine
@pytest.mark.parametrize(("origins", "destinations"), [(0, 0), (0, 2), (2, 0)])
def test_an_empty_list_makes_an_empty_table(engine: Engine, origins: int, destinations: int) -> None:
    roads = streets("A-B 10")
    somewhere = [at(roads, 0, 0.5)] * 2
    table = engine(roads).table(somewhere[:origins], somewhere[:destinations])
    assert table.shape == (origins, destinations)
    assert table.dtype == np.int64


@either_engine
@pytest.mark.parametrize("fractions", [(0.0, 0.5, 1.0)])
def test_a_place_on_a_closed_street_is_without_a_way_and_spoils_no_other(
    engine: Engine, fractions: tuple[float, ...]
) -> None:
    roads = streets("A-B 10", "B|C 6")
    closed, good = [at(roads, 1, fraction) for fraction in fractions], at(roads, 0, 0.5)
    nowhere = [NO_WAY_S] * 3
    times = engine(roads)
    assert times.table([*closed, good], [good, *closed]).tolist() == [*([[NO_WAY_S, *nowhere]] * 3), [0, *nowhere]]
    assert times.table([good], closed).tolist() == [nowhere]
    assert times.table(closed, [good]).tolist() == [[NO_WAY_S]] * 3


@either_engine
def test_the_first_corner_of_the_network_is_not_taken_for_a_closed_street(engine: Engine) -> None:
    roads = streets("A-B 0", "A|C 6")
    assert engine(roads).table([at(roads, 0, 0.0)], [at(roads, 1, 0.0), at(roads, 0, 0.0)]).tolist() == [[NO_WAY_S, 0]]


@either_engine
def test_a_street_open_one_way_and_closed_the_other_is_a_one_way_street(engine: Engine) -> None:
    roads = roads_of([(0, 1, 10_000, CLOSED), (1, 2, CLOSED, 4_000)])
    assert ms_of(engine, roads, at(roads, 0, 0.25), at(roads, 0, 0.75)) == 5_000
    assert ms_of(engine, roads, at(roads, 0, 0.75), at(roads, 0, 0.25)) is None
    assert ms_of(engine, roads, at(roads, 1, 0.75), at(roads, 1, 0.25)) == 2_000
    assert ms_of(engine, roads, at(roads, 0, 0.5), at(roads, 1, 0.5)) is None


@either_engine
def test_each_direction_of_a_street_has_its_own_time(engine: Engine) -> None:
    roads = roads_of([(0, 1, 10_000, 2_000)])
    assert ms_of(engine, roads, at(roads, 0, 0.25), at(roads, 0, 0.75)) == 5_000
    assert ms_of(engine, roads, at(roads, 0, 0.75), at(roads, 0, 0.25)) == 1_000


@either_engine
def test_leaving_and_coming_back_is_taken_where_it_is_faster_than_driving_on(engine: Engine) -> None:
    roads = roads_of([(0, 1, 100_000, 1_000), (1, 0, None, 1_000), (0, 1, 50, None)])
    assert ms_of(engine, roads, at(roads, 0, 0.25), at(roads, 0, 0.75)) == 250 + 50 + 250


@either_engine
def test_a_leg_names_every_street_touched_and_its_metres(engine: Engine) -> None:
    roads = streets("A-B 10", "B-C 6", "C-D 4")
    network = roads.network
    leg = engine(roads).leg(at(roads, 0, 0.25), at(roads, 2, 0.5))
    assert leg is not None
    assert [int(network.arc_edge[arc]) for arc in leg.arcs] == [0, 1, 2]
    assert (leg.ms, leg.travel_s) == (15_500, 16)
    length = network.edge_length_m
    assert leg.length_m == pytest.approx(0.75 * length[0] + length[1] + 0.5 * length[2], abs=0.051)


# --- on random networks -------------------------------------------------------------------------------------------

_times_ms = st.one_of(st.none(), st.just(CLOSED), st.integers(0, 3), st.integers(0, 100_000))
_street = st.tuples(st.integers(0, 5), st.integers(0, 5), _times_ms, _times_ms)
_networks = st.lists(_street, min_size=1, max_size=16).filter(
    lambda found: any(ms is not None for street in found for ms in street[2:])
)
_places = st.lists(
    st.tuples(
        st.integers(0, 1_000), st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 64).map(lambda n: n / 64))
    ),
    min_size=1,
    max_size=5,
)
_thorough = settings(max_examples=60 * EFFORT, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def _positions(roads: Roads, places: Sequence[tuple[int, float]]) -> list[RoadPosition]:
    return [at(roads, edge % roads.network.edges, fraction) for edge, fraction in places]


@either_engine
@_thorough
@given(network=_networks, places=_places)
def test_random_times_and_legs_are_those_of_networkx_with_the_places_as_nodes(
    engine: Engine, network: list[Street], places: list[tuple[int, float]]
) -> None:
    roads = roads_of(network)
    positions = _positions(roads, places)
    expected = reference_ms(roads, positions, positions)
    times = engine(roads)
    table = times.table(positions, positions)
    assert table.tolist() == [[NO_WAY_S if ms is None else -(-ms // 1000) for ms in row] for row in expected]
    for origin, row in zip(positions, expected, strict=True):
        for destination, ms in zip(positions, row, strict=True):
            _require_leg(times, roads, origin, destination, ms)


def _require_leg(
    times: TravelTimes, roads: Roads, origin: RoadPosition, destination: RoadPosition, ms: int | None
) -> None:
    leg = times.leg(origin, destination)
    if ms is None:
        assert leg is None
        return
    assert leg is not None
    assert leg.ms == ms
    assert leg.length_m == pytest.approx(require_way(roads, origin, destination, leg.arcs, ms), abs=0.051)


@_thorough
@given(network=_networks, places=_places, others=_places)
def test_random_tables_between_different_lists_are_the_same_by_both_engines(
    network: list[Street], places: list[tuple[int, float]], others: list[tuple[int, float]]
) -> None:
    roads = roads_of(network)
    origins, destinations = _positions(roads, places), _positions(roads, others)
    tables = [engine(roads).table(origins, destinations).tolist() for engine in ENGINES]
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_the_hierarchy_equals_scipy_on_a_thousand_random_networks() -> None:
    chance = random.Random(20221101)
    for _ in range(1_000 * EFFORT):
        _compare_with_scipy(chance)


def _compare_with_scipy(chance: random.Random) -> None:
    nodes = chance.randint(2, 30)
    found = [_random_street(chance, nodes) for _ in range(chance.randint(1, 3 * nodes))]
    roads = roads_of([*found, (0, 1, chance.randint(0, 9_000), None)])
    network, is_open = roads.network, roads.ms < CLOSED
    shortest: dict[tuple[int, int], int] = {}
    for tail, head, ms in zip(network.tail[is_open], network.head[is_open], roads.ms[is_open], strict=True):
        shortest[int(tail), int(head)] = min(int(ms), shortest.get((int(tail), int(head)), CLOSED))
    ends = np.array(list(shortest))
    # scipy takes stored zeros for arcs, but only in the compressed form
    graph = coo_array((list(shortest.values()), (ends[:, 0], ends[:, 1])), shape=(network.nodes,) * 2).tocsr()
    expected = dijkstra(graph.astype(np.float64))
    at_nodes = [at(roads, edge, 1.0) for edge in range(network.edges) if len(roads.open_arcs_of(edge)) == 2]
    if not at_nodes:
        return
    heads = [int(network.head[roads.open_arcs_of(place.edge)[0]]) for place in at_nodes]
    between = expected[np.ix_(heads, heads)]
    seconds = np.where(np.isfinite(between), np.ceil(np.where(np.isfinite(between), between, 0) / 1000), NO_WAY_S)
    assert HierarchyTimes(roads).table(at_nodes, at_nodes).tolist() == seconds.astype(int).tolist()


def _random_street(chance: random.Random, nodes: int) -> Street:
    def ms() -> int | None:
        return chance.choice([None, CLOSED, 0, *(chance.randint(1, 100_000) for _ in range(6))])

    return chance.randrange(nodes), chance.randrange(nodes), ms(), ms()
