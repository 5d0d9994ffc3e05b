"""On real networks every time in a table is the one networkx finds, and every leg is a way of that length."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest

from geodata.locate import RoadIndex
from geodata.model import LonLat, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED
from geodata.roads import Roads, open_roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes, HierarchyTimes, TravelTimes
from tests.geodata.small_roads import at, part_behind

Engine = Callable[[Roads], TravelTimes]
either_engine = pytest.mark.parametrize("engine", [HierarchyTimes, DijkstraTimes])
CLOSE_M = 300.0

Node = tuple[str, int]
"""The part of a leg ("first", "open" or "last") and a state, or "from" and the number of an origin."""

PARTS = (("first", "first"), ("first", "open"), ("open", "open"), ("open", "last"), ("last", "last"))


@pytest.fixture(scope="module")
def at_dalian_sites(dalian_roads: Roads, dalian_sites: list[Mapping[str, str]]) -> list[RoadPosition]:
    """The first 200 sites that the list itself puts within 300 m of the network, at the nearest open road of all."""
    near = [row for row in dalian_sites if float(row["dist_to_core_network_m"]) <= CLOSE_M][:200]
    places = [LonLat(float(row["lng_wgs84"]), float(row["lat_wgs84"])) for row in near]
    index = RoadIndex(dalian_roads)
    edges, _ = index.nearest(places, dalian_roads.edge_is_open)
    return [index.position(place, int(edge)) for place, edge in zip(places, edges, strict=True)]


@pytest.fixture(scope="module")
def dalian_ms(dalian_roads: Roads, at_dalian_sites: list[RoadPosition]) -> list[list[int | None]]:
    return reference_ms(dalian_roads, at_dalian_sites, at_dalian_sites)


@pytest.fixture(scope="module")
def sample_roads(sample_network: Network) -> Roads:
    return open_roads(sample_network)


def reference_ms(
    roads: Roads, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]
) -> list[list[int | None]]:
    """Milliseconds by networkx on the network's states, one copy for each part of a leg; None where no way leads."""
    network = roads.network
    graph: nx.DiGraph[Node] = nx.DiGraph()
    ends_only = roads.ends_only[network.state_arc].tolist()
    weight = roads.ms[network.state_arc[network.turn_from]] + roads.turn_ms
    is_open = (roads.ms[network.state_arc[network.turn_to]] < CLOSED) & (weight < CLOSED)
    onward: dict[int, list[tuple[int, int]]] = {}
    for turn in np.flatnonzero(is_open).tolist():
        ends = int(network.turn_from[turn]), int(network.turn_to[turn])
        onward.setdefault(ends[0], []).append((ends[1], int(weight[turn])))
        for left, entered in PARTS:
            if (left != "open") == ends_only[ends[0]] and (entered != "open") == ends_only[ends[1]]:
                graph.add_edge((left, ends[0]), (entered, ends[1]), ms=int(weight[turn]))
    for number, origin in enumerate(origins):
        graph.add_node(("from", number))
        for arc in roads.open_arcs_of(origin.edge):
            for state, ms in onward.get(arc, ()):
                part = ("first" if ends_only[arc] else "last") if ends_only[state] else "open"
                ms -= part_behind(int(roads.ms[arc]), origin.fraction, forward=bool(network.arc_forward[arc]))
                before = graph.get_edge_data(("from", number), (part, state), {"ms": ms})["ms"]
                graph.add_edge(("from", number), (part, state), ms=min(ms, before))
    return [_row(roads, graph, ("from", number), origin, destinations) for number, origin in enumerate(origins)]


def _row(
    roads: Roads, graph: nx.DiGraph[Node], start: Node, origin: RoadPosition, destinations: Sequence[RoadPosition]
) -> list[int | None]:
    found: Mapping[Node, Any] = nx.single_source_dijkstra_path_length(graph, start, weight="ms")
    row: list[int | None] = []
    for destination in destinations:
        ways = []
        for arc in roads.open_arcs_of(destination.edge):
            forward = bool(roads.network.arc_forward[arc])
            behind = part_behind(int(roads.ms[arc]), destination.fraction, forward=forward)
            nodes = [(part, state) for part in ("first", "open", "last") for state in roads.network.states_of(arc)]
            ways += [found[node] + behind for node in nodes if node in found]
            ahead = (destination.fraction - origin.fraction) * (1 if forward else -1)
            if origin.edge == destination.edge and ahead >= 0:
                ways.append(behind - part_behind(int(roads.ms[arc]), origin.fraction, forward=forward))
        row.append(min(ways, default=None))
    return row


def require_way(roads: Roads, origin: RoadPosition, destination: RoadPosition, arcs: Sequence[int], ms: int) -> float:
    """The arcs and the turns between them may be driven and take ``ms``; returns their metres."""
    network, state = roads.network, arcs[0]
    assert all(roads.ms[arc] < CLOSED for arc in arcs)
    assert (network.arc_edge[arcs[0]], network.arc_edge[arcs[-1]]) == (origin.edge, destination.edge)
    total = sum(int(roads.ms[arc]) for arc in arcs)
    for following in arcs[1:]:
        first, end = np.searchsorted(network.turn_from, [state, state + 1])
        (turn,) = first + np.flatnonzero(network.state_arc[network.turn_to[first:end]] == following)
        assert roads.turn_ms[turn] < CLOSED
        total, state = total + int(roads.turn_ms[turn]), int(network.turn_to[turn])
    flags = "".join("e" if roads.ends_only[arc] else "o" for arc in arcs)
    assert "o" not in flags.strip("e") or "e" not in flags.strip("e")
    assert ms == total - roads.ms_behind(arcs[0], origin) - roads.ms_ahead(arcs[-1], destination)
    metres = [float(network.edge_length_m[network.arc_edge[arc]]) for arc in arcs]
    return sum(metres) - _before(roads, arcs[0], origin) * metres[0] - _after(roads, arcs[-1], destination) * metres[-1]


