"""What hangs together with what, and the parts of an arc on either side of a position."""

from __future__ import annotations

import os

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.model import Ints
from geodata.profile import CLOSED
from geodata.roads import Roads
from tests.geodata.small_roads import Street, at, drawn, part_behind, roads_of, streets

EFFORT = int(os.environ.get("BAOGONG_SOAK", "1"))
_thorough = settings(max_examples=100 * EFFORT, deadline=None, derandomize=True)
_street = st.tuples(st.integers(0, 11), st.integers(0, 11), *([st.sampled_from([None, CLOSED, 0, 1, 700])] * 2))
_networks = st.lists(_street, min_size=1, max_size=30).filter(
    lambda found: any(ms is not None for street in found for ms in street[2:])
)


def open_graph(roads: Roads) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(roads.network.nodes))
    for tail, head, ms in zip(roads.network.tail, roads.network.head, roads.ms, strict=True):
        if ms < CLOSED:
            graph.add_edge(int(tail), int(head))
    return graph


def as_sets(labels: Ints) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def require_components(roads: Roads) -> None:
    expected = {frozenset(component) for component in nx.strongly_connected_components(open_graph(roads))}
    assert as_sets(roads.strong_component) == expected
    assert sorted(roads.component_size.tolist()) == sorted(map(len, expected))


@_thorough
@given(network=_networks)
def test_strong_components_of_random_networks_are_those_of_networkx(network: list[Street]) -> None:
    require_components(roads_of(network))


def test_strong_components_of_dalian_are_those_of_networkx(dalian_roads: Roads) -> None:
    require_components(dalian_roads)


@_thorough
@given(network=_networks, edge=st.integers(0, 99))
def test_what_random_networks_can_reach_is_what_networkx_says(network: list[Street], edge: int) -> None:
    roads = roads_of(network)
    place, graph = at(roads, edge % roads.network.edges, 0.5), open_graph(roads)
    arcs = [arc for arc in range(roads.network.arcs) if roads.network.arc_edge[arc] == place.edge]
    ends = [(int(roads.network.tail[arc]), int(roads.network.head[arc])) for arc in arcs if roads.ms[arc] < CLOSED]
    ahead = {node for _, head in ends for node in {head} | nx.descendants(graph, head)}
    behind = {node for tail, _ in ends for node in {tail} | nx.ancestors(graph, tail)}
    assert set(np.flatnonzero(roads.reached_from(place)).tolist()) == ahead
    assert set(np.flatnonzero(roads.leading_to(place)).tolist()) == behind


@_thorough
@given(
    ms=st.integers(0, CLOSED - 1), fraction=st.integers(0, 4096).map(lambda part: part / 4096), forward=st.booleans()
)
def test_the_parts_of_random_arcs_add_up_and_are_rounded_once(ms: int, fraction: float, *, forward: bool) -> None:
    roads = roads_of([(0, 1, ms if forward else None, None if forward else ms)])
    place = at(roads, 0, fraction)
    assert roads.ms_behind(0, place) == part_behind(ms, fraction, forward=forward)
    assert roads.ms_behind(0, place) + roads.ms_ahead(0, place) == ms
    assert 0 <= roads.ms_ahead(0, place) <= ms


def test_a_street_is_open_when_one_direction_is() -> None:
    roads = roads_of([(0, 1, 5, None), (1, 2, CLOSED, 5), (2, 3, CLOSED, CLOSED), (3, 0, CLOSED, None), (3, 0, 0, 0)])
    assert roads.edge_is_open.tolist() == [True, True, False, False, True]
    assert [len(roads.open_arcs_of(edge)) for edge in range(5)] == [1, 1, 0, 0, 2]


def test_an_arc_that_takes_no_time_is_still_a_way() -> None:
    roads = streets("A-B 0", "B>C 0")
    assert roads.strong_component[0] == roads.strong_component[1] != roads.strong_component[2]
    assert roads.reached_from(at(roads, 0, 0.5)).all()


def test_of_parallel_streets_the_fastest_counts() -> None:
    roads = streets("A>B 5", "A>B 3", "A>B 4", "A|B 1")
    assert roads.graph.toarray().tolist() == [[0, 3000], [0, 0]]


def test_a_van_drives_drawn_streets_at_twenty_kilometres_an_hour() -> None:
    drawing = drawn("A--B>>>C")
    ms = [drawing.roads.ms[drawing.edge(*ends)] for ends in ("AB", "BC")]
    assert ms[0] == pytest.approx(300 / 20 * 3600, rel=1e-3)
    assert len(drawing.roads.open_arcs) == 3
