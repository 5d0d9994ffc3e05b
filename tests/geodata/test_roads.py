"""What hangs together with what, and the parts of an arc on either side of a position."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.model import Ints, RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Roads
from tests.geodata.edge_expanded import World, reference_nodes, world_of
from tests.geodata.small_roads import Street, at, drawn, part_behind, roads_of, streets
from tests.geodata.test_travel_times_with_turns import random_positions, random_world

EFFORT = int(os.environ.get("BAOGONG_SOAK", "1"))
_thorough = settings(max_examples=100 * EFFORT, deadline=None, derandomize=True)
_seeds = st.integers(0, 10**6)


def graph_of_arcs(roads: Roads) -> nx.DiGraph[int]:
    """Arcs that may be driven from end to end, and the turns allowed between them."""
    network = roads.network
    whole = [
        ms < CLOSED and edge not in roads.closed_parts for ms, edge in zip(roads.ms, network.arc_edge, strict=True)
    ]
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(network.arcs))
    for before, after, ms in zip(network.turn_from.tolist(), network.turn_to.tolist(), roads.turn_ms, strict=True):
        if ms < CLOSED and whole[before] and whole[after]:
            graph.add_edge(before, after)
    return graph


def as_sets(labels: Ints) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def require_components(roads: Roads) -> None:
    """On a network whose states are its arcs."""
    assert roads.network.states == roads.network.arcs
    expected = {frozenset(component) for component in nx.strongly_connected_components(graph_of_arcs(roads))}
    assert as_sets(roads.strong_component) == expected
    sizes = [sum(roads.ms[arc] < CLOSED for arc in component) for component in expected]
    assert sorted(size for size in roads.component_size.tolist() if size) == sorted(size for size in sizes if size)


@_thorough
@given(seed=_seeds)
def test_strong_components_of_random_networks_are_those_of_networkx(seed: int) -> None:
    require_components(replace(random_world(random.Random(seed)), forbidden=[]).roads)


def test_an_arc_that_is_always_come_to_with_memory_counts_to_where_its_copies_lie() -> None:
    """A>B>C>A with a forbidden sequence all around it: every way onto B>C remembers A>B."""
    ring: list[Street] = [(0, 1, 5, None), (1, 2, 5, None), (2, 0, 5, None), (2, 3, 5, 5)]
    roads = world_of(ring, forbidden=[(0, 1, 3)]).roads
    assert roads.network.states > roads.network.arcs
    assert len({int(roads.strong_component[arc]) for arc in range(3)}) == 1


def test_strong_components_of_dalian_are_those_of_networkx(dalian_roads: Roads) -> None:
    graph = graph_of_arcs(dalian_roads)  # of states here
    graph.add_nodes_from(range(dalian_roads.network.states))
    sets = list(nx.strongly_connected_components(graph))
    size = {state: len(component) for component in sets for state in component}
    largest = [max(size[state] for state in dalian_roads.network.states_of(arc)) for arc in dalian_roads.open_arcs]
    main = max(sets, key=len)
    arcs = {int(dalian_roads.network.state_arc[state]) for state in main}
    labels = {int(dalian_roads.strong_component[arc]) for arc in arcs}
    assert len(labels) == 1
    assert int(dalian_roads.component_size[labels.pop()]) == len(arcs) == max(dalian_roads.component_size)
    assert max(largest) == len(main)


@_thorough
@given(seed=_seeds)
def test_what_random_networks_can_reach_is_what_an_edge_expanded_graph_says(seed: int) -> None:
    chance = random.Random(seed)
    world = random_world(chance)
    for place in random_positions(world, chance)[:2]:
        reached = {driven[-1] for driven, _ in reference_nodes(world, place)}
        assert set(np.flatnonzero(world.roads.reached_from(place)).tolist()) == reached
        assert set(np.flatnonzero(world.roads.leading_to(place)).tolist()) == arcs_leading_to(world, place)


def arcs_leading_to(world: World, place: RoadPosition) -> set[int]:
    own = [arc for arc in world.arcs_of(place) if world.is_clear(place.edge, place.fraction, world.start(arc))]
    ends = {node for node in world.ways if node[0][-1] in own}
    behind = ends.union(*(nx.ancestors(world.ways, node) for node in ends))
    return {arc for arc in range(world.network.arcs) if any(node in behind for node, _ in world.first_turns(arc))}


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


def test_weights_are_those_of_the_arc_left_and_the_turn_and_closed_where_anything_is() -> None:
    """A>B>C>D, the middle one for ends only and then partly closed; B>E is shut."""
    ends: list[Street] = [(0, 1, 5, None), (1, 2, 7, None), (2, 3, 9, None), (1, 4, CLOSED, None)]
    world = world_of(ends, penalty={(0, 1): 2, (0, 3): 1, (1, 2): 3}, ends_only=[False, True, False, False])
    assert world.network.turn_to.tolist() == [1, 3, 2]
    assert world.roads.turn_weight.tolist() == [7, CLOSED, 10]
    assert world.roads.through_weight.tolist() == [7, CLOSED, CLOSED]
    partly = replace(world, ends_only=[False] * 4, closed_parts={0: ((0.2, 0.3),)}).roads
    assert partly.turn_weight.tolist() == [7, CLOSED, 10]
    assert partly.through_weight.tolist() == [CLOSED, CLOSED, 10]
    assert partly.passable.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("fraction", "outward", "inward"),
    [(0.0, [1], [0]), (0.25, [1], [0]), (0.4, [], []), (0.5, [], []), (0.6, [], []), (0.75, [0], [1]), (1.0, [0], [1])],
)
def test_a_position_between_closed_parts_is_cut_off_and_one_at_their_border_is_not(
    fraction: float, outward: list[int], inward: list[int]
) -> None:
    roads = replace(roads_of([(0, 1, 100, 100)]), closed_parts={0: ((0.25, 0.5), (0.5, 0.75))})
    place = at(roads, 0, fraction)
    assert (list(roads.arcs_out(place)), list(roads.arcs_in(place))) == (outward, inward)


def test_a_van_drives_drawn_streets_at_twenty_kilometres_an_hour() -> None:
    drawing = drawn("A--B>>>C")
    ms = [drawing.roads.ms[drawing.edge(*ends)] for ends in ("AB", "BC")]
    assert ms[0] == pytest.approx(300 / 20 * 3600, rel=1e-3)
    assert len(drawing.roads.open_arcs) == 3