def _before(roads: Roads, arc: int, position: RoadPosition) -> float:
    return position.fraction if roads.network.arc_forward[arc] else 1 - position.fraction


def _after(roads: Roads, arc: int, position: RoadPosition) -> float:
    return 1 - _before(roads, arc, position)


def scattered(roads: Roads, count: int, seed: int) -> list[RoadPosition]:
    """Places anywhere on the network's edges, closed ones and both their ends among them."""
    chance = random.Random(seed)
    fractions = [0.0, 1.0, *(chance.random() for _ in range(6))]
    return [at(roads, chance.randrange(roads.network.edges), chance.choice(fractions)) for _ in range(count)]


def seconds(ms: list[list[int | None]]) -> list[list[int]]:
    return [[NO_WAY_S if way is None else -(-way // 1000) for way in row] for row in ms]


@pytest.mark.slow
@either_engine
def test_times_between_two_hundred_dalian_sites_are_those_of_networkx(
    engine: Engine, dalian_roads: Roads, at_dalian_sites: list[RoadPosition], dalian_ms: list[list[int | None]]
) -> None:
    assert len(at_dalian_sites) == 200
    assert engine(dalian_roads).table(at_dalian_sites, at_dalian_sites).tolist() == seconds(dalian_ms)


@pytest.mark.slow
def test_times_on_the_embedded_example_are_those_of_networkx(sample_roads: Roads) -> None:
    places = scattered(sample_roads, 150, seed=5)
    expected = seconds(reference_ms(sample_roads, places[:60], places))
    assert HierarchyTimes(sample_roads).table(places[:60], places).tolist() == expected
    assert DijkstraTimes(sample_roads).table(places[:60], places).tolist() == expected


@either_engine
def test_a_few_times_on_the_embedded_example_are_those_of_networkx(engine: Engine, sample_roads: Roads) -> None:
    places = scattered(sample_roads, 12, seed=6)
    expected = seconds(reference_ms(sample_roads, places[:3], places))
    assert engine(sample_roads).table(places[:3], places).tolist() == expected


@either_engine
def test_legs_between_dalian_places_are_fastest_ways(engine: Engine, dalian_roads: Roads) -> None:
    places = scattered(dalian_roads, 12, seed=7)
    require_legs(engine(dalian_roads), dalian_roads, places, reference_ms(dalian_roads, places, places))


@pytest.mark.slow
def test_legs_between_all_dalian_sites_are_fastest_ways(
    dalian_roads: Roads, at_dalian_sites: list[RoadPosition], dalian_ms: list[list[int | None]]
) -> None:
    require_legs(HierarchyTimes(dalian_roads), dalian_roads, at_dalian_sites, dalian_ms)


@pytest.mark.slow
@either_engine
def test_legs_on_the_embedded_example_are_fastest_ways(engine: Engine, sample_roads: Roads) -> None:
    places = scattered(sample_roads, 12, seed=8)
    require_legs(engine(sample_roads), sample_roads, places, reference_ms(sample_roads, places, places))


def require_legs(
    times: TravelTimes, roads: Roads, places: Sequence[RoadPosition], expected: list[list[int | None]]
) -> None:
    for origin, row in zip(places, expected, strict=True):
        for destination, ms in zip(places, row, strict=True):
            leg = times.leg(origin, destination)
            assert (None if leg is None else leg.ms) == ms
            if leg is not None:
                assert leg.length_m == pytest.approx(
                    require_way(roads, origin, destination, leg.arcs, leg.ms), abs=0.051
                )


def test_both_engines_agree_from_everywhere_to_dalian_sites(
    dalian_roads: Roads, at_dalian_sites: list[RoadPosition]
) -> None:
    places = scattered(dalian_roads, 100, seed=9)
    tables = [engine(dalian_roads).table(places, at_dalian_sites) for engine in (HierarchyTimes, DijkstraTimes)]
    assert np.array_equal(tables[0], tables[1])


def test_the_same_table_comes_out_every_time(dalian_roads: Roads, at_dalian_sites: list[RoadPosition]) -> None:
    times = HierarchyTimes(dalian_roads)
    first = times.table(at_dalian_sites, at_dalian_sites)
    for again in (times, HierarchyTimes(dalian_roads)):
        assert np.array_equal(again.table(at_dalian_sites, at_dalian_sites), first)


def test_legs_asked_for_by_several_threads_are_right(dalian_roads: Roads, at_dalian_sites: list[RoadPosition]) -> None:
    times = HierarchyTimes(dalian_roads)
    pairs = list(pairwise(at_dalian_sites))
    by_itself = HierarchyTimes(dalian_roads)
    alone = [by_itself.leg(*pair) for pair in pairs]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda pair: times.leg(*pair), pairs)) == alone
